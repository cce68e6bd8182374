package run

import (
	"context"
	"errors"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/query/eval"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/sample"
)

// Sampling says how samples are judged; what is drawn is said by plan.Sampling.
type Sampling struct {
	// Confidence is that of each expectation's verdict by itself, at least 0.5 and below 1.
	Confidence float64
	// Detect is the failing rate that a pass must exclude where the expectation names none.
	Detect float64
	// EarlyStop ends a sample once all that it serves is decided.
	EarlyStop bool
	// MaxTime ends a sample of a dataset after so long; 0 for never.
	MaxTime time.Duration
}

// How a sample ended before all rows wanted were drawn.
const (
	endedDecided = "decided"
	endedTime    = "time"
	endedRows    = "rows" // there were no more
)

// drawn is what a sample says of an item.
type drawn struct {
	design query.SampleDesign
	wanted int64
	rows   int64 // drawn
	ended  string
	// all says that every row was read; then the counts are those of all rows and nothing is estimated.
	all    bool
	detect float64
	// judgement and refused are set of a row expectation unless all is: refused says why no verdict can be.
	judgement sample.Judgement
	refused   string
	// strata are those that rows were drawn of, the worst first; worst names some of them where all is.
	strata []result.Stratum
	worst  string
}

// sample draws the dataset's samples, one after the other.
func (x *execution) sample(ctx context.Context) {
	var strata []stratum
	var uncounted error
	if x.d.Strata != nil {
		strata, uncounted = x.strata(ctx)
	}
	for _, j := range x.d.Samples {
		d := &drawing{x: x, job: j, began: time.Now()}
		var err error
		switch {
		case x.lost != nil:
			err = x.lost
		case j.Strata == nil:
			err = d.run(ctx)
		case uncounted != nil:
			err = uncounted
		default:
			err = d.runStrata(ctx, strata)
		}
		for _, it := range d.items() {
			if err != nil {
				x.fail(it, err)
			}
		}
		if d.cut {
			x.reopen(ctx)
		}
		if err == nil && x.lost == nil && x.r.opts.Plan.Sample.ExactWhereNeeded {
			x.exactly(ctx, d)
		}
	}
}

// reopen takes a new snapshot, for the time limit ended a statement of the old one. That is closed first: who holds a connection and waits for another
// may wait for somebody who does the same. The error is kept in lost: what follows has no source then.
func (x *execution) reopen(ctx context.Context) {
	s, ok := x.conn.source.(connectors.Snapshotter)
	if !ok {
		return
	}
	_ = x.source.Close() // nothing was written, and what it has read counts
	snap, err := s.Snapshot(ctx)
	if err != nil {
		x.lost = err
		return
	}
	x.source = snap
}

// drawing is one sample while it is drawn.
type drawing struct {
	x     *execution
	job   *plan.SampleJob
	began time.Time
	cols  []*query.Column // of batches

	audits   []*audit
	tally    *eval.Aggregator // counts of row expectations
	exact    *eval.Aggregator // of metric expectations, should all rows come
	gathered []*estimating
	captured *consumer
	design   query.SampleDesign
	rows     int64
	ended    string
	cut      bool // the time limit ended a statement
}

func (d *drawing) items() []*plan.Item {
	out := append([]*plan.Item{}, d.job.Items...)
	for _, e := range d.job.Estimates {
		out = append(out, e.Item)
	}
	return out
}

func (d *drawing) run(ctx context.Context) error {
	x := d.x
	src, ok := x.source.(connectors.Sampler)
	if !ok {
		return connectors.Own("its snapshot draws no samples")
	}
	limited, cancel := ctx, func() {}
	if most := x.r.opts.Sampling.MaxTime; most > 0 {
		limited, cancel = context.WithTimeout(ctx, most)
	}
	defer cancel()
	x.r.progress(Event{Dataset: x.d.Spec.Name, Step: "sample", Total: int64(d.job.Query.N)})
	rows, err := src.Sample(limited, d.job.Query)
	if err != nil && d.late(ctx, limited) {
		d.design = query.SampleDesign{Rows: -1, Reason: "the time allowed was up before anything was drawn"}
		if err := d.prepare(ctx); err != nil {
			return err
		}
		return d.finish(false)
	}
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // what was wanted is read, or the error that counts is returned
	d.design = rows.Design()
	if err := d.prepare(ctx); err != nil {
		return err
	}
	for d.ended == "" {
		if limited.Err() != nil && d.late(ctx, limited) { // between two statements nothing is lost by it
			d.cut = false
			break
		}
		b, err := rows.Next(limited)
		switch {
		case err != nil && d.late(ctx, limited):
		case err != nil:
			return err
		case b == nil:
			d.design = rows.Design()
			if d.rows < int64(d.job.Query.N) {
				d.ended = endedRows
			}
			return d.finish(true)
		default:
			if err := d.add(b); err != nil {
				return err
			}
		}
	}
	d.design = rows.Design()
	return d.finish(false)
}

// late says that it is the time limit of samples that ended a statement, and nothing else; then the sample has ended.
func (d *drawing) late(whole, limited context.Context) bool {
	if whole.Err() != nil || !errors.Is(limited.Err(), context.DeadlineExceeded) {
		return false
	}
	d.ended, d.cut = endedTime, true
	return true
}

// prepare compiles what is judged here.
func (d *drawing) prepare(context.Context) error {
	d.cols = d.job.Query.Columns
	for _, it := range d.job.Items {
		a, err := d.newAudit(it)
		if err != nil {
			return err
		}
		d.audits = append(d.audits, a)
	}
	var err error
	if len(d.job.Estimates) > 0 {
		if d.exact, err = eval.NewAggregator(d.job.Exact, d.cols); err != nil {
			return err
		}
	}
	for i := range d.job.Estimates {
		g, err := newEstimating(&d.job.Estimates[i], d.design, d.cols)
		if err != nil {
			return err
		}
		d.gathered = append(d.gathered, g)
	}
	if len(d.audits) == 0 {
		return nil
	}
	if d.tally, err = eval.NewAggregator(d.job.Tallies, d.cols); err != nil {
		return err
	}
	d.captured, err = d.x.captured(d.job.Items, d.cols)
	return err
}

// add judges a batch of rows drawn.
func (d *drawing) add(b *value.Batch) error {
	var weights []float64
	if d.design.Weighted { // they follow the columns
		weights = b.Cols[len(d.cols)].Floats
		b = &value.Batch{N: b.N, Cols: b.Cols[:len(d.cols)]}
	}
	d.rows += int64(b.N)
	for _, g := range d.gathered {
		if err := g.add(b, weights); err != nil {
			return err
		}
	}
	if d.exact != nil {
		if err := d.exact.Add(b); err != nil {
			return err
		}
	}
	if d.tally == nil {
		return nil
	}
	if err := d.tally.Add(b); err != nil {
		return err
	}
	if err := d.captured.add(b); err != nil {
		return err
	}
	counts, err := d.counts()
	if err != nil {
		return err
	}
	open := false
	for i, a := range d.audits {
		if err := a.add(b, weights, counts[i]); err != nil {
			return err
		}
		open = open || !a.decided()
	}
	if d.x.r.opts.Sampling.EarlyStop && !open && len(d.job.Estimates) == 0 && d.rows < int64(d.job.Query.N) {
		d.ended = endedDecided
	}
	return nil
}

// counts are those of each item so far.
func (d *drawing) counts() ([]result.Counts, error) {
	b, err := d.tally.Result()
	if err != nil {
		return nil, err
	}
	outs := split(b, 0, d.job.Tallies.Measures)
	counts := make([]result.Counts, len(outs))
	for i := range outs {
		counts[i] = tallyCounts(outs[i][0])
	}
	return counts, nil
}

// allDrawn reports whether a sample of so many rows that has come to its end is all rows.
func allDrawn(d query.SampleDesign, rows int64) bool {
	return d.Method == query.SampleAll || d.RowsExact && !d.Replacement && rows >= d.Rows
}

// finish judges what was drawn.
func (d *drawing) finish(exhausted bool) error {
	whole := exhausted && allDrawn(d.design, d.rows)
	var counts []result.Counts
	if d.tally != nil {
		var err error
		if counts, err = d.counts(); err != nil {
			return err
		}
	}
	return d.note(whole, func(i int, a *audit, s *drawn) error {
		if whole {
			a.counts = counts[i]
			return nil
		}
		return a.finish(s)
	})
}

// note hands on what each audit has come to. whole says that all rows were read.
func (d *drawing) note(whole bool, judge func(i int, a *audit, s *drawn) error) error {
	ms := time.Since(d.began).Milliseconds()
	for i, a := range d.audits {
		s := &drawn{design: d.design, wanted: int64(d.job.Query.N), rows: a.rows, ended: d.ended, all: whole, detect: a.detect}
		if err := judge(i, a, s); err != nil {
			return err
		}
		d.x.r.note(a.item, func(n *numbers) {
			n.counts, n.drawn, n.here = a.counts, s, true
			n.ms += ms
			n.statements += d.design.Statements
		})
	}
	if err := d.finishMetrics(whole, ms); err != nil {
		return err
	}
	d.x.r.mu.Lock()
	defer d.x.r.mu.Unlock()
	if whole && d.job.Query.Where == nil {
		d.x.r.rows[d.x.d.Spec.Name] = d.rows
	} else {
		d.x.r.drawn[d.x.d.Spec.Name] += d.rows
	}
	return nil
}

// finishMetrics hands on what is known of the aggregates of metric expectations.
func (d *drawing) finishMetrics(whole bool, ms int64) error {
	if d.exact == nil {
		return nil
	}
	s := &drawn{design: d.design, wanted: int64(d.job.Query.N), rows: d.rows, ended: d.ended, all: whole, detect: d.x.r.opts.Sampling.Detect}
	if whole {
		b, err := d.exact.Result()
		if err != nil {
			return err
		}
		d.x.grouped(plan.Job{Aggregate: d.job.Exact, Slots: d.job.Slots}, b, ms, false)
		return nil
	}
	counted := map[*plan.Item]bool{}
	for _, g := range d.gathered {
		g.design = d.design
		again := counted[g.from.Item]
		counted[g.from.Item] = true
		d.x.r.note(g.from.Item, func(n *numbers) {
			if n.gathered == nil {
				n.gathered = map[aggKey]*estimating{}
			}
			n.gathered[aggKey{metric: g.from.Metric, agg: g.from.Agg}] = g
			n.drawn, n.here = s, true
			if !again {
				n.ms += ms
				n.statements += d.design.Statements
			}
		})
	}
	return nil
}
