package plan

import (
	"slices"

	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/spec"
)

// fix compiles how the comparison is corrected. Its key is carried, and so is whatever else changes are made of.
func (x *comparing) fix() {
	f := x.it.Spec.Fix
	if f == nil {
		return
	}
	c := &FixCompare{To: sideOf(f.To), Missing: f.Missing, Extra: f.Extra, Keep: f.Duplicates.Keep}
	for i, k := range x.item.Spec.Key {
		for side, d := range [2]*Dataset{x.left, x.right} {
			if i == 0 && x.changes(f, canon.Side(side)) {
				x.found = append(x.found, x.b.keyed(d.Spec.Name, x.keyOf(canon.Side(side)), f.At)...)
			}
		}
		if k.Form.Class == canon.Mixed {
			x.found.Errorf("not-fixable", f.At, "choose another key", "the key pairs a double with a decimal, so that one row has no one key")
		}
	}
	x.owners(f, c)
	x.inserts(c)
	x.soft(f, c)
	x.duplicates(f, c)
	x.it.Fix = &FixItem{Risk: x.b.risk(x.it.Spec), Compare: c}
}

// changes reports whether a fix changes rows of a side.
func (*comparing) changes(f *spec.Fix, side canon.Side) bool {
	return sideOf(f.To) == side || slices.ContainsFunc(f.Columns, func(c spec.OwnedColumn) bool {
		o := c.Owner
		return o.Kind == spec.OwnerNewest || o.Kind == spec.OwnerPrefer || o.Kind == spec.OwnerSide && sideOf(o.Side) != side
	})
}

// keyOf are the names of a side's columns of the key.
func (x *comparing) keyOf(side canon.Side) []string {
	out := make([]string, len(x.item.Spec.Key))
	for i, k := range x.item.Spec.Key {
		if out[i] = k.Right.Col.Name; side == canon.Left {
			out[i] = k.Left.Col.Name
		}
	}
	return out
}

func (x *comparing) dataset(side canon.Side) *Dataset {
	if side == canon.Left {
		return x.left
	}
	return x.right
}

// column is a side's column of a compared pair.
func (x *comparing) column(side canon.Side, at int) *query.Column {
	if side == canon.Left {
		return x.item.Spec.Columns[at].Left
	}
	return x.item.Spec.Columns[at].Right
}

// owners resolves who owns each compared column.
func (x *comparing) owners(f *spec.Fix, c *FixCompare) {
	compared := x.item.Names[:x.item.Compared]
	c.Owners = make([]FixOwner, len(compared))
	places := make([]spec.Name, len(compared))
	for i, name := range compared {
		c.Owners[i] = FixOwner{Kind: spec.OwnerSide, Side: sideOf(f.To.Other())}
		places[i] = spec.Name{Value: name, At: f.At}
	}
	for _, o := range f.Columns {
		i := slices.Index(compared, o.Name.Value)
		if i < 0 {
			hint := columnHint(o.Name.Value, &x.left.Relation.Schema)
			x.found.Errorf("unknown-column", o.Name.At, hint, "column %q is not compared, so that nothing is found of it", o.Name.Value)
			continue
		}
		places[i] = o.Name
		c.Owners[i].Kind = o.Owner.Kind
		switch o.Owner.Kind {
		case spec.OwnerNewest:
			c.Owners[i].Version, c.Owners[i].Form = x.version(o.Owner.Version)
		case spec.OwnerSide, spec.OwnerPrefer:
			c.Owners[i].Side = sideOf(o.Owner.Side)
		case spec.OwnerManual:
		}
	}
	// The column that tells which row is newer goes with the newer row, unless somebody owns it: else the next run would take the older row for the newer.
	for i := range c.Owners {
		o := c.Owners[i]
		if o.Kind != spec.OwnerNewest || o.Version >= len(c.Owners) || slices.ContainsFunc(f.Columns, func(w spec.OwnedColumn) bool { return w.Name.Value == compared[o.Version] }) {
			continue
		}
		c.Owners[o.Version] = FixOwner{Kind: spec.OwnerNewest, Version: o.Version, Form: o.Form}
		places[o.Version] = places[i]
	}
	for i := range c.Owners {
		x.claim(f, &c.Owners[i], i, places[i])
	}
}

// version finds the column that tells which of two rows is newer; it is carried where it is not compared.
func (x *comparing) version(name spec.Name) (at int, form canon.Form) {
	l, i := x.left.Relation.Schema.Column(name.Value)
	if i < 0 {
		x.found.Errorf("unknown-column", name.At, columnHint(name.Value, &x.left.Relation.Schema), "dataset %s, the source, has no column %q", x.left.Spec.Name, name.Value)
		return 0, form
	}
	r, j := x.right.Relation.Schema.Column(x.c.Mapped(name.Value))
	if j < 0 {
		x.found.Errorf("unknown-column", name.At, columnHint(x.c.Mapped(name.Value), &x.right.Relation.Schema), "dataset %s, the target, has no column %q", x.right.Spec.Name, x.c.Mapped(name.Value))
		return 0, form
	}
	form, _, err := canon.Pair(l, r, canon.Options{})
	if err == nil {
		err = form.Orderable()
	}
	if err == nil && (form.Class == canon.Document || form.Class == canon.Sequence) {
		err = &canon.IncomparableError{Reason: "documents and lists are neither newer nor older"}
	}
	if err != nil {
		x.found.Errorf("type-mismatch", name.At, "name a time or a number that grows", "column %q does not tell which row is newer: %s", name.Value, err.Error())
		return 0, form
	}
	return x.carry(&query.Column{Index: i, Col: l}, &query.Column{Index: j, Col: r}), form
}

// carry returns the position of a pair of columns, carried where it is not among those compared.
func (x *comparing) carry(l, r *query.Column) int {
	for i, c := range x.item.Spec.Columns {
		if c.Left.Index == l.Index && c.Right.Index == r.Index {
			return i
		}
	}
	for i, p := range x.carried.pairs {
		if p.left != nil && p.right != nil && p.left.Index == l.Index && p.right.Index == r.Index {
			return x.carried.first + i
		}
	}
	return x.carried.show("", l, r)
}

// claim notes who owns a compared column on the sides that may be written.
func (x *comparing) claim(f *spec.Fix, o *FixOwner, i int, at spec.Name) {
	left, right := x.column(canon.Left, i), x.column(canon.Right, i)
	pair := x.left.Spec.Name + "." + left.Col.Name + " " + x.right.Spec.Name + "." + right.Col.Name
	where := [2]string{x.c.WhereSource.Value, x.c.WhereTarget.Value}
	for side, col := range [2]*query.Column{left, right} {
		s := canon.Side(side)
		owner, source := string(o.Kind)+" "+pair, ""
		switch {
		case o.Kind == spec.OwnerManual && s != sideOf(f.To):
			continue
		case o.Kind == spec.OwnerSide && o.Side == s:
			continue
		case o.Kind == spec.OwnerSide:
			source = x.dataset(o.Side).Spec.Name + "." + x.column(o.Side, i).Col.Name
			owner = "side " + source
		case o.Kind == spec.OwnerPrefer:
			owner += " " + x.dataset(o.Side).Spec.Name
		}
		d := x.dataset(s)
		x.found = append(x.found, x.b.owns(ownership{dataset: d.Spec.Name, column: col.Col.Name, owner: owner, from: source, where: where[side], at: at.At})...)
	}
}

// inserts finds what a new row gets: every column that both sides have, but for those that the server computes, or counts by itself where the comparison leaves
// them out: numbers that the one side gave to its rows are not those of the other.
func (x *comparing) inserts(c *FixCompare) {
	if c.Missing != spec.MissingInsert {
		return
	}
	to := x.dataset(c.To)
	taken := map[int]bool{}
	for _, k := range x.item.Spec.Key {
		taken[x.sideColumn(c.To, k.Left, k.Right).Index] = true
	}
	for i := range x.item.Compared {
		col := x.column(c.To, i)
		if taken[col.Index] || to.Writings[col.Col.Name].Generated {
			continue
		}
		taken[col.Index] = true
		c.Insert = append(c.Insert, i)
	}
	if !x.b.opts.Fixes {
		return
	}
	for i := range x.left.Relation.Schema.Columns {
		l := x.left.Relation.Schema.Columns[i]
		r, j := x.right.Relation.Schema.Column(x.c.Mapped(l.Name))
		if j < 0 {
			continue
		}
		left, right := &query.Column{Index: i, Col: l}, &query.Column{Index: j, Col: r}
		col := x.sideColumn(c.To, left, right)
		w := to.Writings[col.Col.Name]
		counted := w.Identity || slices.Contains(to.Relation.Schema.Key, col.Col.Name) && !w.Required // by a sequence, perhaps
		if _, _, err := canon.Pair(l, r, canon.Options{}); err != nil || taken[col.Index] || w.Generated || counted || x.metadata(to, col.Col.Name) {
			continue
		}
		taken[col.Index] = true
		c.Insert = append(c.Insert, x.carry(left, right))
	}
}

func (*comparing) sideColumn(side canon.Side, left, right *query.Column) *query.Column {
	if side == canon.Left {
		return left
	}
	return right
}

// marks reports whether a column of a side marks rows as deleted.
func (x *comparing) marks(side spec.FixSide, column string) bool {
	f := x.it.Spec.Fix
	return f != nil && f.Soft != nil && f.To == side && f.Soft.Column.Value == column
}

// soft compiles how rows are marked as deleted.
func (x *comparing) soft(f *spec.Fix, c *FixCompare) {
	if f.Soft == nil {
		return
	}
	d := x.dataset(c.To)
	set, found := x.b.assignment(d, f.Soft.Column, f.Soft.Value, x.b.scope(d))
	x.found = append(x.found, found...)
	if c.Soft = set; set == nil {
		return
	}
	where := x.item.Spec.Right.Where
	if c.To == canon.Left {
		where = x.item.Spec.Left.Where
	}
	if where == nil || !slices.ContainsFunc(query.Columns(where), func(q *query.Column) bool { return q.Index == set.Column.Index }) {
		side := string(f.To)
		x.found.Warnf("soft-delete", f.Soft.Column.At, "add where: {"+side+": row."+f.Soft.Column.Value+" == null}",
			"rows that are marked as deleted are compared all the same, and found again")
	}
}

// duplicates resolves which of several rows with one key is kept.
func (x *comparing) duplicates(f *spec.Fix, c *FixCompare) {
	if c.Keep == spec.KeepAll {
		return
	}
	d := x.dataset(c.To)
	at := f.Places["duplicates"]
	primary := d.Relation.Schema.Key
	if by := f.Duplicates.By.Value; len(primary) == 0 && by != "" && !slices.Contains(x.keyOf(c.To), by) { // what tells which of them is newer tells them apart
		primary = append(x.keyOf(c.To), by)
	}
	if len(primary) == 0 || slices.Equal(slices.Sorted(slices.Values(primary)), slices.Sorted(slices.Values(x.keyOf(c.To)))) {
		x.found.Errorf("not-fixable", at, "leave duplicates out: they are then listed", "several rows of %s with one key cannot be told apart: it has no primary key of its own beside the key of the comparison", d.Spec.Name)
		return
	}
	for _, name := range primary {
		if col, i := d.Relation.Schema.Column(name); i >= 0 {
			c.Rows = append(c.Rows, &query.Column{Index: i, Col: col})
		}
	}
	if c.Keep == spec.KeepMatching {
		return
	}
	col, i := d.Relation.Schema.Column(f.Duplicates.By.Value)
	switch {
	case i < 0:
		x.found.Errorf("unknown-column", f.Duplicates.By.At, columnHint(f.Duplicates.By.Value, &d.Relation.Schema), "dataset %s has no column %q", d.Spec.Name, f.Duplicates.By.Value)
	case col.Unusable != "" || col.Type.Kind == value.JSON || col.Type.Kind == value.List:
		x.found.Errorf("type-mismatch", f.Duplicates.By.At, "name a time or a number", "column %q does not tell which row is newer", f.Duplicates.By.Value)
	default:
		c.KeepBy = &query.Column{Index: i, Col: col}
	}
}
