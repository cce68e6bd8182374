package sqlite_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlite"
	"github.com/assay-dev/assay/connectors/value"
)

// corrector opens the file writable.
func corrector(t testing.TB, path string) (connectors.Source, connectors.Corrector) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), connectors.Config{Name: "files", Params: map[string]string{"path": path}, Writable: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	c, ok := s.(connectors.Corrector)
	if !ok {
		t.Fatal("no corrector")
	}
	return s, c
}

// targetOf is the target of all columns of a dataset.
func targetOf(t testing.TB, src connectors.Source, d query.Dataset) connectors.Target {
	t.Helper()
	rel := connectortest.Relation(t, src, d)
	out := connectors.Target{Relation: rel}
	for _, c := range rel.Schema.Columns {
		key := false
		for _, k := range d.Key {
			key = key || k == c.Name
		}
		if key {
			out.Key = append(out.Key, c)
		} else {
			out.Columns = append(out.Columns, c)
		}
	}
	return out
}

// outcomes are the effects as text.
func outcomes(effects []connectors.Effect) string {
	var out []string
	for _, e := range effects {
		s := [...]string{"applied", "unmatched", "refused"}[e.Outcome]
		if e.Dangling {
			s += " dangling"
		}
		if e.Err != nil {
			s += ": " + e.Err.Error()
		}
		out = append(out, s)
	}
	return strings.Join(out, "\n")
}

func apply(t testing.TB, c connectors.Correction, changes ...connectors.Change) string {
	t.Helper()
	calls := 0
	effects, err := c.Apply(t.Context(), changes, func([]connectors.Effect) error { calls++; return nil })
	if err != nil {
		t.Fatal(err)
	}
	if calls != 1 {
		t.Fatalf("prepared was called %d times", calls)
	}
	return outcomes(effects)
}

func TestCorrect(t *testing.T) {
	path := file(t)
	write(t, path,
		`CREATE TABLE r (id INTEGER PRIMARY KEY, s VARCHAR(9) COLLATE NOCASE, n INT, d REAL, m DECIMAL(10,2), at DATETIME, b BOOL, j JSON, y BLOB, tt TEXT,
			twice INT GENERATED ALWAYS AS (n * 2) VIRTUAL)`,
		`INSERT INTO r VALUES (1, 'Ann', 1, 1.5, '1.25', '2024-01-02 03:04:05', 1, '{"a": 1, "b": 2}', x'00ff', NULL), (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
			(3, 'x', 3, 3, 3, '2024-01-02 03:04:06', 0, '[1]', x'', '12.50')`,
	)
	src, c := corrector(t, path)
	target := targetOf(t, src, query.Dataset{Table: "r", Key: []string{"id"}, Columns: map[string]query.ColumnOptions{"tt": {Type: "decimal"}}})
	cor, err := c.Correct(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cor.Close() }()
	read := func(ids ...int64) []*connectors.Row {
		keys := make([][]value.Value, len(ids))
		for i, id := range ids {
			keys[i] = []value.Value{value.IntValue(id)}
		}
		rows, err := c.Rows(t.Context(), target, keys)
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	rows := read(1, 2, 9, 3)
	if rows[2] != nil || rows[0] == nil || rows[1] == nil || rows[3] == nil {
		t.Fatal(rows)
	}
	var set []int
	for i, col := range target.Columns {
		if col.Name != "twice" {
			set = append(set, i)
		}
	}
	// every row's values exchanged for those of the next
	change := func(id int64, before, after *connectors.Row) connectors.Change {
		return connectors.Change{Action: connectors.Update, Key: []value.Value{value.IntValue(id)}, Before: before.Values, After: after.Values, Set: set}
	}
	changes := []connectors.Change{change(1, rows[0], rows[1]), change(2, rows[1], rows[3]), change(3, rows[3], rows[0])}
	if got := apply(t, cor, changes...); got != "applied\napplied\napplied" {
		t.Error(got)
	}
	if diff := cmp.Diff(fmt.Sprint(rows[1].Values, rows[3].Values, rows[0].Values), fmt.Sprint(read(1)[0].Values, read(2)[0].Values, read(3)[0].Values)); diff != "" {
		t.Error(diff)
	}
	if got := apply(t, cor, changes...); got != "unmatched\nunmatched\nunmatched" {
		t.Error(got)
	}
	back := []connectors.Change{change(1, rows[1], rows[0]), change(2, rows[3], rows[1]), change(3, rows[0], rows[3])}
	if got := apply(t, cor, back...); got != "applied\napplied\napplied" {
		t.Error(got)
	}
	del := connectors.Change{Action: connectors.Delete, Key: back[0].Key, Before: rows[0].Values}
	ins := connectors.Change{Action: connectors.Insert, Key: back[0].Key, After: rows[0].Values, Set: set}
	if got := apply(t, cor, ins); got != "unmatched" {
		t.Error(got)
	}
	if got := apply(t, cor, del); got != "applied" {
		t.Error(got)
	}
	if got := apply(t, cor, ins); got != "applied" {
		t.Error(got)
	}
	write(t, path, `UPDATE r SET s = 'ANN' WHERE id = 1`)
	if got := apply(t, cor, del); got != "unmatched" {
		t.Error("a guard that ignores case: " + got)
	}
	// What the column does not keep is refused, and nothing of it is done.
	bad := change(3, rows[3], rows[3])
	bad.After = append([]value.Value(nil), rows[3].Values...)
	_, m := target.Relation.Schema.Column("m")
	dec, _ := value.ParseDec("12345678901234567890.5")
	bad.After[m-1] = value.DecimalValue(dec)
	nan := change(2, rows[1], rows[1])
	nan.After = append([]value.Value(nil), rows[1].Values...)
	_, d := target.Relation.Schema.Column("d")
	nan.After[d-1] = value.DoubleValue(math.NaN())
	if diff := cmp.Diff("refused: change r: column d: SQLite has no NaN\nrefused: change r: column m does not keep the value as it is", apply(t, cor, nan, bad)); diff != "" {
		t.Error(diff)
	}
}
