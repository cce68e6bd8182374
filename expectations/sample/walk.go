package sample

import "math"

// Outcome is how audits of a plan end, on average over all samples, where all rows fail at one rate.
type Outcome struct {
	// Rows is the mean number of rows drawn.
	Rows float64
	// Pass, Fail and Inconclusive are the chances of the verdicts.
	Pass, Fail, Inconclusive float64
}

// border is what decides at a look: at most pass failures, or at least fail.
type border struct{ n, pass, fail int64 }

// Foresee tells how an audit with early stop ends where rows fail at the rate, by walking through its looks with every number of failures (so it
// is exact, for draws from many rows). It takes time in proportion to the failures expected.
func (p Plan) Foresee(rate float64) (Outcome, error) {
	s, err := NewSequential(p)
	if err != nil {
		return Outcome{}, err
	}
	rate = math.Min(1, math.Max(0, rate))
	var out Outcome
	alive, first, drawn := []float64{1}, int64(0), int64(0) // alive[i] is the chance of first+i failures and no verdict yet
	for _, b := range s.borders() {
		alive, first = step(alive, first, b.n-drawn, rate)
		drawn = b.n
		for i := range alive {
			switch k := first + int64(i); {
			case k <= b.pass:
				out.Pass += alive[i]
			case k >= b.fail:
				out.Fail += alive[i]
			default:
				continue
			}
			out.Rows += alive[i] * float64(b.n)
			alive[i] = 0
		}
	}
	for _, v := range alive {
		out.Inconclusive += v
		out.Rows += v * float64(drawn)
	}
	return out, nil
}

// borders are what decides at the looks of an audit that has not begun.
func (s *Sequential) borders() []border {
	alpha := 1 - s.plan.Confidence
	var out []border
	add := func(n int64, share float64) {
		verdict := func(k int64) Verdict {
			_, v := decide(Count{Failed: k, Drawn: n, Population: s.plan.Population}, s.plan.Tolerance, alpha, share)
			return v
		}
		b := border{n: n}
		b.pass = first(n+1, func(k int64) bool { return verdict(k) != Pass }) - 1
		b.fail = first(n+1, func(k int64) bool { return verdict(k) == Fail })
		out = append(out, b)
	}
	spent := 0.0
	for i, n := range s.looks {
		if len(out) > 0 && out[len(out)-1].n < s.enough && s.enough < n {
			add(s.enough, 1)
		}
		cumulative := s.cumulative(i + 1)
		add(n, cumulative-spent)
		spent = cumulative
	}
	return out
}

// step adds the failures among n more rows.
func step(alive []float64, low, n int64, rate float64) ([]float64, int64) {
	const least = 1e-18
	for len(alive) > 1 && alive[0] < least {
		alive, low = alive[1:], low+1
	}
	for len(alive) > 1 && alive[len(alive)-1] < least {
		alive = alive[:len(alive)-1]
	}
	more, start := binomials(n, rate, least)
	out := make([]float64, len(alive)+len(more)-1)
	for i, a := range alive {
		if a == 0 {
			continue
		}
		for j, m := range more {
			out[i+j] += a * m
		}
	}
	return out, low + start
}

// binomials are the chances of first, first+1, … failures among n rows, as far as they are not less than least.
func binomials(n int64, rate, least float64) (chances []float64, first int64) {
	chance := func(k int64) float64 { return math.Exp(logBinomial(float64(k), float64(n), rate, 1-rate)) }
	mode := min(n, int64(float64(n+1)*rate))
	first = mode
	for first > 0 && chance(first-1) >= least {
		first--
	}
	for k := first; k <= n; k++ {
		c := chance(k)
		if k > mode && c < least {
			break
		}
		chances = append(chances, c)
	}
	return chances, first
}
