package baseline

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/result"
)

// judgeChange holds a figure against one of an earlier run, or the mean of several. Runs that failed are no measure, unless all of the latest MinHistory did: what has gone
// on so long is normal.
func judgeChange(s Settings, history []Point, t *training, now Figure, out *Judgement) {
	c := s.Change
	runs := c.Runs
	if runs <= 0 {
		runs = DefaultRuns
	}
	out.Needed = 1
	if c.Against == Average {
		out.Needed = runs
	}
	failing := lastingFailure(s.MinHistory, history, t)
	sum, from := measured(c, history, t, now.At, failing, out)
	if out.Learned < out.Needed || !finite(now.Value) {
		if c.Against == Weekday {
			s.Season = SeasonWeekly
		} else {
			s.Season = SeasonNone
		}
		*out = learning(s, now, *out)
		return
	}
	was := sum / float64(out.Learned)
	reach := math.Abs(was) * c.Within
	low, high := was-reach, was+reach
	out.Expected, out.Low, out.High = &was, &low, &high
	against := map[Against]string{
		Last:    "the last run that did not fail",
		Average: "the mean of " + diag.Plural(int64(runs), "run"),
		Weekday: "the last " + now.At.UTC().Weekday().String(),
	}[c.Against]
	if c.Against == Weekday {
		out.Season = SeasonWeekly.words()
	}
	if c.Against == Last && failing {
		against = "the last run"
	}
	out.Method = fmt.Sprintf("within %s of %s", percent(c.Within), against)
	if c.Against != Average {
		against += " (" + from.UTC().Format("2006-01-02 15:04") + ")"
	}
	out.Verdict = result.Pass
	out.Message = fmt.Sprintf("%s against %s of %s: changed by %s, %s may", Spoken(now.Of, now.Value), Spoken(now.Of, was), against, changeText(now.Value, was), percent(c.Within))
	over, under := now.Value > high+rounding(high), now.Value < low-rounding(low)
	over, under = over && s.Direction != Down, under && s.Direction != Up
	crosses := s.Direction != Down && now.Low <= high && now.High > high || s.Direction != Up && now.Low < low && now.High >= low
	switch {
	case now.Low < now.High && crosses:
		out.Verdict = result.Inconclusive
	case over || under:
		out.Verdict = result.Fail
	}
}

// lastingFailure reports whether the latest runs, so many of them, failed all.
func lastingFailure(runs int, history []Point, t *training) bool {
	n := len(t.index)
	if n < runs {
		return false
	}
	for _, at := range t.index[n-runs:] {
		if !failed(history[at].Verdict) {
			return false
		}
	}
	return true
}

// measured sums the figures that a change is measured from, the latest first, and says of the others why they are none; from is the time of the earliest.
func measured(c *Change, history []Point, t *training, now time.Time, failing bool, out *Judgement) (sum float64, from time.Time) {
	for _, at := range slices.Backward(t.index) {
		p := &history[at]
		bad := failed(p.Verdict) && !failing
		other := c.Against == Weekday && (p.At.UTC().Weekday() != now.UTC().Weekday() || now.Sub(p.At) < 24*time.Hour)
		switch {
		case bad:
			out.Left[at] = leftFailed
		case other || out.Learned == out.Needed:
			out.Left[at] = leftNotMeasured
		default:
			sum, from = sum+p.Value, p.At
			out.Learned++
		}
	}
	return sum, from
}

func failed(v result.Verdict) bool { return v == result.Fail || v == result.Error }

// changeText is "+25 %".
func changeText(now, was float64) string {
	if was == 0 {
		if now == 0 {
			return "0 %"
		}
		return "more than any share of nothing"
	}
	share := (now - was) / math.Abs(was)
	sign := "+"
	if share < 0 {
		sign = "-"
	}
	return sign + percent(math.Abs(share))
}
