package baseline_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/assay-dev/assay/expectations/baseline"
)

// shape is what a series is like before anything happens to it: level, noise and season, all in units that a seed chooses.
type world struct {
	name  string
	gap   time.Duration
	count []int // lengths of history to draw from
	// at gives the figure of run i at a time, noise included; sigma is the noise's standard deviation.
	make func(r *rand.Rand) (at func(i int, t time.Time) float64, sigma float64)
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
		{"level", day, lengths(), level(false)},
		{"level, heavy tails", day, lengths(), level(true)},
		{"trend", day, []int{30, 45, 60, 90, 180, 365}, func(r *rand.Rand) (func(int, time.Time) float64, float64) {
			l, s := scaleOf(r)
			slope := s * (0.1 + 0.9*r.Float64())
			return func(i int, _ time.Time) float64 { return l + slope*float64(i) + s*noise(r, false) }, s
		}},
		{"weekly season", day, []int{28, 42, 60, 90, 180, 365}, weekly(false)},
		{"weekly season, heavy tails", day, []int{28, 42, 60, 90, 180, 365}, weekly(true)},
		{"weekly season and trend", day, []int{42, 60, 90, 180, 365}, func(r *rand.Rand) (func(int, time.Time) float64, float64) {
			at, s := weekly(false)(r)
			slope := s * (0.05 + 0.25*r.Float64())
			return func(i int, t time.Time) float64 { return at(i, t) + slope*float64(i) }, s
		}},
		{"daily season", time.Hour, []int{24 * 7, 24 * 10, 24 * 14}, func(r *rand.Rand) (func(int, time.Time) float64, float64) {
			l, s := scaleOf(r)
			amp := s * (3 + 10*r.Float64())
			ph := r.Float64() * 2 * math.Pi
			return func(_ int, t time.Time) float64 {
				return l + amp*math.Sin(ph+2*math.Pi*float64(t.Hour())/24) + s*noise(r, false)
			}, s
		}},
		{"counts", day, lengths(), func(r *rand.Rand) (func(int, time.Time) float64, float64) {
			l := math.Pow(10, 1+3*r.Float64())
			return func(int, time.Time) float64 { return math.Round(l + math.Sqrt(l)*r.NormFloat64()) }, math.Sqrt(l)
		}},
		{"few counts", day, lengths(), func(r *rand.Rand) (func(int, time.Time) float64, float64) {
			l := math.Pow(10, -1+2*r.Float64())
			return func(int, time.Time) float64 { return poisson(r, l) }, math.Sqrt(l)
		}},
		{"random walk", day, []int{30, 45, 60, 90, 180, 365}, func(r *rand.Rand) (func(int, time.Time) float64, float64) {
			l, s := scaleOf(r)
			return func(int, time.Time) float64 { l += s * r.NormFloat64(); return l }, s
		}},
		{"likeness of neighbours (0.5)", day, []int{30, 45, 60, 90, 180, 365}, func(r *rand.Rand) (func(int, time.Time) float64, float64) {
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

func poisson(r *rand.Rand, mean float64) float64 {
	p, k := math.Exp(-mean), 0.0
	for u := r.Float64(); u > p; k++ {
		u *= r.Float64()
	}
	return k
}

// event is what happens to a series: add gives what it adds to the figure, in standard deviations, of the i-th run since it began.
type event struct {
	name string
	runs int // runs in which it may be found
	add  func(i int) float64
}

func spike(k float64) event {
	return event{fmt.Sprintf("spike of %g", k), 1, func(int) float64 { return k }}
}

func shift(k float64) event {
	return event{fmt.Sprintf("shift of %g", k), 3, func(int) float64 { return k }}
}

func driftOf(k float64) event {
	return event{fmt.Sprintf("drift of %g a run", k), int(6 / k), func(i int) float64 { return k * float64(i+1) }}
}

// series draws a history and the runs after it, as they are and as the event makes them.
func (w *world) series(seed uint64, e event) (history []baseline.Point, plain, hit []baseline.Point) {
	r := rand.New(rand.NewPCG(seed, 0xba5e))
	n := w.count[r.IntN(len(w.count))]
	at, sigma := w.make(r)
	start := time.Date(2026, 1, 1, 5, 0, 0, 0, time.UTC).Add(time.Duration(r.IntN(7*24)) * time.Hour)
	if w.name == "few counts" {
		sigma = max(sigma, 1)
	}
	sign := 1.0
	if r.IntN(2) == 0 && w.name != "few counts" {
		sign = -1
	}
	for i := range n + e.runs {
		t := start.Add(time.Duration(i)*w.gap + time.Duration(r.IntN(120))*time.Second)
		p := baseline.Point{Run: fmt.Sprint(i), At: t, Value: at(i, t)}
		if i < n {
			history = append(history, p)
			continue
		}
		plain = append(plain, p)
		p.Value += sign * sigma * e.add(i-n)
		if w.name == "counts" || w.name == "few counts" {
			p.Value = math.Round(p.Value)
		}
		hit = append(hit, p)
	}
	return history, plain, hit
}
