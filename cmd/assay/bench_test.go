package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/run"
	"github.com/assay-dev/assay/suites"
)

// benchSuite writes the flights suite without what no single statement can say: set-level checks and what is refused.
func benchSuite(t testing.TB, dsn, table string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/flights.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var kept []string
	for line := range strings.SplitSeq(string(text), "\n") {
		if strings.Contains(line, "unique:") || strings.Contains(line, "monotonic:") || strings.Contains(line, `\p{Lu}`) {
			continue
		}
		kept = append(kept, line)
	}
	s := strings.Join(kept, "\n")
	// An expression whose author would not write it in SQL, and one that SQL counts only with a statement of its own.
	s = cutItem(s, "      - id: plane-number", 2)
	s = cutItem(s, "  - id: carriers", 2)
	s = strings.NewReplacer("@CONNECTION@", fmt.Sprintf("{driver: postgres, dsn: %q, timezone: UTC}", dsn), "@DATASET@", "table: "+table).Replace(s)
	path := filepath.Join(t.TempDir(), "bench.yaml")
	if err := os.WriteFile(path, []byte(s), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// cutItem removes the line that starts so and the following ones, n in all.
func cutItem(s, start string, n int) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, start) {
			return strings.Join(slices.Delete(lines, i, i+n), "\n")
		}
	}
	return s
}

// BenchmarkOnePass compares the one aggregate statement of a suite with the same counts written by hand, on the server
// alone, and the whole process with psql running it.
func BenchmarkOnePass(b *testing.B) {
	dsn := connectortest.Postgres(b)
	table := connectortest.FlightsPostgres(b, dsn, connectortest.Flights(b))
	ctx := b.Context()
	path := benchSuite(b, dsn, table)
	sql, err := os.ReadFile("testdata/flights_byhand.sql")
	if err != nil {
		b.Fatal(err)
	}
	byHand := strings.ReplaceAll(string(sql), "@TABLE@", table)

	set, found := suites.Load(ctx, suites.Options{}, path)
	if found.HasErrors() {
		b.Fatal(found)
	}
	p, found, source, done := run.Prepare(ctx, &set.Suites[0], run.Options{Open: open, Now: time.Now(), Plan: plan.Options{DistrustConstraints: true}})
	if found.HasErrors() {
		b.Fatal(found)
	}
	defer done()
	d := p.Datasets[0]
	if d.Stream != nil || d.Pass == nil {
		b.Fatal("the bench's suite is not one pass")
	}
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	ours := func() error {
		_, err := source("flights").Aggregate(ctx, *d.Pass)
		return err
	}
	theirs := func() error {
		_, err := conn.Exec(ctx, byHand)
		return err
	}
	logPlan(b, conn, "theirs", byHand, nil)
	for _, s := range mustStatements(b, source("flights"), *d.Pass) {
		logPlan(b, conn, "ours", s.Text, s.Args)
	}
	for b.Loop() {
		connectortest.Versus(b, "server", ours, theirs)
	}
	wholeProcess(b, dsn, path, byHand)
}

func mustStatements(b *testing.B, src connectors.Source, r query.Request) []query.Statement {
	b.Helper()
	x, ok := src.(connectors.Explainer)
	if !ok {
		b.Fatal("PostgreSQL's source explains nothing")
	}
	list, err := x.Statements(r)
	if err != nil {
		b.Fatal(err)
	}
	return list
}

// logPlan logs the server's plan of a statement, its output columns left out.
func logPlan(b *testing.B, conn *pgx.Conn, whose, sql string, values []string) {
	b.Helper()
	args := []any{pgx.QueryExecModeSimpleProtocol}
	for _, v := range values {
		args = append(args, v)
	}
	rows, err := conn.Query(b.Context(), "explain (costs off) "+sql, args...)
	if err != nil {
		b.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("plan of %s:\n%s", whose, strings.Join(lines, "\n"))
}

// wholeProcess compares `assay run` with psql running the statement by hand. Failing rows are not fetched: psql does not either.
func wholeProcess(b *testing.B, dsn, path, byHand string) {
	b.Helper()
	psql, err := exec.LookPath("psql")
	if err != nil {
		b.Fatal("psql is missing: apt-get install postgresql-client")
	}
	bin := filepath.Join(b.TempDir(), "assay")
	if out, err := exec.CommandContext(b.Context(), "go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		b.Fatalf("build: %v\n%s", err, out)
	}
	state := b.TempDir()
	connectortest.Versus(b, "process", func() error {
		out, err := exec.CommandContext(b.Context(), bin, "run", path, "--failures", "0", "--state", state, "--distrust-constraints").CombinedOutput()
		if code := exitOf(err); code != 1 { // some of the real data's expectations fail
			return fmt.Errorf("assay run: exit %d\n%s", code, out)
		}
		return nil
	}, func() error {
		out, err := exec.CommandContext(b.Context(), psql, dsn, "-qAtc", byHand).CombinedOutput()
		if err != nil {
			return fmt.Errorf("psql: %w\n%s", err, out)
		}
		return nil
	})
}

func exitOf(err error) int {
	if err == nil {
		return 0
	}
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		return e.ExitCode()
	}
	return -1
}
