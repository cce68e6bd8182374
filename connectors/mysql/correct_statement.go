package mysql

import (
	"context"
	"database/sql/driver"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/guarded"
)

// check refuses changes that the columns cannot hold as they are.
func (c *correction) check(changes []connectors.Change) *guarded.RefusedError {
	for i := range changes {
		ch := &changes[i]
		if ch.Action == connectors.Insert {
			for k, w := range c.keys {
				if err := w.check(ch.Key[k]); err != nil {
					return &guarded.RefusedError{At: []int{i}, Err: err}
				}
			}
		}
		for _, set := range ch.Set {
			if err := c.cols[set].check(ch.After[set]); err != nil {
				return &guarded.RefusedError{At: []int{i}, Err: err}
			}
		}
	}
	return nil
}

// tableOf is the table of changes like ch, in the order of rowsOf: the key (k), what was seen (b), what is written (a). guards say that a row is as it was seen.
func (c *correction) tableOf(ch *connectors.Change) (t *table, guards []string) {
	t = c.keyTable()
	if ch.Action != connectors.Insert {
		for b, w := range c.cols {
			name := "b" + strconv.Itoa(b)
			t.add(name, w)
			guards = append(guards, w.is("u."+name))
		}
	}
	for _, set := range ch.Set {
		t.add("a"+strconv.Itoa(set), c.cols[set])
	}
	return t, guards
}

// rowsOf writes as many of the changes as one statement takes. Where one cannot be written, took is its position.
func (c *correction) rowsOf(changes []connectors.Change) (doc string, took int, err error) {
	return document(len(changes), c.packet, c.most, func(b []byte, i int) ([]byte, error) {
		ch := &changes[i]
		b, err := appendRow(b, true, c.keys, ch.Key)
		if err == nil && ch.Action != connectors.Insert {
			b, err = appendRow(b, false, c.cols, ch.Before)
		}
		for _, set := range ch.Set {
			if err == nil {
				b, err = c.cols[set].append(append(b, ','), ch.After[set])
			}
		}
		return b, err
	})
}

// statement renders the one statement for all changes like ch.
func (c *correction) statement(ch *connectors.Change) string {
	t, guards := c.tableOf(ch)
	on := " STRAIGHT_JOIN " + c.table + " AS t ON " + strings.Join(append([]string{c.keyed()}, guards...), " AND ")
	switch ch.Action {
	case connectors.Insert:
		var names, news []string
		for k, w := range c.keys {
			names, news = append(names, ident(w.col.Name)), append(news, w.read("u.k"+strconv.Itoa(k)))
		}
		for _, set := range ch.Set {
			names, news = append(names, ident(c.cols[set].col.Name)), append(news, c.cols[set].read("u.a"+strconv.Itoa(set)))
		}
		return "INSERT INTO " + c.table + " (" + strings.Join(names, ", ") + ")\nSELECT " + strings.Join(news, ", ") + "\nFROM " + t.from() +
			"\nWHERE NOT EXISTS (SELECT 1 FROM " + c.table + " AS t WHERE " + c.keyed() + ")"
	case connectors.Update:
		sets := make([]string, len(ch.Set))
		for i, set := range ch.Set {
			sets[i] = c.cols[set].ref() + " = " + c.cols[set].read("u.a"+strconv.Itoa(set))
		}
		return "UPDATE " + t.from() + on + "\nSET " + strings.Join(sets, ", ")
	default:
		return "DELETE t FROM " + t.from() + on
	}
}

// before refuses what would change rows of other tables by their foreign keys, since no plan shows these and no undo brings them back.
func (c *correction) before(ctx context.Context, changes []connectors.Change) error {
	first := &changes[0]
	if first.Action == connectors.Insert {
		return nil
	}
	for i := range c.layout.actions {
		if a := &c.layout.actions[i]; a.touched(&c.target, first) {
			if err := c.referred(ctx, changes, a); err != nil {
				return err
			}
		}
	}
	return nil
}

// referred refuses changes of rows to which others refer by a foreign key that would change them in turn. Locked rows get no new ones.
func (c *correction) referred(ctx context.Context, changes []connectors.Change, a *action) error {
	conds := make([]string, len(a.columns))
	for i := range a.columns {
		conds[i] = "x." + ident(a.columns[i]) + " = t." + ident(a.parent[i])
	}
	var at []int
	for from := 0; from < len(changes); {
		doc, took, err := document(len(changes)-from, c.packet, c.most, func(b []byte, i int) ([]byte, error) { return appendRow(b, true, c.keys, changes[from+i].Key) })
		if err != nil {
			return &guarded.RefusedError{At: []int{from + took}, Err: err}
		}
		source := "\nFROM " + c.keyTable().from() + " STRAIGHT_JOIN " + c.table + " AS t ON " + c.keyed()
		if err := c.query(ctx, statement{text: "SELECT u.p" + source + c.locking(), args: []any{doc}}, func([]driver.Value) error { return nil }); err != nil {
			return err
		}
		st := statement{text: "SELECT DISTINCT u.p" + source + "\nWHERE EXISTS (SELECT 1 FROM " + a.table + " AS x WHERE " + strings.Join(conds, " AND ") + ")", args: []any{doc}}
		err = c.query(ctx, st, func(row []driver.Value) error {
			p, err := strconv.Atoi(text(row[0]))
			at = append(at, from+p-1)
			return err
		})
		if err != nil {
			return err
		}
		from += took
	}
	if len(at) == 0 {
		return nil
	}
	slices.Sort(at)
	return &guarded.RefusedError{At: at, Dangling: true, Err: fmt.Errorf("rows of %s refer to it, and that foreign key would change them too", a.name)}
}
