package lang

import (
	"fmt"
	"math"
	"sync"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/ext"

	"github.com/assay-dev/assay/connectors/value"
)

// PromoteFunc is the hidden function that coercion puts around a number that meets a
// decimal: null stays null, and what is no number stays itself (and then fails to compare).
const PromoteFunc = "@decimal"

// baseEnv is the environment without any name of a suite. It is immutable; each expression extends it.
var baseEnv = sync.OnceValues(func() (*cel.Env, error) {
	// Optional types come first and alone: extending an environment without them with
	// libraries that need them loses their type.
	env, err := cel.NewEnv(cel.OptionalTypes())
	if err != nil {
		return nil, fmt.Errorf("build the CEL environment: %w", err)
	}
	opts := []cel.EnvOption{
		cel.CrossTypeNumericComparisons(true),
		cel.EnableIdentifierEscapeSyntax(),
		cel.ParserExpressionSizeLimit(maxCodePoints),
		cel.ParserRecursionLimit(maxDepth),
		cel.ExpressionNodeLimit(maxNodes),
		ext.Strings(), ext.Math(), ext.Lists(), ext.Sets(), ext.Encoders(), ext.Regex(), ext.TwoVarComprehensions(),
	}
	opts = append(opts, decimalFunctions()...)
	opts = append(opts, absFunction())
	opts = append(opts, formatFunctions()...)
	if env, err = env.Extend(opts...); err != nil {
		return nil, fmt.Errorf("build the CEL environment: %w", err)
	}
	return env, nil
})

// decimalFunctions adds decimals and local timestamps to the standard operators. The standard
// operators dispatch by trait, so that an overload needs a signature only.
func decimalFunctions() []cel.EnvOption {
	d, l := decimalType, localType
	two := []*cel.Type{d, d}
	var opts []cel.EnvOption
	for op, id := range map[string]string{
		operators.Add: "add", operators.Subtract: "subtract", operators.Multiply: "multiply",
		operators.Divide: "divide", operators.Modulo: "modulo",
	} {
		opts = append(opts, cel.Function(op, cel.Overload(id+"_decimal", two, d)))
	}
	for op, id := range map[string]string{
		operators.Less: "less", operators.LessEquals: "less_equals",
		operators.Greater: "greater", operators.GreaterEquals: "greater_equals",
	} {
		opts = append(opts, cel.Function(op,
			cel.Overload(id+"_decimal", two, cel.BoolType),
			cel.Overload(id+"_local_timestamp", []*cel.Type{l, l}, cel.BoolType)))
	}
	opts = append(opts,
		cel.Function(operators.Negate, cel.Overload("negate_decimal", []*cel.Type{d}, d)),
		cel.Function("decimal",
			cel.Overload("decimal_to_decimal", []*cel.Type{d}, d, cel.UnaryBinding(func(v ref.Val) ref.Val { return v })),
			cel.Overload("int_to_decimal", []*cel.Type{cel.IntType}, d, cel.UnaryBinding(toDecimal)),
			cel.Overload("uint_to_decimal", []*cel.Type{cel.UintType}, d, cel.UnaryBinding(toDecimal)),
			cel.Overload("double_to_decimal", []*cel.Type{cel.DoubleType}, d, cel.UnaryBinding(toDecimal)),
			cel.Overload("string_to_decimal", []*cel.Type{cel.StringType}, d, cel.UnaryBinding(toDecimal))),
		cel.Function("string", cel.Overload("decimal_to_string", []*cel.Type{d}, cel.StringType,
			cel.UnaryBinding(func(v ref.Val) ref.Val { return v.ConvertToType(types.StringType) }))),
		cel.Function("double", cel.Overload("decimal_to_double", []*cel.Type{d}, cel.DoubleType,
			cel.UnaryBinding(func(v ref.Val) ref.Val { return v.ConvertToType(types.DoubleType) }))),
		cel.Function("int", cel.Overload("decimal_to_int", []*cel.Type{d}, cel.IntType,
			cel.UnaryBinding(func(v ref.Val) ref.Val { return v.ConvertToType(types.IntType) }))),
		cel.Function(PromoteFunc, cel.Overload("any_to_decimal", []*cel.Type{cel.DynType}, d,
			cel.UnaryBinding(func(v ref.Val) ref.Val {
				if n, ok := promote(v); ok {
					return n
				}
				return v
			}))),
	)
	return opts
}

func toDecimal(v ref.Val) ref.Val {
	if s, ok := v.(types.String); ok {
		d, err := value.ParseDec(string(s))
		if err != nil {
			return types.WrapErr(err)
		}
		return newDecimal(d)
	}
	n, ok := promote(v)
	if !ok {
		return types.MaybeNoSuchOverloadErr(v)
	}
	if n.special != nil {
		return types.NewErr("a double that is not a finite number has no decimal")
	}
	return n
}

func absFunction() cel.EnvOption {
	return cel.Function("abs",
		cel.Overload("abs_int", []*cel.Type{cel.IntType}, cel.IntType, cel.UnaryBinding(func(v ref.Val) ref.Val {
			i, ok := v.(types.Int)
			switch {
			case !ok:
				return types.MaybeNoSuchOverloadErr(v)
			case i == math.MinInt64:
				return types.NewErr("integer overflow")
			case i < 0:
				return -i
			}
			return i
		})),
		cel.Overload("abs_double", []*cel.Type{cel.DoubleType}, cel.DoubleType, cel.UnaryBinding(func(v ref.Val) ref.Val {
			f, ok := v.(types.Double)
			if !ok {
				return types.MaybeNoSuchOverloadErr(v)
			}
			return types.Double(math.Abs(float64(f)))
		})),
		cel.Overload("abs_decimal", []*cel.Type{decimalType}, decimalType, cel.UnaryBinding(func(v ref.Val) ref.Val {
			d, ok := v.(decimal)
			if !ok || d.special != nil {
				return types.MaybeNoSuchOverloadErr(v)
			}
			return newDecimal(d.d.Abs())
		})),
		cel.Overload("abs_duration", []*cel.Type{cel.DurationType}, cel.DurationType, cel.UnaryBinding(func(v ref.Val) ref.Val {
			d, ok := v.(types.Duration)
			switch {
			case !ok:
				return types.MaybeNoSuchOverloadErr(v)
			case d.Duration == math.MinInt64:
				return types.NewErr("integer overflow")
			}
			return types.Duration{Duration: absDuration(d.Duration)}
		})))
}

func absDuration(d time.Duration) time.Duration {
	if d < 0 {
		return -d
	}
	return d
}
