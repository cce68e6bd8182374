package elasticsearch_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// TestSample draws more than a page holds, within a snapshot and from data that the index cannot filter.
func TestSample(t *testing.T) {
	servers(t, func(t *testing.T, url string, engine connectortest.Engine) {
		const docs = 12_500
		text := make([]string, docs)
		for i := range text {
			text[i] = fmt.Sprintf(`{"id":%d,"k":"a%d"}`, i, i%4)
		}
		index := makeIndex(t, url, `{"properties":{"id":{"type":"integer"},"k":{"type":"keyword"}}}`, text...)
		src := open(t, url)
		defer func() { _ = src.Close() }()
		s, ok := src.(connectors.Sampler)
		if !ok {
			t.Fatalf("%T is no Sampler", src)
		}
		rel := connectortest.Relation(t, src, query.Dataset{Name: "d", Index: index})
		q := query.Sample{From: rel, Columns: connectortest.Cols(t, rel, "id", "_id", "k"), N: 11_500, Seed: 4}
		d := connectortest.Draw(t, s, q)
		ids := drawn(d)
		if len(d.Rows) != q.N || len(slices.Compact(slices.Sorted(slices.Values(ids)))) != q.N || d.End.Method != query.SampleRandomScore || !d.End.Linear {
			t.Errorf("%d rows, %+v", len(d.Rows), d.End)
		}
		// a first page, one of the most a page may hold, and the rest
		if pages := int64(d.End.Statements - 2); pages < 2 || d.End.Looked != pages*docs || d.End.Rows != docs || !d.End.RowsExact {
			t.Errorf("%+v", d.End)
		}
		for _, r := range d.Rows {
			if id := fmt.Sprint(r[0].Int()); r[1].Str() != id || r[2].Str() != fmt.Sprintf("a%d", r[0].Int()%4) {
				t.Fatalf("row %v", r)
			}
		}
		snapshotter, ok := src.(connectors.Snapshotter)
		if !ok {
			t.Fatalf("%T is no Snapshotter", src)
		}
		snap, err := snapshotter.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = snap.Close() }()
		in, ok := snap.(connectors.Sampler)
		if !ok {
			t.Fatalf("%T is no Sampler", snap)
		}
		q.N = 300
		first := drawn(connectortest.Draw(t, in, q))
		if !slices.Equal(first, ids[:300]) {
			t.Error("fewer rows of one seed are not the first of more")
		}
		remove(t, url, index, 12_000)
		if !slices.Equal(drawn(connectortest.Draw(t, in, q)), first) {
			t.Error("a snapshot draws other rows when the index has changed")
		}
		q.N = 600
		if d := connectortest.Draw(t, s, q); len(d.Rows) != 500 || d.End.Method != query.SampleAll || d.End.Rows != 500 {
			t.Errorf("%d rows of 500, %+v", len(d.Rows), d.End)
		}
		if engine == connectortest.EngineElasticsearch {
			ignored(t, url, src, s)
		}
	})
}

// drawn are the ids of a sample in the order drawn.
func drawn(d connectortest.Drawn) []int64 {
	out := make([]int64, len(d.Rows))
	for i, r := range d.Rows {
		out[i] = r[0].Int()
	}
	return out
}

// ignored draws by a condition on a field that the index ignored values of: all rows are read and filtered here.
func ignored(t *testing.T, url string, src connectors.Source, s connectors.Sampler) {
	t.Helper()
	text := make([]string, 1000)
	for i := range text {
		text[i] = fmt.Sprintf(`{"id":%d,"k":%q}`, i, strings.Repeat("x", 1+i%8))
	}
	index := makeIndex(t, url, `{"properties":{"id":{"type":"integer"},"k":{"type":"keyword","ignore_above":5}}}`, text...)
	rel := connectortest.Relation(t, src, query.Dataset{Name: "d", Index: index})
	where := call(query.OpEq, connectortest.Col(t, rel, "k"), lit(value.StringValue("xxxxxxx")))
	q := query.Sample{From: rel, Columns: connectortest.Cols(t, rel, "id", "k"), Where: where, N: 50, Seed: 4}
	for _, n := range []int{50, 200} {
		q.N = n
		d := connectortest.Draw(t, s, q)
		if len(d.Rows) != min(n, 125) || d.End.Rows != 125 || !d.End.Linear || !strings.Contains(d.Design.Reason, "all rows are read and filtered here") {
			t.Errorf("%d rows, %+v", len(d.Rows), d.End)
		}
		for _, r := range d.Rows {
			if r[0].Int()%8 != 6 || r[1].Str() != "xxxxxxx" {
				t.Errorf("row %v", r)
			}
		}
	}
	connectortest.CheckUniform(t, connectortest.SampleSubject{Source: src, Sampler: s, Relation: rel, Key: "id", Where: where, Seeds: connectortest.Seeds(10)})
}
