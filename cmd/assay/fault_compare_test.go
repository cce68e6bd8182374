package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/assay-dev/assay/connectors/connectortest"
)

// TestInterruptComparison sends SIGINT while the far side of a comparison, or the rows of a join, are read: the exit code is 130 at once, no statement
// runs on at the server, and nothing is said of a difference or an orphan. Without a suite likewise, and a file asked for is not left half written.
func TestInterruptComparison(t *testing.T) {
	for engine, database := range map[string]func(t *testing.T) string{
		"postgres": func(t *testing.T) string { return connectortest.PostgresDatabase(t, connectortest.LocaleC) },
		"mysql":    func(t *testing.T) string { return connectortest.MySQLDatabase(t) },
	} {
		t.Run(engine, func(t *testing.T) {
			dsn := database(t)
			dir := filepath.Dir(writeEndless(t, engine, dsn, counted)) // for local.db
			e := endlessOn(engine)
			db, err := sql.Open(e.driver, dsn)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = db.Close() }()
			if _, err := db.ExecContext(t.Context(), "create view endless as "+e.query); err != nil {
				t.Fatal(err)
			}
			suite := filepath.Join(dir, "compare.yaml")
			text := fmt.Sprintf(`version: 1
suite: endless
connections:
  far: {driver: %s, dsn: %q}
  local: {driver: sqlite, path: local.db}
datasets:
  here: {connection: local, table: here, key: id, expectations: [not_null: id]}
  far: {connection: far, table: endless, key: n}
expectations:
  - {id: near, compare: {source: here, target: far}, map: {id: n}}
  - {id: beyond, compare: {source: far, target: here}, map: {n: id}}
  - {id: joined, dataset: far, join: {h: {dataset: here, key: row.n}}, expect: h.id > 0}
`, engine, dsn)
			if err := os.WriteFile(suite, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			busy := func() int { return reading(t, engine, db) }
			b := &background{out: t.TempDir(), done: make(chan error, 1)}
			b.cmd = exec.CommandContext(t.Context(), "assay", "run", "--out", b.out, "--state", b.out, suite)
			b.start(t, busy)
			b.interrupt(t)
			none(t, busy)
			got := b.verdicts(t)
			for _, id := range []string{"near", "beyond", "joined"} {
				if got[id][0] != "error" || !strings.Contains(got[id][1], "interrupted") {
					t.Errorf("%s: %q", id, got[id])
				}
			}
			if text := b.stdout.String(); strings.Contains(text, "orphan") || strings.Contains(text, "missing") || !strings.Contains(text, "3 could not be evaluated") {
				t.Errorf("it says\n%s", text)
			}
			if text := b.stderr.String(); !strings.Contains(text, "assay: interrupted; what was not evaluated is reported as an error") {
				t.Errorf("it says\n%s", text)
			}
			if got["here.not_null.id"][0] != "pass" {
				t.Errorf("what was done is lost: %q", got)
			}

			out := filepath.Join(dir, "found.csv")
			d := &background{done: make(chan error, 1)}
			d.cmd = exec.CommandContext(t.Context(), "assay", "diff", dsn+"#endless", "sqlite:"+filepath.Join(dir, "local.db")+"#here",
				"--key", "n", "--map", "n=id", "--format", "csv", "--out", out)
			d.start(t, busy)
			d.interrupt(t)
			none(t, busy)
			if _, err := os.Stat(out); err == nil {
				t.Error("diff left a file")
			}
			if d.stdout.Len() > 0 || !strings.HasSuffix(d.stderr.String(), "assay: interrupted; the comparison is not complete, and "+out+" is not written\n") {
				t.Errorf("diff says\n%s%s", &d.stdout, &d.stderr)
			}
			if strings.Contains(d.stdout.String()+d.stderr.String(), dsn) {
				t.Error("the address is shown")
			}
		})
	}
}

// reading counts the statements that read the view.
func reading(t *testing.T, engine string, db *sql.DB) int {
	t.Helper()
	query := "select count(*) from pg_stat_activity where application_name = 'assay' and state = 'active' and datname = current_database() and query like '%endless%'"
	if engine == "mysql" {
		query = "select count(*) from performance_schema.threads where processlist_db = database() and processlist_command = 'Query'" +
			" and processlist_info like '%endless%' and processlist_id <> connection_id()"
	}
	var n int
	if err := db.QueryRowContext(context.WithoutCancel(t.Context()), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// interrupt sends SIGINT and expects the exit code of an interruption.
func (b *background) interrupt(t *testing.T) {
	t.Helper()
	if err := b.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if code := b.end(t, patience); code != exitInterrupted {
		t.Errorf("exit code %d, want %d\n%s%s", code, exitInterrupted, &b.stdout, &b.stderr)
	}
}
