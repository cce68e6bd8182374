package diff

import (
	"context"
	"fmt"

	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/value"
)

// page is a batch of a side in key order: the key columns, then the compared ones.
type page struct {
	value.Batch
	// again marks the rows whose key is that of the row before, in the whole stream.
	again value.Bitmap
	// bytes is what the page takes of the memory of its stream.
	bytes int64
}

// feed is the rows of a side in key order.
type feed interface {
	// next returns the next page, which belongs to the caller until it gives it back, or nil at the end.
	next(ctx context.Context) (*page, error)
	release(p *page)
}

// checker looks at every page of a stream before it is compared: that its keys are there, and in order.
type checker struct {
	key  keyOrder
	side canon.Side
	last *value.Batch // the row before, its key only
	rows int64        // before the page at hand, -1 where their number says nothing
}

// OrderError says that a source did not keep the order that it promised.
type OrderError struct {
	Column []string // of the key
	Before []value.Value
	After  []value.Value
}

// Error implements error.
func (e *OrderError) Error() string {
	return fmt.Sprintf("rows came out of the order of the key %v: %v after %v", e.Column, e.After, e.Before)
}

// check marks repeated keys of the page and refuses one that is out of order.
func (c *checker) check(p *page) error {
	if err := c.key.representedAfter(c.rows, &p.Batch, c.side); err != nil {
		return err
	}
	if c.rows >= 0 {
		c.rows += int64(p.N)
	}
	p.again = p.again[:0]
	if c.last == nil {
		c.last = value.NewBatch(p.Types()[:len(c.key)]...)
	} else if err := c.pair(p, c.last, 0, 0); err != nil {
		return err
	}
	if !c.ascending(p) {
		for i := 1; i < p.N; i++ {
			if err := c.pair(p, &p.Batch, i-1, i); err != nil {
				return err
			}
		}
	}
	c.last.Clear()
	for k := range c.last.Cols {
		c.last.Cols[k].AppendFrom(&p.Cols[k], p.N-1)
	}
	c.last.N = 1
	return nil
}

// pair compares row i of the page with the one before it.
func (c *checker) pair(p *page, before *value.Batch, b, i int) error {
	switch o := c.key.compare(before, c.side, b, &p.Batch, c.side, i); {
	case o > 0:
		return &OrderError{Column: c.key.columns(c.side), Before: before.Row(b)[:len(c.key)], After: p.Row(i)[:len(c.key)]}
	case o == 0:
		if len(p.again) == 0 {
			zero(&p.again, p.N)
		}
		p.again.Set(i)
	}
	return nil
}

// ascending is the quick answer for the most common of keys: one integer column without nulls, each value above the one before.
func (c *checker) ascending(p *page) bool {
	v := &p.Cols[0]
	if len(c.key) != 1 || c.key[0].Form.Class != canon.Integer || v.Type.Kind != value.Int || firstSet(v.Nulls, p.N) < p.N {
		return false
	}
	for i := 1; i < p.N; i++ {
		if v.Ints[i-1] >= v.Ints[i] {
			return false
		}
	}
	return true
}
