package baseline

import (
	"math"
	"strings"
	"time"

	"github.com/assay-dev/assay/expectations/result"
)

// Figure is what is judged.
type Figure struct {
	Of    result.TrendOf
	At    time.Time // of the run
	Value float64
	// Unit is the least step that the value can take, for a rate one row's share; 0 where it is not known: whole numbers are then counts.
	Unit float64
	// Low and High hold the value where it is an estimate; both are Value where it is exact.
	Low, High float64
}

// Judgement is what the history says of a figure.
type Judgement struct {
	result.Baseline
	// Left says of each point of the history why it was not learned from; empty where it was.
	Left []string
}

// Judge holds a figure against the points of the runs before it, oldest first. Neither the figure itself nor anything that did not come before it is learned from.
func Judge(s Settings, history []Point, now Figure) Judgement {
	s = s.withDefaults()
	if now.Low == 0 && now.High == 0 {
		now.Low, now.High = now.Value, now.Value
	}
	t := learn(s, history, now.At)
	out := Judgement{Left: t.left}
	if s.Change != nil {
		judgeChange(s, history, &t, now, &out)
		return out
	}
	f := &fitter{settings: s, unit: now.Unit, share: now.Of == result.TrendFailureRate}
	out.Needed = s.MinHistory
	out.Season = s.Season.words()
	slot := s.Season.slot(now.At)
	for _, at := range t.at {
		if s.Season.slot(at) == slot {
			out.Learned++
		}
	}
	if out.Learned < out.Needed || !finite(now.Value) {
		return learning(s, now, out)
	}
	m := f.fit(&t)
	slot = m.season.slot(now.At)
	out.Season = m.season.words()
	if m.season != SeasonNone {
		out.Learned = m.count[slot]
		if s.Season == SeasonAuto {
			if out.Needed = min(fewest, s.MinHistory); out.Learned < out.Needed {
				s.Season = m.season
				return learning(s, now, out)
			}
		}
	}
	j := judging{fitter: f, model: m, training: &t, now: now, slot: slot, pos: f.position(&t, now.At)}
	j.band = f.band(m, j.pos, slot)
	if !finite(j.band.low) || !finite(j.band.high) || !finite(j.band.expected) {
		out.Verdict, out.Learned, out.Method = result.Skipped, 0, "numbers too large to reckon with"
		out.Message = "baseline: not judged, its numbers are too large to reckon with"
		return out
	}
	if f.unit == 1 && now.Value == math.Trunc(now.Value) { // the whole numbers within
		j.band.low, j.band.high = math.Ceil(j.band.low)+0, math.Floor(j.band.high)+0 // of -0, 0
	}
	out.Expected, out.Low, out.High = &j.band.expected, &j.band.low, &j.band.high
	out.Method = j.method()
	j.decide(&out)
	for i, a := range m.apart {
		switch at := t.index[i]; {
		case a || m.young > 0 && i >= m.young:
			out.Left[at] = leftApart
		case i < m.start:
			out.Left[at] = leftLevel
		case i >= m.end:
			out.Left[at] = leftDrift
		}
	}
	if m.season == SeasonNone {
		out.Learned = m.kept
	}
	return out
}

// Foretell is Judge of a figure that is not there yet: it has the band in which that would pass, and no verdict of its own but skipped where too little is known.
func Foretell(s Settings, history []Point, now Figure) Judgement {
	now.Value = 0
	for i := range history {
		if finite(history[i].Value) {
			now.Value = history[i].Value
		}
	}
	now.Low, now.High = now.Value, now.Value
	j := Judge(s, history, now)
	j.Shape = result.ShapeNone
	if j.Verdict == result.Skipped {
		return j
	}
	j.Verdict = result.Pass
	var would []string
	if s.Direction != Up && (*j.Low > 0 || now.Of == result.TrendObserved) {
		would = append(would, "below "+Spoken(now.Of, *j.Low))
	}
	if s.Direction != Down && (*j.High < 1 || now.Of != result.TrendFailureRate) {
		would = append(would, "above "+Spoken(now.Of, *j.High))
	}
	j.Message = "nothing would fail"
	if len(would) > 0 {
		j.Message = "would fail: " + strings.Join(would, " or ")
	}
	return j
}

// learning is what is said while too little is known.
func learning(s Settings, now Figure, out Judgement) Judgement {
	out.Verdict = result.Skipped
	out.Method = "too little history"
	out.Message = "baseline: learning, " + ofRuns(out.Learned, out.Needed)
	if w := s.Season.same(now.At); w != "" {
		out.Message += " " + w
	}
	return out
}

// position is that of a time, as setPositions gives points theirs.
func (f *fitter) position(t *training, at time.Time) float64 {
	n := len(f.pos)
	if gap := f.gap(t); gap > 0 {
		return bent(at.Sub(t.at[0]).Hours()/gap, f.bend)
	}
	return bent(float64(n), f.bend)
}

// judging is one figure beside its model.
type judging struct {
	*fitter
	*model
	training *training
	now      Figure
	slot     int
	pos      float64
	band     band
}

// decide sets verdict, shape and message.
func (j *judging) decide(out *Judgement) {
	s := j.settings
	out.Verdict = result.Pass
	side := j.side(j.band.low, j.band.high)
	if side != 0 && j.isBack() {
		out.Message = j.say("back from where the last run was")
		return
	}
	if side != 0 {
		why := j.asBefore(side)
		if why == "" {
			why = j.asOften(side)
		}
		if why != "" {
			out.Message = j.say(why)
			return
		}
	}
	drift := j.drifts()
	switch {
	case j.straddles(side):
		out.Verdict = result.Inconclusive
		out.Message = j.sayInconclusive()
		return
	case side != 0:
		out.Shape = j.shape(side, drift)
	case drift.side != 0:
		side, out.Shape = drift.side, drift.shape
	}
	if side == 0 {
		out.Message = j.say("")
		return
	}
	if side > 0 && s.Direction == Down || side < 0 && s.Direction == Up {
		out.Shape = result.ShapeNone
		out.Message = j.say("apart on the side that does not fail")
		return
	}
	out.Verdict = result.Fail
	out.Message = j.sayShape(out.Shape, side, drift)
}

// side is +1 of a figure above the band, -1 of one below.
func (j *judging) side(low, high float64) int {
	switch {
	case j.now.Value > high+rounding(high):
		return 1
	case j.now.Value < low-rounding(low):
		return -1
	}
	return 0
}

// rounding is what is lost where a bound is computed.
func rounding(x float64) float64 { return math.Abs(x) * 1e-12 }

// straddles reports whether an estimate may as well lie on the other side of an end of the band that fails.
func (j *judging) straddles(side int) bool {
	if j.now.Low == j.now.High {
		return false
	}
	if side != 0 {
		return j.now.Low <= j.band.high && j.now.High >= j.band.low
	}
	return j.settings.Direction != Down && j.now.High > j.band.high || j.settings.Direction != Up && j.now.Low < j.band.low
}

// isBack reports whether a figure that goes on from run to run is where it was before the last run, which lay apart.
func (j *judging) isBack() bool {
	n := len(j.x)
	if j.form != walk || n < 2 || !j.apart[n-1] {
		return false
	}
	was := j.x[n-2] + 2*j.centre + j.effect[j.slot]
	return math.Abs(j.now.Value-was) <= (j.band.high-j.band.expected)*math.Sqrt2
}

// asBefore says that the run one period before was as far from the others as this one, where nobody named a season and there are too few periods to learn one; or that
// most of the latest were, of a season that shows in so few of its slots, such as one day of the week, that it takes many periods to be learned. "" where neither holds.
// Each is held against what was to be expected in its time: on a trend the runs before lie elsewhere, and are like no other for that.
func (j *judging) asBefore(side int) string {
	if j.settings.Season != SeasonAuto || j.season == SeasonBoth {
		return ""
	}
	half := j.band.high - j.band.expected
	off := j.now.Value - j.band.expected
	since := time.Duration(0)
	if n := j.before(side); n > 0 {
		since = j.now.At.Sub(j.training.at[len(j.training.at)-n])
	}
	for _, c := range []Season{SeasonWeekly, SeasonDaily, SeasonBoth} {
		if c == j.season || c == SeasonDaily && j.subdaily(j.training) == 1 || c == SeasonWeekly && j.subdaily(j.training) > 1 {
			continue
		}
		if c == SeasonBoth && j.subdaily(j.training) == 1 || since >= c.period()-c.period()/7 {
			continue // the same as weekly; or all times of the period are so by now
		}
		slot, n, like := c.slot(j.now.At), 0, 0
		for i := len(j.training.at) - 1; i >= j.start && n < fewest; i-- {
			if c.slot(j.training.at[i]) != slot {
				continue
			}
			n++
			if was := j.training.y[i] - j.expectedOf(i); math.Abs(off-was) <= half && math.Abs(was) > half {
				like++
			}
		}
		switch {
		case n < fewest && like > 0:
			return "like the run a period before, which was as far from the others: too early to tell a season from an incident"
		case n == fewest && like >= fewest-1:
			return "like the runs " + c.same(j.now.At) + " before, which were as far from the others"
		}
	}
	return ""
}

// expectedOf is what the model expects of a point that was learned from, in its time.
func (j *judging) expectedOf(i int) float64 {
	if j.form == walk && i > 0 {
		return j.training.y[i] - j.x[i] + j.x[i-1] + j.centre
	}
	return j.fitter.band(j.model, j.fitter.pos[i], j.seasonal.slot[i]).expected
}

// shape tells how a figure beyond the band departs: it is a spike unless the runs before it were beyond it too.
func (j *judging) shape(side int, drift drift) result.Shape {
	run := j.before(side)
	switch {
	case j.ramp > 0 && j.rampSide() == side:
		return result.ShapeDrift
	case run >= 2 && drift.side == side:
		return drift.shape
	case run >= 2:
		return result.ShapeShift
	case drift.side == side && drift.before:
		return drift.shape
	}
	return result.ShapeSpike
}

// before counts the runs just before this one that lay beyond the band on the same side.
func (j *judging) before(side int) int {
	n := 0
	for i := len(j.x) - 1; i >= 0 && j.form != walk; i-- {
		b := j.fitter.band(j.model, j.fitter.pos[i], j.seasonal.slot[i])
		y := j.training.y[i]
		if side > 0 && y <= b.high || side < 0 && y >= b.low {
			break
		}
		n++
	}
	return n
}

// rampSide is the side to which a slow change goes.
func (j *judging) rampSide() int {
	sum := 0.0
	for _, x := range j.x[j.ramp:] {
		sum += x - j.centre
	}
	if sum < 0 {
		return -1
	}
	return 1
}
