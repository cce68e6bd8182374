// Package reservoir draws rows at random from a stream that is read once.
package reservoir

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// defaultBatchRows is the number of rows of a batch that is not asked for otherwise.
const defaultBatchRows = 4096

// slack is how many rows that were dropped again are kept beside as many as are wanted, before they are cleared away.
const slack = 1024

var errClosed = errors.New("the sample is closed")

// Sample is a sample drawn from a stream: the first call of Next reads all of it (Vitter's Algorithm R). It holds the rows wanted, and for a
// time as many again. It implements connectors.Sampled.
type Sample struct {
	op   string
	from connectors.Rows
	n    int
	size int
	rand *rand.Rand
	stop context.CancelFunc
	// parent is the context of New, life ends with it or by Close.
	parent, life context.Context //nolint:containedctx // the life of the stream
	close        sync.Once
	shut         error // of the stream

	mu     sync.Mutex // held by Next and Design
	design query.SampleDesign
	store  *value.Batch
	slots  []int32 // rows of store
	read   bool
	seen   int64
	out    *value.Batch
	err    error
}

// New draws q.N rows of from, which it closes; op says in errors what is being done. The columns of from are those of q; design is as planned, and is
// brought up to date.
func New(ctx context.Context, op string, from connectors.Rows, q query.Sample, design query.SampleDesign) *Sample {
	s := &Sample{op: op, from: from, n: q.N, size: q.BatchRows, design: design, rand: rand.New(rand.NewPCG(q.Seed, 0x5a4d))} // #nosec G404 -- a sample that can be drawn again
	if s.size <= 0 {
		s.size = defaultBatchRows
	}
	s.parent = ctx
	s.life, s.stop = context.WithCancel(ctx)
	return s
}

// Design implements connectors.Sampled.
func (s *Sample) Design() query.SampleDesign {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.design
}

// Next implements connectors.Rows.
func (s *Sample) Next(ctx context.Context) (*value.Batch, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = s.over(ctx)
	}
	if s.err == nil && !s.read {
		s.err = s.readAll(ctx)
	}
	if s.err != nil {
		return nil, s.err
	}
	n := min(s.size, len(s.slots))
	if n == 0 {
		return nil, nil
	}
	s.out.Clear()
	for _, i := range s.slots[:n] {
		s.out.AppendRowFrom(s.store, int(i))
	}
	s.slots = s.slots[n:]
	return s.out, nil
}

// over is why the sample cannot go on, nil where it can.
func (s *Sample) over(ctx context.Context) error {
	err := ctx.Err()
	if err == nil {
		err = s.parent.Err()
	}
	if err == nil && s.life.Err() != nil {
		err = errClosed
	}
	if err == nil {
		return nil
	}
	return &connectors.Error{Kind: connectors.Failed, Op: s.op, Err: err}
}

// readAll fills the reservoir, puts it into an order by chance and closes the stream.
func (s *Sample) readAll(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	release := context.AfterFunc(s.life, cancel)
	defer release()
	for {
		b, err := s.from.Next(ctx)
		if err != nil {
			return err
		}
		if b == nil {
			break
		}
		s.add(b)
	}
	s.read = true
	s.rand.Shuffle(len(s.slots), func(i, j int) { s.slots[i], s.slots[j] = s.slots[j], s.slots[i] })
	if s.store == nil {
		s.store = value.NewBatch()
	}
	s.out = value.NewBatch(s.store.Types()...)
	s.design.Rows, s.design.RowsExact, s.design.Looked = s.seen, true, s.seen
	if s.seen <= int64(s.n) {
		s.design.Method = query.SampleAll
	}
	s.shutdown()
	return s.shut
}

// add offers the rows of a batch to the reservoir.
func (s *Sample) add(b *value.Batch) {
	if s.store == nil {
		s.store = value.NewBatch(b.Types()...)
	}
	for i := range b.N {
		s.seen++
		if len(s.slots) < s.n {
			s.slots = append(s.slots, int32(s.store.N)) // #nosec G115 -- at most twice the rows wanted
			s.store.AppendRowFrom(b, i)
			continue
		}
		if at := s.rand.Int64N(s.seen); at < int64(s.n) {
			s.slots[at] = int32(s.store.N) // #nosec G115 -- likewise
			s.store.AppendRowFrom(b, i)
			if s.store.N > 2*s.n+slack {
				s.compact()
			}
		}
	}
}

// compact clears rows away that were dropped again.
func (s *Sample) compact() {
	kept := value.NewBatch(s.store.Types()...)
	for i, at := range s.slots {
		s.slots[i] = int32(kept.N) // #nosec G115 -- at most the rows wanted
		kept.AppendRowFrom(s.store, int(at))
	}
	s.store = kept
}

func (s *Sample) shutdown() {
	s.close.Do(func() { s.shut = s.from.Close() })
}

// Close implements connectors.Rows.
func (s *Sample) Close() error {
	s.stop()
	s.shutdown()
	return s.shut
}
