package canon

import (
	"cmp"
	"math"
	"strconv"

	"github.com/assay-dev/assay/connectors/value"
)

// compareIntegers orders cells of Bool, Int and Uint vectors by value.
func compareIntegers(a *value.Vector, i int, b *value.Vector, j int) int {
	x, big := integer(a, i)
	y, huge := integer(b, j)
	switch {
	case big && huge:
		return cmp.Compare(uint64(x), uint64(y)) //nolint:gosec // stored so
	case big:
		return 1
	case huge:
		return -1
	}
	return cmp.Compare(x, y)
}

// integer returns a cell of a Bool, Int or Uint vector; big says that it is beyond int64, and the bits are those of a uint64.
func integer(v *value.Vector, i int) (n int64, big bool) {
	switch v.Type.Kind {
	case value.Bool:
		if v.Bools[i] {
			return 1, false
		}
		return 0, false
	case value.Uint:
		u := v.Uints[i]
		return int64(u), u > math.MaxInt64 //nolint:gosec // said by big
	default:
		return v.Ints[i], false
	}
}

// decimal returns a cell of an Int, Uint or Decimal vector.
func decimal(v *value.Vector, i int) value.Dec {
	switch v.Type.Kind {
	case value.Int:
		return value.DecFromInt(v.Ints[i])
	case value.Uint:
		return value.DecFromUint(v.Uints[i])
	default:
		return v.Decs[i]
	}
}

// number returns a cell of class Number in common form.
func (f *Form) number(v *value.Vector, i int) value.Dec {
	d := decimal(v, i)
	if f.Scaled {
		return d.Round(int32(f.Scale))
	}
	return d
}

func (f *Form) equalNumbers(l *value.Vector, i int, r *value.Vector, j int) bool {
	x, y := decimal(l, i), decimal(r, j)
	if x == y || x.Cmp(y) == 0 {
		return true
	}
	if f.Scaled && x.Round(int32(f.Scale)).Cmp(y.Round(int32(f.Scale))) == 0 {
		return true
	}
	return f.tol.set && f.tol.decimals(x, y)
}

func (f *Form) equalIntegers(l *value.Vector, i int, r *value.Vector, j int) bool {
	if compareIntegers(l, i, r, j) == 0 {
		return true
	}
	return f.tol.set && f.tol.decimals(decimal(l, i), decimal(r, j))
}

// double returns a cell of class Double as a double, exact false where it is an integer that no double is.
func (f *Form) double(v *value.Vector, i int) (x float64, exact bool) {
	switch v.Type.Kind {
	case value.Int:
		n := v.Ints[i]
		x = float64(n)
		return x, x < 1<<63 && int64(x) == n
	case value.Uint:
		n := v.Uints[i]
		x = float64(n)
		return x, x < 1<<64 && uint64(x) == n
	default:
		if f.Single {
			return toSingle(v.Floats[i]), true
		}
		return v.Floats[i], true
	}
}

// toSingle returns the binary32 nearest to x, and x itself where it is beyond them: an engine refuses it.
func toSingle(x float64) float64 {
	if s := float64(float32(x)); !math.IsInf(s, 0) {
		return s
	}
	return x
}

func (f *Form) equalDoubles(l *value.Vector, i int, r *value.Vector, j int) bool {
	x, okX := f.double(l, i)
	y, okY := f.double(r, j)
	if okX && okY && (x == y || math.IsNaN(x) && math.IsNaN(y)) {
		return true
	}
	if !f.tol.set {
		return false
	}
	if okX && okY {
		return f.tol.doubles(x, y, f.Single)
	}
	a, errA := exactNumber(l, i)
	b, errB := exactNumber(r, j)
	return errA == nil && errB == nil && f.tol.decimals(a, b)
}

// exactNumber returns a cell of a numeric vector as a decimal, a double at its shortest text.
func exactNumber(v *value.Vector, i int) (value.Dec, error) {
	if v.Type.Kind == value.Double {
		return value.DecFromFloat(v.Floats[i])
	}
	return decimal(v, i), nil
}

// compareDoubles orders cells of class Double by value, NaN last.
func (f *Form) compareDoubles(a *value.Vector, i int, b *value.Vector, j int) int {
	x, okX := f.double(a, i)
	y, okY := f.double(b, j)
	switch {
	case math.IsNaN(x) || math.IsNaN(y):
		return btoi(math.IsNaN(x)) - btoi(math.IsNaN(y))
	case x != y:
		return cmp.Compare(x, y)
	case okX && okY:
		return 0
	}
	// One is an integer that was rounded to the other: both are whole.
	d, errD := wholeNumber(a, i)
	e, errE := wholeNumber(b, j)
	if errD != nil || errE != nil {
		return 0
	}
	return d.Cmp(e)
}

func wholeNumber(v *value.Vector, i int) (value.Dec, error) {
	if v.Type.Kind == value.Double {
		return value.DecExact(v.Floats[i])
	}
	return decimal(v, i), nil
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// equalMixed compares a double with a decimal.
func (f *Form) equalMixed(l *value.Vector, i int, r *value.Vector, j int) bool {
	if r.Type.Kind == value.Double {
		l, i, r, j = r, j, l, i
	}
	x, d := l.Floats[i], r.Decs[j]
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return false
	}
	near := d.Float()
	if x == near || f.Single && float32(x) == nearestSingle(d, near) {
		return true
	}
	if f.Scaled && f.roundsTo(x, d) {
		return true
	}
	return f.tol.set && f.tolerates(x, d, near)
}

// nearestSingle returns the binary32 nearest to d, whose nearest binary64 is near.
func nearestSingle(d value.Dec, near float64) float32 {
	s := float32(near)
	// Rounding twice goes wrong only where near lies in the very middle of two binary32 numbers.
	const smallestNormal = 0x1p-126
	if math.Float64bits(near)&(1<<29-1) != 1<<28 && math.Abs(near) >= smallestNormal {
		return s
	}
	return parseSingle(d)
}

// roundsTo reports whether d is x rounded to the decimal's scale, half away from zero; x is taken as it prints or as it is, for
// engines and programs do either.
func (f *Form) roundsTo(x float64, d value.Dec) bool {
	scale := int32(f.Scale)
	if f.Single {
		if s, err := value.DecFromFloat32(float32(x)); err == nil && s.Round(scale).Cmp(d) == 0 {
			return true
		}
	}
	if s, err := value.DecFromFloat(x); err == nil && s.Round(scale).Cmp(d) == 0 {
		return true
	}
	e, err := value.DecExact(x)
	return err == nil && e.Round(scale).Cmp(d) == 0
}

func (f *Form) tolerates(x float64, d value.Dec, near float64) bool {
	if f.tol.ulp > 0 {
		return apart(x, near, f.Single) <= f.tol.ulp
	}
	s, err := shortest(x, f.Single)
	return err == nil && f.tol.decimals(s, d)
}

func parseSingle(d value.Dec) float32 {
	s, err := strconv.ParseFloat(d.String(), 32)
	if err != nil && s == 0 {
		return 0
	}
	return float32(s) // an overflow yields the infinity of the right sign
}
