package history_test

import (
	"database/sql"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/baseline"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/reports/history"
)

// place is an empty database.
type place struct {
	engine history.Engine
	driver string
	dsn    string
}

// engines runs f on an empty database of each engine.
func engines(t *testing.T, f func(t *testing.T, p place)) {
	t.Run("sqlite", func(t *testing.T) {
		f(t, place{history.SQLite, "sqlite", history.SQLiteDSN(filepath.Join(t.TempDir(), "it's 100% #1?.db"))})
	})
	t.Run("postgres", func(t *testing.T) {
		f(t, place{history.PostgreSQL, "pgx", connectortest.PostgresDatabase(t, connectortest.LocaleC)})
	})
}

func (p place) connect(t testing.TB) *sql.DB {
	t.Helper()
	db, err := sql.Open(p.driver, p.dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func (p place) open(t testing.TB) *history.Store {
	t.Helper()
	s, err := history.Open(t.Context(), p.connect(t), p.engine)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// epoch is when the first run of a test starts; the n-th starts n hours later.
var epoch = time.Date(2026, 1, 2, 3, 4, 5, 678_000, time.UTC)

func at(n int) time.Time { return epoch.Add(time.Duration(n) * time.Hour) }

// report is the n-th run of a job, with the given verdicts of its expectations e0, e1, ...: each fails n rows of 100 where it fails.
func report(job string, n int, verdicts ...result.Verdict) *result.Report {
	rep := &result.Report{Schema: result.SchemaName, Run: result.Run{
		ID: job + "-" + strconv.Itoa(n), Suite: job, Job: job, Mode: "full", Start: at(n), End: at(n).Add(time.Second), DurationMS: int64(1000 + n), Digest: "d",
	}}
	rep.Summary.Verdict = result.Pass
	for i, v := range verdicts {
		e := result.Expectation{ID: "e" + strconv.Itoa(i), Kind: result.KindRow, Verdict: v, Severity: result.SeverityError}
		if v == result.Pass || v == result.Fail {
			bad := int64(0)
			if v == result.Fail {
				bad = int64(n)
				rep.Summary.Verdict = result.Fail
			}
			rate := float64(100-bad) / 100
			e.Counts, e.Rate = &result.Counts{True: 100 - bad, False: bad}, &rate
		}
		rep.Expectations = append(rep.Expectations, e)
	}
	rows := int64(100 + n)
	rep.Datasets = []result.Dataset{{Name: "orders", Driver: "sqlite", Source: "orders", Rows: &rows}, {Name: "gone", Error: "no such table"}}
	return rep
}

func save(t testing.TB, s *history.Store, reps ...*result.Report) {
	t.Helper()
	for _, r := range reps {
		if err := s.Save(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
}

func values(points []baseline.Point) string {
	var out []string
	for _, p := range points {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s:%v:%s %s", p.Run, p.Value, p.Verdict, p.Mark)))
	}
	return strings.Join(out, ", ")
}

func TestSaveAndRead(t *testing.T) {
	engines(t, func(t *testing.T, p place) {
		s := p.open(t)
		if r, out, err := s.Previous(t.Context(), "shop", at(9)); r != nil || len(out) != 0 || err != nil {
			t.Fatalf("an empty history has a run: %v %v %v", r, out, err)
		}
		rep := report("shop", 1, result.Pass, result.Fail, result.Error, result.Skipped)
		inconsistency := 0.01
		rep.Run.Mode, rep.Run.Seed = "sample", strconv.FormatUint(math.MaxUint64, 10)
		rep.Summary = result.Summary{
			Verdict: result.Error, Passed: 1, Failed: 2, Warned: 3, Inconclusive: 4, Errored: 5, Skipped: 6, RecordsChecked: math.MaxInt64, RecordsFixed: 8, ErrorCount: 9,
			Inconsistency: &inconsistency, Throughput: 1.5,
		}
		rep.Expectations[1].Interval = &result.Interval{Low: 0.25, High: 1 / 3.0, Confidence: 0.99}
		rep.Expectations[1].Orphans = &result.Orphans{Failing: 3}
		dec, err := value.ParseDec("12345678901234567890.123456789")
		if err != nil {
			t.Fatal(err)
		}
		rep.Expectations = append(rep.Expectations, result.Expectation{
			ID: "m", Kind: result.KindMetric, Verdict: result.Pass, Severity: result.SeverityInfo, Observed: result.Cell{Value: value.DecimalValue(dec)},
			Metrics: []result.Metric{{Expression: "a.sum(a, a.x) \"é\x00", Value: result.Cell{Value: value.DecimalValue(dec)}, ByNull: 2}},
		})
		save(t, s, rep, rep) // twice the same is once
		got, outcomes, err := s.Run(t.Context(), "shop-1")
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(rep.Run, got.Run); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff(rep.Summary, got.Summary); d != "" {
			t.Error(d)
		}
		observed := "12345678901234567890.123456789"
		figure := func(f float64) *float64 { return &f }
		want := []history.Outcome{
			{ID: "e0", Kind: "row", Verdict: "pass", Severity: "error", Counts: &result.Counts{True: 100}, Rate: figure(1), Of: "failure_rate", Figure: figure(0)},
			{
				ID: "e1", Kind: "row", Verdict: "fail", Severity: "error", Counts: &result.Counts{True: 99, False: 1}, Orphans: 3, Rate: figure(0.99),
				Interval: &result.Interval{Low: 0.25, High: 1 / 3.0, Confidence: 0.99}, Of: "failure_rate", Figure: figure(4 / 103.0),
				Failing: &result.Failing{Run: "shop-1", At: at(1), Runs: 1},
			},
			{ID: "e2", Kind: "row", Verdict: "error", Severity: "error", Failing: &result.Failing{Run: "shop-1", At: at(1), Runs: 1}},
			{ID: "e3", Kind: "row", Verdict: "skipped", Severity: "error"},
			{ID: "m", Kind: "metric", Verdict: "pass", Severity: "info", Observed: &observed, Metrics: rep.Expectations[4].Metrics, Of: "observed", Figure: figure(12345678901234567890.123456789)},
		}
		if d := cmp.Diff(want, outcomes, cmp.Comparer(func(a, b result.Cell) bool { return a.Type().Equal(b.Type()) && a.Text() == b.Text() })); d != "" {
			t.Error(d)
		}
		if runs, err := s.Runs(t.Context(), "shop", 0); len(runs) != 1 || err != nil {
			t.Errorf("saved twice is %d runs, %v", len(runs), err)
		}
		if _, _, err := s.Run(t.Context(), "shop-2"); !errors.Is(err, history.ErrNoRun) {
			t.Errorf("got %v", err)
		}
	})
}

func TestRunsAndOutcomes(t *testing.T) {
	engines(t, func(t *testing.T, p place) {
		s := p.open(t)
		for _, n := range []int{3, 1, 2, 4} { // a run that started earlier may end later
			save(t, s, report("shop", n, result.Pass), report("other", n+10, result.Fail))
		}
		save(t, s, report("shop", 5)) // has no e0
		ids := func(runs []*history.Run) (out []string) {
			for _, r := range runs {
				out = append(out, r.ID)
			}
			return out
		}
		for limit, want := range map[int][]string{0: {"shop-5", "shop-4", "shop-3", "shop-2", "shop-1"}, 2: {"shop-5", "shop-4"}} {
			runs, err := s.Runs(t.Context(), "shop", limit)
			if d := cmp.Diff(want, ids(runs)); d != "" || err != nil {
				t.Error(d, err)
			}
		}
		jobs, err := s.Jobs(t.Context())
		if d := cmp.Diff([]string{"other-14", "shop-5"}, ids(jobs)); d != "" || err != nil {
			t.Error(d, err)
		}
		list, err := s.Outcomes(t.Context(), "shop", "e0", 3)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, o := range list {
			got = append(got, o.Run.ID+" "+string(o.Outcome.Verdict))
		}
		if d := cmp.Diff([]string{"shop-4 pass", "shop-3 pass", "shop-2 pass"}, got); d != "" {
			t.Error(d)
		}
		last, outcomes, err := s.Previous(t.Context(), "shop", at(4))
		if err != nil || last == nil || last.ID != "shop-3" || len(outcomes) != 1 || outcomes["e0"].Verdict != result.Pass {
			t.Errorf("got %v %v %v", last, outcomes, err)
		}
	})
}

func TestPoints(t *testing.T) {
	engines(t, func(t *testing.T, p place) {
		s := p.open(t)
		for n := 1; n <= 6; n++ {
			rep := report("shop", n, result.Fail)
			if n%2 == 0 { // a series of its own in every other run
				rep.Expectations = append(rep.Expectations, report("shop", n, result.Pass, result.Pass).Expectations[1])
			}
			if n == 5 {
				rep.Run.Mode = "sample"
			}
			save(t, s, rep, report("other", n, result.Fail))
		}
		rate := baseline.Series{Of: result.TrendFailureRate, ID: "e0"}
		for _, m := range []history.Marked{
			{Series: rate, Run: "shop-2", Mark: baseline.Forgotten, Note: "the incident"},
			{Run: "shop-3", Mark: baseline.Forgotten},
			{Series: rate, Run: "shop-3", Mark: baseline.Accepted},
			{Series: rate, Run: "shop-4", Mark: baseline.Forgotten},
			{Series: rate, Run: "shop-4", Mark: baseline.Unmarked},
		} {
			m.Job, m.At = "shop", at(100)
			if err := s.Mark(t.Context(), m); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Mark(t.Context(), history.Marked{Job: "other", Run: "shop-1", Mark: baseline.Forgotten}); !errors.Is(err, history.ErrNoRun) {
			t.Errorf("another job's run was marked: %v", err)
		}
		requests := []baseline.Request{
			{Series: rate},
			{Series: rate, Limit: 2},
			{Series: rate, Since: at(2)},
			{Series: baseline.Series{Of: result.TrendFailureRate, ID: "e1"}, Limit: 2},
			{Series: baseline.Series{Of: result.TrendRows, ID: "orders"}, Since: at(3), Limit: 9},
			{Series: baseline.Series{Of: result.TrendDuration}, Limit: 2},
			{Series: baseline.Series{Of: result.TrendObserved, ID: "e0"}},
			{Series: baseline.Series{Of: result.TrendFailureRate, ID: "nobody"}, Limit: 1},
		}
		want := []string{
			"shop-1:0.01:fail, shop-2:0.02:fail forgotten, shop-3:0.03:fail accepted, shop-4:0.04:fail, shop-5:0.05:fail",
			"shop-4:0.04:fail, shop-5:0.05:fail",
			"shop-2:0.02:fail forgotten, shop-3:0.03:fail accepted, shop-4:0.04:fail, shop-5:0.05:fail",
			"shop-2:0:pass, shop-4:0:pass",
			"shop-3:103:fail forgotten, shop-4:104:fail, shop-5:105:fail",
			"shop-3:1003:fail forgotten, shop-4:1004:fail", // and not the sample's
			"", "",
		}
		got, err := s.Mode("full").Points(t.Context(), "shop", at(6), requests)
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			if d := cmp.Diff(want[i], values(got[i])); d != "" {
				t.Errorf("%+v: %s", requests[i], d)
			}
		}
		if !got[0][0].At.Equal(at(1)) {
			t.Errorf("the first run was at %v, not %v", got[0][0].At, at(1))
		}
		if got, err := s.Points(t.Context(), "shop", at(6), requests[5:6]); err != nil || values(got[0]) != "shop-4:1004:fail, shop-5:1005:fail" {
			t.Errorf("of any mode: %s %v", values(got[0]), err)
		}
		if got, err := s.Points(t.Context(), "shop", at(6), nil); err != nil || len(got) != 0 {
			t.Errorf("nothing was asked for: %v, %v", got, err)
		}
		marks, err := s.Marks(t.Context(), "shop")
		if err != nil || len(marks) != 3 || marks[0].Note != "the incident" || !marks[0].At.Equal(at(100)) || marks[0].Series != rate {
			t.Errorf("got %+v, %v", marks, err)
		}
	})
}

// TestPointsOfRareSeries reads on until all is found, whatever runs started at the same time.
func TestPointsOfRareSeries(t *testing.T) {
	engines(t, func(t *testing.T, p place) {
		s := p.open(t)
		for n := range 90 {
			rep := report("shop", n/3, result.Pass)
			rep.Run.ID = fmt.Sprintf("shop-%02d", n)
			if n == 1 || n == 2 || n == 60 {
				rep = report("shop", n/3, result.Pass, result.Pass)
				rep.Run.ID = fmt.Sprintf("shop-%02d", n)
			}
			save(t, s, rep)
		}
		rare := baseline.Series{Of: result.TrendFailureRate, ID: "e1"}
		got, err := s.Points(t.Context(), "shop", at(30), []baseline.Request{
			{Series: rare, Limit: 2}, {Series: rare, Limit: 5}, {Series: baseline.Series{Of: result.TrendDuration}, Limit: 40},
		})
		if err != nil {
			t.Fatal(err)
		}
		if v := values(got[0]); v != "shop-02:0:pass, shop-60:0:pass" {
			t.Error(v)
		}
		if v := values(got[1]); v != "shop-01:0:pass, shop-02:0:pass, shop-60:0:pass" {
			t.Error(v)
		}
		if d := got[2]; len(d) != 40 || d[0].Run != "shop-50" || d[39].Run != "shop-89" {
			t.Errorf("%d durations: %s", len(d), values(d))
		}
	})
}

// TestStand follows one expectation through its runs.
func TestStand(t *testing.T) {
	const none = result.Verdict("")
	steps := []struct {
		verdict result.Verdict
		since   result.Since
		first   int // the run since which it fails, 0 for none
		runs    int
	}{
		{result.Fail, result.SinceUnknown, 1, 1},
		{result.Error, result.SinceStill, 1, 2},
		{result.Inconclusive, result.SinceUnknown, 0, 0},
		{result.Skipped, result.SinceUnknown, 0, 0},
		{result.Fail, result.SinceStill, 1, 3},
		{result.Pass, result.SinceFixed, 0, 0},
		{result.Skipped, result.SinceSame, 0, 0},
		{result.Pass, result.SinceSame, 0, 0},
		{result.Fail, result.SinceNew, 9, 1},
		{none, "", 0, 0},
		{result.Fail, result.SinceAdded, 11, 1},
		{result.Fail, result.SinceStill, 11, 2},
	}
	engines(t, func(t *testing.T, p place) {
		s := p.open(t)
		for i, step := range steps {
			n := i + 1
			rep := report("shop", n)
			if step.verdict != none {
				rep = report("shop", n, step.verdict)
			}
			last, outcomes, err := s.Previous(t.Context(), "shop", rep.Run.Start)
			if err != nil {
				t.Fatal(err)
			}
			history.Stand(rep, last, outcomes)
			save(t, s, rep)
			if (rep.Previous == nil) != (n == 1) || n > 1 && (rep.Previous.ID != "shop-"+strconv.Itoa(n-1) || !rep.Previous.Start.Equal(at(n-1))) {
				t.Errorf("run %d: the run before is %+v", n, rep.Previous)
			}
			if step.verdict == none {
				if rep.Previous.Gone != 1 {
					t.Errorf("run %d: %+v", n, rep.Previous)
				}
				continue
			}
			e := rep.Expectations[0]
			var want *result.Failing
			if step.runs > 0 {
				want = &result.Failing{Run: "shop-" + strconv.Itoa(step.first), At: at(step.first), Runs: step.runs}
			}
			if d := cmp.Diff(want, e.Failing); d != "" || e.Since != step.since {
				t.Errorf("run %d, %s: %q, not %q; %s", n, step.verdict, e.Since, step.since, d)
			}
			if n > 1 && (rep.Previous.New == 1) != (e.Since == result.SinceNew) || n > 1 && (rep.Previous.Fixed == 1) != (e.Since == result.SinceFixed) ||
				n > 1 && (rep.Previous.Still == 1) != (e.Since == result.SinceStill) {
				t.Errorf("run %d: %+v", n, rep.Previous)
			}
		}
	})
}
