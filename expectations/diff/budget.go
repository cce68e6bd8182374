package diff

import (
	"context"
	"sync"
)

// budget bounds the bytes that wait between one that reads and one that compares.
type budget struct {
	mu    sync.Mutex
	free  int64
	freed chan struct{}
}

func newBudget(n int64) *budget { return &budget{free: n, freed: make(chan struct{}, 1)} }

// take waits until n bytes are free. Only one goroutine may take.
func (b *budget) take(ctx context.Context, n int64) error {
	for {
		b.mu.Lock()
		if b.free >= n {
			b.free -= n
			b.mu.Unlock()
			return nil
		}
		b.mu.Unlock()
		select {
		case <-b.freed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// some waits until a byte is free.
func (b *budget) some(ctx context.Context) error {
	if err := b.take(ctx, 1); err != nil {
		return err
	}
	b.give(1)
	return nil
}

// give gives n bytes back.
func (b *budget) give(n int64) {
	b.mu.Lock()
	b.free += n
	b.mu.Unlock()
	select {
	case b.freed <- struct{}{}:
	default: // the one that takes has been woken already
	}
}
