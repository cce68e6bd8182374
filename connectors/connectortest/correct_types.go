package connectortest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// types takes every type of the engine as guard, as written value and as key.
func (h *CorrectHarness) types(t *testing.T) {
	for _, ty := range h.Types {
		t.Run(ty.Name, func(t *testing.T) {
			if len(ty.Before) > 0 {
				h.exec(t, ty.Before...)
				t.Cleanup(func() {
					for _, s := range ty.After {
						exec(t, h.DB(t), s)
					}
				})
			}
			h.cells(t, ty)
			if !ty.NoKey {
				h.typedKey(t, ty)
			}
		})
	}
}

func (ty *CorrectType) dataset(table, column string, key ...string) query.Dataset {
	d := query.Dataset{Name: table, Table: table, Key: key, Timezone: ty.Zone}
	if ty.Declared != "" {
		d.Columns = map[string]query.ColumnOptions{column: {Type: ty.Declared}}
	}
	return d
}

// cells gives each row the value of the next one and of the one before, and tries these as wrong guards.
func (h *CorrectHarness) cells(t *testing.T, ty CorrectType) {
	t.Helper()
	literals := append([]string{"NULL"}, ty.Values...)
	n := len(literals)
	table := h.table(t, "co_type", "id int NOT NULL PRIMARY KEY, c "+ty.DDL)
	for i, l := range literals {
		h.exec(t, fmt.Sprintf("INSERT INTO %s (id, c) VALUES (%d, %s)", h.Quote(table), i, l))
	}
	f := h.fix(t, ty.dataset(table, "c", "id"))
	first := h.dump(t, table, "id", "c")
	values, keys := make([]value.Value, n), make([][]value.Value, n)
	for i := range n {
		keys[i] = keyOf(i)
	}
	for i, r := range f.rows(t, keys...) {
		if r == nil || r.Errs != nil || r.Many {
			t.Fatalf("%s reads as %+v", literals[i], r)
		}
		values[i] = r.Values[0]
		if values[i].IsNull() != (i == 0) {
			t.Fatalf("%s reads as %s", literals[i], values[i])
		}
	}
	batch := func(before, after func(i int) value.Value) []connectors.Change {
		out := make([]connectors.Change, n)
		for i := range n {
			out[i] = connectors.Change{Action: connectors.Update, Key: keyOf(i), Before: []value.Value{before(i)}, After: []value.Value{after(i)}, Set: []int{0}}
		}
		return out
	}
	for _, shift := range slices.Compact([]int{1, n - 1}) {
		now := func(i int) value.Value { return values[i] }
		other := func(i int) value.Value { return values[(i+shift)%n] }
		expect(t, f.apply(t, batch(other, other)...), strings.Repeat("u", n))
		effects := f.apply(t, batch(now, other)...)
		expect(t, effects, strings.Repeat("a", n))
		read := f.rows(t, keys...)
		for i, e := range effects {
			sameRow(t, fmt.Sprintf("%s written over %s", literals[(i+shift)%n], literals[i]), e.Row, []value.Value{other(i)})
			sameRow(t, "read back", read[i].Values, []value.Value{other(i)})
		}
		moved := h.dump(t, table, "id", "c")
		for i := range n {
			_, got, _ := strings.Cut(moved[i], "|")
			_, want, _ := strings.Cut(first[(i+shift)%n], "|")
			if got != want && !ty.Loose {
				t.Errorf("%s is stored as %s, and was %s", literals[(i+shift)%n], got, want)
			}
		}
		expect(t, f.apply(t, batch(now, other)...), strings.Repeat("u", n))
		expect(t, f.apply(t, batch(other, now)...), strings.Repeat("a", n))
	}
	if last := h.dump(t, table, "id", "c"); !slices.Equal(last, first) && !ty.Loose {
		t.Errorf("there and back it is %v, and was %v", last, first)
	}
	// Deleted and inserted again it is the same row.
	removed := make([]connectors.Change, n)
	back := make([]connectors.Change, n)
	for i := range n {
		removed[i] = connectors.Change{Action: connectors.Delete, Key: keyOf(i), Before: []value.Value{values[i]}}
		back[i] = f.insert(keyOf(i), []value.Value{values[i]})
	}
	expect(t, f.apply(t, back...), strings.Repeat("u", n))
	expect(t, f.apply(t, removed...), strings.Repeat("a", n))
	expect(t, f.apply(t, removed...), strings.Repeat("u", n))
	if left := h.dump(t, table, "id", "c"); len(left) != 0 {
		t.Errorf("left over: %v", left)
	}
	expect(t, f.apply(t, back...), strings.Repeat("a", n))
	if last := h.dump(t, table, "id", "c"); !slices.Equal(last, first) && !ty.Loose {
		t.Errorf("inserted again it is %v, and was %v", last, first)
	}
	shown, err := h.Render(f.target, slices.Concat(removed, back))
	if err != nil || len(shown) != 2*n {
		t.Errorf("%d statements shown: %v", len(shown), err)
	}
}

// typedKey finds, changes, deletes and inserts rows by a key of the type.
func (h *CorrectHarness) typedKey(t *testing.T, ty CorrectType) {
	t.Helper()
	n := len(ty.Values)
	table := h.table(t, "co_key", "c "+ty.DDL+" NOT NULL, n int, PRIMARY KEY (c)")
	for i, l := range ty.Values {
		h.exec(t, fmt.Sprintf("INSERT INTO %s (c, n) VALUES (%s, %d)", h.Quote(table), l, i))
	}
	f := h.fix(t, ty.dataset(table, "c", "c"))
	by := query.Select{From: f.target.Relation, Columns: Cols(t, f.target.Relation, "n", "c")}
	keys := make([][]value.Value, n)
	for _, row := range ReadAll(t, f.src, by, 0) {
		keys[row[0].Int()] = []value.Value{row[1].Value}
	}
	first := h.dump(t, table, "c", "n")
	var up, down, gone, back []connectors.Change
	for i, r := range f.rows(t, keys...) {
		if r == nil || r.Values[0].Int() != int64(i) {
			t.Fatalf("by the key %s: %+v", ty.Values[i], r)
		}
		was, is := []value.Value{value.IntValue(int64(i))}, []value.Value{value.IntValue(int64(i + 100))}
		up = append(up, connectors.Change{Action: connectors.Update, Key: keys[i], Before: was, After: is, Set: []int{0}})
		down = append(down, connectors.Change{Action: connectors.Update, Key: keys[i], Before: is, After: was, Set: []int{0}})
		gone = append(gone, connectors.Change{Action: connectors.Delete, Key: keys[i], Before: was})
		back = append(back, connectors.Change{Action: connectors.Insert, Key: keys[i], After: was, Set: []int{0}})
	}
	all, none := strings.Repeat("a", n), strings.Repeat("u", n)
	expect(t, f.apply(t, up...), all)
	expect(t, f.apply(t, up...), none)
	expect(t, f.apply(t, down...), all)
	expect(t, f.apply(t, back...), none)
	expect(t, f.apply(t, gone...), all)
	expect(t, f.apply(t, gone...), none)
	expect(t, f.apply(t, back...), all)
	if last := h.dump(t, table, "c", "n"); !slices.Equal(last, first) && !ty.Loose {
		t.Errorf("it is %v, and was %v", last, first)
	}
}
