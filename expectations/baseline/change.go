package baseline

import (
	"fmt"
	"math"
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
	failing := true
	n := len(t.y)
	for i := max(n-s.MinHistory, 0); i < n; i++ {
		failing = failing && failed(history[t.index[i]].Verdict)
	}
	failing = failing && n >= s.MinHistory
	var sum float64
	used := map[int]bool{}
	var from time.Time
	for i := n - 1; i >= 0 && out.Learned < out.Needed; i-- {
		p := &history[t.index[i]]
		if failed(p.Verdict) && !failing || c.Against == Weekday && (p.At.UTC().Weekday() != now.At.UTC().Weekday() || now.At.Sub(p.At) < 24*time.Hour) {
			continue
		}
		sum += p.Value
		out.Learned++
		used[t.index[i]] = true
		from = p.At
	}
	for i := range t.index {
		if at := t.index[i]; !used[at] {
			out.Left[at] = leftNotMeasured
			if failed(history[at].Verdict) && !failing {
				out.Left[at] = leftFailed
			}
		}
	}
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
	verb := "changed by"
	out.Message = fmt.Sprintf("%s against %s of %s: %s %s, %s may", Spoken(now.Of, now.Value), Spoken(now.Of, was), against, verb, changeText(now.Value, was), percent(c.Within))
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
