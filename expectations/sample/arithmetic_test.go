package sample

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Whatever the operands hold, the results hold what comes of it; comparisons say true or false only where all of it is.
func TestArithmeticHolds(t *testing.T) {
	r := rand.New(rand.NewPCG(10, 2026))
	interval := func() Interval {
		a, b := math.Round(8*r.NormFloat64())/2, math.Round(8*r.NormFloat64())/2
		switch r.IntN(8) {
		case 0:
			return Point(a)
		case 1:
			return Interval{math.Inf(-1), a}
		case 2:
			return Interval{a, math.Inf(1)}
		}
		return Interval{math.Min(a, b), math.Max(a, b)}
	}
	inside := func(i Interval) float64 {
		low, high := math.Max(i.Low, -50), math.Min(i.High, 50)
		switch r.IntN(4) {
		case 0:
			return low
		case 1:
			return high
		}
		return low + (high-low)*r.Float64()
	}
	decided := map[Truth]int{}
	for range 100_000 {
		a, b, c := interval(), interval(), interval()
		x, y, z := inside(a), inside(b), inside(c)
		quotient, ok := a.Over(b)
		if ok == b.Contains(0) {
			t.Fatalf("%v / %v: %v", a, b, ok)
		}
		for what, is := range map[string]bool{
			"+": a.Plus(b).Contains(x + y), "-": a.Minus(b).Contains(x - y), "*": a.Times(b).Contains(x * y),
			"/": !ok || quotient.Contains(x/y), "abs": a.Abs().Contains(math.Abs(x)), "neg": a.Negative().Contains(-x),
			"union": a.Union(b).Contains(x) && a.Union(b).Contains(y),
		} {
			if !is {
				t.Fatalf("%v %s %v does not hold what comes of %v and %v", a, what, b, x, y)
			}
		}
		for what, c := range map[string]struct {
			said Truth
			is   bool
		}{
			"<": {a.Less(b), x < y}, "<=": {a.AtMost(b), x <= y}, ">": {a.Greater(b), x > y}, ">=": {a.AtLeast(b), x >= y},
			"==": {a.Equal(b), x == y}, "!=": {a.Equal(b).Not(), x != y}, "between": {a.Between(b, c), y <= x && x <= z},
			"or": {a.Less(b).Or(b.Less(c)), x < y || y < z},
		} {
			decided[c.said]++
			if c.said == True && !c.is || c.said == False && c.is {
				t.Fatalf("%v %s %v (and %v) is %s, but not for %v and %v (and %v)", a, what, b, c, c.said, x, y, z)
			}
		}
	}
	for _, v := range []Truth{True, False, Unknown} {
		if decided[v] < 10_000 {
			t.Errorf("%s only %d times", v, decided[v])
		}
	}
	if Point(1).Equal(Point(1)) != True || Point(1).Equal(Point(2)) != False || (Interval{0, 2}).Equal(Point(1)) != Unknown {
		t.Error("==")
	}
	if True.Verdict() != Pass || False.Verdict() != Fail || Unknown.Verdict() != Inconclusive {
		t.Error("verdicts")
	}
	near(t, Split(0.99, 4), 0.9975, 1e-15, "split")
	if Split(0.99, 1) != 0.99 || Split(0.99, 0) != 0.99 {
		t.Error("split of one")
	}
}
