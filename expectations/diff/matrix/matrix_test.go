package matrix

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diff"
)

// section is a part of the matrix, as docs/types.md has it.
type section struct {
	title   string
	entries []entry
}

func sections() []section {
	return []section{
		{"Integers", integers()},
		{"Booleans", bools()},
		{"Decimals", decimals()},
		{"Doubles", doubles()},
		{"Text", texts()},
		{"Bytes", binaries()},
		{"UUIDs", uuids()},
		{"Instants and wall clocks", instants()},
		{"Days", days()},
		{"Times of day and spans", spans()},
		{"Documents", documents()},
		{"Lists", arrays()},
	}
}

// placed is an entry in its stores.
type placed struct {
	entry

	left, right *column
	form        canon.Form
	notes       []canon.Note
}

// store puts entries into the engines.
func store(t *testing.T, all map[engine]*server, entries []entry) []*placed {
	t.Helper()
	var out []*placed
	var columns []*column
	for _, e := range entries {
		p := &placed{entry: e, left: &column{side: e.l}, right: &column{side: e.r}}
		for _, row := range e.rows() {
			p.left.cells, p.right.cells = append(p.left.cells, row[0]), append(p.right.cells, row[1])
		}
		out, columns = append(out, p), append(columns, p.left, p.right)
	}
	place(t, all, columns)
	for _, p := range out {
		var err error
		p.form, p.notes, err = canon.Pair(p.left.described(), p.right.described(), p.o)
		if err != nil {
			t.Errorf("%s beside %s: %v", p.l, p.r, err)
		}
	}
	return out
}

// described is what the connector says of the column.
func (c *column) described() value.Column {
	col, _ := c.rel.Schema.Column(c.name)
	return col
}

// book gathers what docs/types.md is written from.
type book struct {
	sections []section
	placed   map[string][]*placed // by section
	pairs    []*placed            // of the field
	refused  []refusal
	hashed   int // columns by a server
}

// TestTypes compares the cells of every entry, both ways round, and those of the field's hundred pairs; then it writes, or checks, docs/types.md.
func TestTypes(t *testing.T) {
	all := servers(t)
	b := &book{sections: sections(), placed: map[string][]*placed{}}
	for _, s := range b.sections {
		t.Run(s.title, func(t *testing.T) {
			b.placed[s.title] = store(t, all, s.entries)
			for _, p := range b.placed[s.title] {
				t.Run(p.title(), func(t *testing.T) { b.hashed += p.check(t, all) })
			}
		})
	}
	t.Run("Field", func(t *testing.T) {
		b.pairs = store(t, all, fieldEntries(t, all))
		for i, p := range b.pairs {
			t.Run(fmt.Sprintf("%d %s", i, p.title()), func(t *testing.T) { b.hashed += p.check(t, all) })
		}
	})
	t.Run("Refused", func(t *testing.T) { b.refused = checkRefused(t, all) })
	t.Run("Document", func(t *testing.T) {
		if len(b.placed) != len(b.sections) || len(b.pairs) != 100 || b.refused == nil {
			t.Skip("parts of the matrix were left out")
		}
		if b.hashed < 200 {
			t.Errorf("servers hashed %d columns only", b.hashed)
		}
		t.Logf("servers hashed %d columns", b.hashed)
		b.document(t)
	})
}

// check compares the entry by all means. It returns how many of its columns a server hashed.
func (p *placed) check(t *testing.T, all map[engine]*server) int {
	t.Helper()
	if len(p.same) == 0 || len(p.differ) == 0 {
		t.Fatal("nothing to find")
	}
	p.cells(t, all)
	p.merged(t, all)
	p.ordered(t, all, p.left, canon.Left)
	p.ordered(t, all, p.right, canon.Right)
	return p.digested(t, all)
}

// cells compares cell by cell.
func (p *placed) cells(t *testing.T, all map[engine]*server) {
	t.Helper()
	l, r := read(t, all[p.l.engine].source, p.left), read(t, all[p.r.engine].source, p.right)
	back, _, err := canon.Pair(p.form.Right, p.form.Left, p.o)
	if err != nil {
		t.Fatal(err)
	}
	digestible, _ := p.form.Digestible()
	differ := make(value.Bitmap, value.Words(len(p.rows())))
	p.form.Run(l, 0, r, 0, len(p.rows()), differ)
	for k, row := range p.rows() {
		want := k < len(p.same)
		say := fmt.Sprintf("%q (%s) beside %q (%s)", row[0], shown(l, k), row[1], shown(r, k))
		if got := p.form.Equal(l, k, r, k); got != want {
			t.Errorf("%s: equal %v, want %v", say, got, want)
		}
		if back.Equal(r, k, l, k) != want || differ.Get(k) == want {
			t.Errorf("%s: other the other way round, or in a run", say)
		}
		if digestible && !l.IsErr(k) {
			same := string(p.form.Append(nil, l, canon.Left, k)) == string(p.form.Append(nil, r, canon.Right, k))
			if same != want || (p.form.Order(l, canon.Left, k, r, canon.Right, k) == 0) != want {
				t.Errorf("%s: encodings equal %v, want %v", say, same, want)
			}
		}
	}
}

// merged compares whole tables and expects exactly the rows that must differ.
func (p *placed) merged(t *testing.T, all map[engine]*server) {
	t.Helper()
	side := func(c *column) diff.Side {
		k, i := c.rel.Schema.Column("k")
		where := &query.Call{Op: query.OpLt, Typ: value.Of(value.Bool), Args: []query.Expr{
			&query.Column{Index: i, Col: k}, &query.Literal{Val: value.IntValue(int64(len(c.cells))), Typ: value.Of(value.Int)},
		}}
		return diff.Side{Name: c.String(), Source: all[c.engine].source, Relation: c.rel, Where: where}
	}
	for _, strategy := range strategies {
		spec, findings := diff.Align(side(p.left), side(p.right), diff.AlignOptions{
			Key: []string{"k"}, Columns: []string{p.left.name}, Map: map[string]string{p.left.name: p.right.name, "k": "k"},
			Options: map[string]canon.Options{p.left.name: p.o}, Strategy: strategy,
		})
		if diff.HasErrors(findings) {
			t.Fatalf("%s: %+v", strategy, findings)
		}
		found := []int{}
		res, err := diff.Run(t.Context(), spec, func(d diff.Difference) error {
			if d.Class != diff.Changed {
				t.Errorf("%s: row %s is %s", strategy, d.Key[0], d.Class)
			}
			found = append(found, int(d.Key[0].Int()))
			return nil
		}, nil)
		if err != nil {
			t.Fatalf("%s: %v", strategy, err)
		}
		var want []int
		for k := range p.rows() {
			if k >= len(p.same) {
				want = append(want, k)
			}
		}
		if !slices.Equal(found, want) || res.Counts.Identical != int64(len(p.same)) {
			t.Errorf("%s: %d rows identical, different %v; want %d and %v", strategy, res.Counts.Identical, found, len(p.same), want)
		}
	}
}

// ordered reads a side in the order of the column where its server's order counts as the canonical one.
func (p *placed) ordered(t *testing.T, all map[engine]*server, c *column, s canon.Side) {
	t.Helper()
	if p.form.Orderable() != nil || !p.form.ServerOrder(s) {
		return
	}
	rel := c.rel
	rel.Dataset.Key = []string{c.name}
	cols := connectortest.Cols(t, rel, c.name)
	rows, err := all[c.engine].source.Select(t.Context(), query.Select{From: rel, Columns: cols, OrderByKey: true})
	if errors.As(err, new(*query.Refusal)) {
		return // sorted here
	}
	if err != nil {
		t.Fatalf("%s: %v", c, err)
	}
	defer func() { _ = rows.Close() }()
	var v value.Vector
	v.Reset(cols[0].Col.Type)
	for {
		b, err := rows.Next(t.Context())
		if err != nil {
			t.Fatalf("%s: %v", c, err)
		}
		if b == nil {
			break
		}
		for i := range b.N {
			if !b.Cols[0].IsErr(i) { // a key in error ends a comparison
				v.AppendFrom(&b.Cols[0], i)
			}
		}
	}
	if v.N < len(p.rows()) && !c.described().MayErr {
		t.Fatalf("%s: %d rows in order", c, v.N)
	}
	for i := 1; i < v.N; i++ {
		if p.form.Order(&v, s, i-1, &v, s, i) > 0 {
			t.Errorf("%s: the server has %s before %s", c, shown(&v, i-1), shown(&v, i))
		}
	}
}

// strategies are those by which every entry is compared.
var strategies = []diff.Strategy{diff.Merge, diff.Digest}

// read returns the cells of a column by row.
func read(t *testing.T, src connectors.Source, c *column) *value.Vector {
	t.Helper()
	cols := connectortest.Cols(t, c.rel, "k", c.name)
	rows, err := src.Select(t.Context(), query.Select{From: c.rel, Columns: cols})
	if err != nil {
		t.Fatalf("%s: %v", c, err)
	}
	defer func() { _ = rows.Close() }()
	at := map[int64]int{}
	var held value.Vector
	held.Reset(cols[1].Col.Type)
	for {
		b, err := rows.Next(t.Context())
		if err != nil {
			t.Fatalf("%s: %v", c, err)
		}
		if b == nil {
			break
		}
		for i := range b.N {
			at[b.Cols[0].Ints[i]] = held.N
			held.AppendFrom(&b.Cols[1], i)
		}
	}
	out := new(value.Vector)
	out.Reset(held.Type)
	for k := range c.cells {
		i, ok := at[int64(k)]
		if !ok {
			t.Fatalf("%s: row %d is gone", c, k)
		}
		out.AppendFrom(&held, i)
	}
	return out
}

func shown(v *value.Vector, i int) string {
	if v.IsErr(i) {
		return "error"
	}
	return v.Value(i).Text()
}
