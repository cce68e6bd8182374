package value

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/bits"
	"strconv"
	"strings"
)

// Dec is an exact decimal number: coef * 10^-scale with 0 <= scale <= maxSmallScale, or big * 10^-scale where coef does not
// fit. The zero Dec is 0. It is immutable; two Decs are the same number when Cmp says so, whatever their scale.
type Dec struct {
	coef  int64
	scale int32
	big   *big.Int
}

// maxSmallScale bounds the scale of the small form.
const maxSmallScale = 1000

// ErrDecimal is returned for text that is not a finite decimal number.
var ErrDecimal = errors.New("not a decimal number")

// NewDec returns coef * 10^-scale.
func NewDec(coef int64, scale int32) Dec {
	if scale < 0 || scale > maxSmallScale {
		return shrink(big.NewInt(coef), scale)
	}
	return Dec{coef: coef, scale: scale}
}

// maxDecimalExponent bounds exponents, so that 1e999999999 cannot exhaust memory.
// PostgreSQL's numeric reaches 131,072 digits before the point and 16,383 behind it.
const maxDecimalExponent = 150_000

// ParseDec reads a decimal: sign, digits, point, exponent. NaN, infinities and anything else are ErrDecimal.
func ParseDec(s string) (Dec, error) {
	if d, ok := parseSmall(s); ok {
		return d, nil
	}
	if d, ok := parseBig(s); ok {
		return d, nil
	}
	return Dec{}, fmt.Errorf("%w: %q", ErrDecimal, clip(s))
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
	return Dec{big: new(big.Int).SetUint64(u)}
}

// DecFromFloat returns f at its shortest decimal text (0.1 is 0.1), or ErrDecimal for NaN and infinities.
func DecFromFloat(f float64) (Dec, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return Dec{}, fmt.Errorf("%w: %v", ErrDecimal, f)
	}
	if i := int64(f); f > -1<<53 && f < 1<<53 && float64(i) == f {
		return Dec{coef: i}, nil
	}
	var buf [32]byte
	b := strconv.AppendFloat(buf[:0], f, 'e', -1, 64)
	if d, ok := smallScientific(b); ok {
		return d, nil
	}
	return ParseDec(string(b))
}

// smallScientific reads d.ddde±dd, up to 17 digits, where the number fits without a positive exponent.
func smallScientific(b []byte) (Dec, bool) {
	var coef int64
	var scale int32
	i, neg, point := 0, false, false
	if b[0] == '-' {
		neg, i = true, 1
	}
	for ; i < len(b) && b[i] != 'e'; i++ {
		if b[i] == '.' {
			point = true
			continue
		}
		coef = coef*10 + int64(b[i]-'0')
		if point {
			scale++
		}
	}
	if i+2 >= len(b) {
		return Dec{}, false
	}
	var exp int32
	for _, c := range b[i+2:] {
		exp = exp*10 + int32(c-'0')
	}
	if b[i+1] == '-' {
		exp = -exp
	}
	if scale -= exp; scale < 0 || scale > maxSmallScale {
		return Dec{}, false
	}
	if neg {
		coef = -coef
	}
	return Dec{coef: coef, scale: scale}, true
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
		return -int64(lo), true //nolint:gosec // two's complement
	case lo == 1<<63:
		return 0, false
	}
	return int64(lo), true //nolint:gosec // two's complement
}

func absUint(a int64) uint64 {
	if a < 0 {
		return -uint64(a) //nolint:gosec // two's complement
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
	if d.scale == e.scale && d.big == nil && e.big == nil {
		switch {
		case d.coef < e.coef:
			return -1
		case d.coef > e.coef:
			return 1
		}
		return 0
	}
	return d.cmpAligned(e)
}

func (d Dec) cmpAligned(e Dec) int {
	if x, y, _, ok := align(d, e); ok {
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	}
	return cmpBig(d, e)
}

// Add returns d + e.
func (d Dec) Add(e Dec) Dec {
	if x, y, s, ok := align(d, e); ok {
		if z := x + y; (z > x) == (y > 0) {
			return Dec{coef: z, scale: s}
		}
	}
	return addBig(d, e)
}

// Sub returns d - e.
func (d Dec) Sub(e Dec) Dec { return d.Add(e.Neg()) }

// Mul returns d * e.
func (d Dec) Mul(e Dec) Dec {
	if d.big == nil && e.big == nil {
		if z, ok := mulInt64(d.coef, e.coef); ok && d.scale+e.scale <= maxSmallScale {
			return Dec{coef: z, scale: d.scale + e.scale}
		}
	}
	return shrink(new(big.Int).Mul(d.toBig(), e.toBig()), d.scale+e.scale)
}

// QuoDigits is the precision of Quo in significant digits.
const QuoDigits = 38

// Quo returns d / e rounded half-even to QuoDigits significant digits; false when e is zero.
func (d Dec) Quo(e Dec) (Dec, bool) {
	if e.Sign() == 0 {
		return Dec{}, false
	}
	if d.Sign() == 0 {
		return Dec{}, true
	}
	if x, y, _, ok := align(d, e); ok && y != 0 && x%y == 0 && !(x == math.MinInt64 && y == -1) {
		return Dec{coef: x / y}, true
	}
	return quoBig(d, e), true
}

// Rem returns d - e*trunc(d/e), with the sign of d; false when e is zero.
func (d Dec) Rem(e Dec) (Dec, bool) {
	if e.Sign() == 0 {
		return Dec{}, false
	}
	if x, y, s, ok := align(d, e); ok && y != 0 {
		if y == -1 {
			return Dec{}, true
		}
		return Dec{coef: x % y, scale: s}, true
	}
	x, y, s := alignBig(d, e)
	return shrink(new(big.Int).Rem(x, y), s), true
}

// Neg returns -d.
func (d Dec) Neg() Dec {
	if d.big == nil && d.coef != math.MinInt64 {
		return Dec{coef: -d.coef, scale: d.scale}
	}
	return shrink(new(big.Int).Neg(d.toBig()), d.scale)
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
	z := truncBig(d)
	return z.Int64(), z.IsInt64()
}

// Uint64 returns d truncated towards zero, false when that is outside uint64.
func (d Dec) Uint64() (uint64, bool) {
	if i, ok := d.Int64(); ok {
		return uint64(i), i >= 0 //nolint:gosec // tested beside it
	}
	if d.Sign() < 0 {
		return 0, false
	}
	if d.big == nil {
		return 0, false
	}
	z := truncBig(d)
	return z.Uint64(), z.IsUint64()
}

// Float returns the double nearest to d.
func (d Dec) Float() float64 {
	if d.big == nil && d.coef > -1<<53 && d.coef < 1<<53 && d.scale <= 18 {
		return float64(d.coef) / float64(pow10[d.scale]) // two exact doubles: one rounding
	}
	f, _ := strconv.ParseFloat(d.String(), 64) // an overflow yields the infinity of the right sign
	return f
}

// AppendText appends String to b without allocating for numbers of up to 18 digits.
func (d Dec) AppendText(b []byte) []byte {
	if d.big != nil || d.scale > 18 {
		return append(b, d.String()...)
	}
	c, scale := d.coef, d.scale
	for scale > 0 && c%10 == 0 {
		c, scale = c/10, scale-1
	}
	if c < 0 {
		b = append(b, '-')
	}
	u, p := absUint(c), uint64(pow10[scale]) //nolint:gosec // powers of ten are positive
	b = strconv.AppendUint(b, u/p, 10)
	if scale > 0 {
		b = append(b, '.')
		at := len(b)
		b = strconv.AppendUint(b, u%p+p, 10) // a leading 1 keeps the zeros
		b = append(b[:at], b[at+1:]...)
	}
	return b
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
		s = bigText(d)
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
