package mysql

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

// symbol returns an operator's spelling.
func symbol(op query.Op) string {
	switch op {
	case query.OpEq:
		return "="
	case query.OpNe:
		return "<>"
	case query.OpLt:
		return "<"
	case query.OpLe:
		return "<="
	case query.OpGt:
		return ">"
	default:
		return ">="
	}
}

func compared(op query.Op, a, b string) sqlgen.Operand {
	return sqlgen.Operand{SQL: a + " " + symbol(op) + " " + b, Prec: sqlgen.PrecCompare}
}

// alike reports whether the engine's own operators compare a and b as CEL does.
func alike(a, b value.Kind) bool {
	exact := func(k value.Kind) bool { return k == value.Int || k == value.Uint || k == value.Decimal }
	switch {
	case a == value.JSON || a == value.List:
		return false
	case a == b:
		return true
	}
	return exact(a) && exact(b)
}

// Compare implements sqlgen.Dialect.
func (d dialect) Compare(w *sqlgen.Writer, op query.Op, a, b sqlgen.Operand) (sqlgen.Operand, *query.Refusal) {
	if r := d.usable(a, b); r != nil {
		return sqlgen.Operand{}, r
	}
	switch {
	case alike(a.Type.Kind, b.Type.Kind):
		return compared(op, a.Paren(sqlgen.PrecCompare), b.Paren(sqlgen.PrecCompare)), nil
	case b.Lit != nil:
		return d.withLiteral(w, op, a, b.Lit)
	case a.Lit != nil:
		return d.withLiteral(w, turned(op), b, a.Lit)
	}
	return sqlgen.Operand{}, d.refuse("comparison of "+a.Type.String()+" and "+b.Type.String(), nil)
}

// turned returns the operator that says the same with its operands exchanged.
func turned(op query.Op) query.Op {
	switch op {
	case query.OpLt:
		return query.OpGt
	case query.OpLe:
		return query.OpGe
	case query.OpGt:
		return query.OpLt
	case query.OpGe:
		return query.OpLe
	default:
		return op
	}
}

// withLiteral compares numbers of which one is binary and one decimal, on the exact number
// line, by moving the literal to the other's type; what falls between two values there decides how.
func (d dialect) withLiteral(w *sqlgen.Writer, op query.Op, a sqlgen.Operand, l *query.Literal) (sqlgen.Operand, *query.Refusal) {
	number := func(k value.Kind) bool {
		return k == value.Int || k == value.Uint || k == value.Decimal || k == value.Double
	}
	switch {
	case !number(a.Type.Kind) || !number(l.Typ.Kind):
	case a.Type.Kind == value.Double:
		near, c, ok := nearest(l.Val)
		if !ok {
			return sqlgen.Operand{}, d.refuse("number beyond the doubles", l)
		}
		return d.beside(w, op, a, value.DoubleValue(near), c)
	case a.Type.Kind == value.Decimal:
		n, err := value.DecFromFloat(l.Val.Double())
		if err != nil {
			return sqlgen.Operand{}, d.refuse("NaN and infinity", l)
		}
		return d.beside(w, op, a, value.DecimalValue(n), 0)
	default:
		return d.integerBeside(w, op, a, l)
	}
	return sqlgen.Operand{}, d.refuse("comparison of "+a.Type.String()+" and "+l.Typ.String(), l)
}

// nearest returns the double nearest to an exact number and how it compares with it: a whole number
// by value, a decimal by the double's shortest text, as package query defines.
func nearest(v value.Value) (float64, int, bool) {
	switch v.Kind() {
	case value.Int, value.Uint:
		var n big.Int
		if v.Kind() == value.Int {
			n.SetInt64(v.Int())
		} else {
			n.SetUint64(v.Uint())
		}
		f, _ := new(big.Float).SetInt(&n).Float64()
		return f, new(big.Float).SetFloat64(f).Cmp(new(big.Float).SetInt(&n)), true
	default:
		f := v.Decimal().Float()
		short, err := value.DecFromFloat(f)
		return f, short.Cmp(v.Decimal()), err == nil
	}
}

// beside compares a with the literal near, which stands for a number that near is below (c < 0), at (0) or above (c > 0).
func (d dialect) beside(w *sqlgen.Writer, op query.Op, a sqlgen.Operand, near value.Value, c int) (sqlgen.Operand, *query.Refusal) {
	if c != 0 {
		switch op {
		case query.OpEq, query.OpNe:
			return constant(a, op == query.OpNe), nil
		case query.OpLt, query.OpLe:
			op = query.OpLe
			if c > 0 {
				op = query.OpLt
			}
		default:
			op = query.OpGt
			if c > 0 {
				op = query.OpGe
			}
		}
	}
	p, r := w.Param(near)
	if r != nil {
		return sqlgen.Operand{}, r
	}
	return compared(op, a.Paren(sqlgen.PrecCompare), p), nil
}

// integerBeside compares a whole number with a double literal.
func (d dialect) integerBeside(w *sqlgen.Writer, op query.Op, a sqlgen.Operand, l *query.Literal) (sqlgen.Operand, *query.Refusal) {
	f := l.Val.Double()
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return sqlgen.Operand{}, d.refuse("NaN and infinity", l)
	}
	low := math.Floor(f)
	n, _ := new(big.Float).SetFloat64(low).Int(nil)
	c := 0
	if low < f {
		c = -1
	}
	switch {
	case n.IsInt64():
		return d.beside(w, op, a, value.IntValue(n.Int64()), c)
	case n.IsUint64() && a.Type.Kind == value.Uint:
		return d.beside(w, op, a, value.UintValue(n.Uint64()), c)
	}
	above := n.Sign() < 0 // every whole number of the type is above the literal
	switch op {
	case query.OpEq:
		return constant(a, false), nil
	case query.OpNe:
		return constant(a, true), nil
	case query.OpLt, query.OpLe:
		return constant(a, !above), nil
	default:
		return constant(a, above), nil
	}
}

// constant is a truth value where a is not null.
func constant(a sqlgen.Operand, yes bool) sqlgen.Operand {
	if !a.MayBeNull {
		return sqlgen.Operand{SQL: strings.ToUpper(strconv.FormatBool(yes)), Prec: sqlgen.PrecAtom}
	}
	return sqlgen.Operand{
		SQL:  "CASE WHEN " + a.Paren(sqlgen.PrecCompare) + " IS NOT NULL THEN " + strings.ToUpper(strconv.FormatBool(yes)) + " END",
		Prec: sqlgen.PrecAtom,
	}
}

// NullSafe implements sqlgen.Dialect.
func (d dialect) NullSafe(_ *sqlgen.Writer, ne bool, a, b sqlgen.Operand) (sqlgen.Operand, bool) {
	if !alike(a.Type.Kind, b.Type.Kind) || d.usable(a, b) != nil {
		return sqlgen.Operand{}, false
	}
	sql := a.Paren(sqlgen.PrecCompare) + " <=> " + b.Paren(sqlgen.PrecCompare)
	if ne {
		return sqlgen.Operand{SQL: "NOT (" + sql + ")", Prec: sqlgen.PrecNot}, true
	}
	return sqlgen.Operand{SQL: sql, Prec: sqlgen.PrecCompare}, true
}

// In implements sqlgen.Dialect.
func (d dialect) In(w *sqlgen.Writer, not bool, x sqlgen.Operand, elems []sqlgen.Operand) (sqlgen.Operand, *query.Refusal) {
	if r := d.usable(append(elems[:len(elems):len(elems)], x)...); r != nil {
		return sqlgen.Operand{}, r
	}
	same := true
	for _, e := range elems {
		same = same && e.Type.Kind == x.Type.Kind
	}
	if !same {
		return d.anyOf(w, not, x, elems)
	}
	parts := make([]string, len(elems))
	for i, e := range elems {
		parts[i] = e.Paren(sqlgen.PrecCompare)
	}
	word := " IN ("
	if not {
		word = " NOT IN ("
	}
	return sqlgen.Operand{SQL: x.Paren(sqlgen.PrecCompare) + word + strings.Join(parts, ", ") + ")", Prec: sqlgen.PrecCompare}, nil
}

// anyOf spells membership out where the kinds differ.
func (d dialect) anyOf(w *sqlgen.Writer, not bool, x sqlgen.Operand, elems []sqlgen.Operand) (sqlgen.Operand, *query.Refusal) {
	op, word, prec := query.OpEq, " OR ", sqlgen.PrecOr
	if not {
		op, word, prec = query.OpNe, " AND ", sqlgen.PrecAnd
	}
	parts := make([]string, len(elems))
	for i, e := range elems {
		o, r := d.Compare(w, op, x, e)
		if r != nil {
			return sqlgen.Operand{}, r
		}
		parts[i] = o.Paren(prec)
	}
	return sqlgen.Operand{SQL: strings.Join(parts, word), Prec: prec}, nil
}
