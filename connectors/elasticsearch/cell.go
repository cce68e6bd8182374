package elasticsearch

import (
	"encoding/base64"
	"errors"
	"math"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/assay-dev/assay/connectors/value"
)

// codec says how the JSON of a field is read.
type codec uint8

const (
	codecJSON codec = iota
	codecBool
	codecInt
	codecUint
	codecDouble
	codecDecimal
	codecString
	codecBytes
	codecTime
)

func (c codec) kind() value.Kind {
	return [...]value.Kind{
		codecJSON: value.JSON, codecBool: value.Bool, codecInt: value.Int, codecUint: value.Uint, codecDouble: value.Double,
		codecDecimal: value.Decimal, codecString: value.String, codecBytes: value.Bytes, codecTime: value.Timestamp,
	}[c]
}

// errNeedRaw says that the server may have rewritten a number, so that the page is read again with the whole _source.
var errNeedRaw = errors.New("number text may be rewritten")

// parsed is one decoded value: exactly the part of its codec is used.
type parsed struct {
	null bool // an empty text that the server reads as no value
	bad  bool // outside the type
	b    bool
	i    int64
	u    uint64
	f    float64
	d    value.Dec
	t    time.Time
	text []byte // String and Bytes; in scratch or in the page
}

// loneSurrogate is what the index holds for half a pair of surrogates (\ud800), and so what is read of it here: each server has its own way.
func (f *field) loneSurrogate() rune {
	if f.openSearch {
		return utf8.RuneError
	}
	return '?'
}

// inner returns the text of a string or of another scalar, without quotes; scratch is used for escapes.
func inner(raw, scratch []byte, lone rune) (text []byte, quoted bool) {
	if len(raw) >= 2 && raw[0] == '"' {
		in := raw[1 : len(raw)-1]
		if slices.Contains(in, '\\') {
			return unescape(scratch[:0], in, lone), true
		}
		return in, true
	}
	return raw, false
}

// parse reads one JSON value that is neither null nor an array as a value of the field. whole says that _source came as it was stored.
func (f *field) parse(raw, scratch []byte, whole bool) (parsed, error) {
	if f.codec == codecJSON {
		return parsed{text: raw}, nil
	}
	if raw[0] == '{' {
		return parsed{bad: true}, nil
	}
	text, quoted := inner(raw, scratch, f.loneSurrogate())
	numeric := f.codec == codecInt || f.codec == codecUint || f.codec == codecDouble || f.codec == codecDecimal || f.codec == codecTime
	if quoted && len(text) == 0 && numeric && f.typ != "keyword" && f.typ != "text" {
		return parsed{null: true}, nil // as the server's coercion has it
	}
	switch f.codec {
	case codecBool:
		switch string(text) {
		case "true":
			return parsed{b: true}, nil
		case "false", "":
			return parsed{}, nil
		}
	case codecInt, codecUint, codecDouble:
		return f.number(text), nil
	case codecDecimal:
		if !quoted && !whole && !isInteger(text) {
			return parsed{}, errNeedRaw
		}
		if d, err := value.ParseDec(string(text)); err == nil {
			return parsed{d: d}, nil
		}
	case codecString:
		if !quoted && !whole && raw[0] != 't' && raw[0] != 'f' && !isInteger(text) {
			return parsed{}, errNeedRaw
		}
		return parsed{text: text}, nil
	case codecBytes:
		if out, err := base64.StdEncoding.AppendDecode(nil, text); err == nil {
			return parsed{text: out}, nil
		}
	case codecTime:
		for _, read := range f.dates {
			if t, ok := read(text); ok {
				if !inYears(t) {
					break
				}
				return parsed{t: t}, nil
			}
		}
	}
	return parsed{bad: true}, nil
}

// number reads a number of a fixed size; one with a fraction is a whole number cut off, as the server's coercion has it.
func (f *field) number(text []byte) parsed {
	switch f.codec {
	case codecInt:
		if n, ok := parseInt(text); ok {
			return parsed{i: n}
		}
		if d, err := value.ParseDec(string(text)); err == nil {
			if n, ok := d.Int64(); ok {
				return parsed{i: n}
			}
		}
	case codecUint:
		if n, err := strconv.ParseUint(string(text), 10, 64); err == nil {
			return parsed{u: n}
		}
		if d, err := value.ParseDec(string(text)); err == nil {
			if one, ok := truncUint(d); ok {
				return parsed{u: one}
			}
		}
	case codecDouble:
		if n, err := strconv.ParseFloat(string(text), 64); err == nil && !math.IsNaN(n) && !math.IsInf(n, 0) {
			return parsed{f: n}
		}
	}
	return parsed{bad: true}
}

// isInteger reports whether a number has neither a point nor an exponent, so that no writer of JSON changes it.
func isInteger(text []byte) bool {
	for i, c := range text {
		if (c < '0' || c > '9') && (i > 0 || c != '-') {
			return false
		}
	}
	return true
}

// truncUint returns d truncated towards zero where that is a Uint.
func truncUint(d value.Dec) (uint64, bool) {
	if n, ok := d.Int64(); ok {
		return uint64(n), n >= 0 // #nosec G115 -- used only when not negative
	}
	rest, _ := d.Rem(value.NewDec(1, 0))
	n, err := strconv.ParseUint(d.Sub(rest).String(), 10, 64)
	return n, err == nil
}

// value returns p as a single value, its texts copied.
func (f *field) value(p parsed) value.Value {
	switch f.codec {
	case codecBool:
		return value.BoolValue(p.b)
	case codecInt:
		return value.IntValue(p.i)
	case codecUint:
		return value.UintValue(p.u)
	case codecDouble:
		return value.DoubleValue(p.f)
	case codecDecimal:
		return value.DecimalValue(p.d)
	case codecBytes:
		return value.BytesValue(p.text)
	case codecTime:
		return value.TimestampValue(p.t)
	case codecJSON:
		return value.JSONValue(string(p.text))
	}
	return value.StringValue(string(p.text))
}
