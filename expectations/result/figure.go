package result

import (
	"math"

	"github.com/assay-dev/assay/connectors/value"
)

// Figure returns the one figure of e that runs are compared by: the value of a metric, or the share of rows that count as false, from 0 to 1.
// It has none where nothing was evaluated, where a constraint or the schema alone decided, and where the value is no finite number. Exact numbers are
// rounded to float64; a duration is in seconds.
func (e *Expectation) Figure() (of TrendOf, figure float64, ok bool) {
	if e.Verdict == Error {
		return "", 0, false
	}
	if e.Kind == KindMetric { // one whose baseline still learns is skipped, and has a value to learn from
		figure, ok = Number(e.Observed.Value)
		return TrendObserved, figure, ok
	}
	if e.Rate == nil || e.Counts == nil || e.Verdict == Skipped {
		return "", 0, false
	}
	if e.sampled() {
		return TrendFailureRate, 1 - *e.Rate, true
	}
	passed, failed := e.Tally()
	if passed+failed == 0 {
		return "", 0, false
	}
	return TrendFailureRate, float64(failed) / (float64(passed) + float64(failed)), true
}

// Tally says how many rows of e count as true and as false: orphans and rows undecided for a cause other than null are false, and those undecided
// by null are what on_null says. Both are 0 where e counts no rows.
func (e *Expectation) Tally() (passed, failed int64) {
	c := e.Counts
	if c == nil {
		return 0, 0
	}
	passed, failed = c.True, c.False+c.Undecided-c.UndecidedByNull
	if e.Orphans != nil {
		failed += e.Orphans.Failing
	}
	switch e.OnNull {
	case "fail":
		failed += c.UndecidedByNull
	case "pass":
		passed += c.UndecidedByNull
	}
	return passed, failed
}

// sampled reports whether the rate is an estimate.
func (e *Expectation) sampled() bool {
	return e.Sample != nil && !e.Sample.All || e.Compare != nil && e.Compare.Sample != nil && !e.Compare.Sample.All
}

// Number is a value as statistics take it, false of one that is no finite number.
func Number(v value.Value) (f float64, ok bool) {
	switch v.Kind() {
	case value.Int:
		return float64(v.Int()), true
	case value.Uint:
		return float64(v.Uint()), true
	case value.Decimal:
		f = v.Decimal().Float()
	case value.Double:
		f = v.Double()
	case value.Duration:
		f = v.Duration().Seconds()
	default:
		return 0, false
	}
	return f, !math.IsNaN(f) && !math.IsInf(f, 0)
}
