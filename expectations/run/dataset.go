package run

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/result"
)

// execution runs one dataset's requests, in one snapshot where the source has them.
type execution struct {
	r      *runner
	d      *plan.Dataset
	conn   *connection
	items  []*plan.Item
	source connectors.Source
	lost   error // why there is no source any more
}

func (x *execution) run(ctx context.Context) {
	d := x.d
	if d.Pass == nil && d.Stream == nil && len(d.Sets) == 0 && len(d.Groups) == 0 && len(d.Samples) == 0 {
		return
	}
	if err := x.conn.acquire(ctx); err != nil {
		x.failAll(err)
		return
	}
	defer x.conn.release()
	x.source = x.conn.source
	if s, ok := x.source.(connectors.Snapshotter); ok {
		snap, err := s.Snapshot(ctx)
		if err != nil {
			x.failAll(err)
			return
		}
		x.source = snap
		defer func() { // reopen may have changed it, or closed it for good
			if x.lost == nil {
				_ = x.source.Close() // read-only: nothing is lost by a failing close
			}
		}()
	}
	x.pass(ctx)
	for _, job := range d.Sets {
		x.set(ctx, job)
	}
	for _, job := range d.Groups {
		x.group(ctx, job)
	}
	x.sample(ctx) // it may leave measures to the stream
	x.stream(ctx)
	for _, it := range x.items {
		x.r.of(it).settle()
	}
	x.failing(ctx)
}

// of returns the numbers of an item. Each item is written by the one dataset that owns the slot, or, for metrics of
// several datasets, under the lock of note.
func (r *runner) of(it *plan.Item) *numbers {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.numbers[it]
}

// note changes an item's numbers under the lock.
func (r *runner) note(it *plan.Item, f func(n *numbers)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f(r.numbers[it])
}

func (x *execution) fail(it *plan.Item, err error) {
	err = x.r.failure("dataset "+x.d.Spec.Name, x.d.Spec, x.conn, err, true)
	x.r.note(it, func(n *numbers) {
		if n.err == nil {
			n.err = err
		}
	})
}

// failAll makes the failure that of everything that reads the dataset.
func (x *execution) failAll(err error) {
	for _, s := range x.slots() {
		x.fail(s.Item, err)
	}
}

func (x *execution) slots() []plan.Slot {
	d := x.d
	all := slices.Concat(d.PassSlots, d.LocalSlots)
	for _, j := range slices.Concat(d.Groups, d.LocalGroups) {
		all = append(all, j.Slots...)
	}
	for _, j := range slices.Concat(d.Sets, d.LocalSets) {
		all = append(all, plan.Slot{Item: j.Item})
	}
	for _, j := range d.Samples {
		for _, it := range j.Items {
			all = append(all, plan.Slot{Item: it})
		}
		for _, e := range j.Estimates {
			all = append(all, plan.Slot{Item: e.Item})
		}
	}
	return slices.DeleteFunc(all, func(s plan.Slot) bool { return s.Item == nil })
}

// pass runs the one aggregate statement.
func (x *execution) pass(ctx context.Context) {
	if x.d.Pass == nil {
		return
	}
	x.r.progress(Event{Dataset: x.d.Spec.Name, Step: "pass", Total: x.d.Relation.Schema.Rows})
	x.measure(ctx, *x.d.Pass, x.d.PassSlots)
}

// measure runs an ungrouped aggregate. Where the server fails on the statement itself, halves of it are tried, so that
// one measure that the server chokes on does not take the others with it.
func (x *execution) measure(ctx context.Context, q query.Aggregate, slots []plan.Slot) {
	began := time.Now()
	b, err := x.source.Aggregate(ctx, q)
	ms := time.Since(began).Milliseconds()
	var inexact *connectors.InexactError
	switch {
	case err == nil:
		x.taken(q, slots, b, ms)
	case errors.As(err, &inexact) && len(inexact.Measures) > 0:
		x.withoutInexact(ctx, q, slots, inexact)
	case connectors.KindOf(err) == connectors.Failed && ctx.Err() == nil && len(q.Measures) > 1:
		half := len(q.Measures) / 2
		first, second := q, q
		first.Measures, second.Measures = q.Measures[:half], q.Measures[half:]
		x.measure(ctx, first, slots[:half])
		x.measure(ctx, second, slots[half:])
	default:
		for _, s := range slots {
			if s.Item != nil {
				x.fail(s.Item, err)
			}
		}
	}
}

// withoutInexact asks again without the measures that the source cannot answer exactly, and has those computed here.
func (x *execution) withoutInexact(ctx context.Context, q query.Aggregate, slots []plan.Slot, e *connectors.InexactError) {
	var rest query.Aggregate
	rest.From = q.From
	var restSlots []plan.Slot
	for i, m := range q.Measures {
		if slices.Contains(e.Measures, i) && slots[i].Item != nil {
			x.local(m, slots[i], e.Reason)
			continue
		}
		rest.Measures = append(rest.Measures, m)
		restSlots = append(restSlots, slots[i])
	}
	if len(rest.Measures) == len(q.Measures) {
		for _, s := range slots {
			if s.Item != nil {
				x.fail(s.Item, e)
			}
		}
		return
	}
	if len(rest.Measures) > 0 {
		x.measure(ctx, rest, restSlots)
	}
}

// local moves a measure to the stream.
func (x *execution) local(m query.Measure, s plan.Slot, reason string) {
	x.d.AddLocal(m, s)
	x.refuse(s.Item, reason)
}

// refuse notes why a part of an item runs here, which only the data could tell.
func (x *execution) refuse(it *plan.Item, reason string) {
	x.r.note(it, func(*numbers) {
		it.Refusals = append(it.Refusals, query.Refusal{Reason: reason})
	})
}

func (x *execution) taken(q query.Aggregate, slots []plan.Slot, b *value.Batch, ms int64) {
	outs := split(b, 0, q.Measures)
	items := 0
	for _, s := range slots {
		if s.Item != nil {
			items++
		}
	}
	for i, s := range slots {
		if s.Item == nil {
			x.r.mu.Lock()
			x.r.rows[x.d.Spec.Name] = outs[i][0][0].Int()
			x.r.mu.Unlock()
			continue
		}
		x.r.note(s.Item, func(n *numbers) {
			n.take(s, outs[i])
			n.statements++
			n.ms += ms
			n.server = true
			n.pass = items
		})
	}
}

func (x *execution) set(ctx context.Context, job plan.SetJob) {
	x.r.progress(Event{Dataset: x.d.Spec.Name, Step: "set", Total: x.d.Relation.Schema.Rows})
	checker, ok := x.source.(connectors.SetChecker)
	if !ok {
		x.fail(job.Item, connectors.Own(x.d.Spec.Name+": the snapshot does not take set-level checks"))
		return
	}
	began := time.Now()
	res, err := checker.CheckSet(ctx, job.Check)
	if inexact, ok := errors.AsType[*connectors.InexactError](err); ok {
		x.d.AddLocalSet(job)
		x.refuse(job.Item, inexact.Reason)
		return
	}
	if err != nil {
		x.fail(job.Item, err)
		return
	}
	x.r.note(job.Item, func(n *numbers) {
		n.counts = setCounts(res)
		n.statements++
		n.ms += time.Since(began).Milliseconds()
		n.server = true
	})
}

func (x *execution) group(ctx context.Context, job plan.Job) {
	x.r.progress(Event{Dataset: x.d.Spec.Name, Step: "group", Total: x.d.Relation.Schema.Rows})
	began := time.Now()
	b, err := x.source.Aggregate(ctx, job.Aggregate)
	if inexact, ok := errors.AsType[*connectors.InexactError](err); ok {
		x.d.AddLocalGroup(job)
		for _, s := range job.Slots {
			x.refuse(s.Item, inexact.Reason)
		}
		return
	}
	if err != nil {
		for _, s := range job.Slots {
			x.fail(s.Item, err)
		}
		return
	}
	x.grouped(job, b, time.Since(began).Milliseconds(), true)
}

func (x *execution) grouped(job plan.Job, b *value.Batch, ms int64, server bool) {
	outs := split(b, len(job.Aggregate.GroupBy), job.Aggregate.Measures)
	for i, s := range job.Slots {
		x.r.note(s.Item, func(n *numbers) {
			n.take(s, outs[i])
			n.statements++
			n.ms += ms
			n.server, n.here = n.server || server, n.here || !server
		})
	}
}

// judged returns the verdict of a row or set item so far.
func judged(it *plan.Item, n *numbers) judgement {
	return judge(n.counts, it.Spec)
}

func failed(j judgement) bool { return j.verdict == result.Fail && j.failed > 0 }
