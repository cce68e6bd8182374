package diff_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diff"
)

// TestWhere compares the rows of a condition, pushed down on one side and evaluated here on the other, both ways and by windows: the same
// rows are compared and the same ones left out, and those that the condition does not decide are counted.
func TestWhere(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	tb := table{
		cols: []value.Column{
			{Name: "k", Type: value.Of(value.Int), NotNull: true}, {Name: "c", Type: value.Of(value.String)}, {Name: "w", Type: value.Of(value.Int), MayErr: true},
		},
		key: []string{"k"},
	}
	var kept, undecided int64
	for k := range 2000 {
		w := cell{Value: value.IntValue(r.Int64N(10))}
		switch r.IntN(10) {
		case 0:
			w = cell{}
		case 1:
			w = cell{err: true}
		}
		switch {
		case w.err || w.IsNull():
			undecided++
		case w.Int() > 4:
			kept++
		}
		tb.rows = append(tb.rows, []cell{{Value: value.IntValue(int64(k))}, {Value: value.StringValue(fmt.Sprint(k))}, w})
	}
	col := &query.Column{Index: 2, Col: tb.cols[2]}
	over := func(n int64) query.Expr {
		return &query.Call{Op: query.OpGt, Typ: value.Of(value.Bool), Args: []query.Expr{col, &query.Literal{Val: value.IntValue(n), Typ: value.Of(value.Int)}}}
	}
	for name, c := range map[string]struct {
		left, right func(*faulty)
		here        [2]bool
	}{
		"pushed down":         {func(*faulty) {}, func(*faulty) {}, [2]bool{false, false}},
		"one evaluated here":  {func(*faulty) {}, func(f *faulty) { f.refuse = true }, [2]bool{false, true}},
		"both evaluated here": {func(f *faulty) { f.refuse = true }, func(f *faulty) { f.refuse = true }, [2]bool{true, true}},
		"windows":             {func(f *faulty) { f.refuse = true }, func(f *faulty) { f.caps = func(c *query.Caps) { c.UnorderedFaster = true } }, [2]bool{true, false}},
		"sorted here": {func(f *faulty) {
			f.refuse = true
			f.caps = func(c *query.Caps) { c.KeyOrder = false }
		}, func(*faulty) {}, [2]bool{true, false}},
		"not countable there": {func(f *faulty) {
			f.caps = func(c *query.Caps) {
				c.Measure = func(query.Relation, query.Measure) *query.Refusal { return &query.Refusal{Reason: "test"} }
			}
		}, func(*faulty) {}, [2]bool{true, false}},
	} {
		t.Run(name, func(t *testing.T) {
			left, right := tb.source(t, "l", r), tb.source(t, "r", r)
			l, rt := &faulty{Source: left.Source}, &faulty{Source: right.Source}
			c.left(l)
			c.right(rt)
			left.Source, right.Source, left.Where, right.Where = l, rt, over(4), over(4)
			// The column of the condition is not compared, so that it is read for that alone.
			s := align(t, left, right, diff.AlignOptions{Columns: []string{"c"}, MemoryBytes: 20_000, TempDir: t.TempDir()})
			res, err := diff.Run(t.Context(), s, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			want := diff.Counts{Identical: kept, LeftRows: kept, RightRows: kept}
			if res.Counts != want {
				t.Errorf("%+v, want %+v", res.Counts, want)
			}
			for side, read := range res.Reads {
				if read.WhereUndecided != undecided || read.WhereHere != c.here[side] {
					t.Errorf("side %d: %+v, want %d undecided, evaluated here %v", side, read, undecided, c.here[side])
				}
			}
		})
	}
	t.Run("different conditions", func(t *testing.T) {
		left, right := tb.source(t, "l", r), tb.source(t, "r", r)
		left.Where = over(4)
		s := align(t, left, right, diff.AlignOptions{})
		res, err := diff.Run(t.Context(), s, nil, nil)
		if err != nil || res.Counts.Extra != 2000-kept || res.Counts.LeftRows != kept {
			t.Errorf("%+v, %v", res.Counts, err)
		}
	})
}

// TestWhereOfDigests evaluates the condition of a side that hashes nothing here: rows that are read again, in ranges that differ, are
// undecided once.
func TestWhereOfDigests(t *testing.T) {
	tb := table{
		cols: []value.Column{
			{Name: "k", Type: value.Of(value.Int), NotNull: true}, {Name: "c", Type: value.Of(value.Int)}, {Name: "w", Type: value.Of(value.Int)},
		},
		key: []string{"k"},
	}
	for k := range 2000 {
		w := cell{Value: value.IntValue(1)}
		if k%10 == 0 {
			w = cell{}
		}
		tb.rows = append(tb.rows, []cell{{Value: value.IntValue(int64(k))}, {Value: value.IntValue(int64(k % 3))}, w})
	}
	other := tb
	other.rows = slices.Clone(tb.rows)
	other.rows[777] = []cell{tb.rows[777][0], {Value: value.IntValue(99)}, tb.rows[777][2]}
	where := &query.Call{Op: query.OpGt, Typ: value.Of(value.Bool), Args: []query.Expr{
		&query.Column{Index: 2, Col: tb.cols[2]}, &query.Literal{Val: value.IntValue(0), Typ: value.Of(value.Int)},
	}}
	store := sqliteStore(t)
	for _, here := range [][2]bool{{false, true}, {true, false}, {true, true}} {
		left, _ := store.put(t, "wl", &tb)
		right, _ := store.put(t, "wr", &other)
		left.Where, right.Where = where, where
		for i, s := range []*diff.Side{&left, &right} {
			if here[i] {
				s.Source = &faulty{Source: s.Source, refuse: true}
			}
		}
		s := align(t, left, right, diff.AlignOptions{Columns: []string{"c"}, Strategy: diff.Digest, TempDir: t.TempDir()})
		res, err := diff.Run(t.Context(), s, nil, nil)
		want := diff.Counts{Identical: 1799, Changed: 1, LeftRows: 1800, RightRows: 1800}
		if err != nil || res.Choice.Strategy != diff.Digest || res.Counts != want || res.Digest.Merged == 0 {
			t.Errorf("evaluated here %v: %s %+v, %+v, %v", here, res.Choice.Strategy, res.Counts, res.Digest, err)
		}
		for side, read := range res.Reads {
			if read.WhereHere != here[side] || read.WhereUndecided != 200 {
				t.Errorf("evaluated here %v: side %d: %+v", here, side, read)
			}
		}
	}
}

// TestConditions compares a column by a condition over other columns: what it cannot decide, and what it would have to decide by a cell
// in error, is different.
func TestConditions(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	tb := table{cols: []value.Column{{Name: "k", Type: value.Of(value.Int)}, {Name: "a", Type: value.Of(value.Int)}, {Name: "b", Type: value.Of(value.Int)}}, key: []string{"k"}}
	left, right := tb, tb
	row := func(k int, a, b cell) []cell { return []cell{{Value: value.IntValue(int64(k))}, a, b} }
	n := func(i int64) cell { return cell{Value: value.IntValue(i)} }
	left.rows = [][]cell{row(1, n(1), n(2)), row(2, n(1), n(2)), row(3, cell{}, n(2)), row(4, cell{err: true}, n(2)), row(5, n(7), n(3))}
	right.rows = [][]cell{row(1, n(2), n(2)), row(2, n(3), n(2)), row(3, n(2), n(2)), row(4, n(2), n(2)), row(5, n(8), n(4))}
	s := align(t, left.source(t, "l", r), right.source(t, "r", r), diff.AlignOptions{
		Expect: map[string]func(l, r []value.Value) (bool, bool){
			"a": func(l, r []value.Value) (bool, bool) { // the target's is one more
				if l[0].IsNull() || r[0].IsNull() {
					return false, false
				}
				return l[0].Int()+1 == r[0].Int(), true
			},
		},
	})
	got := map[int64][]int{}
	res, err := diff.Run(t.Context(), s, func(d diff.Difference) error {
		got[d.Key[0].Int()] = d.Columns
		if d.Key[0].Int() == 4 && (len(d.LeftErr) != 2 || !d.LeftErr[0] || d.LeftErr[1] || d.RightErr != nil) {
			t.Errorf("errors of row 4: %v, %v", d.LeftErr, d.RightErr)
		}
		return nil
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := map[int64][]int{2: {0}, 3: {0}, 4: {0}, 5: {1}}
	if fmt.Sprint(got) != fmt.Sprint(want) || res.Counts.Identical != 1 || fmt.Sprint(res.Columns) != "[3 1]" {
		t.Errorf("%v of %+v, by column %v; want %v", got, res.Counts, res.Columns, want)
	}
}
