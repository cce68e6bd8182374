package run

import (
	"math"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/expectations/lang"
	"github.com/assay-dev/assay/expectations/sample"
)

// errNoNumber says that a formula is no number, or no condition, where one was wanted.
var errNoNumber = connectors.Own("it is known to lie in an interval only, and nothing says what comparing conditions makes of one")

// errByZero says that a divisor may be 0.
var errByZero = connectors.Own("the divisor lies in an interval that holds 0")

// intervals evaluates a formula whose aggregates are known by intervals.
type intervals struct {
	aggregates []sample.Interval // by position
	// share returns the interval of the share of two aggregates where both are counts of the same sample, the second of all rows.
	share  func(hits, all int) (sample.Interval, bool)
	metric *sample.Interval
}

// number is the interval of a number.
func (x *intervals) number(f *lang.Formula) (sample.Interval, error) {
	switch f.Op {
	case lang.FormulaNumber:
		return sample.Around(f.Number)
	case lang.FormulaMetric:
		if x.metric == nil {
			return sample.Interval{}, errNoNumber
		}
		return *x.metric, nil
	case lang.FormulaAggregate:
		return x.aggregates[f.Aggregate], nil
	case lang.FormulaOver:
		if i, ok := x.ratio(f); ok {
			return i, nil
		}
	}
	args := make([]sample.Interval, len(f.Args))
	for i, a := range f.Args {
		var err error
		if args[i], err = x.number(a); err != nil {
			return sample.Interval{}, err
		}
	}
	switch f.Op {
	case lang.FormulaPlus:
		return args[0].Plus(args[1]), nil
	case lang.FormulaMinus:
		return args[0].Minus(args[1]), nil
	case lang.FormulaTimes:
		return args[0].Times(args[1]), nil
	case lang.FormulaOver:
		q, ok := args[0].Over(args[1])
		if !ok {
			return q, errByZero
		}
		return q, nil
	case lang.FormulaNegative:
		return args[0].Negative(), nil
	case lang.FormulaAbs:
		return args[0].Abs(), nil
	case lang.FormulaTruncate:
		return sample.Interval{Low: math.Trunc(args[0].Low), High: math.Trunc(args[0].High)}, nil
	default:
		return sample.Interval{}, errNoNumber
	}
}

// ratio recognises the share of one count in another, which is known better than its parts, and where the number of rows is not known at all.
func (x *intervals) ratio(f *lang.Formula) (sample.Interval, bool) {
	if x.share == nil || f.Args[0].Op != lang.FormulaAggregate || f.Args[1].Op != lang.FormulaAggregate {
		return sample.Interval{}, false
	}
	return x.share(f.Args[0].Aggregate, f.Args[1].Aggregate)
}

// truth says whether a condition holds whatever the numbers are.
func (x *intervals) truth(f *lang.Formula) (sample.Truth, error) {
	switch f.Op {
	case lang.FormulaAnd, lang.FormulaOr:
		l, err := x.truth(f.Args[0])
		if err != nil {
			return l, err
		}
		r, err := x.truth(f.Args[1])
		if f.Op == lang.FormulaAnd {
			return l.And(r), err
		}
		return l.Or(r), err
	case lang.FormulaNot:
		t, err := x.truth(f.Args[0])
		return t.Not(), err
	case lang.FormulaLess, lang.FormulaAtMost, lang.FormulaGreater, lang.FormulaAtLeast, lang.FormulaEqual, lang.FormulaUnequal:
	default:
		return sample.Unknown, errNoNumber
	}
	l, err := x.number(f.Args[0])
	if err != nil {
		return sample.Unknown, err
	}
	r, err := x.number(f.Args[1])
	if err != nil {
		return sample.Unknown, err
	}
	switch f.Op {
	case lang.FormulaLess:
		return l.Less(r), nil
	case lang.FormulaAtMost:
		return l.AtMost(r), nil
	case lang.FormulaGreater:
		return l.Greater(r), nil
	case lang.FormulaAtLeast:
		return l.AtLeast(r), nil
	case lang.FormulaEqual:
		return l.Equal(r), nil
	default:
		return l.Equal(r).Not(), nil
	}
}
