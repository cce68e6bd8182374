package elasticsearch

import (
	"bytes"
	"errors"
	"unicode/utf16"
	"unicode/utf8"
)

var errJSON = errors.New("unreadable JSON")

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
	for at := start; ; {
		i := bytes.IndexByte(s.data[at:], '"')
		if i < 0 {
			return nil, errJSON
		}
		end := at + i
		slashes := 0
		for end-slashes > start && s.data[end-slashes-1] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			s.pos = end + 1
			return s.data[start:end], nil
		}
		at = end + 1
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
		depth := 0
		for s.pos < len(s.data) {
			switch s.data[s.pos] {
			case '"':
				if _, err := s.text(); err != nil {
					return nil, err
				}
				continue
			case '{', '[':
				depth++
			case '}', ']':
				depth--
				if depth == 0 {
					s.pos++
					return s.data[start:s.pos], nil
				}
			}
			s.pos++
		}
		return nil, errJSON
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
