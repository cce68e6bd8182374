package elasticsearch

import (
	"encoding/json"
	"errors"

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

// decode reads documents, together where all can be read.
func (r *reading) decode(docs []*connectors.Document) ([]decodedRow, error) {
	fields := append(append([]*field(nil), r.key...), r.cols...)
	hits := make([]hit, len(docs))
	for i, d := range docs {
		id, err := json.Marshal(d.ID)
		if err != nil {
			return nil, &connectors.Error{Op: r.op, Err: err}
		}
		hits[i] = hit{id: id, source: d.Source}
	}
	var b value.Batch
	err := newDecoder(fields, r.types).batch(&b, hits, true, -1)
	if errors.Is(err, errSeveral) {
		return r.decodeApart(fields, docs, hits)
	}
	if err != nil {
		return nil, &connectors.Error{Op: r.op, Err: err}
	}
	out := make([]decodedRow, len(docs))
	for i := range docs {
		row := b.Row(i)
		out[i] = decodedRow{doc: docs[i], key: keyText(row[:len(r.key)]), parts: row[:len(r.key)], values: row[len(r.key):]}
		for c := range r.cols {
			if b.Cols[len(r.key)+c].IsErr(i) {
				out[i].mark(c)
			}
		}
	}
	return out, nil
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
			case err != nil && (inKey || !errors.Is(err, errSeveral)):
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
