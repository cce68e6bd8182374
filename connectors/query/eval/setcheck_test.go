package eval_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/query/eval"
	"github.com/assay-dev/assay/connectors/value"
	"pgregory.net/rapid"
)

// fates says what nulls, errors and where make of each row: "" where it takes part.
func fates(rows [][]any, where int, needed, all []int) []string {
	out := make([]string, len(rows))
	for n, r := range rows {
		has := func(cols []int, f func(any) bool) bool {
			return slices.ContainsFunc(cols, func(c int) bool { return f(r[c]) })
		}
		w := isTrue
		if where >= 0 {
			w = truthOf(r[where])
		}
		switch {
		case w == isUndecided:
			out[n] = "where"
		case w == isFalse:
			out[n] = "not selected"
		case has(needed, func(x any) bool { return x == nil }):
			out[n] = "skipped"
		case has(all, isBad):
			out[n] = "errored"
		}
	}
	return out
}

// sameSet compares a checker's outcome with the fates of the rows, "true" or "false" where they took part.
func sameSet(t *rapid.T, s *eval.SetChecker, fate []string) {
	var w query.SetResult
	var bad []int64
	for n, f := range fate {
		switch f {
		case "true":
			w.True++
		case "false":
			w.False++
			bad = append(bad, int64(n))
		case "skipped":
			w.Skipped++
		case "errored":
			w.Errored++
		case "where":
			w.WhereUndecided++
		}
	}
	if got := s.Result(); got != w {
		t.Fatalf("%+v, want %+v", got, w)
	}
	if got := s.Violations(); !slices.Equal(got, bad) {
		t.Fatalf("violations %v, want %v", got, bad)
	}
}

// addAll adds rows in two batches.
func addAll(t *rapid.T, s *eval.SetChecker, cols []*query.Column, rows [][]any) {
	k := rapid.IntRange(0, len(rows)).Draw(t, "split")
	for _, part := range [][][]any{rows[:k], rows[k:]} {
		if err := s.Add(fill(cols, part)); err != nil {
			t.Fatal(err)
		}
	}
}

func drawWhere(t *rapid.T, cols []*query.Column) (query.Expr, int) {
	if rapid.Bool().Draw(t, "where") {
		return cols[0], 0
	}
	return nil, -1
}

func TestUniqueAgreesWithLoops(t *testing.T) {
	cols := columns(value.Bool, value.Decimal, value.String, value.Double)
	rapid.Check(t, func(t *rapid.T) {
		c := &query.UniqueCheck{}
		var at int
		c.Where, at = drawWhere(t, cols)
		var keys []int
		for k := 1; k <= rapid.IntRange(1, 3).Draw(t, "columns"); k++ {
			keys = append(keys, k)
			c.Columns = append(c.Columns, cols[k])
		}
		rows := drawRows(t, cols, 80)
		s, err := eval.NewSetChecker(c, cols, eval.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		addAll(t, s, cols, rows)
		fate := fates(rows, at, keys, keys)
		for x := range rows {
			if fate[x] != "" {
				continue
			}
			shared := 0
			for y := range rows {
				if fate[y] != "" && fate[y] != "true" && fate[y] != "false" {
					continue
				}
				if !slices.ContainsFunc(keys, func(k int) bool { return !value.Equal(rows[x][k].(value.Value), rows[y][k].(value.Value)) }) {
					shared++
				}
			}
			fate[x] = "true"
			if shared > 1 {
				fate[x] = "false"
			}
		}
		sameSet(t, s, fate)
	})
}

func TestReferencesAgreeWithLoops(t *testing.T) {
	// A key may refer to a column of another numeric kind.
	kinds := []value.Kind{value.Int, value.Uint, value.Double, value.Decimal}
	rapid.Check(t, func(t *rapid.T) {
		cols := columns(value.Bool, rapid.SampledFrom(kinds).Draw(t, "child"), value.String)
		parents := columns(value.String, rapid.SampledFrom(kinds).Draw(t, "parent"))
		c := &query.ReferenceCheck{Columns: []*query.Column{cols[1], cols[2]}, ParentColumns: []*query.Column{parents[1], parents[0]}}
		var at int
		c.Where, at = drawWhere(t, cols)
		rows, up := drawRows(t, cols, 40), drawRows(t, parents, 20)
		s, err := eval.NewSetChecker(c, cols, eval.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		var layout [][]any // in the order of ParentColumns
		for _, p := range up {
			layout = append(layout, []any{p[1], p[0]})
		}
		if err := s.AddParent(fill(c.ParentColumns, layout)); err != nil {
			t.Fatal(err)
		}
		addAll(t, s, cols, rows)
		fate := fates(rows, at, []int{1, 2}, []int{1, 2})
		for n, r := range rows {
			if fate[n] != "" {
				continue
			}
			fate[n] = "false"
			for _, p := range up {
				x, okX := p[1].(value.Value)
				y, okY := p[0].(value.Value)
				if okX && okY && value.Equal(x, exactly(r[1].(value.Value))) && value.Equal(y, r[2].(value.Value)) {
					fate[n] = "true"
				}
			}
		}
		sameSet(t, s, fate)
	})
}

// exactly turns a double into a decimal, so that it is compared with an integer without rounding.
func exactly(v value.Value) value.Value {
	if v.Kind() == value.Double {
		x, err := value.DecFromFloat(v.Double())
		if err == nil {
			return value.DecimalValue(x)
		}
	}
	return v
}

func TestMonotonicAgreesWithLoops(t *testing.T) {
	cols := columns(value.Bool, value.Int, value.Timestamp, value.String)
	rapid.Check(t, func(t *rapid.T) {
		c := &query.MonotonicCheck{Column: cols[1], Strict: rapid.Bool().Draw(t, "strict"), Descending: rapid.Bool().Draw(t, "descending")}
		var at int
		c.Where, at = drawWhere(t, cols)
		needed, all := []int{1}, []int{1}
		if rapid.Bool().Draw(t, "ordered") {
			c.OrderBy = cols[2:3]
			needed, all = []int{1, 2}, []int{1, 2}
		}
		grouped := rapid.Bool().Draw(t, "grouped")
		if grouped {
			c.GroupBy = cols[3:4]
			all = append(slices.Clone(all), 3)
		}
		rows := drawRows(t, cols, 60)
		s, err := eval.NewSetChecker(c, cols, eval.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		addAll(t, s, cols, rows)
		fate := fates(rows, at, needed, all)
		groups := map[string][]int{}
		for n := range rows {
			if fate[n] != "" {
				continue
			}
			k := ""
			if grouped {
				k = want(rows[n][3])
			}
			groups[k] = append(groups[k], n)
		}
		column := func(a, b int) int {
			x, _ := value.Compare(rows[a][1].(value.Value), rows[b][1].(value.Value))
			if c.Descending {
				return -x
			}
			return x
		}
		for _, g := range groups {
			slices.SortStableFunc(g, func(a, b int) int {
				if len(c.OrderBy) > 0 {
					if x, _ := value.Compare(rows[a][2].(value.Value), rows[b][2].(value.Value)); x != 0 {
						return x
					}
				}
				return column(a, b)
			})
			for k, n := range g {
				fate[n] = "true"
				if k > 0 {
					if x := column(n, g[k-1]); x < 0 || c.Strict && x == 0 {
						fate[n] = "false"
					}
				}
			}
		}
		sameSet(t, s, fate)
	})
}

func TestSetCheckerLimit(t *testing.T) {
	cols := columns(value.Int)
	rows := [][]any{{i(1)}, {i(2)}, {i(1)}, {i(2)}, {i(3)}}
	for name, c := range map[string]query.SetCheck{
		"unique":    &query.UniqueCheck{Columns: cols},
		"monotonic": &query.MonotonicCheck{Column: cols[0]},
	} {
		s, err := eval.NewSetChecker(c, cols, eval.Limits{MaxRows: 2})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Add(fill(cols, rows[:2])); err != nil {
			t.Errorf("%s: two rows: %v", name, err)
		}
		if err := s.Add(fill(cols, rows[2:])); !errors.Is(err, eval.ErrTooManyRows) {
			t.Errorf("%s: %v", name, err)
		}
	}
	s, err := eval.NewSetChecker(&query.ReferenceCheck{Columns: cols, ParentColumns: cols}, cols, eval.Limits{MaxRows: 2})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.AddParent(fill(cols, rows)); !errors.Is(err, eval.ErrTooManyRows) {
		t.Errorf("references: %v", err)
	}
}
