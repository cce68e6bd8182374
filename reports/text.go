// Package reports renders the result of a run for its readers: one format a file, all of one result model.
package reports

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"

	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/result"
)

// TextOptions steer the text form.
type TextOptions struct {
	// Color allows ANSI colours.
	Color bool
	// Quiet prints only what did not pass, and the summary.
	Quiet bool
	// Rows is the number of failing rows shown beneath each expectation.
	Rows int
}

// cellWidth bounds the shown length of one value of a failing row, in code points.
const cellWidth = 60

// Text writes the run as a table with the failing rows beneath it and a summary line. Whatever a
// database or a suite put into names, values and messages is shown without being interpreted.
func Text(w io.Writer, rep *result.Report, o TextOptions) error {
	p := &printer{w: w, o: o}
	p.table(rep)
	for i := range rep.Expectations {
		p.detail(&rep.Expectations[i])
	}
	p.summary(rep)
	return p.err
}

type printer struct {
	w   io.Writer
	o   TextOptions
	err error
}

func (p *printer) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

var marks = map[result.Verdict]string{
	result.Pass: "✓ pass", result.Fail: "✗ fail", result.Error: "! error", result.Skipped: "- skipped", result.Inconclusive: "? inconclusive",
}

const (
	red, green, yellow, dim, bold, plain = "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[2m", "\x1b[1m", "\x1b[0m"
)

func (p *printer) paint(color, s string) string {
	if !p.o.Color || s == "" {
		return s
	}
	return color + s + plain
}

func (p *printer) verdict(e *result.Expectation) string {
	mark := marks[e.Verdict]
	switch e.Verdict {
	case result.Pass:
		return p.paint(green, mark)
	case result.Fail:
		if e.Severity != result.SeverityError {
			return p.paint(yellow, "! "+string(e.Severity))
		}
		return p.paint(red, mark)
	case result.Error:
		return p.paint(red, mark)
	case result.Skipped, result.Inconclusive:
		return p.paint(yellow, mark)
	}
	return mark
}

func (p *printer) table(rep *result.Report) {
	t := tablewriter.NewTable(p.w,
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders:  tw.Border{Left: tw.Off, Right: tw.Off, Top: tw.Off, Bottom: tw.Off},
			Settings: tw.Settings{Separators: tw.Separators{BetweenColumns: tw.Off, BetweenRows: tw.Off}, Lines: tw.Lines{ShowHeaderLine: tw.On}},
			Symbols:  tw.NewSymbols(tw.StyleLight),
		})),
		tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithHeaderAlignment(tw.AlignLeft),
		tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithRowAlignmentConfig(tw.CellAlignment{PerColumn: []tw.Align{
			tw.AlignLeft, tw.AlignLeft, tw.AlignRight, tw.AlignRight, tw.AlignRight, tw.AlignRight, tw.AlignLeft, tw.AlignRight,
		}}),
	)
	t.Header("verdict", "expectation", "true", "false", "undecided", "rate", "ran", "time")
	rows := 0
	for i := range rep.Expectations {
		e := &rep.Expectations[i]
		if p.o.Quiet && e.Verdict == result.Pass {
			continue
		}
		rows++
		tr, fa, un := "", "", ""
		if e.Counts != nil {
			tr, fa, un = Group(e.Counts.True), Group(e.Counts.False), Group(e.Counts.Undecided)
		}
		rate := RateText(e)
		if e.Kind == result.KindMetric && !e.Observed.IsNull() {
			rate = clip(diag.Visible(e.Observed.Text()), 24)
		}
		if err := t.Append(p.verdict(e), clip(diag.Visible(e.ID), 48), tr, fa, un, rate, e.Ran.Where, duration(e.Ran.MS)); err != nil && p.err == nil {
			p.err = fmt.Errorf("print the table: %w", err)
		}
	}
	if rows == 0 || p.err != nil {
		return
	}
	if err := t.Render(); err != nil {
		p.err = fmt.Errorf("print the table: %w", err)
	}
	p.printf("\n")
}

// RateText is the rate of an expectation in per cent, "" where it has none. It never rounds to 100 % or 0 % what is
// not.
func RateText(e *result.Expectation) string {
	if e.Rate == nil || e.Counts == nil {
		return ""
	}
	r := *e.Rate * 100
	if r == 100 || r == 0 {
		return strconv.FormatFloat(r, 'f', 0, 64) + " %"
	}
	for digits := 1; digits < 16; digits++ {
		s := strconv.FormatFloat(r, 'f', digits, 64)
		if v, err := strconv.ParseFloat(s, 64); err == nil && v > 0 && v < 100 {
			return s + " %"
		}
	}
	return strconv.FormatFloat(r, 'g', -1, 64) + " %"
}

func duration(ms int64) string {
	switch {
	case ms <= 0:
		return ""
	case ms < 1000:
		return fmt.Sprintf("%d ms", ms)
	}
	return fmt.Sprintf("%.1f s", float64(ms)/1000)
}

// detail prints what a reader needs of an expectation that did not pass.
func (p *printer) detail(e *result.Expectation) {
	if e.Verdict == result.Pass {
		return
	}
	p.printf("%s %s", p.verdict(e), p.paint(bold, diag.Visible(e.ID)))
	if e.Location.File != "" {
		p.printf("  %s", p.paint(dim, fmt.Sprintf("%s:%d", diag.Visible(e.Location.File), e.Location.Line)))
	}
	p.printf("\n  %s\n", indent(diag.Visible(e.Message)))
	if e.Expression != "" {
		p.printf("  %s\n", p.paint(dim, indent(diag.Visible(e.Expression))))
	}
	for i, f := range e.Failures {
		if i == p.o.Rows {
			break
		}
		p.failure(&f)
	}
	if c := failing(e); len(e.Failures) > 0 && c > int64(min(len(e.Failures), p.o.Rows)) {
		p.printf("    %s\n", p.paint(dim, fmt.Sprintf("… %s failing rows in all", Group(c))))
	}
	p.printf("\n")
}

// failing is the number of rows that are false or undecided for a cause other than null.
func failing(e *result.Expectation) int64 {
	if e.Counts == nil {
		return 0
	}
	return e.Counts.False + e.Counts.Undecided - e.Counts.UndecidedByNull
}

func (p *printer) failure(f *result.Failure) {
	var parts []string
	for _, name := range f.Order {
		c, isKey := f.Key[name]
		if !isKey {
			c = f.Values[name]
		}
		parts = append(parts, diag.Visible(name)+"="+CellText(c, cellWidth))
	}
	line := strings.Join(parts, "  ")
	if f.Outcome == "undecided" {
		line += "  (undecided)"
	}
	if f.Message != "" {
		line += "  " + clip(diag.Visible(f.Message), 2*cellWidth)
	}
	p.printf("    %s\n", line)
}

func (p *printer) summary(rep *result.Report) {
	s := &rep.Summary
	parts := []string{count(s.Passed, "passed")}
	for _, x := range []struct {
		n    int
		what string
	}{{s.Failed, "failed"}, {s.Warned, "warned"}, {s.Errored, "errored"}, {s.Inconclusive, "inconclusive"}, {s.Skipped, "skipped"}} {
		if x.n > 0 {
			parts = append(parts, count(x.n, x.what))
		}
	}
	color := green
	if s.Verdict != result.Pass {
		color = red
	}
	p.printf("%s  %s: %s · %s rows · %s\n", p.paint(color, marks[s.Verdict]), diag.Visible(rep.Run.Suite), strings.Join(parts, ", "),
		Group(s.RecordsChecked), time.Duration(rep.Run.DurationMS)*time.Millisecond)
}

func count(n int, what string) string { return strconv.Itoa(n) + " " + what }

func indent(s string) string { return strings.ReplaceAll(s, "\n", "\n  ") }

// CellText is a value for one line of text: quoted where it is text, "null" for null, cut at width code points.
func CellText(c result.Cell, width int) string {
	switch c.Kind().String() {
	case "null":
		return "null"
	case "string":
		return strconv.Quote(clip(c.Str(), width))
	}
	return clip(diag.Visible(c.Text()), width)
}

func clip(s string, width int) string {
	if len(s) <= width {
		return s
	}
	n := 0
	for i := range s {
		if n == width-1 {
			return s[:i] + "…"
		}
		n++
	}
	return s
}

// Group prints n with thousands separated by commas.
func Group(n int64) string {
	s := strconv.FormatInt(n, 10)
	start := 0
	if n < 0 {
		start = 1
	}
	for i := len(s) - 3; i > start; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
