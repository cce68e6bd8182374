package lang

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diag"
)

// ErrRows is wrapped by Eval's error where rows were undecided for another cause than a null:
// the metric has no value.
var ErrRows = errors.New("rows are undecided")

// Eval computes the metric from the results of its Aggregates, in their order. byNull is true where the
// metric is undecided (an error, or null) and an aggregate over no row, or one that left out
// rows because of nulls and has no value, is the reason; err then says what cel-go said.
func (m *MetricExpr) Eval(results []AggregateResult) (v value.Value, byNull bool, err error) {
	return m.EvalWith(value.NullValue(), results)
}

// EvalWith is Eval with the value of `metric`.
func (m *MetricExpr) EvalWith(metric value.Value, results []AggregateResult) (v value.Value, byNull bool, err error) {
	if len(results) != len(m.Aggregates) {
		return value.Value{}, false, fmt.Errorf("evaluate: %d results for %d aggregates", len(results), len(m.Aggregates))
	}
	vars := make(map[string]any, len(results)+1)
	vars[metricName] = celValue(metric)
	empty := m.UsesMetric && metric.IsNull()
	for i := range results {
		val, null, err := m.bindAggregate(&m.Aggregates[i], results[i])
		if err != nil {
			return value.Value{}, false, err
		}
		empty = empty || null
		vars[aggVar(i)] = val
	}
	out, _, err := m.program.Eval(vars)
	if err != nil {
		return value.Value{}, empty, fmt.Errorf("evaluate: %w", err)
	}
	v, err = goValue(out)
	if err != nil {
		return value.Value{}, empty, fmt.Errorf("evaluate: %w", err)
	}
	return v, v.IsNull() && empty, nil
}

// bindAggregate returns the CEL value of a result; null reports that it, or one of its groups, is null.
func (m *MetricExpr) bindAggregate(a *Aggregate, r AggregateResult) (val ref.Val, null bool, err error) {
	if a.Keys == nil {
		v, err := m.single(a, r.Outputs)
		if err != nil {
			return nil, false, err
		}
		return celValue(v), v.IsNull(), nil
	}
	out := make(map[ref.Val]ref.Val, len(r.Groups))
	for _, g := range r.Groups {
		key, ok, err := groupKey(g.Key)
		if err != nil {
			return nil, false, err
		}
		if !ok {
			continue // rows without a key belong to no group; the report shows their number
		}
		v, err := m.single(a, g.Outputs)
		if err != nil {
			return nil, false, err
		}
		null = null || v.IsNull()
		out[key] = celValue(v)
	}
	return types.NewRefValMap(types.DefaultTypeAdapter, out), null, nil
}

// groupKey returns the map key of a group: the value, or of several the JSON text of their list.
// ok is false where one is null.
func groupKey(key []value.Value) (ref.Val, bool, error) {
	parts := make([]any, 0, len(key))
	for _, k := range key {
		if k.IsNull() {
			return nil, false, nil
		}
		p, err := plain(celValue(k))
		if err != nil {
			return nil, false, err
		}
		parts = append(parts, p)
	}
	if len(key) == 1 {
		return celValue(key[0]), true, nil
	}
	text, err := json.Marshal(parts)
	if err != nil {
		return nil, false, fmt.Errorf("write a group's key: %w", err)
	}
	return types.String(text), true, nil
}

// outputs splits a result's values by measure.
func (a *Aggregate) outputs(vs []value.Value) ([][]value.Value, error) {
	var out [][]value.Value
	for _, k := range a.Kinds() {
		n := 4
		if k == query.MeasureCount {
			n = 3
		}
		if len(vs) < n {
			return nil, fmt.Errorf("evaluate %s: too few outputs", a.Fn)
		}
		out = append(out, vs[:n])
		vs = vs[n:]
	}
	return out, nil
}

// Counts are the rows that an aggregate took and left out.
type Counts struct{ Used, ByNull, Errored int64 }

// Counts reads the counts of one row of outputs.
func (a *Aggregate) Counts(vs []value.Value) (Counts, error) {
	ms, err := a.outputs(vs)
	if err != nil {
		return Counts{}, err
	}
	m := ms[0]
	if a.Fn == FnCount {
		return Counts{Used: m[0].Int(), ByNull: m[1].Int(), Errored: m[2].Int()}, nil
	}
	return Counts{Used: m[1].Int(), ByNull: m[2].Int(), Errored: m[3].Int()}, nil
}

// single computes an aggregate's value from the outputs of its measures.
func (m *MetricExpr) single(a *Aggregate, vs []value.Value) (value.Value, error) {
	ms, err := a.outputs(vs)
	if err != nil {
		return value.Value{}, err
	}
	counts, err := a.Counts(vs)
	if err != nil {
		return value.Value{}, err
	}
	if counts.Errored > 0 {
		return value.Value{}, fmt.Errorf("%w: %s.%s met %s that have no result, for another cause than a null",
			ErrRows, a.Dataset, a.Fn, diag.Plural(counts.Errored, "row"))
	}
	first, used := ms[0][0], counts.Used
	switch a.Fn {
	case FnCount, FnDistinct:
		return first, nil
	case FnStddev:
		if a.Arg.Type().Kind == value.Double {
			return first, nil
		}
		return stddev(first, ms[1][0], used), nil
	}
	if used == 0 {
		return value.NullValue(), nil
	}
	if first.IsNull() {
		if a.Fn == FnSum {
			// Rows were summed, so the null is no emptiness: no value of the type holds their sum.
			return value.Value{}, fmt.Errorf("%s.sum overflows %s", a.Dataset, a.Type)
		}
		return value.NullValue(), nil
	}
	switch a.Fn {
	case FnSum:
		return narrowSum(a, first)
	case FnAvg:
		if first.Kind() == value.Double {
			return value.DoubleValue(first.Double() / float64(used)), nil
		}
		q, _ := first.Decimal().Quo(value.DecFromInt(used))
		return value.DecimalValue(q), nil
	case FnFreshness:
		return freshness(m.now.Time(), first.Time())
	}
	return first, nil
}

// narrowSum brings a sum of ints, which sources compute as a decimal, to its type.
func narrowSum(a *Aggregate, sum value.Value) (value.Value, error) {
	if sum.Kind() != value.Decimal {
		return sum, nil
	}
	d := sum.Decimal()
	switch a.Type.Kind {
	case value.Int:
		i, ok := d.Int64()
		if !ok {
			return value.Value{}, fmt.Errorf("%s.sum overflows int: it is %s; sum decimal(…) instead", a.Dataset, d)
		}
		return value.IntValue(i), nil
	case value.Uint:
		u, ok := uintOf(d)
		if !ok {
			return value.Value{}, fmt.Errorf("%s.sum overflows uint: it is %s; sum decimal(…) instead", a.Dataset, d)
		}
		return value.UintValue(u), nil
	}
	return sum, nil
}

func uintOf(d value.Dec) (uint64, bool) {
	if i, ok := d.Int64(); ok {
		return uint64(max(i, 0)), i >= 0
	}
	half := value.DecFromUint(1 << 63)
	i, ok := d.Sub(half).Int64()
	return uint64(max(i, 0)) + 1<<63, ok && i >= 0
}

// stddev is the sample standard deviation from exact moments: sqrt((q - s*s/n) / (n-1)), the
// subtraction exact, the rest in double.
func stddev(sum, squares value.Value, n int64) value.Value {
	if n < 2 || sum.IsNull() || squares.IsNull() {
		return value.NullValue()
	}
	s, q, count := sum.Decimal(), squares.Decimal(), value.DecFromInt(n)
	// n*q - s*s is exact, so that no digit cancels.
	num := q.Mul(count).Sub(s.Mul(s))
	v, _ := num.Quo(count.Mul(value.DecFromInt(n - 1)))
	return value.DoubleValue(math.Sqrt(max(v.Float(), 0)))
}

// freshness is now less the latest instant, an error where no duration holds it.
func freshness(now, latest time.Time) (value.Value, error) {
	d := types.Timestamp{Time: now}.Subtract(types.Timestamp{Time: latest})
	v, err := goValue(d)
	if err != nil {
		return value.Value{}, fmt.Errorf("freshness: %w", err)
	}
	return v, nil
}
