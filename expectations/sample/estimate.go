package sample

import (
	"fmt"
	"math"
	"strconv"
)

// Aggregate names what is estimated of all rows.
type Aggregate string

// The aggregates.
const (
	CountOf    Aggregate = "count" // of rows that meet a condition
	ShareOf    Aggregate = "share" // of rows that meet a condition, among those that meet another
	SumOf      Aggregate = "sum"
	AverageOf  Aggregate = "avg"
	QuantileOf Aggregate = "quantile"
	MinOf      Aggregate = "min"
	MaxOf      Aggregate = "max"
	DistinctOf Aggregate = "distinct" // number of distinct values
	UniqueOf   Aggregate = "unique"   // that no value occurs twice
	OtherOf    Aggregate = "other"
)

// NoEstimate says why a sample gives an aggregate no interval: "" where it gives one.
func (a Aggregate) NoEstimate() string {
	switch a {
	case CountOf, ShareOf, SumOf, AverageOf, QuantileOf:
		return ""
	case MinOf:
		return "a sample shows that the least value is no greater than the least drawn, and never that there is no lesser one"
	case MaxOf:
		return "a sample shows that the greatest value is no less than the greatest drawn, and never that there is no greater one"
	case DistinctOf:
		return "values that occur once are hardly ever drawn, so a sample does not bound the number of distinct values"
	case UniqueOf:
		return "both rows of a pair are hardly ever drawn, so a sample does not show that a value is unique"
	case OtherOf:
	}
	return "no interval is known for it from a sample"
}

// CountRows estimates how many of all rows are like those counted in Failed (which need not be failures here). The number of rows drawn from is
// population, exactly, whether or not c.Population says that no row was drawn twice.
func CountRows(c Count, population int64, confidence float64) (Estimate, error) {
	e, err := Share(c, confidence)
	switch {
	case err != nil:
		return e, err
	case population <= 0:
		return Estimate{}, fmt.Errorf("a count needs the number of rows, which is not known")
	case c.Population > 0 && c.Population != population:
		return Estimate{}, fmt.Errorf("%d rows, or %d?", population, c.Population)
	}
	n := float64(population)
	e.Value *= n
	if c.Population > 0 {
		least, most := c.Rows(confidence)
		e.Interval = Interval{float64(least), float64(most)}
		return e, nil
	}
	// whole rows lie within
	e.Interval = Interval{math.Ceil(e.Interval.Low*n - 1e-6), math.Floor(e.Interval.High*n + 1e-6)}
	if c.Failed > 0 {
		e.Interval.Low = math.Max(e.Interval.Low, 1)
	}
	return e, nil
}

// Share estimates which share of all rows is like those counted in Failed. For the ratio of two counts, of which one's rows are among the other's,
// Drawn counts only the rows of the other and Population stays 0.
func Share(c Count, confidence float64) (Estimate, error) {
	if err := c.Err(); err != nil {
		return Estimate{}, err
	}
	if err := CheckConfidence(confidence); err != nil {
		return Estimate{}, err
	}
	if c.Drawn == 0 {
		return Estimate{}, fmt.Errorf("%w: none", ErrTooFew)
	}
	return Estimate{Value: c.Rate(), Interval: c.Interval(confidence), Confidence: confidence, Method: c.method(), Rows: c.Drawn}, nil
}

// QuantileRanks are the ranks (from 1, in ascending order, nulls left out) of the drawn values that enclose the quantile q of all rows with the
// confidence, where n values were drawn with equal chances: rank low is 0 where no drawn value bounds it from below, high is n+1 where none does
// from above. The quantile is the least value that a share q of all rows does not exceed. Nothing is asked of the distribution.
func QuantileRanks(n int64, q, confidence float64) (low, high int64, err error) {
	if err := CheckConfidence(confidence); err != nil {
		return 0, 0, err
	}
	if !(q >= 0 && q <= 1) || n < 0 {
		return 0, 0, fmt.Errorf("no quantile %v of %d values", q, n)
	}
	alpha := (1 - confidence) / 2
	// the greatest low with P(fewer than low values are at most the quantile) <= alpha
	for a, b := int64(0), n; a < b; low = a {
		if mid := b - (b-a)/2; binomialAtMost(mid-1, n, q) <= alpha {
			a = mid
		} else {
			b = mid - 1
		}
	}
	// the least high with P(at least high values are below the quantile) <= alpha
	a, b := int64(1), n+1
	for a < b {
		mid := a + (b-a)/2
		if binomialAtLeast(mid, n, q) <= alpha {
			b = mid
		} else {
			a = mid + 1
		}
	}
	return low, a, nil
}

// Quantile estimates the quantile q of all rows from drawn values in ascending order; ends that no value bounds are infinite.
func Quantile(ascending []float64, q, confidence float64) (Estimate, error) {
	n := int64(len(ascending))
	low, high, err := QuantileRanks(n, q, confidence)
	if err != nil {
		return Estimate{}, err
	}
	if n == 0 {
		return Estimate{}, fmt.Errorf("%w: none holds a number", ErrTooFew)
	}
	rank := min(max(int64(math.Ceil(q*float64(n))), 1), n)
	e := Estimate{Value: ascending[rank-1], Interval: Interval{math.Inf(-1), math.Inf(1)}, Confidence: confidence, Method: OrderStatistic, Rows: n}
	if low >= 1 {
		e.Interval.Low = ascending[low-1]
	}
	if high <= n {
		e.Interval.High = ascending[high-1]
	}
	return e, nil
}

// Sentence says the interval of what: "avg(amount) is between 12.1 and 12.9, with 99 % confidence (10,000 rows drawn)".
func (e Estimate) Sentence(what string) string {
	switch {
	case e.Method == Exact && e.Rows == 0:
		return fmt.Sprintf("%s is %s, which is known exactly", what, number(e.Value, 0, 0))
	case e.Method == Exact:
		return fmt.Sprintf("%s is %s (all rows were read)", what, number(e.Value, 0, 0))
	}
	i, width := e.Interval, e.Interval.High-e.Interval.Low
	var s string
	switch low, high := number(i.Low, width, -1), number(i.High, width, 1); {
	case math.IsInf(i.Low, -1) && math.IsInf(i.High, 1):
		s = what + " may be anything"
	case math.IsInf(i.Low, -1):
		s = what + " is at most " + high
	case math.IsInf(i.High, 1):
		s = what + " is at least " + low
	default:
		s = what + " is between " + low + " and " + high
	}
	s += ", with " + Confidence(e.Confidence) + " confidence (" + rows(e.Rows) + " drawn)"
	if e.Approximate {
		s += ", unless a few rows hold most of it"
	}
	return s
}

// Judgement says an estimate and what its comparison came to.
func (e Estimate) Judgement(what, condition string, t Truth) string {
	s := e.Sentence(what)
	switch t {
	case True:
		return s + "; it must be " + condition
	case False:
		return s + "; it must be " + condition + ", and is not"
	case Unknown:
	}
	return "inconclusive: " + s + ", which does not tell whether it is " + condition
}

// number writes an end of an interval with two digits of the interval's width, rounded outwards.
func number(v, width, toward float64) string {
	if math.IsInf(width, 0) || math.IsNaN(width) {
		width = math.Abs(v)
	}
	if width <= 0 || v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return plain(v)
	}
	decimals := max(0, 1-int(math.Floor(math.Log10(width))))
	if decimals > 12 || math.Abs(v) >= 1e15 {
		return plain(v)
	}
	return plain(rounded(v, decimals, toward))
}

func plain(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return Group(int64(v))
	}
	if a := math.Abs(v); a >= 1e15 || a < 1e-6 {
		return strconv.FormatFloat(v, 'g', 6, 64)
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}
