package elasticsearch

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// plan is one measure made ready: what it counts, and how its outputs follow from the counts.
type plan struct {
	asks    []*clause // clauses to count
	aggName string    // aggregation of the measure's own, "" for none
	agg     map[string]any
	guards  guards
	// outputs computes the measure's columns. own is the answer of the measure's own aggregation.
	outputs func(c *counts, own json.RawMessage) ([]value.Value, error)
}

func ints(ns ...int64) []value.Value {
	out := make([]value.Value, len(ns))
	for i, n := range ns {
		out[i] = value.IntValue(n)
	}
	return out
}

func measureRefusal(m query.Measure) *query.Refusal {
	_, r := planMeasure(m, "")
	return r
}

// planMeasure compiles a measure, or refuses it. name is the name of its own aggregation.
func planMeasure(m query.Measure, name string) (*plan, *query.Refusal) {
	comp := newCompiler()
	where := truth{all(), none()}
	if m.Where != nil {
		var r *query.Refusal
		if where, r = comp.predicate(m.Where); r != nil {
			return nil, r
		}
	}
	var p *plan
	var r *query.Refusal
	switch m.Kind {
	case query.MeasureTally:
		p, r = planTally(comp, m, where)
	case query.MeasureCount:
		p, r = planCount(comp, m, where)
	case query.MeasureSum, query.MeasureSumSquares, query.MeasureMin, query.MeasureMax, query.MeasureDistinct:
		p, r = planValue(comp, m, where, name)
	case query.MeasureStddev:
		return nil, refuse(m.Arg, "standard deviation")
	default:
		return nil, refuse(m.Arg, "an exact quantile")
	}
	if r != nil {
		return nil, r
	}
	p.guards = comp.checks()
	return p, nil
}

// anyNull is the documents in which one of the columns is null. It asks nothing where among is empty.
func anyNull(comp *compiler, cols []*query.Column, among *clause) (*clause, *query.Refusal) {
	if among.op == clauseNone {
		return none(), nil
	}
	var nulls []*clause
	for _, col := range cols {
		n, r := comp.null(col)
		if r != nil {
			return nil, r
		}
		nulls = append(nulls, n)
	}
	return or(nulls...), nil
}

func planTally(comp *compiler, m query.Measure, where truth) (*plan, *query.Refusal) {
	arg, r := comp.predicate(m.Arg)
	if r != nil {
		return nil, r
	}
	skip := truth{none(), all()}
	if m.Skip != nil {
		if skip, r = comp.predicate(m.Skip); r != nil {
			return nil, r
		}
	}
	selected, skipped := and(where.t, not(skip.t)), and(where.t, skip.t)
	yes, undecided := and(selected, arg.t), and(selected, arg.undecided())
	no := and(selected, arg.f)
	nulls, r := anyNull(comp, m.Nulls, undecided)
	if r != nil {
		return nil, r
	}
	byNull, whereUndecided := and(undecided, nulls), where.undecided()
	p := &plan{asks: []*clause{selected, yes, byNull, whereUndecided, skipped}}
	if undecided.op != clauseNone {
		p.asks = append(p.asks, no)
	}
	p.outputs = func(c *counts, _ json.RawMessage) ([]value.Value, error) {
		n, t := c.count(selected), c.count(yes)
		f := n - t
		if undecided.op != clauseNone {
			f = c.count(no)
		}
		return ints(t, f, n-t-f, c.count(byNull), c.count(whereUndecided), c.count(skipped)), nil
	}
	return p, nil
}

func planCount(comp *compiler, m query.Measure, where truth) (*plan, *query.Refusal) {
	undecided := where.undecided()
	nulls, r := anyNull(comp, m.Nulls, undecided)
	if r != nil {
		return nil, r
	}
	byNull := and(undecided, nulls)
	return &plan{
		asks: []*clause{where.t, undecided, byNull},
		outputs: func(c *counts, _ json.RawMessage) ([]value.Value, error) {
			n := c.count(byNull)
			return ints(c.count(where.t), n, c.count(undecided)-n), nil
		},
	}, nil
}

// aggregation is an Aggregate made ready: one search.
type aggregation struct {
	target  target
	plans   []*plan
	filters *filters
	body    map[string]any
}

func (s *Source) prepareAggregate(q query.Aggregate) (*aggregation, error) {
	t, err := targetOf(q.From.Dataset)
	if err != nil {
		return nil, err
	}
	if len(q.GroupBy) > 0 {
		return nil, refuse(q.GroupBy[0], "groups")
	}
	a := &aggregation{target: t, filters: newFilters()}
	aggs := map[string]any{}
	for i, m := range q.Measures {
		p, r := planMeasure(m, "m"+strconv.Itoa(i))
		if r != nil {
			return nil, r
		}
		for _, c := range p.asks {
			a.filters.ask(c)
		}
		p.guards.into(a.filters, aggs)
		if p.agg != nil {
			aggs[p.aggName] = p.agg
		}
		a.plans = append(a.plans, p)
	}
	if len(a.filters.queries) > 0 {
		aggs[aggQueries] = map[string]any{"filters": map[string]any{"filters": a.filters.queries}}
	}
	a.body = map[string]any{"size": 0, "track_total_hits": true}
	if len(aggs) > 0 {
		a.body["aggs"] = aggs
	}
	a.body = s.bounds(a.body, withFilter(t.filter, nil))
	return a, nil
}

// Aggregate implements connectors.Source with one search. It refuses with a *query.Refusal what Caps refuses. Together with its
// batch it returns a *connectors.InexactError for measures that the data at hand made inexact.
func (s *Source) Aggregate(ctx context.Context, q query.Aggregate) (*value.Batch, error) {
	a, err := s.prepareAggregate(q)
	if err != nil {
		return nil, err
	}
	op := "aggregate " + a.target.index
	v, err := s.view(ctx, op, a.target.index)
	if err != nil {
		return nil, err
	}
	var p page
	if err := s.search(ctx, op, v, a.body, nil, &p); err != nil {
		return nil, err
	}
	c, err := readCounts(op, a.filters, p.aggregations)
	if err != nil {
		return nil, err
	}
	if c.total, err = totalOf(op, p.total); err != nil {
		return nil, err
	}
	own := map[string]json.RawMessage{}
	if len(p.aggregations) > 0 {
		if err := decodeJSON(op, p.aggregations, &own); err != nil {
			return nil, err
		}
	}
	return a.read(op, q.Measures, c, own)
}

func totalOf(op string, raw []byte) (int64, error) {
	var total struct {
		Value    int64  `json:"value"`
		Relation string `json:"relation"`
	}
	if err := decodeJSON(op, raw, &total); err != nil {
		return 0, err
	}
	if total.Relation != "eq" {
		return 0, &connectors.Error{Op: op, Err: errors.New("the server gave no exact total")}
	}
	return total.Value, nil
}

// read forms the one row of the answer.
func (a *aggregation) read(op string, measures []query.Measure, c *counts, own map[string]json.RawMessage) (*value.Batch, error) {
	b := &value.Batch{N: 1}
	var inexact *connectors.InexactError
	for i, m := range measures {
		p := a.plans[i]
		types := m.Outputs()
		values := make([]value.Value, len(types))
		err := p.guards.check(op, c)
		if err == nil {
			values, err = p.outputs(c, own[p.aggName])
		}
		var doubt *connectors.InexactError
		switch {
		case errors.As(err, &doubt):
			if inexact == nil {
				inexact = &connectors.InexactError{Reason: doubt.Reason}
			}
			inexact.Measures = append(inexact.Measures, i)
			values = make([]value.Value, len(types))
		case err != nil:
			if errors.As(err, new(*connectors.Error)) {
				return nil, err
			}
			return nil, &connectors.Error{Op: op, Err: err}
		}
		for j, t := range types {
			var v value.Vector
			resetVector(&v, t, 1)
			appendValue(&v, values[j])
			b.Cols = append(b.Cols, v)
		}
	}
	if inexact != nil {
		return b, inexact
	}
	return b, nil
}
