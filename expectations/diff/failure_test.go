package diff_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diff"
)

// faulty is a source whose streams can fail, block or lie after some batches.
type faulty struct {
	connectors.Source

	after    int                                             // batches
	then     func(ctx context.Context) error                 // nil for nothing
	lie      func(b *value.Batch)                            // nil for nothing
	refuse   bool                                            // conditions
	snapshot error                                           // of Snapshot
	caps     func(*query.Caps)                               // nil for the source's own
	open     func(ctx context.Context, q query.Select) error // nil for nothing

	opened, closed atomic.Int64
}

// Caps implements connectors.Source.
func (f *faulty) Caps() query.Caps {
	c := f.Source.Caps()
	if f.refuse {
		c.Expr = func(query.Relation, query.Expr) *query.Refusal { return &query.Refusal{Reason: "test: no conditions"} }
	}
	if f.caps != nil {
		f.caps(&c)
	}
	return c
}

// Snapshot implements connectors.Snapshotter.
func (f *faulty) Snapshot(context.Context) (connectors.Source, error) {
	if f.snapshot != nil {
		return nil, f.snapshot
	}
	f.opened.Add(1)
	return &faultySnapshot{f}, nil
}

type faultySnapshot struct{ *faulty }

// Close implements connectors.Source.
func (f *faultySnapshot) Close() error {
	f.closed.Add(1)
	return nil
}

// Select implements connectors.Source.
func (f *faulty) Select(ctx context.Context, q query.Select) (connectors.Rows, error) {
	if f.open != nil {
		if err := f.open(ctx, q); err != nil {
			return nil, err
		}
	}
	q.BatchRows = 10
	rows, err := f.Source.Select(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("select: %w", err)
	}
	f.opened.Add(1)
	return &faultyRows{Rows: rows, f: f, left: f.after}, nil
}

type faultyRows struct {
	connectors.Rows

	f      *faulty
	left   int
	closed bool
}

// Next implements connectors.Rows.
func (r *faultyRows) Next(ctx context.Context) (*value.Batch, error) {
	if r.left <= 0 && r.f.then != nil {
		if err := r.f.then(ctx); err != nil {
			return nil, err
		}
	}
	r.left--
	b, err := r.Rows.Next(ctx)
	if b != nil && r.left < 0 && r.f.lie != nil {
		r.f.lie(b)
	}
	return b, err //nolint:wrapcheck // as it is
}

// Close implements connectors.Rows.
func (r *faultyRows) Close() error {
	if !r.closed {
		r.closed = true
		r.f.closed.Add(1)
	}
	return r.Rows.Close() //nolint:wrapcheck // as it is
}

// numbers is a table of n integers with their text.
func numbers(n int) table {
	tb := table{cols: []value.Column{{Name: "k", Type: value.Of(value.Int)}, {Name: "c", Type: value.Of(value.String)}}, key: []string{"k"}}
	for k := range n {
		tb.rows = append(tb.rows, []cell{{Value: value.IntValue(int64(k))}, {Value: value.StringValue(fmt.Sprint("text ", k))}})
	}
	return tb
}

// faultyPair is two equal tables of n rows on sources that can fail.
func faultyPair(t *testing.T, n int) (l, r *faulty, spec func(diff.AlignOptions) diff.Spec) {
	t.Helper()
	tb := numbers(n)
	rnd := rand.New(rand.NewPCG(1, 1))
	left, right := tb.source(t, "orders", rnd), tb.source(t, "orders_index", rnd)
	l, r = &faulty{Source: left.Source}, &faulty{Source: right.Source}
	left.Source, right.Source = l, r
	return l, r, func(o diff.AlignOptions) diff.Spec {
		o.TempDir = t.TempDir()
		s := align(t, left, right, o)
		t.Cleanup(func() {
			if left, err := os.ReadDir(o.TempDir); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v %v", left, err)
			}
		})
		return s
	}
}

var errBroken = errors.New("the connection broke")

// TestFailures holds that a failure anywhere is the result, with the side and dataset it is of; that what was counted is marked as
// partial; that every stream and snapshot is closed; and that nothing is left running.
func TestFailures(t *testing.T) {
	fails := func(context.Context) error {
		return &connectors.Error{Kind: connectors.Lost, Op: "read", Err: errBroken}
	}
	blocks := func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err() //nolint:wrapcheck // as it is
	}
	var calls atomic.Int64
	failsLater := func(ctx context.Context) error { // of all windows, several of which may be read at once
		if calls.Add(1) > 20 {
			return fails(ctx)
		}
		return nil
	}
	unordered := func(c *query.Caps) { c.KeyOrder = false }
	windows := func(c *query.Caps) { c.UnorderedFaster = true }
	for name, c := range map[string]struct {
		set  func(l, r *faulty)
		side canon.Side
		name string
	}{
		"source at once":             {func(l, _ *faulty) { l.then = fails }, canon.Left, "orders"},
		"source later":               {func(l, _ *faulty) { l.then, l.after = fails, 30 }, canon.Left, "orders"},
		"target later":               {func(_, r *faulty) { r.then, r.after = fails, 30 }, canon.Right, "orders_index"},
		"target while source blocks": {func(l, r *faulty) { l.then, l.after, r.then, r.after = blocks, 5, fails, 6 }, canon.Right, "orders_index"},
		"source while target blocks": {func(l, r *faulty) { l.then, l.after, r.then = fails, 1, blocks }, canon.Left, "orders"},
		"while sorting":              {func(_, r *faulty) { r.caps, r.then, r.after = unordered, fails, 30 }, canon.Right, "orders_index"},
		"while the other sorts":      {func(l, r *faulty) { r.caps, l.then, l.after = unordered, fails, 30 }, canon.Left, "orders"},
		"in a window":                {func(_, r *faulty) { r.caps, r.then = windows, failsLater }, canon.Right, "orders_index"},
		"beside windows":             {func(l, r *faulty) { r.caps, l.then, l.after = windows, fails, 50 }, canon.Left, "orders"},
		"opening":                    {func(_, r *faulty) { r.open = func(context.Context, query.Select) error { return errBroken } }, canon.Right, "orders_index"},
		"snapshot":                   {func(l, _ *faulty) { l.snapshot = errBroken }, canon.Left, "orders"},
	} {
		t.Run(name, func(t *testing.T) {
			connectortest.NoLeaks(t)
			l, r, spec := faultyPair(t, 1000)
			c.set(l, r)
			memory := int64(4000) // for several windows
			if strings.Contains(name, "blocks") {
				memory = 1 << 20 // for the other side to come to its failure
			}
			res, err := diff.Run(t.Context(), spec(diff.AlignOptions{MemoryBytes: memory}), func(d diff.Difference) error {
				return fmt.Errorf("a difference that is not there: %+v", d)
			}, nil)
			se, ok := errors.AsType[*diff.SideError](err)
			if !ok || se.Side != c.side || se.Dataset != c.name || !errors.Is(err, errBroken) {
				t.Errorf("got %v", err)
			}
			if !res.Partial {
				t.Error("the result is not marked as partial")
			}
			for _, f := range []*faulty{l, r} {
				if f.opened.Load() != f.closed.Load() {
					t.Errorf("%d opened, %d closed", f.opened.Load(), f.closed.Load())
				}
			}
		})
	}
}

func TestCancelled(t *testing.T) {
	for name, set := range map[string]func(l, r *faulty){
		"in order":      func(*faulty, *faulty) {},
		"while sorting": func(_, r *faulty) { r.caps = func(c *query.Caps) { c.KeyOrder = false } },
		"in windows":    func(_, r *faulty) { r.caps = func(c *query.Caps) { c.UnorderedFaster = true } },
	} {
		t.Run(name, func(t *testing.T) {
			connectortest.NoLeaks(t)
			l, r, spec := faultyPair(t, 1000)
			set(l, r)
			why := errors.New("the user has seen enough")
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			l.after = 20
			l.then = func(ctx context.Context) error {
				cancel(why)
				<-ctx.Done()
				return ctx.Err() //nolint:wrapcheck // as it is
			}
			res, err := diff.Run(ctx, spec(diff.AlignOptions{MemoryBytes: 4000}), nil, nil)
			if !errors.Is(err, why) || !res.Partial {
				t.Errorf("%v, %+v", err, res)
			}
			for _, f := range []*faulty{l, r} {
				if f.opened.Load() != f.closed.Load() {
					t.Errorf("%d opened, %d closed", f.opened.Load(), f.closed.Load())
				}
			}
		})
	}
}

func TestSinkEndsTheComparison(t *testing.T) {
	connectortest.NoLeaks(t)
	left, right := numbers(1000), numbers(10)
	rnd := rand.New(rand.NewPCG(1, 1))
	s := align(t, left.source(t, "l", rnd), right.source(t, "r", rnd), diff.AlignOptions{})
	full := errors.New("the disk is full")
	n := 0
	res, err := diff.Run(t.Context(), s, func(diff.Difference) error {
		if n++; n == 3 {
			return full
		}
		return nil
	}, nil)
	if !errors.Is(err, full) || !res.Partial || n != 3 {
		t.Errorf("%v after %d, %+v", err, n, res)
	}
}

// TestLies holds that rows out of order, keys that are no values, and rows that no window has are errors, never differences.
func TestLies(t *testing.T) {
	run := func(t *testing.T, set func(l, r *faulty)) error {
		connectortest.NoLeaks(t)
		l, r, spec := faultyPair(t, 1000)
		set(l, r)
		res, err := diff.Run(t.Context(), spec(diff.AlignOptions{MemoryBytes: 8000}), nil, nil) // windows of some batches
		if err == nil || !res.Partial {
			t.Fatalf("no error: %+v", res)
		}
		if _, ok := errors.AsType[*diff.SideError](err); !ok {
			t.Errorf("no side: %v", err)
		}
		return err
	}
	swap := func(b *value.Batch) { b.Cols[0].Ints[3], b.Cols[0].Ints[4] = b.Cols[0].Ints[4], b.Cols[0].Ints[3] }
	spoil := func(b *value.Batch) {
		c := value.NewBatch(b.Types()...)
		for i := range b.N {
			if i == 5 {
				c.Cols[0].AppendErr()
			} else {
				c.Cols[0].AppendFrom(&b.Cols[0], i)
			}
		}
		b.Cols[0] = c.Cols[0]
	}
	t.Run("order within a batch", func(t *testing.T) {
		if err := run(t, func(l, _ *faulty) { l.lie, l.after = swap, 7 }); !errors.As(err, new(*diff.OrderError)) {
			t.Error(err)
		}
	})
	t.Run("order between batches", func(t *testing.T) {
		last := func(b *value.Batch) { b.Cols[0].Ints[b.N-1] += 5 }
		if err := run(t, func(_, r *faulty) { r.lie, r.after = last, 7 }); !errors.As(err, new(*diff.OrderError)) {
			t.Error(err)
		}
	})
	t.Run("key in error", func(t *testing.T) {
		err := run(t, func(l, _ *faulty) { l.lie, l.after = spoil, 7 })
		if ke, ok := errors.AsType[*diff.KeyError](err); !ok || ke.Column != "k" || ke.Row != 76 {
			t.Error(err)
		}
	})
	t.Run("key in error while sorting", func(t *testing.T) {
		err := run(t, func(_, r *faulty) { r.lie, r.after, r.caps = spoil, 7, func(c *query.Caps) { c.KeyOrder = false } })
		if ke, ok := errors.AsType[*diff.KeyError](err); !ok || ke.Column != "k" || ke.Row != 76 {
			t.Error(err)
		}
	})
	t.Run("rows that no window has", func(t *testing.T) {
		err := run(t, func(_, r *faulty) {
			r.caps = func(c *query.Caps) { c.UnorderedFaster = true }
			shorter := func(b *value.Batch) {
				b.N--
				for c := range b.Cols {
					v := value.NewBatch(b.Cols[c].Type)
					for i := range b.N {
						v.Cols[0].AppendFrom(&b.Cols[c], i)
					}
					b.Cols[c] = v.Cols[0]
				}
			}
			r.lie, r.after = shorter, 1
		})
		if !errors.As(err, new(*diff.CoverageError)) {
			t.Error(err)
		}
	})
}
