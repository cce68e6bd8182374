package postgres

import (
	"math"
	"strconv"
	"strings"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
)

// maxDoubleText bounds the operands of double arithmetic, which repeats them.
const maxDoubleText = 200

// doubles renders IEEE arithmetic, of which PostgreSQL raises every overflow, every underflow to zero
// and every division by zero. Where the operands are far from the ends of the range it is native. Elsewhere
// operands scaled by powers of two, which is exact, tell whether the true result would raise, and it is written down then.
func doubles(op query.Op, a, b sqlgen.Operand) (sqlgen.Operand, *query.Refusal) {
	x, y := float8(a), float8(b)
	if len(x)+len(y) > maxDoubleText {
		return sqlgen.Operand{}, refuse("nested arithmetic of doubles")
	}
	if extreme(a) || extreme(b) {
		return sqlgen.Operand{}, refuse("arithmetic with a very large or very small double")
	}
	switch op {
	case query.OpAdd, query.OpSub:
		return atom(doubleSum(op, a, b, x, y)), nil
	case query.OpMul:
		return atom(doubleProduct(a, b, x, y)), nil
	case query.OpDiv:
		return atom(doubleQuotient(a, b, x, y)), nil
	default:
		return sqlgen.Operand{}, refuse(op.String() + " of doubles")
	}
}

// extreme reports whether o is a literal so far from 1 that scaling it, which is done before any CASE, would raise.
func extreme(o sqlgen.Operand) bool {
	if o.Lit == nil {
		return false
	}
	f := math.Abs(o.Lit.Val.Double())
	return f != 0 && (f < 1e-100 || f > 1e100)
}

// float writes a constant.
func float(f float64) string { return "'" + doubleText(f) + "'::float8" }

// pow2 writes m * 2^e.
func pow2(m float64, e int) string { return float(math.Ldexp(m, e)) }

func magnitude(x string) string { return "abs(" + x + ")" }

// within returns the condition under which o's magnitude lies in lo..hi, or, where zero says so, o is zero: "" where it is
// known to, FALSE where it is known not to.
func within(o sqlgen.Operand, sql string, lo, hi float64, zero bool) string {
	if o.Lit != nil {
		f := math.Abs(o.Lit.Val.Double())
		if f >= lo && f <= hi || zero && f == 0 {
			return ""
		}
		return "FALSE"
	}
	hiText := strconv.FormatFloat(hi, 'g', -1, 64)
	switch {
	case lo == 0:
		return magnitude(sql) + " <= " + hiText
	case zero:
		return "(" + magnitude(sql) + " BETWEEN " + strconv.FormatFloat(lo, 'g', -1, 64) + " AND " + hiText + " OR " + sql + " = 0)"
	default:
		return magnitude(sql) + " BETWEEN " + strconv.FormatFloat(lo, 'g', -1, 64) + " AND " + hiText
	}
}

func all(conds ...string) string {
	var out []string
	for _, c := range conds {
		if c != "" {
			out = append(out, c)
		}
	}
	if len(out) == 0 {
		return "TRUE"
	}
	return strings.Join(out, " AND ")
}

// cases is CASE WHEN c THEN v ... ELSE last END; NULL operands fall through to last, which is NULL for them.
func cases(last string, pairs ...[2]string) string {
	var s strings.Builder
	s.WriteString("CASE")
	for _, p := range pairs {
		s.WriteString(" WHEN " + p[0] + " THEN " + p[1])
	}
	return s.String() + " ELSE " + last + " END"
}

// infinite is the condition under which native arithmetic does not raise, since an operand is not finite.
func infinite(x, y string) string {
	const odd = " IN ('NaN', 'Infinity', '-Infinity')"
	return x + odd + " OR " + y + odd
}

func doubleSum(op query.Op, a, b sqlgen.Operand, x, y string) string {
	sign, alone := " + ", y
	if op == query.OpSub {
		sign, alone = " - ", "(- "+y+")"
	}
	native := x + sign + y
	half := "(" + x + " * 0.5::float8" + sign + y + " * 0.5::float8)"
	return cases(half+" * 2::float8",
		[2]string{all(within(a, x, 0, 8e307, true), within(b, y, 0, 8e307, true)), native},
		[2]string{infinite(x, y), native},
		// Beside a number beyond 8e307 one below 1 is nothing, and halving it could underflow.
		[2]string{magnitude(y) + " < 1", x},
		[2]string{magnitude(x) + " < 1", alone},
		[2]string{magnitude(half) + " >= " + pow2(1, 1023), half + " * 'Infinity'::float8"},
	)
}

// The range in which products and quotients are certain to be far from the ends.
const (
	lowSafe  = 1e-150
	highSafe = 1e150
)

// least is the greatest number that rounds to zero: half the smallest double, ties going to even.
const leastExponent = -1075

func doubleProduct(a, b sqlgen.Operand, x, y string) string {
	native := x + " * " + y
	scaled := func(e int) string {
		return magnitude(x) + " * " + pow2(1, e) + " * (" + magnitude(y) + " * " + pow2(1, e) + ")"
	}
	low, high := "least("+magnitude(x)+", "+magnitude(y)+")", "greatest("+magnitude(x)+", "+magnitude(y)+")"
	signed := "sign(" + x + ") * sign(" + y + ") * "
	return cases(native,
		[2]string{all(within(a, x, lowSafe, highSafe, true), within(b, y, lowSafe, highSafe, true)), native},
		[2]string{infinite(x, y) + " OR " + x + " = 0 OR " + y + " = 0", native},
		[2]string{
			low + " >= 1 AND " + high + " > 1e150",
			cases(native, [2]string{scaled(-520) + " > " + pow2(math.MaxFloat64, -1040), signed + "'Infinity'::float8"}),
		},
		[2]string{
			high + " <= 1 AND " + low + " < 1e-150",
			cases(native, [2]string{scaled(600) + " <= " + pow2(1, leastExponent+1200), signed + "0::float8"}),
		},
	)
}

func doubleQuotient(a, b sqlgen.Operand, x, y string) string {
	native := x + " / " + y
	ax, ay := magnitude(x), magnitude(y)
	scaled := func(ex, ey int) string { return ax + " * " + pow2(1, ex) + " / (" + ay + " * " + pow2(1, ey) + ")" }
	signed := "sign(" + x + ") * sign(" + y + ") * "
	inf, zero := signed+"'Infinity'::float8", signed+"0::float8"
	byZero := cases("'-Infinity'::float8",
		[2]string{x + " = 0 OR " + x + " = 'NaN'", "'NaN'::float8"},
		[2]string{"(" + x + " > 0) = (" + y + "::text = '0')", "'Infinity'::float8"})
	return cases(native,
		[2]string{all(within(a, x, lowSafe, highSafe, true), within(b, y, lowSafe, highSafe, false)), native},
		[2]string{y + " = 0", "CASE WHEN " + x + " IS NOT NULL THEN " + byZero + " END"},
		[2]string{infinite(x, y) + " OR " + x + " = 0", native},
		[2]string{ay + " < 1e-150 AND " + ax + " >= 1e-20", cases(native, [2]string{scaled(-600, 600) + " > " + pow2(math.MaxFloat64, -1200), inf})},
		[2]string{ay + " >= 1e-150 AND " + ay + " < 1 AND " + ax + " > 1", cases(native, [2]string{scaled(-600, 0) + " > " + pow2(math.MaxFloat64, -600), inf})},
		[2]string{ay + " >= 1 AND " + ax + " < 1e-150", cases(native, [2]string{scaled(600, -600) + " <= " + pow2(1, leastExponent+1200), zero})},
		[2]string{ay + " >= 1 AND " + ax + " < 1", cases(native, [2]string{scaled(600, 0) + " <= " + pow2(1, leastExponent+600), zero})},
	)
}
