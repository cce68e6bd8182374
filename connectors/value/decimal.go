package value

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"

	"github.com/cockroachdb/apd/v3"
)

// Dec is an exact decimal number: coef * 10^-scale, or big where that does not
// fit. The zero Dec is 0. It is immutable; two Decs are the same number when Cmp says so, whatever their scale.
type Dec struct {
	coef  int64
	scale int32
	big   *apd.Decimal
}

// ErrDecimal is returned for text that is not a finite decimal number.
var ErrDecimal = errors.New("not a decimal number")

// NewDec returns coef * 10^-scale.
func NewDec(coef int64, scale int32) Dec { return Dec{coef: coef, scale: scale} }

// maxDecimalExponent bounds exponents, so that 1e999999999 cannot exhaust memory.
// PostgreSQL's numeric reaches 131,072 digits before the point and 16,383 behind it.
const maxDecimalExponent = 150_000

// ParseDec reads a decimal: sign, digits, point, exponent. NaN, infinities and anything else are ErrDecimal.
func ParseDec(s string) (Dec, error) {
	if d, ok := parseSmall(s); ok {
		return d, nil
	}
	if s == "" || strings.ContainsAny(s, "_ \t\n") || strings.ContainsAny(s, "nNiI") {
		return Dec{}, fmt.Errorf("%w: %q", ErrDecimal, clip(s))
	}
	d, _, err := apd.NewFromString(s)
	if err != nil || d.Form != apd.Finite || d.Exponent > maxDecimalExponent || d.Exponent < -maxDecimalExponent {
		return Dec{}, fmt.Errorf("%w: %q", ErrDecimal, clip(s))
	}
	return shrink(d), nil
}

func clip(s string) string {
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}

// parseSmall reads up to 18 digits without an exponent.
func parseSmall(s string) (Dec, bool) {
	i, neg := 0, false
	if s != "" && (s[0] == '-' || s[0] == '+') {
		neg, i = s[0] == '-', 1
	}
	var coef int64
	var scale int32
	digits, point := 0, false
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			if digits == 18 {
				return Dec{}, false
			}
			coef = coef*10 + int64(c-'0')
			digits++
			if point {
				scale++
			}
		case c == '.' && !point:
			point = true
		default:
			return Dec{}, false
		}
	}
	if digits == 0 {
		return Dec{}, false
	}
	if neg {
		coef = -coef
	}
	return Dec{coef: coef, scale: scale}, true
}

// DecFromInt returns i.
func DecFromInt(i int64) Dec { return Dec{coef: i} }

// DecFromUint returns u.
func DecFromUint(u uint64) Dec {
	if u <= math.MaxInt64 {
		return Dec{coef: int64(u)}
	}
	d := new(apd.Decimal)
	d.Coeff.SetMathBigInt(d.Coeff.MathBigInt().SetUint64(u))
	return Dec{big: d}
}

// DecFromFloat returns f at its shortest decimal text (0.1 is 0.1), or ErrDecimal for NaN and infinities.
func DecFromFloat(f float64) (Dec, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return Dec{}, fmt.Errorf("%w: %v", ErrDecimal, f)
	}
	return ParseDec(strconv.FormatFloat(f, 'e', -1, 64))
}

// toBig returns d as an apd.Decimal that must not be changed.
func (d Dec) toBig() *apd.Decimal {
	if d.big != nil {
		return d.big
	}
	return apd.New(d.coef, -d.scale)
}

// shrink returns the small form of b where it fits.
func shrink(b *apd.Decimal) Dec {
	if b.Coeff.IsInt64() && b.Exponent <= 0 && b.Exponent >= -1000 {
		c := b.Coeff.Int64()
		if b.Negative {
			c = -c
		}
		return Dec{coef: c, scale: -b.Exponent}
	}
	if b.Coeff.Sign() == 0 {
		return Dec{}
	}
	return Dec{big: b}
}

var pow10 = [...]int64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18}

// rescale returns c * 10^by, false when it does not fit.
func rescale(c int64, by int32) (int64, bool) {
	if by < 0 || int(by) >= len(pow10) {
		return 0, c == 0
	}
	return mulInt64(c, pow10[by])
}

func mulInt64(a, b int64) (int64, bool) {
	hi, lo := bits.Mul64(absUint(a), absUint(b))
	neg := (a < 0) != (b < 0)
	switch {
	case hi != 0 || lo > 1<<63:
		return 0, false
	case neg:
		return -int64(lo), true
	case lo == 1<<63:
		return 0, false
	}
	return int64(lo), true
}

func absUint(a int64) uint64 {
	if a < 0 {
		return -uint64(a)
	}
	return uint64(a)
}

// align brings two small decimals to one scale.
func align(a, b Dec) (x, y int64, scale int32, ok bool) {
	if a.big != nil || b.big != nil {
		return 0, 0, 0, false
	}
	switch {
	case a.scale == b.scale:
		return a.coef, b.coef, a.scale, true
	case a.scale < b.scale:
		x, ok = rescale(a.coef, b.scale-a.scale)
		return x, b.coef, b.scale, ok
	default:
		y, ok = rescale(b.coef, a.scale-b.scale)
		return a.coef, y, a.scale, ok
	}
}

// Cmp returns -1, 0 or 1 as d is less than, equal to or greater than e.
func (d Dec) Cmp(e Dec) int {
	if x, y, _, ok := align(d, e); ok {
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	}
	return d.toBig().Cmp(e.toBig())
}

// exact computes without rounding: apd's base context has no precision limit.
var exact = apd.BaseContext

// Add returns d + e.
func (d Dec) Add(e Dec) Dec {
	if x, y, s, ok := align(d, e); ok {
		if z := x + y; (z > x) == (y > 0) {
			return Dec{coef: z, scale: s}
		}
	}
	var z apd.Decimal
	_, _ = exact.Add(&z, d.toBig(), e.toBig())
	return shrink(&z)
}

// Sub returns d - e.
func (d Dec) Sub(e Dec) Dec { return d.Add(e.Neg()) }

// Mul returns d * e.
func (d Dec) Mul(e Dec) Dec {
	if d.big == nil && e.big == nil {
		if z, ok := mulInt64(d.coef, e.coef); ok {
			return Dec{coef: z, scale: d.scale + e.scale}
		}
	}
	var z apd.Decimal
	_, _ = exact.Mul(&z, d.toBig(), e.toBig())
	return shrink(&z)
}

// QuoDigits is the precision of Quo in significant digits.
const QuoDigits = 38

// Quo returns d / e rounded half-even to QuoDigits significant digits; false when e is zero.
func (d Dec) Quo(e Dec) (Dec, bool) {
	if e.Sign() == 0 {
		return Dec{}, false
	}
	ctx := exact.WithPrecision(QuoDigits)
	ctx.Rounding = apd.RoundHalfEven
	var z apd.Decimal
	if _, err := ctx.Quo(&z, d.toBig(), e.toBig()); err != nil {
		return Dec{}, false
	}
	return shrink(&z), true
}

// Rem returns d - e*trunc(d/e), with the sign of d; false when e is zero.
func (d Dec) Rem(e Dec) (Dec, bool) {
	if e.Sign() == 0 {
		return Dec{}, false
	}
	if x, y, s, ok := align(d, e); ok {
		return Dec{coef: x % y, scale: s}, true
	}
	q := new(apd.Decimal)
	ctx := exact.WithPrecision(uint32(d.digits()+e.digits()) + 10) //nolint:gosec // digits are bounded by maxDecimalExponent
	if _, err := ctx.QuoInteger(q, d.toBig(), e.toBig()); err != nil {
		return Dec{}, false
	}
	return d.Sub(shrink(q).Mul(e)), true
}

func (d Dec) digits() int64 {
	b := d.toBig()
	n := b.NumDigits()
	if b.Exponent < 0 {
		return n - int64(b.Exponent)
	}
	return n + int64(b.Exponent)
}

// Neg returns -d.
func (d Dec) Neg() Dec {
	if d.big == nil && d.coef != math.MinInt64 {
		return Dec{coef: -d.coef, scale: d.scale}
	}
	var z apd.Decimal
	z.Neg(d.toBig())
	return shrink(&z)
}

// Abs returns |d|.
func (d Dec) Abs() Dec {
	if d.Sign() < 0 {
		return d.Neg()
	}
	return d
}

// Sign returns -1, 0 or 1.
func (d Dec) Sign() int {
	if d.big != nil {
		return d.big.Sign()
	}
	switch {
	case d.coef < 0:
		return -1
	case d.coef > 0:
		return 1
	}
	return 0
}

// Int64 returns d truncated towards zero, false when it is outside int64.
func (d Dec) Int64() (int64, bool) {
	if d.big == nil {
		if int(d.scale) >= len(pow10) {
			return 0, true
		}
		return d.coef / pow10[d.scale], true
	}
	var z apd.Decimal
	ctx := exact.WithPrecision(uint32(d.digits()) + 5) //nolint:gosec // digits are bounded
	ctx.Rounding = apd.RoundDown
	if _, err := ctx.RoundToIntegralValue(&z, d.big); err != nil {
		return 0, false
	}
	i, err := z.Int64()
	return i, err == nil
}

// Float returns the double nearest to d.
func (d Dec) Float() float64 {
	f, _ := strconv.ParseFloat(d.String(), 64) // an overflow yields the infinity of the right sign
	return f
}

// String returns the number in plain notation with trailing zeros of the fraction removed, "-0" never.
func (d Dec) String() string {
	if d.Sign() == 0 {
		return "0"
	}
	var s string
	if d.big == nil {
		s = smallText(d.coef, d.scale)
	} else {
		s = d.big.Text('f')
	}
	if strings.IndexByte(s, '.') >= 0 {
		s = strings.TrimRight(s, "0")
		s = strings.TrimSuffix(s, ".")
	}
	return s
}

func smallText(coef int64, scale int32) string {
	s := strconv.FormatUint(absUint(coef), 10)
	if scale > 0 {
		if pad := int(scale) + 1 - len(s); pad > 0 {
			s = strings.Repeat("0", pad) + s
		}
		s = s[:len(s)-int(scale)] + "." + s[len(s)-int(scale):]
	}
	if coef < 0 {
		return "-" + s
	}
	return s
}
