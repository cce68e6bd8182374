package plan

import (
	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diff"
	"github.com/assay-dev/assay/expectations/lang"
)

// carriers are columns that a comparison reads without comparing them: those that conditions name beside their own, and those to show.
type carriers struct {
	at    [2]map[int]int // position in Spec.Columns by position in the side's schema
	first int            // position of the first carried column
	pairs []carried
}

// carried is a column of one side or of both, under a name where it is shown.
type carried struct {
	name        string
	left, right *query.Column
}

// from takes the columns that are compared.
func (c *carriers) from(s *diff.Spec) {
	c.at = [2]map[int]int{{}, {}}
	c.first = len(s.Columns)
	for i, col := range s.Columns {
		for side, q := range [2]*query.Column{col.Left, col.Right} {
			if _, ok := c.at[side][q.Index]; !ok {
				c.at[side][q.Index] = i
			}
		}
	}
}

// position returns where the cell of a column will stand, carrying it if need be.
func (c *carriers) position(side canon.Side, col *query.Column) int {
	if at, ok := c.at[side][col.Index]; ok {
		return at
	}
	own := &query.Column{Index: col.Index, Col: col.Col}
	n := -1
	for i := range c.pairs { // beside one of the other side, so that no column is read for nothing
		if p := &c.pairs[i]; p.name == "" && (side == canon.Left && p.left == nil || side == canon.Right && p.right == nil) {
			n = i
			break
		}
	}
	if n < 0 {
		c.pairs = append(c.pairs, carried{})
		n = len(c.pairs) - 1
	}
	if side == canon.Left {
		c.pairs[n].left = own
	} else {
		c.pairs[n].right = own
	}
	c.at[side][col.Index] = c.first + n
	return c.first + n
}

// show carries a column for reports; right is nil where the target has none.
func (c *carriers) show(name string, left, right *query.Column) int {
	c.pairs = append(c.pairs, carried{name: name, left: left, right: right})
	return c.first + len(c.pairs) - 1
}

// add completes the comparison.
func (c *carriers) add(item *CompareItem) {
	s := &item.Spec
	for _, p := range c.pairs {
		// A side that is not asked for anything reads a column of its key once more, which costs least.
		if p.left == nil {
			p.left = s.Key[0].Left
		}
		if p.right == nil {
			p.right = s.Key[0].Right
		}
		s.Columns = append(s.Columns, diff.Column{Name: p.name, Left: p.left, Right: p.right, Carried: true})
		item.Names = append(item.Names, p.name)
	}
}

// reference is where a condition finds one of its cells.
type reference struct {
	side canon.Side
	at   int
}

// holds makes a condition over two rows of an expression. Undecided is different, but for cells that are all null: null equals null.
func holds(e *lang.RowExpr, refs []reference) func(left, right []value.Value) (equal, ok bool) {
	return func(left, right []value.Value) (bool, bool) {
		cells := make([]value.Value, len(refs))
		nulls := true
		for i, r := range refs {
			if cells[i] = left[r.at]; r.side == canon.Right {
				cells[i] = right[r.at]
			}
			nulls = nulls && cells[i].IsNull()
		}
		v, err := e.Eval(cells, nil)
		if err != nil || v.Kind() != value.Bool {
			return nulls, nulls
		}
		return v.Bool(), true
	}
}
