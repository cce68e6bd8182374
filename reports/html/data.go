package html

import (
	"encoding/json"
	"slices"
	"strconv"

	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/reports"
)

// payload is what the page's script draws from. Its names are short, for there are ten thousand of some.
type payload struct {
	Strings  []string    `json:"strings"` // by ref; the first is empty
	Classes  []string    `json:"classes"`
	Datasets []ref       `json:"datasets"` // in the order of the report
	Runs     []run       `json:"runs"`
	Axes     [][]int     `json:"axes"` // runs by their place in Runs, oldest first; trends share them
	Items    []entry     `json:"items"`
	Duration *trend      `json:"duration,omitempty"`
	Rows     map[int]any `json:"rows"` // trends of the rows of datasets, by their place in the table
	Compared bool        `json:"compared,omitempty"`
}

// ref is the place of a string in payload.Strings.
type ref int

// run is a run on an axis, its time in seconds since 1970.
type run struct {
	ID string `json:"i"`
	At int64  `json:"t"`
}

// entry is an expectation.
type entry struct {
	ID       string    `json:"i"`
	Class    int       `json:"c"` // in Classes
	Label    ref       `json:"l"`
	Severity ref       `json:"s"`
	Kind     ref       `json:"k"`
	Since    ref       `json:"n,omitempty"`
	Datasets []ref     `json:"d,omitempty"`
	Message  ref       `json:"m,omitempty"`
	Value    ref       `json:"v,omitempty"`
	Bar      []float64 `json:"b,omitempty"` // per cent true, false and undecided
	Describe ref       `json:"e,omitempty"`
	Code     ref       `json:"x,omitempty"`
	Where    ref       `json:"w,omitempty"`
	Facts    []ref     `json:"f,omitempty"` // name, value, name, value …
	Notes    []ref     `json:"o,omitempty"`
	Schema   []ref     `json:"h,omitempty"` // notes of the schema check of a comparison
	Ran      ref       `json:"r"`
	Took     ref       `json:"u,omitempty"`
	Reasons  []ref     `json:"y,omitempty"`
	File     ref       `json:"p,omitempty"`
	Line     int       `json:"q,omitempty"`
	Owner    ref       `json:"a,omitempty"`
	Tags     []ref     `json:"g,omitempty"`
	Failing  ref       `json:"z,omitempty"`
	Tables   []grid    `json:"t,omitempty"`
	Diff     *diff     `json:"j,omitempty"`
	Trend    *trend    `json:"$,omitempty"`
}

// grid is a table of text: the first Keys columns are a key, those of Numbers are numbers.
type grid struct {
	Caption string     `json:"c"`
	Keys    int        `json:"k,omitempty"`
	Numbers []int      `json:"n,omitempty"`
	Columns []ref      `json:"h"`
	Rows    [][]string `json:"r"`
	Failing bool       `json:"f,omitempty"` // its rows are failing ones
}

// diff is the differences of a comparison.
type diff struct {
	Caption string  `json:"c"`
	Keys    []ref   `json:"k"`
	Rows    []lines `json:"r"`
}

// lines are the lines of one row that differs.
type lines struct {
	Class string   `json:"c"`
	Name  string   `json:"n"`
	Keys  []string `json:"k"`
	Lines []change `json:"l"`
}

// MarshalJSON implements json.Marshaler: column, source, target.
func (c change) MarshalJSON() ([]byte, error) {
	return json.Marshal([]any{c.Column, c.Source.data(), c.Target.data()}) //nolint:wrapcheck // texts alone
}

// data is a text, [before, marked, after], {"row": [name, value, …]}, or nil where there is no row.
func (s side) data() any {
	switch {
	case s.None:
		return nil
	case s.Row != nil:
		row := []string{}
		for _, f := range s.Row {
			row = append(row, f.Name, f.Value)
		}
		return map[string][]string{"row": row}
	case s.Marked != "":
		return [3]string{s.Before, s.Marked, s.After}
	}
	return s.Before + s.After
}

// builder collects what entries share.
type builder struct {
	out  *payload
	refs map[string]ref
	runs map[string]int
	axes map[string]int
}

func newPayload(rep *result.Report, items []item) *payload {
	b := builder{
		out: &payload{
			Strings: []string{""}, Classes: classes(), Rows: map[int]any{}, Compared: rep.Previous != nil, Items: make([]entry, 0, len(items)), Runs: []run{}, Axes: [][]int{},
		},
		refs: map[string]ref{"": 0}, runs: map[string]int{}, axes: map[string]int{},
	}
	b.out.Datasets = []ref{}
	for i := range rep.Datasets {
		b.out.Datasets = append(b.out.Datasets, b.ref(line(rep.Datasets[i].Name)))
		if t := b.trend(rep.Datasets[i].Trend, false); t != nil && i < shownDatasets {
			b.out.Rows[i] = t
		}
	}
	b.out.Duration = b.trend(rep.Trend, false)
	for i := range items {
		b.out.Items = append(b.out.Items, b.entry(items[i]))
	}
	return b.out
}

// ref keeps a string once.
func (b *builder) ref(s string) ref {
	r, ok := b.refs[s]
	if !ok {
		r = ref(len(b.out.Strings))
		b.out.Strings = append(b.out.Strings, s)
		b.refs[s] = r
	}
	return r
}

func (b *builder) all(list []string) []ref {
	var out []ref
	for _, s := range list {
		out = append(out, b.ref(line(s)))
	}
	return out
}

func (b *builder) entry(i item) entry {
	e := entry{
		ID: line(i.ID), Class: rank(i.Class), Label: b.ref(i.Label), Severity: b.ref(line(string(i.Severity))), Kind: b.ref(line(string(i.Kind))), Since: b.ref(line(string(i.Since))),
		Datasets: b.all(i.Datasets), Message: b.ref(line(i.Message)), Value: b.ref(i.Value()), Describe: b.ref(line(i.Description)), Where: b.ref(line(i.Where)),
		Ran: b.ref(i.RanText()), Took: b.ref(reports.Took(i.Ran.MS)), Reasons: b.all(i.Ran.Reasons), File: b.ref(line(i.Location.File)), Line: i.Location.Line,
		Owner: b.ref(line(i.Owner)), Tags: b.all(i.Tags), Failing: b.ref(i.FailingText()), Trend: b.trend(i.Trend, i.Observed.Kind() == durationKind),
	}
	if i.Compare == nil {
		e.Code = b.ref(code(i.Expression))
	}
	if c := i.Counts; c != nil {
		for _, share := range shares(leastShare, c.True, reports.False(i.Expectation), c.Undecided) {
			e.Bar = append(e.Bar, rounded(share))
		}
	}
	for _, f := range i.Facts() {
		e.Facts = append(e.Facts, b.ref(f.Name), b.ref(f.Value))
	}
	for _, n := range i.Notes() {
		e.Notes = append(e.Notes, b.ref(n))
	}
	if i.Compare != nil {
		for _, f := range i.Compare.Findings {
			e.Schema = append(e.Schema, b.ref(line(f.Text)))
		}
	}
	b.tables(i, &e)
	return e
}

// leastShare is the width below which a stretch could not be seen.
const leastShare = 2.5

// shownStrata bounds the table of the strata of a sample.
const shownStrata = 20

func (b *builder) tables(i item, e *entry) {
	if len(i.Metrics) > 0 {
		e.Tables = append(e.Tables, b.metrics(i))
	}
	if i.Sample != nil && len(i.Sample.Strata) > 0 {
		e.Tables = append(e.Tables, b.strata(i.Sample.Strata))
	}
	switch {
	case len(i.Failures) == 0:
	case i.Compare != nil:
		e.Diff = b.diff(i)
	default:
		t := i.Table()
		g := grid{Caption: i.Shown(), Keys: t.Keys, Rows: t.Rows, Failing: true}
		for _, c := range t.Columns {
			g.Columns = append(g.Columns, b.ref(c))
		}
		e.Tables = append(e.Tables, g)
	}
}

func (b *builder) metrics(i item) grid {
	nulls := slices.ContainsFunc(i.Metrics, func(m result.Metric) bool { return m.ByNull > 0 })
	bounds := slices.ContainsFunc(i.Metrics, func(m result.Metric) bool { return m.Interval != nil })
	g := grid{Caption: "computed from", Numbers: []int{1}, Columns: []ref{b.ref("aggregate"), b.ref("value")}}
	if bounds {
		g.Columns = append(g.Columns, b.ref("of all rows"))
	}
	if nulls {
		g.Columns, g.Numbers = append(g.Columns, b.ref("left out for null")), append(g.Numbers, len(g.Columns))
	}
	for n := range i.Metrics {
		m := &i.Metrics[n]
		row := []string{line(m.Expression), reports.Spoken(m.Value, cellWidth)}
		if bounds {
			row = append(row, estimate(m))
		}
		if nulls {
			row = append(row, diag.Group(m.ByNull))
		}
		g.Rows = append(g.Rows, row)
	}
	return g
}

// estimate is what an estimated aggregate is of all rows.
func estimate(m *result.Metric) string {
	v := m.Interval
	if v == nil {
		return ""
	}
	number := func(f float64) string { return diag.GroupDigits(strconv.FormatFloat(f, 'g', 6, 64)) }
	text := number(v.Low) + " to " + number(v.High) + ", with "
	if m.Approximate {
		text += "about "
	}
	return text + diag.Percent(v.Confidence) + " confidence"
}

func (b *builder) strata(list []result.Stratum) grid {
	g := grid{Caption: diag.Plural(int64(len(list)), "stratum"), Numbers: []int{1, 2, 3}}
	for _, name := range []string{"stratum", "rows", "drawn", "failed", "failing of all"} {
		g.Columns = append(g.Columns, b.ref(name))
	}
	if len(list) > 1 {
		g.Caption = diag.Group(int64(len(list))) + " strata"
	}
	if len(list) > shownStrata {
		g.Caption = "the worst " + strconv.Itoa(shownStrata) + " of " + g.Caption
		list = list[:shownStrata]
	}
	for _, s := range list {
		failing := diag.Percent(s.Low) + " to " + diag.Percent(s.High)
		g.Rows = append(g.Rows, []string{reports.CellText(s.Name, cellWidth), diag.Group(s.Rows), diag.Group(s.Drawn), diag.Group(s.Failed), failing})
	}
	return g
}

func (b *builder) diff(i item) *diff {
	d := &diff{Caption: i.Shown(), Keys: b.all(i.Compare.Key)}
	for n := range i.Failures {
		d.Rows = append(d.Rows, i.lines(&i.Failures[n]))
	}
	return d
}

// rounded keeps two digits after the point.
func rounded(f float64) float64 {
	r, err := strconv.ParseFloat(strconv.FormatFloat(f, 'f', 2, 64), 64)
	if err != nil {
		return f
	}
	return r
}

// MarshalJSON implements json.Marshaler: a run is a pair, for there may be thousands.
func (r run) MarshalJSON() ([]byte, error) { return json.Marshal([]any{r.ID, r.At}) } //nolint:wrapcheck // two scalars
