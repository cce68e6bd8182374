package fix

import (
	"slices"

	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/correct/convert"
	"github.com/assay-dev/assay/expectations/diff"
)

// bring converts the other side's value of a column for a side; why says why that cannot be.
func (c *compared) bring(at int, to canon.Side, rows [2]row) (v value.Value, why string) {
	from := other(to)
	if rows[from].failed(at) {
		return v, "the value of " + c.names[from] + " cannot be represented"
	}
	return c.conversion(c.convs, &c.spec.Columns[at], at, to).bring(rows[from].cells[at])
}

func (c *conversion) bring(v value.Value) (value.Value, string) {
	if c.c == nil {
		return v, c.why
	}
	out, err := c.c.Convert(v)
	if err != nil {
		return out, err.Error()
	}
	return out, ""
}

// conversion brings values of a pair of columns to a side.
func (c *compared) conversion(known map[convID]*conversion, col *diff.Column, at int, to canon.Side) *conversion {
	id := convID{at, to}
	if known[id] == nil {
		o := col.Form.Options
		if col.Expect != nil || col.Carried {
			o = canon.Options{}
		}
		conv, err := convert.New(of(col, other(to)).Col, of(col, to).Col, c.driver[to], o)
		known[id] = &conversion{c: conv}
		if err != nil {
			known[id].why = err.Error()
		}
	}
	return known[id]
}

// hold takes back columns whose own condition would not hold afterwards.
func (c *compared) hold(d *diff.Difference, rows [2]row, wishes [2]*wish) {
	var after [2][]value.Value
	for s := range after {
		after[s] = slices.Clone(rows[s].cells)
		for i := range c.x.Compare.Compared {
			if w := wishes[s]; w != nil {
				if at, ok := c.sides[s].at[of(&c.spec.Columns[i], canon.Side(s)).Index]; ok && w.set[at] {
					after[s][i] = w.after[at]
				}
			}
		}
	}
	for _, i := range d.Columns {
		col := &c.spec.Columns[i]
		if col.Expect == nil {
			continue
		}
		if equal, ok := col.Expect(after[0], after[1]); equal && ok {
			continue
		}
		for s, w := range wishes {
			side := canon.Side(s)
			if w == nil {
				continue
			}
			if at, ok := c.sides[s].at[of(col, side).Index]; ok && w.set[at] {
				w.set[at] = false
				c.p.refuse(c.x, "column "+of(col, side).Col.Name+" of "+c.names[s]+": the value of "+c.names[other(side)]+" does not meet the condition by which it is compared")
			}
		}
	}
}
