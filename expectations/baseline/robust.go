package baseline

import "math"

// toSigma makes of a median absolute deviation the standard deviation of a normal distribution: 1 / Φ⁻¹(3/4).
const toSigma = 1.482602218505602

// middle is the median of what is in order.
func middle(sorted []float64) float64 {
	n := len(sorted)
	if n%2 == 1 {
		return sorted[n/2]
	}
	return sorted[n/2-1] + (sorted[n/2]-sorted[n/2-1])/2
}

// smallMAD corrects the bias of the median absolute deviation of n normal numbers: Croux and Rousseeuw, Time-efficient algorithms for two highly robust
// estimators of scale (1992), for n from 2 to 9, and n/(n - 0.8) beyond.
func smallMAD(n int) float64 {
	few := [...]float64{2: 1.196, 3: 1.495, 4: 1.363, 5: 1.206, 6: 1.200, 7: 1.140, 8: 1.129, 9: 1.107}
	if n >= 2 && n < len(few) {
		return few[n]
	}
	return float64(n) / (float64(n) - 0.8)
}

// scratch holds numbers that functions order for themselves.
type scratch struct{ a []float64 }

func (s *scratch) take(n int) []float64 {
	if cap(s.a) < n {
		s.a = make([]float64, n, 2*n)
	}
	return s.a[:n]
}

// mad is the median absolute deviation of v from centre, made consistent with the standard deviation of normal numbers.
func (s *scratch) mad(v []float64, centre float64) float64 {
	d := s.take(len(v))
	for i, x := range v {
		d[i] = math.Abs(x - centre)
	}
	return median(d) * toSigma * smallMAD(len(v))
}

// medianOf is the median of v, which keeps its order.
func (s *scratch) medianOf(v []float64) float64 {
	d := s.take(len(v))
	copy(d, v)
	return median(d)
}

// studentQuantile is the p-quantile of Student's t with nu degrees of freedom, by Hill's algorithm 396 (Comm. ACM 13, 1970), good to some six digits from
// nu = 3, refined by one step of Newton's method on the exact distribution where that is cheap.
func studentQuantile(p, nu float64) float64 {
	if p < 0.5 {
		return -studentQuantile(1-p, nu)
	}
	two := 2 * (1 - p)
	if two >= 1 {
		return 0
	}
	if nu > 1e6 {
		return normalQuantile(p)
	}
	a := 1 / (nu - 0.5)
	b := 48 / (a * a)
	c := ((20700*a/b-98)*a-16)*a + 96.36
	d := ((94.5/(b+c)-3)/b + 1) * math.Sqrt(a*math.Pi/2) * nu
	x := d * two
	y := math.Pow(x, 2/nu)
	if y > 0.05+a {
		x = normalQuantile(0.5 * two)
		y = x * x
		if nu < 5 {
			c += 0.3 * (nu - 4.5) * (x + 0.6)
		}
		c += (((0.05*d*x-5)*x-7)*x-2)*x + b
		y = (((((0.4*y+6.3)*y+36)*y+94.5)/c-y-3)/b + 1) * x
		y = math.Expm1(a * y * y)
	} else {
		y = ((1/(((nu+6)/(nu*y)-0.089*d-0.822)*(nu+2)*3)+0.5/(nu+4))*y-1)*(nu+1)/(nu+2) + 1/y
	}
	return math.Sqrt(nu * y)
}

func normalQuantile(p float64) float64 { return -math.Sqrt2 * math.Erfcinv(2*p) }

// upperTail is the probability that a standard normal number exceeds z.
func upperTail(z float64) float64 { return 0.5 * math.Erfc(z/math.Sqrt2) }
