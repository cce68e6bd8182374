package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"sync"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

// A batch ends after batchRows rows or batchBytes of text, whichever comes first.
const (
	batchRows  = 4096
	batchBytes = 4 << 20
)

// rows streams a Select.
type rows struct {
	s      *source
	cur    *cursor
	cols   []*query.Column
	branch bool
	max    int
	batch  *value.Batch
	row    []driver.Value

	mu      sync.Mutex
	done    bool // no more rows
	filling bool // the statement is in use
	closed  bool
	err     error // ended the stream: it never looks complete
}

// Select implements connectors.Source.
func (s *source) Select(ctx context.Context, q query.Select) (connectors.Rows, error) {
	op := "read " + nameOf(q.From.Dataset)
	st, err := sqlgen.Select(s.d, q)
	if err != nil {
		return nil, &connectors.Error{Op: op, Err: err}
	}
	r, err := s.stream(ctx, op, st, q.Columns, q.BatchRows, nil)
	if err != nil {
		return nil, err
	}
	if len(q.Branches) > 1 {
		r.branch = true
		r.batch = value.NewBatch(append(r.batch.Types(), value.Of(value.Int))...)
	}
	return r, nil
}

// stream runs a statement whose first columns are cols. What the statement needs until it ends is given up by end, unless nil.
func (s *source) stream(ctx context.Context, op string, st sqlgen.Statement, cols []*query.Column, size int, end func()) (*rows, error) {
	c, err := s.run(ctx, op, st.Text, st.Args)
	if err != nil {
		return nil, err
	}
	c.over = end
	r := &rows{s: s, cur: c, cols: cols, max: size, row: make([]driver.Value, len(c.rows.Columns()))}
	if r.max <= 0 {
		r.max = batchRows
	}
	types := make([]value.Type, 0, len(cols)+1)
	for _, col := range cols {
		types = append(types, col.Col.Type)
	}
	r.batch = value.NewBatch(types...)
	return r, nil
}

// filled is what one call of fill came to.
type filled struct {
	batch *value.Batch
	err   error
}

// Next implements connectors.Rows. The driver cannot be interrupted between the rows of a statement, and a
// scan that finds little may stay there for long: so the batch is filled beside, and left to itself when
// the context ends. It stops at its next row.
func (r *rows) Next(ctx context.Context) (*value.Batch, error) {
	if more, err := r.begin(); !more {
		return nil, err
	}
	out := make(chan filled, 1)
	go func() {
		b, err := r.fill(ctx)
		r.mu.Lock()
		r.filling = false
		closed := r.closed
		r.mu.Unlock()
		if closed {
			_ = r.cur.close() // Close found the statement in use
		}
		out <- filled{b, err}
	}()
	ended := ctx
	select {
	case f := <-out:
		return f.batch, r.failed(f.err)
	case <-ctx.Done():
	case <-r.cur.ctx.Done():
		ended = r.cur.ctx
	}
	err := r.failed(wrap(ended, r.cur.op, ended.Err()))
	_ = r.Close()
	return nil, err
}

// begin takes the statement for one batch; more is false where there is none to come.
func (r *rows) begin() (more bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.err != nil:
		return false, r.err
	case r.done:
		return false, nil
	case r.closed:
		return false, &connectors.Error{Kind: connectors.Failed, Op: r.cur.op, Err: errors.New("the rows are closed")}
	}
	r.filling = true
	return true, nil
}

// failed keeps what ended the stream.
func (r *rows) failed(err error) error {
	if err != nil {
		r.mu.Lock()
		r.err = err
		r.mu.Unlock()
	}
	return err
}

// fill reads one batch.
func (r *rows) fill(ctx context.Context) (*value.Batch, error) {
	r.batch.Clear()
	bytes := 0
	for r.batch.N < r.max && bytes < batchBytes {
		ok, err := r.cur.next(ctx, r.row)
		if err != nil {
			r.end()
			return nil, err
		}
		if !ok {
			r.end()
			break
		}
		for i, c := range r.cols {
			bytes += r.s.append(&r.batch.Cols[i], c.Col.Zone, r.row[i])
		}
		if r.branch {
			r.s.append(&r.batch.Cols[len(r.cols)], "", r.row[len(r.row)-1])
		}
		r.batch.N++
	}
	if r.batch.N == 0 {
		return nil, nil
	}
	return r.batch, nil
}

// end says that the statement has no more rows.
func (r *rows) end() {
	r.mu.Lock()
	r.done = true
	r.mu.Unlock()
}

// Close implements connectors.Rows.
func (r *rows) Close() error {
	r.mu.Lock()
	r.closed = true
	filling := r.filling
	r.mu.Unlock()
	if filling {
		r.cur.cancel() // whoever fills sees it at the next row and closes
		return nil
	}
	return r.cur.close()
}

// append appends a cell in the form that decode reads and returns the bytes of text in it.
func (s *source) append(v *value.Vector, zone string, x driver.Value) int {
	return appendCell(s.cells, v, zone, x)
}

// appendCell is append with the zones in which naive times are read.
func appendCell(z *zones, v *value.Vector, zone string, x driver.Value) int {
	switch x := x.(type) {
	case nil:
		v.AppendNull()
		return 0
	case string:
		if v.Type.Kind == value.String {
			v.AppendString(x)
			return len(x)
		}
	case int64:
		if v.Type.Kind == value.Int {
			v.AppendInt(x)
			return 0
		}
	case float64:
		if v.Type.Kind == value.Double {
			v.AppendDouble(x)
			return 0
		}
	}
	c, ok := z.decodeCell(letter(v.Type.Kind), zone, x)
	if !ok {
		v.AppendErr()
		return 0
	}
	v.AppendValue(c)
	return len(c.Str())
}
