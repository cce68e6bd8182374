package baseline

import "math"

const (
	// leastForTurns is the least number of points from which it is seen that a figure differs every other run.
	leastForTurns = 10
	// taking is the share of runs, at least, in which a figure goes back the way it came: two in three do by chance.
	taking = 0.85
	// latestTurns is the number of runs that must have kept their turn.
	latestTurns = 2
	// turnsAround is the number of runs of each turn, before and after a point, that say what its level is.
	turnsAround = 4
)

// turns finds a figure that differs every other run: one that is now high and now low, or about two things in turn. ok is false where it does not.
func (f *fitter) turns(t *training) (s seasonal, ok bool) {
	n := len(t.y)
	if n < leastForTurns {
		return s, false
	}
	back := 0
	for i := 2; i < n; i++ {
		if (t.y[i]-t.y[i-1])*(t.y[i-1]-t.y[i-2]) < 0 {
			back++
		}
	}
	if float64(back) < taking*float64(n-2) {
		return s, false
	}
	// the level of the time is midway between what either turn has around it
	d := make([]float64, n)
	var near [2][]float64
	for i := range d {
		near[0], near[1] = near[0][:0], near[1][:0]
		for k := max(i-2*turnsAround, 0); k < min(i+2*turnsAround+1, n); k++ {
			near[t.turn(k)] = append(near[t.turn(k)], t.y[k])
		}
		if len(near[0]) == 0 || len(near[1]) == 0 {
			return s, false
		}
		d[i] = t.y[i] - (median(near[0])+median(near[1]))/2
	}
	s = f.slotsOf(t, d, seasonTurns)
	if min(s.count[0], s.count[1]) < fewest {
		return s, false
	}
	none := f.effects(t, SeasonNone)
	scale := max(f.outside(d, s), f.least)
	price := 0.16 + 12/float64(n)
	for i := n - latestTurns; i < n; i++ { // where a run was left out, the turns have changed
		if own, other := s.effect[s.slot[i]], s.effect[1-s.slot[i]]; math.Abs(d[i]-own) > math.Abs(d[i]-other) {
			return s, false
		}
	}
	return s, f.looLoss(d, s, scale) < f.looLoss(d, none, scale)*math.Exp(-price)
}
