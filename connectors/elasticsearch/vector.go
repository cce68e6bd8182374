package elasticsearch

import (
	"math"
	"slices"

	"github.com/assay-dev/assay/connectors/value"
)

// resetVector empties v for rows values of type t, keeping its memory.
func resetVector(v *value.Vector, t value.Type, rows int) {
	words := value.Words(rows)
	v.Type, v.N = t, 0
	v.Nulls, v.Errs = resetBits(v.Nulls, words), resetBits(v.Errs, words)
	v.Bools, v.Ints, v.Nanos, v.Uints = v.Bools[:0], v.Ints[:0], v.Nanos[:0], v.Uints[:0]
	v.Floats, v.Decs, v.Data, v.Lists = v.Floats[:0], v.Decs[:0], v.Data[:0], v.Lists[:0]
	v.Offs = v.Offs[:0]
	// Room for all rows at once: a batch that was handed on has left none.
	switch t.Kind {
	case value.Int:
		v.Ints = slices.Grow(v.Ints, rows)
	case value.Timestamp:
		v.Ints, v.Nanos = slices.Grow(v.Ints, rows), slices.Grow(v.Nanos, rows)
	case value.Uint:
		v.Uints = slices.Grow(v.Uints, rows)
	case value.Double:
		v.Floats = slices.Grow(v.Floats, rows)
	case value.Decimal:
		v.Decs = slices.Grow(v.Decs, rows)
	case value.String, value.Bytes, value.JSON:
		v.Offs = append(slices.Grow(v.Offs, rows+1), 0)
	}
}

func resetBits(b value.Bitmap, words int) value.Bitmap {
	if cap(b) < words {
		return make(value.Bitmap, words)
	}
	b = b[:words]
	clear(b)
	return b
}

// appendParsed appends p, read by codec c, to v.
func appendParsed(v *value.Vector, c codec, p parsed) {
	switch {
	case p.null:
		v.Nulls.Set(v.N)
	case p.bad:
		v.Errs.Set(v.N)
	}
	switch c {
	case codecBool:
		v.Bools = append(v.Bools, p.b)
	case codecInt:
		v.Ints = append(v.Ints, p.i)
	case codecUint:
		v.Uints = append(v.Uints, p.u)
	case codecDouble:
		v.Floats = append(v.Floats, p.f)
	case codecDecimal:
		v.Decs = append(v.Decs, p.d)
	case codecTime:
		v.Ints = append(v.Ints, p.t.Unix())
		v.Nanos = append(v.Nanos, int32(p.t.Nanosecond())) // #nosec G115 -- under 1e9
	default:
		v.Data = append(v.Data, p.text...)
		v.Offs = append(v.Offs, textEnd(v.Data))
	}
	v.N++
}

// appendValue appends a single value of v's type, null included.
func appendValue(v *value.Vector, x value.Value) {
	null := x.IsNull()
	if null {
		v.Nulls.Set(v.N)
	}
	switch v.Type.Kind {
	case value.Bool:
		v.Bools = append(v.Bools, x.Bool())
	case value.Int, value.Duration:
		v.Ints = append(v.Ints, x.Int())
	case value.Uint:
		v.Uints = append(v.Uints, x.Uint())
	case value.Double:
		v.Floats = append(v.Floats, x.Double())
	case value.Decimal:
		v.Decs = append(v.Decs, x.Decimal())
	case value.Timestamp, value.LocalTimestamp:
		t := x.Time()
		v.Ints, v.Nanos = append(v.Ints, t.Unix()), append(v.Nanos, int32(t.Nanosecond())) // #nosec G115 -- under 1e9
	case value.List:
		v.Lists = append(v.Lists, x.List())
	default:
		v.Data = append(v.Data, x.Str()...)
		v.Offs = append(v.Offs, textEnd(v.Data))
	}
	v.N++
}

// textEnd is the offset behind the last text. A batch holds far less than its bound.
func textEnd(data []byte) uint32 {
	return uint32(min(len(data), math.MaxUint32)) // #nosec G115 -- bounded
}
