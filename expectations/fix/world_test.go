package fix_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite" // writes the tables

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/sqlite"
	"github.com/assay-dev/assay/expectations/correct"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/fix"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/run"
	"github.com/assay-dev/assay/expectations/spec"
	"github.com/assay-dev/assay/suites" //nolint:depguard // suites as people write them say best what is meant
)

// world is two databases of SQLite, a and b.
type world struct {
	t   testing.TB
	dir string
	dbs map[string]*sql.DB
}

func newWorld(t testing.TB, a, b string) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), dbs: map[string]*sql.DB{}}
	for name, script := range map[string]string{"a": a, "b": b} {
		db, err := sql.Open("sqlite", filepath.Join(w.dir, name+".db"))
		if err != nil {
			t.Fatal(err)
		}
		db.SetMaxOpenConns(1)
		t.Cleanup(func() { _ = db.Close() })
		w.dbs[name] = db
		w.exec(name, script)
	}
	return w
}

func (w *world) exec(db, script string) {
	w.t.Helper()
	if _, err := w.dbs[db].ExecContext(context.Background(), script); err != nil {
		w.t.Fatalf("%v\n%s", err, script)
	}
}

// rows are what a query gives, one line a row.
func (w *world) rows(db, query string) string {
	w.t.Helper()
	rows, err := w.dbs[db].QueryContext(context.Background(), query)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	cols, err := rows.Columns()
	if err != nil {
		w.t.Fatal(err)
	}
	var out strings.Builder
	for rows.Next() {
		cells := make([]any, len(cols))
		for i := range cells {
			cells[i] = new(any)
		}
		if err := rows.Scan(cells...); err != nil {
			w.t.Fatal(err)
		}
		for i, c := range cells {
			if i > 0 {
				out.WriteByte('|')
			}
			fmt.Fprint(&out, *c.(*any))
		}
		out.WriteByte('\n')
	}
	if err := rows.Err(); err != nil {
		w.t.Fatal(err)
	}
	return out.String()
}

// planned is what a run with a planner came to.
type planned struct {
	targets []correct.Target
	changes []correct.Change
	res     *fix.Result
	err     error
	report  *result.Report
	found   diag.List
	suite   *spec.Suite
	path    string // of the plan, where it was written
}

// load reads a suite about tables of a and b.
func (w *world) load(text string) *spec.Suite {
	w.t.Helper()
	path := filepath.Join(w.dir, "s.yaml")
	head := "connections: {a: {driver: sqlite, path: " + filepath.Join(w.dir, "a.db") + "}, b: {driver: sqlite, path: " + filepath.Join(w.dir, "b.db") + "}}\n"
	if err := os.WriteFile(path, []byte(head+text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	set, found := suites.Load(context.Background(), suites.Options{}, path)
	if found.HasErrors() {
		w.t.Fatalf("%v", found)
	}
	return &set.Suites[0]
}

func open(ctx context.Context, c *spec.Connection) (connectors.Source, error) {
	return sqlite.Open(ctx, connectors.Config{Name: c.Name, Params: c.Params, Writable: true})
}

var now = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// plan runs a suite and plans. opts may change what the run is told.
func (w *world) plan(text string, opts ...func(*run.Options)) *planned {
	w.t.Helper()
	out := &planned{suite: w.load(text)}
	p := fix.New(fix.Options{
		Now: now, TempDir: w.dir, MemoryBytes: 1 << 14,
		Target: func(t correct.Target) error { out.targets = append(out.targets, t); return nil },
		Change: func(c *correct.Change) error { out.changes = append(out.changes, *c); return nil },
	})
	o := run.Options{Open: open, Now: now, FailureRows: 3, Fix: p}
	for _, f := range opts {
		f(&o)
	}
	out.report, out.found = run.Run(context.Background(), out.suite, o)
	if out.found.HasErrors() {
		return out
	}
	for _, e := range out.report.Expectations {
		if e.Verdict == result.Error {
			w.t.Logf("%s: %s", e.ID, e.Message)
		}
	}
	out.res, out.err = p.Result()
	return out
}

// fine is a plan without an error.
func (w *world) fine(text string, opts ...func(*run.Options)) *planned {
	w.t.Helper()
	p := w.plan(text, opts...)
	if p.found.HasErrors() || p.err != nil {
		w.t.Fatalf("%v %v", p.found, p.err)
	}
	return p
}

// lines are the changes: target action class risk key set, as text.
func (p *planned) lines() string {
	var out strings.Builder
	for i := range p.changes {
		c := &p.changes[i]
		fmt.Fprintf(&out, "%s: %s %s %s", c.Target, c.Action, c.Class, c.Risk)
		for _, v := range c.Key {
			out.WriteString(" " + v.Text())
		}
		t := p.target(c.Target)
		for _, at := range c.Set {
			before := ""
			if c.Before != nil {
				before = c.Before[at].Text() + " -> "
			}
			fmt.Fprintf(&out, ", %s %s%s", t.Columns[at].Name, before, c.After[at].Text())
		}
		out.WriteByte('\n')
	}
	return out.String()
}

func (p *planned) refused() string {
	var out strings.Builder
	for _, r := range p.res.Refused {
		fmt.Fprintf(&out, "%s: %d %s\n", r.Expectation, r.Rows, r.Reason)
	}
	return out.String()
}

func (p *planned) target(name string) *correct.Target {
	for i := range p.targets {
		if p.targets[i].Name == name {
			return &p.targets[i]
		}
	}
	return nil
}

// apply makes all changes but those that are left to people, and fails where one of them is not made.
func (w *world) apply(p *planned) {
	w.t.Helper()
	ctx := context.Background()
	for i := range p.targets {
		g := &p.targets[i]
		var conn *spec.Connection
		var set *spec.Dataset
		for k := range p.suite.Connections {
			if p.suite.Connections[k].Name == g.Connection {
				conn = &p.suite.Connections[k]
			}
		}
		for k := range p.suite.Datasets {
			if p.suite.Datasets[k].Name == g.Dataset {
				set = &p.suite.Datasets[k]
			}
		}
		src, err := open(ctx, conn)
		if err != nil {
			w.t.Fatal(err)
		}
		schema, err := src.Describe(ctx, set.Dataset)
		if err != nil {
			w.t.Fatal(err)
		}
		t := connectors.Target{}
		t.Relation.Dataset, t.Relation.Schema = set.Dataset, schema
		for _, c := range g.Key {
			col, _ := schema.Column(c.Name)
			t.Key = append(t.Key, col)
		}
		for _, c := range g.Columns {
			col, _ := schema.Column(c.Name)
			t.Columns = append(t.Columns, col)
		}
		corrector, ok := src.(connectors.Corrector)
		if !ok {
			w.t.Fatal("no corrector")
		}
		x, err := corrector.Correct(ctx, t)
		if err != nil {
			w.t.Fatal(err)
		}
		batches := map[string][]connectors.Change{}
		for k := range p.changes {
			if c := &p.changes[k]; c.Target == g.Name && c.Risk != correct.Manual {
				id := fmt.Sprint(c.Action, c.Set)
				batches[id] = append(batches[id], c.Change)
			}
		}
		for _, b := range batches {
			effects, err := x.Apply(ctx, b, func([]connectors.Effect) error { return nil })
			if err != nil {
				w.t.Error(err)
			}
			for n, e := range effects {
				if e.Outcome != connectors.Applied {
					w.t.Errorf("%s %s %v: %d %v", g.Name, b[n].Action, b[n].Key, e.Outcome, e.Err)
				}
			}
		}
		if err := x.Close(); err != nil {
			w.t.Error(err)
		}
		if err := src.Close(); err != nil {
			w.t.Error(err)
		}
	}
}

// is compares what was made with what was to be.
func is(t testing.TB, what, got, want string) {
	t.Helper()
	got, want = strings.TrimSpace(got), strings.TrimSpace(want)
	if got != want {
		t.Errorf("%s: got\n%s\nwant\n%s", what, got, want)
	}
}

// sampled draws so many rows.
func sampled(n int) func(*run.Options) {
	return func(o *run.Options) {
		o.Plan.Sample = &plan.Sampling{Rows: n, Seed: 7}
		o.Sampling.Confidence = 0.99
	}
}

func sortedLines(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
