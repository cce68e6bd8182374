package main

import (
	"bytes"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNoRowIsKept runs a comparison with differences: nothing of a row is on disk with --failures 0, not even a key.
func TestNoRowIsKept(t *testing.T) {
	dir := t.TempDir()
	db, err := sql.Open("sqlite", filepath.Join(dir, "people.db"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.ExecContext(t.Context(), `create table a (email text primary key, n integer); create table b (email text primary key, n integer);
		insert into a values ('ada@example.org', 1), ('bob@example.org', 1); insert into b values ('ada@example.org', 2), ('bob@example.org', 1)`)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	suite := filepath.Join(dir, "suite.yaml")
	if err := os.WriteFile(suite, []byte(`version: 1
suite: people
connections: {here: {driver: sqlite, path: people.db}}
datasets:
  a: {connection: here, table: a, key: [email]}
  b: {connection: here, table: b, key: [email]}
expectations:
  - compare: {source: a, target: b}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	kept := func(failures ...string) string {
		t.Helper()
		out := filepath.Join(dir, "report")
		var stdout, stderr bytes.Buffer
		if code := Do(append([]string{"run", suite, "--out", out}, failures...), nil, &stdout, &stderr); code != exitFailed {
			t.Fatalf("exit code %d: %s%s", code, stdout.String(), stderr.String())
		}
		files, err := os.ReadDir(out)
		if err != nil {
			t.Fatal(err)
		}
		var all strings.Builder
		for _, f := range files {
			text, err := os.ReadFile(filepath.Join(out, f.Name()))
			if err != nil {
				t.Fatal(err)
			}
			all.WriteString(f.Name() + "\n" + string(text))
		}
		return all.String()
	}
	if text := kept(); !strings.Contains(text, failuresName+"\n") || !strings.Contains(text, "ada@") {
		t.Errorf("the difference is not kept: %s", text)
	}
	if text := kept("--failures", "0"); strings.Contains(text, failuresName+"\n") || strings.Contains(text, "ada@") || !strings.Contains(text, `"changed": 1`) {
		t.Errorf("a row is kept: %s", text)
	}
}
