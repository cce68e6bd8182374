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

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/run"
	"github.com/assay-dev/assay/suites"
)

// BenchmarkOnePassFlights measures the suite that the lowering was tuned on: narrow integers and short texts.
func BenchmarkOnePassFlights(b *testing.B) {
	dsn := connectortest.Postgres(b)
	onePass(b, onePassCase{
		dsn:     dsn,
		table:   connectortest.FlightsPostgres(b, dsn, connectortest.Flights(b)),
		dataset: "flights",
		suite:   flightsOfOnePass(read(b, "flights.yaml")),
		byHand:  read(b, "flights_byhand.sql"),
	})
}

// BenchmarkOnePassOrders measures a suite that was written, with its table and its statement by hand, before anybody looked
// at how it is lowered: 64-bit integers, decimals, times and text.
func BenchmarkOnePassOrders(b *testing.B) {
	dsn := connectortest.Postgres(b)
	onePass(b, onePassCase{
		dsn:     dsn,
		table:   orders(b, dsn),
		dataset: "orders",
		suite:   read(b, "orders.yaml"),
		byHand:  read(b, "orders_byhand.sql"),
		counted: true,
	})
}

func read(b *testing.B, name string) string {
	b.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		b.Fatal(err)
	}
	return string(text)
}

// flightsOfOnePass is the flights suite without what no single statement can say: set-level checks and what is refused.
func flightsOfOnePass(text string) string {
	var kept []string
	for line := range strings.SplitSeq(text, "\n") {
		if strings.Contains(line, "unique:") || strings.Contains(line, "monotonic:") || strings.Contains(line, `\p{Lu}`) {
			continue
		}
		kept = append(kept, line)
	}
	s := strings.Join(kept, "\n")
	// An expression whose author would not write it in SQL, and one that SQL counts only with a statement of its own.
	s = cutItem(s, "      - id: plane-number", 2)
	return cutItem(s, "  - id: carriers", 2)
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

// orders creates the table of orders.yaml and returns its name; it is dropped at the end of the benchmark.
func orders(b *testing.B, dsn string) string {
	b.Helper()
	conn := connect(b, dsn)
	name := connectortest.Unique("orders")
	b.Cleanup(func() {
		conn := connect(b, dsn)
		if _, err := conn.Exec(context.WithoutCancel(b.Context()), "drop table if exists "+name); err != nil {
			b.Error(err)
		}
	})
	// Two statements: VACUUM takes no transaction, which a text of several is.
	for statement := range strings.SplitSeq(strings.ReplaceAll(read(b, "orders_table.sql"), "@TABLE@", name), ";\n") {
		if _, err := conn.Exec(b.Context(), statement); err != nil {
			b.Fatal(err)
		}
	}
	return name
}

func connect(b *testing.B, dsn string) *pgx.Conn {
	b.Helper()
	ctx := context.WithoutCancel(b.Context()) // also used, and closed, after the benchmark
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close(ctx) })
	return conn
}

// onePassCase is a suite and the statement with the same counts.
type onePassCase struct {
	dsn, table, dataset string
	suite               string // with @CONNECTION@ and @DATASET@
	byHand              string // with @TABLE@
	// counted says that the statement gives a row for each expectation, to be held against assay's counts.
	counted bool
}

// onePass compares the one aggregate statement of a suite with the same counts written by hand, on the server
// alone, and the whole process with psql running it.
func onePass(b *testing.B, c onePassCase) {
	b.Helper()
	ctx := b.Context()
	text := strings.NewReplacer("@CONNECTION@", fmt.Sprintf("{driver: postgres, dsn: %q, timezone: UTC}", c.dsn), "@DATASET@", "table: "+c.table).Replace(c.suite)
	path := filepath.Join(b.TempDir(), c.dataset+".yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	byHand := strings.ReplaceAll(c.byHand, "@TABLE@", c.table)

	set, found := suites.Load(ctx, suites.Options{}, path)
	if found.HasErrors() {
		b.Fatal(found)
	}
	o := run.Options{Open: open, Now: time.Now(), Plan: plan.Options{DistrustConstraints: true}}
	p, found, source, done := run.Prepare(ctx, &set.Suites[0], o)
	if found.HasErrors() {
		b.Fatal(found)
	}
	defer done()
	d := p.Datasets[0]
	if d.Stream != nil || d.Pass == nil {
		b.Fatal("the bench's suite is not one pass")
	}
	conn := connect(b, c.dsn)
	if c.counted {
		rep, found := run.Run(ctx, &set.Suites[0], o)
		if found.HasErrors() {
			b.Fatal(found)
		}
		sameCounts(b, conn, byHand, rep)
	}
	ours := func() error {
		_, err := source(c.dataset).Aggregate(ctx, *d.Pass)
		return err
	}
	theirs := func() error {
		_, err := conn.Exec(ctx, byHand)
		return err
	}
	logPlan(b, conn, "theirs", byHand, nil)
	for _, s := range mustStatements(b, source(c.dataset), *d.Pass) {
		logPlan(b, conn, "ours", s.Text, s.Args)
	}
	for b.Loop() {
		connectortest.Versus(b, "server", ours, theirs)
	}
	wholeProcess(b, c.dsn, path, byHand)
}

// handCounts are what the statement by hand says of one expectation; a metric has nothing but its value.
type handCounts struct {
	Holds, Fails, Undecided, ByNull, Skipped *int64
	Observed                                 string
}

// sameCounts holds every count of the report to the statement written by hand.
func sameCounts(b *testing.B, conn *pgx.Conn, byHand string, rep *result.Report) {
	b.Helper()
	rows, err := conn.Query(b.Context(), byHand)
	if err != nil {
		b.Fatal(err)
	}
	want := map[string]handCounts{}
	var id string
	var h handCounts
	var observed *string
	_, err = pgx.ForEachRow(rows, []any{&id, &h.Holds, &h.Fails, &h.Undecided, &h.ByNull, &h.Skipped, &observed}, func() error {
		w := h
		if observed != nil {
			w.Observed = *observed
		}
		want[id] = w
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	got := map[string]handCounts{}
	for i := range rep.Expectations {
		x := &rep.Expectations[i]
		if n := x.Counts; n != nil {
			got[x.ID] = handCounts{Holds: &n.True, Fails: &n.False, Undecided: &n.Undecided, ByNull: &n.UndecidedByNull, Skipped: &n.SkippedNull}
		} else {
			got[x.ID] = handCounts{Observed: x.Observed.Text()}
		}
	}
	if len(want) == 0 {
		b.Fatal("the statement by hand counts nothing")
	}
	if d := cmp.Diff(want, got); d != "" {
		b.Fatalf("counts differ from those by hand (-by hand +assay):\n%s", d)
	}
	b.Logf("%d expectations counted alike", len(want))
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
