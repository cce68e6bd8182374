package sample

import (
	"errors"
	"fmt"
	"math"
)

// Numbers gathers the numbers that rows drawn hold, for estimates of their sum and average. All rows weigh 1, or each the inverse of its chance of
// being drawn, up to a common factor unless a sum is wanted.
type Numbers struct {
	drawn  int64 // rows, those without a number too
	held   int64 // numbers
	weight float64
	// weighted sums of powers of the distance from the first number, so that large numbers lose no digits
	origin               float64
	w1, wx               float64 // Σw, Σw(x-origin) over numbers
	ww, wwx, wwxx        float64 // Σw², Σw²(x-origin), Σw²(x-origin)²
	least, most, largest float64
	equal                bool
}

// Add takes a row that holds x and weighs weight: 1 where all rows are equally likely.
func (n *Numbers) Add(x, weight float64) error {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return fmt.Errorf("%v cannot be summed", x)
	}
	if err := n.Skip(weight); err != nil {
		return err
	}
	if n.held == 0 {
		n.origin, n.least, n.most = x, x, x
	}
	n.held++
	n.least, n.most = math.Min(n.least, x), math.Max(n.most, x)
	d := x - n.origin
	n.w1 += weight
	n.wx += weight * d
	n.ww += weight * weight
	n.wwx += weight * weight * d
	n.wwxx += weight * weight * d * d
	return nil
}

// Skip takes a row that holds no number: null, or one that a condition leaves out. It is none of those averaged, and adds 0 to the sum.
func (n *Numbers) Skip(weight float64) error {
	if !(weight > 0) || math.IsInf(weight, 1) {
		return fmt.Errorf("a row cannot weigh %v", weight)
	}
	n.equal = n.drawn == 0 || n.equal && weight == n.largest
	n.largest = math.Max(n.largest, weight)
	n.drawn++
	n.weight += weight
	return nil
}

// Estimate is what a sample says of an aggregate of all rows.
type Estimate struct {
	Value float64
	// Interval holds the aggregate of all rows with Confidence; its ends may be infinite.
	Interval   Interval
	Confidence float64
	Method     Method
	// Rows is the number of rows drawn that it rests on: 0 where it is known without any.
	Rows int64
	// Approximate is true where the confidence is that of the central limit, which the sizes met only approach: less where few rows hold most of it.
	Approximate bool
}

// fewest is the number of rows below which the central limit is not called upon.
const fewest = 30

// ErrTooFew is the answer where too few rows were drawn for an estimate.
var ErrTooFew = errors.New("too few rows were drawn")

// ErrUneven is the answer where rows not drawn may weigh so much that those drawn say little of all.
var ErrUneven = errors.New("rows were drawn with unequal chances, and those of others may be so small that the rows drawn say little of all")

// Balanced returns ErrUneven unless the rows drawn outweigh any that was not, of which none weighs more than largest, as many times as rows of equal
// chances have to be for an estimate. Without that the rows of a part of the table may all be missing, and the interval does not show it: those
// drawn, which lie behind large gaps between keys, may be as alike as can be.
func (n *Numbers) Balanced(largest float64) error {
	if n.weight >= fewest*largest {
		return nil
	}
	return ErrUneven
}

// Average estimates the average of the numbers of all rows. The number of rows drawn from is population if known (and no row is drawn twice), else
// 0: the interval narrows as the sample nears the whole. Where weights differ it is Hájek's ratio with its linearised variance.
func (n *Numbers) Average(population int64, confidence float64) (Estimate, error) {
	if err := n.check(population, confidence); err != nil {
		return Estimate{}, err
	}
	e := Estimate{Value: n.origin + n.wx/n.w1, Confidence: confidence, Rows: n.held, Method: Student, Approximate: true}
	if population > 0 && n.drawn == population {
		return e.exactly(), nil
	}
	if n.held < fewest {
		return Estimate{}, fmt.Errorf("%w: an average needs %d with a number, and there are %d", ErrTooFew, fewest, n.held)
	}
	// Σw²(x-mean)²/(Σw)², by m/(m-1) for the mean being an estimate too
	m, off := float64(n.held), n.wx/n.w1
	squares := math.Max(0, n.wwxx-2*off*n.wwx+off*off*n.ww)
	return e.around(math.Sqrt(squares*m/(m-1))/n.w1*n.correction(population), m-1), nil
}

// Sum estimates the sum of the numbers of all rows. Where all rows are equally likely the number of rows drawn from is needed, exactly; where
// weights differ they must be the inverse of the chance of a draw, and the estimate is the mean over draws of weight times number
// (Hansen and Hurwitz 1943).
func (n *Numbers) Sum(population int64, confidence float64) (Estimate, error) {
	if err := n.check(population, confidence); err != nil {
		return Estimate{}, err
	}
	e := Estimate{Confidence: confidence, Rows: n.drawn, Method: Student, Approximate: true}
	all, m := float64(n.drawn), float64(n.held)
	total := n.wx + n.origin*n.w1 // of weight times number
	switch {
	case population > 0 && n.equal:
		// whatever the weight, each row stands for population/drawn
		scale := float64(population) / all / n.largest
		e.Value = total * scale
		if n.drawn == population {
			return e.exactly(), nil
		}
		if n.drawn < fewest {
			return Estimate{}, fmt.Errorf("%w: a sum needs %d, and there are %d", ErrTooFew, fewest, n.drawn)
		}
		// squares about the mean of all rows drawn, those without a number at 0
		mean, off := n.origin+n.wx/n.w1, n.wx/n.w1
		squares := math.Max(0, n.wwxx-off*off*n.ww)/(n.largest*n.largest) + m*mean*mean*(1-m/all)
		if m == 0 {
			squares = 0
		}
		return e.around(math.Sqrt(squares/(all-1)/all)*float64(population)*n.correction(population), all-1), nil
	case n.equal && n.largest == 1:
		return Estimate{}, errors.New("a sum needs the number of rows, which is not known")
	case n.drawn < fewest:
		return Estimate{}, fmt.Errorf("%w: a sum needs %d, and there are %d", ErrTooFew, fewest, n.drawn)
	}
	mean := total / all
	e.Value = mean
	// Σ(wx)² = Σw²(d + origin)²
	squares := n.wwxx + 2*n.origin*n.wwx + n.origin*n.origin*n.ww
	return e.around(math.Sqrt(math.Max(0, squares-all*mean*mean)/(all-1)/all), all-1), nil
}

func (n *Numbers) check(population int64, confidence float64) error {
	switch {
	case n.drawn == 0 || n.held == 0:
		return fmt.Errorf("%w: none holds a number", ErrTooFew)
	case population < 0 || population > 0 && n.drawn > population && n.equal:
		return fmt.Errorf("%d rows drawn from %d cannot be", n.drawn, population)
	}
	return CheckConfidence(confidence)
}

// correction is the factor of the standard error for drawing without replacement from a finite population.
func (n *Numbers) correction(population int64) float64 {
	if population <= 1 || !n.equal {
		return 1
	}
	return math.Sqrt(float64(population-n.drawn) / float64(population-1))
}

func (e Estimate) exactly() Estimate {
	e.Interval, e.Method, e.Approximate = Point(e.Value), Exact, false
	return e
}

func (e Estimate) around(deviation, freedom float64) Estimate {
	half := deviation * studentQuantile((1-e.Confidence)/2, freedom)
	e.Interval = Interval{below(e.Value - half), above(e.Value + half)}
	return e
}
