package baseline

import (
	"math"
	"slices"
	"time"
)

// seasonal is what the season adds to a figure, by slot.
type seasonal struct {
	season Season
	effect []float64 // of each slot, 0 where none was seen
	count  []int     // points of each slot
	kept   []float64 // of them, those that the effect is the mean of
	reach  float64   // how far from its slot's effect, at most, a point was that was kept
	slot   []int     // of each point
}

// fewest is the least number of points of a slot from which a season that nobody named may be learned.
const fewest = 3

// The loss of a point is the square of its distance in standard deviations, bounded: one far away counts as much as one that is only apart.
const boundedLoss = 9

// seasonOf finds what the season adds: the one that is named, or the one that foretells the points best where that is left open. Every point is foretold by the
// others of its slot alone, so more slots are no advantage in themselves.
func (f *fitter) seasonOf(t *training, named Season) seasonal {
	if named != SeasonAuto {
		return f.effects(t, named)
	}
	if s, ok := f.turns(t); ok {
		return s
	}
	none := f.effects(t, SeasonNone)
	candidates := f.candidates(t)
	if len(candidates) == 0 {
		return none
	}
	period := 24 * time.Hour
	if slices.ContainsFunc(candidates, func(s Season) bool { return s != SeasonDaily }) {
		period *= 7
	}
	d := f.withoutLevel(t, period)
	fits := make([]seasonal, len(candidates))
	scale := math.Inf(1)
	for i, c := range candidates {
		fits[i] = f.slotsOf(t, d, c)
		scale = min(scale, f.outside(d, fits[i]))
	}
	scale = max(scale, f.least)
	n := float64(len(d))
	all := 0.16 + 12/n // the price of a season, as a logarithm: by chance it is worth it in one of a hundred series without one
	best, out := f.looLoss(d, none, scale)*math.Exp(-all), none
	for i, c := range candidates {
		l := f.looLoss(d, fits[i], scale)
		if few, odd := f.sparse(d, fits[i], scale); odd > 0 { // each odd slot costs an effect, and that it was chosen
			price := odd * (math.Log(n) + 2*math.Log(float64(c.slots()))) / n
			l = min(l, f.looLoss(d, few, scale)*math.Exp(price-all))
		}
		if out.season != SeasonNone {
			l /= 0.95 // one with more slots must be worth it
		}
		if l < best {
			best, out = l, f.effects(t, c)
		}
	}
	return out
}

// sure is how many standard errors the effect of a slot must be from nothing for a season of few odd slots.
const sure = 3.5

// sparse is a season of which only the slots that differ surely have an effect, the others being alike, and how many differ: it shows earlier than one of all slots, whose means
// cost something each.
func (f *fitter) sparse(d []float64, s seasonal, scale float64) (few seasonal, odd float64) {
	few = s
	few.effect, few.kept = slices.Clone(s.effect), slices.Clone(s.kept)
	base := f.medianOf(d)
	for k, e := range s.effect {
		if math.Abs(e-base)*math.Sqrt(s.kept[k]) > sure*scale {
			odd++
			continue
		}
		few.effect[k], few.kept[k] = base, 0
	}
	return few, odd
}

// candidates are the seasons that the points can tell something about, those with the fewest slots first.
func (f *fitter) candidates(t *training) []Season {
	var out []Season
	for _, s := range []Season{SeasonWeekly, SeasonDaily, SeasonBoth} {
		count := make([]int, s.slots())
		for _, at := range t.at {
			count[s.slot(at)]++
		}
		seen, enough := 0, 0
		for _, n := range count {
			if n > 0 {
				seen++
			}
			if n >= fewest {
				enough++
			}
		}
		period := 24.0
		if s != SeasonDaily {
			period *= 7
		}
		// each of nearly all slots often enough, and in as many periods
		if seen > 1 && enough*10 >= seen*9 && t.hours[len(t.hours)-1] > (fewest-1)*period-1 {
			out = append(out, s)
		}
	}
	if i := slices.Index(out, SeasonBoth); i >= 0 && f.subdaily(t) == 1 {
		out = slices.Delete(out, i, i+1) // the same as weekly
	}
	return out
}

// subdaily is the number of hours of the day in which runs were.
func (f *fitter) subdaily(t *training) int {
	var seen [24]bool
	n := 0
	for _, at := range t.at {
		if h := at.UTC().Hour(); !seen[h] {
			seen[h] = true
			n++
		}
	}
	return n
}

// effects are those of a season: the middle of each slot's points, the level of the time taken off.
func (f *fitter) effects(t *training, s Season) seasonal {
	if s == SeasonNone {
		return seasonal{season: s, effect: []float64{0}, count: []int{len(t.y)}, kept: []float64{float64(len(t.y))}, reach: math.Inf(1), slot: make([]int, len(t.y))}
	}
	period := 24 * time.Hour
	if s != SeasonDaily {
		period *= 7
	}
	return f.slotsOf(t, f.withoutLevel(t, period), s)
}

// withoutLevel takes off each point the median of one period around it. Every slot is in a period once, so that the season stays.
func (f *fitter) withoutLevel(t *training, period time.Duration) []float64 {
	n := len(t.y)
	out := make([]float64, n)
	width := period.Hours()
	half := f.gap(t) / 2
	first, last := -half, t.hours[n-1]+half
	var window []float64 // in order
	from, to := 0, 0
	for i := range n {
		low := min(max(t.hours[i]-width/2, first), max(last-width, first))
		for to < n && t.hours[to] < low+width {
			at, _ := slices.BinarySearch(window, t.y[to])
			window = slices.Insert(window, at, t.y[to])
			to++
		}
		for from < to && t.hours[from] < low && len(window) > 1 {
			at, _ := slices.BinarySearch(window, t.y[from])
			window = slices.Delete(window, at, at+1)
			from++
		}
		out[i] = t.y[i] - middle(window)
	}
	return out
}

// gap is the usual time between two runs, in hours.
func (f *fitter) gap(t *training) float64 {
	if len(t.hours) < 2 {
		return 0
	}
	d := make([]float64, len(t.hours)-1)
	for i := range d {
		d[i] = t.hours[i+1] - t.hours[i]
	}
	return median(d)
}

// slotsOf gathers d by slot.
func (f *fitter) slotsOf(t *training, d []float64, s Season) seasonal {
	out := seasonal{season: s, effect: make([]float64, s.slots()), count: make([]int, s.slots()), slot: make([]int, len(d))}
	for i, at := range t.at {
		out.slot[i] = s.slot(at)
		if s == seasonTurns {
			out.slot[i] = t.turn(i)
		}
		out.count[out.slot[i]]++
	}
	f.fill(&out, d)
	return out
}

// fill sets each slot's effect to the middle of its points: their mean, without those far from their median.
func (f *fitter) fill(s *seasonal, d []float64) {
	by := f.bySlot(s, d)
	at := 0
	centres := make([]float64, len(s.count))
	rest := make([]float64, 0, len(d))
	for k, n := range s.count {
		if n > 0 {
			centres[k] = f.medianOf(by[at : at+n])
			for _, x := range by[at : at+n] {
				rest = append(rest, math.Abs(x-centres[k]))
			}
			at += n
		}
	}
	s.reach = 4 * median(rest) * toSigma * 1.3 // medians of few points lie near one of them
	s.kept = make([]float64, len(s.count))
	at = 0
	for k, n := range s.count {
		s.effect[k], s.kept[k] = meanNear(by[at:at+n], centres[k], s.reach)
		at += n
	}
}

// bySlot orders d by slot.
func (f *fitter) bySlot(s *seasonal, d []float64) []float64 {
	start := make([]int, len(s.count)+1)
	for k, n := range s.count {
		start[k+1] = start[k] + n
	}
	out := make([]float64, len(d))
	for i, x := range d {
		out[start[s.slot[i]]] = x
		start[s.slot[i]]++
	}
	return out
}

// meanNear is the mean of the numbers within reach of centre, and how many they are; centre itself where none is.
func meanNear(v []float64, centre, reach float64) (mean, n float64) {
	sum := 0.0
	for _, x := range v {
		if math.Abs(x-centre) <= reach {
			sum += x - centre
			n++
		}
	}
	if n == 0 {
		return centre, 0
	}
	return centre + sum/n, n
}

// alone is what point i has beside the mean of the others of its slot: x - mean of the others = (x - mean of all) n/(n-1). The reach is from the median, which lies near.
func (s *seasonal) alone(d []float64, i int) float64 {
	k := s.slot[i]
	e := d[i] - s.effect[k]
	if n := s.kept[k]; n > 1 && math.Abs(e) <= s.reach {
		e *= n / (n - 1)
	}
	return e
}

// outside is the scale of what points have beside the mean of the others of their slot.
func (f *fitter) outside(d []float64, s seasonal) float64 {
	v := f.take(len(d))
	for i := range d {
		v[i] = math.Abs(s.alone(d, i))
	}
	return median(v) * toSigma
}

// looLoss is the mean loss of the points, each foretold by the others of its slot.
func (f *fitter) looLoss(d []float64, s seasonal, scale float64) float64 {
	if s.season == SeasonNone {
		s.effect = []float64{f.medianOf(d)}
	}
	sum := 0.0
	for i := range d {
		e := s.alone(d, i) / scale
		sum += min(e*e, boundedLoss)
	}
	return sum / float64(len(d))
}
