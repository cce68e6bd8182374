package value

import (
	"math/big"
	"strings"
)

// The big form of Dec: arithmetic over math/big, exact and without a limit of
// digits or exponents. (apd's exponents end at 100,000 and its text at as many digits;
// PostgreSQL's numeric has 131,072 before the point.)

var bigTen = big.NewInt(10)

// DecFromBig returns c * 10^-scale; c is copied.
func DecFromBig(c *big.Int, scale int32) Dec { return shrink(new(big.Int).Set(c), scale) }

// Small returns the coefficient and scale of a number in the small form: d = coef * 10^-scale, 0 <= scale <= 1000.
// It is false for numbers beyond it.
func (d Dec) Small() (coef int64, scale int32, ok bool) { return d.coef, d.scale, d.big == nil }

// bigPow10 returns 10^n.
func bigPow10(n int64) *big.Int { return new(big.Int).Exp(bigTen, big.NewInt(n), nil) }

// toBig returns d's coefficient, which must not be changed.
func (d Dec) toBig() *big.Int {
	if d.big != nil {
		return d.big
	}
	return big.NewInt(d.coef)
}

// shrink returns c * 10^-scale in the small form where it fits. It owns c.
func shrink(c *big.Int, scale int32) Dec {
	if c.Sign() == 0 {
		return Dec{}
	}
	if scale < 0 && scale >= -18 && c.IsInt64() {
		if x, ok := rescale(c.Int64(), -scale); ok {
			return Dec{coef: x}
		}
	}
	if c.IsInt64() && scale >= 0 && scale <= maxSmallScale {
		return Dec{coef: c.Int64(), scale: scale}
	}
	return Dec{big: c, scale: scale}
}

// parseBig reads any number of digits, with an exponent of up to maxDecimalExponent.
func parseBig(s string) (Dec, bool) {
	neg := false
	if s != "" && (s[0] == '-' || s[0] == '+') {
		neg, s = s[0] == '-', s[1:]
	}
	mant, exp := s, 0
	if k := strings.IndexAny(s, "eE"); k >= 0 {
		n, ok := parseExponent(s[k+1:])
		if !ok {
			return Dec{}, false
		}
		mant, exp = s[:k], n
	}
	whole, frac, _ := strings.Cut(mant, ".")
	all := whole + frac
	if all == "" || strings.Trim(all, "0123456789") != "" {
		return Dec{}, false
	}
	scale := len(frac) - exp
	if len(whole) > maxDecimalExponent || len(frac) > maxDecimalExponent || scale > 2*maxDecimalExponent || scale < -maxDecimalExponent {
		return Dec{}, false
	}
	c, ok := new(big.Int).SetString(all, 10)
	if !ok {
		return Dec{}, false
	}
	if neg {
		c.Neg(c)
	}
	return shrink(c, int32(scale)), true
}

func parseExponent(s string) (int, bool) {
	neg := false
	if s != "" && (s[0] == '-' || s[0] == '+') {
		neg, s = s[0] == '-', s[1:]
	}
	if s == "" {
		return 0, false
	}
	if s = strings.TrimLeft(s, "0"); len(s) > 6 {
		return 0, false
	}
	n, ok := digits(s)
	if !ok || n > maxDecimalExponent {
		return 0, false
	}
	if neg {
		n = -n
	}
	return n, true
}

// alignBig brings two decimals to one scale.
func alignBig(d, e Dec) (x, y *big.Int, scale int32) {
	x, y = d.toBig(), e.toBig()
	switch {
	case d.scale < e.scale:
		return new(big.Int).Mul(x, bigPow10(int64(e.scale)-int64(d.scale))), y, e.scale
	case d.scale > e.scale:
		return x, new(big.Int).Mul(y, bigPow10(int64(d.scale)-int64(e.scale))), d.scale
	}
	return x, y, d.scale
}

func addBig(d, e Dec) Dec {
	if d.Sign() == 0 {
		return e
	}
	if e.Sign() == 0 {
		return d
	}
	x, y, s := alignBig(d, e)
	return shrink(new(big.Int).Add(x, y), s)
}

// approxDigits is within one of the number of decimal digits of a non-zero c.
func approxDigits(c *big.Int) int64 { return int64(float64(c.BitLen())*0.30102999566398120) + 1 }

func cmpBig(d, e Dec) int {
	sd, se := d.Sign(), e.Sign()
	if sd != se {
		if sd < se {
			return -1
		}
		return 1
	}
	// Numbers of very different size need no alignment.
	md, me := approxDigits(d.toBig())-int64(d.scale), approxDigits(e.toBig())-int64(e.scale)
	switch {
	case md > me+2:
		return sd
	case md < me-2:
		return -sd
	}
	x, y, _ := alignBig(d, e)
	return x.Cmp(y)
}

// quoBig divides non-zero decimals.
func quoBig(d, e Dec) Dec {
	x, y := new(big.Int).Abs(d.toBig()), new(big.Int).Abs(e.toBig())
	// x * 10^k / y has QuoDigits+1 to QuoDigits+5 digits.
	k := QuoDigits + 3 + approxDigits(y) - approxDigits(x)
	if k >= 0 {
		x.Mul(x, bigPow10(k))
	} else {
		y.Mul(y, bigPow10(-k))
	}
	q, r := new(big.Int).QuoRem(x, y, new(big.Int))
	drop := int64(len(q.Text(10)) - QuoDigits)
	if drop > 0 {
		unit := bigPow10(drop)
		var low *big.Int
		q, low = new(big.Int).QuoRem(q, unit, new(big.Int))
		c := low.Lsh(low, 1).Cmp(unit)
		if c > 0 || c == 0 && (r.Sign() != 0 || q.Bit(0) == 1) {
			q.Add(q, big.NewInt(1))
		}
		k -= drop
	}
	if d.Sign() != e.Sign() {
		q.Neg(q)
	}
	scale := int64(d.scale) - int64(e.scale) + k
	// Fewer trailing zeros make the small form likelier.
	var z big.Int
	for scale > 0 {
		t, m := new(big.Int).QuoRem(q, bigTen, &z)
		if m.Sign() != 0 {
			break
		}
		q, scale = t, scale-1
	}
	return shrink(q, int32(scale)) //nolint:gosec // a few times maxDecimalExponent
}

// truncBig returns d without its fraction.
func truncBig(d Dec) *big.Int {
	switch {
	case d.scale == 0:
		return d.toBig()
	case d.scale < 0:
		return new(big.Int).Mul(d.toBig(), bigPow10(-int64(d.scale)))
	}
	return new(big.Int).Quo(d.toBig(), bigPow10(int64(d.scale)))
}

// Exact returns the number in plain notation with the zeros of its fraction: 12.50, where String says 12.5.
func (d Dec) Exact() string {
	if d.big == nil {
		return smallText(d.coef, d.scale)
	}
	return bigText(d)
}

// bigText returns d in plain notation, zeros of the fraction included.
func bigText(d Dec) string {
	s := d.big.Text(10)
	if d.scale <= 0 {
		return s + strings.Repeat("0", int(-d.scale))
	}
	sign := ""
	if s[0] == '-' {
		sign, s = "-", s[1:]
	}
	if pad := int(d.scale) + 1 - len(s); pad > 0 {
		s = strings.Repeat("0", pad) + s
	}
	return sign + s[:len(s)-int(d.scale)] + "." + s[len(s)-int(d.scale):]
}
