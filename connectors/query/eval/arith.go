package eval

import (
	"math"
	"math/bits"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// arithmetic finds the kernel of +, -, *, /, %, negation and abs by the operands' kinds.
func (c *compiler) arithmetic(op query.Op, args []*node) (value.Type, []*node, kernel, error) {
	none := func(err error) (value.Type, []*node, kernel, error) { return value.Type{}, nil, nil, err }
	if len(args) == 1 {
		k := unaryKernel(op, args[0].typ.Kind)
		if k == nil {
			return none(mismatch(op, args))
		}
		return args[0].typ, args, k, nil
	}
	ka, kb := args[0].typ.Kind, args[1].typ.Kind
	if ka != kb && isNumber(ka) && isNumber(kb) && (ka == value.Decimal || kb == value.Decimal) {
		ds, err := c.toDecimals(args)
		if err != nil {
			return none(err)
		}
		return value.Of(value.Decimal), ds, decKernel(op), nil
	}
	if ka != kb {
		if k, typ := mixedTimeKernel(op, args); k != nil {
			return typ, args, k, nil
		}
		return none(mismatch(op, args))
	}
	typ := args[0].typ
	var k kernel
	switch ka {
	case value.Int:
		k = intKernel(op)
	case value.Uint:
		k = uintKernel(op)
	case value.Double:
		k = doubleKernel(op)
	case value.Decimal:
		k = decKernel(op)
	case value.Duration:
		if op == query.OpAdd || op == query.OpSub {
			k = intKernel(op)
		}
	case value.String, value.Bytes:
		if op == query.OpAdd {
			k = concatKernel
		}
	case value.Timestamp, value.LocalTimestamp:
		if op == query.OpSub {
			k, typ = timeDiffKernel, value.Of(value.Duration)
		}
	default:
	}
	if k == nil {
		return none(mismatch(op, args))
	}
	return typ, args, k, nil
}

// Each checked operation returns false where CEL has an overflow or a division by zero.

func addInt(x, y int64) (int64, bool) {
	z := x + y
	return z, (z > x) == (y > 0)
}

func subInt(x, y int64) (int64, bool) {
	z := x - y
	return z, (z < x) == (y > 0)
}

func mulInt(x, y int64) (int64, bool) {
	// Half of the operands fit in 32 bits: no division, no 128-bit product.
	if int64(int32(x)) == x && int64(int32(y)) == y { //nolint:gosec // tests the range
		return x * y, true
	}
	if x == 0 || y == 0 {
		return 0, true
	}
	z := x * y
	if x == -1 && y == math.MinInt64 || y == -1 && x == math.MinInt64 || z/y != x {
		return 0, false
	}
	return z, true
}

func divInt(x, y int64) (int64, bool) {
	if y == 0 || x == math.MinInt64 && y == -1 {
		return 0, false
	}
	return x / y, true
}

func modInt(x, y int64) (int64, bool) {
	if y == 0 || x == math.MinInt64 && y == -1 {
		return 0, false
	}
	return x % y, true
}

func addUint(x, y uint64) (uint64, bool) { z := x + y; return z, z >= x }
func subUint(x, y uint64) (uint64, bool) { return x - y, y <= x }
func mulUint(x, y uint64) (uint64, bool) { hi, lo := bits.Mul64(x, y); return lo, hi == 0 }

func divUint(x, y uint64) (uint64, bool) {
	if y == 0 {
		return 0, false
	}
	return x / y, true
}

func modUint(x, y uint64) (uint64, bool) {
	if y == 0 {
		return 0, false
	}
	return x % y, true
}

func intKernel(op query.Op) kernel {
	return pairwiseChecked(ints, map[query.Op]func(x, y int64) (int64, bool){
		query.OpAdd: addInt, query.OpSub: subInt, query.OpMul: mulInt, query.OpDiv: divInt, query.OpMod: modInt,
	}[op])
}

func uintKernel(op query.Op) kernel {
	return pairwiseChecked(uints, map[query.Op]func(x, y uint64) (uint64, bool){
		query.OpAdd: addUint, query.OpSub: subUint, query.OpMul: mulUint, query.OpDiv: divUint, query.OpMod: modUint,
	}[op])
}

func doubleKernel(op query.Op) kernel {
	return pairwise(floats, map[query.Op]func(x, y float64) float64{
		query.OpAdd: func(x, y float64) float64 { return x + y },
		query.OpSub: func(x, y float64) float64 { return x - y },
		query.OpMul: func(x, y float64) float64 { return x * y },
		query.OpDiv: func(x, y float64) float64 { return x / y },
	}[op])
}

func decKernel(op query.Op) kernel {
	switch op {
	case query.OpDiv:
		return pairwiseChecked(decs, value.Dec.Quo)
	case query.OpMod:
		return pairwiseChecked(decs, value.Dec.Rem)
	}
	return pairwise(decs, map[query.Op]func(x, y value.Dec) value.Dec{
		query.OpAdd: value.Dec.Add, query.OpSub: value.Dec.Sub, query.OpMul: value.Dec.Mul,
	}[op])
}

// negChecked and absChecked overflow at the minimum.
func negChecked(x int64) (int64, bool) { return -x, x != math.MinInt64 }
func absChecked(x int64) (int64, bool) { return max(x, -x), x != math.MinInt64 }

// unaryKernel returns negation or abs, nil where the kind has none.
func unaryKernel(op query.Op, k value.Kind) kernel {
	abs := op == query.OpAbs
	switch k {
	case value.Int, value.Duration:
		if abs {
			return elementwiseChecked(ints, ints, absChecked)
		}
		return elementwiseChecked(ints, ints, negChecked)
	case value.Double:
		if abs {
			return elementwise(floats, math.Abs)
		}
		return elementwise(floats, func(x float64) float64 { return -x })
	case value.Decimal:
		if abs {
			return elementwise(decs, value.Dec.Abs)
		}
		return elementwise(decs, value.Dec.Neg)
	case value.Uint:
		if abs {
			return elementwise(uints, func(x uint64) uint64 { return x })
		}
	default:
	}
	return nil
}

// concatKernel is + of String or Bytes.
func concatKernel(nd *node, n int) {
	e := nd.strict(n)
	a, b := nd.args[0], nd.args[1]
	nd.beginText(n)
	for i := range n {
		if !e.Get(i) {
			nd.vec.Data = append(append(nd.vec.Data, a.bytesAt(i)...), b.bytesAt(i)...)
		}
		nd.endText()
	}
}
