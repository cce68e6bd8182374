package eval

import (
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// constancy says whether a node has the same outcome for every row.
type constancy uint8

const (
	varying constancy = iota
	constValue
	constNull
	constErr
)

// node is one expression of a program and its outcome for the current batch.
type node struct {
	expr query.Expr
	typ  value.Type
	args []*node
	// run computes the outcome for n rows from args. A nil run is a column or a constant.
	run   func(nd *node, n int)
	state constancy
	col   int // position in the batch, for a column

	// The outcome. Bool: bits. Any other kind: vec's slices, one element for a constant; vec's own bitmaps stay nil.
	// bits is clear under nulls and errs; nulls and errs are disjoint, clear behind the last row, nil where there is none.
	vec   value.Vector
	bits  value.Bitmap
	nulls value.Bitmap
	errs  value.Bitmap

	tooLong                         bool // the text of a batch exceeded value.MaxData
	bitBuf, nullBuf, errBuf, undBuf value.Bitmap
	out                             value.Vector // what Run hands out for Bool and constants
	view                            value.Vector // of asVector
	viewBools                       []bool
}

func (nd *node) isConst() bool { return nd.state != varying }

// strict starts the outcome of a strict operator: rows with a null or an error in any operand are in error.
// The kernel sets further bits in what it returns.
func (nd *node) strict(n int) value.Bitmap {
	e := zeroed(&nd.errBuf, n)
	for _, a := range nd.args {
		switch a.state {
		case varying:
			orInto(e, a.errs)
			orInto(e, a.nulls)
		case constNull, constErr:
			for i := range e {
				e[i] = full(i, n)
			}
		case constValue:
		}
	}
	nd.nulls, nd.errs = nil, e
	return e
}

// operandErrs is strict for operators that take null as a value.
func (nd *node) operandErrs(n int) value.Bitmap {
	e := zeroed(&nd.errBuf, n)
	for _, a := range nd.args {
		if a.state == varying {
			orInto(e, a.errs)
		}
	}
	nd.nulls, nd.errs = nil, e
	return e
}

// finish normalises the outcome after a kernel.
func (nd *node) finish(n int) {
	if nd.errs != nil && !anySet(nd.errs) {
		nd.errs = nil
	}
	if nd.nulls != nil && !anySet(nd.nulls) {
		nd.nulls = nil
	}
	if nd.typ.Kind == value.Bool {
		maskTail(nd.bits, n)
		andNotInto(nd.bits, nd.errs)
		andNotInto(nd.bits, nd.nulls)
	}
}

// grow returns s with n elements of any content.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// mask returns how to index the values of nd: i & mask, so that a constant serves every row.
func (nd *node) mask() int {
	if nd.isConst() {
		return 0
	}
	return -1
}

// bytesAt returns element i of a String, Bytes or JSON node.
func (nd *node) bytesAt(i int) []byte { return nd.vec.Bytes(i & nd.mask()) }

// boolWord returns word i of a Bool node's true, false and other bits, within full.
func (nd *node) boolWord(i int, full uint64) (t, f, other uint64) {
	switch nd.state {
	case constValue:
		if nd.bits[0]&1 != 0 {
			return full, 0, 0
		}
		return 0, full, 0
	case constNull, constErr:
		return 0, 0, full
	case varying:
	}
	t = nd.bits[i]
	other = word(nd.nulls, i) | word(nd.errs, i)
	return t, full &^ t &^ other, other
}

// valueAt returns row i boxed; ok is false for an error.
func (nd *node) valueAt(i int) (v value.Value, ok bool) {
	switch nd.state {
	case constNull:
		return value.Value{}, true
	case constErr:
		return value.Value{}, false
	case constValue:
		i = 0
	case varying:
		if nd.errs.Get(i) {
			return value.Value{}, false
		}
		if nd.nulls.Get(i) {
			return value.Value{}, true
		}
	}
	if nd.typ.Kind == value.Bool {
		return value.BoolValue(nd.bits.Get(i)), true
	}
	return nd.vec.Value(i), true
}

// beginText empties the text of nd for a kernel that appends n elements.
func (nd *node) beginText(n int) {
	nd.vec.Type = nd.typ
	nd.vec.N = n
	nd.vec.Data = nd.vec.Data[:0]
	nd.vec.Offs = grow(nd.vec.Offs, n+1)[:1]
	nd.vec.Offs[0] = 0
}

// endText closes the element appended to vec.Data last.
func (nd *node) endText() {
	if len(nd.vec.Data) > value.MaxData {
		nd.tooLong = true
		nd.vec.Data = nd.vec.Data[:0]
		clear(nd.vec.Offs)
	}
	nd.vec.Offs = append(nd.vec.Offs, uint32(len(nd.vec.Data))) //nolint:gosec // checked above
}
