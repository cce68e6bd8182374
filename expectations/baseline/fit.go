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
	pos      []float64 // of the points in time, in usual times between runs
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
	mean   float64 // position
	spread float64 // sum of squares of positions around mean
	kept   int     // points that the centre is the mean of
	sigma  float64 // of a point beside what is foretold of it
	nu     float64 // degrees of freedom of sigma
	tail   float64 // by how much the ends of the distribution reach further than a normal one's: 1 or more
	rho    float64 // correlation of neighbours, 0 or more
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
	keep := f.keep(rest, f.least)
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
	f.setScale(m, rest, keep, params)
	shift := m.start
	if m.form == walk {
		shift++
	}
	for i, k := range keep {
		m.apart[i+shift] = !k
	}
}

// keep says which points are not apart.
func (f *fitter) keep(rest []float64, least float64) []bool {
	n := len(rest)
	c := f.medianOf(rest)
	s := f.mad(rest, c)
	if s == 0 { // most are alike: how far the tenth part lies that is furthest
		d := f.take(n)
		for i, r := range rest {
			d[i] = math.Abs(r - c)
		}
		s = quantile(d, 0.9) / 1.645
	}
	s = max(s, least)
	keep := make([]bool, n)
	for range 2 {
		sum, ss, kept := 0.0, 0.0, 0.0
		for i, r := range rest {
			if keep[i] = math.Abs(r-c) <= cutFor(n)*s; keep[i] {
				kept++
				sum += r - c
			}
		}
		for i, r := range rest {
			if keep[i] {
				ss += (r - c - sum/kept) * (r - c - sum/kept)
			}
		}
		c += sum / kept
		s = max(math.Sqrt(ss/max(kept-1, 1)), s/2, least)
	}
	return keep
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
func (f *fitter) setScale(m *model, rest []float64, keep []bool, params float64) {
	at := func(i int) float64 {
		if m.form == line {
			return rest[i] - (m.centre - m.slope*m.mean)
		}
		return rest[i] - m.centre
	}
	var ss, n, cross float64
	far := make([]float64, len(rest))
	for i, k := range keep {
		e := at(i)
		far[i] = math.Abs(e)
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
		for _, v := range part {
			if e := v - c; math.Abs(e) <= reach {
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
	m.tail = tailOf(far, keep)
}

// tailOf says by how much further the ends of a distribution reach than a normal one's, from the distances of its points: 1 for a normal one, and up to 1.8. It goes
// by the ratio of the 95th to the 50th percentile (2.91 of a normal distribution, 4.2 of Student's t with 3 degrees of freedom), less 1.3 of its standard errors. A few points
// apart are no heavy tail but incidents: one, another one in fifty, and those that the series ends with, which may be a new level.
func tailOf(far []float64, keep []bool) float64 {
	n := len(far)
	for n > 0 && !keep[n-1] {
		n--
	}
	apart := 0
	for _, k := range keep[:n] {
		if !k {
			apart++
		}
	}
	far = far[:n]
	if left := n - min(apart, 1+n/50); left < n {
		place(far, left)
		far = far[:left]
	}
	if len(far) < 14 {
		return 1
	}
	half := median(far)
	if half == 0 {
		return 1
	}
	ratio := quantile(far, 0.95) / half
	excess := ratio - 2.906 - 5/math.Sqrt(float64(len(far)))
	return 1 + min(max(excess*0.45, 0), 0.8)
}
