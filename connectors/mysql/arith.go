package mysql

import (
	"math"
	"math/big"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

// The borders of the 64-bit types as MySQL reads them.
const (
	minInt  = "-9223372036854775808"
	maxInt  = "9223372036854775807"
	maxUint = "18446744073709551615"
)

// Call implements sqlgen.Dialect.
func (d dialect) Call(w *sqlgen.Writer, c *query.Call, args []sqlgen.Operand) (sqlgen.Operand, *query.Refusal) {
	if r := d.usable(args...); r != nil {
		return sqlgen.Operand{}, r
	}
	if constants(args) {
		// MySQL computes constants while it plans, past any CASE around them, and may raise there.
		return sqlgen.Operand{}, d.refuse("operator over constants only", c)
	}
	switch c.Op {
	case query.OpAdd, query.OpSub, query.OpMul, query.OpDiv, query.OpMod, query.OpNeg, query.OpAbs:
		return d.arithmetic(c, args)
	case query.OpSize, query.OpContains, query.OpStartsWith, query.OpEndsWith, query.OpMatches, query.OpLowerASCII, query.OpUpperASCII,
		query.OpSubstring, query.OpCharAt, query.OpIndexOf, query.OpReplace, query.OpReverse:
		return d.text(w, c, args)
	case query.OpToInt, query.OpToUint, query.OpToDouble, query.OpToDecimal, query.OpToString, query.OpToBytes:
		return d.convert(c, args[0])
	case query.OpFullYear, query.OpMonth, query.OpDate, query.OpDayOfMonth, query.OpDayOfWeek, query.OpDayOfYear,
		query.OpHours, query.OpMinutes, query.OpSeconds, query.OpMilliseconds:
		return d.part(c, args)
	case query.OpGreatest, query.OpLeast, query.OpCeil, query.OpFloor, query.OpTrunc, query.OpSign, query.OpIsNaN, query.OpIsInf, query.OpIsFinite:
		return d.number(c, args)
	default:
		return sqlgen.Operand{}, d.refuse(c.Op.String(), c)
	}
}

func constants(args []sqlgen.Operand) bool {
	for _, a := range args {
		if a.Lit == nil {
			return false
		}
	}
	return true
}

func (d dialect) arithmetic(c *query.Call, args []sqlgen.Operand) (sqlgen.Operand, *query.Refusal) {
	switch c.Typ.Kind {
	case value.Int:
		return d.signed(c, args)
	case value.Uint:
		return d.unsigned(c, args)
	case value.Decimal:
		return d.decimal(c, args)
	case value.Double:
		return d.double(c, args)
	case value.Timestamp, value.LocalTimestamp, value.Duration:
		return d.temporal(c, args)
	case value.String, value.Bytes:
		return d.concat(c, args)
	default:
		return sqlgen.Operand{}, d.refuse(c.Op.String()+" of "+c.Typ.String(), c)
	}
}

func call(sql string) sqlgen.Operand { return sqlgen.Operand{SQL: sql, Prec: sqlgen.PrecAtom} }

// may marks a result that is NULL for another cause than a NULL operand.
func may(o sqlgen.Operand) sqlgen.Operand { o.Fails = true; return o }

// when is sql where cond holds, else an error.
func when(cond, sql string) sqlgen.Operand {
	return may(call("CASE WHEN " + cond + " THEN " + sql + " END"))
}

// asSigned renders an Int operand as a signed BIGINT: MySQL's arithmetic is unsigned, and
// raises below zero, as soon as one operand is.
func asSigned(o sqlgen.Operand) string {
	switch e := o.Expr.(type) {
	case *query.Literal:
		return o.Atom()
	case *query.Column:
		if n := nativeOf(e.Col); n.integral() && !n.unsigned && !n.is("bit") {
			return o.Atom()
		}
	case *query.Call:
		switch e.Op {
		case query.OpAdd, query.OpSub, query.OpMul, query.OpNeg, query.OpSize:
			return o.Atom()
		default:
		}
	}
	return "CAST(" + o.SQL + " AS SIGNED)"
}

// signed renders arithmetic of Int. Bounds say which guards are needed.
func (d dialect) signed(c *query.Call, args []sqlgen.Operand) (sqlgen.Operand, *query.Refusal) {
	a, ra := asSigned(args[0]), reach(c.Args[0])
	switch c.Op {
	case query.OpNeg:
		if !ra.has(math.MinInt64) {
			return sqlgen.Operand{SQL: "- " + a, Prec: sqlgen.PrecArith}, nil
		}
		return when(a+" > "+minInt, "- "+a), nil
	case query.OpAbs:
		if !ra.has(math.MinInt64) {
			return call("ABS(" + a + ")"), nil
		}
		return when(a+" > "+minInt, "ABS("+a+")"), nil
	default:
	}
	b, rb := asSigned(args[1]), reach(c.Args[1])
	switch c.Op {
	case query.OpDiv, query.OpMod:
		return d.quotient(c, a, b, ra, rb), nil
	default:
	}
	sql := sqlgen.Operand{SQL: a + sign(c.Op) + b, Prec: sqlgen.PrecArith}
	all := int64Span()
	// The server raises for a product of exactly the least int, although it is one.
	exact := exactSpan(c.Op, ra, rb)
	if exact.within(all) && (c.Op != query.OpMul || !exact.has(math.MinInt64)) {
		return sql, nil
	}
	switch c.Op {
	case query.OpAdd:
		return when(sums(a, b, ra, rb), sql.SQL), nil
	case query.OpSub:
		return when(a+" <= "+maxInt+" + LEAST("+b+", 0) AND "+a+" >= "+minInt+" + GREATEST("+b+", 0)", sql.SQL), nil
	default:
		small := " BETWEEN -2147483648 AND 2147483647"
		wide := "CAST(" + a + " AS DECIMAL(20,0)) * CAST(" + b + " AS DECIMAL(20,0))"
		return may(call("CASE WHEN " + a + small + " AND " + b + small + " THEN " + sql.SQL +
			" WHEN " + wide + " BETWEEN " + minInt + " AND " + maxInt + " THEN CAST(" + wide + " AS SIGNED) END")), nil
	}
}

// sums renders that a + b stays within int64; where a sign is known one bound is enough.
func sums(a, b string, ra, rb span) string {
	switch {
	case rb.lo.Sign() >= 0:
		return a + " <= " + maxInt + " - " + b
	case rb.hi.Sign() <= 0:
		return a + " >= " + minInt + " - " + b
	case ra.lo.Sign() >= 0:
		return b + " <= " + maxInt + " - " + a
	}
	return a + " <= " + maxInt + " - GREATEST(" + b + ", 0) AND " + a + " >= " + minInt + " - LEAST(" + b + ", 0)"
}

func sign(op query.Op) string {
	switch op {
	case query.OpAdd:
		return " + "
	case query.OpSub:
		return " - "
	case query.OpDiv:
		return " DIV "
	case query.OpMod:
		return " % "
	default:
		return " * "
	}
}

// quotient renders / and % of Int: by zero, and of the least int by -1, an error. MySQL's DIV raises for the
// least int by 1 too.
func (d dialect) quotient(c *query.Call, a, b string, ra, rb span) sqlgen.Operand {
	plain := a + sign(c.Op) + b
	least := ra.has(math.MinInt64)
	cond, arms := "", ""
	if rb.has(0) {
		cond = b + " <> 0"
	}
	if least && rb.has(-1) {
		if cond != "" {
			cond += " AND "
		}
		cond += "NOT (" + a + " = " + minInt + " AND " + b + " = -1)"
	}
	if least && rb.has(1) && c.Op == query.OpDiv {
		arms = " WHEN " + b + " = 1 THEN " + a
	}
	switch {
	case cond != "":
		return may(call("CASE" + arms + " WHEN " + cond + " THEN " + plain + " END"))
	case arms != "":
		return call("CASE" + arms + " ELSE " + plain + " END")
	}
	return sqlgen.Operand{SQL: plain, Prec: sqlgen.PrecArith}
}

// unsigned renders arithmetic of Uint.
func (d dialect) unsigned(c *query.Call, args []sqlgen.Operand) (sqlgen.Operand, *query.Refusal) {
	if len(args) != 2 {
		return sqlgen.Operand{}, d.refuse(c.Op.String()+" of uint", c)
	}
	a, b := "CAST("+args[0].SQL+" AS UNSIGNED)", "CAST("+args[1].SQL+" AS UNSIGNED)"
	sql := a + sign(c.Op) + b
	switch c.Op {
	case query.OpAdd:
		return when(a+" <= "+maxUint+" - "+b, sql), nil
	case query.OpSub:
		return when(a+" >= "+b, sql), nil
	case query.OpMul:
		return when("CAST("+a+" AS DECIMAL(20,0)) * CAST("+b+" AS DECIMAL(20,0)) <= "+maxUint, sql), nil
	default:
		return when(b+" <> 0", sql), nil
	}
}

// decimal renders exact arithmetic, refused where the declared digits could exceed MySQL's: there it rounds or raises.
func (d dialect) decimal(c *query.Call, args []sqlgen.Operand) (sqlgen.Operand, *query.Refusal) {
	a, b := args[0].Atom(), ""
	for _, x := range args {
		switch x.Type.Kind {
		case value.Int, value.Uint, value.Decimal:
		default:
			return sqlgen.Operand{}, d.refuse(c.Op.String()+" of decimal and "+x.Type.String(), c)
		}
	}
	if len(args) == 2 {
		b = args[1].Atom()
	}
	if !precision(c).fits() {
		return sqlgen.Operand{}, d.refuse("decimal "+c.Op.String()+" that may exceed 65 digits", c)
	}
	// A cast keeps whole numbers out of MySQL's integer arithmetic.
	if args[0].Type.Kind != value.Decimal || args[0].Lit != nil {
		a = "CAST(" + a + " AS DECIMAL(" + decimalType(precision(c.Args[0])) + "))"
	}
	if b != "" && (args[1].Type.Kind != value.Decimal || args[1].Lit != nil) {
		b = "CAST(" + b + " AS DECIMAL(" + decimalType(precision(c.Args[1])) + "))"
	}
	switch c.Op {
	case query.OpNeg:
		return sqlgen.Operand{SQL: "- " + a, Prec: sqlgen.PrecArith}, nil
	case query.OpAbs:
		return call("ABS(" + a + ")"), nil
	case query.OpDiv:
		return sqlgen.Operand{}, d.refuse("decimal division", c)
	case query.OpMod:
		sql := a + " % " + b
		if d.flavour == mariaDB {
			sql += " + 0" // the remainder of a negative number is else a negative zero, which is not equal to zero there
		}
		return when(b+" <> 0", sql), nil
	default:
		return sqlgen.Operand{SQL: a + sign(c.Op) + b, Prec: sqlgen.PrecArith}, nil
	}
}

func decimalType(g digitCount) string {
	return big.NewInt(int64(g.whole+g.scale)).String() + "," + big.NewInt(int64(g.scale)).String()
}

// double renders IEEE arithmetic, refused where the result could be an infinity or NaN: MySQL has neither, and raises.
func (d dialect) double(c *query.Call, args []sqlgen.Operand) (sqlgen.Operand, *query.Refusal) {
	for _, x := range args {
		if x.Type.Kind != value.Double {
			return sqlgen.Operand{}, d.refuse(c.Op.String()+" of double and "+x.Type.String(), c)
		}
	}
	a := args[0].Atom()
	switch c.Op {
	case query.OpNeg:
		return sqlgen.Operand{SQL: "- " + a, Prec: sqlgen.PrecArith}, nil
	case query.OpAbs:
		return call("ABS(" + a + ")"), nil
	default:
	}
	x, y := magnitude(c.Args[0]), magnitude(c.Args[1])
	var reached float64
	op := sign(c.Op)
	switch c.Op {
	case query.OpAdd, query.OpSub:
		reached = x + y
	case query.OpMul:
		reached = x * y
	case query.OpDiv:
		op = " / "
		reached = math.Inf(1)
		if l := args[1].Lit; l != nil && l.Val.Double() != 0 {
			reached = x / math.Abs(l.Val.Double())
		}
	default:
		return sqlgen.Operand{}, d.refuse("double "+c.Op.String(), c)
	}
	if math.IsInf(reached, 0) {
		return sqlgen.Operand{}, d.refuse("double "+c.Op.String()+" that may overflow", c)
	}
	return sqlgen.Operand{SQL: a + op + args[1].Atom(), Prec: sqlgen.PrecArith}, nil
}
