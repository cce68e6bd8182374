package eval

import (
	"encoding/binary"
	"math"

	"github.com/assay-dev/assay/connectors/value"
)

// A cell's encoding is injective within its kind: equal bytes mean the same value,
// and the values of a tuple can be strung together. Strings and bytes are compared bytewise, decimals by value, JSON by its text;
// -0 is 0 and NaN is one value.

const (
	tagNull byte = iota
	tagErr
	tagValue
)

// appendKey appends row i of nd with its null or error.
func appendKey(dst []byte, nd *node, i int) []byte {
	switch nd.state {
	case constNull:
		return append(dst, tagNull)
	case constErr:
		return append(dst, tagErr)
	case constValue:
		i = 0
	case varying:
		if nd.errs.Get(i) {
			return append(dst, tagErr)
		}
		if nd.nulls.Get(i) {
			return append(dst, tagNull)
		}
	}
	return appendCell(append(dst, tagValue), nd, i)
}

// appendCell appends row i of nd, which has a value.
func appendCell(dst []byte, nd *node, i int) []byte {
	switch nd.typ.Kind {
	case value.Bool:
		return append(dst, byte(b2u(nd.isTrue(i)))) //nolint:gosec // 0 or 1
	case value.Int, value.Duration:
		return binary.LittleEndian.AppendUint64(dst, uint64(nd.vec.Ints[i&nd.mask()])) //nolint:gosec // bits
	case value.Uint:
		return binary.LittleEndian.AppendUint64(dst, nd.vec.Uints[i&nd.mask()])
	case value.Double:
		return appendDouble(dst, nd.vec.Floats[i&nd.mask()])
	case value.Timestamp, value.LocalTimestamp:
		dst = binary.LittleEndian.AppendUint64(dst, uint64(nd.vec.Ints[i&nd.mask()]))   //nolint:gosec // bits
		return binary.LittleEndian.AppendUint32(dst, uint32(nd.vec.Nanos[i&nd.mask()])) //nolint:gosec // bits
	case value.Decimal:
		return appendDec(dst, nd.vec.Decs[i&nd.mask()])
	case value.String, value.Bytes, value.JSON:
		b := nd.bytesAt(i)
		return append(binary.AppendUvarint(dst, uint64(len(b))), b...)
	case value.List:
		return appendValue(dst, nd.vec.Value(i&nd.mask()))
	case value.Null:
	}
	return dst
}

func appendDouble(dst []byte, f float64) []byte {
	switch {
	case f == 0:
		f = 0 // not -0
	case f != f:
		f = math.NaN()
	}
	return binary.LittleEndian.AppendUint64(dst, math.Float64bits(f))
}

// appendDec writes the canonical text, behind its length.
func appendDec(dst []byte, d value.Dec) []byte {
	at := len(dst)
	dst = d.AppendText(append(dst, 0, 0, 0, 0))
	binary.LittleEndian.PutUint32(dst[at:], uint32(len(dst)-at-4)) //nolint:gosec // a few hundred thousand digits at most
	return dst
}

// appendValue encodes a boxed value with its kind.
func appendValue(dst []byte, v value.Value) []byte {
	dst = append(dst, byte(v.Kind()))
	switch v.Kind() {
	case value.List:
		dst = binary.AppendUvarint(dst, uint64(len(v.List())))
		for _, e := range v.List() {
			dst = appendValue(dst, e)
		}
		return dst
	case value.Double:
		return appendDouble(dst, v.Double())
	case value.Decimal:
		return appendDec(dst, v.Decimal())
	default:
		b := v.AppendText(nil)
		return append(binary.AppendUvarint(dst, uint64(len(b))), b...)
	}
}

// appendNumber appends row i of nd so that equal numbers of any kinds have one encoding: for keys that refer
// to columns of another numeric kind. A double counts at its shortest decimal text. Other kinds as appendCell.
func appendNumber(dst []byte, nd *node, i int) []byte {
	switch nd.typ.Kind {
	case value.Int:
		return appendDec(dst, value.DecFromInt(nd.vec.Ints[i&nd.mask()]))
	case value.Uint:
		return appendDec(dst, value.DecFromUint(nd.vec.Uints[i&nd.mask()]))
	case value.Double:
		f := nd.vec.Floats[i&nd.mask()]
		d, err := value.DecFromFloat(f)
		if err != nil { // NaN and infinities equal no decimal
			return appendDouble(append(dst, 0xff, 0xff, 0xff, 0xff), f)
		}
		return appendDec(dst, d)
	default:
		return appendCell(dst, nd, i)
	}
}
