package reports

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/result"
)

// Part is a value for one line of text, cut where another one differs from it: Marked is what differs. All three are harmless to a
// reader's terminal.
type Part struct{ Before, Marked, After string }

// String is the whole.
func (p Part) String() string { return p.Before + p.Marked + p.After }

// Differing returns the two sides of a changed cell, each no wider than about width columns, with the stretch around the
// difference kept and marked. Two values that share nothing are marked as a whole.
func Differing(a, b result.Cell, width int) (x, y Part) {
	if a.Kind() != b.Kind() || a.Kind() == value.Null {
		return Part{Marked: CellText(a, width)}, Part{Marked: CellText(b, width)}
	}
	s, t, quote := a.Text(), b.Text(), ""
	if a.Kind() == value.Duration {
		s, t = CellText(a, width), CellText(b, width)
	}
	escape := diag.Visible
	if a.Kind() == value.String {
		s, t, quote, escape = a.Str(), b.Str(), `"`, quoted
	}
	head := commonHead(s, t)
	tail := commonTail(s[head:], t[head:])
	left, right := s[head:len(s)-tail], t[head:len(t)-tail]
	w := window{escape: escape, marked: escape, width: width - 2*len(quote)}
	if alike(left, right) {
		w.marked = escapedASCII // they look the same: only their code points tell them apart
	}
	x, y = w.cut(s, head, tail), w.cut(t, head, tail)
	x.Before, y.Before = quote+x.Before, quote+y.Before
	x.After, y.After = x.After+quote, y.After+quote
	return x, y
}

// alike reports whether two different texts are canonically equivalent, so that they look the same.
func alike(a, b string) bool {
	const looked = 1 << 10
	return a != b && len(a) <= looked && len(b) <= looked && norm.NFC.String(a) == norm.NFC.String(b)
}

// escapedASCII writes everything that is not ASCII as an escape.
func escapedASCII(s string) string {
	q := strconv.QuoteToASCII(s)
	return q[1 : len(q)-1]
}

// commonHead is the length of what two texts begin with, whole characters only: never between a letter and its accent.
func commonHead(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	for n > 0 && (joined(a, n) || joined(b, n)) {
		n--
	}
	return n
}

// commonTail is likewise the length of what they end with.
func commonTail(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[len(a)-1-n] == b[len(b)-1-n] {
		n++
	}
	for n > 0 && (joined(a, len(a)-n) || joined(b, len(b)-n)) {
		n--
	}
	return n
}

// joined reports whether position i of s is within a character: inside the bytes of a rune, or before a rune that is drawn onto the one
// before.
func joined(s string, i int) bool {
	if i >= len(s) {
		return false
	}
	if !utf8.RuneStart(s[i]) {
		return true
	}
	r, _ := utf8.DecodeRuneInString(s[i:])
	before, _ := utf8.DecodeLastRuneInString(s[:i])
	return unicode.In(r, unicode.M) || r == '\u200d' || before == '\u200d'
}

// window shows the surroundings of a difference.
type window struct {
	escape, marked func(string) string
	width          int
}

// context is how many columns of what both sides share are shown before the difference, where not all fits.
const context = 12

// cut shows s, of which all but the first head and the last tail bytes differ.
func (w window) cut(s string, shared, tail int) Part {
	before := s[:shared]
	long := len(before) > maxLooked(w.width)
	if long {
		before = lastBytes(before, maxLooked(w.width))
	}
	p := Part{Before: w.escape(before), Marked: w.marked(head(s[shared:len(s)-tail], w.width)), After: w.escape(head(s[len(s)-tail:], w.width))}
	if !long && textWidth(p.Before)+textWidth(p.Marked)+textWidth(p.After) <= w.width {
		return p
	}
	if long || textWidth(p.Before) > context {
		p.Before = "…" + lastColumns(p.Before, context-1)
	}
	p.Marked = Clip(p.Marked, max(w.width-textWidth(p.Before)-1, 1))
	p.After = Clip(p.After, max(w.width-textWidth(p.Before)-textWidth(p.Marked), 1))
	return p
}

// maxLooked bounds how many bytes of a value are looked at for a stretch of so many columns.
func maxLooked(width int) int { return 8 * width }

// lastBytes is the end of s, at most n bytes of it, from the beginning of a character on.
func lastBytes(s string, n int) string {
	from := len(s) - n
	for from < len(s) && joined(s, from) {
		from++
	}
	return s[from:]
}

// lastColumns is the end of s, no wider than width columns.
func lastColumns(s string, width int) string {
	runes := []rune(s)
	used, at := 0, len(runes)
	for at > 0 && used+columns(runes[at-1]) <= width {
		at--
		used += columns(runes[at])
	}
	return strings.TrimLeftFunc(string(runes[at:]), func(r rune) bool { return unicode.In(r, unicode.M) })
}
