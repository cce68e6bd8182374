package fix

import (
	"fmt"
	"slices"
	"strings"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/correct"
	"github.com/assay-dev/assay/expectations/correct/convert"
	"github.com/assay-dev/assay/expectations/diff"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/spec"
)

// compared makes wishes of the differences of one comparison. Its differences come one after the other.
type compared struct {
	p      *Planner
	x      *item
	spec   *diff.Spec
	fix    *plan.FixCompare
	sides  [2]*table // nil where a side is not changed
	names  [2]string
	driver [2]string
	// convs bring the values of a column to the type of a side; made when they are first needed.
	convs map[convID]*conversion
	keys  map[convID]*conversion
	soft  map[convID]*conversion
	// incomplete says why no row can be inserted, "" where it can.
	incomplete string
}

type convID struct {
	at int
	to canon.Side
}

type conversion struct {
	c   *convert.Converter
	why string
}

func other(s canon.Side) canon.Side {
	if s == canon.Left {
		return canon.Right
	}
	return canon.Left
}

// of returns a side's column.
func of(c *diff.Column, side canon.Side) *query.Column {
	if side == canon.Left {
		return c.Left
	}
	return c.Right
}

// compared prepares for the differences of a comparison.
func (p *Planner) compared(x *item, byName map[string]*plan.Dataset, source func(string) connectors.Source) (*compared, error) {
	c := &compared{p: p, x: x, spec: &x.Compare.Spec, fix: x.Fix.Compare, convs: map[convID]*conversion{}, keys: map[convID]*conversion{}, soft: map[convID]*conversion{}}
	for side, name := range x.Datasets {
		s := canon.Side(side)
		d := byName[name]
		if d == nil {
			return nil, fmt.Errorf("dataset %s is not in the plan", name)
		}
		c.names[side], c.driver[side] = name, d.Driver
		if !c.changes(s) {
			continue
		}
		key := make([]*query.Column, len(c.spec.Key))
		for i := range c.spec.Key {
			key[i] = of(&c.spec.Key[i], s)
		}
		t := p.table(d, key, source)
		c.sides[side] = t
		for i := range x.Compare.Compared {
			t.speak(true, of(&c.spec.Columns[i], s))
		}
		if s == c.fix.To {
			c.prepare(t)
		}
	}
	return c, nil
}

// prepare tells the corrected side's table what new and superfluous rows take.
func (c *compared) prepare(t *table) {
	given := map[int]bool{}
	for i := range t.key {
		given[t.key[i].Index] = true
	}
	for _, i := range c.fix.Insert {
		col := of(&c.spec.Columns[i], c.fix.To)
		given[col.Index] = true
		t.speak(false, col)
	}
	if c.fix.Soft != nil {
		t.speak(true, c.fix.Soft.Column)
		t.speak(true, c.fix.Soft.Value.Columns()...)
	}
	t.removes = t.removes || c.fix.Extra == spec.ExtraDelete || c.fix.Keep != spec.KeepAll
	var lacks []string
	for i := range t.d.Relation.Schema.Columns {
		if name := t.d.Relation.Schema.Columns[i].Name; t.d.Writings[name].Required && !given[i] {
			lacks = append(lacks, name)
		}
	}
	if len(lacks) > 0 {
		c.incomplete = fmt.Sprintf("a new row of %s needs a value for %s, and %s has none", t.d.Spec.Name, strings.Join(lacks, ", "), c.names[other(c.fix.To)])
	}
	if len(c.fix.Rows) > 0 && t.byRow == nil {
		but := map[int]int{}
		for i, k := range c.fix.Rows {
			but[k.Index] = i
		}
		t.byRow = &target{name: t.d.Spec.Name + " (by " + named(c.fix.Rows) + ")", key: c.fix.Rows, cols: t.wholeRow(but)}
	}
}

// changes reports whether rows of a side may be changed.
func (c *compared) changes(side canon.Side) bool {
	return c.fix.To == side || slices.ContainsFunc(c.fix.Owners, func(o plan.FixOwner) bool {
		return o.Kind == spec.OwnerNewest || o.Kind == spec.OwnerPrefer || o.Kind == spec.OwnerSide && o.Side != side
	})
}

// row is one side of a difference.
type row struct {
	cells []value.Value
	errs  []bool
}

func (r *row) failed(at int) bool { return at < len(r.errs) && r.errs[at] }

func sidesOf(d *diff.Difference) [2]row {
	return [2]row{{d.Left, d.LeftErr}, {d.Right, d.RightErr}}
}

// take makes wishes of a difference.
func (c *compared) take(d *diff.Difference) error {
	rows := sidesOf(d)
	to := c.fix.To
	switch d.Class {
	case diff.Changed:
		return c.changed(d, rows)
	case diff.Missing, diff.Extra:
		only := canon.Left
		if d.Class == diff.Extra {
			only = canon.Right
		}
		if only == to {
			return c.extra(classOf(d.Class), rows)
		}
		return c.missing(classOf(d.Class), rows)
	case diff.DuplicateKey:
		return c.duplicate(d, rows)
	case diff.Identical, diff.InFlight, diff.Unsettled:
	}
	return nil
}

func classOf(c diff.Class) correct.Class {
	switch c {
	case diff.Missing:
		return correct.Missing
	case diff.Extra:
		return correct.Extra
	case diff.DuplicateKey:
		return correct.Duplicate
	default:
		return correct.Changed
	}
}

// keyOf is a side's key as it holds it; why says why it names no row.
func (c *compared) keyOf(rows [2]row, side canon.Side) (key []value.Value, why string) {
	key = make([]value.Value, len(c.spec.Key))
	for i := range key {
		at := c.x.Compare.Keys + i
		if rows[side].failed(at) {
			return nil, "key column " + of(&c.spec.Key[i], side).Col.Name + " cannot be represented"
		}
		key[i] = rows[side].cells[at]
	}
	return key, ""
}

// wish begins a wish for a row of a side, with what was seen of it.
func (c *compared) wish(rows [2]row, side canon.Side, w what, class correct.Class) *wish {
	key, why := c.keyOf(rows, side)
	if why != "" {
		c.p.refuse(c.x, why)
		return nil
	}
	t := c.sides[side]
	out := t.newWish(c.x, w, class, key)
	for i := range c.x.Compare.Compared {
		at, ok := t.at[of(&c.spec.Columns[i], side).Index]
		if ok && !rows[side].failed(i) {
			out.seen[at], out.known[at] = rows[side].cells[i], true
		}
	}
	return out
}

// changed makes up to two wishes, one for each side, and one for people.
func (c *compared) changed(d *diff.Difference, rows [2]row) error {
	var wishes, hand [2]*wish
	begin := func(ws *[2]*wish, side canon.Side, w what) *wish {
		if ws[side] == nil {
			ws[side] = c.wish(rows, side, w, correct.Changed)
		}
		return ws[side]
	}
	for _, at := range d.Columns {
		if at >= len(c.fix.Owners) {
			continue
		}
		winner, manual := c.winner(&c.fix.Owners[at], at, rows)
		loser := other(winner)
		if manual {
			loser = c.fix.To
		}
		col := of(&c.spec.Columns[at], loser)
		if c.sides[loser].d.Writings[col.Col.Name].Generated {
			c.p.refuse(c.x, "column "+col.Col.Name+" of "+c.names[loser]+" is computed by the server")
			continue
		}
		v, why := c.bring(at, loser, rows)
		if why != "" {
			c.p.refuse(c.x, "column "+col.Col.Name+" of "+c.names[loser]+": "+why)
			continue
		}
		ws, w := &wishes, wishUpdate
		if manual {
			ws, w = &hand, wishManual
		}
		out := begin(ws, loser, w)
		if out == nil {
			return nil // the key names no row
		}
		i, ok := c.sides[loser].at[col.Index]
		if !ok {
			c.p.refuse(c.x, "column "+col.Col.Name+" of "+c.names[loser]+" is in the key, which is never changed")
			continue
		}
		out.after[i], out.set[i] = v, true
	}
	c.hold(d, rows, wishes)
	for side := range wishes {
		for _, w := range []*wish{wishes[side], hand[side]} {
			if w == nil || !slices.Contains(w.set, true) {
				continue
			}
			if err := c.sides[side].add(w); err != nil {
				return err
			}
		}
	}
	return nil
}

// winner is the side whose value of a column is right; manual where nothing says which.
func (c *compared) winner(o *plan.FixOwner, at int, rows [2]row) (side canon.Side, manual bool) {
	switch o.Kind {
	case spec.OwnerSide:
		return o.Side, false
	case spec.OwnerPrefer:
		if !rows[o.Side].failed(at) && rows[o.Side].cells[at].IsNull() {
			return other(o.Side), false
		}
		return o.Side, false
	case spec.OwnerNewest:
		var vs [2]value.Vector
		for s := range vs {
			if rows[s].failed(o.Version) || rows[s].cells[o.Version].IsNull() {
				return 0, true
			}
			vs[s].Reset(of(&c.spec.Columns[o.Version], canon.Side(s)).Col.Type)
			vs[s].AppendValue(rows[s].cells[o.Version])
		}
		switch cmp := o.Form.Order(&vs[0], canon.Left, 0, &vs[1], canon.Right, 0); {
		case cmp > 0:
			return canon.Left, false
		case cmp < 0:
			return canon.Right, false
		}
	case spec.OwnerManual:
	}
	return 0, true
}
