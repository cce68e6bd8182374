package connectortest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// patience bounds what must happen promptly.
const patience = 10 * time.Second

// hostile loads the hostile table, fitted to the engine.
func (h *Harness) hostile(t *testing.T) (Table, query.Dataset) {
	t.Helper()
	tb := Fit(HostileTable(), h.Engine)
	return tb, h.Load(t, tb)
}

// ordinary loads the hostile table without the rows that hold cells in error.
func (h *Harness) ordinary(t *testing.T) (Table, query.Dataset) {
	t.Helper()
	tb := Fit(HostileTable(), h.Engine)
	tb.Rows = slices.DeleteFunc(tb.Rows, func(r []Cell) bool { return slices.ContainsFunc(r, Cell.Err) })
	return tb, h.Load(t, tb)
}

// BulkTable returns n rows of plain values: id from 0, s a text, d a double with a null in every seventh row.
func BulkTable(n int) Table {
	tb := Table{Name: "bulk", Key: []string{"id"}, Columns: []Column{
		{Name: "id", Type: value.Of(value.Int), NotNull: true}, {Name: "s", Type: value.Of(value.String)}, {Name: "d", Type: value.Of(value.Double)},
	}}
	for i := range n {
		d := Cell{Value: value.DoubleValue(float64(i) / 8)}
		if i%7 == 0 {
			d = Cell{}
		}
		tb.Rows = append(tb.Rows, []Cell{{Value: value.IntValue(int64(i))}, {Value: value.StringValue("row " + value.IntValue(int64(i*7919%n)).Text())}, d})
	}
	return tb
}

// ReadAll reads a Select to its end and returns its rows; batches must be non-empty and at most max rows (0: any).
func ReadAll(t testing.TB, src connectors.Source, q query.Select, limit int) [][]Cell {
	t.Helper()
	rows, err := src.Select(t.Context(), q)
	if err != nil {
		t.Fatalf("select: %v", err)
	}
	defer func() {
		if err := rows.Close(); err != nil {
			t.Errorf("close rows: %v", err)
		}
	}()
	var out [][]Cell
	for {
		b, err := rows.Next(t.Context())
		if err != nil {
			t.Fatalf("next: %v", err)
		}
		if b == nil {
			return out
		}
		out = append(out, batchRows(t, b, limit)...)
	}
}

// batchRows copies the rows of a batch after checking its shape.
func batchRows(t testing.TB, b *value.Batch, limit int) [][]Cell {
	t.Helper()
	if b.N == 0 || limit > 0 && b.N > limit {
		t.Fatalf("a batch of %d rows where at most %d were asked for", b.N, limit)
	}
	out := make([][]Cell, b.N)
	for c := range b.Cols {
		if b.Cols[c].N != b.N {
			t.Fatalf("column %d has %d rows in a batch of %d", c, b.Cols[c].N, b.N)
		}
		for r := range out {
			out[r] = append(out[r], At(&b.Cols[c], r))
		}
	}
	return out
}

func (h *Harness) describe(t *testing.T) {
	src := h.open(t)
	tb, d := h.hostile(t)
	rel := Relation(t, src, d)
	for i, c := range tb.Columns {
		got, at := rel.Schema.Column(c.Name)
		if at < 0 {
			t.Errorf("column %s is not described", c.Name)
			continue
		}
		if !got.Type.Equal(c.Type) {
			t.Errorf("column %s (%s) is described as %s, want %s", c.Name, got.Native, got.Type, c.Type)
		}
		if got.Unusable != "" {
			t.Errorf("column %s (%s) is unusable: %s", c.Name, got.Native, got.Unusable)
		}
		if got.NotNull && !c.NotNull {
			t.Errorf("column %s holds nulls and is described as NOT NULL", c.Name)
		}
		if !got.MayErr && slices.ContainsFunc(tb.Rows, func(r []Cell) bool { return r[i].Err() }) {
			t.Errorf("column %s (%s) holds values outside its type; MayErr is false", c.Name, got.Native)
		}
	}
	for _, name := range h.Extra {
		if _, at := rel.Schema.Column(name); at < 0 {
			t.Errorf("column %s is not described", name)
		}
	}
	if want := len(tb.Columns) + len(h.Extra); len(rel.Schema.Columns) != want {
		t.Errorf("%d columns are described, want %d", len(rel.Schema.Columns), want)
	}
}

func (h *Harness) selects(t *testing.T) {
	src := h.open(t)
	tb, d := h.hostile(t)
	rel := Relation(t, src, d)
	t.Run("hostile values", func(t *testing.T) {
		const batch = 10
		got := ReadAll(t, src, query.Select{From: rel, Columns: Cols(t, rel, tb.Names()...), BatchRows: batch}, batch)
		sameRows(t, tb, tb.Names(), tb.Rows, got)
	})
	t.Run("some columns, in another order", func(t *testing.T) {
		names := []string{"s", "id", "i"}
		got := ReadAll(t, src, query.Select{From: rel, Columns: Cols(t, rel, names...)}, 0)
		var want [][]Cell
		for r := range tb.Rows {
			want = append(want, tb.cells(r, names))
		}
		sameRows(t, tb, names, want, got)
	})
	if h.Engine != EngineElasticsearch && h.Engine != EngineOpenSearch {
		t.Run("large value", func(t *testing.T) { h.largeValue(t, src) })
	}
	if tb.Index("lt") >= 0 && h.Engine != EngineMemory { // a table in memory is of the types it is given
		t.Run("naive timestamps in a zone", func(t *testing.T) { zoned(t, src, tb, d) })
	}
	t.Run("no row", func(t *testing.T) {
		empty := tb
		empty.Rows = nil
		r := Relation(t, src, h.Load(t, empty))
		if got := ReadAll(t, src, query.Select{From: r, Columns: Cols(t, r, tb.Names()...)}, 0); len(got) != 0 {
			t.Errorf("%d rows of an empty dataset", len(got))
		}
	})
	t.Run("one row of nulls", func(t *testing.T) {
		one := tb
		one.Rows = tb.Rows[:1]
		r := Relation(t, src, h.Load(t, one))
		sameRows(t, one, tb.Names(), one.Rows, ReadAll(t, src, query.Select{From: r, Columns: Cols(t, r, tb.Names()...)}, 0))
	})
}

// sameRows compares rows by their id column, in any order.
func sameRows(t testing.TB, tb Table, names []string, want, got [][]Cell) {
	t.Helper()
	id := slices.Index(names, "id")
	byID := map[int64][]Cell{}
	for _, r := range got {
		if _, twice := byID[r[id].Int()]; twice {
			t.Errorf("row %d comes twice", r[id].Int())
		}
		byID[r[id].Int()] = r
	}
	if len(got) != len(want) {
		t.Errorf("%s: %d rows, want %d", tb.Name, len(got), len(want))
	}
	for _, w := range want {
		g, ok := byID[w[id].Int()]
		if !ok {
			t.Errorf("row %d is missing", w[id].Int())
			continue
		}
		for i, n := range names {
			if !Same(g[i], w[i]) {
				t.Errorf("row %d, column %s: got %s, want %s", w[id].Int(), n, g[i], w[i])
			}
		}
	}
}

func (h *Harness) order(t *testing.T) {
	src := h.open(t)
	if !src.Caps().KeyOrder {
		return
	}
	tb, d := h.ordinary(t)
	rel := Relation(t, src, d)
	for _, key := range [][]string{
		{"id"}, {"i", "id"}, {"s", "id"}, {"f", "id"}, {"dec", "id"}, {"ts", "id"}, {"lt", "id"}, {"by", "id"}, {"u", "id"}, {"b", "k", "id"}, {"id4", "id"}, {"c", "id"}, {"tod", "id"},
	} {
		if !tb.has(key) {
			continue
		}
		t.Run(key[0], func(t *testing.T) {
			want := slices.Clone(tb.Rows)
			slices.SortStableFunc(want, func(a, b []Cell) int { return tb.compareKeys(a, b, key) })
			r := rel
			r.Dataset.Key = key
			q := query.Select{From: r, Columns: Cols(t, r, tb.Names()...), OrderByKey: true, BatchRows: 7}
			if !h.accepts(t, "order by "+key[0], refusedOrder(t, src, q)) {
				return
			}
			got := ReadAll(t, src, q, 7)
			if len(got) != len(want) {
				t.Fatalf("%d rows, want %d", len(got), len(want))
			}
			id, first := tb.Index("id"), tb.Index(key[0])
			for i := range want {
				if g, w := got[i][id].Int(), want[i][id].Int(); g != w {
					t.Fatalf("position %d: row %d (%s), want row %d (%s)", i, g, got[i][first], w, want[i][first])
				}
			}
		})
	}
}

// refusedOrder returns the refusal with which Select answers an order that the source cannot give for the key's types.
func refusedOrder(t *testing.T, src connectors.Source, q query.Select) *query.Refusal {
	t.Helper()
	rows, err := src.Select(t.Context(), q)
	if err == nil {
		_ = rows.Close()
	}
	var r *query.Refusal
	errors.As(err, &r)
	return r
}

// within fails the test when f takes longer than patience.
func within(t testing.TB, what string, f func(ctx context.Context)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	began := time.Now()
	f(ctx)
	if d := time.Since(began); d >= patience {
		t.Errorf("%s took %v", what, d)
	}
}

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
