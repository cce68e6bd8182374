package connectortest

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// largeText is longer than any buffer a connector starts with.
const largeText = 1 << 20

// largeValue reads a text of 1 MiB between short ones. Elasticsearch cannot index one as a keyword.
func (h *Harness) largeValue(t *testing.T, src connectors.Source) {
	t.Helper()
	tb := BulkTable(3)
	tb.Name = "large"
	tb.Columns[1].Native = map[Engine]string{EngineMySQL: "longtext"}
	tb.Rows[1][1] = Cell{Value: value.StringValue(strings.Repeat("0123456é", largeText/9))}
	rel := Relation(t, src, h.Load(t, tb))
	sameRows(t, tb, tb.Names(), tb.Rows, ReadAll(t, src, query.Select{From: rel, Columns: Cols(t, rel, tb.Names()...)}, 0))
}

// zoned reads naive timestamps as the wall clock of a declared zone. Tokyo has had no summer
// time since 1951, so that from 1970 on every wall clock is one instant.
func zoned(t *testing.T, src connectors.Source, tb Table, d query.Dataset) {
	t.Helper()
	d.Timezone = "Asia/Tokyo"
	rel := Relation(t, src, d)
	col := Col(t, rel, "lt")
	if col.Col.Type.Kind != value.Timestamp || col.Col.Zone != d.Timezone {
		t.Fatalf("a naive timestamp of a dataset in %s is a %s in zone %q", d.Timezone, col.Col.Type, col.Col.Zone)
	}
	loc, err := time.LoadLocation(d.Timezone)
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, r := range ReadAll(t, src, query.Select{From: rel, Columns: Cols(t, rel, "id", "lt")}, 0) {
		want := tb.Cell(int(r[0].Int()), "lt")
		if !want.IsNull() && !want.Err() {
			w := want.Time()
			if w.Year() < 1970 {
				continue
			}
			compared++
			want = Cell{Value: value.TimestampValue(time.Date(w.Year(), w.Month(), w.Day(), w.Hour(), w.Minute(), w.Second(), w.Nanosecond(), loc))}
		}
		if !Same(r[1], want) {
			t.Errorf("row %d: got %s, want %s", r[0].Int(), r[1], want)
		}
	}
	if compared < 10 {
		t.Errorf("%d timestamps were compared", compared)
	}
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
