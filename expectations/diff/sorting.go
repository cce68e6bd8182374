package diff

import (
	"context"
	"errors"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/extsort"
)

// sorting is a stream that is read whole and sorted before its first row comes.
type sorting struct {
	in   *input
	from connectors.Rows
	rows connectors.Rows // in order, once they are
	// spilled counts the bytes written to files.
	spilled *int64
	pool    *extsort.Pool // nil for none
}

// sorter returns one for the side's rows.
func (in *input) sorter(pool *extsort.Pool) *extsort.Sorter {
	types := make([]value.Type, in.keep)
	for i := range types {
		types[i] = in.cols[i].Col.Type
	}
	return extsort.New(types, extsort.Options{
		MemoryBytes: in.memory, TempDir: in.dir, Pool: pool,
		Order: func(a *value.Batch, i int, b *value.Batch, j int) int {
			return in.key.compare(a, in.side, i, b, in.side, j)
		},
	})
}

// Next implements connectors.Rows.
func (s *sorting) Next(ctx context.Context) (*value.Batch, error) {
	if s.rows == nil {
		if err := s.sort(ctx); err != nil {
			return nil, err
		}
	}
	return s.rows.Next(ctx)
}

// sort reads everything.
func (s *sorting) sort(ctx context.Context) error {
	sorter := s.in.sorter(s.pool)
	rows, err := s.drain(ctx, sorter)
	*s.spilled += sorter.Spilled()
	if err != nil {
		return errors.Join(err, sorter.Close())
	}
	s.rows = rows
	return nil
}

func (s *sorting) drain(ctx context.Context, sorter *extsort.Sorter) (connectors.Rows, error) {
	for {
		b, err := s.from.Next(ctx)
		if err != nil {
			return nil, err
		}
		if b == nil {
			// What is read is on its way out of memory and of the server.
			if err := s.from.Close(); err != nil {
				return nil, err
			}
			return sorter.Sort(ctx)
		}
		if err := s.in.key.represented(b, s.in.side); err != nil {
			return nil, err
		}
		if err := sorter.Add(ctx, b); err != nil {
			return nil, err
		}
	}
}

// Close implements connectors.Rows. It must not be called while Next is under way.
func (s *sorting) Close() error {
	err := s.from.Close()
	if s.rows != nil {
		err = errors.Join(err, s.rows.Close())
	}
	return err
}
