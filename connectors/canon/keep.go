package canon

import (
	"time"

	"github.com/assay-dev/assay/connectors/value"
)

// Keep returns what a column keeps of a time or a duration of its kind: the value as its engine would round or cut it. Any other value is returned as it is.
func Keep(c *value.Column, v value.Value) value.Value {
	r := finest(c)
	f := Form{Digits: r.Digits, Truncates: r.Truncates, From2000: r.From2000}
	switch v.Kind() {
	case value.Timestamp, value.LocalTimestamp:
		t := v.Time()
		sec, nanos := f.coarsen(t.Unix(), int32(t.Nanosecond())) //nolint:gosec // below a billion
		t = time.Unix(sec, int64(nanos)).UTC()
		if v.Kind() == value.LocalTimestamp {
			return value.LocalTimestampValue(t)
		}
		return value.TimestampValue(t)
	case value.Duration:
		vec := value.Vector{Ints: []int64{int64(v.Duration())}}
		return value.DurationValue(time.Duration(f.span(&vec, 0) * int64(units[f.Digits])))
	default:
		return v
	}
}

// ParseUUID reads a UUID in whatever form canon takes for one: 32 hexadecimal digits in either case, with hyphens or without, in braces or not, after "urn:uuid:" or not.
func ParseUUID(text string) ([16]byte, bool) { return parseUUID([]byte(text)) }
