package diag

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/clipperhouse/displaywidth"
)

// maxShown bounds how many terminal columns of a source line are shown: a
// minified file of one line must not flood the terminal.
const maxShown = 160

// maxRead bounds how many code points of a source line are looked at.
const maxRead = 4000

// contextShown is how many columns stay visible before the caret in a line that was cut.
const contextShown = 60

// Print writes the diagnostics for people, in the order of the list:
//
//	shop.yaml:12:9: error[unknown-key]: unknown key "expct"
//	  12 |       - expct: row.total > 0
//	     |         ^^^^^
//	     = did you mean "expect"?
//
// The carets stand under the very columns of the span whatever the width of what precedes them. sources may be nil.
// Nothing that is printed can act upon a terminal.
func Print(w io.Writer, list List, sources Sources) error {
	var b strings.Builder
	for i := range list {
		printOne(&b, list[i], sources)
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("print diagnostics: %w", err)
	}
	return nil
}

func printOne(b *strings.Builder, d Diagnostic, sources Sources) {
	b.WriteString(d.String())
	b.WriteByte('\n')
	number := strconv.Itoa(d.Span.Line)
	gutter := strings.Repeat(" ", len(number)+2)
	if line, ok := sourceLine(d.Span, sources); ok {
		text, pad, run := mark(line, d.Span)
		fmt.Fprintf(b, "  %s | %s\n", number, text)
		fmt.Fprintf(b, "%s | %s%s\n", gutter, strings.Repeat(" ", pad), strings.Repeat("^", run))
	}
	if d.Hint != "" {
		if d.Span.Line == 0 {
			gutter = "  "
		}
		fmt.Fprintf(b, "%s = %s\n", gutter, Visible(d.Hint))
	}
}

func sourceLine(at Span, sources Sources) (Line, bool) {
	if sources == nil || at.Line <= 0 || at.Col <= 0 {
		return Line{}, false
	}
	return sources(at.File, at.Line)
}

// mark returns the line as it is shown, and how many terminal columns precede the carets, and how many carets there are.
func mark(line Line, at Span) (text string, pad, run int) {
	runes := []rune(line.Text)
	start := min(line.offset(at.Col-1), len(runes))
	end := line.endOffset(at.Col - 1 + max(at.Len, 1))
	end = min(max(end, start), len(runes))
	if len(runes) > maxRead { // only what is near the caret can be shown
		from := max(start-maxRead/2, 0)
		runes = runes[from:min(from+maxRead, len(runes))]
		start, end = start-from, min(end-from, len(runes))
	}
	before := Visible(string(runes[:start]))
	upto := Visible(string(runes[:end]))
	whole := Visible(string(runes))
	pad = displaywidth.String(before)
	run = max(displaywidth.String(upto)-pad, 1)
	if displaywidth.String(whole) <= maxShown {
		return whole, pad, run
	}
	return cut(whole, pad, run)
}

// cut returns the part of a long line around its carets.
func cut(whole string, pad, run int) (text string, newPad, newRun int) {
	const ellipsis = "…"
	var b strings.Builder
	from := 0
	if pad > contextShown {
		from = pad - contextShown
		b.WriteString(ellipsis)
	}
	col, width := 0, 0 // columns passed; columns written
	newPad = -1
	for g := displaywidth.StringGraphemes(whole); g.Next(); {
		w := g.Width()
		if col >= pad && newPad < 0 {
			newPad = width
			if from > 0 {
				newPad++
			}
		}
		if col >= from {
			if width+w > maxShown {
				b.WriteString(ellipsis)
				break
			}
			b.WriteString(g.Value())
			width += w
		}
		col += w
	}
	if newPad < 0 { // past the last character
		newPad = width
		if from > 0 {
			newPad++
		}
	}
	return b.String(), newPad, min(run, maxShown-min(newPad, maxShown-1))
}
