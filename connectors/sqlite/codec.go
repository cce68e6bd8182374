package sqlite

import (
	"database/sql/driver"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/assay-dev/assay/connectors/value"
)

// Inside a statement every kind has one canonical form, which the registered functions read and write:
//
//	b bool            INTEGER 0 or 1
//	i int             INTEGER
//	u uint            INTEGER, or TEXT of the digits above 2^63-1
//	d double          REAL, or TEXT 'NaN' (SQLite itself has no NaN)
//	m decimal         TEXT, plain notation without trailing zeros: one text for each number
//	s string          TEXT
//	y bytes           BLOB
//	t timestamp       TEXT, UTC, nine digits of fraction: the order of the texts is that of the instants
//	l local timestamp likewise, without Z
//	n duration        INTEGER, nanoseconds
//	j JSON            TEXT
//
// Cells of columns may differ; they are brought into this form by assay_cell, or
// read leniently where a function takes a number.
const (
	canonicalTime  = "2006-01-02T15:04:05.000000000Z"
	canonicalLocal = "2006-01-02T15:04:05.000000000"
)

// letter returns the kind's letter, 0 for a kind without one.
func letter(k value.Kind) byte {
	switch k {
	case value.Bool:
		return 'b'
	case value.Int:
		return 'i'
	case value.Uint:
		return 'u'
	case value.Double:
		return 'd'
	case value.Decimal:
		return 'm'
	case value.String:
		return 's'
	case value.Bytes:
		return 'y'
	case value.Timestamp:
		return 't'
	case value.LocalTimestamp:
		return 'l'
	case value.Duration:
		return 'n'
	case value.JSON:
		return 'j'
	case value.Null, value.List:
	}
	return 0
}

// encode returns v in canonical form.
func encode(v value.Value) driver.Value {
	switch v.Kind() {
	case value.Bool:
		if v.Bool() {
			return int64(1)
		}
		return int64(0)
	case value.Int:
		return v.Int()
	case value.Uint:
		if u := v.Uint(); u > math.MaxInt64 {
			return strconv.FormatUint(u, 10)
		}
		return int64(v.Uint()) //nolint:gosec // tested
	case value.Double:
		if math.IsNaN(v.Double()) {
			return "NaN"
		}
		return v.Double()
	case value.Decimal:
		return v.Decimal().String()
	case value.String, value.JSON:
		return v.Str()
	case value.Bytes:
		return []byte(v.Str())
	case value.Timestamp:
		return v.Time().Format(canonicalTime)
	case value.LocalTimestamp:
		return v.Time().Format(canonicalLocal)
	case value.Duration:
		return int64(v.Duration())
	case value.Null, value.List:
	}
	return nil
}

// decode reads a canonical form, or a cell of a column of that kind; ok is false for anything else. Strings
// and bytes may share the argument's memory.
func decode(kind byte, x driver.Value) (value.Value, bool) {
	switch kind {
	case 'b':
		i, ok := x.(int64)
		return value.BoolValue(i == 1), ok && (i == 0 || i == 1)
	case 'i':
		i, ok := x.(int64)
		return value.IntValue(i), ok
	case 'u':
		return decodeUint(x)
	case 'd':
		return decodeDouble(x)
	case 'm':
		d, ok := decimalOf(x)
		return value.DecimalValue(d), ok
	case 's':
		s, ok := x.(string)
		return value.StringValue(s), ok
	case 'j':
		return decodeJSON(x)
	case 'y':
		b, ok := x.([]byte)
		return value.BytesValue(b), ok
	case 't':
		return decodeTime(x, time.UTC, false)
	case 'l':
		return decodeTime(x, nil, true)
	case 'n':
		return decodeDuration(x)
	}
	return value.Value{}, false
}

// decodeJSON reads a document. A column that is declared JSON has numeric affinity: the text of a number that is put into it becomes that number.
func decodeJSON(x driver.Value) (value.Value, bool) {
	if s, ok := x.(string); ok {
		return value.JSONValue(s), json.Valid([]byte(s))
	}
	d, ok := decimalOf(x)
	return value.JSONValue(d.String()), ok
}

func decodeUint(x driver.Value) (value.Value, bool) {
	switch x := x.(type) {
	case int64:
		return value.UintValue(uint64(x)), x >= 0 //nolint:gosec // tested
	case string:
		u, err := strconv.ParseUint(x, 10, 64)
		return value.UintValue(u), err == nil
	}
	return value.Value{}, false
}

func decodeDouble(x driver.Value) (value.Value, bool) {
	switch x := x.(type) {
	case float64:
		return value.DoubleValue(x), true
	case int64:
		return value.DoubleValue(float64(x)), true
	case string:
		return value.DoubleValue(math.NaN()), x == "NaN"
	}
	return value.Value{}, false
}

// decimalOf reads a decimal from an integer, a real at its shortest text, or numeric text.
func decimalOf(x driver.Value) (value.Dec, bool) {
	switch x := x.(type) {
	case int64:
		return value.DecFromInt(x), true
	case float64:
		d, err := value.DecFromFloat(x)
		return d, err == nil
	case string:
		d, err := value.ParseDec(x)
		return d, err == nil
	}
	return value.Dec{}, false
}

// decodeDuration reads nanoseconds, or a time of day as text.
func decodeDuration(x driver.Value) (value.Value, bool) {
	switch x := x.(type) {
	case int64:
		return value.DurationValue(time.Duration(x)), true
	case string:
		d, ok := parseClock(x)
		return value.DurationValue(d), ok
	}
	return value.Value{}, false
}

// decodeTime reads ISO 8601 text: a date, or a date and a time with seconds, a fraction and an offset
// all optional, parted by T or a blank. A naive text is read in loc, or refused when loc is nil; with
// local, a text with an offset is refused and the wall clock returned.
func decodeTime(x driver.Value, loc *time.Location, local bool) (value.Value, bool) {
	s, ok := x.(string)
	if !ok {
		return value.Value{}, false
	}
	p, ok := parseTime(s)
	switch {
	case !ok, local && p.zoned, !local && !p.zoned && loc == nil:
		return value.Value{}, false
	case local:
		return value.LocalTimestampValue(p.at), inYears(p.at)
	case p.zoned:
		return value.TimestampValue(p.at), inYears(p.at)
	}
	y, m, d := p.at.Date()
	at := value.TimeIn(time.Date(y, m, d, p.at.Hour(), p.at.Minute(), p.at.Second(), p.at.Nanosecond(), time.UTC), loc)
	return value.TimestampValue(at), inYears(at)
}

func inYears(t time.Time) bool { return t.Unix() >= value.MinUnix && t.Unix() <= value.MaxUnix }

// parsedTime is a text's time: an instant where zoned, else the wall clock as if in UTC.
type parsedTime struct {
	at    time.Time
	zoned bool
}

func parseTime(s string) (parsedTime, bool) {
	if len(s) < 10 || s[4] != '-' || s[7] != '-' {
		return parsedTime{}, false
	}
	y, okY := number(s[:4])
	mo, okM := number(s[5:7])
	d, okD := number(s[8:10])
	if !okY || !okM || !okD || y < 1 || mo < 1 || mo > 12 || d < 1 || d > daysIn(y, mo) {
		return parsedTime{}, false
	}
	day := time.Date(y, time.Month(mo), d, 0, 0, 0, 0, time.UTC)
	rest := s[10:]
	if rest == "" {
		return parsedTime{at: day}, true
	}
	if rest[0] != ' ' && rest[0]|0x20 != 't' {
		return parsedTime{}, false
	}
	clock, zone := rest[1:], ""
	if i := strings.IndexAny(clock, "Zz+-"); i >= 0 {
		clock, zone = clock[:i], clock[i:]
	}
	of, ok := parseClock(strings.TrimSuffix(clock, " "))
	if !ok || of >= 24*time.Hour {
		return parsedTime{}, false
	}
	p := parsedTime{at: day.Add(of)}
	if zone == "" {
		return p, true
	}
	offset, ok := parseOffset(zone)
	p.zoned, p.at = true, p.at.Add(-offset)
	return p, ok
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

func number(s string) (int, bool) {
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, s != ""
}

// parseClock reads HH:MM, HH:MM:SS or HH:MM:SS.f up to nine digits.
func parseClock(s string) (time.Duration, bool) {
	if len(s) < 5 || s[2] != ':' {
		return 0, false
	}
	h, okH := number(s[:2])
	m, okM := number(s[3:5])
	if !okH || !okM || h > 24 || m > 59 {
		return 0, false
	}
	d := time.Duration(h)*time.Hour + time.Duration(m)*time.Minute
	rest := s[5:]
	if rest == "" {
		return d, d <= 24*time.Hour
	}
	if len(rest) < 3 || rest[0] != ':' {
		return 0, false
	}
	sec, ok := number(rest[1:3])
	if !ok || sec > 59 {
		return 0, false
	}
	d += time.Duration(sec) * time.Second
	if rest = rest[3:]; rest != "" {
		if rest[0] != '.' || len(rest) < 2 || len(rest) > 10 {
			return 0, false
		}
		f, ok := number((rest[1:] + "000000000")[:9])
		if _, digits := number(rest[1:]); !ok || !digits {
			return 0, false
		}
		d += time.Duration(f)
	}
	return d, d <= 24*time.Hour
}

// parseOffset reads Z, +HH:MM, +HHMM or +HH.
func parseOffset(s string) (time.Duration, bool) {
	if s == "Z" || s == "z" {
		return 0, true
	}
	digits := strings.Replace(s[1:], ":", "", 1)
	if len(digits) == 2 {
		digits += "00"
	}
	n, ok := number(digits)
	if len(digits) != 4 || !ok || n/100 > 23 || n%100 > 59 {
		return 0, false
	}
	d := time.Duration(n/100)*time.Hour + time.Duration(n%100)*time.Minute
	if s[0] == '-' {
		d = -d
	}
	return d, true
}
