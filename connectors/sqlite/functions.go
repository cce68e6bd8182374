package sqlite

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"regexp"
	"sync"
	"time"

	modernc "modernc.org/sqlite"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// errCall is what a registered function returns when it is called otherwise than the dialect does.
var errCall = errors.New("assay function called with wrong arguments")

// prefix begins the names of all functions that are registered here.
const prefix = "assay_"

// newDriver returns a driver of our own with the functions that SQLite lacks. They
// are registered on it alone: the process-wide driver "sqlite" does not have them.
func newDriver(enc *encoders) (*modernc.Driver, error) {
	d := &modernc.Driver{}
	for op := query.OpAdd; op <= query.OpIsFinite; op++ {
		if op == query.OpMatches {
			continue
		}
		if err := register(d, op.String(), true, operator(op)); err != nil {
			return nil, err
		}
	}
	for name, f := range map[string]function{
		"eq": equal, "lt": comparing(func(c int) bool { return c < 0 }), "le": comparing(func(c int) bool { return c <= 0 }),
		"gt": comparing(func(c int) bool { return c > 0 }), "ge": comparing(func(c int) bool { return c >= 0 }), "matches": matcher(),
		"order": order, "cell": newZones().cell, "cell_ok": newZones().cellOK, "sum128": sum128, "is": newZones().is, "encode": enc.encode, "hash": hash,
	} {
		if err := register(d, name, true, f); err != nil {
			return nil, err
		}
	}
	for name, start := range folds() {
		impl := &modernc.FunctionImpl{NArgs: -1, VolatileArgs: true, MakeAggregate: func(modernc.FunctionContext) (modernc.AggregateFunction, error) { return start(), nil }}
		if err := d.RegisterFunction(prefix+name, impl); err != nil {
			return nil, fmt.Errorf("register %s: %w", name, err)
		}
	}
	return d, nil
}

// function is a registered scalar function. Text and blobs of args belong to
// SQLite: they must not be kept.
type function func(args []driver.Value) (driver.Value, error)

func register(d *modernc.Driver, name string, deterministic bool, f function) error {
	err := d.RegisterFunction(prefix+name, &modernc.FunctionImpl{
		NArgs: -1, Deterministic: deterministic, VolatileArgs: true,
		Scalar: func(_ *modernc.FunctionContext, args []driver.Value) (driver.Value, error) { return f(args) },
	})
	if err != nil {
		return fmt.Errorf("register %s: %w", name, err)
	}
	return nil
}

// operator is the function of op: the letters of the operands' kinds, then the operands.
// NULL for NULL and for CEL's error.
func operator(op query.Op) function {
	var known sync.Map // kinds -> scalar: few, from our own statements
	return func(args []driver.Value) (driver.Value, error) {
		if len(args) < 2 {
			return nil, errCall
		}
		kinds, ok := args[0].(string)
		if !ok || len(kinds) != len(args)-1 {
			return nil, errCall
		}
		var f scalar
		if found, ok := known.Load(kinds); ok {
			f, _ = found.(scalar)
		} else {
			kinds = string([]byte(kinds)) // SQLite's memory otherwise
			if f = scalarOf(op, kinds); f == nil {
				return nil, errCall
			}
			known.Store(kinds, f)
		}
		var few [3]value.Value
		vs := few[:0]
		for i, x := range args[1:] {
			if x == nil {
				return nil, nil
			}
			v, ok := decode(kinds[i], x)
			if !ok {
				return nil, nil
			}
			vs = append(vs, v)
		}
		v, ok := f(vs)
		if !ok {
			return nil, nil
		}
		return encode(v), nil
	}
}

// pair decodes the two operands of a comparison; ok is false where one is NULL or bad.
func pair(args []driver.Value) (a, b value.Value, ok bool, err error) {
	if len(args) != 3 {
		return a, b, false, errCall
	}
	kinds, isText := args[0].(string)
	if !isText || len(kinds) != 2 {
		return a, b, false, errCall
	}
	if args[1] == nil || args[2] == nil {
		return a, b, false, nil
	}
	a, okA := decode(kinds[0], args[1])
	b, okB := decode(kinds[1], args[2])
	return a, b, okA && okB, nil
}

// equal is assay_eq(kinds, a, b).
func equal(args []driver.Value) (driver.Value, error) {
	a, b, ok, err := pair(args)
	if err != nil || !ok {
		return nil, err
	}
	return value.Equal(a, b), nil
}

// comparing is assay_lt, assay_le, assay_gt or assay_ge(kinds, a, b): false with a NaN.
func comparing(keep func(c int) bool) function {
	return func(args []driver.Value) (driver.Value, error) {
		a, b, ok, err := pair(args)
		if err != nil || !ok {
			return nil, err
		}
		c, ok := value.Compare(a, b)
		return ok && keep(c), nil
	}
}

// matcher is assay_matches(text, pattern): Go's own regular expressions, compiled once each.
func matcher() function {
	var compiled sync.Map
	return func(args []driver.Value) (driver.Value, error) {
		if len(args) != 2 {
			return nil, errCall
		}
		s, okS := args[0].(string)
		p, okP := args[1].(string)
		if !okS || !okP {
			return nil, nil
		}
		if re, ok := compiled.Load(p); ok {
			r, _ := re.(*regexp.Regexp)
			return r.MatchString(s), nil
		}
		re, err := compile(string([]byte(p)))
		if err != nil {
			return nil, errCall // the dialect has compiled it before
		}
		compiled.Store(re.String(), re)
		return re.MatchString(s), nil
	}
}

// zones reads cells of columns, keeping the time zones that it has loaded.
type zones struct{ loaded sync.Map }

func newZones() *zones { return &zones{} }

func (z *zones) load(name string) *time.Location {
	if name == "" {
		return nil
	}
	if loc, ok := z.loaded.Load(name); ok {
		l, _ := loc.(*time.Location)
		return l
	}
	name = string([]byte(name))
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	z.loaded.Store(name, loc)
	return loc
}

// decodeCell reads a cell of a column: naive times are read in its zone ("" for none).
func (z *zones) decodeCell(kind byte, zone string, x driver.Value) (value.Value, bool) {
	if kind == 't' {
		return decodeTime(x, z.load(zone), false)
	}
	return decode(kind, x)
}

func (z *zones) args(args []driver.Value) (v value.Value, null, ok bool, err error) {
	if len(args) != 3 {
		return v, false, false, errCall
	}
	kind, okK := args[0].(string)
	zone, okZ := args[1].(string)
	if !okK || !okZ || len(kind) != 1 {
		return v, false, false, errCall
	}
	if args[2] == nil {
		return v, true, true, nil
	}
	v, ok = z.decodeCell(kind[0], zone, args[2])
	return v, false, ok, nil
}

// cell is assay_cell(kind, zone, x): the cell in canonical form, NULL where null or bad.
func (z *zones) cell(args []driver.Value) (driver.Value, error) {
	v, null, ok, err := z.args(args)
	if err != nil || null || !ok {
		return nil, err
	}
	return encode(v), nil
}

// cellOK is assay_cell_ok(kind, zone, x): whether the cell is null or of its kind.
func (z *zones) cellOK(args []driver.Value) (driver.Value, error) {
	_, _, ok, err := z.args(args)
	if err != nil {
		return nil, err
	}
	return ok, nil
}

// sum128 is assay_sum128(hi, lo): hi * 2^32 + lo as a decimal, the exact sum of integers
// whose upper and lower halves SQLite has summed.
func sum128(args []driver.Value) (driver.Value, error) {
	if len(args) != 2 {
		return nil, errCall
	}
	hi, okH := args[0].(int64)
	lo, okL := args[1].(int64)
	if !okH || !okL {
		return nil, nil
	}
	return value.DecFromInt(hi).Mul(value.DecFromInt(1 << 32)).Add(value.DecFromInt(lo)).String(), nil
}
