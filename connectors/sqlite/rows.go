package sqlite

import (
	"context"
	"database/sql/driver"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

// A batch ends after batchRows rows or batchBytes of text, whichever comes first.
const (
	batchRows  = 4096
	batchBytes = 16 << 20
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
	done   bool
}

// Select implements connectors.Source.
func (s *source) Select(ctx context.Context, q query.Select) (connectors.Rows, error) {
	op := "read " + nameOf(q.From.Dataset)
	st, err := sqlgen.Select(s.d, q)
	if err != nil {
		return nil, &connectors.Error{Op: op, Err: err}
	}
	c, err := s.run(ctx, op, st.Text, st.Args)
	if err != nil {
		return nil, err
	}
	r := &rows{s: s, cur: c, cols: q.Columns, branch: len(q.Branches) > 1, max: q.BatchRows, row: make([]driver.Value, len(c.rows.Columns()))}
	if r.max <= 0 {
		r.max = batchRows
	}
	types := make([]value.Type, 0, len(q.Columns)+1)
	for _, col := range q.Columns {
		types = append(types, col.Col.Type)
	}
	if r.branch {
		types = append(types, value.Of(value.Int))
	}
	r.batch = value.NewBatch(types...)
	return r, nil
}

// Next implements connectors.Rows.
func (r *rows) Next(ctx context.Context) (*value.Batch, error) {
	if r.done {
		return nil, nil
	}
	r.batch.Clear()
	bytes := 0
	for r.batch.N < r.max && bytes < batchBytes {
		ok, err := r.cur.next(ctx, r.row)
		if err != nil {
			r.done = true
			return nil, err
		}
		if !ok {
			r.done = true
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

// Close implements connectors.Rows.
func (r *rows) Close() error {
	r.done = true
	return r.cur.close()
}

// append appends a cell in the form that decode reads and returns the bytes of text in it.
func (s *source) append(v *value.Vector, zone string, x driver.Value) int {
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
	c, ok := s.cells.decodeCell(letter(v.Type.Kind), zone, x)
	if !ok {
		v.AppendErr()
		return 0
	}
	v.AppendValue(c)
	return len(c.Str())
}
