package diff

import (
	"context"
	"sort"

	"github.com/assay-dev/assay/connectors/canon"
)

// cursor is the place in a stream that a merge has come to.
type cursor struct {
	side canon.Side
	in   feed
	key  keyOrder
	cur  *page // nil before the first and after the last
	i, n int   // rows i to n of cur are still to come in this window
	// upto is the last key of the window, nil for no bound.
	upto *bound
	end  bool
}

// fill makes sure that there is a current row; false at the end of the window.
func (c *cursor) fill(ctx context.Context) (bool, error) {
	for c.i >= c.n {
		if c.cur != nil {
			if c.n < c.cur.N {
				return false, nil // the rest is beyond the window
			}
			c.in.release(c.cur)
			c.cur = nil
		}
		if c.end {
			return false, nil
		}
		p, err := c.in.next(ctx)
		if err != nil {
			return false, err
		}
		if p == nil {
			c.end = true
			return false, nil
		}
		c.cur, c.i = p, 0
		c.n = c.within()
	}
	return true, nil
}

// window sets the last key of the window.
func (c *cursor) window(upto *bound) {
	c.upto = upto
	if c.cur != nil {
		c.n = c.within()
	}
}

// within returns the end of the rows of the current page that belong to the window.
func (c *cursor) within() int {
	if c.upto == nil {
		return c.cur.N
	}
	return c.i + sort.Search(c.cur.N-c.i, func(i int) bool { return c.upto.before(c.key, &c.cur.Batch, c.side, c.i+i) })
}

// single reports whether the current row is certainly the only one with its key on this side, with what is read already.
func (c *cursor) single() bool { return c.i+1 < c.n && !c.cur.again.Get(c.i+1) }
