package sample

import "math"

// Operations on intervals give an interval that holds the result whatever numbers the operands hold, rounded outwards. They do not know that two
// operands may be the same number, so their answer may be wider than need be.

func below(v float64) float64 { return math.Nextafter(v, math.Inf(-1)) }
func above(v float64) float64 { return math.Nextafter(v, math.Inf(1)) }

// Plus adds.
func (i Interval) Plus(o Interval) Interval { return outward(i.Low+o.Low, i.High+o.High) }

// Minus subtracts.
func (i Interval) Minus(o Interval) Interval { return outward(i.Low-o.High, i.High-o.Low) }

// Times multiplies.
func (i Interval) Times(o Interval) Interval {
	products := [4]float64{times0(i.Low, o.Low), times0(i.Low, o.High), times0(i.High, o.Low), times0(i.High, o.High)}
	low, high := products[0], products[0]
	for _, p := range products[1:] {
		low, high = math.Min(low, p), math.Max(high, p)
	}
	return outward(low, high)
}

// times0 is a product in which 0 times infinity, an end that is never reached, is 0.
func times0(a, b float64) float64 {
	if a == 0 || b == 0 {
		return 0
	}
	return a * b
}

// Over divides; ok is false where the divisor may be 0.
func (i Interval) Over(o Interval) (q Interval, ok bool) {
	if o.Contains(0) {
		return Interval{math.Inf(-1), math.Inf(1)}, false
	}
	inverse := outward(1/o.High, 1/o.Low)
	return i.Times(inverse), true
}

// Negative changes the sign.
func (i Interval) Negative() Interval { return Interval{-i.High, -i.Low} }

// Abs is the distance from 0.
func (i Interval) Abs() Interval {
	switch {
	case i.Low >= 0:
		return i
	case i.High <= 0:
		return i.Negative()
	}
	return Interval{0, math.Max(-i.Low, i.High)}
}

// Union is the least interval that holds both.
func (i Interval) Union(o Interval) Interval {
	return Interval{math.Min(i.Low, o.Low), math.Max(i.High, o.High)}
}

// outward moves both ends to the next float outside; ends that are not numbers are infinite.
func outward(low, high float64) Interval {
	if math.IsNaN(low) {
		low = math.Inf(-1)
	}
	if math.IsNaN(high) {
		high = math.Inf(1)
	}
	return Interval{below(low), above(high)}
}

// Truth is the answer to a comparison of intervals.
type Truth string

// The answers.
const (
	True    Truth = "true"    // whatever numbers the intervals hold
	False   Truth = "false"   // likewise
	Unknown Truth = "unknown" // some say true and some false
)

// Verdict is that of an expectation whose condition is so.
func (t Truth) Verdict() Verdict {
	switch t {
	case True:
		return Pass
	case False:
		return Fail
	case Unknown:
	}
	return Inconclusive
}

// Not negates.
func (t Truth) Not() Truth {
	switch t {
	case True:
		return False
	case False:
		return True
	case Unknown:
	}
	return Unknown
}

// And is true where both are, and false where either is.
func (t Truth) And(o Truth) Truth {
	switch {
	case t == False || o == False:
		return False
	case t == True && o == True:
		return True
	}
	return Unknown
}

// Or is false where both are, and true where either is.
func (t Truth) Or(o Truth) Truth { return t.Not().And(o.Not()).Not() }

// Less answers i < o.
func (i Interval) Less(o Interval) Truth {
	switch {
	case i.High < o.Low:
		return True
	case i.Low >= o.High:
		return False
	}
	return Unknown
}

// AtMost answers i <= o.
func (i Interval) AtMost(o Interval) Truth { return o.Less(i).Not() }

// Greater answers i > o.
func (i Interval) Greater(o Interval) Truth { return o.Less(i) }

// AtLeast answers i >= o.
func (i Interval) AtLeast(o Interval) Truth { return i.Less(o).Not() }

// Equal answers i == o, which only points can be shown to be.
func (i Interval) Equal(o Interval) Truth { return i.AtMost(o).And(i.AtLeast(o)) }

// Between answers low <= i <= high.
func (i Interval) Between(low, high Interval) Truth { return i.AtLeast(low).And(i.AtMost(high)) }

// Split is the confidence with which each of n statements must hold for all of them to hold together with the confidence (Bonferroni).
func Split(confidence float64, n int) float64 {
	if n < 2 {
		return confidence
	}
	return 1 - (1-confidence)/float64(n)
}
