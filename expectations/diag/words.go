package diag

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Group prints n with thousands separated by commas.
func Group(n int64) string { return GroupDigits(strconv.FormatInt(n, 10)) }

// GroupDigits puts commas between the thousands of a plain decimal number.
func GroupDigits(s string) string {
	sign, rest := "", s
	if strings.HasPrefix(s, "-") {
		sign, rest = "-", s[1:]
	}
	whole, fraction, dot := strings.Cut(rest, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if dot {
		whole += "." + fraction
	}
	return sign + whole
}

// Plural is a number with its noun: "1 row", "2 rows".
func Plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return Group(n) + " " + noun + "s"
}

// Percent prints a share between 0 and 1 in per cent, with as many digits as it takes never to show 100 % or 0 % for
// anything else.
func Percent(share float64) string {
	r := share * 100
	if r == 100 || r == 0 || math.IsNaN(r) {
		return strconv.FormatFloat(r, 'f', 0, 64) + " %"
	}
	for digits := 1; digits < 16; digits++ {
		s := strconv.FormatFloat(r, 'f', digits, 64)
		if v, err := strconv.ParseFloat(s, 64); err == nil && v > 0 && v < 100 {
			return s + " %"
		}
	}
	return strconv.FormatFloat(r, 'g', -1, 64) + " %"
}

// Duration prints a span of time in hours, minutes and seconds, without what is finer than a second where it is longer than a minute.
func Duration(d time.Duration) string {
	if d.Abs() > time.Minute {
		d = d.Round(time.Second)
	}
	return d.String()
}
