package diag

import "unicode/utf8"

// Sources gives the printer the lines of the files that diagnostics point into.
// It returns false for a line that there is not. Lines count from 1.
type Sources func(file string, line int) (Line, bool)

// hiddenText stands for a secret, whatever its length.
const hiddenText = "********"

// Stretch is a half-open range of code points of a line, from 0.
type Stretch struct{ Start, End int }

// Line is a line of a file as it may be shown: stretches that hold secrets are replaced already.
type Line struct {
	// Text is the line without its line break and without secrets.
	Text   string
	hidden []Stretch
}

// NewLine returns the line with the hidden stretches, which are in order and do not overlap, replaced.
func NewLine(text string, hidden ...Stretch) Line {
	if len(hidden) == 0 {
		return Line{Text: text}
	}
	runes := []rune(text)
	out := make([]rune, 0, len(runes))
	kept := make([]Stretch, 0, len(hidden))
	at := 0
	for _, h := range hidden {
		h.Start, h.End = max(h.Start, at), min(h.End, len(runes))
		if h.Start >= h.End {
			continue
		}
		out = append(out, runes[at:h.Start]...)
		out = append(out, []rune(hiddenText)...)
		at = h.End
		kept = append(kept, h)
	}
	out = append(out, runes[at:]...)
	return Line{Text: string(out), hidden: kept}
}

// offset returns where code point i (from 0) of the original line stands in Text. A hidden one stands at the start of its mask.
func (l Line) offset(i int) int {
	shift := 0
	for _, h := range l.hidden {
		if i < h.Start {
			break
		}
		if i < h.End {
			return h.Start + shift
		}
		shift += len(hiddenText) - (h.End - h.Start)
	}
	return min(i+shift, utf8.RuneCountInString(l.Text))
}

// endOffset is offset for the end of a range: a hidden one stands at the end of its mask.
func (l Line) endOffset(i int) int {
	shift := 0
	for _, h := range l.hidden {
		if i <= h.Start {
			break
		}
		if i <= h.End {
			return h.Start + shift + len(hiddenText)
		}
		shift += len(hiddenText) - (h.End - h.Start)
	}
	return min(i+shift, utf8.RuneCountInString(l.Text))
}
