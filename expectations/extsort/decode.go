package extsort

import (
	"math"

	"github.com/assay-dev/assay/connectors/value"
)

// decodeBatch fills b with the rows of a block.
func decodeBatch(data []byte, b *value.Batch) error {
	b.Clear()
	r := &reader{data: data}
	n := r.uvarint()
	if n > blockRows {
		return errBlock
	}
	for i := range b.Cols {
		r.vector(&b.Cols[i], int(n))
	}
	if r.bad || len(r.data) != 0 {
		return errBlock
	}
	b.N = int(n)
	return nil
}

// bits reads a bitmap into the memory of m.
func (r *reader) bits(m value.Bitmap, n int) value.Bitmap {
	m = m[:0]
	for range value.Words(n) {
		m = append(m, r.word())
	}
	return m
}

// vector appends n elements to v, which is empty: through its Append methods, so that it keeps the shape that they give it.
func (r *reader) vector(v *value.Vector, n int) {
	flags := r.byte()
	var nulls, errs value.Bitmap
	if flags&flagNulls != 0 {
		nulls = r.bits(nil, n)
	}
	if flags&flagErrs != 0 {
		errs = r.bits(nil, n)
	}
	for i := range n {
		if r.bad {
			return
		}
		r.element(v, nulls.Get(i), errs.Get(i))
	}
}

// element reads one value, whether or not it counts.
func (r *reader) element(v *value.Vector, null, failed bool) {
	// An element under a bit was written like any other and has to be read past.
	skip := null || failed
	switch v.Type.Kind {
	case value.Bool:
		if x := r.byte() != 0; !skip {
			v.AppendBool(x)
		}
	case value.Int, value.Duration:
		if x := r.varint(); !skip {
			v.AppendInt(x)
		}
	case value.Timestamp, value.LocalTimestamp:
		if sec, nanos := r.varint(), r.varint(); !skip {
			v.AppendTimestamp(sec, int32(nanos)) //nolint:gosec // below 1e9
		}
	case value.Uint:
		if x := r.uvarint(); !skip {
			v.AppendUint(x)
		}
	case value.Double:
		if x := math.Float64frombits(r.word()); !skip {
			v.AppendDouble(x)
		}
	case value.Decimal:
		if x := r.dec(); !skip {
			v.AppendDecimal(x)
		}
	case value.String, value.Bytes, value.JSON:
		if x := r.text(); !skip {
			v.AppendBytes(x)
		}
	case value.List:
		if x := r.list(); !skip {
			v.AppendList(x)
		}
	case value.Null:
		if !skip {
			v.AppendNull()
		}
	}
	switch {
	case failed:
		v.AppendErr()
	case null:
		v.AppendNull()
	}
}
