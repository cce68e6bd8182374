package eval

import (
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// logicKernel returns the kernel of three-valued logic. A null operand is as good as an error: CEL has no overload for it.
func logicKernel(op query.Op) kernel {
	switch op {
	case query.OpAnd:
		return func(nd *node, n int) { nd.kleene(n, true) }
	case query.OpOr:
		return func(nd *node, n int) { nd.kleene(n, false) }
	case query.OpNot:
		return func(nd *node, n int) {
			nd.eachWord(n, func(_, f, o uint64) (uint64, uint64) { return f, o })
		}
	case query.OpIsTrue:
		return func(nd *node, n int) {
			nd.eachWord(n, func(t, _, _ uint64) (uint64, uint64) { return t, 0 })
		}
	case query.OpIsFalse:
		return func(nd *node, n int) {
			nd.eachWord(n, func(_, f, _ uint64) (uint64, uint64) { return f, 0 })
		}
	default: // OpIsUndecided
		return func(nd *node, n int) {
			nd.eachWord(n, func(_, _, o uint64) (uint64, uint64) { return o, 0 })
		}
	}
}

// eachWord maps the true, false and other bits of the only operand to true and error bits, 64 rows a call.
func (nd *node) eachWord(n int, f func(t, f, o uint64) (truth, errs uint64)) {
	nd.bits, nd.errs, nd.nulls = sized(&nd.bitBuf, n), sized(&nd.errBuf, n), nil
	for i := range nd.bits {
		nd.bits[i], nd.errs[i] = f(nd.args[0].boolWord(i, full(i, n)))
	}
}

// full returns the valid bits of word i of n rows.
func full(i, n int) uint64 {
	if i == value.Words(n)-1 {
		return tailMask(n)
	}
	return ^uint64(0)
}

// kleene computes And (Or with and=false): one false operand makes And false, all true make it true, anything else is an error.
func (nd *node) kleene(n int, and bool) {
	nd.bits, nd.errs, nd.nulls = sized(&nd.bitBuf, n), sized(&nd.errBuf, n), nil
	for i := range nd.bits {
		m := full(i, n)
		every, some := m, uint64(0) // rows in which every operand is the neutral element, some is the absorbing one
		for _, a := range nd.args {
			t, f, _ := a.boolWord(i, m)
			if !and {
				t, f = f, t
			}
			every &= t
			some |= f
		}
		if and {
			nd.bits[i] = every
		} else {
			nd.bits[i] = some
		}
		nd.errs[i] = m &^ every &^ some
	}
}

// cond adds CEL's ternary: an error or a null as condition is an error, and only the branch taken matters.
func (c *compiler) cond(typ value.Type, args []*node) (*node, error) {
	if args[0].typ.Kind != value.Bool && args[0].state != constNull {
		return nil, mismatch(query.OpCond, args)
	}
	for i, a := range args[1:] {
		if a.typ.Kind == typ.Kind || a.state == constNull || a.state == constErr {
			continue
		}
		if typ.Kind != value.Decimal {
			return nil, mismatch(query.OpCond, args)
		}
		d, err := c.conversion(query.OpToDecimal, a)
		if err != nil {
			return nil, err
		}
		args[i+1] = d
	}
	return c.add(typ, args, condKernel), nil
}

func condKernel(nd *node, n int) {
	test, yes, no := nd.args[0], nd.args[1], nd.args[2]
	nd.errs, nd.nulls = sized(&nd.errBuf, n), sized(&nd.nullBuf, n)
	if nd.typ.Kind == value.Bool {
		nd.bits = sized(&nd.bitBuf, n)
	}
	for i := range nd.errs {
		m := full(i, n)
		t, f, o := test.boolWord(i, m)
		yn, ye := yes.marks(i, m)
		nn, ne := no.marks(i, m)
		nd.errs[i] = o | t&ye | f&ne
		nd.nulls[i] = t&yn | f&nn
		if nd.typ.Kind == value.Bool {
			yt, _, _ := yes.boolWord(i, m)
			nt, _, _ := no.boolWord(i, m)
			nd.bits[i] = t&yt | f&nt
		}
	}
	switch nd.typ.Kind {
	case value.Int, value.Duration:
		choose(nd, n, ints)
	case value.Timestamp, value.LocalTimestamp:
		choose(nd, n, ints)
		choose(nd, n, func(v *value.Vector) *[]int32 { return &v.Nanos })
	case value.Uint:
		choose(nd, n, uints)
	case value.Double:
		choose(nd, n, floats)
	case value.Decimal:
		choose(nd, n, decs)
	case value.List:
		choose(nd, n, func(v *value.Vector) *[][]value.Value { return &v.Lists })
	case value.String, value.Bytes, value.JSON:
		nd.beginText(n)
		for i := range n {
			if !nd.errs.Get(i) && !nd.nulls.Get(i) {
				from := no
				if test.isTrue(i) {
					from = yes
				}
				nd.vec.Data = append(nd.vec.Data, from.bytesAt(i)...)
			}
			nd.endText()
		}
	case value.Bool, value.Null:
	}
}

// marks returns word i of the null and error bits.
func (nd *node) marks(i int, full uint64) (nulls, errs uint64) {
	switch nd.state {
	case constNull:
		return full, 0
	case constErr:
		return 0, full
	case constValue:
		return 0, 0
	case varying:
	}
	return word(nd.nulls, i), word(nd.errs, i)
}

// isTrue reports whether row i of a Bool node is true.
func (nd *node) isTrue(i int) bool {
	if nd.state == varying {
		return nd.bits.Get(i)
	}
	return nd.state == constValue && nd.bits[0]&1 != 0
}

// choose blends two columns; a side without values (a null or error for every row) is never asked.
func choose[T any](nd *node, n int, in storage[T]) {
	test, a, b := nd.args[0], nd.args[1], nd.args[2]
	yes, no, yesMask, noMask := *in(&a.vec), *in(&b.vec), a.mask(), b.mask()
	out := grow(*in(&nd.vec), n)
	for i := range out {
		if test.isTrue(i) {
			if len(yes) > 0 {
				out[i] = yes[i&yesMask]
			}
		} else if len(no) > 0 {
			out[i] = no[i&noMask]
		}
	}
	*in(&nd.vec) = out
}
