package sample

import (
	"fmt"
	"math"
)

// Verdict is what a sample decides.
type Verdict string

// The verdicts.
const (
	Pass         Verdict = "pass"
	Fail         Verdict = "fail"
	Inconclusive Verdict = "inconclusive"
)

// Judgement is a verdict with all that it rests on.
type Judgement struct {
	Verdict Verdict
	// Certain is true where the verdict is a fact and not a matter of confidence: a row failed and none may, or all rows were read.
	Certain bool
	// Failed of Drawn rows failed; Rate is the estimate of the share of all rows that fail (NaN where no row was drawn).
	Failed, Drawn int64
	Rate          float64
	// Interval holds the share of all rows that fail, with Confidence. Where no row may fail and none did it is bounded from above only, with all of
	// the confidence; else half of what is missing from 1 is spent on either end.
	Interval   Interval
	Confidence float64
	Method     Method
	Tolerance  Tolerance
	// Need is the number of rows drawn that would decide an inconclusive audit if the rate seen held: 0 where no number would.
	Need int64
	// Sentence says it to people, without a full stop.
	Sentence string
}

// evidence is what rows drawn say about the rate of all rows.
type evidence interface {
	Upper(alpha float64) float64
	Lower(alpha float64) float64
	// counts are the failing rows, of how many drawn, from how many (0 where unknown, or where it does not matter)
	counts() Count
	estimate() float64
	method() Method
	// grown is the evidence of n rows, had they failed at the same rate
	grown(n int64) evidence
}

func (c Count) counts() Count     { return c }
func (c Count) estimate() float64 { return c.Rate() }

func (c Count) grown(n int64) evidence {
	g := Count{Drawn: n, Population: c.Population}
	if c.Drawn > 0 {
		g.Failed = int64(math.Round(float64(c.Failed) * (float64(n) / float64(c.Drawn))))
	}
	return g
}

// Judge decides by a sample whose size did not depend on what it showed; see Sequential for those that stop early. It fails what is shown to be
// beyond the rate tolerated, passes what is shown to be within the limit (see Tolerance), and calls all else inconclusive. A verdict is wrong (a
// pass at a rate beyond the limit, a fail at a rate that is tolerated) with a chance of at most 1 - confidence.
func Judge(c Count, t Tolerance, confidence float64) (Judgement, error) {
	if err := c.Err(); err != nil {
		return Judgement{}, err
	}
	if err := CheckConfidence(confidence); err != nil {
		return Judgement{}, err
	}
	return judge(c, t, confidence, 1), nil
}

// CheckConfidence refuses what is no confidence: from 0.5 on, below 1.
func CheckConfidence(c float64) error {
	if !(c >= 0.5 && c < 1) {
		return fmt.Errorf("confidence is at least 0.5 and below 1, not %v", c)
	}
	return nil
}

// judge decides with a share of the chance of error; the rest belongs to other looks. Where no row may fail and none did every look has all of it:
// n rows without a failure begin with n-1 of them, so the looks cannot err one by one.
func judge(e evidence, t Tolerance, confidence, share float64) Judgement {
	return told(glance(e, t, confidence, share), e)
}

// told adds to a judgement what takes longer to find than the verdict, and what it says.
func told(j Judgement, e evidence) Judgement {
	if j.Verdict == Inconclusive && j.Method != NoMethod {
		j.Need = need(e, j.Tolerance, 1-j.Confidence)
	}
	j.Sentence = j.say(e.counts().Population)
	return j
}

// glance is judge without what told adds.
func glance(e evidence, t Tolerance, confidence, share float64) Judgement {
	c := e.counts()
	j := Judgement{
		Verdict: Inconclusive, Failed: c.Failed, Drawn: c.Drawn, Rate: e.estimate(), Confidence: confidence, Method: e.method(), Tolerance: t,
	}
	j.Interval, j.Verdict = decide(e, t, 1-confidence, share)
	j.Certain = certain(c, t)
	return j
}

func certain(c Count, t Tolerance) bool {
	return c.whole() || t.Failures >= 0 && c.Failed > t.Failures
}

func decide(e evidence, t Tolerance, alpha, share float64) (Interval, Verdict) {
	c := e.counts()
	if t.Strict() && c.Failed == 0 {
		i := Interval{0, e.Upper(alpha)}
		if i.High <= t.Limit {
			return i, Pass
		}
		return i, Inconclusive
	}
	i := Interval{e.Lower(alpha / 2 * share), e.Upper(alpha / 2 * share)}
	switch {
	case t.Failures >= 0 && c.Failed > t.Failures:
		return i, Fail
	case c.whole() && t.Failures >= 0:
		return i, Pass
	case i.Low > t.Rate:
		return i, Fail
	case i.High <= t.Limit || c.whole() && i.High <= t.Rate:
		return i, Pass
	}
	return i, Inconclusive
}

// mostRows is where the search for a number of rows that decides ends.
const mostRows = 1 << 50

func need(e evidence, t Tolerance, alpha float64) int64 {
	c := e.counts()
	decides := func(n int64) bool {
		_, v := decide(e.grown(n), t, alpha, 1)
		return v != Inconclusive
	}
	low, high := c.Drawn, max(2*c.Drawn, 64)
	for !decides(high) {
		if c.Population > 0 && high >= c.Population {
			return c.Population
		}
		low, high = high, 2*high
		if c.Population > 0 {
			high = min(high, c.Population)
		}
		if high > mostRows {
			return 0
		}
	}
	for high-low > 1 {
		if mid := low + (high-low)/2; decides(mid) {
			high = mid
		} else {
			low = mid
		}
	}
	return high
}
