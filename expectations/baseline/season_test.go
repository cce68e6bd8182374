package baseline_test

import (
	"strings"
	"testing"

	"github.com/assay-dev/assay/expectations/baseline"
	"github.com/assay-dev/assay/expectations/result"
)

// TestOneOddDay: a season of a single day of the week is learned late, and that day must not alarm every week until then.
func TestOneOddDay(t *testing.T) {
	for weeks := 3; weeks <= 12; weeks++ {
		h := around(uint64(weeks), 7*weeks+2, 1000, 5)
		for i := 2; i < len(h); i += 7 {
			h[i] -= 60
		}
		if j := judge(baseline.Settings{}, daily(h...), 940); j.Verdict != result.Pass || !strings.Contains(j.Message, "on Wednesdays") {
			t.Errorf("after %d weeks: %s, %s", weeks, j.Verdict, j.Message)
		}
		for _, v := range []float64{880, 1060} {
			if j := judge(baseline.Settings{}, daily(h...), v); j.Verdict != result.Fail {
				t.Errorf("after %d weeks %g is %s: %s", weeks, v, j.Verdict, j.Message)
			}
		}
		if j := judge(baseline.Settings{}, daily(append(h, 940)...), 940); j.Verdict != result.Fail {
			t.Errorf("after %d weeks the day after is %s: %s", weeks, j.Verdict, j.Message)
		}
	}
}
