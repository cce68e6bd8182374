package baseline

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/result"
)

func ofRuns(learned, needed int) string {
	return fmt.Sprintf("%d of %s", learned, diag.Plural(int64(needed), "run"))
}

// Spoken is a figure as sentences say it: a rate in per cent, a duration in seconds.
func Spoken(of result.TrendOf, v float64) string {
	v += 0 // of -0, 0
	switch of {
	case result.TrendFailureRate:
		return diag.Percent(v)
	case result.TrendDuration:
		if math.Abs(v) < 1000 {
			return strconv.FormatFloat(math.Round(v), 'f', 0, 64) + " ms"
		}
		return number(v/1000) + " s"
	case result.TrendObserved, result.TrendRows:
	}
	return number(v)
}

// number has five digits, or all of a whole number.
func number(v float64) string {
	if a := math.Abs(v); a >= 1e15 || a < 1e-4 && a > 0 {
		return strconv.FormatFloat(v, 'g', 5, 64)
	}
	if v == math.Trunc(v) || math.Abs(v) >= 1e5 {
		return diag.GroupDigits(strconv.FormatFloat(math.Round(v), 'f', 0, 64))
	}
	digits := max(4-int(math.Floor(math.Log10(math.Abs(v)))), 0)
	text := strconv.FormatFloat(v, 'f', digits, 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return diag.GroupDigits(text)
}

func (j *judging) spoken(v float64) string { return Spoken(j.now.Of, v) }

// bandText is "4,870 to 5,350". What cannot be below nothing is not said to be.
func (j *judging) bandText() string {
	low := j.band.low
	if low < 0 && j.never() {
		low = 0
	}
	high := j.band.high
	if j.now.Of == result.TrendFailureRate {
		high = min(high, 1)
	}
	return j.spoken(low) + " to " + j.spoken(high)
}

// never reports whether a figure cannot be, or never was, below zero.
func (j *judging) never() bool {
	switch j.now.Of {
	case result.TrendFailureRate, result.TrendRows, result.TrendDuration:
		return true
	case result.TrendObserved:
	}
	for _, y := range j.training.y {
		if y < 0 {
			return false
		}
	}
	return j.now.Value >= 0
}

// of names what the band was learned from: "41 runs", "9 runs on Mondays".
func (j *judging) of() string {
	if j.season != SeasonNone {
		return diag.Plural(int64(j.count[j.slot]), "run") + " " + j.season.same(j.now.At)
	}
	return diag.Plural(int64(j.kept), "run")
}

func (j *judging) say(more string) string {
	s := fmt.Sprintf("%s, expected %s (%s to go by)", j.spoken(j.now.Value), j.bandText(), j.of())
	if more != "" {
		s += ": " + more
	}
	return s
}

func (j *judging) sayInconclusive() string {
	return fmt.Sprintf("estimated at %s to %s, expected %s: a sample of more rows would tell", j.spoken(j.now.Low), j.spoken(j.now.High), j.bandText())
}

// sayShape is the sentence of a figure out of line.
func (j *judging) sayShape(shape result.Shape, side int, d drift) string {
	where := map[int]string{1: "above", -1: "below"}[side]
	s := fmt.Sprintf("%s is %s the expected %s (%s to go by)", j.spoken(j.now.Value), where, j.bandText(), j.of())
	if j.side(j.band.low, j.band.high) == 0 {
		s = fmt.Sprintf("%s is within the expected %s by itself, but not together with the runs before it", j.spoken(j.now.Value), j.bandText())
	}
	switch shape {
	case result.ShapeSpike:
		if j.before(side) > 0 {
			return s + ": the second run in a row out of line, a spike or the first of a new level"
		}
		return s + ": a spike, the runs before it were in line"
	case result.ShapeShift:
		runs := max(d.runs, j.before(side)+1)
		return fmt.Sprintf("%s: a shift, the figure has been at another level for %s; it is normal after %d, or with assay baseline accept",
			s, diag.Plural(int64(runs), "run"), j.settings.MinHistory)
	case result.ShapeDrift:
		return fmt.Sprintf("%s: a drift, it has moved slowly from %s for %s", s, j.spoken(d.from), diag.Plural(int64(d.runs), "run"))
	case result.ShapeNone:
	}
	return s
}

// method says in words how the band was formed.
func (j *judging) method() string {
	var s []string
	switch j.form {
	case walk:
		s = append(s, "from the last run on")
	case line:
		s = append(s, "trend")
	case level:
		s = append(s, "level")
	}
	if j.season != SeasonNone {
		s = append(s, "by "+j.season.words())
	}
	if j.ramp > 0 {
		s = append(s, "before the drift")
	} else if j.start > 0 {
		s = append(s, "since the last shift")
	}
	return strings.Join(s, ", ") + ", median and MAD, then mean and deviation of what is not apart"
}

// percent is a share in per cent, which may be more than all.
func percent(share float64) string {
	if share > 1 {
		return number(share*100) + " %"
	}
	return diag.Percent(share)
}
