package sample

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// Around is the least interval of floats that holds a number written in decimal digits: a point where a float is the number exactly. The error is of a text
// that is no number.
func Around(text string) (Interval, error) {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil && !math.IsInf(f, 0) {
		return Interval{}, fmt.Errorf("%q is no number", text)
	}
	if math.IsInf(f, 0) && err == nil || math.IsNaN(f) { // said so, and not for want of room
		return Point(f), nil
	}
	if math.IsInf(f, 1) {
		return Interval{math.MaxFloat64, f}, nil
	}
	if math.IsInf(f, -1) {
		return Interval{f, -math.MaxFloat64}, nil
	}
	if strings.ContainsAny(text, "eExXpP") { // its digits may be too many to write out
		return Interval{below(f), above(f)}, nil
	}
	exact, ok := new(big.Rat).SetString(text)
	if !ok {
		return Interval{below(f), above(f)}, nil
	}
	switch exact.Cmp(new(big.Rat).SetFloat64(f)) {
	case -1:
		return Interval{below(f), f}, nil
	case 1:
		return Interval{f, above(f)}, nil
	}
	return Point(f), nil
}
