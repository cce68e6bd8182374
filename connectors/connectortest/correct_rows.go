package connectortest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// names takes tables and columns with names that break out of quotes where they are not quoted.
func (h *CorrectHarness) names(t *testing.T) {
	names := []string{"id", `we"ird`, "back`tick", `sel'ect; DROP TABLE x; --`, "Größe $1 ?", "u", "t", "v", "p", "k0"}
	table := Unique("co_na\"m`e'")
	defs := make([]string, len(names))
	values := []value.Value{}
	for i, n := range names {
		defs[i] = h.Quote(n) + " int"
		if i > 0 {
			values = append(values, value.IntValue(int64(i)))
		}
	}
	h.exec(t, "CREATE TABLE "+h.Quote(table)+" ("+strings.Join(defs, ", ")+", PRIMARY KEY (id))")
	t.Cleanup(func() { exec(t, h.DB(t), "DROP TABLE IF EXISTS "+h.Quote(table)) })
	f := h.fix(t, query.Dataset{Name: "odd", Table: quoteANSI(table), Key: []string{"id"}})
	expect(t, f.apply(t, f.insert(keyOf(1), values)), "a")
	numbers := []string{"1"}
	for i := 1; i < len(names); i++ {
		numbers = append(numbers, strconv.Itoa(i))
	}
	want := strings.Join(numbers, "|")
	if got := h.dump(t, table, names...); !slices.Equal(got, []string{want}) {
		t.Errorf("%v, want %s", got, want)
	}
	sql := "'; DROP TABLE " + table + "; --"
	ch := f.update(1, f.row(t, 1), map[string]value.Value{names[3]: value.IntValue(33), "p": value.IntValue(44)})
	expect(t, f.apply(t, ch), "a")
	expect(t, f.apply(t, connectors.Change{Action: connectors.Delete, Key: keyOf(1), Before: f.row(t, 1)}), "a")
	shown, err := h.Render(f.target, []connectors.Change{{
		Action: connectors.Update, Key: keyOf(1), Before: values, After: append([]value.Value{value.StringValue(sql)}, values[1:]...), Set: []int{0},
	}})
	if err != nil || len(shown) != 1 || !strings.Contains(shown[0].Text, "'''; DROP TABLE") {
		t.Errorf("%v, %v", shown, err)
	}
}

// guards takes rows that others have changed in columns that a change does not write, nulls among them, and keys of several columns.
func (h *CorrectHarness) guards(t *testing.T) {
	text := "varchar(40)"
	if h.Folded != "" {
		text = h.Folded
	}
	table := h.table(t, "co_guard", "a int NOT NULL, b "+text+" NOT NULL, s "+text+", n int, PRIMARY KEY (a, b)")
	q := h.Quote(table)
	for i := range 6 {
		h.exec(t, fmt.Sprintf("INSERT INTO %s (a, b, s, n) VALUES (%d, 'Key', 'Ann', %d)", q, i, i))
	}
	f := h.fix(t, query.Dataset{Name: "guards", Table: table, Key: []string{"b", "a"}})
	key := func(a int, b string) []value.Value {
		return []value.Value{value.StringValue(b), value.IntValue(int64(a))}
	}
	set := func(i int, b string, s, n value.Value) connectors.Change {
		return connectors.Change{
			Action: connectors.Update, Key: key(i, b), Before: []value.Value{s, n}, After: []value.Value{s, value.IntValue(100)}, Set: []int{1},
		}
	}
	ann := value.StringValue("Ann")
	number := func(i int) value.Value { return value.IntValue(int64(i)) }
	h.exec(t, "UPDATE "+q+" SET s = 'ANN' WHERE a = 1", "UPDATE "+q+" SET s = NULL WHERE a = 2", "UPDATE "+q+" SET n = NULL WHERE a = 3")
	expect(t, f.apply(t,
		set(0, "Key", ann, number(0)), set(1, "Key", ann, number(1)), set(2, "Key", ann, number(2)), set(3, "Key", ann, number(3)),
		set(4, "key", ann, number(4)), set(5, "Key", ann, value.NullValue()), set(6, "Key", ann, number(6)),
	), "auuuuuu")
	expect(t, f.apply(t, set(2, "Key", value.NullValue(), number(2)), set(3, "Key", ann, value.NullValue()), set(1, "Key", value.StringValue("ANN"), number(1))), "aaa")
	want := []string{"0|Key|Ann|100", "1|Key|ANN|100", "2|Key|NULL|100", "3|Key|Ann|100", "4|Key|Ann|4", "5|Key|Ann|5"}
	if got := h.dump(t, table, "a", "b", "s", "n"); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	rows := f.rows(t, key(4, "Key"), key(4, "kEY"), key(9, "Key"), key(2, "Key"))
	if rows[0] == nil || rows[1] != nil || rows[2] != nil || rows[3] == nil || !rows[3].Values[0].IsNull() {
		t.Errorf("rows %+v", rows)
	}
	// An empty batch of keys, and one row twice.
	if rows := f.rows(t); len(rows) != 0 {
		t.Error(rows)
	}
	twice := f.rows(t, key(4, "Key"), key(4, "Key"))
	if twice[0] == nil || twice[1] == nil {
		t.Error("a key that is asked for twice")
	}
	// What the caller takes back in prepared is undone.
	if _, err := f.cor.Apply(t.Context(), []connectors.Change{set(4, "Key", ann, number(4))}, func([]connectors.Effect) error { return errStop }); err == nil {
		t.Error("an error of prepared is lost")
	}
	if got := h.dump(t, table, "a", "b", "s", "n"); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// columns takes keys that the server numbers, generated columns, triggers, and rows that share a key.
func (h *CorrectHarness) columns(t *testing.T) {
	table := h.table(t, "co_cols", "id "+h.Identity+", n int, twice "+h.Generated+", d int DEFAULT 7, need int NOT NULL")
	f := h.fix(t, query.Dataset{Name: "cols", Table: table, Key: []string{"id"}})
	w, err := f.by.Writings(t.Context(), f.target.Relation)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]connectors.Writing{"id": {Identity: true}, "n": {}, "twice": {Generated: true}, "d": {}, "need": {Required: true}} {
		if w[name] != want {
			t.Errorf("%s: %+v, want %+v", name, w[name], want)
		}
	}
	row := []value.Value{value.IntValue(5), value.NullValue(), value.NullValue(), value.IntValue(1)}
	effects := f.apply(t, f.insert(keyOf(41), row, "twice", "d"))
	expect(t, effects, "a")
	sameRow(t, "inserted", effects[0].Row, []value.Value{value.IntValue(5), value.IntValue(10), value.IntValue(7), value.IntValue(1)})
	effects = f.apply(t, f.update(41, effects[0].Row, map[string]value.Value{"n": value.IntValue(6)}))
	expect(t, effects, "a")
	sameRow(t, "updated", effects[0].Row, []value.Value{value.IntValue(6), value.IntValue(12), value.IntValue(7), value.IntValue(1)})
	sameRow(t, "read", f.row(t, 41), effects[0].Row)
	expect(t, f.apply(t, f.insert(keyOf(0), row, "twice", "d"), f.insert(keyOf(42), row, "twice", "need")), "ar")
	if got := h.dump(t, table, "id", "n", "twice", "d", "need"); !slices.Equal(got, []string{"0|5|10|7|1", "41|6|12|7|1"}) {
		t.Errorf("%v", got)
	}

	h.triggered(t, table)
	loose := h.table(t, "co_many", "id int, n int")
	h.exec(t, "INSERT INTO "+h.Quote(loose)+" VALUES (1, 1), (1, 1), (2, 1), (2, 2), (3, 1)")
	m := h.fix(t, query.Dataset{Name: "many", Table: loose, Key: []string{"id"}})
	to := func(id, from int) connectors.Change {
		return m.update(id, []value.Value{value.IntValue(int64(from))}, map[string]value.Value{"n": value.IntValue(9)})
	}
	if rows := m.rows(t, keyOf(1), keyOf(3)); !rows[0].Many || rows[1].Many {
		t.Error("rows that share a key")
	}
	expect(t, m.apply(t, to(1, 1), to(2, 2), to(3, 1), to(4, 1)), "raau")
	expect(t, m.apply(t, m.insert(keyOf(3), []value.Value{value.IntValue(4)}), m.insert(keyOf(4), []value.Value{value.IntValue(4)})), "ua")
	if got := h.dump(t, loose, "id", "n"); len(got) != 6 || slices.Sorted(slices.Values(got))[2] != "2|1" {
		t.Errorf("%v", got)
	}
}

// triggered takes a table whose triggers have a hand in what a row becomes.
func (h *CorrectHarness) triggered(t *testing.T, table string) {
	t.Helper()
	for _, s := range h.Trigger {
		h.exec(t, strings.ReplaceAll(s, "%s", h.Quote(table)))
	}
	f := h.fix(t, query.Dataset{Name: "cols", Table: table, Key: []string{"id"}})
	effects := f.apply(t, f.update(41, f.row(t, 41), map[string]value.Value{"n": value.IntValue(8)}), f.update(0, f.row(t, 0), map[string]value.Value{"n": value.IntValue(9)}))
	expect(t, effects, "aa")
	if t.Failed() {
		return
	}
	sameRow(t, "after a trigger", effects[0].Row, []value.Value{value.IntValue(8), value.IntValue(16), value.IntValue(80), value.IntValue(1)})
	sameRow(t, "after a trigger", effects[1].Row, []value.Value{value.IntValue(9), value.IntValue(18), value.IntValue(90), value.IntValue(1)})
	for _, s := range h.Untrigger {
		h.exec(t, strings.ReplaceAll(s, "%s", h.Quote(table)))
	}
}

// failures takes batches of which the table refuses some rows: the others are done, and nothing is half done.
func (h *CorrectHarness) failures(t *testing.T) {
	table := h.table(t, "co_fail", "id int NOT NULL PRIMARY KEY, n int NOT NULL UNIQUE, s varchar(4) CHECK (s <> 'bad' AND length(s) <= 4)")
	const rows = 64
	tuples := make([]string, rows)
	for i := range rows {
		tuples[i] = fmt.Sprintf("(%d, %d, 'x')", i, i)
	}
	h.exec(t, "INSERT INTO "+h.Quote(table)+" (id, n, s) VALUES "+strings.Join(tuples, ", "))
	f := h.fix(t, query.Dataset{Name: "fail", Table: table, Key: []string{"id"}})
	var changes []connectors.Change
	want := []byte(strings.Repeat("a", rows))
	for i := range rows {
		s := "y"
		switch i {
		case 7, 8, 40:
			s, want[i] = "bad", 'r'
		case 20:
			s, want[i] = "much too long", 'r'
		case 63:
			s, want[i] = "z", 'u'
		}
		before := []value.Value{value.IntValue(int64(i)), value.StringValue("x")}
		if i == 63 {
			before[1] = value.StringValue("X")
		}
		changes = append(changes, f.update(i, before, map[string]value.Value{"s": value.StringValue(s)}))
	}
	expect(t, f.apply(t, changes...), string(want))
	for i, line := range h.dumpByID(t, table, "id", "n", "s") {
		is := fmt.Sprintf("%d|%d|y", i, i)
		if want[i] != 'a' {
			is = fmt.Sprintf("%d|%d|x", i, i)
		}
		if line != is {
			t.Errorf("row %s, want %s", line, is)
		}
	}
	// A unique value is taken, given up by another row of the batch, and missing.
	number := func(id int, to value.Value) connectors.Change {
		return f.update(id, []value.Value{value.IntValue(int64(id)), value.StringValue("y")}, map[string]value.Value{"n": to})
	}
	expect(t, f.apply(t, number(1, value.IntValue(2)), number(2, value.IntValue(1000)), number(3, value.IntValue(4)), number(5, value.NullValue())), "aarr")
	expect(t, f.apply(t,
		f.insert(keyOf(100), []value.Value{value.IntValue(9), value.StringValue("n")}), f.insert(keyOf(101), []value.Value{value.IntValue(101), value.StringValue("n")}),
		f.insert(keyOf(3), []value.Value{value.IntValue(102), value.StringValue("n")}),
	), "rau")
	all := h.dumpByID(t, table, "id", "n", "s")
	if len(all) != rows+1 || all[1] != "1|2|y" || all[2] != "2|1000|y" || all[3] != "3|3|y" || all[rows] != "101|101|n" {
		t.Errorf("%v", all)
	}
}

// large takes batches that are sent by several statements, with some changes that are refused or not matched in the later ones.
func (h *CorrectHarness) large(t *testing.T) {
	const rows = 2600
	table := h.table(t, "co_large", "id int NOT NULL PRIMARY KEY, n int CHECK (n < 100000), s varchar(9)")
	tuples := make([]string, rows)
	for i := range rows {
		tuples[i] = fmt.Sprintf("(%d, %d, 'x')", i, i)
	}
	h.exec(t, "INSERT INTO "+h.Quote(table)+" (id, n, s) VALUES "+strings.Join(tuples, ", "))
	f := h.fix(t, query.Dataset{Name: "large", Table: table, Key: []string{"id"}})
	odd := map[int]byte{5: 'u', 1500: 'r', 2200: 'u', 2300: 'r', 2599: 'u'}
	var changes, removals []connectors.Change
	var want, removed []byte
	for i := range rows {
		before, to, o := []value.Value{value.IntValue(int64(i)), value.StringValue("x")}, value.IntValue(int64(i+1)), byte('a')
		switch odd[i] {
		case 'u':
			before[1], o = value.StringValue("other"), 'u'
		case 'r':
			to, o = value.IntValue(100_000), 'r'
		}
		ch := f.update(i, before, map[string]value.Value{"n": to})
		changes, want = append(changes, ch), append(want, o)
		removals = append(removals, connectors.Change{Action: connectors.Delete, Key: keyOf(i), Before: ch.After})
		if o != 'a' {
			o = 'u'
		}
		removed = append(removed, o)
	}
	expect(t, f.apply(t, changes...), string(want))
	for i, line := range h.dumpByID(t, table, "id", "n", "s") {
		is := fmt.Sprintf("%d|%d|x", i, i+1)
		if odd[i] != 0 {
			is = fmt.Sprintf("%d|%d|x", i, i)
		}
		if line != is {
			t.Errorf("row %s, want %s", line, is)
		}
	}
	expect(t, f.apply(t, removals...), string(removed))
	if left := h.dump(t, table, "id"); len(left) != len(odd) {
		t.Errorf("left: %v", left)
	}
}

// dumpByID is dump in the order of the first column's numbers.
func (h *CorrectHarness) dumpByID(t testing.TB, table string, columns ...string) []string {
	t.Helper()
	out := h.dump(t, table, columns...)
	slices.SortFunc(out, func(a, b string) int {
		var x, y int
		_, _ = fmt.Sscan(strings.Split(a, "|")[0], &x)
		_, _ = fmt.Sscan(strings.Split(b, "|")[0], &y)
		return x - y
	})
	return out
}

// foreignKeys takes children without parents, parents with children, and keys that would change other rows.
func (h *CorrectHarness) foreignKeys(t *testing.T) {
	parent := h.table(t, "co_par", "id int NOT NULL PRIMARY KEY, n int")
	child := h.table(t, "co_chi", "id int NOT NULL PRIMARY KEY, pid int, FOREIGN KEY (pid) REFERENCES "+h.Quote(parent)+" (id)")
	strong := h.table(t, "co_str", "id int NOT NULL PRIMARY KEY, pid int, FOREIGN KEY (pid) REFERENCES "+h.Quote(parent)+" (id) ON DELETE CASCADE")
	h.exec(t, "INSERT INTO "+h.Quote(parent)+" VALUES (1, 1), (2, 2), (3, 3), (4, 4)", "INSERT INTO "+h.Quote(child)+" VALUES (1, 1)",
		"INSERT INTO "+h.Quote(strong)+" VALUES (1, 2)")
	p := h.fix(t, query.Dataset{Name: "parent", Table: parent, Key: []string{"id"}})
	c := h.fix(t, query.Dataset{Name: "child", Table: child, Key: []string{"id"}})
	id := func(i int) []value.Value { return []value.Value{value.IntValue(int64(i))} }
	expect(t, c.apply(t, c.insert(keyOf(2), id(3)), c.insert(keyOf(3), id(99)), c.insert(keyOf(4), id(4))), "ada")
	late := h.table(t, "co_late", "id int NOT NULL PRIMARY KEY, pid int, FOREIGN KEY (pid) REFERENCES "+h.Quote(parent)+" (id) "+h.Deferred)
	l := h.fix(t, query.Dataset{Name: "late", Table: late, Key: []string{"id"}})
	expect(t, l.apply(t, l.insert(keyOf(1), id(4)), l.insert(keyOf(2), id(99)), l.insert(keyOf(3), []value.Value{value.NullValue()})), "ada")
	if got := h.dumpByID(t, late, "id", "pid"); !slices.Equal(got, []string{"1|4", "3|NULL"}) {
		t.Errorf("%v", got)
	}
	h.exec(t, "DELETE FROM "+h.Quote(late))
	del := func(i int) connectors.Change {
		return connectors.Change{Action: connectors.Delete, Key: keyOf(i), Before: id(i)}
	}
	effects := p.apply(t, del(1), del(2), del(3), del(5))
	if expect(t, effects, "dddu"); t.Failed() {
		return
	}
	if why := effects[1].Err.Error(); !strings.Contains(why, strong) {
		t.Errorf("%s does not name %s", why, strong)
	}
	h.exec(t, "DELETE FROM "+h.Quote(child), "DELETE FROM "+h.Quote(strong))
	expect(t, p.apply(t, del(1), del(2), del(3)), "aaa")
	if got := h.dump(t, parent, "id"); !slices.Equal(got, []string{"4"}) {
		t.Errorf("%v", got)
	}
}
