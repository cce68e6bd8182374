package sqlite_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/query/eval"
	"github.com/assay-dev/assay/connectors/value"
)

// hostile is the hostile table in a file, and in memory as the source itself reads it.
type hostile struct {
	src  connectors.Source
	rel  query.Relation
	cols []*query.Column // usable ones
	data *value.Batch
}

func loadHostile(t *testing.T) hostile {
	t.Helper()
	path := filepath.Join(t.TempDir(), "hostile.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	tb := connectortest.Fit(connectortest.HostileTable(), connectortest.EngineSQLite)
	d := connectortest.LoadSQLite(t, path, tb)
	h := hostile{src: open(t, path, 0, 0)}
	t.Cleanup(func() { _ = h.src.Close() })
	h.rel = connectortest.Relation(t, h.src, d)
	for i, c := range h.rel.Schema.Columns {
		if c.Unusable == "" {
			h.cols = append(h.cols, &query.Column{Index: i, Col: c})
		}
	}
	rows, err := h.src.Select(t.Context(), query.Select{From: h.rel, Columns: h.cols, OrderByKey: true, BatchRows: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	b, err := rows.Next(t.Context())
	if err != nil || b == nil {
		t.Fatalf("no rows: %v", err)
	}
	h.data = b.Clone()
	return h
}

func (h *hostile) generator(seed uint64) *generator {
	g := &generator{r: rand.New(rand.NewPCG(seed, 7)), cols: map[value.Kind][]*query.Column{}}
	for _, c := range h.cols {
		g.cols[c.Col.Type.Kind] = append(g.cols[c.Col.Type.Kind], c)
	}
	return g
}

// ids returns the ids of the rows for which each expression is true, by SQLite.
func (h *hostile) ids(t *testing.T, es ...query.Expr) []map[int64]bool {
	t.Helper()
	q := query.Select{From: h.rel, Columns: h.cols[:1]}
	for _, e := range es {
		q.Branches = append(q.Branches, query.Branch{Where: e})
	}
	rows, err := h.src.Select(t.Context(), q)
	if err != nil {
		t.Fatalf("%s: %v", query.String(es[0]), err)
	}
	defer func() { _ = rows.Close() }()
	out := make([]map[int64]bool, len(es))
	for i := range out {
		out[i] = map[int64]bool{}
	}
	for {
		b, err := rows.Next(t.Context())
		if err != nil {
			t.Fatalf("%s: %v", query.String(es[0]), err)
		}
		if b == nil {
			return out
		}
		for r := range b.N {
			out[b.Cols[1].Ints[r]][b.Cols[0].Ints[r]] = true
		}
	}
}

// count is the number of random expressions, more with ASSAY_TEST_FUZZ.
func count(t *testing.T, n int) int {
	t.Helper()
	if s := os.Getenv("ASSAY_TEST_FUZZ"); s != "" {
		k, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	return n
}

// TestRowsAgree compares the three outcomes of random expressions, row by row, with the evaluator's.
func TestRowsAgree(t *testing.T) {
	h := loadHostile(t)
	const seed = 20240505
	g := h.generator(seed)
	taken, refused, mixed, bad := 0, map[string]int{}, 0, 0
	for range count(t, 500) {
		e := g.expr(value.Bool, 1+g.r.IntN(4))
		prog, err := eval.Compile([]query.Expr{e}, h.cols)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if r := h.src.Caps().Expr(h.rel, e); r != nil {
			refused[r.Reason]++
			continue
		}
		taken++
		truth, err := prog.RunTruth(h.data)
		if err != nil {
			t.Fatal(err)
		}
		got := h.ids(t, e, call(query.OpNot, value.Bool, e), call(query.OpIsUndecided, value.Bool, e), call(query.OpEq, value.Bool, call(query.OpIsTrue, value.Bool, e), lit(value.BoolValue(true))))
		kinds := map[int]bool{}
		for r := range h.data.N {
			id := h.data.Cols[0].Ints[r]
			want := 1
			switch {
			case truth[0].Undecided.Get(r):
				want = 2
			case truth[0].True.Get(r):
				want = 0
			}
			kinds[want] = true
			have := []bool{got[0][id], got[1][id], got[2][id]}
			if !have[want] || have[(want+1)%3] || have[(want+2)%3] || got[3][id] != (want == 0) {
				bad++
				row := map[string]string{}
				for i, c := range h.cols {
					for _, used := range query.Columns(e) {
						if used.Index == c.Index {
							row[c.Col.Name] = connectortest.At(&h.data.Cols[i], r).String()
						}
					}
				}
				st, _ := h.src.(connectors.Explainer).Statements(query.Select{From: h.rel, Branches: []query.Branch{{Where: e}}})
				t.Errorf("row %d %v of\n%s\nsays true, false, undecided = %v %v, the evaluator %d\n%s %q", id, row, query.String(e), have, got[3][id], want, st[0].Text, st[0].Args)
				break
			}
		}
		if len(kinds) > 1 {
			mixed++
		}
		if bad > 10 {
			t.Fatal("too many")
		}
	}
	// Expressions that say the same of every row prove little.
	t.Logf("%d taken, %d of them with more than one outcome, refused: %v", taken, mixed, refused)
	if mixed*4 < taken || taken == 0 {
		t.Errorf("only %d of %d expressions have more than one outcome", mixed, taken)
	}
	if len(refused) > 0 {
		t.Errorf("refused: %v", refused)
	}
}

// TestMeasuresAgree compares random measures, many in one statement, with the local aggregator.
func TestMeasuresAgree(t *testing.T) {
	h := loadHostile(t)
	const seed = 42
	g := h.generator(seed)
	for round := range count(t, 60) {
		q := query.Aggregate{From: h.rel}
		if round%3 == 1 {
			q.GroupBy = []query.Expr{g.leaf(g.pick(value.Bool, value.Int, value.String, value.Decimal, value.Timestamp))}
		}
		for range 1 + g.r.IntN(8) {
			m := h.measure(g)
			if r := h.src.Caps().Measure(h.rel, m); r != nil {
				t.Fatalf("refused: %s", r.Reason)
			}
			q.Measures = append(q.Measures, m)
		}
		agg, err := eval.NewAggregator(q, h.cols)
		if err != nil {
			t.Fatal(err)
		}
		if err := agg.Add(h.data); err != nil {
			t.Fatal(err)
		}
		want, err := agg.Result()
		if err != nil {
			t.Fatal(err)
		}
		got, err := h.src.Aggregate(t.Context(), q)
		st, _ := h.src.(connectors.Explainer).Statements(q)
		if err != nil {
			t.Fatalf("%v\n%s", err, st[0].Text)
		}
		compareBatches(t, q, got, want, st[0].Text)
		if t.Failed() {
			t.Fatalf("seed %d, round %d", seed, round)
		}
	}
}

func (h *hostile) measure(g *generator) query.Measure {
	m := query.Measure{}
	cond := func() query.Expr {
		switch g.r.IntN(4) {
		case 0:
			return nil
		case 1:
			return call(query.OpNe, value.Bool, g.leaf(value.Int), &query.Literal{Typ: value.Of(value.Null)})
		default:
			return g.expr(value.Bool, 2)
		}
	}
	m.Where = cond()
	switch g.r.IntN(4) {
	case 0:
		m.Kind = query.MeasureCount
	case 1, 2:
		m.Kind, m.Arg = query.MeasureTally, g.expr(value.Bool, 1+g.r.IntN(3))
		if s := cond(); s != nil {
			m.Skip = call(query.OpNot, value.Bool, s)
		}
	default:
		numbers := []value.Kind{value.Int, value.Uint, value.Decimal}
		ordered := append(slices.Clone(numbers), value.Double, value.String, value.Bytes, value.Timestamp, value.Bool, value.Duration)
		switch g.r.IntN(6) {
		case 0:
			m.Kind, m.Arg = query.MeasureSum, g.expr(g.pick(numbers...), 1)
		case 1:
			m.Kind, m.Arg = query.MeasureSumSquares, g.expr(g.pick(numbers...), 1)
		case 2:
			m.Kind, m.Arg = query.MeasureMin, g.expr(g.pick(ordered...), 1)
		case 3:
			m.Kind, m.Arg = query.MeasureMax, g.expr(g.pick(ordered...), 1)
		case 4:
			m.Kind, m.Arg = query.MeasureDistinct, g.expr(g.pick(ordered...), 1)
		default:
			m.Kind, m.Arg, m.Q = query.MeasureQuantile, g.expr(g.pick(ordered...), 1), []float64{0.5, 0.01, 1, 0.9}[g.r.IntN(4)]
		}
	}
	var es []query.Expr
	for _, e := range []query.Expr{m.Arg, m.Where} {
		if e != nil {
			es = append(es, e)
		}
	}
	m.Nulls = query.Columns(es...)
	if g.r.IntN(6) == 0 && len(m.Nulls) > 0 {
		m.Nulls = m.Nulls[1:]
	}
	return m
}

// compareBatches compares rows in any order: groups come as the engine likes.
func compareBatches(t *testing.T, q query.Aggregate, got, want *value.Batch, sql string) {
	t.Helper()
	if got.N != want.N || len(got.Cols) != len(want.Cols) {
		t.Errorf("%d rows of %d columns, want %d of %d\n%s", got.N, len(got.Cols), want.N, len(want.Cols), sql)
		return
	}
	left := map[int]bool{}
	for r := range want.N {
		left[r] = true
	}
	for r := range got.N {
		match := -1
		for w := range left {
			same := true
			for c := range q.GroupBy {
				same = same && connectortest.Same(connectortest.At(&got.Cols[c], r), connectortest.At(&want.Cols[c], w))
			}
			if same {
				match = w
			}
		}
		if match < 0 {
			t.Errorf("no group is like row %d\n%s", r, sql)
			continue
		}
		delete(left, match)
		for c := range got.Cols {
			a, b := connectortest.At(&got.Cols[c], r), connectortest.At(&want.Cols[c], match)
			if !connectortest.Same(a, b) {
				at, n := len(q.GroupBy), -1
				for i, m := range q.Measures {
					if c >= at {
						n = i
					}
					at += len(m.Outputs())
				}
				m := q.Measures[max(n, 0)]
				t.Errorf("column %d is %s, want %s: kind %d arg %s where %s skip %s nulls %d\n%s", c, a, b, m.Kind, show(m.Arg), show(m.Where), show(m.Skip), len(m.Nulls), sql)
			}
		}
	}
}

func show(e query.Expr) string {
	if e == nil {
		return "none"
	}
	return query.String(e)
}
