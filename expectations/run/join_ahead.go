package run

import (
	"context"

	"golang.org/x/sync/semaphore"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/extsort"
)

// ahead reads rows in a goroutine of its own, so many bytes ahead of whoever takes them.
type ahead struct {
	rows   connectors.Rows
	limit  int64
	free   *semaphore.Weighted
	out    chan *value.Batch
	spare  chan *value.Batch
	held   *value.Batch // what was handed out last
	size   int64        // its bytes
	err    error        // set before out is closed
	cancel context.CancelFunc
}

// waiting bounds the batches that wait, beside their bytes.
const waiting = 1024

// readAhead begins to read. Whoever calls closes it.
func readAhead(ctx context.Context, rows connectors.Rows, limit int64) *ahead {
	ctx, cancel := context.WithCancel(ctx)
	limit = max(limit, 1)
	a := &ahead{
		rows: rows, limit: limit, free: semaphore.NewWeighted(limit), out: make(chan *value.Batch, waiting),
		spare: make(chan *value.Batch, 4), cancel: cancel,
	}
	go func() {
		defer close(a.out)
		a.err = a.loop(ctx)
	}()
	return a
}

func (a *ahead) loop(ctx context.Context) error {
	for {
		b, err := a.rows.Next(ctx)
		if b == nil || err != nil {
			return err
		}
		var kept *value.Batch
		select {
		case kept = <-a.spare:
		default:
			kept = value.NewBatch(b.Types()...)
		}
		*kept, *b = *b, *kept // nothing is copied
		if err := a.free.Acquire(ctx, a.bytes(kept)); err != nil {
			return context.Cause(ctx)
		}
		select {
		case a.out <- kept:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (a *ahead) bytes(b *value.Batch) int64 { return min(extsort.Size(b), a.limit) }

// next returns the next batch, valid until the next call; nil at the end. Its content may be exchanged.
func (a *ahead) next(ctx context.Context) (*value.Batch, error) {
	if a.held != nil {
		a.free.Release(a.size)
		select {
		case a.spare <- a.held:
		default:
		}
		a.held = nil
	}
	select {
	case b, ok := <-a.out:
		if !ok {
			return nil, a.err
		}
		a.held, a.size = b, a.bytes(b)
		return b, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// close ends the reading and waits for it.
func (a *ahead) close() {
	a.cancel()
	for range a.out { // until the reader has closed it
	}
	_ = a.rows.Close() // every row was read, or the error that counts was returned
}
