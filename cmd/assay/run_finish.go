package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/assay-dev/assay/expectations/baseline"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/spec"
	"github.com/assay-dev/assay/reports/history"
)

// finishing is what the steps between the evaluation of a suite and its reports share.
type finishing struct {
	suite  *spec.Suite
	rep    *result.Report
	job    string // the name that the history knows the run by
	strict bool   // --strict
	dir    string // of the run's own files
	state  string // the state directory
	alerts string // --alerts
	mode   string // --mode, or that of the suite; "" where nobody said
	// past holds the figures of earlier runs of the job; never nil, empty where there is no history. It gives no error: one was said already.
	past baseline.Store
	lost bool // there is a history, and it could not be read
}

// finish makes of an evaluated suite what its reports say, in this order: what the history says of the figures, what is new since the last run,
// which alerts fire; and keeps the run in the history. A history that fails takes nothing from the run: see docs/decisions/0021. A run that was
// interrupted is neither judged by its past nor kept: its figures are those of a part, and must not be learned from.
func (a *app) finish(ctx context.Context, f *finishing, h *histories) error {
	f.past = noPast{}
	f.rep.Run.Job = f.job
	if interrupted(ctx) {
		return nil
	}
	store, last, outcomes := f.recall(ctx, h)
	if err := a.judgeByPast(ctx, f); err != nil {
		return err
	}
	if store != nil {
		history.Stand(f.rep, last, outcomes)
		if err := addTrends(ctx, f.rep, f.past); err != nil {
			return err
		}
	}
	a.raise(ctx, f, h, store)
	if store != nil && !interrupted(ctx) {
		h.save(ctx, store, f.suite.History, f.rep)
	}
	return nil
}

func interrupted(ctx context.Context) bool { return ctx.Err() != nil }

// recall opens the history and reads the last run of the job; the store is nil where there is none, or none that can be read.
func (f *finishing) recall(ctx context.Context, h *histories) (store *history.Store, last *history.Run, outcomes map[string]history.Outcome) {
	if store = h.of(ctx, f.suite.History, f.state); store == nil {
		f.lost = !f.suite.History.Off
		return nil, nil, nil
	}
	err := patiently(ctx, func(ctx context.Context) (err error) {
		last, outcomes, err = store.Previous(ctx, f.job, f.rep.Run.Start)
		return err
	})
	if err != nil {
		f.lost = true
		h.lose(err)
		return nil, nil, nil
	}
	f.past = &lenient{store.Mode(f.rep.Run.Mode), h, &f.lost}
	return store, last, outcomes
}

// judgeByPast holds the run's figures against their baselines: it sets the trends of rep, and may make verdicts and the summary worse.
func (a *app) judgeByPast(ctx context.Context, f *finishing) error {
	rules := baselineRules(f.suite)
	rules.Strict, rules.Shown = f.strict, trendPoints(len(f.rep.Expectations))
	rules.Lost = func() bool { return f.lost }
	if _, none := f.past.(noPast); none {
		rules.Own = true
	}
	return baseline.Apply(ctx, f.past, f.rep, rules)
}

// jobOf is the name that the history knows the runs of a suite by. Runs of some tags are a job of their own: what they leave out is not gone, and how long
// they take is another matter.
func jobOf(suite *spec.Suite, f *runFlags) string {
	if f.job != "" {
		return f.job
	}
	tags := slices.Clone(f.tags)
	slices.Sort(tags)
	return strings.Join(append([]string{suite.Name}, slices.Compact(tags)...), "+")
}

// The points of a trend: two months of a daily run, and fewer where there are so many expectations that the report would be little else.
const (
	mostTrendPoints   = 60
	fewestTrendPoints = 14
	allTrendPoints    = 20_000
)

// trendPoints is the number of points, this run's included, that a trend of a run with so many expectations shows.
func trendPoints(expectations int) int {
	return min(max(allTrendPoints/max(expectations, 1), fewestTrendPoints), mostTrendPoints)
}

// addTrends gives every figure that has no trend yet its own.
func addTrends(ctx context.Context, rep *result.Report, past baseline.Store) error {
	var requests []baseline.Request
	var trends []*result.Trend
	add := func(to **result.Trend, of result.TrendOf, id string, figure float64, v result.Verdict) {
		if *to != nil {
			return
		}
		*to = &result.Trend{Of: of, Points: []result.TrendPoint{{Run: rep.Run.ID, At: rep.Run.Start, Value: figure, Verdict: v}}}
		trends = append(trends, *to)
		requests = append(requests, baseline.Request{Series: baseline.Series{Of: of, ID: id}, Limit: trendPoints(len(rep.Expectations)) - 1})
	}
	add(&rep.Trend, result.TrendDuration, "", float64(rep.Run.DurationMS), rep.Summary.Verdict)
	for i := range rep.Datasets {
		if d := &rep.Datasets[i]; d.Rows != nil {
			add(&d.Trend, result.TrendRows, d.Name, float64(*d.Rows), rep.Summary.Verdict)
		}
	}
	for i := range rep.Expectations {
		e := &rep.Expectations[i]
		if of, figure, ok := e.Figure(); ok {
			add(&e.Trend, of, e.ID, figure, e.Verdict)
		}
	}
	points, err := past.Points(ctx, rep.Run.Job, rep.Run.Start, requests)
	if err != nil {
		return err
	}
	for i, t := range trends {
		before := make([]result.TrendPoint, 0, len(points[i])+1)
		for _, p := range points[i] {
			point := result.TrendPoint{Run: p.Run, At: p.At, Value: p.Value, Verdict: p.Verdict}
			if p.Mark == baseline.Forgotten {
				point.Left = string(p.Mark)
			}
			before = append(before, point)
		}
		t.Points = append(before, t.Points...)
	}
	return nil
}

// noPast is the past of a job without a history.
type noPast struct{}

// Points implements baseline.Store.
func (noPast) Points(_ context.Context, _ string, _ time.Time, requests []baseline.Request) ([][]baseline.Point, error) {
	return make([][]baseline.Point, len(requests)), nil
}

// lenient is a past whose failure is said, and is then no past.
type lenient struct {
	baseline.Store
	histories *histories
	lost      *bool // set where it failed
}

// Points implements baseline.Store.
func (l *lenient) Points(ctx context.Context, job string, before time.Time, requests []baseline.Request) (out [][]baseline.Point, err error) {
	err = patiently(ctx, func(ctx context.Context) (err error) {
		out, err = l.Store.Points(ctx, job, before, requests)
		return err
	})
	if err != nil {
		*l.lost = true
		l.histories.lose(err)
		return noPast{}.Points(ctx, job, before, requests)
	}
	return out, nil
}
