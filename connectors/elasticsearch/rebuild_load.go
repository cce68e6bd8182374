package elasticsearch

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/value"
)

// loader fills an index with new documents while its caller reads the next ones.
type loader struct {
	*correction

	shadow   string
	fields   []*field
	at       []int // column of each field in the batches that are loaded; those of the key first
	composer *composer
	parts    chan []*item
	workers  sync.WaitGroup
	cancel   context.CancelFunc
	mu       sync.Mutex
	err      error
	open     bool
	pending  []*item
	size     int
}

func newLoader(ctx context.Context, r *reading, w *client, shadow string, columns []value.Column) (*loader, error) {
	l := &loader{correction: &correction{reading: r, writer: w, pace: backoff}, shadow: shadow, parts: make(chan []*item), open: true}
	l.fields = append(slices.Clone(r.key), r.cols...)
	for _, c := range append(slices.Clone(r.target.Key), r.target.Columns...) {
		l.at = append(l.at, slices.IndexFunc(columns, func(d value.Column) bool { return d.Name == c.Name }))
	}
	for _, f := range l.fields {
		if f.constant != nil {
			return nil, r.wrong("%w", assignable(f))
		}
	}
	var err error
	if l.composer, err = r.habits.composer(l.fields); err != nil {
		return nil, r.wrong("%w", err)
	}
	ctx, l.cancel = context.WithCancel(ctx)
	for range bulksAtOnce {
		l.workers.Go(func() {
			for part := range l.parts {
				if l.failed() == nil {
					l.fail(l.send(ctx, part))
				}
			}
		})
	}
	return l, nil
}

func (l *loader) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil {
		l.err = err
	}
}

func (l *loader) failed() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// Load implements connectors.Rebuild. What could not be loaded may be told of by a later call.
func (l *loader) Load(ctx context.Context, rows *value.Batch) error {
	texts := make([][]byte, len(l.fields))
	for i := range rows.N {
		item, err := l.document(rows, i, texts)
		if err != nil {
			return err
		}
		l.pending = append(l.pending, item)
		l.size += len(item.source) + len(item.doc.ID) + 100
		if len(l.pending) < bulkItems && l.size < bulkBytes {
			continue
		}
		if err := l.flush(ctx); err != nil {
			return err
		}
	}
	return l.failed()
}

// flush hands the pending documents to whoever sends them.
func (l *loader) flush(ctx context.Context) error {
	if len(l.pending) == 0 {
		return l.failed()
	}
	part := l.pending
	l.pending, l.size = nil, 0
	select {
	case l.parts <- part:
		return l.failed()
	case <-ctx.Done():
		return &connectors.Error{Op: l.op, Err: context.Cause(ctx)}
	}
}

// document writes a row as a document.
func (l *loader) document(rows *value.Batch, i int, texts [][]byte) (*item, error) {
	key := make([]value.Value, len(l.key))
	id := ""
	for n, f := range l.fields {
		col := &rows.Cols[l.at[n]]
		if col.IsErr(i) {
			return nil, &connectors.Error{Op: l.op, Err: fmt.Errorf("a value of %s cannot be represented", f.name)}
		}
		v := col.Value(i)
		texts[n] = texts[n][:0]
		switch {
		case n < len(l.key) && v.IsNull():
			return nil, &connectors.Error{Op: l.op, Err: fmt.Errorf("a row has no %s, which is its key", f.name)}
		case v.IsNull():
			texts[n] = nil
			continue
		case n < len(l.key):
			key[n] = v
		}
		if f.name == idColumn {
			id, texts[n] = v.Str(), nil
			continue
		}
		var err error
		if texts[n], err = f.encode(texts[n], v, nil); err != nil {
			return nil, &connectors.Error{Op: l.op, Err: fmt.Errorf("field %s: %w", f.name, err)}
		}
	}
	if id == "" {
		var err error
		if id, err = l.idOf(key); err != nil {
			return nil, err
		}
	}
	doc := connectors.Document{Index: l.shadow, ID: id, Routing: l.place.routing}
	return &item{action: actionCreate, doc: doc, source: l.composer.compose(nil, texts)}, nil
}

// send makes documents. One that is there already was made by this very request when the server was too busy to say so, or there are two rows of one key.
func (l *loader) send(ctx context.Context, part []*item) error {
	if fail := l.deliverPart(ctx, part); fail != nil {
		return fail.error
	}
	for _, i := range part {
		r := i.result
		switch {
		case r.status/100 == 2:
		case r.status == http.StatusConflict && i.again:
			docs, err := l.read(ctx, []ref{{Index: i.doc.Index, ID: i.doc.ID, Routing: i.doc.Routing}})
			if err != nil {
				return err
			}
			if len(docs) != 1 || !bytes.Equal(docs[0].Source, i.source) {
				return l.twice(i)
			}
		case r.status == http.StatusConflict:
			return l.twice(i)
		default:
			return &connectors.Error{Kind: kindOf(r.status, r.kind), Op: l.op, Err: fmt.Errorf("document %q: %w", i.doc.ID, r.error(l.writer))}
		}
	}
	return nil
}

func (l *loader) twice(i *item) error {
	return &connectors.Error{Op: l.op, Err: fmt.Errorf("two rows have the key of document %q", i.doc.ID)}
}

// end waits until all is sent, or gives up.
func (l *loader) end(ctx context.Context, keep bool) error {
	if !l.open {
		return l.failed()
	}
	l.open = false
	var err error
	if keep {
		err = l.flush(ctx)
	} else {
		l.cancel()
	}
	close(l.parts)
	l.workers.Wait()
	l.cancel()
	if err == nil {
		err = l.failed()
	}
	return err
}
