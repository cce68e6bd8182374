package postgres

import (
	"context"
	"errors"
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
		return nil, err
	}
	if err := c.commit(ctx); err != nil {
		return nil, err
	}
	return effects, nil
}

// attempt makes the changes in a transaction, which stays open where there is no error.
func (c *correction) attempt(ctx context.Context, changes []connectors.Change, prepared func([]connectors.Effect) error) (effects []connectors.Effect, err error) {
	if c.pg.IsClosed() {
		if err := c.connect(ctx); err != nil {
			return nil, err
		}
	}
	if err := c.exec(ctx, c.begin); err != nil {
		c.rollback()
		return nil, err
	}
	defer func() {
		if err != nil {
			c.rollback()
		}
	}()
	c.used = false
	effects, err = guarded.Batch(ctx, changes, c.make)
	if err != nil {
		return nil, err
	}
	if err := c.rowsAfter(ctx, changes, effects); err != nil {
		return nil, err
	}
	return effects, prepared(effects)
}

// exec runs statements without a result.
func (c *correction) exec(ctx context.Context, sql string) error {
	return failure(ctx, c.op, c.s.run.hide(), c.pg.Exec(ctx, sql).Close())
}

// rollback undoes the transaction. A connection that does not answer is closed, which does the same.
func (c *correction) rollback() {
	ctx, cancel := context.WithTimeout(context.Background(), cancelGrace)
	defer cancel()
	if c.pg.IsClosed() || c.pg.Exec(ctx, "ROLLBACK").Close() != nil {
		_ = c.pg.Close(ctx)
	}
}

// commit ends the transaction. Whether it did is known only by the server's answer.
func (c *correction) commit(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitPatience)
	defer cancel()
	results, err := c.pg.Exec(ctx, "COMMIT").ReadAll()
	if err == nil && len(results) == 1 && results[0].CommandTag.String() == "COMMIT" {
		return nil
	}
	if err == nil {
		return wrong(connectors.Failed, c.op, "the server rolled the batch back")
	}
	err = failure(ctx, c.op, c.s.run.hide(), err)
	if e, ok := errors.AsType[*serverError](err); ok && !e.fatal {
		return err // refused at the last moment, and undone
	}
	return &connectors.UncertainError{Err: err}
}

// make makes changes by one statement within the transaction.
func (c *correction) make(ctx context.Context, changes []connectors.Change) ([]connectors.Effect, error) {
	if c.used {
		if err := c.exec(ctx, "RELEASE SAVEPOINT assay; SAVEPOINT assay"); err != nil {
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
		refused = refusedBy(err)
	}
	if refused == nil {
		return nil, err
	}
	if err := c.exec(ctx, "ROLLBACK TO SAVEPOINT assay"); err != nil {
		return nil, err
	}
	if _, ok := errors.AsType[*connectors.Error](refused.Err); !ok {
		refused.Err = wrong(connectors.Failed, c.op, "%w", refused.Err)
	}
	return nil, refused
}

// send makes changes by a few statements and reads what the rows are then.
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
		st       statement
	}
	err := guarded.Ahead(func(n int) (part, bool, error) {
		p := part{from: n * size, to: min((n+1)*size, len(changes))}
		var refused *guarded.RefusedError
		if p.st, refused = c.change(changes[p.from:p.to]); refused != nil {
			return p, false, refused.Behind(p.from)
		}
		return p, p.to < len(changes), nil
	}, func(p part) error {
		b, err := c.all(ctx, p.st)
		if err != nil {
			return err
		}
		err = c.effects(changes[p.from:p.to], made[p.from:p.to], b)
		if refused, ok := errors.AsType[*guarded.RefusedError](err); ok {
			return refused.Behind(p.from)
		}
		return err
	})
	return made, err
}

// effects fills in what a statement did.
func (c *correction) effects(changes []connectors.Change, made []connectors.Effect, b *value.Batch) error {
	position, err := c.positions(changes, b)
	if err != nil {
		return err
	}
	returned := c.returned(&changes[0])
	first := len(b.Cols) - len(returned)
	slab := make([]value.Value, len(position)*len(c.cols)) // of all rows
	for r, i := range position {
		if made[i].Outcome == connectors.Applied {
			return &guarded.RefusedError{At: []int{i}, Err: errors.New("several rows have this key")}
		}
		made[i].Outcome = connectors.Applied
		if len(returned) == 0 {
			continue
		}
		made[i].Row, slab = slab[:len(c.cols):len(c.cols)], slab[len(c.cols):]
		if name := c.after(&made[i], &changes[i], returned, b.Cols[first:], r); name != "" {
			return &guarded.RefusedError{At: []int{i}, Err: errors.New("column " + name + " does not keep the value as it is")}
		}
	}
	return nil
}

// after fills in what the row is after a change, into e.Row: what the statement returned in row r of cols, and what it left as it was. It returns the name of a column that
// does not hold what was written, "" for none.
func (c *correction) after(e *connectors.Effect, ch *connectors.Change, returned []int, cols []value.Vector, r int) string {
	copy(e.Row, ch.Before)
	next := 0
	for n, i := range returned {
		e.Row[i] = cols[n].Value(r)
		bad := cols[n].IsErr(r)
		if bad {
			if e.RowErrs == nil {
				e.RowErrs = make([]bool, len(c.cols))
			}
			e.RowErrs[i] = true
		}
		if next < len(ch.Set) && ch.Set[next] == i {
			next++
			if bad || !keeps(e.Row[i], ch.After[i]) {
				return c.cols[i].col.Name
			}
		}
	}
	return ""
}

// keeps reports whether a column that was to hold a value holds it.
func keeps(got, want value.Value) bool {
	if value.Equal(got, want) {
		return true
	}
	return got.Kind() == want.Kind() && got.Kind() != value.Decimal && got.Text() == want.Text() // NaN
}

// positions says of each row that a statement returned which change it is of.
func (c *correction) positions(changes []connectors.Change, b *value.Batch) ([]int, error) {
	out := make([]int, b.N)
	if changes[0].Action != connectors.Insert {
		for r := range out {
			out[r] = int(b.Cols[0].Ints[r] - 1)
		}
		return out, nil
	}
	at := make(map[string]int, len(changes))
	for i := range changes {
		at[guarded.KeyText(changes[i].Key)] = i
	}
	key := make([]value.Value, len(c.keys))
	for r := range out {
		for k := range key {
			key[k] = b.Cols[k].Value(r)
		}
		i, ok := at[guarded.KeyText(key)]
		if !ok {
			return nil, &guarded.RefusedError{Err: errors.New("the key is not kept as it is")}
		}
		out[r] = i
	}
	return out, nil
}

// all runs a statement of the transaction and reads its result.
func (c *correction) all(ctx context.Context, st statement) (*value.Batch, error) {
	for i := range st.outs {
		st.outs[i].opts.raw = c.raw
	}
	r, err := c.s.queryOn(ctx, &session{pg: c.pg, end: func(bool) {}}, c.op, st, 0)
	if err != nil {
		return nil, err
	}
	return r.drain(ctx)
}

// rowsAfter reads the changed rows of a table whose triggers may have had a hand in them.
func (c *correction) rowsAfter(ctx context.Context, changes []connectors.Change, effects []connectors.Effect) error {
	if !c.layout.Triggers {
		return nil
	}
	var keys [][]value.Value
	var at []int
	for i := range effects {
		if effects[i].Outcome == connectors.Applied && changes[i].Action != connectors.Delete {
			keys, at = append(keys, changes[i].Key), append(at, i)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	st, err := c.selectRows(c.name()+" AS t", keys)
	if err != nil {
		return wrong(connectors.Failed, c.op, "%w", err)
	}
	b, err := c.all(ctx, st)
	if err != nil {
		return err
	}
	rows := make([]*connectors.Row, len(keys))
	c.collect(b, rows)
	for i, r := range rows {
		if r != nil { // nil where a trigger has deleted it or given it another key
			effects[at[i]].Row, effects[at[i]].RowErrs = r.Values, r.Errs
		}
	}
	return nil
}

// deadlocked reports whether the server gave a batch up for the sake of others, so that it can be tried again: deadlock, serialization failure, lock timeout.
func deadlocked(err error) bool {
	e, ok := errors.AsType[*serverError](err)
	return ok && !e.fatal && (e.code == "40P01" || e.code == "40001" || e.code == "55P03")
}

// refusedBy says that a change's own row was at fault, nil where it was not: constraints, values that do not fit, triggers that raise, row security.
func refusedBy(err error) *guarded.RefusedError {
	e, ok := errors.AsType[*serverError](err)
	if !ok || e.fatal || len(e.code) != 5 {
		return nil
	}
	const others = "00 01 02 03 08 0A 0B 0Z 20 24 25 26 28 2B 2D 34 3B 3D 3F 40 42 53 55 57 58 72 F0 HV XX"
	const alwaysGenerated = "428C9" // of an identity column that takes no value
	own := e.code == "42501" && e.routine == "ExecWithCheckOptions" || e.code == alwaysGenerated
	if strings.Contains(others, e.code[:2]) && !own {
		return nil
	}
	return &guarded.RefusedError{Err: err, Dangling: e.code == "23503" || e.code == "23001"}
}
