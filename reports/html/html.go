// Package html renders a run as one self-contained page: no network, no script from
// elsewhere, readable from file://, in light and dark.
package html

import (
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/reports"
)

//go:embed page.tmpl
var pageTemplate string

//go:embed page.css
var pageStyle string

//go:embed page.js
var pageScript string

const (
	// cellWidth bounds the shown width of one value, in columns of a terminal.
	cellWidth = 200
	// lineWidth bounds names and sentences.
	lineWidth = 1000
	// codeWidth bounds an expression.
	codeWidth = 20_000
	// firstItems is the number of expectations that are named at the top.
	firstItems = 20
)

// Write writes the page of one run.
func Write(w io.Writer, rep *result.Report) error {
	t, err := template.New("page").Funcs(template.FuncMap{
		"group": diag.Group, "took": reports.Took, "line": line, "code": code, "tile": tile,
		"plural64": diag.Plural, "plural": func(n int, noun string) string { return diag.Plural(int64(n), noun) },
		"spoken": func(c result.Cell) string { return reports.Spoken(c, cellWidth) },
	}).Parse(pageTemplate)
	if err != nil {
		return fmt.Errorf("parse the page: %w", err)
	}
	if err := t.Execute(w, newPage(rep)); err != nil {
		return fmt.Errorf("write the HTML report: %w", err)
	}
	return nil
}

// line is a name or a sentence: what is invisible is made text, what is endless is cut.
func line(s string) string { return reports.Clip(diag.Visible(s), lineWidth) }

// code is an expression with its lines.
func code(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = diag.Visible(l)
	}
	return reports.Clip(strings.Join(lines, "\n"), codeWidth)
}

// tile is the class of a number: none has no colour.
func tile(class string, n int) string {
	if n == 0 {
		return "none"
	}
	return class
}

// page is what the template shows.
type page struct {
	Run        result.Run
	Summary    result.Summary
	Policy     string
	Style      template.CSS
	Script     template.JS
	Title      string
	Class      string
	Label      string
	Lead       string // the run in one sentence
	When       string
	Took       string
	Rate       string
	Sampled    bool   // rows were drawn at random
	First      []item // what did not pass, the worst first
	More       int    // of those, how many are not named in First
	Groups     []section
	Data       []result.Dataset
	DataErrors bool
}

// section is the expectations of one dataset, or of several.
type section struct {
	Name  string
	Items []item
	Bad   int
}

type item struct {
	result.Expectation
	N       int    // from 1, in the order of the suite
	Class   string // pass, fail, warn, error, inconclusive, skipped
	Label   string
	Open    bool
	Same    int      // at the top, how many more could not be evaluated for the same reason
	Keys    []string // headings of failing rows
	Columns []string
	Bar     []stretch
}

// stretch is a part of the bar that shows how rows divide, in the units of a box of 100 by 12. The parts differ in
// height too, for those who see no colour.
type stretch struct {
	Class       string
	From, Width string
	Top, Height int
}

// policy allows the page's own style and script, by their digests, and nothing else: even markup that slipped through
// could not run or fetch.
func policy() string {
	hash := func(s string) string {
		d := sha256.Sum256([]byte(s))
		return "'sha256-" + base64.StdEncoding.EncodeToString(d[:]) + "'"
	}
	return "default-src 'none'; style-src " + hash(pageStyle) + "; script-src " + hash(pageScript) + "; base-uri 'none'; form-action 'none'"
}

func newPage(rep *result.Report) page {
	p := page{
		Run: rep.Run, Summary: rep.Summary, Data: rep.Datasets, Policy: policy(),
		Style: template.CSS(pageStyle), Script: template.JS(pageScript), //nolint:gosec // our own files, embedded
		Class: class(rep.Summary.Verdict, result.SeverityError), Label: label(rep.Summary.Verdict, result.SeverityError),
		Lead:  lead(&rep.Summary),
		When:  rep.Run.Start.UTC().Format("2 January 2006, 15:04:05 MST"),
		Took:  reports.Took(rep.Run.DurationMS),
		Title: line(rep.Run.Suite) + ": " + string(rep.Summary.Verdict),
	}
	p.Sampled = rep.Run.Mode == "sample"
	if r := rep.Summary.Inconsistency; r != nil {
		p.Rate = diag.Percent(*r)
	}
	for i := range rep.Datasets {
		p.DataErrors = p.DataErrors || rep.Datasets[i].Error != ""
	}
	at := map[string]int{}
	for i := range rep.Expectations {
		e := &rep.Expectations[i]
		name := strings.Join(e.Datasets, " · ")
		j, ok := at[name]
		if !ok {
			j = len(p.Groups)
			at[name] = j
			p.Groups = append(p.Groups, section{Name: name})
		}
		it := newItem(e, i+1)
		if it.Open {
			p.Groups[j].Bad++
			p.First = append(p.First, it)
		}
		p.Groups[j].Items = append(p.Groups[j].Items, it)
	}
	p.first(len(rep.Expectations))
	return p
}

// first orders what did not pass, the worst first. Among so few expectations that all are seen at once it says nothing.
func (p *page) first(all int) {
	if all < 4 {
		p.First = nil
		return
	}
	order := []string{"error", "fail", "warn", "inconclusive", "skipped"}
	slices.SortStableFunc(p.First, func(a, b item) int {
		return cmp.Compare(slices.Index(order, a.Class), slices.Index(order, b.Class))
	})
	// One broken connection breaks every expectation about it, and is one thing to look at.
	var kept []item
	for _, it := range p.First {
		if n := len(kept); n > 0 && it.Class == "error" && kept[n-1].Class == "error" && it.Message == kept[n-1].Message {
			kept[n-1].Same++
			continue
		}
		kept = append(kept, it)
	}
	p.First = kept
	if n := len(p.First); n > firstItems {
		p.First, p.More = p.First[:firstItems], n-firstItems
	}
}

// lead says the run in one sentence.
func lead(s *result.Summary) string {
	all := s.Passed + s.Failed + s.Warned + s.Inconclusive + s.Errored + s.Skipped
	switch {
	case all == 0:
		return "The suite has no expectations."
	case s.Passed == all && all == 1:
		return "The one expectation holds."
	case s.Passed == all:
		return fmt.Sprintf("All %d expectations hold.", all)
	}
	worst := []struct {
		n    int
		what string
	}{{s.Failed, "failed"}, {s.Errored, "could not be evaluated"}, {s.Warned, "warned"}, {s.Inconclusive, "stayed inconclusive"}, {s.Skipped, "were skipped"}}
	text := ""
	for _, x := range worst {
		switch {
		case x.n == 0:
		case text == "" && all == 1:
			text = "The one expectation " + x.what
		case text == "":
			text = fmt.Sprintf("%d of %d expectations %s", x.n, all, x.what)
		default:
			text += fmt.Sprintf(", %d %s", x.n, x.what)
		}
	}
	return text + "."
}

func newItem(e *result.Expectation, n int) item {
	it := item{Expectation: *e, N: n, Label: label(e.Verdict, e.Severity), Class: class(e.Verdict, e.Severity), Open: e.Verdict != result.Pass}
	if e.Counts != nil {
		it.Bar = bar(e.Counts, reports.False(e))
	}
	for i := range e.Failures {
		f := &e.Failures[i]
		for _, n := range f.Order {
			list := &it.Columns
			if _, ok := f.Key[n]; ok {
				list = &it.Keys
			}
			if !slices.Contains(*list, n) {
				*list = append(*list, n)
			}
		}
	}
	return it
}

// Value is what a failing row shows in a column, nothing where it has no such column.
func (i item) Value(f result.Failure, column string) string {
	c, ok := f.Key[column]
	if !ok {
		c, ok = f.Values[column]
	}
	if !ok {
		return ""
	}
	return reports.CellText(c, cellWidth)
}

// leastShare is the width below which a stretch could not be seen.
const leastShare = 2.5

// bar divides the box by the counts; whatever is not nothing can be seen.
func bar(c *result.Counts, failed int64) []stretch {
	total := float64(c.True + failed + c.Undecided)
	if total == 0 {
		return nil
	}
	parts := []struct {
		class       string
		n           int64
		top, height int
	}{{"pass", c.True, 3, 6}, {"fail", failed, 0, 12}, {"undecided", c.Undecided, 5, 2}}
	sum := 0.0
	share := func(n int64) float64 {
		if n == 0 {
			return 0
		}
		return max(100*float64(n)/total, leastShare)
	}
	for _, p := range parts {
		sum += share(p.n)
	}
	var out []stretch
	from := 0.0
	for _, p := range parts {
		if p.n == 0 {
			continue
		}
		width := 100 * share(p.n) / sum
		out = append(out, stretch{p.class, fmt.Sprintf("%.2f", from), fmt.Sprintf("%.2f", width), p.top, p.height})
		from += width
	}
	return out
}

// label is the verdict with a sign, so that no reader depends on colour.
func label(v result.Verdict, s result.Severity) string {
	switch v {
	case result.Pass:
		return "✓ pass"
	case result.Fail:
		if s != result.SeverityError {
			return "! " + diag.Visible(string(s))
		}
		return "✗ fail"
	case result.Error:
		return "⚠ error"
	case result.Inconclusive:
		return "? inconclusive"
	case result.Skipped:
		return "– skipped"
	}
	return diag.Visible(string(v))
}

func class(v result.Verdict, s result.Severity) string {
	if v == result.Fail && s != result.SeverityError {
		return "warn"
	}
	return string(v)
}

// Messages reports whether any failing row has a message of its own.
func (i item) Messages() bool {
	return slices.ContainsFunc(i.Failures, func(f result.Failure) bool { return f.Message != "" })
}

// Outcomes reports whether any failing row is undecided rather than false.
func (i item) Outcomes() bool {
	return slices.ContainsFunc(i.Failures, func(f result.Failure) bool { return f.Outcome != "false" })
}

// LeftOut reports whether any aggregate left rows out because of a null.
func (i item) LeftOut() bool {
	return slices.ContainsFunc(i.Metrics, func(m result.Metric) bool { return m.ByNull > 0 })
}

// False counts the rows that count as false, orphans included.
func (i item) False() int64 { return reports.False(&i.Expectation) }

// Shown says how many of the failing rows are in the table.
func (i item) Shown() string {
	all, shown := reports.Failing(&i.Expectation), int64(len(i.Failures))
	if i.Compare != nil {
		return shownDifferences(i.Compare.Counts.Different(), shown)
	}
	if all <= shown {
		return diag.Plural(shown, "failing row")
	}
	return diag.Group(shown) + " of " + diag.Plural(all, "failing row")
}

// RateText is the rate in per cent.
func (i item) RateText() string { return reports.RateText(&i.Expectation) }
