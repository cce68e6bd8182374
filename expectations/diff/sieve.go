package diff

import (
	"context"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/query/eval"
	"github.com/assay-dev/assay/connectors/value"
)

// sieve leaves out the rows for which a condition is not true, where the source cannot do so itself.
type sieve struct {
	prog      *eval.Program
	out       *value.Batch
	undecided *int64
	// again says that the rows were read before: those undecided are counted already.
	again bool
}

// newSieve compiles where over batches of cols, the first keep of which come out.
func newSieve(where query.Expr, cols []*query.Column, keep int, undecided *int64) (*sieve, error) {
	prog, err := eval.Compile([]query.Expr{where}, cols)
	if err != nil {
		return nil, err
	}
	s := &sieve{prog: prog, undecided: undecided}
	types := make([]value.Type, keep)
	for i := range types {
		types[i] = cols[i].Col.Type
	}
	s.out = value.NewBatch(types...)
	return s, nil
}

// sift returns the rows that stay, in a batch that the next call fills again; its content may be exchanged.
func (s *sieve) sift(b *value.Batch) (*value.Batch, error) {
	truth, err := s.prog.RunTruth(b)
	if err != nil {
		return nil, err
	}
	s.out.Clear()
	for i := nextSet(truth[0].Undecided, 0, b.N); i < b.N && !s.again; i = nextSet(truth[0].Undecided, i+1, b.N) {
		*s.undecided++
	}
	for i := nextSet(truth[0].True, 0, b.N); i < b.N; i = nextSet(truth[0].True, i+1, b.N) {
		for c := range s.out.Cols {
			s.out.Cols[c].AppendFrom(&b.Cols[c], i)
		}
		s.out.N++
	}
	return s.out, nil
}

// sifted is a stream without the rows that a sieve leaves out.
type sifted struct {
	rows  connectors.Rows
	sieve *sieve
}

// Next implements connectors.Rows.
func (s *sifted) Next(ctx context.Context) (*value.Batch, error) {
	for {
		b, err := s.rows.Next(ctx)
		if b == nil || err != nil {
			return nil, err
		}
		if b, err = s.sieve.sift(b); err != nil || b.N > 0 {
			return b, err
		}
	}
}

// Close implements connectors.Rows.
func (s *sifted) Close() error { return s.rows.Close() }
