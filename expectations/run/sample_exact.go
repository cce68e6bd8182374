package run

import (
	"context"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/expectations/lang"
	"github.com/assay-dev/assay/expectations/plan"
)

// exactly evaluates on all rows the aggregates of which the rows drawn have turned out to tell nothing: too few of them hold a number, or those of others may
// have been drawn with chances so small that they say little of all.
func (x *execution) exactly(ctx context.Context, d *drawing) {
	q := query.Aggregate{From: d.job.Exact.From}
	var slots []plan.Slot
	for _, g := range d.gathered {
		if !x.unestimated(g) {
			continue
		}
		for i, s := range d.job.Slots {
			if s.Item != g.from.Item || s.Metric != g.from.Metric || s.Agg != g.from.Agg {
				continue
			}
			m := d.job.Exact.Measures[i]
			if r := x.source.Caps().Measure(q.From, m); r != nil {
				x.local(m, s, r.Reason)
				continue
			}
			q.Measures, slots = append(q.Measures, m), append(slots, s)
		}
		x.r.note(g.from.Item, func(n *numbers) { delete(n.gathered, aggKey{metric: g.from.Metric, agg: g.from.Agg}) })
	}
	if len(slots) > 0 {
		x.r.progress(Event{Dataset: x.d.Spec.Name, Step: "pass", Total: x.d.Relation.Schema.Rows})
		x.measure(ctx, q, slots)
	}
}

// unestimated reports whether an aggregate that the sample does not tell is wanted by itself, and not only as a part of a share.
func (x *execution) unestimated(g *estimating) bool {
	gathered := false
	x.r.note(g.from.Item, func(n *numbers) { _, gathered = n.gathered[aggKey{metric: g.from.Metric, agg: g.from.Agg}] })
	m := []*lang.MetricExpr{g.from.Item.Metric.Value, g.from.Item.Metric.Expect}[g.from.Metric]
	if !gathered || m.Shares()[g.from.Agg] {
		return false
	}
	_, err := g.estimate(x.r.opts.Sampling.Confidence)
	return err != nil
}
