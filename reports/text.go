// Package reports renders the result of a run for its readers: one format a file, all of one result model.
package reports

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

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
	// Width is the number of columns that the table may take; 0 for 100. It never shrinks below what numbers need.
	Width int
}

const (
	defaultWidth = 100
	// cellWidth bounds the shown width of one value of a failing row, in columns.
	cellWidth = 60
	// messageWidth bounds a sentence.
	messageWidth = 1000
	// expressionLines bounds the lines shown of an expression.
	expressionLines = 12
	// shortest is the width that an id is given however narrow the table.
	shortest = 24
	// metricWidth bounds an observed value in the table.
	metricWidth = 18
)

// Text writes the run as a table in the order of the suite; beneath it whatever did not pass, the worst first; and at the end,
// where a terminal stops scrolling, the summary. Whatever a
// database or a suite put into names, values and messages is shown without being interpreted.
func Text(w io.Writer, rep *result.Report, o TextOptions) error {
	p := &printer{w: w, o: o}
	p.o.Width = cmp.Or(o.Width, defaultWidth)
	p.table(rep)
	p.details(rep)
	p.alerts(rep)
	p.plan(rep)
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
	underline                            = "\x1b[4m"
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
			return p.paint(yellow, "! "+diag.Visible(string(e.Severity)))
		}
		return p.paint(red, mark)
	case result.Error:
		return p.paint(red, mark)
	case result.Skipped, result.Inconclusive:
		return p.paint(yellow, mark)
	}
	return diag.Visible(string(e.Verdict))
}

// line is one row of the table; its first two cells are the verdict and the id.
type line [8]string

func (p *printer) lines(rep *result.Report) []line {
	var all []line
	for i := range rep.Expectations {
		e := &rep.Expectations[i]
		if p.o.Quiet && e.Verdict == result.Pass {
			continue
		}
		l := line{p.verdict(e), diag.Visible(e.ID), "", "", "", RateText(e), ranShort(e.Ran.Where), Took(e.Ran.MS)}
		if c := e.Counts; c != nil {
			l[2], l[3] = diag.Group(c.True), diag.Group(False(e))
			if c.Undecided > 0 {
				l[4] = diag.Group(c.Undecided)
			}
		}
		if e.Kind == result.KindMetric && !e.Observed.IsNull() {
			l[5] = Spoken(e.Observed, metricWidth)
		}
		all = append(all, l)
	}
	return all
}

// ranShort is the column that says where an expectation ran.
func ranShort(where string) string {
	if where == "constraint" {
		return "proved" // what proves it stands in the message
	}
	return where
}

// gap is the space between two columns.
const gap = 2

func (p *printer) table(rep *result.Report) {
	lines := p.lines(rep)
	if len(lines) == 0 {
		return
	}
	head := line{"verdict", "expectation", "true", "false", "undecided", "rate", "ran", "time"}
	var widths [len(head)]int
	undecided := false
	for _, l := range lines {
		undecided = undecided || l[4] != ""
	}
	for _, l := range append([]line{head}, lines...) {
		for i, cell := range l {
			widths[i] = max(widths[i], textWidth(cell))
		}
	}
	room := p.o.Width + gap // nothing follows the last column
	for i, w := range widths {
		if i != 1 && (i != 4 || undecided) {
			room -= w + gap
		}
	}
	room -= gap
	var text strings.Builder
	t := grid(&text, undecided)
	t.Header(cells(head, undecided)...)
	for _, l := range lines {
		l[1] = ClipMiddle(l[1], max(room, shortest))
		if err := t.Append(cells(l, undecided)...); err != nil && p.err == nil {
			p.err = fmt.Errorf("print the table: %w", err)
		}
	}
	if p.err != nil {
		return
	}
	if err := t.Render(); err != nil {
		p.err = fmt.Errorf("print the table: %w", err)
	}
	for l := range strings.Lines(text.String()) {
		p.printf("%s\n", strings.TrimRight(strings.TrimSuffix(l, strings.Repeat("─", gap)+"\n"), " \n"))
	}
	p.printf("\n")
}

// cells are the cells of a line, without the undecided where no row is.
func cells(l line, undecided bool) []any {
	var out []any
	for i, s := range l {
		if i != 4 || undecided {
			out = append(out, s)
		}
	}
	return out
}

func grid(w io.Writer, undecided bool) *tablewriter.Table {
	align := []tw.Align{tw.AlignLeft, tw.AlignLeft, tw.AlignRight, tw.AlignRight, tw.AlignRight, tw.AlignLeft, tw.AlignRight}
	if undecided {
		align = slices.Insert(align, 4, tw.AlignRight)
	}
	padding := tw.CellPadding{Global: tw.Padding{Left: "", Right: strings.Repeat(" ", gap), Overwrite: true}}
	return tablewriter.NewTable(w,
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders:  tw.Border{Left: tw.Off, Right: tw.Off, Top: tw.Off, Bottom: tw.Off},
			Settings: tw.Settings{Separators: tw.Separators{BetweenColumns: tw.Off, BetweenRows: tw.Off}, Lines: tw.Lines{ShowHeaderLine: tw.On}},
			Symbols:  tw.NewSymbols(tw.StyleLight),
		})),
		tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithHeaderAlignmentConfig(tw.CellAlignment{PerColumn: align}),
		tablewriter.WithPadding(padding.Global),
		tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithRowAlignmentConfig(tw.CellAlignment{PerColumn: align}),
		tablewriter.WithTrimSpace(tw.Off),
	)
}

// details prints what a reader needs of every expectation that did not pass: first what could not be evaluated,
// since the picture is incomplete by it, then what failed, then what only warns.
func (p *printer) details(rep *result.Report) {
	var bad []*result.Expectation
	for i := range rep.Expectations {
		if rep.Expectations[i].Verdict != result.Pass {
			bad = append(bad, &rep.Expectations[i])
		}
	}
	slices.SortStableFunc(bad, func(a, b *result.Expectation) int { return cmp.Compare(weight(a), weight(b)) })
	for i := 0; i < len(bad); {
		n := 1
		// One broken connection breaks every expectation about it: its message is read once.
		for bad[i].Verdict == result.Error && i+n < len(bad) && bad[i+n].Verdict == result.Error && bad[i+n].Message == bad[i].Message {
			n++
		}
		p.detail(bad[i : i+n])
		i += n
	}
	p.bounds(rep)
}

// bounds prints what samples and baselines show of the expectations that passed: without its bound a pass would say too much.
func (p *printer) bounds(rep *result.Report) {
	shown := false
	for i := range rep.Expectations {
		e := &rep.Expectations[i]
		drawn := e.Sample != nil && !e.Sample.All || e.Compare != nil && e.Compare.Sample != nil && !e.Compare.Sample.All
		asked := e.Trend != nil && e.Trend.Baseline != nil && e.Trend.Baseline.Asked
		if e.Verdict != result.Pass || !drawn && !asked || p.o.Quiet {
			continue
		}
		shown = true
		p.printf("%s  %s: %s\n", p.verdict(e), diag.Visible(e.ID), Clip(diag.Visible(e.Message), messageWidth))
	}
	if shown {
		p.printf("\n")
	}
}

// weight orders what did not pass, the worst first.
func weight(e *result.Expectation) int {
	switch {
	case e.Verdict == result.Error:
		return 0
	case e.Verdict == result.Fail && e.Severity == result.SeverityError:
		return 1
	case e.Verdict == result.Fail && e.Severity == result.SeverityWarning:
		return 2
	case e.Verdict == result.Fail:
		return 3
	case e.Verdict == result.Inconclusive:
		return 4
	}
	return 5
}

// detail prints one expectation, or several that share their error.
func (p *printer) detail(same []*result.Expectation) {
	for _, e := range same {
		p.printf("%s  %s", p.verdict(e), p.paint(bold, Clip(diag.Visible(e.ID), messageWidth)))
		if e.Location.File != "" {
			p.printf("  %s", p.paint(dim, fmt.Sprintf("%s:%d", diag.Visible(e.Location.File), e.Location.Line)))
		}
		p.printf("\n")
	}
	e := same[0]
	p.printf("  %s\n", Clip(diag.Visible(e.Message), messageWidth))
	if e.Description != "" {
		p.printf("  %s\n", Clip(diag.Visible(e.Description), messageWidth))
	}
	if len(same) == 1 {
		p.expression(e)
		p.comparison(e)
	}
	if e.Compare == nil {
		for i := range min(len(e.Failures), p.o.Rows) {
			p.failure(&e.Failures[i])
		}
	}
	if shown := int64(min(len(e.Failures), p.o.Rows)); shown > 0 && Failing(e) > shown {
		what := "more row"
		if e.Compare != nil {
			what = "more difference"
		}
		p.printf("    %s\n", p.paint(dim, "… and "+diag.Plural(Failing(e)-shown, what)))
	}
	if e.Owner != "" {
		p.printf("  %s\n", p.paint(dim, "owner: "+Clip(diag.Visible(e.Owner), cellWidth)))
	}
	p.printf("\n")
}

// expression prints the CEL, in the lines that the suite has.
func (p *printer) expression(e *result.Expectation) {
	show := func(word, text string) {
		lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
		more := len(lines) - expressionLines
		for i, l := range lines[:min(len(lines), expressionLines)] {
			if i == 0 {
				l = word + l
			}
			p.printf("  %s\n", p.paint(dim, Clip(diag.Visible(l), messageWidth)))
		}
		if more > 0 {
			p.printf("  %s\n", p.paint(dim, "… "+diag.Plural(int64(more), "more line")))
		}
	}
	if e.Expression != "" && e.Compare == nil {
		show("", e.Expression)
	}
	if e.Where != "" {
		show("where ", e.Where)
	}
}

func (p *printer) failure(f *result.Failure) { p.printf("    %s\n", rowText(f)) }

// rowText is a failing row on one line.
func rowText(f *result.Failure) string {
	var parts []string
	for _, name := range f.Order {
		c, isKey := f.Key[name]
		if !isKey {
			c = f.Values[name]
		}
		parts = append(parts, Clip(diag.Visible(name), cellWidth)+"="+CellText(c, cellWidth))
	}
	text := strings.Join(parts, "  ")
	if f.Outcome == "undecided" {
		text += "  (undecided)"
	}
	if f.Message != "" {
		text += "  " + Clip(diag.Visible(f.Message), 2*cellWidth)
	}
	return text
}

// alerts prints the rules of the run that fired.
func (p *printer) alerts(rep *result.Report) {
	for i := range rep.Alerts {
		a := &rep.Alerts[i]
		color := yellow
		if a.Level == "critical" {
			color = red
		}
		p.printf("%s  %s: %s\n", p.paint(color, "! alert "+diag.Visible(a.Level)), diag.Visible(a.Rule), Clip(diag.Visible(a.Message), messageWidth))
	}
	if len(rep.Alerts) > 0 {
		p.printf("\n")
	}
}

func (p *printer) summary(rep *result.Report) {
	s := &rep.Summary
	parts := []string{count(s.Passed, "passed")}
	for _, x := range []struct {
		n    int
		what string
	}{{s.Failed, "failed"}, {s.Warned, "warned"}, {s.Errored, "could not be evaluated"}, {s.Inconclusive, "inconclusive"}, {s.Skipped, "skipped"}} {
		if x.n > 0 {
			parts = append(parts, count(x.n, x.what))
		}
	}
	color := green
	if s.Verdict != result.Pass {
		color = red
	}
	text := strings.Join(parts, ", ")
	if s.Verdict == result.Fail && s.Failed == 0 { // nothing else makes such a run fail
		text = "failed under --strict: " + text
	}
	if len(rep.Expectations) == 0 {
		text = "no expectations"
	}
	p.printf("%s  %s: %s · %s", p.paint(color, marks[s.Verdict]), diag.Visible(rep.Run.Suite), text, diag.Plural(s.RecordsChecked, "row"))
	if rep.Run.Mode == "sample" {
		p.printf(" read, drawn by seed %s", diag.Visible(rep.Run.Seed))
	}
	if took := Took(rep.Run.DurationMS); took != "" {
		p.printf(" · %s", took)
	}
	p.printf("\n")
}

func count(n int, what string) string { return strconv.Itoa(n) + " " + what }
