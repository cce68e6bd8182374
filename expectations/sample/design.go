package sample

import "fmt"

// Detectable is the rate beyond which a sample of n rows, none of which fails, excludes all rates: were more of all rows failing, one drawn would
// be, with the confidence. The number of rows drawn from is population where it is known, else 0.
func Detectable(n, population int64, confidence float64) float64 {
	if population > 0 {
		n = min(n, population)
	}
	return Count{Drawn: max(0, n), Population: max(0, population)}.Upper(1 - confidence)
}

// RowsFor is the number of rows, none of which fails, that excludes all rates beyond one with the confidence.
func RowsFor(rate float64, population int64, confidence float64) (int64, error) {
	if !(rate > 0 && rate < 1) {
		return 0, fmt.Errorf("a rate is between 0 and 1, not %v", rate)
	}
	if err := CheckConfidence(confidence); err != nil {
		return 0, err
	}
	return need(Count{Population: max(0, population)}, Tolerance{Limit: rate}, 1-confidence), nil
}

// Design is what an audit can tell, known before a row is drawn.
type Design struct {
	Rows, Population int64
	Confidence       float64
	Tolerance        Tolerance
	// Detectable is the rate beyond which all are excluded if no row fails.
	Detectable float64
	// MostFailures is the greatest number of failing rows with which the sample passes, -1 where it cannot pass. FewestFailures is the least with
	// which it fails, Rows+1 where it cannot.
	MostFailures, FewestFailures int64
	// Need is the number of rows that passes if none fails.
	Need     int64
	Sentence string
}

// Foresee tells what n rows drawn with equal chances, all of them judged at the end, can tell.
func Foresee(n, population int64, t Tolerance, confidence float64) (Design, error) {
	if err := CheckConfidence(confidence); err != nil {
		return Design{}, err
	}
	if n < 1 || population < 0 {
		return Design{}, fmt.Errorf("a sample of %d rows of %d cannot be drawn", n, population)
	}
	if population > 0 {
		n = min(n, population)
	}
	alpha := 1 - confidence
	verdict := func(k int64) Verdict {
		_, v := decide(Count{Failed: k, Drawn: n, Population: population}, t, alpha, 1)
		return v
	}
	d := Design{Rows: n, Population: population, Confidence: confidence, Tolerance: t}
	if d.Detectable = Detectable(n, population, confidence); !t.Strict() {
		d.Detectable = Detectable(n, population, 1-alpha/2)
	}
	d.MostFailures = first(n+1, func(k int64) bool { return verdict(k) != Pass }) - 1
	d.FewestFailures = first(n+1, func(k int64) bool { return verdict(k) == Fail })
	d.Need = need(Count{Population: population}, t, alpha)
	d.Sentence = d.say()
	return d, nil
}

// first is the least k from 0 on for which is holds, high where none does; it holds from there on.
func first(high int64, is func(k int64) bool) int64 {
	low := int64(0)
	for low < high {
		if mid := low + (high-low)/2; is(mid) {
			high = mid
		} else {
			low = mid + 1
		}
	}
	return low
}

func (d Design) say() string {
	with := ", with " + Confidence(d.Confidence) + " confidence"
	if d.Population == d.Rows && d.Rows > 0 {
		return rows(d.Rows) + " are all there are: nothing is estimated"
	}
	s := fmt.Sprintf("%s show a rate beyond %s%s", rows(d.Rows), percent(d.Detectable, 2, 1), with)
	switch {
	case d.MostFailures < 0:
		return s + fmt.Sprintf(", which is too few to pass: %s is looked for, and takes %s", share(d.Tolerance.Limit), rows(d.Need))
	case d.Tolerance.Strict():
		return s + "; they pass if none fails"
	case d.FewestFailures > d.Rows:
		return s + fmt.Sprintf("; they pass with at most %s", failures(d.MostFailures))
	}
	return s + fmt.Sprintf("; they pass with at most %s and fail with at least %s", failures(d.MostFailures), Group(d.FewestFailures))
}
