package eval

import (
	"math/big"
	"math/bits"

	"github.com/assay-dev/assay/connectors/value"
)

// exactSum adds Int, Uint, Decimal and Duration, or their squares, without rounding or overflow:
// coefficients in 192 bits, one sum for each scale up to maxScale, anything else as decimals.
type exactSum struct {
	square bool
	plain  wide            // scale 0
	scaled map[int32]*wide // other scales, of the operand
	rest   value.Dec
}

// maxScale bounds the number of sums.
const maxScale = 64

// wide is a 192-bit two's complement integer, least word first.
type wide [3]uint64

func (w *wide) add(lo, mid, hi uint64) {
	var c uint64
	w[0], c = bits.Add64(w[0], lo, 0)
	w[1], c = bits.Add64(w[1], mid, c)
	w[2], _ = bits.Add64(w[2], hi, c)
}

func (w *wide) addInt(x int64) {
	s := uint64(x >> 63)   //nolint:gosec // sign extension
	w.add(uint64(x), s, s) //nolint:gosec // bits
}

func (w *wide) addSquare(u uint64) {
	hi, lo := bits.Mul64(u, u)
	w.add(lo, hi, 0)
}

func (w *wide) big() *big.Int {
	v := *w
	neg := v[2]>>63 != 0
	if neg { // -v = ^v + 1
		v[0], v[1], v[2] = ^v[0], ^v[1], ^v[2]
		v.add(1, 0, 0)
	}
	z := new(big.Int).SetUint64(v[2])
	z.Lsh(z, 64).Or(z, new(big.Int).SetUint64(v[1]))
	z.Lsh(z, 64).Or(z, new(big.Int).SetUint64(v[0]))
	if neg {
		z.Neg(z)
	}
	return z
}

func absInt(x int64) uint64 {
	if x < 0 {
		return -uint64(x) //nolint:gosec // two's complement
	}
	return uint64(x)
}

func (s *exactSum) add(a *node, used value.Bitmap) int64 {
	m := a.mask()
	switch a.typ.Kind {
	case value.Uint:
		x := a.vec.Uints
		rowsOf(used, func(i int) {
			if s.square {
				s.plain.addSquare(x[i&m])
			} else {
				s.plain.add(x[i&m], 0, 0)
			}
		})
	case value.Decimal:
		x := a.vec.Decs
		rowsOf(used, func(i int) { s.addDec(x[i&m]) })
	default: // Int, Duration
		x := a.vec.Ints
		if s.square {
			rowsOf(used, func(i int) { s.plain.addSquare(absInt(x[i&m])) })
		} else {
			rowsOf(used, func(i int) { s.plain.addInt(x[i&m]) })
		}
	}
	return 0
}

func (s *exactSum) addDec(d value.Dec) {
	coef, scale, ok := d.Small()
	if !ok || scale > maxScale {
		if s.square {
			d = d.Mul(d)
		}
		s.rest = s.rest.Add(d)
		return
	}
	w := &s.plain
	if scale != 0 {
		if w = s.scaled[scale]; w == nil {
			if s.scaled == nil {
				s.scaled = make(map[int32]*wide)
			}
			w = new(wide)
			s.scaled[scale] = w
		}
	}
	if s.square {
		w.addSquare(absInt(coef))
	} else {
		w.addInt(coef)
	}
}

func (s *exactSum) merge(other accumulator) {
	o, ok := other.(*exactSum)
	if !ok {
		return
	}
	s.plain.add(o.plain[0], o.plain[1], o.plain[2])
	s.rest = s.rest.Add(o.rest)
	for scale, w := range o.scaled {
		if t := s.scaled[scale]; t != nil {
			t.add(w[0], w[1], w[2])
			continue
		}
		if s.scaled == nil {
			s.scaled = make(map[int32]*wide)
		}
		s.scaled[scale] = w
	}
}

func (s *exactSum) result(out *value.Vector, used int64) {
	if used == 0 {
		out.AppendNull()
		return
	}
	sum := s.rest.Add(value.DecFromBig(s.plain.big(), 0))
	for scale, w := range s.scaled {
		if s.square {
			scale *= 2
		}
		sum = sum.Add(value.DecFromBig(w.big(), scale))
	}
	if out.Type.Kind == value.Duration {
		if ns, ok := sum.Int64(); ok {
			out.AppendInt(ns)
		} else {
			out.AppendErr() // beyond 292 years
		}
		return
	}
	out.AppendDecimal(sum)
}
