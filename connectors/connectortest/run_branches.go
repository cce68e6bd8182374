package connectortest

import (
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
)

// branches checks Select by Where, by limit and by several branches.
func (h *Harness) branches(t *testing.T) {
	src := h.open(t)
	tb, d := h.hostile(t)
	rel := Relation(t, src, d)
	var taken []judgeCase
	for _, jc := range judgeCases() {
		if !tb.has(jc.cols) {
			continue
		}
		e, _ := jc.build(t, rel)
		if !h.accepts(t, jc.name, refusedExpr(src.Caps(), rel, e)) {
			continue
		}
		taken = append(taken, jc)
		t.Run(jc.name, func(t *testing.T) { h.truths(t, src, tb, rel, jc) })
	}
	if len(taken) == 0 {
		return
	}
	t.Run("limit", func(t *testing.T) {
		got := ReadAll(t, src, query.Select{From: rel, Columns: Cols(t, rel, "id"), Branches: []query.Branch{{Limit: 3}}}, 0)
		if len(got) != 3 {
			t.Errorf("%d rows, want 3", len(got))
		}
	})
	t.Run("several", func(t *testing.T) { several(t, src, tb, rel, taken) })
}

// truths checks that the truth tests of an expression select the very rows.
func (h *Harness) truths(t *testing.T, src connectors.Source, tb Table, rel query.Relation, jc judgeCase) {
	t.Helper()
	e, _ := jc.build(t, rel)
	for v, op := range map[verdict]query.Op{yes: query.OpIsTrue, no: query.OpIsFalse, undecided: query.OpIsUndecided} {
		where := test(op, e)
		if r := refusedExpr(src.Caps(), rel, where); r != nil {
			if h.accepts(t, jc.name+" "+op.String(), r) {
				t.Errorf("%s of it is refused: %s", op, r.Reason)
			}
			continue
		}
		got := ReadAll(t, src, query.Select{From: rel, Columns: Cols(t, rel, "id"), Branches: []query.Branch{{Where: where}}}, 0)
		sameTruth(t, tb, jc, v, got)
	}
	got := ReadAll(t, src, query.Select{From: rel, Columns: Cols(t, rel, "id"), Branches: []query.Branch{{Where: e}}}, 0)
	sameTruth(t, tb, jc, yes, got)
}

// sameTruth checks that got holds the ids of exactly the rows of verdict v.
func sameTruth(t *testing.T, tb Table, jc judgeCase, v verdict, got [][]Cell) {
	t.Helper()
	in := map[int64]bool{}
	for _, r := range got {
		in[r[0].Int()] = true
	}
	if len(in) != len(got) {
		t.Errorf("%d rows, %d of them different", len(got), len(in))
	}
	for r := range tb.Rows {
		cells := tb.cells(r, jc.cols)
		if want := jc.judge(cells) == v; want != in[int64(r)] {
			t.Errorf("row %d %v: selected as %s: %v, want %v", r, cells, [...]string{"false", "true", "undecided"}[v], in[int64(r)], want)
		}
	}
}

// several asks for up to three expressions at once, each with a limit of four rows.
func several(t *testing.T, src connectors.Source, tb Table, rel query.Relation, cases []judgeCase) {
	t.Helper()
	const limit = 4
	cases = cases[:min(3, len(cases))]
	q := query.Select{From: rel, Columns: Cols(t, rel, "id")}
	for i := range cases {
		e, _ := cases[i].build(t, rel)
		q.Branches = append(q.Branches, query.Branch{Where: e, Limit: limit})
	}
	if len(cases) < 2 {
		return
	}
	counts := make([]int, len(cases))
	for _, r := range ReadAll(t, src, q, 0) {
		n := int(r[1].Int())
		if n < 0 || n >= len(cases) {
			t.Fatalf("branch %d of %d", n, len(cases))
		}
		counts[n]++
		if cells := tb.cells(int(r[0].Int()), cases[n].cols); cases[n].judge(cells) != yes {
			t.Errorf("branch %s holds row %d %v", cases[n].name, r[0].Int(), cells)
		}
	}
	for i, jc := range cases {
		want := 0
		for r := range tb.Rows {
			if jc.judge(tb.cells(r, jc.cols)) == yes {
				want++
			}
		}
		if counts[i] != min(want, limit) {
			t.Errorf("branch %s holds %d rows, want %d", jc.name, counts[i], min(want, limit))
		}
	}
}
