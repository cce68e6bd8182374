package elasticsearch_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
)

// seen is what every kind of request sees of an index.
type seen struct {
	counted, streamed, bounded, filtered, distinct int64
}

// look asks src in every way.
func look(t *testing.T, src connectors.Source, rel query.Relation) seen {
	t.Helper()
	var s seen
	id := connectortest.Cols(t, rel, "id")
	some := call(query.OpGe, id[0], integer(0))
	b, err := src.Aggregate(t.Context(), query.Aggregate{From: rel, Measures: []query.Measure{{Kind: query.MeasureCount}}})
	if err != nil {
		t.Fatal(err)
	}
	s.counted = b.Cols[0].Ints[0]
	s.streamed = int64(len(connectortest.ReadAll(t, src, query.Select{From: rel, Columns: id}, 0)))
	s.filtered = int64(len(connectortest.ReadAll(t, src, query.Select{From: rel, Columns: id, Branches: []query.Branch{{Where: some}}}, 0)))
	s.bounded = int64(len(connectortest.ReadAll(t, src, query.Select{
		From: rel, Columns: id, Branches: []query.Branch{{Where: some, Limit: 900}, {Where: call(query.OpLt, id[0], integer(0)), Limit: 9}},
	}, 0)))
	checker, ok := src.(connectors.SetChecker)
	if !ok {
		t.Fatal("no SetChecker")
	}
	res, err := checker.CheckSet(t.Context(), &query.UniqueCheck{From: rel, Columns: id})
	if err != nil {
		t.Fatal(err)
	}
	s.distinct = res.True
	return s
}

// remove deletes the first n rows of a loaded table.
func remove(t *testing.T, url, index string, n int) {
	t.Helper()
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "{\"delete\":{\"_id\":\"%d\"}}\n", i)
	}
	send(t, http.MethodPost, url+"/"+index+"/_bulk?refresh=true", b.String())
}

func all500() seen { return seen{500, 500, 500, 500, 500} }

// TestSnapshotIsOneState: whatever is written while a snapshot lives, every kind of request to it sees what the first one saw.
func TestSnapshotIsOneState(t *testing.T) {
	servers(t, func(t *testing.T, url string, _ connectortest.Engine) {
		src := open(t, url)
		defer func() { _ = src.Close() }()
		d := connectortest.LoadElasticsearch(t, url, connectortest.BulkTable(500))
		rel := connectortest.Relation(t, src, d)
		if got := look(t, src, rel); got != all500() {
			t.Fatalf("before: %+v", got)
		}
		taken, ok := src.(connectors.Snapshotter)
		if !ok {
			t.Fatal("no Snapshotter")
		}
		snap, err := taken.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := look(t, snap, rel); got != all500() {
			t.Errorf("in the snapshot: %+v", got)
		}
		one := contexts(t, url, d.Index)
		if one == 0 {
			t.Error("the snapshot holds no point in time")
		}
		remove(t, url, d.Index, 400)
		send(t, http.MethodPut, url+"/"+d.Index+"/_doc/new?refresh=true", `{"id":7000}`)
		if got := look(t, snap, rel); got != all500() {
			t.Errorf("in the snapshot, after writing: %+v", got)
		}
		if n := contexts(t, url, d.Index); n != one {
			t.Errorf("%d contexts are open, then %d: there are further points in time", one, n)
		}
		if got, want := look(t, src, rel), (seen{101, 101, 101, 101, 101}); got != want {
			t.Errorf("outside of it, after writing: %+v, want %+v", got, want)
		}
		if err := snap.Close(); err != nil {
			t.Error(err)
		}
		await(t, "the point in time to close", func() bool { return contexts(t, url, d.Index) == 0 })
		if got := look(t, src, rel); got.counted != 101 {
			t.Errorf("the source after the snapshot is closed: %+v", got)
		}
	})
}

// TestSnapshotOutlivesItsRequests: a stream cut short, a refused request and a missing index leave the snapshot as it was.
func TestSnapshotOutlivesItsRequests(t *testing.T) {
	servers(t, func(t *testing.T, url string, _ connectortest.Engine) {
		src := open(t, url)
		defer func() { _ = src.Close() }()
		d := connectortest.LoadElasticsearch(t, url, connectortest.BulkTable(5000))
		rel := connectortest.Relation(t, src, d)
		taken, ok := src.(connectors.Snapshotter)
		if !ok {
			t.Fatal("no Snapshotter")
		}
		snap, err := taken.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = snap.Close() }()
		q := query.Select{From: rel, Columns: connectortest.Cols(t, rel, "id")}
		ctx, cancel := context.WithCancel(t.Context())
		rows, err := snap.Select(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := rows.Next(ctx); err != nil {
			t.Fatal(err)
		}
		cancel()
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
		remove(t, url, d.Index, 4000)
		gone := rel
		gone.Dataset.Index = "assay_es_no_such_index"
		_, err = snap.Aggregate(t.Context(), query.Aggregate{From: gone, Measures: []query.Measure{{Kind: query.MeasureCount}}})
		if connectors.KindOf(err) != connectors.NotFound {
			t.Errorf("a missing index: %v, want the kind NotFound", err)
		}
		if n := len(connectortest.ReadAll(t, snap, q, 0)); n != 5000 {
			t.Errorf("the snapshot reads %d rows, want 5,000", n)
		}
		if _, err := snap.Describe(t.Context(), d); err != nil {
			t.Error(err)
		}
	})
}

// TestSnapshotCancelledBeforeItOpens keeps a cancelled context's error.
func TestSnapshotCancelledBeforeItOpens(t *testing.T) {
	url := connectortest.Elasticsearch(t)
	src := open(t, url)
	defer func() { _ = src.Close() }()
	rel := connectortest.Relation(t, src, connectortest.LoadElasticsearch(t, url, connectortest.BulkTable(3)))
	snap, err := src.(connectors.Snapshotter).Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = snap.Close() }()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	q := query.Aggregate{From: rel, Measures: []query.Measure{{Kind: query.MeasureCount}}}
	if _, err := snap.Aggregate(ctx, q); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := snap.Aggregate(t.Context(), q); err != nil {
		t.Errorf("after a cancelled one: %v", err)
	}
}

// TestSnapshotStatements: what explain shows of a snapshot names its point in time everywhere and opens no other.
func TestSnapshotStatements(t *testing.T) {
	url := connectortest.Elasticsearch(t)
	src := open(t, url)
	defer func() { _ = src.Close() }()
	rel := connectortest.Relation(t, src, connectortest.LoadElasticsearch(t, url, connectortest.BulkTable(3)))
	snap, err := src.(connectors.Snapshotter).Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = snap.Close() }()
	id := connectortest.Cols(t, rel, "id")
	few := query.Branch{Where: call(query.OpGe, id[0], integer(0)), Limit: 9}
	for _, r := range []query.Request{
		query.Aggregate{From: rel, Measures: []query.Measure{{Kind: query.MeasureCount}}},
		query.Select{From: rel, Columns: id},
		query.Select{From: rel, Columns: id, Branches: []query.Branch{few}},
		query.Select{From: rel, Columns: id, Branches: []query.Branch{few, few}},
		&query.UniqueCheck{From: rel, Columns: id},
	} {
		list, err := snap.(connectors.Explainer).Statements(r)
		if err != nil || len(list) == 0 {
			t.Errorf("%T: %d statements, %v", r, len(list), err)
		}
		for _, s := range list {
			if !strings.Contains(s.Text, `"pit":{`) || strings.Contains(s.Text, rel.Dataset.Index) || strings.Contains(s.Text, "/_pit") {
				t.Errorf("%T: not in the point in time: %s", r, s.Text)
			}
		}
	}
}
