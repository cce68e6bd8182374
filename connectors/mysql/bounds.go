package mysql

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// Bounds tell from types and constants what an expression can reach, so that guards against
// overflow, which raises in MySQL, stand only where something can overflow.

// span is a closed range of whole numbers.
type span struct{ lo, hi *big.Int }

func spanOf(lo, hi int64) span { return span{big.NewInt(lo), big.NewInt(hi)} }

func int64Span() span { return spanOf(math.MinInt64, math.MaxInt64) }

func uint64Span() span { return span{new(big.Int), new(big.Int).SetUint64(math.MaxUint64)} }

func (s span) within(t span) bool { return s.lo.Cmp(t.lo) >= 0 && s.hi.Cmp(t.hi) <= 0 }

func (s span) has(n int64) bool {
	b := big.NewInt(n)
	return s.lo.Cmp(b) <= 0 && s.hi.Cmp(b) >= 0
}

// union returns the smallest span over all values.
func union(vs ...*big.Int) span {
	s := span{vs[0], vs[0]}
	for _, v := range vs[1:] {
		if v.Cmp(s.lo) < 0 {
			s.lo = v
		}
		if v.Cmp(s.hi) > 0 {
			s.hi = v
		}
	}
	return s
}

func full(k value.Kind) span {
	if k == value.Uint {
		return uint64Span()
	}
	return int64Span()
}

// clamp is what is left of s once overflow has become an error.
func (s span) clamp(t span) span {
	if s.lo.Cmp(t.lo) < 0 {
		s.lo = t.lo
	}
	if s.hi.Cmp(t.hi) > 0 {
		s.hi = t.hi
	}
	if s.lo.Cmp(s.hi) > 0 {
		return t
	}
	return s
}

// reach returns the range of an Int or Uint expression.
func reach(e query.Expr) span {
	whole := full(e.Type().Kind)
	switch e := e.(type) {
	case *query.Column:
		return columnSpan(e.Col)
	case *query.Literal:
		switch e.Val.Kind() {
		case value.Int:
			return spanOf(e.Val.Int(), e.Val.Int())
		case value.Uint:
			n := new(big.Int).SetUint64(e.Val.Uint())
			return span{n, n}
		default:
		}
	case *query.Call:
		return callSpan(e, whole)
	}
	return whole
}

func callSpan(e *query.Call, whole span) span {
	switch e.Op {
	case query.OpAdd, query.OpSub, query.OpMul:
		return exactSpan(e.Op, reach(e.Args[0]), reach(e.Args[1])).clamp(whole)
	case query.OpNeg:
		a := reach(e.Args[0])
		return span{new(big.Int).Neg(a.hi), new(big.Int).Neg(a.lo)}.clamp(whole)
	case query.OpSize:
		return spanOf(0, math.MaxUint32)
	case query.OpFullYear, query.OpMonth, query.OpDate, query.OpDayOfMonth, query.OpDayOfWeek, query.OpDayOfYear:
		return spanOf(0, 9999)
	case query.OpGreatest, query.OpLeast:
		var vs []*big.Int
		for _, a := range e.Args {
			s := reach(a)
			vs = append(vs, s.lo, s.hi)
		}
		return union(vs...)
	case query.OpCond:
		a, b := reach(e.Args[1]), reach(e.Args[2])
		return union(a.lo, a.hi, b.lo, b.hi)
	default:
		return whole
	}
}

// exactSpan returns the range of a op b without bounds on the type.
func exactSpan(op query.Op, a, b span) span {
	switch op {
	case query.OpAdd:
		return span{new(big.Int).Add(a.lo, b.lo), new(big.Int).Add(a.hi, b.hi)}
	case query.OpSub:
		return span{new(big.Int).Sub(a.lo, b.hi), new(big.Int).Sub(a.hi, b.lo)}
	default:
		m := func(x, y *big.Int) *big.Int { return new(big.Int).Mul(x, y) }
		return union(m(a.lo, b.lo), m(a.lo, b.hi), m(a.hi, b.lo), m(a.hi, b.hi))
	}
}

func columnSpan(c value.Column) span {
	n := nativeOf(c)
	bits := map[string]uint{"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "integer": 32, "bigint": 64}[n.data]
	switch {
	case n.is("year"):
		return spanOf(0, 2155)
	case n.is("bit") && n.precision > 0 && n.precision < 64:
		return spanOf(0, 1<<uint(n.precision)-1)
	case bits == 0:
		return full(c.Type.Kind)
	case n.unsigned:
		top := new(big.Int).Lsh(big.NewInt(1), bits)
		return span{new(big.Int), top.Sub(top, big.NewInt(1))}
	}
	top := new(big.Int).Lsh(big.NewInt(1), bits-1)
	return span{new(big.Int).Neg(top), new(big.Int).Sub(top, big.NewInt(1))}
}

// digitCount is how many digits a decimal may have before and behind its point.
type digitCount struct{ whole, scale int }

func (g digitCount) fits() bool { return g.whole+g.scale <= maxDigits && g.scale <= maxScale }

func (g digitCount) max(h digitCount) digitCount {
	return digitCount{max(g.whole, h.whole), max(g.scale, h.scale)}
}

func digitsOf(text string) digitCount {
	text = strings.TrimPrefix(text, "-")
	whole, frac, _ := strings.Cut(text, ".")
	return digitCount{len(whole), len(frac)}
}

// precision returns the digits of an Int, Uint or Decimal expression.
func precision(e query.Expr) digitCount {
	unknown := digitCount{maxDigits, maxScale}
	switch e.Type().Kind {
	case value.Int, value.Uint:
		s := reach(e)
		return digitCount{max(len(new(big.Int).Abs(s.lo).String()), len(s.hi.String())), 0}
	case value.Decimal:
	default:
		return unknown
	}
	switch e := e.(type) {
	case *query.Column:
		if n := nativeOf(e.Col); n.precision > 0 {
			return digitCount{n.precision - n.scale, n.scale}
		}
	case *query.Literal:
		return digitsOf(e.Val.Decimal().String())
	case *query.Call:
		return callPrecision(e, unknown)
	}
	return unknown
}

func callPrecision(e *query.Call, unknown digitCount) digitCount {
	switch e.Op {
	case query.OpAdd, query.OpSub, query.OpMul:
		return combine(e.Op, precision(e.Args[0]), precision(e.Args[1]))
	case query.OpNeg, query.OpAbs, query.OpToDecimal:
		return precision(e.Args[0])
	case query.OpMod:
		return precision(e.Args[0]).max(precision(e.Args[1]))
	case query.OpCond:
		return precision(e.Args[1]).max(precision(e.Args[2]))
	case query.OpGreatest, query.OpLeast:
		g := precision(e.Args[0])
		for _, a := range e.Args[1:] {
			g = g.max(precision(a))
		}
		return g
	default:
		return unknown
	}
}

// combine returns the digits of the exact result of a op b.
func combine(op query.Op, a, b digitCount) digitCount {
	if op == query.OpMul {
		return digitCount{a.whole + b.whole, a.scale + b.scale}
	}
	m := a.max(b)
	m.whole++
	return m
}

// magnitude returns a bound of the absolute value of a Double expression. Rounding is monotonic, so the
// same operation on bounds limits the result.
func magnitude(e query.Expr) float64 {
	switch e := e.(type) {
	case *query.Column:
		if nativeOf(e.Col).is("float") {
			return math.MaxFloat32
		}
	case *query.Literal:
		return math.Abs(e.Val.Double())
	case *query.Call:
		switch e.Op {
		case query.OpAdd, query.OpSub:
			return math.Min(magnitude(e.Args[0])+magnitude(e.Args[1]), math.MaxFloat64)
		case query.OpMul:
			return math.Min(magnitude(e.Args[0])*magnitude(e.Args[1]), math.MaxFloat64)
		case query.OpDiv:
			if l, ok := e.Args[1].(*query.Literal); ok && l.Val.Double() != 0 {
				return math.Min(magnitude(e.Args[0])/math.Abs(l.Val.Double()), math.MaxFloat64)
			}
		case query.OpNeg, query.OpAbs, query.OpTrunc, query.OpCeil, query.OpFloor:
			return magnitude(e.Args[0]) + 1
		case query.OpCond:
			return math.Max(magnitude(e.Args[1]), magnitude(e.Args[2]))
		case query.OpToDouble:
			switch e.Args[0].Type().Kind {
			case value.Int, value.Uint:
				return 1e20
			case value.Decimal:
				return 1e66
			default:
			}
		default:
		}
	}
	return math.MaxFloat64
}

// characters returns a bound of the length of a text or of octets, math.MaxInt32 where none is known.
func characters(e query.Expr) int {
	switch e := e.(type) {
	case *query.Column:
		return columnLength(e.Col)
	case *query.Literal:
		return len(e.Val.Str())
	case *query.Call:
		switch e.Op {
		case query.OpLowerASCII, query.OpUpperASCII, query.OpSubstring, query.OpReverse, query.OpReplace:
			return characters(e.Args[0]) // replacements never grow: see replace
		case query.OpCharAt:
			return 1
		case query.OpAdd:
			return min(characters(e.Args[0])+characters(e.Args[1]), math.MaxInt32)
		case query.OpCond:
			return max(characters(e.Args[1]), characters(e.Args[2]))
		case query.OpToString:
			switch e.Args[0].Type().Kind {
			case value.Int, value.Uint:
				return 20
			case value.String:
				return characters(e.Args[0])
			default:
			}
		default:
		}
	}
	return math.MaxInt32
}

func columnLength(c value.Column) int {
	n := nativeOf(c)
	switch n.data {
	case "tinytext", "tinyblob":
		return 255
	case "text", "blob":
		if strings.Contains(c.Native, "(") || n.charset != "" || n.base {
			return 65535
		}
	case "char", "varchar", "binary", "varbinary":
		_, rest, ok := strings.Cut(c.Native, "(")
		if l, err := strconv.Atoi(strings.TrimSuffix(rest, ")")); ok && err == nil {
			return l
		}
	case "enum", "set":
		return len(c.Native)
	case "uuid", "inet4", "inet6":
		return 45 // of ::ffff:255.255.255.255 in full
	}
	return math.MaxInt32
}
