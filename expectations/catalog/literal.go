package catalog

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/spec"
)

// purpose says what a literal is compared by.
type purpose uint8

const (
	equality purpose = iota
	ordering
)

// literal returns the CEL of an argument that is compared with a column. Its type is the
// column's: the date "2024-01-01" for a timestamp column is timestamp("2024-01-01T00:00:00Z"), a number for a decimal
// column is taken at its text. col is nil when offline: then the literal has the type that YAML gives it.
// Where the two cannot meet it reports so and returns "".
func (x *expansion) literal(a spec.Arg, col *value.Column, at diag.Span, p purpose) string {
	at = span(a, at)
	if a.Kind == "null" {
		x.errorf(at, "bad-argument", "nulls are skipped here; say so with on_null, not_null or is_null", "%s cannot compare with null", x.entry.Name)
		return ""
	}
	if !validUTF8(a.Text) {
		x.errorf(at, "bad-argument", "", "the value is not valid UTF-8")
		return ""
	}
	if col == nil {
		return x.untyped(a, at)
	}
	lit, hint, ok := typed(a, *col, p)
	if !ok {
		if hint == "" && a.Kind != "string" && col.Type.Kind == value.String {
			hint = "write " + strconv.Quote(a.Text) + " in quotes to mean the text"
		}
		x.errorf(at, "type-mismatch", hint, "column %q is %s, and %s is not", col.Name, col.Type, describe(a))
		return ""
	}
	return lit
}

// untyped returns the literal as YAML types it.
func (x *expansion) untyped(a spec.Arg, at diag.Span) string {
	switch a.Kind {
	case "bool":
		return strings.ToLower(a.Text)
	case "int":
		if i, ok := wholeNumber(a.Text); ok {
			return i
		}
		if d, err := value.ParseDec(a.Text); err == nil {
			return `decimal("` + d.String() + `")`
		}
	case "float":
		if d, ok := doubleText(a.Text); ok {
			return d
		}
	case "string":
		return Quote(a.Text)
	}
	x.errorf(at, "bad-argument", "", "%s is not a number that CEL can hold", describe(a))
	return ""
}

// typed returns the literal for a column's type.
func typed(a spec.Arg, col value.Column, p purpose) (lit, hint string, ok bool) {
	number := a.Kind == "int" || a.Kind == "float"
	switch col.Type.Kind {
	case value.Int, value.Uint:
		return integerLiteral(a, col.Type.Kind, p)
	case value.Double:
		if number {
			lit, ok = doubleText(a.Text)
		}
	case value.Decimal:
		if number || a.Kind == "string" {
			d, err := value.ParseDec(plainNumber(a.Text))
			return `decimal("` + d.String() + `")`, "", err == nil
		}
	case value.String:
		return Quote(a.Text), "", a.Kind == "string"
	case value.Bytes:
		return "b" + Quote(a.Text), "", a.Kind == "string"
	case value.Bool:
		if p == ordering {
			return "", "a bool has no order: use in_set", false
		}
		return strings.ToLower(a.Text), "", a.Kind == "bool"
	case value.Timestamp:
		if a.Kind == "string" {
			return timestampLiteral(a.Text, col.Zone)
		}
	case value.LocalTimestamp:
		return "", "it has no time zone: set timezone on the connection", false
	case value.Duration:
		if a.Kind == "string" {
			return durationLiteral(a.Text)
		}
	case value.JSON:
		if number {
			lit, ok = doubleText(a.Text)
			return lit, "", ok
		}
		if a.Kind == "bool" {
			return strings.ToLower(a.Text), "", true
		}
		return Quote(a.Text), "", true
	case value.List, value.Null:
	}
	return lit, "", ok
}

// integerLiteral types a number for an integer column. A fraction may bound an integer but can never equal one.
func integerLiteral(a spec.Arg, k value.Kind, p purpose) (lit, hint string, ok bool) {
	if a.Kind != "int" && a.Kind != "float" {
		return "", "", false
	}
	d, err := value.ParseDec(plainNumber(a.Text))
	if err != nil {
		return "", "", false
	}
	if !isWhole(d) {
		if p == equality {
			return "", "a whole number never equals a fraction", false
		}
		return `decimal("` + d.String() + `")`, "", true
	}
	text := d.String()
	if k == value.Uint {
		if _, err := strconv.ParseUint(text, 10, 64); err == nil {
			return text + "u", "", true
		}
	} else if _, err := strconv.ParseInt(text, 10, 64); err == nil {
		return text, "", true
	}
	if p == equality {
		return "", "it is outside the range of 64 bits", false
	}
	return `decimal("` + text + `")`, "", true
}

func isWhole(d value.Dec) bool { return !strings.Contains(d.String(), ".") }

// plainNumber turns YAML's spellings of integers (0x1f, 0o17, 1_000, +5) into decimal digits.
func plainNumber(s string) string {
	t := strings.ReplaceAll(s, "_", "")
	if i, err := strconv.ParseInt(t, 0, 64); err == nil {
		return strconv.FormatInt(i, 10)
	}
	if u, err := strconv.ParseUint(strings.TrimPrefix(t, "+"), 0, 64); err == nil {
		return strconv.FormatUint(u, 10)
	}
	return t
}

// wholeNumber returns the CEL of an int (or, above int64, a uint).
func wholeNumber(s string) (string, bool) {
	t := plainNumber(s)
	if _, err := strconv.ParseInt(t, 10, 64); err == nil {
		return t, true
	}
	if _, err := strconv.ParseUint(t, 10, 64); err == nil {
		return t + "u", true
	}
	return "", false
}

// doubleText returns the CEL literal of a double, with a point or an exponent so that it is not an int.
func doubleText(s string) (string, bool) {
	f, err := strconv.ParseFloat(plainNumber(s), 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return "", false // YAML's .nan and .inf, and numbers beyond a double
	}
	t := strconv.FormatFloat(f, 'g', -1, 64)
	if !strings.ContainsAny(t, ".e") {
		t += ".0"
	}
	return t, true
}

// timestampLayouts are the accepted spellings. Those without a zone take the column's, else UTC.
var timestampLayouts = []struct {
	layout string
	zoned  bool
}{
	{time.RFC3339Nano, true},
	{"2006-01-02 15:04:05.999999999Z07:00", true},
	{"2006-01-02T15:04:05.999999999", false},
	{"2006-01-02 15:04:05.999999999", false},
	{"2006-01-02T15:04", false},
	{"2006-01-02 15:04", false},
	{time.DateOnly, false},
}

func timestampLiteral(s, zone string) (lit, hint string, ok bool) {
	loc := time.UTC
	if zone != "" {
		if l, err := time.LoadLocation(zone); err == nil {
			loc = l
		}
	}
	for _, l := range timestampLayouts {
		in := loc
		if l.zoned {
			in = time.UTC
		}
		t, err := time.ParseInLocation(l.layout, s, in)
		if err != nil {
			continue
		}
		return `timestamp("` + t.UTC().Format(time.RFC3339Nano) + `")`, "", t.UTC().Year() >= 1 && t.UTC().Year() <= 9999
	}
	return "", "write a date such as 2024-01-31 or an instant such as 2024-01-31T12:00:00Z", false
}

// durationLiteral reads 2h, 1d or a time of day.
func durationLiteral(s string) (lit, hint string, ok bool) {
	if d, err := ParseDuration(s); err == nil {
		return duration(d), "", true
	}
	if d, err := time.ParseDuration(s); err == nil {
		return duration(d), "", true
	}
	for _, l := range []string{"15:04:05.999999999", "15:04"} {
		if t, err := time.Parse(l, s); err == nil {
			return duration(t.Sub(time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC))), "", true
		}
	}
	return "", "write a time of day such as 12:30:00 or a span such as 90m", false
}
