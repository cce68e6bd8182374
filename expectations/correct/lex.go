package correct

import (
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// lexer reads JSON (RFC 8259) more strictly than encoding/json does: names must be known to who asks, and no text may be ill-formed. Its first error stays.
type lexer struct {
	b   []byte
	i   int
	err *lexError
	// same holds texts that come again and again, line after line; nil for none.
	same map[string]string
}

// where is what is read: before, and which column of it.
type where struct{ a, b string }

func in(a string) where { return where{a: a} }

// String implements fmt.Stringer.
func (w where) String() string {
	if w.b == "" {
		return w.a
	}
	return w.a + ": " + w.b
}

// lexError is what is wrong and where.
type lexError struct {
	at   int
	text string
}

func (e *lexError) Error() string { return e.text }

func (l *lexer) fail(at int, format string, args ...any) {
	if l.err == nil {
		l.err = &lexError{at: at, text: fmt.Sprintf(format, args...)}
	}
}

func (l *lexer) blank() {
	for l.i < len(l.b) && (l.b[l.i] == ' ' || l.b[l.i] == '\t' || l.b[l.i] == '\r' || l.b[l.i] == '\n') {
		l.i++
	}
}

// peek returns the next byte that is not white space, 0 at the end or after an error.
func (l *lexer) peek() byte {
	l.blank()
	if l.err != nil || l.i >= len(l.b) {
		return 0
	}
	return l.b[l.i]
}

// take goes over the next byte where it is c.
func (l *lexer) take(c byte) bool {
	if l.peek() == c {
		l.i++
		return true
	}
	return false
}

func (l *lexer) want(c byte, where where) {
	if !l.take(c) {
		l.fail(l.i, "%s: want %q, have %s", where, string(c), l.here())
	}
}

// here shows what stands at the current place.
func (l *lexer) here() string {
	if l.i >= len(l.b) {
		return "the end of the line"
	}
	r, _ := utf8.DecodeRune(l.b[l.i:])
	return strconv.QuoteRune(r)
}

// word goes over a literal.
func (l *lexer) word(w string) bool {
	l.blank()
	if l.err == nil && len(l.b)-l.i >= len(w) && string(l.b[l.i:l.i+len(w)]) == w {
		l.i += len(w)
		return true
	}
	return false
}

// end wants nothing more.
func (l *lexer) end() {
	if l.blank(); l.i < len(l.b) {
		l.fail(l.i, "%s after the end of the object", l.here())
	}
}

// text reads a string.
func (l *lexer) text(where where) string {
	l.want('"', where)
	if l.err != nil {
		return ""
	}
	at := l.i
	for l.i < len(l.b) {
		switch c := l.b[l.i]; {
		case c == '"':
			s := string(l.b[at:l.i])
			if l.i++; !utf8.ValidString(s) {
				l.fail(at, "%s: the text is not UTF-8", where)
			}
			return s
		case c == '\\':
			return l.escaped(at, where)
		case c < 0x20:
			l.fail(l.i, "%s: a control character within a text", where)
			return ""
		default:
			l.i++
		}
	}
	l.fail(len(l.b), "%s: the line ends within a text", where)
	return ""
}

// Texts that are kept are short, and not many.
const (
	maxSame  = 1024
	sameText = 200
)

// known reads a string that comes again and again.
func (l *lexer) known(where where) string {
	if l.same == nil || l.peek() != '"' {
		return l.text(where)
	}
	for i := l.i + 1; i < len(l.b) && i < l.i+sameText && l.b[i] >= 0x20 && l.b[i] != '\\'; i++ {
		if l.b[i] != '"' {
			continue
		}
		if s, ok := l.same[string(l.b[l.i+1:i])]; ok {
			l.i = i + 1
			return s
		}
		s := l.text(where)
		if l.err == nil && len(l.same) < maxSame {
			l.same[s] = s
		}
		return s
	}
	return l.text(where)
}

// name reads the name of a member.
func (l *lexer) name(w where) string { return l.known(where{w.a, "the name of a member"}) }

// escaped reads on where the first escape stands.
func (l *lexer) escaped(at int, where where) string {
	out := append([]byte(nil), l.b[at:l.i]...)
	for l.i < len(l.b) {
		switch c := l.b[l.i]; {
		case c == '"':
			if l.i++; !utf8.Valid(out) {
				l.fail(at, "%s: the text is not UTF-8", where)
			}
			return string(out)
		case c == '\\':
			r, ok := l.escape()
			if !ok {
				l.fail(l.i, "%s: a wrong escape in a text", where)
				return ""
			}
			out = utf8.AppendRune(out, r)
		case c < 0x20:
			l.fail(l.i, "%s: a control character within a text", where)
			return ""
		default:
			out = append(out, c)
			l.i++
		}
	}
	l.fail(len(l.b), "%s: the line ends within a text", where)
	return ""
}

// escape reads one escape; half a surrogate pair is wrong.
func (l *lexer) escape() (rune, bool) {
	if l.i+1 >= len(l.b) {
		return 0, false
	}
	c := l.b[l.i+1]
	switch c {
	case '"', '\\', '/':
		l.i += 2
		return rune(c), true
	case 'b', 'f', 'n', 'r', 't':
		l.i += 2
		return map[byte]rune{'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}[c], true
	case 'u':
		r, ok := l.unit()
		if !ok || !utf16.IsSurrogate(r) {
			return r, ok
		}
		second, ok := l.unit()
		whole := utf16.DecodeRune(r, second)
		return whole, ok && whole != utf8.RuneError
	}
	return 0, false
}

func (l *lexer) unit() (rune, bool) {
	if len(l.b)-l.i < 6 || l.b[l.i] != '\\' || l.b[l.i+1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(l.b[l.i+2:l.i+6]), 16, 16)
	if err != nil {
		return 0, false
	}
	l.i += 6
	return rune(n), true
}

// number reads the text of a number as JSON has it.
func (l *lexer) number(where where) []byte {
	l.blank()
	at := l.i
	if l.err != nil {
		return nil
	}
	digits := func() bool {
		from := l.i
		for l.i < len(l.b) && l.b[l.i] >= '0' && l.b[l.i] <= '9' {
			l.i++
		}
		return l.i > from
	}
	is := func(c byte) bool {
		if l.i < len(l.b) && l.b[l.i] == c {
			l.i++
			return true
		}
		return false
	}
	is('-')
	whole := l.i
	ok := digits() && (l.b[whole] != '0' || l.i == whole+1)
	if ok && is('.') {
		ok = digits()
	}
	if ok && (is('e') || is('E')) {
		_ = is('+') || is('-')
		ok = digits()
	}
	if !ok {
		l.fail(at, "%s: want a number, have %s", where, l.here())
		return nil
	}
	return l.b[at:l.i]
}

// integer reads a number without fraction and exponent.
func (l *lexer) integer(where where) int64 {
	at := l.i
	t := l.number(where)
	if l.err != nil {
		return 0
	}
	n, err := strconv.ParseInt(string(t), 10, 64)
	if err != nil {
		l.fail(at, "%s: want an integer, have %s", where, t)
	}
	return n
}

// members reads an object; each reads the value of the member called name.
func (l *lexer) members(where where, each func(name string, at int)) {
	l.want('{', where)
	if l.err != nil || l.take('}') {
		return
	}
	for l.err == nil {
		l.blank()
		at := l.i
		name := l.name(where)
		l.want(':', where)
		if l.err != nil {
			return
		}
		each(name, at)
		if l.err != nil || !l.take(',') {
			break
		}
	}
	l.want('}', where)
}

// elements reads an array.
func (l *lexer) elements(where where, each func()) {
	l.want('[', where)
	if l.err != nil || l.take(']') {
		return
	}
	for l.err == nil {
		each()
		if l.err != nil || !l.take(',') {
			break
		}
	}
	l.want(']', where)
}
