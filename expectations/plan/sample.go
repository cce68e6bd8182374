package plan

import (
	"fmt"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/expectations/lang"
	"github.com/assay-dev/assay/expectations/lower"
)

// Sampling has expectations judged by rows drawn at random.
type Sampling struct {
	// Rows is the number of rows drawn from a dataset, for each `where` of its expectations.
	Rows int
	Seed uint64
	// Stratify is a column: of datasets that have it row expectations are judged by rows drawn of each of its values by itself; "" for none.
	Stratify string
	// ExactWhereNeeded has what no sample decides evaluated on all rows; else it is skipped.
	ExactWhereNeeded bool
}

// SampleJob is one sample of a dataset and what is judged by it.
type SampleJob struct {
	Query query.Sample
	// Tallies judge row expectations on the rows drawn; Items[i] owns Tallies.Measures[i].
	Tallies query.Aggregate
	Items   []*Item
	// Estimates are the aggregates of metric expectations. Exact are all of their measures, for a sample that turns out to be all rows; Slots[i] owns
	// Exact.Measures[i].
	Estimates []Estimate
	Exact     query.Aggregate
	Slots     []Slot
	// Strata is the column of which each value is drawn by itself, nil for one sample of all rows. Then Dataset.Strata counts them: the measure at StrataAt is
	// that of the rows that Query.Where selects.
	Strata   *query.Column
	StrataAt int

	columns columnSet
}

// Estimate is an aggregate that is estimated.
type Estimate struct {
	Item *Item
	// Metric and Agg locate it: Metric 0 is MetricItem.Value, 1 is Expect.
	Metric, Agg int
	Fn          lang.Fn
	// Measure is the first measure of the aggregate: its argument, its condition, and the columns whose null leaves a row out.
	Measure query.Measure
}

// sampler returns the source's, nil where rows are not drawn from it.
func (p *placer) sampler() connectors.Sampler {
	if p.sampling == nil {
		return nil
	}
	s, _ := p.in.Source.(connectors.Sampler)
	return s
}

// sampleRow has a row expectation judged by a sample; false where the dataset is not sampled.
func (p *placer) sampleRow(it *Item) bool {
	if p.sampler() == nil || p.sampling.ExactWhereNeeded && it.Spec.MaxFailures != nil && *it.Spec.MaxFailures > 0 {
		return false // a number of failing rows is a rate only where the number of rows is known
	}
	r := it.Row
	strata, err := p.strata()
	if err != nil {
		it.Err = err
		return true
	}
	j := p.sampleJob(it, strata)
	j.Tallies.Measures = append(j.Tallies.Measures, query.Measure{Kind: query.MeasureTally, Arg: r.Pred, Where: r.Where, Skip: r.Skip, Nulls: r.Nulls})
	j.Items = append(j.Items, it)
	j.need(r.Pred, r.Where, r.Skip)
	j.columns.add(r.Nulls...)
	j.columns.add(r.Columns...)
	j.columns.add(keyColumns(p.out.Relation)...)
	it.Sampled = true
	return true
}

// sampleJob is the one that draws from the rows that the item selects, where the source selects them, else the one that draws from all.
func (p *placer) sampleJob(it *Item, strata *query.Column) *SampleJob {
	where, text := query.Expr(nil), ""
	if it.Row != nil && it.Row.Where != nil && p.in.Caps.Expr(p.out.Relation, it.Row.Where) == nil {
		where, text = it.Row.Where, it.Where
	}
	if strata != nil {
		text = "strata " + text
	}
	if p.jobs == nil {
		p.jobs = map[string]*SampleJob{}
	}
	j := p.jobs[text]
	if j == nil {
		j = &SampleJob{
			Query:   query.Sample{From: p.out.Relation, Where: where, N: p.sampling.Rows, Seed: p.sampling.Seed},
			Tallies: query.Aggregate{From: p.out.Relation},
			Exact:   query.Aggregate{From: p.out.Relation},
			Strata:  strata,
		}
		p.jobs[text] = j
		p.out.Samples = append(p.out.Samples, j)
	}
	return j
}

func (j *SampleJob) need(exprs ...query.Expr) {
	for _, e := range exprs {
		if e != nil {
			j.columns.add(query.Columns(e)...)
		}
	}
}

// EvaluateAll says what to do where a sample decides nothing.
const EvaluateAll = "; --exact-where-needed evaluates it on all rows"

// sampleSet skips a set-level expectation; false where it is evaluated on all rows.
func (p *placer) sampleSet(it *Item) bool {
	if p.sampler() == nil || p.sampling.ExactWhereNeeded {
		return false
	}
	what := "it is about all rows together"
	switch it.Set.Check.(type) {
	case *query.UniqueCheck:
		what = "two rows that are alike are seldom both drawn"
	case *query.MonotonicCheck:
		what = "rows that follow each other are seldom both drawn"
	case *query.ReferenceCheck:
		what = "the rows that are referred to are not drawn with those that refer to them"
	}
	it.Skip = "a sample cannot decide it: " + what + EvaluateAll
	return true
}

// sampleMetric has all aggregates of a metric expectation estimated, or skips it: what of it no sample tells makes the whole unknown. It returns false
// where the expectation is evaluated on all rows.
func (b *builder) sampleMetric(it *Item) bool {
	if b.opts.Sample == nil {
		return false
	}
	sampled := 0
	for _, x := range []*lang.MetricExpr{it.Metric.Value, it.Metric.Expect} {
		if x == nil {
			continue
		}
		shares := x.Shares()
		for i := range x.Aggregates {
			a := &x.Aggregates[i]
			if b.placers[a.Dataset].sampler() == nil {
				continue
			}
			sampled++
			why := unestimable(a)
			if b.opts.Sample.ExactWhereNeeded && (a.Fn == lang.FnSum || a.Fn == lang.FnCount && !shares[i]) {
				why = "it needs the number of rows"
			}
			if why != "" && it.Skip == "" {
				it.Skip = "a sample cannot decide it: " + why + EvaluateAll
			}
		}
		if _, err := x.Formula(); err != nil && it.Skip == "" {
			it.Skip = "a sample cannot decide it: " + err.Error() + EvaluateAll
		}
	}
	switch {
	case sampled == 0:
		it.Skip = ""
		return false
	case it.Skip != "" && b.opts.Sample.ExactWhereNeeded:
		it.Skip = ""
		return false
	}
	if it.Skip == "" {
		b.estimates(it)
	}
	return true
}

// unestimable says why a sample tells nothing of an aggregate, "" where it does.
func unestimable(a *lang.Aggregate) string {
	if len(a.Keys) > 0 {
		return fmt.Sprintf("%s is asked of every group, and a group of few rows may not be drawn at all", a.Fn)
	}
	switch a.Fn {
	case lang.FnCount, lang.FnSum, lang.FnAvg:
		return ""
	case lang.FnMin, lang.FnMax, lang.FnFreshness:
		return fmt.Sprintf("one row decides %s, and that one is hardly ever drawn", a.Fn)
	case lang.FnDistinct:
		return "distinct counts values, and those that only a few rows have are hardly ever drawn"
	case lang.FnStddev, lang.FnQuantile:
	}
	return fmt.Sprintf("no interval for %s holds whatever the values are", a.Fn)
}

// estimates places the aggregates of a metric expectation: those of datasets that are sampled in their samples, the others where they are exact.
func (b *builder) estimates(it *Item) {
	it.Sampled = true
	for which, x := range []*lang.MetricExpr{it.Metric.Value, it.Metric.Expect} {
		if x == nil {
			continue
		}
		for i, m := range lower.Measures(x) {
			p := b.placers[m.Dataset]
			if p.sampler() == nil {
				p.measures(it, which, i, m.Measures, m.GroupBy)
				continue
			}
			j := p.sampleJob(it, nil)
			j.Estimates = append(j.Estimates, Estimate{Item: it, Metric: which, Agg: i, Fn: x.Aggregates[i].Fn, Measure: m.Measures[0]})
			for sub, x := range m.Measures {
				j.Exact.Measures = append(j.Exact.Measures, x)
				j.Slots = append(j.Slots, Slot{Item: it, Metric: which, Agg: i, Sub: sub})
				j.need(x.Arg, x.Where)
				j.columns.add(x.Nulls...)
			}
		}
	}
}

// finishSamples fixes the columns that are drawn.
func (p *placer) finishSamples() {
	for _, j := range p.out.Samples {
		j.Query.Columns = j.columns.list
		if j.Strata != nil {
			j.StrataAt = p.out.countStrata(j.Strata, j.Query.Where)
		}
	}
}

// LeavesOut reports whether rows that are drawn may count neither as true nor as false.
func (it *Item) LeavesOut() bool {
	r := it.Row
	if r.Skip != nil || r.Where != nil {
		return true
	}
	if it.Spec.OnNull == "fail" || it.Spec.OnNull == "pass" {
		return false
	}
	for _, c := range r.Nulls {
		if !c.Col.NotNull {
			return true
		}
	}
	return false
}
