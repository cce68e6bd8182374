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

// stream reads the branches one after the other in a point in time, or the slices of the only one at the same time. Goroutines fetch the
// next pages while the caller decodes this one.
type stream struct {
	source *Source
	sel    *selection
	cancel context.CancelFunc
	ctx    context.Context //nolint:containedctx // the life of the stream is that of Select's context
	pages  chan fetched
	done   chan struct{}
	view   *view
	own    bool        // the view ends with the stream
	whole  atomic.Bool // _source is read as it was stored
	close  sync.Once
	// fetches is the number of pages that were asked for.
	fetches atomic.Int64

	decoder *decoder
	batch   value.Batch
	current fetched
	at      int  // next hit of current
	told    bool // how wide the rows are is known to the view
	err     error
}

// fetched is a page and where it belongs.
type fetched struct {
	page
	part part
	buf  *pageBuffer
	err  error
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
		pages: make(chan fetched), done: make(chan struct{}),
	}
	st.view.recall(sel.columns(), st.decoder.widths)
	st.ctx, st.cancel = context.WithCancel(ctx)
	st.whole.Store(sel.all || st.decoder.wholeSource())
	if err := st.checkGuards(ctx); err != nil {
		close(st.done)
		_ = st.Close()
		return nil, err
	}
	go st.fetchAll()
	return st, nil
}

// checkGuards asks whether the filters and the key can be trusted, in the same point in time. What holds there once holds for ever: it is asked once.
func (st *stream) checkGuards(ctx context.Context) error {
	if st.sel.guards.empty() {
		return nil
	}
	body := st.source.guardBody(st.sel)
	text, err := json.Marshal(body)
	if err != nil {
		return &connectors.Error{Op: st.sel.op, Err: err}
	}
	if st.view.holds(string(text)) {
		return nil
	}
	var p page
	if err := st.source.search(ctx, st.sel.op, st.view, body, nil, &p); err != nil {
		return err
	}
	if err := st.sel.guards.verify(st.sel.op, p.aggregations); err != nil {
		return err
	}
	st.view.held(string(text))
	return nil
}

// guardBody is the search that checks the guards of a stream.
func (s *Source) guardBody(sel *selection) map[string]any {
	body := map[string]any{"size": 0, "track_total_hits": false, "aggs": sel.guards.aggs()}
	return s.bounds(body, withFilter(sel.target.filter, nil))
}

// slicesAtOnce is the number of parts in which a stream without order is read at the same time: on one node two were nearly twice
// as fast as one, and more no faster (design/compare.md; make bench).
const slicesAtOnce = 2

// part is what one reader of a stream reads: a branch, or a slice of one.
type part struct {
	branch int
	slice  int // -1 for all of the branch
}

// parts are the readers of the stream: a slice each where rows come in no order and without end, and nothing else is read, else one for all branches.
func (sel *selection) parts() []part {
	if len(sel.branches) == 1 && sel.sort == nil && sel.branches[0].limit == 0 && !sel.beside {
		all := make([]part, slicesAtOnce)
		for i := range all {
			all[i] = part{slice: i}
		}
		return all
	}
	return []part{{slice: -1}}
}

// pageBody is the search for one page of a stream.
func (s *Source) pageBody(sel *selection, p part, size int, whole bool, after []byte) map[string]any {
	body := s.searchBody(sel, sel.branches[p.branch], size, whole)
	tie := any(map[string]any{"_shard_doc": "asc"})
	body["sort"] = append(append([]any(nil), sel.sort...), tie)
	if p.slice >= 0 {
		body["slice"] = map[string]any{"id": p.slice, "max": slicesAtOnce}
	}
	if after != nil {
		body["search_after"] = json.RawMessage(after)
	}
	return body
}

// fetchAll reads all parts, slices at the same time.
func (st *stream) fetchAll() {
	defer close(st.done)
	defer close(st.pages)
	parts := st.sel.parts()
	if len(parts) == 1 {
		st.fetchBranches()
		return
	}
	var wg sync.WaitGroup
	for _, p := range parts {
		wg.Go(func() { st.fetchPart(p, 0) })
	}
	wg.Wait()
}

// fetchBranches reads the branches one after the other; those of one number share its limit.
func (st *stream) fetchBranches() {
	left := 0 // rows still wanted of a branch with a limit
	for i, b := range st.sel.branches {
		if i == 0 || b.number != st.sel.branches[i-1].number {
			left = b.limit
		}
		if b.where.op == clauseNone || b.limit > 0 && left <= 0 {
			continue
		}
		n, ok := st.fetchPart(part{branch: i, slice: -1}, left)
		if !ok {
			return
		}
		left -= n
	}
}

// fetchPart reads a part to its end, or up to limit rows (0 for no bound), and returns how many; false when the stream is over.
func (st *stream) fetchPart(p part, limit int) (rows int, ok bool) {
	what := st.sel.columns()
	size, wanted := st.view.firstPage(what), pageBytes
	if st.sel.random != nil { // each page costs a look at all that matches
		size, wanted = firstSamplePage, samplePageBytes
	}
	var after []byte
	if st.sel.branches[p.branch].where.op == clauseNone {
		return 0, true
	}
	for {
		want := size
		if limit > 0 {
			want = min(want, limit-rows)
		}
		// Where rows are counted, and where no document is decoded, they are framed carefully.
		f := st.fetch(p, want, after, st.whole.Load(), limit == 0 && len(st.decoder.cells) > 0)
		n := len(f.hits)
		if n > 0 {
			after = bytes.Clone(f.hits[n-1].sort)
			size = nextSize(n, f.bytes, wanted)
			if st.sel.random == nil {
				st.view.learn(what, n, size)
			}
		}
		select {
		case st.pages <- f:
		case <-st.ctx.Done():
			return rows, false
		}
		if f.err != nil {
			return rows, false
		}
		rows += n
		if n < want || (limit > 0 && rows >= limit) {
			return rows, true
		}
	}
}

// nextSize is how many rows make a page of the wished number of bytes, where so many rows had so many bytes.
func nextSize(rows, size, wanted int) int {
	return max(smallestRun, min(largestPage, growth*rows, wanted*rows/max(size, 1)))
}

// fetch reads one page.
func (st *stream) fetch(p part, size int, after []byte, whole, quick bool) fetched {
	f := fetched{part: p, buf: st.view.buffer()}
	f.whole, f.quick, f.after, f.size, f.hits = whole, quick, after, size, f.buf.hits
	st.fetches.Add(1)
	body := st.source.pageBody(st.sel, p, size, whole, after)
	f.err = st.source.search(st.ctx, st.sel.op, st.view, body, &f.buf.text, &f.page)
	f.bytes = f.buf.text.Len()
	f.buf.hits = f.hits[:0]
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
	if err := st.decode(); err != nil {
		return nil, st.fail(err)
	}
	st.at += st.batch.N
	if !st.told && st.batch.N >= manyRows {
		st.told = true
		st.view.remember(st.sel.columns(), st.decoder.widths)
	}
	return &st.batch, nil
}

func (st *stream) fail(err error) error {
	st.err = err
	return err
}

// decode fills the batch with the next hits. It frames the page again where that was done too quickly, and reads it again where filtering may have
// rewritten numbers.
func (st *stream) decode() error {
	err := st.hits()
	if errors.Is(err, errJSON) && st.current.quick {
		if err = st.current.again(); err == nil { // the hits before these are as they were: their documents were whole
			err = st.hits()
		}
	}
	if errors.Is(err, errNeedRaw) {
		st.whole.Store(true)
		old := st.current
		if old.quick {
			if err := old.again(); err != nil {
				return &connectors.Error{Op: st.sel.op, Err: err}
			}
		}
		again := st.fetch(old.part, old.size, old.after, true, false)
		if again.err == nil && len(again.hits) != len(old.hits) {
			again.err = &connectors.Error{Op: st.sel.op, Err: errJSON}
		}
		if again.err != nil {
			return again.err
		}
		st.recycle()
		st.current = again
		err = st.hits()
	}
	if err != nil {
		return &connectors.Error{Op: st.sel.op, Err: err}
	}
	return nil
}

// hits decodes the next hits of the current page.
func (st *stream) hits() error {
	extra := -1
	if st.sel.numbered {
		extra = st.sel.branches[st.current.part.branch].number
	}
	end := min(st.at+st.sel.rows, len(st.current.hits))
	return st.decoder.batch(&st.batch, st.current.hits[st.at:end], st.current.whole, extra)
}

// recycle gives the buffer of the current page back.
func (st *stream) recycle() {
	if st.current.buf != nil {
		st.view.recycle(st.current.buf)
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
