package run

import (
	"fmt"
	"math"
	"slices"

	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/diff"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/sample"
	"github.com/assay-dev/assay/expectations/spec"
)

// conclusion is what rows drawn of both sides say together.
type conclusion struct {
	verdict  result.Verdict
	sentence string
	// fact says that keys were drawn of which no confidence is needed to say that they are too many.
	fact bool
	need int64
	ways [2]sample.Judgement
	// rate is the share of keys that agree, of all keys of both sides; NaN where nothing was drawn.
	rate     float64
	interval sample.Interval
}

// conclude makes one verdict of both directions: the worse of the two, each made with half of the chance of error.
func (s *sampledComparison) conclude(e *spec.Expectation) (*conclusion, error) {
	if err := s.finish(); err != nil {
		return nil, err
	}
	c := &conclusion{verdict: result.Pass}
	refused, open := "", false
	for side, a := range s.ways {
		w := &s.res.Ways[side]
		if a.refused != "" {
			refused = a.refused
		}
		j, err := a.judge(w.All, 0)
		if err != nil {
			return nil, fmt.Errorf("judge the rows drawn: %w", err)
		}
		if a.nothing() && w.All {
			j.Verdict, j.Interval = sample.Pass, sample.Interval{}
		}
		if a.unsettled > 0 && j.Verdict == sample.Pass {
			worst, err := a.judge(w.All, a.unsettled)
			if err != nil {
				return nil, fmt.Errorf("judge the rows drawn: %w", err)
			}
			j.Verdict, j.Interval.High = worst.Verdict, math.Max(j.Interval.High, worst.Interval.High)
			if worst.Verdict == sample.Fail {
				j.Verdict = sample.Inconclusive
			}
		}
		open = open || j.Verdict == sample.Inconclusive
		if j.Verdict == sample.Fail {
			c.verdict = result.Fail
		}
		if j.Verdict == sample.Inconclusive {
			c.need = max(c.need, j.Need)
		}
		c.ways[side] = j
	}
	s.agreement(c)
	strict := s.ways[canon.Left].tol.Strict()
	switch {
	case e.MaxFailures != nil && s.different() > *e.MaxFailures, refused == "" && strict && s.different() > 0:
		c.verdict, c.fact = result.Fail, true // whatever the rates are
	case s.empty():
		if e.OnEmpty == spec.EmptyFail {
			c.verdict = result.Fail
		}
	case refused != "":
		c.verdict, c.sentence = result.Skipped, refused
		return c, nil
	case c.verdict == result.Fail:
	case strict && open:
		c.verdict = result.Inconclusive
	case !strict:
		source, target := c.ways[canon.Left].Interval, c.ways[canon.Right].Interval
		if c.verdict = s.together(e, source, target); c.verdict == result.Inconclusive {
			c.need = s.needTogether(c, e)
		}
	}
	if c.verdict != result.Inconclusive {
		c.need = 0
	}
	c.sentence = s.say(c, e)
	return c, nil
}

// nothing says that no row was judged.
func (a *wayAudit) nothing() bool { return a.drawn+a.unsettled == 0 }

// empty says that neither side has a row.
func (s *sampledComparison) empty() bool {
	for side, a := range s.ways {
		if !a.nothing() || !s.res.Ways[side].All {
			return false
		}
	}
	return true
}

// different is the number of keys that were found to differ, of either side.
func (s *sampledComparison) different() int64 {
	c := &s.res.Counts
	return c.Changed + c.Missing + c.Extra + c.DuplicateKey
}

// agreement estimates the share of all keys that agree.
func (s *sampledComparison) agreement(c *conclusion) {
	source, target := &c.ways[canon.Left], &c.ways[canon.Right]
	missing := 0.0
	if t := s.ways[canon.Left].classes[diff.Missing]; t != nil {
		missing = float64(t.n) / float64(s.ways[canon.Left].drawn)
		if t.weighted != nil {
			missing = t.weighted.Rate()
		}
	}
	rates := [2]float64{source.Rate, target.Rate}
	for side, a := range s.ways {
		if a.nothing() && s.res.Ways[side].All {
			rates[side] = 0
		}
	}
	c.rate = agreeing(rates[0], missing, rates[1])
	if s.empty() {
		c.rate = math.NaN()
	}
	c.interval = agreement(source.Interval, target.Interval)
}

// agreement bounds the share of all keys that agree by the shares of the source's rows that differ and of the target's that are extra: see agreeing, in which
// what is missing is something between nothing and all that differs.
func agreement(source, target sample.Interval) sample.Interval {
	return sample.Interval{Low: agreeing(source.High, 0, target.High), High: agreeing(source.Low, source.Low, target.Low)}
}

// together judges what differs in the source and what is extra in the target by a rule that allows some: it is about all keys.
func (s *sampledComparison) together(e *spec.Expectation, source, target sample.Interval) result.Verdict {
	agree, tol := agreement(source, target), s.ways[canon.Left].tol
	switch {
	case e.MaxFailures == nil && 1-agree.High > tol.Rate:
		return result.Fail
	case e.MaxFailures == nil && 1-agree.Low <= tol.Limit, e.MaxFailures != nil && 1-agree.Low <= s.detect:
		return result.Pass
	case e.MaxFailures == nil:
		return result.Inconclusive
	}
	least, most := 0.0, 0.0
	for side, i := range [2]sample.Interval{source, target} {
		n := float64(s.ways[side].population())
		if w := &s.res.Ways[side]; w.All {
			n = float64(w.Judged)
		}
		least, most = least+i.Low*n, most+i.High*n
	}
	switch {
	case least > float64(*e.MaxFailures):
		return result.Fail
	case most <= float64(*e.MaxFailures):
		return result.Pass
	}
	return result.Inconclusive
}

// needTogether is how many rows of each side would decide, if the rates seen held; 0 where no number would, or nobody knows.
func (s *sampledComparison) needTogether(c *conclusion, e *spec.Expectation) int64 {
	const most = 1 << 40
	for _, a := range s.ways {
		if a.weighted != nil || a.nothing() {
			return 0
		}
	}
	decides := func(n int64) bool {
		var i [2]sample.Interval
		for side, a := range s.ways {
			of := sample.Count{Drawn: n, Population: a.population()}
			if of.Population > 0 {
				of.Drawn = min(n, of.Population)
			}
			of.Failed = int64(math.Round(c.ways[side].Rate * float64(of.Drawn)))
			i[side] = of.Interval(a.conf)
		}
		return s.together(e, i[canon.Left], i[canon.Right]) != result.Inconclusive
	}
	low, high := s.wanted, 2*s.wanted
	for ; !decides(high); low, high = high, 2*high {
		if high > most {
			return 0
		}
	}
	for high-low > 1 {
		if mid := low + (high-low)/2; decides(mid) {
			high = mid
		} else {
			low = mid
		}
	}
	return high
}

// report forms the entry of a comparison that was judged by rows drawn at random.
func (s *sampledComparison) report(it *plan.Item, out *result.Expectation) {
	c, err := s.conclude(it.Spec)
	if err != nil {
		out.Verdict, out.Message = result.Error, err.Error()
		return
	}
	out.Compare.Sample = s.section(c)
	out.Verdict, out.Message = c.verdict, c.sentence
	n := &s.res.Counts
	out.Counts = &result.Counts{True: n.Identical + n.InFlight, False: s.different(), WhereUndecided: s.res.Ways[0].Undecided + s.res.Ways[1].Undecided}
	if !math.IsNaN(c.rate) && c.verdict != result.Skipped {
		out.Rate = &c.rate
		out.Interval = &result.Interval{Low: c.interval.Low, High: c.interval.High, Confidence: s.opts.Confidence}
	}
	if alone := oneSided(it.Compare.Findings); alone > 0 {
		out.Message += fmt.Sprintf("; %s of one side only not compared", diag.Plural(alone, "column"))
	}
	for side, name := range sideWords {
		w := &s.res.Ways[side]
		out.Ran.Reasons = append(out.Ran.Reasons, fmt.Sprintf("%s by %s: %s", name, w.Design.Method, w.Design.Reason))
		if asked := w.Asked[1-side]; asked.Reason != "" {
			out.Ran.Reasons = append(out.Ran.Reasons, fmt.Sprintf("looked up in the %s %s: %s", sideWords[1-side], asked.Method, asked.Reason))
		}
	}
}

var sideWords = [2]string{"source", "target"} //nolint:gochecknoglobals // a constant

// section is what a report has of the sample; c is nil where all rows were compared.
func (s *sampledComparison) section(c *conclusion) *result.CompareSample {
	out := &result.CompareSample{Seed: s.seed, Detect: s.detect, Confidence: 1, Estimates: []result.ClassEstimate{}}
	if c == nil {
		out.All = true
		out.Sentence = "all rows were compared: a sample of " + diag.Group(s.wanted) + " would be all of them"
		return out
	}
	out.Sentence, out.Need, out.Confidence = c.sentence, c.need, s.opts.Confidence
	out.Source, out.Target = s.way(canon.Left, c), s.way(canon.Right, c)
	for side := range s.ways {
		out.Estimates = append(out.Estimates, s.estimates(side)...)
	}
	return out
}

// way is what a report has of a direction.
func (s *sampledComparison) way(side canon.Side, c *conclusion) *result.CompareWay {
	w, n := &s.res.Ways[side], &s.res.Ways[side].Counts
	out := &result.CompareWay{
		Method: string(w.Design.Method), Reason: w.Design.Reason, Wanted: w.Wanted, Drawn: w.Drawn, Judged: w.Judged, RowsExact: w.Design.RowsExact,
		Looked: w.Design.Looked, Linear: w.Design.Linear, All: w.All, Lookup: string(w.Asked[1-side].Method), LookupReason: w.Asked[1-side].Reason, Ended: string(w.Ended),
		Classes: map[string]int64{
			string(diff.Identical): n.Identical, string(diff.Changed): n.Changed, string(diff.DuplicateKey): n.DuplicateKey, string(diff.InFlight): n.InFlight, string(diff.Unsettled): n.Unsettled,
		},
	}
	if side == canon.Left {
		out.Classes[string(diff.Missing)] = n.Missing
	} else {
		out.Classes[string(diff.Extra)] = n.Extra
	}
	if w.Design.Rows >= 0 && w.Design.Method != "" {
		rows := w.Design.Rows
		out.Rows = &rows
	}
	if j := &c.ways[side]; !s.ways[side].nothing() && j.Confidence > 0 {
		out.Interval = &result.Interval{Low: j.Interval.Low, High: j.Interval.High, Confidence: j.Confidence}
		if w.All {
			out.Interval.Confidence = 1
		}
	}
	return out
}

// statements is the number of classes of both sides that may be estimated, duplicate keys of either among them: the estimates hold together.
const statements = 5

// estimates are those of a side's classes: the ones that are looked for, and what else was met.
func (s *sampledComparison) estimates(side int) []result.ClassEstimate {
	a, w := s.ways[side], &s.res.Ways[side]
	if a.nothing() || a.classes == nil {
		return nil
	}
	classes := estimated[side]
	if a.classes[diff.DuplicateKey].n > 0 {
		classes = append(slices.Clip(classes), diff.DuplicateKey)
	}
	population := a.population()
	if w.All {
		population = w.Judged
	}
	var out []result.ClassEstimate
	for _, class := range classes {
		rate, i := a.share(class, w.All, sample.Split(s.opts.Confidence, statements))
		e := result.ClassEstimate{Class: result.Class(class), Of: sideWords[side], Rate: rate, Low: i.Low, High: i.High, Confidence: s.opts.Confidence}
		if population > 0 {
			// whole rows lie within
			n := float64(population)
			rows, low, high := int64(math.Round(rate*n)), int64(math.Ceil(i.Low*n-1e-6)), int64(math.Floor(i.High*n+1e-6))
			e.Rows, e.RowsLow, e.RowsHigh = &rows, &low, &high
		}
		e.Sentence = sayEstimate(&e, w.All)
		out = append(out, e)
	}
	return out
}

// share estimates which share of a side's rows is of a class.
func (a *wayAudit) share(class diff.Class, all bool, confidence float64) (rate float64, i sample.Interval) {
	t := a.classes[class]
	if t.weighted != nil && !all {
		if a.unsettled > 0 {
			return t.weighted.Rate(), sample.Interval{High: 1}
		}
		return t.weighted.Rate(), t.weighted.Interval(confidence)
	}
	n := a.drawn + a.unsettled
	c := sample.Count{Failed: t.n, Drawn: n, Population: a.population()}
	if all {
		c.Population = n
	}
	i = c.Interval(confidence)
	if rate = c.Rate(); a.unsettled > 0 { // each of them may be of the class
		c.Failed += a.unsettled
		i.High = c.Interval(confidence).High
	}
	return rate, i
}
