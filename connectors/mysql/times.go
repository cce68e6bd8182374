package mysql

import (
	"math"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

const (
	epoch    = "TIMESTAMP'1970-01-01 00:00:00'"
	earliest = "TIMESTAMP'0001-01-01 00:00:00'"
	// maxMicros is the longest duration of CEL, in whole microseconds.
	maxMicros = "9223372036854775"
)

// micros renders the microseconds from one time to another, exact and at most 18 digits.
func micros(from, to string) string {
	return "TIMESTAMPDIFF(MICROSECOND, " + from + ", " + to + ")"
}

// bounded is a duration that overflows past CEL's range.
func bounded(us string) sqlgen.Operand {
	return when(us+" BETWEEN -"+maxMicros+" AND "+maxMicros, us)
}

// temporal renders arithmetic of timestamps and durations.
func (d dialect) temporal(c *query.Call, args []sqlgen.Operand) (sqlgen.Operand, *query.Refusal) {
	a := args[0]
	isTime := func(o sqlgen.Operand) bool {
		return o.Type.Kind == value.Timestamp || o.Type.Kind == value.LocalTimestamp
	}
	switch c.Op {
	case query.OpNeg:
		return sqlgen.Operand{SQL: "- " + a.Atom(), Prec: sqlgen.PrecArith}, nil
	case query.OpAbs:
		return call("ABS(" + a.SQL + ")"), nil
	case query.OpAdd, query.OpSub:
	default:
		return sqlgen.Operand{}, d.refuse(c.Op.String()+" of "+c.Typ.String(), c)
	}
	b := args[1]
	switch {
	case isTime(a) && isTime(b):
		return bounded(micros(b.SQL, a.SQL)), nil
	case isTime(b):
		a, b = b, a
		return shifted("DATE_ADD(", a, b), nil
	case isTime(a) && c.Op == query.OpAdd:
		return shifted("DATE_ADD(", a, b), nil
	case isTime(a):
		return shifted("DATE_SUB(", a, b), nil
	}
	return bounded("(" + a.Atom() + sign(c.Op) + b.Atom() + ")"), nil
}

// shifted moves a time by microseconds; past year 9999 MySQL itself yields NULL, before year 1 the guard does.
func shifted(fn string, t, us sqlgen.Operand) sqlgen.Operand {
	sql := fn + t.SQL + ", INTERVAL " + us.Atom() + " MICROSECOND)"
	return when(sql+" >= "+earliest, sql)
}

// part renders the parts of timestamps and durations.
func (d dialect) part(c *query.Call, args []sqlgen.Operand) (sqlgen.Operand, *query.Refusal) {
	t := args[0]
	if t.Type.Kind == value.Duration {
		return d.total(c, t)
	}
	if len(args) == 2 {
		zone := args[1].Lit
		if zone == nil {
			return sqlgen.Operand{}, d.refuse("time zone that is not a constant", c)
		}
		// A shift could leave MySQL's years, so only UTC is said exactly.
		if off, fixed := offsetOf(zone.Val.Str()); !fixed || off != 0 {
			return sqlgen.Operand{}, d.refuse("parts of a time in a zone other than UTC", c)
		}
	}
	minus := func(fn string) sqlgen.Operand {
		return sqlgen.Operand{SQL: fn + "(" + t.SQL + ") - 1", Prec: sqlgen.PrecArith}
	}
	switch c.Op {
	case query.OpFullYear:
		return call("YEAR(" + t.SQL + ")"), nil
	case query.OpMonth:
		return minus("MONTH"), nil
	case query.OpDate:
		return call("DAYOFMONTH(" + t.SQL + ")"), nil
	case query.OpDayOfMonth:
		return minus("DAYOFMONTH"), nil
	case query.OpDayOfWeek:
		return minus("DAYOFWEEK"), nil
	case query.OpDayOfYear:
		return minus("DAYOFYEAR"), nil
	case query.OpHours:
		return call("HOUR(" + t.SQL + ")"), nil
	case query.OpMinutes:
		return call("MINUTE(" + t.SQL + ")"), nil
	case query.OpSeconds:
		return call("SECOND(" + t.SQL + ")"), nil
	default:
		return sqlgen.Operand{SQL: "MICROSECOND(" + t.SQL + ") DIV 1000", Prec: sqlgen.PrecArith}, nil
	}
}

// total renders a duration in whole units, truncated.
func (d dialect) total(c *query.Call, t sqlgen.Operand) (sqlgen.Operand, *query.Refusal) {
	var unit string
	switch c.Op {
	case query.OpHours:
		unit = "3600000000"
	case query.OpMinutes:
		unit = "60000000"
	case query.OpSeconds:
		unit = "1000000"
	case query.OpMilliseconds:
		unit = "1000"
	default:
		return sqlgen.Operand{}, d.refuse(c.Op.String()+" of duration", c)
	}
	return sqlgen.Operand{SQL: t.Atom() + " DIV " + unit, Prec: sqlgen.PrecArith}, nil
}

// CountIf implements sqlgen.Dialect: conditions are 0, 1 or NULL.
func (dialect) CountIf(cond string) string { return "SUM(" + cond + ")" }

// manyRows bounds the rows of a table for sums.
const manyRows = 1e18

// Fold implements sqlgen.Dialect.
func (d dialect) Fold(w *sqlgen.Writer, kind query.MeasureKind, _ float64, arg sqlgen.Operand, cond string) (sqlgen.Operand, *query.Refusal) {
	if r := d.usable(arg); r != nil {
		return sqlgen.Operand{}, r
	}
	over := func(sql string) string {
		if cond == "" {
			return sql
		}
		return "CASE WHEN " + cond + " THEN " + sql + " END"
	}
	switch kind {
	case query.MeasureMin:
		return call("MIN(" + over(arg.SQL) + ")"), nil
	case query.MeasureMax:
		return call("MAX(" + over(arg.SQL) + ")"), nil
	case query.MeasureDistinct:
		key, r := d.GroupKey(w, arg)
		if r != nil {
			return sqlgen.Operand{}, r
		}
		return call("COUNT(DISTINCT " + over(key) + ")"), nil
	case query.MeasureSum:
		return d.sum(arg, over)
	case query.MeasureSumSquares:
		return d.squares(arg, over)
	case query.MeasureStddev:
		if arg.Expr == nil || arg.Type.Kind != value.Double || magnitude(arg.Expr) > 1e100 {
			return sqlgen.Operand{}, d.refuse("standard deviation that may overflow", arg.Expr)
		}
		return call("STDDEV_SAMP(" + over(arg.SQL) + ")"), nil
	default:
		return sqlgen.Operand{}, d.refuse("quantile", arg.Expr)
	}
}

func (d dialect) sum(arg sqlgen.Operand, over func(string) string) (sqlgen.Operand, *query.Refusal) {
	total := "SUM(" + over(arg.SQL) + ")"
	switch arg.Type.Kind {
	case value.Int, value.Uint, value.Duration:
		return call(total), nil
	case value.Decimal:
		// MySQL adds 22 digits to a sum and cuts at 65.
		g := precision(arg.Expr)
		if g.whole += 18; !g.fits() {
			return sqlgen.Operand{}, d.refuse("decimal sum that may exceed 65 digits", arg.Expr)
		}
		return call(total), nil
	case value.Double:
		if magnitude(arg.Expr)*manyRows < math.MaxFloat64 {
			return call(total), nil
		}
		// Past the doubles MySQL holds an infinity but sends 0: say it as text.
		return call("CASE WHEN " + total + " > 1.7976931348623157e308 THEN 'Infinity' WHEN " + total + " < -1.7976931348623157e308 THEN '-Infinity' ELSE " + total + " END"), nil
	default:
		return sqlgen.Operand{}, d.refuse("sum of "+arg.Type.String(), arg.Expr)
	}
}

func (d dialect) squares(arg sqlgen.Operand, over func(string) string) (sqlgen.Operand, *query.Refusal) {
	switch arg.Type.Kind {
	case value.Int, value.Uint:
		x := "CAST(" + arg.SQL + " AS DECIMAL(20,0))"
		return call("SUM(" + over(x+" * "+x) + ")"), nil
	case value.Decimal:
		g := precision(arg.Expr)
		if g = combine(query.OpMul, g, g); g.scale > maxScale || g.whole+g.scale+18 > maxDigits {
			return sqlgen.Operand{}, d.refuse("decimal squares that may exceed 65 digits", arg.Expr)
		}
		return call("SUM(" + over(arg.Atom()+" * "+arg.Atom()) + ")"), nil
	case value.Double:
		if m := magnitude(arg.Expr); m*m*manyRows >= math.MaxFloat64 {
			return sqlgen.Operand{}, d.refuse("double squares that may overflow", arg.Expr)
		}
		return call("SUM(" + over(arg.Atom()+" * "+arg.Atom()) + ")"), nil
	default:
		return sqlgen.Operand{}, d.refuse("squares of "+arg.Type.String(), arg.Expr)
	}
}
