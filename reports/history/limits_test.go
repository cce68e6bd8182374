package history_test

import (
	"context"
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/baseline"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/reports/history"
)

func TestRetain(t *testing.T) {
	engines(t, func(t *testing.T, p place) {
		db := p.connect(t)
		s, err := history.Open(t.Context(), db, p.engine)
		if err != nil {
			t.Fatal(err)
		}
		for n := 1; n <= 260; n++ {
			save(t, s, report("shop", n, result.Pass))
		}
		save(t, s, report("other", 1, result.Pass))
		for _, run := range []string{"shop-1", "shop-260"} {
			if err := s.Mark(t.Context(), history.Marked{Job: "shop", Run: run, Mark: baseline.Forgotten}); err != nil {
				t.Fatal(err)
			}
		}
		for _, step := range []struct {
			history.Retention
			removed int
			done    bool
			left    int
		}{
			{history.Retention{}, 0, true, 260},
			{history.Retention{Since: at(1)}, 0, true, 260},
			{history.Retention{Since: at(3)}, 2, true, 258},
			{history.Retention{Runs: 255, Since: at(2)}, 3, true, 255},
			{history.Retention{Runs: 10}, 200, false, 55}, // not all at once
			{history.Retention{Runs: 10}, 45, true, 10},
			{history.Retention{Runs: 9, Since: at(253)}, 2, true, 8},
		} {
			n, done, err := s.Retain(t.Context(), "shop", step.Retention)
			if n != step.removed || done != step.done || err != nil {
				t.Errorf("%+v: removed %d, %v, %v", step.Retention, n, done, err)
			}
			if runs, err := s.Runs(t.Context(), "shop", 0); len(runs) != step.left || err != nil || runs[len(runs)-1].ID != "shop-"+strconv.Itoa(261-step.left) {
				t.Errorf("%+v: %d runs are left, %v", step.Retention, len(runs), err)
			}
		}
		for table, want := range map[string]int{"assay_runs": 9, "assay_outcomes": 9, "assay_datasets": 18, "assay_marks": 1} {
			var n int
			if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&n); err != nil || n != want {
				t.Errorf("%s has %d rows, not %d: %v", table, n, want, err)
			}
		}
	})
}

// TestHostile saves what neither engine was made for.
func TestHostile(t *testing.T) {
	engines(t, func(t *testing.T, p place) {
		s := p.open(t)
		rep := report("a'b\x00\xff%s", 1, result.Fail, result.Pass, result.Pass)
		ids := []string{"nul\x00", "bad\xffutf8", strings.Repeat("long", 20_000)}
		if p.engine == history.PostgreSQL {
			ids[2] = ids[2][:2000] // an entry of its index has 8 KB at most
		}
		for i := range ids {
			rep.Expectations[i].ID = ids[i]
		}
		rep.Expectations = append(rep.Expectations,
			result.Expectation{ID: "big", Kind: result.KindMetric, Verdict: result.Pass, Observed: result.Cell{Value: value.StringValue(strings.Repeat("ü", 1<<20))}},
			result.Expectation{ID: "nan", Kind: result.KindMetric, Verdict: result.Pass, Observed: result.Cell{Value: value.DoubleValue(math.NaN())}},
			result.Expectation{ID: `nul\x00`, Kind: result.KindMetric, Verdict: result.Pass}, // the first one's, as it is kept
		)
		rep.Datasets[0].Name = "o\x00"
		rep.Datasets = append(rep.Datasets, rep.Datasets[0])
		save(t, s, rep)
		_, outcomes, err := s.Previous(t.Context(), rep.Run.Job, at(2))
		if err != nil || len(outcomes) != 5 {
			t.Fatalf("%d outcomes, %v", len(outcomes), err)
		}
		if got := *outcomes["big"].Observed; len(got) > 5000 || !strings.HasPrefix(got, "üüü") || !strings.HasSuffix(got, "ü…") {
			t.Errorf("a value of 2 MB is kept as %d bytes", len(got))
		}
		if o := outcomes["nan"]; *o.Observed != "NaN" || o.Figure != nil {
			t.Errorf("NaN is kept as %+v", o)
		}
		points, err := s.Points(t.Context(), rep.Run.Job, at(2), []baseline.Request{{Series: baseline.Series{Of: result.TrendFailureRate, ID: ids[0]}}})
		if err != nil || len(points[0]) != 1 || points[0][0].Value != 0.01 {
			t.Errorf("got %v, %v", points, err)
		}
		rep.Expectations = rep.Expectations[:5]
		history.Stand(rep, &history.Run{}, outcomes)
		if rep.Expectations[0].Since != result.SinceStill || rep.Previous.Gone != 0 {
			t.Errorf("got %+v, %+v", rep.Expectations[0].Since, rep.Previous)
		}
	})
}

func TestVersions(t *testing.T) {
	engines(t, func(t *testing.T, p place) {
		db := p.connect(t)
		if _, err := history.Open(t.Context(), db, p.engine); err != nil {
			t.Fatal(err)
		}
		if _, err := history.Open(t.Context(), db, p.engine); err != nil {
			t.Errorf("the second time: %v", err)
		}
		var n int
		if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM assay_history").Scan(&n); err != nil || n != 1 {
			t.Errorf("%d versions, %v", n, err)
		}
		if _, err := db.ExecContext(t.Context(), "INSERT INTO assay_history (version, at) VALUES (99, 0)"); err != nil {
			t.Fatal(err)
		}
		_, err := history.Open(t.Context(), db, p.engine)
		if !errors.Is(err, history.ErrNewer) || !strings.Contains(err.Error(), "99") || !strings.Contains(err.Error(), "update assay") {
			t.Errorf("a newer layout: %v", err)
		}
		if _, err := db.ExecContext(t.Context(), "DELETE FROM assay_history"); err != nil {
			t.Fatal(err)
		}
		if _, err := history.Open(t.Context(), db, p.engine); err == nil {
			t.Error("a history without a version was opened")
		}
	})
}

// TestInterrupted shows that a run whose writer is told to stop is not there.
func TestInterrupted(t *testing.T) {
	engines(t, func(t *testing.T, p place) {
		s := p.open(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.Save(ctx, report("shop", 1, result.Pass)); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		if runs, err := s.Runs(t.Context(), "shop", 0); len(runs) != 0 || err != nil {
			t.Errorf("%d runs, %v", len(runs), err)
		}
	})
}
