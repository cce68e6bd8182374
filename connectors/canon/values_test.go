package canon_test

import (
	"math"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/value"
)

func dec(s string) value.Value {
	d, err := value.ParseDec(s)
	if err != nil {
		panic(err)
	}
	return value.DecimalValue(d)
}

func at(s string) value.Value {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return value.TimestampValue(t)
}

func local(s string) value.Value {
	t, err := time.Parse("2006-01-02T15:04:05", s)
	if err != nil {
		panic(err)
	}
	return value.LocalTimestampValue(t)
}

var (
	text  = value.StringValue
	js    = value.JSONValue
	dbl   = value.DoubleValue
	num   = value.IntValue
	span  = value.DurationValue
	bytes = func(s string) value.Value { return value.BytesValue([]byte(s)) }
	null  = value.NullValue()
)

func list(k value.Kind, vs ...value.Value) value.Value { return value.ListValue(value.Of(k), vs...) }

func lists(k value.Kind) value.Column {
	return value.Column{Name: "c", Type: value.ListOf(value.Of(k))}
}

// verdicts are rows of a pair of columns with what they must be.
type verdicts struct {
	name      string
	l, r      value.Column
	o         canon.Options
	equal     [][2]value.Value
	different [][2]value.Value
}

func within(t canon.Tolerance) canon.Options {
	t.Set = true
	return canon.Options{Tolerance: t}
}

const (
	uuidText = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
	uuidRaw  = "\x6b\xa7\xb8\x10\x9d\xad\x11\xd1\x80\xb4\x00\xc0\x4f\xd4\x30\xc8"
)

func tables() []verdicts {
	f32 := func(f float32) value.Value { return dbl(float64(f)) }
	pg := func(d int8) func(*value.Column) { return res(value.Resolution{Digits: d, From2000: true}) }
	cut := func(d int8) func(*value.Column) { return res(value.Resolution{Digits: d, Truncates: true}) }
	return []verdicts{
		{
			name: "integers of any width", l: col(value.Int), r: col(value.Uint),
			equal:     [][2]value.Value{{num(0), value.UintValue(0)}, {num(math.MaxInt64), value.UintValue(math.MaxInt64)}, {null, null}},
			different: [][2]value.Value{{num(-1), value.UintValue(math.MaxUint64)}, {num(math.MinInt64), value.UintValue(1 << 63)}, {num(0), null}, {null, value.UintValue(0)}},
		},
		{
			name: "int beside bool", l: col(value.Int), r: col(value.Bool),
			equal:     [][2]value.Value{{num(0), value.BoolValue(false)}, {num(1), value.BoolValue(true)}},
			different: [][2]value.Value{{num(2), value.BoolValue(true)}, {num(-1), value.BoolValue(true)}, {null, value.BoolValue(false)}},
		},
		{
			name: "unsigned bigint beside numeric", l: col(value.Uint), r: col(value.Decimal, digits(0)),
			equal:     [][2]value.Value{{value.UintValue(math.MaxUint64), dec("18446744073709551615")}, {value.UintValue(0), dec("0.00")}},
			different: [][2]value.Value{{value.UintValue(math.MaxUint64), dec("18446744073709551614")}, {value.UintValue(1), dec("1.5")}},
		},
		{
			name: "decimals of one scale", l: col(value.Decimal, digits(2)), r: col(value.Decimal, digits(2)),
			equal:     [][2]value.Value{{dec("1.10"), dec("1.1")}, {dec("-0.00"), dec("0")}, {dec("123456789012345678901234567890.50"), dec("123456789012345678901234567890.5")}},
			different: [][2]value.Value{{dec("1.10"), dec("1.11")}, {dec("0.1"), dec("-0.1")}, {dec("123456789012345678901234567890.51"), dec("123456789012345678901234567890.5")}},
		},
		{
			name: "decimals of two scales", l: col(value.Decimal, digits(6)), r: col(value.Decimal, digits(3)),
			equal:     [][2]value.Value{{dec("1.000500"), dec("1.001")}, {dec("-1.000500"), dec("-1.001")}, {dec("1.000499"), dec("1")}},
			different: [][2]value.Value{{dec("1.000500"), dec("1")}, {dec("1.001"), dec("1.002")}},
		},
		{
			name: "decimals, one without a scale", l: col(value.Decimal), r: col(value.Decimal),
			equal:     [][2]value.Value{{dec("1e-30"), dec("1e-30")}},
			different: [][2]value.Value{{dec("1e-30"), dec("0")}},
		},
		{
			name: "doubles", l: col(value.Double), r: col(value.Double),
			equal:     [][2]value.Value{{dbl(math.NaN()), dbl(math.NaN())}, {dbl(0), dbl(math.Copysign(0, -1))}, {dbl(math.Inf(1)), dbl(math.Inf(1))}, {dbl(0.1), dbl(0.1)}},
			different: [][2]value.Value{{dbl(0.1), dbl(math.Nextafter(0.1, 1))}, {dbl(math.NaN()), dbl(0)}, {dbl(math.Inf(1)), dbl(math.Inf(-1))}, {dbl(math.Inf(1)), dbl(math.MaxFloat64)}, {dbl(math.NaN()), null}},
		},
		{
			name: "real beside double", l: col(value.Double, single), r: col(value.Double),
			equal:     [][2]value.Value{{f32(0.1), dbl(0.1)}, {f32(1.0 / 3), dbl(1.0 / 3)}, {dbl(math.NaN()), dbl(math.NaN())}, {dbl(0), dbl(1e-300)}, {dbl(0), dbl(-1e-300)}},
			different: [][2]value.Value{{f32(0.1), dbl(0.10000001)}, {dbl(math.Inf(1)), dbl(1e300)}},
		},
		{
			name: "int beside double", l: col(value.Int), r: col(value.Double),
			equal:     [][2]value.Value{{num(1 << 53), dbl(1 << 53)}, {num(math.MinInt64), dbl(math.MinInt64)}, {num(0), dbl(math.Copysign(0, -1))}},
			different: [][2]value.Value{{num(1<<53 + 1), dbl(1 << 53)}, {num(math.MaxInt64), dbl(1 << 63)}, {num(1), dbl(1.5)}, {num(0), dbl(math.NaN())}, {num(1), dbl(math.Inf(1))}},
		},
		{
			name: "unsigned beside double", l: col(value.Uint), r: col(value.Double),
			equal:     [][2]value.Value{{value.UintValue(1 << 63), dbl(1 << 63)}},
			different: [][2]value.Value{{value.UintValue(math.MaxUint64), dbl(1 << 64)}, {value.UintValue(1<<63 + 1), dbl(1 << 63)}},
		},
		{
			name: "double beside decimal", l: col(value.Double), r: col(value.Decimal, digits(2)),
			equal: [][2]value.Value{
				{dbl(3.14159), dec("3.14")},
				{dbl(2.675), dec("2.68")},
				{dbl(2.675), dec("2.67")},
				{dbl(0.125), dec("0.13")},
				{dbl(-0.125), dec("-0.13")},
				{dbl(0.1), dec("0.1")},
				{dbl(0.001), dec("0")},
				{dbl(12345678901234567), dec("12345678901234568")},
			},
			different: [][2]value.Value{{dbl(3.14159), dec("3.15")}, {dbl(0.125), dec("0.12")}, {dbl(math.NaN()), dec("0")}, {dbl(math.Inf(1)), dec("1")}, {dbl(0.006), dec("0")}},
		},
		{
			name: "double beside decimal without a scale", l: col(value.Decimal), r: col(value.Double),
			equal:     [][2]value.Value{{dec("0.1"), dbl(0.1)}, {dec("0.1000000000000000055511151231257827"), dbl(0.1)}},
			different: [][2]value.Value{{dec("0.1000000000000001"), dbl(0.1)}, {dec("0.333333333333333"), dbl(1.0 / 3)}},
		},
		{
			name: "real beside decimal", l: col(value.Double, single), r: col(value.Decimal, digits(10)),
			equal: [][2]value.Value{
				{f32(0.1), dec("0.1")},
				{f32(0.1), dec("0.1000000015")},
				{f32(1.0 / 3), dec("0.33333334")},
				{f32(1.0 / 3), dec("0.3333333433")},
				{f32(16777216), dec("16777217")},
				{f32(16777218), dec("16777217.0000000001")},
				{f32(16777216), dec("16777216.9999999999")},
			},
			different: [][2]value.Value{{f32(0.1), dec("0.1000001")}, {f32(1.0 / 3), dec("0.333333")}, {f32(16777218), dec("16777217")}},
		},
		{
			name: "text", l: col(value.String), r: col(value.String),
			equal:     [][2]value.Value{{text(""), text("")}, {text("😀é"), text("😀é")}},
			different: [][2]value.Value{{text("a"), text("A")}, {text("é"), text("e\u0301")}, {text("a"), text("a ")}, {text(""), null}, {text("ß"), text("ss")}, {null, text("<null>")}},
		},
		{
			name: "normalised text", l: col(value.String), r: col(value.String), o: canon.Options{Normalize: []canon.Normal{canon.Casefold, canon.Trim, canon.NFC}},
			equal:     [][2]value.Value{{text("É "), text("e\u0301")}, {text("STRASSE"), text("straße")}, {text("\u00a0a\t"), text("A")}, {text("ΌΣΟΣ"), text("όσοσ")}, {text("α\u0345\u0301"), text("ά\u0345")}},
			different: [][2]value.Value{{text("é"), text("e")}, {text("a b"), text("ab")}, {text(""), null}, {text("\xff"), text("\xfe")}, {text("I"), text("ı")}},
		},
		{
			name: "NFC alone", l: col(value.String), r: col(value.String), o: canon.Options{Normalize: []canon.Normal{canon.NFC}},
			equal:     [][2]value.Value{{text("é"), text("e\u0301")}, {text("가"), text("\u1100\u1161")}},
			different: [][2]value.Value{{text("É"), text("e\u0301")}, {text("ﬁ"), text("fi")}},
		},
		{
			name: "bytes beside text", l: col(value.Bytes), r: col(value.String),
			equal:     [][2]value.Value{{bytes("é"), text("é")}, {bytes(""), text("")}},
			different: [][2]value.Value{{bytes("\xe9"), text("é")}, {bytes("a\x00"), text("a")}},
		},
		{
			name: "uuid beside text", l: col(value.String, shaped(value.UUID)), r: col(value.String),
			equal:     [][2]value.Value{{text(uuidText), text("6BA7B810-9DAD-11D1-80B4-00C04FD430C8")}, {text(uuidText), text("6ba7b8109dad11d180b400c04fd430c8")}, {text(uuidText), text("{" + uuidText + "}")}, {text(uuidText), text("URN:UUID:" + uuidText)}},
			different: [][2]value.Value{{text(uuidText), text("6ba7b810-9dad-11d1-80b4-00c04fd430c9")}, {text(uuidText), text("")}, {text(uuidText), text(uuidText + " ")}, {text(uuidText), text("6ba7b8109-dad-11d1-80b4-00c04fd430c8")}, {text(uuidText), text("6ba7b81009dad011d1080b4000c04fd430c8")}},
		},
		{
			name: "uuid beside bytes", l: col(value.String, shaped(value.UUID)), r: col(value.Bytes),
			equal:     [][2]value.Value{{text(uuidText), bytes(uuidRaw)}, {text(uuidText), bytes(uuidText)}},
			different: [][2]value.Value{{text(uuidText), bytes(uuidRaw[1:] + "\x00")}, {text(uuidText), bytes(uuidRaw[1:])}, {text(uuidText), bytes("")}},
		},
		{
			name: "instants, the coarser rounds up", l: col(value.Timestamp, digits(3)), r: col(value.Timestamp, pg(6)),
			equal:     [][2]value.Value{{at("2024-02-29T12:00:00.123Z"), at("2024-02-29T12:00:00.123499Z")}, {at("1969-12-31T23:59:59.001Z"), at("1969-12-31T23:59:59.000500Z")}, {at("2025-01-01T00:00:00Z"), at("2024-12-31T23:59:59.9995Z")}},
			different: [][2]value.Value{{at("2024-02-29T12:00:00.123Z"), at("2024-02-29T12:00:00.1235Z")}, {at("1969-12-31T23:59:59Z"), at("1969-12-31T23:59:59.000500Z")}},
		},
		{
			name: "instants, the coarser rounds away from 2000", l: col(value.Timestamp, pg(3)), r: col(value.Timestamp, digits(6)),
			equal:     [][2]value.Value{{at("2024-02-29T12:00:00.124Z"), at("2024-02-29T12:00:00.123500Z")}, {at("1999-12-31T23:59:59Z"), at("1999-12-31T23:59:59.000500Z")}, {at("1960-01-01T00:00:00.001Z"), at("1960-01-01T00:00:00.000501Z")}},
			different: [][2]value.Value{{at("1999-12-31T23:59:59.001Z"), at("1999-12-31T23:59:59.000500Z")}},
		},
		{
			name: "nanoseconds beside PostgreSQL", l: col(value.Timestamp, pg(6)), r: col(value.Timestamp, cut(9)),
			equal:     [][2]value.Value{{at("2024-01-01T00:00:00Z"), at("2024-01-01T00:00:00.0000005Z")}, {at("2024-01-01T00:00:00.000002Z"), at("2024-01-01T00:00:00.0000015Z")}, {at("2024-01-01T00:00:00.000002Z"), at("2024-01-01T00:00:00.0000025Z")}},
			different: [][2]value.Value{{at("2024-01-01T00:00:00.000001Z"), at("2024-01-01T00:00:00.0000005Z")}, {at("2024-01-01T00:00:00.000003Z"), at("2024-01-01T00:00:00.0000025Z")}},
		},
		{
			name: "instants, the coarser cuts", l: col(value.Timestamp, pg(6)), r: col(value.Timestamp, cut(3)),
			equal:     [][2]value.Value{{at("2024-02-29T12:00:00.123999Z"), at("2024-02-29T12:00:00.123Z")}, {at("2024-02-29T12:00:00.123999Z"), at("2024-02-29T12:00:00.123999Z")}, {at("1969-12-31T23:59:59.9999Z"), at("1969-12-31T23:59:59.999Z")}},
			different: [][2]value.Value{{at("2024-02-29T12:00:00.123999Z"), at("2024-02-29T12:00:00.124Z")}},
		},
		{
			name: "instants of like digits, one side's cut where they are read", l: col(value.Timestamp, digits(3)), r: col(value.Timestamp, cut(3)),
			equal:     [][2]value.Value{{at("2024-02-29T12:00:00.123Z"), at("2024-02-29T12:00:00.1239Z")}},
			different: [][2]value.Value{{at("2024-02-29T12:00:00.124Z"), at("2024-02-29T12:00:00.1239Z")}},
		},
		{
			name: "instants to a tenth, which one side does not keep", l: col(value.Timestamp, digits(3)), r: col(value.Timestamp, digits(0)), o: canon.Options{Digits: new(int8(1))},
			equal:     [][2]value.Value{{at("2024-02-29T12:00:00.09Z"), at("2024-02-29T12:00:00Z")}},
			different: [][2]value.Value{{at("2024-02-29T12:00:00.1Z"), at("2024-02-29T12:00:00Z")}, {at("2024-02-29T12:00:00.99Z"), at("2024-02-29T12:00:01Z")}},
		},
		{
			name: "instants to the second", l: col(value.Timestamp, pg(6)), r: col(value.Timestamp, digits(3)), o: canon.Options{Digits: new(int8(0))},
			equal:     [][2]value.Value{{at("2024-02-29T12:00:00.1239Z"), at("2024-02-29T12:00:00.9Z")}, {at("2024-02-29T12:00:00.9996Z"), at("2024-02-29T12:00:01Z")}, {at("1960-02-29T12:00:00.1239Z"), at("1960-02-29T12:00:00.9Z")}},
			different: [][2]value.Value{{at("2024-02-29T12:00:00.9994Z"), at("2024-02-29T12:00:01Z")}},
		},
		{
			name: "instants to the day", l: col(value.Timestamp), r: col(value.Timestamp), o: canon.Options{PrecisionSeconds: 86400},
			equal:     [][2]value.Value{{at("2024-02-29T00:00:00Z"), at("2024-02-29T23:59:59.9Z")}, {at("1960-02-29T00:00:00Z"), at("1960-02-29T23:59:59Z")}},
			different: [][2]value.Value{{at("2024-02-29T00:00:00Z"), at("2024-02-28T23:59:59.9Z")}},
		},
		{
			name: "instants within a second", l: col(value.Timestamp), r: col(value.Timestamp), o: within(canon.Tolerance{Abs: value.NewDec(15, 1)}),
			equal:     [][2]value.Value{{at("2024-02-29T00:00:00Z"), at("2024-02-29T00:00:01.5Z")}, {at("2024-02-29T00:00:01Z"), at("2024-02-28T23:59:59.5Z")}},
			different: [][2]value.Value{{at("2024-02-29T00:00:00Z"), at("2024-02-29T00:00:01.500000001Z")}, {at("0001-01-01T00:00:00Z"), at("9999-12-31T00:00:00Z")}},
		},
		{
			name: "wall clocks", l: col(value.LocalTimestamp, pg(6)), r: col(value.LocalTimestamp, digits(0)),
			equal:     [][2]value.Value{{local("2024-02-29T12:00:00.5"), local("2024-02-29T12:00:01")}},
			different: [][2]value.Value{{local("2024-02-29T12:00:00.5"), local("2024-02-29T12:00:00")}},
		},
		{
			name: "day beside wall clock", l: col(value.Timestamp, shaped(value.Date)), r: col(value.LocalTimestamp, digits(0)),
			equal:     [][2]value.Value{{at("2024-03-28T00:00:00Z"), local("2024-03-28T00:00:00")}, {at("9999-12-31T00:00:00Z"), local("9999-12-31T00:00:00")}},
			different: [][2]value.Value{{at("2024-03-28T00:00:00Z"), local("2024-03-28T00:00:01")}, {at("2024-03-28T00:00:00Z"), local("2024-03-27T00:00:00")}},
		},
		{
			name: "day beside a wall clock of a zone", l: col(value.Timestamp, shaped(value.Date)), r: col(value.Timestamp, zoned("Europe/Berlin"), digits(6)),
			equal:     [][2]value.Value{{at("2024-03-28T00:00:00Z"), at("2024-03-27T23:00:00Z")}, {at("2024-07-01T00:00:00Z"), at("2024-06-30T22:00:00Z")}},
			different: [][2]value.Value{{at("2024-03-28T00:00:00Z"), at("2024-03-28T00:00:00Z")}},
		},
		{
			name: "day beside instant", l: col(value.Timestamp, shaped(value.Date)), r: col(value.Timestamp, pg(6)),
			equal:     [][2]value.Value{{at("2024-03-28T00:00:00Z"), at("2024-03-28T00:00:00Z")}},
			different: [][2]value.Value{{at("2024-03-28T00:00:00Z"), at("2024-03-28T00:00:00.000001Z")}},
		},
		{
			name: "durations", l: col(value.Duration, digits(6)), r: col(value.Duration, digits(0)),
			equal:     [][2]value.Value{{span(1500 * time.Millisecond), span(2 * time.Second)}, {span(-1500 * time.Millisecond), span(-2 * time.Second)}, {span(1499 * time.Millisecond), span(time.Second)}},
			different: [][2]value.Value{{span(1500 * time.Millisecond), span(time.Second)}, {span(-1500 * time.Millisecond), span(-time.Second)}, {span(math.MaxInt64), span(math.MinInt64)}},
		},
	}
}

func TestVerdicts(t *testing.T) {
	for _, c := range append(tables(), moreTables()...) {
		t.Run(c.name, func(t *testing.T) {
			f := pair(t, c.l, c.r, c.o)
			if len(c.equal) == 0 || len(c.different) == 0 {
				t.Fatal("nothing to compare")
			}
			for _, x := range c.equal {
				if !same(t, &f, x[0], x[1]) {
					t.Errorf("%v and %v differ", x[0], x[1])
				}
			}
			for _, x := range c.different {
				if same(t, &f, x[0], x[1]) {
					t.Errorf("%v and %v are equal", x[0], x[1])
				}
			}
		})
	}
}
