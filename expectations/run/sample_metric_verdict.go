package run

import (
	"math"
	"strings"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/lang"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/sample"
	"github.com/assay-dev/assay/expectations/spec"
)

// judgeEstimates forms the verdict of a metric expectation some of whose aggregates are estimated: its condition holds whatever numbers the intervals
// hold, or for none of them, or nobody knows.
func (r *runner) judgeEstimates(it *plan.Item, n *numbers, out *result.Expectation) {
	out.Sample = r.sampleOf(n.drawn)
	defer r.sayTimeUp(n.drawn, out)
	confidence := sample.Split(r.opts.Sampling.Confidence, len(n.gathered))
	var metric *sample.Interval
	for which, m := range []*lang.MetricExpr{it.Metric.Value, it.Metric.Expect} {
		if m == nil {
			continue
		}
		x, said, why := r.known(n, which, m, confidence, out)
		if why != "" {
			out.Verdict, out.Message = result.Skipped, why+r.evaluateAll()
			return
		}
		if out.Verdict == result.Error {
			return
		}
		x.metric = metric
		f, err := m.Formula()
		if err == nil && which == 0 {
			var i sample.Interval
			if i, err = x.number(f); err == nil {
				metric = &i
				out.Verdict, out.Message = result.Pass, strings.Join(said, ", ")
				continue
			}
		}
		var t sample.Truth
		if err == nil {
			t, err = x.truth(f)
		}
		if err != nil {
			out.Verdict, out.Message = result.Skipped, "a sample cannot decide it: "+r.metricError(m, err).Error()+r.evaluateAll()
			return
		}
		out.Verdict = verdictOf(t.Verdict())
		out.Message = map[sample.Truth]string{sample.True: "holds: ", sample.False: "does not hold: ", sample.Unknown: "inconclusive: "}[t] + strings.Join(append(said, out.Message), ", ")
		out.Message = strings.TrimSuffix(out.Message, ", ")
	}
}

// known gathers the intervals of the aggregates of one expression, with what there is to say of each. why is set where an aggregate stays unknown.
func (r *runner) known(n *numbers, which int, m *lang.MetricExpr, confidence float64, out *result.Expectation) (x *intervals, said []string, why string) {
	x = &intervals{aggregates: make([]sample.Interval, len(m.Aggregates))}
	shares := m.Shares()
	exact := results(n, which, m)
	for i := range m.Aggregates {
		a := &m.Aggregates[i]
		text := spanText(m.Text().Value, a.Span.Start, a.Span.End)
		g := n.gathered[aggKey{metric: which, agg: i}]
		if g == nil {
			v, err := m.Value(i, exact[i])
			var at sample.Interval
			if err == nil {
				at, err = around(v)
			}
			if err != nil {
				out.Verdict, out.Message = result.Error, "could not be evaluated: "+text+": "+r.metricError(m, err).Error()
				return x, said, ""
			}
			x.aggregates[i] = at
			shown := r.maskedValue(r.aggregateMasking(a), v)
			said = append(said, text+" is "+spoken(shown))
			out.Metrics = append(out.Metrics, result.Metric{Expression: text, Value: result.Cell{Value: shown}})
			continue
		}
		if g.errored > 0 {
			out.Verdict, out.Message = result.Error, "could not be evaluated: "+text+": "+diag.Plural(g.errored, "row")+" drawn "+isAre(g.errored)+" undecided"
			return x, said, ""
		}
		e, err := g.estimate(confidence)
		if err != nil {
			if !shares[i] {
				return x, said, "a sample cannot decide it: " + text + ": " + r.metricError(m, err).Error()
			}
			x.aggregates[i] = sample.Interval{Low: 0, High: math.Inf(1)}
			continue
		}
		x.aggregates[i] = e.Interval
		if how := r.aggregateMasking(a); how != spec.Shown { // bounds tell as much as what they hold
			shown := r.maskedValue(how, value.DoubleValue(e.Value))
			said = append(said, text+" is about "+spoken(shown))
			out.Metrics = append(out.Metrics, result.Metric{Expression: text, Value: result.Cell{Value: shown}, ByNull: g.byNull})
			continue
		}
		said = append(said, e.Sentence(text))
		out.Metrics = append(out.Metrics, result.Metric{
			Expression: text, Value: result.Cell{Value: value.DoubleValue(e.Value)}, ByNull: g.byNull,
			Interval: &result.Interval{Low: e.Interval.Low, High: e.Interval.High, Confidence: e.Confidence}, Approximate: e.Approximate,
		})
	}
	x.share = func(hits, all int) (sample.Interval, bool) {
		l, r := n.gathered[aggKey{metric: which, agg: hits}], n.gathered[aggKey{metric: which, agg: all}]
		if l == nil || r == nil || !m.Aggregates[hits].ShareOf(&m.Aggregates[all]) {
			return sample.Interval{}, false
		}
		e, err := l.share(confidence)
		if err != nil {
			return sample.Interval{}, false
		}
		return e.Interval, true
	}
	for i := range m.Aggregates {
		if g := n.gathered[aggKey{metric: which, agg: i}]; g != nil && shares[i] && m.Aggregates[i].Where != nil {
			if e, err := g.share(confidence); err == nil {
				said = append(said, e.Sentence("the share of "+spanText(m.Text().Value, m.Aggregates[i].Span.Start, m.Aggregates[i].Span.End)))
			}
		}
	}
	return x, said, ""
}

// evaluateAll says what to do where a sample decides nothing.
func (r *runner) evaluateAll() string {
	if r.opts.Plan.Sample.ExactWhereNeeded {
		return ""
	}
	return plan.EvaluateAll
}

func isAre(n int64) string {
	if n == 1 {
		return "is"
	}
	return "are"
}
