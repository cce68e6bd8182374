package mysql

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
	op := "digest " + datasetName(q.From.Dataset)
	if r := s.dialect().keyTooLong(q.From); r != nil { // ranges are cut in its order, and its repeats counted by groups
		return nil, wrap(op, r)
	}
	st, err := sqlgen.Digest(s.dialect(), q)
	if err != nil {
		return nil, wrap(op, err)
	}
	return []query.Statement{st.Query()}, nil
}

// Digest implements connectors.Digester.
func (s *Source) Digest(ctx context.Context, q digest.Request) ([]digest.Sum, error) {
	op := "digest " + datasetName(q.From.Dataset)
	st, err := sqlgen.Digest(s.dialect(), q)
	if err != nil {
		return nil, wrap(op, err)
	}
	b, err := s.whole(ctx, op, st, digest.Columns())
	if err != nil {
		return nil, wrap(op, err)
	}
	sums, err := digest.Sums(b, len(q.Steps)+1)
	if err != nil {
		return nil, wrap(op, err)
	}
	return sums, nil
}

// Repeats implements connectors.Digester.
func (s *Source) Repeats(ctx context.Context, q digest.Request) ([]int64, error) {
	op := "count the repeated keys of " + datasetName(q.From.Dataset)
	st, err := sqlgen.Repeats(s.dialect(), q)
	if err != nil {
		return nil, wrap(op, err)
	}
	b, err := s.whole(ctx, op, st, []value.Type{value.Of(value.Int), value.Of(value.Int)})
	if err != nil {
		return nil, wrap(op, err)
	}
	counts, err := digest.Counts(b, len(q.Steps)+1)
	if err != nil {
		return nil, wrap(op, err)
	}
	return counts, nil
}

// Cut implements connectors.Digester.
func (s *Source) Cut(ctx context.Context, q digest.Cut) (*value.Batch, error) {
	op := "cut the keys of " + datasetName(q.From.Dataset)
	st, err := sqlgen.CutKeys(s.dialect(), q)
	if err != nil {
		return nil, wrap(op, err)
	}
	b, err := s.keys(ctx, op, st, q.Columns)
	if err != nil {
		return nil, wrap(op, err)
	}
	return b, nil
}

// keys reads the few rows of a statement that selects columns as they are stored.
func (s *Source) keys(ctx context.Context, op string, st sqlgen.Statement, cols []*query.Column) (*value.Batch, error) {
	dec, err := decoders(query.Select{Columns: cols})
	if err != nil {
		return nil, err
	}
	types := make([]value.Type, len(cols))
	for i, c := range cols {
		types[i] = c.Col.Type
	}
	return s.gather(ctx, op, st, dec, types)
}
