package mysql

import (
	"context"
	"database/sql/driver"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/guarded"
	"github.com/assay-dev/assay/connectors/value"
)

// commitPatience bounds the wait for the answer to COMMIT, which must not be given up for a cancelled context.
const commitPatience = time.Minute

// Apply implements connectors.Correction.
func (c *correction) Apply(ctx context.Context, changes []connectors.Change, prepared func([]connectors.Effect) error) ([]connectors.Effect, error) {
	effects, err := guarded.Retry(ctx, deadlocked, func() ([]connectors.Effect, error) { return c.attempt(ctx, changes, prepared) })
	if err != nil {
		return nil, wrap(c.op, err)
	}
	if err := c.commit(ctx); err != nil {
		return nil, err
	}
	return effects, nil
}

// attempt makes the changes in a transaction, which stays open where there is no error.
func (c *correction) attempt(ctx context.Context, changes []connectors.Change, prepared func([]connectors.Effect) error) (effects []connectors.Effect, err error) {
	if c.conn == nil {
		if err := c.connect(ctx); err != nil {
			return nil, err
		}
	}
	defer func() {
		if err != nil {
			c.rollback()
		}
	}()
	for _, sql := range c.begin {
		if _, err := c.exec(ctx, sql); err != nil {
			return nil, err
		}
	}
	c.used = false
	if effects, err = guarded.Batch(ctx, changes, c.make); err != nil {
		return nil, err
	}
	return effects, prepared(effects)
}

// rollback undoes the transaction. A connection that does not answer is closed, which does the same.
func (c *correction) rollback() {
	if c.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), killTimeout)
	defer cancel()
	if _, err := c.exec(ctx, "ROLLBACK"); err != nil {
		_ = c.Close()
	}
}

// commit ends the transaction. Whether it did is known only by the server's answer.
func (c *correction) commit(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitPatience)
	defer cancel()
	if c.conn == nil {
		return wrap(c.op, connectors.ErrConnectionLost) // before it was asked
	}
	_, err := c.conn.ExecContext(ctx, "COMMIT", nil)
	if err == nil {
		return nil
	}
	if e := serverError(err); e != nil && (deadlocked(err) || e.Number == codeCertification) {
		return wrap(c.op, err) // refused at the last moment, and undone
	}
	_ = c.Close()
	return &connectors.UncertainError{Err: wrap(c.op, err)}
}

// codeCertification is ER_TRANSACTION_ROLLBACK_DURING_COMMIT: other members of a group of servers were first.
const codeCertification = 3101

// deadlocked reports whether the server gave a batch up for the sake of others, so that it can be tried again: deadlock, lock wait timeout.
func deadlocked(err error) bool {
	e := serverError(err)
	return errors.Is(err, errAgain) || e != nil && (e.Number == 1213 || e.Number == 1205 || e.Number == 1020) // 1020 of MariaDB: the row has changed since it was read
}

// refusals are the server's errors of class HY000 for which a change's own row is at fault; those of other classes say so by their SQLSTATE.
var refusals = map[uint16]bool{
	1364: true,             // no default
	1366: true,             // a text that the column's character set has not
	1411: true,             // a value that does not fit
	1439: true, 1442: true, // of triggers
	3105: true, 1906: true, // a generated column
	1526: true, 1748: true, // no partition for it
	3819: true, 4025: true, // a check
	3140: true, 3141: true, 3156: true, 3903: true, // JSON, and what JSON_TABLE makes of it
	4178: true, 4174: true, // that of MariaDB
}

// refusedBy says that a change's own row was at fault, nil where it was not: constraints, values that do not fit, triggers that raise.
func refusedBy(op string, err error) *guarded.RefusedError {
	e := serverError(err)
	if e == nil || deadlocked(err) {
		return nil
	}
	class := string(e.SQLState[:2])
	if !refusals[e.Number] && class != "22" && class != "23" && class != "44" && class != "45" && class != "21" && class != "01" {
		return nil
	}
	dangling := slices.Contains([]uint16{1216, 1217, 1451, 1452}, e.Number)
	return &guarded.RefusedError{Err: wrap(op, err), Dangling: dangling}
}

// make makes changes within the transaction: all of them, or none and a *guarded.RefusedError.
func (c *correction) make(ctx context.Context, changes []connectors.Change) ([]connectors.Effect, error) {
	if c.used {
		if _, err := c.exec(ctx, "SAVEPOINT assay"); err != nil { // replaces the one before
			return nil, err
		}
	}
	c.used = true
	made, err := c.send(ctx, changes)
	if err == nil {
		return made, nil
	}
	refused, ok := errors.AsType[*guarded.RefusedError](err)
	if !ok {
		refused = refusedBy(c.op, err)
	}
	if refused == nil {
		return nil, err
	}
	if _, err := c.exec(ctx, "ROLLBACK TO SAVEPOINT assay"); err != nil {
		return nil, err
	}
	if _, ok := errors.AsType[*connectors.Error](refused.Err); !ok {
		refused.Err = wrong(connectors.Failed, c.op, "%w", refused.Err)
	}
	return nil, refused
}

// send makes changes by a few statements, and reads what the rows are then.
func (c *correction) send(ctx context.Context, changes []connectors.Change) ([]connectors.Effect, error) {
	if err := c.before(ctx, changes); err != nil {
		return nil, err
	}
	made := make([]connectors.Effect, len(changes))
	for i := range made {
		made[i].Outcome = connectors.Unmatched
	}
	size := guarded.Part(len(changes))
	type part struct {
		from, to int
		doc      string
	}
	from := 0
	err := guarded.Ahead(func(int) (part, bool, error) {
		some := changes[from:min(from+size, len(changes))]
		if refused := c.check(some); refused != nil {
			return part{}, false, refused.Behind(from)
		}
		doc, took, err := c.rowsOf(some)
		if err != nil {
			return part{}, false, &guarded.RefusedError{At: []int{from + took}, Err: err}
		}
		p := part{from, from + took, doc}
		from += took
		return p, from < len(changes), nil
	}, func(p part) error {
		hit, err := c.chunk(ctx, changes[p.from:p.to], p.doc)
		if refused, ok := errors.AsType[*guarded.RefusedError](err); ok {
			return refused.Behind(p.from)
		}
		for _, i := range hit {
			made[p.from+i].Outcome = connectors.Applied
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return made, c.after(ctx, changes, made)
}

// errAgain ends an attempt in which rows changed between two statements of it: it is made again.
var errAgain = errors.New("others changed the rows meanwhile")

// chunk makes changes by one statement, and returns the positions of those whose guard held. Only where it does not hold for all of them does it look for which:
// then by a locking read, after which the statement is sent for these alone.
func (c *correction) chunk(ctx context.Context, changes []connectors.Change, doc string) ([]int, error) {
	if _, err := c.exec(ctx, "SAVEPOINT assay_chunk"); err != nil {
		return nil, err
	}
	if c.unique {
		met, err := c.exec(ctx, c.statement(&changes[0]), doc)
		switch {
		case err != nil:
			return nil, err
		case met == int64(len(changes)):
			return others(len(changes), nil), nil
		case met == 0:
			return nil, nil
		}
		if _, err := c.exec(ctx, "ROLLBACK TO SAVEPOINT assay_chunk"); err != nil {
			return nil, err
		}
	}
	hit, err := c.matched(ctx, changes, doc)
	if err != nil || len(hit) == 0 {
		return nil, err
	}
	some := make([]connectors.Change, len(hit))
	for i, at := range hit {
		some[i] = changes[at]
	}
	doc, took, err := c.rowsOf(some)
	if err != nil || took != len(some) {
		return nil, errors.Join(err, errAgain) // cannot be: more of them fitted into one statement before
	}
	met, err := c.exec(ctx, c.statement(&some[0]), doc)
	if err == nil && met != int64(len(some)) {
		err = errAgain
	}
	return hit, err
}

// others are the positions below n that are not among these, which ascend.
func others(n int, these []int) []int {
	out := make([]int, 0, n-len(these))
	for i := range n {
		if len(these) > 0 && these[0] == i {
			these = these[1:]
			continue
		}
		out = append(out, i)
	}
	return out
}

// matched locks the rows for which the guard holds, or of which there are none where it inserts, and returns the positions of their changes.
func (c *correction) matched(ctx context.Context, changes []connectors.Change, doc string) ([]int, error) {
	insert := changes[0].Action == connectors.Insert
	t, guards := c.tableOf(&changes[0])
	on := append([]string{c.keyed()}, guards...)
	var at []int
	st := statement{text: "SELECT u.p\nFROM " + t.from() + " STRAIGHT_JOIN " + c.table + " AS t ON " + strings.Join(on, " AND ") + c.locking(), args: []any{doc}}
	err := c.query(ctx, st, func(row []driver.Value) error {
		p, err := strconv.Atoi(text(row[0]))
		at = append(at, p-1)
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(at)
	if insert {
		return others(len(changes), slices.Compact(at)), nil
	}
	for i := 1; i < len(at); i++ {
		if at[i] == at[i-1] {
			return nil, &guarded.RefusedError{At: []int{at[i]}, Err: errors.New("several rows have this key")}
		}
	}
	return at, nil
}

// locking ends a statement that locks the rows of t.
func (c *correction) locking() string {
	if c.d.flavour == mariaDB {
		return "\nFOR UPDATE"
	}
	return "\nFOR UPDATE OF t"
}

// after reads what the rows are after the changes where that does not follow from them.
func (c *correction) after(ctx context.Context, changes []connectors.Change, made []connectors.Effect) error {
	first := &changes[0]
	if first.Action == connectors.Delete {
		return nil
	}
	inspect := c.inspects(first)
	var slab []value.Value // of all rows
	if !inspect {
		slab = make([]value.Value, len(made)*len(c.cols))
	}
	var keys [][]value.Value
	var at []int
	for i := range made {
		if made[i].Outcome != connectors.Applied {
			continue
		}
		if inspect {
			keys, at = append(keys, changes[i].Key), append(at, i)
			continue
		}
		row := slab[:len(c.cols):len(c.cols)]
		slab = slab[len(c.cols):]
		copy(row, changes[i].Before)
		for _, set := range first.Set {
			row[set] = changes[i].After[set]
		}
		made[i].Row = row
	}
	if len(keys) == 0 {
		return nil
	}
	rows, err := c.rows(c.table+" AS t", keys, c.packet, func(st statement, read func([]driver.Value) error) error { return c.query(ctx, st, read) })
	if err != nil {
		return err
	}
	for n, r := range rows {
		i := at[n]
		if r == nil {
			return &guarded.RefusedError{At: []int{i}, Err: errors.New("the key is not kept as it is")}
		}
		made[i].Row, made[i].RowErrs = r.Values, r.Errs
		if c.layout.triggers {
			continue
		}
		for _, set := range first.Set {
			if r.Errs != nil && r.Errs[set] || !value.Equal(r.Values[set], changes[i].After[set]) {
				return &guarded.RefusedError{At: []int{i}, Err: errors.New("column " + c.cols[set].col.Name + " does not keep the value as it is")}
			}
		}
	}
	return nil
}

// inspects reports whether rows must be read after a change to know what they are: triggers, columns that the server sets, types with a form of their own.
func (c *correction) inspects(ch *connectors.Change) bool {
	if c.layout.triggers {
		return true
	}
	for i, w := range c.cols {
		set := slices.Contains(ch.Set, i)
		switch {
		case set && !w.exact(), !set && (ch.Action == connectors.Insert || c.layout.renewed[w.col.Name]), c.layout.columns[w.col.Name].Generated:
			return true
		}
	}
	return ch.Action == connectors.Insert && slices.ContainsFunc(c.keys, func(w *wire) bool { return !w.exact() })
}
