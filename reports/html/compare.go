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

// change is a column of a row that differs, with the two sides of it.
type change struct {
	Column         string
	Source, Target side
}

// side is what one side has: a value of which a part may be marked, a whole row, or none.
type side struct {
	reports.Part

	Row  []fact
	None bool
}

func said(text string) side { return side{Part: reports.Part{Before: text}} }

// lines are the lines of one row that differs, one a column.
func (i item) lines(f *result.Failure) lines {
	out := lines{Class: line(string(f.Class)), Name: line(reports.ClassText(f.Class)), Keys: []string{}}
	for _, k := range i.Compare.Key {
		out.Keys = append(out.Keys, reports.CellText(f.Key[k], keyWidth))
	}
	switch f.Class {
	case result.Changed:
		out.Lines = changed(f)
	case result.Missing:
		out.Lines = []change{{Source: side{Row: cells(f, f.Before)}, Target: side{None: true}}}
	case result.Extra:
		out.Lines = []change{{Source: side{None: true}, Target: side{Row: cells(f, f.After)}}}
	case result.DuplicateKey:
		out.Lines = []change{{Source: said(diag.Plural(f.SourceRows, "row")), Target: said(diag.Plural(f.TargetRows, "row"))}}
	}
	if len(out.Lines) == 0 {
		out.Lines = []change{{}}
	}
	return out
}

// changed has a line for each column that differs, then one for each that is shown besides.
func changed(f *result.Failure) []change {
	var out []change
	differ := map[string]bool{}
	for n, c := range f.Columns {
		differ[c] = true
		if n == rowCells {
			out = append(out, change{Column: "… and " + diag.Plural(int64(len(f.Columns)-n), "more column")})
		}
		if n >= rowCells {
			continue
		}
		x, y := reports.Differing(f.Before[c], f.After[c], sideWidth)
		out = append(out, change{line(c), side{Part: x}, side{Part: y}})
	}
	for _, c := range sideOrder(f, f.Before) {
		before, ok := f.Before[c]
		if _, isKey := f.Key[c]; isKey || differ[c] || !ok {
			continue
		}
		after := "–" // the target has no such column
		if v, ok := f.After[c]; ok {
			after = reports.CellText(v, sideWidth)
		}
		out = append(out, change{line(c), said(reports.CellText(before, sideWidth)), said(after)})
	}
	return out
}

// sideOrder is the columns of a row of one side: as the dataset has them, or by name where the row was read back from JSON, which keeps no order.
func sideOrder(f *result.Failure, row map[string]result.Cell) []string {
	if len(f.Order) > 0 {
		return f.Order
	}
	return sortedKeys(row)
}

// cells are the first cells of a row that one side has.
func cells(f *result.Failure, row map[string]result.Cell) []fact {
	out := []fact{}
	for _, c := range sideOrder(f, row) {
		v, ok := row[c]
		if _, isKey := f.Key[c]; isKey || !ok {
			continue
		}
		if len(out) == rowCells {
			return append(out, fact{Name: "…"})
		}
		out = append(out, fact{line(c), reports.CellText(v, sideWidth)})
	}
	return out
}

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

// PlainDifferences are the first keys that differ, for readers without scripts.
func (i item) PlainDifferences() []lines {
	var out []lines
	for n := range min(len(i.Failures), plainRows) {
		out = append(out, i.lines(&i.Failures[n]))
	}
	return out
}
