package reports

import (
	"strconv"
	"strings"
	"time"

	"github.com/olekukonko/tablewriter/pkg/twwidth"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/result"
)

// RateText is the rate of an expectation in per cent, "" where it has none. It never rounds to 100 % or 0 % what is
// not.
func RateText(e *result.Expectation) string {
	if e.Rate == nil || e.Counts == nil {
		return ""
	}
	return diag.Percent(*e.Rate)
}

// Took prints how long something took, ms in milliseconds, as a person says it: "279 ms", "12.3 s", "3m20s", "2h5m0s"; "" for
// nothing worth showing.
func Took(ms int64) string {
	switch {
	case ms <= 0:
		return ""
	case ms < 1000:
		return strconv.FormatInt(ms, 10) + " ms"
	case ms < 60_000:
		return strconv.FormatFloat(float64(ms)/1000, 'f', 1, 64) + " s"
	}
	return (time.Duration(ms) * time.Millisecond).Round(time.Second).String()
}

// False is the number of rows of e that count as false: those for which it is false, and orphans.
func False(e *result.Expectation) int64 {
	n := int64(0)
	if e.Counts != nil {
		n = e.Counts.False
	}
	if e.Orphans != nil {
		n += e.Orphans.Failing
	}
	return n
}

// Failing is the number of rows of e that count as failing: the false, those undecided for a cause other than null, and those
// undecided by null where on_null says so.
func Failing(e *result.Expectation) int64 {
	c := e.Counts
	if c == nil {
		return 0
	}
	n := False(e) + c.Undecided - c.UndecidedByNull
	if e.OnNull == "fail" {
		n += c.UndecidedByNull
	}
	return n
}

// CellText is a value for one line of text, no wider than width columns: text is quoted, null is "null".
func CellText(c result.Cell, width int) string {
	switch c.Kind() {
	case value.Null:
		return "null"
	case value.String:
		return `"` + Clip(quoted(head(c.Str(), width)), width) + `"`
	case value.Duration:
		return diag.Duration(c.Duration())
	default:
		return Clip(diag.Visible(head(c.Text(), width)), width)
	}
}

// Spoken is a value as a sentence says it: numbers are grouped, durations are in hours and minutes.
func Spoken(c result.Cell, width int) string {
	switch c.Kind() {
	case value.Int:
		return diag.Group(c.Int())
	case value.Uint, value.Decimal:
		return Clip(diag.GroupDigits(c.Text()), width)
	default:
		return CellText(c, width)
	}
}

// quoted makes s harmless and its quotes and backslashes unmistakable.
func quoted(s string) string {
	q := strconv.Quote(s)
	q = q[1 : len(q)-1]
	// Quote leaves alone what is printable, joiners excepted; what is left of invisible text becomes escapes too.
	return diag.Visible(q)
}

// head cuts what is certainly too long to be shown, so that a value of a megabyte is not looked at as a whole. A column
// may take several code points (combining marks), hence the factor.
func head(s string, width int) string {
	n := 0
	for i := range s {
		if n == 8*width {
			return s[:i] + "…"
		}
		n++
	}
	return s
}

// Clip cuts s to width columns of a terminal, with an ellipsis for what is missing.
func Clip(s string, width int) string {
	if len(s) <= width {
		return s // no character is wider than its bytes
	}
	used, cut := 0, -1
	for i, r := range s {
		w := columns(r)
		if used+w > width-1 && cut < 0 {
			cut = i
		}
		if used += w; used > width {
			return s[:cut] + "…"
		}
	}
	return s
}

// ClipMiddle cuts s to width columns and keeps both ends, of which the last says most: "orders.refer…customer_id".
func ClipMiddle(s string, width int) string {
	if len(s) <= width || Clip(s, width) == s {
		return s
	}
	tail := (width - 1) / 2
	runes := []rune(s)
	used, at := 0, len(runes)
	for at > 0 && used+columns(runes[at-1]) <= tail {
		at--
		used += columns(runes[at])
	}
	front := Clip(string(runes[:at]), width-used)
	return strings.TrimSuffix(front, "…") + "…" + string(runes[at:])
}

// columns is the number of columns that r takes, as the table counts them.
func columns(r rune) int {
	if r < 0x80 {
		return 1
	}
	return twwidth.WidthNoCache(string(r))
}

// textWidth is the width of s in columns, colours not counted.
func textWidth(s string) int { return twwidth.WidthNoCache(s) }
