package sample

import "math"

// The probabilities here keep their relative accuracy (some 1e-12) far into the tails and for n up to 1e9: they are built on Loader's saddle-point
// form of the binomial probability, not on differences of logarithms of factorials.

// stirlingError is log(z!) - log(sqrt(2πz) (z/e)^z), for z >= 0.
func stirlingError(z float64) float64 {
	if z < 16 {
		if z == 0 {
			return 0 // never used: callers treat ends apart
		}
		lg, _ := math.Lgamma(z + 1)
		return lg - (z+0.5)*math.Log(z) + z - 0.5*math.Log(2*math.Pi)
	}
	zz := z * z
	return (1.0/12 - (1.0/360-(1.0/1260-(1.0/1680-(1.0/1188-691.0/360360/zz)/zz)/zz)/zz)/zz) / z
}

// deviance is x log(x/m) + m - x, accurately where x is near m.
func deviance(x, m float64) float64 {
	if math.Abs(x-m) < 0.1*(x+m) {
		v := (x - m) / (x + m)
		s := (x - m) * v
		ej := 2 * x * v
		for j := 1; j < 1000; j++ {
			ej *= v * v
			next := s + ej/float64(2*j+1)
			if next == s {
				return s
			}
			s = next
		}
		return s
	}
	return x*math.Log(x/m) + m - x
}

// logBinomial is the logarithm of Γ(n+1)/(Γ(x+1)Γ(n-x+1)) p^x q^(n-x), where q = 1 - p is given too because it may be tiny; n and x need not be whole.
func logBinomial(x, n, p, q float64) float64 {
	switch {
	case x < 0 || x > n:
		return math.Inf(-1)
	case p == 0:
		return logIf(x == 0)
	case q == 0:
		return logIf(x == n)
	case x == 0:
		if p < 0.1 {
			return n * math.Log1p(-p)
		}
		return n * math.Log(q)
	case x == n:
		if q < 0.1 {
			return n * math.Log1p(-q)
		}
		return n * math.Log(p)
	}
	e := stirlingError(n) - stirlingError(x) - stirlingError(n-x) - deviance(x, n*p) - deviance(n-x, n*q)
	return e + 0.5*math.Log(n/(2*math.Pi*x*(n-x)))
}

func logIf(b bool) float64 {
	if b {
		return 0
	}
	return math.Inf(-1)
}

// betaInc is the regularised incomplete beta function I_x(a, b) for a, b > 0, where y = 1 - x: by Lentz's continued fraction, on the side where it
// converges within a multiple of sqrt(max(a, b)) steps.
func betaInc(a, b, x, y float64) float64 {
	switch {
	case x <= 0:
		return 0
	case y <= 0:
		return 1
	case x > (a+1)/(a+b+2):
		return 1 - betaFraction(b, a, y, x)
	}
	return betaFraction(a, b, x, y)
}

func betaFraction(a, b, x, y float64) float64 {
	// x^a y^b / (a B(a, b)) = b/(a+b) times the binomial probability of a in a+b
	front := math.Exp(logBinomial(a, a+b, x, y)) * b / (a + b)
	c, d := 1.0, 1/nonzero(1-(a+b)*x/(a+1))
	h := d
	for m := 1.0; m < 1e7; m++ {
		num := m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m))
		d = 1 / nonzero(1+num*d)
		c = nonzero(1 + num/c)
		h *= d * c
		num = -(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1))
		d = 1 / nonzero(1+num*d)
		c = nonzero(1 + num/c)
		step := d * c
		h *= step
		if math.Abs(step-1) < 1e-15 {
			break
		}
	}
	return math.Min(1, front*h)
}

func nonzero(v float64) float64 {
	const tiny = 1e-300
	if math.Abs(v) < tiny {
		return tiny
	}
	return v
}

// binomialAtMost is the probability of at most k successes in n trials of chance p.
func binomialAtMost(k, n int64, p float64) float64 {
	switch {
	case k < 0:
		return 0
	case k >= n:
		return 1
	case k == 0:
		return math.Exp(logBinomial(0, float64(n), p, 1-p))
	}
	return betaInc(float64(n-k), float64(k+1), 1-p, p)
}

// binomialAtLeast is the probability of at least k successes in n trials of chance p.
func binomialAtLeast(k, n int64, p float64) float64 {
	switch {
	case k <= 0:
		return 1
	case k > n:
		return 0
	}
	return betaInc(float64(k), float64(n-k+1), p, 1-p)
}

// logHypergeometric is the logarithm of the probability that n rows drawn without replacement from rows, of which bad fail, hold k that fail.
func logHypergeometric(k, n, bad, rows int64) float64 {
	if k < 0 || k > n || k > bad || n-k > rows-bad {
		return math.Inf(-1)
	}
	// any p does; n/rows keeps all three probabilities near their modes
	p, q := float64(n)/float64(rows), float64(rows-n)/float64(rows)
	return logBinomial(float64(k), float64(bad), p, q) + logBinomial(float64(n-k), float64(rows-bad), p, q) - logBinomial(float64(n), float64(rows), p, q)
}

// hypergeometricAtMost is the probability of at most k failing rows.
func hypergeometricAtMost(k, n, bad, rows int64) float64 {
	if k >= min(n, bad) {
		return 1
	}
	if least := max(0, n-(rows-bad)); k < least {
		return 0
	}
	if float64(k) > float64(n)*float64(bad)/float64(rows) {
		return 1 - hypergeometricAtLeast(k+1, n, bad, rows)
	}
	term := math.Exp(logHypergeometric(k, n, bad, rows))
	sum := term
	for i := k; i > 0; i-- {
		term *= float64(i) / float64(bad-i+1) * (float64(rows-bad-n+i) / float64(n-i+1))
		if term <= sum*1e-17 {
			break
		}
		sum += term
	}
	return math.Min(1, sum)
}

// hypergeometricAtLeast is the probability of at least k failing rows.
func hypergeometricAtLeast(k, n, bad, rows int64) float64 {
	if k <= max(0, n-(rows-bad)) {
		return 1
	}
	most := min(n, bad)
	if k > most {
		return 0
	}
	if float64(k) < float64(n)*float64(bad)/float64(rows) {
		return 1 - hypergeometricAtMost(k-1, n, bad, rows)
	}
	term := math.Exp(logHypergeometric(k, n, bad, rows))
	sum := term
	for i := k; i < most; i++ {
		term *= float64(bad-i) / float64(i+1) * (float64(n-i) / float64(rows-bad-n+i+1))
		if term <= sum*1e-17 {
			break
		}
		sum += term
	}
	return math.Min(1, sum)
}

// normalQuantile is the z below which a standard normal value lies with probability p.
func normalQuantile(p float64) float64 { return -math.Sqrt2 * math.Erfcinv(2*p) }

// studentTail is the probability that Student's t of df degrees of freedom exceeds t, for t >= 0.
func studentTail(t, df float64) float64 {
	d := df + t*t
	return betaInc(df/2, 0.5, df/d, t*t/d) / 2
}

// studentQuantile is the t that Student's t exceeds with probability tail, at most 0.5.
func studentQuantile(tail, df float64) float64 {
	low, high := 0.0, math.Max(1, normalQuantile(1-tail))
	for studentTail(high, df) > tail && high < 1e18 {
		low, high = high, high*2
	}
	for range 200 {
		mid := (low + high) / 2
		if mid == low || mid == high {
			break
		}
		if studentTail(mid, df) > tail {
			low = mid
		} else {
			high = mid
		}
	}
	return high
}
