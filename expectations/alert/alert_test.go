package alert_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/alert"
	"github.com/assay-dev/assay/expectations/result"
)

// trend is one of the given figures, the last this run's.
func trend(figures ...float64) *result.Trend {
	t := &result.Trend{}
	for _, f := range figures {
		t.Points = append(t.Points, result.TrendPoint{Value: f, Verdict: result.Pass})
	}
	return t
}

func rate(f float64) *result.Report {
	return &result.Report{Summary: result.Summary{Inconsistency: &f}}
}

func took(ms int64, before ...float64) *result.Report {
	return &result.Report{Run: result.Run{DurationMS: ms}, Trend: trend(append(before, float64(ms))...)}
}

func counted(n int64, b *result.Baseline, before ...float64) *result.Report {
	t := trend(append(before, float64(n))...)
	t.Baseline = b
	return &result.Report{Datasets: []result.Dataset{{Name: "orders", Rows: &n, Trend: t}}}
}

func band(v result.Verdict, low, expected, high float64) *result.Baseline {
	return &result.Baseline{Verdict: v, Low: &low, Expected: &expected, High: &high, Message: "the band's sentence"}
}

func of(es ...result.Expectation) *result.Report { return &result.Report{Expectations: es} }

func fresh(v result.Verdict, age time.Duration) result.Expectation {
	return result.Expectation{
		ID: "late", Name: "fresh", Kind: result.KindMetric, Verdict: v, Severity: result.SeverityError, Message: "its sentence",
		Metrics: []result.Metric{{Expression: "orders.freshness(o, o.at)", Value: result.Cell{Value: value.DurationValue(age)}}},
	}
}

func fixed(n int64) *result.Report { return &result.Report{Summary: result.Summary{RecordsFixed: n}} }

func TestRules(t *testing.T) {
	with := func(f func(*alert.Rules)) alert.Rules {
		r := alert.Default()
		f(&r)
		return r
	}
	usual := alert.Default()
	late := fresh(result.Fail, 3*time.Hour)
	tagged := late
	tagged.Name, tagged.Tags, tagged.Severity = "", []string{"lag"}, result.SeverityWarning
	masked := late
	masked.Metrics = []result.Metric{{Value: result.Cell{Value: value.StringValue("m:abc")}}}
	other := late
	other.Name = ""
	broken := result.Expectation{ID: "a", Verdict: result.Error, Message: "connection refused"}
	broken2 := broken
	broken2.ID = "b"
	rowErrors := result.Expectation{ID: "r", Verdict: result.Fail, Counts: &result.Counts{True: 5, Undecided: 7, UndecidedByNull: 4}}
	left := took(9000, 1000, 1000, 1000)
	left.Trend.Points[0].Left = "forgotten"
	ended := took(9000, 1000, 1000, 1000)
	ended.Trend.Points[0].Verdict = result.Error

	for name, c := range map[string]struct {
		rep   *result.Report
		rules alert.Rules
		past  alert.Past
		want  string // rule level: a part of the message; "" for nothing
	}{
		"nothing":                             {&result.Report{}, usual, alert.Past{}, ""},
		"rate at the bound":                   {rate(0.001), usual, alert.Past{}, ""},
		"rate above it":                       {rate(0.0010001), usual, alert.Past{}, "inconsistency warning: above 0.1 %"},
		"rate at one in a hundred":            {rate(0.01), usual, alert.Past{}, "inconsistency warning: 1.0 % of the judged rows"},
		"rate above that":                     {rate(0.0101), usual, alert.Past{}, "inconsistency critical: above 1.0 %"},
		"rate, other bounds":                  {rate(0.0101), with(func(r *alert.Rules) { r.Inconsistency.Critical = 0.5; r.Inconsistency.Warning = 0.2 }), alert.Past{}, ""},
		"rate, off":                           {rate(0.5), with(func(r *alert.Rules) { r.Inconsistency.Off = true }), alert.Past{}, ""},
		"no slower than twice":                {took(4000, 2000, 2000, 1900), usual, alert.Past{}, ""},
		"slower than twice":                   {took(4001, 2000, 2000, 1900), usual, alert.Past{}, "duration warning: more than 2 times the 2s"},
		"slow, one of the past was slower":    {took(4001, 2000, 90000, 1900), usual, alert.Past{}, "duration warning: 2s"},
		"slow, too little history":            {took(90000, 2000, 2000), usual, alert.Past{}, ""},
		"slow, but of no time":                {took(900, 10, 10, 10), usual, alert.Past{}, ""},
		"slow, short allowed":                 {took(900, 10, 10, 10), with(func(r *alert.Rules) { r.Duration.AtLeast = 0 }), alert.Past{}, "duration warning: "},
		"slow, four times":                    {took(7000, 2000, 2000, 1900), with(func(r *alert.Rules) { r.Duration.Times = 4 }), alert.Past{}, ""},
		"slow, off":                           {took(90000, 2000, 2000, 2000), with(func(r *alert.Rules) { r.Duration.Off = true }), alert.Past{}, ""},
		"slow, a run was forgotten":           {left, usual, alert.Past{}, ""},
		"slow, a run could not be evaluated":  {ended, usual, alert.Past{}, ""},
		"slow, no history":                    {&result.Report{Run: result.Run{DurationMS: 90000}}, usual, alert.Past{}, ""},
		"rows, half":                          {counted(50, nil, 100, 100, 101), usual, alert.Past{}, ""},
		"rows, below half":                    {counted(49, nil, 100, 100, 101), usual, alert.Past{}, "rows warning: orders: 49 rows, below 50.0 % of the 100"},
		"rows, none left":                     {counted(0, nil, 100, 100, 101), usual, alert.Past{}, "rows critical: orders: 0 rows"},
		"rows, never any":                     {counted(0, nil, 0, 0, 0), usual, alert.Past{}, ""},
		"rows, more than ever":                {counted(1000, nil, 100, 100, 101), usual, alert.Past{}, ""},
		"rows, below the band":                {counted(90, band(result.Fail, 95, 100, 105), 100, 100, 101), usual, alert.Past{}, "rows warning: orders: fewer rows than its runs before have: the band's sentence"},
		"rows, above the band":                {counted(190, band(result.Fail, 95, 100, 105), 100, 100, 101), usual, alert.Past{}, ""},
		"rows, in a wide band":                {counted(20, band(result.Pass, 0, 100, 205), 100, 100, 101), usual, alert.Past{}, ""},
		"rows, other share":                   {counted(79, nil, 100, 100, 101), with(func(r *alert.Rules) { r.Rows.Below = 0.8 }), alert.Past{}, "rows warning: 80.0 %"},
		"rows, off":                           {counted(0, nil, 100, 100, 101), with(func(r *alert.Rules) { r.Rows.Off = true }), alert.Past{}, ""},
		"rows, too little history":            {counted(1, nil, 100, 100), usual, alert.Past{}, ""},
		"rows, not counted":                   {&result.Report{Datasets: []result.Dataset{{Trend: trend(100, 100, 100)}}}, usual, alert.Past{}, ""},
		"corrections, a spike":                {fixed(31), usual, alert.Past{Fixed: []float64{10, 9, 0, 0, 11, 10}}, "corrections warning: 31 rows corrected, more than 3 times the 10"},
		"corrections, no spike":               {fixed(30), usual, alert.Past{Fixed: []float64{10, 9, 11, 10}}, ""},
		"corrections, the first":              {fixed(3000), usual, alert.Past{Fixed: []float64{0, 0, 0, 10, 10}}, ""},
		"corrections, few":                    {fixed(9), usual, alert.Past{Fixed: []float64{1, 1, 1}}, ""},
		"corrections, off":                    {fixed(3000), with(func(r *alert.Rules) { r.Corrections.Off = true }), alert.Past{Fixed: []float64{10, 10, 10}}, ""},
		"errors of one cause":                 {of(broken, broken2), usual, alert.Past{}, "errors critical: 2 expectations could not be evaluated, a the first: connection refused"},
		"one error":                           {of(broken), usual, alert.Past{}, "errors critical: a could not be evaluated: connection refused"},
		"rows in error":                       {of(rowErrors), usual, alert.Past{}, "errors warning: r: 3 rows could not be evaluated"},
		"errors, some allowed":                {of(rowErrors), with(func(r *alert.Rules) { r.Errors.Above = 3 }), alert.Past{}, ""},
		"errors, off":                         {of(broken, rowErrors), with(func(r *alert.Rules) { r.Errors.Off = true }), alert.Past{}, ""},
		"rows undecided by null are no error": {of(result.Expectation{Counts: &result.Counts{Undecided: 4, UndecidedByNull: 4}}), usual, alert.Past{}, ""},
		"late":                                {of(late), usual, alert.Past{}, "lag critical: late: the newest row is 3h0m0s old, over its target: its sentence"},
		"late, a warning":                     {of(tagged), usual, alert.Past{}, "lag warning: 3h0m0s old"},
		"late, masked":                        {of(masked), usual, alert.Past{}, "lag critical: late: over its target: its sentence"},
		"late, not about lag":                 {of(other), usual, alert.Past{}, ""},
		"in time":                             {of(fresh(result.Pass, time.Hour)), usual, alert.Past{}, ""},
		"late by the rule":                    {of(fresh(result.Pass, time.Hour)), with(func(r *alert.Rules) { r.Lag.Above = time.Minute }), alert.Past{}, "lag critical: 1h0m0s old, more than 1m0s"},
		"late, but not by the rule":           {of(late), with(func(r *alert.Rules) { r.Lag.Above = 24 * time.Hour }), alert.Past{}, ""},
		"late, off":                           {of(late), with(func(r *alert.Rules) { r.Lag.Off = true }), alert.Past{}, ""},
	} {
		got := alert.Evaluate(c.rep, c.past, c.rules)
		if c.want == "" {
			if len(got) > 0 || got == nil {
				t.Errorf("%s: %v", name, got)
			}
			continue
		}
		head, text, _ := strings.Cut(c.want, ": ")
		if len(got) != 1 || got[0].Rule+" "+got[0].Level != head || !strings.Contains(got[0].Message, text) {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

// TestBounded: ten thousand causes make no message of ten thousand lines.
func TestBounded(t *testing.T) {
	rep := &result.Report{}
	for i := range 10_000 {
		rep.Expectations = append(rep.Expectations, result.Expectation{ID: fmt.Sprint("e", i), Verdict: result.Error, Message: strings.Repeat("x", 5000) + fmt.Sprint(i)})
	}
	got := alert.Evaluate(rep, alert.Past{}, alert.Default())
	if len(got) != 20 || got[19].Message != "and 9,981 more alerts of this rule" {
		t.Fatalf("%d alerts, the last %q", len(got), got[len(got)-1].Message)
	}
	for _, a := range got {
		if len(a.Message) > 1000 {
			t.Errorf("an alert of %d bytes", len(a.Message))
		}
	}
}
