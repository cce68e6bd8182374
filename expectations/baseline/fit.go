package baseline

import (
	"math"
	"slices"
)

// fitter learns from one series.
type fitter struct {
	scratch
	settings Settings
	unit     float64   // the least step of the figure: 1 of a count, one row's share of a rate; 0 where there is none
	least    float64   // the least scale that is believed
	share    bool      // the figure is a rate: whole numbers are no counts
	pos      []float64 // of the points in time, in usual times between runs, or in the time of a curve
	bend     float64   // of the curve; 0 where there is none
}

// model is what is normal of a series.
type model struct {
	seasonal
	structure
	x      []float64 // the points without their season
	end    int       // points from structure.start to end were learned from
	apart  []bool    // of all points: out of line, and not learned from
	centre float64   // the level; of a line, its height at meanPos; of a walk, the usual step
	slope  float64
	mean   float64    // position
	spread float64    // sum of squares of positions around mean
	kept   int        // points that the centre is the mean of
	sigma  float64    // of a point beside what is foretold of it
	nu     float64    // degrees of freedom of sigma
	tails  [2]float64 // by how much the lower and the upper end of the distribution reach further than a normal one's: 1 or more
	weight []float64  // of each point: how many times sigma it scatters; nil where all scatter alike
	power  float64    // the scatter grows with that power of what is expected; 0 where all scatter alike
	pivot  float64    // what is expected where the weight is 1
	rho    float64    // correlation of neighbours, 0 or more
}

// cutFor is the distance, in scales, beyond which a point of n is apart: 3.5, and more where the scale itself is uncertain.
func cutFor(n int) float64 { return 3.5 * (1 + 6/float64(n)) }

// fit learns from the points, of which there is at least one.
func (f *fitter) fit(t *training) *model {
	f.setUnit(t.y)
	f.setLeast(t.y, t.y)
	f.setPositions(t)
	m := &model{seasonal: f.seasonOf(t, f.settings.Season)}
	m.x = f.deseasoned(t.y, &m.seasonal)
	f.setLeast(t.y, m.x)
	m.structure = f.structureOf(m.x)
	m.end = len(m.x)
	if m.ramp > 0 {
		m.end = m.ramp
	}
	if m.young > 0 {
		m.end = m.young
	}
	if m.bend != 0 {
		f.bend = m.bend
		for i := range f.pos {
			f.pos[i] = bent(f.pos[i], f.bend)
		}
	}
	f.estimate(m)
	if m.season != SeasonNone { // once more, now that the level is known better than from one period
		d := make([]float64, len(t.y))
		for i := range d {
			d[i] = t.y[i] - f.base(m, i)
		}
		f.fill(&m.seasonal, d)
		m.x = f.deseasoned(t.y, &m.seasonal)
		f.estimate(m)
	}
	if f.weigh(m) {
		f.estimate(m)
	}
	f.setTails(m)
	return m
}

func (f *fitter) deseasoned(y []float64, s *seasonal) []float64 {
	x := make([]float64, len(y))
	for i := range y {
		x[i] = y[i] - s.effect[s.slot[i]]
	}
	return x
}

// base is the model at a point that was learned from, without its season.
func (f *fitter) base(m *model, i int) float64 {
	switch {
	case m.form == walk:
		return m.x[i]
	case i < m.start:
		from, to := 0, m.start
		for _, p := range m.pieces {
			if p > i {
				to = p
				break
			}
			from = p
		}
		return f.medianOf(m.x[from:to])
	case m.form == line:
		return m.centre + m.slope*(f.pos[i]-m.mean)
	}
	return m.centre
}

// setPositions gives the points their positions in time: in usual times between runs, or one by one where there is no time between them.
func (f *fitter) setPositions(t *training) {
	gap := f.gap(t)
	f.pos = make([]float64, len(t.y))
	for i := range f.pos {
		f.pos[i] = float64(i)
		if gap > 0 {
			f.pos[i] = t.hours[i] / gap
		}
	}
}

// setUnit takes whole numbers for counts.
func (f *fitter) setUnit(y []float64) {
	if f.unit > 0 || f.share {
		return
	}
	for _, v := range y {
		if v != math.Trunc(v) || math.Abs(v) > 1<<53 {
			return
		}
	}
	f.unit = 1
}

// setLeast sets the least scale that is believed: half of a unit, and where hardly any point differs from the others beside its season, a thousandth of the level.
func (f *fitter) setLeast(y, x []float64) {
	m := math.Abs(f.medianOf(y))
	f.least = max(f.unit/2, m*1e-12, leastOfAll)
	if flat(x) {
		f.least = max(f.least, m*1e-3)
	}
}

// leastOfAll keeps what is divided by a scale a number.
const leastOfAll = 1e-150

// flat reports whether the points take so few values that their scatter says nothing.
func flat(x []float64) bool {
	few := max(2, len(x)/10)
	values := make([]float64, 0, few)
	for _, v := range x {
		if slices.ContainsFunc(values, func(w float64) bool { return math.Abs(v-w) <= math.Abs(v)*1e-12 }) {
			continue
		}
		if len(values) == few {
			return false
		}
		values = append(values, v)
	}
	return true
}

// estimate finds centre and scale of the points that are learned from: median and median absolute deviation first, then mean and standard deviation of those
// that are not apart (Rousseeuw and Leroy's reweighting, Robust Regression and Outlier Detection, 1987), which err less.
func (f *fitter) estimate(m *model) {
	x, pos := m.x[m.start:m.end], f.pos[m.start:m.end]
	m.apart = make([]bool, len(m.x))
	rest := make([]float64, len(x))
	params := 1.0
	m.slope = 0
	switch m.form {
	case walk:
		rest = differences(x)
		pos = pos[1:]
	case line:
		if _, b, ok := f.lineOf(x, pos); ok || m.start > 0 {
			m.slope = b
		}
		params = 2
		for i := range x {
			rest[i] = x[i] - m.slope*pos[i]
		}
	case level:
		copy(rest, x)
	}
	weight := m.weight
	if weight != nil {
		weight = weight[m.end-len(rest) : m.end]
	}
	keep := f.keep(rest, weight, f.least)
	f.setCentre(m, rest, pos, keep)
	if m.season != SeasonNone {
		seen := 0
		for _, n := range m.count {
			if n > 0 {
				seen++
			}
		}
		params += float64(seen-1) * min(float64(len(x))/float64(len(m.x)), 1)
	}
	f.setScale(m, rest, keep, weight, params)
	shift := m.start
	if m.form == walk {
		shift++
	}
	for i, k := range keep {
		m.apart[i+shift] = !k
	}
}

// keep says which points are not apart. Each is so many times the weight from the middle, or the scale where there are no weights.
func (f *fitter) keep(rest, weight []float64, least float64) []bool {
	n := len(rest)
	c := f.medianOf(rest)
	off := func(i int) float64 {
		if weight == nil {
			return rest[i] - c
		}
		return (rest[i] - c) / weight[i]
	}
	d := make([]float64, n)
	for i := range rest {
		d[i] = math.Abs(off(i))
	}
	s := f.medianOf(d) * toSigma * smallMAD(n)
	if s == 0 { // most are alike: how far the tenth part lies that is furthest
		s = quantile(d, 0.9) / 1.645
	}
	s = max(s, least)
	keep := make([]bool, n)
	for range 2 {
		sum, ss, kept := 0.0, 0.0, 0.0
		for i, r := range rest {
			if keep[i] = math.Abs(off(i)) <= cutFor(n)*s; keep[i] {
				kept++
				sum += r - c
			}
		}
		mean := sum / kept
		for i := range rest {
			if keep[i] {
				e := off(i)
				if weight == nil {
					e -= mean
				} else {
					e -= mean / weight[i]
				}
				ss += e * e
			}
		}
		c += mean
		s = max(math.Sqrt(ss/max(kept-1, 1)), s/2, least)
	}
	if scattered(keep) {
		for i := range keep {
			keep[i] = true
		}
	}
	return keep
}

// scattered reports whether so many points are apart, here and there among the others, that they are no incidents but what the figure is like: one that is of two kinds.
func scattered(keep []bool) bool {
	apart, turns := 0, 0
	for i, k := range keep {
		if !k {
			apart++
		}
		if i > 0 && k != keep[i-1] {
			turns++
		}
	}
	return apart*4 > len(keep) && turns*4 > len(keep)
}

// setCentre sets what is foretold.
func (f *fitter) setCentre(m *model, rest, pos []float64, keep []bool) {
	var w, sum, sumPos float64
	for i, k := range keep {
		if k {
			w, sum, sumPos = w+1, sum+rest[i]-rest[0], sumPos+pos[i]
		}
	}
	m.kept, m.mean = int(w), sumPos/w
	m.centre = rest[0] + sum/w
	m.spread = 0
	for i, k := range keep {
		if k {
			m.spread += (pos[i] - m.mean) * (pos[i] - m.mean)
		}
	}
	if m.form == line {
		m.centre += m.slope * m.mean
	}
}

// setScale sets sigma, its degrees of freedom, the tails and the correlation of neighbours.
func (f *fitter) setScale(m *model, rest []float64, keep []bool, weight []float64, params float64) {
	centre := m.centre
	if m.form == line {
		centre -= m.slope * m.mean
	}
	at := func(i int) float64 {
		if weight != nil {
			return (rest[i] - centre) / weight[i]
		}
		return rest[i] - centre
	}
	var ss, n, cross float64
	for i, k := range keep {
		e := at(i)
		if !k {
			continue
		}
		n, ss = n+1, ss+e*e
		if i > 0 && keep[i-1] {
			cross += e * at(i-1)
		}
	}
	// what lies before the level in force says how far points scatter, where the level itself is young
	for from := 0; m.form == level && m.end-m.start < 20 && from < m.start; {
		to := m.start
		if i := slices.IndexFunc(m.pieces, func(p int) bool { return p > from }); i >= 0 {
			to = m.pieces[i]
		}
		part := m.x[from:to]
		c := f.medianOf(part)
		reach := cutFor(len(part)) * f.mad(part, c)
		c, _ = meanNear(part, c, reach)
		for i, v := range part {
			e := v - c
			if math.Abs(e) <= reach {
				if m.weight != nil {
					e /= m.weight[from+i]
				}
				n, ss = n+1, ss+e*e
			}
		}
		params++
		from = to
	}
	m.nu = max(n-params, 1)
	m.sigma = math.Sqrt(ss / m.nu)
	m.nu = max(m.nu*(1-1/float64(len(rest))), 1) // what is apart by chance makes sigma less sure
	m.rho = 0
	if ss > 0 && m.form != walk {
		m.rho = min(max(cross/ss, 0), 0.9)
	}
}
