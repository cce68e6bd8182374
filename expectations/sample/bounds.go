package sample

import (
	"fmt"
	"math"
)

// Interval holds a number known only to lie in it, both ends included.
type Interval struct{ Low, High float64 }

// Point is the interval of one number.
func Point(v float64) Interval { return Interval{v, v} }

// Contains says whether v lies in the interval.
func (i Interval) Contains(v float64) bool { return i.Low <= v && v <= i.High }

// Method names how an interval was found.
type Method string

// The methods.
const (
	// Exact: every row was read, nothing is estimated.
	Exact Method = "all rows"
	// ClopperPearson: exact binomial bounds, for rows equally likely to be drawn.
	ClopperPearson Method = "clopper-pearson"
	// Hypergeometric: exact bounds for rows equally likely to be drawn, none twice, from a known number of rows.
	Hypergeometric Method = "hypergeometric"
	// Betting: bounds for rows drawn with unequal chances, of which the smallest is known.
	Betting Method = "betting"
	// Student: the central limit and Student's t; approximate, for sums and averages.
	Student Method = "student"
	// OrderStatistic: binomial bounds on ranks, for quantiles.
	OrderStatistic Method = "order statistic"
	// Arithmetic: intervals of several estimates that hold together, combined.
	Arithmetic Method = "arithmetic"
	// NoMethod: no interval is known to hold.
	NoMethod Method = "none"
)

// Count is what rows drawn with equal chances have shown.
type Count struct {
	// Failed of Drawn rows fail. Undecided and skipped rows are in neither.
	Failed, Drawn int64
	// Population is the number of rows drawn from where it is known exactly, no row is drawn twice, and none is left out of Drawn; else 0. With it the
	// bounds are hypergeometric and tighter; without it they hold as well.
	Population int64
}

// Err says what is wrong with the counts.
func (c Count) Err() error {
	switch {
	case c.Failed < 0 || c.Drawn < c.Failed:
		return fmt.Errorf("%d failures among %d rows cannot be", c.Failed, c.Drawn)
	case c.Population < 0 || c.Population > 0 && c.Drawn > c.Population:
		return fmt.Errorf("%d rows drawn from %d cannot be", c.Drawn, c.Population)
	}
	return nil
}

// Rate is the failing share of the rows drawn, NaN where none was.
func (c Count) Rate() float64 { return float64(c.Failed) / float64(c.Drawn) }

// whole is true where every row was read.
func (c Count) whole() bool { return c.Population > 0 && c.Drawn == c.Population }

func (c Count) method() Method {
	switch {
	case c.whole():
		return Exact
	case c.Population > 0:
		return Hypergeometric
	}
	return ClopperPearson
}

// Upper is the least rate that the counts exclude from above: the rate of all rows is higher with a chance of at most alpha, which is in (0, 0.5].
// For no failure it is 1 - alpha^(1/n), or less where Population is known.
func (c Count) Upper(alpha float64) float64 {
	switch {
	case c.Drawn == 0:
		return 1
	case c.whole():
		return c.Rate()
	case c.Population > 0:
		return float64(c.mostFailing(alpha)) / float64(c.Population)
	case c.Failed == c.Drawn:
		return 1
	case c.Failed == 0:
		return -math.Expm1(math.Log(alpha) / float64(c.Drawn))
	}
	return c.rateWhere(1, alpha, func(p float64) float64 { return binomialAtMost(c.Failed, c.Drawn, p) })
}

// Lower is the greatest rate that the counts exclude from below: the rate of all rows is lower with a chance of at most alpha, which is in (0, 0.5].
func (c Count) Lower(alpha float64) float64 {
	switch {
	case c.Failed == 0:
		return 0
	case c.whole():
		return c.Rate()
	case c.Population > 0:
		return float64(c.leastFailing(alpha)) / float64(c.Population)
	case c.Failed == c.Drawn:
		return math.Exp(math.Log(alpha) / float64(c.Drawn))
	}
	return c.rateWhere(0, alpha, func(p float64) float64 { return binomialAtLeast(c.Failed, c.Drawn, p) })
}

// Interval is where the rate of all rows lies with the confidence: half of 1 - confidence on either side.
func (c Count) Interval(confidence float64) Interval {
	alpha := (1 - confidence) / 2
	return Interval{c.Lower(alpha), c.Upper(alpha)}
}

// Rows is Interval in rows of Population, which must be known: how many fail in all.
func (c Count) Rows(confidence float64) (least, most int64) {
	if c.whole() {
		return c.Failed, c.Failed
	}
	alpha := (1 - confidence) / 2
	return c.leastFailing(alpha), c.mostFailing(alpha)
}

// rateWhere is the rate between the rate seen and the end at which tail, which falls on the way, is alpha: by secants of its logarithm, kept inside
// a shrinking bracket that begins where the normal distribution would have it. It errs to the outside.
func (c Count) rateWhere(end, alpha float64, tail func(float64) float64) float64 {
	target := math.Log(alpha)
	off := func(p float64) float64 { return math.Log(tail(p)) - target }
	n, z := float64(c.Drawn), normalQuantile(1-alpha)
	step := z*math.Sqrt(c.Rate()*(1-c.Rate())/n) + z*z/n
	in, inOff := c.Rate(), math.Inf(1) // off(in) > 0 >= off(out)
	out, outOff := end, math.Inf(-1)
	for ; math.Abs(end-in) > step; step *= 2 {
		p := in + math.Copysign(step, end-in)
		d := off(p)
		if d <= 0 {
			out, outOff = p, d
			break
		}
		in, inOff = p, d
	}
	for i := range 200 {
		next := (in + out) / 2
		// every third step halves, so that neither end gets stuck
		if i%3 != 2 && !math.IsInf(outOff, -1) && !math.IsInf(inOff, 1) {
			next = in + (out-in)*inOff/(inOff-outOff)
		}
		gap := 1e-14 * (math.Abs(out) + math.Abs(in))
		if math.Abs(out-in) <= gap {
			break
		}
		if math.Abs(next-in) < gap/2 { // the root is beside in: take a step past it, for the bracket to close
			next = in + math.Copysign(gap/2, out-in)
		}
		if d := off(next); d > 0 {
			in, inOff = next, d
		} else {
			out, outOff = next, d
		}
	}
	return out
}

// mostFailing is the greatest number of failing rows in Population that the counts leave possible at alpha.
func (c Count) mostFailing(alpha float64) int64 {
	low, high := c.Failed, c.Population-c.Drawn+c.Failed // low is always possible, for all that is missing then holds
	for low < high {
		mid := high - (high-low)/2
		if hypergeometricAtMost(c.Failed, c.Drawn, mid, c.Population) > alpha {
			low = mid
		} else {
			high = mid - 1
		}
	}
	return low
}

// leastFailing is the least number of failing rows in Population that the counts leave possible at alpha.
func (c Count) leastFailing(alpha float64) int64 {
	low, high := c.Failed, c.Population-c.Drawn+c.Failed
	for low < high {
		mid := low + (high-low)/2
		if hypergeometricAtLeast(c.Failed, c.Drawn, mid, c.Population) > alpha {
			high = mid
		} else {
			low = mid + 1
		}
	}
	return low
}
