package html_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/result"
)

// scaled is a run of n expectations about n/50 datasets, of which every fifth does not pass and shows ten failing rows, each with a trend
// of 60 runs and a baseline: the run that a page must hold.
func scaled(n int) *result.Report {
	rng := rand.New(rand.NewPCG(1, 2))
	rep := made(n, result.Pass, result.Pass, result.Pass, result.Pass, result.Fail)
	rep.Run.Suite, rep.Run.Job = "warehouse", "warehouse-nightly"
	rep.Summary.Inconsistency, rep.Summary.Throughput = new(0.00021), 27_000.0
	rep.Datasets = nil
	for i := range (n + 49) / 50 {
		rows := int64(200_000 + rng.IntN(900_000))
		rep.Datasets = append(rep.Datasets, result.Dataset{
			Name: fmt.Sprintf("%s_%d", []string{"orders", "customers", "payments", "shipments", "invoices"}[i%5], i), Connection: "warehouse", Driver: "postgres",
			Source: fmt.Sprintf("public.t%d", i), Rows: &rows, MS: int64(rng.IntN(9000)), Trend: trend(rng, result.TrendRows, float64(rows), float64(rows)/100, result.Pass),
		})
	}
	rep.Trend = trend(rng, result.TrendDuration, 12_345, 900, result.Pass)
	rep.Previous = &result.Previous{ID: "20260308T060000-5eed5eed", Start: rep.Run.Start.AddDate(0, 0, -1), Verdict: result.Fail}
	for i := range rep.Expectations {
		scale(rng, rep, i)
	}
	return rep
}

// scale makes expectation i of a report one of many.
func scale(rng *rand.Rand, rep *result.Report, i int) {
	e := &rep.Expectations[i]
	e.Datasets = []string{rep.Datasets[i/50].Name}
	e.ID = fmt.Sprintf("%s.%s-%d", e.Datasets[0], []string{"total-adds-up", "email-is-valid", "status-is-known", "shipped-after-paid", "amount-in-range"}[i%5], i)
	e.Expression = []string{
		"row.total == row.price * row.qty - row.discount", `row.email.matches("^[^@ ]+@[^@ ]+$")`, `row.status in ["new", "paid", "shipped"]`, "row.shipped_at >= row.paid_at",
		"row.amount > 0 && row.amount < 100000",
	}[i%5]
	e.Location.File = fmt.Sprintf("suites/%s.yaml", e.Datasets[0])
	e.Owner, e.Tags = []string{"team-orders", "team-billing", "team-data"}[i%3], []string{"nightly", []string{"money", "pii"}[i%2]}
	e.Since, e.Trend = result.SinceSame, trend(rng, result.TrendFailureRate, 0.0002, 0.0001, e.Verdict)
	if e.Verdict == result.Pass {
		if i%97 == 0 {
			e.Since = result.SinceFixed
			rep.Previous.Fixed++
		}
		return
	}
	e.Severity = []result.Severity{result.SeverityError, result.SeverityError, result.SeverityWarning, result.SeverityInfo}[i/5%4]
	if e.Severity != result.SeverityError {
		rep.Summary.Failed--
		rep.Summary.Warned++
	}
	e.Since, e.Failing = result.SinceStill, &result.Failing{Run: "20260301T060000-5eed5eed", At: rep.Run.Start.AddDate(0, 0, -8), Runs: 9}
	if i%35 == 4 {
		e.Since, e.Failing = result.SinceNew, &result.Failing{Run: rep.Run.ID, At: rep.Run.Start, Runs: 1}
		rep.Previous.New++
	} else {
		rep.Previous.Still++
	}
	e.Failures = nil
	for k := range 10 {
		e.Failures = append(e.Failures, result.Failure{
			Key: map[string]result.Cell{"order_no": text(fmt.Sprintf("SO-%06d-%02d", i, k)), "line": {Value: value.IntValue(int64(k))}},
			Values: map[string]result.Cell{
				"price": {Value: value.DecimalValue(value.NewDec(rng.Int64N(99_999), 2))}, "qty": {Value: value.IntValue(rng.Int64N(9))}, "customer": text("Zoë Müller & Sons <orders>"),
				"at": {Value: value.TimestampValue(rep.Run.Start.Add(-time.Duration(rng.IntN(1e6)) * time.Second))},
			},
			Order: []string{"order_no", "line", "price", "qty", "customer", "at"}, Outcome: "false", Message: "off by 0.01",
		})
	}
}

// trend is 60 days of a figure about a level, with a band; it leaves the band at the end where v is not pass.
func trend(rng *rand.Rand, of result.TrendOf, level, noise float64, v result.Verdict) *result.Trend {
	t := &result.Trend{Of: of}
	began := time.Date(2026, 1, 9, 6, 0, 0, 0, time.UTC)
	for i := range 60 {
		p := result.TrendPoint{
			Run: fmt.Sprintf("%s-%s", began.AddDate(0, 0, i).Format("20060102T150405"), strings.Repeat("5eed", 2)), At: began.AddDate(0, 0, i),
			Value: max(0, level+noise*rng.NormFloat64()), Verdict: result.Pass,
		}
		if of != result.TrendFailureRate {
			p.Value = math.Round(p.Value)
		}
		if i == 30 {
			p.Value, p.Verdict, p.Left = p.Value+9*noise, result.Fail, "excluded"
		}
		if v != result.Pass && i >= 51 {
			p.Value, p.Verdict = p.Value+6*noise, v
		}
		t.Points = append(t.Points, p)
	}
	low, high := max(0, level-4*noise), level+4*noise
	t.Baseline = &result.Baseline{
		Verdict: v, Expected: &level, Low: &low, High: &high, Learned: 51, Needed: 7, Method: "median and median absolute deviation",
		Message: fmt.Sprintf("%s lies within what 51 runs lead to expect, %s to %s", said(of, t.Points[59].Value), said(of, low), said(of, high)),
	}
	if v != result.Pass {
		t.Baseline.Shape, t.Baseline.Asked = result.ShapeShift, true
		t.Baseline.Message = fmt.Sprintf("%s has lain above what 51 runs lead to expect, %s to %s, for 9 runs: the level shifted", said(of, t.Points[59].Value), said(of, low), said(of, high))
	}
	return t
}

func said(of result.TrendOf, v float64) string {
	if of == result.TrendFailureRate {
		return fmt.Sprintf("%.3g %%", 100*v)
	}
	return fmt.Sprintf("%.6g", v)
}

// remembered is a run with a history: what changed, alerts, a plan, trends with bands of every sort.
func remembered() *result.Report {
	rep := scaled(60)
	rep.Run.Mode, rep.Run.Seed = "sample", "42"
	rep.Previous.Gone = 2
	rep.Plan = &result.PlanSummary{Path: ".assay/plans/20260309.plan.json", Changes: map[string]int{"insert": 12, "update": 340, "delete": 3}}
	rep.Alerts = []result.Alert{
		{Rule: "inconsistency", Level: "critical", Message: "1.4 % of rows are inconsistent, more than 1 %"},
		{Rule: "rows", Level: "warning", Message: "orders_0 has 412,001 rows, 38 % fewer than expected", Dataset: "orders_0"},
		{Rule: "error", Level: "critical", Message: "an expectation could not be evaluated", Expectation: rep.Expectations[7].ID},
	}
	rep.Expectations[3].Trend.Baseline = &result.Baseline{Verdict: result.Skipped, Learned: 4, Needed: 7, Message: "skipped (4 of 7 runs)"}
	rep.Expectations[4].Trend.Baseline.Season = "day of week"
	rep.Expectations[4].Interval = &result.Interval{Low: 0.99, High: 0.9995, Confidence: 0.99}
	rep.Expectations[4].Sample = &result.Sample{
		Method: "random key", Seed: "42", Drawn: 500, Rows: new(int64(30_000)),
		Strata: []result.Stratum{{Name: text("de"), Rows: 9_000, Drawn: 250, Failed: 7, Low: 0.01, High: 0.06}, {Name: text("fr"), Rows: 21_000, Drawn: 250, High: 0.02}},
	}
	rep.Expectations[6].Trend.Baseline.Verdict, rep.Expectations[6].Trend.Baseline.Shape = result.Fail, result.ShapeSpike
	metric := &rep.Expectations[5]
	metric.Kind, metric.Counts, metric.Rate, metric.Observed = result.KindMetric, nil, nil, result.Cell{Value: value.DurationValue(9 * time.Hour)}
	metric.Trend.Of, metric.Trend.Baseline = result.TrendObserved, nil
	for i := range metric.Trend.Points {
		metric.Trend.Points[i].Value = 32_000 + 7.25*float64(i)
	}
	metric.Metrics = []result.Metric{{Expression: "orders.freshness(o, o.at)", Value: metric.Observed, ByNull: 3, Interval: &result.Interval{Low: 31_000, High: 33_000, Confidence: 0.95}, Approximate: true}}
	return rep
}
