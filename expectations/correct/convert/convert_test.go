package convert_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/correct/convert"
)

func col(k value.Kind, native string, with ...func(*value.Column)) value.Column {
	c := value.Column{Name: "c", Type: value.Of(k), Native: native}
	for _, w := range with {
		w(&c)
	}
	return c
}

func keeps(digits int8, with ...func(*value.Resolution)) func(*value.Column) {
	return func(c *value.Column) {
		c.Resolution.Known, c.Resolution.Digits = true, digits
		for _, w := range with {
			w(&c.Resolution)
		}
	}
}

func cuts(r *value.Resolution)     { r.Truncates = true }
func from2000(r *value.Resolution) { r.From2000 = true }
func single(c *value.Column)       { c.Resolution.Single = true }
func day(c *value.Column)          { c.Shape = value.Date }
func uuid(c *value.Column)         { c.Shape = value.UUID }
func notNull(c *value.Column)      { c.NotNull = true }

func zoned(z string) func(*value.Column) { return func(c *value.Column) { c.Zone = z } }

func list(k value.Kind) value.Column {
	return value.Column{Name: "c", Type: value.ListOf(value.Of(k))}
}

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

var text, num, dbl, js = value.StringValue, value.IntValue, value.DoubleValue, value.JSONValue

const id = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"

func TestConvert(t *testing.T) {
	raw, _ := canon.ParseUUID(id)
	for _, c := range []struct {
		name     string
		from, to value.Column
		driver   string
		in, want value.Value
		refused  string // a part of the reason
	}{
		{"int", col(value.Int, ""), col(value.Int, "integer"), "postgres", num(5), num(5), ""},
		{"int beyond", col(value.Int, ""), col(value.Int, "integer"), "postgres", num(1 << 31), value.Value{}, "outside"},
		{"smallint least", col(value.Int, ""), col(value.Int, "smallint"), "mysql", num(-32768), num(-32768), ""},
		{"tinyint", col(value.Int, ""), col(value.Int, "tinyint(4)"), "mysql", num(128), value.Value{}, "outside"},
		{"unsigned", col(value.Int, ""), col(value.Uint, "int unsigned"), "mysql", num(math.MaxUint32), value.UintValue(math.MaxUint32), ""},
		{"unsigned beyond", col(value.Int, ""), col(value.Uint, "int unsigned"), "mysql", num(math.MaxUint32 + 1), value.Value{}, "outside"},
		{"negative", col(value.Int, ""), col(value.Uint, "bigint unsigned"), "mysql", num(-1), value.Value{}, "negative"},
		{"short", col(value.Int, ""), col(value.Int, "short"), "elasticsearch", num(40000), value.Value{}, "outside"},
		{"SQLite holds any", col(value.Int, ""), col(value.Int, "SMALLINT"), "sqlite", num(40000), num(40000), ""},
		{"flag", col(value.Int, ""), col(value.Bool, ""), "postgres", num(1), value.BoolValue(true), ""},
		{"no flag", col(value.Int, ""), col(value.Bool, ""), "postgres", num(2), value.Value{}, "0 and 1"},
		{"bool", col(value.Bool, ""), col(value.Int, "tinyint(1)"), "mysql", value.BoolValue(true), num(1), ""},
		{"whole decimal", col(value.Decimal, ""), col(value.Int, "bigint"), "postgres", dec("7.00"), num(7), ""},
		{"fraction", col(value.Decimal, ""), col(value.Int, "bigint"), "postgres", dec("7.01"), value.Value{}, "fraction"},
		{"rounded to the scale", col(value.Decimal, "", keeps(4)), col(value.Decimal, "numeric(6,2)", keeps(2)), "postgres", dec("1.005"), dec("1.01"), ""},
		{"too many digits", col(value.Decimal, ""), col(value.Decimal, "numeric(6,2)", keeps(2)), "postgres", dec("10000.00"), value.Value{}, "outside"},
		{"most digits", col(value.Decimal, ""), col(value.Decimal, "decimal(6,2)", keeps(2)), "mysql", dec("-9999.99"), dec("-9999.99"), ""},
		{"a decimal that SQLite would cut", col(value.Decimal, ""), col(value.Decimal, "DECIMAL(30,2)"), "sqlite", dec("12345678901234567.25"), value.Value{}, "digits"},
		{"a decimal in SQLite", col(value.Decimal, ""), col(value.Decimal, "DECIMAL(30,2)"), "sqlite", dec("1234567.25"), dec("1234567.25"), ""},
		{"double of a decimal", col(value.Decimal, "", keeps(2)), col(value.Double, ""), "postgres", dec("0.10"), dbl(0.1), ""},
		{"decimal of a double", col(value.Double, ""), col(value.Decimal, "numeric(9,2)", keeps(2)), "postgres", dbl(0.1), dec("0.1"), ""},
		{"no decimal of NaN", col(value.Double, ""), col(value.Decimal, ""), "postgres", dbl(math.NaN()), value.Value{}, "finite"},
		{"int that no double is", col(value.Int, ""), col(value.Double, ""), "mysql", num(1<<53 + 1), value.Value{}, "no value of the column's type"},
		{"single", col(value.Double, ""), col(value.Double, "real", single), "postgres", dbl(0.1), dbl(float64(float32(0.1))), ""},
		{"beyond single", col(value.Double, ""), col(value.Double, "real", single), "postgres", dbl(1e300), value.Value{}, "beyond"},
		{"text", col(value.String, ""), col(value.String, "varchar(3)"), "mysql", text("äöü"), text("äöü"), ""},
		{"too long", col(value.String, ""), col(value.String, "character varying(3)"), "postgres", text("four"), value.Value{}, "3 characters"},
		{"tinytext", col(value.String, ""), col(value.String, "tinytext"), "mysql", text(strings.Repeat("ä", 128)), value.Value{}, "255 bytes"},
		{"char with a space", col(value.String, ""), col(value.String, "character(5)"), "postgres", text("a "), value.Value{}, "spaces"},
		{"NUL", col(value.String, ""), col(value.String, "text"), "postgres", text("a\x00"), value.Value{}, "NUL"},
		{"invalid UTF-8", col(value.Bytes, ""), col(value.String, "text"), "mysql", value.BytesValue([]byte("\xff")), value.Value{}, "UTF-8"},
		{"a label", col(value.String, ""), col(value.String, "enum('a','it''s')"), "mysql", text("it's"), text("it's"), ""},
		{"no label", col(value.String, ""), col(value.String, "enum('a','b')"), "mysql", text("c"), value.Value{}, "label"},
		{"uuid to char", col(value.String, "uuid", uuid), col(value.String, "char(36)"), "mysql", text(id), text(id), ""},
		{"char to uuid", col(value.String, "char(36)"), col(value.String, "uuid", uuid), "postgres", text(strings.ToUpper(id)), text(id), ""},
		{"uuid to bytes", col(value.String, "uuid", uuid), col(value.Bytes, "binary(16)"), "mysql", text(id), value.BytesValue(raw[:]), ""},
		{"bytes to uuid", col(value.Bytes, "binary(16)"), col(value.String, "uuid", uuid), "postgres", value.BytesValue(raw[:]), text(id), ""},
		{"no uuid", col(value.String, "text"), col(value.String, "uuid", uuid), "postgres", text("x"), value.Value{}, "UUID"},
		{"cut to the second", col(value.Timestamp, "", keeps(6)), col(value.Timestamp, "datetime", keeps(0, cuts)), "mysql", at("2024-01-01T10:00:00.9Z"), at("2024-01-01T10:00:00Z"), ""},
		{"rounded to the second", col(value.Timestamp, "", keeps(6)), col(value.Timestamp, "datetime", keeps(0)), "mysql", at("2024-01-01T10:00:00.5Z"), at("2024-01-01T10:00:01Z"), ""},
		{"rounded from 2000", col(value.Timestamp, "", keeps(9)), col(value.Timestamp, "timestamptz", keeps(6, from2000)), "postgres", at("2024-01-01T10:00:00.0000005Z"), at("2024-01-01T10:00:00Z"), ""},
		{"before MySQL's time", col(value.Timestamp, ""), col(value.Timestamp, "timestamp"), "mysql", at("1960-01-01T10:00:00Z"), value.Value{}, "outside"},
		{"a day", col(value.Timestamp, ""), col(value.Timestamp, "date", day), "postgres", at("2024-01-01T00:00:00Z"), at("2024-01-01T00:00:00Z"), ""},
		{"no day", col(value.Timestamp, ""), col(value.Timestamp, "date", day), "postgres", at("2024-01-01T01:00:00Z"), value.Value{}, "whole day"},
		{"a day of a zone", col(value.Timestamp, "datetime", zoned("Europe/Berlin")), col(value.Timestamp, "date", day), "postgres", at("2024-01-01T23:00:00Z"), at("2024-01-02T00:00:00Z"), ""},
		{"a day in a zone", col(value.Timestamp, "date", day), col(value.Timestamp, "datetime", zoned("Europe/Berlin")), "mysql", at("2024-07-02T00:00:00Z"), at("2024-07-01T22:00:00Z"), ""},
		{"shown twice", col(value.Timestamp, ""), col(value.Timestamp, "datetime", zoned("Europe/Berlin")), "mysql", at("2024-10-27T00:30:00Z"), value.Value{}, "twice"},
		{"shown twice, the later", col(value.Timestamp, ""), col(value.Timestamp, "datetime", zoned("Europe/Berlin")), "mysql", at("2024-10-27T01:30:00Z"), at("2024-10-27T01:30:00Z"), ""},
		{"a span", col(value.Duration, "", keeps(9)), col(value.Duration, "time", keeps(0, cuts)), "mysql", value.DurationValue(1999 * time.Millisecond), value.DurationValue(time.Second), ""},
		{"JSON of text", col(value.String, ""), col(value.JSON, "jsonb"), "postgres", text(`{"a": 1}`), js(`{"a": 1}`), ""},
		{"no JSON", col(value.String, ""), col(value.JSON, "jsonb"), "postgres", text(`{`), value.Value{}, "JSON"},
		{"an array", col(value.JSON, ""), list(value.Int), "elasticsearch", js(`[1, 2.0, null]`), value.ListValue(value.Of(value.Int), num(1), num(2), value.NullValue()), ""},
		{"no array of numbers", col(value.JSON, ""), list(value.Int), "elasticsearch", js(`[1, "2"]`), value.Value{}, "element"},
		{"JSON of a list", list(value.String), col(value.JSON, "json"), "mysql", value.ListValue(value.Of(value.String), text("<a>"), text("\"")), js(`["<a>","\""]`), ""},
		{"a list", list(value.Int), list(value.Decimal), "elasticsearch", value.ListValue(value.Of(value.Int), num(3)), value.ListValue(value.Of(value.Decimal), dec("3")), ""},
		{"null", col(value.Int, ""), col(value.Int, ""), "postgres", value.NullValue(), value.NullValue(), ""},
		{"no null", col(value.Int, ""), col(value.Int, "", notNull), "postgres", value.NullValue(), value.Value{}, "no null"},
	} {
		t.Run(c.name, func(t *testing.T) {
			conv, err := convert.New(c.from, c.to, c.driver, canon.Options{})
			if err != nil {
				t.Fatal(err)
			}
			got, err := conv.Convert(c.in)
			switch {
			case c.refused != "":
				if no, ok := errors.AsType[*convert.RefusedError](err); !ok || !strings.Contains(no.Reason, c.refused) {
					t.Errorf("got %s, %v, want it refused: %s", got.Text(), err, c.refused)
				}
			case err != nil:
				t.Error(err)
			case got.Kind() != c.want.Kind() || got.Text() != c.want.Text():
				t.Errorf("got %s %s, want %s", got.Type(), got.Text(), c.want.Text())
			}
		})
	}
}

func TestIncomparable(t *testing.T) {
	_, err := convert.New(col(value.String, ""), col(value.Int, ""), "postgres", canon.Options{})
	if _, ok := errors.AsType[*canon.IncomparableError](err); !ok {
		t.Errorf("got %v", err)
	}
}

// columns are those that values are brought from and to.
func columns() map[string]value.Column {
	return map[string]value.Column{
		"bool": col(value.Bool, "boolean"), "int": col(value.Int, "bigint"), "smallint": col(value.Int, "smallint"), "uint": col(value.Uint, "bigint unsigned"),
		"double": col(value.Double, "double"), "single": col(value.Double, "real", single), "decimal": col(value.Decimal, "numeric"),
		"decimal(9,2)": col(value.Decimal, "decimal(9,2)", keeps(2)), "decimal(5,4)": col(value.Decimal, "decimal(5,4)", keeps(4)),
		"text": col(value.String, "text"), "varchar(5)": col(value.String, "varchar(5)"), "uuid": col(value.String, "uuid", uuid), "bytes": col(value.Bytes, "blob"), "binary(16)": col(value.Bytes, "binary(16)"),
		"instant": col(value.Timestamp, "timestamptz", keeps(6, from2000)), "instant(3)": col(value.Timestamp, "timestamp(3)", keeps(3)), "instant(0)": col(value.Timestamp, "datetime", keeps(0, cuts)),
		"naive": col(value.Timestamp, "datetime(6)", keeps(6), zoned("Europe/Berlin")), "naive NY": col(value.Timestamp, "datetime", keeps(0), zoned("America/New_York")),
		"date": col(value.Timestamp, "date", day), "local": col(value.LocalTimestamp, "timestamp", keeps(6, from2000)), "local(0)": col(value.LocalTimestamp, "datetime", keeps(0)),
		"span": col(value.Duration, "time(6)", keeps(6)), "span(0)": col(value.Duration, "time", keeps(0, cuts)), "json": col(value.JSON, "json"),
		"ints": list(value.Int), "doubles": list(value.Double), "texts": list(value.String), "decimals": list(value.Decimal),
	}
}

// draw makes a value of a column.
func draw(r *rand.Rand, c value.Column) value.Value {
	pick := func(vs ...value.Value) value.Value { return vs[r.IntN(len(vs))] }
	switch c.Type.Kind {
	case value.Bool:
		return value.BoolValue(r.IntN(2) == 0)
	case value.Int:
		return pick(num(0), num(1), num(-1), num(r.Int64()), num(r.Int64N(1000)), num(math.MinInt64), num(1<<53+1), num(40000))
	case value.Uint:
		return pick(value.UintValue(0), value.UintValue(1), value.UintValue(r.Uint64()), value.UintValue(math.MaxUint64))
	case value.Double:
		x := pick(dbl(0), dbl(math.Copysign(0, -1)), dbl(0.1), dbl(1), dbl(r.NormFloat64()), dbl(r.NormFloat64()*1e20), dbl(math.NaN()), dbl(math.Inf(1)), dbl(math.MaxFloat64), dbl(5e-324), dbl(1<<63))
		if c.Resolution.Single {
			return dbl(float64(float32(x.Double())))
		}
		return x
	case value.Decimal:
		d := pick(dec("0"), dec("1"), dec("0.005"), dec("-1.015"), dec("9999999.99"), dec("12345678901234567890.5"), dec("0.1"), value.DecimalValue(value.NewDec(r.Int64N(1e9), 3))).Decimal()
		if c.Resolution.Known {
			d = d.Round(int32(c.Resolution.Digits))
		}
		return value.DecimalValue(d)
	case value.String:
		if c.Shape == value.UUID {
			return text(id)
		}
		return pick(text(""), text("a"), text("äöüß"), text("longer than five"), text(strings.ToUpper(id)), text("{\"a\": [1]}"), text("[1]"), text("\xff"), text("a "))
	case value.Bytes:
		raw, _ := canon.ParseUUID(id)
		return pick(value.BytesValue(nil), value.BytesValue([]byte("äö")), value.BytesValue([]byte("\xff\x00")), value.BytesValue(raw[:]))
	case value.Timestamp, value.LocalTimestamp:
		sec := []int64{0, -1, 1_729_990_800, 1_729_989_000, 1_711_843_200, 1_711_846_800, 86_400 * r.Int64N(30000), r.Int64N(4e9), 946_684_799, -30_000_000_000}[r.IntN(10)]
		t := time.Unix(sec, []int64{0, 0, 500, 1500, 500_000, 999_999_999, 123_456_000}[r.IntN(7)]).UTC()
		if c.Shape == value.Date {
			t = t.Truncate(24 * time.Hour)
		}
		if c.Type.Kind == value.LocalTimestamp {
			return value.LocalTimestampValue(t)
		}
		return value.TimestampValue(t)
	case value.Duration:
		return pick(value.DurationValue(0), value.DurationValue(-1500*time.Millisecond), value.DurationValue(time.Duration(r.Int64N(1e14))))
	case value.JSON:
		return pick(js("1"), js(`"a"`), js("null"), js("[1,2]"), js(`["a", null]`), js("[1.5e0, 0.1]"), js(`{"b":1,"a":[true]}`), js("[]"))
	case value.List:
		out := make([]value.Value, r.IntN(3))
		for i := range out {
			out[i] = draw(r, value.Column{Type: *c.Type.Elem})
		}
		return value.ListValue(*c.Type.Elem, out...)
	case value.Null:
	}
	return value.NullValue()
}

// TestConvertedIsEqual: what is converted is the same for the comparison of the two columns, of the column's type, and stays as it is when it is converted again to
// the same column. Columns of one description take every value that the column itself can hold.
func TestConvertedIsEqual(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	taken, refused := 0, 0
	drivers := []string{"postgres", "mysql", "sqlite", "elasticsearch"}
	for fromName, from := range columns() {
		for toName, to := range columns() {
			form, _, err := canon.Pair(from, to, canon.Options{})
			if err != nil {
				continue
			}
			driver := drivers[r.IntN(len(drivers))]
			c, err := convert.New(from, to, driver, canon.Options{})
			if err != nil {
				t.Fatal(err)
			}
			itself, err := convert.New(to, to, driver, canon.Options{})
			if err != nil {
				t.Fatal(err)
			}
			for range 30 {
				in := draw(r, from)
				out, err := c.Convert(in)
				if err != nil {
					refused++
					continue
				}
				taken++
				if out.Kind() != to.Type.Kind {
					t.Errorf("%s to %s: %s gave %s", fromName, toName, in.Text(), out.Type())
				}
				if !convert.Same(&form, in, out) {
					t.Errorf("%s to %s: %s and %s are not the same", fromName, toName, in.Text(), out.Text())
				}
				again, err := itself.Convert(out)
				if err != nil || again.Text() != out.Text() {
					t.Errorf("%s to %s on %s: %s became %s, and again %s, %v", fromName, toName, driver, in.Text(), out.Text(), again.Text(), err)
				}
			}
		}
	}
	if taken < 1000 || refused < 100 {
		t.Errorf("%d taken, %d refused: one of them is hardly tested", taken, refused)
	}
	t.Logf("%d taken, %d refused", taken, refused)
}
