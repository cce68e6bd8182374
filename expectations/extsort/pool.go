package extsort

import (
	"sync"

	"github.com/assay-dev/assay/connectors/value"
)

// Pool keeps batches that sorters are done with, for those that come after them: each would else grow its own, and leave it to the collector. It is for
// concurrent use, by sorters of rows of the same types.
type Pool struct {
	// Bytes bounds what is kept.
	Bytes int64

	mu    sync.Mutex
	spare []*value.Batch
	held  int64
}

// get returns an empty batch, perhaps with room in it.
func (p *Pool) get(types []value.Type) *value.Batch {
	if p != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		if n := len(p.spare); n > 0 {
			b := p.spare[n-1]
			p.spare = p.spare[:n-1]
			p.held -= room(b)
			b.Clear()
			return b
		}
	}
	return value.NewBatch(types...)
}

// put takes batches whose rows nobody needs any more.
func (p *Pool) put(done ...*value.Batch) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, b := range done {
		if size := room(b); size > 0 && p.held+size <= p.Bytes {
			p.held += size
			p.spare = append(p.spare, b)
		}
	}
}

// room is about the bytes that a batch has room for.
func room(b *value.Batch) int64 {
	n := 0
	for i := range b.Cols {
		c := &b.Cols[i]
		n += cap(c.Data) + 4*cap(c.Offs) + 8*(cap(c.Ints)+cap(c.Floats))
	}
	return int64(n)
}
