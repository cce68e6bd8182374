package run

import (
	"context"
	"errors"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/sample"
)

// errUnequalJoin says why joined rows are not judged.
var errUnequalJoin = connectors.Own("its rows are drawn with unequal chances, by which rows and their partners are not judged; evaluate it on all rows, without --sample")

// draw opens the sample of the rows to be joined.
func (x *joinRun) draw(ctx context.Context) (connectors.Rows, error) {
	src, ok := x.left().(connectors.Sampler)
	if !ok {
		return nil, x.failure(-1, connectors.Own("its snapshot draws no samples"))
	}
	rows, err := src.Sample(ctx, *x.job.Sample)
	if err != nil {
		return nil, x.failure(-1, err)
	}
	design := rows.Design()
	if design.Weighted {
		return nil, errors.Join(x.failure(-1, errUnequalJoin), rows.Close())
	}
	most := x.r.opts.Sampling.MaxTime
	x.drawn = &drawn{design: design, wanted: int64(x.job.Sample.N), detect: x.r.opts.Sampling.Detect}
	return &drawnRows{Sampled: rows, to: x.drawn, most: most, began: time.Now()}, nil
}

// drawnRows counts rows as they are drawn.
type drawnRows struct {
	connectors.Sampled

	to *drawn
	// most ends the drawing between two batches: the snapshot serves the look-ups as well, and a statement that is ended takes it with it.
	most  time.Duration
	began time.Time
}

// Next implements connectors.Rows.
func (d *drawnRows) Next(ctx context.Context) (*value.Batch, error) {
	if d.most > 0 && time.Since(d.began) >= d.most && d.to.rows < d.to.wanted {
		d.to.ended = endedTime
		return nil, nil //nolint:nilnil // the end of rows
	}
	b, err := d.Sampled.Next(ctx)
	if err != nil {
		return nil, err
	}
	d.to.design = d.Design()
	if b != nil {
		d.to.rows += int64(b.N)
		return b, nil
	}
	d.to.all = allDrawn(d.to.design, d.to.rows)
	if d.to.rows < d.to.wanted && !d.to.all {
		d.to.ended = endedRows
	}
	return nil, nil //nolint:nilnil // the end of rows
}

// noteDrawn adds the rows that a join drew to those of its dataset.
func (x *joinRun) noteDrawn() {
	if x.drawn == nil {
		return
	}
	x.r.mu.Lock()
	defer x.r.mu.Unlock()
	x.r.drawn[x.job.Left.Spec.Name] += x.drawn.rows
	x.sent += x.drawn.design.Statements
}

// judgeDrawnJoin forms the verdict on rows that were drawn and their partners; v is what the counts of those rows come to.
func (r *runner) judgeDrawnJoin(it *plan.Item, n *numbers, v judgement, out *result.Expectation) {
	d := *n.drawn
	out.Sample = r.sampleOf(&d)
	out.Sample.Judged = v.passed + v.failed
	if d.all {
		out.Message += " (all rows were read)"
		return
	}
	tol, err := toleranceOf(it.Spec, d.detect, 0)
	out.Sample.Detect = tol.Limit
	switch {
	case errors.Is(err, sample.ErrCountUnknown) && v.failed > *it.Spec.MaxFailures:
		out.Verdict, out.Message = result.Fail, factText(v.failed, v.passed+v.failed, *it.Spec.MaxFailures)
		return
	case err != nil:
		out.Verdict, out.Message, out.Rate = result.Skipped, err.Error(), nil
		return
	case v.passed+v.failed == 0:
		r.judgeNothing(n, out)
		return
	}
	j, err := sample.Judge(sample.Count{Failed: v.failed, Drawn: v.passed + v.failed}, tol, r.opts.Sampling.Confidence)
	if err != nil {
		out.Verdict, out.Message = result.Error, err.Error()
		return
	}
	r.judged(j, out)
	r.sayTimeUp(&d, out)
}

// judged takes over what a sample was judged to show.
func (r *runner) judged(j sample.Judgement, out *result.Expectation) {
	out.Verdict, out.Message, out.Sample.Need = verdictOf(j.Verdict), j.Sentence, j.Need
	rate := 1 - j.Rate
	out.Rate = &rate
	out.Interval = &result.Interval{Low: 1 - j.Interval.High, High: 1 - j.Interval.Low, Confidence: j.Confidence}
}
