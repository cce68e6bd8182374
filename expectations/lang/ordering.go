package lang

import (
	"math"

	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/interpreter"
)

// strictOrdering replaces the ordering operators of a plan. cel-go 0.33 answers false to
// NaN < null but errs at null < NaN; here, ordering with a null is an error on
// either side, and ordering with a NaN is false as in cel-go.
func strictOrdering(i interpreter.InterpretableV2) (interpreter.InterpretableV2, error) {
	call, ok := i.(interpreter.InterpretableCall)
	if !ok || len(call.Args()) != 2 {
		return i, nil
	}
	var holds func(c int) bool
	switch call.Function() {
	case operators.Less:
		holds = func(c int) bool { return c < 0 }
	case operators.LessEquals:
		holds = func(c int) bool { return c <= 0 }
	case operators.Greater:
		holds = func(c int) bool { return c > 0 }
	case operators.GreaterEquals:
		holds = func(c int) bool { return c >= 0 }
	default:
		return i, nil
	}
	return &ordering{InterpretableCall: call, holds: holds}, nil
}

// ordering is a comparison of a plan.
type ordering struct {
	interpreter.InterpretableCall
	holds func(c int) bool
}

// Exec implements interpreter.InterpretableV2.
func (o *ordering) Exec(f *interpreter.ExecutionFrame) ref.Val {
	args := o.Args()
	l := args[0].Exec(f)
	if types.IsUnknownOrError(l) {
		return l
	}
	r := args[1].Exec(f)
	if types.IsUnknownOrError(r) {
		return r
	}
	c, ok := l.(traits.Comparer)
	if !ok || l == types.NullValue || r == types.NullValue {
		return types.NewErrWithNodeID(o.ID(), "no such overload")
	}
	if isNaN(l) || isNaN(r) {
		return types.False
	}
	res := c.Compare(r)
	if n, ok := res.(types.Int); ok {
		return types.Bool(o.holds(int(n)))
	}
	return res
}

// Eval implements interpreter.Interpretable.
func (o *ordering) Eval(a interpreter.Activation) ref.Val {
	return interpreter.EvalActivation(a, o.Exec)
}

func isNaN(v ref.Val) bool {
	switch n := v.(type) {
	case types.Double:
		return math.IsNaN(float64(n))
	case decimal:
		return n.isNaN()
	}
	return false
}
