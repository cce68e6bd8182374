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
			k = parsed(ints, func(s string) (int64, error) {
				d, err := value.ParseDuration(s)
				return int64(d), err
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

// alias returns b as a string without a copy, for parsers that keep nothing of it; b must outlive it unchanged.
func alias(b []byte) string {
	return unsafe.String(unsafe.SliceData(b), len(b)) //nolint:gosec // read-only and short-lived
}

func toInt(from value.Kind) kernel {
	switch from {
	case value.Uint:
		return elementwiseChecked(uints, ints, func(u uint64) (int64, bool) {
			return int64(u), u <= math.MaxInt64 //nolint:gosec // checked beside it
		})
	case value.Double:
		return elementwiseChecked(floats, ints, func(f float64) (int64, bool) {
			// cel-go refuses the minimum itself.
			if !(f > math.MinInt64 && f < math.MaxInt64) {
				return 0, false
			}
			return int64(f), true
		})
	case value.Decimal:
		return elementwiseChecked(decs, ints, value.Dec.Int64)
	case value.String:
		return parsed(ints, func(s string) (int64, error) { return strconv.ParseInt(s, 10, 64) })
	case value.Timestamp, value.Duration: // Unix seconds; nanoseconds
		return elementwise(ints, func(x int64) int64 { return x })
	default:
		return nil
	}
}

func toUint(from value.Kind) kernel {
	switch from {
	case value.Int:
		return elementwiseChecked(ints, uints, func(x int64) (uint64, bool) {
			return uint64(x), x >= 0 //nolint:gosec // checked beside it
		})
	case value.Double:
		return elementwiseChecked(floats, uints, func(f float64) (uint64, bool) {
			if !(f >= 0 && f < 1<<64) {
				return 0, false
			}
			return uint64(f), true
		})
	case value.Decimal:
		return elementwiseChecked(decs, uints, value.Dec.Uint64)
	case value.String:
		return parsed(uints, func(s string) (uint64, error) { return strconv.ParseUint(s, 10, 64) })
	default:
		return nil
	}
}

func toDouble(from value.Kind) kernel {
	switch from {
	case value.Int:
		return elementwiseChecked(ints, floats, func(x int64) (float64, bool) { return float64(x), true })
	case value.Uint:
		return elementwiseChecked(uints, floats, func(x uint64) (float64, bool) { return float64(x), true })
	case value.Decimal:
		return elementwiseChecked(decs, floats, func(x value.Dec) (float64, bool) { return x.Float(), true })
	case value.String:
		return parsed(floats, func(s string) (float64, error) { return strconv.ParseFloat(s, 64) })
	default:
		return nil
	}
}

func toDecimal(from value.Kind) kernel {
	switch from {
	case value.Int:
		return elementwiseChecked(ints, decs, func(x int64) (value.Dec, bool) { return value.DecFromInt(x), true })
	case value.Uint:
		return elementwiseChecked(uints, decs, func(x uint64) (value.Dec, bool) { return value.DecFromUint(x), true })
	case value.Double:
		return elementwiseChecked(floats, decs, func(f float64) (value.Dec, bool) {
			d, err := value.DecFromFloat(f)
			return d, err == nil
		})
	case value.String:
		return parsed(decs, value.ParseDec)
	default:
		return nil
	}
}

func toBool(from value.Kind) kernel {
	if from != value.String {
		return nil
	}
	return func(nd *node, n int) {
		e := nd.strict(n)
		nd.bits = zeroed(&nd.bitBuf, n)
		for i := range n {
			if e.Get(i) {
				continue
			}
			b, err := strconv.ParseBool(alias(nd.args[0].bytesAt(i)))
			if b {
				nd.bits.Set(i)
			}
			if err != nil {
				e.Set(i)
			}
		}
	}
}

func toTimestamp(from value.Kind) kernel {
	var set func(nd *node, i int) bool
	switch from {
	case value.Int:
		set = func(nd *node, i int) bool {
			a := nd.args[0]
			s := a.vec.Ints[i&a.mask()]
			nd.vec.Ints[i], nd.vec.Nanos[i] = s, 0
			return s >= value.MinUnix && s <= value.MaxUnix
		}
	case value.String:
		set = func(nd *node, i int) bool {
			t, err := value.ParseTimestamp(alias(nd.args[0].bytesAt(i)))
			nd.vec.Ints[i], nd.vec.Nanos[i] = t.Unix(), int32(t.Nanosecond()) //nolint:gosec // below 1e9
			return err == nil
		}
	default:
		return nil
	}
	return func(nd *node, n int) {
		e := nd.strict(n)
		nd.vec.Ints, nd.vec.Nanos = grow(nd.vec.Ints, n), grow(nd.vec.Nanos, n)
		for i := range n {
			if !e.Get(i) && !set(nd, i) {
				e.Set(i)
			}
		}
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
