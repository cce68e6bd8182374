package run

import (
	"fmt"
	"strconv"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/query/eval"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/lang"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/sample"
)

// estimating is what rows drawn say of one aggregate of a metric expectation.
type estimating struct {
	from    *plan.Estimate
	design  query.SampleDesign
	numbers sample.Numbers // of a count with a condition 1 for a row that meets it, else 0
	hits    sample.Count   // of a count: rows that meet its condition, of all drawn
	// weighted is of a count whose rows have unequal chances: what share of them meets its condition
	weighted *sample.Weighted
	byNull   int64 // rows left out
	errored  int64

	prog *eval.Program // the condition, the argument, and whether a column that they name is null
}

// newEstimating compiles an estimate over batches of cols.
func newEstimating(e *plan.Estimate, design query.SampleDesign, cols []*query.Column) (*estimating, error) {
	yes := query.Expr(&query.Literal{Val: value.BoolValue(true), Typ: value.Of(value.Bool)})
	exprs := []query.Expr{yes, yes, plan.AnyNull(e.Measure.Nulls)}
	if e.Measure.Where != nil {
		exprs[0] = e.Measure.Where
	}
	if e.Measure.Arg != nil {
		exprs[1] = e.Measure.Arg
	}
	g := &estimating{from: e, design: design}
	var err error
	if design.Weighted && e.Fn == lang.FnCount {
		if g.weighted, err = sample.NewWeighted(design.LargestWeight); err != nil {
			return nil, err
		}
	}
	g.prog, err = eval.Compile(exprs, cols)
	return g, err
}

// add takes rows drawn, with their weights where they have any.
func (g *estimating) add(b *value.Batch, weights []float64) error {
	vs, err := g.prog.Run(b)
	if err != nil {
		return err
	}
	where, arg, nulls := vs[0], vs[1], vs[2]
	for i := range b.N {
		weight := 1.0
		if g.design.Weighted {
			weight = weights[i]
		}
		undecided := where.IsErr(i) || where.IsNull(i)
		selected := !undecided && where.Bools[i]
		if selected && (arg.IsErr(i) || arg.IsNull(i)) {
			undecided, selected = true, false
		}
		if undecided {
			if nulls.Bools[i] || arg.IsNull(i) && !arg.IsErr(i) {
				g.byNull++
			} else {
				g.errored++
			}
		}
		if err := g.row(arg, i, selected, weight); err != nil {
			return err
		}
	}
	return nil
}

func (g *estimating) row(arg *value.Vector, i int, selected bool, weight float64) error {
	g.hits.Drawn++
	if selected {
		g.hits.Failed++
	}
	switch {
	case g.from.Fn == lang.FnCount:
		one := 0.0
		if selected {
			one = 1
		}
		if g.weighted != nil {
			if err := g.weighted.Add(weight, selected); err != nil {
				return err
			}
		}
		return g.numbers.Add(one, weight)
	case !selected:
		return g.numbers.Skip(weight)
	}
	x, err := float(arg.Value(i))
	if err != nil {
		return err
	}
	return g.numbers.Add(x, weight)
}

// float is a number as estimates take it: rounded, as they are anyway.
func float(v value.Value) (float64, error) {
	switch v.Kind() {
	case value.Int:
		return float64(v.Int()), nil
	case value.Uint:
		return float64(v.Uint()), nil
	case value.Double:
		return v.Double(), nil
	case value.Decimal:
		return v.Decimal().Float(), nil
	default:
		return 0, connectors.Own(fmt.Sprintf("a %s is no number to estimate with", v.Kind()))
	}
}

// around is the interval of a number that is known: a point, unless no float is exactly the number.
func around(v value.Value) (sample.Interval, error) {
	switch v.Kind() {
	case value.Int, value.Uint, value.Decimal:
		return sample.Around(v.Text())
	case value.Double: // one that meets a decimal stands for its shortest text
		return sample.Around(strconv.FormatFloat(v.Double(), 'f', -1, 64))
	default:
		return sample.Interval{}, connectors.Own(fmt.Sprintf("a %s is no number to estimate with", v.Kind()))
	}
}

// estimate forms the estimate with a confidence.
func (g *estimating) estimate(confidence float64) (sample.Estimate, error) {
	population := int64(0)
	if g.design.RowsExact && !g.design.Replacement {
		population = g.design.Rows
	}
	if g.design.Weighted && g.hits.Drawn > 0 {
		if err := g.numbers.Balanced(g.design.LargestWeight); err != nil {
			return sample.Estimate{}, err
		}
	}
	switch g.from.Fn {
	case lang.FnAvg:
		return g.numbers.Average(population, confidence)
	case lang.FnCount:
		switch {
		case g.from.Measure.Where == nil && population > 0:
			return sample.Estimate{Value: float64(population), Interval: sample.Point(float64(population)), Confidence: confidence, Method: sample.Exact}, nil
		case !g.design.Weighted:
			hits := g.hits
			hits.Population = population
			return sample.CountRows(hits, population, confidence)
		}
		e, err := g.numbers.Sum(population, confidence)
		e.Interval.Low = max(e.Interval.Low, float64(min(g.hits.Failed, 1))) // at least those met
		return e, err
	}
	return g.numbers.Sum(population, confidence)
}

// share estimates which share of the rows meets the condition of a count.
func (g *estimating) share(confidence float64) (sample.Estimate, error) {
	if g.weighted == nil || g.hits.Drawn == 0 {
		return sample.Share(g.hits, confidence)
	}
	return sample.Estimate{Value: g.weighted.Rate(), Interval: g.weighted.Interval(confidence), Confidence: confidence, Method: sample.Betting, Rows: g.hits.Drawn}, nil
}
