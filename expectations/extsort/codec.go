package extsort

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/assay-dev/assay/connectors/value"
)

// errBlock is a spill file that does not hold what was written.
var errBlock = errors.New("read sorted rows: the file is damaged")

// A block is the number of rows and then its columns. A column is one byte of flags, its bitmaps (those that it has), and its values,
// integers as varints; the values under a null or error bit are whatever stood there.
const (
	flagNulls = 1 << iota
	flagErrs
)

// appendBatch appends the rows of b.
func appendBatch(dst []byte, b *value.Batch) []byte {
	dst = binary.AppendUvarint(dst, uint64(b.N)) //nolint:gosec // not negative
	for i := range b.Cols {
		dst = appendVector(dst, &b.Cols[i], b.N)
	}
	return dst
}

func appendVector(dst []byte, v *value.Vector, n int) []byte {
	flags := byte(0)
	if v.Nulls != nil {
		flags |= flagNulls
	}
	if v.Errs != nil {
		flags |= flagErrs
	}
	dst = append(dst, flags)
	for _, m := range [2]value.Bitmap{v.Nulls, v.Errs} {
		if m != nil {
			for _, w := range m[:value.Words(n)] {
				dst = binary.LittleEndian.AppendUint64(dst, w)
			}
		}
	}
	switch v.Type.Kind {
	case value.Bool:
		for _, x := range v.Bools[:n] {
			dst = appendBool(dst, x)
		}
	case value.Int, value.Duration:
		for _, x := range v.Ints[:n] {
			dst = binary.AppendVarint(dst, x)
		}
	case value.Timestamp, value.LocalTimestamp:
		for i, x := range v.Ints[:n] {
			dst = binary.AppendVarint(dst, x)
			dst = binary.AppendVarint(dst, int64(v.Nanos[i]))
		}
	case value.Uint:
		for _, x := range v.Uints[:n] {
			dst = binary.AppendUvarint(dst, x)
		}
	case value.Double:
		for _, x := range v.Floats[:n] {
			dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(x))
		}
	case value.Decimal:
		for _, x := range v.Decs[:n] {
			dst = appendDec(dst, x)
		}
	case value.String, value.Bytes, value.JSON:
		for i := range n {
			dst = appendText(dst, v.Bytes(i))
		}
	case value.List:
		for _, l := range v.Lists[:n] {
			dst = appendList(dst, l)
		}
	case value.Null:
	}
	return dst
}

func appendBool(dst []byte, x bool) []byte {
	if x {
		return append(dst, 1)
	}
	return append(dst, 0)
}

func appendText[T string | []byte](dst []byte, x T) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(x)))
	return append(dst, x...)
}

// appendDec writes coefficient and scale, or where the coefficient has more than 64 bits, a scale that no small one has and the text.
func appendDec(dst []byte, d value.Dec) []byte {
	if coef, scale, ok := d.Small(); ok {
		dst = binary.AppendVarint(dst, int64(scale))
		return binary.AppendVarint(dst, coef)
	}
	dst = binary.AppendVarint(dst, -1)
	return appendText(dst, d.String())
}

func appendList(dst []byte, l []value.Value) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(l)))
	for i := range l {
		dst = appendValue(dst, l[i])
	}
	return dst
}

// appendValue writes a boxed value: its kind and its content.
func appendValue(dst []byte, x value.Value) []byte {
	dst = append(dst, byte(x.Kind()))
	switch x.Kind() {
	case value.Bool:
		dst = appendBool(dst, x.Bool())
	case value.Int:
		dst = binary.AppendVarint(dst, x.Int())
	case value.Duration:
		dst = binary.AppendVarint(dst, int64(x.Duration()))
	case value.Uint:
		dst = binary.AppendUvarint(dst, x.Uint())
	case value.Double:
		dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(x.Double()))
	case value.Decimal:
		dst = appendDec(dst, x.Decimal())
	case value.String, value.Bytes, value.JSON:
		dst = appendText(dst, x.Str())
	case value.Timestamp, value.LocalTimestamp:
		t := x.Time()
		dst = binary.AppendVarint(dst, t.Unix())
		dst = binary.AppendVarint(dst, int64(t.Nanosecond()))
	case value.List:
		dst = appendType(dst, x.Type())
		dst = appendList(dst, x.List())
	case value.Null:
	}
	return dst
}

// appendType writes the element types of a list type, innermost last.
func appendType(dst []byte, t value.Type) []byte {
	for t.Elem != nil {
		t = *t.Elem
		dst = append(dst, byte(t.Kind))
	}
	return append(dst, 0xff)
}

// reader takes a block apart. Its first failure stays.
type reader struct {
	data []byte
	bad  bool
}

func (r *reader) fail() { r.data, r.bad = nil, true }

func (r *reader) byte() byte {
	if len(r.data) == 0 {
		r.fail()
		return 0
	}
	x := r.data[0]
	r.data = r.data[1:]
	return x
}

func (r *reader) varint() int64 {
	x, n := binary.Varint(r.data)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.data = r.data[n:]
	return x
}

func (r *reader) uvarint() uint64 {
	x, n := binary.Uvarint(r.data)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.data = r.data[n:]
	return x
}

func (r *reader) word() uint64 {
	if len(r.data) < 8 {
		r.fail()
		return 0
	}
	x := binary.LittleEndian.Uint64(r.data)
	r.data = r.data[8:]
	return x
}

func (r *reader) text() []byte {
	n := r.uvarint()
	if n > uint64(len(r.data)) {
		r.fail()
		return nil
	}
	x := r.data[:n]
	r.data = r.data[n:]
	return x
}

func (r *reader) dec() value.Dec {
	scale := r.varint()
	if scale >= 0 && scale <= math.MaxInt32 {
		return value.NewDec(r.varint(), int32(scale))
	}
	d, err := value.ParseDec(string(r.text()))
	if err != nil {
		r.fail()
	}
	return d
}

// count reads the length of what has at least one byte an element, so that damage cannot ask for more than the file has.
func (r *reader) count() int {
	n := r.uvarint()
	if n > uint64(len(r.data)) {
		r.fail()
		return 0
	}
	return int(n) //nolint:gosec // at most len(data)
}

func (r *reader) list() []value.Value {
	l := make([]value.Value, r.count())
	for i := range l {
		l[i] = r.value()
	}
	return l
}

func (r *reader) value() value.Value {
	switch k := value.Kind(r.byte()); k {
	case value.Bool:
		return value.BoolValue(r.byte() != 0)
	case value.Int:
		return value.IntValue(r.varint())
	case value.Duration:
		return value.DurationValue(time.Duration(r.varint()))
	case value.Uint:
		return value.UintValue(r.uvarint())
	case value.Double:
		return value.DoubleValue(math.Float64frombits(r.word()))
	case value.Decimal:
		return value.DecimalValue(r.dec())
	case value.String:
		return value.StringValue(string(r.text()))
	case value.Bytes:
		return value.BytesValue(r.text())
	case value.JSON:
		return value.JSONValue(string(r.text()))
	case value.Timestamp:
		return value.TimestampValue(time.Unix(r.varint(), r.varint()))
	case value.LocalTimestamp:
		return value.LocalTimestampValue(time.Unix(r.varint(), r.varint()).UTC())
	case value.List:
		elem := r.elem()
		return value.ListValue(elem, r.list()...)
	case value.Null:
	default:
		r.fail()
	}
	return value.Value{}
}

// elem reads what appendType wrote: the element type of a list.
func (r *reader) elem() value.Type {
	var kinds []value.Kind
	for {
		k := r.byte()
		if k == 0xff || r.bad {
			break
		}
		kinds = append(kinds, value.Kind(k))
	}
	var t value.Type
	for i, k := range slices.Backward(kinds) {
		inner := t
		t = value.Of(k)
		if i < len(kinds)-1 {
			t.Elem = &inner
		}
	}
	return t
}
