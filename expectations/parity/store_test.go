package parity

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlite"
	"github.com/assay-dev/assay/connectors/value"
)

// store is a source that holds a drawn table, its first column the row's position.
type store struct {
	src  connectors.Source
	rows int
	pos  map[int64]int // id -> row
	id   *query.Column
}

// outcomes asks the source for the rows for which x is true and for which it is false; nil
// where it refuses x.
func (s *store) outcomes(rel query.Relation, x query.Expr) ([]string, error) {
	if s.src.Caps().Expr(rel, x) != nil {
		return nil, nil //nolint:nilnil // refused
	}
	rows, err := s.src.Select(context.Background(), s.request(rel, x))
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	out := make([]string, s.rows)
	for i := range out {
		out[i] = "undecided"
	}
	for {
		b, err := rows.Next(context.Background())
		if err != nil {
			return nil, err
		}
		if b == nil {
			return out, nil
		}
		for r := range b.N {
			i, ok := s.pos[b.Cols[0].Ints[r]]
			if !ok {
				return nil, fmt.Errorf("a row with id %d", b.Cols[0].Ints[r])
			}
			if out[i] != "undecided" {
				return nil, fmt.Errorf("row %d is true and false", i)
			}
			out[i] = [...]string{"true", "false"}[b.Cols[1].Ints[r]]
		}
	}
}

func (s *store) request(rel query.Relation, x query.Expr) query.Select {
	not := &query.Call{Op: query.OpNot, Args: []query.Expr{x}, Typ: value.Of(value.Bool)}
	return query.Select{From: rel, Columns: []*query.Column{s.id}, Branches: []query.Branch{{Where: x}, {Where: not}}}
}

// statement is what the source sends, for messages.
func (s *store) statement(rel query.Relation, x query.Expr) string {
	ex, ok := s.src.(connectors.Explainer)
	if !ok {
		return ""
	}
	st, err := ex.Statements(s.request(rel, x))
	if err != nil || len(st) == 0 {
		return fmt.Sprint(err)
	}
	return fmt.Sprintf("%s %q", st[0].Text, st[0].Args)
}

// stored puts drawn rows into a SQLite file and reads them back: what the source reads is what
// cel-go and the evaluator judge.
func (g *gen) stored(t *testing.T, rows int) *table {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fuzz.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	tb := connectortest.Table{Name: "fuzz", Key: []string{"id"}}
	cols := schema()
	tb.Columns = append(tb.Columns, connectortest.Column{Name: "id", Type: value.Of(value.Int), NotNull: true})
	for i := range cols {
		cols[i].MayErr = false // cells in error are the engine's own: Fit adds them
		tb.Columns = append(tb.Columns, connectortest.Column{Name: cols[i].Name, Type: cols[i].Type})
	}
	for r := range rows {
		row := []connectortest.Cell{{Value: value.IntValue(int64(r))}}
		for i := range cols {
			v, _ := g.cell(cols[i])
			row = append(row, connectortest.Cell{Value: v})
		}
		tb.Rows = append(tb.Rows, row)
	}
	tb = connectortest.Fit(tb, connectortest.EngineSQLite)
	d := connectortest.LoadSQLite(t, path, tb)
	src, err := sqlite.Open(t.Context(), connectors.Config{Name: "fuzz", Params: map[string]string{"path": path}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = src.Close() })
	return readBack(t, g, src, connectortest.Relation(t, src, d))
}

// readBack reads a whole table from a source.
func readBack(t *testing.T, g *gen, src connectors.Source, rel query.Relation) *table {
	t.Helper()
	tab := &table{rel: rel, store: &store{src: src, pos: map[int64]int{}}}
	for i := range rel.Schema.Columns {
		c := rel.Schema.Columns[i]
		if c.Unusable == "" {
			tab.cols = append(tab.cols, &query.Column{Index: i, Col: c})
		}
	}
	tab.store.id = tab.cols[0]
	rows, err := src.Select(t.Context(), query.Select{From: rel, Columns: tab.cols, OrderByKey: true, BatchRows: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	b, err := rows.Next(t.Context())
	if err != nil || b == nil {
		t.Fatalf("no rows: %v", err)
	}
	tab.batch = *b.Clone()
	tab.store.rows = tab.batch.N
	for r := range tab.batch.N {
		cells := make([]value.Value, len(rel.Schema.Columns))
		bad := make([]bool, len(rel.Schema.Columns))
		for i, c := range tab.cols {
			v := &tab.batch.Cols[i]
			cells[c.Index], bad[c.Index] = v.Value(r), v.IsErr(r)
		}
		tab.cells, tab.bad = append(tab.cells, cells), append(tab.bad, bad)
		tab.store.pos[tab.batch.Cols[0].Ints[r]] = r
	}
	g.use(rel.Schema.Columns)
	return tab
}

// TestFuzzSQLite compares interpreted cel-go, the evaluator and SQLite, in this process.
func TestFuzzSQLite(t *testing.T) {
	pairs, seed := fuzzSettings(t)
	t.Logf("seed %d, %d pairs", seed, pairs)
	g := &gen{r: rand.New(rand.NewPCG(seed, 2))}
	var st stats
	for st.pairs < pairs {
		g.use(schema())
		fuzzTable(t, g, g.stored(t, 100), 100, &st)
	}
	t.Logf("seed %d: %+v", seed, st)
	st.guard(t)
}
