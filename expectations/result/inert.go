package result

import (
	"fmt"
	"slices"
	"unicode/utf8"
)

// Inert returns JSON that acts on no terminal that shows it: what JSON lets stand in a text as it is, and terminals obey (DEL, the C1 controls, of which
// U+009B begins an escape sequence, and the characters that turn text around), is escaped. A program reads the same values. It needs valid JSON.
func Inert(text []byte) []byte {
	var out []byte
	done := 0
	for i := 0; i < len(text); {
		switch text[i] {
		case 0x7f, 0xc2, 0xe2: // the first bytes of those characters
		default:
			i++
			continue
		}
		c, size := utf8.DecodeRune(text[i:])
		if acts(c) {
			if out == nil {
				out = slices.Grow(out, len(text)+16)
			}
			out = fmt.Appendf(append(out, text[done:i]...), `\u%04x`, c)
			done = i + size
		}
		i += size
	}
	if out == nil {
		return text
	}
	return append(out, text[done:]...)
}

// acts reports whether a character does something to a terminal that JSON does not escape by itself.
func acts(c rune) bool {
	return c >= 0x7f && c <= 0x9f || c == 0x200e || c == 0x200f || c >= 0x202a && c <= 0x202e || c >= 0x2066 && c <= 0x2069
}
