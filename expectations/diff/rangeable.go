package diff

import (
	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/value"
)

// rangeable reports whether a key column of a side can be cut into ranges: its server's comparison with a literal of its own type is the
// canonical one, and such a literal can be made of any value of the other side.
func rangeable(f *canon.Form, side canon.Side) bool {
	to, from := &f.Right, &f.Left
	if side == canon.Left {
		to, from = from, to
	}
	if !f.ServerOrder(side) {
		return false
	}
	switch f.Class {
	case canon.Integer, canon.Number:
		return integral(to) && numeric(from) || to.Type.Kind == value.Decimal && !f.Scaled && numeric(from)
	case canon.Text, canon.Bytes, canon.Instant, canon.Local:
		return to.Type.Kind == from.Type.Kind
	}
	return false
}

func integral(c *value.Column) bool { return c.Type.Kind == value.Int || c.Type.Kind == value.Uint }

func numeric(c *value.Column) bool { return integral(c) || c.Type.Kind == value.Decimal }

// ceil appends to v, a vector of the side that is cut, a value that does not stand before x, as near as is easy; false where there is
// none. from is the side of x.
func ceil(v *value.Vector, f *canon.Form, x *value.Vector, from canon.Side, i int) bool {
	to := canon.Right
	if from == canon.Right {
		to = canon.Left
	}
	if x.IsNull(i) {
		v.AppendNull()
		return true
	}
	least := x.Value(i)
	switch v.Type.Kind {
	case value.Int, value.Uint:
		d := decimalOf(least)
		up, ok := roundUp(d, v.Type.Kind)
		if !ok {
			return false
		}
		v.AppendValue(up)
	case value.Decimal:
		v.AppendDecimal(decimalOf(least))
	case value.Timestamp, value.LocalTimestamp:
		// Whole digits, as the column holds them: rounding goes up by one unit at most.
		unit := int32(1)
		for range 9 - f.Digits {
			unit *= 10
		}
		sec, nanos := x.Ints[i], x.Nanos[i]
		nanos -= nanos % unit
		v.AppendTimestamp(sec, nanos)
		if f.Order(x, from, i, v, to, v.N-1) > 0 {
			v.Reset(v.Type)
			if nanos += unit; nanos >= 1e9 {
				sec, nanos = sec+1, 0
			}
			v.AppendTimestamp(sec, nanos)
		}
	default:
		v.AppendValue(least)
	}
	return !v.IsErr(v.N-1) && f.Order(x, from, i, v, to, v.N-1) <= 0
}

func decimalOf(x value.Value) value.Dec {
	switch x.Kind() {
	case value.Int:
		return value.DecFromInt(x.Int())
	case value.Uint:
		return value.DecFromUint(x.Uint())
	default:
		return x.Decimal()
	}
}

// roundUp returns the least integer of a kind that is not below d.
func roundUp(d value.Dec, k value.Kind) (value.Value, bool) {
	if k == value.Uint {
		if d.Sign() < 0 {
			return value.UintValue(0), true
		}
		u, ok := d.Uint64()
		if ok && value.DecFromUint(u).Cmp(d) < 0 {
			u++
			ok = u != 0
		}
		return value.UintValue(u), ok
	}
	i, ok := d.Int64()
	if ok && value.DecFromInt(i).Cmp(d) < 0 {
		i++
		ok = value.DecFromInt(i).Cmp(d) >= 0
	}
	return value.IntValue(i), ok
}
