package sqlite_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
)

// TestCancelBetweenRows: the first row comes at once, the second never.
func TestCancelBetweenRows(t *testing.T) {
	endless := query.Dataset{Name: "endless", Query: "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40000000) SELECT i FROM n WHERE i % 40000000 = 1"}
	for _, timeout := range []time.Duration{0, 300 * time.Millisecond} {
		src := open(t, file(t), timeout, 0)
		rel := connectortest.Relation(t, src, query.Dataset{Name: "one", Query: "SELECT 1 AS i"})
		rel.Dataset = endless
		rel.Dataset.Columns = nil
		ctx, cancel := context.WithCancel(t.Context())
		rows, err := src.Select(ctx, query.Select{From: rel, Columns: connectortest.Cols(t, rel, "i"), BatchRows: 1})
		if err != nil {
			t.Fatal(err)
		}
		if b, err := rows.Next(ctx); err != nil || b == nil || b.N != 1 {
			t.Fatalf("first batch %v, %v", b, err)
		}
		if timeout == 0 {
			time.AfterFunc(200*time.Millisecond, cancel)
		}
		start := time.Now()
		_, err = rows.Next(ctx)
		if took := time.Since(start); took > 3*time.Second {
			t.Errorf("took %v to stop", took)
		}
		if timeout == 0 && !errors.Is(err, context.Canceled) || timeout > 0 && connectors.KindOf(err) != connectors.TimedOut {
			t.Errorf("got %v", err)
		}
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
		if b, again := rows.Next(t.Context()); b != nil || !errors.Is(again, err) {
			t.Errorf("it looks as if all rows had been read: %v, %v", b, again)
		}
		cancel()
		if err := src.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestSnapshotEndsWhileAStatementRuns: a stream that was given up is on its way to its next row when its snapshot is closed. The connection must live until it
// is there.
func TestSnapshotEndsWhileAStatementRuns(t *testing.T) {
	src := open(t, file(t), 0, 1)
	rel := connectortest.Relation(t, src, query.Dataset{Name: "one", Query: "SELECT 1 AS i"})
	rel.Dataset = query.Dataset{Name: "late", Query: "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000) SELECT i FROM n WHERE i % 60000 = 1"}
	given := 0
	for range 6 {
		snap, err := src.(connectors.Snapshotter).Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		rows, err := snap.Select(ctx, query.Select{From: rel, Columns: connectortest.Cols(t, rel, "i"), BatchRows: 1})
		if err != nil {
			t.Fatal(err)
		}
		if b, err := rows.Next(ctx); err != nil || b == nil {
			t.Fatalf("first batch %v, %v", b, err)
		}
		time.AfterFunc(time.Millisecond, cancel)
		if _, err := rows.Next(ctx); errors.Is(err, context.Canceled) {
			given++
		}
		if err := errors.Join(rows.Close(), snap.Close()); err != nil {
			t.Fatal(err)
		}
		if _, err := snap.Describe(t.Context(), query.Dataset{Name: "one", Query: "SELECT 1 AS i"}); err == nil {
			t.Error("a snapshot that has ended answers")
		}
		// The only connection comes back when the statement has come to its row.
		again, cancelled := context.WithTimeout(t.Context(), 30*time.Second)
		if _, err := src.Describe(again, query.Dataset{Name: "one", Query: "SELECT 1 AS i"}); err != nil {
			t.Fatalf("the connection does not come back: %v", err)
		}
		cancelled()
	}
	if given == 0 {
		t.Error("every statement ended before it was given up: nothing was tested")
	}
}

// TestClosedRows reads on where a stream was closed: it must not look as if it had been read whole.
func TestClosedRows(t *testing.T) {
	src := open(t, file(t), 0, 0)
	rel := connectortest.Relation(t, src, query.Dataset{Name: "few", Query: "VALUES (1), (2), (3)"})
	for _, read := range []int{1, 4} { // batches, the last one being none
		rows, err := src.Select(t.Context(), query.Select{From: rel, Columns: connectortest.Cols(t, rel, rel.Schema.Columns[0].Name), BatchRows: 1})
		if err != nil {
			t.Fatal(err)
		}
		for range read {
			if _, err := rows.Next(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
		if b, err := rows.Next(t.Context()); b != nil || (err != nil) != (read == 1) {
			t.Errorf("after %d batches: %v, %v", read, b, err)
		}
	}
	if err := src.Close(); err != nil {
		t.Error(err)
	}
}
