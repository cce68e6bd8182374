package connectortest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

var errStop = errors.New("stop here")

// writers lets two corrections with the same changes and a third writer, which changes some of the rows meanwhile, run at once: each change happens once, and
// nothing that the third wrote is lost.
func (h *CorrectHarness) writers(t *testing.T) {
	const rows, size, theirs = 400, 50, 7
	table := h.table(t, "co_race", "id int NOT NULL PRIMARY KEY, n int, note varchar(20)")
	q := h.Quote(table)
	f := h.fix(t, query.Dataset{Name: "race", Table: table, Key: []string{"id"}})
	var changes []connectors.Change
	for i := range rows {
		h.exec(t, fmt.Sprintf("INSERT INTO %s VALUES (%d, 0, NULL)", q, i))
		changes = append(changes, f.update(i, []value.Value{value.IntValue(0), value.NullValue()}, map[string]value.Value{"n": value.IntValue(1)}))
	}
	var mu sync.Mutex
	applied := make([]int, rows)
	var wg sync.WaitGroup
	run := func(cor connectors.Correction, order []int) {
		for _, b := range order {
			effects, err := cor.Apply(t.Context(), changes[b*size:(b+1)*size], func([]connectors.Effect) error { return nil })
			if err != nil {
				t.Errorf("batch %d: %v", b, err)
				return
			}
			mu.Lock()
			for i, e := range effects {
				switch e.Outcome {
				case connectors.Applied:
					applied[b*size+i]++
				case connectors.Refused:
					t.Errorf("row %d: %v", b*size+i, e.Err)
				case connectors.Unmatched:
				}
			}
			mu.Unlock()
		}
	}
	for _, order := range [][]int{{0, 1, 2, 3, 4, 5, 6, 7}, {7, 6, 5, 4, 3, 2, 1, 0}} {
		src := h.Open(t, true)
		t.Cleanup(func() { _ = src.Close() })
		by, _ := src.(connectors.Corrector)
		cor, err := by.Correct(t.Context(), f.target)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cor.Close() })
		wg.Go(func() { run(cor, order) })
	}
	first := make([]bool, rows) // the third came before the change
	wg.Go(func() {
		for i := theirs; i < rows; i += theirs {
			for {
				res, err := h.DB(t).ExecContext(t.Context(), fmt.Sprintf("UPDATE %s SET note = 'theirs' WHERE id = %d AND n = 0", q, i))
				if err != nil {
					continue // a deadlock: again, as every writer does
				}
				n, err := res.RowsAffected()
				if err != nil {
					t.Errorf("their row %d: %v", i, err)
				}
				first[i] = n == 1
				break
			}
		}
	})
	wg.Wait()
	for i, line := range h.dumpByID(t, table, "id", "n", "note") {
		want := fmt.Sprintf("%d|1|NULL", i)
		times := 1
		if first[i] {
			want, times = fmt.Sprintf("%d|0|theirs", i), 0
		}
		if line != want || applied[i] != times {
			t.Errorf("row %s applied %d times, want %s %d times", line, applied[i], want, times)
		}
	}
	h.inserters(t)
}

// inserters lets two corrections insert the same rows at once, into a table that does not keep them from it.
func (h *CorrectHarness) inserters(t *testing.T) {
	for _, columns := range []string{"id int NOT NULL PRIMARY KEY, n int", "id int NOT NULL, n int"} {
		table := h.table(t, "co_two", columns)
		f := h.fix(t, query.Dataset{Name: "two", Table: table, Key: []string{"id"}})
		g := h.fix(t, query.Dataset{Name: "two", Table: table, Key: []string{"id"}})
		var changes []connectors.Change
		var want []string
		for i := range 40 {
			changes = append(changes, f.insert(keyOf(i), []value.Value{value.IntValue(int64(i))}))
			want = append(want, fmt.Sprintf("%d|%d", i, i))
		}
		var mu sync.Mutex
		applied := 0
		var wg sync.WaitGroup
		for _, cor := range []connectors.Correction{f.cor, g.cor} {
			wg.Go(func() {
				for from := 0; from < len(changes); from += 10 {
					effects, err := cor.Apply(t.Context(), changes[from:from+10], func([]connectors.Effect) error { return nil })
					if err != nil {
						t.Errorf("%s: %v", columns, err)
					}
					mu.Lock()
					for _, e := range effects {
						switch e.Outcome {
						case connectors.Applied:
							applied++
						case connectors.Refused:
							t.Errorf("%s: %v", columns, e.Err)
						case connectors.Unmatched:
						}
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if got := h.dumpByID(t, table, "id", "n"); !slices.Equal(got, want) || applied != len(changes) {
			t.Errorf("%s: %d applied, %d rows: %v", columns, applied, len(got), got)
		}
	}
}

// refusedTargets takes what cannot be corrected at all: each is refused before anything is changed.
func (h *CorrectHarness) refusedTargets(t *testing.T) {
	table := h.table(t, "co_ref", "id int NOT NULL PRIMARY KEY, n int, twice "+h.Generated)
	h.exec(t, "INSERT INTO "+h.Quote(table)+" (id, n) VALUES (1, 1)")
	view := Unique("co_view")
	h.exec(t, "CREATE VIEW "+h.Quote(view)+" AS SELECT id, n FROM "+h.Quote(table))
	t.Cleanup(func() { exec(t, h.DB(t), "DROP VIEW IF EXISTS "+h.Quote(view)) })
	kind := func(src connectors.Source, d query.Dataset, change func(*connectors.Target)) error {
		by, _ := src.(connectors.Corrector)
		target := targetOf(t, src, d)
		if change != nil {
			change(&target)
		}
		cor, err := by.Correct(t.Context(), target)
		if err == nil {
			_ = cor.Close()
		}
		return err
	}
	plain := query.Dataset{Name: "t", Table: table, Key: []string{"id"}}
	for name, c := range map[string]struct {
		writable bool
		d        query.Dataset
		change   func(*connectors.Target)
		want     connectors.ErrorKind
	}{
		"not writable":  {false, plain, nil, connectors.ReadOnly},
		"a query":       {true, query.Dataset{Name: "q", Query: "SELECT id, n FROM " + h.Quote(table), Key: []string{"id"}}, nil, connectors.ReadOnly},
		"a view":        {true, query.Dataset{Name: "v", Table: view, Key: []string{"id"}}, nil, connectors.ReadOnly},
		"no key":        {true, query.Dataset{Name: "t", Table: table}, nil, connectors.Misconfigured},
		"generated key": {true, query.Dataset{Name: "t", Table: table, Key: []string{"twice"}}, nil, connectors.Misconfigured},
		"no column": {true, plain, func(t *connectors.Target) {
			gone := t.Columns[0]
			gone.Name = "gone"
			t.Columns = append(t.Columns, gone)
		}, connectors.Misconfigured},
	} {
		src := h.Open(t, c.writable)
		err := kind(src, c.d, c.change)
		if got := connectors.KindOf(err); err == nil || got != c.want {
			t.Errorf("%s: %v, kind %d, want %d", name, err, got, c.want)
		}
		_ = src.Close()
	}
	for name, open := range h.ReadOnly {
		src, want := open(t, table)
		err := kind(src, plain, nil)
		if got := connectors.KindOf(err); err == nil || got != want {
			t.Errorf("%s: %v, kind %d, want %d", name, err, got, want)
		}
		_ = src.Close()
	}
	// A connection that is not writable reads rows and tells of columns all the same.
	src := h.Open(t, false)
	defer func() { _ = src.Close() }()
	by, _ := src.(connectors.Corrector)
	target := targetOf(t, src, plain)
	if rows, err := by.Rows(t.Context(), target, [][]value.Value{keyOf(1)}); err != nil || rows[0] == nil {
		t.Errorf("%v, %v", rows, err)
	}
	if w, err := by.Writings(t.Context(), target.Relation); err != nil || !w["twice"].Generated {
		t.Errorf("%v, %v", w, err)
	}
	if got := h.dump(t, table, "id", "n"); !slices.Equal(got, []string{"1|1"}) {
		t.Errorf("%v", got)
	}
}

// severed cuts the connection within a batch and in its end.
func (h *CorrectHarness) severed(t *testing.T) {
	table := h.table(t, "co_cut", "id int NOT NULL PRIMARY KEY, n int")
	h.exec(t, "INSERT INTO "+h.Quote(table)+" VALUES (1, 0)")
	src, link := h.Severed(t)
	t.Cleanup(func() { _ = src.Close() })
	f := h.fixWith(t, src, query.Dataset{Name: "cut", Table: table, Key: []string{"id"}})
	ch := f.update(1, []value.Value{value.IntValue(0)}, map[string]value.Value{"n": value.IntValue(1)})
	// Cut before COMMIT is sent: what is sent then gets no answer.
	_, err := f.cor.Apply(t.Context(), []connectors.Change{ch}, func([]connectors.Effect) error {
		link.Cut()
		return nil
	})
	if _, uncertain := errors.AsType[*connectors.UncertainError](err); !uncertain {
		t.Errorf("cut before the answer to COMMIT: %v", err)
	}
	// The same correction goes on by another connection, and a cut within a batch has done nothing.
	link.Mend()
	row := f.row(t, 1)
	ch = f.update(1, row, map[string]value.Value{"n": value.IntValue(5)})
	effects, err := f.cor.Apply(t.Context(), []connectors.Change{ch}, func([]connectors.Effect) error { return nil })
	if err != nil {
		t.Fatalf("after the cut: %v", err)
	}
	expect(t, effects, "a")
	link.Cut()
	_, err = f.cor.Apply(t.Context(), []connectors.Change{f.update(1, []value.Value{value.IntValue(5)}, map[string]value.Value{"n": value.IntValue(6)})},
		func([]connectors.Effect) error { return nil })
	if _, uncertain := errors.AsType[*connectors.UncertainError](err); err == nil || uncertain {
		t.Errorf("cut within the batch: %v", err)
	}
	if got := h.dump(t, table, "id", "n"); !slices.Equal(got, []string{"1|5"}) {
		t.Errorf("%v", got)
	}
}
