package run

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/lang"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/spec"
)

// judgeMetric forms the verdict of a metric expectation from its aggregates.
func (r *runner) judgeMetric(it *plan.Item, n *numbers, out *result.Expectation) {
	metric := value.NullValue()
	shown := metric
	if m := it.Metric.Value; m != nil {
		v, byNull, err := m.Eval(results(n, 0, m))
		out.Metrics = append(out.Metrics, r.metrics(n, 0, m)...)
		if err != nil || v.IsNull() {
			undecided(it, out, byNull, r.metricError(m, err))
			return
		}
		metric = v
		shown = r.maskedValue(r.metricMasking(m), v)
		out.Observed = result.Cell{Value: shown}
	}
	e := it.Metric.Expect
	if e == nil {
		out.Verdict, out.Message = result.Pass, "observed "+spoken(shown)
		return
	}
	out.Metrics = append(out.Metrics, r.metrics(n, 1, e)...)
	v, byNull, err := e.EvalWith(metric, results(n, 1, e))
	if err != nil || v.IsNull() {
		undecided(it, out, byNull, r.metricError(e, err))
		return
	}
	if it.Metric.Value == nil {
		out.Observed = observed(out.Metrics)
	}
	out.Verdict, out.Message = result.Pass, "holds: "+sentence(out.Metrics)
	if !v.Bool() {
		out.Verdict, out.Message = result.Fail, "does not hold: "+sentence(out.Metrics)
	}
	if it.Metric.Value != nil {
		out.Message = "observed " + spoken(shown)
	}
}

// undecided is the verdict of a metric without a value: by null or emptiness it fails unless on_empty is pass;
// for any other cause it could not be evaluated.
func undecided(it *plan.Item, out *result.Expectation, byNull bool, err error) {
	switch {
	case !byNull:
		out.Verdict, out.Message = result.Error, "could not be evaluated: no value"
		if err != nil {
			out.Message = "could not be evaluated: " + err.Error()
		}
		if errors.Is(err, lang.ErrRows) {
			out.Message = err.Error()
		}
	case it.Spec.OnEmpty == spec.EmptyPass:
		out.Verdict, out.Message = result.Pass, "no value: no rows, or only nulls (on_empty is pass)"
	default:
		out.Verdict, out.Message = result.Fail, "no value: no rows, or only nulls"
	}
	if s := sentence(out.Metrics); s != "" {
		out.Message += "; " + s
	}
}

// spoken is a value as a sentence says it.
func spoken(v value.Value) string {
	switch v.Kind() {
	case value.Int:
		return diag.Group(v.Int())
	case value.Uint, value.Decimal:
		return diag.GroupDigits(v.Text())
	case value.Duration:
		return diag.Duration(v.Duration())
	default:
		return v.Text()
	}
}

// results gives the aggregates' outputs in the order in which the expression takes them.
func results(n *numbers, metric int, e *lang.MetricExpr) []lang.AggregateResult {
	out := make([]lang.AggregateResult, len(e.Aggregates))
	for i := range e.Aggregates {
		a := &e.Aggregates[i]
		out[i] = joined(n, metric, i, len(a.Kinds()), len(a.Keys))
	}
	return out
}

// joined puts the outputs of an aggregate's measures one after the other, for each group.
func joined(n *numbers, metric, agg, measures, keys int) lang.AggregateResult {
	var res lang.AggregateResult
	for sub := range measures {
		rows := n.aggregates[aggKey{metric, agg, sub}]
		if keys == 0 {
			if len(rows) > 0 {
				res.Outputs = append(res.Outputs, rows[0]...)
			}
			continue
		}
		for g, row := range rows {
			if sub == 0 {
				res.Groups = append(res.Groups, lang.Group{Key: row[:keys:keys]})
			}
			res.Groups[g].Outputs = append(res.Groups[g].Outputs, row[keys:]...)
		}
	}
	return res
}

// metricError is what may be said of an error in computing with aggregates: one over masked columns may quote them.
func (r *runner) metricError(m *lang.MetricExpr, err error) error {
	if err == nil || errors.Is(err, lang.ErrRows) || r.metricMasking(m) == spec.Shown {
		return err
	}
	return errHidden
}

// metrics are the aggregates with their values, for the report.
func (r *runner) metrics(n *numbers, metric int, e *lang.MetricExpr) []result.Metric {
	var out []result.Metric
	rs := results(n, metric, e)
	for i := range e.Aggregates {
		a := &e.Aggregates[i]
		m := result.Metric{Expression: spanText(e.Text().Value, a.Span.Start, a.Span.End)}
		if len(a.Keys) == 0 {
			v, err := e.Value(i, rs[i])
			if err == nil {
				m.Value = result.Cell{Value: r.maskedValue(r.aggregateMasking(a), v)}
			}
			if c, err := a.Counts(rs[i].Outputs); err == nil {
				m.ByNull, m.Errored = c.ByNull, c.Errored
			}
		} else {
			groups := 0
			for _, g := range rs[i].Groups {
				c, err := a.Counts(g.Outputs)
				if err != nil {
					continue
				}
				m.ByNull, m.Errored = m.ByNull+c.ByNull, m.Errored+c.Errored
				if slices.ContainsFunc(g.Key, value.Value.IsNull) {
					m.ByNull += c.Used // rows without a key are in no group
					continue
				}
				groups++
			}
			m.Value = result.Cell{Value: value.StringValue(fmt.Sprintf("%d groups", groups))}
		}
		out = append(out, m)
	}
	return out
}

func spanText(text string, start, end int) string {
	r := []rune(text)
	if start < 0 || end > len(r) || start >= end {
		return text
	}
	return string(r[start:end])
}

// observed is the one value of an expectation over one aggregate; of several there is no single one.
func observed(ms []result.Metric) result.Cell {
	if len(ms) == 1 {
		return ms[0].Value
	}
	return result.Cell{}
}

// sentence lists the aggregates: "orders.count() is 5,000, sales.count() is 4,997".
func sentence(ms []result.Metric) string {
	var s strings.Builder
	for i, m := range ms {
		if i > 0 {
			s.WriteString(", ")
		}
		s.WriteString(m.Expression + " is " + spoken(m.Value.Value))
		if m.ByNull > 0 {
			fmt.Fprintf(&s, " (%s rows left out for null)", diag.Group(m.ByNull))
		}
		if m.Errored > 0 {
			fmt.Fprintf(&s, " (%s rows undecided)", diag.Group(m.Errored))
		}
	}
	return s.String()
}
