package canon_test

import (
	"math"
	"strings"

	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/value"
)

// moreTables holds tolerances, documents and lists.
func moreTables() []verdicts {
	i, d, s := col(value.Int), col(value.Double), col(value.String)
	document := col(value.JSON)
	return []verdicts{
		{
			name: "integers within 2", l: i, r: col(value.Uint), o: within(canon.Tolerance{Abs: value.NewDec(2, 0)}),
			equal:     [][2]value.Value{{num(-1), value.UintValue(1)}, {num(math.MaxInt64), value.UintValue(math.MaxInt64 + 2)}},
			different: [][2]value.Value{{num(-1), value.UintValue(2)}, {num(math.MinInt64), value.UintValue(math.MaxUint64)}, {null, value.UintValue(0)}},
		},
		{
			name: "decimals within 0.01", l: col(value.Decimal, digits(4)), r: col(value.Decimal, digits(4)), o: within(canon.Tolerance{Abs: value.NewDec(1, 2)}),
			equal:     [][2]value.Value{{dec("1.0000"), dec("1.0100")}, {dec("-0.005"), dec("0.005")}},
			different: [][2]value.Value{{dec("1.0000"), dec("1.0101")}},
		},
		{
			name: "decimals within 1 %", l: col(value.Decimal), r: col(value.Decimal), o: within(canon.Tolerance{Rel: 0.01}),
			equal:     [][2]value.Value{{dec("99"), dec("100")}, {dec("0"), dec("0")}},
			different: [][2]value.Value{{dec("98.9"), dec("100")}, {dec("0"), dec("0.0001")}},
		},
		{
			name: "doubles within 0.01", l: d, r: d, o: within(canon.Tolerance{Abs: value.NewDec(1, 2)}),
			equal:     [][2]value.Value{{dbl(0.31), dbl(0.30)}, {dbl(1e15), dbl(1e15)}, {dbl(math.NaN()), dbl(math.NaN())}, {dbl(math.Inf(1)), dbl(math.Inf(1))}},
			different: [][2]value.Value{{dbl(0.31), dbl(0.29999)}, {dbl(math.NaN()), dbl(0)}, {dbl(math.Inf(1)), dbl(math.Inf(-1))}, {dbl(math.Inf(1)), dbl(math.MaxFloat64)}, {dbl(math.MaxFloat64), dbl(-math.MaxFloat64)}},
		},
		{
			name: "doubles within 1e-9 of each other", l: d, r: d, o: within(canon.Tolerance{Rel: 1e-9}),
			equal:     [][2]value.Value{{dbl(1e300), dbl(1e300 * (1 + 5e-10))}},
			different: [][2]value.Value{{dbl(1), dbl(1 + 2e-9)}, {dbl(0), dbl(5e-324)}},
		},
		{
			name: "doubles within 4 ulp", l: d, r: d, o: within(canon.Tolerance{ULP: 4}),
			equal:     [][2]value.Value{{dbl(1), dbl(1 + 4*0x1p-52)}, {dbl(5e-324), dbl(-1.5e-323)}, {dbl(math.MaxFloat64), dbl(math.MaxFloat64)}},
			different: [][2]value.Value{{dbl(1), dbl(1 + 5*0x1p-52)}, {dbl(math.MaxFloat64), dbl(math.Inf(1))}, {dbl(5e-324), dbl(-2e-323)}, {dbl(-1), dbl(1)}},
		},
		{
			name: "reals within 1 ulp", l: col(value.Double, single), r: d, o: within(canon.Tolerance{ULP: 1}),
			equal:     [][2]value.Value{{dbl(1), dbl(1 + 0x1p-23)}},
			different: [][2]value.Value{{dbl(1), dbl(1 + 0x1p-22)}},
		},
		{
			name: "double beside decimal within 0.1", l: d, r: col(value.Decimal, digits(2)), o: within(canon.Tolerance{Abs: value.NewDec(1, 1)}),
			equal:     [][2]value.Value{{dbl(0.3), dec("0.4")}, {dbl(0.30000001), dec("0.3")}},
			different: [][2]value.Value{{dbl(0.3), dec("0.41")}, {dbl(math.NaN()), dec("0")}},
		},
		{
			name: "int beside double within 1", l: i, r: d, o: within(canon.Tolerance{Abs: value.NewDec(1, 0)}),
			equal:     [][2]value.Value{{num(1<<53 + 1), dbl(1 << 53)}, {num(1), dbl(1.5)}},
			different: [][2]value.Value{{num(1<<53 + 3), dbl(1 << 53)}, {num(1), dbl(2.5)}, {num(1), dbl(math.NaN())}},
		},
		{
			name: "documents", l: document, r: document,
			equal: [][2]value.Value{
				{js(`{"a":1,"b":[1.0,2e1]}`), js(` { "b" : [ 1 , 20 ] , "a":1e0 } `)},
				{js(`"\u00e9\/"`), js(`"é/"`)},
				{js(`"😀"`), js(`"\ud83d\ude00"`)},
				{js("-0"), js("0.00e7")},
				{js(`{"a":1,"a":2}`), js(`{"a":2}`)},
				{js("123456789012345678901234567890"), js("12345678901234567890123456789e1")},
				{js("1e400"), js("10e399")},
				{js("1e99999999999999999999"), js("10e99999999999999999998")},
				{js(`{}`), js(`{ }`)},
				{js(`[]`), js(`[ ]`)},
				{js(`"\u000a"`), js(`"\n"`)},
			},
			different: [][2]value.Value{
				{js("9007199254740993"), js("9007199254740992")},
				{js("0.1"), js("0.10000000000000001")},
				{js(`[1,2]`), js(`[2,1]`)},
				{js(`{"a":null}`), js(`{}`)},
				{js(`"1"`), js("1")},
				{js("null"), null},
				{js("1e400"), js("1e401")},
				{js(`{"a":1,"a":2}`), js(`{"a":1}`)},
				{js(`"\ud800"`), js(`"\ud801"`)},
				{js(`"\ud800"`), js(`"\ufffd"`)},
				{js("true"), js("false")},
				{js(`[[]]`), js(`[]`)},
				{js(`"a\\"`), js(`"a\""`)},
				{js("1"), js("-1")},
				{js(`{"a":{"b":1},"c":2}`), js(`{"a":{"b":1,"c":2}}`)},
				{js(strings.Repeat("[", 30) + strings.Repeat("]", 30)), js(strings.Repeat("[", 31) + strings.Repeat("]", 31))},
				{js("[]"), null},
			},
		},
		{
			name: "document beside text", l: document, r: s,
			equal:     [][2]value.Value{{js(`{"a":[1,2]}`), text(`{"a": [1, 2.0]}`)}},
			different: [][2]value.Value{{js(`{"a":1}`), text(`{"a":1`)}, {js(`1`), text(``)}, {js(`1`), text(`1 1`)}, {js(`1`), text(`01`)}, {js(`"a"`), text(`a`)}, {js(`1`), text(`+1`)}, {js(`1`), text(`1.`)}, {js(`[1]`), text(`[1,]`)}, {js(`"\n"`), text("\"\n\"")}},
		},
		{
			name: "list beside document", l: lists(value.Decimal), r: document,
			equal:     [][2]value.Value{{list(value.Decimal, dec("1.50"), null), js(`[1.5, null]`)}, {list(value.Decimal), js(`[]`)}, {list(value.Decimal, dec("-0.001")), js(`[-1e-3]`)}},
			different: [][2]value.Value{{list(value.Decimal, dec("1")), js(`["1"]`)}, {list(value.Decimal), null}, {list(value.Decimal), js("null")}},
		},
		{
			name: "list of doubles beside document", l: document, r: lists(value.Double),
			equal:     [][2]value.Value{{js(`[0.1,1e300]`), list(value.Double, dbl(0.1), dbl(1e300))}},
			different: [][2]value.Value{{js(`[null]`), list(value.Double, dbl(math.NaN()))}},
		},
		{
			name: "lists", l: lists(value.Int), r: lists(value.Decimal),
			equal:     [][2]value.Value{{list(value.Int, num(1), null, num(2)), list(value.Decimal, dec("1.0"), null, dec("2"))}, {list(value.Int), list(value.Decimal)}},
			different: [][2]value.Value{{list(value.Int, num(1), num(2)), list(value.Decimal, dec("2"), dec("1"))}, {list(value.Int, num(1)), list(value.Decimal, dec("1"), null)}, {list(value.Int), null}},
		},
		{
			name: "bags", l: lists(value.String), r: lists(value.String), o: canon.Options{Unordered: true, EmptyIsNull: true, Normalize: []canon.Normal{canon.Casefold}},
			equal:     [][2]value.Value{{list(value.String, text("b"), text("a"), text("b")), list(value.String, text("B"), text("b"), text("A"))}, {list(value.String), null}, {null, list(value.String)}, {list(value.String), list(value.String)}, {null, null}},
			different: [][2]value.Value{{list(value.String, text("b"), text("a"), text("b")), list(value.String, text("a"), text("b"), text("a"))}, {list(value.String, text("x|y"), text("z")), list(value.String, text("x"), text("y|z"))}, {list(value.String, null), null}, {list(value.String, null), list(value.String, text(""))}},
		},
		{
			name: "lists within 1", l: lists(value.Int), r: lists(value.Int), o: within(canon.Tolerance{Abs: value.NewDec(1, 0)}),
			equal:     [][2]value.Value{{list(value.Int, num(1), num(5)), list(value.Int, num(2), num(4))}},
			different: [][2]value.Value{{list(value.Int, num(1), num(5)), list(value.Int, num(2), num(3))}},
		},
		{
			name: "empty document for null", l: document, r: lists(value.Int), o: canon.Options{EmptyIsNull: true},
			equal:     [][2]value.Value{{js(" [ ] "), null}, {null, list(value.Int)}, {js("[]"), list(value.Int)}},
			different: [][2]value.Value{{js("[0]"), null}, {js("{}"), null}, {js(`"[]"`), null}},
		},
	}
}
