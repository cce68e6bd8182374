package main

import (
	"context"
	"time"

	"github.com/assay-dev/assay/expectations/baseline"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/spec"
)

// finishing is what the steps between the evaluation of a suite and its reports share.
type finishing struct {
	suite  *spec.Suite
	rep    *result.Report
	strict bool   // --strict
	dir    string // of the run's own files
	state  string // the state directory
	// past holds the figures of earlier runs of the job; never nil, empty where there is no history.
	past baseline.Store
}

// finish makes of an evaluated suite what its reports say, in this order: what the history says of the figures, what is new since the last run,
// which alerts fire; and keeps the run in the history.
func (a *app) finish(ctx context.Context, f *finishing) error {
	f.past = noPast{}
	if err := a.judgeByPast(ctx, f); err != nil {
		return err
	}
	return a.raise(ctx, f)
}

// judgeByPast holds the run's figures against their baselines: it sets the trends of rep, and may make verdicts and the summary worse.
func (a *app) judgeByPast(context.Context, *finishing) error { return nil }

// raise evaluates the alert rules: it sets rep.Alerts.
func (a *app) raise(context.Context, *finishing) error { return nil }

// tell sends the run's one message, once its reports are written.
func (a *app) tell(context.Context, *finishing) error { return nil }

// noPast is the past of a job without a history.
type noPast struct{}

// Points implements baseline.Store.
func (noPast) Points(_ context.Context, _ string, _ time.Time, requests []baseline.Request) ([][]baseline.Point, error) {
	return make([][]baseline.Point, len(requests)), nil
}
