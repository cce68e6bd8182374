package canon

import (
	"math"

	"github.com/assay-dev/assay/connectors/value"
)

// tolerance is a Tolerance ready for use.
type tolerance struct {
	set bool
	abs value.Dec
	rel float64
	ulp uint64
	// absFloat is near abs.
	absFloat float64
}

func newTolerance(t Tolerance) (tolerance, bool) {
	if t.Abs.Sign() < 0 || t.Rel < 0 || math.IsNaN(t.Rel) || math.IsInf(t.Rel, 0) {
		return tolerance{}, false
	}
	return tolerance{set: true, abs: t.Abs, rel: t.Rel, ulp: t.ULP, absFloat: t.Abs.Float()}, true
}

// decimals reports whether two exact numbers are within the tolerance.
func (t *tolerance) decimals(a, b value.Dec) bool {
	d := a.Sub(b).Abs()
	if d.Cmp(t.abs) <= 0 {
		return true
	}
	return t.rel > 0 && d.Float() <= t.rel*max(math.Abs(a.Float()), math.Abs(b.Float()))
}

// doubles reports whether two different doubles are within the tolerance. Differences are those of the shortest decimal texts, so
// that 0.31 and 0.30 are 0.01 apart.
func (t *tolerance) doubles(a, b float64, single bool) bool {
	if math.IsNaN(a) || math.IsNaN(b) || math.IsInf(a, 0) || math.IsInf(b, 0) {
		return false
	}
	if t.ulp > 0 {
		return apart(a, b, single) <= t.ulp
	}
	d, most := math.Abs(a-b), max(math.Abs(a), math.Abs(b))
	if t.rel > 0 {
		return d <= t.rel*most
	}
	if math.IsInf(d, 0) {
		return false
	}
	// Texts and difference are each off by less than an ulp of the larger number: only beside the bound it matters.
	near := 4 * (math.Nextafter(most, math.Inf(1)) - most)
	if single {
		near = 4 * float64(math.Nextafter32(float32(most), float32(math.Inf(1)))-float32(most))
	}
	switch {
	case d < t.absFloat-near:
		return true
	case d > t.absFloat*(1+1e-15)+near:
		return false
	}
	x, errX := shortest(a, single)
	y, errY := shortest(b, single)
	return errX == nil && errY == nil && x.Sub(y).Abs().Cmp(t.abs) <= 0
}

// shortest returns the shortest decimal text of a double.
func shortest(f float64, single bool) (value.Dec, error) {
	if single {
		return value.DecFromFloat32(float32(f))
	}
	return value.DecFromFloat(f)
}

// apart counts the representable values from a to b.
func apart(a, b float64, single bool) uint64 {
	x, y := rank(a), rank(b)
	if single {
		x, y = rank32(float32(a)), rank32(float32(b))
	}
	if x < y {
		x, y = y, x
	}
	return uint64(x) - uint64(y) //nolint:gosec // two's complement: the difference fits
}

// rank numbers the doubles in ascending order, both zeros 0.
func rank(f float64) int64 {
	i := int64(math.Float64bits(f)) //nolint:gosec // two's complement
	if i < 0 {
		i = math.MinInt64 - i
	}
	return i
}

func rank32(f float32) int64 {
	i := int32(math.Float32bits(f)) //nolint:gosec // two's complement
	if i < 0 {
		i = math.MinInt32 - i
	}
	return int64(i)
}
