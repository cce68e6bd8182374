package baseline_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/expectations/baseline"
	"github.com/assay-dev/assay/expectations/result"
)

// monday is the time of the first run of every history here.
var monday = time.Date(2026, 1, 5, 5, 0, 0, 0, time.UTC)

func daily(values ...float64) []baseline.Point {
	out := make([]baseline.Point, len(values))
	for i, v := range values {
		out[i] = baseline.Point{Run: fmt.Sprint(i), At: monday.Add(time.Duration(i) * day), Value: v, Verdict: result.Pass}
	}
	return out
}

func judge(s baseline.Settings, history []baseline.Point, v float64) baseline.Judgement {
	at := monday
	if n := len(history); n > 0 {
		at = history[n-1].At.Add(day)
	}
	return baseline.Judge(s, history, baseline.Figure{Of: result.TrendObserved, At: at, Value: v, Low: v, High: v})
}

func same(n int, v float64) []float64 { return slices.Repeat([]float64{v}, n) }

// around draws whole numbers.
func around(seed uint64, n int, mean, sigma float64) []float64 {
	r := rand.New(rand.NewPCG(seed, 1))
	out := make([]float64, n)
	for i := range out {
		out[i] = math.Round(mean + sigma*r.NormFloat64())
	}
	return out
}

func TestFlatSeries(t *testing.T) {
	share := baseline.Figure{Of: result.TrendFailureRate}
	for name, c := range map[string]struct {
		history    []float64
		figure     baseline.Figure
		pass, fail []float64
	}{
		"a count that stood still may change by one":         {same(30, 5), baseline.Figure{}, []float64{4, 5, 6}, []float64{2, 7, 10}},
		"one of something, always":                           {same(30, 1), baseline.Figure{}, []float64{0, 1, 2}, []float64{3, 4, 5}},
		"of seven points too":                                {same(7, 5), baseline.Figure{}, []float64{4, 5, 6}, []float64{1, 9}},
		"a large one by a thousandth or so":                  {same(30, 1e6), baseline.Figure{}, []float64{1e6 + 1, 1e6 - 2000}, []float64{1e6 + 5000, 9e5}},
		"as may what is no count":                            {same(30, 12.5), baseline.Figure{}, []float64{12.51, 12.47}, []float64{12.6, 0}},
		"one that changed by one once":                       {append(append(same(20, 100), 101), same(9, 100)...), baseline.Figure{}, []float64{99, 101}, []float64{103}},
		"nothing, ever":                                      {same(30, 0), baseline.Figure{}, []float64{0, 1}, []float64{2, 50}},
		"a rate of nothing, of 50 rows: one may fail":        {same(30, 0), withUnit(share, 50), []float64{0, 1.0 / 50}, []float64{2.0 / 50, 0.5}},
		"of a million":                                       {same(30, 0), withUnit(share, 1e6), []float64{0, 1e-6}, []float64{3e-6, 0.01}},
		"rare failures of 50 rows scatter as rare events do": {slices.Repeat([]float64{0, 0, 0.02, 0, 0, 0, 0.04, 0, 0.02, 0}, 3), withUnit(share, 50), []float64{0.04}, []float64{0.1}},
		"a huge level with little noise":                     {around(1, 60, 1e12, 10), baseline.Figure{}, []float64{1e12}, []float64{1e12 + 60, 1e12 - 60}},
		"ties":                                               {slices.Repeat([]float64{10, 10, 10, 12, 10}, 8), baseline.Figure{}, []float64{10, 11, 12}, []float64{20, 0}},
	} {
		for want, values := range map[result.Verdict][]float64{result.Pass: c.pass, result.Fail: c.fail} {
			for _, v := range values {
				c.figure.At, c.figure.Value, c.figure.Low, c.figure.High = monday.Add(time.Duration(len(c.history))*day), v, v, v
				if j := baseline.Judge(baseline.Settings{}, daily(c.history...), c.figure); j.Verdict != want {
					t.Errorf("%s: %g is %s, not %s: %s", name, v, j.Verdict, want, j.Message)
				}
			}
		}
	}
}

// TestNoNegativeZero: the band of a count that was always one begins at nothing, not at -0.
func TestNoNegativeZero(t *testing.T) {
	j := judge(baseline.Settings{}, daily(same(30, 1)...), math.Copysign(0, -1))
	if math.Signbit(*j.Low) || *j.Low != 0 || j.Message != "0, expected 0 to 2 (30 runs to go by)" {
		t.Errorf("from %g: %s", *j.Low, j.Message)
	}
}

func withUnit(f baseline.Figure, rows float64) baseline.Figure {
	f.Unit = 1 / rows
	return f
}

// TestShapes tells a spike, a shift and a drift apart, and has each become normal, or not.
func TestShapes(t *testing.T) {
	old := around(3, 40, 1000, 10)
	spike := judge(baseline.Settings{}, daily(old...), 1100)
	wantShape(t, "a spike", spike, result.ShapeSpike, "1,100 is above the expected 9", "a spike, the runs before it were in line")
	if j := judge(baseline.Settings{}, daily(append(slices.Clone(old), 1100)...), 1000); j.Verdict != result.Pass || j.Left[40] != "apart" {
		t.Errorf("after a spike: %s, %q", j.Message, j.Left[40])
	}
	for n := 1; n <= 12; n++ {
		j := judge(baseline.Settings{}, daily(append(slices.Clone(old), around(4, n, 1100, 10)...)...), 1100)
		switch {
		case n < 2:
			wantShape(t, "the second run", j, result.ShapeSpike, "the second run in a row out of line")
		case n < baseline.DefaultMinHistory:
			wantShape(t, fmt.Sprintf("a shift %d runs old", n), j, result.ShapeShift, fmt.Sprintf("at another level for %d runs; it is normal after 7", n+1))
		default:
			if j.Verdict != result.Pass || j.Left[39] != "before a shift" {
				t.Errorf("a shift %d runs old is not normal: %s (%q)", n, j.Message, j.Left[39])
			}
		}
	}
	// half of a standard deviation a run: found before it has gone six of them
	var slow []float64
	for i := range 12 {
		slow = append(slow, around(uint64(50+i), 1, 1000+5*float64(i+1), 10)...)
	}
	found := 0
	for n := range slow {
		if j := judge(baseline.Settings{}, daily(append(slices.Clone(old), slow[:n]...)...), slow[n]); j.Verdict == result.Fail && j.Shape == result.ShapeDrift {
			found++
			if !strings.Contains(j.Message, "it has moved slowly from") {
				t.Errorf("the sentence of a drift: %s", j.Message)
			}
		}
	}
	if found == 0 {
		t.Error("no run of a drift is called one")
	}
	var steady []float64
	for i := range 60 {
		steady = append(steady, around(uint64(i), 1, 1000+5*float64(i), 10)...)
	}
	if j := judge(baseline.Settings{}, daily(steady...), 1300); j.Verdict != result.Pass || !strings.Contains(j.Method, "trend") {
		t.Errorf("a steady trend: %s, %s", j.Message, j.Method)
	}
	if j := judge(baseline.Settings{}, daily(steady...), 1000); j.Verdict != result.Fail {
		t.Errorf("a steady trend that breaks off: %s", j.Message)
	}
}

func wantShape(t *testing.T, what string, j baseline.Judgement, shape result.Shape, words ...string) {
	t.Helper()
	if j.Verdict != result.Fail || j.Shape != shape {
		t.Errorf("%s: %s, %q: %s", what, j.Verdict, j.Shape, j.Message)
	}
	for _, w := range words {
		if !strings.Contains(j.Message, w) {
			t.Errorf("%s: %q lacks %q", what, j.Message, w)
		}
	}
}

// TestNeverItsOwn shows that neither the figure judged nor a later one is learned from.
func TestNeverItsOwn(t *testing.T) {
	h := daily(around(7, 60, 1000, 10)...)
	for n := 10; n < 50; n++ {
		at, v := h[n].At, h[n].Value+500
		want := baseline.Judge(baseline.Settings{}, h[:n], baseline.Figure{Of: result.TrendObserved, At: at, Value: v, Low: v, High: v})
		with := slices.Clone(h)
		with[n].Value = v
		got := baseline.Judge(baseline.Settings{}, with, baseline.Figure{Of: result.TrendObserved, At: at, Value: v, Low: v, High: v})
		if want.Verdict != result.Fail || got.Message != want.Message || *got.Low != *want.Low || *got.High != *want.High {
			t.Fatalf("point %d: %s, and without itself %s", n, got.Message, want.Message)
		}
	}
}

func TestSeasons(t *testing.T) {
	var values []float64
	noise := around(9, 200, 0, 10)
	for i := range 200 {
		v := 1000 + noise[i]
		if i%7 >= 5 {
			v = 300 + noise[i]
		}
		values = append(values, v)
	}
	weekly := baseline.Settings{Season: baseline.SeasonWeekly}
	for _, c := range []struct {
		s       baseline.Settings
		n       int
		v       float64
		want    result.Verdict
		message string
	}{
		{weekly, 40, 300, result.Skipped, "learning, 5 of 7 runs on Saturdays"},
		{weekly, 54, 300, result.Pass, "7 runs on Saturdays to go by"},
		{weekly, 54, 1000, result.Fail, ""},
		{weekly, 52, 1000, result.Pass, "on Thursdays"},
		{baseline.Settings{}, 40, 300, result.Pass, "5 runs on Saturdays to go by"},
		{baseline.Settings{}, 40, 1000, result.Fail, ""},
		{baseline.Settings{}, 45, 300, result.Fail, "on Thursdays"},
		{baseline.Settings{}, 12, 300, result.Pass, "too early to tell a season from an incident"},
		{baseline.Settings{MinHistory: 3, Season: baseline.SeasonWeekly}, 26, 300, result.Pass, "3 runs on Saturdays"},
	} {
		if j := judge(c.s, daily(values[:c.n]...), c.v); j.Verdict != c.want || !strings.Contains(j.Message, c.message) {
			t.Errorf("%+v after %d: %g is %s: %s", c.s.Season, c.n, c.v, j.Verdict, j.Message)
		}
	}
	// hours of the day, hours of the week
	var hourly []baseline.Point
	for i := range 24 * 7 * 8 {
		at := monday.Add(time.Duration(i) * time.Hour)
		v := 100 + 50*math.Sin(2*math.Pi*float64(at.Hour())/24) + noise[i%200]/10
		if w := at.Weekday(); w == time.Sunday || w == time.Saturday {
			v = 20 + noise[i%200]/10
		}
		hourly = append(hourly, baseline.Point{At: at, Value: v})
	}
	end := len(hourly)
	for _, c := range []struct {
		s    baseline.Season
		at   int
		v    float64
		want result.Verdict
	}{
		{baseline.SeasonBoth, end, 100 + 50*math.Sin(2*math.Pi*5/24), result.Pass},
		{baseline.SeasonBoth, end, 20, result.Fail},
		{baseline.SeasonAuto, end, 100 + 50*math.Sin(2*math.Pi*5/24), result.Pass},
		{baseline.SeasonAuto, end, 100, result.Fail},
		{baseline.SeasonAuto, end - 30, 20, result.Pass},
		{baseline.SeasonAuto, end - 30, 100, result.Fail},
		{baseline.SeasonDaily, 24 * 5, 100, result.Skipped},
		{baseline.SeasonBoth, 24 * 7 * 6, 100, result.Skipped},
	} {
		at := monday.Add(time.Duration(c.at) * time.Hour)
		if j := baseline.Judge(baseline.Settings{Season: c.s}, hourly[:c.at], baseline.Figure{At: at, Value: c.v, Low: c.v, High: c.v}); j.Verdict != c.want {
			t.Errorf("%s at %s: %g is %s: %s", c.s, at.Format("Mon 15"), c.v, j.Verdict, j.Message)
		}
	}
}

func TestWhatIsLearnedFrom(t *testing.T) {
	values := append(around(11, 20, 100, 2), around(12, 20, 200, 2)...)
	h := daily(values...)
	h[3].Mark, h[4].Value = baseline.Forgotten, math.NaN()
	s := baseline.Settings{
		Window: 30 * day, Season: baseline.SeasonNone,
		Exclude: []baseline.Span{{From: monday.Add(25 * day), To: monday.Add(27 * day)}},
	}
	j := judge(s, h, 200)
	for i, want := range map[int]string{3: "before the window", 15: "before a shift", 24: "", 25: "excluded", 26: "excluded", 27: ""} {
		if j.Left[i] != want {
			t.Errorf("point %d is left out as %q, not %q", i, j.Left[i], want)
		}
	}
	if j.Verdict != result.Pass || j.Learned != 18 {
		t.Errorf("%s, %d learned", j.Message, j.Learned)
	}
	s.Window = 0
	if j := judge(s, h, 200); j.Left[3] != "forgotten" || j.Left[4] != "no number" {
		t.Errorf("left out: %q", j.Left)
	}
	h[35].Mark = baseline.Accepted
	if j := judge(s, h, 200); j.Verdict != result.Skipped || j.Learned != 5 || j.Left[34] != "before accepted" || j.Left[35] != "" || !strings.Contains(j.Message, "5 of 7 runs") {
		t.Errorf("accepted 5 runs ago: %s %q", j.Message, j.Left[30:])
	}
	for n := range 7 {
		if j := judge(baseline.Settings{}, daily(values[:n]...), 100); j.Verdict != result.Skipped || j.Expected != nil || j.Message != fmt.Sprintf("baseline: learning, %d of 7 runs", n) {
			t.Errorf("%d points: %s, %s", n, j.Verdict, j.Message)
		}
	}
	if j := judge(baseline.Settings{}, daily(values[:20]...), math.NaN()); j.Verdict != result.Skipped {
		t.Errorf("no number is %s", j.Verdict)
	}
	// an incident of six runs, excluded, leaves no trace
	incident := around(13, 60, 100, 2)
	clean := judge(baseline.Settings{Exclude: []baseline.Span{{From: monday.Add(40 * day), To: monday.Add(46 * day)}}}, daily(incident...), 100)
	for i := 40; i < 46; i++ {
		incident[i] = 500
	}
	if j := judge(baseline.Settings{Exclude: []baseline.Span{{From: monday.Add(40 * day), To: monday.Add(46 * day)}}}, daily(incident...), 100); *j.Low != *clean.Low || *j.High != *clean.High {
		t.Errorf("excluded, it moves the band from %g to %g to %g to %g", *clean.Low, *clean.High, *j.Low, *j.High)
	}
}

func TestDirectionDeviationEstimates(t *testing.T) {
	h := daily(around(15, 60, 1000, 10)...)
	for _, c := range []struct {
		s    baseline.Settings
		v    float64
		want result.Verdict
	}{
		{baseline.Settings{Direction: baseline.Up}, 900, result.Pass},
		{baseline.Settings{Direction: baseline.Up}, 1100, result.Fail},
		{baseline.Settings{Direction: baseline.Down}, 900, result.Fail},
		{baseline.Settings{Direction: baseline.Down}, 1100, result.Pass},
		{baseline.Settings{Deviation: 6}, 1050, result.Pass},
		{baseline.Settings{Deviation: 2}, 1026, result.Fail},
		{baseline.Settings{Deviation: 3}, 1026, result.Pass},
		{baseline.Settings{Deviation: 50}, 1300, result.Pass},
	} {
		if j := judge(c.s, h, c.v); j.Verdict != c.want {
			t.Errorf("%+v: %g is %s: %s", c.s, c.v, j.Verdict, j.Message)
		}
	}
	at := monday.Add(60 * day)
	for _, c := range []struct {
		low, v, high float64
		want         result.Verdict
	}{{1010, 1050, 1090, result.Inconclusive}, {1045, 1050, 1055, result.Fail}, {990, 1000, 1010, result.Pass}, {900, 1000, 1100, result.Inconclusive}} {
		if j := baseline.Judge(baseline.Settings{}, h, baseline.Figure{Of: result.TrendObserved, At: at, Value: c.v, Low: c.low, High: c.high}); j.Verdict != c.want {
			t.Errorf("an estimate of %g to %g is %s: %s", c.low, c.high, j.Verdict, j.Message)
		}
	}
}

func TestChanges(t *testing.T) {
	h := daily(100, 110, 120, 130, 100, 90, 100, 200, 210)
	h[7].Verdict, h[8].Verdict = result.Fail, result.Error
	change := func(against baseline.Against, within float64, runs int) baseline.Settings {
		return baseline.Settings{Change: &baseline.Change{Against: against, Within: within, Runs: runs}}
	}
	for _, c := range []struct {
		s       baseline.Settings
		h       []baseline.Point
		v       float64
		want    result.Verdict
		message string
	}{
		{change(baseline.Last, 0.2, 0), h, 119, result.Pass, "119 against 100 of the last run that did not fail (2026-01-11 05:00): changed by +19.0 %, 20.0 % may"},
		{change(baseline.Last, 0.2, 0), h, 121, result.Fail, "+21.0 %"},
		{change(baseline.Last, 0.2, 0), h, 79, result.Fail, "-21.0 %"},
		{change(baseline.Average, 0.1, 3), h, 106, result.Pass, "the mean of 3 runs"},
		{change(baseline.Average, 0.1, 3), h, 107, result.Fail, ""},
		{change(baseline.Average, 0.1, 8), h, 107, result.Skipped, "7 of 8 runs"},
		{change(baseline.Weekday, 0.1, 0), h, 121, result.Pass, "the last Wednesday (2026-01-07 05:00)"},
		{change(baseline.Weekday, 0.1, 0), h[:5], 121, result.Skipped, "0 of 1 run on Saturdays"},
		{change(baseline.Last, 0, 0), daily(0, 0), 0, result.Pass, ""},
		{change(baseline.Last, 0.5, 0), daily(0, 0), 1, result.Fail, "more than any share of nothing"},
		{change(baseline.Last, 2, 0), daily(100), 290, result.Pass, "200 % may"},
		{change(baseline.Last, 0.2, 0), nil, 1, result.Skipped, "0 of 1 run"},
	} {
		if j := judge(c.s, c.h, c.v); j.Verdict != c.want || !strings.Contains(j.Message, c.message) {
			t.Errorf("%+v: %g is %s: %s", *c.s.Change, c.v, j.Verdict, j.Message)
		}
	}
	// what has failed for seven runs is a measure again
	long := daily(100, 100, 200, 200, 200, 200, 200, 200, 200)
	for i := 2; i < len(long); i++ {
		long[i].Verdict = result.Fail
	}
	if j := judge(change(baseline.Last, 0.1, 0), long, 205); j.Verdict != result.Pass {
		t.Errorf("after seven failed runs: %s", j.Message)
	}
	if j := judge(change(baseline.Last, 0.1, 0), long[:8], 205); j.Verdict != result.Fail {
		t.Errorf("after six: %s", j.Message)
	}
}

// TestAnySeries judges random series of all lengths and sizes: whatever comes, there is a verdict, a band of numbers around what is expected, and a reason for each point.
func TestAnySeries(t *testing.T) {
	kinds := []func(r *rand.Rand, i int) float64{
		func(r *rand.Rand, _ int) float64 { return r.NormFloat64() * math.Pow(10, float64(r.IntN(30)-15)) },
		func(r *rand.Rand, _ int) float64 { return float64(r.IntN(2)) },
		func(_ *rand.Rand, i int) float64 { return float64(i) },
		func(_ *rand.Rand, i int) float64 { return math.Pow(1.1, float64(i)) },
		func(*rand.Rand, int) float64 { return math.MaxFloat64 / 4 },
		func(r *rand.Rand, _ int) float64 {
			return []float64{math.NaN(), math.Inf(1), 5, -1e308, 1e308}[r.IntN(5)]
		},
		func(*rand.Rand, int) float64 { return -7 },
		func(r *rand.Rand, _ int) float64 { return math.SmallestNonzeroFloat64 * float64(r.IntN(5)) },
	}
	for seed := range uint64(4000) {
		r := rand.New(rand.NewPCG(seed, 2))
		draw := kinds[r.IntN(len(kinds))]
		step := []time.Duration{0, time.Second, time.Hour, 5 * time.Hour, day, 9 * day}[r.IntN(6)]
		var h []baseline.Point
		at := monday
		for i := range r.IntN(80) {
			h = append(h, baseline.Point{At: at, Value: draw(r, i)})
			at = at.Add(step + time.Duration(r.Int64N(int64(step)+2)))
		}
		v := draw(r, len(h))
		s := baseline.Settings{Season: []baseline.Season{"", baseline.SeasonNone, baseline.SeasonDaily, baseline.SeasonWeekly, baseline.SeasonBoth}[r.IntN(5)], MinHistory: 2 + r.IntN(8)}
		j := baseline.Judge(s, h, baseline.Figure{Of: result.TrendObserved, At: at.Add(time.Hour), Value: v, Low: v, High: v})
		if len(j.Left) != len(h) || j.Message == "" || j.Verdict == "" || j.Verdict == result.Error {
			t.Fatalf("seed %d: %+v", seed, j)
		}
		if j.Verdict == result.Skipped != (j.Expected == nil) {
			t.Fatalf("seed %d: %s with band %v", seed, j.Verdict, j.Expected)
		}
		if j.Expected != nil && !(*j.Low <= *j.Expected+1 && *j.Expected-1 <= *j.High) {
			t.Fatalf("seed %d: %g is not within %g to %g: %s", seed, *j.Expected, *j.Low, *j.High, j.Method)
		}
	}
}
