package eval

import (
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// local calls a Local's function for every row with boxed cells: the slow path of
// what has no operator. It allocates per row, and it recovers from nothing: a panic of Eval is the caller's.
// A value of another kind than the Local's type is an error of the row.
func local(l *query.Local, args []*node) kernel {
	cells, errs := make([]value.Value, len(args)), make([]bool, len(args))
	return func(nd *node, n int) {
		nd.out.Reset(nd.typ)
		for i := range n {
			for k, a := range args {
				v, ok := a.valueAt(i)
				cells[k], errs[k] = v, !ok
			}
			v, ok := l.Eval(cells, errs)
			if !ok {
				nd.out.AppendErr()
			} else {
				nd.out.AppendValue(v)
			}
		}
		nd.nulls, nd.errs = nd.out.Nulls, nd.out.Errs
		if nd.typ.Kind == value.Bool {
			nd.bits = sized(&nd.bitBuf, n)
			pack(nd.bits, nd.out.Bools)
			return
		}
		nd.vec = nd.out
		nd.vec.Nulls, nd.vec.Errs = nil, nil
	}
}
