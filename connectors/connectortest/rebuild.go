package connectortest

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// RebuildHarness joins a connector that rebuilds SQL tables to the suite of all such.
type RebuildHarness struct {
	// DB is a connection that may do everything.
	DB func(t testing.TB) *sql.DB
	// Open opens the connector.
	Open func(t testing.TB, writable bool) connectors.Source
	// Quote quotes an identifier.
	Quote func(string) string
	// Identity declares an integer key that the server numbers.
	Identity string
	// Extra are statements that give the table %s more of what is to be carried over, Describe what the server says of a table, as texts that do not name its object
	// number: all of it must be the same after the rebuild.
	Extra    []string
	Describe func(t testing.TB, table string) []string
	// Obstacles are statements that make what keeps the table %s from being rebuilt, by the name that the refusal must say. Undo take them back, in order.
	Obstacles map[string][]string
	Undo      map[string][]string
}

// RunRebuild runs the suite.
func RunRebuild(t *testing.T, h RebuildHarness) {
	t.Helper()
	t.Run("Swap", h.swap)
	t.Run("Abandoned", h.abandoned)
	t.Run("Obstacles", h.obstacles)
}

func (h *RebuildHarness) exec(t testing.TB, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := h.DB(t).ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%.300s: %v", s, err)
		}
	}
}

// table makes the table that is rebuilt, of three rows.
func (h *RebuildHarness) table(t testing.TB) string {
	t.Helper()
	name := Unique("Re \"b`u")
	q := h.Quote(name)
	h.exec(t, "CREATE TABLE "+q+" (id "+h.Identity+", name varchar(20) NOT NULL DEFAULT 'nobody', "+h.Quote("n n")+" int, note varchar(50), CONSTRAINT "+
		h.Quote(name+"_u")+" UNIQUE (name), CONSTRAINT "+h.Quote(name+"_c")+" CHECK ("+h.Quote("n n")+" <> 13))")
	h.exec(t, "CREATE INDEX "+h.Quote(name+"_i")+" ON "+q+" ("+h.Quote("n n")+", note)", "INSERT INTO "+q+" (name) VALUES ('a'), ('b'), ('c')")
	for _, s := range h.Extra {
		h.exec(t, strings.ReplaceAll(s, "%s", q))
	}
	src := h.Open(t, true)
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		if r, ok := src.(connectors.Rebuilder); ok {
			for range 4 {
				if old, err := r.DropOld(ctx, h.relationOf(name)); err != nil || old == "" {
					break
				}
			}
		}
		_ = src.Close()
		exec(t, h.DB(t), "DROP TABLE IF EXISTS "+q)
	})
	return name
}

func (h *RebuildHarness) relationOf(table string) query.Relation {
	return query.Relation{Dataset: query.Dataset{Name: "r", Table: quoteANSI(table), Key: []string{"id"}}}
}

// begin starts a rebuild and fills it with rows.
func (h *RebuildHarness) begin(t testing.TB, src connectors.Source, table string, rows int) connectors.Rebuild {
	t.Helper()
	by, ok := src.(connectors.Rebuilder)
	if !ok {
		t.Fatalf("%T rebuilds nothing", src)
	}
	rel := Relation(t, src, h.relationOf(table).Dataset)
	columns := rel.Schema.Columns[:4] // what Extra adds is generated
	r, err := by.Rebuild(t.Context(), rel, columns, "assay_rebuild_0123456789")
	if err != nil {
		t.Fatal(err)
	}
	types := make([]value.Type, len(columns))
	for i, c := range columns {
		types[i] = c.Type
	}
	for first := 0; first < rows; first += 1000 {
		b := value.NewBatch(types...)
		for i := first; i < min(rows, first+1000); i++ {
			b.AppendRow(value.IntValue(int64(i+100)), value.StringValue(fmt.Sprintf("name\t%d\\N", i)), value.IntValue(int64(i%7+100)), value.NullValue())
		}
		if err := r.Load(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// count counts rows.
func (h *RebuildHarness) count(t testing.TB, from string) (n int) {
	t.Helper()
	if err := h.DB(t).QueryRowContext(t.Context(), "SELECT count(*) FROM "+from).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func (h *RebuildHarness) swap(t *testing.T) {
	table := h.table(t)
	q := h.Quote(table)
	src := h.Open(t, true)
	t.Cleanup(func() { _ = src.Close() })
	before := h.Describe(t, table)
	if len(before) == 0 {
		t.Fatal("nothing is said of the table")
	}
	const rows = 2500
	var olds []string
	for round := range 2 {
		was := h.count(t, q)
		r := h.begin(t, src, table, rows+round)
		d, err := r.Finish(t.Context())
		if err != nil {
			_ = r.Close(t.Context())
			t.Fatal(err)
		}
		rel := Relation(t, src, d)
		got := ReadAll(t, src, query.Select{From: rel, Columns: Cols(t, rel, "id", "name", "n n", "note")}, 0)
		if len(got) != rows+round || h.count(t, q) != was {
			t.Fatalf("the shadow has %d rows, the table %d", len(got), h.count(t, q))
		}
		for _, row := range got {
			i := row[0].Int() - 100
			if row[1].Str() != fmt.Sprintf("name\t%d\\N", i) || row[2].Int() != i%7+100 || !row[3].IsNull() {
				t.Fatalf("row %v", row)
			}
		}
		watch := h.watch(t, q, was, rows+round)
		old, err := r.Swap(t.Context())
		watch()
		if err != nil {
			_ = r.Close(t.Context())
			t.Fatal(err)
		}
		olds = append(olds, old)
		if err := r.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if n := h.count(t, q); n != rows+round {
			t.Errorf("%d rows after the swap", n)
		}
		after := h.Describe(t, table)
		if !slices.Equal(before, after) {
			t.Errorf("it is\n%s\nand was\n%s", strings.Join(after, "\n"), strings.Join(before, "\n"))
		}
		h.exec(t, "INSERT INTO "+q+" (name) VALUES ('next')")
		var id, n int
		if err := h.DB(t).QueryRowContext(t.Context(), "SELECT max(id), count(*) FROM "+q+" WHERE name = 'next'").Scan(&id, &n); err != nil || id < rows+round+100 || id > rows+round+110 || n != 1 {
			t.Errorf("the next row has the number %d (%d such rows): %v", id, n, err)
		}
		if _, err := h.DB(t).ExecContext(t.Context(), "INSERT INTO "+q+" (name) VALUES ('next')"); err == nil {
			t.Error("a name twice")
		}
		if _, err := h.DB(t).ExecContext(t.Context(), "INSERT INTO "+q+" (name, "+h.Quote("n n")+") VALUES ('x', 13)"); err == nil {
			t.Error("the check is gone")
		}
	}
	by, _ := src.(connectors.Rebuilder)
	for _, want := range []string{olds[1], olds[0], ""} {
		if old, err := by.DropOld(t.Context(), h.relationOf(table)); err != nil || old != want {
			t.Errorf("dropped %q, want %q: %v", old, want, err)
		}
	}
	if n := h.count(t, q); n != rows+2 {
		t.Errorf("%d rows after dropping the old ones", n)
	}
}

// watch counts the rows of a table until the function that it returns is called: readers see the old one whole or the new one whole.
func (h *RebuildHarness) watch(t *testing.T, q string, was, will int) func() {
	t.Helper()
	db := h.DB(t)
	begun, stop, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for first := true; ; first = false {
			var n int
			if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM "+q).Scan(&n); err != nil || n != was && n != will {
				t.Errorf("a reader saw %d rows: %v", n, err)
			}
			if first {
				close(begun)
			}
			select {
			case <-stop:
				return
			default:
			}
		}
	}()
	<-begun
	return func() {
		close(stop)
		<-done
	}
}

func (h *RebuildHarness) abandoned(t *testing.T) {
	table := h.table(t)
	src := h.Open(t, true)
	defer func() { _ = src.Close() }()
	before := h.Describe(t, table)
	// As a killed program leaves it: neither swapped nor closed.
	other := h.Open(t, true)
	first := h.begin(t, other, table, 10)
	if _, err := first.Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	if k, ok := first.(interface{ Abandon() }); ok {
		k.Abandon()
	}
	_ = other.Close()
	again := h.begin(t, src, table, 20)
	d, err := again.Finish(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rel := Relation(t, src, d)
	if got := ReadAll(t, src, query.Select{From: rel, Columns: Cols(t, rel, "id")}, 0); len(got) != 20 {
		t.Errorf("%d rows", len(got))
	}
	if err := again.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := src.Describe(t.Context(), d); connectors.KindOf(err) != connectors.NotFound {
		t.Errorf("the shadow is still there: %v", err)
	}
	if after := h.Describe(t, table); !slices.Equal(before, after) || h.count(t, h.Quote(table)) != 3 {
		t.Errorf("it is %v", after)
	}
	// What was not opened to be written rebuilds nothing.
	closed := h.Open(t, false)
	defer func() { _ = closed.Close() }()
	by, _ := closed.(connectors.Rebuilder)
	if _, err := by.Rebuild(t.Context(), Relation(t, closed, h.relationOf(table).Dataset), nil, "x"); connectors.KindOf(err) != connectors.ReadOnly {
		t.Errorf("not writable: %v", err)
	}
	if _, err := by.DropOld(t.Context(), h.relationOf(table)); connectors.KindOf(err) != connectors.ReadOnly {
		t.Errorf("not writable: %v", err)
	}
}

func (h *RebuildHarness) obstacles(t *testing.T) {
	table := h.table(t)
	src := h.Open(t, true)
	defer func() { _ = src.Close() }()
	by, _ := src.(connectors.Rebuilder)
	rel := Relation(t, src, h.relationOf(table).Dataset)
	for name, statements := range h.Obstacles {
		for _, s := range statements {
			h.exec(t, strings.ReplaceAll(s, "%s", h.Quote(table)))
		}
		r, err := by.Rebuild(t.Context(), rel, rel.Schema.Columns, "assay_rebuild_0123456789")
		if err == nil || connectors.KindOf(err) != connectors.Misconfigured || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			_ = r.Close(t.Context())
		}
		for _, s := range h.Undo[name] {
			h.exec(t, strings.ReplaceAll(s, "%s", h.Quote(table)))
		}
	}
	r, err := by.Rebuild(t.Context(), rel, rel.Schema.Columns, "assay_rebuild_0123456789")
	if err != nil {
		t.Fatalf("without obstacles: %v", err)
	}
	if err := r.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
