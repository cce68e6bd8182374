package files

import (
	"encoding/hex"
	"encoding/json"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/assay-dev/assay/connectors/value"
)

// parser reads the texts of one column into a vector. A text that is not of the column's type becomes an element in error.
type parser struct {
	kind value.Kind
	// zone is that of times that say none; nil where the column has none.
	zone *time.Location
	day  bool // midnights that stand for days
	// strict takes only what inference took for the type: a 007 among numbers says that they are none.
	strict bool
}

// append reads b.
func (p *parser) append(v *value.Vector, b []byte) {
	switch p.kind {
	case value.Int:
		if i, ok := parseInt(b, p.strict); ok {
			v.AppendInt(i)
			return
		}
	case value.String:
		if utf8.Valid(b) {
			v.AppendBytes(b)
			return
		}
	case value.Decimal:
		if !p.strict || plainNumber(b) {
			if d, err := value.ParseDec(string(b)); err == nil {
				v.AppendDecimal(d)
				return
			}
		}
	case value.Timestamp, value.LocalTimestamp:
		p.appendTime(v, b)
		return
	case value.Bool:
		if t, ok := parseBool(b, p.strict); ok {
			v.AppendBool(t)
			return
		}
	case value.Double:
		if f, ok := parseDouble(string(b)); ok {
			v.AppendDouble(f)
			return
		}
	case value.Uint:
		if u, err := strconv.ParseUint(string(b), 10, 64); err == nil {
			v.AppendUint(u)
			return
		}
	case value.Bytes:
		if x, ok := parseHex(b); ok {
			v.AppendBytes(x)
			return
		}
	case value.Duration:
		if d, ok := parseDuration(string(b)); ok {
			v.AppendInt(int64(d))
			return
		}
	case value.JSON:
		if utf8.Valid(b) && json.Valid(b) {
			v.AppendBytes(b)
			return
		}
	case value.Null, value.List:
	}
	v.AppendErr()
}

// parseInt reads an integer; strictly, one without a plus and without zeros before it.
func parseInt(b []byte, strict bool) (int64, bool) {
	i, neg := 0, false
	if len(b) > 0 && (b[0] == '-' || b[0] == '+' && !strict) {
		neg, i = b[0] == '-', 1
	}
	if i == len(b) || strict && b[i] == '0' && len(b) > i+1 {
		return 0, false
	}
	var n uint64
	for ; i < len(b); i++ {
		c := b[i] - '0'
		if c > 9 || n > math.MaxUint64/10-1 {
			return 0, false
		}
		n = n*10 + uint64(c)
	}
	switch {
	case !neg && n <= math.MaxInt64:
		return int64(n), true
	case neg && n <= -math.MinInt64:
		return -int64(n), true // -(1<<63) wraps to itself, which is right
	}
	return 0, false
}

// plainNumber reports whether b is digits with at most one point among them and perhaps a minus before them, as programs
// write decimals: no plus, no exponent, no zero too many, nothing missing before or behind the point.
func plainNumber(b []byte) bool {
	if len(b) > 0 && b[0] == '-' {
		b = b[1:]
	}
	whole := 0
	for whole < len(b) && b[whole]-'0' <= 9 {
		whole++
	}
	if whole == 0 || whole > 1 && b[0] == '0' {
		return false
	}
	if whole == len(b) {
		return true
	}
	if b[whole] != '.' || whole+1 == len(b) {
		return false
	}
	for _, c := range b[whole+1:] {
		if c-'0' > 9 {
			return false
		}
	}
	return true
}

// parseBool reads a truth value; strictly, only the words, in one of the ways in which programs write them.
func parseBool(b []byte, strict bool) (truth, ok bool) {
	switch string(b) {
	case "true", "True", "TRUE":
		return true, true
	case "false", "False", "FALSE":
		return false, true
	}
	if strict {
		return false, false
	}
	switch string(b) {
	case "t", "T", "1", "yes", "Yes", "YES", "y", "Y":
		return true, true
	case "f", "F", "0", "no", "No", "NO", "n", "N":
		return false, true
	}
	return false, false
}

// parseDouble reads a decimal text, a NaN or an infinity; hexadecimal digits and underscores, which Go takes, are none.
func parseDouble(s string) (float64, bool) {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9', c == '+', c == '-', c == '.', c == 'e', c == 'E':
		default:
			return parseOddDouble(s)
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}

func parseOddDouble(s string) (float64, bool) {
	switch s {
	case "NaN", "nan", "NAN":
		return math.NaN(), true
	case "Infinity", "+Infinity", "infinity", "Inf", "+Inf", "inf", "+inf", "INF":
		return math.Inf(1), true
	case "-Infinity", "-infinity", "-Inf", "-inf", "-INF":
		return math.Inf(-1), true
	}
	return 0, false
}

// parseHex reads hexadecimal digits, as they are or behind \x or 0x.
func parseHex(b []byte) ([]byte, bool) {
	if len(b) >= 2 && (b[0] == '\\' || b[0] == '0') && b[1] == 'x' {
		b = b[2:]
	}
	out := make([]byte, len(b)/2)
	_, err := hex.Decode(out, b)
	return out, err == nil
}

// parseDuration reads a time of day, or a duration as CEL writes one.
func parseDuration(s string) (time.Duration, bool) {
	if d, ok := parseClock(s); ok {
		return d, true
	}
	d, err := value.ParseDuration(s)
	return d, err == nil
}
