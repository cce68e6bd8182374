package correct

import (
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/assay-dev/assay/connectors/value"
)

// Values in plan files, journals and audit logs are JSON whose meaning the column's type completes, so that nothing of them is lost:
//
//	null                     null
//	bool                     true, false
//	int, uint                a number up to 2^53 in magnitude, else its digits as a text
//	double                   a number, shortest digits that read back (-0 too); "NaN", "+Inf", "-Inf"
//	decimal                  a text with all of its digits: "12.50"
//	string                   a text; {"hex":"..."} where it is not UTF-8
//	bytes                    a text in hexadecimal
//	timestamp, local timestamp, duration   a text as value.Text writes it: "2024-02-29T12:00:00.000000001Z", "-0.5s"
//	json                     its text, byte for byte, as a text; {"hex":"..."} where it is not UTF-8
//	list                     an array
const safeInteger = 1 << 53

// appendValue appends v as JSON.
func appendValue(b []byte, v value.Value) []byte {
	switch v.Kind() {
	case value.Null:
		return append(b, "null"...)
	case value.Bool:
		return strconv.AppendBool(b, v.Bool())
	case value.Int:
		if i := v.Int(); i < -safeInteger || i > safeInteger {
			return append(strconv.AppendInt(append(b, '"'), i, 10), '"')
		}
		return strconv.AppendInt(b, v.Int(), 10)
	case value.Uint:
		if u := v.Uint(); u > safeInteger {
			return append(strconv.AppendUint(append(b, '"'), u, 10), '"')
		}
		return strconv.AppendUint(b, v.Uint(), 10)
	case value.Double:
		return appendDouble(b, v.Double())
	case value.Decimal:
		return append(append(append(b, '"'), v.Decimal().Exact()...), '"')
	case value.String, value.JSON:
		if !utf8.ValidString(v.Str()) {
			b = append(b, `{"hex":"`...)
			return append(hex.AppendEncode(b, []byte(v.Str())), `"}`...)
		}
		return appendText(b, v.Str())
	case value.Bytes:
		return append(hex.AppendEncode(append(b, '"'), []byte(v.Str())), '"')
	case value.Timestamp, value.LocalTimestamp, value.Duration:
		return append(v.AppendText(append(b, '"')), '"')
	case value.List:
		b = append(b, '[')
		for i, e := range v.List() {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendValue(b, e)
		}
		return append(b, ']')
	}
	return append(b, "null"...)
}

func appendDouble(b []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(b, `"NaN"`...)
	case math.IsInf(f, 1):
		return append(b, `"+Inf"`...)
	case math.IsInf(f, -1):
		return append(b, `"-Inf"`...)
	}
	return strconv.AppendFloat(b, f, 'g', -1, 64)
}

const hexDigits = "0123456789abcdef"

// appendText appends s, which is UTF-8, as a JSON text. U+2028 and U+2029 are escaped, which some take for ends of lines, and so is what would end an HTML script.
func appendText(b []byte, s string) []byte {
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			if r, size := utf8.DecodeRuneInString(s[i:]); r == '\u2028' || r == '\u2029' {
				b = append(append(b, s[from:i]...), `\u202`...)
				b = append(b, hexDigits[r&0xf])
				i += size
				from = i
			} else {
				i += size
			}
			continue
		}
		if c >= 0x20 && c != '"' && c != '\\' && c != '<' && c != 0x7f {
			i++
			continue
		}
		b = append(b, s[from:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf])
		}
		i++
		from = i
	}
	return append(append(b, s[from:]...), '"')
}

// value reads a value of type t.
func (l *lexer) value(t value.Type, where where) value.Value {
	if l.word("null") {
		return value.NullValue()
	}
	l.blank()
	at := l.i
	switch t.Kind {
	case value.Bool:
		switch {
		case l.word("true"):
			return value.BoolValue(true)
		case l.word("false"):
			return value.BoolValue(false)
		}
		l.fail(at, "%s: want true or false, have %s", where, l.here())
	case value.String, value.JSON:
		s := l.octets(where)
		if t.Kind == value.JSON {
			return value.JSONValue(s)
		}
		return value.StringValue(s)
	case value.List:
		var list []value.Value
		l.elements(where, func() { list = append(list, l.value(*t.Elem, where)) })
		return value.ListValue(*t.Elem, list...)
	case value.Int, value.Uint, value.Double:
		if t.Kind == value.Int {
			if i, ok := l.small(); ok {
				return value.IntValue(i)
			}
		}
		quoted := l.peek() == '"'
		var s string
		if quoted {
			s = l.text(where)
		} else {
			s = string(l.number(where))
		}
		if quoted && t.Kind == value.Double && s != "NaN" && s != "+Inf" && s != "-Inf" {
			l.fail(at, "%s: %s is not a %s", where, clip(s), t)
		}
		if l.err == nil {
			return l.parsed(s, t, at, where)
		}
	default:
		if s := l.text(where); l.err == nil {
			return l.parsed(s, t, at, where)
		}
	}
	return value.Value{}
}

// small reads an integer of up to 18 digits; false, and nothing is read, where there is none.
func (l *lexer) small() (n int64, ok bool) {
	i := l.i
	neg := i < len(l.b) && l.b[i] == '-'
	if neg {
		i++
	}
	from := i
	for i < len(l.b) && l.b[i] >= '0' && l.b[i] <= '9' && i-from < 18 {
		n = n*10 + int64(l.b[i]-'0')
		i++
	}
	if i == from || l.b[from] == '0' && i > from+1 || i == len(l.b) || l.b[i] != ',' && l.b[i] != '}' {
		return 0, false
	}
	if l.i = i; neg {
		n = -n
	}
	return n, true
}

// octets reads a text, or the octets of one that is not UTF-8.
func (l *lexer) octets(where where) string {
	if l.peek() != '{' {
		return l.text(where)
	}
	var out string
	at, n := l.i, 0
	l.members(where, func(name string, at int) {
		if n++; name != "hex" {
			l.fail(at, "%s: unknown member %q", where, name)
			return
		}
		raw, err := hex.DecodeString(l.text(where))
		if err != nil {
			l.fail(at, "%s: not hexadecimal", where)
		}
		out = string(raw)
	})
	if l.err == nil && n != 1 {
		l.fail(at, "%s: want {\"hex\":...}", where)
	}
	return out
}

// parsed reads a value from its text.
func (l *lexer) parsed(s string, t value.Type, at int, where where) value.Value {
	v, err := parseValue(s, t.Kind)
	if err != nil {
		l.fail(at, "%s: %s is not a %s", where, clip(s), t)
	}
	return v
}

func clip(s string) string {
	if len(s) > 40 {
		s = s[:40] + "…"
	}
	return strconv.Quote(s)
}

func parseValue(s string, k value.Kind) (v value.Value, err error) {
	switch k {
	case value.Int:
		var i int64
		i, err = strconv.ParseInt(s, 10, 64)
		v = value.IntValue(i)
	case value.Uint:
		var u uint64
		u, err = strconv.ParseUint(s, 10, 64)
		v = value.UintValue(u)
	case value.Double:
		v, err = parseDouble(s)
	case value.Decimal:
		var d value.Dec
		d, err = value.ParseDec(s)
		v = value.DecimalValue(d)
	case value.Bytes:
		var raw []byte
		raw, err = hex.DecodeString(s)
		v = value.BytesValue(raw)
	case value.Timestamp:
		var when time.Time
		when, err = value.ParseTimestamp(s)
		v = value.TimestampValue(when)
	case value.LocalTimestamp:
		var when time.Time
		when, err = value.ParseTimestamp(s + "Z")
		v = value.LocalTimestampValue(when)
	case value.Duration:
		var d time.Duration
		d, err = value.ParseDuration(s)
		v = value.DurationValue(d)
	default:
		err = fmt.Errorf("a %s is not a text", k)
	}
	return v, err
}

func parseDouble(s string) (value.Value, error) {
	switch s {
	case "NaN":
		return value.DoubleValue(math.NaN()), nil
	case "+Inf":
		return value.DoubleValue(math.Inf(1)), nil
	case "-Inf":
		return value.DoubleValue(math.Inf(-1)), nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if err == nil && (math.IsInf(f, 0) || math.IsNaN(f)) {
		err = strconv.ErrSyntax
	}
	return value.DoubleValue(f), err
}

// parseType reads what value.Type's String writes.
func parseType(s string) (value.Type, bool) {
	if len(s) > len("list()") && s[:5] == "list(" && s[len(s)-1] == ')' {
		elem, ok := parseType(s[5 : len(s)-1])
		return value.ListOf(elem), ok
	}
	for k := value.Bool; k < value.List; k++ {
		if k.String() == s {
			return value.Of(k), true
		}
	}
	return value.Type{}, false
}
