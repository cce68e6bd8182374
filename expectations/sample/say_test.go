package sample

import (
	"math"
	"testing"
)

// What is not certain is never said to be.
func TestNothingIsRoundedToCertainty(t *testing.T) {
	for c, want := range map[float64]string{
		0.5: "50 %", 0.99: "99 %", 0.995: "99.5 %", 0.999: "99.9 %", 0.999999: "99.9999 %", 0.999999999999: "99.9999999999 %",
		math.Nextafter(1, 0): "99.99999999999999 %", 1: "100 %",
	} {
		if got := Confidence(c); got != want {
			t.Errorf("%v: %s, want %s", c, got, want)
		}
	}
	for want, i := range map[string]Interval{
		"anything from none to all": {0, 0.9975}, "at most 99 %": {0, 0.985}, "at least 12 %": {0.12, 0.9999}, "between 12 % and 13 %": {0.12, 0.13}, "exactly 12.3 %": Point(0.123),
	} {
		if got := i.Say(0); got != want {
			t.Errorf("%v: %s, want %s", i, got, want)
		}
	}
}
