package diff

import (
	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/value"
)

// keyOrder is the order of the key columns, which are the first columns of every batch.
type keyOrder []Column

// compare orders row i of a with row j of b, each of its side.
func (k keyOrder) compare(a *value.Batch, aSide canon.Side, i int, b *value.Batch, bSide canon.Side, j int) int {
	for c := range k {
		if o := k[c].Form.Order(&a.Cols[c], aSide, i, &b.Cols[c], bSide, j); o != 0 {
			return o
		}
	}
	return 0
}

// equalRun returns how many of the rows i.. of a left batch and j.. of a right one have equal keys, n at most. bits is memory.
func (k keyOrder) equalRun(l *value.Batch, i int, r *value.Batch, j, n int, bits *value.Bitmap) int {
	for c := range k {
		if n == 0 {
			return 0
		}
		zero(bits, n)
		k[c].Form.Run(&l.Cols[c], i, &r.Cols[c], j, n, *bits)
		n = firstSet(*bits, n)
	}
	return n
}

// serverOrder reports whether the side's server can be asked for the order of the key.
func (k keyOrder) serverOrder(side canon.Side) bool {
	for c := range k {
		if !k[c].Form.ServerOrder(side) {
			return false
		}
	}
	return true
}

// columns returns the key columns of a side.
func (k keyOrder) columns(side canon.Side) []string {
	names := make([]string, len(k))
	for c := range k {
		names[c] = k[c].of(side).Col.Name
	}
	return names
}
