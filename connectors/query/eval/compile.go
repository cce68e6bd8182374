package eval

import (
	"errors"
	"fmt"
	"strings"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// errNoOperator is returned for an operator with operand types that it does not take.
var errNoOperator = errors.New("no such operator")

// compiler turns expressions into the nodes of one program.
type compiler struct {
	p      *Program
	shared map[string][]*node // by text; equal text is confirmed by query.Equal
}

// kernel computes the outcome of nd for n rows; see node.
type kernel func(nd *node, n int)

func (c *compiler) compile(e query.Expr) (*node, error) {
	key := query.String(e)
	for _, nd := range c.shared[key] {
		if query.Equal(nd.expr, e) {
			return nd, nil
		}
	}
	nd, err := c.build(e)
	if err != nil {
		return nil, err
	}
	// An operator that is the identity yields its operand's node, which keeps its own expression.
	if nd.expr == nil {
		nd.expr = e
	}
	c.shared[key] = append(c.shared[key], nd)
	return nd, nil
}

func (c *compiler) build(e query.Expr) (*node, error) {
	switch e := e.(type) {
	case *query.Column:
		for i, col := range c.p.cols {
			if col.Rel == e.Rel && col.Index == e.Index {
				nd := &node{typ: col.Col.Type, col: i}
				c.p.nodes = append(c.p.nodes, nd)
				return nd, nil
			}
		}
		return nil, fmt.Errorf("column %s is not in the batches", query.String(e))
	case *query.Literal:
		return constant(e.Val, e.Typ), nil
	case *query.Call:
		args := make([]*node, len(e.Args))
		for i, a := range e.Args {
			nd, err := c.compile(a)
			if err != nil {
				return nil, err
			}
			args[i] = nd
		}
		return c.call(e.Op, e.Typ, args)
	case *query.Local:
		args := make([]*node, len(e.Cols))
		for i, col := range e.Cols {
			nd, err := c.compile(col)
			if err != nil {
				return nil, err
			}
			args[i] = nd
		}
		nd := &node{typ: e.Typ, args: args, run: local(e, args)}
		c.p.nodes = append(c.p.nodes, nd)
		return nd, nil
	}
	return nil, fmt.Errorf("%w: %T", errNoOperator, e)
}

// constant returns a node with one value for every row.
func constant(v value.Value, typ value.Type) *node {
	nd := &node{typ: typ, state: constValue}
	if v.IsNull() {
		nd.state = constNull
		return nd
	}
	if typ.Kind != v.Kind() {
		nd.typ = v.Type()
	}
	if v.Kind() == value.Bool {
		nd.bits = value.Bitmap{b2u(v.Bool())}
		return nd
	}
	nd.vec.Reset(nd.typ)
	nd.vec.AppendValue(v)
	return nd
}

// call adds an operator over args.
func (c *compiler) call(op query.Op, typ value.Type, args []*node) (*node, error) {
	if err := arity(op, len(args)); err != nil {
		return nil, err
	}
	switch op {
	case query.OpIn:
		return c.in(typ, args)
	case query.OpEq, query.OpNe:
		return c.equality(op, args)
	case query.OpCond:
		return c.cond(typ, args)
	case query.OpNot, query.OpAnd, query.OpOr, query.OpIsTrue, query.OpIsFalse, query.OpIsUndecided:
		for _, a := range args {
			if a.typ.Kind != value.Bool && a.state != constNull {
				return nil, mismatch(op, args)
			}
		}
		return c.add(value.Of(value.Bool), args, logicKernel(op)), nil
	}
	// Everything else is strict.
	for _, a := range args {
		if a.state == constNull || a.state == constErr {
			return &node{typ: typ, state: constErr}, nil
		}
	}
	switch op {
	case query.OpLt, query.OpLe, query.OpGt, query.OpGe:
		return c.ordering(op, args)
	case query.OpToInt, query.OpToUint, query.OpToDouble, query.OpToDecimal, query.OpToString, query.OpToBytes,
		query.OpToBool, query.OpToTimestamp, query.OpToDuration:
		return c.strictConversion(op, args[0])
	}
	typ, args, k, err := c.strictKernel(op, typ, args)
	if err != nil {
		return nil, err
	}
	return c.add(typ, args, k), nil
}

// add appends a node, or computes it now where every operand is constant.
func (c *compiler) add(typ value.Type, args []*node, run kernel) *node {
	nd := &node{typ: typ, args: args, run: run}
	nd.vec.Type = typ
	for _, a := range args {
		if !a.isConst() {
			c.p.nodes = append(c.p.nodes, nd)
			return nd
		}
	}
	nd.run(nd, 1)
	nd.finish(1)
	switch {
	case nd.errs.Get(0):
		nd.state = constErr
	case nd.nulls.Get(0):
		nd.state = constNull
	default:
		nd.state = constValue
	}
	return nd
}

// strictKernel finds the kernel of the strict operators that are neither comparisons nor conversions.
// It may convert operands, and returns the type of what the kernel computes.
func (c *compiler) strictKernel(op query.Op, typ value.Type, args []*node) (value.Type, []*node, kernel, error) {
	none := func(err error) (value.Type, []*node, kernel, error) { return value.Type{}, nil, nil, err }
	kind := args[0].typ.Kind
	switch op {
	case query.OpAdd, query.OpSub, query.OpMul, query.OpDiv, query.OpMod, query.OpNeg, query.OpAbs:
		return c.arithmetic(op, args)
	case query.OpSize:
		k, err := sizeKernel(kind)
		return value.Of(value.Int), args, k, err
	case query.OpContains, query.OpStartsWith, query.OpEndsWith, query.OpMatches:
		k, err := searchKernel(op, args)
		return value.Of(value.Bool), args, k, err
	case query.OpIndexOf, query.OpLastIndexOf:
		k, err := indexKernel(op, args)
		return value.Of(value.Int), args, k, err
	case query.OpLowerASCII, query.OpUpperASCII, query.OpTrim, query.OpSubstring, query.OpCharAt, query.OpReplace, query.OpReverse:
		k, err := textKernel(op, args)
		return value.Of(value.String), args, k, err
	case query.OpFullYear, query.OpMonth, query.OpDate, query.OpDayOfMonth, query.OpDayOfWeek, query.OpDayOfYear,
		query.OpHours, query.OpMinutes, query.OpSeconds, query.OpMilliseconds:
		k, err := partKernel(op, args)
		return value.Of(value.Int), args, k, err
	case query.OpGreatest, query.OpLeast:
		if typ.Kind == value.Decimal {
			var err error
			if args, err = c.toDecimals(args); err != nil {
				return none(err)
			}
		}
		k, err := extremeKernel(op, args)
		return args[0].typ, args, k, err
	case query.OpCeil, query.OpFloor, query.OpRound, query.OpTrunc:
		k, err := roundKernel(op, args)
		return value.Of(value.Double), args, k, err
	case query.OpSign:
		k, err := signKernel(args)
		return args[0].typ, args, k, err
	case query.OpIsNaN, query.OpIsInf, query.OpIsFinite:
		k, err := floatTestKernel(op, args)
		return value.Of(value.Bool), args, k, err
	}
	return none(mismatch(op, args))
}

// toDecimals converts Int, Uint and Double operands.
func (c *compiler) toDecimals(args []*node) ([]*node, error) {
	out := make([]*node, len(args))
	for i, a := range args {
		d, err := c.conversion(query.OpToDecimal, a)
		if err != nil {
			return nil, err
		}
		out[i] = d
	}
	return out, nil
}

// arity checks the number of operands.
func arity(op query.Op, n int) error {
	lo, hi := 1, 1
	switch op {
	case query.OpAnd, query.OpOr, query.OpIn, query.OpGreatest, query.OpLeast:
		hi = n
	case query.OpCond, query.OpReplace:
		lo, hi = 3, 3
	case query.OpEq, query.OpNe, query.OpLt, query.OpLe, query.OpGt, query.OpGe, query.OpAdd, query.OpSub, query.OpMul,
		query.OpDiv, query.OpMod, query.OpContains, query.OpStartsWith, query.OpEndsWith, query.OpMatches, query.OpCharAt:
		lo, hi = 2, 2
	case query.OpSubstring, query.OpIndexOf, query.OpLastIndexOf:
		lo, hi = 2, 3
	case query.OpFullYear, query.OpMonth, query.OpDate, query.OpDayOfMonth, query.OpDayOfWeek, query.OpDayOfYear,
		query.OpHours, query.OpMinutes, query.OpSeconds, query.OpMilliseconds:
		hi = 2
	}
	if n < lo || n > hi {
		return fmt.Errorf("%w: %s with %d operands", errNoOperator, op, n)
	}
	return nil
}

// mismatch says which operand types op does not take.
func mismatch(op query.Op, args []*node) error {
	kinds := make([]string, len(args))
	for i, a := range args {
		kinds[i] = a.typ.String()
	}
	return fmt.Errorf("%w: %s(%s)", errNoOperator, op, strings.Join(kinds, ", "))
}
