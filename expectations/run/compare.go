package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diff"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/result"
)

// comparison is what was learnt by comparing two datasets.
type comparison struct {
	res    diff.Result
	sample Sample
	// drawn is set where rows were drawn at random, or were to be.
	drawn *sampledComparison
}

// compare runs one comparison of a suite.
func (r *runner) compare(ctx context.Context, p *plan.Plan, it *plan.Item) {
	c := &comparison{sample: Sample{Limit: r.opts.FailureRows}}
	began := time.Now()
	res, drawn, err := r.compared(ctx, p, it, func(d *diff.Difference) error {
		if r.opts.Difference != nil {
			f := DifferenceOf(it.Compare, d, false)
			if err := r.opts.Difference(it.ID, &f); err != nil {
				return plainError{err} // of its output
			}
		}
		c.sample.Take(it.Compare, d)
		if r.opts.Fix.Wants(it) {
			return plain(r.opts.Fix.Difference(it, d))
		}
		return nil
	})
	r.note(it, func(n *numbers) {
		n.ms, n.err = time.Since(began).Milliseconds(), err
		if err == nil {
			c.res, c.drawn, n.comparison = res, drawn, c
			n.statements = int(res.Reads[0].Statements + res.Reads[1].Statements)
			if drawn != nil && !drawn.whole {
				n.statements += drawn.res.Ways[0].Design.Statements + drawn.res.Ways[1].Design.Statements
			}
		}
	})
	switch {
	case err != nil:
	case drawn == nil || drawn.whole:
		r.counted(it, &res)
	default:
		r.drew(it, drawn)
	}
}

// compared compares two datasets: all rows of them, or rows drawn at random where that is asked for and there are more.
func (r *runner) compared(ctx context.Context, p *plan.Plan, it *plan.Item, sink func(*diff.Difference) error) (diff.Result, *sampledComparison, error) {
	if !it.Sampled {
		res, err := r.comparison(ctx, p, it, sink)
		return res, nil, err
	}
	drawn, err := r.compareSampled(ctx, p, it, sink)
	switch {
	case err != nil:
		return diff.Result{}, nil, err
	case !drawn.whole:
		return drawn.res.Result, drawn, nil
	}
	res, err := r.comparison(ctx, p, it, sink)
	return res, drawn, err
}

// comparison compares two datasets under the caps of their connections. Its error is in the words of the suite.
func (r *runner) comparison(ctx context.Context, p *plan.Plan, it *plan.Item, sink func(*diff.Difference) error) (diff.Result, error) {
	release, err := r.both(ctx, p, it)
	if err != nil {
		return diff.Result{}, err
	}
	defer release()
	s := it.Compare.Spec
	total := int64(-1)
	if l, r := s.Left.Relation.Schema.Rows, s.Right.Relation.Schema.Rows; l >= 0 && r >= 0 {
		total = l + r
	}
	res, err := diff.Run(ctx, s, func(d diff.Difference) error { return sink(&d) }, func(p diff.Progress) {
		if p.Waiting > 0 {
			r.progress(Event{Dataset: it.ID, Step: "reading again", Rows: p.Waiting, Total: -1})
			return
		}
		r.progress(Event{Dataset: it.ID, Step: "compare", Rows: p.LeftRows + p.RightRows, Total: total})
	})
	return res, r.sideFailure(p, it, err)
}

// sideFailure says which dataset failed, in the words of a reader of the suite.
func (r *runner) sideFailure(p *plan.Plan, it *plan.Item, err error) error {
	side, ok := errors.AsType[*diff.SideError](err)
	if !ok {
		return err
	}
	name := it.Datasets[side.Side]
	for _, d := range p.Datasets {
		if d.Spec.Name != name {
			continue
		}
		if f, ok := errors.AsType[*WorldError](r.failure("dataset "+name, d.Spec, r.conns[d.Spec.Connection], side.Err, true)); ok {
			return f
		}
	}
	return err
}

// both takes a slot of each side's connection. All comparisons take them in the same order, so that none waits for another that waits for it.
func (r *runner) both(ctx context.Context, p *plan.Plan, it *plan.Item) (release func(), err error) {
	var conns []*connection
	for _, name := range it.Datasets {
		for _, d := range p.Datasets {
			if d.Spec.Name == name {
				conns = append(conns, r.conns[d.Spec.Connection])
				break
			}
		}
	}
	if len(conns) != 2 {
		return nil, connectors.Own("comparison " + it.ID + ": a dataset is not in the plan")
	}
	slices.SortFunc(conns, func(a, b *connection) int {
		switch {
		case a.spec.Name < b.spec.Name:
			return -1
		case a.spec.Name > b.spec.Name:
			return 1
		}
		return 0
	})
	if conns[0] == conns[1] {
		return conns[0].acquirePair(ctx)
	}
	if err := conns[0].acquire(ctx); err != nil {
		return nil, err
	}
	if err := conns[1].acquire(ctx); err != nil {
		conns[0].release()
		return nil, err
	}
	return func() { conns[1].release(); conns[0].release() }, nil
}

// acquirePair takes two slots at once.
func (c *connection) acquirePair(ctx context.Context) (release func(), err error) {
	if cap(c.slots) < 2 {
		return nil, plainError{fmt.Errorf("connection %s allows one statement at a time, and a comparison within it reads both sides at once; allow it two: max_conns: 2", c.spec.Name)}
	}
	select {
	case c.pairs <- struct{}{}:
	case <-ctx.Done():
		return nil, connectors.Within("waiting for two free connections of "+c.spec.Name, context.Cause(ctx))
	}
	defer func() { <-c.pairs }()
	if err := c.acquire(ctx); err != nil {
		return nil, err
	}
	if err := c.acquire(ctx); err != nil {
		c.release()
		return nil, err
	}
	return func() { c.release(); c.release() }, nil
}

// counted notes how many rows the datasets have, where all of them were read.
func (r *runner) counted(it *plan.Item, res *diff.Result) {
	s := &it.Compare.Spec
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, side := range []*diff.Side{&s.Left, &s.Right} {
		n := []int64{res.Counts.LeftRows, res.Counts.RightRows}[i]
		if _, known := r.rows[it.Datasets[i]]; !known && side.Where == nil {
			r.rows[it.Datasets[i]] = n
		}
	}
}

// DifferenceOf is a difference as reports have it, masked; its values are left out unless they are asked for.
func DifferenceOf(c *plan.CompareItem, d *diff.Difference, values bool) result.Failure {
	f := result.Failure{
		Class: result.Class(d.Class), Key: map[string]result.Cell{}, Values: map[string]result.Cell{}, Outcome: "false",
	}
	for i, k := range c.Spec.Key {
		if i < len(d.Key) {
			f.Key[k.Name] = maskedAs(c.Masker, c.Masking(k.Left, k.Right), result.Cell{Value: d.Key[i]})
		}
		f.Order = append(f.Order, k.Name)
	}
	if d.Class == diff.DuplicateKey {
		f.SourceRows, f.TargetRows = d.LeftRows, d.RightRows
	}
	differ := slices.Clone(d.Columns)
	slices.SortFunc(differ, func(a, b int) int { return c.Position(a) - c.Position(b) })
	for _, at := range differ {
		f.Columns = append(f.Columns, c.Names[at])
	}
	if !values {
		return f
	}
	shown := shownColumns(c, d)
	if d.Left != nil {
		f.Before = map[string]result.Cell{}
	}
	if d.Right != nil {
		f.After = map[string]result.Cell{}
	}
	for _, s := range shown {
		name := c.Names[s.At]
		f.Order = append(f.Order, name)
		if f.Before != nil {
			f.Before[name] = sideCell(c, d.Left, d.LeftErr, s)
		}
		if f.After != nil && !s.SourceOnly {
			f.After[name] = sideCell(c, d.Right, d.RightErr, s)
		}
	}
	return f
}

// shownColumns are the columns that a report shows of a difference, in the order of the source: of a changed row those that differ, of a row that one side
// has all of them; and those that `show` asks for.
func shownColumns(c *plan.CompareItem, d *diff.Difference) []plan.Shown {
	var out []plan.Shown
	if d.Class == diff.Changed {
		for _, at := range d.Columns {
			out = append(out, plan.Shown{At: at})
		}
	} else {
		for at := range c.Compared {
			out = append(out, plan.Shown{At: at})
		}
	}
	for _, s := range c.Shown {
		if !slices.ContainsFunc(out, func(o plan.Shown) bool { return o.At == s.At }) {
			out = append(out, s)
		}
	}
	slices.SortStableFunc(out, func(a, b plan.Shown) int { return c.Position(a.At) - c.Position(b.At) })
	return out
}

func sideCell(c *plan.CompareItem, cells []value.Value, errs []bool, s plan.Shown) result.Cell {
	if s.At < len(errs) && errs[s.At] {
		return unrepresented()
	}
	pair := &c.Spec.Columns[s.At]
	target := pair.Right
	if s.SourceOnly {
		target = nil
	}
	return maskedAs(c.Masker, c.Masking(pair.Left, target), result.Cell{Value: cells[s.At]})
}

// Sample keeps a few differences of each class: at most Limit of them.
type Sample struct {
	Limit int
	seen  int64
	kept  []sampled
	of    map[diff.Class]int
}

type sampled struct {
	at      int64
	class   diff.Class
	failure result.Failure
}

// Take keeps the difference where there is room for its class.
func (s *Sample) Take(c *plan.CompareItem, d *diff.Difference) {
	s.seen++
	if s.of == nil {
		s.of = map[diff.Class]int{}
	}
	if s.of[d.Class] >= s.Limit {
		return
	}
	s.of[d.Class]++
	s.kept = append(s.kept, sampled{s.seen, d.Class, clipped(DifferenceOf(c, d, true))})
}

// List is the sample in the order of the key: a share for every class, the rest to those that come first.
func (s *Sample) List() []result.Failure {
	const classes = 4
	share := max(s.Limit/classes, 1)
	var chosen, rest []sampled
	of := map[diff.Class]int{}
	for _, x := range s.kept {
		if of[x.class]++; of[x.class] <= share {
			chosen = append(chosen, x)
		} else {
			rest = append(rest, x)
		}
	}
	chosen = append(chosen, rest...)
	chosen = chosen[:min(len(chosen), s.Limit)]
	slices.SortFunc(chosen, func(a, b sampled) int { return int(a.at - b.at) })
	out := make([]result.Failure, len(chosen))
	for i, x := range chosen {
		out[i] = x.failure
	}
	return out
}
