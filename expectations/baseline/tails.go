package baseline

import "math"

// A shape is what the distances from the middle may be distributed like, on one side or on both.
type shape struct {
	log     func(x float64) float64 // of the density at x scales from the middle, of all that lies on the side
	beyond  func(x float64) float64 // the share of them that lies further than x scales
	degrees float64                 // of freedom, of Student's t
	power   float64                 // of x in the density's exponent, of others
	before  float64                 // how likely it is before anything is known
}

// shapes are those that are told apart, the normal distribution first.
var shapes = [...]shape{
	{power: 2, before: 0.65, log: func(x float64) float64 { return -0.22579135264472744 - x*x/2 }, beyond: func(x float64) float64 { return math.Erfc(x / math.Sqrt2) }},
	{degrees: 6, before: 0.14, log: func(x float64) float64 { return -0.26731 - 3.5*math.Log1p(x*x/6) }, beyond: beyondT6},
	{degrees: 3, before: 0.07, log: func(x float64) float64 { return -0.30774 - 2*math.Log1p(x*x/3) }, beyond: beyondT3},
	{power: 1, before: 0.09, log: func(x float64) float64 { return -x }, beyond: func(x float64) float64 { return math.Exp(-x) }},
	{power: 0.5, before: 0.05, log: func(x float64) float64 { return -math.Ln2 - math.Sqrt(x) }, beyond: func(x float64) float64 { return (1 + math.Sqrt(x)) * math.Exp(-math.Sqrt(x)) }},
}

func beyondT3(x float64) float64 {
	u := x / math.Sqrt(3)
	return 1 - 2/math.Pi*(math.Atan(u)+u/(1+u*u))
}

func beyondT6(x float64) float64 {
	c := 6 / (6 + x*x)
	return 1 - math.Sqrt(1-c)*(1+c/2+3*c*c/8)
}

const (
	// fewTails is by how much more often, at most, a band may be left by points of heavy tails than by normal ones whose scale is known.
	fewTails = 2.5
	// incidents is the share of points that are taken for incidents, which may lie anywhere up to farthest scales from the middle: they prove no tails.
	incidents = 0.02
	farthest  = 30
	// lopsided is how likely it is, before anything is known, that the two sides differ.
	lopsided = 0.1
	// leastForTails is the least number of points that say anything about tails.
	leastForTails = 14
)

// side is what one side of the middle, or both together, say of each shape.
type side struct {
	scale [len(shapes)]float64
	log   [len(shapes)]float64 // likelihood
}

// fitSide finds for each shape the scale under which the distances are likeliest, those further than any shape has them left out.
func fitSide(d []float64, s0 float64) (out side) {
	floor := math.Log(incidents / (farthest * s0))
	for k := range shapes {
		sh := &shapes[k]
		s := s0
		for range 4 {
			reach := sh.reach(s, floor)
			sum, n := 0.0, 0.0
			for _, x := range d {
				if x > reach {
					continue
				}
				n++
				switch {
				case sh.degrees > 0:
					sum += (sh.degrees + 1) * x * x / (sh.degrees + x*x/(s*s))
				case sh.power == 2:
					sum += x * x
				case sh.power == 1:
					sum += x
				default:
					sum += math.Sqrt(x)
				}
			}
			if sum == 0 {
				break
			}
			switch {
			case sh.degrees > 0 || sh.power == 2:
				s = math.Sqrt(sum / n)
			case sh.power == 1:
				s = sum / n
			default:
				s = sum / n / 2
				s *= s
			}
		}
		reach := sh.reach(s, floor)
		l, logS := 0.0, math.Log(s)
		for _, x := range d {
			if x > reach {
				l += floor
				continue
			}
			l += sh.log(x/s) - logS
		}
		out.scale[k], out.log[k] = s, l
	}
	return out
}

// reach is the distance at which the density falls to the floor.
func (sh *shape) reach(s, floor float64) float64 {
	left := sh.log(0) - math.Log(s) - floor
	if left <= 0 {
		return math.Inf(1)
	}
	switch {
	case sh.degrees > 0:
		return s * math.Sqrt(sh.degrees*math.Expm1(2*left/(sh.degrees+1)))
	case sh.power == 2:
		return s * math.Sqrt(2*left)
	case sh.power == 1:
		return s * left
	}
	return s * left * left
}

// setTails says how far the band reaches below and above what is expected, in deviations: so far that points of the tails that the residuals prove leave it at most fewTails times
// as often as normal ones do a band of the same deviation. It never reaches less far than the deviation.
func (f *fitter) setTails(m *model) {
	m.tails = [2]float64{1, 1}
	e := f.residuals(m)
	n := len(e)
	if n < leastForTails || m.sigma <= f.least {
		return
	}
	mid := f.medianOf(e)
	var both, down, up []float64
	for _, v := range e {
		v -= mid
		d := max(math.Abs(v), f.unit/4) // a whole number stands for all that is rounded to it
		if v > 0 || v == 0 && len(up) <= len(down) {
			up = append(up, d)
		} else {
			down = append(down, d)
		}
		both = append(both, d)
	}
	s0 := f.medianOf(both) * toSigma
	if s0 <= f.least || len(up) < n/4 || len(down) < n/4 {
		return
	}
	lower, upper := posterior(fitSide(both, s0), fitSide(down, s0), fitSide(up, s0), n)
	low := func(t float64) float64 { return lower.beyond(t*m.sigma + mid) }
	high := func(t float64) float64 { return upper.beyond(t*m.sigma - mid) }
	d := min(max(f.settings.Deviation, 2), 4) // further out than that nothing is known of tails
	may := fewTails * 2 * upperTail(d)
	l, h := low(d), high(d)
	if l+h <= may {
		return
	}
	each := max(may/2, may-min(l, h)) // what one side does not need is the other's
	m.tails = [2]float64{reachOf(low, d, each) / d, reachOf(high, d, each) / d}
}

// tail is what is believed of one side: shapes and their scales, and how much each is believed.
type tail struct {
	scale  [2 * len(shapes)]float64
	belief [2 * len(shapes)]float64
}

// posterior weighs the hypotheses, that both sides are alike or that each has its own shape and scale, by their likelihood.
func posterior(both, down, up side, n int) (lower, upper tail) {
	const K = len(shapes)
	var alike [K]float64
	var apart [K][K]float64
	most := math.Inf(-1)
	for k := range shapes {
		alike[k] = both.log[k] + math.Log((1-lopsided)*shapes[k].before)
		most = max(most, alike[k])
		for q := range shapes {
			// the second scale costs what Schwarz's criterion says
			apart[k][q] = down.log[k] + up.log[q] + math.Log(lopsided*math.Sqrt(shapes[k].before*shapes[q].before)/4) - math.Log(float64(n))/2
			most = max(most, apart[k][q])
		}
	}
	total := 0.0
	for k := range shapes {
		lower.scale[k], upper.scale[k] = both.scale[k], both.scale[k]
		lower.scale[K+k], upper.scale[K+k] = down.scale[k], up.scale[k]
		p := math.Exp(alike[k] - most)
		total += p
		lower.belief[k] += p
		upper.belief[k] += p
		for q := range shapes {
			p := math.Exp(apart[k][q] - most)
			total += p
			lower.belief[K+k] += p
			upper.belief[K+q] += p
		}
	}
	for i := range lower.belief {
		lower.belief[i] /= total
		upper.belief[i] /= total
	}
	return lower, upper
}

// beyond is the share of all points that lies further than x from the middle on this side.
func (t *tail) beyond(x float64) float64 {
	sum := 0.0
	for i, p := range t.belief {
		if p > 1e-6 {
			sum += p * shapes[i%len(shapes)].beyond(max(x, 0)/t.scale[i])
		}
	}
	return sum / 2
}

// reachOf is the least reach, from d on, beyond which no more than p lies.
func reachOf(beyond func(float64) float64, d, p float64) float64 {
	low, high := d, 4*d
	if beyond(low) <= p {
		return d
	}
	for range 12 {
		mid := (low + high) / 2
		if beyond(mid) > p {
			low = mid
		} else {
			high = mid
		}
	}
	return high
}

// residuals are what the points that are learned from have beside the model; those that the series ends with, which may be a new level, are left out.
func (f *fitter) residuals(m *model) []float64 {
	end := m.end
	for end > m.start && m.apart[end-1] {
		end--
	}
	out := make([]float64, 0, end)
	for i := m.start; i < end; i++ {
		if m.form == walk {
			if i > m.start {
				out = append(out, m.x[i]-m.x[i-1]-m.centre)
			}
			continue
		}
		e := m.x[i] - m.centre
		if m.form == line {
			e -= m.slope * (f.pos[i] - m.mean)
		}
		if m.weight != nil {
			e /= m.weight[i]
		}
		out = append(out, e)
	}
	return out
}
