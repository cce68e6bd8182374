package html

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/reports"
)

// item is an expectation with what both forms of the page say of it.
type item struct {
	*result.Expectation

	N     int    // from 1, in the order of the suite
	Class string // one of classes
	Label string
}

func newItem(e *result.Expectation, n int) item {
	it := item{Expectation: e, N: n, Label: label(e.Verdict, e.Severity), Class: class(e.Verdict, e.Severity)}
	if rank(it.Class) < 0 { // a verdict that this page does not know
		it.Class = "error"
	}
	return it
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

// Value is what stands beside the name: the rate, or what was observed.
func (i item) Value() string {
	switch {
	case i.Counts != nil:
		return reports.RateText(i.Expectation)
	case !i.Observed.IsNull():
		return reports.Spoken(i.Observed, cellWidth)
	case i.Ran.Where == "constraint":
		return "proved"
	}
	return ""
}

// Facts are the counts and what was asked of them.
func (i item) Facts() []fact {
	var out []fact
	add := func(name string, n int64) { out = append(out, fact{name, diag.Group(n)}) }
	switch c := i.Counts; {
	case i.Compare != nil:
		for _, x := range i.Classes() {
			add(x.Name, x.N)
		}
	case c != nil:
		add("true", c.True)
		add("false", c.False)
		if o := i.Orphans; o != nil {
			add("orphans", o.Failing)
			if o.Skipped > 0 {
				add("without an optional partner", o.Skipped)
			}
		}
		out = append(out, fact{"undecided", diag.Group(c.Undecided)})
		if c.UndecidedByNull > 0 {
			text := " (" + diag.Group(c.UndecidedByNull) + " by null"
			if i.OnNull != "" {
				text += ", on_null: " + line(i.OnNull)
			}
			out[len(out)-1].Value += text + ")"
		}
		if c.SkippedNull > 0 {
			add("skipped for null", c.SkippedNull)
		}
	}
	if i.Counts != nil && i.Counts.WhereUndecided > 0 {
		add("where undecided", i.Counts.WhereUndecided)
	}
	if v := i.Interval; v != nil {
		out = append(out, fact{"rate of all rows", between(v)})
	}
	if i.Mostly != "" {
		out = append(out, fact{"must hold for", line(i.Mostly)})
	}
	if i.MaxFailures != nil {
		out = append(out, fact{map[bool]string{true: "may differ", false: "may fail"}[i.Compare != nil], diag.Group(*i.MaxFailures)})
	}
	return out
}

// between is a rate's interval.
func between(v *result.Interval) string {
	return diag.Percent(v.Low) + " to " + diag.Percent(v.High) + ", with " + diag.Percent(v.Confidence) + " confidence"
}

// Notes are sentences on how rows were drawn and compared.
func (i item) Notes() []string {
	if i.Compare == nil {
		if text := reports.SampleText(i.Expectation); text != "" {
			return []string{text}
		}
		return nil
	}
	c := i.Compare
	text := "source " + line(c.Source) + ", " + diag.Plural(c.Counts.SourceRows, "row") + " · target " + line(c.Target) + ", " + diag.Plural(c.Counts.TargetRows, "row")
	if c.Strategy != "" {
		text += " · " + line(c.Strategy)
		if c.Reason != "" {
			text += ": " + line(c.Reason)
		}
	}
	if b := reports.Bound(c); b != "" {
		text += " · " + b
	}
	notes := []string{text}
	if t := reports.DrawnText(c); t != "" {
		notes = append(notes, t)
	}
	notes = append(notes, reports.Estimates(c)...)
	if t := reports.ColumnsText(c); t != "" {
		notes = append(notes, "columns that differ: "+t)
	}
	return notes
}

// RanText says where it was evaluated and how.
func (i item) RanText() string {
	if i.Ran.Where == "" {
		return "did not run"
	}
	if i.Ran.Method == "" {
		return line(i.Ran.Where)
	}
	return line(i.Ran.Where) + ", " + line(i.Ran.Method)
}

// FailingText says since when it fails.
func (i item) FailingText() string {
	f := i.Failing
	switch {
	case f == nil:
		return ""
	case f.Runs <= 1:
		return "fails since this run"
	}
	return "fails since " + f.At.UTC().Format("2 January 2006, 15:04 MST") + ", for " + diag.Plural(int64(f.Runs), "run")
}

// table is failing rows: the names of the columns, of which the first Keys are the key, and the cells.
type table struct {
	Keys    int
	Columns []string
	Rows    [][]string
}

// Table is the table of the failing rows. A column that a row does not have is empty.
func (i item) Table() table {
	var keys, columns []string
	outcomes, messages := false, false
	for n := range i.Failures {
		f := &i.Failures[n]
		for _, name := range order(f) {
			list := &columns
			if _, ok := f.Key[name]; ok {
				list = &keys
			}
			if !slices.Contains(*list, name) {
				*list = append(*list, name)
			}
		}
		outcomes, messages = outcomes || f.Outcome != "false", messages || f.Message != ""
	}
	t := table{Keys: len(keys)}
	names := slices.Concat(keys, columns)
	for _, name := range names {
		t.Columns = append(t.Columns, line(name))
	}
	if outcomes {
		t.Columns = append(t.Columns, "outcome")
	}
	if messages {
		t.Columns = append(t.Columns, "message")
	}
	for n := range i.Failures {
		f := &i.Failures[n]
		row := make([]string, 0, len(t.Columns))
		for _, name := range names {
			row = append(row, shown(f, name))
		}
		if outcomes {
			row = append(row, line(f.Outcome))
		}
		if messages {
			row = append(row, line(f.Message))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// plainRows bounds the failing rows of an expectation where no script runs.
const plainRows = 20

// PlainTable is Table with its first rows only.
func (i item) PlainTable() table {
	e := *i.Expectation
	e.Failures = e.Failures[:min(len(e.Failures), plainRows)]
	i.Expectation = &e
	return i.Table()
}

// order is the columns of a failing row, keys first; of one that was read back from JSON, which keeps none, by name.
func order(f *result.Failure) []string {
	if len(f.Order) > 0 {
		return f.Order
	}
	return append(sortedKeys(f.Key), sortedKeys(f.Values)...)
}

// shown is what a failing row shows in a column, nothing where it has no such column.
func shown(f *result.Failure, column string) string {
	c, ok := f.Key[column]
	if !ok {
		c, ok = f.Values[column]
	}
	if !ok {
		return ""
	}
	return reports.CellText(c, cellWidth)
}

// Shown says how many of the failing rows are in the table.
func (i item) Shown() string {
	all, shown := reports.Failing(i.Expectation), int64(len(i.Failures))
	if i.Compare != nil {
		return shownDifferences(i.Compare.Counts.Different(), shown)
	}
	if all <= shown {
		return diag.Plural(shown, "failing row")
	}
	return diag.Group(shown) + " of " + diag.Plural(all, "failing row")
}

// part is a count in a bar. The parts differ in height too, for those who see no colour.
type part struct {
	class       string
	n           int
	top, height int
}

// stretch is a part of a bar in the units of a box of 100 by 12.
type stretch struct {
	Class       string
	From, Width string
	Top, Height int
}

// stretches divides a box by counts; whatever is not nothing is wide enough to be seen: least or more.
func stretches(parts []part, least float64) []stretch {
	n := make([]int64, len(parts))
	for i, p := range parts {
		n[i] = int64(p.n)
	}
	var out []stretch
	from := 0.0
	for i, width := range shares(least, n...) {
		if width > 0 {
			out = append(out, stretch{parts[i].class, fmt.Sprintf("%.2f", from), fmt.Sprintf("%.2f", width), parts[i].top, parts[i].height})
			from += width
		}
	}
	return out
}

// shares divides 100 by counts; whatever is not nothing gets least or more, before all are fitted to 100.
func shares(least float64, counts ...int64) []float64 {
	total, sum := 0.0, 0.0
	for _, n := range counts {
		total += float64(n)
	}
	if total == 0 {
		return nil
	}
	out := make([]float64, len(counts))
	for i, n := range counts {
		if n > 0 {
			out[i] = max(100*float64(n)/total, least)
		}
		sum += out[i]
	}
	for i := range out {
		out[i] = 100 * out[i] / sum
	}
	return out
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
