package correct_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/correct"
)

// randomPlan draws changes of distinct rows among n seeded ones, and inserts beyond them.
func randomPlan(r *rand.Rand, n int64) (list []*correct.Change) {
	for id := int64(1); id <= n; id++ {
		switch r.IntN(8) {
		case 0:
			list = append(list, remove(id))
		case 1:
			list = append(list, add(n+id))
		case 2, 3:
			list = append(list, restock(id, 1000+r.Int64N(5999))) // see the triggers of newPostgres
		case 4:
			after := item("renamed "+string(rune('a'+r.IntN(26)))+"'\"", r.Int64N(50)-1, r.NormFloat64())
			set := [][]int{{0, 1, 2}, {0}, {2}, {0, 2}}[r.IntN(4)]
			for i := range after {
				if !slices.Contains(set, i) {
					after[i] = seeded(id)[i]
				}
			}
			list = append(list, planned(connectors.Update, id, seeded(id), after, set...))
		}
	}
	r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}

// touch is how a third party changes a row of a plan, in a way that is not the plan's; nil deletes it.
func touch(r *rand.Rand, c *correct.Change, mark int) []value.Value {
	if c.Action == connectors.Insert {
		return item(fmt.Sprintf("theirs %d", mark), int64(mark), 0.5)
	}
	row := slices.Clone(c.Before)
	switch r.IntN(4) {
	case 0:
		return nil
	case 1:
		row[2] = value.DoubleValue(1_000_000.25 + float64(mark))
	case 2:
		row[1] = value.IntValue(200 + int64(mark))
	default:
		row[0] = value.StringValue(fmt.Sprintf("theirs %d", mark))
	}
	return row
}

// drawn picks about one of so many changes.
func drawn(r *rand.Rand, list []*correct.Change, oneOf int) (out []*correct.Change) {
	for _, c := range list {
		if r.IntN(oneOf) == 0 {
			out = append(out, c)
		}
	}
	return out
}

// TestWriters: third parties change rows between plan and apply, during apply, before the undo and during it. Exactly the rows that they touched before their
// change was made are stale, none of theirs is overwritten, and the undo brings back all others. The writers' own journal is the witness.
func TestWriters(t *testing.T) {
	rounds := 2
	if os.Getenv("ASSAY_TEST_SOAK") != "" {
		rounds = 200
	}
	for seed := range rounds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			writers(t, newWorld(t, writtenItems), rand.New(rand.NewPCG(uint64(seed), 1)))
		})
	}
}

// hand is a third party that writes down what it does: for each statement the row before and after, of one transaction.
type hand struct {
	w    *world
	mark int
	// last are the rows that it touched, as it left them; had are those rows as it found them.
	last, had map[int64]string
}

func (h *hand) touch(r *rand.Rand, list []*correct.Change) {
	for _, c := range list {
		h.mark++
		id := c.Key[0].Int()
		row := touch(r, c, h.mark)
		had, now := h.w.st.put(h.w.t, id, row), cells(row)
		if had == now {
			continue // there was nothing to touch
		}
		if _, ok := h.had[id]; !ok {
			h.had[id] = had
		}
		h.last[id] = now
	}
}

func newHand(w *world) *hand {
	return &hand{w: w, last: make(map[int64]string), had: make(map[int64]string)}
}

const writtenItems = 500

func writers(t *testing.T, w *world, r *rand.Rand) {
	original := w.dump("items")
	list := randomPlan(r, int64(len(original)))
	w.seen(list)
	w.write(w.header("items"), list...)
	p := w.bind()
	h := newHand(w)
	h.touch(r, drawn(r, list, 20))
	others := slices.DeleteFunc(drawn(r, list, 20), func(c *correct.Change) bool { return h.last[c.Key[0].Int()] != "" || h.had[c.Key[0].Int()] != "" })
	var wg sync.WaitGroup
	theirs := rand.New(rand.NewPCG(r.Uint64(), 2))
	wg.Go(func() { h.touch(theirs, others) })
	o := w.options()
	o.BatchRows, o.Keep = 1+r.IntN(40), 10_000
	rep, err := correct.Apply(t.Context(), p, o)
	wg.Wait()
	if err != nil {
		t.Fatal(err)
	}
	stale := staleRows(t, &rep)
	now := w.dump("items")
	for _, c := range list {
		id := c.Key[0].Int()
		before, after := cells(c.Before), cells(c.After)
		had, touched := h.had[id]
		// Touched before the change was made: what the writer found first was not yet the plan's row.
		want := touched && had == before && h.last[id] != after
		if stale[id] != want {
			t.Fatalf("row %d: stale %t, want %t: planned %s -> %s, the writer found %q", id, stale[id], want, before, after, had)
		}
		if touched && now[id] != h.last[id] {
			t.Fatalf("row %d is %s, and was left as %s", id, now[id], h.last[id])
		}
		if !touched && now[id] != after {
			t.Fatalf("row %d is %s, want %s", id, now[id], after)
		}
	}
	if len(h.last) == 0 || len(stale) == 0 {
		t.Fatal("nobody wrote")
	}
	undoBesideWriters(t, w, r, h, list, original)
}

func staleRows(t *testing.T, rep *correct.Report) map[int64]bool {
	t.Helper()
	if rep.Failed != 0 || rep.Tally.Total() != rep.Selected || rep.Applied == 0 {
		t.Fatalf("%+v", rep.Tally)
	}
	out := make(map[int64]bool)
	for _, row := range rep.Rows {
		if row.Outcome == correct.Stale {
			out[row.Change.Key[0].Int()] = true
		}
	}
	if int64(len(out)) != rep.Stale {
		t.Fatalf("%d rows named, %d stale", len(out), rep.Stale)
	}
	return out
}

func undoBesideWriters(t *testing.T, w *world, r *rand.Rand, h *hand, list []*correct.Change, original map[int64]string) {
	t.Helper()
	p := w.bind()
	var wg sync.WaitGroup
	again := newHand(w)
	theirs, drew := rand.New(rand.NewPCG(r.Uint64(), 3)), drawn(r, list, 20)
	wg.Go(func() { again.touch(theirs, drew) })
	o := w.options()
	o.BatchRows, o.Keep = 1+r.IntN(40), 10_000
	rep, err := correct.Undo(t.Context(), p, o)
	wg.Wait()
	if err != nil {
		t.Fatal(err)
	}
	left := staleRows(t, &rep)
	now := w.dump("items")
	for _, c := range list {
		id := c.Key[0].Int()
		_, before := h.last[id]
		applied := !before || h.had[id] != cells(c.Before)
		_, during := again.last[id]
		switch {
		case during && now[id] != again.last[id]:
			t.Fatalf("row %d is %s, and was left as %s", id, now[id], again.last[id])
		case !during && before && now[id] != h.last[id]:
			t.Fatalf("row %d is %s, and was left as %s", id, now[id], h.last[id])
		case !during && !before && now[id] != original[id]:
			t.Fatalf("row %d is %s, and was %s", id, now[id], original[id])
		case !during && left[id] != (before && applied && h.last[id] != cells(c.Before)):
			t.Fatalf("row %d: stale %t", id, left[id])
		}
	}
	for id, row := range original {
		if !slices.ContainsFunc(list, func(c *correct.Change) bool { return c.Key[0].Int() == id }) && now[id] != row {
			t.Fatalf("row %d, which no plan names, is %s", id, now[id])
		}
	}
	w.auditLines()
}

// TestTwoAtOnce: two machines apply the same plan, each with a journal of its own. Each change is made once.
func TestTwoAtOnce(t *testing.T) {
	w := newWorld(t, 1000, writesTable[:4]...)
	w.write(w.header("items"), mixed()...)
	other := openWorldAt(t, w)
	reports := make([]correct.Report, 2)
	var wg sync.WaitGroup
	for i, x := range []*world{w, other} {
		p := x.bind()
		o := x.options()
		o.BatchRows, o.Audit = 7, w.audit() // one audit log, to which both append
		wg.Go(func() {
			var err error
			if reports[i], err = correct.Apply(context.Background(), p, o); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := reports[0].Applied + reports[1].Applied; n != 240 || reports[0].Stale+reports[1].Stale != 0 || reports[0].Failed+reports[1].Failed != 0 {
		t.Fatalf("%+v %+v", reports[0].Tally, reports[1].Tally)
	}
	for id, n := range w.dump("writes") {
		if n != "[]interface {}{1}" {
			t.Errorf("row %d was changed %s times", id, n)
		}
	}
	if l := w.auditLines(); len(l) != 240 {
		t.Errorf("%d lines in the audit log", len(l))
	}
	// Each undoes what it did.
	original := newWorld(t, 1000).dump("items")
	a, b := w.undo(w.options()), other.undo(w.options())
	if a.Applied != reports[0].Applied || b.Applied != reports[1].Applied || !maps.Equal(w.dump("items"), original) {
		t.Errorf("undone %+v and %+v", a.Tally, b.Tally)
	}
}

// openWorldAt is the same database with the plan in another folder.
func openWorldAt(t *testing.T, w *world) *world {
	t.Helper()
	o := &world{t: t, dir: t.TempDir(), st: w.st}
	o.plan = o.dir + "/plan.jsonl"
	b, err := os.ReadFile(w.plan)
	if err == nil {
		err = os.WriteFile(o.plan, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	o.src = o.st.open(t)
	return o
}

// TestBusy: on one machine, one at a time.
func TestBusy(t *testing.T) {
	w := newWorld(t, 400)
	w.write(w.header("items"), mixed()...)
	p, second := w.bind(), w.bind()
	o := w.options()
	tried := false
	o.Pause = func(ctx context.Context) error {
		if tried {
			return nil
		}
		tried = true
		for _, do := range []func(context.Context, *correct.Plan, correct.Options) (correct.Report, error){correct.Apply, correct.Undo} {
			_, err := do(ctx, second, w.options())
			if e, ok := errors.AsType[*correct.BusyError](err); !ok || e.By == "another process" {
				t.Errorf("%v", err)
			}
		}
		return nil
	}
	r, err := correct.Apply(t.Context(), p, o)
	if err != nil || !tried {
		t.Fatal(err)
	}
	tally(t, r, 240, 0, 0, 0, 0)
}
