package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors/connectortest"
)

// benchRows is the number of rows of a benchmark's table: all of scale factor 1, or ASSAY_BENCH_ROWS.
func benchRows(t testing.TB, tb *connectortest.TPCHTable) int {
	t.Helper()
	s := os.Getenv("ASSAY_BENCH_ROWS")
	if s == "" {
		return tb.Rows
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 200 {
		t.Fatalf("ASSAY_BENCH_ROWS is no number of rows: %q", s)
	}
	return n
}

// planted are the differences of a benchmark: drawn anew in every run, the first and the last row and NULL against ” among them.
type planted struct{ changed, missing, extra []int64 }

// plant draws five rows to change, two to leave out and two to add, and has exec change the target's table of orders so.
func plant(t testing.TB, rows int, exec func(statement string)) planted {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Logf("differences drawn by seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	null, empty := 13+97*r.IntN((rows-14)/97), 31+97*r.IntN((rows-32)/97)
	taken := map[int]bool{0: true, rows - 1: true, null: true, empty: true}
	draw := func() int {
		for {
			if i := r.IntN(rows); !taken[i] {
				taken[i] = true
				return i
			}
		}
	}
	key := connectortest.TPCHOrderKey
	border := draw() / 4096 * 4096 // where pages of rows end
	for taken[border] {
		border = draw() / 4096 * 4096
	}
	taken[border] = true
	p := planted{changed: []int64{key(0), key(rows - 1), key(null), key(empty), key(border)}, missing: []int64{key(draw()), key(draw())}}
	for range 2 {
		p.extra = append(p.extra, key(draw())+8) // keys are sparse: the next 24 of every 32 are free
	}
	exec(fmt.Sprintf("update @ set o_totalprice = o_totalprice + 0.01 where o_orderkey = %d", p.changed[0]))
	exec(fmt.Sprintf("update @ set o_clerk = 'clerk#000000001' where o_orderkey = %d", p.changed[1]))
	exec(fmt.Sprintf("update @ set o_comment = '' where o_orderkey = %d", p.changed[2]))
	exec(fmt.Sprintf("update @ set o_comment = null where o_orderkey = %d", p.changed[3]))
	exec(fmt.Sprintf("update @ set o_orderdate = '1991-12-31' where o_orderkey = %d", p.changed[4]))
	for _, k := range p.missing {
		exec(fmt.Sprintf("delete from @ where o_orderkey = %d", k))
	}
	for _, k := range p.extra {
		exec(fmt.Sprintf("insert into @ values (%d, 1, 'O', 1.00, '1998-01-01', '5-LOW', 'Clerk#000000001', 0, 'extra')", k))
	}
	for _, l := range [][]int64{p.changed, p.missing, p.extra} {
		slices.Sort(l)
	}
	return p
}

// assayDiff is the program, built; it runs a comparison and holds it to the planted differences.
type assayDiff struct{ bin string }

func buildAssay(t testing.TB) assayDiff {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "assay")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return assayDiff{bin}
}

// run compares and returns the peak of the process's memory in bytes.
func (a assayDiff) run(ctx context.Context, want planted, args ...string) (peak int64, err error) {
	cmd := exec.CommandContext(ctx, a.bin, append([]string{"diff", "--format", "json"}, args...)...)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, peak, err := runPeak(cmd)
	if code := exitOf(err); code != exitFailed {
		return 0, fmt.Errorf("assay diff: exit %d: %s", code, errs.String())
	}
	var doc struct {
		Complete    bool
		Differences []struct {
			Class string
			Key   map[string]json.Number
		}
	}
	if err := json.Unmarshal(out, &doc); err != nil {
		return 0, fmt.Errorf("assay diff: %w", err)
	}
	got := map[string][]int64{}
	for _, d := range doc.Differences {
		k, err := d.Key["o_orderkey"].Int64()
		if err != nil {
			return 0, fmt.Errorf("assay diff: %w", err)
		}
		got[d.Class] = append(got[d.Class], k)
	}
	for class, keys := range map[string][]int64{"changed": want.changed, "missing": want.missing, "extra": want.extra} {
		slices.Sort(got[class])
		if !slices.Equal(got[class], keys) || !doc.Complete {
			return 0, fmt.Errorf("assay diff: %s: %d, want %d", class, got[class], keys)
		}
		delete(got, class)
	}
	if len(got) != 0 {
		return 0, fmt.Errorf("assay diff: found %v besides", got)
	}
	return peak, nil
}

func execSQL(t testing.TB, driver, dsn, table string) func(string) {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return func(statement string) {
		res, err := db.ExecContext(t.Context(), strings.ReplaceAll(statement, "@", table))
		if err != nil {
			t.Fatal(err)
		}
		if n, err := res.RowsAffected(); err != nil || n != 1 {
			t.Fatalf("%s: %d rows, %v", statement, n, err)
		}
	}
}

// BenchmarkDiffMySQL compares orders on PostgreSQL with orders on MySQL, the whole process against a program that only reads both at once.
func BenchmarkDiffMySQL(b *testing.B) {
	tb := connectortest.TPCHOrders()
	rows := benchRows(b, tb)
	pg, my := connectortest.Postgres(b), connectortest.MySQL(b)
	left, right := connectortest.TPCHPostgres(b, pg, tb, rows), connectortest.TPCHMySQL(b, my, tb, rows)
	want := plant(b, rows, execSQL(b, "mysql", my, right))
	a := buildAssay(b)
	for b.Loop() {
		var peak int64
		connectortest.Versus(b, "diff", func() error {
			p, err := a.run(b.Context(), want, pg+"#"+left, my+"#"+right)
			peak = max(peak, p)
			return err
		}, func() error {
			return connectortest.FloorBoth(b.Context(), int64(rows),
				func(ctx context.Context) (int64, error) { return connectortest.FloorPostgres(ctx, pg, left, tb) },
				func(ctx context.Context) (int64, error) { return connectortest.FloorMySQL(ctx, my, right, tb) })
		})
		b.ReportMetric(float64(peak)/1e6, "peak-MB")
	}
}

// BenchmarkDiffElasticsearch compares orders on PostgreSQL with an index of them, against a dump of the index.
func BenchmarkDiffElasticsearch(b *testing.B) {
	tb := connectortest.TPCHOrders()
	rows := benchRows(b, tb)
	pg, es := connectortest.Postgres(b), connectortest.Elasticsearch(b)
	left, right := connectortest.TPCHPostgres(b, pg, tb, rows), connectortest.TPCHElasticsearch(b, es, tb, rows)
	// The drift is on PostgreSQL's side here: what was added there is missing in the index.
	drift := plant(b, rows, execSQL(b, "pgx", pg, left))
	want := planted{changed: drift.changed, missing: drift.extra, extra: drift.missing}
	a := buildAssay(b)
	for b.Loop() {
		var peak int64
		connectortest.Versus(b, "diff", func() error {
			p, err := a.run(b.Context(), want, pg+"#"+left, "elasticsearch+"+es+"#"+right, "--key", "o_orderkey")
			peak = max(peak, p)
			return err
		}, func() error {
			return connectortest.FloorBoth(b.Context(), int64(rows),
				func(ctx context.Context) (int64, error) { return connectortest.FloorElasticsearch(ctx, es, right) })
		})
		b.ReportMetric(float64(peak)/1e6, "peak-MB")
	}
}
