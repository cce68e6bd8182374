package diff

import (
	"context"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/extsort"
)

// queued bounds the pages that wait; their bytes are bounded by the reader's budget.
const queued = 256

// reader reads a side ahead of the comparison, in a goroutine of its own.
type reader struct {
	rows  connectors.Rows
	check *checker
	cut   *cutter           // watches the pages for windows, nil for none
	fail  func(error) error // names the side

	budget *budget
	limit  int64
	pages  chan *page
	free   chan *page // to be filled again: all that ever waited at a time, for a side that is read far ahead would else make each anew
	err    error      // set before pages is closed
}

// newReader returns a reader that holds about limit bytes, and at least one page.
func newReader(rows connectors.Rows, check *checker, limit int64, fail func(error) error) *reader {
	limit = max(limit, 1)
	return &reader{
		rows: rows, check: check, limit: limit, fail: fail, budget: newBudget(limit),
		pages: make(chan *page, queued), free: make(chan *page, queued),
	}
}

// run reads until the end of the rows, an error, or the end of the context.
func (r *reader) run(ctx context.Context) error {
	r.err = r.fail(r.loop(ctx))
	if r.cut != nil {
		r.cut.close()
	}
	close(r.pages)
	return r.err
}

func (r *reader) loop(ctx context.Context) error {
	for {
		if r.cut == nil { // behind rows so wide that one page takes all that may wait, the next are not even read: each copy counts
			if err := r.budget.some(ctx); err != nil {
				return err
			}
		}
		b, err := r.rows.Next(ctx)
		if b == nil || err != nil {
			return err
		}
		p := r.take(b)
		if err := r.check.check(p); err != nil {
			return err
		}
		if r.cut != nil {
			if err := r.cut.saw(ctx, p); err != nil {
				return err
			}
		}
		p.bytes = min(p.bytes, r.limit)
		if err := r.budget.take(ctx, p.bytes); err != nil {
			return err
		}
		select {
		case r.pages <- p:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// take makes a page of what b holds, and leaves b something else to fill: so that nothing is copied.
func (r *reader) take(b *value.Batch) *page {
	var p *page
	select {
	case p = <-r.free:
	default:
		p = &page{Batch: *value.NewBatch(b.Types()...)}
	}
	p.Batch, *b = *b, p.Batch
	p.bytes = extsort.Size(&p.Batch)
	return p
}

// next implements feed.
func (r *reader) next(ctx context.Context) (*page, error) {
	select {
	case p, ok := <-r.pages:
		if !ok {
			return nil, r.err
		}
		return p, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// release implements feed.
func (r *reader) release(p *page) {
	r.budget.give(p.bytes)
	if p.bytes >= r.limit {
		return // what it holds is worth more than not to make it again
	}
	select {
	case r.free <- p:
	default:
	}
}

// direct is a feed of rows that are here already, read without a goroutine of its own.
type direct struct {
	rows  connectors.Rows
	check *checker
	spare *page
}

// next implements feed.
func (d *direct) next(ctx context.Context) (*page, error) {
	b, err := d.rows.Next(ctx)
	if b == nil || err != nil {
		return nil, err
	}
	p := d.spare
	d.spare = nil
	if p == nil {
		p = &page{Batch: *value.NewBatch(b.Types()...)}
	}
	p.Batch, *b = *b, p.Batch
	return p, d.check.check(p)
}

// release implements feed.
func (d *direct) release(p *page) { d.spare = p }
