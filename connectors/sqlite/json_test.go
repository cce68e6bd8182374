package sqlite_test

import (
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
)

// TestNumbersAreDocuments reads what SQLite makes of documents that are one number: a column that is declared JSON has numeric affinity, so
// that it holds the number instead of its text.
func TestNumbersAreDocuments(t *testing.T) {
	path := file(t)
	write(t, path, `CREATE TABLE d (id INTEGER PRIMARY KEY, j JSON)`,
		`INSERT INTO d VALUES (1, '1'), (2, '-1.50'), (3, '9007199254740993'), (4, '"1"'), (5, '[1]'), (6, '1e300'), (7, 9e999), (8, x'31'), (9, 'one')`)
	src := open(t, path, 0, 0)
	defer func() { _ = src.Close() }()
	rel := connectortest.Relation(t, src, query.Dataset{Table: "d", Key: []string{"id"}})
	rows, err := src.Select(t.Context(), query.Select{From: rel, Columns: connectortest.Cols(t, rel, "j"), OrderByKey: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	b, err := rows.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	j := &b.Cols[0]
	for i, want := range []string{`1`, `-1.5`, `9007199254740993`, `"1"`, `[1]`, "1" + strings.Repeat("0", 300)} {
		if j.IsErr(i) || j.IsNull(i) || j.Value(i).Str() != want {
			t.Errorf("row %d is read as %s, want %s", i+1, j.Value(i).Text(), want)
		}
	}
	for i := 6; i < b.N; i++ {
		if !j.IsErr(i) {
			t.Errorf("row %d is read as %s, and is no document", i+1, j.Value(i).Text())
		}
	}
	if b.N != 9 {
		t.Errorf("%d rows", b.N)
	}
}
