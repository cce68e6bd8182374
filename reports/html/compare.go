package html

import (
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/reports"
)

const (
	// sideWidth bounds a value of a comparison, in columns of a terminal.
	sideWidth = 120
	// keyWidth bounds a key, which is not broken.
	keyWidth = 40
	// rowCells is how many cells are shown of a row that only one side has, and how many columns of one that differs.
	rowCells = 12
)

// difference is one line of the table of differences: a column of a row. The first line of a row carries its class and key, over Span
// lines.
type difference struct {
	Class  string
	Name   string // of the class, for people
	Keys   []string
	Span   int // 0 for a further line of the row
	Column string
	// Source and Target are the two values; None marks a side without a row.
	Source, Target       reports.Part
	NoSource, NoTarget   bool
	SourceRow, TargetRow []pair
	Note                 string
}

// pair is a named value of a row that one side has.
type pair struct{ Name, Value string }

// Differences are the lines of the table.
func (i item) Differences() []difference {
	var out []difference
	for n := range i.Failures {
		out = append(out, i.lines(&i.Failures[n])...)
	}
	return out
}

func (i item) lines(f *result.Failure) []difference {
	first := difference{Class: string(f.Class), Name: reports.ClassText(f.Class)}
	for _, k := range i.Compare.Key {
		first.Keys = append(first.Keys, reports.CellText(f.Key[k], keyWidth))
	}
	var out []difference
	switch f.Class {
	case result.Changed:
		out = changed(f)
	case result.Missing:
		out = []difference{{SourceRow: cells(f, f.Before), NoTarget: true}}
	case result.Extra:
		out = []difference{{TargetRow: cells(f, f.After), NoSource: true}}
	case result.DuplicateKey:
		out = []difference{{Source: reports.Part{Before: diag.Plural(f.SourceRows, "row")}, Target: reports.Part{Before: diag.Plural(f.TargetRows, "row")}}}
	}
	if len(out) == 0 {
		out = []difference{{}}
	}
	out[0].Class, out[0].Name, out[0].Keys, out[0].Span = first.Class, first.Name, first.Keys, len(out)
	return out
}

// changed has a line for each column that differs, then one for each that is shown besides.
func changed(f *result.Failure) []difference {
	var out []difference
	differ := map[string]bool{}
	for n, c := range f.Columns {
		differ[c] = true
		if n == rowCells {
			out = append(out, difference{Note: "… and " + diag.Plural(int64(len(f.Columns)-n), "more column")})
		}
		if n >= rowCells {
			continue
		}
		x, y := reports.Differing(f.Before[c], f.After[c], sideWidth)
		out = append(out, difference{Column: c, Source: x, Target: y})
	}
	for _, c := range f.Order {
		before, ok := f.Before[c]
		if _, isKey := f.Key[c]; isKey || differ[c] || !ok {
			continue
		}
		after := "–" // the target has no such column
		if v, ok := f.After[c]; ok {
			after = reports.CellText(v, sideWidth)
		}
		out = append(out, difference{Column: c, Source: reports.Part{Before: reports.CellText(before, sideWidth)}, Target: reports.Part{Before: after}})
	}
	return out
}

// cells are the first cells of a row that one side has.
func cells(f *result.Failure, row map[string]result.Cell) []pair {
	var out []pair
	for _, c := range f.Order {
		v, ok := row[c]
		if _, isKey := f.Key[c]; isKey || !ok {
			continue
		}
		if len(out) == rowCells {
			return append(out, pair{Name: "…"})
		}
		out = append(out, pair{Name: c, Value: reports.CellText(v, sideWidth)})
	}
	return out
}

// ColumnsText is how often which column differs.
func (i item) ColumnsText() string { return reports.ColumnsText(i.Compare) }

// BoundText says how sure a comparison by digests is.
func (i item) BoundText() string { return reports.Bound(i.Compare) }

// DrawnText says how rows were drawn where the expectation was judged by them; EstimateTexts what they say of all rows of a comparison.
func (i item) DrawnText() string {
	if i.Compare == nil {
		return reports.SampleText(&i.Expectation)
	}
	return reports.DrawnText(i.Compare)
}

// EstimateTexts are the estimates of a sampled comparison.
func (i item) EstimateTexts() []string { return reports.Estimates(i.Compare) }

// count is a class of keys with its number.
type count struct {
	Name string
	N    int64
}

// Classes are the counts that are not nothing, the identical among them always.
func (i item) Classes() []count {
	c := &i.Compare.Counts
	out := []count{{"identical", c.Identical}}
	for _, x := range []count{
		{"changed", c.Changed},
		{"missing in target", c.Missing},
		{"extra in target", c.Extra},
		{"duplicate key", c.DuplicateKey},
		{"in flight", c.InFlight},
		{"unsettled", c.Unsettled},
	} {
		if x.N > 0 {
			out = append(out, x)
		}
	}
	return out
}

// shownDifferences says how many of the keys that differ are in the table.
func shownDifferences(all, shown int64) string {
	if all <= shown {
		return diag.Plural(shown, "difference")
	}
	return diag.Group(shown) + " of " + diag.Plural(all, "difference")
}
