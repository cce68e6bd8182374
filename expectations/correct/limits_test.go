package correct_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlite"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/correct"
)

// TestBudget: over it nothing is applied at all.
func TestBudget(t *testing.T) {
	w := newWorld(t, 400)
	before := w.dump("items")
	h := w.header("items")
	w.write(h, mixed()...)
	for _, c := range []struct {
		o    correct.Options
		over bool
	}{
		{correct.Options{MaxChanges: 239}, true},
		{correct.Options{MaxFraction: 0.2399}, true},
		{correct.Options{MaxChanges: 179, Risks: []correct.Risk{correct.Low}}, true},
		{correct.Options{MaxChanges: 240, MaxFraction: 0.24, DryRun: true}, false},
	} {
		r, err := correct.Apply(t.Context(), w.bind(), c.o)
		e, over := errors.AsType[*correct.BudgetError](err)
		if over != c.over || r.Applied != 0 || over && !strings.Contains(e.Error(), "nothing was applied") {
			t.Errorf("%+v: %v", c.o, err)
		}
	}
	if !maps.Equal(w.dump("items"), before) {
		t.Error("something was applied")
	}
	h.Targets[0].Rows = -1
	w.write(h, mixed()...)
	if _, err := correct.Apply(t.Context(), w.bind(), correct.Options{MaxFraction: 1}); err == nil || !strings.Contains(err.Error(), "not known") {
		t.Error(err)
	}
}

// TestRate: changes are paced, and progress is told.
func TestRate(t *testing.T) {
	w := newWorld(t, 400)
	w.write(w.header("items"), mixed()[:60]...)
	o := w.options()
	o.Rate = 200
	var last correct.Progress
	o.Progress = func(p correct.Progress) { last = p }
	began := time.Now()
	tally(t, w.apply(o), 60, 0, 0, 0, 0)
	// The first 50 go at once, which is a batch, and the rest after that: see golang.org/x/time/rate.
	if took := time.Since(began); took < 45*time.Millisecond {
		t.Errorf("60 changes took %s at 200 a second", took)
	}
	if last.Done != 60 || last.Total != 60 || last.Applied != 60 {
		t.Errorf("%+v", last)
	}
}

// TestInterrupted: the end of the context stops it, and applying again goes on.
func TestInterrupted(t *testing.T) {
	w := newWorld(t, 400)
	w.write(w.header("items"), mixed()...)
	ctx, cancel := context.WithCancel(t.Context())
	o := w.options()
	n := 0
	o.Pause = func(context.Context) error {
		if n++; n == 3 {
			cancel()
		}
		return nil
	}
	r, err := correct.Apply(ctx, w.bind(), o)
	if !errors.Is(err, context.Canceled) || r.Applied == 0 || r.Applied >= 240 {
		t.Fatalf("%+v %v", r.Tally, err)
	}
	done := r.Applied
	tally(t, w.apply(w.options()), 240-done, done, 0, 0, 0)
}

const family = `CREATE TABLE parents (id INTEGER PRIMARY KEY, name TEXT UNIQUE);
CREATE TABLE children (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parents (id), boss INTEGER REFERENCES children (id));
INSERT INTO parents VALUES (1, 'one'), (2, 'two'), (3, 'three');
INSERT INTO children VALUES (1, 1, NULL), (2, 2, 1), (3, 3, 2)`

func kin(target string, action connectors.Action, id int64, before, after []value.Value) *correct.Change {
	c := planned(action, id, before, after)
	c.Target = "shop." + target
	if after != nil {
		c.Set = []int{}
		for i := range after {
			c.Set = append(c.Set, i)
		}
	}
	return c
}

// TestForeignKeys: parents come before children, and go after them, whatever the order of the plan; rows of one table that name each other are tried again.
func TestForeignKeys(t *testing.T) {
	w := newWorld(t, 1, strings.Split(family, ";\n")...)
	name := func(s string) []value.Value { return []value.Value{value.StringValue(s)} }
	child := func(parent, boss int64) []value.Value {
		row := ints(parent, boss)
		if boss == 0 {
			row[1] = value.NullValue()
		}
		return row
	}
	list := []*correct.Change{
		kin("parents", connectors.Delete, 3, name("three"), nil),
		kin("children", connectors.Delete, 3, child(3, 2), nil),
		kin("children", connectors.Insert, 10, nil, child(10, 11)), // its boss comes later
		kin("children", connectors.Insert, 11, nil, child(10, 0)),
		kin("children", connectors.Insert, 12, nil, child(99, 0)), // no such parent
		kin("parents", connectors.Insert, 10, nil, name("ten")),
		kin("parents", connectors.Insert, 11, nil, name("three")), // unique once the other one is gone
	}
	before := [2]map[int64]string{w.dump("parents"), w.dump("children")}
	w.write(w.header("children", "parents"), list...)
	o := w.options()
	o.BatchRows = 1
	r := w.apply(o)
	tally(t, r, 6, 0, 0, 1, 0)
	if r.Rows[0].Change.Key[0].Int() != 12 || !strings.Contains(r.Rows[0].Reason, "FOREIGN KEY") {
		t.Errorf("%+v", r.Rows)
	}
	if p := slices.Sorted(maps.Keys(w.dump("parents"))); !slices.Equal(p, []int64{1, 2, 10, 11}) {
		t.Errorf("parents %v", p)
	}
	tally(t, w.undo(o), 6, 0, 0, 0, 0)
	if !maps.Equal(w.dump("parents"), before[0]) || !maps.Equal(w.dump("children"), before[1]) {
		t.Errorf("%v %v", w.dump("parents"), w.dump("children"))
	}
}

// TestReadOnly: a connection that is not writable changes nothing, and verifies all the same.
func TestReadOnly(t *testing.T) {
	w := newWorld(t, 400)
	src, err := sqlite.Open(t.Context(), connectors.Config{Name: "shop", Params: w.sql().params})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	w.src = src
	w.write(w.header("items"), mixed()...)
	_, err = correct.Apply(t.Context(), w.bind(), w.options())
	if connectors.KindOf(err) != connectors.ReadOnly {
		t.Errorf("%v", err)
	}
	r, err := correct.Verify(t.Context(), w.bind(), w.options())
	if err != nil || r.Pending != 240 {
		t.Errorf("%+v %v", r.Tally, err)
	}
}

// TestBind: a plan for a table that is no longer the same is refused before anything is read.
func TestBind(t *testing.T) {
	w := newWorld(t, 10)
	h := w.header("items")
	for name, change := range map[string]func(*correct.Target){
		"there is no column":              func(t *correct.Target) { t.Columns[0].Name = "na\"me" },
		"is a string now and was a bytes": func(t *correct.Target) { t.Columns[0].Type = "bytes" },
		"is declared":                     func(t *correct.Target) { t.Columns[0].Native = "BLOB" },
		"the plan is for":                 func(t *correct.Target) { t.Table = "users" },
	} {
		x := h
		x.Targets = slices.Clone(h.Targets)
		x.Targets[0].Columns = slices.Clone(h.Targets[0].Columns)
		change(&x.Targets[0])
		w.write(x)
		p, err := correct.Open(w.plan)
		if err != nil {
			t.Fatal(err)
		}
		err = p.Bind(t.Context(), func(context.Context, *correct.Target) (connectors.Source, query.Relation, error) {
			return w.src, w.relation(w.st.dataset()), nil
		})
		if _, ok := errors.AsType[*correct.PlanError](err); !ok || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
		_ = p.Close()
	}
}
