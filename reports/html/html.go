// Package html renders a run as one self-contained page: no network, no script from
// elsewhere, readable from file://, in light and dark.
package html

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"

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

// cellWidth bounds the shown length of one value, in code points.
const cellWidth = 200

// Write writes the page of one run.
func Write(w io.Writer, rep *result.Report) error {
	t, err := template.New("page").Funcs(template.FuncMap{
		"group": reports.Group, "cell": func(c result.Cell) string { return reports.CellText(c, cellWidth) },
		"visible": diag.Visible,
	}).Parse(pageTemplate)
	if err != nil {
		return fmt.Errorf("parse the page: %w", err)
	}
	if err := t.Execute(w, newPage(rep)); err != nil {
		return fmt.Errorf("write the HTML report: %w", err)
	}
	return nil
}

// page is what the template shows.
type page struct {
	Run     result.Run
	Summary result.Summary
	Style   template.CSS
	Script  template.JS
	Title   string
	When    string
	Took    string
	Rate    string
	Groups  []section
	Data    []result.Dataset
}

// section is the expectations of one dataset, or of several.
type section struct {
	Name  string
	Items []item
	Bad   int
}

type item struct {
	result.Expectation
	Class   string // pass, fail, warn, error, skipped
	Label   string
	Open    bool
	Keys    []string // headings of failing rows
	Columns []string
	Failing int64
	Bar     []stretch
}

// stretch is a part of the bar that shows how rows divide.
type stretch struct {
	Class string
	Share float64 // per cent
}

func newPage(rep *result.Report) page {
	p := page{
		Run: rep.Run, Summary: rep.Summary, Data: rep.Datasets,
		Style: template.CSS(pageStyle), Script: template.JS(pageScript), //nolint:gosec // our own files, embedded
		Title: diag.Visible(rep.Run.Suite) + " · " + label(rep.Summary.Verdict, result.SeverityError),
		When:  rep.Run.Start.Format("2 January 2006, 15:04:05 MST"),
		Took:  (time.Duration(rep.Run.DurationMS) * time.Millisecond).String(),
		Rate:  inconsistency(rep.Summary.Inconsistency),
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
		it := newItem(e)
		if it.Open {
			p.Groups[j].Bad++
		}
		p.Groups[j].Items = append(p.Groups[j].Items, it)
	}
	return p
}

func inconsistency(rate *float64) string {
	if rate == nil {
		return "–"
	}
	return fmt.Sprintf("%.3g %%", *rate*100)
}

func newItem(e *result.Expectation) item {
	it := item{Expectation: *e, Label: label(e.Verdict, e.Severity), Class: class(e.Verdict, e.Severity), Open: e.Verdict != result.Pass}
	if e.Counts != nil {
		c := e.Counts
		it.Failing = c.False + c.Undecided - c.UndecidedByNull
		if total := c.True + c.False + c.Undecided; total > 0 {
			for _, s := range []struct {
				class string
				n     int64
			}{{"pass", c.True}, {"fail", c.False}, {"undecided", c.Undecided}} {
				if s.n > 0 {
					it.Bar = append(it.Bar, stretch{s.class, 100 * float64(s.n) / float64(total)})
				}
			}
		}
	}
	if len(e.Failures) > 0 {
		f := e.Failures[0]
		for _, n := range f.Order {
			if _, ok := f.Key[n]; ok {
				it.Keys = append(it.Keys, n)
			} else {
				it.Columns = append(it.Columns, n)
			}
		}
	}
	return it
}

func label(v result.Verdict, s result.Severity) string {
	if v == result.Fail && s != result.SeverityError {
		return string(s)
	}
	return string(v)
}

func class(v result.Verdict, s result.Severity) string {
	switch v {
	case result.Fail:
		if s != result.SeverityError {
			return "warn"
		}
		return "fail"
	case result.Skipped, result.Inconclusive:
		return "skipped"
	case result.Pass, result.Error:
	}
	return string(v)
}

// Messages reports whether any failing row has a message of its own.
func (i item) Messages() bool {
	for _, f := range i.Failures {
		if f.Message != "" {
			return true
		}
	}
	return false
}

// RateText is the rate in per cent.
func (i item) RateText() string { return reports.RateText(&i.Expectation) }
