package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	modernc "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/guarded"
	"github.com/assay-dev/assay/connectors/value"
)

// lockPatience bounds the wait for other writers and readers of the file where no statement timeout does.
const lockPatience = 5 * time.Minute

// Apply implements connectors.Correction.
func (c *correction) Apply(ctx context.Context, changes []connectors.Change, prepared func([]connectors.Effect) error) ([]connectors.Effect, error) {
	if err := c.begin(ctx); err != nil {
		return nil, err
	}
	effects, err := guarded.Batch(ctx, changes, c.make)
	if err == nil {
		err = c.readBack(ctx, changes, effects)
	}
	if err == nil {
		err = prepared(effects)
	}
	if err != nil {
		c.rollback()
		return nil, err
	}
	if err := c.commit(ctx); err != nil {
		return nil, err
	}
	return effects, nil
}

// begin takes the lock that one writer at a time has.
func (c *correction) begin(ctx context.Context) error { return c.patiently(ctx, "BEGIN IMMEDIATE") }

// commit ends the transaction. Where the file is still busy with readers nothing was done.
func (c *correction) commit(ctx context.Context) error {
	err := c.patiently(context.WithoutCancel(ctx), "COMMIT")
	if err == nil {
		return nil
	}
	e, ok := errors.AsType[*modernc.Error](err)
	if r, refused := errors.AsType[*guarded.RefusedError](err); refused {
		c.rollback()
		return &connectors.Error{Kind: connectors.Failed, Op: c.op, Err: r.Err}
	}
	if ok && e.Code()&0xff == lib.SQLITE_BUSY {
		c.rollback()
		return err
	}
	c.rollback()
	return &connectors.UncertainError{Err: err}
}

// patiently runs a statement until no other connection is in its way.
func (c *correction) patiently(ctx context.Context, sql string) error {
	patience := lockPatience
	if c.s.cfg.Timeout > 0 {
		patience = c.s.cfg.Timeout
	}
	until := time.Now().Add(patience)
	for {
		_, err := c.query(ctx, sql, nil)
		e, ok := errors.AsType[*modernc.Error](err)
		if !ok || e.Code()&0xff != lib.SQLITE_BUSY {
			return err
		}
		if ctx.Err() != nil || !time.Now().Before(until) {
			return &connectors.Error{Kind: connectors.TimedOut, Op: c.op, Err: fmt.Errorf("others hold the file: %w", err)}
		}
		// The driver has waited before it gave up.
	}
}

// rollback undoes what was done since begin, whatever has become of the context.
func (c *correction) rollback() {
	_, _ = c.query(context.Background(), "ROLLBACK", nil) // fails where SQLite has done so itself
}

// refusedBy says why the table would not have a change, nil where the error is none of that kind.
func refusedBy(e *modernc.Error, op string) *guarded.RefusedError {
	switch e.Code() & 0xff {
	case lib.SQLITE_CONSTRAINT, lib.SQLITE_MISMATCH, lib.SQLITE_TOOBIG:
		return &guarded.RefusedError{
			Err: &connectors.Error{Kind: connectors.Failed, Op: op, Err: e}, Dangling: e.Code() == lib.SQLITE_CONSTRAINT_FOREIGNKEY,
		}
	}
	return nil
}

// readBack gives the effects the rows as they are after the changes.
func (c *correction) readBack(ctx context.Context, changes []connectors.Change, effects []connectors.Effect) error {
	var keys [][]value.Value
	var at []int
	for i := range effects {
		if effects[i].Outcome == connectors.Applied && changes[i].Action != connectors.Delete {
			keys, at = append(keys, changes[i].Key), append(at, i)
		}
	}
	rows, err := c.rows(c.s.cells, c.name()+" AS u", keys, func(sql string, args []driver.Value) ([][]driver.Value, error) { return c.query(ctx, sql, args) })
	if err != nil {
		return err
	}
	for i, r := range rows {
		if r != nil { // nil where a trigger has deleted it or given it another key
			effects[at[i]].Row, effects[at[i]].RowErrs = r.Values, r.Errs
		}
	}
	return nil
}
