package convert

import (
	"math"

	"github.com/assay-dev/assay/connectors/value"
)

func toBool(v value.Value) (value.Value, error) {
	n, ok := int64(-1), false
	switch v.Kind() {
	case value.Bool:
		return v, nil
	case value.Int:
		n, ok = v.Int(), true
	case value.Uint:
		n, ok = int64(min(v.Uint(), 2)), true
	default:
	}
	switch {
	case !ok:
		return v, unlike(v)
	case n != 0 && n != 1:
		return v, refused("a number other than 0 and 1 is no bool")
	}
	return value.BoolValue(n == 1), nil
}

func toInt(v value.Value) (value.Value, error) {
	switch v.Kind() {
	case value.Bool, value.Int, value.Uint, value.Decimal, value.Double:
	default:
		return v, unlike(v)
	}
	d, err := whole(v)
	if err != nil {
		return v, err
	}
	n, ok := d.Int64()
	if !ok {
		return v, refused("the number is beyond 64 bits")
	}
	return value.IntValue(n), nil
}

func toUint(v value.Value) (value.Value, error) {
	d, err := whole(v)
	if err != nil {
		return v, err
	}
	if d.Sign() < 0 {
		return v, refused("the number is negative")
	}
	n, ok := d.Uint64()
	if !ok {
		return v, refused("the number is beyond 64 bits")
	}
	return value.UintValue(n), nil
}

// whole returns an integral number exactly.
func whole(v value.Value) (value.Dec, error) {
	var d value.Dec
	switch v.Kind() {
	case value.Bool:
		if v.Bool() {
			return value.DecFromInt(1), nil
		}
		return d, nil
	case value.Int:
		return value.DecFromInt(v.Int()), nil
	case value.Uint:
		return value.DecFromUint(v.Uint()), nil
	case value.Decimal:
		d = v.Decimal()
	case value.Double:
		x := v.Double()
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return d, refused("it is no finite number")
		}
		e, err := value.DecExact(x)
		if err != nil {
			return d, refused("the number is beyond 64 bits")
		}
		d = e
	default:
		return d, unlike(v)
	}
	if d.Round(0).Cmp(d) != 0 {
		return d, refused("the number has a fraction")
	}
	return d, nil
}

func toDouble(v value.Value, single bool) (value.Value, error) {
	var x float64
	switch v.Kind() {
	case value.Double:
		x = v.Double()
	case value.Int:
		x = float64(v.Int())
	case value.Uint:
		x = float64(v.Uint())
	case value.Decimal:
		x = v.Decimal().Float()
		if math.IsInf(x, 0) {
			return v, refused("the number is beyond a double")
		}
	default:
		return v, unlike(v)
	}
	if single && !math.IsInf(x, 0) {
		s := float64(float32(x))
		if math.IsInf(s, 0) {
			return v, refused("the number is beyond a single-precision float")
		}
		x = s
	}
	return value.DoubleValue(x), nil
}

func toDecimal(v value.Value, from *value.Column, r value.Resolution) (value.Value, error) {
	var d value.Dec
	switch v.Kind() {
	case value.Int:
		d = value.DecFromInt(v.Int())
	case value.Uint:
		d = value.DecFromUint(v.Uint())
	case value.Decimal:
		d = v.Decimal()
	case value.Double:
		var err error
		if from.Resolution.Single {
			d, err = value.DecFromFloat32(float32(v.Double()))
		} else {
			d, err = value.DecFromFloat(v.Double())
		}
		if err != nil {
			return v, refused("it is no finite number")
		}
	default:
		return v, unlike(v)
	}
	if r.Known {
		d = d.Round(int32(r.Digits))
	}
	return value.DecimalValue(d), nil
}
