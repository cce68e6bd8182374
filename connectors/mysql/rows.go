package mysql

import (
	"context"
	"database/sql/driver"
	"errors"
	"sync"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/value"
)

// defaultBatchRows is the batch size where a request names none.
const defaultBatchRows = 4096

// maxBatchBytes ends a batch early, so that wide rows stay within memory.
const maxBatchBytes = 4 << 20

// rows is a stream of batches. It reuses one batch.
type rows struct {
	mu   sync.Mutex // Next against Close
	run  *running
	op   string
	dec  []decoder
	row  []driver.Value
	size int
	buf  value.Batch
	done bool
	err  error
}

var _ connectors.Rows = (*rows)(nil)

func newRows(run *running, op string, dec []decoder, size int) *rows {
	if size <= 0 {
		size = defaultBatchRows
	}
	return &rows{
		run: run, op: op, dec: dec, size: size, row: make([]driver.Value, len(dec)),
		buf: value.Batch{Cols: make([]value.Vector, len(dec))},
	}
}

// Next implements connectors.Rows.
func (r *rows) Next(ctx context.Context) (*value.Batch, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil || r.done {
		return nil, r.err
	}
	if err := ctx.Err(); err != nil {
		return nil, r.fail(context.Cause(ctx))
	}
	unwatch := r.run.during(ctx)
	defer unwatch()
	r.buf.N = 0
	for i := range r.dec {
		r.buf.Cols[i].Reset(r.dec[i].typ)
	}
	for bytes := 0; r.buf.N < r.size && bytes < maxBatchBytes; {
		ok, err := r.run.next(ctx, r.row)
		if err != nil {
			return nil, r.fail(err)
		}
		if !ok {
			r.done = true
			r.run.close()
			break
		}
		for i := range r.dec {
			if err := r.dec[i].append(&r.buf.Cols[i], r.row[i]); err != nil {
				return nil, r.fail(err)
			}
			if b, ok := r.row[i].([]byte); ok {
				bytes += len(b)
			}
		}
		r.buf.N++
	}
	if r.buf.N == 0 {
		return nil, nil //nolint:nilnil // the contract's end of rows
	}
	return &r.buf, nil
}

// fail ends the stream; every later Next returns the same error.
func (r *rows) fail(err error) error {
	r.err = wrap(r.op, err)
	r.run.close()
	return r.err
}

// Close implements connectors.Rows. It first stops the statement, so that a Next under way returns.
func (r *rows) Close() error {
	r.run.kill()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.done || r.err != nil {
		return nil
	}
	r.err = &connectors.Error{Kind: connectors.Failed, Op: r.op, Err: errors.New("the rows are closed")}
	r.run.close()
	return nil
}
