package html

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/reports"
)

const (
	// firstItems is the number of expectations that are named at the top.
	firstItems = 8
	// fewItems are seen at a glance, and of them openedItems that did not pass are opened in the list.
	fewItems    = 20
	openedItems = 3
	// plainItems is the number of expectations that are shown where no script runs.
	plainItems = 100
	// shownDatasets bounds the table of datasets.
	shownDatasets = 1000
	// shownAlerts bounds the list of alerts.
	shownAlerts = 50
)

// page is what the template shows.
type page struct {
	Run        result.Run
	Summary    result.Summary
	Policy     string
	Style      template.CSS
	Script     template.JS
	Payload    template.JS
	Title      string
	Class      string
	Sign       string
	Word       string
	Lead       string // the run in one sentence
	When       string
	Took       string
	Rate       string
	Sampled    bool // rows were drawn at random
	Tiles      []tile
	Bar        []stretch // how the verdicts divide
	Previous   *previous
	Alerts     []alert
	MoreAlerts int
	First      []first // what did not pass, the worst first
	More       int     // of those, how many are not named in First
	Plan       *plan
	Errors     []result.ErrorCount
	Data       []result.Dataset
	MoreData   int
	DataErrors bool
	Facts      []fact // the environment
	Plain      []item // what a reader without scripts is shown
	MorePlain  int

	items []item // all, in the order of the suite
}

// tile is a number at the top.
type tile struct {
	Class, Sign, Name, Value string
	// Filter is the class of expectations that it counts, "" where it counts something else.
	Filter string
	Note   string
}

// previous is what changed since the last run.
type previous struct {
	result.Previous
	When, Label, Class string
	Counts             []tile
}

// alert is a rule that fired. To is the number of its expectation, 0 where it has none here.
type alert struct {
	result.Alert
	Class, Sign string
	To          int
}

// first is what did not pass, at the top; Same counts others that could not be evaluated for the same reason.
type first struct {
	item
	Same int
}

// plan is a correction plan.
type plan struct {
	Path    string
	Changes []fact
	Risks   []fact
	Notes   []reports.PlanNote // but for the counts
}

// fact is a named figure.
type fact struct{ Name, Value string }

func newPage(rep *result.Report) page {
	p := page{
		Run: rep.Run, Summary: rep.Summary, Class: string(rep.Summary.Verdict), Lead: lead(&rep.Summary),
		When: rep.Run.Start.UTC().Format("2 January 2006, 15:04:05 MST"), Took: reports.Took(rep.Run.DurationMS),
		Title: line(rep.Run.Suite) + ": " + string(rep.Summary.Verdict), Sampled: rep.Run.Mode == "sample",
		Data: rep.Datasets, Facts: environment(rep),
	}
	p.Sign, p.Word, _ = strings.Cut(label(rep.Summary.Verdict, result.SeverityError), " ")
	if r := rep.Summary.Inconsistency; r != nil {
		p.Rate = diag.Percent(*r)
	}
	if len(p.Data) > shownDatasets {
		p.Data, p.MoreData = p.Data[:shownDatasets], len(p.Data)-shownDatasets
	}
	for i := range p.Data {
		p.DataErrors = p.DataErrors || p.Data[i].Error != ""
	}
	var bad []item
	for i := range rep.Expectations {
		it := newItem(&rep.Expectations[i], i+1)
		p.items = append(p.items, it)
		if it.Verdict != result.Pass {
			bad = append(bad, it)
		}
	}
	slices.SortStableFunc(bad, func(a, b item) int {
		return cmp.Or(cmp.Compare(rank(a.Class), rank(b.Class)), cmp.Compare(sinceRank(a.Since), sinceRank(b.Since)))
	})
	p.tiles()
	p.first(bad)
	p.plain(bad)
	p.alerts(rep)
	p.changes(rep)
	if len(rep.Summary.TopErrors) > 0 && rep.Summary.Errored > 1 {
		p.Errors = rep.Summary.TopErrors
	}
	return p
}

// classes are what expectations are, the worst first.
func classes() []string { return []string{"error", "fail", "warn", "inconclusive", "skipped", "pass"} }

func rank(class string) int { return slices.Index(classes(), class) }

// sinceRank puts what is new before what people know of.
func sinceRank(s result.Since) int {
	if s == result.SinceNew || s == result.SinceAdded {
		return 0
	}
	return 1
}

// tiles are the counts of verdicts, then what was read.
func (p *page) tiles() {
	s := &p.Summary
	for _, x := range []struct {
		class, sign, name string
		n                 int
		always            bool
	}{
		{"fail", "✗", "failed", s.Failed, true},
		{"warn", "!", "warned", s.Warned, true},
		{"error", "⚠", "not evaluated", s.Errored, true},
		{"inconclusive", "?", "inconclusive", s.Inconclusive, false},
		{"skipped", "–", "skipped", s.Skipped, false},
		{"pass", "✓", "passed", s.Passed, true},
	} {
		if x.n == 0 && !x.always {
			continue
		}
		t := tile{Class: x.class, Sign: x.sign, Name: x.name, Value: diag.Group(int64(x.n)), Filter: x.class}
		if x.n == 0 {
			t.Class, t.Filter = "none", ""
		}
		if x.class == "skipped" && s.Learning > 0 {
			t.Note = diag.Group(int64(s.Learning)) + " still learning"
		}
		p.Tiles = append(p.Tiles, t)
	}
	read := tile{Name: "rows checked", Value: diag.Group(s.RecordsChecked)}
	if p.Sampled {
		read.Name = "rows read"
	}
	if s.Throughput >= 1 {
		read.Note = diag.Group(int64(s.Throughput)) + " a second"
	}
	p.Tiles = append(p.Tiles, read)
	if p.Rate != "" {
		t := tile{Name: "inconsistent", Value: p.Rate, Note: "of rows judged"}
		if p.Sampled {
			t.Name, t.Note = "inconsistent of these", ""
		}
		p.Tiles = append(p.Tiles, t)
	}
	p.Bar = stretches([]part{
		{"error", s.Errored, 0, 12}, {"fail", s.Failed, 0, 12}, {"warn", s.Warned, 0, 12}, {"inconclusive", s.Inconclusive, 0, 12}, {"skipped", s.Skipped, 0, 12}, {"pass", s.Passed, 0, 12},
	}, 0.6)
}

// first keeps the worst of what did not pass. It says nothing where the list below shows the same at a glance.
func (p *page) first(bad []item) {
	if len(p.items) <= fewItems && len(bad) <= openedItems {
		return
	}
	for i := range bad {
		// One broken connection breaks every expectation about it, and is one thing to look at.
		if n := len(p.First); n > 0 && bad[i].Class == "error" && p.First[n-1].Class == "error" && bad[i].Message == p.First[n-1].Message {
			p.First[n-1].Same++
			continue
		}
		p.First = append(p.First, first{item: bad[i]})
	}
	if n := len(p.First); n > firstItems+1 {
		p.First, p.More = p.First[:firstItems], n-firstItems
	}
}

// plain keeps what a reader without scripts is shown: what did not pass, then the rest, as far as there is room.
func (p *page) plain(bad []item) {
	p.Plain = bad
	for i := range p.items {
		if len(p.Plain) >= plainItems {
			break
		}
		if p.items[i].Verdict == result.Pass {
			p.Plain = append(p.Plain, p.items[i])
		}
	}
	if len(p.Plain) > plainItems {
		p.Plain = p.Plain[:plainItems]
	}
	p.MorePlain = len(p.items) - len(p.Plain)
}

func (p *page) alerts(rep *result.Report) {
	at := map[string]int{}
	for i := range p.items {
		at[p.items[i].ID] = p.items[i].N
	}
	for _, a := range rep.Alerts {
		x := alert{Alert: a, Class: "warn", Sign: "!", To: at[a.Expectation]}
		if a.Level == "critical" {
			x.Class, x.Sign = "fail", "✗"
		}
		p.Alerts = append(p.Alerts, x)
	}
	slices.SortStableFunc(p.Alerts, func(a, b alert) int { return cmp.Compare(rank(a.Class), rank(b.Class)) })
	if n := len(p.Alerts); n > shownAlerts {
		p.Alerts, p.MoreAlerts = p.Alerts[:shownAlerts], n-shownAlerts
	}
}

// changes says what changed since the last run, and what a plan would correct.
func (p *page) changes(rep *result.Report) {
	if v := rep.Previous; v != nil {
		p.Previous = &previous{
			Previous: *v, When: v.Start.UTC().Format("2 January 2006, 15:04 MST"), Label: label(v.Verdict, result.SeverityError), Class: class(v.Verdict, result.SeverityError),
			Counts: []tile{
				{Class: colour("fail", v.New), Sign: "+", Name: "new", Value: diag.Group(int64(v.New)), Filter: string(result.SinceNew)},
				{Class: colour("warn", v.Still), Sign: "=", Name: "still failing", Value: diag.Group(int64(v.Still)), Filter: string(result.SinceStill)},
				{Class: colour("pass", v.Fixed), Sign: "✓", Name: "fixed", Value: diag.Group(int64(v.Fixed)), Filter: string(result.SinceFixed)},
			},
		}
	}
	if rep.Plan != nil {
		p.Plan = &plan{Path: rep.Plan.Path}
		for _, k := range sortedKeys(rep.Plan.Changes) {
			p.Plan.Changes = append(p.Plan.Changes, fact{k, diag.Group(int64(rep.Plan.Changes[k]))})
		}
		for _, k := range sortedKeys(rep.Plan.ByRisk) {
			p.Plan.Risks = append(p.Plan.Risks, fact{"risk " + k, diag.Group(int64(rep.Plan.ByRisk[k]))})
		}
		p.Plan.Notes = slices.DeleteFunc(reports.PlanNotes(rep.Plan), func(n reports.PlanNote) bool { return n.Name == "plan" })
	}
}

// colour is the class of a number: none has no colour.
func colour(class string, n int) string {
	if n == 0 {
		return "none"
	}
	return class
}

// environment is what one needs to know to run it again.
func environment(rep *result.Report) []fact {
	r := &rep.Run
	at := func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 MST") }
	facts := []fact{
		{"run", r.ID}, {"job", r.Job}, {"mode", r.Mode}, {"seed", r.Seed}, {"started", at(r.Start)}, {"ended", at(r.End)}, {"now, in expressions", at(r.Now)}, {"suite digest", r.Digest},
	}
	facts = slices.DeleteFunc(facts, func(f fact) bool { return f.Value == "" })
	for _, name := range sortedKeys(r.Versions) {
		facts = append(facts, fact{name, r.Versions[name]})
	}
	if rep.Summary.RecordsFixed > 0 {
		facts = append(facts, fact{"rows corrected", diag.Group(rep.Summary.RecordsFixed)})
	}
	for _, name := range sortedKeys(rep.Summary.FixesByType) {
		facts = append(facts, fact{"corrected: " + name, diag.Group(int64(rep.Summary.FixesByType[name]))})
	}
	return facts
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
		return fmt.Sprintf("All %s expectations hold.", diag.Group(int64(all)))
	}
	worst := []struct {
		n    int
		what string
	}{{s.Failed, "failed"}, {s.Errored, "could not be evaluated"}, {s.Warned, "warned"}, {s.Inconclusive, "stayed inconclusive"}, {s.Skipped, "were skipped"}}
	text := ""
	for _, x := range worst {
		if x.n == 1 && x.what == "were skipped" {
			x.what = "was skipped"
		}
		switch {
		case x.n == 0:
		case text == "" && all == 1:
			text = "The one expectation " + x.what
		case text == "":
			text = fmt.Sprintf("%s of %s expectations %s", diag.Group(int64(x.n)), diag.Group(int64(all)), x.what)
		default:
			text += fmt.Sprintf(", %s %s", diag.Group(int64(x.n)), x.what)
		}
	}
	return text + "."
}
