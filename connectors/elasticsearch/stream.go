package elasticsearch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/value"
)

// stream reads the branches one after the other in a point in time. One goroutine fetches the next page while the caller decodes this one.
type stream struct {
	source *Source
	sel    *selection
	cancel context.CancelFunc
	ctx    context.Context //nolint:containedctx // the life of the stream is that of Select's context
	pages  chan fetched
	free   chan *bytes.Buffer
	done   chan struct{}
	view   *view
	own    bool        // the view ends with the stream
	whole  atomic.Bool // _source is read as it was stored
	close  sync.Once

	decoder *decoder
	batch   value.Batch
	current fetched
	at      int // next hit of current
	err     error
}

// fetched is a page and where it belongs.
type fetched struct {
	page
	branch int
	buf    *bytes.Buffer
	err    error
}

// stream opens a point in time, checks the guards and starts reading.
func (s *Source) stream(ctx context.Context, sel *selection) (connectors.Rows, error) {
	open := s.view
	if s.points == nil {
		open = s.point
	}
	v, err := open(ctx, sel.op, sel.target.index)
	if err != nil {
		return nil, err
	}
	st := &stream{
		source: s, sel: sel, view: v, own: s.points == nil, decoder: newDecoder(sel.fields, sel.types),
		pages: make(chan fetched), free: make(chan *bytes.Buffer, 3), done: make(chan struct{}),
	}
	st.ctx, st.cancel = context.WithCancel(ctx)
	st.whole.Store(st.decoder.wholeSource())
	for range cap(st.free) {
		st.free <- new(bytes.Buffer)
	}
	if err := st.checkGuards(ctx); err != nil {
		close(st.done)
		_ = st.Close()
		return nil, err
	}
	go st.fetchAll()
	return st, nil
}

// checkGuards asks whether the filters and the key can be trusted, in the same point in time.
func (st *stream) checkGuards(ctx context.Context) error {
	if st.sel.guards.empty() {
		return nil
	}
	var p page
	if err := st.source.search(ctx, st.sel.op, st.view, st.source.guardBody(st.sel), nil, &p); err != nil {
		return err
	}
	return st.sel.guards.verify(st.sel.op, p.aggregations)
}

// guardBody is the search that checks the guards of a stream.
func (s *Source) guardBody(sel *selection) map[string]any {
	body := map[string]any{"size": 0, "track_total_hits": false, "aggs": sel.guards.aggs()}
	return s.bounds(body, withFilter(sel.target.filter, nil))
}

// pageBody is the search for one page of a stream.
func (s *Source) pageBody(sel *selection, branch, size int, whole bool, after []byte) map[string]any {
	body := s.searchBody(sel, sel.branches[branch], size, whole)
	tie := any(map[string]any{"_shard_doc": "asc"})
	body["sort"] = append(append([]any(nil), sel.sort...), tie)
	if after != nil {
		body["search_after"] = json.RawMessage(after)
	}
	return body
}

func (st *stream) fetchAll() {
	defer close(st.done)
	defer close(st.pages)
	size := firstPage
	left := 0 // rows still wanted of a branch with a limit
	for i, b := range st.sel.branches {
		if i == 0 || b.number != st.sel.branches[i-1].number {
			left = b.limit
		}
		if b.where.op == clauseNone || b.limit > 0 && left <= 0 {
			continue
		}
		var after []byte
		for {
			want := size
			if b.limit > 0 {
				want = min(want, left)
			}
			f := st.fetch(i, want, after, st.whole.Load())
			n := len(f.hits)
			if n > 0 {
				after = bytes.Clone(f.hits[n-1].sort)
				size = nextSize(n, f.bytes)
			}
			select {
			case st.pages <- f:
			case <-st.ctx.Done():
				return
			}
			if f.err != nil {
				return
			}
			left -= n
			if n < want || (b.limit > 0 && left <= 0) {
				break
			}
		}
	}
}

// nextSize is how many rows make a page of the wished size.
func nextSize(rows, size int) int {
	return max(smallestRun, min(largestPage, pageBytes*rows/max(size, 1)))
}

// fetch reads one page.
func (st *stream) fetch(branch, size int, after []byte, whole bool) fetched {
	f := fetched{branch: branch}
	f.whole, f.after, f.size = whole, after, size
	select {
	case f.buf = <-st.free:
	default:
		f.buf = new(bytes.Buffer)
	}
	body := st.source.pageBody(st.sel, branch, size, whole, after)
	f.err = st.source.search(st.ctx, st.sel.op, st.view, body, f.buf, &f.page)
	f.bytes = f.buf.Len()
	return f
}

// Next implements connectors.Rows.
func (st *stream) Next(ctx context.Context) (*value.Batch, error) {
	if st.err != nil {
		return nil, st.err
	}
	for st.at >= len(st.current.hits) {
		st.recycle()
		select {
		case f, ok := <-st.pages:
			if !ok {
				if err := st.ctx.Err(); err != nil {
					return nil, st.fail(&connectors.Error{Op: st.sel.op, Err: err})
				}
				return nil, nil
			}
			if f.err != nil {
				return nil, st.fail(f.err)
			}
			st.current, st.at = f, 0
		case <-ctx.Done():
			return nil, st.fail(&connectors.Error{Op: st.sel.op, Err: context.Cause(ctx)})
		}
	}
	end := min(st.at+st.sel.rows, len(st.current.hits))
	if err := st.decode(end); err != nil {
		return nil, st.fail(err)
	}
	st.at = end
	return &st.batch, nil
}

func (st *stream) fail(err error) error {
	st.err = err
	return err
}

// decode fills the batch with the hits up to end; it reads the page again where filtering may have rewritten numbers.
func (st *stream) decode(end int) error {
	extra := -1
	if st.sel.numbered {
		extra = st.sel.branches[st.current.branch].number
	}
	err := st.decoder.batch(&st.batch, st.current.hits[st.at:end], st.current.whole, extra)
	if errors.Is(err, errNeedRaw) {
		st.whole.Store(true)
		old := st.current
		again := st.fetch(old.branch, old.size, old.after, true)
		if again.err == nil && len(again.hits) != len(old.hits) {
			again.err = &connectors.Error{Op: st.sel.op, Err: errJSON}
		}
		if again.err != nil {
			return again.err
		}
		st.recycle()
		st.current = again
		err = st.decoder.batch(&st.batch, st.current.hits[st.at:end], true, extra)
	}
	if err != nil {
		return &connectors.Error{Op: st.sel.op, Err: err}
	}
	return nil
}

// recycle gives the buffer of the current page back.
func (st *stream) recycle() {
	if st.current.buf != nil {
		select {
		case st.free <- st.current.buf:
		default:
		}
	}
	st.current = fetched{}
}

// Close implements connectors.Rows: it breaks the request under way and closes the point in time, unless it is a snapshot's.
func (st *stream) Close() error {
	st.close.Do(func() {
		st.cancel()
		<-st.done
		if st.own {
			st.source.forget(st.ctx, st.view)
		}
	})
	return nil
}
