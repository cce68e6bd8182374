package correct_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/correct"
)

// world is a store whose items are corrected, and a folder for the plan.
type world struct {
	t    testing.TB
	dir  string
	plan string
	st   store
	src  connectors.Source
}

// newWorld makes a SQLite database with n items.
func newWorld(t testing.TB, n int, statements ...string) *world {
	t.Helper()
	dir := t.TempDir()
	w := newWorldOn(t, newSQLite(t, filepath.Join(dir, "shop.db")), dir, n)
	w.exec(statements...)
	return w
}

// newWorldOn fills a store with n items.
func newWorldOn(t testing.TB, st store, dir string, n int) *world {
	t.Helper()
	w := &world{t: t, dir: dir, plan: filepath.Join(dir, "plan.jsonl"), st: st}
	st.fill(t, n)
	w.src = st.open(t)
	return w
}

// exec runs statements in a SQL database.
func (w *world) exec(statements ...string) {
	w.t.Helper()
	for _, s := range statements {
		w.sql().exec(w.t, s)
	}
}

func (w *world) sql() *sqlStore {
	s, ok := w.st.(*sqlStore)
	if !ok {
		w.t.Fatal("it is no SQL database")
	}
	return s
}

func (w *world) relation(d query.Dataset) query.Relation {
	w.t.Helper()
	s, err := w.src.Describe(context.Background(), d)
	if err != nil {
		w.t.Fatal(err)
	}
	return query.Relation{Dataset: d, Schema: s}
}

// items is the target of items.
func (w *world) items() correct.Target {
	w.t.Helper()
	r := w.relation(w.st.dataset())
	cols := make([]value.Column, 4)
	for i, name := range []string{"id", "name", "stock", "price"} {
		var at int
		if cols[i], at = r.Schema.Column(name); at < 0 {
			w.t.Fatalf("no column %s in %+v", name, r.Schema)
		}
	}
	t := correct.NewTarget("shop.items", "shop", w.st.driver(), &r, cols[:1], cols[1:])
	t.Rows = 1000
	return t
}

// target is a target of a plan: a table with its first column as the key.
func (w *world) target(table string) correct.Target {
	r := w.relation(query.Dataset{Name: table, Table: table, Key: []string{"id"}})
	t := correct.NewTarget("shop."+table, "shop", "sqlite", &r, r.Schema.Columns[:1], r.Schema.Columns[1:])
	t.Rows = 1000
	return t
}

func (w *world) header(tables ...string) correct.Header {
	h := correct.Header{Suite: "shop", File: "assay.yaml", Digest: "abc"}
	for _, t := range tables {
		if t == "items" {
			h.Targets = append(h.Targets, w.items())
		} else {
			h.Targets = append(h.Targets, w.target(t))
		}
	}
	return h
}

// write writes a plan.
func (w *world) write(h correct.Header, changes ...*correct.Change) {
	w.t.Helper()
	out, err := correct.Create(w.plan, h)
	if err != nil {
		w.t.Fatal(err)
	}
	defer out.Abort()
	for _, c := range changes {
		if err := out.Add(c); err != nil {
			w.t.Fatal(err)
		}
	}
	if _, err := out.Finish(); err != nil {
		w.t.Fatal(err)
	}
}

// bind opens a plan and binds it.
func (w *world) bind() *correct.Plan {
	w.t.Helper()
	p, err := correct.Open(w.plan)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = p.Close() })
	err = p.Bind(context.Background(), func(_ context.Context, t *correct.Target) (connectors.Source, query.Relation, error) {
		if t.Name == "shop.items" {
			return w.src, w.relation(w.st.dataset()), nil
		}
		return w.src, w.relation(query.Dataset{Name: t.Table, Table: t.Table, Key: []string{"id"}}), nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (w *world) options() correct.Options {
	return correct.Options{Who: "ada", Host: "here", Audit: w.audit(), BatchRows: 50}
}

func (w *world) audit() string { return filepath.Join(w.dir, "audit.jsonl") }

func (w *world) apply(o correct.Options) correct.Report {
	w.t.Helper()
	return w.applyPlan(w.bind(), o)
}

func (w *world) applyPlan(p *correct.Plan, o correct.Options) correct.Report {
	w.t.Helper()
	r, err := correct.Apply(context.Background(), p, o)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func (w *world) undo(o correct.Options) correct.Report {
	w.t.Helper()
	r, err := correct.Undo(context.Background(), w.bind(), o)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// dump is a table's content.
func (w *world) dump(table string) map[int64]string {
	w.t.Helper()
	if table == "items" {
		return w.st.rows(w.t)
	}
	return w.sql().dump(w.t, table)
}

// auditLines reads the audit log, which must be whole.
func (w *world) auditLines() []string {
	w.t.Helper()
	n, err := correct.CheckAudit(w.audit())
	if err != nil {
		w.t.Fatal(err)
	}
	b, err := os.ReadFile(w.audit())
	if err != nil {
		w.t.Fatal(err)
	}
	l := strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
	if int64(len(l)) != n || n == 0 {
		w.t.Fatalf("%d lines in the audit log, CheckAudit counts %d", len(l), n)
	}
	return l
}

// item is a row of items without its key; a stock below zero is null.
func item(name string, stock int64, price float64) []value.Value {
	s := value.IntValue(stock)
	if stock < 0 {
		s = value.NullValue()
	}
	return []value.Value{value.StringValue(name), s, value.DoubleValue(price)}
}

// seeded is the row of items with an id as newWorld makes it.
func seeded(id int64) []value.Value { return item(fmt.Sprintf("item %d", id), id%100, float64(id)/4) }

func planned(action connectors.Action, id int64, before, after []value.Value, set ...int) *correct.Change {
	c := &correct.Change{Target: "shop.items", Expectation: "agree", Risk: correct.Low, Reason: "differs"}
	c.Action, c.Key, c.Before, c.After, c.Set = action, ints(id), before, after, set
	switch action {
	case connectors.Insert:
		c.Class, c.Set = correct.Missing, []int{0, 1, 2}
	case connectors.Delete:
		c.Class, c.Risk, c.Set = correct.Extra, correct.High, nil
	default:
		c.Class = correct.Changed
	}
	return c
}

// restock plans another stock for an item.
func restock(id, stock int64) *correct.Change {
	after := seeded(id)
	after[1] = value.IntValue(stock)
	return planned(connectors.Update, id, seeded(id), after, 1)
}

func remove(id int64) *correct.Change { return planned(connectors.Delete, id, seeded(id), nil) }

func add(id int64) *correct.Change {
	return planned(connectors.Insert, id, nil, item(fmt.Sprintf("new %d", id), -1, 1.5))
}

// tally is what a report must count: applied, already, stale, failed, altered.
func tally(t testing.TB, r correct.Report, want ...int64) {
	t.Helper()
	got := []int64{r.Applied, r.Already, r.Stale, r.Failed, r.Altered}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("applied, already, stale, failed, altered: %v, want %v; %+v", got, want, r.Rows[:min(len(r.Rows), 5)])
	}
	if r.Tally.Total() != r.Selected {
		t.Fatalf("%d of %d changes are accounted for", r.Tally.Total(), r.Selected)
	}
}

// stopAfter lets n batches through.
func stopAfter(count *int, n int, err error) func(context.Context) error {
	return func(context.Context) error {
		if *count++; *count > n {
			return err
		}
		return nil
	}
}

// cells is a row of items as stores show it.
func cells(row []value.Value) string {
	if row == nil {
		return ""
	}
	out := make([]any, len(row))
	for i, v := range row {
		switch v.Kind() {
		case value.Int:
			out[i] = v.Int()
		case value.Double:
			out[i] = v.Double()
		case value.String:
			out[i] = v.Str()
		default:
		}
	}
	return fmt.Sprintf("%#v", out)
}
