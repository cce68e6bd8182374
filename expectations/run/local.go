package run

import (
	"context"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/query/eval"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/plan"
)

// progressEvery is how often a stream reports the rows it has read.
const progressEvery = 200 * time.Millisecond

// consumer takes the batches of a stream.
type consumer struct {
	add    func(*value.Batch) error
	finish func(ms int64) error
	items  []*plan.Item // whose evaluation fails when the consumer does
	dead   bool
}

// stream reads the rows that something here needs, once, and feeds every local evaluation with them.
func (x *execution) stream(ctx context.Context) {
	d := x.d
	if d.Stream == nil {
		return
	}
	consumers := x.consumers(ctx)
	began := time.Now()
	rows, err := x.feed(ctx, *d.Stream, consumers)
	ms := time.Since(began).Milliseconds()
	for _, c := range consumers {
		switch {
		case c.dead:
			continue
		case err == nil:
			if e := c.finish(ms); e != nil {
				x.failItems(c.items, e)
			}
		default:
			x.failItems(c.items, err)
		}
	}
	if err == nil && len(d.Stream.Branches) == 0 {
		x.r.mu.Lock()
		x.r.rows[d.Spec.Name] = rows
		x.r.mu.Unlock()
	}
}

func (x *execution) failItems(items []*plan.Item, err error) {
	for _, it := range items {
		x.fail(it, err)
	}
}

// feed streams the select into the consumers and returns the number of rows. A consumer that fails is left
// out of the rest; the others go on.
func (x *execution) feed(ctx context.Context, q query.Select, consumers []*consumer) (int64, error) {
	src, err := x.source.Select(ctx, q)
	if err != nil {
		return 0, err
	}
	defer func() { _ = src.Close() }() // every row was read, or the error that counts is returned
	var n int64
	last := time.Now()
	for {
		b, err := src.Next(ctx)
		if err != nil {
			return n, err
		}
		if b == nil {
			return n, src.Close()
		}
		n += int64(b.N)
		for _, c := range consumers {
			if c.dead {
				continue
			}
			if err := c.add(b); err != nil {
				c.dead = true
				x.failItems(c.items, err)
			}
		}
		if time.Since(last) > progressEvery {
			last = time.Now()
			x.r.progress(Event{Dataset: x.d.Spec.Name, Step: "stream", Rows: n, Total: x.d.Relation.Schema.Rows})
		}
	}
}

// consumers builds one for each local evaluation: the ungrouped measures together, each grouped aggregate, each
// set-level check, and one that keeps failing rows.
func (x *execution) consumers(ctx context.Context) []*consumer {
	d := x.d
	cols := d.Stream.Columns
	var out []*consumer
	add := func(c *consumer, err error) {
		if err != nil {
			x.failItems(c.items, err)
			return
		}
		out = append(out, c)
	}
	if d.Local != nil {
		add(x.aggregateConsumer(*d.Local, d.LocalSlots, cols))
		add(x.captureConsumer(cols))
	}
	for _, j := range d.LocalGroups {
		add(x.aggregateConsumer(j.Aggregate, j.Slots, cols))
	}
	for _, j := range d.LocalSets {
		add(x.setConsumer(ctx, j, cols))
	}
	return out
}

func (x *execution) aggregateConsumer(q query.Aggregate, slots []plan.Slot, cols []*query.Column) (*consumer, error) {
	c := &consumer{}
	for _, s := range slots {
		c.items = append(c.items, s.Item)
	}
	agg, err := eval.NewAggregator(q, cols)
	if err != nil {
		return c, err
	}
	c.add = agg.Add
	c.finish = func(ms int64) error {
		b, err := agg.Result()
		if err != nil {
			return err
		}
		x.grouped(plan.Job{Aggregate: q, Slots: slots}, b, ms, false)
		return nil
	}
	return c, nil
}

// maxSetRows bounds the keys and rows that a set-level check keeps in memory here.
const maxSetRows = 20_000_000

func (x *execution) setConsumer(ctx context.Context, j plan.SetJob, cols []*query.Column) (*consumer, error) {
	c := &consumer{items: []*plan.Item{j.Item}}
	checker, err := eval.NewSetChecker(j.Check, cols, eval.Limits{MaxRows: maxSetRows})
	if err != nil {
		return c, err
	}
	if ref, ok := j.Check.(*query.ReferenceCheck); ok {
		parents := &consumer{add: checker.AddParent, items: c.items}
		if _, err := x.feed(ctx, query.Select{From: ref.Parent, Columns: ref.ParentColumns}, []*consumer{parents}); err != nil {
			return c, err
		}
		if parents.dead {
			return c, errStopped
		}
	}
	c.add = checker.Add
	c.finish = func(ms int64) error {
		res := checker.Result()
		x.r.note(j.Item, func(n *numbers) {
			n.counts = setCounts(res)
			n.statements++
			n.ms += ms
			n.here = true
		})
		if bad := checker.Violations(); len(bad) > 0 {
			return x.captureViolations(ctx, j.Item, bad, cols)
		}
		return nil
	}
	return c, nil
}

// errStopped says that the cause was reported already.
var errStopped = connectors.Own("stopped by an earlier failure")

// captureViolations reads the stream again up to the rows wanted. Within a snapshot the rows come in the same order.
func (x *execution) captureViolations(ctx context.Context, it *plan.Item, ordinals []int64, cols []*query.Column) error {
	if _, ok := x.conn.source.(connectors.Snapshotter); !ok || x.r.opts.FailureRows <= 0 && !x.r.wantsKeys() {
		return nil
	}
	kept := 0
	if !x.r.wantsKeys() {
		ordinals = ordinals[:min(len(ordinals), x.r.opts.FailureRows)]
	}
	src, err := x.source.Select(ctx, *x.d.Stream)
	if err != nil {
		return err
	}
	defer func() { _ = src.Close() }() // the rows wanted were read
	var seen int64
	for len(ordinals) > 0 {
		b, err := src.Next(ctx)
		if err != nil || b == nil {
			return err
		}
		for len(ordinals) > 0 && ordinals[0] < seen+int64(b.N) {
			at := int(ordinals[0] - seen)
			if x.r.wantsKeys() {
				if err := x.handKey(it, b, cols, at, false); err != nil {
					return err
				}
			}
			if kept++; kept <= x.r.opts.FailureRows {
				f := x.failure(it, b, cols, at, false)
				x.r.note(it, func(n *numbers) { n.failures = append(n.failures, f) })
			}
			ordinals = ordinals[1:]
		}
		seen += int64(b.N)
	}
	return nil
}

// captureConsumer keeps the first failing rows of row expectations that are evaluated here. An expectation
// whose rows are found is not evaluated again.
func (x *execution) captureConsumer(cols []*query.Column) (*consumer, error) {
	var items []*plan.Item
	for _, s := range x.d.LocalSlots {
		if s.Item.Row != nil && s.Part != plan.Selected {
			items = append(items, s.Item)
		}
	}
	return x.captured(items, cols)
}

// captured keeps the first failing rows of items.
func (x *execution) captured(items []*plan.Item, cols []*query.Column) (*consumer, error) {
	c := &consumer{finish: func(int64) error { return nil }, items: items}
	var open []*capture
	for _, it := range items {
		prog, err := eval.Compile([]query.Expr{plan.FailingCondition(it), it.Row.Pred}, cols)
		if err != nil {
			return c, err
		}
		open = append(open, &capture{item: it, prog: prog})
	}
	c.add = func(b *value.Batch) error {
		for i := 0; i < len(open); i++ {
			k := open[i]
			full, err := k.take(x, b, cols)
			if err != nil {
				return err
			}
			if full {
				open = append(open[:i], open[i+1:]...)
				i--
			}
		}
		return nil
	}
	return c, nil
}

// capture collects failing rows of one item.
type capture struct {
	item  *plan.Item
	prog  *eval.Program
	found int
}

// take adds the batch's failing rows and reports whether enough were found.
func (k *capture) take(x *execution, b *value.Batch, cols []*query.Column) (bool, error) {
	vs, err := k.prog.Run(b)
	if err != nil {
		return false, err
	}
	fails, pred := vs[0], vs[1]
	for i := range b.N {
		if fails.Errs.Get(i) || !fails.Bools[i] {
			continue
		}
		undecided := pred.Errs.Get(i) || pred.Nulls.Get(i)
		if x.r.wants(k.item) {
			if err := x.handKey(k.item, b, cols, i, undecided); err != nil {
				return false, err
			}
		}
		if k.found >= x.r.opts.FailureRows {
			if x.r.wants(k.item) {
				continue
			}
			return true, nil
		}
		k.found++
		f := x.failure(k.item, b, cols, i, undecided)
		x.r.note(k.item, func(n *numbers) { n.failures = append(n.failures, f) })
	}
	return k.found >= x.r.opts.FailureRows && !x.r.wants(k.item), nil
}
