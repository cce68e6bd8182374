package result_test

import (
	"math"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/result"
)

func TestFigure(t *testing.T) {
	rate := func(f float64) *float64 { return &f }
	dec, err := value.ParseDec("0.1")
	if err != nil {
		t.Fatal(err)
	}
	metric := func(v value.Value) result.Expectation {
		return result.Expectation{Kind: result.KindMetric, Verdict: result.Pass, Observed: result.Cell{Value: v}}
	}
	for name, c := range map[string]struct {
		e    result.Expectation
		of   result.TrendOf
		want float64
		none bool
	}{
		"int":             {e: metric(value.IntValue(-3)), of: result.TrendObserved, want: -3},
		"decimal":         {e: metric(value.DecimalValue(dec)), of: result.TrendObserved, want: 0.1},
		"duration":        {e: metric(value.DurationValue(90 * time.Second)), of: result.TrendObserved, want: 90},
		"big":             {e: metric(value.UintValue(math.MaxUint64)), of: result.TrendObserved, want: math.MaxUint64},
		"NaN":             {e: metric(value.DoubleValue(math.NaN())), none: true},
		"text":            {e: metric(value.StringValue("3")), none: true},
		"null":            {e: metric(value.NullValue()), none: true},
		"metric in error": {e: result.Expectation{Kind: result.KindMetric, Verdict: result.Error, Observed: result.Cell{Value: value.IntValue(1)}}, none: true},
		"metric that learns": {
			e:  result.Expectation{Kind: result.KindMetric, Verdict: result.Skipped, Observed: result.Cell{Value: value.IntValue(7)}},
			of: result.TrendObserved, want: 7,
		},
		"rows": {
			e:  result.Expectation{Kind: result.KindRow, Verdict: result.Fail, Rate: rate(0.75), Counts: &result.Counts{True: 3, False: 1}},
			of: result.TrendFailureRate, want: 0.25,
		},
		"few of many": { // 1 - rate would have lost digits
			e:  result.Expectation{Kind: result.KindRow, Verdict: result.Fail, Rate: rate(1), Counts: &result.Counts{True: 1e18 - 1, False: 1}},
			of: result.TrendFailureRate, want: 1e-18,
		},
		"undecided and orphans": {
			e: result.Expectation{
				Kind: result.KindRow, Verdict: result.Fail, Rate: rate(0.4), OnNull: "fail", Orphans: &result.Orphans{Failing: 2},
				Counts: &result.Counts{True: 4, False: 1, Undecided: 3, UndecidedByNull: 2},
			},
			of: result.TrendFailureRate, want: 0.6,
		},
		"sampled": {
			e: result.Expectation{
				Kind: result.KindRow, Verdict: result.Fail, Rate: rate(0.75), Sample: &result.Sample{}, Counts: &result.Counts{True: 1, False: 1},
			},
			of: result.TrendFailureRate, want: 0.25,
		},
		"no rows": {e: result.Expectation{Kind: result.KindRow, Verdict: result.Pass, Counts: &result.Counts{}}, none: true},
		"proved":  {e: result.Expectation{Kind: result.KindRow, Verdict: result.Pass}, none: true},
		"skipped": {e: result.Expectation{Kind: result.KindRow, Verdict: result.Skipped, Rate: rate(1), Counts: &result.Counts{True: 1}}, none: true},
	} {
		of, got, ok := c.e.Figure()
		if ok == c.none || ok && (of != c.of || got != c.want) {
			t.Errorf("%s: got %s %v %v", name, of, got, ok)
		}
	}
}
