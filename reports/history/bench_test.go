package history_test

import (
	"database/sql"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/expectations/baseline"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/reports/history"
)

// The store that the issue asks for, and the most that a run's part in it may cost.
const (
	benchRuns         = 1000
	benchExpectations = 500
	benchPoints       = 100
	mostOverhead      = 200 * time.Millisecond
)

// large is the n-th run of a suite with benchExpectations.
func large(n int) *result.Report {
	verdicts := make([]result.Verdict, benchExpectations)
	for i := range verdicts {
		verdicts[i] = result.Pass
		if (i+n)%10 == 0 {
			verdicts[i] = result.Fail
		}
	}
	rep := report("shop", n, verdicts...)
	for i := range rep.Expectations {
		rep.Expectations[i].ID = fmt.Sprintf("orders_of_the_last_year.not_null.column_with_a_name_%03d", i)
	}
	return rep
}

// overhead is what a run does with the history: the last run's outcomes, the points of every series, and its own part saved.
func overhead(t testing.TB, s *history.Store, rep *result.Report) {
	t.Helper()
	last, outcomes, err := s.Previous(t.Context(), rep.Run.Job, rep.Run.Start)
	if err != nil || len(outcomes) != benchExpectations {
		t.Fatalf("%d outcomes, %v", len(outcomes), err)
	}
	history.Stand(rep, last, outcomes)
	var requests []baseline.Request
	for i := range rep.Expectations {
		requests = append(requests, baseline.Request{Series: baseline.Series{Of: result.TrendFailureRate, ID: rep.Expectations[i].ID}, Limit: benchPoints})
	}
	requests = append(requests, baseline.Request{Series: baseline.Series{Of: result.TrendRows, ID: "orders"}, Limit: benchPoints},
		baseline.Request{Series: baseline.Series{Of: result.TrendDuration}, Limit: benchPoints})
	points, err := s.Mode(rep.Run.Mode).Points(t.Context(), rep.Run.Job, rep.Run.Start, requests)
	if err != nil {
		t.Fatal(err)
	}
	for i := range points {
		if len(points[i]) != benchPoints {
			t.Fatalf("%+v has %d points", requests[i], len(points[i]))
		}
	}
	if err := s.Save(t.Context(), rep); err != nil {
		t.Fatal(err)
	}
}

func benchEngines(b *testing.B, f func(b *testing.B, p place)) {
	b.Helper()
	b.Run("sqlite", func(b *testing.B) {
		f(b, place{history.SQLite, "sqlite", history.SQLiteDSN(b.TempDir() + "/history.db")})
	})
	b.Run("postgres", func(b *testing.B) {
		f(b, place{history.PostgreSQL, "pgx", connectortest.PostgresDatabase(b, connectortest.LocaleC)})
	})
}

// session is overhead with the connection opened anew, as a command does it; it returns how long that took.
func session(t testing.TB, p place, rep *result.Report) time.Duration {
	t.Helper()
	began := time.Now()
	db, err := sql.Open(p.driver, p.dsn)
	if err != nil {
		t.Fatal(err)
	}
	s, err := history.Open(t.Context(), db, p.engine)
	if err != nil {
		t.Fatal(err)
	}
	overhead(t, s, rep)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return time.Since(began)
}

// fill makes a history of benchRuns.
func fill(t testing.TB, p place) {
	t.Helper()
	s := p.open(t)
	for n := range benchRuns {
		save(t, s, large(n))
	}
}

// BenchmarkHistory1000x500 measures a run's overhead on 1,000 runs of 500 expectations.
func BenchmarkHistory1000x500(b *testing.B) {
	benchEngines(b, func(b *testing.B, p place) {
		b.Helper()
		fill(b, p)
		n := benchRuns
		var slowest time.Duration
		for b.Loop() {
			slowest = max(slowest, session(b, p, large(n)))
			n++
		}
		b.ReportMetric(float64(slowest.Milliseconds()), "slowest-ms")
	})
}

// TestOverhead holds the overhead to its bound, where a machine has time for that.
func TestOverhead(t *testing.T) {
	if os.Getenv("ASSAY_TEST_SOAK") == "" {
		t.Skip("fills a store with half a million outcomes: ASSAY_TEST_SOAK=1 runs it")
	}
	engines(t, func(t *testing.T, p place) {
		fill(t, p)
		var took []time.Duration
		for n := range 21 {
			took = append(took, session(t, p, large(benchRuns+n)))
		}
		slices.Sort(took)
		t.Logf("of 21 the median is %v, the slowest %v", took[10], took[20])
		if took[10] > mostOverhead {
			t.Errorf("a run's overhead is %v, more than %v", took[10], mostOverhead)
		}
	})
}
