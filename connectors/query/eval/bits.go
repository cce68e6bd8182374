package eval

import (
	"math/bits"

	"github.com/assay-dev/assay/connectors/value"
)

// tailMask returns the valid bits of the last word of n bits.
func tailMask(n int) uint64 {
	if r := uint(n) & 63; r != 0 {
		return 1<<r - 1
	}
	return ^uint64(0)
}

// maskTail clears the bits from n on.
func maskTail(b value.Bitmap, n int) {
	if len(b) > 0 && n > 0 {
		b[len(b)-1] &= tailMask(n)
	}
}

// zeroed returns buf with n bits, all clear.
func zeroed(buf *value.Bitmap, n int) value.Bitmap {
	b := sized(buf, n)
	clear(b)
	return b
}

// sized returns buf with room for n bits, of any content.
func sized(buf *value.Bitmap, n int) value.Bitmap {
	w := value.Words(n)
	if cap(*buf) < w {
		*buf = make(value.Bitmap, w)
	}
	*buf = (*buf)[:w]
	return *buf
}

// filled returns buf with n bits, all set.
func filled(buf *value.Bitmap, n int) value.Bitmap {
	b := sized(buf, n)
	for i := range b {
		b[i] = ^uint64(0)
	}
	maskTail(b, n)
	return b
}

// word returns word i of b, 0 where b is nil.
func word(b value.Bitmap, i int) uint64 {
	if b == nil {
		return 0
	}
	return b[i]
}

// orInto sets dst |= src; src may be nil.
func orInto(dst, src value.Bitmap) {
	if src == nil {
		return
	}
	src = src[:len(dst)]
	for i := range dst {
		dst[i] |= src[i]
	}
}

// andNotInto sets dst &^= src; src may be nil.
func andNotInto(dst, src value.Bitmap) {
	if src == nil {
		return
	}
	src = src[:len(dst)]
	for i := range dst {
		dst[i] &^= src[i]
	}
}

// invert sets b = ^b within n bits.
func invert(b value.Bitmap, n int) {
	for i := range b {
		b[i] = ^b[i]
	}
	maskTail(b, n)
}

func anySet(b value.Bitmap) bool {
	for _, w := range b {
		if w != 0 {
			return true
		}
	}
	return false
}

// count returns the number of set bits.
func count(b value.Bitmap) int64 {
	n := 0
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return int64(n)
}

// pack sets out to the bits of bools.
func pack(out value.Bitmap, bools []bool) {
	n := len(bools)
	i := 0
	for ; i+64 <= n; i += 64 {
		a := (*[64]bool)(bools[i : i+64])
		var m uint64
		for j, t := range a {
			m |= b2u(t) << (uint(j) & 63)
		}
		out[i>>6] = m
	}
	if i < n {
		var m uint64
		for j, t := range bools[i:] {
			m |= b2u(t) << (uint(j) & 63)
		}
		out[i>>6] = m
	}
}

// unpack sets bools to the bits of in.
func unpack(bools []bool, in value.Bitmap) {
	for i := range bools {
		bools[i] = in[i>>6]>>(uint(i)&63)&1 != 0
	}
}

func b2u(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}
