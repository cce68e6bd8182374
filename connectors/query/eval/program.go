package eval

import (
	"fmt"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// Program evaluates expressions over batches of one layout. It is not for
// concurrent use; Clone gives another.
type Program struct {
	exprs []query.Expr
	cols  []*query.Column
	nodes []*node // operands before operators
	roots []*node
	outs  []*value.Vector
	truth []Truth
}

// Truth is the outcome of a Bool expression over a batch, bit i for row i.
type Truth struct {
	True      value.Bitmap // rows for which it is true
	Undecided value.Bitmap // rows for which it is null or an error
}

// Compile prepares expressions for batches whose column i holds cols[i]; columns
// are matched by Rel and Index. An expression that names another column, or that
// no operator can take with its operand types, is an error.
func Compile(exprs []query.Expr, cols []*query.Column) (*Program, error) {
	p := &Program{exprs: exprs, cols: cols, outs: make([]*value.Vector, len(exprs)), truth: make([]Truth, len(exprs))}
	c := compiler{p: p, shared: make(map[string][]*node)}
	for _, e := range exprs {
		nd, err := c.compile(e)
		if err != nil {
			return nil, fmt.Errorf("evaluate %s: %w", query.String(e), err)
		}
		p.roots = append(p.roots, nd)
	}
	return p, nil
}

// Clone returns another Program for the same expressions and layout.
func (p *Program) Clone() *Program {
	q, err := Compile(p.exprs, p.cols)
	if err != nil {
		// The same input compiled before, and compilation depends on nothing else.
		return &Program{exprs: p.exprs, cols: p.cols}
	}
	return q
}

// Run evaluates the expressions over b and returns a vector of b.N rows for each, valid until the
// next call of a method of p and as long as b is.
func (p *Program) Run(b *value.Batch) ([]*value.Vector, error) {
	if err := p.run(b); err != nil {
		return nil, err
	}
	for i, nd := range p.roots {
		p.outs[i] = nd.vector(b)
	}
	return p.outs, nil
}

// RunTruth evaluates the expressions, all of them Bool, and returns their bitmaps, valid likewise.
func (p *Program) RunTruth(b *value.Batch) ([]Truth, error) {
	if err := p.run(b); err != nil {
		return nil, err
	}
	for i, nd := range p.roots {
		if nd.typ.Kind != value.Bool && nd.state != constNull {
			return nil, fmt.Errorf("evaluate %s: is %s, not bool", query.String(nd.expr), nd.typ)
		}
		nd.truth(&p.truth[i], b.N)
	}
	return p.truth, nil
}

// run computes every node for b.
func (p *Program) run(b *value.Batch) error {
	if len(b.Cols) != len(p.cols) {
		return fmt.Errorf("evaluate: batch has %d columns, the layout %d", len(b.Cols), len(p.cols))
	}
	for i := range b.Cols {
		if v := &b.Cols[i]; v.Type.Kind != p.cols[i].Col.Type.Kind || v.N != b.N {
			return fmt.Errorf("evaluate: column %s of the batch is %s with %d rows, want %s with %d",
				p.cols[i].Col.Name, v.Type, v.N, p.cols[i].Col.Type, b.N)
		}
	}
	for _, nd := range p.nodes {
		switch {
		case nd.isConst():
		case nd.run == nil:
			nd.load(&b.Cols[nd.col])
		default:
			nd.run(nd, b.N)
			nd.finish(b.N)
			if nd.tooLong {
				nd.tooLong = false
				return fmt.Errorf("evaluate %s: more than 4 GiB of text in a batch of %d rows", query.String(nd.expr), b.N)
			}
		}
	}
	return nil
}

// load takes a column of the batch. Value slices are shared, bitmaps copied and tidied.
func (nd *node) load(v *value.Vector) {
	n := v.N
	nd.vec = *v
	nd.vec.Nulls, nd.vec.Errs = nil, nil
	nd.nulls, nd.errs = nil, nil
	if v.Errs != nil {
		nd.errs = sized(&nd.errBuf, n)
		copy(nd.errs, v.Errs)
		maskTail(nd.errs, n)
	}
	if v.Nulls != nil {
		nd.nulls = sized(&nd.nullBuf, n)
		copy(nd.nulls, v.Nulls)
		maskTail(nd.nulls, n)
		andNotInto(nd.nulls, nd.errs)
	}
	if v.Type.Kind == value.Bool {
		nd.bits = sized(&nd.bitBuf, n)
		pack(nd.bits, v.Bools[:n])
	}
	nd.finish(n)
}

// vector returns the outcome as a full vector.
func (nd *node) vector(b *value.Batch) *value.Vector {
	n := b.N
	if nd.isConst() {
		nd.broadcast(n)
		return &nd.out
	}
	if nd.run == nil {
		return &b.Cols[nd.col]
	}
	if nd.typ.Kind == value.Bool {
		nd.out.Bools = grow(nd.out.Bools, n)
		unpack(nd.out.Bools, nd.bits)
		nd.out.Type, nd.out.N, nd.out.Nulls, nd.out.Errs = nd.typ, n, nd.nulls, nd.errs
		return &nd.out
	}
	nd.view = nd.vec
	nd.view.Type, nd.view.N, nd.view.Nulls, nd.view.Errs = nd.typ, n, nd.nulls, nd.errs
	return &nd.view
}

// broadcast fills out with n times the constant.
func (nd *node) broadcast(n int) {
	if nd.out.N == n && nd.out.Type.Equal(nd.typ) {
		return
	}
	v, ok := nd.valueAt(0)
	nd.out.Reset(nd.typ)
	for range n {
		if ok {
			nd.out.AppendValue(v)
		} else {
			nd.out.AppendErr()
		}
	}
}

// truth sets t to the outcome of a Bool node.
func (nd *node) truth(t *Truth, n int) {
	if nd.state == varying {
		t.True = nd.bits
		und := sized(&nd.undBuf, n)
		for i := range und {
			und[i] = word(nd.nulls, i) | word(nd.errs, i)
		}
		t.Undecided = und
		return
	}
	full, none := filled(&nd.undBuf, n), zeroed(&nd.errBuf, n)
	switch {
	case nd.state != constValue:
		t.True, t.Undecided = none, full
	case nd.bits[0]&1 != 0:
		t.True, t.Undecided = full, none
	default:
		t.True, t.Undecided = none, none
	}
}
