package sample

import "math"

// Say tells where a rate lies: "at most 0.05 %", "between 0.06 % and 0.2 %". Ends are rounded outwards, and stay on their side of the limit, which
// is the rate that they are held against; 0 for none.
func (i Interval) Say(limit float64) string {
	width := i.High - i.Low
	switch {
	case i.Low <= 0 && all(i.High):
		return "anything from none to all"
	case i.Low == i.High:
		return "exactly " + percent(i.Low, 3, 0)
	case i.Low <= 0:
		return "at most " + atMost(i.High, limit, math.Inf(1))
	case all(i.High):
		return "at least " + atLeast(i.Low, limit, math.Inf(1))
	}
	return "between " + atLeast(i.Low, limit, width) + " and " + atMost(i.High, limit, width)
}
