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
		if code := Do(append([]string{"run", suite, "--out", out, "--state", out}, failures...), nil, &stdout, &stderr); code != exitFailed {
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

// TestReportWithoutDifferences runs a suite whose file of differences cannot be written: the report is, and the run did not do its work.
func TestReportWithoutDifferences(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.csv": "id,n\n1,1\n2,2\n", "b.csv": "id,n\n1,1\n2,2\n",
		"suite.yaml": `version: 1
suite: numbers
connections: {here: {driver: files}}
datasets:
  a: {connection: here, file: a.csv, key: [id]}
  b: {connection: here, file: b.csv, key: [id]}
expectations:
  - compare: {source: a, target: b}
`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out := filepath.Join(dir, "report")
	if err := os.MkdirAll(filepath.Join(out, failuresName, "in the way"), 0o750); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	code := Do([]string{"run", filepath.Join(dir, "suite.yaml"), "--out", out, "--state", out}, nil, &stdout, &stderr)
	if code != exitError || !strings.Contains(stderr.String(), failuresName) {
		t.Errorf("exit code %d: %s", code, stderr.String())
	}
	if !strings.Contains(stdout.String(), "a.compare.b") {
		t.Errorf("no report is printed: %s", stdout.String())
	}
	if text, err := os.ReadFile(filepath.Join(out, "report.json")); err != nil || !strings.Contains(string(text), `"identical": 2`) {
		t.Errorf("no report is kept: %v, %s", err, text)
	}
}
