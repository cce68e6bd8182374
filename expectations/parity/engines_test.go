package parity

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/elasticsearch"
	"github.com/assay-dev/assay/connectors/mysql"
	"github.com/assay-dev/assay/connectors/postgres"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/query/eval"
	"github.com/assay-dev/assay/connectors/sqlite"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/lang"
	"github.com/assay-dev/assay/expectations/lower"
)

// engine is a store that expressions are held against.
type engine struct {
	name string
	fits connectortest.Engine
	sql  bool
	// start opens the store and says how to load a table into it.
	start func(t *testing.T) (connectors.Source, func(connectortest.Table) query.Dataset)
}

func opened(t *testing.T, src connectors.Source, err error) connectors.Source {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = src.Close() })
	return src
}

func engines() []engine {
	type load = func(connectortest.Table) query.Dataset
	pg := func(l connectortest.Locale) func(*testing.T) (connectors.Source, load) {
		return func(t *testing.T) (connectors.Source, load) {
			t.Helper()
			dsn := connectortest.PostgresDatabase(t, l)
			src, err := postgres.Open(t.Context(), connectors.Config{Name: "parity", Params: map[string]string{"dsn": dsn}})
			return opened(t, src, err), func(tb connectortest.Table) query.Dataset { return connectortest.LoadPostgres(t, dsn, tb) }
		}
	}
	my := func(database func(testing.TB) string) func(*testing.T) (connectors.Source, load) {
		return func(t *testing.T) (connectors.Source, load) {
			t.Helper()
			dsn := database(t)
			src, err := mysql.Open(t.Context(), connectors.Config{Name: "parity", Params: map[string]string{"dsn": dsn}})
			return opened(t, src, err), func(tb connectortest.Table) query.Dataset { return connectortest.LoadMySQL(t, dsn, tb) }
		}
	}
	return []engine{
		{"postgres C", connectortest.EnginePostgres, true, pg(connectortest.LocaleC)},
		{"postgres ICU", connectortest.EnginePostgres, true, pg(connectortest.LocaleICU)},
		{"mysql", connectortest.EngineMySQL, true, my(connectortest.MySQLDatabase)},
		{"mariadb", connectortest.EngineMariaDB, true, my(connectortest.MariaDBDatabase)},
		{"sqlite", connectortest.EngineSQLite, true, func(t *testing.T) (connectors.Source, load) {
			t.Helper()
			path := filepath.Join(t.TempDir(), "parity.db")
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			src, err := sqlite.Open(t.Context(), connectors.Config{Name: "parity", Params: map[string]string{"path": path}})
			return opened(t, src, err), func(tb connectortest.Table) query.Dataset { return connectortest.LoadSQLite(t, path, tb) }
		}},
		{"elasticsearch", connectortest.EngineElasticsearch, false, func(t *testing.T) (connectors.Source, load) {
			t.Helper()
			url := connectortest.Elasticsearch(t)
			src, err := elasticsearch.Open(t.Context(), connectors.Config{Name: "parity", Params: map[string]string{"url": url}})
			return opened(t, src, err), func(tb connectortest.Table) query.Dataset { return connectortest.LoadElasticsearch(t, url, tb) }
		}},
	}
}

// rows are the rows of a table by position of the column.
type rows struct {
	cells [][]value.Value
	errs  [][]bool
}

func tableRows(tb connectortest.Table) rows {
	var rs rows
	for _, row := range tb.Rows {
		cells, errs := make([]value.Value, len(row)), make([]bool, len(row))
		for i, c := range row {
			cells[i], errs[i] = c.Value, c.Err()
		}
		rs.cells, rs.errs = append(rs.cells, cells), append(rs.errs, errs)
	}
	return rs
}

// verdictNames are the letters of outcomes.
var verdictNames = map[byte]string{'T': "true", 'F': "false", 'U': "undecided"}

// outcomes judges every row by interpreted cel-go: a letter a row.
func outcomes(e *lang.RowExpr, rs rows) string {
	cols := e.Columns()
	cells, errs := make([]value.Value, len(cols)), make([]bool, len(cols))
	out := make([]byte, len(rs.cells))
	for r := range rs.cells {
		for i, c := range cols {
			cells[i], errs[i] = rs.cells[r][c.Index], rs.errs[r][c.Index]
		}
		v, err := e.Eval(cells, errs)
		switch {
		case err != nil || v.Kind() != value.Bool:
			out[r] = 'U'
		case v.Bool():
			out[r] = 'T'
		default:
			out[r] = 'F'
		}
	}
	return string(out)
}

// kindsOf returns the different letters of outcomes, in order.
func kindsOf(o string) string {
	var b []byte
	for _, c := range []byte("FTU") {
		if strings.IndexByte(o, c) >= 0 {
			b = append(b, c)
		}
	}
	return string(b)
}

// bench is a loaded table with what the store describes and gives back of it.
type bench struct {
	src   connectors.Source
	rel   query.Relation
	id    *query.Column
	cols  []*query.Column
	batch *value.Batch
	rows  rows
	pos   map[int64]int // id -> row
}

func newBench(t *testing.T, src connectors.Source, tb connectortest.Table, d query.Dataset) *bench {
	t.Helper()
	b := &bench{src: src, rel: connectortest.Relation(t, src, d), pos: map[int64]int{}}
	var types []value.Type
	for i, c := range b.rel.Schema.Columns {
		if c.Unusable == "" {
			b.cols = append(b.cols, &query.Column{Index: i, Col: c})
			types = append(types, c.Type)
		}
	}
	b.id = connectortest.Col(t, b.rel, "id")
	b.batch = value.NewBatch(types...)
	err := each(t.Context(), src, query.Select{From: b.rel, Columns: b.cols}, func(part *value.Batch, r int) error {
		b.batch.AppendRowFrom(part, r)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(b.cols, func(c *query.Column) bool { return c.Index == b.id.Index })
	for r := range b.batch.N {
		cells, errs := make([]value.Value, len(b.rel.Schema.Columns)), make([]bool, len(b.rel.Schema.Columns))
		for i, c := range b.cols {
			cells[c.Index], errs[c.Index] = b.batch.Cols[i].Value(r), b.batch.Cols[i].IsErr(r)
		}
		b.rows.cells, b.rows.errs = append(b.rows.cells, cells), append(b.rows.errs, errs)
		b.pos[b.batch.Cols[at].Ints[r]] = r
	}
	b.loaded(t, tb)
	return b
}

// loaded checks that what was read is what was loaded: else the oracle would judge other rows.
func (b *bench) loaded(t *testing.T, tb connectortest.Table) {
	t.Helper()
	if len(b.rows.cells) != len(tb.Rows) || len(b.pos) != len(tb.Rows) {
		t.Fatalf("%d rows read, %d loaded", len(b.rows.cells), len(tb.Rows))
	}
	for _, row := range tb.Rows {
		r := b.pos[row[tb.Index("id")].Int()]
		for i, c := range tb.Columns {
			_, at := b.rel.Schema.Column(c.Name)
			got := connectortest.Cell{Value: b.rows.cells[r][at]}
			if b.rows.errs[r][at] {
				got.Raw = "error"
			}
			if !connectortest.Same(got, row[i]) {
				t.Errorf("row %v, column %s: read %s, loaded %s", row[0], c.Name, got, row[i])
			}
		}
	}
}

// each calls f for every row of a request.
func each(ctx context.Context, src connectors.Source, q query.Select, f func(*value.Batch, int) error) error {
	rs, err := src.Select(ctx, q)
	if err != nil {
		return fmt.Errorf("select: %w", err)
	}
	defer func() { _ = rs.Close() }()
	for {
		part, err := rs.Next(ctx)
		if err != nil {
			return fmt.Errorf("next: %w", err)
		}
		if part == nil {
			return nil
		}
		for r := range part.N {
			if err := f(part, r); err != nil {
				return err
			}
		}
	}
}

func truth(op query.Op, e query.Expr) query.Expr {
	return &query.Call{Op: op, Args: []query.Expr{e}, Typ: value.Of(value.Bool)}
}

// pushed asks the store for the rows for which e is true, false and undecided.
func (b *bench) pushed(ctx context.Context, e query.Expr) (string, error) {
	q := query.Select{From: b.rel, Columns: []*query.Column{b.id}}
	for _, op := range []query.Op{query.OpIsTrue, query.OpIsFalse, query.OpIsUndecided} {
		w := truth(op, e)
		if r := b.src.Caps().Expr(b.rel, w); r != nil {
			return "", fmt.Errorf("%s of what it takes is refused: %w", op, r)
		}
		q.Branches = append(q.Branches, query.Branch{Where: w})
	}
	out := []byte(strings.Repeat("-", len(b.rows.cells)))
	err := each(ctx, b.src, q, func(part *value.Batch, r int) error {
		i, ok := b.pos[part.Cols[0].Ints[r]]
		if !ok || out[i] != '-' {
			return fmt.Errorf("id %d stands in several branches or in no row", part.Cols[0].Ints[r])
		}
		out[i] = "TFU"[part.Cols[1].Ints[r]]
		return nil
	})
	return string(out), err
}

// chosen asks the store for the rows for which e is true.
func (b *bench) chosen(ctx context.Context, e query.Expr) (string, error) {
	out := []byte(strings.Repeat("F", len(b.rows.cells)))
	err := each(ctx, b.src, query.Select{From: b.rel, Columns: []*query.Column{b.id}, Branches: []query.Branch{{Where: e}}}, func(part *value.Batch, r int) error {
		out[b.pos[part.Cols[0].Ints[r]]] = 'T'
		return nil
	})
	return string(out), err
}

// local judges the rows by the evaluator.
func (b *bench) local(e query.Expr) (string, error) {
	p, err := eval.Compile([]query.Expr{e}, b.cols)
	if err != nil {
		return "", fmt.Errorf("compile: %w", err)
	}
	ts, err := p.RunTruth(b.batch)
	if err != nil {
		return "", fmt.Errorf("run: %w", err)
	}
	out := []byte(strings.Repeat("F", b.batch.N))
	for r := range out {
		switch {
		case ts[0].Undecided.Get(r):
			out[r] = 'U'
		case ts[0].True.Get(r):
			out[r] = 'T'
		}
	}
	return string(out), nil
}

// statement is what the store sends for e, for messages.
func (b *bench) statement(e query.Expr) string {
	ex, ok := b.src.(connectors.Explainer)
	if !ok {
		return ""
	}
	st, err := ex.Statements(query.Select{From: b.rel, Columns: []*query.Column{b.id}, Branches: []query.Branch{{Where: e}}})
	if err != nil || len(st) == 0 {
		return fmt.Sprint(err)
	}
	return fmt.Sprintf("%.3000s %.500q", st[len(st)-1].Text, st[len(st)-1].Args)
}

// difference describes the first row on which two judgements differ, "" for none.
func (b *bench) difference(want, got string, e *lang.RowExpr) string {
	for r := range want {
		if want[r] == got[r] {
			continue
		}
		var cells []string
		for _, c := range e.Columns() {
			cells = append(cells, fmt.Sprintf("%s = %.200s", c.Col.Name, outcomeText(b.rows.cells[r][c.Index], !b.rows.errs[r][c.Index])))
		}
		n := 0
		for i := range want {
			if want[i] != got[i] {
				n++
			}
		}
		return fmt.Sprintf("cel-go says %s, got %c (%d rows differ); %s", verdictNames[want[r]], got[r], n, strings.Join(cells, ", "))
	}
	return ""
}

// noType begins the reason of a shape over a column that the engine cannot have.
const noType = "the engine has no type for "

// compiled is a shape on one engine.
type compiled struct {
	shape shape
	e     *lang.RowExpr
	x     query.Expr
	want  string
	entry *entry
}

// TestParityEngines holds every engine to cel-go, shape by shape and row by row.
func TestParityEngines(t *testing.T) {
	shapes := readShapes(t)
	all := hostileTable(t)
	_, whole := memoryRelation(t)
	g := readGolden(t)
	for _, en := range engines() {
		t.Run(en.name, func(t *testing.T) {
			src, load := en.start(t)
			tb := fitTo(all, en.fits)
			b := newBench(t, src, tb, load(tb))
			z := zoned(t, src, load, all, en.fits, math.MaxInt)
			var cs, zs []compiled
			got := make([]*entry, len(shapes))
			for i, s := range shapes {
				if s.family == zonedFamily && z != nil {
					zs = append(zs, z.judge(t, s, &whole))
					got[i] = zs[len(zs)-1].entry
					continue
				}
				cs = append(cs, b.judge(t, s, &whole))
				got[i] = cs[len(cs)-1].entry
			}
			b.tally(t, cs)
			tb.Rows = tb.Rows[:1]
			one := newBench(t, src, tb, load(tb))
			one.again(t, cs)
			tb.Rows = nil
			none := newBench(t, src, tb, load(tb))
			none.again(t, cs)
			if z != nil {
				z.tally(t, zs)
				zoned(t, src, load, all, en.fits, 1).again(t, zs)
				zoned(t, src, load, all, en.fits, 0).again(t, zs)
			}
			exact := 0
			for _, e := range got {
				if e.Support == lower.Exact.String() {
					exact++
				}
			}
			t.Logf("%d of %d shapes exact, %d rows", exact, len(shapes), len(b.rows.cells))
			if en.sql && exact*100 < minExact*len(shapes) {
				t.Errorf("only %d of %d shapes are exact, want %d %%", exact, len(shapes), minExact)
			}
			g.check(t, en.name, shapes, got)
		})
	}
	g.write(t, shapes)
}

// judge holds one shape to cel-go on all paths.
func (b *bench) judge(t *testing.T, s shape, whole *query.Relation) compiled {
	t.Helper()
	c := compiled{shape: s, entry: &entry{}}
	e, list := compileShape(s.text, &b.rel)
	if e == nil {
		// The shape stays in the count: the engine has no column of a type in it.
		missing := missingTypes(t, s.text, whole, &b.rel)
		if missing == "" {
			t.Errorf("%s does not compile: %v", s.text, list)
		}
		c.entry.Support, c.entry.Reasons = lower.Refused.String(), []string{noType + missing}
		return c
	}
	c.e, c.x = e, lower.Condition(e)
	c.want = outcomes(e, b.rows)
	if k := kindsOf(c.want); len(k) == 1 {
		c.entry.Degenerate = "always " + verdictNames[k[0]]
	}
	if got, err := b.local(c.x); err != nil {
		t.Errorf("%s here: %v", s.text, err)
	} else if d := b.difference(c.want, got, e); d != "" {
		t.Errorf("%s here: %s", s.text, d)
	}
	dec := lower.Decide(b.rel, b.src.Caps(), c.x)
	c.entry.Support = dec.Support.String()
	for _, r := range dec.Refusals {
		if !slices.Contains(c.entry.Reasons, r.Reason) {
			c.entry.Reasons = append(c.entry.Reasons, r.Reason)
		}
	}
	slices.Sort(c.entry.Reasons)
	switch dec.Support {
	case lower.Exact:
		b.exact(t, c)
	case lower.Superset:
		b.superset(t, c, dec.Prefilter)
	case lower.Refused:
	}
	return c
}

// exact compares what the store says row by row.
func (b *bench) exact(t *testing.T, c compiled) {
	t.Helper()
	got, err := b.pushed(t.Context(), c.x)
	if err != nil {
		t.Errorf("%s raises: %v\n%s", c.shape.text, err, b.statement(c.x))
		return
	}
	if d := b.difference(c.want, got, c.e); d != "" {
		t.Errorf("%s pushed: %s\n%s", c.shape.text, d, b.statement(c.x))
	}
}

// superset checks that the prefilter is exact in itself and leaves out only rows that are true.
func (b *bench) superset(t *testing.T, c compiled, pre query.Expr) {
	t.Helper()
	got, err := b.chosen(t.Context(), pre)
	if err != nil {
		t.Errorf("%s prefiltered: %v\n%s", c.shape.text, err, b.statement(pre))
		return
	}
	want, err := b.local(pre)
	if err != nil || strings.Contains(want, "U") {
		t.Errorf("%s: the prefilter errs: %v", c.shape.text, err)
	}
	if got != want {
		t.Errorf("%s: the prefilter chooses\n%s, here\n%s\n%s", c.shape.text, got, want, b.statement(pre))
	}
	for r := range c.want {
		if c.want[r] != 'T' && got[r] != 'T' {
			t.Errorf("%s: the prefilter leaves out a row that is %s", c.shape.text, verdictNames[c.want[r]])
			return
		}
	}
}

// missingTypes names the types of the columns that an expression uses and the engine lacks.
func missingTypes(t *testing.T, text string, whole, has *query.Relation) string {
	t.Helper()
	e, list := compileShape(text, whole)
	if e == nil {
		t.Fatalf("%s does not compile anywhere: %v", text, list)
	}
	var out []string
	for _, c := range e.Columns() {
		name := c.Col.Type.String()
		if c.Col.Name == "big" {
			name = "a text of 1 MB"
		}
		if c.Col.Name == zonedColumn {
			name = "times without a zone"
		}
		if _, i := has.Schema.Column(c.Col.Name); i < 0 && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// tally counts all exact shapes in few statements and compares the counts with cel-go's.
func (b *bench) tally(t *testing.T, cs []compiled) {
	t.Helper()
	const most = 60 // measures of a statement
	var taken []compiled
	for _, c := range cs {
		if c.e == nil || c.entry.Support != lower.Exact.String() {
			continue
		}
		if r := b.src.Caps().Measure(b.rel, b.measure(c)); r != nil {
			t.Errorf("%s is taken, its tally is refused: %s", c.shape.text, r.Reason)
			continue
		}
		taken = append(taken, c)
	}
	for part := range slices.Chunk(taken, most) {
		err := b.counted(t, part)
		if err == nil {
			continue
		}
		t.Errorf("tally of %d: %v", len(part), err)
		for _, c := range part {
			if err := b.counted(t, []compiled{c}); err != nil {
				t.Errorf("tally of %s: %v", c.shape.text, err)
			}
		}
	}
}

func (b *bench) measure(c compiled) query.Measure {
	return query.Measure{Kind: query.MeasureTally, Arg: c.x, Nulls: lower.Nulls(c.e)}
}

// counted compares the counts of one statement.
func (b *bench) counted(t *testing.T, cs []compiled) error {
	t.Helper()
	q := query.Aggregate{From: b.rel}
	for _, c := range cs {
		q.Measures = append(q.Measures, b.measure(c))
	}
	out, err := b.src.Aggregate(t.Context(), q)
	inexact, defeated := errors.AsType[*connectors.InexactError](err)
	if err != nil && !defeated {
		return err
	}
	outputs := len(query.Measure{Kind: query.MeasureTally}.Outputs())
	for i, c := range cs {
		if defeated && slices.Contains(inexact.Measures, i) {
			c.entry.Data = inexact.Reason
			continue
		}
		var got [6]int64
		for j := range got {
			got[j] = out.Cols[i*outputs+j].Value(0).Int()
		}
		if want := b.counts(c); got != want {
			t.Errorf("%s: true, false, undecided, by null are counted %v, want %v", c.shape.text, got, want)
		}
	}
	return nil
}

// counts are the outputs of a tally, by cel-go.
func (b *bench) counts(c compiled) (n [6]int64) {
	for r := range c.want {
		switch c.want[r] {
		case 'T':
			n[0]++
		case 'F':
			n[1]++
		default:
			n[2]++
			if slices.ContainsFunc(c.e.Columns(), func(col *query.Column) bool {
				return b.rows.cells[r][col.Index].IsNull() && !b.rows.errs[r][col.Index]
			}) {
				n[3]++
			}
		}
	}
	return n
}

// again counts the shapes over another table of the same columns: of one row, of none.
func (b *bench) again(t *testing.T, cs []compiled) {
	t.Helper()
	var out []compiled
	for _, c := range cs {
		if c.e == nil {
			continue
		}
		e, list := compileShape(c.shape.text, &b.rel)
		if e == nil {
			t.Fatalf("%s: %v", c.shape.text, list)
		}
		n := compiled{shape: c.shape, e: e, x: lower.Condition(e), want: outcomes(e, b.rows), entry: &entry{Support: c.entry.Support}}
		if b.src.Caps().Expr(b.rel, n.x) == nil != (c.entry.Support == lower.Exact.String()) {
			t.Errorf("%s is taken or not according to the rows", c.shape.text)
			continue
		}
		out = append(out, n)
	}
	b.tally(t, out)
}
