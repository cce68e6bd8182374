package value_test

import (
	"math"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors/value"
	"pgregory.net/rapid"
)

func TestText(t *testing.T) {
	at := time.Date(2024, 2, 29, 12, 0, 0, 500_000_000, time.FixedZone("", 3600))
	for want, v := range map[string]value.Value{
		"null":                               value.NullValue(),
		"true":                               value.BoolValue(true),
		"-9223372036854775808":               value.IntValue(math.MinInt64),
		"18446744073709551615":               value.UintValue(math.MaxUint64),
		"1e+06":                              value.DoubleValue(1e6),
		"NaN":                                value.DoubleValue(math.NaN()),
		"-Inf":                               value.DoubleValue(math.Inf(-1)),
		"1.5":                                value.DecimalValue(value.NewDec(150, 2)),
		"é\x00":                              value.StringValue("é\x00"),
		"00ff":                               value.BytesValue([]byte{0, 255}),
		"2024-02-29T11:00:00.5Z":             value.TimestampValue(at),
		"2024-02-29T11:00:00.5":              value.LocalTimestampValue(at),
		"3600s":                              value.DurationValue(time.Hour),
		"-0.5s":                              value.DurationValue(-time.Second / 2),
		"9223372036.854775807s":              value.DurationValue(math.MaxInt64),
		"-9223372036.854775808s":             value.DurationValue(math.MinInt64),
		`{"a":1}`:                            value.JSONValue(`{"a":1}`),
		`["a, b", null]`:                     value.ListValue(value.Of(value.String), value.StringValue("a, b"), value.NullValue()),
		"[]":                                 value.ListValue(value.Of(value.Int)),
		"0001-01-01T00:00:00Z":               value.TimestampValue(time.Unix(value.MinUnix, 0)),
		"9999-12-31T23:59:59.999999999Z":     value.TimestampValue(time.Unix(value.MaxUnix, 999_999_999)),
		"[[1], []]":                          value.ListValue(value.ListOf(value.Of(value.Int)), value.ListValue(value.Of(value.Int), value.IntValue(1)), value.ListValue(value.Of(value.Int))),
		"123456789012345678901234567890.001": value.DecimalValue(parse(t, "123456789012345678901234567890.0010")),
	} {
		if got := v.Text(); got != want {
			t.Errorf("%s %q, want %q", v.Kind(), got, want)
		}
	}
}

// anyValue draws a value of any scalar kind.
func anyValue() *rapid.Generator[value.Value] {
	return rapid.OneOf(
		rapid.Just(value.NullValue()),
		rapid.Map(rapid.Bool(), value.BoolValue),
		rapid.Map(rapid.Int64(), value.IntValue),
		rapid.Map(rapid.Uint64(), value.UintValue),
		rapid.Map(rapid.Float64(), value.DoubleValue),
		rapid.Map(rapid.Map(rapid.Int64(), func(i int64) value.Dec { return value.NewDec(i, int32(uint64(i)%9)) }), value.DecimalValue),
		rapid.Map(rapid.String(), value.StringValue),
		rapid.Map(rapid.SliceOf(rapid.Byte()), value.BytesValue),
		rapid.Map(rapid.Int64Range(value.MinUnix, value.MaxUnix), func(s int64) value.Value { return value.TimestampValue(time.Unix(s, s&0xfffff)) }),
		rapid.Map(rapid.Int64(), func(d int64) value.Value { return value.DurationValue(time.Duration(d)) }),
	)
}

func TestCompareIsAnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyValue().Draw(t, "a"), anyValue().Draw(t, "b")
		x, okX := value.Compare(a, b)
		y, okY := value.Compare(b, a)
		if okX != okY || okX && x != -y {
			t.Fatalf("%v, %v: %d %v against %d %v", a, b, x, okX, y, okY)
		}
		if value.Equal(a, b) != value.Equal(b, a) || okX && value.Equal(a, b) != (x == 0) {
			t.Fatalf("%v, %v: equal %v, compare %d", a, b, value.Equal(a, b), x)
		}
		if nan := a.Kind() == value.Double && math.IsNaN(a.Double()); value.Equal(a, a) == nan {
			t.Fatalf("%v against itself", a)
		}
		if a.Kind() == b.Kind() && a.Kind() != value.Double && a.Text() == b.Text() && !value.Equal(a, b) {
			t.Fatalf("one text %q of two values", a.Text())
		}
	})
}

func TestBuilderGivesBackWhatItTook(t *testing.T) {
	kinds := []value.Kind{value.Bool, value.Int, value.Uint, value.Double, value.Decimal, value.String, value.Bytes, value.Timestamp, value.LocalTimestamp, value.Duration, value.JSON, value.List}
	sample := func(k value.Kind, n int) value.Value {
		switch k {
		case value.Bool:
			return value.BoolValue(n%2 == 0)
		case value.Int:
			return value.IntValue(int64(-n))
		case value.Uint:
			return value.UintValue(uint64(n))
		case value.Double:
			return value.DoubleValue(float64(n) / 3)
		case value.Decimal:
			return value.DecimalValue(value.NewDec(int64(n), 3))
		case value.String:
			return value.StringValue(string(rune('a' + n%26)))
		case value.Bytes:
			return value.BytesValue(make([]byte, n%5))
		case value.Timestamp:
			return value.TimestampValue(time.Unix(int64(n), int64(n)))
		case value.LocalTimestamp:
			return value.LocalTimestampValue(time.Unix(int64(n), int64(n)))
		case value.Duration:
			return value.DurationValue(time.Duration(n))
		case value.JSON:
			return value.JSONValue(`[1]`)
		default:
			return value.ListValue(value.Of(value.Int), value.IntValue(int64(n)))
		}
	}
	for _, k := range kinds {
		typ := value.Of(k)
		if k == value.List {
			typ = value.ListOf(value.Of(value.Int))
		}
		var v value.Vector
		for round := range 2 { // the second fills the buffers of the first
			v.Reset(typ)
			if v.N != 0 || v.Nulls != nil || v.Errs != nil {
				t.Fatalf("%s: not empty after Reset", k)
			}
			hole := func(n int) int { return (n + round) % 7 } // 0 null, 1 error
			const rows = 200
			for n := range rows {
				switch hole(n) {
				case 0:
					v.AppendNull()
				case 1:
					v.AppendErr()
				default:
					v.AppendValue(sample(k, n))
				}
			}
			var w value.Vector
			w.Reset(typ)
			for n := range rows {
				w.AppendFrom(&v, n)
			}
			b := value.Batch{N: rows, Cols: []value.Vector{v}}
			for _, x := range []*value.Vector{&v, &w, &b.Clone().Cols[0]} {
				if x.N != rows || len(x.Nulls) < value.Words(rows) || len(x.Errs) < value.Words(rows) {
					t.Fatalf("%s: %d rows, %d and %d words", k, x.N, len(x.Nulls), len(x.Errs))
				}
				for n := range rows {
					if x.IsNull(n) != (hole(n) == 0) || x.IsErr(n) != (hole(n) == 1) {
						t.Fatalf("%s: row %d: null %v, error %v", k, n, x.IsNull(n), x.IsErr(n))
					}
					if hole(n) > 1 && (!value.Equal(x.Value(n), sample(k, n)) || !x.Value(n).Type().Equal(typ)) {
						t.Fatalf("%s: row %d: %v", k, n, x.Value(n))
					}
				}
			}
		}
		v.Reset(typ)
		v.AppendValue(value.NullValue())
		other := value.StringValue("x")
		if k == value.String {
			other = value.IntValue(1)
		}
		v.AppendValue(other)
		if !v.IsNull(0) || !v.IsErr(1) {
			t.Errorf("%s: null or another kind is taken as a value", k)
		}
	}
	var v value.Vector
	v.Reset(value.Of(value.Timestamp))
	v.AppendTimestamp(value.MaxUnix+1, 0)
	v.AppendTimestamp(value.MinUnix, 0)
	if !v.IsErr(0) || v.IsErr(1) {
		t.Error("the bounds of timestamps")
	}
}

func TestZones(t *testing.T) {
	for _, s := range []string{"Local", "Mars/X", "+24:00", "-1:60", "1:-5", ":", "a:b", "+02:00:00", "../etc"} {
		if z, err := value.LoadZone(s); err == nil {
			t.Errorf("%q is zone %v", s, z)
		}
	}
	for s, east := range map[string]int{"": 0, "UTC": 0, "+02:00": 7200, "2:5": 7500, "-9:30": -34200, "-00:30": -1800, "Asia/Kathmandu": 20700} {
		z, err := value.LoadZone(s)
		if err != nil {
			t.Errorf("%q: %v", s, err)
			continue
		}
		if _, off := time.Unix(1.6e9, 0).In(z).Zone(); off != east {
			t.Errorf("%q is %d s east, want %d", s, off, east)
		}
	}
}
