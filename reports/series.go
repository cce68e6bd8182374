package reports

import (
	"math"
	"strings"

	"github.com/assay-dev/assay/expectations/result"
)

// bars are the heights of a sparkline.
const bars = "▁▂▃▄▅▆▇█"

// Sparkline draws figures as a line of blocks, the least as the lowest and the greatest as the highest; what is no finite number as a blank, and
// figures that are all the same in the middle.
func Sparkline(figures []float64) string {
	low, high := math.Inf(1), math.Inf(-1)
	for _, f := range figures {
		if !math.IsNaN(f) && !math.IsInf(f, 0) {
			low, high = min(low, f), max(high, f)
		}
	}
	blocks := []rune(bars)
	var b strings.Builder
	for _, f := range figures {
		switch {
		case math.IsNaN(f) || math.IsInf(f, 0):
			b.WriteByte(' ')
		case low == high:
			b.WriteRune(blocks[len(blocks)/2-1])
		default:
			// Halves first: the difference of two finite numbers may be none.
			share := (f/2 - low/2) / (high/2 - low/2)
			b.WriteRune(blocks[min(int(share*float64(len(blocks))), len(blocks)-1)])
		}
	}
	return b.String()
}

// VerdictSign is one sign for a verdict, for a strip of many; a blank where nothing was said.
func VerdictSign(v result.Verdict) string {
	if v == "" {
		return " "
	}
	sign, _, ok := strings.Cut(marks[v], " ")
	if !ok {
		return "?"
	}
	if v == result.Pass {
		return "·" // many of them: what is another must stand out
	}
	return sign
}

// CSVCell is a text as a cell of a CSV file, which no spreadsheet takes for a formula.
func CSVCell(s string) string { return csvCell(s) }

// TextWidth is the width of s in columns of a terminal.
func TextWidth(s string) int { return textWidth(s) }
