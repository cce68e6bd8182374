package connectortest

import (
	"math"
	"strings"
	"time"

	"github.com/assay-dev/assay/connectors/value"
)

// hostileRows is the number of rows of HostileTable: every list of values below is shorter.
const hostileRows = 96

// HostileTable returns a table with a column of every kind, filled with the values at which stores
// differ from CEL and from each other. It is the same on every call. Row 0 holds null in every column but
// the key, row 1 plain values; then every column goes through all its values once and on in an
// order of its own, so that they meet in many combinations. Fit fits it to what an engine can hold.
func HostileTable() Table {
	tb := Table{Name: "hostile", Key: []string{"id"}}
	var lists [][]value.Value
	add := func(name string, ty value.Type, native map[Engine]string, vs []value.Value) {
		tb.Columns = append(tb.Columns, Column{Name: name, Type: ty, Native: native, NotNull: name == "id"})
		lists = append(lists, vs)
	}
	add("id", value.Of(value.Int), nil, nil)
	add("b", value.Of(value.Bool), nil, []value.Value{value.BoolValue(true), value.BoolValue(false), value.NullValue()})
	add("i", value.Of(value.Int), nil, hostileInts())
	add("i2", value.Of(value.Int), nil, hostileInts())
	add("i32", value.Of(value.Int), nativeInt32(), ints(7, 0, 1, -1, math.MaxInt32, math.MinInt32, math.MaxInt32-1, 46341, 65536, 100))
	add("u", value.Of(value.Uint), nil, hostileUints())
	add("d", value.Of(value.Double), nil, hostileDoubles())
	add("f", value.Of(value.Double), nativeFloat32(), doubles(1.5, 0, float64(float32(0.1)), 16777216, -2.25, float64(float32(3.4e38)), float64(float32(1e-45)), float64(float32(987.6543))))
	add("dec", value.Of(value.Decimal), nil, hostileDecimals())
	add("s", value.Of(value.String), nil, hostileStrings())
	add("k", value.Of(value.String), nativeShortText(), strs("new", "paid", "PAID", "cancelled", "", "Paid", "päid"))
	add("c", value.Of(value.String), nativeChar(), strs("abc", "ab", "", "x y", "ABC"))
	add("id4", value.Of(value.String), nativeUUID(), strs("0f0e0d0c-0b0a-4908-8706-050403020100", "ffffffff-ffff-4fff-bfff-ffffffffffff", "00000000-0000-0000-0000-000000000000"))
	add("by", value.Of(value.Bytes), nil, hostileBytes())
	add("ts", value.Of(value.Timestamp), nil, hostileTimes(value.TimestampValue))
	add("lt", value.Of(value.LocalTimestamp), nil, hostileTimes(value.LocalTimestampValue))
	add("day", value.Of(value.Timestamp), nativeDate(), hostileDays())
	add("tod", value.Of(value.Duration), nil, hostileClocks())
	add("j", value.Of(value.JSON), nil, hostileDocuments())
	add("li", value.ListOf(value.Of(value.Int)), nil, hostileIntLists())
	add("ls", value.ListOf(value.Of(value.String)), nil, hostileTextLists())
	for r := range hostileRows {
		row := make([]Cell, len(tb.Columns))
		row[0] = Cell{Value: value.IntValue(int64(r))}
		for c := 1; c < len(row); c++ {
			row[c] = Cell{Value: pick(lists[c], r, c)}
		}
		tb.Rows = append(tb.Rows, row)
	}
	return tb
}

// pick returns the value of row r in column c: null, a plain one, each of vs once, then any with nulls among them.
func pick(vs []value.Value, r, c int) value.Value {
	switch {
	case r == 0:
		return value.NullValue()
	case r-1 < len(vs):
		return vs[r-1]
	}
	h := uint64(r)*0x9E3779B97F4A7C15 ^ uint64(c)*0xC2B2AE3D27D4EB4F
	h ^= h >> 29
	h *= 0xBF58476D1CE4E5B9
	h ^= h >> 32
	n := uint64(len(vs)) + 1 + uint64(len(vs))/6
	if i := h % n; i < uint64(len(vs)) {
		return vs[i]
	}
	return value.NullValue()
}

func hostileInts() []value.Value {
	return ints(3, 5, 0, 1, -1, 2, -2, 10, 100, math.MaxInt64, math.MinInt64, math.MaxInt64-1, math.MinInt64+1,
		math.MaxInt32, math.MinInt32, math.MaxInt32+1, 1<<53, 1<<53+1, 1<<53-1, 3037000500, -3037000500, 4611686018427387904)
}

func hostileUints() []value.Value {
	return []value.Value{
		value.UintValue(3), value.UintValue(0), value.UintValue(1), value.UintValue(math.MaxUint64),
		value.UintValue(math.MaxInt64), value.UintValue(math.MaxInt64 + 1), value.UintValue(1 << 53),
	}
}

func hostileDoubles() []value.Value {
	return doubles(1.5, 0, math.Copysign(0, -1), 1, -1, 0.1, 0.2, 0.3, 2.5, -2.5, 3, math.NaN(), math.Inf(1), math.Inf(-1),
		math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, 2.2250738585072014e-308, 1<<53, 1<<53+2, 1e15, 1e16, 1e21, 1e-7,
		9223372036854775807, -9223372036854775808, 0.30000000000000004, 1.7976931348623155e308)
}

func hostileDecimals() []value.Value {
	texts := []string{
		"1.50", "0", "1.5", "1.500", "-1.5", "0.1", "0.2", "0.3", "100", "12345678901234567890123456789012345678",
		"-12345678901234567890123456789012345678", "0.00000000000000000001", "99999999999999999999.99999999999999999999",
		"9223372036854775807", "9223372036854775808", "3", "9007199254740993", "-0.01", "10.00",
	}
	out := make([]value.Value, len(texts))
	for i, s := range texts {
		d, err := value.ParseDec(s)
		if err != nil {
			continue // a null; TestHostile finds it
		}
		out[i] = value.DecimalValue(d)
	}
	return out
}

func hostileStrings() []value.Value {
	return strs("abc", "", " ", "abc  ", "  abc", "ABC", "aBc", "ab%", "a_c", `a\c`, `\`, "'", `"`, "`", "''; --", "a\x00b", "a\nb", "\r\n", "\t",
		"\x1b[31mred\x1b[0m", "😀", "a😀b", "é", "e\u0301", "É", "ß", "SS", "ss", "ı", "I", "İ", "i", "Σ", "ς", "σ", "שלום", "مرحبا", "\u202eabc",
		"12abc", " 12", "12", "1e3", "NaN", "007", "-5", "0x1F", "true", "null", "<script>alert(1)</script>", "${HOME}", "a.c", "a*c", "[a]", "^a$",
		"\u00a0abc\u00a0", "\u200b", "\ufeffabc", "\uffff", "\U0010ffff", "\ufffd", "zzz", "Z", "_", "aaaaaaaaaaaaaaaa", "10.0.0.1", "user@example.com",
		strings.Repeat("ü", 300), strings.Repeat("x", 5000))
}

func hostileBytes() []value.Value {
	texts := []string{"abc", "", "\x00", "\xff\xfe", "a\x00b", "\x80", "ABC", "'\\\"", "\x00\x01\x02\x03\x04\x05", strings.Repeat("\xab", 1000)}
	out := make([]value.Value, len(texts))
	for i, s := range texts {
		out[i] = value.BytesValue([]byte(s))
	}
	return out
}

func hostileTimes(of func(time.Time) value.Value) []value.Value {
	texts := []string{
		"2024-05-05T12:00:00Z", "2024-05-05T12:00:00.123456Z", "2024-05-05T12:00:00.123456789Z", "1970-01-01T00:00:00Z",
		"1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.5Z", "0001-01-01T00:00:00Z", "1582-10-10T00:00:00Z", "1582-10-15T00:00:00Z",
		"1900-01-01T00:00:00Z", "1900-02-28T23:59:59Z", "2000-02-29T00:00:00Z", "2024-02-29T23:59:59.999Z", "2023-12-31T23:59:59Z", "2024-12-31T23:59:59Z",
		"2024-03-31T01:30:00Z", "2024-03-31T02:30:00Z", "2024-10-27T00:30:00Z", "2024-10-27T01:30:00Z", "2038-01-19T03:14:08Z", "2038-01-19T03:14:07Z",
		"9999-12-31T23:59:59.999999Z", "2013-01-01T05:00:00Z", "1883-11-18T12:00:00Z", "2024-05-05T12:00:00.001Z", "1971-06-05T00:00:00Z",
	}
	return moments(of, texts)
}

func hostileDays() []value.Value {
	return moments(value.TimestampValue, []string{
		"2024-05-05T00:00:00Z", "1970-01-01T00:00:00Z", "1969-12-31T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z",
		"2024-02-29T00:00:00Z", "1900-03-01T00:00:00Z", "1582-10-14T00:00:00Z", "2023-12-31T00:00:00Z",
	})
}

func moments(of func(time.Time) value.Value, texts []string) []value.Value {
	out := make([]value.Value, len(texts))
	for i, s := range texts {
		at, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			continue // a null; TestHostile finds it
		}
		out[i] = of(at)
	}
	return out
}

func hostileClocks() []value.Value {
	var out []value.Value
	for _, d := range []time.Duration{
		12 * time.Hour, 0, 24 * time.Hour, 24*time.Hour - time.Microsecond, time.Microsecond, 12*time.Hour + 34*time.Minute + 56*time.Second, time.Second,
	} {
		out = append(out, value.DurationValue(d))
	}
	return out
}

func hostileDocuments() []value.Value {
	texts := []string{
		`{"a": 1, "b": {"c": [1, 2, {"d": "x"}]}}`, `{}`, `[]`, `null`, `true`, `"text"`, `42`, `{"a": null}`, `{"": "empty key"}`, `{"a": 9007199254740993}`,
		`{"a": 1.5, "é": "ü😀"}`, `[1, [2, [3, [4, [5]]]]]`, `{"a": "<b>\u001b[31m\"quoted\"\\ back"}`, `[null, false, "x"]`, `-1`,
	}
	out := make([]value.Value, len(texts))
	for i, s := range texts {
		out[i] = value.JSONValue(s)
	}
	return out
}

func hostileIntLists() []value.Value {
	e := value.Of(value.Int)
	one := value.IntValue(1)
	return []value.Value{
		value.ListValue(e, one, value.IntValue(2), value.IntValue(3)), value.ListValue(e), value.ListValue(e, one), value.ListValue(e, one, one),
		value.ListValue(e, one, value.NullValue(), value.IntValue(3)), value.ListValue(e, value.NullValue()),
		value.ListValue(e, value.IntValue(math.MaxInt64), value.IntValue(math.MinInt64)),
	}
}

func hostileTextLists() []value.Value {
	e := value.Of(value.String)
	s := value.StringValue
	return []value.Value{
		value.ListValue(e, s("a"), s("b")), value.ListValue(e), value.ListValue(e, s("")), value.ListValue(e, s("b"), s("a"), s("b")),
		value.ListValue(e, s("a"), value.NullValue()), value.ListValue(e, s(`x,"y"`), s("{}"), s(`\`), s("NULL"), s("null")), value.ListValue(e, s("é😀"), s(" ")),
	}
}

func ints(is ...int64) []value.Value {
	out := make([]value.Value, len(is))
	for n, i := range is {
		out[n] = value.IntValue(i)
	}
	return out
}

func doubles(fs ...float64) []value.Value {
	out := make([]value.Value, len(fs))
	for n, f := range fs {
		out[n] = value.DoubleValue(f)
	}
	return out
}

func strs(ss ...string) []value.Value {
	out := make([]value.Value, len(ss))
	for n, s := range ss {
		out[n] = value.StringValue(s)
	}
	return out
}
