package connectortest

import (
	"math"
	"slices"
)

// ChiSquareP returns the probability that a chi-square variable of so many degrees of freedom is at least x: the regularised upper
// incomplete gamma function Q(df/2, x/2), by its series or its continued fraction (Abramowitz and Stegun, 6.5.29 and 6.5.31).
func ChiSquareP(x float64, df int) float64 {
	a, z := float64(df)/2, x/2
	if z <= 0 {
		return 1
	}
	lg, _ := math.Lgamma(a)
	scale := math.Exp(a*math.Log(z) - z - lg)
	if z < a+1 {
		term, sum := 1/a, 1/a
		for n := 1.0; n < 100_000 && term > sum*1e-16; n++ {
			term *= z / (a + n)
			sum += term
		}
		return 1 - scale*sum
	}
	// Lentz's algorithm
	const tiny = 1e-300
	b := z + 1 - a
	c, d := 1/tiny, 1/b
	h := d
	for n := 1.0; n < 100_000; n++ {
		an := -n * (n - a)
		b += 2
		d = an*d + b
		if math.Abs(d) < tiny {
			d = tiny
		}
		c = b + an/c
		if math.Abs(c) < tiny {
			c = tiny
		}
		d = 1 / d
		step := d * c
		h *= step
		if math.Abs(step-1) < 1e-15 {
			break
		}
	}
	return scale * h
}

// KolmogorovP returns the probability that numbers drawn uniformly from [0, 1) lie at least as far from uniform as u does, by the
// Kolmogorov-Smirnov statistic and its limiting distribution with Stephens' correction for small samples. It sorts u.
func KolmogorovP(u []float64) float64 {
	slices.Sort(u)
	n := float64(len(u))
	worst := 0.0
	for i, x := range u {
		worst = max(worst, float64(i+1)/n-x, x-float64(i)/n)
	}
	l := (math.Sqrt(n) + 0.12 + 0.11/math.Sqrt(n)) * worst
	if l < 0.2 {
		return 1 // the series below converges slowly there; the probability is 1 to twelve digits
	}
	p, sign := 0.0, 2.0
	for k := 1.0; k < 200; k++ {
		p += sign * math.Exp(-2*k*k*l*l)
		sign = -sign
	}
	return min(max(p, 0), 1)
}
