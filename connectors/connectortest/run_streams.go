package connectortest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// bulkSize is more rows than any connector puts into one batch.
const bulkSize = 20_000

func (h *Harness) streams(t *testing.T) {
	src := h.open(t)
	tb := BulkTable(bulkSize)
	rel := Relation(t, src, h.Load(t, tb))
	all := query.Select{From: rel, Columns: Cols(t, rel, tb.Names()...)}
	t.Run("all rows in several batches", func(t *testing.T) {
		sameRows(t, tb, tb.Names(), tb.Rows, ReadAll(t, src, all, bulkSize-1))
	})
	t.Run("batches exchanged by the caller", func(t *testing.T) { exchanged(t, src, all) })
	t.Run("two at once", func(t *testing.T) { twoStreams(t, src, all) })
	t.Run("several goroutines", func(t *testing.T) { concurrent(t, src, all, bulkSize) })
	t.Run("ends once and stays ended", func(t *testing.T) {
		one := all
		one.Branches = []query.Branch{{Limit: 1}}
		rows := start(t, src, one)
		if b, err := rows.Next(t.Context()); err != nil || b == nil || b.N != 1 {
			t.Fatalf("first batch: %v, %v", b, err)
		}
		for range 2 {
			if b, err := rows.Next(t.Context()); err != nil || b != nil {
				t.Errorf("after the end: %v, %v", b, err)
			}
		}
		for range 2 {
			if err := rows.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		}
	})
	t.Run("cancelled between batches", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		rows, err := src.Select(ctx, all)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = rows.Close() }()
		if _, err := rows.Next(ctx); err != nil {
			t.Fatal(err)
		}
		cancel()
		within(t, "ending a cancelled stream", func(context.Context) {
			for {
				b, err := rows.Next(ctx)
				if err != nil {
					if !errors.Is(err, context.Canceled) {
						t.Errorf("error of a cancelled stream: %v", err)
					}
					return
				}
				if b == nil {
					t.Error("a cancelled stream of several batches ended as if it were complete")
					return
				}
			}
		})
		if got := ReadAll(t, src, all, 0); len(got) != bulkSize {
			t.Errorf("the source reads %d rows after a cancelled stream, want %d", len(got), bulkSize)
		}
	})
	if h.OpenWith != nil {
		t.Run("early close frees the connection", func(t *testing.T) { h.earlyClose(t, all) })
	}
	if h.OpenWith != nil && h.Slow != nil {
		t.Run("statement timeout", h.timeout)
		t.Run("cancelled in the server", h.cancelSlow)
	}
	if s, ok := src.(connectors.Snapshotter); ok {
		t.Run("snapshot", func(t *testing.T) {
			snap, err := s.Snapshot(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				sameRows(t, tb, tb.Names(), tb.Rows, ReadAll(t, snap, all, 0))
			}
			if err := snap.Close(); err != nil {
				t.Errorf("close snapshot: %v", err)
			}
			sameRows(t, tb, tb.Names(), tb.Rows, ReadAll(t, src, all, 0))
		})
	}
}

func start(t *testing.T, src connectors.Source, q query.Select) connectors.Rows {
	t.Helper()
	rows, err := src.Select(t.Context(), q)
	if err != nil {
		t.Fatalf("select: %v", err)
	}
	t.Cleanup(func() { _ = rows.Close() })
	return rows
}

// exchanged keeps every batch by giving the stream another one in its place, and reads what it kept when the stream has ended.
func exchanged(t *testing.T, src connectors.Source, q query.Select) {
	t.Helper()
	rows := start(t, src, q)
	var kept []*value.Batch
	for {
		b, err := rows.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if b == nil {
			break
		}
		mine := value.NewBatch(b.Types()...)
		if n := len(kept); n > 1 && n%2 == 0 {
			// One that has been used, and whose rows the stream must not show again.
			mine, kept[n-2] = kept[n-2], kept[n-2].Clone()
		}
		*mine, *b = *b, *mine
		kept = append(kept, mine)
	}
	seen := map[int64]bool{}
	for _, b := range kept {
		for _, r := range batchRows(t, b, 0) {
			seen[r[0].Int()] = true
		}
	}
	if len(kept) < 2 || len(seen) != bulkSize {
		t.Errorf("%d batches with %d different rows, want several with %d", len(kept), len(seen), bulkSize)
	}
}

// twoStreams reads two streams in turns; each must give every row once.
func twoStreams(t *testing.T, src connectors.Source, q query.Select) {
	t.Helper()
	streams := [2]connectors.Rows{start(t, src, q), start(t, src, q)}
	var seen [2]map[int64]bool
	var done [2]bool
	for i := range seen {
		seen[i] = map[int64]bool{}
	}
	for !done[0] || !done[1] {
		for i := range streams {
			if done[i] {
				continue
			}
			b, err := streams[i].Next(t.Context())
			if err != nil {
				t.Fatalf("stream %d: %v", i, err)
			}
			if b == nil {
				done[i] = true
				continue
			}
			for _, r := range batchRows(t, b, 0) {
				seen[i][r[0].Int()] = true
			}
		}
	}
	if len(seen[0]) != bulkSize || len(seen[1]) != bulkSize {
		t.Errorf("the streams gave %d and %d different rows, want %d each", len(seen[0]), len(seen[1]), bulkSize)
	}
}

// earlyClose abandons streams on a source of one connection: a leak would block the next.
func (h *Harness) earlyClose(t *testing.T, all query.Select) {
	src := h.OpenWith(t, 0, 1)
	defer func() { _ = src.Close() }()
	within(t, "abandoning streams one after another", func(ctx context.Context) {
		for range 5 {
			rows, err := src.Select(ctx, all)
			if err != nil {
				t.Fatalf("select: %v", err)
			}
			if _, err := rows.Next(ctx); err != nil {
				t.Fatalf("next: %v", err)
			}
			if err := rows.Close(); err != nil {
				t.Fatalf("close: %v", err)
			}
		}
	})
}

// slowSelect reads the slow dataset and returns the first error.
func slowSelect(ctx context.Context, src connectors.Source, d query.Dataset) error {
	s, err := src.Describe(ctx, d)
	if err != nil {
		return err
	}
	rel := query.Relation{Dataset: d, Schema: s}
	q := query.Select{From: rel}
	for i, c := range s.Columns {
		q.Columns = append(q.Columns, &query.Column{Index: i, Col: c})
	}
	rows, err := src.Select(ctx, q)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for {
		b, err := rows.Next(ctx)
		if err != nil || b == nil {
			return err
		}
	}
}

func (h *Harness) timeout(t *testing.T) {
	src := h.OpenWith(t, time.Second, 2)
	defer func() { _ = src.Close() }()
	within(t, "a statement timeout of one second", func(ctx context.Context) {
		err := slowSelect(ctx, src, *h.Slow)
		if err == nil || connectors.KindOf(err) != connectors.TimedOut {
			t.Errorf("got %v (kind %d), want an error of kind TimedOut", err, connectors.KindOf(err))
		}
	})
}

func (h *Harness) cancelSlow(t *testing.T) {
	src := h.OpenWith(t, 0, 2)
	defer func() { _ = src.Close() }()
	within(t, "cancelling a slow statement", func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
		defer cancel()
		if err := slowSelect(ctx, src, *h.Slow); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want an error that wraps the context's", err)
		}
	})
}

// concurrent asks one source from several goroutines: every answer must be whole.
func concurrent(t *testing.T, src connectors.Source, all query.Select, want int) {
	t.Helper()
	const askers = 4
	got := make([]int, askers)
	errs := make([]error, askers)
	var wg sync.WaitGroup
	for i := range askers {
		wg.Go(func() { got[i], errs[i] = countRows(t, src, all) })
	}
	wg.Wait()
	for i := range askers {
		if errs[i] != nil || got[i] != want {
			t.Errorf("asker %d: %d rows, want %d: %v", i, got[i], want, errs[i])
		}
	}
}

func countRows(t *testing.T, src connectors.Source, q query.Select) (int, error) {
	t.Helper()
	rows, err := src.Select(t.Context(), q)
	if err != nil {
		return 0, err
	}
	defer func() { _ = rows.Close() }()
	n := 0
	for {
		b, err := rows.Next(t.Context())
		if err != nil || b == nil {
			return n, err
		}
		n += b.N
	}
}
