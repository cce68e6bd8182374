package sample

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// Bounds grow with the failures, never cross, enclose what was seen, and widen with confidence.
func TestBoundsAreMonotone(t *testing.T) {
	for _, size := range []Count{{0, 1, 0}, {0, 7, 0}, {0, 50, 0}, {0, 400, 0}, {0, 7, 8}, {0, 50, 60}, {0, 50, 5000}, {0, 60, 60}} {
		last := Interval{-1, -1}
		for k := int64(0); k <= size.Drawn; k++ {
			c := size
			c.Failed = k
			i := c.Interval(0.99)
			if i.Low > i.High || i.Low < 0 || i.High > 1 || !i.Contains(c.Rate()) {
				t.Errorf("%+v: %v", c, i)
			}
			if i.Low < last.Low || i.High < last.High || i == last {
				t.Errorf("%+v: %v after %v", c, i, last)
			}
			if wide := c.Interval(0.999); wide.Low > i.Low || wide.High < i.High {
				t.Errorf("%+v: %v at 99.9 %%, %v at 99 %%", c, wide, i)
			}
			if c.whole() != (i.Low == i.High) {
				t.Errorf("%+v: %v", c, i)
			}
			if c.Population > 0 && !c.whole() {
				// not knowing the number of rows never helps; bounds step by whole rows
				free := Count{k, c.Drawn, 0}.Interval(0.99)
				if step := 1 / float64(c.Population); i.Low < free.Low-step || i.High > free.High+step {
					t.Errorf("%+v: %v, and %v of endless rows", c, i, free)
				}
			}
			last = i
		}
	}
}

// The ends have formulas.
func TestBoundsAtTheEnds(t *testing.T) {
	for _, n := range []int64{1, 10, 4603, 1e6, 1e9} {
		for _, alpha := range []float64{0.05, 0.01, 1e-9} {
			near(t, Count{Drawn: n}.Upper(alpha), -math.Expm1(math.Log(alpha)/float64(n)), 1e-13, "no failure in %d", n)
			near(t, 1-Count{Failed: n, Drawn: n}.Lower(alpha), 1-math.Pow(alpha, 1/float64(n)), 1e-6, "%d failures", n)
			if u, l := (Count{Failed: n, Drawn: n}).Upper(alpha), (Count{Drawn: n}).Lower(alpha); u != 1 || l != 0 {
				t.Error(u, l)
			}
		}
	}
	if i := (Count{}).Interval(0.99); i != (Interval{0, 1}) {
		t.Error(i)
	}
}

// Hypergeometric tails beside sums of exact fractions.
func TestHypergeometricReferences(t *testing.T) {
	for _, c := range []struct{ n, bad, rows int64 }{{5, 3, 10}, {20, 7, 40}, {30, 200, 1000}, {500, 20, 1000}, {999, 5, 1000}, {100, 990, 1000}} {
		all := new(big.Int).Binomial(c.rows, c.n)
		sum := new(big.Rat)
		for k := int64(0); k <= c.n; k++ {
			before, _ := new(big.Rat).Sub(big.NewRat(1, 1), sum).Float64()
			ways := new(big.Int)
			if k <= c.bad && c.n-k <= c.rows-c.bad {
				ways.Mul(new(big.Int).Binomial(c.bad, k), new(big.Int).Binomial(c.rows-c.bad, c.n-k))
			}
			sum.Add(sum, new(big.Rat).SetFrac(ways, all))
			want, _ := sum.Float64()
			if got := hypergeometricAtMost(k, c.n, c.bad, c.rows); math.Abs(got-want) > 1e-11*want {
				t.Errorf("%+v, at most %d: %v, not %v", c, k, got, want)
			}
			if got := hypergeometricAtLeast(k, c.n, c.bad, c.rows); math.Abs(got-before) > 1e-11*before {
				t.Errorf("%+v, at least %d: %v, not %v", c, k, got, before)
			}
		}
	}
}

// With a known number of rows the bounds hold the truth for every number of failing rows there could be: by all samples, none simulated.
func TestHypergeometricCovers(t *testing.T) {
	for _, c := range []struct{ n, rows int64 }{{1, 2}, {5, 10}, {37, 60}, {20, 300}, {59, 60}} {
		for bad := int64(0); bad <= c.rows; bad++ {
			above, below := 0.0, 0.0
			for k := max(0, c.n-(c.rows-bad)); k <= min(c.n, bad); k++ {
				least, most := Count{k, c.n, c.rows}.Rows(0.9)
				p := math.Exp(logHypergeometric(k, c.n, bad, c.rows))
				if bad > most {
					above += p
				}
				if bad < least {
					below += p
				}
			}
			if above > 0.05+1e-12 || below > 0.05+1e-12 {
				t.Errorf("%d of %d rows fail: %d drawn miss them with %v and %v", bad, c.rows, c.n, above, below)
			}
		}
	}
}

// Quantiles of Student's t to 14 digits, from incomplete beta functions of 30 digits (mpmath).
func TestStudentReferences(t *testing.T) {
	for _, r := range []struct{ df, tail, want float64 }{
		{1, 0.05, 6.313751514675},
		{1, 0.005, 63.656741162872},
		{1, 1e-6, 318309.88618274},
		{2, 0.05, 2.9199855803537},
		{2, 0.005, 9.9248432009183},
		{2, 1e-6, 707.10572052593},
		{5, 0.05, 2.015048373333},
		{5, 0.005, 4.0321429835552},
		{5, 1e-6, 24.771029720516},
		{29, 0.05, 1.6991270265335},
		{29, 0.005, 2.7563859036706},
		{29, 1e-6, 5.9171055404596},
		{100, 0.05, 1.6602343260853},
		{100, 0.005, 2.625890521438},
		{100, 1e-6, 5.0488308772283},
		{9999, 0.05, 1.6450060333113},
		{9999, 0.005, 2.5763210958566},
		{9999, 1e-6, 4.756229965767},
	} {
		near(t, studentQuantile(r.tail, r.df), r.want, 1e-10, "t of %v at %v", r.df, r.tail)
	}
	near(t, normalQuantile(0.995), 2.5758293035489004, 1e-14, "normal")
}

// The walk through looks and simulated audits end alike.
func TestForeseeAgainstSimulation(t *testing.T) {
	p := Plan{Rows: 5000, Tolerance: tolerance(t, "0.99", 0), Confidence: 0.95}
	r := rand.New(rand.NewPCG(9, 2026))
	for _, rate := range []float64{0.004, 0.0099, 0.013} {
		o, err := p.Foresee(rate)
		if err != nil {
			t.Fatal(err)
		}
		const audits = 3000
		s := newSimulated(t, p, true, rate)
		ends := map[Verdict]float64{}
		for range audits {
			j, _ := s.audit(r, nil)
			ends[j.Verdict]++
		}
		for v, want := range map[Verdict]float64{Pass: o.Pass, Fail: o.Fail, Inconclusive: o.Inconclusive} {
			if math.Abs(ends[v]/audits-want) > 5*math.Sqrt(want*(1-want)/audits)+1e-3 {
				t.Errorf("at %v: %s %v, computed %v", rate, v, ends[v]/audits, want)
			}
		}
	}
}
