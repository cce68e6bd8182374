package baseline_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/baseline"
	"github.com/assay-dev/assay/expectations/result"
)

func metric(id string, v value.Value, verdict result.Verdict) result.Expectation {
	return result.Expectation{
		ID: id, Kind: result.KindMetric, Verdict: verdict, Severity: result.SeverityError, Observed: result.Cell{Value: v}, Message: "observed",
	}
}

func observed(id string) baseline.Series {
	return baseline.Series{Of: result.TrendObserved, ID: id}
}

// TestApply merges every verdict of an expectation with every one of its baseline.
func TestApply(t *testing.T) {
	h := daily(around(21, 40, 1000, 10)...)
	store := past{}
	for _, id := range []string{"in", "out", "auto", "holds", "fails", "warns", "error", "wide", "narrow"} {
		store[observed(id)] = h
	}
	rows := int64(2000)
	store[baseline.Series{Of: result.TrendRows, ID: "orders"}] = h
	store[baseline.Series{Of: result.TrendDuration}] = h
	alone, beside := baseline.Rule{Alone: true, Metric: "orders.count()", Message: "call the shop"}, baseline.Rule{}
	rules := baseline.Rules{Shown: 10, Expectations: map[string]baseline.Rule{
		"in": alone, "out": alone, "holds": beside, "fails": beside, "warns": beside, "error": beside, "new": alone, "new beside": beside, "nan": alone,
		"wide": alone, "narrow": alone, "empty": alone, "words": alone,
	}}
	estimate := func(id string, low, high float64) result.Expectation {
		e := metric(id, value.NullValue(), result.Pass)
		e.Sample = &result.Sample{}
		e.Metrics = []result.Metric{{Expression: "orders.count()", Value: result.Cell{Value: value.DoubleValue((low + high) / 2)}, Interval: &result.Interval{Low: low, High: high, Confidence: 0.99}}}
		return e
	}
	rep := &result.Report{
		Run:      result.Run{ID: "now", Job: "shop", Start: monday.Add(40 * day), DurationMS: 5000},
		Summary:  result.Summary{Verdict: result.Pass, Errored: 0},
		Datasets: []result.Dataset{{Name: "orders", Rows: &rows}, {Name: "uncounted"}},
		Expectations: []result.Expectation{
			metric("in", value.IntValue(1000), result.Pass), metric("out", value.IntValue(2000), result.Pass), metric("auto", value.IntValue(2000), result.Pass),
			metric("holds", value.IntValue(2000), result.Pass), metric("fails", value.IntValue(1000), result.Fail), metric("warns", value.IntValue(1), result.Pass),
			metric("error", value.IntValue(1), result.Error), metric("new", value.IntValue(1), result.Pass), metric("new beside", value.IntValue(1), result.Pass),
			metric("nan", value.DoubleValue(nan()), result.Pass), estimate("wide", 900, 1100), estimate("narrow", 1200, 1300),
			metric("empty", value.NullValue(), result.Pass), metric("words", value.StringValue("x"), result.Pass),
		},
	}
	rep.Expectations[5].Severity = result.SeverityWarning
	if err := baseline.Apply(t.Context(), store, rep, rules); err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct {
		verdict, baseline result.Verdict
		message           string
	}{
		{result.Pass, result.Pass, "1,000, expected"},
		{result.Fail, result.Fail, "call the shop (baseline: 2,000 is above"},
		{result.Pass, result.Fail, "observed"},
		{result.Fail, result.Fail, "baseline: 2,000 is above"},
		{result.Fail, result.Pass, "observed; baseline: 1,000, expected"},
		{result.Fail, result.Fail, "baseline: 1 is below"},
		{result.Error, result.Skipped, "observed"},
		{result.Skipped, result.Skipped, "baseline: learning, 0 of 7 runs"},
		{result.Pass, result.Skipped, "observed; baseline: learning, 0 of 7 runs"},
		{result.Skipped, result.Skipped, "baseline: not judged, this run has no figure"},
		{result.Inconclusive, result.Inconclusive, "baseline: estimated at 900 to 1,100"},
		{result.Fail, result.Fail, "call the shop (baseline: 1,250 is above"},
		{result.Pass, result.Skipped, "no figure"}, // on_empty: pass
		{result.Skipped, result.Skipped, "no figure"},
	} {
		e := &rep.Expectations[i]
		if e.Trend == nil || e.Trend.Baseline == nil {
			t.Errorf("%s has no baseline", e.ID)
			continue
		}
		if e.Verdict != want.verdict || e.Trend.Baseline.Verdict != want.baseline || !strings.Contains(e.Message, want.message) {
			t.Errorf("%s: %s, its baseline %s: %s", e.ID, e.Verdict, e.Trend.Baseline.Verdict, e.Message)
		}
		if asked := e.ID != "auto"; e.Trend.Baseline.Asked != asked {
			t.Errorf("%s: asked for is %v", e.ID, !asked)
		}
	}
	s := rep.Summary
	if s.Verdict != result.Error || s.Passed != 4 || s.Failed != 4 || s.Errored != 1 || s.Warned != 1 || s.Inconclusive != 1 || s.Skipped != 3 || s.Learning != 3 {
		t.Errorf("summary: %+v", s)
	}
	if p := rep.Expectations[0].Trend.Points; len(p) != 10 || p[9].Run != "now" || p[9].Value != 1000 || p[8].Value != h[39].Value {
		t.Errorf("points: %+v", p)
	}
	if b := rep.Datasets[0].Trend.Baseline; b.Verdict != result.Fail || b.Asked || rep.Datasets[1].Trend != nil {
		t.Errorf("rows: %+v", b)
	}
	if b := rep.Trend.Baseline; b.Verdict != result.Fail || rep.Trend.Of != result.TrendDuration || !strings.Contains(b.Message, "5 s is above the expected") {
		t.Errorf("duration: %+v", b)
	}
}

func nan() float64 {
	zero := 0.0
	return zero / zero
}

// TestApplyStrict lets only what learns pass a strict run, and judges nothing by itself without a history.
func TestApplyStrict(t *testing.T) {
	for _, c := range []struct {
		e    result.Expectation
		want result.Verdict
	}{
		{metric("new", value.IntValue(1), result.Pass), result.Pass},
		{result.Expectation{ID: "skipped", Kind: result.KindRow, Verdict: result.Skipped}, result.Fail},
	} {
		rep := &result.Report{Run: result.Run{Start: monday}, Expectations: []result.Expectation{c.e, metric("other", value.IntValue(5), result.Pass)}}
		rules := baseline.Rules{Strict: true, Own: true, Expectations: map[string]baseline.Rule{"new": {Alone: true}}}
		if err := baseline.Apply(t.Context(), past{}, rep, rules); err != nil {
			t.Fatal(err)
		}
		if rep.Summary.Verdict != c.want || rep.Summary.Skipped != 1 || rep.Trend != nil || rep.Expectations[1].Trend != nil {
			t.Errorf("%s: %+v", c.e.ID, rep.Summary)
		}
	}
	broken := errors.New("the disk is gone")
	if err := baseline.Apply(t.Context(), brokenPast{broken}, &result.Report{Run: result.Run{Start: monday}}, baseline.Rules{}); !errors.Is(err, broken) {
		t.Errorf("a store that fails: %v", err)
	}
}

type brokenPast struct{ err error }

func (p brokenPast) Points(context.Context, string, time.Time, []baseline.Request) ([][]baseline.Point, error) {
	return nil, p.err
}

// TestEstimatedRates takes the interval of a failing rate that a sample shows for what it is.
func TestEstimatedRates(t *testing.T) {
	store := past{{Of: result.TrendFailureRate, ID: "rows"}: daily(slices.Repeat([]float64{0.008, 0.01, 0.012, 0.009, 0.011}, 4)...)}
	for _, c := range []struct {
		rate, low, high float64
		want            result.Verdict
	}{{0.99, 0.98, 0.995, result.Inconclusive}, {0.80, 0.75, 0.85, result.Fail}, {0.99, 0.9895, 0.9905, result.Pass}} {
		rep := &result.Report{Run: result.Run{Start: monday.Add(20 * day)}, Expectations: []result.Expectation{{
			ID: "rows", Kind: result.KindRow, Verdict: result.Pass, Severity: result.SeverityError, Counts: &result.Counts{True: 90, False: 10},
			Rate: &c.rate, Interval: &result.Interval{Low: c.low, High: c.high, Confidence: 0.99}, Sample: &result.Sample{},
		}}}
		if err := baseline.Apply(t.Context(), store, rep, baseline.Rules{Expectations: map[string]baseline.Rule{"rows": {}}}); err != nil {
			t.Fatal(err)
		}
		if e := &rep.Expectations[0]; e.Verdict != c.want {
			t.Errorf("a rate between %g and %g is %s: %s", c.low, c.high, e.Verdict, e.Message)
		}
	}
}
