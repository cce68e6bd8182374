package canon_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/value"
	"pgregory.net/rapid"
)

// pick draws 0 to n-1: from rapid, a seed or a fuzzer's bytes.
type pick func(n int) int

// drawn takes one seed from rapid: failures name their cells, and drawing each number from rapid is a hundred times as slow.
func drawn(t *rapid.T) pick {
	return rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)).IntN
}

func oneOf[T any](p pick, xs ...T) T { return xs[p(len(xs))] }

// randomOf draws a value of a type: few enough for collisions, chosen for what goes wrong.
func randomOf(p pick, t value.Type) value.Value {
	switch t.Kind {
	case value.Bool:
		return value.BoolValue(p(2) == 1)
	case value.Int:
		return num(oneOf[int64](p, 0, 1, 2, -1, 3, 12, 120, 1<<53, 1<<53+1, math.MaxInt64, math.MinInt64, math.MaxInt64-1, 1<<24, 1<<24+1))
	case value.Uint:
		return value.UintValue(oneOf[uint64](p, 0, 1, 2, 3, 12, 120, 1<<53, 1<<53+1, math.MaxInt64, 1<<63, 1<<63+1, math.MaxUint64, 1<<24+1))
	case value.Double:
		return dbl(randomDouble(p))
	case value.Decimal:
		return randomDecimal(p)
	case value.String:
		return text(randomText(p))
	case value.Bytes:
		return bytes(oneOf(p, randomText(p), "\x00", "\xff\xfe", uuidRaw, uuidText))
	case value.JSON:
		return js(randomJSON(p, 3))
	case value.Timestamp:
		return value.TimestampValue(randomTime(p))
	case value.LocalTimestamp:
		return value.LocalTimestampValue(randomTime(p))
	case value.Duration:
		return span(time.Duration(oneOf[int64](p, 0, 1, -1, 2)*oneOf[int64](p, 1e9, 5e8, 499_999_999, 1000, 500) + int64(p(3)-1)*math.MaxInt64/2))
	case value.List:
		n := p(4)
		l := make([]value.Value, n)
		for i := range l {
			if p(6) > 0 {
				l[i] = randomOf(p, *t.Elem)
			}
		}
		return value.ListValue(*t.Elem, l...)
	}
	return null
}

func randomDouble(p pick) float64 {
	f := oneOf(p, 0, math.Copysign(0, -1), 0.1, float64(float32(0.1)), 0.10000000000000002, 1.5, 2.675, 0.125, 1e15, 1e16, 123456, 1234567, 1e-4, 1e-5, 1<<53, 1<<63, 1<<64, 1<<24,
		math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, math.MaxFloat32, 5e-324, 1e-45, 1.0/3, float64(float32(1.0/3)), 1e300)
	if p(4) == 0 {
		f = -f
	}
	return f
}

func randomDecimal(p pick) value.Value {
	s := oneOf(p, "0", "0.00", "1", "1.0", "1.5", "1.50", "1.005", "1.0049", "2.675", "0.1", "0.10000000149011612", "0.1000000000000000055511151231257827", "120", "12e1", "9007199254740993", "18446744073709551615",
		"123456789012345678901234567890.125", "123456789012345678901234567890.12500", "1e-30", "0.005", "0.015", "100000000000000000000", "0.333", "0.33333334")
	if p(4) == 0 && s[0] != '0' {
		s = "-" + s
	}
	return dec(s)
}

func randomText(p pick) string {
	parts := []string{
		"", "a", "A", "b", " ", "n", "v1:", "v0:", "1:", "el", "<null>", "NULL", "x|y", "|", "z", "é", "e\u0301", "É", "ß", "ss", "😀", "\u00a0", "-", "\x00", "\xff", uuidText, strings.ToUpper(uuidText),
		"6ba7b8109dad11d180b400c04fd430c8", "{" + uuidText + "}", "6ba7b810-9dad-11d1-80b4-00c04fd430c9", "1", `"`, "[1]", "[]", "null", `{"a":1}`, "İ", "ı", "\u0345\u0301", "ᾳ",
	}
	s := parts[p(len(parts))]
	for range p(3) {
		s += parts[p(len(parts))]
	}
	return s
}

func randomJSON(p pick, depth int) string {
	blank := oneOf(p, "", "", " ", "\n")
	if depth > 0 && p(2) == 0 {
		var items []string
		object := p(2) == 0
		for range p(4) {
			item := randomJSON(p, depth-1)
			if object {
				item = blank + oneOf(p, `"a"`, `"b"`, `"\u0061"`, `""`, `"é"`, `"\u00e9"`) + blank + ":" + item
			}
			items = append(items, item)
		}
		if object {
			return blank + "{" + strings.Join(items, ",") + "}" + blank
		}
		return "[" + blank + strings.Join(items, ",") + blank + "]"
	}
	return blank + oneOf(p, "1", "1.0", "10e-1", "0", "-0", "0.0e5", "100", "1e2", "-1", "true", "false", "null", `"1"`, `"a"`, `"\u0061"`, `"\ud83d\ude00"`, `"😀"`, `"\ud83d"`, `"\ude00"`, `"\\"`, `"\""`, `"\n"`, `"/"`, `"\/"`,
		"9007199254740993", "9007199254740992", "0.1", "0.10", "1e400", "10e399", "1e99999999999999999999")
}

func randomTime(p pick) time.Time {
	sec := oneOf[int64](p, 0, 1, -1, 946_684_800, 946_684_799, 1_711_584_000, 1_711_580_400, 1_711_843_200, 1_711_846_800, 1_729_990_800, 1_729_994_400, 86_400, value.MinUnix, value.MaxUnix, -86_400)
	return time.Unix(sec, oneOf[int64](p, 0, 0, 0, 1, 499, 500, 501, 1500, 2500, 500_000, 499_999, 123_000_000, 123_499_999, 123_500_000, 123_456_000, 999_999_999, 999_500_000, 500_000_000)).UTC()
}

// randomVector fills a vector of a column's type.
func randomVector(p pick, c value.Column, n int, errs bool) *value.Vector {
	v := new(value.Vector)
	v.Reset(c.Type)
	for range n {
		switch k := p(12); {
		case k == 0:
			v.AppendNull()
		case k == 1 && errs:
			v.AppendErr()
		default:
			x := randomOf(p, c.Type)
			switch {
			case c.Type.Kind == value.Double && c.Resolution.Single:
				x = dbl(float64(float32(x.Double())))
			case c.Shape == value.Date:
				x = value.TimestampValue(x.Time().Truncate(24 * time.Hour))
			case c.Shape == value.UUID:
				x = text(oneOf(p, uuidText, "6ba7b810-9dad-11d1-80b4-00c04fd430c9", "00000000-0000-0000-0000-000000000000"))
			}
			v.AppendValue(x)
		}
	}
	return v
}

// forms are those of all tables of verdicts, both ways, and some that are only here.
func forms(t testing.TB) map[string]*canon.Form {
	t.Helper()
	out := map[string]*canon.Form{}
	add := func(name string, l, r value.Column, o canon.Options) {
		f, g := pair(t, l, r, o), pair(t, r, l, o)
		out[name], out[name+", swapped"] = &f, &g
	}
	for _, c := range append(tables(), moreTables()...) {
		add(c.name, c.l, c.r, c.o)
	}
	for k := value.Bool; k < value.List; k++ {
		add("plain "+k.String(), col(k), col(k), canon.Options{})
		add("lists of "+k.String(), lists(k), lists(k), canon.Options{})
		add("bags of "+k.String(), lists(k), lists(k), canon.Options{Unordered: true})
	}
	add("singles", col(value.Double, single), col(value.Double, single), canon.Options{})
	add("days", col(value.Timestamp, shaped(value.Date)), col(value.Timestamp, shaped(value.Date)), canon.Options{})
	add("finer than both", col(value.Timestamp, digits(3)), col(value.Timestamp, digits(0)), canon.Options{Digits: new(int8(1))})
	add("uuids", col(value.String, shaped(value.UUID)), col(value.String, shaped(value.UUID)), canon.Options{})
	add("spans to the minute", col(value.Duration, digits(6)), col(value.Duration, digits(3)), canon.Options{PrecisionSeconds: 60})
	add("trimmed", col(value.String), col(value.String), canon.Options{Normalize: []canon.Normal{canon.Trim}})
	add("casefolded", col(value.String), col(value.String), canon.Options{Normalize: []canon.Normal{canon.Casefold}})
	add("bool beside unsigned", col(value.Bool), col(value.Uint), canon.Options{})
	return out
}
