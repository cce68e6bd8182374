package eval

import (
	"cmp"
	"math"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// extremeKernel is math.greatest or math.least over operands of one kind. The first
// of equal operands wins; with two or more operands NaN is an error.
func extremeKernel(op query.Op, args []*node) (kernel, error) {
	kind := args[0].typ.Kind
	for _, a := range args {
		if a.typ.Kind != kind {
			return nil, mismatch(op, args)
		}
	}
	sign := 1
	if op == query.OpLeast {
		sign = -1
	}
	switch kind {
	case value.Int, value.Duration:
		return func(nd *node, n int) {
			nd.strict(n)
			extreme(nd, n, ints, cmp.Compare[int64], sign)
		}, nil
	case value.Uint:
		return func(nd *node, n int) {
			nd.strict(n)
			extreme(nd, n, uints, cmp.Compare[uint64], sign)
		}, nil
	case value.Decimal:
		return func(nd *node, n int) {
			nd.strict(n)
			extreme(nd, n, decs, value.Dec.Cmp, sign)
		}, nil
	case value.Double:
		return func(nd *node, n int) {
			e := nd.strict(n)
			if len(nd.args) > 1 {
				for _, a := range nd.args {
					markNaN(e, a, n)
				}
			}
			extreme(nd, n, floats, cmp.Compare[float64], sign)
		}, nil
	}
	return nil, mismatch(op, args)
}

// extreme folds the operands of every row.
func extreme[T any](nd *node, n int, in storage[T], compare func(a, b T) int, sign int) {
	out := grow(*in(&nd.vec), n)
	first, m := *in(&nd.args[0].vec), nd.args[0].mask()
	for i := range out {
		out[i] = first[i&m]
	}
	for _, a := range nd.args[1:] {
		x, m := *in(&a.vec), a.mask()
		for i := range out {
			if compare(x[i&m], out[i])*sign > 0 {
				out[i] = x[i&m]
			}
		}
	}
	*in(&nd.vec) = out
}

// roundKernel is ceil, floor, round or trunc of Double.
func roundKernel(op query.Op, args []*node) (kernel, error) {
	f := map[query.Op]func(float64) float64{
		query.OpCeil: math.Ceil, query.OpFloor: math.Floor, query.OpRound: math.Round, query.OpTrunc: math.Trunc,
	}[op]
	if args[0].typ.Kind != value.Double {
		return nil, mismatch(op, args)
	}
	return elementwise(floats, f), nil
}

// signKernel is math.sign, of the operand's kind; NaN stays NaN, -0 becomes 0.
func signKernel(args []*node) (kernel, error) {
	switch args[0].typ.Kind {
	case value.Int:
		return elementwise(ints, func(x int64) int64 { return int64(cmp.Compare(x, 0)) }), nil
	case value.Uint:
		return elementwise(uints, func(x uint64) uint64 { return min(x, 1) }), nil
	case value.Double:
		return elementwise(floats, func(x float64) float64 {
			switch {
			case x > 0:
				return 1
			case x < 0:
				return -1
			case x == 0:
				return 0
			}
			return x
		}), nil
	case value.Decimal:
		return elementwise(decs, func(x value.Dec) value.Dec { return value.DecFromInt(int64(x.Sign())) }), nil
	}
	return nil, mismatch(query.OpSign, args)
}

// floatTestKernel is isNaN, isInf or isFinite.
func floatTestKernel(op query.Op, args []*node) (kernel, error) {
	if args[0].typ.Kind != value.Double {
		return nil, mismatch(op, args)
	}
	var f func(float64) bool
	switch op {
	case query.OpIsNaN:
		f = math.IsNaN
	case query.OpIsInf:
		f = func(x float64) bool { return math.IsInf(x, 0) }
	default:
		f = func(x float64) bool { return !math.IsInf(x, 0) && !math.IsNaN(x) }
	}
	return func(nd *node, n int) {
		nd.strict(n)
		nd.bits = zeroed(&nd.bitBuf, n)
		x, m := nd.args[0].vec.Floats, nd.args[0].mask()
		for i := range n {
			if f(x[i&m]) {
				nd.bits.Set(i)
			}
		}
	}, nil
}
