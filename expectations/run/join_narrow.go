package run

import (
	"context"

	"github.com/assay-dev/assay/connectors/value"
)

// A row and its partner are a row as wide as both, and one wide partner may be that of every row: so many bytes of a partner's texts, or one
// row, are in a batch at most.
const partnerBytes = 16 << 20

// usualRows is the size of a batch where its rows are not wide.
const usualRows = 4096

// atOnce is how many rows are joined with the partner in one batch.
func (p *partnerSide) atOnce() int {
	return int(min(max(partnerBytes/max(p.widest, 1), 1), usualRows))
}

// widestRow is a bound on the bytes of text that a row of b has: as if the longest texts of all columns stood in one row.
func widestRow(b *value.Batch) int64 {
	widest := int64(0)
	for c := range b.Cols {
		longest, offs := uint32(0), b.Cols[c].Offs // none where the column is no text
		for i := 1; i < len(offs); i++ {
			longest = max(longest, offs[i]-offs[i-1])
		}
		widest += int64(longest)
	}
	return widest
}

// narrowStage yields the same rows in smaller batches.
type narrowStage struct {
	in   stage
	most int // rows of a batch
	b    *value.Batch
	at   int // the first row of b that is still to come
	out  *value.Batch
}

// next implements stage.
func (s *narrowStage) next(ctx context.Context) (*value.Batch, error) {
	if s.b == nil || s.at == s.b.N {
		b, err := s.in.next(ctx)
		if b == nil || err != nil {
			return nil, err
		}
		s.b, s.at = b, 0
	}
	if s.out == nil {
		s.out = value.NewBatch(s.b.Types()...)
	}
	s.out.Clear()
	for ; s.at < s.b.N && s.out.N < s.most; s.at++ {
		s.out.AppendRowFrom(s.b, s.at)
	}
	return s.out, nil
}
