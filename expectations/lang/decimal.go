package lang

import (
	"fmt"
	"math"
	"reflect"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/assay-dev/assay/connectors/value"
)

// decimalType is the checker's type of exact decimals, localType that of timestamps without a zone.
var (
	decimalType = types.NewOpaqueType("decimal")
	localType   = types.NewOpaqueType("local_timestamp")
)

// opaque is the run-time type of an opaque value: unlike types.Type it claims every
// trait, since the singleton bindings of the standard operators ask for traits.
type opaque string

func (o opaque) HasTrait(int) bool { return true }
func (o opaque) TypeName() string  { return string(o) }
func (o opaque) ConvertToNative(reflect.Type) (any, error) {
	return nil, fmt.Errorf("%s is a type", string(o))
}

func (o opaque) ConvertToType(t ref.Type) ref.Val { return types.NewErr("%s is a type", t.TypeName()) }
func (o opaque) Equal(other ref.Val) ref.Val      { return types.Bool(other == ref.Val(o)) }
func (o opaque) Type() ref.Type                   { return types.TypeType }
func (o opaque) Value() any                       { return string(o) }

// decimal is a decimal as a CEL value. special is set instead where a double that is
// no finite number met a decimal: it compares on the extended number line (NaN with
// nothing) and errs in arithmetic.
type decimal struct {
	d       value.Dec
	special *float64
}

func newDecimal(d value.Dec) decimal { return decimal{d: d} }

// promote brings a number to decimal, nil where v is no number.
func promote(v ref.Val) (decimal, bool) {
	switch n := v.(type) {
	case decimal:
		return n, true
	case types.Int:
		return newDecimal(value.DecFromInt(int64(n))), true
	case types.Uint:
		return newDecimal(value.DecFromUint(uint64(n))), true
	case types.Double:
		d, err := value.DecFromFloat(float64(n))
		if err != nil {
			f := float64(n)
			return decimal{special: &f}, true
		}
		return newDecimal(d), true
	}
	return decimal{}, false
}

func (a decimal) isNaN() bool { return a.special != nil && math.IsNaN(*a.special) }

// cmp compares two decimals, neither NaN.
func (a decimal) cmp(b decimal) int {
	if a.special == nil && b.special == nil {
		return a.d.Cmp(b.d)
	}
	x, y := a.rank(), b.rank()
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

// rank puts infinities around the finite numbers.
func (a decimal) rank() float64 {
	if a.special == nil {
		return 0
	}
	return *a.special
}

// arith applies f to two finite decimals.
func (a decimal) arith(other ref.Val, f func(x, y value.Dec) (value.Dec, bool)) ref.Val {
	b, ok := other.(decimal)
	if !ok {
		return types.MaybeNoSuchOverloadErr(other)
	}
	if a.special != nil || b.special != nil {
		return types.NewErr("a double that is not a finite number has no decimal")
	}
	d, ok := f(a.d, b.d)
	if !ok {
		return types.NewErr("division by zero")
	}
	return newDecimal(d)
}

// Add implements traits.Adder.
func (a decimal) Add(other ref.Val) ref.Val {
	return a.arith(other, func(x, y value.Dec) (value.Dec, bool) { return x.Add(y), true })
}

// Subtract implements traits.Subtractor.
func (a decimal) Subtract(other ref.Val) ref.Val {
	return a.arith(other, func(x, y value.Dec) (value.Dec, bool) { return x.Sub(y), true })
}

// Multiply implements traits.Multiplier.
func (a decimal) Multiply(other ref.Val) ref.Val {
	return a.arith(other, func(x, y value.Dec) (value.Dec, bool) { return x.Mul(y), true })
}

// Divide implements traits.Divider.
func (a decimal) Divide(other ref.Val) ref.Val { return a.arith(other, value.Dec.Quo) }

// Modulo implements traits.Modder.
func (a decimal) Modulo(other ref.Val) ref.Val { return a.arith(other, value.Dec.Rem) }

// Negate implements traits.Negater.
func (a decimal) Negate() ref.Val {
	if a.special != nil {
		return types.NewErr("a double that is not a finite number has no decimal")
	}
	return newDecimal(a.d.Neg())
}

// Compare implements traits.Comparer.
func (a decimal) Compare(other ref.Val) ref.Val {
	b, ok := promote(other)
	if !ok {
		return types.MaybeNoSuchOverloadErr(other)
	}
	if a.isNaN() || b.isNaN() {
		return types.NewErr("NaN values cannot be ordered")
	}
	return types.Int(a.cmp(b))
}

// Equal implements ref.Val.
func (a decimal) Equal(other ref.Val) ref.Val {
	b, ok := promote(other)
	return types.Bool(ok && !a.isNaN() && !b.isNaN() && a.cmp(b) == 0)
}

// ConvertToNative implements ref.Val.
func (a decimal) ConvertToNative(t reflect.Type) (any, error) {
	if t == reflect.TypeFor[value.Dec]() {
		return a.d, nil
	}
	if t.Kind() == reflect.String {
		return a.d.String(), nil
	}
	return nil, fmt.Errorf("a decimal is no %s", t)
}

// ConvertToType implements ref.Val.
func (a decimal) ConvertToType(t ref.Type) ref.Val {
	if a.special != nil {
		return types.NewErr("a double that is not a finite number has no decimal")
	}
	switch t {
	case types.StringType:
		return types.String(a.d.String())
	case types.DoubleType:
		return types.Double(a.d.Float())
	case types.IntType:
		if i, ok := a.d.Int64(); ok {
			return types.Int(i)
		}
		return types.NewErr("integer overflow")
	case types.TypeType:
		return opaque("decimal")
	}
	if t.TypeName() == "decimal" {
		return a
	}
	return types.NewErr("type conversion error from 'decimal' to '%s'", t.TypeName())
}

// Type implements ref.Val.
func (a decimal) Type() ref.Type { return opaque("decimal") }

// Value implements ref.Val.
func (a decimal) Value() any { return a.d }

// String is how the format extension and error messages print it.
func (a decimal) String() string { return a.d.String() }
