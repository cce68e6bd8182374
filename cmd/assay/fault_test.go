package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors/connectortest"
)

// endless is how a statement of a suite runs for minutes on an engine, and how a test sees that it runs.
type endless struct {
	driver string // of database/sql
	query  string // many rows: n and the text s
	// busy counts the statements that assay has running in the database.
	busy string
}

func endlessOn(engine string) endless {
	if engine == "mysql" || engine == "mariadb" {
		running := "select count(*) from performance_schema.threads where processlist_db = database() and processlist_command = 'Query'" +
			" and processlist_info like '%information_schema.columns c%' and processlist_id <> connection_id()"
		if engine == "mariadb" { // where that schema is off unless asked for
			running = "select count(*) from information_schema.processlist where db = database() and command = 'Query'" +
				" and info like '%information_schema.columns c%' and id <> connection_id()"
		}
		return endless{
			driver: "mysql",
			query:  "select a.n, 'ABC' as s from (select ordinal_position as n from information_schema.columns) a, information_schema.columns b, information_schema.columns c",
			busy:   running,
		}
	}
	return endless{
		driver: "pgx",
		query:  "select a.n, 'ABC'::text as s from generate_series(1, 1000) a(n), generate_series(1, 1000000) b(n)",
		busy: "select count(*) from pg_stat_activity where application_name = 'assay' and state = 'active' and datname = current_database()" +
			" and query like '%generate_series(1, 1000000)%'",
	}
}

// The expectations that make a run read the rows here, and there.
const (
	streamed = `id: far, expect: 'row.s.matches("^\\p{Lu}{3}$")'` // neither engine has such a class
	counted  = `id: far, expect: row.n >= 0`
)

// writeEndless writes a suite of one expectation that takes minutes and one of another connection that takes none.
func writeEndless(t testing.TB, engine, dsn, expectation string) string {
	t.Helper()
	dir := t.TempDir()
	local, err := sql.Open("sqlite", filepath.Join(dir, "local.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = local.Close() }()
	for _, s := range []string{"create table here (id integer)", "insert into here values (1), (2)"} {
		if _, err := local.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "suite.yaml")
	text := fmt.Sprintf(`version: 1
suite: endless
connections:
  far: {driver: %s, dsn: %q}
  local: {driver: sqlite, path: local.db}
datasets:
  here: {connection: local, table: here, expectations: [not_null: id]}
  far:
    connection: far
    query: %q
    expectations: [{%s}]
`, engine, dsn, endlessOn(engine).query, expectation)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// background is the program running as a process of its own.
type background struct {
	cmd    *exec.Cmd
	stdout bytes.Buffer
	stderr bytes.Buffer
	out    string // folder of its reports
	done   chan error
}

// startRun starts `assay run` and waits until its statement runs on the server.
func startRun(t *testing.T, engine, dsn, suite string) *background {
	t.Helper()
	b := &background{out: t.TempDir(), done: make(chan error, 1)}
	b.cmd = exec.CommandContext(t.Context(), "assay", "run", "--out", b.out, "--state", b.out, suite) // testscript.Main puts the program into the PATH
	b.start(t, func() int { return busy(t, engine, dsn) })
	return b
}

// start starts the program and waits until its statement runs on the server.
func (b *background) start(t *testing.T, busy func() int) {
	t.Helper()
	b.cmd.Stdout, b.cmd.Stderr = &b.stdout, &b.stderr
	if err := b.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { b.done <- b.cmd.Wait() }()
	for deadline := time.Now().Add(2 * time.Minute); busy() == 0; time.Sleep(50 * time.Millisecond) {
		select {
		case err := <-b.done:
			t.Fatalf("ended early: %v\n%s%s", err, &b.stdout, &b.stderr)
		default:
		}
		if time.Now().After(deadline) {
			t.Fatal("its statement does not appear on the server")
		}
	}
	time.Sleep(300 * time.Millisecond) // well into it
}

// patience is how long the end of a program may take that was told to end at once, on a machine that is busy with other things: its statements
// would go on for many minutes.
const patience = 30 * time.Second

// none waits for the server to have ended all statements.
func none(t *testing.T, busy func() int) {
	t.Helper()
	n := busy()
	for deadline := time.Now().Add(patience); n != 0 && time.Now().Before(deadline); n = busy() {
		time.Sleep(50 * time.Millisecond)
	}
	if n != 0 {
		t.Errorf("%d statements run on", n)
	}
}

// busy counts the statements of an endless suite that run on the server.
func busy(t testing.TB, engine, dsn string) int {
	t.Helper()
	e := endlessOn(engine)
	db, err := sql.Open(e.driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var n int
	if err := db.QueryRowContext(context.WithoutCancel(t.Context()), e.busy).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// end waits for the program and returns its exit code.
func (b *background) end(t *testing.T, within time.Duration) int {
	t.Helper()
	select {
	case <-b.done:
		return b.cmd.ProcessState.ExitCode()
	case <-time.After(within):
		t.Fatalf("still running %v later", within)
		return 0
	}
}

// verdicts reads the report that was kept: verdict and message by id.
func (b *background) verdicts(t *testing.T) map[string][2]string {
	t.Helper()
	f, err := os.Open(filepath.Join(b.out, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	var rep struct {
		Expectations []struct {
			ID      string `json:"id"`
			Verdict string `json:"verdict"`
			Message string `json:"message"`
		} `json:"expectations"`
	}
	if err := json.Unmarshal(text, &rep); err != nil {
		t.Fatal(err)
	}
	out := map[string][2]string{}
	for _, e := range rep.Expectations {
		out[e.ID] = [2]string{e.Verdict, e.Message}
	}
	return out
}

// TestInterrupt sends SIGINT during the aggregate and during a stream: the exit code is 130 at once, and nothing runs on at the server.
func TestInterrupt(t *testing.T) {
	for engine, database := range map[string]func(t *testing.T) string{
		"postgres": func(t *testing.T) string { return connectortest.PostgresDatabase(t, connectortest.LocaleC) },
		"mysql":    func(t *testing.T) string { return connectortest.MySQLDatabase(t) },
		"mariadb":  func(t *testing.T) string { return connectortest.MariaDBDatabase(t) },
	} {
		for name, expectation := range map[string]string{"stream": streamed, "aggregate": counted} {
			t.Run(engine+" "+name, func(t *testing.T) {
				dsn := database(t)
				b := startRun(t, engine, dsn, writeEndless(t, engine, dsn, expectation))
				if err := b.cmd.Process.Signal(syscall.SIGINT); err != nil {
					t.Fatal(err)
				}
				if code := b.end(t, patience); code != exitInterrupted {
					t.Errorf("exit code %d, want %d\n%s%s", code, exitInterrupted, &b.stdout, &b.stderr)
				}
				none(t, func() int { return busy(t, engine, dsn) })
				if far := b.verdicts(t)["far"]; far[0] != "error" || !strings.Contains(far[1], "interrupted") {
					t.Errorf("the interrupted expectation: %q", far)
				}
			})
		}
	}
}
