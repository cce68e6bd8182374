// Package guarded holds what the correctors of transactional stores share: how a batch is made of which the server refuses a few changes.
package guarded

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/value"
)

// Make makes changes by a few statements within an open transaction and says of each whether it is Applied or Unmatched. An error that is a *RefusedError left
// nothing of them done and the transaction as it was before; any other one ends the batch.
type Make func(ctx context.Context, changes []connectors.Change) ([]connectors.Effect, error)

// RefusedError says that the store would not have some of the changes.
type RefusedError struct {
	// At are the positions of those that are known to be refused, ascending; nil where the store named none.
	At []int
	// Err is why, without secrets.
	Err error
	// Dangling says that it was for a foreign key.
	Dangling bool
}

// Error implements error.
func (e *RefusedError) Error() string { return e.Err.Error() }

// Behind is the error as it is where the changes stand behind others.
func (e *RefusedError) Behind(others int) *RefusedError {
	moved := *e
	moved.At = make([]int, len(e.At))
	for i, at := range e.At {
		moved.At[i] = at + others
	}
	return &moved
}

// Unwrap returns the cause.
func (e *RefusedError) Unwrap() error { return e.Err }

// rounds bounds how often refused changes are tried again because others of the batch have been made since: a value that is unique may have been given up by a
// row that came later.
const rounds = 8

// batch is the state of one Batch.
type batch struct {
	make    Make
	changes []connectors.Change
	effects []connectors.Effect
}

// Batch makes the changes, all at once where the store takes them. Where it refuses some without naming them, halves are made and halves of these, until the
// refused changes are known and all others made.
func Batch(ctx context.Context, changes []connectors.Change, mk Make) ([]connectors.Effect, error) {
	b := &batch{make: mk, changes: changes, effects: make([]connectors.Effect, len(changes))}
	all := make([]int, len(changes))
	for i := range all {
		all[i] = i
	}
	if err := b.run(ctx, all); err != nil {
		return nil, err
	}
	for range rounds {
		again := b.refused()
		if len(again) == 0 || len(again) == len(changes) {
			break
		}
		for _, i := range again {
			if err := b.run(ctx, []int{i}); err != nil {
				return nil, err
			}
		}
		if len(b.refused()) == len(again) {
			break
		}
	}
	return b.effects, nil
}

// refused returns the positions of the changes that the store would not have.
func (b *batch) refused() []int {
	var at []int
	for i, e := range b.effects {
		if e.Outcome == connectors.Refused {
			at = append(at, i)
		}
	}
	return at
}

// run makes the changes at these positions.
func (b *batch) run(ctx context.Context, at []int) error {
	for len(at) > 0 {
		picked := b.changes
		if len(at) < len(b.changes) {
			picked = make([]connectors.Change, len(at))
			for i, p := range at {
				picked[i] = b.changes[p]
			}
		}
		made, err := b.make(ctx, picked)
		refused, is := errors.AsType[*RefusedError](err)
		switch {
		case err != nil && !is:
			return err
		case err == nil && len(made) != len(at):
			return fmt.Errorf("%d changes were made and %d answered", len(at), len(made))
		case err == nil:
			for i, p := range at {
				b.effects[p] = made[i]
			}
			return nil
		case len(at) == 1:
			refused.At = []int{0}
		}
		if len(refused.At) == 0 {
			half := len(at) / 2
			if err := b.run(ctx, at[:half]); err != nil {
				return err
			}
			at = at[half:]
			continue
		}
		at = b.leave(at, refused)
	}
	return nil
}

// leave notes the named changes as refused and returns the others.
func (b *batch) leave(at []int, refused *RefusedError) []int {
	out := make([]int, 0, len(at))
	next := 0
	for i, p := range at {
		if next < len(refused.At) && refused.At[next] == i {
			b.effects[p] = connectors.Effect{Outcome: connectors.Refused, Err: refused.Err, Dangling: refused.Dangling}
			next++
			continue
		}
		out = append(out, p)
	}
	return out
}

// KeyText is the same for two keys exactly if they are equal.
func KeyText(key []value.Value) string {
	if len(key) == 1 && (key[0].Kind() == value.Int || key[0].Kind() == value.String) {
		return key[0].Text()
	}
	var b []byte
	for _, v := range key {
		if v.Kind() == value.Double && v.Double() == 0 {
			v = value.DoubleValue(0) // not -0
		}
		text := v.Text()
		b = strconv.AppendInt(append(b, byte('a'+v.Kind())), int64(len(text)), 10)
		b = append(append(b, ':'), text...)
	}
	return string(b)
}
