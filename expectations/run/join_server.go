package run

import (
	"context"
	"errors"
	"slices"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/result"
)

// server has the one server that holds all datasets join them.
func (x *joinRun) server(ctx context.Context) error {
	x.progress(0)
	x.sent++
	q := x.job.Aggregate
	b, err := x.left().Aggregate(ctx, q)
	if inexact, ok := errors.AsType[*connectors.InexactError](err); ok {
		x.job.Elsewhere(inexact.Reason)
		x.method, x.reasons = x.job.Method, x.job.Reasons
		return x.here(ctx)
	}
	switch {
	case err == nil:
		x.take(x.job.Slots, q.Measures, b)
		x.counted(x.job.Left.Spec.Name, split(b, 0, q.Measures)[0][0][0].Int())
	case connectors.KindOf(err) == connectors.Failed && ctx.Err() == nil && len(x.job.Items) > 1:
		x.apart(ctx)
	default:
		return x.failure(-1, err)
	}
	x.failingRows(ctx)
	return nil
}

// apart asks for each item's numbers alone, so that one that the server chokes on does not take the others with it.
func (x *joinRun) apart(ctx context.Context) {
	for _, it := range x.job.Items {
		q := query.Aggregate{From: x.job.Aggregate.From}
		var slots []plan.JoinSlot
		for i, s := range x.job.Slots {
			if s.Item == it {
				slots, q.Measures = append(slots, s), append(q.Measures, x.job.Aggregate.Measures[i])
			}
		}
		x.sent++
		b, err := x.left().Aggregate(ctx, q)
		if err != nil {
			err = x.failure(-1, err)
			x.r.note(it, func(n *numbers) { n.err = err })
			continue
		}
		x.take(slots, q.Measures, b)
	}
}

// failingRows fetches failing rows of the items that failed, in one bounded statement unless there are very many.
func (x *joinRun) failingRows(ctx context.Context) {
	if x.r.opts.FailureRows <= 0 && !x.r.wantsAny(x.job.Items) || ctx.Err() != nil {
		return
	}
	failing := map[*plan.Item]plan.JoinFailing{}
	for _, it := range x.job.Items {
		if j := x.found[it]; j != nil {
			if v := j.judge(it.Spec); failed(v) || v.failed > 0 && x.r.wants(it) {
				failing[it] = plan.JoinFailing{Rows: v.failed, Orphans: j.orphans}
			}
		}
	}
	for _, f := range x.job.FailingRows(x.left().Caps(), failing, x.r.rowLimit(x.job.Items)) {
		x.sent++
		if err := x.fetch(ctx, f.Select, f.Items); err != nil {
			err = x.failure(-1, err)
			for _, it := range f.Items {
				// The verdict stands on its counts; only the rows are missing, and the report says so.
				x.r.note(it, func(n *numbers) { n.failuresErr = err })
			}
		}
	}
}

// JoinFailingAfter are the failing rows that the run of rep asked a server for.
func JoinFailingAfter(rep *result.Report, job *plan.JoinJob) map[*plan.Item]plan.JoinFailing {
	out := map[*plan.Item]plan.JoinFailing{}
	for _, it := range job.Items {
		i := slices.IndexFunc(rep.Expectations, func(e result.Expectation) bool { return e.ID == it.ID })
		if i < 0 {
			continue
		}
		e := &rep.Expectations[i]
		if e.Counts == nil || e.Orphans == nil || e.Ran.Where != onServer || e.Verdict == result.Error {
			continue
		}
		c := *e.Counts
		c.False += e.Orphans.Failing
		if v := judge(c, it.Spec); failed(v) {
			out[it] = plan.JoinFailing{Rows: v.failed, Orphans: e.Orphans.Failing}
		}
	}
	return out
}

// fetch reads failing rows and gives each to the item of its branch.
func (x *joinRun) fetch(ctx context.Context, q query.Select, items []*plan.Item) error {
	captures := map[*plan.Item]*joinCapture{}
	for _, it := range items {
		if captures[it] == nil {
			c, err := newJoinCapture(x, it, q.Columns)
			if err != nil {
				return err
			}
			captures[it] = c
		}
	}
	rows, err := x.left().Select(ctx, q)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // the rows wanted were read
	for {
		b, err := rows.Next(ctx)
		if err != nil || b == nil {
			return err
		}
		plain := &value.Batch{N: b.N, Cols: b.Cols[:len(q.Columns)]}
		for branch, it := range items {
			mine := func(i int) bool { return len(items) < 2 || b.Cols[len(q.Columns)].Ints[i] == int64(branch) }
			if err := captures[it].take(plain, mine); err != nil {
				return err
			}
		}
	}
}
