package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"slices"
	"strings"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/guarded"
	"github.com/assay-dev/assay/connectors/value"
)

// maxParams is how many parameters one statement takes.
const maxParams = 32_766

// make makes changes within the transaction, as many in one statement as it has parameters for.
func (c *correction) make(ctx context.Context, changes []connectors.Change) ([]connectors.Effect, error) {
	args, refused := c.args(changes)
	if refused != nil {
		return nil, refused
	}
	if err := c.referred(ctx, changes); err != nil {
		return nil, err
	}
	if _, err := c.query(ctx, "SAVEPOINT assay", nil); err != nil {
		return nil, err
	}
	made, err := c.chunks(ctx, changes, args)
	if _, ok := errors.AsType[*guarded.RefusedError](err); ok {
		if _, err := c.query(ctx, "ROLLBACK TO assay", nil); err != nil {
			return nil, wrap(ctx, c.op, err)
		}
	}
	if err != nil {
		return nil, err
	}
	_, err = c.query(ctx, "RELEASE assay", nil)
	return made, err
}

// chunks makes changes by as many statements as they have parameters for.
func (c *correction) chunks(ctx context.Context, changes []connectors.Change, args []driver.Value) ([]connectors.Effect, error) {
	before, err := c.dangling(ctx)
	if err != nil {
		return nil, err
	}
	made := make([]connectors.Effect, 0, len(changes))
	width := len(args) / len(changes)
	step := max(1, maxParams/width)
	for from := 0; from < len(changes); from += step {
		to := min(from+step, len(changes))
		some, err := c.chunk(ctx, changes[from:to], args[from*width:to*width])
		if refused, ok := errors.AsType[*guarded.RefusedError](err); ok {
			for i := range refused.At {
				refused.At[i] += from
			}
		}
		if err != nil {
			return nil, err
		}
		made = append(made, some...)
	}
	after, err := c.dangling(ctx)
	if err == nil && after > before {
		err = &guarded.RefusedError{Dangling: true, Err: refuse(connectors.Failed, c.op, "a foreign key that is looked at no sooner than at COMMIT")}
	}
	return made, err
}

// chunk makes changes by one statement and looks whether the cells that it wrote hold what they should.
func (c *correction) chunk(ctx context.Context, changes []connectors.Change, args []driver.Value) ([]connectors.Effect, error) {
	rows, err := c.query(ctx, c.statement(changes[0], len(changes)), args)
	if err != nil {
		return nil, err
	}
	at := make(map[string]int, len(changes))
	for i := range changes {
		at[guarded.KeyText(changes[i].Key)] = i
	}
	made := make([]connectors.Effect, len(changes))
	for i := range made {
		made[i].Outcome = connectors.Unmatched
	}
	key := make([]value.Value, len(c.target.Key))
	for _, row := range rows {
		for k, col := range c.target.Key {
			v, ok := c.s.cells.decodeCell(letter(col.Type.Kind), col.Zone, row[k])
			if !ok {
				return nil, &guarded.RefusedError{Err: refuse(connectors.Failed, c.op, "column %s does not keep the value as it is", col.Name)}
			}
			key[k] = v
		}
		i, ok := at[guarded.KeyText(key)]
		switch {
		case !ok:
			return nil, &guarded.RefusedError{Err: refuse(connectors.Failed, c.op, "the key is not kept as it is")}
		case made[i].Outcome == connectors.Applied:
			return nil, &guarded.RefusedError{At: []int{i}, Err: refuse(connectors.Failed, c.op, "several rows have this key")}
		}
		made[i].Outcome = connectors.Applied
		for n, set := range changes[i].Set {
			col := c.target.Columns[set]
			if !c.holds(col, row[len(key)+n], changes[i].After[set]) {
				return nil, &guarded.RefusedError{At: []int{i}, Err: refuse(connectors.Failed, c.op, "column %s does not keep the value as it is", col.Name)}
			}
		}
	}
	return made, nil
}

// holds reports whether a cell reads as the value.
func (c *correction) holds(col value.Column, x driver.Value, v value.Value) bool {
	if x == nil || v.IsNull() {
		return x == nil && v.IsNull()
	}
	got, ok := c.s.cells.decodeCell(letter(col.Type.Kind), col.Zone, x)
	return ok && sameAs(got, v)
}

// sameAs reports whether two values of one kind are one: JSON by content with all digits of its numbers.
func sameAs(a, b value.Value) bool {
	if a.Kind() == value.JSON && b.Kind() == value.JSON {
		return a.Str() == b.Str() || sameDocument(a.Str(), b.Str())
	}
	return value.Equal(a, b)
}

// args are the parameters of the rows of VALUES, in the order of statement's columns.
func (c *correction) args(changes []connectors.Change) ([]driver.Value, *guarded.RefusedError) {
	var out []driver.Value
	for i := range changes {
		ch := &changes[i]
		bad := func(col value.Column, err error) *guarded.RefusedError {
			return &guarded.RefusedError{At: []int{i}, Err: refuse(connectors.Failed, c.op, "column %s: %w", col.Name, err)}
		}
		for k, v := range ch.Key {
			out = append(out, encode(v))
			if ch.Action != connectors.Insert {
				continue
			}
			x, err := c.forms[k].write(v)
			if err != nil {
				return nil, bad(c.target.Key[k], err)
			}
			out = append(out, x)
		}
		for _, v := range ch.Before {
			out = append(out, encode(v))
		}
		for _, set := range ch.Set {
			x, err := c.forms[len(ch.Key)+set].write(ch.After[set])
			if err != nil {
				return nil, bad(c.target.Columns[set], err)
			}
			out = append(out, x)
		}
	}
	return out, nil
}

// statement renders n changes like ch as one statement. Its VALUES have the key in canonical form (k), for inserts also as it is stored (w), what was seen (b)
// and what is written (a). It returns the key and the written columns of the rows that it changed.
func (c *correction) statement(ch connectors.Change, n int) string {
	q := c.d.QuoteIdent
	var cols, returned []string
	for k, col := range c.target.Key {
		cols = append(cols, "k"+itoa(k))
		if ch.Action == connectors.Insert {
			cols = append(cols, "w"+itoa(k))
		}
		returned = append(returned, "+"+q(col.Name))
	}
	for b := range ch.Before {
		cols = append(cols, "b"+itoa(b))
	}
	for _, set := range ch.Set {
		cols = append(cols, "a"+itoa(set))
		returned = append(returned, "+"+q(c.target.Columns[set].Name))
	}
	var names, news []string
	for _, set := range ch.Set {
		names, news = append(names, q(c.target.Columns[set].Name)), append(news, "a"+itoa(set))
	}
	var sql string
	switch ch.Action {
	case connectors.Insert:
		var keys, values []string
		for k, col := range c.target.Key {
			keys, values = append(keys, q(col.Name)), append(values, "w"+itoa(k))
		}
		sql = "INSERT OR ABORT INTO " + c.name() + " (" + strings.Join(slices.Concat(keys, names), ", ") + ")\nSELECT " +
			strings.Join(slices.Concat(values, news), ", ") + " FROM v WHERE " + c.absent()
	case connectors.Update:
		// Which column comes first in the statement must not matter, so the new values stand on the right only.
		sets := make([]string, len(names))
		for i, name := range names {
			sets[i] = name + " = m." + news[i]
		}
		sql = "UPDATE OR ABORT " + c.name() + " AS t SET " + strings.Join(sets, ", ") + "\nFROM (" + c.matched(news) + ") AS m\nWHERE " + c.tell("t", "m")
	default:
		sql = "DELETE FROM " + c.name() + "\nWHERE (" + c.rowNames() + ") IN (" + c.matched(nil) + ")"
	}
	return values(cols, n) + sql + "\nRETURNING " + strings.Join(returned, ", ")
}

// rowNames names what tells rows apart.
func (c *correction) rowNames() string {
	names := make([]string, len(c.layout.row))
	for i, name := range c.layout.row {
		names[i] = c.d.QuoteIdent(name)
	}
	return strings.Join(names, ", ")
}

// tell says that a row of the table is the one that was matched.
func (c *correction) tell(table, matched string) string {
	conds := make([]string, len(c.layout.row))
	for i, name := range c.layout.row {
		conds[i] = table + "." + c.d.QuoteIdent(name) + " = " + matched + ".r" + itoa(i)
	}
	return strings.Join(conds, " AND ")
}

// matched selects what tells the rows apart for which a guard holds, and columns of VALUES.
func (c *correction) matched(more []string) string {
	outs := make([]string, 0, len(c.layout.row)+len(more))
	for i, name := range c.layout.row {
		outs = append(outs, "u."+c.d.QuoteIdent(name)+" AS r"+itoa(i))
	}
	for _, m := range more {
		outs = append(outs, "v."+m)
	}
	var conds []string
	for k, col := range c.target.Key {
		conds = append(conds, c.keyed(k, col))
	}
	for b, col := range c.target.Columns {
		conds = append(conds, c.is(col, "v.b"+itoa(b)))
	}
	return "SELECT " + strings.Join(outs, ", ") + " FROM " + c.join(c.name()+" AS u") + " WHERE " + strings.Join(conds, " AND ")
}

// absent says that no row has the key of VALUES.
func (c *correction) absent() string {
	var conds, cells, keys []string
	for k, col := range c.target.Key {
		conds = append(conds, c.keyed(k, col))
		cells, keys = append(cells, c.cell(col)), append(keys, "v.k"+itoa(k))
	}
	if c.seeks() {
		return "NOT EXISTS (SELECT 1 FROM " + c.name() + " AS u WHERE " + strings.Join(conds, " AND ") + ")"
	}
	return "(" + strings.Join(keys, ", ") + ") NOT IN (SELECT " + strings.Join(cells, ", ") + " FROM " + c.name() + " AS u WHERE " +
		strings.Join(cells, " IS NOT NULL AND ") + " IS NOT NULL)"
}
