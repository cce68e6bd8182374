package correct_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/correct"
)

// flaky is a source whose corrections fail in the ways that servers do.
type flaky struct {
	connectors.Source

	// apply stands before each batch; nil for what the source itself does.
	apply func(c connectors.Correction, changes []connectors.Change, prepared func([]connectors.Effect) error) ([]connectors.Effect, error)
}

func (f *flaky) Writings(ctx context.Context, r query.Relation) (map[string]connectors.Writing, error) {
	return f.corrector().Writings(ctx, r)
}

func (f *flaky) Rows(ctx context.Context, t connectors.Target, keys [][]value.Value) ([]*connectors.Row, error) {
	return f.corrector().Rows(ctx, t, keys)
}

func (f *flaky) Correct(ctx context.Context, t connectors.Target) (connectors.Correction, error) {
	c, err := f.corrector().Correct(ctx, t)
	return &flakyCorrection{c, f}, err
}

func (f *flaky) corrector() connectors.Corrector { return f.Source.(connectors.Corrector) }

type flakyCorrection struct {
	connectors.Correction

	f *flaky
}

func (c *flakyCorrection) Apply(_ context.Context, changes []connectors.Change, prepared func([]connectors.Effect) error) ([]connectors.Effect, error) {
	return c.f.apply(c.Correction, changes, prepared)
}

func failure(kind connectors.ErrorKind, text string) error {
	return &connectors.Error{Kind: kind, Op: "change items", Err: errors.New(text)}
}

// TestUncertain: the connection breaks when COMMIT has been sent. What was done is found out, and applying again does the rest and nothing twice.
func TestUncertain(t *testing.T) {
	for _, done := range []bool{false, true} {
		w := newWorld(t, 1000, writesTable...)
		original := w.dump("items")
		w.write(w.header("items"), mixed()...)
		n := 0
		f := &flaky{Source: w.src}
		f.apply = func(c connectors.Correction, changes []connectors.Change, prepared func([]connectors.Effect) error) ([]connectors.Effect, error) {
			if n++; n%2 == 1 {
				return c.Apply(context.Background(), changes, prepared)
			}
			gone := &connectors.UncertainError{Err: failure(connectors.Lost, "the connection broke")}
			_, err := c.Apply(context.Background(), changes, func(e []connectors.Effect) error {
				if err := prepared(e); err != nil || done {
					return err
				}
				return gone
			})
			if err == nil {
				err = gone
			}
			return nil, err
		}
		w.src = f
		runs := 0
		for ; ; runs++ {
			r, err := correct.Apply(t.Context(), w.bind(), w.options())
			if err == nil {
				tally(t, r, r.Applied, 240-r.Applied, 0, 0, r.Altered)
				break
			}
			if _, uncertain := errors.AsType[*connectors.UncertainError](err); !uncertain || runs > 50 {
				t.Fatal(err)
			}
		}
		for id, n := range w.dump("writes") {
			if n != "[]interface {}{1}" {
				t.Errorf("row %d was changed %s times", id, n)
			}
		}
		if l := w.auditLines(); len(l) != 240 || runs == 0 {
			t.Errorf("%d lines in the audit log after %d runs", len(l), runs)
		}
		f.apply = func(c connectors.Correction, changes []connectors.Change, prepared func([]connectors.Effect) error) ([]connectors.Effect, error) {
			return c.Apply(context.Background(), changes, prepared)
		}
		tally(t, w.undo(w.options()), 240, 0, 0, 0, 0)
		if !maps.Equal(w.dump("items"), original) {
			t.Error("the undo did not bring back what was")
		}
	}
}

// TestSplit: a batch that fails as a whole is split until the rows are known that it fails for; an account that may not delete still updates.
func TestSplit(t *testing.T) {
	w := newWorld(t, 1000)
	w.write(w.header("items"), mixed()...)
	f := &flaky{Source: w.src}
	f.apply = func(c connectors.Correction, changes []connectors.Change, prepared func([]connectors.Effect) error) ([]connectors.Effect, error) {
		switch {
		case changes[0].Action == connectors.Delete:
			return nil, failure(connectors.Denied, "permission denied")
		case slices.ContainsFunc(changes, func(c connectors.Change) bool { id := c.Key[0].Int(); return id == 101 || id == 100_102 }):
			return nil, failure(connectors.TimedOut, "canceling statement due to statement timeout")
		}
		return c.Apply(context.Background(), changes, prepared)
	}
	w.src = f
	r := w.apply(w.options())
	tally(t, r, 178, 0, 0, 62, 0)
	late := 0
	for _, row := range r.Rows {
		if strings.Contains(row.Reason, "statement timeout") {
			late++
		} else if row.Change.Action != correct.Delete || !strings.Contains(row.Reason, "permission denied") {
			t.Errorf("%+v", row)
		}
	}
	if late != 2 {
		t.Errorf("%d rows are named for the timeout", late)
	}
	// A server that takes nothing at all is no fault of the rows.
	w = newWorld(t, 1000)
	w.write(w.header("items"), mixed()...)
	f.apply = func(connectors.Correction, []connectors.Change, func([]connectors.Effect) error) ([]connectors.Effect, error) {
		return nil, failure(connectors.Failed, "no space left on device")
	}
	f.Source = w.src
	w.src = f
	if r, err := correct.Apply(t.Context(), w.bind(), w.options()); err == nil || r.Applied != 0 || !strings.Contains(err.Error(), "no space") {
		t.Errorf("%+v %v", r.Tally, err)
	}
	f.apply = func(connectors.Correction, []connectors.Change, func([]connectors.Effect) error) ([]connectors.Effect, error) {
		return nil, failure(connectors.Lost, "the server closed the connection")
	}
	if _, err := correct.Apply(t.Context(), w.bind(), w.options()); connectors.KindOf(err) != connectors.Lost {
		t.Error(err)
	}
}

// TestBrokenOff: a batch that the server breaks off after it was prepared is prepared again, and only that counts.
func TestBrokenOff(t *testing.T) {
	w := newWorld(t, 1000, writesTable...)
	original := w.dump("items")
	w.write(w.header("items"), mixed()...)
	f := &flaky{Source: w.src}
	f.apply = func(c connectors.Correction, changes []connectors.Change, prepared func([]connectors.Effect) error) ([]connectors.Effect, error) {
		again := false
		_, err := c.Apply(context.Background(), changes, func(e []connectors.Effect) error {
			made := slices.Clone(e)
			for i := range made {
				if made[i].Row != nil {
					made[i].Row = item("another", 3, 4) // as it would have been then
				}
			}
			again = true
			return errors.Join(prepared(made), errors.New("deadlock"))
		})
		if !again {
			return nil, err
		}
		return c.Apply(context.Background(), changes, prepared)
	}
	w.src = f
	tally(t, w.apply(w.options()), 240, 0, 0, 0, 20)
	w.src = f.Source
	tally(t, w.undo(w.options()), 240, 0, 0, 0, 0)
	if !maps.Equal(w.dump("items"), original) {
		t.Error("the undo did not bring back what was")
	}
}
