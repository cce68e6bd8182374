package sqlite

import (
	"database/sql/driver"
	"errors"
	"math"
	"sort"
	"strings"

	modernc "modernc.org/sqlite"

	"github.com/assay-dev/assay/connectors/value"
)

// folds returns the aggregate functions that are registered, by name. Each takes the letter of
// the argument's kind and the argument; NULLs are skipped.
func folds() map[string]func() modernc.AggregateFunction {
	return map[string]func() modernc.AggregateFunction{
		"sum":         func() modernc.AggregateFunction { return &fold{step: (*fold).sum} },
		"sum_squares": func() modernc.AggregateFunction { return &fold{step: (*fold).square} },
		"stddev":      func() modernc.AggregateFunction { return &fold{step: (*fold).welford, final: (*fold).stddev} },
		"min":         func() modernc.AggregateFunction { return &fold{step: (*fold).min} },
		"max":         func() modernc.AggregateFunction { return &fold{step: (*fold).max} },
		"quantile":    func() modernc.AggregateFunction { return &fold{step: (*fold).keep, final: (*fold).quantile} },
		"digest":      func() modernc.AggregateFunction { return &summing{} },
	}
}

var errWindow = errors.New("assay aggregates are no window functions")

// fold is one running aggregate.
type fold struct {
	step  func(*fold, value.Value)
	final func(*fold) driver.Value
	n     int64
	acc   value.Value
	over  bool // a duration's sum left 64 bits
	mean  float64
	m2    float64
	all   []value.Value
	q     float64
}

// Step implements modernc's AggregateFunction: kind, argument and, for quantile, the share.
func (f *fold) Step(_ *modernc.FunctionContext, args []driver.Value) error {
	if len(args) < 2 {
		return errCall
	}
	kind, ok := args[0].(string)
	if !ok || len(kind) != 1 {
		return errCall
	}
	if args[1] == nil {
		return nil
	}
	if len(args) == 3 {
		f.q, _ = args[2].(float64)
	}
	x := args[1]
	if s, isText := x.(string); isText {
		x = strings.Clone(s) // SQLite's memory, and a fold keeps values
	}
	v, ok := decode(kind[0], x)
	if !ok {
		return nil
	}
	f.n++
	f.step(f, v)
	return nil
}

// WindowInverse implements modernc's AggregateFunction.
func (f *fold) WindowInverse(*modernc.FunctionContext, []driver.Value) error { return errWindow }

// WindowValue implements modernc's AggregateFunction: the result.
func (f *fold) WindowValue(*modernc.FunctionContext) (driver.Value, error) {
	switch {
	case f.final != nil:
		return f.final(f), nil
	case f.n == 0, f.over:
		return nil, nil
	}
	return encode(f.acc), nil
}

// Final implements modernc's AggregateFunction.
func (f *fold) Final(*modernc.FunctionContext) {}

func (f *fold) sum(v value.Value) {
	switch v.Kind() {
	case value.Double:
		f.acc = value.DoubleValue(f.acc.Double() + v.Double())
	case value.Duration:
		if f.n == 1 {
			f.acc = value.DurationValue(0)
		}
		z, ok := scalarOf(opAdd, "nn")([]value.Value{f.acc, v})
		f.acc, f.over = z, f.over || !ok
	default:
		d, _ := asDecimal(v)
		f.acc = value.DecimalValue(f.acc.Decimal().Add(d))
	}
}

func (f *fold) square(v value.Value) {
	if v.Kind() == value.Double {
		f.acc = value.DoubleValue(f.acc.Double() + v.Double()*v.Double())
		return
	}
	d, _ := asDecimal(v)
	f.acc = value.DecimalValue(f.acc.Decimal().Add(d.Mul(d)))
}

// welford keeps mean and squared deviations (Welford 1962).
func (f *fold) welford(v value.Value) {
	delta := v.Double() - f.mean
	f.mean += delta / float64(f.n)
	f.m2 += delta * (v.Double() - f.mean)
}

func (f *fold) stddev() driver.Value {
	if f.n < 2 {
		return nil
	}
	return encode(value.DoubleValue(math.Sqrt(f.m2 / float64(f.n-1))))
}

func (f *fold) min(v value.Value) { f.extreme(v, -1) }
func (f *fold) max(v value.Value) { f.extreme(v, 1) }

func (f *fold) extreme(v value.Value, want int) {
	if f.n == 1 {
		f.acc = v
		return
	}
	if c, ok := value.Compare(v, f.acc); ok && c == want {
		f.acc = v
	}
}

func (f *fold) keep(v value.Value) { f.all = append(f.all, v) }

// quantile is percentile_disc: the smallest value that at least q of the values do not exceed.
func (f *fold) quantile() driver.Value {
	if f.n == 0 {
		return nil
	}
	sort.Slice(f.all, func(i, j int) bool {
		c, _ := value.Compare(f.all[i], f.all[j])
		return c < 0
	})
	i := int(math.Ceil(f.q*float64(f.n))) - 1
	return encode(f.all[min(max(i, 0), len(f.all)-1)])
}
