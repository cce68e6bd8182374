package canon

import (
	"bytes"
	"slices"

	"github.com/assay-dev/assay/connectors/value"
)

// elementsOf fills v with the elements of a list.
func elementsOf(v *value.Vector, t *value.Type, l []value.Value) {
	v.Reset(*t)
	for _, x := range l {
		v.AppendValue(x)
	}
}

func (f *Form) equalSequences(l *value.Vector, i int, r *value.Vector, j int) bool {
	a, b := l.Lists[i], r.Lists[j]
	if len(a) != len(b) {
		return false
	}
	s := f.scratch.get()
	defer f.scratch.put(s)
	elementsOf(&s.l, &f.Elem.Left.Type, a)
	elementsOf(&s.r, &f.Elem.Right.Type, b)
	if !f.Options.Unordered {
		for k := range a {
			if !f.Elem.Equal(&s.l, k, &s.r, k) {
				return false
			}
		}
		return true
	}
	x, y := f.Elem.sorted(&s.l, Left), f.Elem.sorted(&s.r, Right)
	return slices.EqualFunc(x, y, bytes.Equal)
}

// sorted returns the encodings of all cells in bytewise order.
func (f *Form) sorted(v *value.Vector, side Side) [][]byte {
	out := make([][]byte, v.N)
	for k := range out {
		out[k] = f.Append(nil, v, side, k)
	}
	slices.SortFunc(out, bytes.Compare)
	return out
}

// appendSequence appends the encodings of the elements one behind the other, sorted where order is not data.
func (f *Form) appendSequence(dst []byte, v *value.Vector, side Side, i int) []byte {
	s := f.scratch.get()
	defer f.scratch.put(s)
	elem := &f.Elem.Left.Type
	if side == Right {
		elem = &f.Elem.Right.Type
	}
	elementsOf(&s.l, elem, v.Lists[i])
	if f.Options.Unordered {
		for _, e := range f.Elem.sorted(&s.l, side) {
			dst = append(dst, e...)
		}
		return dst
	}
	for k := range s.l.N {
		dst = f.Elem.Append(dst, &s.l, side, k)
	}
	return dst
}
