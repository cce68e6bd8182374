package diff_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/mysql"
	"github.com/assay-dev/assay/connectors/postgres"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/expectations/diff"
)

// wide is a pair of tables of rows of a kilobyte, in PostgreSQL and MySQL, that differ in ten rows.
type wide struct {
	rows   int
	name   string
	differ []string // keys with their classes, in order
}

func newWide(t testing.TB, rows int) *wide {
	t.Helper()
	w := &wide{rows: rows, name: connectortest.Unique("digest_wide")}
	run := func(driver, dsn string, statements ...string) {
		t.Helper()
		db, err := sql.Open(driver, dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = db.Close() }()
		db.SetMaxOpenConns(1)
		for _, s := range statements {
			if _, err := db.ExecContext(context.WithoutCancel(t.Context()), s); err != nil {
				t.Fatalf("%.100s: %v", s, err)
			}
		}
	}
	pg, my := connectortest.Postgres(t), connectortest.MySQL(t)
	t.Cleanup(func() {
		run("pgx", pg, "DROP TABLE IF EXISTS "+w.name)
		run("mysql", my, "DROP TABLE IF EXISTS "+w.name)
	})
	var change []string
	for i := range 10 {
		k := (i*rows/10 + i) * 3
		class := diff.Changed
		switch i {
		case 3:
			class = diff.Missing
			change = append(change, fmt.Sprintf("DELETE FROM %s WHERE id = %d", w.name, k))
		case 4:
			class = diff.Extra
			k++
			change = append(change, fmt.Sprintf("INSERT INTO %s VALUES (%d, 'new', 1.50)", w.name, k))
		case 5:
			change = append(change, fmt.Sprintf("UPDATE %s SET n = NULL WHERE id = %d", w.name, k))
		default:
			change = append(change, fmt.Sprintf("UPDATE %s SET s = concat(s, ' ') WHERE id = %d", w.name, k))
		}
		w.differ = append(w.differ, fmt.Sprint(k, " ", class))
	}
	run("pgx", pg, "CREATE TABLE "+w.name+" (id bigint PRIMARY KEY, s text, n numeric(12,2))",
		fmt.Sprintf("INSERT INTO %s SELECT 3 * i, repeat(encode(sha256(i::text::bytea), 'hex'), 16), i / 4.0 FROM generate_series(0, %d) i", w.name, rows-1), "VACUUM ANALYZE "+w.name)
	run("mysql", my, append([]string{
		"CREATE TABLE " + w.name + " (id bigint PRIMARY KEY, s text, n decimal(14,3))", "SET SESSION cte_max_recursion_depth = 1000000",
		fmt.Sprintf("INSERT INTO %s WITH RECURSIVE g AS (SELECT 0 AS i UNION ALL SELECT i + 1 FROM g WHERE i < %d) SELECT 3 * i, REPEAT(SHA2(i, 256), 16), i / 4 FROM g", w.name, rows-1), "ANALYZE TABLE " + w.name,
	}, change...)...)
	return w
}

// compared is one comparison by way of links.
type comparedWide struct {
	res  diff.Result
	down int64 // bytes from both servers
	took time.Duration
}

func (w *wide) compare(t testing.TB, strategy diff.Strategy, bitsPerSecond int64) comparedWide {
	t.Helper()
	pgDSN, pgLink := connectortest.PacedPostgres(t, bitsPerSecond)
	myDSN, myLink := connectortest.PacedMySQL(t, bitsPerSecond)
	l := side(t, opened(t, postgres.Open, "dsn", pgDSN), query.Dataset{Name: "left", Table: w.name})
	r := side(t, opened(t, mysql.Open, "dsn", myDSN), query.Dataset{Name: "right", Table: w.name})
	s := align(t, l, r, diff.AlignOptions{Strategy: strategy})
	before, started := pgLink.Down()+myLink.Down(), time.Now()
	var found []string
	res, err := diff.Run(t.Context(), s, func(d diff.Difference) error {
		found = append(found, fmt.Sprint(d.Key[0].Int(), " ", d.Class))
		return nil
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(found, w.differ) || res.Counts.Identical != int64(w.rows)-9 {
		t.Fatalf("found %v of %v, %+v", found, w.differ, res.Counts)
	}
	return comparedWide{res: res, down: pgLink.Down() + myLink.Down() - before, took: time.Since(started)}
}

// slow is the rate of Shows 7: 20 Mbit/s.
const slow = 20_000_000

// TestSlowLink holds that digests move a fraction of what a merge moves, and that they are chosen where that matters. That a merge is chosen
// where it does not is for BenchmarkSlowLink: what a busy machine sends looks like a slow link, and is one.
func TestSlowLink(t *testing.T) {
	w := newWide(t, 20_000)
	merged := w.compare(t, diff.Merge, 0)
	if merged.res.Choice.Strategy != diff.Merge || merged.res.Bound != 0 || merged.down < int64(w.rows)*2*1024 {
		t.Fatalf("%+v moved %d bytes", merged.res, merged.down)
	}
	digested := w.compare(t, diff.Digest, slow)
	if digested.res.Choice.Strategy != diff.Digest || digested.res.Bound == 0 || digested.res.Bound > 1e-34 {
		t.Fatalf("%+v", digested.res)
	}
	if digested.down*20 > merged.down {
		t.Errorf("digests moved %d bytes, a merge %d", digested.down, merged.down)
	}
	chosen := w.compare(t, diff.Auto, slow/4) // so slow that a busy machine, whose first answers are late too, still sees it
	if chosen.res.Choice.Strategy != diff.Digest || !strings.Contains(chosen.res.Choice.Reason, "hashing the rows where they are") {
		t.Errorf("over a slow link: %+v", chosen.res.Choice)
	}
	if chosen.down*10 > merged.down {
		t.Errorf("the choice and digests moved %d bytes, a merge %d", chosen.down, merged.down)
	}
	t.Logf("bytes: merge %d, digests %d, chosen %d; %s", merged.down, digested.down, chosen.down, chosen.res.Choice.Reason)
}

// BenchmarkSlowLink measures both strategies over a link of 20 Mbit/s, where digests are to be at least five times as fast, and what is
// chosen over it and over a fast one.
func BenchmarkSlowLink(b *testing.B) {
	w := newWide(b, 60_000)
	for rate, want := range map[int64]diff.Strategy{0: diff.Merge, slow: diff.Digest} {
		if got := w.compare(b, diff.Auto, rate).res.Choice; got.Strategy != want || !strings.Contains(got.Reason, "reading both sides takes about") {
			b.Errorf("at %d bits a second %+v is chosen, not %s", rate, got, want)
		}
	}
	var merge, digest time.Duration
	for b.Loop() {
		merge += w.compare(b, diff.Merge, slow).took
		digest += w.compare(b, diff.Digest, slow).took
	}
	ratio := merge.Seconds() / digest.Seconds()
	b.ReportMetric(ratio, "times-as-fast")
	b.ReportMetric(digest.Seconds()/float64(b.N), "s/digest")
	b.ReportMetric(merge.Seconds()/float64(b.N), "s/merge")
	if ratio < 5 {
		b.Errorf("digests are %.1f times as fast as a merge", ratio)
	}
}
