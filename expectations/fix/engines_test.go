package fix_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/elasticsearch"
	"github.com/assay-dev/assay/connectors/mysql"
	"github.com/assay-dev/assay/connectors/postgres"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlite"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/correct"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/fix"
	"github.com/assay-dev/assay/expectations/run"
	"github.com/assay-dev/assay/expectations/spec"
)

// engine is a store that rows are corrected in.
type engine struct {
	name   string
	open   connectors.Opener
	params map[string]string
	load   func(testing.TB, connectortest.Table) query.Dataset
}

func engines(t *testing.T) []engine {
	t.Helper()
	pg, my, es := connectortest.Postgres(t), connectortest.MySQLDatabase(t), connectortest.Elasticsearch(t)
	file := filepath.Join(t.TempDir(), "fix.db")
	return []engine{
		{"postgres", postgres.Open, map[string]string{"dsn": pg}, func(t testing.TB, tb connectortest.Table) query.Dataset { return connectortest.LoadPostgres(t, pg, tb) }},
		{"mysql", mysql.Open, map[string]string{"dsn": my}, func(t testing.TB, tb connectortest.Table) query.Dataset { return connectortest.LoadMySQL(t, my, tb) }},
		{"sqlite", sqlite.Open, map[string]string{"path": file}, func(t testing.TB, tb connectortest.Table) query.Dataset { return connectortest.LoadSQLite(t, file, tb) }},
		{"elasticsearch", elasticsearch.Open, map[string]string{"url": es}, func(t testing.TB, tb connectortest.Table) query.Dataset { return loadByKey(t, es, tb) }},
	}
}

// loadByKey makes an index whose documents have the key as their _id, as those have that others write.
func loadByKey(t testing.TB, url string, tb connectortest.Table) query.Dataset {
	t.Helper()
	rows := tb.Rows
	tb.Rows = nil
	d := connectortest.LoadElasticsearch(t, url, tb)
	src, err := elasticsearch.Open(t.Context(), connectors.Config{Name: "load", Params: map[string]string{"url": url}, Writable: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = src.Close() }()
	target := connectors.Target{Relation: connectortest.Relation(t, src, d)}
	var set []int
	for i, name := range tb.Names() {
		col, _ := target.Relation.Schema.Column(name)
		if i < len(tb.Key) { // the first columns
			target.Key = append(target.Key, col)
			continue
		}
		set = append(set, len(target.Columns))
		target.Columns = append(target.Columns, col)
	}
	c, err := src.(connectors.Corrector).Correct(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	for part := range slices.Chunk(rows, 2000) {
		var inserts []connectors.Change
		for _, r := range part {
			ch := connectors.Change{Action: connectors.Insert, Set: set}
			for i, cell := range r {
				if i < len(tb.Key) {
					ch.Key = append(ch.Key, cell.Value)
				} else {
					ch.After = append(ch.After, cell.Value)
				}
			}
			inserts = append(inserts, ch)
		}
		effects, err := c.Apply(t.Context(), inserts, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range effects {
			if e.Outcome != connectors.Applied {
				t.Fatal(e.Err)
			}
		}
	}
	return d
}

// seeds counts the differences of two tables.
type seeds struct{ changed, missing, extra int }

// seeded makes a table of n rows, and another that differs from it in a few.
func seeded(r *rand.Rand, n, each int, decimals bool) (a, b connectortest.Table, s seeds) {
	cols := []connectortest.Column{
		{Name: "id", Type: value.Of(value.Int), NotNull: true},
		{Name: "s", Type: value.Of(value.String)},
		{Name: "n", Type: value.Of(value.Int)},
		{Name: "f", Type: value.Of(value.Double)},
		{Name: "at", Type: value.Of(value.Timestamp)},
		{Name: "flag", Type: value.Of(value.Bool)},
		{Name: "amount", Type: value.Of(value.Decimal)},
	}
	if !decimals { // which Elasticsearch has no type for
		cols = cols[:len(cols)-1]
	}
	texts := []string{"", "a", "ä", "it's", `"x"`, "😀", "O'Neil; DROP TABLE x; --", "null", " spaces ", "line\nline", strings.Repeat("ü", 200), `\`, "%_"}
	cell := func(c int) connectortest.Cell {
		var v value.Value
		if r.IntN(8) == 0 {
			return connectortest.Cell{}
		}
		switch cols[c].Name {
		case "s":
			v = value.StringValue(texts[r.IntN(len(texts))])
		case "n":
			v = value.IntValue([]int64{0, -1, 1 << 53, 7, 1<<53 + 1}[r.IntN(5)])
		case "f":
			v = value.DoubleValue([]float64{0, 0.1, -2.5e100, 1e-9, 3}[r.IntN(5)])
		case "at":
			v = value.TimestampValue(time.Unix(1_700_000_000+r.Int64N(1e7), 123_000_000).UTC())
		case "flag":
			v = value.BoolValue(r.IntN(2) == 0)
		case "amount":
			v = value.DecimalValue(value.NewDec(r.Int64N(1_000_000), 2))
		}
		return connectortest.Cell{Value: v}
	}
	row := func(id int) []connectortest.Cell {
		out := []connectortest.Cell{{Value: value.IntValue(int64(id))}}
		for c := 1; c < len(cols); c++ {
			out = append(out, cell(c))
		}
		return out
	}
	a = connectortest.Table{Name: "a", Key: []string{"id"}, Columns: cols}
	b = connectortest.Table{Name: "b", Key: []string{"id"}, Columns: cols}
	for id := range n {
		x := row(id)
		switch id % (n / each) {
		case 1:
			s.missing++
			a.Rows = append(a.Rows, x)
		case 2:
			s.extra++
			b.Rows = append(b.Rows, x)
		case 3:
			y := slices.Clone(x)
			c := 1 + r.IntN(len(cols)-1)
			for y[c].Text() == x[c].Text() && y[c].Kind() == x[c].Kind() {
				y[c] = cell(c)
			}
			s.changed++
			a.Rows, b.Rows = append(a.Rows, x), append(b.Rows, y)
		default:
			a.Rows, b.Rows = append(a.Rows, x), append(b.Rows, x)
		}
	}
	return a, b, s
}

// TestEachDirection corrects each engine by each, and the other way round: what was found is as was seeded, and afterwards nothing is found.
func TestEachDirection(t *testing.T) {
	es := engines(t)
	n, each := 120, 6
	soak := os.Getenv("ASSAY_TEST_SOAK") != ""
	if soak {
		n, each = 100_000, 333
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	for i := range es {
		for k := range es {
			from, to := &es[i], &es[k]
			for _, side := range []spec.FixSide{spec.ToTarget, spec.ToSource} {
				next := k == (i+1)%len(es) && side == spec.ToTarget
				if !soak && !next && (i != 1 || k != 0 || side != spec.ToSource) {
					continue // each engine once, and once the other way round
				}
				t.Run(from.name+" and "+to.name+" to "+string(side), func(t *testing.T) { corrected(t, r, from, to, side, n, each) })
			}
		}
	}
}

// corrected has one of two tables brought into agreement with the other.
func corrected(t *testing.T, r *rand.Rand, from, to *engine, side spec.FixSide, n, each int) {
	a, b, want := seeded(r, n, each, from.name != "elasticsearch" && to.name != "elasticsearch")
	if side == spec.ToSource {
		want.missing, want.extra = want.extra, want.missing
	}
	x := newPairing(t, from, to, a, b, spec.Fix{To: side, Missing: spec.MissingInsert, Extra: spec.ExtraDelete})
	p := x.find()
	if got := p.counted(); got != want || p.res.InMotion != 0 {
		t.Errorf("%+v changes, want %+v; refused:\n%s", got, want, p.refused())
	}
	set := "b"
	if side == spec.ToSource {
		set = "a"
	}
	before := x.contents(set)
	plan := x.apply(p)
	if c := x.find(); len(c.changes) != 0 || c.report.Expectations[0].Verdict != "pass" {
		t.Errorf("left:\n%s%s%+v", c.lines(), c.refused(), c.report.Expectations[0].Compare.Counts)
	}
	if x.contents(set) == before {
		t.Error("nothing has changed")
	}
	if rep, err := correct.Undo(t.Context(), plan, correct.Options{}); err != nil || !rep.Clean() || rep.Applied != rep.Selected {
		t.Errorf("undo: %v %+v", err, rep.Rows)
	}
	if x.contents(set) != before {
		t.Error("undone, it is not what it was")
	}
}

// counted counts changes by what they do.
func (p *planned) counted() seeds {
	got := seeds{}
	for i := range p.changes {
		switch p.changes[i].Action {
		case connectors.Update:
			got.changed++
		case connectors.Insert:
			got.missing++
		case connectors.Delete:
			got.extra++
		}
	}
	return got
}

// pairing is a comparison of two tables of two engines.
type pairing struct {
	t     *testing.T
	suite *spec.Suite
	open  run.OpenFunc
}

// newPairing loads two tables and compares them by the first one's key.
func newPairing(t *testing.T, from, to *engine, a, b connectortest.Table, f spec.Fix) *pairing {
	t.Helper()
	left, right := from.load(t, a), to.load(t, b)
	left.Name, right.Name = "a", "b"
	f.Places = map[string]diag.Span{}
	c := &spec.Compare{Source: spec.Name{Value: "a"}, Target: spec.Name{Value: "b"}, Strategy: "auto"}
	for _, k := range a.Key {
		c.Key = append(c.Key, spec.Name{Value: k})
	}
	openers := map[string]connectors.Opener{"a": from.open, "b": to.open}
	return &pairing{
		t: t,
		suite: &spec.Suite{
			Name: "s", Corrections: spec.DefaultCorrections(),
			Connections:  []spec.Connection{{Name: "a", Driver: from.name, Params: from.params}, {Name: "b", Driver: to.name, Params: to.params}},
			Datasets:     []spec.Dataset{{Dataset: left, Connection: "a"}, {Dataset: right, Connection: "b"}},
			Expectations: []spec.Expectation{{ID: "same", Severity: spec.Error, Places: map[string]diag.Span{}, Compare: c, Fix: &f}},
		},
		open: func(ctx context.Context, c *spec.Connection) (connectors.Source, error) {
			return openers[c.Name](ctx, connectors.Config{Name: c.Name, Params: c.Params, Writable: true})
		},
	}
}

// find runs the comparison and plans.
func (x *pairing) find() *planned {
	x.t.Helper()
	out := &planned{suite: x.suite}
	out.path = filepath.Join(x.t.TempDir(), "plan.jsonl")
	w, err := correct.Create(out.path, correct.Header{Run: "r", Suite: "s", File: "s.yaml", Digest: strings.Repeat("0", 64), Created: now})
	if err != nil {
		x.t.Fatal(err)
	}
	p := fix.New(fix.Options{
		Now: now, Target: func(g correct.Target) error { out.targets = append(out.targets, g); return w.AddTarget(g) },
		Change: func(c *correct.Change) error { out.changes = append(out.changes, *c); return w.Add(c) },
	})
	out.report, out.found = run.Run(x.t.Context(), x.suite, run.Options{Open: x.open, Now: now, Fix: p})
	if out.found.HasErrors() {
		x.t.Fatal(out.found)
	}
	if out.res, out.err = p.Result(); out.err != nil {
		x.t.Fatal(out.err)
	}
	if _, err := w.Finish(); err != nil {
		x.t.Fatal(err)
	}
	for _, e := range out.report.Expectations {
		if e.Verdict == "error" {
			x.t.Fatalf("%+v", e)
		}
	}
	return out
}

// source opens the connection of a dataset for the length of the test.
func (x *pairing) source(set string) (connectors.Source, query.Relation) {
	x.t.Helper()
	i := slices.IndexFunc(x.suite.Datasets, func(d spec.Dataset) bool { return d.Name == set })
	d := x.suite.Datasets[i]
	k := slices.IndexFunc(x.suite.Connections, func(c spec.Connection) bool { return c.Name == d.Connection })
	src, err := x.open(x.t.Context(), &x.suite.Connections[k])
	if err != nil {
		x.t.Fatal(err)
	}
	x.t.Cleanup(func() { _ = src.Close() })
	return src, connectortest.Relation(x.t, src, d.Dataset)
}

// apply applies a plan, and fails where a change is not made.
func (x *pairing) apply(p *planned) *correct.Plan {
	x.t.Helper()
	plan, err := correct.Open(p.path)
	if err != nil {
		x.t.Fatal(err)
	}
	x.t.Cleanup(func() { _ = plan.Close() })
	err = plan.Bind(x.t.Context(), func(_ context.Context, t *correct.Target) (connectors.Source, query.Relation, error) {
		src, rel := x.source(t.Dataset)
		return src, rel, nil
	})
	if err != nil {
		x.t.Fatal(err)
	}
	rep, err := correct.Apply(x.t.Context(), plan, correct.Options{})
	if err != nil || rep.Applied != int64(len(p.changes)) || rep.Altered != 0 {
		x.t.Errorf("%v: %+v", err, rep)
		for _, r := range rep.Rows {
			x.t.Errorf("%s %v: %s: %s", r.Change.Action, r.Change.Key, r.Outcome, r.Reason)
		}
	}
	return plan
}

// contents are all rows of a dataset by their key, and of documents their source, byte for byte.
func (x *pairing) contents(set string) string {
	x.t.Helper()
	src, rel := x.source(set)
	target := connectors.Target{Relation: rel}
	all := query.Select{From: rel}
	for i := range rel.Schema.Columns {
		c := rel.Schema.Columns[i]
		if c.Name == "id" {
			target.Key, all.Columns = []value.Column{c}, []*query.Column{{Index: i, Col: c}}
		} else {
			target.Columns = append(target.Columns, c)
		}
	}
	rows, err := src.Select(x.t.Context(), all)
	if err != nil {
		x.t.Fatal(err)
	}
	var keys [][]value.Value
	for {
		b, err := rows.Next(x.t.Context())
		if err != nil {
			x.t.Fatal(err)
		}
		if b == nil {
			break
		}
		for i := range b.N {
			keys = append(keys, b.Row(i))
		}
	}
	_ = rows.Close()
	var lines []string
	for part := range slices.Chunk(keys, 1000) {
		found, err := src.(connectors.Corrector).Rows(x.t.Context(), target, part)
		if err != nil {
			x.t.Fatal(err)
		}
		for i, r := range found {
			if r == nil {
				continue // it has gone, and searches do not know it yet
			}
			var line strings.Builder
			fmt.Fprintf(&line, "%d", part[i][0].Int())
			for _, v := range r.Values {
				fmt.Fprintf(&line, "|%s %q", v.Type(), v.Text())
			}
			if r.Document != nil {
				fmt.Fprintf(&line, " %s %s", r.Document.ID, r.Document.Source)
			}
			lines = append(lines, line.String())
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
