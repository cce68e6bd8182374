package run

import (
	"errors"
	"math"
	"strconv"
	"testing"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/lang"
	"github.com/assay-dev/assay/expectations/sample"
)

func agg(i int) *lang.Formula       { return &lang.Formula{Op: lang.FormulaAggregate, Aggregate: i} }
func digits(s string) *lang.Formula { return &lang.Formula{Op: lang.FormulaNumber, Number: s} }
func num(v float64) *lang.Formula   { return digits(strconv.FormatFloat(v, 'f', -1, 64)) }

func op(o lang.FormulaOp, args ...*lang.Formula) *lang.Formula {
	return &lang.Formula{Op: o, Args: args}
}

// known are intervals of three aggregates: above 0, below 0, and around it.
func known() *intervals {
	return &intervals{aggregates: []sample.Interval{{Low: 2, High: 4}, {Low: -3, High: -1}, {Low: -1, High: 2}}}
}

func TestIntervalNumbers(t *testing.T) {
	for _, c := range []struct {
		name string
		f    *lang.Formula
		want sample.Interval
	}{
		{"number", num(5), sample.Point(5)},
		{"aggregate", agg(0), sample.Interval{Low: 2, High: 4}},
		{"plus", op(lang.FormulaPlus, agg(0), agg(1)), sample.Interval{Low: -1, High: 3}},
		{"minus", op(lang.FormulaMinus, agg(0), agg(1)), sample.Interval{Low: 3, High: 7}},
		{"times", op(lang.FormulaTimes, agg(1), agg(2)), sample.Interval{Low: -6, High: 3}},
		{"over", op(lang.FormulaOver, agg(0), agg(1)), sample.Interval{Low: -4, High: -2.0 / 3}},
		{"negative", op(lang.FormulaNegative, agg(2)), sample.Interval{Low: -2, High: 1}},
		{"abs", op(lang.FormulaAbs, agg(2)), sample.Interval{Low: 0, High: 2}},
		{"truncate", op(lang.FormulaTruncate, op(lang.FormulaTimes, agg(2), num(0.9))), sample.Interval{Low: 0, High: 1}},
	} {
		got, err := known().number(c.f)
		if err != nil || math.Abs(got.Low-c.want.Low) > 1e-9 || math.Abs(got.High-c.want.High) > 1e-9 {
			t.Errorf("%s: %v, %v; want %v", c.name, got, err, c.want)
		}
	}
	if _, err := known().number(op(lang.FormulaOver, agg(0), agg(2))); !errors.Is(err, errByZero) {
		t.Errorf("a divisor around 0: %v", err)
	}
	if _, err := known().number(&lang.Formula{Op: lang.FormulaMetric}); !errors.Is(err, errNoNumber) {
		t.Errorf("no metric: %v", err)
	}
	if _, err := known().number(op(lang.FormulaLess, agg(0), agg(1))); !errors.Is(err, errNoNumber) {
		t.Errorf("a condition as a number: %v", err)
	}
	x, metric := known(), sample.Interval{Low: 1, High: 2}
	x.metric = &metric
	if got, err := x.number(&lang.Formula{Op: lang.FormulaMetric}); err != nil || got != metric {
		t.Errorf("the metric: %v, %v", got, err)
	}
}

// Numbers that no float is are told apart from their neighbours, or not at all: never taken for them.
func TestIntervalDigits(t *testing.T) {
	x := &intervals{}
	for i, v := range []value.Value{value.IntValue(1<<53 + 1), value.IntValue(1 << 53), decimal(t, "0.1"), value.DoubleValue(0.5)} {
		at, err := around(v)
		if err != nil {
			t.Fatal(err)
		}
		if x.aggregates = append(x.aggregates, at); (at.Low == at.High) != (i%2 == 1) {
			t.Errorf("%s lies in %v", v.Text(), at)
		}
	}
	for _, c := range []struct {
		f    *lang.Formula
		want sample.Truth
	}{
		{op(lang.FormulaEqual, agg(0), digits("9007199254740992")), sample.Unknown}, // false, if both were rounded true
		{op(lang.FormulaGreater, agg(0), digits("9007199254740991")), sample.True},
		{op(lang.FormulaEqual, agg(1), digits("9007199254740992")), sample.True},
		{op(lang.FormulaAtMost, agg(1), digits("9007199254740993")), sample.True},
		{op(lang.FormulaEqual, agg(2), digits("0.1")), sample.Unknown},
		{op(lang.FormulaEqual, agg(3), digits("0.5")), sample.True},
		{op(lang.FormulaLess, agg(2), digits("0.10000000000000002")), sample.True},
	} {
		if got, err := x.truth(c.f); err != nil || got != c.want {
			t.Errorf("%v %s %v: %s, %v; want %s", c.f.Args[0].Aggregate, c.f.Op, c.f.Args[1].Number, got, err, c.want)
		}
	}
}

func decimal(t *testing.T, text string) value.Value {
	t.Helper()
	d, err := value.ParseDec(text)
	if err != nil {
		t.Fatal(err)
	}
	return value.DecimalValue(d)
}

// The share of two counts is known although one of them may be 0.
func TestIntervalShare(t *testing.T) {
	x := known()
	x.share = func(hits, all int) (sample.Interval, bool) {
		return sample.Interval{Low: 0.1, High: 0.2}, hits == 0 && all == 2
	}
	if got, err := x.number(op(lang.FormulaOver, agg(0), agg(2))); err != nil || got != (sample.Interval{Low: 0.1, High: 0.2}) {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := x.number(op(lang.FormulaOver, agg(0), agg(1))); err != nil || math.Abs(got.Low+4) > 1e-9 || got.Low > -4 {
		t.Errorf("no share: %v, %v", got, err)
	}
	if got, err := x.number(op(lang.FormulaOver, num(1), agg(0))); err != nil || math.Abs(got.Low-0.25) > 1e-9 || got.Low > 0.25 {
		t.Errorf("no counts: %v, %v", got, err)
	}
}

func TestIntervalTruth(t *testing.T) {
	yes, no := op(lang.FormulaLess, agg(1), agg(0)), op(lang.FormulaLess, agg(0), agg(1))
	open := op(lang.FormulaGreater, agg(2), num(0))
	for _, c := range []struct {
		name string
		f    *lang.Formula
		want sample.Truth
	}{
		{"less", yes, sample.True},
		{"not less", no, sample.False},
		{"perhaps greater", open, sample.Unknown},
		{"at most its end", op(lang.FormulaAtMost, agg(0), num(4)), sample.True},
		{"less than its end", op(lang.FormulaLess, agg(0), num(4)), sample.Unknown},
		{"at least its end", op(lang.FormulaAtLeast, agg(0), num(2)), sample.True},
		{"equal apart", op(lang.FormulaEqual, agg(0), agg(1)), sample.False},
		{"unequal apart", op(lang.FormulaUnequal, agg(0), agg(1)), sample.True},
		{"equal perhaps", op(lang.FormulaEqual, agg(0), num(3)), sample.Unknown},
		{"equal points", op(lang.FormulaEqual, num(3), num(3)), sample.True},
		{"and absorbs", op(lang.FormulaAnd, open, no), sample.False},
		{"and", op(lang.FormulaAnd, yes, open), sample.Unknown},
		{"or absorbs", op(lang.FormulaOr, open, yes), sample.True},
		{"or", op(lang.FormulaOr, no, open), sample.Unknown},
		{"not", op(lang.FormulaNot, no), sample.True},
		{"not unknown", op(lang.FormulaNot, open), sample.Unknown},
	} {
		if got, err := known().truth(c.f); err != nil || got != c.want {
			t.Errorf("%s: %v, %v; want %v", c.name, got, err, c.want)
		}
	}
	if _, err := known().truth(agg(0)); err == nil {
		t.Error("a number as a condition")
	}
	if _, err := known().truth(op(lang.FormulaAnd, op(lang.FormulaLess, op(lang.FormulaOver, num(1), agg(2)), num(1)), yes)); !errors.Is(err, errByZero) {
		t.Errorf("within: %v", err)
	}
}
