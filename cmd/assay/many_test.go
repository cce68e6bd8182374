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
		"WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 299) INSERT INTO t SELECT i, i % 50 FROM n;"+
		"CREATE TABLE p (id INTEGER PRIMARY KEY, v INTEGER); INSERT INTO p SELECT id, v FROM t WHERE id < 290"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	const few, often, joined = 1200, 600, 550
	var suite strings.Builder
	fmt.Fprintf(&suite, "suite: many\nhistory: off\nconnections: {c: {driver: sqlite, path: %q}}\ndatasets:\n  t:\n    connection: c\n    table: t\n    expectations:\n", filepath.Join(dir, "t.db"))
	for i := range few {
		fmt.Fprintf(&suite, "      - {id: few%d, expect: row.v + %d < %d}\n", i, i, i+49)
	}
	for i := range often {
		fmt.Fprintf(&suite, "      - {id: often%d, expect: row.v + %d < %d}\n", i, i, i+5)
	}
	for i := range joined { // with orphans, which are a branch of their own
		fmt.Fprintf(&suite, "      - {id: joined%d, expect: row.v + %d < p.v, join: {p: {dataset: p, key: row.id}}}\n", i, i)
	}
	suite.WriteString("  p: {connection: c, table: p, key: id}\n")
	path := filepath.Join(dir, "many.yaml")
	if err := os.WriteFile(path, []byte(suite.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	if code := Do([]string{"run", path, "--state", dir, "--failures", "1"}, nil, &out, &errs); code != exitFailed {
		t.Fatalf("exit code %d: %s", code, &errs)
	}
	if n := strings.Count(out.String(), "\n    id="); n != few+often+joined {
		t.Errorf("%d of %d expectations have a failing row", n, few+often+joined)
	}
	if _, after, found := strings.Cut(out.String(), "could not be fetched"); found {
		t.Errorf("failing rows could not be fetched: %.200s", after)
	}
}
