package value

import (
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

// Text returns the canonical text of v, the same for every engine; no two different values of a kind share it,
// except decimals and JSON documents that differ in form only:
//
//	null       null
//	bool       true, false
//	double     shortest digits that read back, as CEL's string(): 0.1, 1e+06, NaN, +Inf
//	decimal    plain notation without trailing zeros: 1234.5
//	string     itself
//	bytes      lower-case hexadecimal
//	timestamp  RFC 3339 in UTC with as many fractional digits as needed: 2024-02-29T12:00:00.5Z
//	local timestamp  the same without Z
//	duration   seconds: 3600s, -0.5s
//	JSON       the document's text
//	list       [a, b], strings within quoted
func (v Value) Text() string { return string(v.AppendText(nil)) }

// AppendText appends v.Text() to b.
func (v Value) AppendText(b []byte) []byte {
	switch v.kind {
	case Null:
		return append(b, "null"...)
	case Bool:
		return strconv.AppendBool(b, v.Bool())
	case Int:
		return strconv.AppendInt(b, v.Int(), 10)
	case Uint:
		return strconv.AppendUint(b, v.num, 10)
	case Double:
		return AppendDouble(b, v.Double())
	case Decimal:
		return append(b, v.Decimal().String()...)
	case String, JSON:
		return append(b, v.str...)
	case Bytes:
		return hex.AppendEncode(b, []byte(v.str))
	case Timestamp:
		return AppendTimestamp(b, v.Time())
	case LocalTimestamp:
		return v.Time().AppendFormat(b, "2006-01-02T15:04:05.999999999")
	case Duration:
		return AppendDuration(b, v.Duration())
	case List:
		b = append(b, '[')
		for i, e := range v.list {
			if i > 0 {
				b = append(b, ", "...)
			}
			if e.kind == String {
				b = strconv.AppendQuote(b, e.str)
			} else {
				b = e.AppendText(b)
			}
		}
		return append(b, ']')
	}
	return b
}

// String returns Text.
func (v Value) String() string { return v.Text() }

// AppendDouble appends f as CEL's string() writes it (%g, shortest).
func AppendDouble(b []byte, f float64) []byte { return strconv.AppendFloat(b, f, 'g', -1, 64) }

// AppendTimestamp appends t as CEL's string() writes it: RFC 3339 with nanoseconds, in UTC.
func AppendTimestamp(b []byte, t time.Time) []byte {
	return t.UTC().AppendFormat(b, time.RFC3339Nano)
}

// AppendDuration appends d in seconds with all of its digits. (CEL's string() goes
// through a double and loses nanoseconds beyond 104 days.)
func AppendDuration(b []byte, d time.Duration) []byte {
	u := absUint(int64(d))
	if d < 0 {
		b = append(b, '-')
	}
	b = strconv.AppendUint(b, u/1e9, 10)
	if f := u % 1e9; f != 0 {
		s := strconv.FormatUint(f+1e9, 10)[1:]
		b = append(b, '.')
		b = append(b, strings.TrimRight(s, "0")...)
	}
	return append(b, 's')
}
