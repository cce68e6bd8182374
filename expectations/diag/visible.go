package diag

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	zeroWidthJoiner = '\u200d' // joins emoji into one
	tabText         = "    "   // what a tab is shown as, wherever it stands
)

// Visible returns s with everything that could act upon a terminal made text: control and
// format characters (ANSI escapes, bidirectional overrides), line breaks and invalid UTF-8 become escapes
// such as \x1b. A tab becomes four blanks. Applied to a prefix of a text it
// yields a prefix of the whole's result.
func Visible(s string) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == '\t':
			b.WriteString(tabText)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case harmless(r):
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
		i += n
	}
	return b.String()
}

// plain reports whether s is printable ASCII, which most text is.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}

func harmless(r rune) bool {
	return r == zeroWidthJoiner || unicode.IsGraphic(r) && !unicode.In(r, unicode.Zl, unicode.Zp)
}
