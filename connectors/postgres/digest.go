package postgres

import (
	"context"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/digest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

var _ connectors.Digester = (*Source)(nil)

// DigestStatements implements connectors.Digester.
func (s *Source) DigestStatements(q digest.Request) ([]query.Statement, error) {
	st, err := sqlgen.Digest(dialect{}, q)
	if err != nil {
		return nil, s.unasked("digest "+title(q.From.Dataset), err)
	}
	return []query.Statement{st.Query()}, nil
}

// Digest implements connectors.Digester.
func (s *Source) Digest(ctx context.Context, q digest.Request) ([]digest.Sum, error) {
	op := "digest " + title(q.From.Dataset)
	st, err := sqlgen.Digest(dialect{}, q)
	if err != nil {
		return nil, s.unasked(op, err)
	}
	b, err := s.all(ctx, op, bind(st, outputsOf(digest.Columns())))
	if err != nil {
		return nil, err
	}
	sums, err := digest.Sums(b, len(q.Steps)+1)
	if err != nil {
		return nil, s.unasked(op, err)
	}
	return sums, nil
}

// Repeats implements connectors.Digester.
func (s *Source) Repeats(ctx context.Context, q digest.Request) ([]int64, error) {
	op := "count the repeated keys of " + title(q.From.Dataset)
	st, err := sqlgen.Repeats(dialect{}, q)
	if err != nil {
		return nil, s.unasked(op, err)
	}
	b, err := s.all(ctx, op, bind(st, outputsOf([]value.Type{value.Of(value.Int), value.Of(value.Int)})))
	if err != nil {
		return nil, err
	}
	counts, err := digest.Counts(b, len(q.Steps)+1)
	if err != nil {
		return nil, s.unasked(op, err)
	}
	return counts, nil
}

// Cut implements connectors.Digester.
func (s *Source) Cut(ctx context.Context, q digest.Cut) (*value.Batch, error) {
	op := "cut the keys of " + title(q.From.Dataset)
	st, err := sqlgen.CutKeys(dialect{}, q)
	if err != nil {
		return nil, s.unasked(op, err)
	}
	outs := make([]output, len(q.Columns))
	for i, c := range q.Columns {
		outs[i] = outputOf(c)
	}
	return s.all(ctx, op, bind(st, outs))
}

// outputsOf returns the outputs of computed columns.
func outputsOf(types []value.Type) []output {
	outs := make([]output, len(types))
	for i, t := range types {
		outs[i].typ = t
	}
	return outs
}
