package eval_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/query/eval"
	"github.com/assay-dev/assay/connectors/value"
	"pgregory.net/rapid"
)

func TestArithmetic(t *testing.T) {
	const lo, hi = math.MinInt64, math.MaxInt64
	neg0 := math.Copysign(0, -1)
	check(t, []row{
		r(query.OpAdd, i(3), i(1), i(2)), r(query.OpAdd, bad{}, i(hi), i(1)), r(query.OpAdd, i(hi), i(hi), i(0)), r(query.OpAdd, bad{}, i(lo), i(-1)), r(query.OpAdd, i(-1), i(lo), i(hi)),
		r(query.OpAdd, bad{}, nil, i(1)), r(query.OpAdd, bad{}, i(1), bad{}),
		r(query.OpSub, i(lo), i(lo), i(0)), r(query.OpSub, bad{}, i(lo), i(1)), r(query.OpSub, bad{}, i(0), i(lo)), r(query.OpSub, i(hi), i(-1), i(lo)), r(query.OpSub, bad{}, i(hi), i(-1)),
		r(query.OpMul, i(lo), i(lo), i(1)), r(query.OpMul, bad{}, i(lo), i(-1)), r(query.OpMul, bad{}, i(-1), i(lo)), r(query.OpMul, bad{}, i(1<<32), i(1<<31)), r(query.OpMul, i(lo), i(1<<32), i(-1<<31)),
		r(query.OpMul, i(0), i(lo), i(0)), r(query.OpMul, bad{}, i(hi), i(2)), r(query.OpMul, i(1<<62), i(1<<31), i(1<<31)), r(query.OpMul, i(3037000499*3037000499), i(3037000499), i(3037000499)), r(query.OpMul, bad{}, i(3037000500), i(3037000500)),
		r(query.OpDiv, i(-2), i(-5), i(2)), r(query.OpDiv, bad{}, i(1), i(0)), r(query.OpDiv, bad{}, i(lo), i(-1)), r(query.OpMod, i(-1), i(-5), i(2)), r(query.OpMod, i(1), i(5), i(-2)), r(query.OpMod, bad{}, i(1), i(0)), r(query.OpMod, bad{}, i(lo), i(-1)),
		r(query.OpNeg, bad{}, i(lo)), r(query.OpNeg, i(-hi), i(hi)), r(query.OpAbs, bad{}, i(lo)), r(query.OpAbs, i(5), i(-5)), r(query.OpAbs, bad{}, nil),

		r(query.OpAdd, bad{}, u(math.MaxUint64), u(1)), r(query.OpSub, bad{}, u(1), u(2)), r(query.OpSub, u(0), u(2), u(2)), r(query.OpMul, bad{}, u(1<<32), u(1<<32)), r(query.OpMul, u(0), u(0), u(1)), r(query.OpDiv, bad{}, u(1), u(0)), r(query.OpMod, u(1), u(7), u(3)), r(query.OpMod, bad{}, u(1), u(0)),

		r(query.OpDiv, f(inf), f(1), f(0)), r(query.OpDiv, f(-inf), f(1), f(neg0)), r(query.OpDiv, f(nan), f(0), f(0)), r(query.OpAdd, f(inf), f(math.MaxFloat64), f(math.MaxFloat64)), r(query.OpMul, f(nan), f(inf), f(0)), r(query.OpSub, f(0), f(1), f(1)), r(query.OpNeg, f(neg0), f(0)), r(query.OpAbs, f(inf), f(-inf)), r(query.OpAbs, f(0), f(neg0)),

		r(query.OpAdd, d("0.3"), d("0.1"), d("0.2")), r(query.OpMul, d("3.75"), d("1.25"), i(3)), r(query.OpSub, d("-0.5"), i(1), d("1.5")), r(query.OpDiv, d("0.33333333333333333333333333333333333333"), d("1"), d("3")), r(query.OpDiv, bad{}, d("1"), d("0.00")),
		r(query.OpMod, d("-0.5"), d("-2.5"), d("1")), r(query.OpMod, bad{}, d("1"), d("0")), r(query.OpMul, d("85070591730234615847396907784232501249"), d("9223372036854775807"), d("9223372036854775807")), r(query.OpAdd, d("0.6"), d("0.5"), f(0.1)), r(query.OpAdd, bad{}, d("0.5"), f(nan)), r(query.OpMul, bad{}, d("0.5"), f(inf)),
		r(query.OpNeg, d("0"), d("0")), r(query.OpNeg, d("-1.50"), d("1.5")), r(query.OpAbs, d("9223372036854775808"), d("-9223372036854775808")), r(query.OpAdd, d("18446744073709551616"), d("1"), u(math.MaxUint64)),

		r(query.OpAdd, s("ab"), s("a"), s("b")), r(query.OpAdd, s(""), s(""), s("")), r(query.OpAdd, bad{}, s("a"), nil), r(query.OpAdd, by("a\xff"), by("a"), by("\xff")),
	})
}

func TestTimes(t *testing.T) {
	const first, last = "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z"
	sec := time.Second
	check(t, []row{
		r(query.OpAdd, ts("2020-02-29T00:00:00Z"), ts("2020-02-28T23:59:59.5Z"), du(sec/2)), r(query.OpAdd, ts("2020-02-29T00:00:00Z"), du(sec/2), ts("2020-02-28T23:59:59.5Z")),
		r(query.OpAdd, bad{}, ts(last), du(1)), r(query.OpAdd, ts(last), ts(last), du(0)), r(query.OpSub, bad{}, ts(first), du(1)), r(query.OpAdd, bad{}, ts(first), du(-1)), r(query.OpAdd, ts(first), ts("0001-01-01T00:00:01Z"), du(-sec)),
		r(query.OpSub, ts("1969-12-31T23:59:59.999999999Z"), ts("1970-01-01T00:00:00Z"), du(1)), r(query.OpSub, bad{}, ts("2020-01-01T00:00:00Z"), du(math.MinInt64)), r(query.OpAdd, ts("2312-04-11T23:47:16.854775807Z"), ts("2020-01-01T00:00:00Z"), du(math.MaxInt64)),
		r(query.OpSub, du(-sec/2), ts("2020-01-01T00:00:00Z"), ts("2020-01-01T00:00:00.5Z")), r(query.OpSub, bad{}, ts(last), ts(first)), r(query.OpSub, bad{}, ts(first), ts("1970-01-01T00:00:00Z")),
		r(query.OpSub, du(math.MaxInt64), ts("2262-04-11T23:47:16.854775807Z"), ts("1970-01-01T00:00:00Z")), r(query.OpSub, bad{}, ts("2262-04-11T23:47:16.854775808Z"), ts("1970-01-01T00:00:00Z")),
		r(query.OpAdd, bad{}, du(math.MaxInt64), du(1)), r(query.OpSub, bad{}, du(math.MinInt64), du(1)), r(query.OpAdd, du(3), du(1), du(2)), r(query.OpAbs, du(3), du(-3)), r(query.OpAbs, bad{}, du(math.MinInt64)),
		r(query.OpSub, bad{}, ts(first), nil), r(query.OpAdd, bad{}, nil, du(1)),
	})
	at := ts("2024-02-29T23:30:15.987654321Z") // a Thursday
	old := ts("1900-01-01T00:00:00.001Z")      // a Monday, before 1970
	for _, c := range []struct {
		op                   query.Op
		utc, newYork, early  int64
		plus2, minus930, old int64
	}{
		{query.OpFullYear, 2024, 2024, 1, 2024, 2024, 1900},
		{query.OpMonth, 1, 1, 0, 2, 1, 0},
		{query.OpDate, 29, 29, 1, 1, 29, 1},
		{query.OpDayOfMonth, 28, 28, 0, 0, 28, 0},
		{query.OpDayOfWeek, 4, 4, 1, 5, 4, 1},
		{query.OpDayOfYear, 59, 59, 0, 60, 59, 0},
		{query.OpHours, 23, 18, 0, 1, 14, 0},
		{query.OpMinutes, 30, 30, 0, 30, 0, 0},
		{query.OpSeconds, 15, 15, 0, 15, 15, 0},
		{query.OpMilliseconds, 987, 987, 0, 987, 987, 1},
	} {
		check(t, []row{
			r(c.op, i(c.utc), at), r(c.op, i(c.utc), at, s("")), r(c.op, i(c.utc), at, s("UTC")), r(c.op, i(c.newYork), at, s("America/New_York")),
			r(c.op, i(c.plus2), at, s("+02:00")), r(c.op, i(c.plus2), at, s("02:00")), r(c.op, i(c.minus930), at, s("-9:30")), r(c.op, i(c.old), old),
			r(c.op, i(c.early), ts(first)), r(c.op, bad{}, nil, s("UTC")), r(c.op, bad{}, at, s("Mars/Olympus")), r(c.op, bad{}, at, s("+24:00")), r(c.op, bad{}, at, s("+02:60")),
		})
	}
	// DST: 2024-03-10 07:00 UTC is the gap's end in New York, 2024-11-03 06:00 UTC the overlap's second hour.
	check(t, []row{
		r(query.OpHours, i(1), ts("2024-03-10T06:59:59Z"), s("America/New_York")), r(query.OpHours, i(3), ts("2024-03-10T07:00:00Z"), s("America/New_York")),
		r(query.OpHours, i(1), ts("2024-11-03T05:00:00Z"), s("America/New_York")), r(query.OpHours, i(1), ts("2024-11-03T06:00:00Z"), s("America/New_York")),
		r(query.OpHours, i(26), du(26*time.Hour+59*time.Minute)), r(query.OpMinutes, i(-90), du(-90*time.Minute-time.Second)), r(query.OpSeconds, i(-1), du(-1999*time.Millisecond)), r(query.OpMilliseconds, i(1999), du(1999*time.Millisecond)),
	})
}

func TestStrings(t *testing.T) {
	check(t, []row{
		r(query.OpSize, i(5), s("héllo")), r(query.OpSize, i(2), s("e\u0301")), r(query.OpSize, i(1), s("😀")), r(query.OpSize, i(0), s("")), r(query.OpSize, i(2), s("\xff\xfe")), r(query.OpSize, i(3), by("\xff\x00a")), r(query.OpSize, i(2), value.ListValue(value.Of(value.Int), i(1), value.NullValue())), r(query.OpSize, bad{}, nil),
		r(query.OpContains, tr, s("a%b"), s("%")), r(query.OpContains, fa, s("ab"), s("_")), r(query.OpContains, tr, s(""), s("")), r(query.OpContains, fa, s("Ab"), s("ab")), r(query.OpContains, tr, s("a\x00b"), s("\x00")),
		r(query.OpStartsWith, tr, s("ab"), s("")), r(query.OpStartsWith, fa, s("a"), s("ab")), r(query.OpEndsWith, tr, s("ab"), s("b")), r(query.OpEndsWith, fa, s("ab"), s("B")), r(query.OpContains, bad{}, s("a"), nil),
		r(query.OpMatches, tr, s("xaby"), s("ab")), r(query.OpMatches, fa, s("xaby"), s("^ab$")), r(query.OpMatches, tr, s("ab"), s("^ab$")), r(query.OpMatches, fa, s("ab\n"), s("^ab$")), r(query.OpMatches, tr, s("abc"), s("^ab")), r(query.OpMatches, tr, s("cab"), s("ab$")), r(query.OpMatches, tr, s(""), s("")), r(query.OpMatches, fa, s("\n"), s("^.$")), r(query.OpMatches, fa, s("é"), s(`^\w$`)), r(query.OpMatches, tr, s("É"), s(`^\pL$`)), r(query.OpMatches, tr, s("AB"), s("(?i)ab")), r(query.OpMatches, tr, s("a.b"), s(`a\.b`)), r(query.OpMatches, fa, s("axb"), s(`a\.b`)), r(query.OpMatches, tr, s("\xff"), s("\ufffd")), r(query.OpMatches, bad{}, nil, s("a")), r(query.OpMatches, tr, s("y\nab\nz"), s("(?m)^ab$")),
		r(query.OpLowerASCII, s("tacocÆt"), s("TacoCÆt")), r(query.OpUpperASCII, s("STRAßE"), s("straße")), r(query.OpLowerASCII, s("a\ufffdb"), s("A\xffB")), r(query.OpTrim, s("a b"), s(" \t\u00a0\u3000a b\n\u0085")), r(query.OpTrim, s(""), s("  ")), r(query.OpTrim, s("\u200ba"), s("\u200ba")),
		r(query.OpSubstring, s("éll"), s("héllo"), i(1), i(4)), r(query.OpSubstring, s("llo"), s("héllo"), i(2)), r(query.OpSubstring, s(""), s("ab"), i(2)), r(query.OpSubstring, bad{}, s("ab"), i(3)), r(query.OpSubstring, bad{}, s("ab"), i(-1)), r(query.OpSubstring, bad{}, s("ab"), i(1), i(0)), r(query.OpSubstring, s(""), s("ab"), i(1), i(1)), r(query.OpSubstring, bad{}, s("ab"), i(0), i(3)), r(query.OpSubstring, s("ab"), s("ab"), i(0), i(2)), r(query.OpSubstring, bad{}, s("ab"), i(-1), i(1)), r(query.OpSubstring, bad{}, s("ab"), i(math.MinInt64), i(math.MaxInt64)), r(query.OpSubstring, bad{}, s("ab"), i(0), i(math.MinInt64)), r(query.OpSubstring, bad{}, s("ab"), i(2), i(math.MinInt64)), r(query.OpSubstring, s("\ufffd"), s("a\xff"), i(1)), r(query.OpSubstring, bad{}, s("ab"), nil),
		r(query.OpCharAt, s("é"), s("hé"), i(1)), r(query.OpCharAt, s(""), s("hé"), i(2)), r(query.OpCharAt, bad{}, s("hé"), i(3)), r(query.OpCharAt, bad{}, s("hé"), i(-1)), r(query.OpCharAt, s(""), s(""), i(0)),
		r(query.OpIndexOf, i(1), s("hello mellow"), s("ello")), r(query.OpIndexOf, i(-1), s("hello"), s("x")), r(query.OpIndexOf, i(0), s("hello"), s("")), r(query.OpIndexOf, i(2), s("ééx"), s("x")), r(query.OpIndexOf, i(7), s("hello mellow"), s("ello"), i(2)), r(query.OpIndexOf, i(-1), s("hello"), s("ello"), i(20)), r(query.OpIndexOf, bad{}, s("hello"), s("ello"), i(-1)), r(query.OpIndexOf, i(3), s("hello"), s(""), i(3)), r(query.OpIndexOf, i(5), s("hello"), s(""), i(9)), r(query.OpIndexOf, i(-1), s(""), s("a")),
		r(query.OpLastIndexOf, i(12), s("hello mellow"), s("")), r(query.OpLastIndexOf, i(7), s("hello mellow"), s("ello")), r(query.OpLastIndexOf, i(-1), s("hello"), s("jello")), r(query.OpLastIndexOf, i(1), s("hello mellow"), s("ello"), i(6)), r(query.OpLastIndexOf, i(-1), s("hello mellow"), s("ello"), i(20)), r(query.OpLastIndexOf, bad{}, s("hello"), s("l"), i(-1)), r(query.OpLastIndexOf, i(-1), s(""), s("a")), r(query.OpLastIndexOf, i(7), s("hello mellow"), s("ello"), i(7)), r(query.OpLastIndexOf, i(3), s("éaéa"), s("a")), r(query.OpLastIndexOf, i(2), s("ab"), s(""), i(5)), r(query.OpLastIndexOf, i(-1), s("\xff"), s("\ufffd")), r(query.OpLastIndexOf, i(1), s("a\xffbc"), s("\ufffd")),
		r(query.OpReplace, s("bb"), s("aa"), s("a"), s("b")), r(query.OpReplace, s("-é-a-"), s("éa"), s(""), s("-")), r(query.OpReplace, s(""), s("aa"), s("a"), s("")), r(query.OpReplace, s("ba"), s("aaa"), s("aa"), s("b")), r(query.OpReverse, s("o\u0301😀"), s("😀\u0301o")), r(query.OpReverse, s("\ufffda"), s("a\xff")),
	})
}

func TestConversions(t *testing.T) {
	big := 9223372036854775807.0
	check(t, []row{
		r(query.OpToInt, i(-1), f(-1.9)), r(query.OpToInt, bad{}, f(nan)), r(query.OpToInt, bad{}, f(inf)), r(query.OpToInt, bad{}, f(big)), r(query.OpToInt, i(9223372036854774784), f(9223372036854774784)), r(query.OpToInt, bad{}, f(math.MinInt64)), r(query.OpToInt, i(-9223372036854774784), f(-9223372036854774784)),
		r(query.OpToInt, bad{}, u(1<<63)), r(query.OpToInt, i(math.MaxInt64), u(math.MaxInt64)), r(query.OpToInt, i(-5), s("-5")), r(query.OpToInt, i(5), s("+5")), r(query.OpToInt, bad{}, s(" 5")), r(query.OpToInt, bad{}, s("12abc")), r(query.OpToInt, bad{}, s("1e3")), r(query.OpToInt, bad{}, s("9223372036854775808")), r(query.OpToInt, bad{}, s("")), r(query.OpToInt, bad{}, s("1_0")), r(query.OpToInt, bad{}, s("0x1")), r(query.OpToInt, i(7), s("007")),
		r(query.OpToInt, i(-1), ts("1969-12-31T23:59:59.5Z")), r(query.OpToInt, i(3_000_000_000), du(3*time.Second)), r(query.OpToInt, i(-2), d("-2.9")), r(query.OpToInt, bad{}, d("9223372036854775808")), r(query.OpToInt, i(math.MaxInt64), d("9223372036854775807.999")),
		r(query.OpToUint, bad{}, i(-1)), r(query.OpToUint, u(1), f(1.9)), r(query.OpToUint, bad{}, f(-0.5)), r(query.OpToUint, bad{}, f(1<<64)), r(query.OpToUint, u(18446744073709549568), f(18446744073709549568)), r(query.OpToUint, bad{}, s("-1")), r(query.OpToUint, bad{}, s("+1")), r(query.OpToUint, u(math.MaxUint64), s("18446744073709551615")), r(query.OpToUint, u(math.MaxUint64), d("18446744073709551615.5")), r(query.OpToUint, bad{}, d("-1")), r(query.OpToUint, u(0), d("-0.5")),
		r(query.OpToDouble, f(1<<53), i(1<<53+1)), r(query.OpToDouble, f(1000), s("1e3")), r(query.OpToDouble, f(nan), s("NaN")), r(query.OpToDouble, f(-inf), s("-Infinity")), r(query.OpToDouble, bad{}, s("1e400")), r(query.OpToDouble, bad{}, s("12abc")), r(query.OpToDouble, f(0.1), d("0.1")), r(query.OpToDouble, f(inf), d("1e400")), r(query.OpToDouble, f(1<<63), u(1<<63+1)),
		r(query.OpToDecimal, d("0.1"), f(0.1)), r(query.OpToDecimal, bad{}, f(nan)), r(query.OpToDecimal, d("1e300"), f(1e300)), r(query.OpToDecimal, d("5e-324"), f(5e-324)), r(query.OpToDecimal, d("1.50"), s("1.5")), r(query.OpToDecimal, bad{}, s(" 1")), r(query.OpToDecimal, bad{}, s("NaN")), r(query.OpToDecimal, d("18446744073709551615"), u(math.MaxUint64)),
		r(query.OpToString, s("true"), tr), r(query.OpToString, s("-9223372036854775808"), i(math.MinInt64)), r(query.OpToString, s("1e+06"), f(1e6)), r(query.OpToString, s("100000"), f(1e5)), r(query.OpToString, s("1e-05"), f(1e-5)), r(query.OpToString, s("0.0001"), f(1e-4)), r(query.OpToString, s("NaN"), f(nan)), r(query.OpToString, s("+Inf"), f(inf)), r(query.OpToString, s("-0"), f(math.Copysign(0, -1))), r(query.OpToString, s("1.23456789e+08"), f(123456789)), r(query.OpToString, s("0.1"), f(0.1)),
		r(query.OpToString, s("1.5"), d("1.50")), r(query.OpToString, s("é"), by("é")), r(query.OpToString, bad{}, by("\xff")), r(query.OpToString, s("2020-01-01T00:00:00.5Z"), ts("2020-01-01T01:00:00.500+01:00")), r(query.OpToString, s("0001-01-01T00:00:00Z"), ts("0001-01-01T00:00:00Z")), r(query.OpToString, s("3600s"), du(time.Hour)), r(query.OpToString, s("-0.000000001s"), du(-1)), r(query.OpToString, s("9223372036.854776s"), du(math.MaxInt64)), r(query.OpToString, bad{}, nil),
		r(query.OpToBytes, by("é"), s("é")), r(query.OpToBytes, by("\xff"), s("\xff")),
		r(query.OpToBool, tr, s("true")), r(query.OpToBool, tr, s("1")), r(query.OpToBool, fa, s("F")), r(query.OpToBool, bad{}, s("yes")), r(query.OpToBool, bad{}, s("tRUE")),
		r(query.OpToTimestamp, ts("1970-01-01T00:00:05Z"), i(5)), r(query.OpToTimestamp, bad{}, i(253402300800)), r(query.OpToTimestamp, ts("9999-12-31T23:59:59Z"), i(253402300799)), r(query.OpToTimestamp, ts("0001-01-01T00:00:00Z"), i(-62135596800)), r(query.OpToTimestamp, bad{}, i(-62135596801)),
		r(query.OpToTimestamp, ts("2020-02-29T10:00:00Z"), s("2020-02-29T12:00:00+02:00")), r(query.OpToTimestamp, bad{}, s("2020-02-29t12:00:00Z")), r(query.OpToTimestamp, bad{}, s("2020-01-01T00:00:00z")), r(query.OpToTimestamp, ts("2020-01-01T00:00:00.123456789Z"), s("2020-01-01T00:00:00.123456789Z")), r(query.OpToTimestamp, bad{}, s("2020-01-01")), r(query.OpToTimestamp, bad{}, s("2021-02-29T00:00:00Z")), r(query.OpToTimestamp, bad{}, s("2020-01-01T24:00:00Z")), r(query.OpToTimestamp, bad{}, s("2020-01-01T00:00:60Z")), r(query.OpToTimestamp, bad{}, s("2020-01-01T00:00:00,5Z")), r(query.OpToTimestamp, bad{}, s("0001-01-01T00:00:00+01:00")), r(query.OpToTimestamp, bad{}, s("2020-01-01 00:00:00Z")), r(query.OpToTimestamp, bad{}, s("2020-01-01T00:00:00+2:00")), r(query.OpToTimestamp, bad{}, s("2020-01-01T00:00:00.Z")), r(query.OpToTimestamp, bad{}, s("0000-01-01T00:00:00Z")),
		r(query.OpToDuration, du(90*time.Minute), s("1h30m")), r(query.OpToDuration, du(-time.Millisecond), s("-0.001s")), r(query.OpToDuration, bad{}, s("5")), r(query.OpToDuration, bad{}, s("1d")), r(query.OpToDuration, bad{}, s("9223372037s")), r(query.OpToDuration, du(0), s("0")),
		r(query.OpToInt, i(1), i(1)), r(query.OpToString, s("a"), s("a")), r(query.OpToInt, bad{}, bad{}),
	})
}

func TestNumbers(t *testing.T) {
	neg0 := math.Copysign(0, -1)
	check(t, []row{
		r(query.OpGreatest, i(3), i(1), i(3), i(2)), r(query.OpLeast, i(-1), i(1), i(-1)), r(query.OpGreatest, u(5), u(5), u(4)), r(query.OpLeast, d("1.1"), d("1.10"), d("1.2")), r(query.OpGreatest, f(2), f(1), f(2)), r(query.OpGreatest, bad{}, f(1), f(nan)), r(query.OpLeast, bad{}, f(nan), f(1), f(2)), r(query.OpGreatest, f(nan), f(nan)), r(query.OpGreatest, bad{}, i(1), nil), r(query.OpLeast, f(neg0), f(neg0), f(0)), r(query.OpLeast, f(0), f(0), f(neg0)),
		r(query.OpCeil, f(2), f(1.2)), r(query.OpFloor, f(-2), f(-1.2)), r(query.OpRound, f(3), f(2.5)), r(query.OpRound, f(-3), f(-2.5)), r(query.OpTrunc, f(-1), f(-1.9)), r(query.OpRound, f(nan), f(nan)), r(query.OpCeil, f(inf), f(inf)), r(query.OpRound, f(0), f(0.49999999999999994)),
		r(query.OpSign, i(-1), i(math.MinInt64)), r(query.OpSign, i(0), i(0)), r(query.OpSign, u(1), u(9)), r(query.OpSign, f(nan), f(nan)), r(query.OpSign, f(0), f(neg0)), r(query.OpSign, f(-1), f(-inf)), r(query.OpSign, d("-1"), d("-0.01")),
		r(query.OpIsNaN, tr, f(nan)), r(query.OpIsNaN, fa, f(inf)), r(query.OpIsInf, tr, f(-inf)), r(query.OpIsInf, fa, f(1)), r(query.OpIsFinite, tr, f(1)), r(query.OpIsFinite, fa, f(nan)), r(query.OpIsFinite, fa, f(inf)), r(query.OpIsNaN, bad{}, nil),
	})
}

func TestCompileRefuses(t *testing.T) {
	cols := columns(value.Int, value.String)
	for name, e := range map[string]query.Expr{
		"int + string":     call(query.OpAdd, value.Int, cols[0], cols[1]),
		"int < string":     call(query.OpLt, value.Bool, cols[0], cols[1]),
		"unknown column":   &query.Column{Rel: 1, Index: 0, Col: cols[0].Col},
		"bad pattern":      call(query.OpMatches, value.Bool, cols[1], strLit("(")),
		"pattern column":   call(query.OpMatches, value.Bool, cols[1], cols[1]),
		"and of ints":      and(cols[0], cols[0]),
		"too few operands": call(query.OpAdd, value.Int, cols[0]),
		"invalid":          call(query.OpInvalid, value.Int, cols[0]),
	} {
		if _, err := eval.Compile([]query.Expr{e}, cols); err == nil {
			t.Errorf("%s compiles", name)
		}
	}
	p := must(t, []query.Expr{cols[0]}, cols)
	if _, err := p.Run(value.NewBatch(value.Of(value.Int))); err == nil {
		t.Error("a batch of too few columns is taken")
	}
	if _, err := p.Run(value.NewBatch(value.Of(value.String), value.Of(value.String))); err == nil {
		t.Error("a batch of other types is taken")
	}
}

func TestLocal(t *testing.T) {
	cols := columns(value.Int, value.String)
	twice := &query.Local{Cols: cols, Typ: value.Of(value.String), Eval: func(c []value.Value, errs []bool) (value.Value, bool) {
		switch {
		case errs[0]:
			return value.StringValue("error"), true
		case c[0].IsNull():
			return value.NullValue(), true
		case c[0].Int() < 0:
			return value.Value{}, false
		}
		return value.StringValue(strings.Repeat(c[1].Str(), int(c[0].Int()))), true
	}}
	b := value.NewBatch(types(cols)...)
	b.AppendRow(i(2), s("ab"))
	b.AppendRow(i(-1), s("ab"))
	b.AppendRow(value.NullValue(), s("ab"))
	b.Cols[0].AppendErr()
	b.Cols[1].AppendNull()
	b.N++
	p := must(t, []query.Expr{twice, call(query.OpSize, value.Int, twice)}, cols)
	for range 2 { // a second run sees nothing of the first
		out, err := p.Run(b)
		if err != nil {
			t.Fatal(err)
		}
		for row, w := range [][2]string{{"string abab", "int 4"}, {"error", "error"}, {"null", "error"}, {"string error", "int 5"}} {
			for c := range w {
				if got := outcome(out[c], row); got != w[c] {
					t.Errorf("row %d: %s, want %s", row, got, w[c])
				}
			}
		}
	}
}

// TestSearchAgreesWithRunes compares with cel-go's own way over []rune, on text that need not be UTF-8.
func TestSearchAgreesWithRunes(t *testing.T) {
	piece := rapid.SampledFrom([]string{"a", "b", "é", "😀", "\xff", "\ufffd", "e\u0301", "\xf0\x9f"})
	text := rapid.Map(rapid.SliceOfN(piece, 0, 8), func(p []string) string { return strings.Join(p, "") })
	cols := columns(value.String, value.String, value.Int)
	p := must(t, []query.Expr{
		call(query.OpIndexOf, value.Int, cols[0], cols[1], cols[2]), call(query.OpLastIndexOf, value.Int, cols[0], cols[1], cols[2]),
		call(query.OpIndexOf, value.Int, cols[0], cols[1]), call(query.OpLastIndexOf, value.Int, cols[0], cols[1]),
		call(query.OpSubstring, value.String, cols[0], cols[2]), call(query.OpCharAt, value.String, cols[0], cols[2]),
	}, cols)
	rapid.Check(t, func(t *rapid.T) {
		str, sub, off := text.Draw(t, "s"), rapid.OneOf(text, piece).Draw(t, "sub"), rapid.Int64Range(-2, 12).Draw(t, "off")
		b := value.NewBatch(types(cols)...)
		b.AppendRow(s(str), s(sub), i(off))
		out, err := p.Run(b)
		if err != nil {
			t.Fatal(err)
		}
		rs, ps := []rune(str), []rune(sub)
		find := func(off int64, last bool) string {
			n := int64(len(rs))
			switch {
			case off < 0:
				return "error"
			case len(ps) == 0:
				return want(i(min(off, n)))
			case off >= n:
				return want(i(-1))
			}
			at := func(k int64) bool {
				return k >= 0 && k+int64(len(ps)) <= n && string(rs[k:k+int64(len(ps))]) == string(ps)
			}
			for k := off; k >= 0 && k < n; {
				if at(k) {
					return want(i(k))
				}
				if last {
					k--
				} else {
					k++
				}
			}
			return want(i(-1))
		}
		last := want(i(-1))
		switch {
		case sub == "":
			last = want(i(int64(len(rs))))
		case len(str) >= len(sub):
			last = find(int64(len(rs))-1, true)
		}
		suffix, char := "error", "error"
		if off >= 0 && off <= int64(len(rs)) {
			suffix, char = want(s(string(rs[off:]))), want(s(""))
			if off < int64(len(rs)) {
				char = want(s(string(rs[off])))
			}
		}
		for k, w := range []string{find(off, false), find(off, true), find(0, false), last, suffix, char} {
			if got := outcome(out[k], 0); got != w {
				t.Errorf("%d of %q, %q, %d: %q, want %q", k, str, sub, off, got, w)
			}
		}
	})
}

// TestAllocations shows that what a run allocates does not grow with the rows.
func TestAllocations(t *testing.T) {
	cols := columns(value.Int, value.Double, value.Decimal, value.String, value.Timestamp, value.Duration, value.Bool, value.Uint)
	exprs := []query.Expr{
		and(call(query.OpGt, value.Bool, cols[0], intLit(5)), or(cols[6], call(query.OpEq, value.Bool, cols[3], strLit("x")))),
		call(query.OpLe, value.Bool, call(query.OpMul, value.Decimal, cols[2], cols[0]), lit(d("99.5"))),
		call(query.OpLt, value.Bool, cols[0], cols[1]), call(query.OpLt, value.Bool, cols[1], cols[2]), call(query.OpEq, value.Bool, cols[7], cols[0]),
		call(query.OpLt, value.Bool, call(query.OpAdd, value.Timestamp, cols[4], cols[5]), cols[4]), call(query.OpHours, value.Int, cols[4]),
		call(query.OpIn, value.Bool, cols[3], strLit("a"), strLit("b"), strLit("c"), strLit("d"), strLit("e")), call(query.OpIn, value.Bool, cols[0], intLit(1), intLit(2)),
		call(query.OpMatches, value.Bool, cols[3], strLit("^aB")), call(query.OpSize, value.Int, cols[3]), call(query.OpLowerASCII, value.String, cols[3]),
		call(query.OpToInt, value.Int, call(query.OpToString, value.String, cols[0])), call(query.OpCond, value.Double, cols[6], cols[1], lit(f(2))),
		call(query.OpEq, value.Bool, cols[3], null()), call(query.OpIsTrue, value.Bool, cols[6]),
	}
	p := must(t, exprs, cols)
	batch := func(n int) *value.Batch {
		b := value.NewBatch(types(cols)...)
		for k := range n {
			if k%7 == 0 {
				b.AppendRow()
				continue
			}
			b.AppendRow(i(int64(k)), f(float64(k)/3), value.DecimalValue(value.NewDec(int64(k), 2)), s(strings.Repeat("aB", k%9)), ts("2020-01-01T10:00:00Z"), du(time.Duration(k)), bo(k%2 == 0), u(uint64(k)))
		}
		return b
	}
	var allocs [2]float64
	for k, b := range []*value.Batch{batch(64), batch(6400)} {
		allocs[k] = testing.AllocsPerRun(5, func() {
			if _, err := p.Run(b); err != nil {
				t.Fatal(err)
			}
		})
	}
	if allocs[1] > allocs[0]+5 {
		t.Errorf("%v allocations for 64 rows, %v for 6,400", allocs[0], allocs[1])
	}
}

func TestCloneRunsAlone(t *testing.T) {
	cols := columns(value.Int)
	p := must(t, []query.Expr{call(query.OpAdd, value.Int, cols[0], intLit(1))}, cols)
	q := p.Clone()
	b, c := value.NewBatch(types(cols)...), value.NewBatch(types(cols)...)
	b.AppendRow(i(1))
	c.AppendRow(i(10))
	x, err1 := p.Run(b)
	y, err2 := q.Run(c)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	if x[0].Ints[0] != 2 || y[0].Ints[0] != 11 {
		t.Errorf("%d, %d", x[0].Ints[0], y[0].Ints[0])
	}
}
