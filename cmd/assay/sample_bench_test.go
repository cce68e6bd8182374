package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/expectations/result"
)

// The sizes of BenchmarkSample's tables. ASSAY_BENCH_ROWS is the size of the larger one instead, and a tenth of it that of the smaller at most.
const (
	auditRows          = 10_000
	auditSmall         = 300_000
	auditLargePostgres = 30_000_000
	auditLargeMySQL    = 5_000_000
	// A row of so many fails, in either table and in every block of so many rows.
	auditFailing = 100
	auditBlock   = 10_000
)

// BenchmarkSamplePostgres audits a table and one of a hundred times its rows by 10,000 of them each. Both are in the server's memory as far as that holds them (make bench
// gives it 6 GB), else in the operating system's: what is measured is work, not the disk.
func BenchmarkSamplePostgres(b *testing.B) {
	dsn := connectortest.PostgresDatabase(b, connectortest.LocaleC)
	a := newAudits(b, "postgres", "pgx", dsn, auditLargePostgres, fillPostgres)
	a.warm = func(ctx context.Context, i int) error {
		_, err := a.db.ExecContext(ctx, "select pg_prewarm('"+a.table[i]+"'), pg_prewarm('"+a.table[i]+"_pkey')")
		return err
	}
	if _, err := a.db.ExecContext(b.Context(), "create extension pg_prewarm"); err != nil {
		b.Fatal(err)
	}
	pages := [2]int64{a.pages(b, 0), a.pages(b, 1)}
	b.Logf("pages read: %d of %d rows, %d of %d", pages[0], a.rows[0], pages[1], a.rows[1])
	b.ReportMetric(float64(pages[1])/float64(pages[0]), "pages-ratio")
	a.compare(
		b,
		peerQuery{"order-by-random", auditRows, auditRows, byHand("select status, unit_price, total, email from " + a.table[1] + " order by random() limit " + strconv.Itoa(auditRows))},
		peerQuery{"bernoulli", auditRows - 600, auditRows + 600, byHand("select status, unit_price, total, email from " + a.table[1] + " tablesample bernoulli (" + a.share(100) + ")")},
	)
}

// BenchmarkSampleMySQL does the same on MySQL, which has no TABLESAMPLE and reads past the operating system's memory: what is not in its own, of which make bench gives it
// enough, comes from the disk.
func BenchmarkSampleMySQL(b *testing.B) {
	a := newAudits(b, "mysql", "mysql", connectortest.MySQLDatabase(b), auditLargeMySQL, fillMySQL)
	a.compare(
		b,
		peerQuery{"order-by-random", auditRows, auditRows, byHand("select status, unit_price, total, email from " + a.table[1] + " order by rand() limit " + strconv.Itoa(auditRows))},
		peerQuery{"bernoulli", auditRows - 600, auditRows + 600, byHand("select status, unit_price, total, email from " + a.table[1] + " where rand() < " + a.share(1))},
	)
}

// auditSuite has an expectation that a hundredth of the rows fails and two that none does.
const auditSuite = `version: 1
suite: audit
connections: {db: {driver: %s, dsn: %q}}
datasets:
  orders:
    connection: db
    table: %s
    key: [id]
    expectations:
      - {id: lost, expect: row.status != "lost", mostly: 98%%}
      - {id: total, expect: row.total >= row.unit_price}
      - {id: email, expect: 'row.email.endsWith("@example.com")'}
`

// byHand is what somebody would write for auditSuite on rows of a query.
func byHand(rows string) string {
	return "select count(*), sum(case when status <> 'lost' then 0 else 1 end), sum(case when total >= unit_price then 0 else 1 end), sum(case when email like '%@example.com' then 0 else 1 end) from (" + rows + ") s"
}

// peerQuery is a statement by hand, which finds from least to most rows.
type peerQuery struct {
	name        string
	least, most int64
	text        string
}

// audits are a small and a large table with the same share of failing rows.
type audits struct {
	bin, state string
	db         *sql.DB
	rows       [2]int
	table      [2]string
	suite      [2]string
	warm       func(ctx context.Context, i int) error // reads a table into the operating system's memory, nil where nothing does
	seed       [2]uint64                              // of the last audit
	outside    [2]int                                 // audits whose interval did not hold the true rate
	looked     [2]int64
}

func newAudits(b *testing.B, driver, sqlDriver, dsn string, large int, fill func(b *testing.B, db *sql.DB, table string, rows int)) *audits {
	b.Helper()
	a := &audits{bin: buildAssay(b).bin, state: b.TempDir(), rows: [2]int{auditSmall, large}}
	if s := os.Getenv("ASSAY_BENCH_ROWS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 10*auditBlock {
			b.Fatalf("ASSAY_BENCH_ROWS is no number of rows: %q", s)
		}
		a.rows = [2]int{min(auditSmall, n/10/auditBlock*auditBlock), n / auditBlock * auditBlock}
	}
	db, err := sql.Open(sqlDriver, dsn)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	a.db = db
	for i, n := range a.rows {
		a.table[i] = fmt.Sprintf("orders_%d", n)
		began := time.Now()
		fill(b, db, a.table[i], n)
		b.Logf("%s filled in %v", a.table[i], time.Since(began).Round(time.Second))
		a.suite[i] = filepath.Join(b.TempDir(), a.table[i]+".yaml")
		if err := os.WriteFile(a.suite[i], fmt.Appendf(nil, auditSuite, driver, dsn, a.table[i]), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	return a
}

// share is that of a sample's rows in the large table, times of.
func (a *audits) share(of float64) string {
	return strconv.FormatFloat(of*auditRows/float64(a.rows[1]), 'f', 12, 64)
}

// compare times the audits of both tables, statements by hand and a run on all rows of the large one.
func (a *audits) compare(b *testing.B, peers ...peerQuery) {
	b.Helper()
	ctx := b.Context()
	contenders := []connectortest.Contender{
		{Name: "audit of the small one", Before: func() error { return a.warmed(ctx, 0) }, Run: func() error { return a.audit(ctx, 0) }},
		{Name: "audit of the large one", Before: func() error { return a.warmed(ctx, 1) }, Run: func() error { return a.audit(ctx, 1) }},
		{Name: "assay run on all rows", Run: func() error { return a.full(ctx, 1) }},
	}
	for _, p := range peers {
		contenders = append(contenders, connectortest.Contender{Name: p.name, Run: func() error { return a.ask(ctx, p) }})
	}
	for b.Loop() {
		m := connectortest.InTurn(b, "sample", contenders...)
		b.ReportMetric(float64(m[1])/float64(m[0]), "large-to-small")
		b.ReportMetric(float64(m[0].Milliseconds()), "small-ms")
		b.ReportMetric(float64(m[1].Milliseconds()), "large-ms")
		b.ReportMetric(float64(m[2].Milliseconds()), "all-rows-ms")
		for i, p := range peers {
			b.ReportMetric(float64(m[3+i].Milliseconds()), p.name+"-ms")
		}
	}
	b.Logf("looked at %d places of %d rows, %d of %d; intervals that do not hold the true rate: %d of %d", a.looked[0], a.rows[0], a.looked[1], a.rows[1], a.outside[0]+a.outside[1], a.seed[0]+a.seed[1])
	// One of a hundred may; seeds are the same in every run.
	if a.outside[0] > 1 || a.outside[1] > 1 {
		b.Errorf("intervals do not hold the true rate: %d", a.outside)
	}
	if a.looked[1] > a.looked[0]*6/5 {
		b.Errorf("looked at %d places", a.looked)
	}
}

func (a *audits) warmed(ctx context.Context, i int) error {
	if a.warm == nil {
		return nil
	}
	return a.warm(ctx, i)
}

// audit draws rows that were not drawn before, so that nothing is warm which is not in a table of that size.
func (a *audits) audit(ctx context.Context, i int) error {
	a.seed[i]++
	rep, err := a.run(ctx, i, "--sample", strconv.Itoa(auditRows), "--seed", strconv.FormatUint(a.seed[i], 10))
	if err != nil {
		return err
	}
	for _, e := range rep.Expectations {
		s := e.Sample
		if s == nil || s.Drawn != auditRows || s.Judged != auditRows || s.Linear || e.Interval == nil || e.ID == "lost" == (e.Counts.False == 0) {
			return fmt.Errorf("%s: %s by %+v, %+v: %s", a.table[i], e.ID, s, e.Counts, e.Message)
		}
		// The interval is of the rate of rows that hold.
		truth := 1.0
		if e.ID == "lost" {
			truth = 1 - 1.0/auditFailing
		}
		if e.Interval.Low > truth || e.Interval.High < truth {
			a.outside[i]++
		}
		a.looked[i] = s.Looked
	}
	return nil
}

// full evaluates all rows, whose failures are known.
func (a *audits) full(ctx context.Context, i int) error {
	rep, err := a.run(ctx, i)
	if err != nil {
		return err
	}
	for _, e := range rep.Expectations {
		want := result.Counts{True: int64(a.rows[i])}
		if e.ID == "lost" {
			want.False = int64(a.rows[i] / auditFailing)
			want.True -= want.False
		}
		if e.Counts != want {
			return fmt.Errorf("%s: %s: %+v, want %+v", a.table[i], e.ID, e.Counts, want)
		}
	}
	return nil
}

// auditReport is what is read of a report.
type auditReport struct {
	Expectations []struct {
		ID       string
		Message  string
		Counts   result.Counts
		Interval *result.Interval
		Sample   *result.Sample
	}
}

func (a *audits) run(ctx context.Context, i int, args ...string) (*auditReport, error) {
	cmd := exec.CommandContext(ctx, a.bin, append([]string{"run", a.suite[i], "--failures", "0", "--state", a.state, "--format", "json"}, args...)...)
	out, err := cmd.Output()
	if code := exitOf(err); code != exitOK {
		return nil, fmt.Errorf("assay run: exit %d\n%s", code, out)
	}
	var rep auditReport
	if err := json.Unmarshal(out, &rep); err != nil {
		return nil, fmt.Errorf("assay run: %w", err)
	}
	if len(rep.Expectations) != 3 {
		return nil, fmt.Errorf("assay run: %d expectations", len(rep.Expectations))
	}
	return &rep, nil
}

// ask runs a statement by hand, whose counts have to be such as chance gives.
func (a *audits) ask(ctx context.Context, p peerQuery) error {
	var n, lost, total, email int64
	if err := a.db.QueryRowContext(ctx, p.text).Scan(&n, &lost, &total, &email); err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	if n < p.least || n > p.most || lost < n/auditFailing/2 || lost > 2*n/auditFailing || total+email != 0 {
		return fmt.Errorf("%s: of %d rows %d, %d and %d fail", p.name, n, lost, total, email)
	}
	return nil
}

// pages counts those of a PostgreSQL table that an audit reads, from the server's statistics.
func (a *audits) pages(b *testing.B, i int) int64 {
	b.Helper()
	read := func() (n int64) {
		if err := a.db.QueryRowContext(b.Context(), "select heap_blks_read + heap_blks_hit from pg_statio_user_tables where relid = $1::regclass", a.table[i]).Scan(&n); err != nil {
			b.Fatal(err)
		}
		return n
	}
	// A session's own are there within a second, or when it has ended.
	settled := func(above int64) int64 {
		last, since := read(), time.Now()
		for time.Since(since) < 2*time.Second || last <= above {
			time.Sleep(100 * time.Millisecond)
			if n := read(); n != last {
				last, since = n, time.Now()
			}
			if time.Since(since) > time.Minute {
				b.Fatalf("%s: %d pages, and no more", a.table[i], last)
			}
		}
		return last
	}
	before := settled(-1)
	if err := a.audit(b.Context(), i); err != nil {
		b.Fatal(err)
	}
	return settled(before) - before
}
