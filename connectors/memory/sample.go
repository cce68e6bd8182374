package memory

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
)

var _ connectors.Sampler = (*Source)(nil)

var errNoRows = errors.New("a sample is of at least one row")

// PlanSample implements connectors.Sampler. The rows that a condition leaves are not counted for it.
func (s *Source) PlanSample(ctx context.Context, q query.Sample) (query.SampleDesign, error) {
	t, err := s.table(ctx, "plan a sample of", q.From.Dataset)
	if err != nil {
		return query.SampleDesign{}, err
	}
	d := design(q, t.rows)
	if q.Where != nil {
		d.Rows, d.RowsExact = -1, false
	}
	return d, nil
}

// design says how N of rows are drawn.
func design(q query.Sample, rows int) query.SampleDesign {
	d := query.SampleDesign{
		Method: query.SampleReservoir, Rows: int64(rows), RowsExact: true, Looked: int64(rows), Linear: true,
		Reason: fmt.Sprintf("the table is in memory: its %d rows are looked at", rows),
	}
	if q.N >= rows {
		d.Method, d.Reason = query.SampleAll, fmt.Sprintf("%d rows are wanted of %d", q.N, rows)
	}
	return d
}

// Sample implements connectors.Sampler.
func (s *Source) Sample(ctx context.Context, q query.Sample) (connectors.Sampled, error) {
	const op = "sample"
	name := nameOf(q.From.Dataset)
	t, err := s.table(ctx, op, q.From.Dataset)
	if err != nil {
		return nil, err
	}
	if q.N < 1 {
		return nil, failed(op, name, errNoRows)
	}
	picks, err := s.branch(ctx, t, query.Branch{Where: q.Where})
	if err != nil {
		return nil, failed(op, name, err)
	}
	d := design(q, t.rows)
	d.Rows = int64(len(picks))
	r := rand.New(rand.NewPCG(q.Seed, 0)) // #nosec G404 -- a sample that can be drawn again
	r.Shuffle(len(picks), func(i, j int) { picks[i], picks[j] = picks[j], picks[i] })
	out := &rows{table: t, name: name, cols: q.Columns, size: q.BatchRows, picks: picks[:min(q.N, len(picks))]}
	if out.size <= 0 {
		out.size = defaultBatchRows
	}
	return &sampled{rows: out, design: d}, nil
}

// sampled is rows drawn already.
type sampled struct {
	*rows

	design query.SampleDesign
}

// Design implements connectors.Sampled.
func (s *sampled) Design() query.SampleDesign { return s.design }
