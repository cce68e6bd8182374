package sample

import (
	"math"
	"math/rand/v2"
	"sort"
)

// draws yields binomial numbers of one n and p by the inverse of the distribution function, tabulated where it is not within 1e-15 of its ends.
type draws struct {
	first int64
	cdf   []float64
}

func newDraws(n int64, p float64) draws {
	if p <= 0 || n == 0 {
		return draws{cdf: []float64{1}}
	}
	if p >= 1 {
		return draws{first: n, cdf: []float64{1}}
	}
	mean, spread := float64(n)*p, 9*math.Sqrt(float64(n)*p*(1-p))+40
	first, last := max(0, int64(mean-spread)), min(n, int64(mean+spread))
	d := draws{first: first, cdf: make([]float64, last-first+1)}
	sum := 0.0
	for k := first; k <= last; k++ {
		sum += math.Exp(logBinomial(float64(k), float64(n), p, 1-p))
		d.cdf[k-first] = sum
	}
	d.cdf[len(d.cdf)-1] = 1
	return d
}

func (d draws) draw(r *rand.Rand) int64 {
	return d.first + int64(sort.SearchFloat64s(d.cdf, r.Float64()))
}

// binomialNumber draws one binomial number by counting the gaps between successes, the rarer of both outcomes.
func binomialNumber(r *rand.Rand, n int64, p float64) int64 {
	switch {
	case n == 0 || p <= 0:
		return 0
	case p >= 1-1e-12:
		return n
	case p > 0.5:
		return n - binomialNumber(r, n, 1-p)
	}
	k, at, scale := int64(0), 0.0, math.Log1p(-p)
	for {
		at += math.Floor(math.Log1p(-r.Float64())/scale) + 1
		if at > float64(n) {
			return k
		}
		k++
	}
}
