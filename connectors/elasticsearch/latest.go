package elasticsearch

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/value"
)

// latest is what a source keeps of what it did last: which documents a correction wrote, which the caller mostly reads next, and how large documents were.
type latest struct {
	mu     sync.Mutex
	by     *reading
	refs   map[string]ref // by key
	chunks map[string]int // documents of one request, by index
	// lookedAt is the reading that looked last at how documents are written, and when.
	lookedAt *reading
	when     time.Time
}

// habitsLast is how long it is taken that documents are written as some were that were looked at.
const habitsLast = time.Minute

// learned keeps what a reading has learned.
func (l *latest) learned(r *reading) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lookedAt, l.when = r, time.Now()
}

// habitsOf is what another reading of the same target has learned a short while ago, nil for nothing.
func (l *latest) habitsOf(r *reading) *habits {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lookedAt == nil || time.Since(l.when) > habitsLast || !l.lookedAt.reads(r.target) || !slices.Equal(l.lookedAt.place.indices, r.place.indices) {
		return nil
	}
	return l.lookedAt.habits
}

// wrote keeps which documents a batch of changes wrote.
func (l *latest) wrote(by *reading, refs map[string]ref) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.by, l.refs = by, refs
}

// chunkOf is how many documents of an index to ask for at once.
func (l *latest) chunkOf(index string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := l.chunks[index]; n > 0 {
		return n
	}
	return firstKeys
}

func (l *latest) learn(index string, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.chunks == nil {
		l.chunks = map[string]int{}
	}
	l.chunks[index] = n
}

// rows reads rows of which all documents were written last, by their _id: no search sees them yet without a refresh, which costs more than their writing.
// It returns nil where one was not.
func (l *latest) rows(ctx context.Context, t connectors.Target, keys [][]value.Value) ([]*connectors.Row, error) {
	l.mu.Lock()
	by, known := l.by, l.refs
	l.mu.Unlock()
	if by == nil || len(keys) == 0 || !by.reads(t) {
		return nil, nil
	}
	refs := make([]ref, len(keys))
	at := make(map[string]int, len(keys))
	for i, k := range keys {
		text := keyText(k)
		one, ok := known[text]
		if _, twice := at[text]; twice || !ok {
			return nil, nil
		}
		refs[i], at[text] = one, i
	}
	r := *by
	r.chunk = l.chunkOf(r.place.name)
	docs, err := r.read(ctx, refs)
	if err != nil {
		return nil, err
	}
	found := make([][]decodedRow, len(keys))
	if err := r.sort(docs, at, found); err != nil {
		return nil, err
	}
	return rowsOf(found), nil
}

// reads reports whether the reading is of the target.
func (r *reading) reads(t connectors.Target) bool {
	same := func(a, b []value.Column) bool {
		return slices.EqualFunc(a, b, func(x, y value.Column) bool { return x.Name == y.Name && x.Type.Equal(y.Type) })
	}
	return r.target.Relation.Dataset.Index == t.Relation.Dataset.Index && same(r.target.Key, t.Key) && same(r.target.Columns, t.Columns)
}
