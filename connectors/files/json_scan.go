package files

import (
	"fmt"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/assay-dev/assay/connectors"
)

// jsonCell is a value within a line: its first byte tells what it is, '0' standing for numbers.
type jsonCell struct {
	kind     byte
	from, to int
}

// maxDepth bounds the nesting of a document.
const maxDepth = 1000

var errDepth = connectors.Own(fmt.Sprintf("a document is nested deeper than %d levels", maxDepth))

func invalidAt(i int) error {
	return connectors.Own(fmt.Sprintf("it is not valid JSON at byte %d", i+1))
}

func skipBlanks(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\n' || b[i] == '\r') {
		i++
	}
	return i
}

// scanValue checks the value at b[i:] and returns where it stands.
func scanValue(b []byte, i, depth int) (jsonCell, error) {
	if i == len(b) {
		return jsonCell{}, invalidAt(i)
	}
	c := jsonCell{kind: b[i], from: i}
	var err error
	switch b[i] {
	case '"':
		c.to, err = scanString(b, i)
	case '{':
		c.to, err = scanObject(b, i, depth, nil)
	case '[':
		c.to, err = scanArray(b, i, depth, nil)
	case 't':
		c.to, err = scanWord(b, i, "true")
	case 'f':
		c.to, err = scanWord(b, i, "false")
	case 'n':
		c.to, err = scanWord(b, i, "null")
	default:
		c.kind = '0'
		c.to, err = scanNumber(b, i)
	}
	return c, err
}

func scanWord(b []byte, i int, word string) (int, error) {
	if len(b)-i < len(word) || string(b[i:i+len(word)]) != word {
		return i, invalidAt(i)
	}
	return i + len(word), nil
}

func scanDigits(b []byte, i int) int {
	for i < len(b) && b[i]-'0' <= 9 {
		i++
	}
	return i
}

func scanNumber(b []byte, i int) (int, error) {
	if i < len(b) && b[i] == '-' {
		i++
	}
	from := i
	if i = scanDigits(b, i); i == from || i-from > 1 && b[from] == '0' {
		return i, invalidAt(from)
	}
	if i < len(b) && b[i] == '.' {
		from = i + 1
		if i = scanDigits(b, from); i == from {
			return i, invalidAt(i)
		}
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		from = i
		if i = scanDigits(b, i); i == from {
			return i, invalidAt(i)
		}
	}
	return i, nil
}

// scanString checks the string whose opening quote is b[i] and returns the position behind its closing one.
func scanString(b []byte, i int) (int, error) {
	for i++; i < len(b); i++ {
		switch c := b[i]; {
		case c == '"':
			return i + 1, nil
		case c < 0x20:
			return i, invalidAt(i)
		case c == '\\':
			i++
			if i == len(b) {
				return i, invalidAt(i)
			}
			switch b[i] {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			case 'u':
				if _, ok := hex4(b, i+1); !ok {
					return i, invalidAt(i)
				}
				i += 4
			default:
				return i, invalidAt(i)
			}
		}
	}
	return i, invalidAt(i)
}

// scanObject checks the object at b[i:] and hands each member to visit, which may be nil.
func scanObject(b []byte, i, depth int, visit func(key, val jsonCell) error) (int, error) {
	if depth > maxDepth {
		return i, errDepth
	}
	i = skipBlanks(b, i+1)
	if i < len(b) && b[i] == '}' {
		return i + 1, nil
	}
	for {
		if i == len(b) || b[i] != '"' {
			return i, invalidAt(i)
		}
		key := jsonCell{kind: '"', from: i}
		var err error
		if key.to, err = scanString(b, i); err != nil {
			return key.to, err
		}
		if i = skipBlanks(b, key.to); i == len(b) || b[i] != ':' {
			return i, invalidAt(i)
		}
		val, err := scanValue(b, skipBlanks(b, i+1), depth+1)
		if err != nil {
			return val.to, err
		}
		if visit != nil {
			if err := visit(key, val); err != nil {
				return val.to, err
			}
		}
		if i = skipBlanks(b, val.to); i == len(b) {
			return i, invalidAt(i)
		}
		switch b[i] {
		case '}':
			return i + 1, nil
		case ',':
			i = skipBlanks(b, i+1)
		default:
			return i, invalidAt(i)
		}
	}
}

// scanArray checks the array at b[i:] and hands each element to visit, which may be nil.
func scanArray(b []byte, i, depth int, visit func(jsonCell) error) (int, error) {
	if depth > maxDepth {
		return i, errDepth
	}
	i = skipBlanks(b, i+1)
	if i < len(b) && b[i] == ']' {
		return i + 1, nil
	}
	for {
		val, err := scanValue(b, i, depth+1)
		if err != nil {
			return val.to, err
		}
		if visit != nil {
			if err := visit(val); err != nil {
				return val.to, err
			}
		}
		if i = skipBlanks(b, val.to); i == len(b) {
			return i, invalidAt(i)
		}
		switch b[i] {
		case ']':
			return i + 1, nil
		case ',':
			i = skipBlanks(b, i+1)
		default:
			return i, invalidAt(i)
		}
	}
}

func hex4(b []byte, i int) (rune, bool) {
	if len(b) < i+4 {
		return 0, false
	}
	var r rune
	for _, c := range b[i : i+4] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

var errText = connectors.Own("not a text")

// unquote returns the content of a checked string, quotes included in b; scratch is memory for one with escapes. A half of a
// surrogate pair, and bytes that are not UTF-8, are no text.
func unquote(b, scratch []byte) ([]byte, error) {
	b = b[1 : len(b)-1]
	i := 0
	for i < len(b) && b[i] != '\\' {
		i++
	}
	if i == len(b) {
		if !utf8.Valid(b) {
			return nil, errText
		}
		return b, nil
	}
	out := scratch[:0]
	out = append(out, b[:i]...)
	for i < len(b) {
		if b[i] != '\\' {
			out = append(out, b[i])
			i++
			continue
		}
		c := b[i+1]
		i += 2
		switch c {
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		case 'u':
			r, _ := hex4(b, i)
			i += 4
			if utf16.IsSurrogate(r) {
				low, ok := rune(0), i+6 <= len(b) && b[i] == '\\' && b[i+1] == 'u'
				if ok {
					low, ok = hex4(b, i+2)
				}
				if r = utf16.DecodeRune(r, low); !ok || r == utf8.RuneError {
					return nil, errText
				}
				i += 6
			}
			out = utf8.AppendRune(out, r)
			continue
		}
		out = append(out, c)
	}
	if !utf8.Valid(out) {
		return nil, errText
	}
	return out, nil
}
