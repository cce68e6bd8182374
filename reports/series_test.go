package reports_test

import (
	"math"
	"testing"

	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/reports"
)

func TestSparkline(t *testing.T) {
	for want, figures := range map[string][]float64{
		"":         nil,
		"▄▄":       {3, 3},
		"▁▂▃▄▅▆▇█": {0, 1, 2, 3, 4, 5, 6, 7},
		"█ ▁ ":     {-1, math.NaN(), -2, math.Inf(1)},
		"▁█":       {-math.MaxFloat64, math.MaxFloat64},
		"  ":       {math.NaN(), math.NaN()},
	} {
		if got := reports.Sparkline(figures); got != want {
			t.Errorf("%v is drawn as %q, not %q", figures, got, want)
		}
	}
	strip := ""
	for _, v := range []result.Verdict{result.Pass, result.Fail, result.Error, result.Inconclusive, result.Skipped, "", "other"} {
		strip += reports.VerdictSign(v)
	}
	if strip != "·✗!?- ?" {
		t.Errorf("got %q", strip)
	}
}
