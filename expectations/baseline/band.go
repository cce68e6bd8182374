package baseline

import "math"

// band is where a figure is expected.
type band struct {
	expected, low, high float64
	sigma               float64 // of a point beside what is expected, everything uncertain counted
}

// band foretells the figure of a run at the given position and slot. The band is one of prediction: it holds a further point of a normal series that goes on as it did,
// but for a chance of at most fewAlarms times that of a normal number to lie beyond the deviation.
func (f *fitter) band(m *model, pos float64, slot int) band {
	n := float64(m.kept)
	variance := 1.0
	own := (1 + m.rho) / (1 - m.rho) / n
	b := band{expected: m.centre}
	switch m.form {
	case walk:
		b.expected = m.x[m.end-1] + m.centre
	case line:
		b.expected = m.centre + m.slope*(pos-m.mean)
		if m.spread > 0 {
			own += (pos - m.mean) * (pos - m.mean) / m.spread
		}
	case level:
	}
	variance += own
	if m.season != SeasonNone { // the mean of the slot is level and season in one
		b.expected += m.effect[slot]
		variance += max(1/max(float64(m.count[slot]), 1)-1/n, 0)
	}
	b.sigma = max(m.sigma*f.weightOf(m, b.expected), f.least) * math.Sqrt(variance)
	half := f.reach(m) * b.sigma
	b.low, b.high = b.expected-half*m.tails[0], b.expected+half*m.tails[1]
	f.counts(m, &b)
	return b
}

// reach is half of the band's width in standard deviations.
func (f *fitter) reach(m *model) float64 {
	d := f.settings.Deviation
	p := upperTail(d)
	if p <= 0 {
		return d
	}
	return max(d, studentQuantile(1-min(fewAlarms*p, 0.5), m.nu))
}

// fewAlarms is by how much more often, at most, a band that was learned from few points may be left by chance than one whose scale is known. It is what the
// width of the band costs in incidents that it hides: with 14 points 3.1 deviations, where equal chances take 3.7.
const fewAlarms = 3

// fewCounts is the number up to which the skew of counts matters.
const fewCounts = 100

// counts widens the band of small counts to what the number of rare events scatters: a Poisson number whose mean is known as well as the points tell it,
// which is a negative binomial one (Jeffreys' prior).
func (f *fitter) counts(m *model, b *band) {
	if f.unit == 0 || m.form == walk || b.expected < 0 {
		return
	}
	mean := b.expected / f.unit
	if mean > fewCounts {
		return
	}
	// points that scatter much less than events do are no counts of events
	if s := m.sigma * f.weightOf(m, b.expected) / f.unit; mean >= 1 && s*s < mean/2 {
		return
	}
	n := float64(max(m.kept, 1))
	if m.season != SeasonNone || m.form != level {
		n = max(min(n, 5), 1)
	}
	p := fewAlarms * upperTail(f.settings.Deviation) // steps are coarse: mostly it is less
	high := negativeBinomialQuantile(mean*n+0.5, n/(n+1), p)
	b.high = max(b.high, high*f.unit)
}

// negativeBinomialQuantile is the least h such that the number of failures before the r-th success, each of chance q, exceeds h with a chance of at most p.
func negativeBinomialQuantile(r, q, p float64) float64 {
	term := math.Exp(r * math.Log(q))
	left := 1 - term
	h := 0.0
	for left > p && h < 10*fewCounts {
		term *= (r + h) / (h + 1) * (1 - q)
		h++
		left -= term
	}
	return h
}
