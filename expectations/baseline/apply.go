package baseline

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/assay-dev/assay/expectations/result"
)

// Rule is what a suite says of one expectation's baseline.
type Rule struct {
	Settings Settings
	// Alone says that nothing else judges the expectation: it has a metric and no condition.
	Alone bool
	// Metric is the CEL of its value, where the suite has it.
	Metric string
	// Message is what is to be said where it fails, before why; empty where nothing is.
	Message string
}

// Rules are what a suite says of baselines.
type Rules struct {
	Expectations map[string]Rule // by id: those with a baseline of their own
	Exclude      []Span          // whose runs nothing is learned from
	Strict       bool            // what is skipped, inconclusive or a warning fails the run
	Shown        int             // the most points that a trend shows, the run's own included
	// Own says that only what has a rule is judged: there is no history.
	Own bool
	// Lost says, once the points were asked for, that there is a history and that it could not be read; nil for no.
	Lost func() bool
}

// The points that are learned from, at most. Whatever is judged by itself has to do with few, for it is everything.
const (
	ownPoints    = 200
	hourlyPoints = 24 * 60
	autoPoints   = 90
)

// Apply judges the figures of a run by those of the runs of its job before: the value or failing rate of each expectation, the rows of each dataset and the run's duration. It
// sets their trends. A figure without a rule of its own is judged for the reader and the alerts alone: no verdict changes. Where a rule's baseline is worse than
// the verdict, that becomes the verdict, and the summary follows. Errors are the store's.
func Apply(ctx context.Context, store Store, rep *result.Report, rules Rules) error {
	var all []*applied
	add := func(a *applied) {
		if a.rule == nil && rules.Own {
			return
		}
		if a.rule == nil {
			a.settings = Usual(a.now.Of, rules.Exclude)
		} else {
			a.settings = a.rule.Settings.withDefaults()
		}
		a.now.At = rep.Run.Start
		all = append(all, a)
	}
	add(&applied{verdict: rep.Summary.Verdict, trend: &rep.Trend, now: Figure{Of: result.TrendDuration, Value: float64(rep.Run.DurationMS), Unit: 1}})
	for i := range rep.Datasets {
		if d := &rep.Datasets[i]; d.Rows != nil {
			add(&applied{id: d.Name, verdict: rep.Summary.Verdict, trend: &d.Trend, now: Figure{Of: result.TrendRows, Value: float64(*d.Rows), Unit: 1}})
		}
	}
	for i := range rep.Expectations {
		e := &rep.Expectations[i]
		var rule *Rule
		if r, ok := rules.Expectations[e.ID]; ok {
			rule = &r
		}
		now, ok := figureOf(e, rule)
		if ok || rule != nil {
			add(&applied{id: e.ID, verdict: e.Verdict, trend: &e.Trend, now: now, none: !ok, rule: rule, expectation: e})
		}
	}
	requests := make([]Request, len(all))
	for i, a := range all {
		requests[i] = RequestFor(a.settings, Series{Of: a.now.Of, ID: a.id}, a.now.At, a.rule != nil)
	}
	points, err := store.Points(ctx, rep.Run.Job, rep.Run.Start, requests)
	if err != nil {
		return fmt.Errorf("read the history: %w", err)
	}
	lost := rules.Lost != nil && rules.Lost()
	inParallel(len(all), func(i int) {
		all[i].lost = lost
		all[i].apply(points[i], rep.Run.ID, rules.Shown)
	})
	recount(rep, rules)
	return nil
}

// inParallel calls do for each number below n, on all processors where there are many.
func inParallel(n int, do func(int)) {
	const few = 32
	workers := min(runtime.GOMAXPROCS(0), n/few+1)
	var next atomic.Int64
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	all.Wait()
}

// applied is one figure of a run with what judges it.
type applied struct {
	id          string
	verdict     result.Verdict
	now         Figure
	none        bool // there is no figure
	lost        bool // there is a history, and it could not be read
	rule        *Rule
	settings    Settings
	trend       **result.Trend
	expectation *result.Expectation
}

// figureOf is the figure of an expectation, with its interval where it is an estimate.
func figureOf(e *result.Expectation, rule *Rule) (now Figure, ok bool) {
	of, v, ok := e.Figure()
	if !ok {
		now.Of = result.TrendFailureRate
		if e.Kind == result.KindMetric {
			now.Of = result.TrendObserved
		}
		// a metric that is one aggregate, of a sample
		if rule != nil && e.Kind == result.KindMetric && e.Sample != nil && len(e.Metrics) == 1 && (rule.Metric == "" || strings.TrimSpace(rule.Metric) == e.Metrics[0].Expression) {
			if v, ok := result.Number(e.Metrics[0].Value.Value); ok {
				now.Value, now.Low, now.High = v, v, v
				if i := e.Metrics[0].Interval; i != nil {
					now.Low, now.High = i.Low, i.High
				}
				return now, true
			}
		}
		return now, false
	}
	now = Figure{Of: of, Value: v, Low: v, High: v}
	if of != result.TrendFailureRate {
		return now, true
	}
	if e.Interval != nil {
		now.Low, now.High = 1-e.Interval.High, 1-e.Interval.Low
		return now, true
	}
	if passed, failed := e.Tally(); passed+failed > 0 {
		now.Unit = 1 / float64(passed+failed)
	}
	return now, true
}

// Usual are the settings of a figure that the suite says nothing of: failing rates and durations are out of line where they are high.
func Usual(of result.TrendOf, exclude []Span) Settings {
	s := Default()
	s.Exclude = exclude
	if of == result.TrendFailureRate || of == result.TrendDuration {
		s.Direction = Up
	}
	return s
}

// RequestFor asks for the points that judge a figure of a run at the given time: more of one with a rule of its own than of one that is judged because everything is.
func RequestFor(s Settings, of Series, at time.Time, own bool) Request {
	s = s.withDefaults()
	r := Request{Series: of, Since: at.Add(-s.Window), Limit: autoPoints}
	if own {
		r.Limit = ownPoints
		if s.Season == SeasonDaily || s.Season == SeasonBoth {
			r.Limit = hourlyPoints
		}
		r.Limit = max(r.Limit, min(s.MinHistory, hourlyPoints)*s.Season.slots())
	}
	return r
}

// lostMessage is said where a baseline could not be held against anything: that it learns would not be true.
const lostMessage = "baseline: not judged, the history could not be read"

// apply judges the figure by the points before it.
func (a *applied) apply(points []Point, run string, shown int) {
	var j Judgement
	switch {
	case a.lost:
		j.Verdict, j.Needed, j.Season, j.Method = result.Error, a.settings.MinHistory, a.settings.Season.words(), "no history"
		j.Message = lostMessage
	case a.none:
		j = Judgement{Left: make([]string, len(points))}
		j.Verdict, j.Needed, j.Season, j.Method = result.Skipped, a.settings.MinHistory, a.settings.Season.words(), "no figure"
		j.Message = "baseline: not judged, this run has no figure"
		if a.expectation.Sample != nil {
			j.Message = "baseline: not judged, the figure is not known from a sample; leave --sample out"
		}
	default:
		j = Judge(a.settings, points, a.now)
	}
	first := 0
	if shown > 0 {
		first = max(len(points)+1-shown, 0)
	}
	t := &result.Trend{Of: a.now.Of, Baseline: &j.Baseline, Points: make([]result.TrendPoint, 0, len(points)-first+1)}
	for i := first; i < len(points); i++ {
		p := &points[i]
		t.Points = append(t.Points, result.TrendPoint{Run: p.Run, At: p.At, Value: p.Value, Verdict: p.Verdict, Left: j.Left[i]})
	}
	if a.rule == nil && (j.Verdict == result.Skipped || a.lost) {
		t.Baseline = nil // nobody asked
	}
	if a.rule != nil {
		t.Baseline.Asked = true
		a.merge(&j.Baseline)
		a.verdict = a.expectation.Verdict
	}
	if !a.none {
		t.Points = append(t.Points, result.TrendPoint{Run: run, At: a.now.At, Value: a.now.Value, Verdict: a.verdict})
	}
	*a.trend = t
}

// merge makes the verdict of an expectation the worse of its own and the baseline's. One that is still learning never hides the other, nor does one whose
// history is lost; where nothing else judges, that is an error.
func (a *applied) merge(b *result.Baseline) {
	e := a.expectation
	if e.Verdict == result.Error {
		return
	}
	own := e.Message
	text := b.Message
	if b.Verdict == result.Fail || b.Verdict == result.Inconclusive {
		text = "baseline: " + text
	}
	switch {
	case a.rule.Alone && a.none && e.Verdict == result.Pass && (e.Sample != nil || !e.Observed.IsNull()):
		e.Verdict, e.Message = result.Skipped, b.Message+"; "+own // a value that cannot be judged is no pass
		return
	case a.rule.Alone && !a.none:
		e.Verdict, e.Message = b.Verdict, text
	case worse(b.Verdict, e.Verdict):
		e.Verdict, e.Message = b.Verdict, text+"; "+own
	case b.Verdict == result.Pass:
		e.Message = own + "; baseline: " + text
		return
	default:
		e.Message = own + "; " + text
		return
	}
	if b.Verdict == result.Fail && a.rule.Message != "" {
		e.Message = a.rule.Message + " (" + e.Message + ")"
	}
}

// worse reports whether a baseline's verdict takes the place of another. Too little history does not.
func worse(b, own result.Verdict) bool {
	switch b {
	case result.Fail:
		return own != result.Fail && own != result.Error
	case result.Inconclusive:
		return own == result.Pass || own == result.Skipped
	case result.Pass, result.Skipped, result.Error:
	}
	return false
}

// recount makes the summary follow the verdicts.
func recount(rep *result.Report, rules Rules) {
	s := &rep.Summary
	errored := s.Errored
	s.Passed, s.Failed, s.Warned, s.Inconclusive, s.Errored, s.Skipped, s.Learning = 0, 0, 0, 0, 0, 0, 0
	for i := range rep.Expectations {
		e := &rep.Expectations[i]
		s.Count(e)
		if r, ok := rules.Expectations[e.ID]; ok && r.Alone && e.Verdict == result.Skipped && e.Trend != nil && e.Trend.Baseline != nil && e.Trend.Baseline.Verdict == result.Skipped {
			s.Learning++
		}
	}
	if n := s.Errored - errored; n > 0 {
		s.ErrorCount += int64(n)
		s.TopErrors = append(s.TopErrors, result.ErrorCount{Message: lostMessage, Count: int64(n)})
	}
	if s.Verdict = s.Worst(); rules.Strict && s.Verdict != result.Error && s.Warned+s.Inconclusive+s.Skipped > s.Learning {
		s.Verdict = result.Fail
	}
}

// finite reports whether v is a number to reckon with.
func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
