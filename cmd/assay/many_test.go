package main

import (
	"bytes"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestVeryManyFail: an engine bounds how large one statement may be (SQLite: 1,000 levels of an expression, 500 members of a union), and more expectations than that
// may fail on few rows, and on many. All have their failing rows.
func TestVeryManyFail(t *testing.T) {
	dir := t.TempDir()
	db, err := sql.Open("sqlite", filepath.Join(dir, "t.db"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER);"+
		"WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 299) INSERT INTO t SELECT i, i % 50 FROM n"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	const few, often = 1200, 600
	var suite strings.Builder
	fmt.Fprintf(&suite, "suite: many\nhistory: off\nconnections: {c: {driver: sqlite, path: %q}}\ndatasets:\n  t:\n    connection: c\n    table: t\n    expectations:\n", filepath.Join(dir, "t.db"))
	for i := range few {
		fmt.Fprintf(&suite, "      - {id: few%d, expect: row.v + %d < %d}\n", i, i, i+49)
	}
	for i := range often {
		fmt.Fprintf(&suite, "      - {id: often%d, expect: row.v + %d < %d}\n", i, i, i+5)
	}
	path := filepath.Join(dir, "many.yaml")
	if err := os.WriteFile(path, []byte(suite.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	if code := Do([]string{"run", path, "--state", dir, "--failures", "1"}, nil, &out, &errs); code != exitFailed {
		t.Fatalf("exit code %d: %s", code, &errs)
	}
	if n := strings.Count(out.String(), "\n    id="); n != few+often {
		t.Errorf("%d of %d expectations have a failing row", n, few+often)
	}
	if _, after, found := strings.Cut(out.String(), "could not be fetched"); found {
		t.Errorf("failing rows could not be fetched: %.200s", after)
	}
}
