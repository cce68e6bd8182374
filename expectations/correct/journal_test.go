package correct_test

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/assay-dev/assay/expectations/correct"
)

// TestJournal: what is left of a journal decides what is done, and a journal that was meddled with is refused.
func TestJournal(t *testing.T) {
	w := newWorld(t, 1000, writesTable...)
	original := w.dump("items")
	w.write(w.header("items"), mixed()...)
	w.apply(w.options())
	corrected := w.dump("items")
	path := correct.JournalPath(w.plan)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	put := func(b []byte) {
		t.Helper()
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// As if it was killed when so much of it was written: all is done, and nothing is done again. Rows that a trigger altered are recognised where the
	// journal says what it made of them.
	for _, end := range []string{`{"prepared":3,`, `{"done":3,`, `{"begin":3,`, `{"end":`} {
		at := bytes.Index(whole, []byte(end))
		if at < 0 {
			t.Fatalf("no %s in %s", end, whole)
		}
		for _, torn := range []int{0, 7} {
			put(whole[:at+torn])
			r := w.apply(w.options())
			if r.Applied+r.Already+r.Stale != 240 || r.Failed != 0 || !maps.Equal(w.dump("items"), corrected) {
				t.Fatalf("%s: %+v", end, r.Tally)
			}
			if end == `{"done":3,` && r.Applied == 0 {
				t.Fatal("what was prepared was not recognised")
			}
		}
	}
	put(whole)
	p := w.bind()
	for name, c := range map[string]struct {
		text string
		want string
	}{
		"changed line": {strings.Replace(string(whole), `"applied":"1`, `"applied":"2`, 1), "is not what was written"},
		"other plan":   {string(otherPlan(t)), "the journal of another plan"},
	} {
		put([]byte(c.text))
		for _, do := range []func() error{
			func() error { _, err := correct.Apply(t.Context(), p, w.options()); return err },
			func() error { _, err := correct.Undo(t.Context(), p, w.options()); return err },
			func() error { _, err := correct.Verify(t.Context(), p, w.options()); return err },
		} {
			err := do()
			if _, ok := errors.AsType[*correct.PlanError](err); !ok || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	put(whole)
	tally(t, w.undo(w.options()), 240, 0, 0, 0, 0)
	if !maps.Equal(w.dump("items"), original) {
		t.Error("not undone")
	}
}

// otherPlan is the journal of another plan.
func otherPlan(t *testing.T) []byte {
	t.Helper()
	w := newWorld(t, 400)
	w.write(w.header("items"), mixed()...)
	w.apply(w.options())
	b, err := os.ReadFile(correct.JournalPath(w.plan))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestUndoHalf: the undo of a plan of which half was applied undoes that half, and the rest can be applied anew.
func TestUndoHalf(t *testing.T) {
	w := newWorld(t, 1000, writesTable...)
	original := w.dump("items")
	w.write(w.header("items"), mixed()...)
	p := w.bind()
	o := w.options()
	o.BatchRows = 20
	n, stop := 0, errors.New("stop")
	o.Pause = stopAfter(&n, 5, stop)
	r, err := correct.Apply(t.Context(), p, o)
	if !errors.Is(err, stop) || r.Applied != 100 {
		t.Fatalf("%+v %v", r.Tally, err)
	}
	n = 0
	o.Pause = stopAfter(&n, 2, stop)
	if r, err = correct.Undo(t.Context(), p, o); !errors.Is(err, stop) || r.Applied != 40 {
		t.Fatalf("%+v %v", r.Tally, err)
	}
	o.Pause = nil
	if _, err := correct.Apply(t.Context(), p, o); err == nil || !strings.Contains(err.Error(), "undo was begun") {
		t.Fatal(err)
	}
	tally(t, w.undo(o), 60, 40, 0, 0, 0)
	if !maps.Equal(w.dump("items"), original) {
		t.Fatal("not undone")
	}
	tally(t, w.apply(o), 240, 0, 0, 0, 20)
	tally(t, w.undo(o), 240, 0, 0, 0, 0)
	if !maps.Equal(w.dump("items"), original) {
		t.Fatal("not undone")
	}
}
