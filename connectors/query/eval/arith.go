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
	switch op {
	case query.OpAdd: // loops written out where speed counts most: the compiler inlines direct calls only
		return func(nd *node, n int) {
			e := nd.strict(n)
			a, b := nd.args[0], nd.args[1]
			x, y, am, bm := a.vec.Ints, b.vec.Ints, a.mask(), b.mask()
			out := grow(nd.vec.Ints, n)
			for i := range out {
				z, ok := addInt(x[i&am], y[i&bm])
				out[i] = z
				if !ok {
					e.Set(i)
				}
			}
			nd.vec.Ints = out
		}
	case query.OpSub:
		return func(nd *node, n int) {
			e := nd.strict(n)
			a, b := nd.args[0], nd.args[1]
			x, y, am, bm := a.vec.Ints, b.vec.Ints, a.mask(), b.mask()
			out := grow(nd.vec.Ints, n)
			for i := range out {
				z, ok := subInt(x[i&am], y[i&bm])
				out[i] = z
				if !ok {
					e.Set(i)
				}
			}
			nd.vec.Ints = out
		}
	case query.OpMul:
		return func(nd *node, n int) {
			e := nd.strict(n)
			a, b := nd.args[0], nd.args[1]
			x, y, am, bm := a.vec.Ints, b.vec.Ints, a.mask(), b.mask()
			out := grow(nd.vec.Ints, n)
			for i := range out {
				z, ok := mulInt(x[i&am], y[i&bm])
				out[i] = z
				if !ok {
					e.Set(i)
				}
			}
			nd.vec.Ints = out
		}
	case query.OpDiv:
		return eachInt(divInt)
	case query.OpMod:
		return eachInt(modInt)
	}
	return nil
}

func eachInt(f func(x, y int64) (int64, bool)) kernel {
	return func(nd *node, n int) {
		nd.vec.Ints = apply(nd, n, nd.vec.Ints, nd.args[0].vec.Ints, nd.args[1].vec.Ints, f)
	}
}

// apply computes f for every pair and marks the failures.
func apply[T any](nd *node, n int, buf, x, y []T, f func(x, y T) (T, bool)) []T {
	e := nd.strict(n)
	am, bm := nd.args[0].mask(), nd.args[1].mask()
	out := grow(buf, n)
	for i := range out {
		z, ok := f(x[i&am], y[i&bm])
		out[i] = z
		if !ok {
			e.Set(i)
		}
	}
	return out
}

func uintKernel(op query.Op) kernel {
	f := map[query.Op]func(x, y uint64) (uint64, bool){
		query.OpAdd: addUint, query.OpSub: subUint, query.OpMul: mulUint, query.OpDiv: divUint, query.OpMod: modUint,
	}[op]
	if f == nil {
		return nil
	}
	return func(nd *node, n int) {
		nd.vec.Uints = apply(nd, n, nd.vec.Uints, nd.args[0].vec.Uints, nd.args[1].vec.Uints, f)
	}
}

func doubleKernel(op query.Op) kernel {
	f := map[query.Op]func(x, y float64) float64{
		query.OpAdd: func(x, y float64) float64 { return x + y },
		query.OpSub: func(x, y float64) float64 { return x - y },
		query.OpMul: func(x, y float64) float64 { return x * y },
		query.OpDiv: func(x, y float64) float64 { return x / y },
	}[op]
	if f == nil {
		return nil
	}
	return func(nd *node, n int) {
		nd.strict(n)
		a, b := nd.args[0], nd.args[1]
		x, y, am, bm := a.vec.Floats, b.vec.Floats, a.mask(), b.mask()
		out := grow(nd.vec.Floats, n)
		for i := range out {
			out[i] = f(x[i&am], y[i&bm])
		}
		nd.vec.Floats = out
	}
}

func decKernel(op query.Op) kernel {
	f := map[query.Op]func(x, y value.Dec) (value.Dec, bool){
		query.OpAdd: func(x, y value.Dec) (value.Dec, bool) { return x.Add(y), true },
		query.OpSub: func(x, y value.Dec) (value.Dec, bool) { return x.Sub(y), true },
		query.OpDiv: value.Dec.Quo,
		query.OpMod: value.Dec.Rem,
	}[op]
	if op == query.OpMul {
		return func(nd *node, n int) {
			nd.strict(n)
			a, b := nd.args[0], nd.args[1]
			x, y, am, bm := a.vec.Decs, b.vec.Decs, a.mask(), b.mask()
			out := grow(nd.vec.Decs, n)
			for i := range out {
				out[i] = x[i&am].Mul(y[i&bm])
			}
			nd.vec.Decs = out
		}
	}
	if f == nil {
		return nil
	}
	return func(nd *node, n int) {
		nd.vec.Decs = apply(nd, n, nd.vec.Decs, nd.args[0].vec.Decs, nd.args[1].vec.Decs, f)
	}
}

// unaryKernel returns negation or abs, nil where the kind has none.
func unaryKernel(op query.Op, k value.Kind) kernel {
	abs := op == query.OpAbs
	switch k {
	case value.Int, value.Duration:
		return func(nd *node, n int) {
			e := nd.strict(n)
			out, x, m := grow(nd.vec.Ints, n), nd.args[0].vec.Ints, nd.args[0].mask()
			for i := range out {
				v := x[i&m]
				if v == math.MinInt64 {
					e.Set(i)
				}
				if !abs || v < 0 {
					v = -v
				}
				out[i] = v
			}
			nd.vec.Ints = out
		}
	case value.Double:
		return func(nd *node, n int) {
			nd.strict(n)
			out, x, m := grow(nd.vec.Floats, n), nd.args[0].vec.Floats, nd.args[0].mask()
			for i := range out {
				if abs {
					out[i] = math.Abs(x[i&m])
				} else {
					out[i] = -x[i&m]
				}
			}
			nd.vec.Floats = out
		}
	case value.Decimal:
		return func(nd *node, n int) {
			nd.strict(n)
			out, x, m := grow(nd.vec.Decs, n), nd.args[0].vec.Decs, nd.args[0].mask()
			for i := range out {
				if abs {
					out[i] = x[i&m].Abs()
				} else {
					out[i] = x[i&m].Neg()
				}
			}
			nd.vec.Decs = out
		}
	case value.Uint:
		if abs {
			return func(nd *node, n int) {
				nd.strict(n)
				out, x, m := grow(nd.vec.Uints, n), nd.args[0].vec.Uints, nd.args[0].mask()
				for i := range out {
					out[i] = x[i&m]
				}
				nd.vec.Uints = out
			}
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
