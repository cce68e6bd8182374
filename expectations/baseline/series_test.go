package baseline_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/assay-dev/assay/expectations/baseline"
)

// world is what a series is like before anything happens to it: level, noise and season, all in units that a seed chooses.
type world struct {
	name  string
	gap   time.Duration
	count []int // lengths of history to draw from
	// make gives the figure of run i at a time, noise included; sigma is the noise's standard deviation.
	make                                func(r *rand.Rand) (at func(i int, t time.Time) float64, sigma float64)
	whole, positive, missing, incidents bool
}

const day = 24 * time.Hour

// noise draws a number of variance 1.
func noise(r *rand.Rand, heavy bool) float64 {
	if !heavy {
		return r.NormFloat64()
	}
	// Student's t with 5 degrees of freedom: its variance is 5/3
	var chi float64
	for range 5 {
		z := r.NormFloat64()
		chi += z * z
	}
	return r.NormFloat64() / math.Sqrt(chi/5) / math.Sqrt(5.0/3)
}

// scaleOf draws a level and a noise that may be of any size.
func scaleOf(r *rand.Rand) (level, sigma float64) {
	sigma = math.Pow(10, r.Float64()*6-3)
	return sigma * (20 + 2000*r.Float64()), sigma
}

func lengths() []int { return []int{14, 21, 30, 45, 60, 90, 120, 180, 365} }

func worlds() []world {
	level := func(heavy bool) func(r *rand.Rand) (func(int, time.Time) float64, float64) {
		return func(r *rand.Rand) (func(int, time.Time) float64, float64) {
			l, s := scaleOf(r)
			return func(int, time.Time) float64 { return l + s*noise(r, heavy) }, s
		}
	}
	return []world{
		{name: "level", gap: day, count: lengths(), make: level(false)},
		{name: "level, heavy tails", gap: day, count: lengths(), make: level(true)},
		{name: "level, some runs missing", gap: day, count: lengths(), make: level(false), missing: true},
		{name: "level, past incidents", gap: day, count: lengths(), make: level(false), incidents: true},
		{name: "trend", gap: day, count: []int{30, 45, 60, 90, 180, 365}, make: func(r *rand.Rand) (func(int, time.Time) float64, float64) {
			l, s := scaleOf(r)
			slope := s * (0.1 + 0.9*r.Float64())
			return func(i int, _ time.Time) float64 { return l + slope*float64(i) + s*noise(r, false) }, s
		}},
		{name: "weekly season", gap: day, count: []int{28, 42, 60, 90, 180, 365}, make: weekly(false)},
		{name: "weekly season, heavy tails", gap: day, count: []int{28, 42, 60, 90, 180, 365}, make: weekly(true)},
		{name: "weekly season and trend", gap: day, count: []int{42, 60, 90, 180, 365}, make: func(r *rand.Rand) (func(int, time.Time) float64, float64) {
			at, s := weekly(false)(r)
			slope := s * (0.05 + 0.25*r.Float64())
			return func(i int, t time.Time) float64 { return at(i, t) + slope*float64(i) }, s
		}},
		{name: "daily season", gap: time.Hour, count: []int{24 * 7, 24 * 10, 24 * 14}, make: func(r *rand.Rand) (func(int, time.Time) float64, float64) {
			l, s := scaleOf(r)
			amp := s * (3 + 10*r.Float64())
			ph := r.Float64() * 2 * math.Pi
			return func(_ int, t time.Time) float64 {
				return l + amp*math.Sin(ph+2*math.Pi*float64(t.Hour())/24) + s*noise(r, false)
			}, s
		}},
		{name: "daily season of one busy hour", gap: time.Hour, count: []int{24 * 7, 24 * 10, 24 * 14}, make: func(r *rand.Rand) (func(int, time.Time) float64, float64) {
			l, s := scaleOf(r)
			peak, busy := s*between(r, 10, 40), r.IntN(24)
			return func(_ int, t time.Time) float64 {
				v := l + s*noise(r, false)
				if t.Hour() == busy {
					v += peak
				}
				return v
			}, s
		}},
		{name: "counts", gap: day, count: lengths(), make: func(r *rand.Rand) (func(int, time.Time) float64, float64) {
			l := math.Pow(10, 1+3*r.Float64())
			return func(int, time.Time) float64 { return math.Round(l + math.Sqrt(l)*r.NormFloat64()) }, math.Sqrt(l)
		}, whole: true},
		{name: "few counts", gap: day, count: lengths(), make: func(r *rand.Rand) (func(int, time.Time) float64, float64) {
			l := math.Pow(10, -1+2*r.Float64())
			return func(int, time.Time) float64 { return poisson(r, l) }, max(math.Sqrt(l), 1)
		}, whole: true, positive: true},
		{name: "random walk", gap: day, count: []int{30, 45, 60, 90, 180, 365}, make: func(r *rand.Rand) (func(int, time.Time) float64, float64) {
			l, s := scaleOf(r)
			return func(int, time.Time) float64 { l += s * r.NormFloat64(); return l }, s
		}},
		{name: "level, Laplace noise", gap: day, count: lengths(), make: levelOf(laplace)},
		{name: "level, skewed noise", gap: day, count: lengths(), make: levelOf(skewed)},
		{name: "counts with a weekly season", gap: day, count: []int{28, 42, 60, 90, 180, 365}, make: weeklyCounts, whole: true},
		{name: "saturating growth", gap: day, count: []int{45, 60, 90, 180, 365}, make: func(r *rand.Rand) (func(int, time.Time) float64, float64) {
			l, s := scaleOf(r)
			rise, time0 := s*between(r, 10, 100), between(r, 15, 80)
			return func(i int, _ time.Time) float64 { return l + rise*(1-math.Exp(-float64(i)/time0)) + s*noise(r, false) }, s
		}},
		{name: "every other run", gap: day, count: lengths(), make: func(r *rand.Rand) (func(int, time.Time) float64, float64) {
			l, s := scaleOf(r)
			other := s * between(r, 5, 60)
			return func(i int, _ time.Time) float64 { return l + other*float64(i%2) + s*noise(r, false) }, s
		}},
		{name: "likeness of neighbours (0.5)", gap: day, count: []int{30, 45, 60, 90, 180, 365}, make: func(r *rand.Rand) (func(int, time.Time) float64, float64) {
			l, s := scaleOf(r)
			e := r.NormFloat64()
			return func(int, time.Time) float64 { e = 0.5*e + math.Sqrt(0.75)*r.NormFloat64(); return l + s*e }, s
		}},
	}
}

func weekly(heavy bool) func(r *rand.Rand) (func(int, time.Time) float64, float64) {
	return func(r *rand.Rand) (func(int, time.Time) float64, float64) {
		l, s := scaleOf(r)
		var effect [7]float64
		if r.IntN(2) == 0 { // weekends differ
			drop := s * (4 + 20*r.Float64())
			effect[0], effect[6] = -drop, -drop*(0.7+0.3*r.Float64())
		} else { // every day does
			for d := range effect {
				effect[d] = s * 8 * r.NormFloat64()
			}
		}
		return func(_ int, t time.Time) float64 { return l + effect[t.Weekday()] + s*noise(r, heavy) }, s
	}
}

// laplace and skewed draw numbers of mean 0 and variance 1, the latter gamma numbers of shape 2.
func laplace(r *rand.Rand) float64 { return r.ExpFloat64() / math.Sqrt2 * float64(2*r.IntN(2)-1) }

func skewed(r *rand.Rand) float64 { return (r.ExpFloat64() + r.ExpFloat64() - 2) / math.Sqrt2 }

func levelOf(draw func(*rand.Rand) float64) func(r *rand.Rand) (func(int, time.Time) float64, float64) {
	return func(r *rand.Rand) (func(int, time.Time) float64, float64) {
		l, s := scaleOf(r)
		return func(int, time.Time) float64 { return l + s*draw(r) }, s
	}
}

// weeklyCounts are counts of which there are fewer at weekends; sigma is that of a weekday.
func weeklyCounts(r *rand.Rand) (at func(int, time.Time) float64, sigma float64) {
	l := math.Pow(10, 1+1.5*r.Float64())
	rest := between(r, 0.1, 0.8)
	return func(_ int, t time.Time) float64 {
		if d := t.Weekday(); d == time.Sunday || d == time.Saturday {
			return poisson(r, l*rest)
		}
		return poisson(r, l)
	}, math.Sqrt(l)
}

func poisson(r *rand.Rand, mean float64) float64 {
	p, k := math.Exp(-mean), 0.0
	for u := r.Float64(); u > p; k++ {
		u *= r.Float64()
	}
	return k
}

// event is what happens to a series, in standard deviations of its noise.
type event struct {
	name string
	runs int // runs in which it may be found
	// draw gives what it adds to the figure of the i-th run since it began.
	draw func(r *rand.Rand) func(i int) float64
}

// between draws the size of an event.
func between(r *rand.Rand, low, high float64) float64 { return low + (high-low)*r.Float64() }

func spikes(low, high float64) event {
	return event{"spike", 1, func(r *rand.Rand) func(int) float64 {
		k := between(r, low, high)
		return func(int) float64 { return k }
	}}
}

func shifts(low, high float64) event {
	e := spikes(low, high)
	e.name, e.runs = "level shift", 3
	return e
}

func drifts() event {
	return event{"drift", 20, func(r *rand.Rand) func(int) float64 {
		k := between(r, 0.25, 0.5)
		return func(i int) float64 { return k * float64(i+1) }
	}}
}

// incident adds to one run in forty of the past, which nobody excluded.
const incidents = 40

// series draws a history and the runs after it, as they are and as the event makes them.
func (w *world) series(seed uint64, e event) (history, plain, hit []baseline.Point) {
	r := rand.New(rand.NewPCG(seed, 0xba5e))
	n := w.count[r.IntN(len(w.count))]
	at, sigma := w.make(r)
	add := e.draw(r)
	start := time.Date(2026, 1, 1, 5, 0, 0, 0, time.UTC).Add(time.Duration(r.IntN(7*24)) * time.Hour)
	sign := 1.0
	if r.IntN(2) == 0 && !w.positive {
		sign = -1
	}
	for i := range n + e.runs {
		t := start.Add(time.Duration(i)*w.gap + time.Duration(r.IntN(120))*time.Second)
		p := baseline.Point{Run: fmt.Sprint(i), At: t, Value: at(i, t)}
		if w.missing && r.IntN(4) == 0 && i < n {
			continue
		}
		if i < n {
			if w.incidents && r.IntN(incidents) == 0 {
				p.Value += sigma * between(r, -30, 30)
			}
			history = append(history, p)
			continue
		}
		plain = append(plain, p)
		p.Value += sign * sigma * add(i-n)
		if w.whole {
			p.Value = math.Round(p.Value)
		}
		hit = append(hit, p)
	}
	return history, plain, hit
}
