package baseline_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/assay-dev/assay/expectations/baseline"
	"github.com/assay-dev/assay/expectations/result"
)

// TestEveryOtherRun: a figure that takes turns is held against its own turn, until a run is left out and the turns are no longer known.
func TestEveryOtherRun(t *testing.T) {
	turns := func(n int) (out []float64) {
		for i := range n {
			out = append(out, []float64{10, 100}[i%2])
		}
		return out
	}
	for n := 10; n <= 40; n++ {
		own, other := 10.0, 100.0
		if n%2 == 1 {
			own, other = other, own
		}
		if j := judge(baseline.Settings{}, daily(turns(n)...), own); j.Verdict != result.Pass || j.Season != "every other run" || !strings.Contains(j.Message, "every other time") {
			t.Errorf("after %d: %g is %s, %s", n, own, j.Verdict, j.Message)
		}
		for _, v := range []float64{other, 55, 200} {
			if j := judge(baseline.Settings{}, daily(turns(n)...), v); j.Verdict != result.Fail {
				t.Errorf("after %d: %g is %s, %s", n, v, j.Verdict, j.Message)
			}
		}
	}
	// 10, 100, …, 10, 100, [10 left out], 100, 10: the one after next is no surprise
	h := append(turns(30), 100, 10)
	if j := judge(baseline.Settings{}, daily(h...), 100); j.Verdict != result.Pass {
		t.Errorf("after a run was left out: %s", j.Message)
	}
	// with noise that never stands still, and one incident
	r := rand.New(rand.NewPCG(5, 5))
	noisy := turns(60)
	for i := range noisy {
		noisy[i] += r.NormFloat64()
	}
	noisy[31] = 500
	for v, want := range map[float64]result.Verdict{10: result.Pass, 12: result.Pass, 17: result.Fail, 3: result.Fail, 100: result.Fail} {
		if j := judge(baseline.Settings{}, daily(noisy...), v); j.Verdict != want {
			t.Errorf("with noise %g is %s: %s", v, j.Verdict, j.Message)
		}
	}
}

// TestTwoKinds: a figure that is of two kinds, in no order, is no row of incidents.
func TestTwoKinds(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	var h []float64
	for range 60 {
		h = append(h, math.Round(float64(1000+900*r.IntN(2))+10*r.NormFloat64()))
	}
	for _, v := range []float64{1000, 1900} {
		if j := judge(baseline.Settings{}, daily(h...), v); j.Verdict != result.Pass {
			t.Errorf("%g: %s", v, j.Message)
		}
	}
	if j := judge(baseline.Settings{}, daily(h...), 5000); j.Verdict != result.Fail {
		t.Errorf("5,000: %s", j.Message)
	}
}

// TestMinHistoryOfShifts: a new level is normal after as many runs as min_history says, no sooner.
func TestMinHistoryOfShifts(t *testing.T) {
	old := around(3, 40, 1000, 10)
	for _, least := range []int{7, 14, 21, 30} {
		for n := 1; n <= least; n++ {
			j := judge(baseline.Settings{MinHistory: least}, daily(append(slices.Clip(old), around(4, n, 1100, 10)...)...), 1100)
			if want := n >= least; (j.Verdict == result.Pass) != want {
				t.Errorf("min_history %d: after %d runs %s, %s", least, n, j.Verdict, j.Message)
			}
			if n > 1 && n < least && (j.Shape != result.ShapeShift || j.Left[41] != "apart") {
				t.Errorf("min_history %d: after %d runs a %s, the first of them %q", least, n, j.Shape, j.Left[41])
			}
		}
	}
}

// TestCurves: growth that levels off, or that grows, is foretold by its curve.
func TestCurves(t *testing.T) {
	for name, at := range map[string]func(i int) float64{
		"levels off": func(i int) float64 { return 5000 + 600*(1-math.Exp(-float64(i)/30)) },
		"grows":      func(i int) float64 { return 300 * math.Exp(0.012*float64(i)) },
	} {
		for _, n := range []int{60, 90, 180} {
			r := rand.New(rand.NewPCG(uint64(n), 7))
			var h []float64
			for i := range n {
				h = append(h, at(i)+10*r.NormFloat64())
			}
			for off, want := range map[float64]result.Verdict{0: result.Pass, 15: result.Pass, -15: result.Pass, 70: result.Fail, -70: result.Fail} {
				j := judge(baseline.Settings{}, daily(h...), at(n)+off)
				if j.Verdict != want {
					t.Errorf("%s, after %d: %g off is %s: %s (%s)", name, n, off, j.Verdict, j.Message, j.Method)
				}
			}
		}
	}
}

// TestTails: the band reaches further where the history proves tails, on the side on which they are, and nowhere else.
func TestTails(t *testing.T) {
	width := func(n int, draw func(r *rand.Rand) float64) (below, above float64) {
		for seed := range uint64(20) {
			r := rand.New(rand.NewPCG(seed, 8))
			var h []float64
			for range n {
				h = append(h, 1000+draw(r))
			}
			j := judge(baseline.Settings{Season: baseline.SeasonNone}, daily(h...), 1000)
			below, above = below+(1000-*j.Low)/20, above+(*j.High-1000)/20
		}
		return below, above
	}
	normal := func(r *rand.Rand) float64 { return r.NormFloat64() }
	exponential := func(r *rand.Rand) float64 { return r.ExpFloat64() - 1 }
	for _, c := range []struct {
		name                               string
		draw                               func(r *rand.Rand) float64
		leastBelow, mostBelow, least, most float64 // in standard deviations: what 0.2 % to 1 % of the points lie beyond
	}{
		{"normal", normal, 2.9, 3.2, 2.9, 3.2},
		{"Laplace", laplace, 3.0, 3.9, 3.0, 3.9},
		{"exponential", exponential, 2.4, 3.5, 3.4, 4.6},
	} {
		below, above := width(180, c.draw)
		if below < c.leastBelow || below > c.mostBelow || above < c.least || above > c.most {
			t.Errorf("%s: the band reaches from %.2f below to %.2f above", c.name, below, above)
		}
	}
}

// TestBusyAndQuietDays: counts scatter by their size, so a quiet day has a narrower band than a busy one.
func TestBusyAndQuietDays(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	var h []float64
	for i := range 84 { // Mondays first
		mean := 400.0
		if i%7 >= 5 {
			mean = 25
		}
		h = append(h, poisson(r, mean))
	}
	busy, quiet := judge(baseline.Settings{}, daily(h[:84]...), 400), judge(baseline.Settings{}, daily(h[:82]...), 25)
	if w := *busy.High - *busy.Low; w < 100 || w > 180 || busy.Verdict != result.Pass {
		t.Errorf("a Monday: %s", busy.Message)
	}
	if w := *quiet.High - *quiet.Low; w < 24 || w > 50 || quiet.Verdict != result.Pass {
		t.Errorf("a Saturday: %s", quiet.Message)
	}
	// what lies far out of a quiet day's band is no less odd for busy days that stray as far
	if j := judge(baseline.Settings{}, daily(h[:82]...), 60); j.Verdict != result.Fail {
		t.Errorf("60 on a Saturday: %s", j.Message)
	}
}

// TestComesAndGoes: bursts that come time and again are no incidents, what is further out than they are is, and so are the first of them.
func TestComesAndGoes(t *testing.T) {
	r := rand.New(rand.NewPCG(10, 10))
	var h []float64
	for i := range 120 {
		v := 100 + 2*r.NormFloat64()
		if i%13 < 2 && i > 13 { // two runs in a row, in no season
			v = 400 + 40*r.NormFloat64()
		}
		h = append(h, v)
	}
	for _, c := range []struct {
		n    int
		v    float64
		want result.Verdict
		says string
	}{
		{14, 400, result.Fail, "a spike"},
		{120, 400, result.Pass, "it comes and goes"},
		{120, 900, result.Fail, ""},
		{120, 20, result.Fail, ""},
	} {
		if j := judge(baseline.Settings{}, daily(h[:c.n]...), c.v); j.Verdict != c.want || !strings.Contains(j.Message, c.says) {
			t.Errorf("after %d: %g is %s: %s", c.n, c.v, j.Verdict, j.Message)
		}
	}
	// one that lasts longer than any before is a shift
	h = append(h, 400, 410, 390, 400)
	if j := judge(baseline.Settings{}, daily(h...), 400); j.Verdict != result.Fail || j.Shape != result.ShapeShift {
		t.Errorf("a burst of five: %s, %s", j.Verdict, j.Message)
	}
}
