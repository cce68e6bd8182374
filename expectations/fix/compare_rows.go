package fix

import (
	"github.com/assay-dev/assay/expectations/correct"
	"github.com/assay-dev/assay/expectations/diff"
	"github.com/assay-dev/assay/expectations/spec"
)

// missing inserts a row that the corrected side lacks.
func (c *compared) missing(class correct.Class, rows [2]row) error {
	to := c.fix.To
	from, t := other(to), c.sides[to]
	switch {
	case c.fix.Missing == spec.MissingIgnore:
		return nil
	case c.incomplete != "":
		c.p.refuse(c.x, c.incomplete)
		return nil
	}
	key, why := c.keyOf(rows, from)
	if why != "" {
		c.p.refuse(c.x, why)
		return nil
	}
	for i := range key {
		if key[i], why = c.conversion(c.keys, &c.spec.Key[i], i, to).bring(key[i]); why != "" {
			c.p.refuse(c.x, "column "+t.key[i].Col.Name+" of "+c.names[to]+": "+why)
			return nil
		}
	}
	w := t.newWish(c.x, wishInsert, class, key)
	for _, i := range c.fix.Insert {
		col := of(&c.spec.Columns[i], to)
		v, why := c.bring(i, to, rows)
		if why != "" {
			c.p.refuse(c.x, "column "+col.Col.Name+" of "+c.names[to]+": "+why)
			return nil
		}
		at := t.at[col.Index]
		w.after[at], w.set[at] = v, true
	}
	return t.add(w)
}

// extra deletes a row that the corrected side alone has, or marks it.
func (c *compared) extra(class correct.Class, rows [2]row) error {
	what := wishDelete
	switch c.fix.Extra {
	case spec.ExtraIgnore:
		return nil
	case spec.ExtraSoft:
		what = wishSoft
	case spec.ExtraDelete:
		if col := c.sides[c.fix.To].unreadable(); col != "" {
			c.p.refuse(c.x, "column "+col+" of "+c.names[c.fix.To]+" cannot be read, so that a deleted row could not be brought back")
			return nil
		}
	}
	w := c.wish(rows, c.fix.To, what, class)
	if w == nil {
		return nil
	}
	return c.sides[c.fix.To].add(w)
}

// duplicate keeps one of several rows with one key.
func (c *compared) duplicate(d *diff.Difference, rows [2]row) error {
	to := c.fix.To
	n := [2]int64{d.LeftRows, d.RightRows}
	switch {
	case n[other(to)] > 1:
		c.p.refuse(c.x, "several rows of "+c.names[other(to)]+" have one key, and nothing says which of them is right")
		return nil
	case c.fix.Keep == spec.KeepAll:
		c.p.refuse(c.x, "several rows of "+c.names[to]+" have one key, and `duplicates:` does not say which is kept")
		return nil
	case n[other(to)] == 0 && c.fix.Extra != spec.ExtraDelete:
		if c.fix.Extra == spec.ExtraSoft {
			c.p.refuse(c.x, "several rows of "+c.names[to]+" have one key that "+c.names[other(to)]+" does not have")
		}
		return nil
	}
	if col := c.sides[to].unreadable(); col != "" {
		c.p.refuse(c.x, "column "+col+" of "+c.names[to]+" cannot be read, so that a deleted row could not be brought back")
		return nil
	}
	key, why := c.keyOf(rows, to)
	if why != "" {
		c.p.refuse(c.x, why)
		return nil
	}
	t := c.sides[to]
	if n[other(to)] == 0 {
		return t.add(t.newWish(c.x, wishAllRows, correct.Duplicate, key))
	}
	w := t.newWish(c.x, wishDuplicate, correct.Duplicate, key)
	for i := range c.x.Compare.Compared {
		col := of(&c.spec.Columns[i], to)
		at, ok := t.at[col.Index]
		if o := &c.fix.Owners[i]; !ok || o.Kind != spec.OwnerSide || o.Side == to || t.d.Writings[col.Col.Name].Generated {
			continue
		}
		v, why := c.bring(i, to, rows)
		if why != "" {
			c.p.refuse(c.x, "column "+col.Col.Name+" of "+c.names[to]+": "+why)
			return nil
		}
		w.after[at], w.set[at] = v, true
	}
	return t.add(w)
}
