package diff

import (
	"bytes"
	"encoding/hex"

	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// cut is a bound that both sides can be asked for: the same values of the first columns of the key, in the types of each.
type cut struct{ at [2]*bound }

// cuttable reports whether both servers can be asked for the rows up to a value of a key column, and mean the same rows.
func cuttable(f *canon.Form) bool {
	if !f.ServerOrder(canon.Left) || !f.ServerOrder(canon.Right) {
		return false
	}
	l, r := f.Left.Type.Kind, f.Right.Type.Kind
	switch f.Class {
	case canon.Integer, canon.Number:
		return numeric(&f.Left) && numeric(&f.Right)
	case canon.Text, canon.Bytes, canon.Instant, canon.Local, canon.Span:
		return l == r
	case canon.UUID:
		return true
	}
	return false
}

// cutColumns returns how many of the first columns of the key ranges can be cut by.
func (k keyOrder) cutColumns() int {
	for c := range k {
		if !cuttable(&k[c].Form) {
			return c
		}
	}
	return len(k)
}

// newCut makes a cut of a row of keys of one side; false where the other side has no such values. key holds the columns that are cut by.
func newCut(key keyOrder, keys *value.Batch, i int) (cut, bool) {
	if keys.Cols[0].IsNull(i) {
		return cut{}, false // nulls are last: there is nothing to cut off behind them
	}
	var c cut
	for side := range c.at {
		types := make([]value.Type, len(key))
		for k := range key {
			types[k] = key[k].of(canon.Side(side)).Col.Type
		}
		c.at[side] = &bound{side: canon.Side(side), row: value.NewBatch(types...)}
		c.at[side].row.N = 1
	}
	for k := range key {
		v := &keys.Cols[k]
		if v.IsErr(i) {
			return cut{}, false
		}
		l, r, ok := common(&key[k].Form, v.Value(i))
		if !ok {
			return cut{}, false
		}
		left, right := &c.at[canon.Left].row.Cols[k], &c.at[canon.Right].row.Cols[k]
		left.AppendValue(l)
		right.AppendValue(r)
		if left.IsErr(0) || right.IsErr(0) || key[k].Form.Order(left, canon.Left, 0, right, canon.Right, 0) != 0 {
			return cut{}, false
		}
	}
	return c, true
}

// common returns a value of the types of both sides that is x, or the next above it where one side's type has no x.
func common(f *canon.Form, x value.Value) (l, r value.Value, ok bool) {
	if x.IsNull() {
		return x, x, true
	}
	switch f.Class {
	case canon.Integer, canon.Number:
		return commonNumber(f, decimalOf(x))
	case canon.UUID:
		return commonUUID(f, x)
	}
	return x, x, true
}

func commonNumber(f *canon.Form, d value.Dec) (l, r value.Value, ok bool) {
	for _, c := range [2]*value.Column{&f.Left, &f.Right} {
		if integral(c) {
			up, ok := roundUp(d, c.Type.Kind)
			if !ok {
				return l, r, false
			}
			d = decimalOf(up)
		}
	}
	of := func(c *value.Column) value.Value {
		switch c.Type.Kind {
		case value.Int:
			n, exact := d.Int64()
			ok = ok && exact
			return value.IntValue(n)
		case value.Uint:
			n, exact := d.Uint64()
			ok = ok && exact
			return value.UintValue(n)
		default:
			return value.DecimalValue(d)
		}
	}
	ok = true
	l, r = of(&f.Left), of(&f.Right)
	return l, r, ok
}

func commonUUID(f *canon.Form, x value.Value) (l, r value.Value, ok bool) {
	octets := []byte(x.Str())
	if x.Kind() == value.String {
		var err error
		if octets, err = hex.DecodeString(string(bytes.ReplaceAll(octets, []byte{'-'}, nil))); err != nil {
			return l, r, false
		}
	}
	if len(octets) != 16 {
		return l, r, false
	}
	of := func(c *value.Column) value.Value {
		if c.Type.Kind == value.Bytes {
			return value.BytesValue(octets)
		}
		h := hex.EncodeToString(octets)
		return value.StringValue(h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:])
	}
	return of(&f.Left), of(&f.Right), true
}

// behind reports whether c stands behind d, nil standing before everything.
func (c *cut) behind(key keyOrder, d *cut) bool {
	if d == nil {
		return true
	}
	return key.compare(d.at[canon.Left].row, canon.Left, 0, c.at[canon.Left].row, canon.Left, 0) < 0
}

// segment is the range of keys behind lo and up to hi, nil for no bound.
type segment struct{ lo, hi *cut }

// where is the condition for the rows of a segment, nil for all.
func (s *segment) where(side canon.Side, cols []*query.Column) query.Expr {
	var lo, hi *bound
	if s.lo != nil {
		lo = s.lo.at[side]
	}
	if s.hi != nil {
		hi = s.hi.at[side]
	}
	return between(lo, hi, cols)
}

// covering returns the fewest segments that are the same keys as those of segs, which are in order.
func covering(segs []segment) []segment {
	var out []segment
	for _, s := range segs {
		if n := len(out); n > 0 && out[n-1].hi == s.lo && s.lo != nil {
			out[n-1].hi = s.hi
			continue
		}
		out = append(out, s)
	}
	return out
}

// whereAny is the condition for the rows of any of the segments, nil for all rows.
func whereAny(segs []segment, side canon.Side, cols []*query.Column) query.Expr {
	var parts []query.Expr
	for _, s := range covering(segs) {
		w := s.where(side, cols)
		if w == nil {
			return nil
		}
		parts = append(parts, w)
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return boolean(query.OpOr, parts...)
}

// steps are conditions that tell rows of any of the segments apart: the number of the first that is true is that of the segment.
func steps(segs []segment, side canon.Side, cols []*query.Column) []query.Expr {
	out := make([]query.Expr, 0, len(segs))
	for _, s := range segs[:len(segs)-1] {
		out = append(out, s.hi.at[side].within(0, cols))
	}
	return out
}

// find returns the number of the segment that row i belongs to, -1 for none.
func find(segs []segment, key keyOrder, rows *value.Batch, side canon.Side, i int) int {
	lo, hi := 0, len(segs)-1
	for lo < hi {
		mid := (lo + hi) / 2
		if segs[mid].hi.at[side].before(key, rows, side, i) {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	s := &segs[lo]
	if s.hi != nil && s.hi.at[side].before(key, rows, side, i) || s.lo != nil && !s.lo.at[side].before(key, rows, side, i) {
		return -1
	}
	return lo
}
