package eval_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/query/eval"
	"github.com/assay-dev/assay/connectors/value"
)

// row is one case: the operands, as value.Value, nil (null) or bad{}, and the outcome likewise.
type row struct {
	op   query.Op
	args []any
	want any
}

func r(op query.Op, want any, args ...any) row { return row{op, args, want} }

// check evaluates each case with its operands as columns, and again with those that
// have a value as literals: both must agree with want.
func check(t *testing.T, cases []row) {
	t.Helper()
	for _, c := range cases {
		name := fmt.Sprintf("%s(%v)", c.op, c.args)
		kinds := make([]value.Kind, len(c.args))
		for i, a := range c.args {
			if v, ok := a.(value.Value); ok {
				kinds[i] = v.Kind()
			} else {
				kinds[i] = kindOfHole(c, i)
			}
		}
		cols := columns(kinds...)
		// The row sits among others, so that neighbours and the tail of a word are seen to stay apart.
		batch := value.NewBatch(types(cols)...)
		const at, rows = 65, 70
		for n := range rows {
			for i := range cols {
				switch v := c.args[i].(type) {
				case value.Value:
					batch.Cols[i].AppendValue(v)
				case nil:
					if n == at {
						batch.Cols[i].AppendNull()
					} else {
						batch.Cols[i].AppendErr()
					}
				default:
					if n == at {
						batch.Cols[i].AppendErr()
					} else {
						batch.Cols[i].AppendNull()
					}
				}
			}
			batch.N++
		}
		for mask := range 1 << len(c.args) {
			var args []query.Expr
			for i, a := range c.args {
				v, isValue := a.(value.Value)
				mustBeLiteral := isValue && i > 0 && (c.op == query.OpIn || c.op == query.OpMatches || c.op >= query.OpFullYear && c.op <= query.OpMilliseconds)
				switch {
				case isValue && (mask>>i&1 == 1 || mustBeLiteral):
					args = append(args, lit(v))
				case a == nil && (mask>>i&1 == 1 || c.op == query.OpIn && i > 0):
					args = append(args, null())
				default:
					args = append(args, cols[i])
				}
			}
			typ := value.Bool
			if v, ok := c.want.(value.Value); ok {
				typ = v.Kind()
			} else if c.op == query.OpCond {
				typ = kindOfHole(c, 1)
			}
			p, err := eval.Compile([]query.Expr{call(c.op, typ, args...)}, cols)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				break
			}
			out, err := p.Run(batch)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if out[0].N != rows {
				t.Fatalf("%s: %d rows", name, out[0].N)
			}
			if got := outcome(out[0], at); got != want(c.want) {
				t.Errorf("%s, literals %b: %s, want %s", name, mask, got, want(c.want))
			}
		}
	}
}

// kindOfHole is the type of an operand without a value: that of another that has one.
func kindOfHole(c row, at int) value.Kind {
	args := c.args
	if c.op == query.OpCond {
		if at == 0 {
			return value.Bool
		}
		args = args[1:]
	}
	switch c.op {
	case query.OpSubstring:
		return []value.Kind{value.String, value.Int}[at]
	case query.OpAbs, query.OpToString, query.OpToInt:
		return value.Int
	case query.OpSize:
		return value.String
	case query.OpIsNaN:
		return value.Double
	}
	if c.op >= query.OpFullYear && c.op <= query.OpMilliseconds {
		return value.Timestamp
	}
	for _, a := range args {
		if v, ok := a.(value.Value); ok {
			return v.Kind()
		}
	}
	return value.Bool
}

var (
	nan, inf = math.NaN(), math.Inf(1)
	tr, fa   = bo(true), bo(false)
)

func TestLogic(t *testing.T) {
	// Kleene: 0 false, 1 true, 2 undecided (null or error).
	vals := [][]any{{fa}, {tr}, {nil, bad{}}}
	outcomes := []any{fa, tr, bad{}}
	and := [3][3]int{{0, 0, 0}, {0, 1, 2}, {0, 2, 2}}
	or := [3][3]int{{0, 1, 2}, {1, 1, 1}, {2, 1, 2}}
	var cases []row
	for x := range 3 {
		for _, a := range vals[x] {
			cases = append(cases,
				r(query.OpNot, outcomes[[]int{1, 0, 2}[x]], a),
				r(query.OpIsTrue, bo(x == 1), a), r(query.OpIsFalse, bo(x == 0), a), r(query.OpIsUndecided, bo(x == 2), a))
			for y := range 3 {
				for _, b := range vals[y] {
					cases = append(cases, r(query.OpAnd, outcomes[and[x][y]], a, b), r(query.OpOr, outcomes[or[x][y]], a, b))
					for z := range 3 {
						for _, c := range vals[z] {
							cases = append(cases,
								r(query.OpAnd, outcomes[and[and[x][y]][z]], a, b, c), r(query.OpOr, outcomes[or[or[x][y]][z]], a, b, c))
						}
					}
				}
			}
		}
	}
	check(t, cases)
}

func TestEquality(t *testing.T) {
	type pair struct {
		a, b any
		eq   any
	}
	list := func(vs ...value.Value) value.Value { return value.ListValue(value.Of(value.Int), vs...) }
	json := value.JSONValue
	for _, p := range []pair{
		{nil, nil, tr},
		{nil, i(5), fa},
		{i(5), nil, fa},
		{bad{}, nil, bad{}},
		{nil, bad{}, bad{}},
		{bad{}, i(1), bad{}},
		{i(1), bad{}, bad{}},
		{i(5), i(5), tr},
		{i(5), i(6), fa},
		{i(math.MinInt64), i(math.MinInt64), tr},
		{i(-1), u(math.MaxUint64), fa},
		{i(7), u(7), tr},
		{u(7), i(7), tr},
		{i(math.MaxInt64), u(1 << 63), fa},
		{i(1), f(1), tr},
		{f(1.5), i(1), fa},
		{i(1<<53 + 1), f(1 << 53), tr}, // cel-go rounds the integer
		{u(1), f(1), tr},
		{i(math.MaxInt64), f(1 << 63), tr},
		{i(0), f(math.Copysign(0, -1)), tr},
		{f(nan), f(nan), fa},
		{f(nan), f(1), fa},
		{i(1), f(nan), fa},
		{f(0), f(math.Copysign(0, -1)), tr},
		{f(inf), f(inf), tr},
		{d("1.10"), d("1.1"), tr},
		{d("1"), i(1), tr},
		{u(2), d("2.0"), tr},
		{d("0.1"), f(0.1), tr},
		{f(0.1), d("0.10000000000000000555"), fa},
		{d("1e400"), f(inf), fa},
		{d("1"), f(nan), fa},
		{d("12345678901234567890123456789"), d("12345678901234567890123456789.000"), tr},
		{s("a"), s("a"), tr},
		{s("a"), s("A"), fa},
		{s(""), s(""), tr},
		{s(""), nil, fa},
		{s("é"), s("e\u0301"), fa},
		{s("a "), s("a"), fa},
		{s("a\x00b"), s("a\x00b"), tr},
		{by("\xff"), by("\xff"), tr},
		{by("\xff"), by("\xfe"), fa},
		{tr, tr, tr},
		{tr, fa, fa},
		{fa, fa, tr},
		{nil, tr, fa},
		{ts("2020-01-01T00:00:00Z"), ts("2020-01-01T01:00:00+01:00"), tr},
		{ts("2020-01-01T00:00:00.000000001Z"), ts("2020-01-01T00:00:00Z"), fa},
		{du(time.Second), du(time.Second), tr},
		{du(1), du(2), fa},
		{list(i(1), i(2)), list(i(1), i(2)), tr},
		{list(i(1)), list(i(1), i(2)), fa},
		{list(value.NullValue()), list(value.NullValue()), tr},
		{list(), list(), tr},
		{list(f(nan)), list(f(nan)), fa},
		{json(`{"a":1,"b":[1,2]}`), json(`{"b": [1.0, 2], "a": 1}`), tr},
		{json(`{"a":1}`), json(`{"a":1,"b":null}`), fa},
		{json(`null`), json(`0`), fa},
		{json(`[1]`), json(`[2]`), fa},
	} {
		ne := p.eq
		if v, ok := p.eq.(value.Value); ok {
			ne = bo(!v.Bool())
		}
		check(t, []row{r(query.OpEq, p.eq, p.a, p.b), r(query.OpNe, ne, p.a, p.b)})
	}
}

func TestOrdering(t *testing.T) {
	less := [][2]any{
		{i(1), i(2)},
		{i(math.MinInt64), i(math.MaxInt64)},
		{i(-1), u(0)},
		{u(1), i(2)},
		{i(math.MaxInt64), u(1 << 63)},
		{i(1), f(1.5)},
		{f(-inf), i(math.MinInt64)},
		{u(math.MaxUint64), f(inf)},
		{f(-0.5), u(0)},
		{f(1), f(inf)},
		{d("1.09"), d("1.1")},
		{d("0.1"), i(1)},
		{i(-1), d("-0.9")},
		{f(0.1), d("0.11")},
		{d("1e400"), f(inf)},
		{f(-inf), d("-1e400")},
		{d("-1e500"), d("1e-500")},
		{u(1), d("18446744073709551616")},
		{u(math.MaxUint64), d("18446744073709551615.5")},
		{s(""), s("a")},
		{s("B"), s("a")},
		{s("a"), s("aa")},
		{s("z"), s("é")},
		{s("\uffff"), s("\U00010000")},
		{by("\x7f"), by("\x80")},
		{fa, tr},
		{du(-1), du(0)},
		{ts("0001-01-01T00:00:00Z"), ts("9999-12-31T23:59:59.999999999Z")},
		{ts("1969-12-31T23:59:59Z"), ts("1969-12-31T23:59:59.000000001Z")},
	}
	for _, p := range less {
		a, b := p[0], p[1]
		check(t, []row{
			r(query.OpLt, tr, a, b), r(query.OpLe, tr, a, b), r(query.OpGt, fa, a, b), r(query.OpGe, fa, a, b),
			r(query.OpLt, fa, b, a), r(query.OpLe, fa, b, a), r(query.OpGt, tr, b, a), r(query.OpGe, tr, b, a),
			r(query.OpLt, fa, a, a), r(query.OpLe, tr, a, a), r(query.OpGt, fa, b, b), r(query.OpGe, tr, b, b),
		})
	}
	for _, op := range []query.Op{query.OpLt, query.OpLe, query.OpGt, query.OpGe} {
		check(t, []row{
			r(op, bad{}, nil, i(1)), r(op, bad{}, i(1), nil), r(op, bad{}, bad{}, i(1)), r(op, bad{}, s("a"), nil), r(op, bad{}, nil, nil),
			r(op, fa, f(nan), f(1)), r(op, fa, f(1), f(nan)), r(op, fa, f(nan), f(nan)), r(op, fa, i(1), f(nan)), r(op, fa, f(nan), u(1)), r(op, fa, d("1"), f(nan)), r(op, fa, f(nan), d("1")),
			r(op, bad{}, f(nan), bad{}), r(op, bad{}, nil, f(nan)),
		})
	}
}

func TestIn(t *testing.T) {
	check(t, []row{
		r(query.OpIn, tr, i(1), i(2), i(1)), r(query.OpIn, fa, i(3), i(2), i(1)), r(query.OpIn, fa, nil, i(1), i(2)),
		r(query.OpIn, tr, nil, i(1), nil), r(query.OpIn, fa, i(3), i(1), nil), r(query.OpIn, bad{}, bad{}, i(1), nil),
		r(query.OpIn, tr, i(6), i(1), i(2), i(3), i(4), i(5), i(6)), r(query.OpIn, fa, i(7), i(1), i(2), i(3), i(4), i(5), i(6)),
		r(query.OpIn, tr, nil, i(1), i(2), i(3), i(4), i(5), nil), r(query.OpIn, fa, nil, i(1), i(2), i(3), i(4), i(5), i(6)),
		r(query.OpIn, bad{}, bad{}, i(1), i(2), i(3), i(4), i(5), nil), r(query.OpIn, tr, s("e"), s("a"), s("b"), s("c"), s("d"), s("e")),
		r(query.OpIn, fa, s("E"), s("a"), s("b"), s("c"), s("d"), s("e")), r(query.OpIn, tr, s(""), s("")), r(query.OpIn, fa, f(nan), f(nan), f(1)),
		r(query.OpIn, tr, i(1), f(1), i(2)), r(query.OpIn, tr, d("1.0"), i(1)), r(query.OpIn, fa, i(1)),
		r(query.OpIn, tr, i(1), i(2), i(3), i(4), i(5), f(1)),
	})
}

func TestCond(t *testing.T) {
	check(t, []row{
		r(query.OpCond, i(1), tr, i(1), i(2)), r(query.OpCond, i(2), fa, i(1), i(2)),
		r(query.OpCond, bad{}, bad{}, i(1), i(1)), r(query.OpCond, i(1), tr, i(1), bad{}), r(query.OpCond, bad{}, tr, bad{}, i(1)),
		r(query.OpCond, nil, tr, nil, i(1)), r(query.OpCond, i(1), fa, nil, i(1)), r(query.OpCond, s("ab"), tr, s("ab"), s("cde")), r(query.OpCond, s(""), fa, s("x"), s("")),
		r(query.OpCond, tr, fa, fa, tr), r(query.OpCond, bad{}, nil, fa, tr), r(query.OpCond, d("1.5"), tr, d("1.5"), bad{}),
		r(query.OpCond, ts("2020-01-01T00:00:00.5Z"), tr, ts("2020-01-01T00:00:00.5Z"), ts("2021-01-01T00:00:00Z")), r(query.OpCond, f(2), fa, f(1), f(2)), r(query.OpCond, u(2), fa, u(1), u(2)),
	})
}
