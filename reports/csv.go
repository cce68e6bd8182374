package reports

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/assay-dev/assay/expectations/result"
)

// csvWidth bounds a text in a line of the CSV, in bytes.
const csvWidth = 2000

// CSV writes a line an expectation, and no alert, for it is none, beneath a line of names, as RFC 4180 has it. Every text is in quotes, none spans lines, and none is a formula
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

// csvCell is a cell that a spreadsheet takes for a text, or for a number where it is one.
func csvCell(s string) string {
	s = said(s, csvWidth)
	if isNumber(s) {
		return s
	}
	s = NoFormula(s)
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}

// isNumber reports whether s is a number as programs and spreadsheets write one.
func isNumber(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return err == nil && !strings.ContainsAny(s, "xXpPnN_")
}

// formulaSigns begin what a spreadsheet takes for a formula or a command, in full-width form too.
const formulaSigns = "=+-@|%\uff1d\uff0b\uff0d\uff20"

// NoFormula puts an apostrophe before what a spreadsheet would take for a formula: what begins with one of its signs, blanks before it or not, and is no number. What has
// apostrophes there already gets one more, so that whoever takes one away has the text as it was.
func NoFormula(s string) string {
	rest := strings.TrimLeftFunc(strings.TrimLeft(s, "'"), func(r rune) bool { return r <= ' ' || unicode.IsSpace(r) })
	first, _ := utf8.DecodeRuneInString(rest)
	if rest == "" || isNumber(s) || !strings.ContainsRune(formulaSigns, first) {
		return s
	}
	return "'" + s
}
