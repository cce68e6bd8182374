package sqlite_test

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// generator makes random typed expressions over the columns of a table.
type generator struct {
	r    *rand.Rand
	cols map[value.Kind][]*query.Column
}

func lit(v value.Value) query.Expr { return &query.Literal{Val: v, Typ: v.Type()} }

func call(op query.Op, k value.Kind, args ...query.Expr) query.Expr {
	return &query.Call{Op: op, Args: args, Typ: value.Of(k)}
}

func (g *generator) pick(ks ...value.Kind) value.Kind { return ks[g.r.IntN(len(ks))] }

func pickOp(g *generator, ops ...query.Op) query.Op { return ops[g.r.IntN(len(ops))] }

// literal returns a literal of kind k, among them the values at which overflows lie.
func (g *generator) literal(k value.Kind) query.Expr {
	n := g.r.IntN(6)
	switch k {
	case value.Bool:
		return lit(value.BoolValue(n%2 == 0))
	case value.Int:
		return lit(value.IntValue([]int64{0, 1, -1, 3, math.MaxInt64, math.MinInt64}[n]))
	case value.Uint:
		return lit(value.UintValue([]uint64{0, 1, 3, math.MaxUint64, math.MaxInt64 + 1, 1 << 53}[n]))
	case value.Double:
		return lit(value.DoubleValue([]float64{0, 1.5, -2.5, math.NaN(), math.Inf(1), 1 << 53}[n]))
	case value.Decimal:
		d, _ := value.ParseDec([]string{"0", "1.5", "-0.01", "0.1", "12345678901234567890123456789012345678", "3"}[n])
		return lit(value.DecimalValue(d))
	case value.String:
		return lit(value.StringValue([]string{"", "a", "abc", "ü", "12", "a\x00b"}[n]))
	case value.Bytes:
		return lit(value.BytesValue([]byte([]string{"", "a", "\x00", "\xff\xfe", "abc", "a\x00b"}[n])))
	case value.Timestamp:
		return lit(value.TimestampValue(time.Unix([]int64{0, -1, 1714910400, value.MinUnix, value.MaxUnix, 951782400}[n], 0)))
	case value.Duration:
		return lit(value.DurationValue([]time.Duration{0, time.Hour, -time.Nanosecond, math.MaxInt64, math.MinInt64, 25 * time.Hour}[n]))
	default:
		return &query.Literal{Typ: value.Of(value.Null)}
	}
}

func (g *generator) leaf(k value.Kind) query.Expr {
	if cs := g.cols[k]; len(cs) > 0 && g.r.IntN(4) > 0 {
		return cs[g.r.IntN(len(cs))]
	}
	return g.literal(k)
}

// expr returns an expression of kind k, nested at most depth deep.
func (g *generator) expr(k value.Kind, depth int) query.Expr {
	if depth <= 0 || k != value.Bool && g.r.IntN(4) == 0 {
		return g.leaf(k)
	}
	if g.r.IntN(12) == 0 {
		return call(query.OpCond, k, g.expr(value.Bool, depth-1), g.branch(k, depth-1), g.branch(k, depth-1))
	}
	switch k {
	case value.Bool:
		return g.boolean(depth)
	case value.String:
		return g.text(depth)
	case value.Timestamp:
		if g.r.IntN(2) == 0 {
			return call(pickOp(g, query.OpAdd, query.OpSub), k, g.expr(k, depth-1), g.expr(value.Duration, depth-1))
		}
		return call(query.OpToTimestamp, k, g.expr(g.pick(value.Timestamp, value.String, value.Int), depth-1))
	case value.Duration:
		if g.r.IntN(2) == 0 {
			return call(query.OpSub, k, g.expr(value.Timestamp, depth-1), g.expr(value.Timestamp, depth-1))
		}
		return call(pickOp(g, query.OpAdd, query.OpSub), k, g.expr(k, depth-1), g.expr(k, depth-1))
	case value.Bytes:
		if g.r.IntN(2) == 0 {
			return call(query.OpAdd, k, g.expr(k, depth-1), g.expr(k, depth-1))
		}
		return call(query.OpToBytes, k, g.expr(value.String, depth-1))
	default:
		return g.number(k, depth)
	}
}

// branch returns an operand of a conditional, null now and then.
func (g *generator) branch(k value.Kind, depth int) query.Expr {
	if g.r.IntN(8) == 0 {
		return &query.Literal{Typ: value.Of(k)}
	}
	return g.expr(k, depth)
}

func (g *generator) boolean(depth int) query.Expr {
	sub := func() query.Expr { return g.expr(value.Bool, depth-1) }
	kinds := []value.Kind{
		value.Bool, value.Int, value.Int, value.Uint, value.Double, value.Double, value.Decimal, value.String, value.String, value.Bytes, value.Timestamp, value.Duration,
	}
	k := kinds[g.r.IntN(len(kinds))]
	text := func() query.Expr { return g.expr(value.String, depth-1) }
	switch g.r.IntN(16) {
	case 0:
		return call(query.OpNot, value.Bool, sub())
	case 1, 2:
		return call(query.OpAnd, value.Bool, sub(), sub())
	case 3, 4:
		return call(query.OpOr, value.Bool, sub(), sub(), sub())
	case 5:
		return call(pickOp(g, query.OpIsTrue, query.OpIsFalse, query.OpIsUndecided), value.Bool, sub())
	case 6, 7:
		return call(pickOp(g, query.OpEq, query.OpNe), value.Bool, g.branch(k, depth-1), g.branch(k, depth-1))
	case 8:
		return call(pickOp(g, query.OpEq, query.OpNe), value.Bool, g.expr(k, depth-1), &query.Literal{Typ: value.Of(value.Null)})
	case 9, 10:
		return call(pickOp(g, query.OpLt, query.OpLe, query.OpGt, query.OpGe), value.Bool, g.expr(k, depth-1), g.expr(k, depth-1))
	case 11:
		args := []query.Expr{g.expr(k, depth-1)}
		for range g.r.IntN(4) {
			if g.r.IntN(5) == 0 {
				args = append(args, &query.Literal{Typ: value.Of(value.Null)})
			} else {
				args = append(args, g.literal(k))
			}
		}
		return call(query.OpIn, value.Bool, args...)
	case 12:
		return call(pickOp(g, query.OpContains, query.OpStartsWith, query.OpEndsWith), value.Bool, text(), text())
	case 13:
		pattern := []string{"^[a-z]+$", "", "a.b", `\w\s*$`, "(?i)ABC", `\pL`, "x*"}[g.r.IntN(7)]
		return call(query.OpMatches, value.Bool, text(), lit(value.StringValue(pattern)))
	case 14:
		numbers := []value.Kind{value.Int, value.Uint, value.Double, value.Decimal}
		op := pickOp(g, query.OpEq, query.OpNe, query.OpLt, query.OpLe, query.OpGt, query.OpGe)
		return call(op, value.Bool, g.expr(g.pick(numbers...), depth-1), g.expr(g.pick(numbers...), depth-1))
	default:
		return call(pickOp(g, query.OpIsNaN, query.OpIsInf, query.OpIsFinite), value.Bool, g.expr(value.Double, depth-1))
	}
}

func (g *generator) text(depth int) query.Expr {
	s := func() query.Expr { return g.expr(value.String, depth-1) }
	i := func() query.Expr {
		if g.r.IntN(2) == 0 {
			return lit(value.IntValue(int64(g.r.IntN(5))))
		}
		return g.expr(value.Int, depth-1)
	}
	switch g.r.IntN(7) {
	case 0:
		return call(pickOp(g, query.OpLowerASCII, query.OpUpperASCII, query.OpTrim, query.OpReverse), value.String, s())
	case 1:
		return call(query.OpAdd, value.String, s(), s())
	case 2:
		if g.r.IntN(2) == 0 {
			return call(query.OpSubstring, value.String, s(), i())
		}
		return call(query.OpSubstring, value.String, s(), i(), i())
	case 3:
		return call(query.OpCharAt, value.String, s(), i())
	case 4:
		return call(query.OpReplace, value.String, s(), s(), s())
	default:
		return call(query.OpToString, value.String, g.expr(g.pick(value.Bool, value.Int, value.Uint, value.Double, value.Decimal, value.Bytes, value.Timestamp, value.Duration, value.String), depth-1))
	}
}

func (g *generator) number(k value.Kind, depth int) query.Expr {
	of := func(k value.Kind) query.Expr { return g.expr(k, depth-1) }
	binary := []query.Op{query.OpAdd, query.OpSub, query.OpMul, query.OpDiv}
	if k != value.Double {
		binary = append(binary, query.OpMod)
	}
	switch n := g.r.IntN(10); {
	case n < 4:
		if k == value.Decimal && n == 0 {
			return call(pickOp(g, binary...), k, of(g.pick(value.Int, value.Decimal)), of(value.Decimal))
		}
		return call(pickOp(g, binary...), k, of(k), of(k))
	case n == 4 && k != value.Uint:
		return call(pickOp(g, query.OpNeg, query.OpAbs), k, of(k))
	case n == 5:
		return call(pickOp(g, query.OpGreatest, query.OpLeast), k, of(k), of(k), of(k))
	case n == 6:
		if k == value.Double {
			return call(pickOp(g, query.OpCeil, query.OpFloor, query.OpRound, query.OpTrunc, query.OpSign), k, of(k))
		}
		return call(query.OpSign, k, of(k))
	}
	switch k {
	case value.Int:
		switch g.r.IntN(5) {
		case 0:
			return call(query.OpSize, k, of(g.pick(value.String, value.Bytes)))
		case 1:
			return call(pickOp(g, query.OpIndexOf, query.OpLastIndexOf), k, of(value.String), of(value.String))
		case 2:
			return call(pickOp(g, query.OpIndexOf, query.OpLastIndexOf), k, of(value.String), of(value.String), of(value.Int))
		case 3:
			op := pickOp(g, query.OpFullYear, query.OpMonth, query.OpDate, query.OpDayOfMonth, query.OpDayOfWeek, query.OpDayOfYear, query.OpHours, query.OpMinutes, query.OpSeconds, query.OpMilliseconds)
			if g.r.IntN(2) == 0 {
				return call(op, k, of(value.Timestamp), lit(value.StringValue([]string{"Europe/Berlin", "-09:30", "America/New_York", "nowhere"}[g.r.IntN(4)])))
			}
			if op >= query.OpHours && g.r.IntN(2) == 0 {
				return call(op, k, of(value.Duration))
			}
			return call(op, k, of(value.Timestamp))
		default:
			return call(query.OpToInt, k, of(g.pick(value.Uint, value.Double, value.Decimal, value.String, value.Timestamp)))
		}
	case value.Uint:
		return call(query.OpToUint, k, of(g.pick(value.Int, value.Double, value.String)))
	case value.Double:
		return call(query.OpToDouble, k, of(g.pick(value.Int, value.Uint, value.Decimal, value.String)))
	default:
		return call(query.OpToDecimal, k, of(g.pick(value.Int, value.Uint, value.Double, value.String)))
	}
}
