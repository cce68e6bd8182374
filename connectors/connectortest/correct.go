package connectortest

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// CorrectHarness joins a connector that corrects rows of SQL tables to the suite of all such.
type CorrectHarness struct {
	// DB is a connection that may do everything, to make tables and to see what became of them.
	DB func(t testing.TB) *sql.DB
	// Open opens the connector.
	Open func(t testing.TB, writable bool) connectors.Source
	// Quote quotes an identifier.
	Quote func(string) string
	// Cell renders a column's cell as a text that tells all cells apart.
	Cell func(col string) string
	// Plain renders it as people read it; nil for Cell.
	Plain func(col string) string
	// Types are the engine's types.
	Types []CorrectType
	// Folded declares text that compares without case, "" where there is none.
	Folded string
	// Identity and Generated declare an integer key that the server numbers, and a column that is twice the column n.
	Identity, Generated string
	// Trigger are statements that have the server set d to ten times n whenever a row of the table %s is updated, Untrigger those that end it.
	Trigger, Untrigger []string
	// Deferred ends a foreign key that is looked at no sooner than at COMMIT, "" where there are none.
	Deferred string
	// Render is the connector's own.
	Render connectors.Render
	// ReadOnly opens connections that say that they are writable where they cannot write, by the kind of error that Correct gives; cleanup is theirs.
	ReadOnly map[string]func(t testing.TB, table string) (connectors.Source, connectors.ErrorKind)
	// Severed opens the connector by way of a proxy, and returns what cuts it. nil where there is no network.
	Severed func(t testing.TB) (connectors.Source, *Link)

	source connectors.Source // writable, for all tests
}

// CorrectType is a type of the engine with values of it.
type CorrectType struct {
	Name string
	// DDL declares a column. Before are statements that it needs, after which come those that drop what they made.
	DDL           string
	Before, After []string
	// Values are literals of distinct values; null is added to them.
	Values []string
	// Declared is the type that the suite gives the column, Zone the dataset's time zone.
	Declared, Zone string
	// NoKey says that no key can have the type.
	NoKey bool
	// Loose says that a cell may be written in another form than it had.
	Loose bool
}

// RunCorrect runs the suite.
func RunCorrect(t *testing.T, h CorrectHarness) {
	t.Helper()
	h.source = h.Open(t, true)
	t.Cleanup(func() { _ = h.source.Close() })
	t.Run("Types", h.types)
	t.Run("Names", h.names)
	t.Run("Guards", h.guards)
	t.Run("Columns", h.columns)
	t.Run("Failures", h.failures)
	t.Run("Large batches", h.large)
	t.Run("ForeignKeys", h.foreignKeys)
	t.Run("Two writers", h.writers)
	t.Run("Refused targets", h.refusedTargets)
	if h.Severed != nil {
		t.Run("Severed", h.severed)
	}
}

// exec runs statements of the test's own.
func (h *CorrectHarness) exec(t testing.TB, statements ...string) {
	t.Helper()
	db := h.DB(t)
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%.300s: %v", s, err)
		}
	}
}

// table makes a table, dropped at the end of the test, and returns its name.
func (h *CorrectHarness) table(t testing.TB, prefix, columns string) string {
	t.Helper()
	name := Unique(prefix)
	h.exec(t, "CREATE TABLE "+h.Quote(name)+" ("+columns+")")
	t.Cleanup(func() { exec(t, h.DB(t), "DROP TABLE IF EXISTS "+h.Quote(name)) })
	return name
}

// dump is the whole table as the server tells it, in order of the first column.
func (h *CorrectHarness) dump(t testing.TB, table string, columns ...string) []string {
	t.Helper()
	plain := h.Plain
	if plain == nil {
		plain = h.Cell
	}
	cells := make([]string, len(columns))
	for i, c := range columns {
		cells[i] = plain(h.Quote(c))
		if c == "c" { // of types
			cells[i] = h.Cell(h.Quote(c))
		}
	}
	rows, err := h.DB(t).QueryContext(t.Context(), "SELECT "+strings.Join(cells, ", ")+" FROM "+h.Quote(table)+" ORDER BY 1")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var out []string
	for rows.Next() {
		row := make([]sql.NullString, len(columns))
		at := make([]any, len(columns))
		for i := range row {
			at[i] = &row[i]
		}
		if err := rows.Scan(at...); err != nil {
			t.Fatal(err)
		}
		texts := make([]string, len(row))
		for i, c := range row {
			texts[i] = "NULL"
			if c.Valid {
				texts[i] = c.String
			}
		}
		out = append(out, strings.Join(texts, "|"))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// fixture is a target with what corrects it.
type fixture struct {
	h      *CorrectHarness
	src    connectors.Source
	by     connectors.Corrector
	target connectors.Target
	cor    connectors.Correction
}

// fix opens a correction of all columns of a dataset beside its key.
func (h *CorrectHarness) fix(t testing.TB, d query.Dataset) *fixture {
	t.Helper()
	return h.fixWith(t, h.source, d)
}

func (h *CorrectHarness) fixWith(t testing.TB, src connectors.Source, d query.Dataset) *fixture {
	t.Helper()
	by, ok := src.(connectors.Corrector)
	if !ok {
		t.Fatalf("%T corrects nothing", src)
	}
	f := &fixture{h: h, src: src, by: by, target: targetOf(t, src, d)}
	cor, err := by.Correct(t.Context(), f.target)
	if err != nil {
		t.Fatal(err)
	}
	if !cor.Transactional() {
		t.Error("it is not transactional")
	}
	t.Cleanup(func() { _ = cor.Close() })
	f.cor = cor
	return f
}

func targetOf(t testing.TB, src connectors.Source, d query.Dataset) connectors.Target {
	t.Helper()
	out := connectors.Target{Relation: Relation(t, src, d)}
	for _, c := range out.Relation.Schema.Columns {
		if !slices.Contains(d.Key, c.Name) {
			out.Columns = append(out.Columns, c)
		}
	}
	for _, k := range d.Key {
		c, _ := out.Relation.Schema.Column(k)
		out.Key = append(out.Key, c)
	}
	return out
}

// at is the position of a column of the target.
func (f *fixture) at(name string) int {
	return slices.IndexFunc(f.target.Columns, func(c value.Column) bool { return c.Name == name })
}

// keyOf is a key of one integer.
func keyOf(id int) []value.Value { return []value.Value{value.IntValue(int64(id))} }

// rows reads rows by their keys.
func (f *fixture) rows(t testing.TB, keys ...[]value.Value) []*connectors.Row {
	t.Helper()
	rows, err := f.by.Rows(t.Context(), f.target, keys)
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != len(keys) {
		t.Fatalf("%d rows of %d keys", len(rows), len(keys))
	}
	return rows
}

// row reads a row that is there.
func (f *fixture) row(t testing.TB, id int) []value.Value {
	t.Helper()
	r := f.rows(t, keyOf(id))[0]
	if r == nil || r.Many || r.Errs != nil {
		t.Fatalf("row %d is %+v", id, r)
	}
	return r.Values
}

// update is a change of some columns of a row.
func (f *fixture) update(id int, before []value.Value, set map[string]value.Value) connectors.Change {
	ch := connectors.Change{Action: connectors.Update, Key: keyOf(id), Before: before, After: slices.Clone(before)}
	for name, v := range set {
		ch.Set = append(ch.Set, f.at(name))
		ch.After[f.at(name)] = v
	}
	slices.Sort(ch.Set)
	return ch
}

// insert is a change that makes a row with values of all columns but some.
func (f *fixture) insert(key, values []value.Value, but ...string) connectors.Change {
	ch := connectors.Change{Action: connectors.Insert, Key: key, After: values}
	for i, c := range f.target.Columns {
		if !slices.Contains(but, c.Name) {
			ch.Set = append(ch.Set, i)
		}
	}
	return ch
}

// apply applies changes and returns their effects.
func (f *fixture) apply(t testing.TB, changes ...connectors.Change) []connectors.Effect {
	t.Helper()
	var seen []connectors.Effect
	effects, err := f.cor.Apply(t.Context(), changes, func(e []connectors.Effect) error {
		seen = slices.Clone(e)
		return nil
	})
	if err != nil {
		t.Fatalf("apply: %v", err)
	}
	if got, want := outcomes(effects), outcomes(seen); got != want || len(effects) != len(changes) {
		t.Fatalf("prepared with %s, done %s", want, got)
	}
	for i, e := range effects {
		if has := e.Row != nil; has != (e.Outcome == connectors.Applied && changes[i].Action != connectors.Delete) {
			t.Errorf("change %d: %s and a row: %v", i, outcomes(effects[i:i+1]), has)
		}
	}
	return effects
}

// outcomes are effects as a text: a applied, u unmatched, r refused, d refused for a foreign key.
func outcomes(effects []connectors.Effect) string {
	var b strings.Builder
	for _, e := range effects {
		switch {
		case e.Outcome == connectors.Applied:
			b.WriteByte('a')
		case e.Outcome == connectors.Unmatched:
			b.WriteByte('u')
		case e.Dangling:
			b.WriteByte('d')
		default:
			b.WriteByte('r')
		}
	}
	return b.String()
}

// expect fails unless the effects have these outcomes, and the refused ones a reason.
func expect(t testing.TB, effects []connectors.Effect, want string) {
	t.Helper()
	if got := outcomes(effects); got != want {
		var why []error
		for _, e := range effects {
			why = append(why, e.Err)
		}
		t.Errorf("outcomes %s, want %s: %v", got, want, errors.Join(why...))
	}
	for i, e := range effects {
		if (e.Outcome == connectors.Refused) != (e.Err != nil) {
			t.Errorf("effect %d: %v", i, e.Err)
		}
		if ce, ok := errors.AsType[*connectors.Error](e.Err); e.Err != nil && (!ok || ce.Op == "") {
			t.Errorf("effect %d: %v is no *connectors.Error", i, e.Err)
		}
	}
}

// sameRow fails unless two rows are the same.
func sameRow(t testing.TB, what string, got, want []value.Value) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d values, want %d", what, len(got), len(want))
		return
	}
	for i := range got {
		if !Same(Cell{Value: got[i]}, Cell{Value: want[i]}) {
			t.Errorf("%s: value %d is %s, want %s", what, i, fmt.Sprint(Cell{Value: got[i]}), fmt.Sprint(Cell{Value: want[i]}))
		}
	}
}
