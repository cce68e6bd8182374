package eval

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"sort"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// accumulator computes the value of one measure.
type accumulator interface {
	// add takes the rows of a in the bitmap, all of which have a value, and returns how many it refused as errors.
	add(a *node, used value.Bitmap) int64
	// merge takes what another accumulator of the same measure has seen.
	merge(other accumulator)
	// result appends the value, made of used rows.
	result(out *value.Vector, used int64)
}

var errNoMeasure = errors.New("no such measure")

func newAccumulator(m query.Measure, typ value.Type) (accumulator, error) {
	k := typ.Kind
	switch m.Kind {
	case query.MeasureSum, query.MeasureSumSquares:
		square := m.Kind == query.MeasureSumSquares
		switch k {
		case value.Int, value.Uint, value.Decimal:
			return &exactSum{square: square}, nil
		case value.Double:
			return &doubleSum{square: square}, nil
		case value.Duration:
			if !square {
				return &exactSum{}, nil
			}
		}
	case query.MeasureMin, query.MeasureMax:
		if ordered(k) {
			return &extremum{max: m.Kind == query.MeasureMax, typ: typ}, nil
		}
	case query.MeasureStddev:
		if k == value.Double {
			return &welford{}, nil
		}
	case query.MeasureDistinct:
		return &distinct{seen: make(map[string]struct{})}, nil
	case query.MeasureQuantile:
		if ordered(k) && m.Q > 0 && m.Q <= 1 {
			q := &quantile{q: m.Q}
			q.vals.Reset(typ)
			return q, nil
		}
	}
	return nil, fmt.Errorf("%w: kind %d of %s", errNoMeasure, m.Kind, typ)
}

func ordered(k value.Kind) bool {
	return k != value.JSON && k != value.List && k != value.Null
}

// rowsOf calls f for every set bit.
func rowsOf(used value.Bitmap, f func(i int)) {
	for w, m := range used {
		for ; m != 0; m &= m - 1 {
			f(w*64 + bits.TrailingZeros64(m))
		}
	}
}

// doubleSum adds in the order of the rows.
type doubleSum struct {
	square bool
	sum    float64
}

func (s *doubleSum) add(a *node, used value.Bitmap) int64 {
	x, m := a.vec.Floats, a.mask()
	rowsOf(used, func(i int) {
		f := x[i&m]
		if s.square {
			f *= f
		}
		s.sum += f
	})
	return 0
}

func (s *doubleSum) merge(other accumulator) {
	if o, ok := other.(*doubleSum); ok {
		s.sum += o.sum
	}
}

func (s *doubleSum) result(out *value.Vector, used int64) {
	if used == 0 {
		out.AppendNull()
		return
	}
	out.AppendDouble(s.sum)
}

// welford is the sample standard deviation by Welford's recurrence, merged as Chan, Golub and LeVeque do.
type welford struct{ n, mean, m2 float64 }

func (s *welford) add(a *node, used value.Bitmap) int64 {
	x, m := a.vec.Floats, a.mask()
	rowsOf(used, func(i int) {
		f := x[i&m]
		s.n++
		d := f - s.mean
		s.mean += d / s.n
		s.m2 += d * (f - s.mean)
	})
	return 0
}

func (s *welford) merge(other accumulator) {
	o, ok := other.(*welford)
	if !ok || o.n == 0 {
		return
	}
	n := s.n + o.n
	d := o.mean - s.mean
	s.m2 += o.m2 + d*d*s.n*o.n/n
	s.mean += d * o.n / n
	s.n = n
}

func (s *welford) result(out *value.Vector, used int64) {
	if used < 2 {
		out.AppendNull()
		return
	}
	out.AppendDouble(math.Sqrt(s.m2 / (s.n - 1)))
}

// distinct keeps every value once.
type distinct struct {
	seen map[string]struct{}
	buf  []byte
}

func (s *distinct) add(a *node, used value.Bitmap) int64 {
	rowsOf(used, func(i int) {
		s.buf = appendCell(s.buf[:0], a, i)
		if _, ok := s.seen[string(s.buf)]; !ok {
			s.seen[string(s.buf)] = struct{}{}
		}
	})
	return 0
}

func (s *distinct) merge(other accumulator) {
	if o, ok := other.(*distinct); ok {
		for k := range o.seen {
			s.seen[k] = struct{}{}
		}
	}
}

func (s *distinct) result(out *value.Vector, _ int64) { out.AppendInt(int64(len(s.seen))) }

// extremum is the least or the greatest value.
type extremum struct {
	max  bool
	typ  value.Type
	best value.Vector // one element, or none yet
}

func (s *extremum) add(a *node, used value.Bitmap) (refused int64) {
	v := a.asVector()
	m := a.mask()
	rowsOf(used, func(i int) {
		i &= m
		if v.Type.Kind == value.Double && math.IsNaN(v.Floats[i]) {
			refused++
			return
		}
		s.offer(v, i)
	})
	return refused
}

func (s *extremum) offer(v *value.Vector, i int) {
	if s.best.N > 0 {
		c := compareElems(v, i, &s.best, 0)
		if c == 0 || (c > 0) != s.max {
			return
		}
	}
	s.best.Reset(s.typ)
	s.best.AppendFrom(v, i)
}

func (s *extremum) merge(other accumulator) {
	if o, ok := other.(*extremum); ok && o.best.N > 0 {
		s.offer(&o.best, 0)
	}
}

func (s *extremum) result(out *value.Vector, _ int64) {
	if s.best.N == 0 {
		out.AppendNull()
		return
	}
	out.AppendFrom(&s.best, 0)
}

// asVector returns the values of nd without nulls and errors; one element for a constant.
func (nd *node) asVector() *value.Vector {
	v := &nd.view
	*v = nd.vec
	v.Type, v.Nulls, v.Errs = nd.typ, nil, nil
	if nd.typ.Kind == value.Bool {
		n := len(nd.bits) * 64
		v.Bools = grow(nd.viewBools, n)
		nd.viewBools = v.Bools
		unpack(v.Bools, nd.bits)
	}
	return v
}

// compareElems orders two elements of ordered kinds, neither null, in error nor NaN.
func compareElems(a *value.Vector, i int, b *value.Vector, j int) int {
	switch a.Type.Kind {
	case value.Bool:
		return cmp.Compare(b2u(a.Bools[i]), b2u(b.Bools[j]))
	case value.Int, value.Duration:
		return cmp.Compare(a.Ints[i], b.Ints[j])
	case value.Uint:
		return cmp.Compare(a.Uints[i], b.Uints[j])
	case value.Double:
		return cmp.Compare(a.Floats[i], b.Floats[j])
	case value.Decimal:
		return a.Decs[i].Cmp(b.Decs[j])
	case value.Timestamp, value.LocalTimestamp:
		if c := cmp.Compare(a.Ints[i], b.Ints[j]); c != 0 {
			return c
		}
		return cmp.Compare(a.Nanos[i], b.Nanos[j])
	case value.String, value.Bytes:
		return cmp.Compare(alias(a.Bytes(i)), alias(b.Bytes(j)))
	default:
		return 0
	}
}

// quantile keeps every value and selects at the end.
type quantile struct {
	q    float64
	vals value.Vector
}

func (s *quantile) add(a *node, used value.Bitmap) (refused int64) {
	v, m := a.asVector(), a.mask()
	rowsOf(used, func(i int) {
		i &= m
		if v.Type.Kind == value.Double && math.IsNaN(v.Floats[i]) {
			refused++
			return
		}
		s.vals.AppendFrom(v, i)
	})
	return refused
}

func (s *quantile) merge(other accumulator) {
	if o, ok := other.(*quantile); ok {
		for i := range o.vals.N {
			s.vals.AppendFrom(&o.vals, i)
		}
	}
}

func (s *quantile) result(out *value.Vector, _ int64) {
	n := s.vals.N
	if n == 0 {
		out.AppendNull()
		return
	}
	at := make([]int, n)
	for i := range at {
		at[i] = i
	}
	sort.Slice(at, func(x, y int) bool { return compareElems(&s.vals, at[x], &s.vals, at[y]) < 0 })
	k := min(max(int(math.Ceil(s.q*float64(n))), 1), n) // as PostgreSQL's percentile_disc
	out.AppendFrom(&s.vals, at[k-1])
}
