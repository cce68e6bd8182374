package files

import (
	"context"
	"errors"
	"fmt"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/reservoir"
)

var _ connectors.Sampler = (*source)(nil)

var errNoSample = errors.New("a sample is of at least one row")

// PlanSample implements connectors.Sampler: files are read whole, whatever is wanted of them.
func (s *source) PlanSample(ctx context.Context, q query.Sample) (query.SampleDesign, error) {
	here := site{"plan a sample of", q.From.Dataset.File}
	if err := ctx.Err(); err != nil {
		return query.SampleDesign{}, here.failed(err)
	}
	if _, err := s.files(here, q.From.Dataset); err != nil {
		return query.SampleDesign{}, err
	}
	d := query.SampleDesign{
		Method: query.SampleReservoir, Reason: "files are read from beginning to end", Linear: true,
		Rows: q.From.Schema.Rows, Looked: max(q.From.Schema.Rows, 0),
	}
	if d.Rows >= 0 && int64(q.N) >= d.Rows {
		d.Method, d.Reason = query.SampleAll, fmt.Sprintf("%d rows are wanted of %d", q.N, d.Rows)
	}
	return d, nil
}

// Sample implements connectors.Sampler.
func (s *source) Sample(ctx context.Context, q query.Sample) (connectors.Sampled, error) {
	here := site{"sample", q.From.Dataset.File}
	switch {
	case q.N < 1:
		return nil, here.failed(errNoSample)
	case q.Where != nil, len(q.From.Joins) > 0:
		return nil, here.failed(&query.Refusal{Reason: noEngine})
	}
	d, err := s.PlanSample(ctx, q)
	if err != nil {
		return nil, err
	}
	rows, err := s.Select(ctx, query.Select{From: q.From, Columns: q.Columns})
	if err != nil {
		return nil, err
	}
	d.Looked = 0
	return reservoir.New(ctx, "sample "+q.From.Dataset.File, rows, q, d), nil
}
