package postgres

import (
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

// Call implements sqlgen.Dialect.
func (d dialect) Call(w *sqlgen.Writer, c *query.Call, args []sqlgen.Operand) (sqlgen.Operand, *query.Refusal) {
	if r := opaque(args...); r != nil {
		return sqlgen.Operand{}, r
	}
	for _, a := range args {
		if a.Lit != nil && a.Lit.Val.IsNull() {
			return sqlgen.Operand{}, refuse("null as an operand of " + c.Op.String())
		}
		if finer(a) {
			return sqlgen.Operand{}, refuse("a time finer than a microsecond")
		}
	}
	switch c.Op {
	case query.OpAdd, query.OpSub, query.OpMul, query.OpDiv, query.OpMod, query.OpNeg, query.OpAbs:
		return d.arithmetic(w, c, args)
	case query.OpGreatest, query.OpLeast, query.OpCeil, query.OpFloor, query.OpRound, query.OpTrunc, query.OpSign,
		query.OpIsNaN, query.OpIsInf, query.OpIsFinite:
		return d.number(c, args)
	case query.OpSize, query.OpContains, query.OpStartsWith, query.OpEndsWith, query.OpMatches, query.OpLowerASCII, query.OpUpperASCII,
		query.OpTrim, query.OpSubstring, query.OpCharAt, query.OpIndexOf, query.OpLastIndexOf, query.OpReplace, query.OpReverse:
		return d.text(w, c, args)
	case query.OpToInt, query.OpToUint, query.OpToDouble, query.OpToDecimal, query.OpToString, query.OpToBytes, query.OpToBool,
		query.OpToTimestamp, query.OpToDuration:
		return d.convert(c, args[0])
	case query.OpFullYear, query.OpMonth, query.OpDate, query.OpDayOfMonth, query.OpDayOfWeek, query.OpDayOfYear,
		query.OpHours, query.OpMinutes, query.OpSeconds, query.OpMilliseconds:
		return d.timePart(c, args)
	default:
		return sqlgen.Operand{}, refuse("operator " + c.Op.String())
	}
}

// Fold implements sqlgen.Dialect.
func (d dialect) Fold(w *sqlgen.Writer, kind query.MeasureKind, q float64, arg sqlgen.Operand, cond string) (sqlgen.Operand, *query.Refusal) {
	if r := opaque(arg); r != nil {
		return sqlgen.Operand{}, r
	}
	if finer(arg) {
		return sqlgen.Operand{}, refuse("a time finer than a microsecond")
	}
	filter := ""
	if cond != "" {
		filter = " FILTER (WHERE " + cond + ")"
	}
	k := arg.Type.Kind
	if k == value.JSON || k == value.List || k == value.Null {
		return sqlgen.Operand{}, refuse("aggregate of " + arg.Type.String())
	}
	switch kind {
	case query.MeasureSum, query.MeasureSumSquares:
		return foldSum(kind, arg, cond, filter)
	case query.MeasureStddev:
		if k == value.Double {
			return foldStddev(arg, cond), nil
		}
	case query.MeasureMin, query.MeasureMax:
		switch k {
		case value.Uint:
		case value.Bytes: // as hexadecimal digits, whose order is that of the bytes
			return atom("decode(" + extremumName(kind, k) + "(encode(" + arg.SQL + `, 'hex') COLLATE "C")` + filter + ", 'hex')"), nil
		default:
			return atom(extremumName(kind, k) + "(" + key(arg) + ")" + filter), nil
		}
	case query.MeasureDistinct:
		key := arg.SQL
		if k == value.String {
			key = bytewise(arg)
		}
		return atom("count(DISTINCT " + key + ")" + filter), nil
	case query.MeasureQuantile:
		if k == value.Uint {
			break
		}
		at := w.Bind(sqlgen.Param{Arg: doubleText(q), After: "::float8"})
		return atom("percentile_disc(" + at + ") WITHIN GROUP (ORDER BY " + key(arg) + ")" + filter), nil
	case query.MeasureTally, query.MeasureCount:
	}
	return sqlgen.Operand{}, refuse("aggregate of " + arg.Type.String())
}

// key renders a value in an order of its own kind.
func key(o sqlgen.Operand) string {
	switch o.Type.Kind {
	case value.String:
		return bytewise(o)
	case value.Double:
		return float8(o)
	default:
		return o.SQL
	}
}

func extremumName(kind query.MeasureKind, k value.Kind) string {
	least := kind == query.MeasureMin
	switch {
	case k == value.Bool && least:
		return "bool_and"
	case k == value.Bool:
		return "bool_or"
	case least:
		return "min"
	default:
		return "max"
	}
}

func foldSum(kind query.MeasureKind, arg sqlgen.Operand, cond, filter string) (sqlgen.Operand, *query.Refusal) {
	squares := kind == query.MeasureSumSquares
	switch arg.Type.Kind {
	case value.Int, value.Uint, value.Decimal:
		if !squares {
			return atom("sum(" + arg.SQL + ")" + filter), nil
		}
		n := numeric(arg)
		if arg.Type.Kind == value.Decimal && digitsOf(arg.Expr) > maxDigits/2 {
			// A square that would raise or be rounded makes the whole a cell in error.
			small := "abs(" + n + ") < '1e60000'::numeric AND scale(" + n + ") < 8000"
			return atom("CASE WHEN count(*)" + filtered(cond, "("+small+") IS FALSE") + " > 0 THEN 'NaN'::numeric ELSE sum(CASE WHEN " +
				small + " THEN " + n + " * " + n + " END)" + filter + " END"), nil
		}
		return atom("sum(" + n + " * " + n + ")" + filter), nil
	case value.Duration:
		if squares {
			return sqlgen.Operand{}, refuse("sum of squares of duration")
		}
		// Seconds as numeric cannot overflow. A sum beyond assay's spans is given as a month, which decodes as an error.
		sum := "sum(extract(epoch FROM " + arg.SQL + "))" + filter
		return atom("CASE WHEN abs(" + sum + ") > 9223372036.854775 THEN '1 month'::interval ELSE ((" + sum +
			" * 1000000)::bigint::text || ' microseconds')::interval END"), nil
	case value.Double:
		if squares {
			return sqlgen.Operand{}, refuse("sum of squares of double")
		}
		return foldDoubles(arg, cond), nil
	default:
		return sqlgen.Operand{}, refuse("sum of " + arg.Type.String())
	}
}

func filtered(conds ...string) string {
	text := ""
	for _, c := range conds {
		if c == "" {
			continue
		}
		if text != "" {
			text += " AND "
		}
		text += "(" + c + ")"
	}
	return " FILTER (WHERE " + text + ")"
}

// foldDoubles sums doubles. PostgreSQL raises where a sum of finite doubles overflows: numbers beyond 1e290
// are summed apart, scaled down by a power of two, and the whole is an infinity where IEEE arithmetic would make it one.
func foldDoubles(arg sqlgen.Operand, cond string) sqlgen.Operand {
	x := float8(arg)
	small := "sum(" + x + ")" + filtered(cond, "abs("+x+") <= 1e290")
	large := "sum(" + x + " * " + pow2(1, -100) + ")" + filtered(cond, "abs("+x+") > 1e290")
	return atom("CASE WHEN " + large + " IS NULL THEN " + small + " WHEN abs(" + large + ") > " + pow2(1.797e308, -100) + " THEN " + large +
		" * 'Infinity'::float8 ELSE " + large + " * " + pow2(1, 100) + " + coalesce(" + small + ", 0) END")
}

// foldStddev is stddev_samp, which raises when squares of deviations overflow: beyond 1e145 everything is scaled down.
func foldStddev(arg sqlgen.Operand, cond string) sqlgen.Operand {
	x := float8(arg)
	filter := ""
	if cond != "" {
		filter = filtered(cond)
	}
	scaled := "stddev_samp(CASE WHEN abs(" + x + ") > 1 THEN " + x + " * " + pow2(1, -530) + " WHEN abs(" + x + ") <= 1 THEN 0 END)" + filter
	return atom("CASE WHEN max(abs(" + x + "))" + filter + " > 1e145 THEN CASE WHEN " + scaled + " > " + pow2(1.797e308, -530) + " THEN " + scaled +
		" * 'Infinity'::float8 ELSE " + scaled + " * " + pow2(1, 530) + " END ELSE stddev_samp(" + x + ")" +
		filtered(cond, "abs("+x+") <= 1e145") + " END")
}
