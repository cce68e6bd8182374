package correct_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/assay-dev/assay/expectations/correct"
)

// live runs a test on each server.
func live(t *testing.T, test func(t *testing.T, st store)) {
	t.Helper()
	t.Run("postgres", func(t *testing.T) { test(t, newPostgres(t)) })
	t.Run("mysql", func(t *testing.T) { test(t, newMySQL(t)) })
	t.Run("elasticsearch", func(t *testing.T) { test(t, newElasticsearch(t)) })
}

// content is what a store holds, byte for byte where it keeps bytes.
func content(t *testing.T, st store) map[string]string {
	t.Helper()
	if es, ok := st.(*elasticStore); ok {
		return es.sources(t)
	}
	out := make(map[string]string)
	for id, row := range st.rows(t) {
		out[fmt.Sprint(id)] = row
	}
	return out
}

// TestLive: apply, apply again, undo, undo again, apply and undo once more.
func TestLive(t *testing.T) {
	live(t, func(t *testing.T, st store) {
		w := newWorldOn(t, st, t.TempDir(), 400)
		original := content(t, st)
		list := mixed()
		w.seen(list)
		w.write(w.header("items"), list...)
		o := w.options()
		altered := int64(20) // by the trigger
		if st.driver() == "elasticsearch" {
			altered = 0
		}
		tally(t, w.apply(o), 240, 0, 0, 0, altered)
		now := st.rows(t)
		for _, c := range list {
			id := c.Key[0].Int()
			after := cells(c.After)
			if altered > 0 && id%15 == 6 && c.Action == correct.Update {
				row := slices.Clone(c.After)
				row[2] = item("", 0, c.After[2].Double()+1000)[2]
				after = cells(row)
			}
			if now[id] != after {
				t.Fatalf("row %d is %s, want %s", id, now[id], after)
			}
		}
		tally(t, w.apply(o), 0, 240, 0, 0, 0)
		tally(t, w.undo(o), 240, 0, 0, 0, 0)
		if !maps.Equal(content(t, st), original) {
			t.Fatal("the undo did not bring back what was")
		}
		tally(t, w.undo(o), 0, 240, 0, 0, 0)
		if len(w.auditLines()) != 480 || len(original) != 400 {
			t.Fatal("the audit log tells of something else")
		}
	})
}

// TestLiveWriters is TestWriters on the servers.
func TestLiveWriters(t *testing.T) {
	rounds, items := 1, 150
	if os.Getenv("ASSAY_TEST_SOAK") != "" {
		rounds, items = 30, writtenItems
	}
	live(t, func(t *testing.T, st store) {
		for seed := range rounds {
			writers(t, newWorldOn(t, st, t.TempDir(), items), rand.New(rand.NewPCG(uint64(seed), 11)))
			if t.Failed() {
				t.Fatal("seed", seed)
			}
		}
	})
}

// TestLiveTwoAtOnce is TestTwoAtOnce on the servers.
func TestLiveTwoAtOnce(t *testing.T) {
	live(t, func(t *testing.T, st store) {
		w := newWorldOn(t, st, t.TempDir(), 100)
		original := content(t, st)
		list := mixed()[:80]
		w.seen(list)
		w.write(w.header("items"), list...)
		other := openWorldAt(t, w)
		reports := make([]correct.Report, 2)
		var wg sync.WaitGroup
		for i, x := range []*world{w, other} {
			p, o := x.bind(), x.options()
			o.BatchRows, o.Audit = 7, w.audit()
			wg.Go(func() {
				var err error
				if reports[i], err = correct.Apply(context.Background(), p, o); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		a, b := reports[0], reports[1]
		if a.Applied+b.Applied != 80 || a.Failed+b.Failed != 0 {
			t.Fatalf("%+v %+v", a.Tally, b.Tally)
		}
		for id, n := range st.writes(t) {
			if n != 1 {
				t.Errorf("row %d was changed %d times", id, n)
			}
		}
		if n := len(w.auditLines()); int64(n) != 80+a.Stale+b.Stale {
			t.Errorf("%d lines in the audit log", n)
		}
		u, v := w.undo(w.options()), other.undo(w.options())
		if u.Applied != a.Applied || v.Applied != b.Applied || !maps.Equal(content(t, st), original) {
			t.Errorf("undone %+v and %+v", u.Tally, v.Tally)
		}
	})
}
