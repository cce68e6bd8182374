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
			nd.vec.Ints = extreme(nd, n, nd.vec.Ints, func(a *node) []int64 { return a.vec.Ints }, cmp.Compare[int64], sign)
		}, nil
	case value.Uint:
		return func(nd *node, n int) {
			nd.strict(n)
			nd.vec.Uints = extreme(nd, n, nd.vec.Uints, func(a *node) []uint64 { return a.vec.Uints }, cmp.Compare[uint64], sign)
		}, nil
	case value.Decimal:
		return func(nd *node, n int) {
			nd.strict(n)
			nd.vec.Decs = extreme(nd, n, nd.vec.Decs, func(a *node) []value.Dec { return a.vec.Decs }, value.Dec.Cmp, sign)
		}, nil
	case value.Double:
		return func(nd *node, n int) {
			e := nd.strict(n)
			if len(nd.args) > 1 {
				for _, a := range nd.args {
					markNaN(e, a, n)
				}
			}
			nd.vec.Floats = extreme(nd, n, nd.vec.Floats, func(a *node) []float64 { return a.vec.Floats }, cmp.Compare[float64], sign)
		}, nil
	}
	return nil, mismatch(op, args)
}

// extreme folds the operands of every row.
func extreme[T any](nd *node, n int, buf []T, of func(*node) []T, compare func(a, b T) int, sign int) []T {
	out := grow(buf, n)
	first, m := of(nd.args[0]), nd.args[0].mask()
	for i := range out {
		out[i] = first[i&m]
	}
	for _, a := range nd.args[1:] {
		x, m := of(a), a.mask()
		for i := range out {
			if compare(x[i&m], out[i])*sign > 0 {
				out[i] = x[i&m]
			}
		}
	}
	return out
}

// roundKernel is ceil, floor, round or trunc of Double.
func roundKernel(op query.Op, args []*node) (kernel, error) {
	f := map[query.Op]func(float64) float64{
		query.OpCeil: math.Ceil, query.OpFloor: math.Floor, query.OpRound: math.Round, query.OpTrunc: math.Trunc,
	}[op]
	if args[0].typ.Kind != value.Double {
		return nil, mismatch(op, args)
	}
	return func(nd *node, n int) {
		nd.strict(n)
		out, x, m := grow(nd.vec.Floats, n), nd.args[0].vec.Floats, nd.args[0].mask()
		for i := range out {
			out[i] = f(x[i&m])
		}
		nd.vec.Floats = out
	}, nil
}

// signKernel is math.sign, of the operand's kind; NaN stays NaN, -0 becomes 0.
func signKernel(args []*node) (kernel, error) {
	switch args[0].typ.Kind {
	case value.Int:
		return func(nd *node, n int) {
			nd.strict(n)
			out, x, m := grow(nd.vec.Ints, n), nd.args[0].vec.Ints, nd.args[0].mask()
			for i := range out {
				out[i] = int64(cmp.Compare(x[i&m], 0))
			}
			nd.vec.Ints = out
		}, nil
	case value.Uint:
		return func(nd *node, n int) {
			nd.strict(n)
			out, x, m := grow(nd.vec.Uints, n), nd.args[0].vec.Uints, nd.args[0].mask()
			for i := range out {
				out[i] = min(x[i&m], 1)
			}
			nd.vec.Uints = out
		}, nil
	case value.Double:
		return func(nd *node, n int) {
			nd.strict(n)
			out, x, m := grow(nd.vec.Floats, n), nd.args[0].vec.Floats, nd.args[0].mask()
			for i := range out {
				switch v := x[i&m]; {
				case v > 0:
					out[i] = 1
				case v < 0:
					out[i] = -1
				case v == 0:
					out[i] = 0
				default:
					out[i] = v
				}
			}
			nd.vec.Floats = out
		}, nil
	case value.Decimal:
		return func(nd *node, n int) {
			nd.strict(n)
			out, x, m := grow(nd.vec.Decs, n), nd.args[0].vec.Decs, nd.args[0].mask()
			for i := range out {
				out[i] = value.DecFromInt(int64(x[i&m].Sign()))
			}
			nd.vec.Decs = out
		}, nil
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
