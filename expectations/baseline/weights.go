package baseline

import "math"

// leastForWeights is the least number of points from which it is seen that some scatter more than others.
const leastForWeights = 21

// worthWeights is by how much, in logarithms of likelihood, points must be likelier that scatter more where more is expected.
const worthWeights = 3.0

// weigh finds whether the scatter grows with what is expected, as that of counts of events does with its root, and what is a share of the whole with itself; it gives the points
// their weights then.
func (f *fitter) weigh(m *model) bool {
	n := len(m.x)
	if m.form == walk || n < leastForWeights || f.share && f.unit == 0 {
		return false
	}
	expected := make([]float64, n)
	for i := range expected {
		expected[i] = f.base(m, i) + m.effect[m.slot[i]]
	}
	m.pivot, _ = meanNear(expected, 0, math.Inf(1))
	if m.pivot <= 0 {
		return false
	}
	best, power := worthWeights, 0.0
	for _, p := range []float64{0.5, 1} {
		if gain := f.gainOf(m, expected, p); gain > best {
			best, power = gain, p
		}
	}
	if m.power = power; power == 0 {
		return false
	}
	m.weight = make([]float64, n)
	for i, v := range expected {
		m.weight[i] = f.weightOf(m, v)
	}
	return true
}

// weightOf is how many times sigma a figure scatters of which so much is expected.
func (f *fitter) weightOf(m *model, expected float64) float64 {
	if m.power == 0 {
		return 1
	}
	return math.Pow(max(expected, f.unit, m.pivot*leastWeight)/m.pivot, m.power)
}

// leastWeight keeps the weight of what is hardly expected at all from being nothing.
const leastWeight = 0.01

// gainOf is by how much likelier normal points are that scatter with a power of what is expected of them than those that scatter alike.
func (f *fitter) gainOf(m *model, expected []float64, power float64) float64 {
	was := m.power
	m.power = power
	defer func() { m.power = was }()
	var n, logs, alike, weighed float64
	for i := m.start; i < m.end; i++ {
		e := m.x[i] + m.effect[m.slot[i]] - expected[i]
		w := f.weightOf(m, expected[i])
		e2 := max(e*e, f.least*f.least)
		n, logs, alike, weighed = n+1, logs+math.Log(w), alike+e2, weighed+e2/(w*w)
	}
	if n == 0 || alike == 0 {
		return 0
	}
	return n/2*math.Log(alike/weighed) - logs
}
