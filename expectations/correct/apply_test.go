package correct_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/correct"
)

// mixed are changes of every action, in batches of several sets of columns.
func mixed() (list []*correct.Change) {
	for id := int64(1); id <= 300; id++ {
		switch id % 5 {
		case 0:
			list = append(list, remove(id))
		case 1:
			list = append(list, restock(id, 7000+id))
		case 2:
			list = append(list, add(100_000+id))
		case 3:
			list = append(list, planned(connectors.Update, id, seeded(id), item("renamed", -1, 0.1), 0, 1, 2))
		}
	}
	return list
}

// TestApply: find, apply, apply again, undo, undo again.
func TestApply(t *testing.T) {
	w := newWorld(t, 1000)
	original := w.dump("items")
	w.write(w.header("items"), mixed()...)
	tally(t, w.apply(w.options()), 240, 0, 0, 0, 0)
	corrected := w.dump("items")
	if len(corrected) != 1000 || corrected[1] == original[1] || corrected[5] != "" || corrected[100_002] == "" || corrected[4] != original[4] {
		t.Fatal("it is not corrected")
	}
	again := w.apply(w.options())
	tally(t, again, 0, 240, 0, 0, 0)
	if !again.Resumed || !maps.Equal(w.dump("items"), corrected) {
		t.Fatal("applied twice")
	}
	undone := w.undo(w.options())
	tally(t, undone, 240, 0, 0, 0, 0)
	if undone.Kind != correct.KindUndo || !maps.Equal(w.dump("items"), original) {
		t.Fatal("the undo did not bring back what was")
	}
	tally(t, w.undo(w.options()), 0, 240, 0, 0, 0)
	if l := w.auditLines(); len(l) != 480 {
		t.Fatalf("%d lines in the audit log", len(l))
	}
	// Undone, it can be applied again, and undone again.
	tally(t, w.apply(w.options()), 240, 0, 0, 0, 0)
	if !maps.Equal(w.dump("items"), corrected) {
		t.Fatal("it is not corrected once more")
	}
	tally(t, w.undo(w.options()), 240, 0, 0, 0, 0)
	if !maps.Equal(w.dump("items"), original) {
		t.Fatal("the second undo did not bring back what was")
	}
}

// TestStale: what others changed is left, whatever compared column it was, and by the undo too.
func TestStale(t *testing.T) {
	w := newWorld(t, 400)
	w.write(w.header("items"), mixed()...)
	p := w.bind()
	w.exec(`UPDATE items SET price = 99 WHERE id = 1`, `UPDATE items SET stock = NULL WHERE id = 5`, `DELETE FROM items WHERE id = 3`, `DELETE FROM items WHERE id = 10`,
		`INSERT INTO items VALUES (100002, 'other', 1, 1)`, `INSERT INTO items VALUES (100007, 'new 100007', NULL, 1.5)`, `UPDATE items SET stock = 7006 WHERE id = 6`)
	seen, err := correct.Verify(t.Context(), p, correct.Options{})
	if err != nil || seen.Pending != 233 || seen.Stale != 4 || seen.Already != 3 {
		t.Fatalf("%+v %v", seen.Tally, err)
	}
	r := w.apply(w.options())
	tally(t, r, 233, 3, 4, 0, 0)
	why := map[string]string{}
	for _, row := range r.Rows {
		why[row.Change.Key[0].Text()] = row.Reason
	}
	for id, want := range map[string]string{
		"1": "changed since it was seen: price", "5": "changed since it was seen: stock", "3": "the row is gone", "100002": "there is such a row by now, and it is another one: name, stock, price",
	} {
		if why[id] != want {
			t.Errorf("row %s: %q, want %q", id, why[id], want)
		}
	}
	w.exec(`UPDATE items SET name = 'theirs' WHERE id IN (11, 100012)`, `INSERT INTO items VALUES (15, 'theirs', 1, 1)`)
	before := w.dump("items")
	u := w.undo(w.options())
	tally(t, u, 230, 0, 3, 0, 0)
	after := w.dump("items")
	for _, id := range []int64{1, 5, 100_002, 100_007, 6, 11, 100_012, 15} {
		if after[id] != before[id] {
			t.Errorf("row %d: %s, and was %s", id, after[id], before[id])
		}
	}
	if want := `[]interface {}{"item 16", 16, 4}`; after[16] != want || before[16] == want {
		t.Errorf("row 16: %s", after[16])
	}
	w.auditLines()
}

// TestRefused: rows that the table would not have are named, the rest is done.
func TestRefused(t *testing.T) {
	w := newWorld(t, 400)
	list := mixed()
	bad := restock(2, 1)
	bad.After[1] = value.IntValue(-5)
	w.write(w.header("items"), append([]*correct.Change{bad}, list...)...)
	r := w.apply(w.options())
	tally(t, r, 240, 0, 0, 1, 0)
	if len(r.Rows) != 1 || r.Rows[0].Outcome != correct.Failed || !strings.Contains(r.Rows[0].Reason, "CHECK") || r.Rows[0].Change.Key[0].Int() != 2 {
		t.Fatalf("%+v", r.Rows)
	}
	tally(t, w.apply(w.options()), 0, 240, 0, 1, 0)
}

// TestRisks: only what is asked for is applied, and the rest later.
func TestRisks(t *testing.T) {
	w := newWorld(t, 400)
	list := mixed()
	list[0].Risk = correct.Manual
	w.write(w.header("items"), list...)
	o := w.options()
	o.Risks = []correct.Risk{correct.Low}
	r := w.apply(o)
	tally(t, r, 179, 0, 0, 0, 0)
	if r.Left[correct.High] != 60 || r.Left[correct.Manual] != 1 {
		t.Fatalf("left %v", r.Left)
	}
	o.Risks = nil
	tally(t, w.apply(o), 60, 179, 0, 0, 0)
	tally(t, w.undo(o), 239, 0, 0, 0, 0)
}
