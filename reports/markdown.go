package reports

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/result"
)

// MarkdownOptions steer the Markdown.
type MarkdownOptions struct {
	// Limit bounds its bytes; 0 for no bound. What has no room is left out, the least severe first, and a sentence says so.
	Limit int
}

const (
	markdownText = 1000 // bytes of a sentence
	markdownCell = 200  // bytes of a cell of a table
	markdownRows = 5    // failing rows shown of an expectation
	// markdownNote is room for the sentence that says what is left out.
	markdownNote = 300
)

// Markdown writes the run as GitHub's Markdown: the verdict, what needs attention with its failing rows, the worst first, and all expectations
// in a table that unfolds. Nothing of the data is markup there, a link, or the mention of a person.
func Markdown(w io.Writer, rep *result.Report, o MarkdownOptions) error {
	b := &bounded{limit: o.Limit - markdownNote}
	if o.Limit == 0 {
		b.limit = 0
	}
	b.add(markdownHead(rep))
	left, cut := 0, 0
	for _, e := range worstFirst(rep, func(e *result.Expectation) bool { return e.Verdict != result.Pass }) {
		if !b.add(markdownDetail(e)) {
			left++
		}
	}
	if len(rep.Expectations) > 0 {
		const end = "\n</details>\n"
		b.reserve(len(end))
		if b.add("<details><summary>All expectations</summary>\n\n| verdict | expectation | true | false | rate | time |\n|---|---|---:|---:|---:|---:|\n") {
			for i := range rep.Expectations {
				if !b.add(markdownLine(&rep.Expectations[i])) {
					cut++
				}
			}
			b.text.WriteString(end)
		} else {
			cut = len(rep.Expectations)
		}
	}
	if left+cut > 0 {
		fmt.Fprintf(&b.text, "\nLeft out, for this may be %s bytes long: the details of %s, and %s of the table. The report of the run has all of them.\n",
			diag.Group(int64(o.Limit)), diag.Plural(int64(left), "expectation"), diag.Plural(int64(cut), "line"))
	}
	text := b.text.String()
	if o.Limit > 0 && len(text) > o.Limit { // there was no room even for that
		text = ""
	}
	if _, err := io.WriteString(w, text); err != nil {
		return fmt.Errorf("write Markdown: %w", err)
	}
	return nil
}

// bounded is text of at most limit bytes, what is reserved left aside; 0 for any number.
type bounded struct {
	text  strings.Builder
	limit int
	full  bool
}

func (b *bounded) reserve(n int) {
	if b.limit != 0 {
		b.limit -= n
	}
}

// add appends s whole or not at all; after the first that had no room nothing is added, so that what stands there is the first of its order.
func (b *bounded) add(s string) bool {
	if b.full || b.limit != 0 && b.text.Len()+len(s) > b.limit {
		b.full = true
		return false
	}
	b.text.WriteString(s)
	return true
}

func markdownHead(rep *result.Report) string {
	s := &rep.Summary
	var b strings.Builder
	fmt.Fprintf(&b, "## %s %s\n\n", markdownMark(s.Verdict, result.SeverityError), inline(rep.Run.Suite, markdownCell))
	b.WriteString("| passed | failed | warned | could not be evaluated | inconclusive | skipped | rows | took |\n|---:|---:|---:|---:|---:|---:|---:|---:|\n")
	fmt.Fprintf(&b, "| %d | %d | %d | %d | %d | %d | %s | %s |\n\n", s.Passed, s.Failed, s.Warned, s.Errored, s.Inconclusive, s.Skipped, diag.Group(s.RecordsChecked), Took(rep.Run.DurationMS))
	if p := rep.Previous; p != nil {
		fmt.Fprintf(&b, "Since the last run: %d new, %d fixed, %d still failing.\n\n", p.New, p.Fixed, p.Still)
	}
	for i := range rep.Alerts {
		a := &rep.Alerts[i]
		mark := "⚠️"
		if a.Level == "critical" {
			mark = "🚨"
		}
		fmt.Fprintf(&b, "- %s %s: %s: %s\n", mark, inline(a.Level, markdownCell), inline(a.Rule, markdownCell), inline(a.Message, markdownText))
	}
	if len(rep.Alerts) > 0 {
		b.WriteString("\n")
	}
	b.WriteString(markdownPlan(rep.Plan))
	return b.String()
}

func markdownMark(v result.Verdict, s result.Severity) string {
	switch {
	case v == result.Pass:
		return "✅ pass"
	case v == result.Fail && s != result.SeverityError:
		return "⚠️ " + inline(string(s), markdownCell)
	case v == result.Fail:
		return "❌ fail"
	case v == result.Error:
		return "💥 error"
	case v == result.Inconclusive:
		return "❔ inconclusive"
	}
	return "⏭️ " + inline(string(v), markdownCell)
}

func markdownDetail(e *result.Expectation) string {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s %s\n\n%s", markdownMark(e.Verdict, e.Severity), inline(name(e.ID, markdownCell), markdownCell), inline(e.Message, markdownText))
	if e.Location.File != "" {
		fmt.Fprintf(&b, " (%s:%d)", inline(e.Location.File, markdownCell), e.Location.Line)
	}
	switch e.Since {
	case result.SinceNew:
		b.WriteString(" **new**")
	case result.SinceStill:
		b.WriteString(" still failing")
		if f := e.Failing; f != nil {
			fmt.Fprintf(&b, " (%s)", diag.Plural(int64(f.Runs), "run"))
		}
	case result.SinceUnknown, result.SinceAdded, result.SinceFixed, result.SinceSame:
	}
	b.WriteString("\n\n")
	if e.Expression != "" || len(e.Failures) > 0 || e.Compare != nil {
		b.WriteString(fenced(block(e, markdownRows)))
	}
	return b.String()
}

func markdownLine(e *result.Expectation) string {
	var t, f string
	if c := e.Counts; c != nil {
		t, f = diag.Group(c.True), diag.Group(False(e))
	}
	rate := RateText(e)
	if e.Kind == result.KindMetric && !e.Observed.IsNull() {
		rate = inline(Spoken(e.Observed, metricWidth), markdownCell)
	}
	return "| " + strings.Join([]string{markdownMark(e.Verdict, e.Severity), inline(name(e.ID, markdownCell), markdownCell), t, f, rate, Took(e.Ran.MS)}, " | ") + " |\n"
}

// inline is a text on one line in which nothing is markup: every character that could be is written as a reference, which Markdown takes for the
// character alone; and behind what would mention a person or an issue stands a blank without width.
func inline(s string, most int) string {
	var b strings.Builder
	digits := true // so far: with a point they would number a list
	for _, r := range said(s, most) {
		list := b.Len() == 0 && (r == '-' || r == '+') || digits && r == '.'
		digits = digits && '0' <= r && r <= '9'
		switch {
		case r == '@' || r == '#':
			b.WriteString("&#" + strconv.Itoa(int(r)) + ";&#8203;")
		case strings.ContainsRune("&<>\\`*_{}[]()~|!:\"'=$^", r) || list:
			b.WriteString("&#" + strconv.Itoa(int(r)) + ";")
		default:
			b.WriteRune(r)
		}
	}
	return strings.ReplaceAll(b.String(), "www.", "www&#46;")
}

// fenced is text in a block of code, whose fence is longer than any within.
func fenced(s string) string {
	fence, run := 3, 0
	for _, r := range s {
		if r != '`' {
			run = 0
			continue
		}
		run++
		fence = max(fence, run+1)
	}
	f := strings.Repeat("`", fence)
	return f + "text\n" + s + f + "\n\n"
}
