package main

import "testing"

// A rate of the command line is the number that it says, in percent too.
func TestRateFlag(t *testing.T) {
	for text, want := range map[string]float64{"0.001": 0.001, "0.1%": 0.001, "99.9%": 0.999, "99.9 %": 0.999, "1e-3": 0.001, "5": 5, "100%": 1} {
		var f rateFlag
		if err := f.Set(text); err != nil || float64(f) != want {
			t.Errorf("%q is %v, %v; want %v", text, f, err, want)
		}
	}
	for _, text := range []string{"", "%", "x", "1e-3%", "1%%", "0,1"} {
		var f rateFlag
		if err := f.Set(text); err == nil {
			t.Errorf("%q is %v", text, f)
		}
	}
}
