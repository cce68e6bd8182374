package diff

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// terms turns keys into conditions that select their rows on one side.
type terms struct {
	in   *input
	cols []int // the key columns that can be asked for
	any  bool
	v    value.Vector
}

// newTerms finds the columns of the key whose equality on the server is that of the comparison, so far as types tell.
func newTerms(in *input) *terms {
	t := &terms{in: in}
	for k := range in.key {
		if in.key[k].Form.ServerOrder(in.side) {
			t.cols = append(t.cols, k)
		}
	}
	t.any = len(t.cols) > 0
	return t
}

// lookedUp is a key: its position in a part, and the columns that are asked for with their values.
type lookedUp struct {
	at   int
	cols []lookedUpColumn
}

type lookedUpColumn struct {
	col *query.Column
	lit *query.Literal
}

// of returns what to ask for to get the rows of a key, which is the row of a batch of a side: nil where there can be none. With certain
// false the side cannot be asked.
func (t *terms) of(key *value.Batch, from canon.Side) (ask []lookedUpColumn, certain bool) {
	for _, k := range t.cols {
		val, a := t.value(k, &key.Cols[k], from)
		switch a {
		case none:
			return nil, true
		case unknown:
		case one:
			col := t.in.cols[k]
			ask = append(ask, lookedUpColumn{col, &query.Literal{Val: val, Typ: col.Col.Type}})
		}
	}
	return ask, len(ask) > 0
}

// answer says how many values of a column are the same as a value of the other side.
type answer int

const (
	unknown answer = iota
	none
	one
)

// value returns the value of this side's key column k that is the same as the first of x.
func (t *terms) value(k int, x *value.Vector, from canon.Side) (value.Value, answer) {
	col, f := t.in.cols[k], &t.in.key[k].Form
	if x.IsNull(0) {
		if col.Col.NotNull {
			return value.Value{}, none
		}
		return value.Value{}, one
	}
	val := x.Value(0)
	if val.Kind() == value.Double && math.IsNaN(val.Double()) {
		return value.Value{}, unknown // equal to itself here, but in no condition
	}
	if from == t.in.side {
		return val, one
	}
	otherwise := unknown
	switch f.Class {
	case canon.Integer:
		otherwise = none
		val = integerOf(val, col.Col.Type.Kind)
	case canon.Number:
		if !f.Scaled {
			otherwise = none
		}
		val = numberOf(val, col.Col.Type.Kind, f)
	case canon.Double:
		val = doubleOf(val, &col.Col)
	case canon.Text, canon.Bytes:
		val = textOf(val, col.Col.Type.Kind)
	case canon.UUID:
		val = uuidOf(f.Append(nil, x, from, 0), &col.Col)
	case canon.Instant, canon.Local:
		return t.instant(f, x, from, col.Col.Type)
	}
	if t.same(f, x, from, val, col.Col.Type) {
		return val, one
	}
	return value.Value{}, otherwise
}

// same reports whether val, as this side has it, is the same as x.
func (t *terms) same(f *canon.Form, x *value.Vector, from canon.Side, val value.Value, as value.Type) bool {
	if val.Kind() != as.Kind {
		return false
	}
	t.v.Reset(as)
	t.v.AppendValue(val)
	return !t.v.IsErr(0) && f.Order(x, from, 0, &t.v, t.in.side, 0) == 0
}

// integerOf returns an integer or bool as another of these kinds, null where that has no such value.
func integerOf(x value.Value, to value.Kind) value.Value {
	d := value.Dec{}
	switch x.Kind() {
	case value.Bool:
		if x.Bool() {
			d = value.DecFromInt(1)
		}
	case value.Int:
		d = value.DecFromInt(x.Int())
	case value.Uint:
		d = value.DecFromUint(x.Uint())
	}
	if to != value.Bool {
		return whole(d, to)
	}
	switch {
	case d.Sign() == 0:
		return value.BoolValue(false)
	case d.Cmp(value.DecFromInt(1)) == 0:
		return value.BoolValue(true)
	}
	return value.Value{}
}

// whole returns a number as an integer, null where it is none.
func whole(d value.Dec, to value.Kind) value.Value {
	if to == value.Uint {
		if u, ok := d.Uint64(); ok && value.DecFromUint(u).Cmp(d) == 0 {
			return value.UintValue(u)
		}
		return value.Value{}
	}
	if i, ok := d.Int64(); ok && value.DecFromInt(i).Cmp(d) == 0 {
		return value.IntValue(i)
	}
	return value.Value{}
}

func numberOf(x value.Value, to value.Kind, f *canon.Form) value.Value {
	d := decimalOf(x)
	if to != value.Decimal {
		return whole(d, to)
	}
	if f.Scaled {
		d = d.Round(int32(f.Scale))
	}
	return value.DecimalValue(d)
}

func doubleOf(x value.Value, to *value.Column) value.Value {
	if x.Kind() != value.Double {
		if to.Type.Kind == value.Double {
			return value.DoubleValue(decimalOf(x).Float())
		}
		return whole(decimalOf(x), to.Type.Kind)
	}
	if to.Type.Kind != value.Double {
		d, err := value.DecExact(x.Double())
		if err != nil {
			return value.Value{}
		}
		return whole(d, to.Type.Kind)
	}
	if to.Resolution.Single {
		return value.DoubleValue(float64(float32(x.Double())))
	}
	return x
}

func textOf(x value.Value, to value.Kind) value.Value {
	switch {
	case to == x.Kind():
		return x
	case to == value.Bytes:
		return value.BytesValue([]byte(x.Str()))
	case to == value.String && utf8.ValidString(x.Str()):
		return value.StringValue(x.Str())
	}
	return value.Value{}
}

// uuidOf returns a UUID in canonical encoding as a column has it: as its octets, or as the text that PostgreSQL writes.
func uuidOf(canonical []byte, to *value.Column) value.Value {
	text, ok := strings.CutPrefix(string(canonical), "v32:")
	if !ok {
		return value.Value{}
	}
	if to.Type.Kind == value.Bytes {
		b, err := hex.DecodeString(text)
		if err != nil {
			return value.Value{}
		}
		return value.BytesValue(b)
	}
	if len(text) != 32 {
		return value.Value{}
	}
	return value.StringValue(text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:])
}

// instant returns a time at the digits of the comparison that is the same: it lies just below or just above.
func (t *terms) instant(f *canon.Form, x *value.Vector, from canon.Side, as value.Type) (value.Value, answer) {
	unit := int32(1)
	for range 9 - f.Digits {
		unit *= 10
	}
	sec, nanos := x.Ints[0], x.Nanos[0]
	nanos -= nanos % unit
	for range 2 {
		t.v.Reset(as)
		t.v.AppendTimestamp(sec, nanos)
		if !t.v.IsErr(0) && f.Order(x, from, 0, &t.v, t.in.side, 0) == 0 {
			return t.v.Value(0), one
		}
		if nanos += unit; nanos >= 1e9 {
			sec, nanos = sec+1, 0
		}
	}
	return value.Value{}, unknown
}

// clauses bounds the comparisons of one condition.
const clauses = 512

// condition selects the rows of some keys, whose positions it has.
type condition struct {
	where query.Expr
	keys  []int
}

// conditions joins keys into conditions, as few as may be. Keys that differ in their last column only share the others.
func conditions(keys []lookedUp) []condition {
	type group struct {
		cols []lookedUpColumn
		last []query.Expr
		keys []int
	}
	var groups []*group
	at := map[string]*group{}
	for _, key := range keys {
		name := key.prefix()
		last := key.cols[len(key.cols)-1]
		g := at[name]
		if g == nil {
			g = &group{cols: key.cols[:len(key.cols)-1], last: []query.Expr{last.col}}
			at[name] = g
			groups = append(groups, g)
		}
		g.last, g.keys = append(g.last, last.lit), append(g.keys, key.at)
	}
	var out []condition
	var parts []query.Expr
	var of []int
	n := 0
	flush := func() {
		if len(parts) > 0 {
			out = append(out, condition{anyOf(parts), of})
		}
		parts, of, n = nil, nil, 0
	}
	for _, g := range groups {
		size := len(g.cols) + 1 + len(g.last)
		if n > 0 && n+size > clauses {
			flush()
		}
		conds := make([]query.Expr, 0, len(g.cols)+1)
		for _, c := range g.cols {
			conds = append(conds, boolean(query.OpEq, c.col, c.lit))
		}
		parts, of = append(parts, allOf(append(conds, boolean(query.OpIn, g.last...))...)), append(of, g.keys...)
		n += size
	}
	flush()
	return out
}

// prefix tells keys apart by what is asked for, but for the last value.
func (key *lookedUp) prefix() string {
	var b []byte
	for i, c := range key.cols {
		b = append(append(b, c.col.Col.Name...), 0)
		if i < len(key.cols)-1 {
			b = append(b, byte(c.lit.Val.Kind()))
			text := c.lit.Val.AppendText(nil)
			b = append(binary.AppendUvarint(b, uint64(len(text))), text...)
		}
	}
	return string(b)
}

func anyOf(parts []query.Expr) query.Expr {
	if len(parts) == 1 {
		return parts[0]
	}
	return boolean(query.OpOr, parts...)
}
