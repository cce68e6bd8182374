package connectortest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// sampleRows is the number of rows of the tables that are drawn from.
const sampleRows = 2000

// samples checks the connector's Sampler, and those of Harness.Samplers, where it is one.
func (h *Harness) samples(t *testing.T) {
	src := h.open(t)
	own, ok := src.(connectors.Sampler)
	if !ok {
		return
	}
	all := map[string]connectors.Sampler{"planned": own}
	for name, of := range h.Samplers {
		all[name] = of(t, src)
	}
	gaps, skewed, texts := gappyTable(), skewedTable(), textKeyTable()
	tables := map[string]query.Relation{}
	for _, tb := range []Table{gaps, skewed, texts} {
		tables[tb.Name] = Relation(t, src, h.Load(t, tb))
	}
	empty := gappyTable()
	empty.Rows = nil
	none := Relation(t, src, h.Load(t, empty))
	hostile, d := h.hostile(t)
	odd := Relation(t, src, d)
	for name, s := range all {
		t.Run(name, func(t *testing.T) {
			c := sampling{src: src, sampler: s, tb: gaps, rel: tables[gaps.Name]}
			t.Run("repeats", c.repeats)
			t.Run("whole", c.whole)
			t.Run("where", c.where)
			t.Run("shape", c.shape)
			t.Run("ends", c.ends)
			t.Run("empty", func(t *testing.T) { c.empty(t, none) })
			t.Run("values", func(t *testing.T) { c.values(t, hostile, odd) })
			for what, rel := range tables {
				t.Run("uniform "+what, func(t *testing.T) {
					r := CheckUniform(t, SampleSubject{Source: src, Sampler: s, Relation: rel, Key: "id"})
					t.Logf("%+v", r)
				})
			}
			t.Run("uniform half", func(t *testing.T) {
				CheckUniform(t, SampleSubject{Source: src, Sampler: s, Relation: c.rel, Key: "id", N: sampleRows / 2, Seeds: 30})
			})
			if where := c.condition(t, query.OpGe, gaps.Rows[sampleRows/4][0].Int()); where != nil {
				t.Run("uniform where", func(t *testing.T) {
					CheckUniform(t, SampleSubject{Source: src, Sampler: s, Relation: c.rel, Key: "id", Where: where, Seeds: 60})
				})
			}
		})
	}
	if h.OpenWith != nil {
		t.Run("early close frees the connection", func(t *testing.T) { h.earlySample(t, tables[gaps.Name]) })
	}
}

// keyed returns a table of rows with the given ids, in an order that is not theirs.
func keyed(name string, id func(i int) int64) Table {
	tb := Table{Name: name, Key: []string{"id"}, Columns: []Column{
		{Name: "id", Type: value.Of(value.Int), NotNull: true},
		{Name: "s", Type: value.Of(value.String), NotNull: true, Native: map[Engine]string{EngineMySQL: "varchar(40)", EngineMariaDB: "varchar(40)"}},
		{Name: "d", Type: value.Of(value.Double)},
	}}
	for i := range sampleRows {
		n := i * 1237 % sampleRows                                                                                                                                                          // coprime to the number of rows
		tb.Rows = append(tb.Rows, []Cell{{Value: value.IntValue(id(n))}, {Value: value.StringValue(fmt.Sprintf("k%x", uint32(n)*2654435761))}, {Value: value.DoubleValue(float64(n) / 8)}}) // #nosec G115 -- small
	}
	return tb
}

// gappyTable has a gap behind every fourth key and a wide one in the middle.
func gappyTable() Table {
	return keyed("sample_gaps", func(i int) int64 { return int64(i+i/4*3) + int64(i/(sampleRows/2))*5000 })
}

// skewedTable has half of its keys one behind the other and the others ever farther apart.
func skewedTable() Table {
	return keyed("sample_skewed", func(i int) int64 {
		if i < sampleRows/2 {
			return int64(i) - 100
		}
		d := int64(i - sampleRows/2 + 1)
		return sampleRows + d*d*50
	})
}

// textKeyTable has a text for its key.
func textKeyTable() Table {
	tb := keyed("sample_texts", func(i int) int64 { return int64(i) })
	tb.Key = []string{"s"}
	return tb
}

// sampling is a sampler and a table to draw from.
type sampling struct {
	src     connectors.Source
	sampler connectors.Sampler
	tb      Table
	rel     query.Relation
}

func (c *sampling) query(t *testing.T, n int, seed uint64, names ...string) query.Sample {
	t.Helper()
	return query.Sample{From: c.rel, Columns: Cols(t, c.rel, names...), N: n, Seed: seed}
}

// condition compares the id with a number; nil where the source evaluates nothing of the kind.
func (c *sampling) condition(t *testing.T, op query.Op, n int64) query.Expr {
	t.Helper()
	e := test(op, Col(t, c.rel, "id"), number(n))
	if c.src.Caps().Expr(c.rel, e) != nil {
		return nil
	}
	return e
}

func idsOf(rows [][]Cell) []int64 {
	out := make([]int64, len(rows))
	for i, r := range rows {
		out[i] = r[0].Int()
	}
	return out
}

func (c *sampling) repeats(t *testing.T) {
	var first []int64
	for _, seed := range []uint64{7, 7, 8, 1 << 63, 0} {
		d := Draw(t, c.sampler, c.query(t, 50, seed, "id"))
		got := idsOf(d.Rows)
		switch {
		case len(got) != 50:
			t.Fatalf("%d rows, want 50 (%s)", len(got), d.End.Reason)
		case first == nil:
			first = got
		case seed == 7 && !slices.Equal(got, first):
			t.Errorf("the same seed draws %v, then %v", first, got)
		case seed != 7 && slices.Equal(got, first):
			t.Errorf("seeds 7 and %d draw the same rows", seed)
		}
		if d.Design.Method == "" || d.Design.Reason == "" || d.End.Looked < 50 || d.End.Statements < 0 {
			t.Errorf("the design says %+v, then %+v", d.Design, d.End)
		}
		plan, err := c.sampler.PlanSample(t.Context(), c.query(t, 50, seed, "id"))
		if err != nil || plan.Method != d.Design.Method || plan.Weighted != d.Design.Weighted || plan.Replacement != d.Design.Replacement || plan.Linear != d.Design.Linear {
			t.Errorf("planned %+v (%v), drawn %+v", plan, err, d.Design)
		}
	}
}

// whole asks for as many rows as there are, one fewer, and more.
func (c *sampling) whole(t *testing.T) {
	for _, n := range []int{sampleRows, sampleRows + 1, 20 * sampleRows} {
		d := Draw(t, c.sampler, c.query(t, n, 3, c.tb.Names()...))
		sameRows(t, c.tb, c.tb.Names(), c.tb.Rows, d.Rows)
		// Who has found as many as were wanted need not know that there are no more.
		if d.End.Weighted || d.End.RowsExact && d.End.Rows != sampleRows || n > sampleRows && !d.End.RowsExact {
			t.Errorf("all %d rows came, and the design says %+v", sampleRows, d.End)
		}
	}
	d := Draw(t, c.sampler, c.query(t, sampleRows-1, 3, "id"))
	if len(d.Rows) != sampleRows-1 {
		t.Errorf("%d rows, want %d (%s)", len(d.Rows), sampleRows-1, d.End.Reason)
	}
}

func (c *sampling) where(t *testing.T) {
	ids := make([]int64, len(c.tb.Rows))
	for i, r := range c.tb.Rows {
		ids[i] = r[0].Int()
	}
	slices.Sort(ids)
	for _, left := range []int{sampleRows / 2, 60, 1, 0} {
		from := ids[sampleRows-1] + 1
		if left > 0 {
			from = ids[sampleRows-left]
		}
		q := c.query(t, 40, 5, "id", "s")
		if q.Where = c.condition(t, query.OpGe, from); q.Where == nil {
			var r *query.Refusal
			q.Where = test(query.OpGe, Col(t, c.rel, "id"), number(from))
			if _, err := c.sampler.Sample(t.Context(), q); !errors.As(err, &r) {
				t.Errorf("a condition that Caps refuse: %v", err)
			}
			return
		}
		d := Draw(t, c.sampler, q)
		got := idsOf(d.Rows)
		slices.Sort(got)
		if len(got) != min(40, left) {
			t.Errorf("%d rows of %d (%s)", len(got), left, d.End.Reason)
		}
		if n := len(got); n > 0 && got[0] < from || !d.Design.Replacement && len(slices.Compact(got)) != n {
			t.Errorf("rows %v, want different ones from %d on", got, from)
		}
		if left < 40 && (d.End.Rows != int64(left) || !d.End.RowsExact) {
			t.Errorf("all %d rows came, and the design says %+v", left, d.End)
		}
	}
}

// shape asks for no column, for columns in another order, and for small batches.
func (c *sampling) shape(t *testing.T) {
	q := c.query(t, 33, 9)
	if d := Draw(t, c.sampler, q); len(d.Rows) != 33 {
		t.Errorf("%d rows without a column, want 33", len(d.Rows))
	}
	byID := map[int64][]Cell{}
	for _, r := range c.tb.Rows {
		byID[r[0].Int()] = r
	}
	q = c.query(t, 33, 9, "d", "id", "s")
	q.BatchRows = 10
	d := Draw(t, c.sampler, q)
	if len(d.Rows) != 33 {
		t.Errorf("%d rows in batches of 10, want 33", len(d.Rows))
	}
	for _, r := range d.Rows {
		if want := byID[r[1].Int()]; want == nil || !Same(want[2], r[0]) || !Same(want[1], r[2]) {
			t.Errorf("row %v, want %v", r, want)
		}
	}
	q.N = 0
	if rows, err := c.sampler.Sample(t.Context(), q); err == nil {
		_ = rows.Close()
		t.Error("a sample of no rows is begun")
	}
}

// ends closes early and cancels.
func (c *sampling) ends(t *testing.T) {
	q := c.query(t, 500, 1, "id")
	q.BatchRows = 10
	within(t, "abandoning samples", func(ctx context.Context) {
		for range 5 {
			rows, err := c.sampler.Sample(ctx, q)
			if err != nil {
				t.Fatal(err)
			}
			if b, err := rows.Next(ctx); err != nil || b == nil {
				t.Fatalf("first batch: %v, %v", b, err)
			}
			if err := errors.Join(rows.Close(), rows.Close()); err != nil {
				t.Errorf("close: %v", err)
			}
		}
		ctx, cancel := context.WithCancel(ctx)
		rows, err := c.sampler.Sample(ctx, q)
		if err != nil {
			cancel()
			t.Fatal(err)
		}
		_, err = rows.Next(ctx)
		cancel()
		for err == nil {
			var b *value.Batch
			if b, err = rows.Next(ctx); err == nil && b == nil {
				t.Error("a cancelled sample of several batches ended as if it were complete")
				break
			}
		}
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("error of a cancelled sample: %v", err)
		}
		_ = rows.Close()
		if rows, err = c.sampler.Sample(ctx, q); err == nil {
			_, err = rows.Next(ctx)
			_ = rows.Close()
		}
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error of a sample whose context is over: %v", err)
		}
	})
	d := Draw(t, c.sampler, q)
	if len(d.Rows) != q.N {
		t.Errorf("%d rows after a cancelled sample, want %d", len(d.Rows), q.N)
	}
	rows, err := c.sampler.Sample(t.Context(), c.query(t, 3, 1, "id"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for {
		if b, err := rows.Next(t.Context()); err != nil || b == nil {
			break
		}
	}
	if b, err := rows.Next(t.Context()); b != nil || err != nil {
		t.Errorf("after the end: %v, %v", b, err)
	}
}

func (c *sampling) empty(t *testing.T, none query.Relation) {
	q := query.Sample{From: none, Columns: Cols(t, none, "id"), N: 10, Seed: 1}
	d := Draw(t, c.sampler, q)
	if len(d.Rows) != 0 || d.End.Rows != 0 || !d.End.RowsExact {
		t.Errorf("%d rows of an empty table, and the design says %+v", len(d.Rows), d.End)
	}
}

// values reads every type by way of samples.
func (c *sampling) values(t *testing.T, tb Table, rel query.Relation) {
	all := Draw(t, c.sampler, query.Sample{From: rel, Columns: Cols(t, rel, tb.Names()...), N: len(tb.Rows), Seed: 1, BatchRows: 10})
	sameRows(t, tb, tb.Names(), tb.Rows, all.Rows)
	some := Draw(t, c.sampler, query.Sample{From: rel, Columns: Cols(t, rel, tb.Names()...), N: len(tb.Rows) / 3, Seed: 1})
	id := tb.Index("id")
	var want [][]Cell
	for _, r := range some.Rows {
		want = append(want, tb.Rows[r[id].Int()])
	}
	if !some.Design.Replacement {
		sameRows(t, tb, tb.Names(), want, some.Rows)
	}
}

// earlySample abandons samples on a source of one connection: a leak would block the next.
func (h *Harness) earlySample(t *testing.T, rel query.Relation) {
	src := h.OpenWith(t, 0, 1)
	defer func() { _ = src.Close() }()
	s, ok := src.(connectors.Sampler)
	if !ok {
		t.Fatalf("%T is no Sampler", src)
	}
	c := sampling{src: src, sampler: s, rel: rel}
	within(t, "abandoning samples one after another", func(ctx context.Context) {
		for i := range 5 {
			q := c.query(t, 500, 1, "id")
			q.BatchRows = 10
			rows, err := s.Sample(ctx, q)
			if err != nil {
				t.Fatalf("sample: %v", err)
			}
			for range i {
				if _, err := rows.Next(ctx); err != nil {
					t.Fatalf("next: %v", err)
				}
			}
			if err := rows.Close(); err != nil {
				t.Fatalf("close: %v", err)
			}
			if b, err := rows.Next(ctx); b != nil && err == nil && i == 0 {
				t.Error("a closed sample yields rows")
			}
		}
	})
}
