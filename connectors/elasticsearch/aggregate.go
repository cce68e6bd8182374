package elasticsearch

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
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
	case query.MeasureSum, query.MeasureMin, query.MeasureMax:
		p, r = planValue(comp, m, where, name)
	case query.MeasureSumSquares:
		return nil, refuse(m.Arg, "sum of squares")
	case query.MeasureStddev:
		return nil, refuse(m.Arg, "standard deviation")
	case query.MeasureDistinct:
		return nil, refuse(m.Arg, "an exact distinct count")
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

// exactDoubles is the bound under which every integer is a double, and so is every partial sum of integers.
const exactDoubles = 1 << 53

// planValue plans a sum, min or max of a column.
func planValue(comp *compiler, m query.Measure, where truth, name string) (*plan, *query.Refusal) {
	col, ok := m.Arg.(*query.Column)
	if !ok {
		return nil, refuse(m.Arg, "computed operand")
	}
	f, r := comp.comparable(col)
	if r != nil {
		return nil, r
	}
	present := existsClause(f.asked)
	used := and(where.t, present)
	void := or(where.undecided(), and(where.t, not(present)))
	nulls, r := anyNull(comp, m.Nulls, void)
	if r != nil {
		return nil, r
	}
	byNull, errored := and(void, nulls), and(where.undecided(), not(nulls))
	p := &plan{asks: []*clause{used, byNull, errored}, aggName: name}
	var read func(own json.RawMessage, n int64) (value.Value, error)
	if m.Kind == query.MeasureSum {
		if f.class != classLong && f.class != classDouble {
			return nil, refuse(m.Arg, "a sum of a field of type "+f.typ)
		}
		p.agg = map[string]any{
			"filter": used.query(),
			"aggs":   map[string]any{"of": map[string]any{"stats": map[string]any{"field": f.asked}}},
		}
		read = func(own json.RawMessage, n int64) (value.Value, error) { return readSum(f, own, n) }
	} else {
		if f.class == classFloat || f.class == classBool {
			return nil, refuse(m.Arg, "an extreme of a field of type "+f.typ)
		}
		p.agg = extreme(f, used, m.Kind == query.MeasureMax)
		read = func(own json.RawMessage, _ int64) (value.Value, error) {
			return readExtreme(f, m.Arg.Type(), own, m.Kind == query.MeasureMax)
		}
	}
	p.outputs = func(c *counts, own json.RawMessage) ([]value.Value, error) {
		n := c.count(used)
		v := value.NullValue()
		if n > 0 {
			var err error
			if v, err = read(own, n); err != nil {
				return nil, err
			}
		}
		return append([]value.Value{v}, ints(n, c.count(byNull), c.count(errored))...), nil
	}
	return p, nil
}

// readSum reads a sum; that of integers is refused where a double could have rounded it.
func readSum(f *field, own json.RawMessage, n int64) (value.Value, error) {
	var out struct {
		Of struct {
			Min, Max, Sum json.Number
		} `json:"of"`
	}
	if err := decodeJSON("read a sum", own, &out); err != nil {
		return value.Value{}, err
	}
	sum, err := value.ParseDec(out.Of.Sum.String())
	if err != nil {
		return value.Value{}, err
	}
	if f.class == classDouble {
		x, err := strconv.ParseFloat(out.Of.Sum.String(), 64)
		return value.DoubleValue(x), err
	}
	low, err := value.ParseDec(out.Of.Min.String())
	if err != nil {
		return value.Value{}, err
	}
	high, err := value.ParseDec(out.Of.Max.String())
	if err != nil {
		return value.Value{}, err
	}
	most := low.Abs()
	if high.Abs().Cmp(most) > 0 {
		most = high.Abs()
	}
	if most.Mul(value.DecFromInt(n)).Cmp(value.DecFromInt(exactDoubles)) >= 0 {
		return value.Value{}, &connectors.InexactError{Reason: "elasticsearch: a sum of integers past 2^53"}
	}
	return value.DecimalValue(sum), nil
}

// sameMilli bounds how many documents of the extreme millisecond are read for their further digits.
const sameMilli = 100

// extreme asks for the document with the least or greatest value: its _source has all digits.
func extreme(f *field, used *clause, greatest bool) map[string]any {
	order, size := "asc", 1
	if greatest {
		order = "desc"
	}
	if f.class == classMillis {
		size = sameMilli
	}
	var source any = newDecoder([]*field{f}, nil).paths()
	if f.class == classKeyword {
		source = true // filtering would rewrite a number in it
	}
	return map[string]any{
		"filter": used.query(),
		"aggs": map[string]any{"of": map[string]any{"top_hits": map[string]any{
			"size": size, "_source": source, "sort": []any{map[string]any{f.asked: map[string]any{"order": order}}},
		}}},
	}
}

func readExtreme(f *field, typ value.Type, own json.RawMessage, greatest bool) (value.Value, error) {
	var out struct {
		Of json.RawMessage `json:"of"`
	}
	if err := decodeJSON("read an extreme", own, &out); err != nil {
		return value.Value{}, err
	}
	var p page
	if err := frame(&scanner{data: out.Of}, &p); err != nil {
		return value.Value{}, err
	}
	if len(p.hits) == 0 {
		return value.NullValue(), nil
	}
	same := 1
	for same < len(p.hits) && slices.Equal(p.hits[same].sort, p.hits[0].sort) {
		same++
	}
	if f.class == classMillis && same == sameMilli {
		return value.Value{}, &connectors.InexactError{Reason: "elasticsearch: many documents in the extreme millisecond"}
	}
	d := newDecoder([]*field{f}, []value.Type{typ})
	var b value.Batch
	if err := d.batch(&b, p.hits[:same], true, -1); err != nil {
		return value.Value{}, err
	}
	best := value.NullValue()
	v := &b.Cols[0]
	for i := range b.N {
		if v.Nulls.Get(i) || v.Errs.Get(i) {
			return value.Value{}, &connectors.InexactError{Reason: "elasticsearch: an extreme that _source does not hold"}
		}
		x := valueAt(v, i)
		if best.IsNull() || (f.class == classMillis && x.Time().After(best.Time()) == greatest) {
			best = x
		}
	}
	return best, nil
}

// valueAt returns element i of a vector of a scalar type that fields are compared by.
func valueAt(v *value.Vector, i int) value.Value {
	switch v.Type.Kind {
	case value.Int:
		return value.IntValue(v.Ints[i])
	case value.Uint:
		return value.UintValue(v.Uints[i])
	case value.Double:
		return value.DoubleValue(v.Floats[i])
	case value.Timestamp:
		return value.TimestampValue(unixTime(v.Ints[i], v.Nanos[i]))
	}
	return value.StringValue(string(v.Bytes(i)))
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
	if q := withFilter(t.filter, nil); q != nil {
		a.body["query"] = q
	}
	if text := s.client.timeoutText(); text != "" {
		a.body["timeout"] = text
	}
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
	body, err := s.client.do(ctx, op, searchRequest(a.target.index, a.body), nil)
	if err != nil {
		return nil, err
	}
	var p page
	if err := s.parsePage(op, body, &p); err != nil {
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
