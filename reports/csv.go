package reports

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/assay-dev/assay/expectations/result"
)

// csvWidth bounds a text in a line of the CSV, in bytes.
const csvWidth = 2000

// CSV writes a line an expectation beneath a line of names, as RFC 4180 has it. Every text is in quotes, none spans lines, and none is a formula
// to a spreadsheet: an apostrophe stands before what would be one.
func CSV(w io.Writer, rep *result.Report) error {
	lines := [][]string{{
		"run", "start", "suite", "id", "kind", "datasets", "severity", "verdict", "since", "true", "false", "undecided", "rate", "observed", "message",
		"expression", "where", "file", "line", "ran", "ms", "owner", "tags",
	}}
	for i := range rep.Expectations {
		e := &rep.Expectations[i]
		l := []string{rep.Run.ID, rep.Run.Start.UTC().Format("2006-01-02T15:04:05Z"), rep.Run.Suite, e.ID, string(e.Kind), strings.Join(e.Datasets, " "), string(e.Severity), string(e.Verdict), string(e.Since)}
		counts := []string{"", "", "", ""}
		if c := e.Counts; c != nil {
			counts = []string{strconv.FormatInt(c.True, 10), strconv.FormatInt(False(e), 10), strconv.FormatInt(c.Undecided, 10), ""}
		}
		if e.Rate != nil {
			counts[3] = strconv.FormatFloat(*e.Rate, 'g', -1, 64)
		}
		observed := ""
		if !e.Observed.IsNull() {
			observed = head(e.Observed.Text(), csvWidth)
		}
		l = append(append(l, counts...), observed, e.Message, e.Expression, e.Where, e.Location.File, strconv.Itoa(e.Location.Line), e.Ran.Where, strconv.FormatInt(e.Ran.MS, 10), e.Owner, strings.Join(e.Tags, " "))
		lines = append(lines, l)
	}
	for _, l := range lines {
		for i := range l {
			l[i] = csvCell(l[i])
		}
		if _, err := io.WriteString(w, strings.Join(l, ",")+"\r\n"); err != nil {
			return fmt.Errorf("write the CSV: %w", err)
		}
	}
	return nil
}

// csvCell is a cell that a spreadsheet takes for a text, or for a number where it is one. What begins a formula does so in full-width form too.
func csvCell(s string) string {
	s = said(s, csvWidth)
	if _, err := strconv.ParseFloat(s, 64); err == nil && !strings.ContainsAny(s, "xXpPnN_") {
		return s
	}
	if strings.HasPrefix(s, "\uff1d") || strings.HasPrefix(s, "\uff0b") || strings.HasPrefix(s, "\uff0d") || strings.HasPrefix(s, "\uff20") || s != "" && strings.ContainsRune("=+-@|%", rune(s[0])) {
		s = "'" + s
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}
