package elasticsearch

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/assay-dev/assay/connectors"
)

var errJSON = connectors.Own("unreadable JSON")

// scanner walks JSON text without building anything. The server wrote it, so that it checks only what it needs to stay in bounds.
type scanner struct {
	data []byte
	pos  int
}

// space moves to the next byte that is not white space and returns it, 0 at the end.
func (s *scanner) space() byte {
	for s.pos < len(s.data) {
		switch c := s.data[s.pos]; c {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

// text reads a string and returns what stands between its quotes, escapes and all.
func (s *scanner) text() ([]byte, error) {
	if s.space() != '"' {
		return nil, errJSON
	}
	start := s.pos + 1
	end := closing(s.data, start)
	if end < 0 {
		return nil, errJSON
	}
	s.pos = end + 1
	return s.data[start:end], nil
}

// Eight bytes at a time: a byte of v is c where it is zero in v xor c repeated.
const (
	lowBits  = 0x0101010101010101
	highBits = 0x8080808080808080
	quotes   = '"' * lowBits
	slashes  = '\\' * lowBits
)

// closing returns where the string that goes on at i ends: the position of its quote, or -1.
func closing(data []byte, i int) int {
	for {
		for i+8 <= len(data) {
			v := binary.LittleEndian.Uint64(data[i:])
			q, b := v^quotes, v^slashes
			// The lowest marked byte is right; those above it may be marked by a borrow.
			if found := ((q-lowBits)&^q | (b-lowBits)&^b) & highBits; found != 0 {
				i += bits.TrailingZeros64(found) / 8
				break
			}
			i += 8
		}
		for i < len(data) && data[i] != '"' && data[i] != '\\' {
			i++
		}
		if i >= len(data) {
			return -1
		}
		if data[i] == '"' {
			return i
		}
		i += 2 // an escape, and what it escapes
	}
}

// value skips any value and returns its text.
func (s *scanner) value() ([]byte, error) {
	c := s.space()
	start := s.pos
	switch c {
	case 0:
		return nil, errJSON
	case '"':
		if _, err := s.text(); err != nil {
			return nil, err
		}
		return s.data[start:s.pos], nil
	case '{', '[':
		end := skip(s.data, start)
		if end < 0 {
			return nil, errJSON
		}
		s.pos = end
		return s.data[start:end], nil
	}
	for s.pos < len(s.data) {
		switch s.data[s.pos] {
		case ',', '}', ']', ' ', '\t', '\n', '\r':
			return s.data[start:s.pos], nil
		}
		s.pos++
	}
	return s.data[start:s.pos], nil
}

// structural marks the bytes at which skip has to stop.
var structural = [256]bool{'"': true, '{': true, '}': true, '[': true, ']': true} //nolint:gochecknoglobals // immutable

// skip returns the position behind the object or array that starts at i, or -1.
func skip(data []byte, i int) int {
	for depth := 0; i < len(data); i++ {
		c := data[i]
		if !structural[c] {
			continue
		}
		switch c {
		case '"':
			if i = closing(data, i+1); i < 0 {
				return -1
			}
		case '{', '[':
			depth++
		default:
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return -1
}

// object calls f with each key; f must consume the value.
func (s *scanner) object(f func(key []byte) error) error {
	if s.space() != '{' {
		return errJSON
	}
	s.pos++
	if s.space() == '}' {
		s.pos++
		return nil
	}
	for {
		key, err := s.text()
		if err != nil {
			return err
		}
		if s.space() != ':' {
			return errJSON
		}
		s.pos++
		if err := f(key); err != nil {
			return err
		}
		switch s.space() {
		case ',':
			s.pos++
		case '}':
			s.pos++
			return nil
		default:
			return errJSON
		}
	}
}

// array calls f for each element; f must consume it.
func (s *scanner) array(f func() error) error {
	if s.space() != '[' {
		return errJSON
	}
	s.pos++
	if s.space() == ']' {
		s.pos++
		return nil
	}
	for {
		if err := f(); err != nil {
			return err
		}
		switch s.space() {
		case ',':
			s.pos++
		case ']':
			s.pos++
			return nil
		default:
			return errJSON
		}
	}
}

// unescape appends the text of a string's inside to dst. A lone surrogate is no character; it becomes lone, as in the index.
func unescape(dst, s []byte, lone rune) []byte {
	for {
		i := bytes.IndexByte(s, '\\')
		if i < 0 || i+1 >= len(s) {
			return append(dst, s...)
		}
		dst = append(dst, s[:i]...)
		c := s[i+1]
		s = s[i+2:]
		switch c {
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
			r := hex4(s)
			s = s[min(4, len(s)):]
			if utf16.IsSurrogate(r) {
				low := rune(-1)
				if len(s) >= 6 && s[0] == '\\' && s[1] == 'u' {
					low = hex4(s[2:])
				}
				if full := utf16.DecodeRune(r, low); full != utf8.RuneError {
					r = full
					s = s[6:]
				} else {
					r = lone
				}
			}
			dst = utf8.AppendRune(dst, r)
		default: // quote, backslash, slash
			dst = append(dst, c)
		}
	}
}

// hex4 reads four hexadecimal digits, or returns -1.
func hex4(s []byte) rune {
	if len(s) < 4 {
		return -1
	}
	var r rune
	for _, c := range s[:4] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return -1
		}
	}
	return r
}

// parseInt reads a decimal integer that fits an int64.
func parseInt(s []byte) (int64, bool) {
	neg := false
	if len(s) > 0 && s[0] == '-' {
		neg, s = true, s[1:]
	}
	if len(s) == 0 || len(s) > 19 {
		return 0, false
	}
	var u uint64
	for _, c := range s {
		if c < '0' || c > '9' {
			return 0, false
		}
		u = u*10 + uint64(c-'0')
	}
	if neg {
		if u > 1<<63 {
			return 0, false
		}
		return -int64(u), true // #nosec G115 -- wraps only for 1<<63, whose negation is itself
	}
	if u > 1<<63-1 {
		return 0, false
	}
	return int64(u), true // #nosec G115 -- bounded above
}

// powers are the powers of ten that a float64 has exactly.
var powers = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15} //nolint:gochecknoglobals // immutable

// parseShort reads a number of at most fifteen digits without an exponent: both its digits and the power of ten are exact then, so that
// the one division rounds rightly (Clinger, "How to read floating point numbers accurately", 1990).
func parseShort(s []byte) (float64, bool) {
	neg := len(s) > 0 && s[0] == '-'
	if neg {
		s = s[1:]
	}
	var digits int64
	point := len(s)
	for i, c := range s {
		switch {
		case c >= '0' && c <= '9':
			digits = digits*10 + int64(c-'0')
		case c == '.' && point == len(s) && i > 0 && i+1 < len(s):
			point = i
		default:
			return 0, false
		}
	}
	if len(s) == 0 || len(s) > 15 {
		return 0, false
	}
	x := float64(digits)
	if point < len(s) {
		x /= powers[len(s)-1-point]
	}
	if neg {
		x = -x
	}
	return x, true
}
