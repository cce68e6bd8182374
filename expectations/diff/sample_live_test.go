package diff_test

import (
	"database/sql"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/elasticsearch"
	"github.com/assay-dev/assay/connectors/mysql"
	"github.com/assay-dev/assay/connectors/postgres"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/expectations/diff"
	"github.com/assay-dev/assay/expectations/sample"
)

// TestSampleHostileKeys draws all rows of tables whose keys engines order, pair or spell differently.
func TestSampleHostileKeys(t *testing.T) {
	eachHostilePair(t, func(t *testing.T, p *hostilePair) {
		t.Helper()
		s := align(t, p.sides[0], p.sides[1], diff.AlignOptions{TempDir: t.TempDir(), Columns: []string{"n", "s"}})
		counts := checkWhole(t, &s, &p.plain[0], &p.plain[1], p.seed)
		p.met(t, &counts)
	})
}

// ordersDrift is a table orders on PostgreSQL that has drifted from its copy: so many rows of each class.
type ordersDrift struct {
	rows, each int
	left       diff.Side
}

// drifted loads orders and changes, adds and removes rows.
func drifted(t testing.TB, rows, each int) ordersDrift {
	t.Helper()
	dsn := connectortest.Postgres(t)
	tb := connectortest.TPCHOrders()
	name := connectortest.TPCHPostgres(t, dsn, tb, rows)
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	// The keys are the first 8 of every 32: those from 9 on are free.
	step := rows / 8 / each
	for _, q := range []string{
		fmt.Sprintf("update %s set o_totalprice = o_totalprice + 1 where o_orderkey %% 32 = 1 and (o_orderkey / 32) %% %d = 0 and o_orderkey / 32 < %d", name, step, step*each),
		fmt.Sprintf("delete from %s where o_orderkey %% 32 = 2 and (o_orderkey / 32) %% %d = 0 and o_orderkey / 32 < %d", name, step, step*each),
		fmt.Sprintf("insert into %s select o_orderkey + 8, o_custkey, o_orderstatus, o_totalprice, o_orderdate, o_orderpriority, o_clerk, o_shippriority, o_comment from %s where o_orderkey %% 32 = 3 and (o_orderkey / 32) %% %d = 0 and o_orderkey / 32 < %d", name, name, step, step*each),
		"analyze " + name,
	} {
		res, err := db.ExecContext(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := res.RowsAffected(); q[:7] != "analyze" && (err != nil || n != int64(each)) {
			t.Fatalf("%d rows (%v), want %d: %s", n, err, each, q)
		}
	}
	return ordersDrift{rows: rows, each: each, left: side(t, opened(t, postgres.Open, "dsn", dsn), query.Dataset{Name: "orders", Table: name})}
}

// copies are the tables orders that the drifted one is compared with.
func copies(t testing.TB, rows int) map[string]diff.Side {
	t.Helper()
	tb := connectortest.TPCHOrders()
	my, es := connectortest.MySQL(t), connectortest.Elasticsearch(t)
	return map[string]diff.Side{
		"mysql":         side(t, opened(t, mysql.Open, "dsn", my), query.Dataset{Name: "orders_copy", Table: connectortest.TPCHMySQL(t, my, tb, rows)}),
		"elasticsearch": side(t, opened(t, elasticsearch.Open, "url", es), query.Dataset{Name: "orders_index", Index: connectortest.TPCHElasticsearch(t, es, tb, rows)}),
	}
}

// TestSampleOrdersLive draws from tables that drift has parted, over seeds: the estimates are unbiased, their intervals hold the truth, the same seed draws the
// same rows, and no more is read than was drawn, where a key can be asked for.
func TestSampleOrdersLive(t *testing.T) {
	rows, each, draw, seeds := 30_000, 150, 1500, 8
	soak := os.Getenv("ASSAY_TEST_SOAK") != ""
	if soak { // Shows 4: 0.1 % of each class
		rows, each, draw, seeds = 1_500_000, 1500, 10_000, 100
	}
	if n, err := strconv.Atoi(os.Getenv("ASSAY_BENCH_ROWS")); err == nil && n > 0 && soak {
		rows, each = n, n/1000
	}
	d := drifted(t, rows, each)
	for name, right := range copies(t, rows) {
		t.Run(name, func(t *testing.T) {
			s := align(t, d.left, right, diff.AlignOptions{Key: []string{"o_orderkey"}, TempDir: t.TempDir()})
			classes := [...]diff.Class{diff.Changed, diff.Missing, diff.Extra}
			var covered, sum [len(classes)]int
			together := 0
			for seed := range seeds {
				res, n, keys := drawOrders(t, &s, draw, uint64(seed))
				if seed%50 == 0 {
					if _, again, other := drawOrders(t, &s, draw, uint64(seed)); n != again || !slices.Equal(keys, other) {
						t.Errorf("seed %d: %v of %v, then %v of %v", seed, n, keys, again, other)
					}
				}
				held := 0
				for i := range classes {
					got := []int64{n[0].Changed, n[0].Missing, n[1].Extra}[i]
					sum[i] += int(got)
					w := res.Ways[[]canon.Side{canon.Left, canon.Left, canon.Right}[i]]
					est, err := sample.Share(sample.Count{Failed: got, Drawn: w.Judged}, sample.Split(0.99, 5)) // as package run does, where the estimates hold together
					if err != nil {
						t.Fatal(err)
					}
					if est.Interval.Contains(float64(each) / float64(rows)) {
						covered[i]++
						held++
					}
				}
				if held == len(classes) {
					together++
				}
				for way, w := range res.Ways {
					if w.Asked[1-way].Method != diff.ByKey {
						t.Fatalf("looked up %+v", w.Asked)
					}
					if w.Drawn != int64(draw) || w.Judged != w.Drawn || w.Counts.DuplicateKey != 0 {
						t.Fatalf("%+v", w)
					}
				}
			}
			for i, class := range classes {
				mean, want := float64(sum[i])/float64(seeds), float64(draw)*float64(each)/float64(rows)
				sigma := math.Sqrt(want / float64(seeds))
				t.Logf("%s: %.2f of %d rows drawn, want %.2f (%+.1f sigma); the interval holds the truth in %d of %d", class, mean, draw, want, (mean-want)/sigma, covered[i], seeds)
				if math.Abs(mean-want) > 4*sigma {
					t.Errorf("%s: %.2f rows on average, want %.2f", class, mean, want)
				}
			}
			t.Logf("all intervals hold the truth in %d of %d", together, seeds)
			if seeds-together > 2 { // of 100, the promise; of fewer, chance
				t.Errorf("all intervals hold the truth in %d of %d", together, seeds)
			}
		})
	}
}

// drawOrders draws a sample and returns what was counted, and the keys that differ.
func drawOrders(t *testing.T, s *diff.Spec, draw int, seed uint64) (res diff.SampleResult, n [2]diff.Counts, keys []int64) {
	t.Helper()
	res, err := diff.Sample(t.Context(), *s, diff.SampleOptions{Rows: draw, Seed: seed, Take: func(from canon.Side, draws []diff.Draw) (bool, error) {
		for _, d := range draws {
			tallied(&n[from], d.Class)
		}
		return false, nil
	}}, func(d diff.Difference) error {
		keys = append(keys, d.Key[0].Int())
		return nil
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return res, n, keys
}
