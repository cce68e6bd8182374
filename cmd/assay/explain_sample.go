package main

import (
	"context"
	"errors"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/diff"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/run"
)

// plannedSample is how a sample would be drawn.
type plannedSample struct {
	design query.SampleDesign
	sent   []query.Statement
	err    error
}

// planSamples asks how the samples of a plan would be drawn.
func (e *explainer) planSamples(ctx context.Context) {
	e.designs = map[*query.Sample]plannedSample{}
	for _, d := range e.plan.Datasets {
		if e.only == "" || e.concerns(d) {
			for _, j := range d.Samples {
				if j.Strata != nil { // they are counted before they are drawn from
					e.designs[&j.Query] = plannedSample{design: query.SampleDesign{Rows: -1, Linear: true}}
					continue
				}
				e.planSample(ctx, d.Spec.Name, &j.Query)
			}
		}
	}
	for _, j := range e.plan.Joins {
		if j.Sample != nil {
			e.planSample(ctx, j.Left.Spec.Name, j.Sample)
		}
	}
}

func (e *explainer) planSample(ctx context.Context, dataset string, q *query.Sample) {
	var p plannedSample
	source := e.source(dataset)
	if s, ok := source.(connectors.Snapshotter); ok { // where a run draws
		snap, err := s.Snapshot(ctx)
		if err != nil {
			e.designs[q] = plannedSample{err: err}
			return
		}
		defer func() { _ = snap.Close() }() // nothing was read
		source = snap
	}
	switch s := source.(type) {
	case connectors.SampleExplainer:
		p.design, p.sent, p.err = s.ExplainSample(ctx, *q)
	case connectors.Sampler:
		p.design, p.err = s.PlanSample(ctx, *q)
	default:
		p.err = errors.New("its snapshot draws no samples")
	}
	e.designs[q] = p
}

// strata shows how rows of each value of a column would be drawn.
func (e *explainer) strata(d *plan.Dataset, j *plan.SampleJob, what string, source connectors.Source) {
	e.sampleTitle(&j.Query, what)
	e.printf("  by strata of %s: its values are counted, for which that column of every row is read;\n", diag.Visible(j.Strata.Col.Name))
	e.printf("  then rows of each are drawn in proportion, by samples of their own or in one pass over all rows, whichever looks at less\n\n")
	x, ok := source.(connectors.Explainer)
	if !ok || e.counted[d] {
		return
	}
	if e.counted == nil {
		e.counted = map[*plan.Dataset]bool{}
	}
	e.counted[d] = true
	distinct, err := x.Statements(d.Strata.Distinct)
	sizes, err2 := x.Statements(d.Strata.Sizes)
	e.statements("values of "+d.Strata.Column.Col.Name+", and the rows of each", append(distinct, sizes...), errors.Join(err, err2))
}

func (e *explainer) sampleTitle(q *query.Sample, what string) {
	e.printf("  -- sample of %s", diag.Plural(int64(q.N), "row"))
	if what != "" {
		e.printf(" where %s", diag.Visible(what))
	}
	e.printf("\n")
}

// sample shows how rows would be drawn. what is the condition that they meet, "" for all.
func (e *explainer) sample(q *query.Sample, what string) {
	p := e.designs[q]
	e.sampleTitle(q, what)
	if p.err != nil {
		e.printf("  error: %s\n\n", diag.Visible(p.err.Error()))
		return
	}
	e.design("  ", &p.design)
	e.printf("\n")
	if len(p.sent) > 0 {
		e.statements("planned and drawn by", p.sent, nil)
	}
}

// design shows a method, why it is taken, and what it costs.
func (e *explainer) design(indent string, d *query.SampleDesign) {
	e.printf("%s%s: %s\n", indent, d.Method, diag.Visible(d.Reason))
	grows := "however large the table is"
	if d.Linear {
		grows = "which grows with the table"
	}
	e.printf("%slooks at about %s, %s\n", indent, diag.Group(d.Looked)+" rows, pages or places", grows)
	if d.Weighted {
		e.printf("%srows are drawn with unequal chances, and weighed by the inverse\n", indent)
	}
}

// drawn says what rows drawn can tell of an expectation.
func (e *explainer) drawn(it *plan.Item) {
	e.printf("  runs:   here, on rows drawn at random\n")
	for _, d := range e.plan.Datasets {
		for _, j := range d.Samples {
			for _, own := range j.Items {
				if own == it {
					e.tellsRows(it, &j.Query)
				}
			}
			for i := range j.Estimates {
				if j.Estimates[i].Item == it {
					if p := e.designs[&j.Query]; p.err == nil {
						e.printf("  tells:  of %s: %s\n", diag.Visible(d.Spec.Name), run.ForeseeMetric(it, j, p.design, e.sampling))
					}
					break
				}
			}
		}
	}
}

// tellsRows says what rows drawn tell of an expectation about rows.
func (e *explainer) tellsRows(it *plan.Item, q *query.Sample) {
	p := e.designs[q]
	if p.err != nil {
		return // it is shown with the sample
	}
	text, err := run.ForeseeRows(it, q, p.design, e.sampling)
	if err != nil {
		text = err.Error()
	}
	e.printf("  tells:  %s\n", diag.Visible(text))
}

// compareSample shows how a comparison would draw and what that tells; false where it would compare all rows.
func (e *explainer) compareSample(ctx context.Context, it *plan.Item) bool {
	c := it.Compare
	designs, sent, err := diff.ExplainSample(ctx, c.Spec, c.Sample)
	if err != nil {
		e.printf("  error:  %s\n\n", diag.Visible(err.Error()))
		return true
	}
	if designs[0].Method == query.SampleAll && designs[1].Method == query.SampleAll {
		e.printf("  note: a sample of %s would be all of them, which are compared\n", diag.Plural(int64(c.Sample.Rows), "row"))
		return false
	}
	e.printf("  runs:   here, on rows drawn at random of each side and looked up by key in the other\n")
	for i, side := range []*diff.Side{&c.Spec.Left, &c.Spec.Right} {
		e.printf("          %s %s:\n", sideNames[i], diag.Visible(side.Name))
		e.design("          ", &designs[i])
		text, err := run.ForeseeWay(it, c.Sample.Rows, designs[i], e.sampling)
		if err != nil {
			text = err.Error()
		}
		e.printf("          tells: %s\n", diag.Visible(text))
	}
	e.printf("\n")
	for i, side := range []*diff.Side{&c.Spec.Left, &c.Spec.Right} {
		if len(sent[i]) > 0 {
			e.statements("rows of "+sideNames[i]+" "+side.Name+", planned and drawn by", sent[i], nil)
		}
	}
	return true
}
