package sqlite

import (
	"context"
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/guarded"
)

// A foreign key without columns of the parent means its primary key.
const (
	referencesSQL = `SELECT m.name, f.id, f."from", coalesce(f."to", (SELECT x.name FROM pragma_table_xinfo(?1, ?2) AS x WHERE x.pk = f.seq + 1)),
  upper(f.on_update), upper(f.on_delete), m.sql LIKE '%deferr%'
FROM %s.sqlite_schema AS m, pragma_foreign_key_list(m.name, ?2) AS f WHERE m.type = 'table' AND f."table" = ?1 COLLATE NOCASE ORDER BY m.name, f.id, f.seq`
	deferredSQL = `SELECT 1 FROM %s.sqlite_schema AS m, pragma_foreign_key_list(m.name, ?2) AS f WHERE m.type = 'table' AND m.name = ?1 COLLATE NOCASE AND m.sql LIKE '%deferr%'`
)

// action is a foreign key that refers to the table and does more than refuse.
type action struct {
	table              string
	onDelete, onUpdate bool
	columns, parent    []string
}

// references reads the foreign keys that point at the table, and which tables' foreign keys are looked at no sooner than at COMMIT.
func (c *correction) references(ctx context.Context) error {
	args := []driver.Value{c.layout.table, c.layout.schema}
	in := func(sql string) string { return strings.Replace(sql, "%s", c.d.QuoteIdent(c.layout.schema), 1) }
	rows, err := c.query(ctx, in(referencesSQL), args)
	if err != nil {
		return err
	}
	changes := func(rule string) bool { return rule == "CASCADE" || strings.HasPrefix(rule, "SET ") }
	id := int64(-1)
	for _, r := range rows {
		table := text(r[0])
		if n := len(c.actions); n == 0 || c.actions[n-1].table != table || id != number64(r[1]) {
			c.actions = append(c.actions, action{table: table, onUpdate: changes(text(r[4])), onDelete: changes(text(r[5]))})
		}
		id = number64(r[1])
		last := &c.actions[len(c.actions)-1]
		last.columns, last.parent = append(last.columns, text(r[2])), append(last.parent, text(r[3]))
		if number64(r[6]) == 1 && !slices.Contains(c.deferred, table) {
			c.deferred = append(c.deferred, table)
		}
	}
	own, err := c.query(ctx, in(deferredSQL), args)
	if len(own) > 0 && !slices.Contains(c.deferred, c.layout.table) {
		c.deferred = append(c.deferred, c.layout.table)
	}
	return err
}

// dangling counts rows whose parents are missing, in tables that SQLite would look at no sooner than at COMMIT.
func (c *correction) dangling(ctx context.Context) (int64, error) {
	n := int64(0)
	for _, table := range c.deferred {
		rows, err := c.query(ctx, "SELECT count(*) FROM pragma_foreign_key_check(?1, ?2)", []driver.Value{table, c.layout.schema})
		if err != nil {
			return 0, err
		}
		n += number64(rows[0][0])
	}
	return n, nil
}

// referred refuses changes of rows to which others refer by foreign keys that would change them in turn, since no plan shows these and no undo brings them back.
func (c *correction) referred(ctx context.Context, changes []connectors.Change) error {
	first := &changes[0]
	for i := range c.actions {
		a := &c.actions[i]
		touched := first.Action == connectors.Delete && a.onDelete || first.Action == connectors.Update && a.onUpdate &&
			slices.ContainsFunc(first.Set, func(set int) bool { return slices.Contains(a.parent, c.target.Columns[set].Name) })
		if !touched {
			continue
		}
		at, err := c.parents(ctx, changes, a)
		if err != nil {
			return err
		}
		if len(at) > 0 {
			return &guarded.RefusedError{
				At: at, Dangling: true, Err: refuse(connectors.Failed, c.op, "rows of %s refer to it, and that foreign key would change them too", a.table),
			}
		}
	}
	return nil
}

// parents returns the positions of changes of rows to which rows of the action's table refer.
func (c *correction) parents(ctx context.Context, changes []connectors.Change, a *action) ([]int, error) {
	cols, conds := []string{"p"}, []string{}
	for k, col := range c.target.Key {
		cols, conds = append(cols, "k"+itoa(k)), append(conds, c.keyed(k, col))
	}
	match := make([]string, len(a.columns))
	for i := range a.columns {
		match[i] = "x." + c.d.QuoteIdent(a.columns[i]) + " = u." + c.d.QuoteIdent(a.parent[i])
	}
	child := c.d.QuoteIdent(c.layout.schema) + "." + c.d.QuoteIdent(a.table)
	var at []int
	step := maxParams / len(cols)
	for from := 0; from < len(changes); from += step {
		some := changes[from:min(from+step, len(changes))]
		var args []driver.Value
		for i := range some {
			args = append(args, int64(from+i))
			for _, v := range some[i].Key {
				args = append(args, encode(v))
			}
		}
		sql := values(cols, len(some)) + "SELECT DISTINCT v.p FROM " + c.join(c.name()+" AS u") + " WHERE " + strings.Join(conds, " AND ") +
			" AND EXISTS (SELECT 1 FROM " + child + " AS x WHERE " + strings.Join(match, " AND ") + ") ORDER BY 1"
		rows, err := c.query(ctx, sql, args)
		if err != nil {
			return nil, fmt.Errorf("look for rows that refer to it: %w", err)
		}
		for _, r := range rows {
			at = append(at, int(number64(r[0])))
		}
	}
	return at, nil
}
