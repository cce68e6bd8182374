package eval

import (
	"math"
	"strconv"
	"time"
	"unicode/utf8"
	"unsafe"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// conversion adds a conversion of a; a itself where it has the type already.
func (c *compiler) conversion(op query.Op, a *node) (*node, error) {
	from, to := a.typ.Kind, target(op)
	if from == to {
		return a, nil
	}
	if a.state == constErr || a.state == constNull {
		return &node{typ: value.Of(to), state: constErr}, nil
	}
	var k kernel
	switch op {
	case query.OpToInt:
		k = toInt(from)
	case query.OpToUint:
		k = toUint(from)
	case query.OpToDouble:
		k = toDouble(from)
	case query.OpToDecimal:
		k = toDecimal(from)
	case query.OpToString:
		k = toText(from)
	case query.OpToBytes:
		if from == value.String {
			k = mapText(func(dst, s []byte) []byte { return append(dst, s...) })
		}
	case query.OpToBool:
		k = toBool(from)
	case query.OpToTimestamp:
		k = toTimestamp(from)
	case query.OpToDuration:
		if from == value.String {
			k = eachText(func(nd *node, i int, s string) bool {
				d, err := value.ParseDuration(s)
				nd.vec.Ints[i] = int64(d)
				return err == nil
			})
		}
	}
	if k == nil {
		return nil, mismatch(op, []*node{a})
	}
	return c.add(value.Of(to), []*node{a}, k), nil
}

// strictConversion is a conversion that the user wrote: of a value that has the type already it
// is the identity, but a null is an error as with every function.
func (c *compiler) strictConversion(op query.Op, a *node) (*node, error) {
	if a.typ.Kind != target(op) || a.isConst() {
		return c.conversion(op, a)
	}
	return c.add(a.typ, []*node{a}, func(nd *node, n int) {
		nd.strict(n)
		nd.vec, nd.bits = a.vec, a.bits
	}), nil
}

func target(op query.Op) value.Kind {
	switch op {
	case query.OpToInt:
		return value.Int
	case query.OpToUint:
		return value.Uint
	case query.OpToDouble:
		return value.Double
	case query.OpToDecimal:
		return value.Decimal
	case query.OpToString:
		return value.String
	case query.OpToBytes:
		return value.Bytes
	case query.OpToBool:
		return value.Bool
	case query.OpToTimestamp:
		return value.Timestamp
	case query.OpToDuration:
		return value.Duration
	}
	return value.Null
}

// room makes room for n values of nd's kind.
func (nd *node) room(n int) {
	switch nd.typ.Kind {
	case value.Int, value.Duration:
		nd.vec.Ints = grow(nd.vec.Ints, n)
	case value.Timestamp, value.LocalTimestamp:
		nd.vec.Ints, nd.vec.Nanos = grow(nd.vec.Ints, n), grow(nd.vec.Nanos, n)
	case value.Uint:
		nd.vec.Uints = grow(nd.vec.Uints, n)
	case value.Double:
		nd.vec.Floats = grow(nd.vec.Floats, n)
	case value.Decimal:
		nd.vec.Decs = grow(nd.vec.Decs, n)
	case value.Bool:
		nd.bits = zeroed(&nd.bitBuf, n)
	default:
	}
}

// each converts row by row: set stores element i from element j of the operand, false for an error.
func each(set func(nd, a *node, i, j int) bool) kernel {
	return func(nd *node, n int) {
		e := nd.strict(n)
		nd.room(n)
		a := nd.args[0]
		m := a.mask()
		for i := range n {
			if !set(nd, a, i, i&m) {
				e.Set(i)
			}
		}
	}
}

// eachText converts from String, looking only at rows that have a value.
func eachText(set func(nd *node, i int, s string) bool) kernel {
	return func(nd *node, n int) {
		e := nd.strict(n)
		nd.room(n)
		for i := range n {
			if !e.Get(i) && !set(nd, i, alias(nd.args[0].bytesAt(i))) {
				e.Set(i)
			}
		}
	}
}

// alias returns b as a string without a copy, for parsers that keep nothing of it; b must outlive it unchanged.
func alias(b []byte) string {
	return unsafe.String(unsafe.SliceData(b), len(b)) //nolint:gosec // read-only and short-lived
}

func toInt(from value.Kind) kernel {
	switch from {
	case value.Uint:
		return each(func(nd, a *node, i, j int) bool {
			u := a.vec.Uints[j]
			nd.vec.Ints[i] = int64(u) //nolint:gosec // checked on the next line
			return u <= math.MaxInt64
		})
	case value.Double:
		return each(func(nd, a *node, i, j int) bool {
			f := a.vec.Floats[j]
			// cel-go refuses the minimum itself.
			if !(f > math.MinInt64 && f < math.MaxInt64) {
				return false
			}
			nd.vec.Ints[i] = int64(f)
			return true
		})
	case value.Decimal:
		return each(func(nd, a *node, i, j int) bool {
			var ok bool
			nd.vec.Ints[i], ok = a.vec.Decs[j].Int64()
			return ok
		})
	case value.String:
		return eachText(func(nd *node, i int, s string) bool {
			v, err := strconv.ParseInt(s, 10, 64)
			nd.vec.Ints[i] = v
			return err == nil
		})
	case value.Timestamp, value.Duration: // Unix seconds; nanoseconds
		return each(func(nd, a *node, i, j int) bool {
			nd.vec.Ints[i] = a.vec.Ints[j]
			return true
		})
	default:
		return nil
	}
}

func toUint(from value.Kind) kernel {
	switch from {
	case value.Int:
		return each(func(nd, a *node, i, j int) bool {
			v := a.vec.Ints[j]
			nd.vec.Uints[i] = uint64(v) //nolint:gosec // checked on the next line
			return v >= 0
		})
	case value.Double:
		return each(func(nd, a *node, i, j int) bool {
			f := a.vec.Floats[j]
			if !(f >= 0 && f < 1<<64) {
				return false
			}
			nd.vec.Uints[i] = uint64(f)
			return true
		})
	case value.Decimal:
		return each(func(nd, a *node, i, j int) bool {
			var ok bool
			nd.vec.Uints[i], ok = a.vec.Decs[j].Uint64()
			return ok
		})
	case value.String:
		return eachText(func(nd *node, i int, s string) bool {
			v, err := strconv.ParseUint(s, 10, 64)
			nd.vec.Uints[i] = v
			return err == nil
		})
	default:
		return nil
	}
}

func toDouble(from value.Kind) kernel {
	switch from {
	case value.Int:
		return each(func(nd, a *node, i, j int) bool { nd.vec.Floats[i] = float64(a.vec.Ints[j]); return true })
	case value.Uint:
		return each(func(nd, a *node, i, j int) bool { nd.vec.Floats[i] = float64(a.vec.Uints[j]); return true })
	case value.Decimal:
		return each(func(nd, a *node, i, j int) bool { nd.vec.Floats[i] = a.vec.Decs[j].Float(); return true })
	case value.String:
		return eachText(func(nd *node, i int, s string) bool {
			f, err := strconv.ParseFloat(s, 64)
			nd.vec.Floats[i] = f
			return err == nil
		})
	default:
		return nil
	}
}

func toDecimal(from value.Kind) kernel {
	switch from {
	case value.Int:
		return each(func(nd, a *node, i, j int) bool { nd.vec.Decs[i] = value.DecFromInt(a.vec.Ints[j]); return true })
	case value.Uint:
		return each(func(nd, a *node, i, j int) bool { nd.vec.Decs[i] = value.DecFromUint(a.vec.Uints[j]); return true })
	case value.Double:
		return each(func(nd, a *node, i, j int) bool {
			d, err := value.DecFromFloat(a.vec.Floats[j])
			nd.vec.Decs[i] = d
			return err == nil
		})
	case value.String:
		return eachText(func(nd *node, i int, s string) bool {
			d, err := value.ParseDec(s)
			nd.vec.Decs[i] = d
			return err == nil
		})
	default:
		return nil
	}
}

func toBool(from value.Kind) kernel {
	if from != value.String {
		return nil
	}
	return eachText(func(nd *node, i int, s string) bool {
		b, err := strconv.ParseBool(s)
		if b {
			nd.bits.Set(i)
		}
		return err == nil
	})
}

func toTimestamp(from value.Kind) kernel {
	switch from {
	case value.Int:
		return each(func(nd, a *node, i, j int) bool {
			s := a.vec.Ints[j]
			nd.vec.Ints[i], nd.vec.Nanos[i] = s, 0
			return s >= value.MinUnix && s <= value.MaxUnix
		})
	case value.String:
		return eachText(func(nd *node, i int, s string) bool {
			t, err := value.ParseTimestamp(s)
			nd.vec.Ints[i], nd.vec.Nanos[i] = t.Unix(), int32(t.Nanosecond()) //nolint:gosec // below 1e9
			return err == nil
		})
	default:
		return nil
	}
}

// toText is string(): every kind's text as cel-go writes it.
func toText(from value.Kind) kernel {
	var f func(dst []byte, a *node, j int) ([]byte, bool)
	switch from {
	case value.Bool:
		f = func(dst []byte, a *node, j int) ([]byte, bool) { return strconv.AppendBool(dst, a.isTrue(j)), true }
	case value.Int:
		f = func(dst []byte, a *node, j int) ([]byte, bool) {
			return strconv.AppendInt(dst, a.vec.Ints[j], 10), true
		}
	case value.Uint:
		f = func(dst []byte, a *node, j int) ([]byte, bool) {
			return strconv.AppendUint(dst, a.vec.Uints[j], 10), true
		}
	case value.Double:
		f = func(dst []byte, a *node, j int) ([]byte, bool) { return value.AppendDouble(dst, a.vec.Floats[j]), true }
	case value.Decimal:
		f = func(dst []byte, a *node, j int) ([]byte, bool) { return a.vec.Decs[j].AppendText(dst), true }
	case value.Bytes:
		f = func(dst []byte, a *node, j int) ([]byte, bool) {
			b := a.vec.Bytes(j)
			return append(dst, b...), utf8.Valid(b)
		}
	case value.Timestamp:
		f = func(dst []byte, a *node, j int) ([]byte, bool) {
			return value.AppendTimestamp(dst, time.Unix(a.vec.Ints[j], int64(a.vec.Nanos[j]))), true
		}
	case value.LocalTimestamp:
		f = func(dst []byte, a *node, j int) ([]byte, bool) { return a.vec.Value(j).AppendText(dst), true }
	case value.Duration: // through a double, as cel-go
		f = func(dst []byte, a *node, j int) ([]byte, bool) {
			return append(strconv.AppendFloat(dst, time.Duration(a.vec.Ints[j]).Seconds(), 'f', -1, 64), 's'), true
		}
	default:
		return nil
	}
	return func(nd *node, n int) {
		e := nd.strict(n)
		nd.beginText(n)
		a := nd.args[0]
		m := a.mask()
		for i := range n {
			if !e.Get(i) {
				var ok bool
				if nd.vec.Data, ok = f(nd.vec.Data, a, i&m); !ok {
					e.Set(i)
				}
			}
			nd.endText()
		}
	}
}
