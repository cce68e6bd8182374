package connectortest

import (
	"slices"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// setCase is a set-level check and, for every row, what it says.
type setCase struct {
	name  string
	check query.SetCheck
	rows  []rowFate
}

// rowFate is what a set-level check makes of a row.
type rowFate uint8

const (
	skipped rowFate = iota
	holds
	violates
	errored
	notSelected
	whereUndecided
)

func (h *Harness) sets(t *testing.T) {
	src := h.open(t)
	checker, ok := src.(connectors.SetChecker)
	if !ok {
		return
	}
	tb, d := h.hostile(t)
	rel := Relation(t, src, d)
	parent := Table{Name: "parent", Columns: tb.Columns, Key: tb.Key, Rows: tb.Rows[:len(tb.Rows)/6]}
	parentRel := Relation(t, src, h.Load(t, parent))
	cases := uniqueCases(t, tb, rel)
	cases = append(cases, monotonicCases(t, tb, rel)...)
	cases = append(cases, referenceCases(t, tb, rel, parent, parentRel)...)
	for _, c := range cases {
		if !h.accepts(t, c.name, refusedSet(src.Caps(), c.check)) {
			continue
		}
		t.Run(c.name, func(t *testing.T) { checkSet(t, src, checker, rel, c) })
	}
}

func checkSet(t *testing.T, src connectors.Source, checker connectors.SetChecker, rel query.Relation, c setCase) {
	t.Helper()
	var want query.SetResult
	bad := map[int64]bool{}
	for r, f := range c.rows {
		switch f {
		case holds:
			want.True++
		case violates:
			want.False++
			bad[int64(r)] = true
		case skipped:
			want.Skipped++
		case errored:
			want.Errored++
		case whereUndecided:
			want.WhereUndecided++
		case notSelected:
		}
	}
	if want.True == 0 || want.False == 0 {
		t.Fatalf("the case proves nothing: %+v", want)
	}
	got, err := checker.CheckSet(t.Context(), c.check)
	if err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	rows := ReadAll(t, src, query.Select{From: rel, Columns: Cols(t, rel, "id"), Branches: []query.Branch{{Set: c.check}}}, 0)
	for _, r := range rows {
		if !bad[r[0].Int()] {
			t.Errorf("row %d is selected as a violation", r[0].Int())
		}
		delete(bad, r[0].Int())
	}
	for id := range bad {
		t.Errorf("row %d violates and is not selected", id)
	}
}

// fate returns what nulls, errors and a where make of a row: holds where it takes part.
func (tb *Table) fate(r int, cols []string, where *judgeCase) rowFate {
	if where != nil {
		switch where.judge(tb.cells(r, where.cols)) {
		case no:
			return notSelected
		case undecided:
			return whereUndecided
		case yes:
		}
	}
	cells := tb.cells(r, cols)
	switch {
	case slices.ContainsFunc(cells, isNullCell):
		return skipped
	case slices.ContainsFunc(cells, Cell.Err):
		return errored
	}
	return holds
}

// composite returns a text that two rows share exactly when their cells are equal.
func composite(cells []Cell) string {
	parts := make([]string, len(cells))
	for i, c := range cells {
		parts[i] = value.BytesValue([]byte(c.Text())).Text()
		if c.IsNull() {
			parts[i] = "null" // no hexadecimal
		}
	}
	return strings.Join(parts, "/")
}

func uniqueCases(t *testing.T, tb Table, rel query.Relation) []setCase {
	t.Helper()
	all := judgeCases()
	where := all[slices.IndexFunc(all, func(c judgeCase) bool { return c.name == "int32 less" })]
	w, _ := where.build(t, rel)
	var out []setCase
	for _, cols := range [][]string{{"i"}, {"s"}, {"dec"}, {"ts"}, {"by"}, {"k", "b"}, {"i", "k"}} {
		if !tb.has(cols) {
			continue
		}
		name := "unique " + strings.Join(cols, ",")
		out = append(out,
			setCase{name, &query.UniqueCheck{From: rel, Columns: Cols(t, rel, cols...)}, tb.unique(cols, nil)})
		if len(cols) == 2 {
			out = append(out, setCase{name + " where", &query.UniqueCheck{From: rel, Columns: Cols(t, rel, cols...), Where: w}, tb.unique(cols, &where)})
		}
	}
	// a composite that is nearly always unique holds for most and must still find the others
	return slices.DeleteFunc(out, func(c setCase) bool {
		return !slices.Contains(c.rows, holds) || !slices.Contains(c.rows, violates)
	})
}

func (tb *Table) unique(cols []string, where *judgeCase) []rowFate {
	out := make([]rowFate, len(tb.Rows))
	first := map[string][]int{}
	for r := range tb.Rows {
		if out[r] = tb.fate(r, cols, where); out[r] == holds {
			k := composite(tb.cells(r, cols))
			first[k] = append(first[k], r)
		}
	}
	for _, rs := range first {
		if len(rs) > 1 {
			for _, r := range rs {
				out[r] = violates
			}
		}
	}
	return out
}

func monotonicCases(t *testing.T, tb Table, rel query.Relation) []setCase {
	t.Helper()
	var out []setCase
	for _, c := range []struct {
		name, col          string
		order, group       []string
		strict, descending bool
	}{
		{"monotonic i by id", "i", []string{"id"}, nil, false, false},
		{"monotonic s by id, descending", "s", []string{"id"}, nil, false, true},
		{"monotonic ts by id within k, strict", "ts", []string{"id"}, []string{"k"}, true, false},
		{"monotonic i32 by k, strict", "i32", []string{"k"}, nil, true, false},
	} {
		m := &query.MonotonicCheck{
			From: rel, Column: Col(t, rel, c.col), OrderBy: Cols(t, rel, c.order...), GroupBy: Cols(t, rel, c.group...),
			Strict: c.strict, Descending: c.descending,
		}
		out = append(out, setCase{c.name, m, tb.monotonic(c.col, c.order, c.group, c.strict, c.descending)})
	}
	return out
}

func (tb *Table) monotonic(col string, order, group []string, strict, descending bool) []rowFate {
	out := make([]rowFate, len(tb.Rows))
	sign := 1
	if descending {
		sign = -1
	}
	var seq []int
	for r := range tb.Rows {
		if out[r] = tb.fate(r, append([]string{col}, order...), nil); out[r] == holds {
			seq = append(seq, r)
		}
	}
	slices.SortStableFunc(seq, func(a, b int) int {
		if c := tb.compareKeys(tb.Rows[a], tb.Rows[b], order); c != 0 {
			return c
		}
		return sign * tb.compareKeys(tb.Rows[a], tb.Rows[b], []string{col})
	})
	last := map[string]int{}
	for _, r := range seq {
		g := composite(tb.cells(r, group))
		if p, ok := last[g]; ok {
			c := sign * tb.compareKeys(tb.Rows[r], tb.Rows[p], []string{col})
			if c < 0 || strict && c == 0 {
				out[r] = violates
			}
		}
		last[g] = r
	}
	return out
}

func referenceCases(t *testing.T, tb Table, rel query.Relation, parent Table, parentRel query.Relation) []setCase {
	t.Helper()
	var out []setCase
	for _, cols := range [][]string{{"i"}, {"s"}, {"dec"}, {"k", "b"}, {"id4", "i32"}} {
		if !tb.has(cols) {
			continue
		}
		known := map[string]bool{}
		for r := range parent.Rows {
			if parent.fate(r, cols, nil) == holds {
				known[composite(parent.cells(r, cols))] = true
			}
		}
		fates := make([]rowFate, len(tb.Rows))
		for r := range tb.Rows {
			if fates[r] = tb.fate(r, cols, nil); fates[r] == holds && !known[composite(tb.cells(r, cols))] {
				fates[r] = violates
			}
		}
		out = append(out, setCase{"references " + strings.Join(cols, ","), &query.ReferenceCheck{
			From: rel, Columns: Cols(t, rel, cols...), Parent: parentRel, ParentColumns: Cols(t, parentRel, cols...),
		}, fates})
	}
	return out
}
