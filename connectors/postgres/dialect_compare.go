package postgres

import (
	"math"
	"strings"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

var comparators = map[query.Op]string{
	query.OpEq: " = ", query.OpNe: " <> ", query.OpLt: " < ", query.OpLe: " <= ", query.OpGt: " > ", query.OpGe: " >= ",
}

func isEquality(op query.Op) bool { return op == query.OpEq || op == query.OpNe }

// bytewise renders text so that it compares by bytes.
func bytewise(o sqlgen.Operand) string {
	if nativeBytewise(o) {
		return o.Ref
	}
	if m := metaOf(o); m != nil && m.expr == "" && m.oid == oidVarchar {
		return o.Ref + `::text COLLATE "C"` // GROUP BY must find the same text in the output, which is cast
	}
	return o.Atom() + ` COLLATE "C"`
}

// bigint, float8, numeric render a number as its canonical type, for arithmetic.
func bigint(o sqlgen.Operand) string {
	if m := metaOf(o); m != nil && (m.family == famInt2 || m.family == famInt4) {
		return o.Ref + "::bigint"
	}
	return o.Atom()
}

func float8(o sqlgen.Operand) string {
	switch o.Type.Kind {
	case value.Double:
		if m := metaOf(o); m != nil && m.family == famFloat4 {
			return o.Ref + "::float8"
		}
		return o.Atom()
	default:
		return o.Atom() + "::float8"
	}
}

func numeric(o sqlgen.Operand) string {
	if o.Type.Kind == value.Int {
		return o.Atom() + "::numeric"
	}
	return o.Atom()
}

// numericOf renders any number as numeric: a double by its shortest text, NaN and infinities included.
func numericOf(w *sqlgen.Writer, o sqlgen.Operand) string {
	if o.Type.Kind != value.Double {
		return numeric(o)
	}
	if o.Lit != nil {
		return w.Bind(sqlgen.Param{Arg: doubleText(o.Lit.Val.Double()), After: "::numeric"})
	}
	return float8(o) + "::text::numeric"
}

// Compare implements sqlgen.Dialect.
func (d dialect) Compare(w *sqlgen.Writer, op query.Op, a, b sqlgen.Operand) (sqlgen.Operand, *query.Refusal) {
	if r := opaque(a, b); r != nil {
		return sqlgen.Operand{}, r
	}
	ka, kb := a.Type.Kind, b.Type.Kind
	switch {
	case ka == kb:
		return d.compareSame(w, op, a, b)
	case !isNumber(ka) || !isNumber(kb):
		if !isEquality(op) {
			return sqlgen.Operand{}, refuse(ka.String() + " compared with " + kb.String())
		}
		return sqlgen.Operand{}, refuse(ka.String() + " equal to " + kb.String())
	case ka == value.Double && kb == value.Decimal, ka == value.Decimal && kb == value.Double:
		return ofNumerics(op, numericOf(w, a), numericOf(w, b), a, b), nil
	case ka == value.Double, kb == value.Double:
		return ofDoubles(op, a, b), nil // an integer is rounded to a double, as cel-go does
	case ka == value.Uint && kb == value.Int, ka == value.Int && kb == value.Uint, ka == value.Decimal, kb == value.Decimal:
		return comparison(op, numeric(a), numeric(b)), nil
	}
	return sqlgen.Operand{}, refuse(ka.String() + " compared with " + kb.String())
}

func isNumber(k value.Kind) bool {
	return k == value.Int || k == value.Uint || k == value.Double || k == value.Decimal
}

func comparison(op query.Op, a, b string) sqlgen.Operand {
	return sqlgen.Operand{SQL: a + comparators[op] + b, Prec: sqlgen.PrecCompare}
}

func (d dialect) compareSame(w *sqlgen.Writer, op query.Op, a, b sqlgen.Operand) (sqlgen.Operand, *query.Refusal) {
	switch a.Type.Kind {
	case value.Int:
		return comparison(op, counted(a), counted(b)), nil
	case value.Bool, value.Uint, value.Decimal, value.Bytes:
		return comparison(op, a.Atom(), b.Atom()), nil
	case value.Timestamp, value.LocalTimestamp, value.Duration:
		return compareTimes(w, op, a, b), nil
	case value.Double:
		return ofDoubles(op, a, b), nil
	case value.String:
		return compareText(op, a, b), nil
	case value.JSON, value.List, value.Null:
	}
	return sqlgen.Operand{}, refuse("comparison of " + a.Type.String())
}

// counted renders an integer for a comparison, which takes a size as it is.
func counted(o sqlgen.Operand) string {
	if c, ok := o.Expr.(*query.Call); ok && c.Op == query.OpSize {
		return strings.TrimSuffix(o.Atom(), "::bigint")
	}
	return o.Atom()
}

var flipped = map[query.Op]query.Op{
	query.OpEq: query.OpEq, query.OpNe: query.OpNe, query.OpLt: query.OpGt, query.OpLe: query.OpGe, query.OpGt: query.OpLt, query.OpGe: query.OpLe,
}

// compareTimes compares instants or spans. A literal finer than a microsecond was rounded down when it was
// bound: it equals nothing, and x < literal is x <= its floor.
func compareTimes(w *sqlgen.Writer, op query.Op, a, b sqlgen.Operand) sqlgen.Operand {
	if finer(a) && !finer(b) {
		a, b, op = b, a, flipped[op]
	}
	if !finer(b) {
		x, y := wall(w, a, b)
		return comparison(op, x, y)
	}
	if finer(a) { // two literals, which lowering folds: say nothing clever
		return fails("NULL::bool")
	}
	switch op {
	case query.OpLt:
		op = query.OpLe
	case query.OpGe:
		op = query.OpGt
	case query.OpEq, query.OpNe:
		word := "FALSE"
		if op == query.OpNe {
			word = "TRUE"
		}
		if !a.MayBeNull {
			return atom(word)
		}
		return atom("CASE WHEN " + a.Paren(sqlgen.PrecCompare) + " IS NOT NULL THEN " + word + " END")
	default:
	}
	return comparison(op, a.Atom(), b.Atom())
}

// compareText compares bytewise. Equality under a deterministic collation is bytewise already, and
// an explicit collation would cost the index.
func compareText(op query.Op, a, b sqlgen.Operand) sqlgen.Operand {
	if b.Col != nil && a.Lit != nil {
		a, b, op = b, a, flipped[op]
	}
	if m := metaOf(a); m != nil && b.Lit != nil && m.expr == "" {
		if m.family == famUUID && isUUID(b.Lit.Val.Str()) {
			return comparison(op, a.Ref, strings.TrimSuffix(b.SQL, "::text")+"::uuid")
		}
		if nativeBytewise(a) || isEquality(op) && m.deterministic && m.family == famText {
			return comparison(op, a.Atom(), b.Atom())
		}
	}
	return comparison(op, explicit(a, b), b.Atom())
}

// explicit renders the text a bytewise beside b: two columns of different collations need an explicit one, whatever each is.
func explicit(a, b sqlgen.Operand) string {
	if b.Lit != nil || !nativeBytewise(a) {
		return bytewise(a)
	}
	return a.Ref + ` COLLATE "C"`
}

// isUUID reports whether s is a UUID as assay writes it; others equal none, but have an order.
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
		} else if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// mayBeNaN reports whether a number can be NaN: doubles but their other literals.
func mayBeNaN(o sqlgen.Operand) bool {
	return o.Type.Kind == value.Double && (o.Lit == nil || math.IsNaN(o.Lit.Val.Double()))
}

// ofDoubles compares as float8, where PostgreSQL thinks NaN equal to itself and greatest.
func ofDoubles(op query.Op, a, b sqlgen.Operand) sqlgen.Operand {
	x, y := a.Atom(), b.Atom()
	if a.Type.Kind != value.Double {
		x = float8(a)
	}
	if b.Type.Kind != value.Double {
		y = float8(b)
	}
	return nanSafe(op, x, y, a, b)
}

// ofNumerics compares a double's shortest text with a decimal, as numeric.
func ofNumerics(op query.Op, x, y string, a, b sqlgen.Operand) sqlgen.Operand {
	return nanSafe(op, x, y, a, b)
}

func nanSafe(op query.Op, x, y string, a, b sqlgen.Operand) sqlgen.Operand {
	nanX, nanY := mayBeNaN(a), mayBeNaN(b)
	if isEquality(op) {
		if !nanX || !nanY {
			return comparison(op, x, y) // NaN equals no other number
		}
		if op == query.OpEq {
			return atom("CASE WHEN " + x + " = " + y + " THEN " + x + " <> 'NaN' ELSE " + x + " = " + y + " END")
		}
		return atom("CASE WHEN " + x + " = " + y + " THEN " + x + " = 'NaN' ELSE " + x + " <> " + y + " END")
	}
	// PostgreSQL puts NaN above all numbers: only the greater side can make a wrong TRUE.
	greater, may, other := y, nanY, a
	if op == query.OpGt || op == query.OpGe {
		greater, may, other = x, nanX, b
	}
	bare := comparison(op, x, y)
	switch {
	case !may:
		return bare
	case !other.MayBeNull:
		return sqlgen.Operand{SQL: bare.SQL + " AND " + greater + " <> 'NaN'", Prec: sqlgen.PrecAnd}
	}
	return atom("CASE WHEN " + bare.SQL + " THEN " + greater + " <> 'NaN' ELSE " + bare.SQL + " END")
}

// NullSafe implements sqlgen.Dialect.
func (d dialect) NullSafe(_ *sqlgen.Writer, ne bool, a, b sqlgen.Operand) (sqlgen.Operand, bool) {
	if a.Type.Kind != b.Type.Kind || finer(a) || finer(b) || opaque(a, b) != nil {
		return sqlgen.Operand{}, false
	}
	word := " IS NOT DISTINCT FROM "
	if ne {
		word = " IS DISTINCT FROM "
	}
	x, y := a.Atom(), b.Atom()
	switch a.Type.Kind {
	case value.Bool, value.Int, value.Uint, value.Decimal, value.Bytes, value.Timestamp, value.LocalTimestamp, value.Duration:
	case value.Double:
		if mayBeNaN(a) && mayBeNaN(b) {
			return sqlgen.Operand{}, false
		}
	case value.String:
		if a.Lit != nil {
			a, b = b, a
		}
		x, y = explicit(a, b), b.Atom()
	case value.JSON, value.List, value.Null:
		return sqlgen.Operand{}, false
	}
	return sqlgen.Operand{SQL: x + word + y, Prec: sqlgen.PrecCompare}, true
}

// In implements sqlgen.Dialect.
func (d dialect) In(w *sqlgen.Writer, not bool, x sqlgen.Operand, elems []sqlgen.Operand) (sqlgen.Operand, *query.Refusal) {
	if r := opaque(x); r != nil {
		return sqlgen.Operand{}, r
	}
	if !plainList(x, elems) {
		return sqlgen.AnyOf(w, d, not, x, elems)
	}
	texts := make([]string, len(elems))
	for i, e := range elems {
		texts[i] = e.SQL
	}
	left := x.Atom()
	if x.Type.Kind == value.String {
		if m := metaOf(x); m == nil || m.family != famText || !m.deterministic || m.expr != "" {
			left = bytewise(x)
		}
	}
	word := " IN ("
	if not {
		word = " NOT IN ("
	}
	return sqlgen.Operand{SQL: left + word + strings.Join(texts, ", ") + ")", Prec: sqlgen.PrecCompare}, nil
}

// plainList reports whether SQL's IN compares x and elems as assay does.
func plainList(x sqlgen.Operand, elems []sqlgen.Operand) bool {
	switch x.Type.Kind {
	case value.JSON, value.List, value.Null:
		return false
	default:
	}
	for _, e := range elems {
		if e.Type.Kind != x.Type.Kind || finer(e) || mayBeNaN(e) {
			return false
		}
	}
	return true
}
