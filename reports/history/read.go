package history

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/assay-dev/assay/expectations/result"
)

const runColumns = "seq, id, suite, job, mode, seed, digest, started, ended, duration_ms, verdict, passed, failed, warned, inconclusive, errored, skipped, " +
	"records_checked, records_fixed, error_count, inconsistency, throughput"

func scanRun(scan func(...any) error) (*Run, error) {
	r := &Run{}
	var started, ended int64
	err := scan(&r.seq, &r.ID, &r.Suite, &r.Job, &r.Mode, &r.Seed, &r.Digest, &started, &ended, &r.DurationMS, &r.Verdict, &r.Passed, &r.Failed, &r.Warned,
		&r.Inconclusive, &r.Errored, &r.Skipped, &r.RecordsChecked, &r.RecordsFixed, &r.ErrorCount, &r.Inconsistency, &r.Throughput)
	r.Start, r.End = instant(started), instant(ended)
	return r, err
}

// Jobs returns the latest run of every job, in the order of the jobs' names.
func (s *Store) Jobs(ctx context.Context) ([]*Run, error) {
	var jobs []string
	err := each(ctx, s.db, func(scan func(...any) error) (bool, error) {
		var job string
		err := scan(&job)
		jobs = append(jobs, job)
		return true, err
	}, "SELECT DISTINCT job FROM assay_runs ORDER BY job")
	if err != nil {
		return nil, failed("read the jobs", err)
	}
	var out []*Run
	for _, job := range jobs {
		runs, err := s.Runs(ctx, job, 1)
		if err != nil {
			return nil, err
		}
		out = append(out, runs...)
	}
	return out, nil
}

// Runs returns the latest runs of a job, the latest first, and at most limit of them; 0 or less for all.
func (s *Store) Runs(ctx context.Context, job string, limit int) ([]*Run, error) {
	if limit <= 0 {
		limit = math.MaxInt32
	}
	var out []*Run
	err := each(ctx, s.db, func(scan func(...any) error) (bool, error) {
		r, err := scanRun(scan)
		out = append(out, r)
		return true, err
	}, "SELECT "+runColumns+" FROM assay_runs WHERE job = $1 ORDER BY started DESC, seq DESC LIMIT $2", clean(job), limit)
	return out, failed("read the runs", err)
}

// Run returns a run with its outcomes, in the order of their ids. ErrNoRun is the cause where there is none.
func (s *Store) Run(ctx context.Context, id string) (*Run, []Outcome, error) {
	r, err := scanRun(s.db.QueryRowContext(ctx, "SELECT "+runColumns+" FROM assay_runs WHERE id = $1", clean(id)).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil, failed("read run "+id, ErrNoRun)
	}
	var out []Outcome
	if err == nil {
		out, err = outcomes(ctx, s.db, r.seq)
	}
	return r, out, failed("read run "+id, err)
}

// Previous returns the latest run of the job that started before the given time, with its outcomes by the expectation's id; a nil Run where there is
// none.
func (s *Store) Previous(ctx context.Context, job string, before time.Time) (*Run, map[string]Outcome, error) {
	r, out, err := s.previous(ctx, s.db, job, before, -1)
	return r, out, failed("read the run before", err)
}

// previous is Previous but for one run.
func (s *Store) previous(ctx context.Context, q querier, job string, before time.Time, except int64) (*Run, map[string]Outcome, error) {
	r, err := scanRun(q.QueryRowContext(ctx, "SELECT "+runColumns+" FROM assay_runs WHERE job = $1 AND started < $2 AND seq <> $3 ORDER BY started DESC, seq DESC LIMIT 1",
		clean(job), micros(before), except).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	list, err := outcomes(ctx, q, r.seq)
	out := make(map[string]Outcome, len(list))
	for i := range list {
		out[list[i].ID] = list[i]
	}
	return r, out, err
}

func outcomes(ctx context.Context, q querier, seq int64) ([]Outcome, error) {
	var out []Outcome
	err := each(ctx, q, func(scan func(...any) error) (bool, error) {
		o, err := scanOutcome(scan)
		out = append(out, o)
		return true, err
	}, "SELECT "+outcomeColumns+" FROM assay_outcomes WHERE run = $1 ORDER BY expectation", seq)
	return out, err
}

func scanOutcome(scan func(...any) error, more ...any) (Outcome, error) {
	var o Outcome
	var counts [6]sql.NullInt64
	var low, high, confidence sql.NullFloat64
	var run, metrics sql.NullString
	var since, runs sql.NullInt64
	dest := append(slices.Clip(more), &o.ID, &o.Kind, &o.Verdict, &o.Severity, &counts[0], &counts[1], &counts[2], &counts[3], &counts[4], &counts[5],
		&o.Orphans, &o.Rate, &low, &high, &confidence, &o.Observed, &metrics, &o.Of, &o.Figure, &run, &since, &runs)
	if err := scan(dest...); err != nil {
		return o, err
	}
	if counts[0].Valid {
		o.Counts = &result.Counts{
			True: counts[0].Int64, False: counts[1].Int64, Undecided: counts[2].Int64, UndecidedByNull: counts[3].Int64,
			WhereUndecided: counts[4].Int64, SkippedNull: counts[5].Int64,
		}
	}
	if confidence.Valid {
		o.Interval = &result.Interval{Low: low.Float64, High: high.Float64, Confidence: confidence.Float64}
	}
	if metrics.Valid {
		if err := json.Unmarshal([]byte(metrics.String), &o.Metrics); err != nil {
			return o, fmt.Errorf("the metrics of %s: %w", o.ID, err)
		}
	}
	if run.Valid {
		o.Failing = &result.Failing{Run: run.String, At: instant(since.Int64), Runs: int(runs.Int64)}
	}
	return o, nil
}

// RunOutcome is an outcome and the run that it is of.
type RunOutcome struct {
	Run *Run
	Outcome
}

// Outcomes returns what the latest runs of a job said of one expectation, the latest first; at most limit of them, 0 or less for all. Runs that did not
// have the expectation are left out.
func (s *Store) Outcomes(ctx context.Context, job, expectation string, limit int) ([]RunOutcome, error) {
	if limit <= 0 {
		limit = math.MaxInt32
	}
	runs, err := s.Runs(ctx, job, 0)
	if err != nil {
		return nil, err
	}
	bySeq := make(map[int64]*Run, len(runs))
	for _, r := range runs {
		bySeq[r.seq] = r
	}
	var out []RunOutcome
	err = each(ctx, s.db, func(scan func(...any) error) (bool, error) {
		var seq int64
		o, err := scanOutcome(scan, &seq)
		if r := bySeq[seq]; r != nil {
			out = append(out, RunOutcome{Run: r, Outcome: o})
		}
		return true, err
	}, "SELECT r.seq, o."+strings.ReplaceAll(outcomeColumns, ", ", ", o.")+" FROM assay_runs r JOIN assay_outcomes o ON o.run = r.seq AND o.expectation = $1 WHERE r.job = $2 "+
		"ORDER BY r.started DESC, r.seq DESC LIMIT $3", clean(expectation), clean(job), limit)
	return out, failed("read the outcomes of "+expectation, err)
}

// Table returns the latest runs of a job, the latest first and at most limit of them, with the outcomes of their expectations: byID[id][n] is that of the n-th
// run, nil where it did not have the expectation.
func (s *Store) Table(ctx context.Context, job string, limit int) (runs []*Run, byID map[string][]*Outcome, err error) {
	if runs, err = s.Runs(ctx, job, limit); err != nil || len(runs) == 0 {
		return runs, nil, err
	}
	byID = map[string][]*Outcome{}
	for n, r := range runs {
		list, err := outcomes(ctx, s.db, r.seq)
		if err != nil {
			return nil, nil, failed("read run "+r.ID, err)
		}
		for i := range list {
			o := &list[i]
			if byID[o.ID] == nil {
				byID[o.ID] = make([]*Outcome, len(runs))
			}
			byID[o.ID][n] = o
		}
	}
	return runs, byID, nil
}

// JobsOf returns the jobs that have an expectation of that id, in the order of their names.
func (s *Store) JobsOf(ctx context.Context, expectation string) ([]string, error) {
	var jobs []string
	err := each(ctx, s.db, func(scan func(...any) error) (bool, error) {
		var job string
		err := scan(&job)
		jobs = append(jobs, job)
		return true, err
	}, "SELECT DISTINCT r.job FROM assay_runs r JOIN assay_outcomes o ON o.run = r.seq AND o.expectation = $1 ORDER BY r.job", clean(expectation))
	return jobs, failed("look for expectation "+expectation, err)
}
