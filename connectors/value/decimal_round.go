package value

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
)

// Round returns d with at most scale digits after the point, half away from zero; a negative scale rounds to tens, hundreds, ...
func (d Dec) Round(scale int32) Dec {
	drop := int64(d.scale) - int64(scale)
	switch {
	case drop <= 0:
		return d
	case d.big == nil && drop < int64(len(pow10)):
		unit := pow10[drop]
		q, r := d.coef/unit, d.coef%unit
		if r >= unit-r && r > 0 {
			q++
		} else if r <= -unit-r && r < 0 {
			q--
		}
		return NewDec(q, scale)
	case approxDigits(d.toBig()) < drop:
		return Dec{}
	}
	unit := bigPow10(drop)
	q, r := new(big.Int).QuoRem(d.toBig(), unit, new(big.Int))
	if r.Lsh(r.Abs(r), 1).Cmp(unit) >= 0 {
		q.Add(q, big.NewInt(int64(d.Sign())))
	}
	return shrink(q, scale)
}

// DecFromFloat32 returns f at its shortest decimal text among binary32 numbers (0.1 is 0.1), or ErrDecimal for NaN and infinities.
func DecFromFloat32(f float32) (Dec, error) {
	if w := float64(f); math.IsNaN(w) || math.IsInf(w, 0) {
		return Dec{}, fmt.Errorf("%w: %v", ErrDecimal, f)
	}
	var buf [32]byte
	b := strconv.AppendFloat(buf[:0], float64(f), 'e', -1, 32)
	if d, ok := smallScientific(b); ok {
		return d, nil
	}
	return ParseDec(string(b))
}

// DecExact returns the very number that f is (0.1 is 0.1000000000000000055511151231257827…), or ErrDecimal for NaN and infinities.
func DecExact(f float64) (Dec, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return Dec{}, fmt.Errorf("%w: %v", ErrDecimal, f)
	}
	frac, exp := math.Frexp(f) // f = frac * 2^exp
	c, exp := big.NewInt(int64(frac*(1<<53))), exp-53
	if exp >= 0 {
		return shrink(c.Lsh(c, uint(exp)), 0), nil
	}
	if z := c.TrailingZeroBits(); z > 0 && c.Sign() != 0 {
		z = min(z, uint(-exp))
		c.Rsh(c, z)
		exp += int(z)
	}
	// 2^-n = 5^n * 10^-n
	return shrink(c.Mul(c, new(big.Int).Exp(big.NewInt(5), big.NewInt(int64(-exp)), nil)), int32(-exp)), nil //nolint:gosec // at most 1126
}
