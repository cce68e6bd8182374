package postgres

import (
	"math"
	"strconv"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

// whiteSpace is what unicode.IsSpace accepts: what CEL's trim removes.
const whiteSpace = "\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"

// collated renders text under the C collation: some functions refuse nondeterministic ones, and others depend on it.
func collated(o sqlgen.Operand) string { return o.Atom() + ` COLLATE "C"` }

func (d dialect) text(w *sqlgen.Writer, c *query.Call, args []sqlgen.Operand) (sqlgen.Operand, *query.Refusal) {
	a := args[0]
	x := a.Atom()
	switch a.Type.Kind {
	case value.String:
	case value.Bytes:
		if c.Op == query.OpSize {
			return atom("octet_length(" + x + ")::bigint"), nil
		}
		return sqlgen.Operand{}, refuse(c.Op.String() + " of bytes")
	case value.List:
		if c.Op == query.OpSize {
			return atom("cardinality(" + x + ")::bigint"), nil
		}
		return sqlgen.Operand{}, refuse(c.Op.String() + " of list")
	default:
		return sqlgen.Operand{}, refuse(c.Op.String() + " of " + a.Type.String())
	}
	switch c.Op {
	case query.OpSize:
		return atom("length(" + x + ")::bigint"), nil
	case query.OpContains:
		return sqlgen.Operand{SQL: "strpos(" + collated(a) + ", " + args[1].Atom() + ") > 0", Prec: sqlgen.PrecCompare}, nil
	case query.OpStartsWith:
		return atom("starts_with(" + collated(a) + ", " + args[1].Atom() + ")"), nil
	case query.OpEndsWith:
		y := args[1].Atom()
		return sqlgen.Operand{SQL: "right(" + x + ", length(" + y + ")) COLLATE \"C\" = " + y, Prec: sqlgen.PrecCompare}, nil
	case query.OpMatches:
		return matches(w, a, args[1])
	case query.OpLowerASCII:
		return atom("lower(" + collated(a) + ")"), nil
	case query.OpUpperASCII:
		return atom("upper(" + collated(a) + ")"), nil
	case query.OpTrim:
		set, refusal := w.Param(value.StringValue(whiteSpace))
		if refusal != nil {
			return sqlgen.Operand{}, refusal
		}
		return atom("btrim(" + x + ", " + set + ")"), nil
	case query.OpReverse:
		return atom("reverse(" + x + ")"), nil
	case query.OpReplace:
		if l := args[1].Lit; l == nil || l.Val.Str() == "" {
			return sqlgen.Operand{}, refuse("replace of a text that is no literal, or empty")
		}
		return atom("replace(" + collated(a) + ", " + args[1].Atom() + ", " + args[2].Atom() + ")"), nil
	case query.OpIndexOf, query.OpLastIndexOf:
		return indexOf(c.Op, args)
	default:
		return substring(w, c.Op, args)
	}
}

// indexOf counts from 0; -1 where there is none.
func indexOf(op query.Op, args []sqlgen.Operand) (sqlgen.Operand, *query.Refusal) {
	if len(args) > 2 {
		return sqlgen.Operand{}, refuse(op.String() + " from an offset")
	}
	s, sub := collated(args[0]), args[1].Atom()
	if op == query.OpIndexOf {
		return atom("(strpos(" + s + ", " + sub + ") - 1)::bigint"), nil
	}
	x := args[0].Atom()
	return atom("CASE WHEN strpos(" + s + ", " + sub + ") = 0 THEN -1 ELSE length(" + x + ") - length(" + sub + ") - strpos(reverse(" +
		x + ") COLLATE \"C\", reverse(" + sub + ")) + 1 END::bigint"), nil
}

// position renders an index into text as int4. Its cast is reached only where a guard has bounded the value; a literal
// is folded before any guard, so one out of range is not written at all.
func position(w *sqlgen.Writer, o sqlgen.Operand) (wide, narrow string, ok bool) {
	if o.Lit == nil {
		return bigint(o), bigint(o) + "::int", true
	}
	i := o.Lit.Val.Int()
	if i < 0 || i > math.MaxInt32-1 {
		return "", "", false
	}
	p := w.Bind(sqlgen.Param{Arg: strconv.FormatInt(i, 10), After: "::int"})
	return p, p, true
}

func substring(w *sqlgen.Writer, op query.Op, args []sqlgen.Operand) (sqlgen.Operand, *query.Refusal) {
	s := args[0].Atom()
	from, at, ok := position(w, args[1])
	if !ok {
		return fails("nullif(" + s + ", " + s + ")"), nil
	}
	within := from + " >= 0 AND " + from + " <= length(" + s + ")"
	if op == query.OpCharAt {
		return fails("CASE WHEN " + within + " THEN substr(" + s + ", " + at + " + 1, 1) END"), nil
	}
	if len(args) == 2 {
		return fails("CASE WHEN " + within + " THEN substr(" + s + ", " + at + " + 1) END"), nil
	}
	to, end, ok := position(w, args[2])
	if !ok {
		return fails("nullif(" + s + ", " + s + ")"), nil
	}
	if args[1].Lit != nil && args[2].Lit != nil && args[2].Lit.Val.Int() < args[1].Lit.Val.Int() {
		return fails("nullif(" + s + ", " + s + ")"), nil // a negative length raises, and is folded before any guard
	}
	return fails("CASE WHEN " + from + " >= 0 AND " + from + " <= " + to + " AND " + to + " <= length(" + s + ") THEN substr(" + s + ", " + at +
		" + 1, " + end + " - " + at + ") END"), nil
}
