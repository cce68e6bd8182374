package canon

import (
	"bytes"
	"math/big"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth bounds the nesting of documents. Engines have lower bounds (MySQL 100, Elasticsearch 1,000, PostgreSQL some thousands).
const maxDepth = 10_000

// appendDocument appends the canonical text of a JSON document: no white space; members sorted bytewise by name, the last of several with one
// name, as engines have it; texts with no other escapes than \", \\ and \u00xx below 0x20, a lone surrogate as its three bytes; numbers as digits
// without zeros at either end, e and the power of ten (15e-1, 1e2), and 0 for zero. It is false for text that is no document; then dst is returned as it was.
func appendDocument(dst, text []byte) ([]byte, bool) {
	p := jsonText{s: text}
	out, ok := p.value(dst, 0)
	p.blank()
	if !ok || p.at != len(p.s) {
		return dst, false
	}
	return out, true
}

// jsonText is a document that is being read.
type jsonText struct {
	s  []byte
	at int
}

func (p *jsonText) blank() {
	for p.at < len(p.s) && (p.s[p.at] == ' ' || p.s[p.at] == '\n' || p.s[p.at] == '\r' || p.s[p.at] == '\t') {
		p.at++
	}
}

// next skips white space and takes c where it comes next.
func (p *jsonText) next(c byte) bool {
	p.blank()
	if p.at < len(p.s) && p.s[p.at] == c {
		p.at++
		return true
	}
	return false
}

func (p *jsonText) value(dst []byte, depth int) ([]byte, bool) {
	p.blank()
	if p.at >= len(p.s) || depth > maxDepth {
		return dst, false
	}
	switch c := p.s[p.at]; c {
	case '{':
		p.at++
		return p.object(dst, depth+1)
	case '[':
		p.at++
		return p.array(dst, depth+1)
	case '"':
		p.at++
		at := len(dst)
		dst, ok := p.text(dst)
		return quoteFrom(dst, at), ok
	case 't':
		return p.word(dst, "true")
	case 'f':
		return p.word(dst, "false")
	case 'n':
		return p.word(dst, "null")
	default:
		return p.number(dst)
	}
}

func (p *jsonText) word(dst []byte, w string) ([]byte, bool) {
	if !bytes.HasPrefix(p.s[p.at:], []byte(w)) {
		return dst, false
	}
	p.at += len(w)
	return append(dst, w...), true
}

func (p *jsonText) array(dst []byte, depth int) ([]byte, bool) {
	dst = append(dst, '[')
	if p.next(']') {
		return append(dst, ']'), true
	}
	for {
		var ok bool
		if dst, ok = p.value(dst, depth); !ok {
			return dst, false
		}
		switch {
		case p.next(','):
			dst = append(dst, ',')
		case p.next(']'):
			return append(dst, ']'), true
		default:
			return dst, false
		}
	}
}

// member is where a member of an object stands in the memory of the object.
type member struct{ name, colon, end int }

func (p *jsonText) object(dst []byte, depth int) ([]byte, bool) {
	if p.next('}') {
		return append(dst, '{', '}'), true
	}
	var buf []byte
	var members []member
	for {
		m := member{name: len(buf)}
		if !p.next('"') {
			return dst, false
		}
		var ok bool
		if buf, ok = p.text(buf); !ok || !p.next(':') {
			return dst, false
		}
		m.colon = len(buf)
		if buf, ok = p.value(buf, depth); !ok {
			return dst, false
		}
		m.end = len(buf)
		members = append(members, m)
		if p.next(',') {
			continue
		}
		if p.next('}') {
			break
		}
		return dst, false
	}
	name := func(m member) []byte { return buf[m.name:m.colon] }
	slices.SortStableFunc(members, func(a, b member) int { return bytes.Compare(name(a), name(b)) })
	dst = append(dst, '{')
	first := true
	for i, m := range members {
		if i+1 < len(members) && bytes.Equal(name(m), name(members[i+1])) {
			continue // a later one counts
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = appendQuoted(dst, name(m))
		dst = append(dst, ':')
		dst = append(dst, buf[m.colon:m.end]...)
	}
	return append(dst, '}'), true
}

// text appends the characters of a string whose first quote has been read.
func (p *jsonText) text(dst []byte) ([]byte, bool) {
	for p.at < len(p.s) {
		c := p.s[p.at]
		p.at++
		switch {
		case c == '"':
			return dst, true
		case c < 0x20:
			return dst, false
		case c != '\\':
			dst = append(dst, c)
			continue
		}
		if p.at >= len(p.s) {
			return dst, false
		}
		c = p.s[p.at]
		p.at++
		switch c {
		case '"', '\\', '/':
			dst = append(dst, c)
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			u, ok := p.unit()
			if !ok {
				return dst, false
			}
			dst = p.rune(dst, u)
		default:
			return dst, false
		}
	}
	return dst, false
}

// unit reads the four digits of \u.
func (p *jsonText) unit() (rune, bool) {
	if len(p.s)-p.at < 4 {
		return 0, false
	}
	u, err := strconv.ParseUint(string(p.s[p.at:p.at+4]), 16, 16)
	if err != nil {
		return 0, false
	}
	p.at += 4
	return rune(u), true
}

// rune appends the character of a UTF-16 unit, with the unit behind it where they are a pair.
func (p *jsonText) rune(dst []byte, u rune) []byte {
	if !utf16.IsSurrogate(u) {
		return utf8.AppendRune(dst, u)
	}
	if u < 0xDC00 && bytes.HasPrefix(p.s[p.at:], []byte(`\u`)) {
		back := p.at
		p.at += 2
		if v, ok := p.unit(); ok && v >= 0xDC00 && v <= 0xDFFF {
			return utf8.AppendRune(dst, utf16.DecodeRune(u, v))
		}
		p.at = back
	}
	// A lone surrogate has no UTF-8 but must not be taken for another one.
	return append(dst, 0xE0|byte(u>>12&0x0F), 0x80|byte(u>>6&0x3F), 0x80|byte(u&0x3F))
}

// quoteFrom puts quotes around dst[at:].
func quoteFrom(dst []byte, at int) []byte {
	plain := true
	for _, c := range dst[at:] {
		if c == '"' || c == '\\' || c < 0x20 {
			plain = false
			break
		}
	}
	if !plain {
		return appendQuoted(dst[:at], bytes.Clone(dst[at:]))
	}
	dst = append(dst, 0)
	copy(dst[at+1:], dst[at:])
	dst[at] = '"'
	return append(dst, '"')
}

func appendQuoted(dst, s []byte) []byte {
	const digits = "0123456789abcdef"
	dst = append(dst, '"')
	for _, c := range s {
		switch {
		case c == '"', c == '\\':
			dst = append(dst, '\\', c)
		case c < 0x20:
			dst = append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}

// number appends a number in canonical form, exactly, however large its exponent.
func (p *jsonText) number(dst []byte) ([]byte, bool) {
	start := p.at
	if p.at < len(p.s) && p.s[p.at] == '-' {
		p.at++
	}
	whole := p.digits()
	if len(whole) == 0 || len(whole) > 1 && whole[0] == '0' {
		return dst, false
	}
	var frac, exp []byte
	if p.at < len(p.s) && p.s[p.at] == '.' {
		p.at++
		if frac = p.digits(); len(frac) == 0 {
			return dst, false
		}
	}
	if p.at < len(p.s) && p.s[p.at]|0x20 == 'e' {
		p.at++
		from := p.at
		if p.at < len(p.s) && (p.s[p.at] == '+' || p.s[p.at] == '-') {
			p.at++
		}
		if len(p.digits()) == 0 {
			return dst, false
		}
		exp = p.s[from:p.at]
	}
	return appendNumber(dst, p.s[start] == '-', whole, frac, exp), true
}

func (p *jsonText) digits() []byte {
	from := p.at
	for p.at < len(p.s) && p.s[p.at] >= '0' && p.s[p.at] <= '9' {
		p.at++
	}
	return p.s[from:p.at]
}

// appendNumber appends ±whole.frac * 10^exp in canonical form.
func appendNumber(dst []byte, neg bool, whole, frac, exp []byte) []byte {
	at := len(dst)
	if neg {
		dst = append(dst, '-')
	}
	first := len(dst)
	dst = append(append(dst, whole...), frac...)
	digits := dst[first:]
	lead := 0
	for lead < len(digits) && digits[lead] == '0' {
		lead++
	}
	if lead == len(digits) {
		return append(dst[:at], '0')
	}
	tail := 0
	for digits[len(digits)-1-tail] == '0' {
		tail++
	}
	n := copy(digits, digits[lead:len(digits)-tail])
	dst = append(dst[:first+n], 'e')
	shift := int64(tail - len(frac))
	if len(exp) <= 16 {
		e, _ := strconv.ParseInt(string(exp), 10, 64) // "" is none
		return strconv.AppendInt(dst, e+shift, 10)
	}
	e, _ := new(big.Int).SetString(string(exp), 10)
	return e.Add(e, big.NewInt(shift)).Append(dst, 10)
}
