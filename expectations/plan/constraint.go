package plan

import (
	"cmp"
	"slices"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/catalog"
	"github.com/assay-dev/assay/expectations/spec"
)

// proved returns the constraint that makes a row expectation true of every row, "" for none. Only not_null can be
// proved so far: what a CHECK constraint says is the engine's own language. A column with cells that have no value
// here (a NaN among decimals, an infinite date) is read all the same: those rows are undecided, whatever a constraint
// says of them; and so is a table that must not be empty, since no constraint says that.
func (b *builder) proved(d *Dataset, it *Item, x catalog.Expansion) string {
	if b.opts.DistrustConstraints || it.Spec.Named.Name != "not_null" || it.Spec.OnEmpty == spec.EmptyFail || len(it.Spec.Named.Args) > 1 {
		return ""
	}
	for _, name := range x.Columns {
		if c, i := d.Relation.Schema.Column(name); i < 0 || !c.NotNull || c.MayErr {
			return ""
		}
	}
	return "NOT NULL"
}

// provedSet returns the constraint that makes a set-level expectation true of every row.
func (b *builder) provedSet(d *Dataset, it *Item, c query.SetCheck) string {
	if b.opts.DistrustConstraints || it.Spec.OnEmpty == spec.EmptyFail {
		return ""
	}
	mayErr := func(c *query.Column) bool { return c.Col.MayErr }
	switch c := c.(type) {
	case *query.UniqueCheck:
		if slices.ContainsFunc(c.Columns, mayErr) {
			return ""
		}
		return provedUnique(&d.Relation.Schema, columnNames(c.Columns))
	case *query.ReferenceCheck:
		if slices.ContainsFunc(c.Columns, mayErr) {
			return ""
		}
		return provedReference(&d.Relation.Schema, c)
	}
	return ""
}

// provedUnique holds when the columns include those of a key: rows that differ there differ here. A key's own notion
// of equality is never finer than bytewise, so what it keeps apart is apart.
func provedUnique(s *value.Schema, cols []string) string {
	for _, k := range s.Constraints {
		if k.Kind != value.PrimaryKey && k.Kind != value.Unique || len(k.Columns) == 0 {
			continue
		}
		all := true
		for _, c := range k.Columns {
			all = all && slices.Contains(cols, c)
		}
		if all {
			return cmp.Or(k.Name, "PRIMARY KEY") // only a primary key may be nameless (SQLite)
		}
	}
	return ""
}

// provedReference holds when a foreign key pairs exactly these columns with exactly those of that table.
func provedReference(s *value.Schema, c *query.ReferenceCheck) string {
	cols, parents := columnNames(c.Columns), columnNames(c.ParentColumns)
	for _, k := range s.Constraints {
		if k.Kind != value.ForeignKey || len(k.Columns) != len(cols) || !sameTable(k.RefTable, c.Parent) {
			continue
		}
		all := true
		for i, col := range k.Columns {
			at := slices.Index(cols, col)
			all = all && at >= 0 && i < len(k.RefColumns) && parents[at] == k.RefColumns[i]
		}
		if all {
			return k.Name
		}
	}
	return ""
}

// sameTable reports whether the parent is that table of the catalogue, all of it.
func sameTable(catalogue string, parent query.Relation) bool {
	return parent.Schema.Table != "" && parent.Schema.Table == catalogue
}

func columnNames(cols []*query.Column) []string {
	out := make([]string, len(cols))
	for i, c := range cols {
		out[i] = c.Col.Name
	}
	return out
}
