package main

import (
	"slices"
	"strings"

	"github.com/assay-dev/assay/reports"
)

// columns lays out lines below each other by what a terminal shows of them; the columns whose numbers are given, from 0, stand to the right. What follows the last cell
// of a line is left out.
func columns(lines [][]string, right ...int) string {
	var widths []int
	for _, l := range lines {
		for i, c := range l {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], reports.TextWidth(c))
		}
	}
	var b strings.Builder
	for _, l := range lines {
		var line strings.Builder
		for i, c := range l {
			pad := strings.Repeat(" ", widths[i]-reports.TextWidth(c))
			if slices.Contains(right, i) {
				c, pad = pad+c, ""
			}
			line.WriteString(c + pad + "  ")
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return b.String()
}
