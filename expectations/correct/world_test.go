package correct_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlite"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/correct"
)

// world is a database whose table items is corrected.
type world struct {
	t    testing.TB
	dir  string
	path string // of the database
	plan string // of the plan
	db   *sql.DB
	src  connectors.Source
}

const itemsTable = `CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT NOT NULL, stock INTEGER, price REAL, CHECK (stock >= 0))`

// newWorld makes a database with n items.
func newWorld(t testing.TB, n int, statements ...string) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir()}
	w.path, w.plan = filepath.Join(w.dir, "shop.db"), filepath.Join(w.dir, "plan.jsonl")
	w.exec(append([]string{
		"PRAGMA journal_mode=WAL", itemsTable,
		fmt.Sprintf(`INSERT INTO items WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) SELECT i, 'item ' || i, i %% 100, i / 4.0 FROM n`, n),
	}, statements...)...)
	w.open()
	return w
}

func (w *world) database() *sql.DB {
	if w.db == nil {
		db, err := sql.Open("sqlite", "file:"+w.path+"?_pragma=busy_timeout(20000)&_pragma=synchronous(FULL)")
		if err != nil {
			w.t.Fatal(err)
		}
		w.db = db
		w.t.Cleanup(func() { _ = db.Close() })
	}
	return w.db
}

func (w *world) exec(statements ...string) {
	w.t.Helper()
	for _, s := range statements {
		if _, err := w.database().Exec(s); err != nil {
			w.t.Fatalf("%s: %v", s, err)
		}
	}
}

// open opens the connection that is corrected through.
func (w *world) open() {
	w.t.Helper()
	ctx := context.Background()
	src, err := sqlite.Open(ctx, connectors.Config{Name: "shop", Params: map[string]string{"path": w.path}, Writable: true})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = src.Close() })
	w.src = src
}

func (w *world) relation(table string) query.Relation {
	w.t.Helper()
	d := query.Dataset{Name: table, Table: table}
	s, err := w.src.Describe(context.Background(), d)
	if err != nil {
		w.t.Fatal(err)
	}
	d.Key = s.Key
	return query.Relation{Dataset: d, Schema: s}
}

// target is a target of a plan: a table with its first column as the key.
func (w *world) target(table string) correct.Target {
	r := w.relation(table)
	t := correct.NewTarget("shop."+table, "shop", "sqlite", &r, r.Schema.Columns[:1], r.Schema.Columns[1:])
	t.Rows = 1000
	return t
}

func (w *world) header(tables ...string) correct.Header {
	h := correct.Header{Suite: "shop", File: "assay.yaml", Digest: "abc"}
	for _, t := range tables {
		h.Targets = append(h.Targets, w.target(t))
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
		return w.src, w.relation(t.Table), nil
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
	r, err := correct.Apply(context.Background(), w.bind(), o)
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
	rows, err := w.database().Query("SELECT * FROM " + table) //nolint:noctx // a test
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	cols, err := rows.Columns()
	if err != nil {
		w.t.Fatal(err)
	}
	out := make(map[int64]string)
	for rows.Next() {
		cells, at := make([]any, len(cols)), make([]any, len(cols))
		for i := range cells {
			at[i] = &cells[i]
		}
		if err := rows.Scan(at...); err != nil {
			w.t.Fatal(err)
		}
		out[cells[0].(int64)] = fmt.Sprintf("%#v", cells[1:])
	}
	if err := rows.Err(); err != nil {
		w.t.Fatal(err)
	}
	return out
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
		t.Fatalf("applied, already, stale, failed, altered: %v, want %v; %+v", got, want, r.Rows)
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
