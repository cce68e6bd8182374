package baseline

import (
	"math"

	"github.com/assay-dev/assay/expectations/result"
)

// drift is what the latest runs together say, where none of them need be out of line by itself.
type drift struct {
	side   int // 0 where they say nothing
	shape  result.Shape
	before bool    // the runs before this one say so already
	from   float64 // what was foretold
	mean   float64 // by how much the latest runs lie beside it, in standard deviations
	runs   int
}

const (
	// weight is that of the newest point in the moving average: Lucas and Saccucci, Exponentially weighted moving average control schemes (1990), for changes of one to two
	// standard deviations.
	weight = 0.2
	// clipped is how far, in standard deviations, a point may pull the average, so that a spike is no drift (winsorised, as in robust EWMA charts).
	clipped = 2.5
	// firmer is by how much the limit is wider than the band: the average is looked at in every run.
	firmer = 0.7
)

// drifts looks at an exponentially weighted moving average of what the latest runs and this one have beside what the runs before them foretell.
func (j *judging) drifts() drift {
	if j.ramp > 0 {
		return j.ramping()
	}
	if d := j.pair(); d.side != 0 {
		return d
	}
	n := j.end - j.start
	last := min(max(n/3, 5), 15)
	if j.form == walk || n-last < 12 {
		return drift{}
	}
	old := *j.model
	old.end = j.end - last
	j.estimate(&old)
	if old.sigma == 0 {
		return drift{}
	}
	sigma := max(old.sigma, j.least)
	foretold := func(pos float64) float64 {
		if old.form == line {
			return old.centre + old.slope*(pos-old.mean)
		}
		return old.centre
	}
	e := make([]float64, 0, last+1)
	for i := old.end; i < j.end; i++ {
		at := foretold(j.fitter.pos[i])
		e = append(e, (j.x[i]-at)/(sigma*j.weightOf(&old, at+j.effect[j.model.slot[i]])))
	}
	at := foretold(j.pos)
	e = append(e, (j.now.Value-j.effect[j.slot]-at)/(sigma*j.weightOf(&old, at+j.effect[j.slot])))
	z, limit := 0.0, j.limit(&old, len(e))
	var d drift
	for i, v := range e {
		z = (1-weight)*z + weight*min(max(v, -clipped), clipped)
		if i == len(e)-2 {
			d.before = math.Abs(z) > limit
		}
	}
	if math.Abs(z) <= limit {
		return drift{}
	}
	d.side = 1
	if z < 0 {
		d.side = -1
	}
	d.from, d.mean = foretold(j.pos)+j.effect[j.slot], z
	d.shape, d.runs = rampOrStep(e)
	return d
}

// nearer is by how much closer to what is expected two runs in a row are out of line than one alone (Western Electric's second rule, for two of two).
const nearer = 0.9

// pair looks at this run and the one before it together: both on one side, where one alone might be by chance.
func (j *judging) pair() drift {
	before := j.end - 1
	if j.form == walk || before-j.start < 7 || before != len(j.x)-1 || j.settings.Deviation <= 2*nearer {
		return drift{}
	}
	old := *j.model
	old.end = before
	j.estimate(&old)
	d := j.settings.Deviation - nearer
	reach := max(d, studentQuantile(1-upperTail(d), old.nu)) * math.Sqrt(1+old.rho)
	was, is := j.fitter.band(&old, j.fitter.pos[before], j.seasonal.slot[before]), j.fitter.band(&old, j.pos, j.slot)
	a, b := (j.training.y[before]-was.expected)/was.sigma, (j.now.Value-is.expected)/is.sigma
	switch {
	case a > reach*old.tails[1] && b > reach*old.tails[1]:
		return drift{side: 1, shape: result.ShapeShift, runs: 2}
	case a < -reach*old.tails[0] && b < -reach*old.tails[0]:
		return drift{side: -1, shape: result.ShapeShift, runs: 2}
	}
	return drift{}
}

// limit is how far the average of n runs may lie from nothing: their own scatter, the error of what is foretold of them, and the likeness of neighbours.
func (j *judging) limit(old *model, n int) float64 {
	own := weight / (2 - weight) * (1 - math.Pow(1-weight, float64(2*n)))
	like := (1 + old.rho) / (1 - old.rho)
	err := 1 / float64(old.kept)
	if old.form == line && old.spread > 0 {
		at := j.pos - 1/weight
		err += (at - old.mean) * (at - old.mean) / old.spread
	}
	d := j.settings.Deviation + firmer
	return max(d, studentQuantile(1-upperTail(d), old.nu)) * math.Sqrt((own+err)*like) * max(old.tails[0], old.tails[1])
}

// ramping is the drift that the structure shows.
func (j *judging) ramping() drift {
	return drift{
		side: j.rampSide(), shape: result.ShapeDrift, before: true, runs: len(j.x) - j.ramp + 1,
		from: j.centre + j.effect[j.slot], mean: (j.now.Value - j.effect[j.slot] - j.centre) / max(j.sigma, j.least),
	}
}

// rampOrStep tells a slow change from one at once, by which of the two leaves less of the latest points, and since how many runs it is there.
func rampOrStep(e []float64) (result.Shape, int) {
	n := len(e)
	shape, runs, least := result.ShapeShift, n, math.Inf(1)
	for k := range n - 1 {
		var sum, xx, xy float64
		for i := k; i < n; i++ {
			p := float64(i - k + 1)
			sum, xx, xy = sum+e[i], xx+p*p, xy+p*e[i]
		}
		step, slope := sum/float64(n-k), xy/xx
		var a, b float64
		for i := range n {
			va, vb := e[i], e[i]
			if i >= k {
				va, vb = e[i]-step, e[i]-slope*float64(i-k+1)
			}
			a, b = a+va*va, b+vb*vb
		}
		if a < least {
			shape, runs, least = result.ShapeShift, n-k, a
		}
		if b < least && n-k >= 4 {
			shape, runs, least = result.ShapeDrift, n-k, b
		}
	}
	return shape, runs
}
