package value

import "time"

// Reset empties v and makes it a vector of type t that the Append methods fill.
// Buffers are kept, so that a vector that is reset and filled again allocates
// nothing once it has grown.
func (v *Vector) Reset(t Type) {
	v.Type, v.N = t, 0
	v.Nulls, v.Errs = nil, nil
	v.Bools, v.Ints, v.Nanos = v.Bools[:0], v.Ints[:0], v.Nanos[:0]
	v.Uints, v.Floats, v.Decs = v.Uints[:0], v.Floats[:0], v.Decs[:0]
	v.Offs, v.Data = v.Offs[:0], v.Data[:0]
	v.Lists = v.Lists[:0]
	switch t.Kind {
	case String, Bytes, JSON:
		v.Offs = append(v.Offs, 0)
	default:
	}
}

// mark sets bit i of a bitmap that is nil while it is empty, taking memory from spare.
func mark(b, spare *Bitmap, i int) {
	if *b == nil {
		*b = (*spare)[:0]
	}
	for len(*b) <= i>>6 {
		*b = append(*b, 0)
	}
	*spare = *b
	b.Set(i)
}

// next counts the element just appended and keeps the bitmaps long enough.
func (v *Vector) next() {
	v.N++
	if v.Nulls != nil && len(v.Nulls) < Words(v.N) {
		v.Nulls = append(v.Nulls, 0)
		v.spareNulls = v.Nulls
	}
	if v.Errs != nil && len(v.Errs) < Words(v.N) {
		v.Errs = append(v.Errs, 0)
		v.spareErrs = v.Errs
	}
}

// appendZero appends an element that no one may look at.
func (v *Vector) appendZero() {
	switch v.Type.Kind {
	case Bool:
		v.Bools = append(v.Bools, false)
	case Int, Duration:
		v.Ints = append(v.Ints, 0)
	case Timestamp, LocalTimestamp:
		v.Ints, v.Nanos = append(v.Ints, 0), append(v.Nanos, 0)
	case Uint:
		v.Uints = append(v.Uints, 0)
	case Double:
		v.Floats = append(v.Floats, 0)
	case Decimal:
		v.Decs = append(v.Decs, Dec{})
	case String, Bytes, JSON:
		v.Offs = append(v.Offs, v.end())
	case List:
		v.Lists = append(v.Lists, nil)
	case Null:
	}
	v.next()
}

// MaxData is the most bytes of text that one vector holds: offsets have 32 bits.
const MaxData = 1<<32 - 1

// end returns the offset behind Data; builders keep batches far below MaxData.
func (v *Vector) end() uint32 { return uint32(len(v.Data)) } //nolint:gosec // see MaxData

// AppendNull appends a null.
func (v *Vector) AppendNull() {
	v.appendZero()
	mark(&v.Nulls, &v.spareNulls, v.N-1)
}

// AppendErr appends an element that could not be computed or represented.
func (v *Vector) AppendErr() {
	v.appendZero()
	mark(&v.Errs, &v.spareErrs, v.N-1)
}

// AppendBool appends to a Bool vector.
func (v *Vector) AppendBool(b bool) { v.Bools = append(v.Bools, b); v.next() }

// AppendInt appends to an Int vector, or nanoseconds to a Duration vector.
func (v *Vector) AppendInt(i int64) { v.Ints = append(v.Ints, i); v.next() }

// AppendUint appends to a Uint vector.
func (v *Vector) AppendUint(u uint64) { v.Uints = append(v.Uints, u); v.next() }

// AppendDouble appends to a Double vector.
func (v *Vector) AppendDouble(f float64) { v.Floats = append(v.Floats, f); v.next() }

// AppendDecimal appends to a Decimal vector.
func (v *Vector) AppendDecimal(d Dec) { v.Decs = append(v.Decs, d); v.next() }

// AppendString appends to a String vector, or the text of a document to a JSON vector.
func (v *Vector) AppendString(s string) {
	v.Data = append(v.Data, s...)
	v.Offs = append(v.Offs, v.end())
	v.next()
}

// AppendBytes appends a copy of b to a String, Bytes or JSON vector.
func (v *Vector) AppendBytes(b []byte) {
	v.Data = append(v.Data, b...)
	v.Offs = append(v.Offs, v.end())
	v.next()
}

// AppendTimestamp appends to a Timestamp or LocalTimestamp vector: Unix seconds
// and the nanoseconds within the second, 0 to 999,999,999. A time outside the years 1 to 9999 becomes an error.
func (v *Vector) AppendTimestamp(sec int64, nanos int32) {
	if sec < MinUnix || sec > MaxUnix {
		v.AppendErr()
		return
	}
	v.Ints, v.Nanos = append(v.Ints, sec), append(v.Nanos, nanos)
	v.next()
}

// AppendList appends to a List vector, which keeps the slice.
func (v *Vector) AppendList(l []Value) { v.Lists = append(v.Lists, l); v.next() }

// AppendValue appends x, which is null or of the vector's kind; any other kind becomes an error element.
func (v *Vector) AppendValue(x Value) {
	if x.kind == Null {
		v.AppendNull()
		return
	}
	if x.kind != v.Type.Kind {
		v.AppendErr()
		return
	}
	switch x.kind {
	case Bool:
		v.AppendBool(x.Bool())
	case Int, Duration:
		v.AppendInt(x.Int())
	case Timestamp, LocalTimestamp:
		v.AppendTimestamp(int64(x.num), x.nsec) //nolint:gosec // stored so
	case Uint:
		v.AppendUint(x.num)
	case Double:
		v.AppendDouble(x.Double())
	case Decimal:
		v.AppendDecimal(x.Decimal())
	case String, Bytes, JSON:
		v.AppendString(x.str)
	case List:
		v.AppendList(x.list)
	case Null:
	}
}

// AppendFrom appends element i of src, a vector of the same kind, with its null or error.
func (v *Vector) AppendFrom(src *Vector, i int) {
	switch {
	case src.Errs.Get(i):
		v.AppendErr()
		return
	case src.Nulls.Get(i):
		v.AppendNull()
		return
	}
	switch src.Type.Kind {
	case Bool:
		v.AppendBool(src.Bools[i])
	case Int, Duration:
		v.AppendInt(src.Ints[i])
	case Timestamp, LocalTimestamp:
		v.Ints, v.Nanos = append(v.Ints, src.Ints[i]), append(v.Nanos, src.Nanos[i])
		v.next()
	case Uint:
		v.AppendUint(src.Uints[i])
	case Double:
		v.AppendDouble(src.Floats[i])
	case Decimal:
		v.AppendDecimal(src.Decs[i])
	case String, Bytes, JSON:
		v.AppendBytes(src.Bytes(i))
	case List:
		v.AppendList(src.Lists[i])
	case Null:
		v.AppendNull()
	}
}

// IsNull reports whether element i is null.
func (v *Vector) IsNull(i int) bool { return v.Type.Kind == Null || v.Nulls.Get(i) }

// IsErr reports whether element i is in error.
func (v *Vector) IsErr(i int) bool { return v.Errs.Get(i) }

// Value returns element i, boxed; null for an element that is null or in error.
func (v *Vector) Value(i int) Value {
	if v.Nulls.Get(i) || v.Errs.Get(i) {
		return Value{}
	}
	switch v.Type.Kind {
	case Bool:
		return BoolValue(v.Bools[i])
	case Int:
		return IntValue(v.Ints[i])
	case Duration:
		return DurationValue(time.Duration(v.Ints[i]))
	case Timestamp, LocalTimestamp:
		return Value{kind: v.Type.Kind, num: uint64(v.Ints[i]), nsec: v.Nanos[i]} //nolint:gosec // stored so
	case Uint:
		return UintValue(v.Uints[i])
	case Double:
		return DoubleValue(v.Floats[i])
	case Decimal:
		return DecimalValue(v.Decs[i])
	case String, Bytes, JSON:
		return Value{kind: v.Type.Kind, str: string(v.Bytes(i))}
	case List:
		var elem Type
		if v.Type.Elem != nil {
			elem = *v.Type.Elem
		}
		return Value{kind: List, list: v.Lists[i], elem: elem}
	case Null:
	}
	return Value{}
}
