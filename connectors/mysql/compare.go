package mysql

import (
	"slices"
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
	if a == value.JSON || a == value.List {
		return false
	}
	return a == b || exact(a) && exact(b)
}

// Compare implements sqlgen.Dialect.
func (d dialect) Compare(w *sqlgen.Writer, op query.Op, a, b sqlgen.Operand) (sqlgen.Operand, *query.Refusal) {
	if r := d.usable(a, b); r != nil {
		return sqlgen.Operand{}, r
	}
	switch {
	case alike(a.Type.Kind, b.Type.Kind):
		return compared(op, a.Paren(sqlgen.PrecCompare), b.Paren(sqlgen.PrecCompare)), nil
	case whole(a.Type.Kind) && b.Type.Kind == value.Double, a.Type.Kind == value.Double && whole(b.Type.Kind):
		return d.asDoubles(w, op, a, b)
	case b.Lit != nil:
		return d.withLiteral(w, op, a, b.Lit)
	case a.Lit != nil:
		return d.withLiteral(w, turned(op), b, a.Lit)
	}
	return sqlgen.Operand{}, d.refuse("comparison of "+a.Type.String()+" and "+b.Type.String(), nil)
}

func whole(k value.Kind) bool { return k == value.Int || k == value.Uint }

// asDoubles compares a whole number with a double as cel-go does: rounded to one. The cast keeps the
// optimizer from folding the constant the other way.
func (d dialect) asDoubles(w *sqlgen.Writer, op query.Op, a, b sqlgen.Operand) (sqlgen.Operand, *query.Refusal) {
	var sides [2]string
	for i, o := range [...]sqlgen.Operand{a, b} {
		switch {
		case !whole(o.Type.Kind):
			sides[i] = o.Paren(sqlgen.PrecCompare)
		case o.Lit != nil:
			f := float64(o.Lit.Val.Int())
			if o.Type.Kind == value.Uint {
				f = float64(o.Lit.Val.Uint())
			}
			p, r := w.Param(value.DoubleValue(f))
			if r != nil {
				return sqlgen.Operand{}, r
			}
			sides[i] = p
		default:
			sides[i] = "CAST(" + o.SQL + " AS DOUBLE)"
		}
	}
	return compared(op, sides[0], sides[1]), nil
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

// withLiteral compares a decimal with a double where one is a literal, by moving the literal to the
// other's type; what falls between two values there decides how.
func (d dialect) withLiteral(w *sqlgen.Writer, op query.Op, a sqlgen.Operand, l *query.Literal) (sqlgen.Operand, *query.Refusal) {
	switch {
	case a.Type.Kind == value.Double && l.Typ.Kind == value.Decimal:
		near := l.Val.Decimal().Float()
		// A double is taken at its shortest text, as package query says; that is monotonic.
		short, err := value.DecFromFloat(near)
		if err != nil {
			return sqlgen.Operand{}, d.refuse("number beyond the doubles", l)
		}
		return d.beside(w, op, a, value.DoubleValue(near), short.Cmp(l.Val.Decimal()))
	case a.Type.Kind == value.Decimal && l.Typ.Kind == value.Double:
		n, err := value.DecFromFloat(l.Val.Double())
		if err != nil {
			return sqlgen.Operand{}, d.refuse("NaN and infinity", l)
		}
		return d.beside(w, op, a, value.DecimalValue(n), 0)
	}
	return sqlgen.Operand{}, d.refuse("comparison of "+a.Type.String()+" and "+l.Typ.String(), l)
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
	if r := d.usable(append(slices.Clip(elems), x)...); r != nil {
		return sqlgen.Operand{}, r
	}
	same := true
	for _, e := range elems {
		same = same && e.Type.Kind == x.Type.Kind
	}
	if !same {
		return sqlgen.AnyOf(w, d, not, x, elems)
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
