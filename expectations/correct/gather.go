package correct

import (
	"context"
	"slices"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/value"
)

// batch are changes of one target, one action and one set of columns, in the plan's order.
type batch struct {
	w       *worker
	changes []*Change
	bytes   int
}

// Batches are sent before they are full where all that wait take more than so many bytes.
const maxWaiting = 32 << 20

// gatherer forms batches of a stream of changes in bounded memory.
type gatherer struct {
	rows    int
	send    func(*batch) error
	groups  []*batch
	waiting int
}

// add takes a change.
func (g *gatherer) add(w *worker, c *Change) error {
	b := g.group(w, c)
	if b == nil {
		b = &batch{w: w}
		g.groups = append(g.groups, b)
	}
	b.changes = append(b.changes, c)
	n := sizeOf(c)
	b.bytes += n
	g.waiting += n
	if len(b.changes) >= g.rows {
		return g.flush(b)
	}
	for g.waiting > maxWaiting || len(g.groups) > maxGroups {
		if err := g.flush(slices.MaxFunc(g.groups, func(a, b *batch) int { return a.bytes - b.bytes })); err != nil {
			return err
		}
	}
	return nil
}

// maxGroups bounds how many batches are begun at the same time.
const maxGroups = 64

func (g *gatherer) group(w *worker, c *Change) *batch {
	for _, b := range slices.Backward(g.groups) {
		first := b.changes[0]
		if b.w == w && first.Action == c.Action && slices.Equal(first.Set, c.Set) && (first.Restore == nil) == (c.Restore == nil) {
			return b
		}
	}
	return nil
}

func (g *gatherer) flush(b *batch) error {
	g.groups = slices.DeleteFunc(g.groups, func(x *batch) bool { return x == b })
	g.waiting -= b.bytes
	return g.send(b)
}

// end sends what waits.
func (g *gatherer) end() error {
	for len(g.groups) > 0 {
		if err := g.flush(g.groups[0]); err != nil {
			return err
		}
	}
	return nil
}

// sizeOf is about what a change takes of memory.
func sizeOf(c *Change) int {
	n := 200 + len(c.Reason) + len(c.Expectation) + len(c.Restore)
	if c.Document != nil {
		n += len(c.Document.Source) + len(c.Document.ID)
	}
	for _, row := range [][]value.Value{c.Key, c.Before, c.After} {
		for _, v := range row {
			n += 96 + len(v.Str()) + 96*len(v.List())
		}
	}
	return n
}

// stream reads the plan beside the work and hands on batches of the changes that are wanted.
func (e *engine) stream(ctx context.Context, want func(*Change) *worker, each func(*batch) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	out := make(chan *batch, 2)
	failed := make(chan error, 1)
	go func() {
		defer close(out)
		g := gatherer{rows: e.rows, send: func(b *batch) error {
			select {
			case out <- b:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}}
		err := e.p.Changes(ctx, func(c *Change) error {
			if w := want(c); w != nil {
				return g.add(w, c)
			}
			return nil
		})
		if err == nil {
			err = g.end()
		}
		failed <- err
	}()
	var err error
	for b := range out {
		if err == nil {
			if err = each(b); err != nil {
				cancel()
			}
		}
	}
	if read := <-failed; err == nil {
		err = read
	}
	return err
}

// beside hands on the changes that are wanted while the file is read on.
func (p *Plan) beside(ctx context.Context, want func(*Change) bool, each func(*Change) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	const part = 256
	out := make(chan []*Change, 4)
	failed := make(chan error, 1)
	go func() {
		defer close(out)
		list, size := make([]*Change, 0, part), 0
		send := func() error {
			select {
			case out <- list:
				list, size = make([]*Change, 0, part), 0
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		err := p.Changes(ctx, func(c *Change) error {
			if !want(c) {
				return nil
			}
			list, size = append(list, c), size+sizeOf(c)
			if len(list) < part && size < maxWaiting/8 {
				return nil
			}
			return send()
		})
		if err == nil {
			err = send()
		}
		failed <- err
	}()
	var err error
	for list := range out {
		for _, c := range list {
			if err != nil {
				break
			}
			if err = each(c); err != nil {
				cancel()
			}
		}
	}
	if read := <-failed; err == nil {
		err = read
	}
	return err
}

// plain are the changes as connectors know them.
func (b *batch) plain() []connectors.Change {
	out := make([]connectors.Change, len(b.changes))
	for i, c := range b.changes {
		out[i] = c.Change
	}
	return out
}

func (b *batch) numbers() []int64 {
	out := make([]int64, len(b.changes))
	for i, c := range b.changes {
		out[i] = c.N
	}
	return out
}

func (b *batch) keys(at []int) [][]value.Value {
	out := make([][]value.Value, len(at))
	for i, x := range at {
		out[i] = b.changes[x].Key
	}
	return out
}
