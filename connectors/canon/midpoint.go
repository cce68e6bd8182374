package canon

import (
	"bytes"
	"math"
	"math/big"
	"strconv"
)

// appendDecided appends x in scientific notation with as few digits as say which number it is, however a reader rounds a text that lies in the
// very middle of two numbers: PostgreSQL never writes such a text, where Go's shortest may be one (1e23).
func appendDecided(dst, shortest []byte, x float64, bits int) []byte {
	text := shortest
	for prec := digitsIn(text); midway(text, x, bits); prec++ {
		for {
			text = strconv.AppendFloat(nil, x, 'e', prec, bits)
			if back, err := strconv.ParseFloat(string(text), bits); err == nil && back == x {
				break
			}
			prec++
		}
	}
	return append(dst, text...)
}

// digitsIn counts the digits before the exponent.
func digitsIn(text []byte) int {
	n := 0
	for _, c := range text {
		switch {
		case c == 'e':
			return n
		case c >= '0' && c <= '9':
			n++
		}
	}
	return n
}

// midway reports whether a text lies in the middle of x and one of its neighbours. A middle has one binary digit more than the numbers: so
// few decimal ones can say it only where all numbers are whole, and not beyond these bounds.
func midway(text []byte, x float64, bits int) bool {
	first, last := 0x1p53, 0x1p150
	if bits == 32 {
		first, last = 0x1p24, 0x1p64
	}
	if a := math.Abs(x); a < first || a > last {
		return false
	}
	d, ok := wholeText(text)
	if !ok {
		return false
	}
	d.Lsh(d, 1)
	for _, to := range [2]float64{math.Inf(1), math.Inf(-1)} {
		next := math.Nextafter(x, to)
		if bits == 32 {
			next = float64(math.Nextafter32(float32(x), float32(to)))
		}
		if d.Cmp(new(big.Int).Add(wholeFloat(x), wholeFloat(next))) == 0 {
			return true
		}
	}
	return false
}

func wholeFloat(x float64) *big.Int {
	i, _ := new(big.Float).SetFloat64(x).Int(nil)
	return i
}

// wholeText reads d.ddde+XX; false where that is no whole number.
func wholeText(text []byte) (*big.Int, bool) {
	e := bytes.IndexByte(text, 'e')
	exp, err := strconv.Atoi(string(text[e+1:]))
	digits := bytes.Replace(text[:e], []byte{'.'}, nil, 1)
	zeros := exp - (digitsIn(text) - 1)
	if err != nil || zeros < 0 {
		return nil, false
	}
	d, ok := new(big.Int).SetString(string(digits), 10)
	if !ok {
		return nil, false
	}
	return d.Mul(d, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(zeros)), nil)), true
}
