package postgres

import (
	"encoding/binary"
	"math"
	"strconv"

	"github.com/assay-dev/assay/connectors/value"
)

// The sign words of numeric's binary form (numeric_send in PostgreSQL's numeric.c).
const (
	numericPositive = 0x0000
	numericNegative = 0x4000
)

// numericBase is the base of numeric's digits: four decimal digits each.
const numericBase = 10_000

// decodeNumeric reads ndigits, weight, sign, dscale and base-10000 digits:
// the value is the sum of digit[i] * 10000^(weight-i). NaN and the infinities become error elements.
func decodeNumeric(v *value.Vector, b []byte) error {
	if len(b) < 8 {
		return malformed("numeric", b)
	}
	n := int(binary.BigEndian.Uint16(b))
	weight := int(int16(binary.BigEndian.Uint16(b[2:]))) //nolint:gosec // two's complement
	sign := binary.BigEndian.Uint16(b[4:])
	dscale := int(binary.BigEndian.Uint16(b[6:]))
	if len(b) != 8+2*n {
		return malformed("numeric", b)
	}
	if sign != numericPositive && sign != numericNegative {
		v.AppendErr()
		return nil
	}
	if n == 0 {
		v.AppendDecimal(value.Dec{})
		return nil
	}
	exp := 4 * (weight - n + 1)
	if d, ok := smallNumeric(b[8:], n, exp, dscale, sign == numericNegative); ok {
		v.AppendDecimal(d)
		return nil
	}
	text := make([]byte, 0, 4*n+12)
	if sign == numericNegative {
		text = append(text, '-')
	}
	for i := range n {
		d := binary.BigEndian.Uint16(b[8+2*i:])
		text = append(text, digit(d/1000), digit(d/100), digit(d/10), digit(d))
	}
	text = append(text, 'e')
	text = strconv.AppendInt(text, int64(exp), 10)
	d, err := value.ParseDec(string(text))
	if err != nil {
		return malformed("numeric", b)
	}
	v.AppendDecimal(d)
	return nil
}

// smallNumeric returns numbers whose digits fit in 64 bits.
func smallNumeric(digits []byte, n, exp, dscale int, negative bool) (value.Dec, bool) {
	if n > 5 || n == 5 && binary.BigEndian.Uint16(digits) >= 922 {
		return value.Dec{}, false
	}
	var coef int64
	for i := range n {
		coef = coef*numericBase + int64(binary.BigEndian.Uint16(digits[2*i:]))
	}
	for ; exp > 0; exp -= 4 {
		if coef > math.MaxInt64/numericBase {
			return value.Dec{}, false
		}
		coef *= numericBase
	}
	// The last digit reaches up to three places further than the number does.
	for ; -exp > dscale && coef%10 == 0; exp++ {
		coef /= 10
	}
	if negative {
		coef = -coef
	}
	return value.NewDec(coef, int32(-exp)), true //nolint:gosec // at most 4 * 2^15
}

// digit is the last decimal digit of d.
func digit(d uint16) byte { return '0' + byte(d%10) }
