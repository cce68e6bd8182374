package files

import (
	"context"
	"errors"
	"sync"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// A batch ends after batchRows rows, batchCells cells or batchBytes of text, whichever comes first.
const (
	batchRows  = 4096
	batchCells = 1 << 18
	batchBytes = 4 << 20
)

// fileRows are the wanted columns of one file.
type fileRows interface {
	// fill appends rows until the batch has so many, or so many bytes of text were added; it reports whether there may be more.
	fill(b *value.Batch, rows, bytes int) (bool, error)
	end()
}

// rows streams a Select over the files of a dataset, one after the other.
type rows struct {
	s     *source
	here  site
	q     query.Select
	files []*file
	max   int
	left  int // rows still wanted, -1 for all
	batch *value.Batch

	mu  sync.Mutex // Close may come at any time
	cur fileRows
	err error // ended the stream: it never looks complete
	all bool  // were read
}

var errClosed = errors.New("the rows are closed")

// Select implements connectors.Source: all rows, or the first few; conditions and orders are refused.
func (s *source) Select(ctx context.Context, q query.Select) (connectors.Rows, error) {
	here := site{"read", q.From.Dataset.File}
	left := -1
	switch {
	case q.OrderByKey:
		return nil, here.failed(&query.Refusal{Reason: "files: no order"})
	case len(q.Branches) > 1, len(q.Branches) == 1 && (q.Branches[0].Where != nil || q.Branches[0].Set != nil):
		return nil, here.failed(&query.Refusal{Reason: noEngine})
	case len(q.Branches) == 1 && q.Branches[0].Limit > 0:
		left = q.Branches[0].Limit
	}
	if err := ctx.Err(); err != nil {
		return nil, here.failed(err)
	}
	list, err := s.files(here, q.From.Dataset)
	if err != nil {
		return nil, err
	}
	r := &rows{s: s, here: here, q: q, files: list, max: q.BatchRows, left: left}
	if r.max <= 0 {
		r.max = batchRows
	}
	r.max = min(r.max, max(1, batchCells/max(1, len(q.Columns))))
	types := make([]value.Type, len(q.Columns))
	for i, c := range q.Columns {
		if c.Col.Unusable != "" {
			return nil, here.malformed("column %s: %s", c.Col.Name, c.Col.Unusable)
		}
		types[i] = c.Col.Type
	}
	r.batch = value.NewBatch(types...)
	return r, r.open()
}

// open opens the next file.
func (r *rows) open() error {
	f := r.files[0]
	r.files = r.files[1:]
	var err error
	switch f.format {
	case formatParquet:
		r.cur, err = parquetRows(f, r.s.stamps, r.q)
	case formatJSONLines:
		r.cur, err = jsonRows(f, r.s.stamps, r.q)
	case formatCSV, formatTSV, formatNone:
		r.cur, err = r.s.opts.csvRows(f, r.s.stamps, r.q)
	}
	if err != nil {
		r.cur, r.files = nil, nil
	}
	return err
}

// Next implements connectors.Rows.
func (r *rows) Next(ctx context.Context) (*value.Batch, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil || r.all {
		return nil, r.err
	}
	b, err := r.next(ctx)
	if b == nil {
		r.err, r.all = err, err == nil
		r.end()
	}
	return b, err
}

func (r *rows) next(ctx context.Context) (*value.Batch, error) {
	r.batch.Clear()
	for r.cur != nil && r.left != 0 {
		if err := ctx.Err(); err != nil {
			return nil, r.here.failed(err)
		}
		n := r.max
		if r.left > 0 {
			n = min(n, r.left)
		}
		more, err := r.cur.fill(r.batch, n, batchBytes)
		if err != nil {
			return nil, err
		}
		if !more {
			r.cur.end()
			r.cur = nil
			if len(r.files) > 0 {
				if err := r.open(); err != nil {
					return nil, err
				}
			}
		}
		if r.batch.N > 0 {
			if r.left > 0 {
				r.left -= r.batch.N
			}
			return r.batch, nil
		}
	}
	return nil, nil
}

// Close implements connectors.Rows.
func (r *rows) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil && !r.all {
		r.err = r.here.failed(errClosed)
	}
	r.end()
	return nil
}

func (r *rows) end() {
	if r.cur != nil {
		r.cur.end()
		r.cur = nil
	}
	r.files = nil
}
