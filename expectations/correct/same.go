package correct

import (
	"math"

	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/value"
)

// comparer says of cells of a target's columns whether they are the same: as a comparison without options has it, see package canon. It is safe for concurrent use.
type comparer struct {
	forms []*canon.Form // of columns whose values are not plain
}

// newComparer compares cells of the columns, which canon can all compare with themselves.
func newComparer(cols []value.Column) (*comparer, error) {
	c := &comparer{forms: make([]*canon.Form, len(cols))}
	for i := range cols {
		if k := cols[i].Type.Kind; k != value.JSON && k != value.List {
			continue
		}
		f, _, err := canon.Pair(cols[i], cols[i], canon.Options{})
		if err != nil {
			return nil, err
		}
		c.forms[i] = &f
	}
	return c, nil
}

// same compares one cell.
func (c *comparer) same(i int, a, b value.Value) bool {
	if a.IsNull() || b.IsNull() {
		return a.IsNull() && b.IsNull()
	}
	f := c.forms[i]
	switch {
	case f == nil && a.Kind() == value.Double && b.Kind() == value.Double:
		return a.Double() == b.Double() || math.IsNaN(a.Double()) && math.IsNaN(b.Double())
	case f == nil:
		return value.Equal(a, b)
	case a.Kind() == value.JSON && b.Kind() == value.JSON && a.Str() == b.Str():
		return true
	}
	var cells [2]value.Vector
	for side, v := range [2]value.Value{a, b} {
		cells[side].Reset(f.Left.Type)
		cells[side].AppendValue(v)
	}
	return f.Equal(&cells[0], 0, &cells[1], 0)
}

// differ returns the positions, among those asked for or all where these are nil, at which the rows differ; unreadable cells differ from all.
func (c *comparer) differ(a, b []value.Value, errs []bool, among []int) (at []int) {
	if among == nil {
		for i := range a {
			if errs != nil && errs[i] || !c.same(i, a[i], b[i]) {
				at = append(at, i)
			}
		}
		return at
	}
	for _, i := range among {
		if errs != nil && errs[i] || !c.same(i, a[i], b[i]) {
			at = append(at, i)
		}
	}
	return at
}
