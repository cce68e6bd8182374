package sample

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Group writes a whole number with commas between its thousands.
func Group(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	var b strings.Builder
	for i := range len(s) {
		if i > 0 && (len(s)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteByte(s[i])
	}
	return sign + b.String()
}

// Percent writes a rate with two significant digits, or with all of them where it is written shorter.
func Percent(rate float64) string { return percent(rate, 2, 0) }

// Confidence writes a confidence: "99 %". What is not certain is never written as 100 %.
func Confidence(c float64) string {
	for digits := 8; digits <= 17; digits++ {
		if s := strconv.FormatFloat(c*100, 'g', digits, 64); s != "100" || c >= 1 {
			return s + " %"
		}
	}
	return "over 99.9999999999999 %"
}

// share writes a rate that somebody set: no digit of it is rounded away, unless it has no end (400 failures among 30,000 rows).
func share(rate float64) string {
	s := strconv.FormatFloat(rate*100, 'g', 12, 64)
	if len(strings.TrimLeft(strings.Replace(s, ".", "", 1), "0")) > 10 {
		s = "about " + strconv.FormatFloat(rate*100, 'g', 3, 64)
	}
	return s + " %"
}

// percent writes a rate with so many significant digits, rounded down (toward -1), up (1) or to the nearest (0).
func percent(rate float64, digits int, toward float64) string {
	v := rate * 100
	if v <= 0 || v >= 100 || math.IsNaN(v) {
		return strconv.FormatFloat(v, 'f', -1, 64) + " %"
	}
	decimals := max(0, digits-1-int(math.Floor(math.Log10(v))))
	return strconv.FormatFloat(rounded(v, decimals, toward), 'f', -1, 64) + " %"
}

func rounded(v float64, decimals int, toward float64) float64 {
	s := strconv.FormatFloat(v, 'f', decimals, 64)
	near, err := strconv.ParseFloat(s, 64)
	if err != nil || toward == 0 || (near-v)*toward >= -1e-12*v { // a number that prints as itself is not moved by its last bit
		return near
	}
	next, err := strconv.ParseFloat(strconv.FormatFloat(near+toward*math.Pow(10, -float64(decimals)), 'f', decimals, 64), 64)
	if err != nil {
		return v
	}
	return next
}

// atMost writes an upper bound: never below it, and on the same side of the limit.
func atMost(v, limit float64, width float64) string { return bound(v, limit, width, 1) }

// atLeast writes a lower bound: never above it, and on the same side of the limit.
func atLeast(v, limit float64, width float64) string { return bound(v, limit, width, -1) }

// bound takes more digits until the width of the interval shows and the text stands where the number does, as seen from the limit.
func bound(v, limit, width, toward float64) string {
	for digits := 2; digits < 12; digits++ {
		s := percent(v, digits, toward)
		shown, err := strconv.ParseFloat(strings.TrimSuffix(s, " %"), 64)
		if err != nil {
			return s
		}
		if shown /= 100; math.Abs(shown-v) <= width/5 && (shown > limit*(1+1e-12)) == (v > limit) {
			return s
		}
	}
	return percent(v, 12, toward)
}

func rows(n int64) string {
	if n == 1 {
		return "1 row"
	}
	return Group(n) + " rows"
}

func fails(n int64) string {
	if n == 1 {
		return "fails"
	}
	return "fail"
}

func failures(n int64) string {
	if n == 1 {
		return "1 failure"
	}
	return Group(n) + " failures"
}

// showing and shows are the ends of "no failure in 100 rows shows".
func showing(n int64) string {
	if n == 0 {
		return "no failure"
	}
	return failures(n)
}

func shows(n int64) string {
	if n <= 1 {
		return " shows"
	}
	return " show"
}

// all says that an upper bound is written as all rows.
func all(high float64) bool { return percent(high, 2, 1) == "100 %" }

// vacuous says that the interval excludes nothing.
func (j Judgement) vacuous() bool { return j.Interval.Low <= 0 && all(j.Interval.High) }

// between is what the interval says of all rows: "at most 0.05 % of rows fail, with 99 % confidence".
func (j Judgement) between() string {
	limit := j.Tolerance.Limit
	if j.Verdict == Fail {
		limit = j.Tolerance.Rate
	}
	i, width := j.Interval, j.Interval.High-j.Interval.Low
	with := " of rows fail, with " + Confidence(j.Confidence) + " confidence"
	switch {
	case j.vacuous():
		return "any share of rows may fail"
	case i.High <= 0:
		return "no row at all fails, with " + Confidence(j.Confidence) + " confidence"
	case i.Low <= 0:
		return "at most " + atMost(i.High, limit, math.Inf(1)) + with
	case all(i.High):
		return "at least " + atLeast(i.Low, limit, math.Inf(1)) + with
	}
	return "between " + atLeast(i.Low, limit, width) + " and " + atMost(i.High, limit, width) + with
}

// may says what the rule tolerates, or what is looked for.
func (j Judgement) may() string {
	t := j.Tolerance
	switch {
	case t.Rate < t.Limit && j.Verdict != Fail:
		return share(t.Limit) + " is looked for"
	case t.Rate == 0:
		return "none may"
	}
	return share(t.Rate) + " may"
}

func (j Judgement) say(population int64) string {
	none, verb, bounds := Group(j.Failed), fails(j.Failed), ""
	if j.Failed == 0 {
		none, verb = "none", "fails"
	}
	seen := fmt.Sprintf("%s of %s drawn %s", none, rows(j.Drawn), verb)
	if !j.vacuous() {
		bounds = "; " + j.between()
	}
	switch {
	case j.Method == Exact:
		s := fmt.Sprintf("%s of all %s %s", Group(j.Failed), rows(j.Drawn), fails(j.Failed))
		if j.Tolerance.Rate > 0 {
			s += ": " + bound(j.Rate, j.Tolerance.Rate, math.Inf(1), 0) + ", where " + share(j.Tolerance.Rate) + " may"
		}
		return s
	case j.Certain && j.Tolerance.Failures == 0:
		return seen + ", and none may" + bounds
	case j.Certain && population > 0:
		return fmt.Sprintf("%s, and of all %s only %s may%s", seen, Group(population), Group(j.Tolerance.Failures), bounds)
	case j.Certain:
		return fmt.Sprintf("%s, and only %s may in all%s", seen, Group(j.Tolerance.Failures), bounds)
	case j.Method == NoMethod:
		return "inconclusive: " + seen + ", but the rows were drawn with unequal chances, and it is not known how small those of others are: nothing bounds the rate of all rows"
	case j.Drawn == 0:
		return "inconclusive: no row was drawn" + j.wouldDecide()
	case j.Verdict == Inconclusive:
		return fmt.Sprintf("inconclusive: %s in %s only that %s, where %s%s", showing(j.Failed), rows(j.Drawn)+shows(j.Failed), j.between(), j.may(), j.wouldDecide())
	case j.Failed == 0:
		return j.between() + fmt.Sprintf(" (no failure in %s)", rows(j.Drawn))
	}
	return fmt.Sprintf("%s (%s of %s drawn); %s", j.between(), Group(j.Failed), rows(j.Drawn), j.may())
}

func (j Judgement) wouldDecide() string {
	switch {
	case j.Need == 0 && j.Drawn == 0:
		return ""
	case j.Need == 0:
		return "; no number of rows would decide at that rate"
	case j.Failed == 0:
		return "; " + rows(j.Need) + " would decide if none fails"
	}
	return "; " + rows(j.Need) + " would decide if that rate held"
}
