package postgres

import (
	"math"
	"slices"
	"strings"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

const (
	minInt = "'-9223372036854775808'::bigint"
	maxInt = "9223372036854775807"
	// maxUint bounds Uint, which is numeric here.
	maxUint = "18446744073709551615"
)

func (d dialect) arithmetic(w *sqlgen.Writer, c *query.Call, args []sqlgen.Operand) (sqlgen.Operand, *query.Refusal) {
	if len(args) == 1 {
		return unary(w, c.Op, args[0])
	}
	a, b := args[0], args[1]
	ka, kb := a.Type.Kind, b.Type.Kind
	switch {
	case ka == value.Int && kb == value.Int:
		return integers(w, c.Op, a, b), nil
	case ka == value.Uint && kb == value.Uint:
		return unsigned(c.Op, a, b), nil
	case ka == value.Double && kb == value.Double:
		return doubles(c.Op, a, b)
	case isNumber(ka) && isNumber(kb) && (ka == value.Decimal || kb == value.Decimal):
		return decimals(w, c.Op, a, b)
	case ka == value.String && kb == value.String, ka == value.Bytes && kb == value.Bytes:
		return sqlgen.Operand{SQL: a.Paren(sqlgen.PrecArith) + " || " + b.Paren(sqlgen.PrecArith), Prec: sqlgen.PrecArith}, nil
	}
	return times(w, c.Op, a, b)
}

func infix(a, op, b string) sqlgen.Operand {
	return sqlgen.Operand{SQL: a + " " + op + " " + b, Prec: sqlgen.PrecArith}
}

// interval64 is what an integer operand is known to lie in.
type interval64 struct{ lo, hi int64 }

// rangeOf bounds an integer operand by what it is computed from.
func rangeOf(o sqlgen.Operand) interval64 {
	if o.Expr == nil {
		return everything
	}
	return rangeOfExpr(o.Expr)
}

var everything = interval64{math.MinInt64, math.MaxInt64}

func rangeOfExpr(e query.Expr) interval64 {
	switch e := e.(type) {
	case *query.Literal:
		if e.Val.Kind() == value.Int {
			return interval64{e.Val.Int(), e.Val.Int()}
		}
	case *query.Column:
		return rangeOfColumn(e)
	case *query.Call:
		if e.Typ.Kind == value.Int {
			return rangeOfCall(e)
		}
	}
	return everything
}

func rangeOfColumn(c *query.Column) interval64 {
	m, ok := c.Col.Meta.(*columnMeta)
	if !ok || m.expr != "" {
		return everything
	}
	switch m.family {
	case famInt2:
		return interval64{math.MinInt16, math.MaxInt16}
	case famInt4:
		return interval64{math.MinInt32, math.MaxInt32}
	case famOID:
		return interval64{0, math.MaxUint32}
	default:
		return everything
	}
}

// longestText bounds the size of a PostgreSQL text or bytea: 1 GB.
const longestText = 1 << 30

func rangeOfCall(c *query.Call) interval64 {
	switch c.Op {
	case query.OpAdd, query.OpSub, query.OpMul:
		if r, ok := combine(c.Op, rangeOfExpr(c.Args[0]), rangeOfExpr(c.Args[1])); ok {
			return r
		}
	case query.OpDiv, query.OpMod:
		// The quotient by an integer is no farther from 0 than the dividend, the rest neither, but for the least by -1.
		if r := rangeOfExpr(c.Args[0]); r.lo > math.MinInt64 {
			m := max(r.hi, -r.lo)
			return interval64{-m, m}
		}
	case query.OpNeg:
		if r := rangeOfExpr(c.Args[0]); r.lo > math.MinInt64 {
			return interval64{-r.hi, -r.lo}
		}
	case query.OpSize, query.OpIndexOf, query.OpLastIndexOf:
		return interval64{-1, longestText}
	case query.OpFullYear, query.OpMonth, query.OpDate, query.OpDayOfMonth, query.OpDayOfWeek, query.OpDayOfYear, query.OpMilliseconds:
		return interval64{0, 10_000}
	case query.OpCond:
		a, b := rangeOfExpr(c.Args[1]), rangeOfExpr(c.Args[2])
		return interval64{min(a.lo, b.lo), max(a.hi, b.hi)}
	default:
	}
	return everything
}

// combine bounds a sum, difference or product; ok is false where it may overflow.
func combine(op query.Op, a, b interval64) (r interval64, ok bool) {
	if !a.half() || !b.half() {
		return everything, false
	}
	switch op {
	case query.OpAdd:
		return interval64{a.lo + b.lo, a.hi + b.hi}, true
	case query.OpSub:
		return interval64{a.lo - b.hi, a.hi - b.lo}, true
	default:
		if !a.narrow() || !b.narrow() {
			return everything, false
		}
		corners := []int64{a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi}
		return interval64{slices.Min(corners), slices.Max(corners)}, true
	}
}

func (i interval64) narrow() bool { return i.lo >= math.MinInt32 && i.hi <= math.MaxInt32 }

// half reports that sums and differences of two such numbers fit in 64 bits.
func (i interval64) half() bool { return i.lo >= -1<<62 && i.hi < 1<<62 }

// small reports whether o is a plain column of int2 or int4, which PostgreSQL's operators take beside a bigint as it is.
func small(o sqlgen.Operand) bool {
	m := metaOf(o)
	return m != nil && m.expr == "" && (m.family == famInt2 || m.family == famInt4)
}

// besideBigint renders y for the right side of an operator whose left side is a bigint.
func besideBigint(y sqlgen.Operand) string {
	if small(y) {
		return y.Ref
	}
	return bigint(y)
}

// pair renders two integers so that their operator is one of bigint.
func pair(a, b sqlgen.Operand) (x, y string) {
	if small(a) && !small(b) {
		return a.Ref, bigint(b)
	}
	return bigint(a), besideBigint(b)
}

func integers(w *sqlgen.Writer, op query.Op, a, b sqlgen.Operand) sqlgen.Operand {
	ra, rb := rangeOf(a), rangeOf(b)
	_, fits := combine(op, ra, rb)
	fits = fits || w.MayRaise() // PostgreSQL raises on overflow itself
	switch op {
	case query.OpAdd, query.OpSub:
		if fits {
			x, y := pair(a, b)
			return infix(x, op2(op), y)
		}
		if op == query.OpAdd && a.Lit != nil {
			a, b, rb = b, a, ra
		}
		return bounded(bigint(a), op2(op), bigint(b), rb, op == query.OpSub)
	case query.OpMul:
		if fits {
			x, y := pair(a, b)
			return infix(x, "*", y)
		}
		return product(bigint(a), bigint(b), ra, rb)
	case query.OpDiv:
		x, y := bigint(a), besideBigint(b)
		switch {
		case b.Lit != nil && rb.lo != 0 && rb.lo != -1:
			return infix(x, "/", y)
		case ra.lo > math.MinInt64, w.MayRaise(): // nothing overflows unseen
			return fails("(" + x + " / nullif(" + y + ", 0))")
		}
		return fails("CASE WHEN " + y + " = -1 THEN -nullif(" + x + ", " + minInt + ") ELSE " + x + " / nullif(" + y + ", 0) END")
	default: // OpMod
		x, y := bigint(a), bigint(b)
		switch {
		case b.Lit != nil && rb.lo != 0 && rb.lo != -1:
			return infix(x, "%", y)
		case small(a) && small(b): // int4's own rest knows -1
			return fails("(" + a.Ref + " % nullif(" + b.Ref + ", 0))::bigint")
		case ra.lo > math.MinInt64:
			return fails("(" + x + " % nullif(" + y + ", 0))")
		}
		return fails("CASE WHEN " + y + " = -1 THEN 0 * nullif(" + x + ", " + minInt + ") ELSE " + x + " % nullif(" + y + ", 0) END")
	}
}

func op2(op query.Op) string {
	if op == query.OpSub {
		return "-"
	}
	return "+"
}

// bounded renders x + y or x - y, NULL where it overflows: one comparison does where the sign of y is known.
func bounded(x, op, y string, ry interval64, sub bool) sqlgen.Operand {
	upTo := x + " <= " + maxInt + " - greatest(" + y + ", 0)"
	downTo := x + " >= " + minInt + " - least(" + y + ", 0)"
	if sub {
		upTo = x + " <= " + maxInt + " + least(" + y + ", 0)"
		downTo = x + " >= " + minInt + " + greatest(" + y + ", 0)"
	}
	cond := upTo + " AND " + downTo
	switch {
	case ry.lo >= 0 && sub, ry.hi <= 0 && !sub:
		cond = downTo
	case ry.lo >= 0, ry.hi <= 0:
		cond = upTo
	}
	return fails("CASE WHEN " + cond + " THEN " + x + " " + op + " " + y + " END")
}

func product(x, y string, rx, ry interval64) sqlgen.Operand {
	if rx.narrow() && ry.narrow() {
		return infix(x, "*", y)
	}
	var conds []string
	if !rx.narrow() {
		conds = append(conds, x+" BETWEEN -2147483648 AND 2147483647")
	}
	if !ry.narrow() {
		conds = append(conds, y+" BETWEEN -2147483648 AND 2147483647")
	}
	return fails("CASE WHEN " + strings.Join(conds, " AND ") + " THEN " + x + " * " + y +
		" WHEN " + x + "::numeric * " + y + "::numeric BETWEEN -9223372036854775808 AND 9223372036854775807 THEN " + x + " * " + y + " END")
}

func unsigned(op query.Op, a, b sqlgen.Operand) sqlgen.Operand {
	x, y := a.Atom(), b.Atom()
	within := func(e string) sqlgen.Operand {
		return fails("CASE WHEN " + e + " BETWEEN 0 AND " + maxUint + " THEN " + e + " END")
	}
	switch op {
	case query.OpAdd:
		return within(x + " + " + y)
	case query.OpSub:
		return within(x + " - " + y)
	case query.OpMul:
		return within(x + " * " + y)
	case query.OpDiv:
		return fails("div(" + x + ", nullif(" + y + ", 0))")
	default: // OpMod
		return fails("(" + x + " % nullif(" + y + ", 0))")
	}
}

// maxDigits bounds the digits, before and behind the point together, of a number whose arithmetic
// is certain neither to overflow nor to be rounded: numeric keeps 16,383 behind the point.
const maxDigits = 16_000

// digitsOf bounds the digits of a numeric expression; more than maxDigits where nothing is known.
func digitsOf(e query.Expr) int {
	const unknown = maxDigits * 4
	switch e := e.(type) {
	case *query.Literal:
		if e.Val.Kind() == value.Decimal {
			return len(e.Val.Decimal().String())
		}
	case *query.Column:
		if m, ok := e.Col.Meta.(*columnMeta); ok && m.family == famNumeric {
			if m.mod >= 0 {
				return 2100 // precision and scale are at most 1000 each, either sign
			}
			return unknown
		}
	case *query.Call:
		n := 0
		for _, a := range e.Args {
			if e.Op == query.OpMul {
				n += digitsOf(a)
			} else {
				n = max(n, digitsOf(a))
			}
		}
		switch e.Op {
		case query.OpAdd, query.OpSub:
			return n + 1
		case query.OpMul, query.OpMod, query.OpNeg, query.OpAbs, query.OpGreatest, query.OpLeast, query.OpSign, query.OpToDecimal:
			return n
		case query.OpCond:
			return n
		default:
			return unknown
		}
	}
	switch e.Type().Kind {
	case value.Int, value.Uint:
		return 20
	case value.Double:
		return 700 // 308 before the point, 324 + 17 behind it
	default:
		return unknown
	}
}

func decimals(w *sqlgen.Writer, op query.Op, a, b sqlgen.Operand) (sqlgen.Operand, *query.Refusal) {
	x, y := decimal(w, a), decimal(w, b)
	lossy := a.Type.Kind == value.Double && a.Lit == nil || b.Type.Kind == value.Double && b.Lit == nil
	var o sqlgen.Operand
	digits := max(digitsOf(a.Expr), digitsOf(b.Expr))
	switch op {
	case query.OpAdd:
		o = infix(x, "+", y)
	case query.OpSub:
		o = infix(x, "-", y)
	case query.OpMul:
		o, digits = infix(x, "*", y), digitsOf(a.Expr)+digitsOf(b.Expr)
	case query.OpMod:
		o = infix(x, "%", "nullif("+y+", 0)")
		o.Fails = true
	default:
		return sqlgen.Operand{}, refuse("division of decimals")
	}
	if digits > maxDigits {
		// Without a declared precision a number may be anything: beyond these bounds the result would raise or be rounded.
		small := func(s string) string { return "abs(" + s + ") < '1e60000'::numeric AND scale(" + s + ") < 8000" }
		var conds []string
		for _, p := range []struct {
			o   sqlgen.Operand
			sql string
		}{{a, x}, {b, y}} {
			if digitsOf(p.o.Expr) > maxDigits/2 {
				conds = append(conds, small(p.sql))
			}
		}
		if len(x)+len(y) > 2000 {
			return sqlgen.Operand{}, refuse("nested arithmetic of numeric without a precision")
		}
		o = fails("CASE WHEN " + strings.Join(conds, " AND ") + " THEN " + o.SQL + " END")
	}
	o.Fails = o.Fails || lossy
	return o, nil
}

// decimal renders a number as numeric, NULL for a double that is not finite.
func decimal(w *sqlgen.Writer, o sqlgen.Operand) string {
	if o.Type.Kind != value.Double {
		return numeric(o)
	}
	if o.Lit != nil && !math.IsNaN(o.Lit.Val.Double()) && !math.IsInf(o.Lit.Val.Double(), 0) {
		return numericOf(w, o)
	}
	return "nullif(nullif(nullif(" + float8(o) + ", 'NaN'), 'Infinity'), '-Infinity')::text::numeric"
}

func unary(w *sqlgen.Writer, op query.Op, a sqlgen.Operand) (sqlgen.Operand, *query.Refusal) {
	x := a.Atom()
	minimum := ""
	switch a.Type.Kind {
	case value.Int:
		if x = bigint(a); rangeOf(a).lo == math.MinInt64 && !w.MayRaise() {
			minimum = minInt
		}
	case value.Double:
		x = float8(a)
	case value.Decimal, value.Uint:
	case value.Duration:
		// The longest span back is finer than a microsecond: none of them overflows.
		if op == query.OpAbs {
			return atom("CASE WHEN " + x + " < '0'::interval THEN -" + x + " ELSE " + x + " END"), nil
		}
	default:
		return sqlgen.Operand{}, refuse(op.String() + " of " + a.Type.String())
	}
	if minimum != "" {
		x = "nullif(" + x + ", " + minimum + ")"
	}
	o := atom("(- " + x + ")")
	if op == query.OpAbs {
		o = atom("abs(" + x + ")")
	}
	o.Fails = minimum != ""
	return o, nil
}

func (d dialect) number(c *query.Call, args []sqlgen.Operand) (sqlgen.Operand, *query.Refusal) {
	a := args[0]
	k := a.Type.Kind
	x := a.Atom()
	if k == value.Double {
		x = float8(a)
	}
	switch c.Op {
	case query.OpGreatest, query.OpLeast:
		return extremes(c.Op, args)
	case query.OpSign:
		return sign(k, a, x)
	default:
	}
	if k != value.Double {
		return sqlgen.Operand{}, refuse(c.Op.String() + " of " + a.Type.String())
	}
	switch c.Op {
	case query.OpCeil:
		return atom("ceil(" + x + ")"), nil
	case query.OpFloor:
		return atom("floor(" + x + ")"), nil
	case query.OpTrunc:
		return atom("trunc(" + x + ")"), nil
	case query.OpRound: // half away from zero; PostgreSQL's own is half to even
		return atom("CASE WHEN abs(" + x + " - trunc(" + x + ")) >= 0.5 THEN trunc(" + x + ") + sign(" + x + ") ELSE trunc(" + x + ") END"), nil
	case query.OpIsNaN:
		return sqlgen.Operand{SQL: x + " = 'NaN'", Prec: sqlgen.PrecCompare}, nil
	case query.OpIsInf:
		return sqlgen.Operand{SQL: x + " IN ('Infinity', '-Infinity')", Prec: sqlgen.PrecCompare}, nil
	default: // OpIsFinite
		return sqlgen.Operand{SQL: x + " NOT IN ('NaN', 'Infinity', '-Infinity')", Prec: sqlgen.PrecCompare}, nil
	}
}

func sign(k value.Kind, a sqlgen.Operand, x string) (sqlgen.Operand, *query.Refusal) {
	switch k {
	case value.Int:
		return atom("CASE WHEN " + x + " > 0 THEN 1 WHEN " + x + " < 0 THEN -1 WHEN " + x + " = 0 THEN 0 END::bigint"), nil
	case value.Double:
		return atom("CASE WHEN " + x + " = 'NaN' THEN " + x + " ELSE sign(" + x + ") END"), nil
	case value.Decimal, value.Uint:
		return atom("sign(" + x + ")"), nil
	default:
		return sqlgen.Operand{}, refuse("sign of " + a.Type.String())
	}
}

// extremes renders greatest and least, which in SQL pass over NULLs and think NaN greatest.
func extremes(op query.Op, args []sqlgen.Operand) (sqlgen.Operand, *query.Refusal) {
	k := args[0].Type.Kind
	name := "greatest("
	if op == query.OpLeast {
		name = "least("
	}
	var texts, has []string
	nan := false
	for _, a := range args {
		if a.Type.Kind != k || !isNumber(k) && k != value.Duration {
			return sqlgen.Operand{}, refuse(op.String() + " of " + a.Type.String())
		}
		x := a.Atom()
		switch k {
		case value.Int:
			x = bigint(a)
		case value.Double:
			x = float8(a)
			if len(args) > 1 && mayBeNaN(a) {
				x, nan = "nullif("+x+", 'NaN')", true
			}
		default:
		}
		if a.MayBeNull || strings.HasPrefix(x, "nullif(") {
			has = append(has, x+" IS NOT NULL")
		}
		texts = append(texts, x)
	}
	sql := name + strings.Join(texts, ", ") + ")"
	if len(has) > 0 && len(args) > 1 {
		sql = "CASE WHEN " + strings.Join(has, " AND ") + " THEN " + sql + " END"
	}
	o := atom(sql)
	o.Fails = nan
	return o, nil
}
