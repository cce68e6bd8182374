package run

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diff"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/spec"
)

func TestVerdictOfKeys(t *testing.T) {
	mostly := func(s string) *spec.Expectation {
		d, err := value.ParseDec(s)
		if err != nil {
			t.Fatal(err)
		}
		return &spec.Expectation{Mostly: &d}
	}
	atMost := func(n int64) *spec.Expectation { return &spec.Expectation{MaxFailures: &n} }
	for _, c := range []struct {
		name    string
		counts  result.CompareCounts
		e       *spec.Expectation
		verdict result.Verdict
		message string
	}{
		{"identical", result.CompareCounts{Identical: 7}, &spec.Expectation{}, result.Pass, "all 7 keys agree"},
		{"one", result.CompareCounts{Identical: 1}, &spec.Expectation{}, result.Pass, "the one key agrees"},
		{"empty", result.CompareCounts{}, &spec.Expectation{}, result.Pass, "no rows on either side"},
		{"empty fails", result.CompareCounts{}, &spec.Expectation{OnEmpty: spec.EmptyFail}, result.Fail, "no rows on either side, and on_empty is fail"},
		{"one side empty", result.CompareCounts{Extra: 5, TargetRows: 5}, &spec.Expectation{OnEmpty: spec.EmptyPass}, result.Fail, "5 of 5 keys differ: 5 extra"},
		{"every class", result.CompareCounts{Identical: 1, Changed: 2, Missing: 3, Extra: 4, DuplicateKey: 5}, &spec.Expectation{}, result.Fail, "14 of 15 keys differ: 2 changed, 3 missing, 4 extra, 5 repeated"},
		{"in flight", result.CompareCounts{Identical: 3, InFlight: 2}, &spec.Expectation{}, result.Pass, "all 5 keys agree; 2 in flight had caught up when read again"},
		{"mostly holds", result.CompareCounts{Identical: 99, Changed: 1}, mostly("0.99"), result.Pass, "99.0 % of 100 keys agree, 99 % must: 1 changed"},
		{"mostly fails", result.CompareCounts{Identical: 98, InFlight: 1, Changed: 2}, mostly("0.99"), result.Fail, "98.0 % of 101 keys agree, 99 % must: 2 changed; 1 in flight had caught up when read again"},
		{"some may", result.CompareCounts{Identical: 1, Missing: 2}, atMost(2), result.Pass, "2 of 3 keys differ, at most 2 may: 2 missing"},
		{"too many", result.CompareCounts{Identical: 1, Missing: 3}, atMost(2), result.Fail, "3 of 4 keys differ, at most 2 may: 3 missing"},
		{"unsettled", result.CompareCounts{Identical: 9, Unsettled: 1}, &spec.Expectation{}, result.Inconclusive, "all 9 keys agree; nothing is known of 1 key that changed whenever it was read"},
		{"unsettled alone", result.CompareCounts{Unsettled: 2}, &spec.Expectation{}, result.Inconclusive, "nothing could be told; nothing is known of 2 keys that changed whenever it was read"},
		{"unsettled beside a difference", result.CompareCounts{Identical: 9, Changed: 1, Unsettled: 1}, &spec.Expectation{}, result.Fail, "1 of 10 keys differ: 1 changed; nothing is known of 1 key that changed whenever it was read"},
		{"unsettled and enough", result.CompareCounts{Identical: 99, Unsettled: 1}, mostly("0.9"), result.Pass, "all 99 keys agree; nothing is known of 1 key that changed whenever it was read"},
		{"unsettled decides", result.CompareCounts{Identical: 89, Changed: 10, Unsettled: 1}, mostly("0.9"), result.Inconclusive, "89.9 % of 99 keys agree, 90 % must: 10 changed; nothing is known of 1 key that changed whenever it was read"},
		{"unsettled within the allowed", result.CompareCounts{Identical: 9, Changed: 1, Unsettled: 1}, atMost(2), result.Pass, "1 of 10 keys differ, at most 2 may: 1 changed; nothing is known of 1 key that changed whenever it was read"},
		{"unsettled beyond the allowed", result.CompareCounts{Identical: 9, Changed: 2, Unsettled: 1}, atMost(2), result.Inconclusive, "2 of 11 keys differ, at most 2 may: 2 changed; nothing is known of 1 key that changed whenever it was read"},
	} {
		if j := judgeKeys(&c.counts, c.e); j.verdict != c.verdict || j.message != c.message {
			t.Errorf("%s: %s, %q; want %s, %q", c.name, j.verdict, j.message, c.verdict, c.message)
		}
	}
}

// A sample has every class, however late it comes, in the order in which they came.
func TestSample(t *testing.T) {
	item := &plan.CompareItem{Names: []string{"v"}, Compared: 1}
	item.Spec.Key = []diff.Column{{Name: "id"}}
	item.Spec.Columns = []diff.Column{{Name: "v", Left: &query.Column{Index: 1}, Right: &query.Column{Index: 1}}}
	s := Sample{Limit: 8}
	for i := range 1000 {
		d := diff.Difference{Class: diff.Changed, Columns: []int{0}, Key: []value.Value{value.IntValue(int64(i))}, Left: []value.Value{value.IntValue(1)}, Right: []value.Value{value.IntValue(2)}}
		switch {
		case i == 997:
			d.Class, d.Columns = diff.DuplicateKey, nil
			d.LeftRows, d.RightRows = 2, 1
		case i == 998:
			d.Class, d.Columns, d.Right = diff.Missing, nil, nil
		case i >= 999:
			d.Class, d.Columns, d.Left = diff.Extra, nil, nil
		}
		s.Take(item, &d)
	}
	list := s.List()
	var got []string
	for _, f := range list {
		got = append(got, string(f.Class)+" "+f.Key["id"].Text())
	}
	want := "changed 0,changed 1,changed 2,changed 3,changed 4,duplicate_key 997,missing 998,extra 999"
	if strings.Join(got, ",") != want {
		t.Errorf("got %v", got)
	}
	if f := list[5]; f.SourceRows != 2 || f.TargetRows != 1 {
		t.Errorf("a duplicate key of %d and %d rows", f.SourceRows, f.TargetRows)
	}
	if f := list[6]; f.Before == nil || f.After != nil {
		t.Errorf("a missing row: %+v", f)
	}
	if f := list[7]; f.Before != nil || f.After == nil {
		t.Errorf("an extra row: %+v", f)
	}
	none := Sample{}
	none.Take(item, &diff.Difference{Class: diff.Missing, Left: []value.Value{value.IntValue(1)}})
	if len(none.List()) != 0 {
		t.Error("a sample of none holds one")
	}
}

// Comparisons within one connection, across two in both directions, and passes over datasets never wait for each other in a circle.
func TestSlotsDoNotDeadlock(t *testing.T) {
	conn := func(name string, n int) *connection {
		return &connection{spec: &spec.Connection{Name: name}, slots: make(chan struct{}, n), pairs: make(chan struct{}, 1)}
	}
	r := &runner{conns: map[string]*connection{"a": conn("a", 2), "b": conn("b", 1)}}
	p := &plan.Plan{}
	for _, d := range []struct{ name, conn string }{{"a1", "a"}, {"a2", "a"}, {"b1", "b"}} {
		ds := &spec.Dataset{Connection: d.conn}
		ds.Name = d.name
		p.Datasets = append(p.Datasets, &plan.Dataset{Spec: ds})
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var wg sync.WaitGroup
	for i := range 60 {
		wg.Go(func() {
			it := &plan.Item{ID: "x", Datasets: [][]string{{"a1", "a2"}, {"a1", "b1"}, {"b1", "a2"}}[i%3]}
			release, err := r.both(ctx, p, it)
			if err != nil {
				t.Error(err)
				return
			}
			time.Sleep(time.Millisecond)
			release()
		})
		wg.Go(func() {
			c := r.conns[[]string{"a", "b"}[i%2]]
			if err := c.acquire(ctx); err != nil {
				t.Error(err)
				return
			}
			time.Sleep(time.Millisecond)
			c.release()
		})
	}
	wg.Wait()
	for name, c := range r.conns {
		if len(c.slots) != 0 {
			t.Errorf("%d slots of %s are still held", len(c.slots), name)
		}
	}
	if _, err := r.both(ctx, p, &plan.Item{Datasets: []string{"b1", "b1"}}); err == nil || !strings.Contains(err.Error(), "one statement at a time") {
		t.Errorf("two sides on a connection of one: %v", err)
	}
	gone, stop := context.WithCancel(t.Context())
	r.conns["a"].slots <- struct{}{}
	stop()
	if _, err := r.both(gone, p, &plan.Item{Datasets: []string{"a1", "a2"}}); err == nil || len(r.conns["a"].slots) != 1 {
		t.Errorf("a cancelled wait: %v, %d slots held", err, len(r.conns["a"].slots))
	}
}
