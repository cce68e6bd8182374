package elasticsearch

import (
	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/value"
)

// decodedRow is what a document says of the key and the columns of a target.
type decodedRow struct {
	doc    *connectors.Document
	key    string
	parts  []value.Value // of the key
	values []value.Value
	errs   []bool // nil for none
}

// cells are what documents say of the key and the columns of a target, the key first.
type cells struct {
	docs []*connectors.Document
	keys int
	b    value.Batch
	rows []decodedRow // instead of the batch where documents had to be read one by one
}

// cells reads documents, together where all can be read.
func (r *reading) cells(docs []*connectors.Document) (*cells, error) {
	fields := append(append([]*field(nil), r.key...), r.cols...)
	hits := make([]hit, len(docs))
	for i, d := range docs {
		hits[i] = hit{id: appendText(nil, d.ID), source: d.Source}
	}
	out := &cells{docs: docs, keys: len(r.key)}
	err := newDecoder(fields, r.types).batch(&out.b, hits, true, -1)
	if isSeveral(err) {
		out.rows, err = r.decodeApart(fields, docs, hits)
		return out, err
	}
	if err != nil {
		return nil, &connectors.Error{Op: r.op, Err: err}
	}
	return out, nil
}

// decode reads documents as rows.
func (r *reading) decode(docs []*connectors.Document) ([]decodedRow, error) {
	c, err := r.cells(docs)
	if err != nil {
		return nil, err
	}
	out := make([]decodedRow, len(docs))
	for i := range docs {
		out[i] = c.row(i)
	}
	return out, nil
}

// row is a document as a row.
func (c *cells) row(i int) decodedRow {
	if c.rows != nil {
		return c.rows[i]
	}
	row := c.b.Row(i)
	out := decodedRow{doc: c.docs[i], key: keyText(row[:c.keys]), parts: row[:c.keys], values: row[c.keys:]}
	for n := range out.values {
		if c.b.Cols[c.keys+n].IsErr(i) {
			out.mark(n)
		}
	}
	return out
}

// is reports whether a document says v of a part of the key or, behind these, of a column; bad that what it says cannot be represented.
func (c *cells) is(i, cell int, v value.Value) (same, bad bool) {
	if c.rows != nil {
		if cell < c.keys {
			return value.Equal(c.rows[i].parts[cell], v), false
		}
		n := cell - c.keys
		return value.Equal(c.rows[i].values[n], v), c.rows[i].errs != nil && c.rows[i].errs[n]
	}
	col := &c.b.Cols[cell]
	switch {
	case col.IsErr(i):
		return false, true
	case col.Type.Kind == value.String && v.Kind() == value.String: // most cells are texts: none is copied
		return !col.IsNull(i) && string(col.Bytes(i)) == v.Str(), false
	}
	return value.Equal(col.Value(i), v), false
}

// holds reports whether a document says v of all parts of the key.
func (c *cells) holds(i int, key []value.Value) bool {
	for n, v := range key {
		if same, bad := c.is(i, n, v); !same || bad {
			return false
		}
	}
	return true
}

// mark notes that a cell cannot be represented.
func (d *decodedRow) mark(c int) {
	if d.errs == nil {
		d.errs = make([]bool, len(d.values))
	}
	d.errs[c] = true
}

// decodeApart reads documents one by one and field by field: some field holds several values where one is expected, which is an error of its cell, and of the
// request where it is in the key.
func (r *reading) decodeApart(fields []*field, docs []*connectors.Document, hits []hit) ([]decodedRow, error) {
	out := make([]decodedRow, len(hits))
	for i := range hits {
		row := decodedRow{doc: docs[i], values: make([]value.Value, len(r.cols))}
		var key []value.Value
		for c, f := range fields {
			var b value.Batch
			err := newDecoder([]*field{f}, r.types[c:c+1]).batch(&b, hits[i:i+1], true, -1)
			inKey := c < len(r.key)
			switch {
			case err != nil && (inKey || !isSeveral(err)):
				return nil, &connectors.Error{Op: r.op, Err: err}
			case err != nil:
				row.mark(c - len(r.key))
			case inKey:
				key = append(key, b.Cols[0].Value(0))
			default:
				row.values[c-len(r.key)] = b.Cols[0].Value(0)
				if b.Cols[0].IsErr(0) {
					row.mark(c - len(r.key))
				}
			}
		}
		row.key, row.parts = keyText(key), key
		out[i] = row
	}
	return out, nil
}
