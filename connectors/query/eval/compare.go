package eval

import (
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// equality adds Eq or Ne, for which null is a value.
func (c *compiler) equality(op query.Op, args []*node) (*node, error) {
	typ := value.Of(value.Bool)
	a, b := args[0], args[1]
	ne := op == query.OpNe
	switch {
	case a.state == constErr || b.state == constErr:
		return &node{typ: typ, state: constErr}, nil
	case a.state == constNull:
		return c.add(typ, []*node{b}, isNullKernel(ne)), nil
	case b.state == constNull:
		return c.add(typ, []*node{a}, isNullKernel(ne)), nil
	}
	// x and y may be conversions of a and b, whose nulls are errors to them: null and error are taken from a and b.
	x, y, rel, err := c.relation(a, b)
	if err != nil {
		return nil, err
	}
	return c.add(typ, []*node{a, b}, func(nd *node, n int) {
		e := nd.operandErrs(n)
		nd.bits = sized(&nd.bitBuf, n)
		rel.eq(nd.bits, nil, x, y, n)
		if a.state == varying && a.nulls != nil || b.state == varying && b.nulls != nil {
			for i := range nd.bits {
				x, y := uint64(0), uint64(0)
				if a.state == varying {
					x = word(a.nulls, i)
				}
				if b.state == varying {
					y = word(b.nulls, i)
				}
				nd.bits[i] = nd.bits[i]&^(x|y) | x&y
			}
		}
		if ne {
			invert(nd.bits, n)
		}
		nd.errs = e
	}), nil
}

// isNullKernel compares with the null literal.
func isNullKernel(ne bool) kernel {
	return func(nd *node, n int) {
		a := nd.args[0]
		nd.operandErrs(n)
		nd.bits = sized(&nd.bitBuf, n)
		for i := range nd.bits {
			nulls, _ := a.marks(i, full(i, n))
			nd.bits[i] = nulls
		}
		if ne {
			invert(nd.bits, n)
		}
		if a.state == constErr {
			nd.errs[0] = 1
		}
	}
}

// ordering adds Lt, Le, Gt or Ge. Every ordering with a NaN is false, so that a <= b is !(b < a) only where
// no operand can be one, and a < b || a == b otherwise.
func (c *compiler) ordering(op query.Op, args []*node) (*node, error) {
	a, b := args[0], args[1]
	if op == query.OpGt || op == query.OpGe {
		a, b = b, a
	}
	orEqual := op == query.OpLe || op == query.OpGe
	x, y, rel, err := c.relation(a, b)
	if err != nil {
		return nil, err
	}
	if rel.lt == nil {
		return nil, mismatch(op, args)
	}
	not := orEqual && !rel.partial
	if not {
		x, y = y, x
	}
	return c.add(value.Of(value.Bool), []*node{x, y}, func(nd *node, n int) {
		e := nd.strict(n)
		nd.bits = sized(&nd.bitBuf, n)
		rel.lt(nd.bits, e, x, y, n)
		switch {
		case not:
			invert(nd.bits, n)
		case orEqual:
			eq := sized(&nd.undBuf, n)
			rel.eq(eq, e, x, y, n)
			for i := range nd.bits {
				nd.bits[i] |= eq[i]
			}
		}
	}), nil
}

// in adds a membership test: a disjunction of equalities, hashed for long lists of Int and String.
func (c *compiler) in(typ value.Type, args []*node) (*node, error) {
	x, list := args[0], args[1:]
	if x.state == constErr {
		return &node{typ: typ, state: constErr}, nil
	}
	if k := setKernel(x, list); k != nil {
		return c.add(value.Of(value.Bool), []*node{x}, k), nil
	}
	if len(list) == 0 { // x in []: false, an operand in error is one
		return c.add(value.Of(value.Bool), []*node{x}, func(nd *node, n int) {
			nd.operandErrs(n)
			nd.bits = zeroed(&nd.bitBuf, n)
		}), nil
	}
	tests := make([]*node, len(list))
	for i, l := range list {
		t, err := c.equality(query.OpEq, []*node{x, l})
		if err != nil {
			return nil, err
		}
		tests[i] = t
	}
	if len(tests) == 1 {
		return tests[0], nil
	}
	return c.add(value.Of(value.Bool), tests, logicKernel(query.OpOr)), nil
}

// hashedFrom is the length of a list from which a hash set beats comparing with each element.
const hashedFrom = 5

// setKernel returns a kernel that looks up x in a set, nil where the list is short or of mixed kinds.
func setKernel(x *node, list []*node) kernel {
	kind := x.typ.Kind
	if len(list) < hashedFrom || (kind != value.Int && kind != value.String && kind != value.Bytes) {
		return nil
	}
	ints, texts := make(map[int64]struct{}), make(map[string]struct{})
	null := false
	for _, l := range list {
		switch {
		case l.state == constNull:
			null = true
		case l.state != constValue || l.typ.Kind != kind:
			return nil
		case kind == value.Int:
			ints[l.vec.Ints[0]] = struct{}{}
		default:
			texts[string(l.vec.Bytes(0))] = struct{}{}
		}
	}
	return func(nd *node, n int) {
		nd.operandErrs(n)
		nd.bits = zeroed(&nd.bitBuf, n)
		if x.state == constNull {
			nd.bits[0] = b2u(null)
			return
		}
		m := x.mask()
		if kind == value.Int {
			for i := range n {
				if _, ok := ints[x.vec.Ints[i&m]]; ok {
					nd.bits.Set(i)
				}
			}
		} else {
			for i := range n {
				if _, ok := texts[string(x.bytesAt(i))]; ok {
					nd.bits.Set(i)
				}
			}
		}
		if x.state == varying && x.nulls != nil {
			andNotInto(nd.bits, x.nulls)
			if null {
				orInto(nd.bits, x.nulls)
			}
		}
	}
}
