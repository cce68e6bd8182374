package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/guarded"
	"github.com/assay-dev/assay/connectors/value"
)

// before does what must precede changes: it keeps others from inserting the same keys where no constraint does, and refuses what would change rows of other
// tables by their foreign keys, since no plan shows these and no undo brings them back.
func (c *correction) before(ctx context.Context, changes []connectors.Change) error {
	first := &changes[0]
	if first.Action == connectors.Insert {
		if c.unique() {
			return nil
		}
		return c.exec(ctx, "LOCK TABLE "+c.name()+" IN SHARE ROW EXCLUSIVE MODE")
	}
	var actions []action
	for _, a := range c.layout.Actions {
		if first.Action == connectors.Delete && a.OnDelete || first.Action == connectors.Update && a.OnUpdate && c.writes(first, a.Parent) {
			actions = append(actions, a)
		}
	}
	if len(actions) == 0 {
		return nil
	}
	return c.referred(ctx, changes, actions)
}

// unique reports whether the server itself lets no two rows have one key.
func (c *correction) unique() bool {
	for _, k := range c.target.Relation.Schema.Constraints {
		if k.Kind != value.PrimaryKey && k.Kind != value.Unique {
			continue
		}
		all := true
		for _, name := range k.Columns {
			all = all && slices.ContainsFunc(c.target.Key, func(col value.Column) bool { return col.Name == name })
		}
		if all {
			return true
		}
	}
	return false
}

// writes reports whether a change sets one of the columns.
func (c *correction) writes(ch *connectors.Change, names []string) bool {
	return slices.ContainsFunc(ch.Set, func(set int) bool { return slices.Contains(names, c.target.Columns[set].Name) })
}

// referred refuses changes of rows to which others refer by foreign keys that would change them in turn. Locked rows get no new ones.
func (c *correction) referred(ctx context.Context, changes []connectors.Change, actions []action) error {
	var u unnest
	if refused := c.keysOf(&u, len(changes), func(i int) []value.Value { return changes[i].Key }); refused != nil {
		return refused
	}
	st := statement{args: u.args, formats: u.formats, outs: []output{{typ: value.Of(value.Int)}}}
	st.text = "SELECT u.p FROM " + u.from() + " JOIN " + c.name() + " AS t ON " + c.keyed() + " FOR UPDATE OF t"
	if _, err := c.all(ctx, st); err != nil {
		return err
	}
	q := dialect{}.QuoteIdent
	for _, a := range actions {
		conds := make([]string, len(a.Columns))
		for i := range a.Columns {
			conds[i] = "x." + q(a.Columns[i]) + " = t." + q(a.Parent[i])
		}
		st.text = "SELECT DISTINCT u.p FROM " + u.from() + " JOIN " + c.name() + " AS t ON " + c.keyed() +
			"\nWHERE EXISTS (SELECT FROM " + q(a.Schema) + "." + q(a.Table) + " AS x WHERE " + strings.Join(conds, " AND ") + ") ORDER BY 1"
		b, err := c.all(ctx, st)
		if err != nil {
			return err
		}
		if b.N == 0 {
			continue
		}
		at := make([]int, b.N)
		for i := range at {
			at[i] = int(b.Cols[0].Ints[i] - 1)
		}
		return &guarded.RefusedError{At: at, Dangling: true, Err: fmt.Errorf("rows of %s.%s refer to it, and its foreign key %s would change them too", a.Schema, a.Table, a.Name)}
	}
	return nil
}
