package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/value"
)

const (
	// defaultBatchRows is the number of rows of a batch.
	defaultBatchRows = 4096
	// maxBatchBytes ends a batch of wide rows early, so that memory stays constant.
	maxBatchBytes = 4 << 20
)

// output is one column of a result.
type output struct {
	typ  value.Type
	meta *columnMeta // of a plain column, nil otherwise
	opts decoderOptions
}

// statement is SQL with the outputs it yields. Parameters travel as text unless formats says otherwise; their types are written in the SQL.
type statement struct {
	text    string
	args    [][]byte
	formats []int16 // of the parameters: 0 text, 1 binary; nil for text
	outs    []output
	writes  bool // it changes rows and returns them
}

// rows streams one statement's result.
type rows struct {
	op     string
	secret string
	stop   context.CancelFunc // cancels the statement on the server
	ctx    context.Context    //nolint:containedctx // the life of the stream, which outlasts the call that opened it
	limit  int

	mu     sync.Mutex // held by Next and Close
	ses    *session
	reader *pgconn.ResultReader
	outs   []output
	dec    []decoder
	writes bool
	batch  *value.Batch
	seen   int64
	bytes  int64 // of all cells so far
	err    error // why there are no more rows
	done   bool
}

// query starts a statement and reads up to the description of its result.
func (s *Source) query(ctx context.Context, op string, st statement, batchRows int) (*rows, error) {
	ses, err := s.run.start(ctx, op)
	if err != nil {
		return nil, err
	}
	return s.queryOn(ctx, ses, op, st, batchRows)
}

// queryOn is query on a session, which ends with the rows.
func (s *Source) queryOn(ctx context.Context, ses *session, op string, st statement, batchRows int) (*rows, error) {
	if batchRows <= 0 {
		batchRows = defaultBatchRows
	}
	life, stop := context.WithCancel(ctx)
	r := &rows{op: op, secret: s.run.hide(), stop: stop, ctx: life, limit: batchRows, ses: ses, outs: st.outs, writes: st.writes}
	r.reader = ses.pg.ExecParams(life, st.text, st.args, nil, st.formats, []int16{1})
	if err := r.prepare(); err != nil {
		r.finish(err)
		return nil, r.err
	}
	return r, nil
}

// prepare chooses the decoders by the result's own description.
func (r *rows) prepare() error {
	fields := r.reader.FieldDescriptions()
	if fields == nil {
		if _, err := r.reader.Close(); err != nil {
			return err
		}
		if len(r.outs) != 0 {
			return errTruncated
		}
	}
	if len(fields) != len(r.outs) {
		return fmt.Errorf("the result has %d columns where %d were expected", len(fields), len(r.outs))
	}
	raw := r.ses.pg.ParameterStatus("server_encoding") == "SQL_ASCII"
	types := make([]value.Type, len(fields))
	for i, f := range fields {
		out := r.outs[i]
		out.opts.raw = raw
		fam, elem := familyOf(f.DataTypeOID, out.meta)
		if !fits(fam, out.typ) {
			return connectors.Own(fmt.Sprintf("column %q has changed its type since it was described", f.Name))
		}
		var elemType value.Type
		if out.typ.Elem != nil {
			elemType = *out.typ.Elem
		}
		d, err := newDecoder(fam, elem, elemType, out.opts)
		if err != nil {
			return fmt.Errorf("column %q: %w", f.Name, err)
		}
		r.dec = append(r.dec, d)
		types[i] = out.typ
	}
	r.batch = value.NewBatch(types...)
	return nil
}

// fits reports whether a family's decoder fills vectors of type t.
func fits(f family, t value.Type) bool {
	switch f {
	case famNone:
		return false
	case famBool:
		return t.Kind == value.Bool
	case famInt2, famInt4, famInt8, famOID, famTID:
		return t.Kind == value.Int
	case famFloat4, famFloat8:
		return t.Kind == value.Double
	case famNumeric:
		return t.Kind == value.Decimal
	case famText, famBpchar, famUUID:
		return t.Kind == value.String
	case famBytea:
		return t.Kind == value.Bytes
	case famTimestamptz, famDate:
		return t.Kind == value.Timestamp
	case famTimestamp:
		return t.Kind == value.Timestamp || t.Kind == value.LocalTimestamp
	case famTime, famInterval:
		return t.Kind == value.Duration
	case famJSON, famJSONB:
		return t.Kind == value.JSON
	case famArray:
		return t.Kind == value.List
	}
	return false
}

// Next implements connectors.Rows.
func (r *rows) Next(ctx context.Context) (*value.Batch, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.done {
		return nil, r.err
	}
	if err := ctx.Err(); err != nil {
		r.stop()
		r.finish(failure(ctx, r.op, r.secret, err))
		return nil, r.err
	}
	release := context.AfterFunc(ctx, r.stop)
	defer release()
	r.batch.Clear()
	bytes := 0
	for r.batch.N < r.limit && bytes < maxBatchBytes {
		if !r.reader.NextRow() {
			err := r.conclude()
			if err != nil && ctx.Err() != nil {
				err = failure(ctx, r.op, r.secret, err)
			}
			r.finish(err)
			break
		}
		n, err := r.append(r.reader.Values())
		if err != nil {
			r.finish(err)
			break
		}
		bytes += n
	}
	if r.done && r.err != nil || r.batch.N == 0 {
		return nil, r.err
	}
	return r.batch, nil
}

// append decodes one row and returns its size.
func (r *rows) append(cells [][]byte) (int, error) {
	if len(cells) != len(r.dec) {
		return 0, fmt.Errorf("a row of %d columns where %d were expected", len(cells), len(r.dec))
	}
	size := 0
	for i, c := range cells {
		col := &r.batch.Cols[i]
		if c == nil {
			col.AppendNull()
			continue
		}
		size += len(c)
		if err := r.dec[i](col, c); err != nil {
			return 0, fmt.Errorf("column %d: %w", i+1, err)
		}
	}
	r.batch.N++
	r.seen++
	r.bytes += int64(size)
	return size, nil
}

// conclude reads the end of the result: only the server's own count of what it sent says that it is whole.
func (r *rows) conclude() error {
	tag, err := r.reader.Close()
	if err != nil {
		return err
	}
	if tag.Select() == r.writes || tag.RowsAffected() != r.seen {
		return &connectors.Error{Kind: connectors.Lost, Op: r.op, Err: errTruncated}
	}
	return nil
}

// finish ends the stream for the cause err, nil at its regular end. The lock is held.
func (r *rows) finish(err error) {
	if r.done {
		return
	}
	r.done = true
	// The error is sorted before stop makes every cause look like a cancellation.
	r.err = failure(r.ctx, r.op, r.secret, err)
	if err != nil {
		r.stop()
		_, _ = r.reader.Close() // drains what was under way; the cause is known
	}
	r.ses.end(err == nil)
	r.stop()
}

// ended reports whether the result was read to its regular end.
func (r *rows) ended() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.done && r.err == nil
}

// Close implements connectors.Rows.
func (r *rows) Close() error {
	r.stop() // a Next that is under way returns
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.done {
		r.finish(errClosed)
		r.err = &connectors.Error{Kind: connectors.Failed, Op: r.op, Err: errClosed}
	}
	return nil
}

// all reads a result of few rows whole.
func (s *Source) all(ctx context.Context, op string, st statement) (*value.Batch, error) {
	r, err := s.query(ctx, op, st, 0)
	if err != nil {
		return nil, err
	}
	return r.drain(ctx)
}

// drain reads a result of few rows whole and closes it.
func (r *rows) drain(ctx context.Context) (out *value.Batch, err error) {
	defer func() { err = errors.Join(err, r.Close()) }()
	for {
		b, err := r.Next(ctx)
		if err != nil {
			return nil, err
		}
		if b == nil {
			break
		}
		if out == nil {
			out = b.Clone()
			continue
		}
		for i := range b.N {
			out.AppendRowFrom(b, i)
		}
	}
	if out == nil {
		out = value.NewBatch(r.batch.Types()...)
	}
	return out, nil
}
