package run

import (
	"errors"
	"math"
	"slices"
	"strings"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/expectations/lang"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/sample"
	"github.com/assay-dev/assay/expectations/spec"
)

// nearlyAll is what a sample tells of a table that is thought to have no more rows than are wanted.
func nearlyAll(rows int, d query.SampleDesign) string {
	if d.Method == query.SampleAll {
		return allRead
	}
	if d.Rows >= 0 && int64(rows) >= d.Rows && !d.Weighted {
		return "nothing is estimated if all rows, about " + sample.Group(d.Rows) + ", are no more than are drawn"
	}
	return ""
}

// allRead is what a sample tells that is no sample.
const allRead = "all rows are read: nothing is estimated"

// ForeseeRows says what the rows of a sample will tell of an expectation about rows, joined ones too, before any is drawn.
func ForeseeRows(it *plan.Item, q *query.Sample, d query.SampleDesign, o Sampling) (string, error) {
	if s := nearlyAll(q.N, d); s != "" {
		return s, nil
	}
	if it.Join != nil && d.Weighted {
		return "nothing: " + errUnequalJoin.Error(), nil
	}
	population := int64(0)
	if it.Row != nil {
		population = populationOf(it, d)
	}
	s, err := foresee(it.Spec, int64(q.N), d, population, o.Detect, o.Confidence)
	if it.Row != nil && it.Row.Where != nil && q.Where == nil && err == nil {
		s += "; of the rows drawn only those tell that its where selects"
	}
	return s, err
}

// ForeseeWay says what so many rows drawn of one side of a comparison will tell; the two sides share the chance of error.
func ForeseeWay(it *plan.Item, rows int, d query.SampleDesign, o Sampling) (string, error) {
	if s := nearlyAll(rows, d); s != "" {
		return s, nil
	}
	return foresee(it.Spec, int64(rows), d, 0, o.Detect, sample.EachWay(o.Confidence))
}

func foresee(e *spec.Expectation, rows int64, d query.SampleDesign, population int64, detect, confidence float64) (string, error) {
	tol, err := toleranceOf(e, detect, population)
	if errors.Is(err, sample.ErrCountUnknown) {
		return "skipped, unless the number of rows turns out to be known exactly, or more fail among those drawn than may in all: " + err.Error(), nil
	}
	if err != nil {
		return "", err
	}
	f, err := sample.Foresee(rows, population, tol, confidence)
	if err != nil {
		return "", err
	}
	s := f.Sentence
	if f.Need < f.Rows && f.MostFailures >= 0 {
		s += "; " + sample.Group(f.Need) + " would do if none fails"
	}
	switch {
	case d.Weighted && math.IsInf(d.LargestWeight, 1):
		return "only of rows that fail where none may: rows are drawn with unequal chances, and it is not known how small those of others are", nil
	case d.Weighted:
		s = "less than rows that are equally likely would tell: " + s
	}
	return s, nil
}

// ForeseeMetric says what so many rows drawn by a design will tell of the aggregates of a metric expectation that they estimate.
func ForeseeMetric(it *plan.Item, j *plan.SampleJob, d query.SampleDesign, o Sampling) string {
	if s := nearlyAll(j.Query.N, d); s != "" {
		return s
	}
	var out []string
	add := func(s string) {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	aggregates := 0 // they share the chance of error
	for _, m := range []*lang.MetricExpr{it.Metric.Value, it.Metric.Expect} {
		if m != nil {
			aggregates += len(m.Aggregates)
		}
	}
	for i := range j.Estimates {
		e := &j.Estimates[i]
		if e.Item != it {
			continue
		}
		m := it.Metric.Value
		if e.Metric == 1 {
			m = it.Metric.Expect
		}
		shares := m.Shares()[e.Agg]
		switch {
		case e.Fn == lang.FnAvg:
			add("an average by an interval as wide as the values are spread")
		case shares && e.Measure.Where != nil:
			n := int64(j.Query.N)
			i := sample.Count{Failed: n / 2, Drawn: n}.Interval(sample.Split(o.Confidence, aggregates))
			add("a share of rows by an interval no wider than " + sample.Percent(i.High-i.Low) + " of them")
		case shares:
		case !d.RowsExact:
			add("nothing of a count or a sum, which is then skipped, unless the number of rows turns out to be known exactly")
		default:
			add("a " + string(e.Fn) + " by an interval as wide as the values are spread")
		}
	}
	return strings.Join(out, "; ")
}

// populationOf is the number of rows that the item judges, where it is known and it judges all of those drawn from; else 0.
func populationOf(it *plan.Item, d query.SampleDesign) int64 {
	if !d.RowsExact || d.Rows <= 0 || d.Replacement || it.LeavesOut() {
		return 0
	}
	return d.Rows
}
