package eval

import (
	"bytes"
	"math"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// relation compares two nodes that have a value for every row (nulls and errors are the caller's).
type relation struct {
	// eq sets bit i of out where the values are equal. errs is not used.
	eq func(out, errs value.Bitmap, a, b *node, n int)
	// lt sets bit i of out where a < b; nil for types without order.
	lt func(out, errs value.Bitmap, a, b *node, n int)
	// partial says that some values have no order: NaN.
	partial bool
}

// relation finds how a and b compare. It converts operands where CEL compares by value across kinds.
func (c *compiler) relation(a, b *node) (x, y *node, r relation, err error) {
	ka, kb := a.typ.Kind, b.typ.Kind
	if ka == kb {
		return a, b, sameKind(ka), nil
	}
	if !isNumber(ka) || !isNumber(kb) {
		return a, b, relation{eq: boxedEq}, nil
	}
	switch {
	case ka == value.Decimal && kb == value.Double, ka == value.Double && kb == value.Decimal:
		return a, b, relation{eq: doubleDecEq, lt: doubleDecLt, partial: true}, nil // NaN and infinities have no decimal
	case ka == value.Decimal || kb == value.Decimal:
		ds, err := c.toDecimals([]*node{a, b})
		if err != nil {
			return nil, nil, relation{}, err
		}
		return ds[0], ds[1], sameKind(value.Decimal), nil
	case ka == value.Double || kb == value.Double:
		// cel-go rounds the integer to a double (common/types/compare.go).
		if x, err = c.conversion(query.OpToDouble, a); err != nil {
			return nil, nil, relation{}, err
		}
		if y, err = c.conversion(query.OpToDouble, b); err != nil {
			return nil, nil, relation{}, err
		}
		return x, y, sameKind(value.Double), nil
	}
	return a, b, relation{eq: intUintEq, lt: intUintLt}, nil
}

func isNumber(k value.Kind) bool {
	return k == value.Int || k == value.Uint || k == value.Double || k == value.Decimal
}

func sameKind(k value.Kind) relation {
	switch k {
	case value.Int, value.Duration:
		return relation{
			eq: func(out, _ value.Bitmap, a, b *node, n int) { eqNums(out, a.vec.Ints, b.vec.Ints, a, b, n) },
			lt: func(out, _ value.Bitmap, a, b *node, n int) { ltNums(out, a.vec.Ints, b.vec.Ints, a, b, n) },
		}
	case value.Uint:
		return relation{
			eq: func(out, _ value.Bitmap, a, b *node, n int) { eqNums(out, a.vec.Uints, b.vec.Uints, a, b, n) },
			lt: func(out, _ value.Bitmap, a, b *node, n int) { ltNums(out, a.vec.Uints, b.vec.Uints, a, b, n) },
		}
	case value.Double:
		return relation{
			eq:      func(out, _ value.Bitmap, a, b *node, n int) { eqNums(out, a.vec.Floats, b.vec.Floats, a, b, n) },
			lt:      func(out, _ value.Bitmap, a, b *node, n int) { ltNums(out, a.vec.Floats, b.vec.Floats, a, b, n) },
			partial: true,
		}
	case value.Decimal:
		return relation{eq: eachPair(decEq), lt: eachPair(decLt)}
	case value.String, value.Bytes:
		return relation{eq: textEq, lt: textLt}
	case value.Timestamp, value.LocalTimestamp:
		return relation{eq: eachPair(timeEq), lt: eachPair(timeLt)}
	case value.Bool:
		return relation{
			eq: func(out, _ value.Bitmap, a, b *node, n int) {
				for i := range out {
					x, _, _ := a.boolWord(i, full(i, n))
					y, _, _ := b.boolWord(i, full(i, n))
					out[i] = ^(x ^ y)
				}
				maskTail(out, n)
			},
			lt: func(out, _ value.Bitmap, a, b *node, n int) {
				for i := range out {
					x, _, _ := a.boolWord(i, full(i, n))
					y, _, _ := b.boolWord(i, full(i, n))
					out[i] = y &^ x
				}
				maskTail(out, n)
			},
		}
	case value.JSON, value.List, value.Null:
	}
	return relation{eq: boxedEq}
}

type number interface{ int64 | uint64 | float64 }

func eqNums[T number](out value.Bitmap, x, y []T, a, b *node, n int) {
	switch {
	case b.isConst() && !a.isConst():
		eqConst(out, x[:n], y[0])
	case a.isConst() && !b.isConst():
		eqConst(out, y[:n], x[0])
	default:
		n := sameLen(a, n)
		eqVec(out, x[:n], y[:n])
	}
}

func ltNums[T number](out value.Bitmap, x, y []T, a, b *node, n int) {
	switch {
	case b.isConst() && !a.isConst():
		ltConst(out, x[:n], y[0])
	case a.isConst() && !b.isConst():
		gtConst(out, y[:n], x[0])
	default:
		n := sameLen(a, n)
		ltVec(out, x[:n], y[:n])
	}
}

// sameLen is n, or 1 where both operands are constant.
func sameLen(a *node, n int) int {
	if a.isConst() {
		return 1
	}
	return n
}

// The loops below build one word from 64 comparisons without branches.

func eqVec[T number](out value.Bitmap, x, y []T) {
	for w := range out {
		lo, hi := w*64, min(w*64+64, len(x))
		xs := x[lo:hi]
		ys := y[lo:hi][:len(xs)]
		var m uint64
		for j := range xs {
			m |= b2u(xs[j] == ys[j]) << (uint(j) & 63)
		}
		out[w] = m
	}
}

func ltVec[T number](out value.Bitmap, x, y []T) {
	for w := range out {
		lo, hi := w*64, min(w*64+64, len(x))
		xs := x[lo:hi]
		ys := y[lo:hi][:len(xs)]
		var m uint64
		for j := range xs {
			m |= b2u(xs[j] < ys[j]) << (uint(j) & 63)
		}
		out[w] = m
	}
}

func eqConst[T number](out value.Bitmap, x []T, c T) {
	for w := range out {
		var m uint64
		for j, v := range x[w*64 : min(w*64+64, len(x))] {
			m |= b2u(v == c) << (uint(j) & 63)
		}
		out[w] = m
	}
}

func ltConst[T number](out value.Bitmap, x []T, c T) {
	for w := range out {
		var m uint64
		for j, v := range x[w*64 : min(w*64+64, len(x))] {
			m |= b2u(v < c) << (uint(j) & 63)
		}
		out[w] = m
	}
}

func gtConst[T number](out value.Bitmap, x []T, c T) {
	for w := range out {
		var m uint64
		for j, v := range x[w*64 : min(w*64+64, len(x))] {
			m |= b2u(v > c) << (uint(j) & 63)
		}
		out[w] = m
	}
}

// markNaN adds the NaNs of a Double node to errs.
func markNaN(errs value.Bitmap, a *node, n int) {
	if a.isConst() {
		if math.IsNaN(a.vec.Floats[0]) {
			for i := range errs {
				errs[i] = full(i, n)
			}
		}
		return
	}
	x := a.vec.Floats[:n]
	for w := range errs {
		var m uint64
		for j, v := range x[w*64 : min(w*64+64, len(x))] {
			m |= b2u(v != v) << (uint(j) & 63)
		}
		errs[w] |= m
	}
}

// eachPair makes a relation's loop of a test of one row.
func eachPair(test func(a, b *node, i, j int) bool) func(out, errs value.Bitmap, a, b *node, n int) {
	return func(out, _ value.Bitmap, a, b *node, n int) {
		am, bm := a.mask(), b.mask()
		for w := range out {
			var m uint64
			for i := w * 64; i < min(w*64+64, n); i++ {
				m |= b2u(test(a, b, i&am, i&bm)) << (uint(i) & 63)
			}
			out[w] = m
		}
	}
}

func decEq(a, b *node, i, j int) bool { return a.vec.Decs[i].Cmp(b.vec.Decs[j]) == 0 }
func decLt(a, b *node, i, j int) bool { return a.vec.Decs[i].Cmp(b.vec.Decs[j]) < 0 }

func timeEq(a, b *node, i, j int) bool {
	return a.vec.Ints[i] == b.vec.Ints[j] && a.vec.Nanos[i] == b.vec.Nanos[j]
}

func timeLt(a, b *node, i, j int) bool {
	if a.vec.Ints[i] != b.vec.Ints[j] {
		return a.vec.Ints[i] < b.vec.Ints[j]
	}
	return a.vec.Nanos[i] < b.vec.Nanos[j]
}

// textEq compares lengths first.
func textEq(out, _ value.Bitmap, a, b *node, n int) {
	if a.isConst() {
		a, b = b, a
	}
	if !b.isConst() || a.isConst() {
		eachPair(func(a, b *node, i, j int) bool { return bytes.Equal(a.vec.Bytes(i), b.vec.Bytes(j)) })(out, nil, a, b, n)
		return
	}
	c := string(b.vec.Bytes(0))
	offs, data := a.vec.Offs, a.vec.Data
	for w := range out {
		var m uint64
		for i := w * 64; i < min(w*64+64, n); i++ {
			lo, hi := offs[i], offs[i+1]
			if int(hi-lo) == len(c) && string(data[lo:hi]) == c {
				m |= 1 << (uint(i) & 63)
			}
		}
		out[w] = m
	}
}

func textLt(out, _ value.Bitmap, a, b *node, n int) {
	eachPair(func(a, b *node, i, j int) bool { return bytes.Compare(a.vec.Bytes(i), b.vec.Bytes(j)) < 0 })(out, nil, a, b, n)
}

// intUint orders an Int node and a Uint node, whichever comes first.
func intUint(a, b *node, i, j int) int {
	if a.typ.Kind == value.Int {
		return value.CompareIntUint(a.vec.Ints[i], b.vec.Uints[j])
	}
	return -value.CompareIntUint(b.vec.Ints[j], a.vec.Uints[i])
}

func intUintEq(out, errs value.Bitmap, a, b *node, n int) {
	eachPair(func(a, b *node, i, j int) bool { return intUint(a, b, i, j) == 0 })(out, errs, a, b, n)
}

func intUintLt(out, errs value.Bitmap, a, b *node, n int) {
	eachPair(func(a, b *node, i, j int) bool { return intUint(a, b, i, j) < 0 })(out, errs, a, b, n)
}

// boxedEq compares by value.Equal: lists, JSON, unlike kinds.
func boxedEq(out, _ value.Bitmap, a, b *node, n int) {
	clear(out)
	for i := range n {
		x, okX := a.valueAt(i)
		y, okY := b.valueAt(i)
		if okX && okY && value.Equal(x, y) {
			out.Set(i)
		}
	}
}

// doubleDec orders a Double node and a Decimal node, whichever comes first; false for NaN.
func doubleDec(a, b *node, i, j int) (int, bool) {
	if a.typ.Kind == value.Double {
		return value.CompareDoubleDec(a.vec.Floats[i], b.vec.Decs[j])
	}
	c, ok := value.CompareDoubleDec(b.vec.Floats[j], a.vec.Decs[i])
	return -c, ok
}

func doubleDecEq(out, errs value.Bitmap, a, b *node, n int) {
	eachPair(func(a, b *node, i, j int) bool {
		c, ok := doubleDec(a, b, i, j)
		return ok && c == 0
	})(out, errs, a, b, n)
}

func doubleDecLt(out, errs value.Bitmap, a, b *node, n int) {
	eachPair(func(a, b *node, i, j int) bool {
		c, ok := doubleDec(a, b, i, j)
		return ok && c < 0
	})(out, errs, a, b, n)
}
