package connectortest

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// measureCase is a measure and the outputs that this package computes for it.
type measureCase struct {
	name    string
	measure query.Measure
	want    []Cell
}

func (h *Harness) aggregates(t *testing.T) {
	src := h.open(t)
	tb, d := h.hostile(t)
	rel := Relation(t, src, d)
	t.Run("tallies", func(t *testing.T) { h.measure(t, src, rel, tallyCases(t, tb, rel)) })
	t.Run("measures", func(t *testing.T) { h.measure(t, src, rel, statisticCases(t, tb, rel)) })
	t.Run("no row", func(t *testing.T) {
		empty := tb
		empty.Rows = nil
		r := Relation(t, src, h.Load(t, empty))
		h.measure(t, src, r, append(tallyCases(t, empty, r), statisticCases(t, empty, r)...))
	})
	if src.Caps().Group {
		t.Run("groups", func(t *testing.T) { groups(t, src, tb, rel) })
	}
}

// measure asks for all the cases that the source takes in one request and compares them.
func (h *Harness) measure(t *testing.T, src connectors.Source, rel query.Relation, cases []measureCase) {
	t.Helper()
	cases = slices.DeleteFunc(cases, func(c measureCase) bool {
		return !h.accepts(t, c.name, refusedMeasure(src.Caps(), rel, c.measure))
	})
	for len(cases) > 0 {
		q := query.Aggregate{From: rel}
		for _, c := range cases {
			q.Measures = append(q.Measures, c.measure)
		}
		b, err := src.Aggregate(t.Context(), q)
		if inexact, ok := errors.AsType[*connectors.InexactError](err); ok {
			// the data defeats an exact answer there: ask for the rest
			at := slices.Sorted(slices.Values(inexact.Measures))
			for i := range cases {
				if inexact.Measures == nil {
					at = append(at, i)
				}
			}
			if len(at) == 0 {
				t.Fatalf("an inexact answer that names no measure: %v", err)
			}
			for _, i := range slices.Backward(at) {
				if !slices.Contains(h.Refused, cases[i].name+" (inexact)") {
					t.Errorf("%q is inexact (%s) without being pinned as %q", cases[i].name, inexact.Reason, cases[i].name+" (inexact)")
				}
				cases = slices.Delete(cases, i, i+1)
			}
			continue
		}
		if err != nil {
			t.Fatalf("aggregate: %v", err)
		}
		compareMeasures(t, b, cases)
		return
	}
}

func compareMeasures(t *testing.T, b *value.Batch, cases []measureCase) {
	t.Helper()
	if b.N != 1 {
		t.Fatalf("%d rows of aggregates, want one", b.N)
	}
	at := 0
	for _, c := range cases {
		types := c.measure.Outputs()
		if at+len(types) > len(b.Cols) {
			t.Fatalf("%d columns are too few", len(b.Cols))
		}
		for i, ty := range types {
			col := &b.Cols[at+i]
			if !col.Type.Equal(ty) {
				t.Errorf("%s: output %d is a %s, want %s", c.name, i, col.Type, ty)
				continue
			}
			if got := At(col, 0); !Same(got, c.want[i]) {
				t.Errorf("%s: output %d is %s, want %s", c.name, i, got, c.want[i])
			}
		}
		at += len(types)
	}
	if at != len(b.Cols) {
		t.Errorf("%d columns, want %d", len(b.Cols), at)
	}
}

// tallyCases tallies every judged expression: bare, with the nulls of its columns, and under a where and a skip.
func tallyCases(t *testing.T, tb Table, rel query.Relation) []measureCase {
	t.Helper()
	var out []measureCase
	all := judgeCases()
	where := all[slices.IndexFunc(all, func(c judgeCase) bool { return c.name == "int32 less" })]
	for _, jc := range all {
		if !tb.has(jc.cols) {
			continue
		}
		e, cols := jc.build(t, rel)
		out = append(out, measureCase{
			name: jc.name, measure: query.Measure{Kind: query.MeasureTally, Arg: e, Nulls: cols},
			want: tally(tb, jc, nil, nil),
		})
		w, whereCols := where.build(t, rel)
		skip := judgeCase{
			cols: jc.cols[:1], judge: func(c []Cell) verdict {
				if c[0].Err() {
					return undecided
				}
				return is(c[0].IsNull())
			},
		}
		out = append(out, measureCase{
			name: jc.name + ", where and skip",
			measure: query.Measure{
				Kind: query.MeasureTally, Arg: e, Where: w, Nulls: append(slices.Clone(cols), whereCols...),
				Skip: test(query.OpEq, cols[0], &query.Literal{Typ: value.Of(value.Null)}),
			},
			want: tally(tb, jc, &where, &skip),
		})
	}
	return out
}

// tally computes MeasureTally's outputs.
func tally(tb Table, jc judgeCase, where, skip *judgeCase) []Cell {
	var n [6]int64 // true, false, undecided, by null, where undecided, skipped
	for r := range tb.Rows {
		cells := tb.cells(r, jc.cols)
		named := cells
		if where != nil {
			w := tb.cells(r, where.cols)
			named = append(slices.Clone(cells), w...)
			switch where.judge(w) {
			case no:
				continue
			case undecided:
				n[4]++
				continue
			case yes:
			}
		}
		if skip != nil && skip.judge(tb.cells(r, skip.cols)) == yes {
			n[5]++
			continue
		}
		switch jc.judge(cells) {
		case yes:
			n[0]++
		case no:
			n[1]++
		case undecided:
			n[2]++
			if slices.ContainsFunc(named, isNullCell) {
				n[3]++
			}
		}
	}
	return counts(n[:]...)
}

func isNullCell(c Cell) bool { return !c.Err() && c.IsNull() }

func counts(ns ...int64) []Cell {
	out := make([]Cell, len(ns))
	for i, n := range ns {
		out[i] = Cell{Value: value.IntValue(n)}
	}
	return out
}

// statisticCases are the measures other than tallies, over columns as they are and under a where.
func statisticCases(t *testing.T, tb Table, rel query.Relation) []measureCase {
	t.Helper()
	all := judgeCases()
	where := all[slices.IndexFunc(all, func(c judgeCase) bool { return c.name == "int32 less" })]
	w, whereCols := where.build(t, rel)
	var out []measureCase
	n := [3]int64{}
	for r := range tb.Rows {
		switch cells := tb.cells(r, where.cols); {
		case where.judge(cells) == yes:
			n[0]++
		case where.judge(cells) == undecided && slices.ContainsFunc(cells, isNullCell):
			n[1]++
		case where.judge(cells) == undecided:
			n[2]++
		}
	}
	out = append(out,
		measureCase{"count", query.Measure{Kind: query.MeasureCount}, counts(int64(len(tb.Rows)), 0, 0)},
		measureCase{"count where", query.Measure{Kind: query.MeasureCount, Where: w, Nulls: whereCols}, counts(n[:]...)})
	for _, k := range []struct {
		kind query.MeasureKind
		name string
		cols []string
		q    float64
	}{
		{query.MeasureSum, "sum", []string{"i32", "i", "dec", "u"}, 0},
		{query.MeasureMin, "min", []string{"i", "i32", "dec", "s", "ts", "f", "by", "u", "day", "lt", "tod"}, 0},
		{query.MeasureMax, "max", []string{"i", "i32", "dec", "s", "ts", "f", "by", "u", "day", "lt", "tod"}, 0},
		{query.MeasureSumSquares, "sum of squares", []string{"i32", "dec"}, 0},
		{query.MeasureDistinct, "distinct", []string{"i", "dec", "s", "k", "ts", "by", "b"}, 0},
		{query.MeasureQuantile, "median", []string{"i", "dec", "f", "ts", "s"}, 0.5},
		{query.MeasureQuantile, "last decile", []string{"i", "dec"}, 0.9},
	} {
		for _, name := range k.cols {
			if tb.Index(name) < 0 {
				continue
			}
			arg := Col(t, rel, name)
			out = append(out, measureCase{
				name:    k.name + " of " + name,
				measure: query.Measure{Kind: k.kind, Arg: arg, Nulls: []*query.Column{arg}, Q: k.q},
				want:    statistic(tb, k.kind, k.q, name, nil),
			}, measureCase{
				name:    k.name + " of " + name + " where",
				measure: query.Measure{Kind: k.kind, Arg: arg, Where: w, Nulls: append([]*query.Column{arg}, whereCols...), Q: k.q},
				want:    statistic(tb, k.kind, k.q, name, &where),
			})
		}
	}
	return out
}

// statistic computes a measure's outputs over a column.
func statistic(tb Table, kind query.MeasureKind, q float64, col string, where *judgeCase) []Cell {
	var used []value.Value
	var byNull, errored int64
	for r := range tb.Rows {
		cell := tb.Cell(r, col)
		v, null := yes, isNullCell(cell)
		if where != nil {
			cells := tb.cells(r, where.cols)
			v = where.judge(cells)
			null = null || slices.ContainsFunc(cells, isNullCell)
		}
		switch {
		case v == no:
		case (v == undecided || cell.Err() || cell.IsNull()) && null:
			byNull++
		case v == undecided || cell.Err():
			errored++
		default:
			used = append(used, cell.Value)
		}
	}
	tail := counts(int64(len(used)), byNull, errored)
	return append([]Cell{{Value: reduce(kind, q, used)}}, tail...)
}

func reduce(kind query.MeasureKind, q float64, used []value.Value) value.Value {
	if kind == query.MeasureDistinct {
		seen := map[string]bool{}
		for _, v := range used {
			seen[v.Text()] = true
		}
		return value.IntValue(int64(len(seen)))
	}
	if len(used) == 0 {
		return value.NullValue()
	}
	if kind == query.MeasureSum || kind == query.MeasureSumSquares {
		var sum value.Dec
		for _, v := range used {
			d := exact(v)
			if kind == query.MeasureSumSquares {
				d = d.Mul(d)
			}
			sum = sum.Add(d)
		}
		return value.DecimalValue(sum)
	}
	slices.SortFunc(used, func(a, b value.Value) int { c, _ := value.Compare(a, b); return c })
	switch kind {
	case query.MeasureMin:
		return used[0]
	case query.MeasureMax:
		return used[len(used)-1]
	default: // the smallest value with at least q of the rows at or below it
		at := 0
		for float64(at+1) < q*float64(len(used)) {
			at++
		}
		return used[at]
	}
}

func exact(v value.Value) value.Dec {
	switch v.Kind() {
	case value.Int:
		return value.DecFromInt(v.Int())
	case value.Uint:
		return value.DecFromUint(v.Uint())
	default:
		return v.Decimal()
	}
}

// groups counts the rows of each value of k, null among them.
func groups(t *testing.T, src connectors.Source, tb Table, rel query.Relation) {
	t.Helper()
	b, err := src.Aggregate(t.Context(), query.Aggregate{
		From: rel, GroupBy: []query.Expr{Col(t, rel, "k")}, Measures: []query.Measure{{Kind: query.MeasureCount}},
	})
	if err != nil {
		t.Fatalf("aggregate by k: %v", err)
	}
	want := map[string]int64{}
	for r := range tb.Rows {
		want[fmt.Sprint(tb.Cell(r, "k"), tb.Cell(r, "k").IsNull())]++
	}
	got := map[string]int64{}
	for r := range b.N {
		c := At(&b.Cols[0], r)
		got[fmt.Sprint(c, c.IsNull())] += b.Cols[1].Ints[r]
	}
	if len(want) < 4 || len(got) != len(want) || b.N != len(want) {
		t.Errorf("%d groups in %d rows, want %d", len(got), b.N, len(want))
	}
	for k, n := range want {
		if got[k] != n {
			t.Errorf("group %s counts %d, want %d", k, got[k], n)
		}
	}
}
