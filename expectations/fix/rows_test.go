package fix_test

import (
	"strings"
	"testing"

	"github.com/assay-dev/assay/expectations/run"
)

const (
	ordersA = `CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER, customer_name TEXT, status TEXT, total DECIMAL(9,2), tax DECIMAL(9,2));
INSERT INTO orders VALUES (1,1,'Ann','new',10,1),(2,2,'Bob','',20,2),(3,1,'Anne','',30,3),(4,9,'Nobody','new',40,NULL),(5,3,NULL,'sent',50,9);`
	customersB = `CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO customers VALUES (1,'Ann'),(2,'Robert'),(3,'Cy');`
	orders     = `datasets:
  orders: {connection: a, table: orders, key: id}
  customers: {connection: b, table: customers}
expectations:
  - id: name
    dataset: orders
    join: {customer: {dataset: customers, key: row.customer_id}}
    expect: row.customer_name == customer.name
    on_null: fail
    fix: {row.customer_name: customer.name}
`
	status = `  - id: status
    dataset: orders
    expect: row.status != ''
    fix: {status: "row.total > 25.0 ? 'large' : 'new'"}
`
)

func TestJoinedRows(t *testing.T) {
	w := newWorld(t, ordersA, customersB)
	p := w.fine(orders)
	is(t, "changes", p.lines(), `
orders: update violation low 2, customer_name Bob -> Robert
orders: update violation low 3, customer_name Anne -> Ann
orders: update violation low 5, customer_name null -> Cy`)
	is(t, "refused", p.refused(), "name: 1 the row has no partner to take a value from")
	w.apply(p)
	is(t, "orders", w.rows("a", "SELECT id, customer_name FROM orders"), "1|Ann\n2|Robert\n3|Ann\n4|Nobody\n5|Cy")
	is(t, "what is left", w.fine(orders).lines(), "")
}

// TestJoinedInOneServer has the server find the rows.
func TestJoinedInOneServer(t *testing.T) {
	w := newWorld(t, ordersA+customersB, "")
	p := w.fine(strings.Replace(orders, "connection: b", "connection: a", 1))
	is(t, "changes", p.lines(), `
orders: update violation low 2, customer_name Bob -> Robert
orders: update violation low 3, customer_name Anne -> Ann
orders: update violation low 5, customer_name null -> Cy`)
}

// TestOneChangeARow: what two expectations want of one row is one change, whose guard holds for both.
func TestOneChangeARow(t *testing.T) {
	w := newWorld(t, ordersA, customersB)
	p := w.fine(orders + status)
	is(t, "changes", p.lines(), `
orders: update violation low 2, customer_name Bob -> Robert, status  -> new
orders: update violation low 3, customer_name Anne -> Ann, status  -> large
orders: update violation low 5, customer_name null -> Cy`)
	if c := p.changes[0]; c.Expectation != "name" || !strings.Contains(c.Reason, "status too") {
		t.Errorf("%s: %s", c.Expectation, c.Reason)
	}
	w.apply(p)
	is(t, "what is left", w.fine(orders+status).lines(), "")
}

// TestAllFailingRowsAreFixed although the report keeps three, or none, and although some of them are tolerated.
func TestAllFailingRowsAreFixed(t *testing.T) {
	w := newWorld(t, `CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER, s TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO t SELECT i, i % 3, 'x' || i FROM n`, "")
	for _, x := range []string{"expect: row.v != 0", "expect: row.v != 0\n        mostly: 10%", "expect: row.v != 0 || row.s.matches('^y')", "in_set: {column: v, values: [1, 2]}"} {
		for _, keep := range []int{0, 3} {
			p := w.fine("datasets:\n  t:\n    connection: a\n    table: t\n    expectations:\n      - id: e\n        "+x+"\n        fix: {v: row.v + 1}\n", func(o *run.Options) { o.FailureRows = keep })
			if len(p.changes) != 1000 || p.changes[999].Key[0].Int() != 3000 || p.res.Changes != 1000 {
				t.Errorf("%s: %d changes", x, len(p.changes))
			}
			if n := len(p.report.Expectations[0].Failures); n > keep {
				t.Errorf("the report has %d rows", n)
			}
		}
	}
}

// TestFixThatMendsNothing is refused: the next run would find the row again.
func TestFixThatMendsNothing(t *testing.T) {
	w := newWorld(t, ordersA, "")
	p := w.fine(`datasets: {orders: {connection: a, table: orders}}
expectations:
  - {id: e, dataset: orders, expect: row.total < 25.0, fix: {total: row.total - 10.0}}
`)
	is(t, "changes", p.lines(), "orders: update violation low 3, total 30 -> 20")
	is(t, "refused", p.refused(), "e: 2 the row would not hold with what `fix` gives it either")
}

func TestValuesThatDoNotFit(t *testing.T) {
	w := newWorld(t, `CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER NOT NULL, s TEXT, d DECIMAL(9,2));
INSERT INTO t VALUES (1,1,'7',1),(2,2,'x',1),(3,3,NULL,1)`, "")
	p := w.fine(`datasets: {t: {connection: a, table: t}}
expectations:
  - {id: e, dataset: t, expect: row.n > 5, fix: {n: "row.s == null ? null : dyn(int(row.s))"}}
`)
	is(t, "changes", p.lines(), "t: update violation low 1, n 1 -> 7")
	is(t, "refused", p.refused(), "e: 1 column n: it takes no null\ne: 1 column n: its value cannot be computed")
	p = w.fine(`datasets: {t: {connection: a, table: t}}
expectations:
  - {id: e, dataset: t, expect: row.d > 5.0, fix: {d: "decimal('1234567890123456789.25')"}}
`)
	is(t, "changes", p.lines(), "")
	is(t, "refused", p.refused(), "e: 3 column d: the number has more digits than the column keeps")
}

// TestConflict: rows that two expectations correct differently are corrected by neither, as far as that goes.
func TestConflict(t *testing.T) {
	w := newWorld(t, ordersA, "")
	p := w.fine(`datasets: {orders: {connection: a, table: orders}}
expectations:
  - {id: one, dataset: orders, where: row.id < 4, expect: row.status == 'a', on_null: fail, fix: {status: "'a'", tax: 1.0}}
  - {id: two, dataset: orders, where: row.id > 2, expect: row.status == 'b', on_null: fail, fix: {status: "'b'"}}
`)
	is(t, "changes", p.lines(), `
orders: update violation low 1, status new -> a
orders: update violation low 2, status  -> a, tax 2 -> 1
orders: update violation low 3, tax 3 -> 1
orders: update violation low 4, status new -> b
orders: update violation low 5, status sent -> b`)
	is(t, "refused", p.refused(), "one: 1 two expectations give column status of the row different values\ntwo: 1 two expectations give column status of the row different values")
}

// TestDeletedForOneExpectation: a row that is deleted is not updated too.
func TestDeletedForOneExpectation(t *testing.T) {
	w := newWorld(t, `CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER); INSERT INTO t VALUES (1,1)`, `CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER); INSERT INTO t VALUES (1,0),(2,0)`)
	suite := `datasets: {l: {connection: a, table: t}, r: {connection: b, table: t}}
expectations:
  - {id: same, compare: {source: l, target: r}, WHERE fix: {columns: {v: source}}}
  - {id: ours, dataset: r, expect: row.v > 0, WHERE fix: {v: "1"}}
`
	p := w.fine(strings.Replace(strings.Replace(suite, "WHERE", "where: row.id < 9,", 1), "WHERE", "where: row.id < 8,", 1))
	is(t, "changes", p.lines(), "r: update changed low 1, v 0 -> 1\nr: delete extra high 2")
	is(t, "refused", p.refused(), "ours: 1 the row is deleted for same")
	p = w.plan(strings.ReplaceAll(suite, "WHERE", ""))
	if len(p.found) != 2 || p.found[0].Code != "two-owners" || p.found[0].Span.Line != 5 || p.found[0].Span.Col != 54 || p.found[1].Span.Line != 4 {
		t.Errorf("two owners: %+v", p.found)
	}
}

// TestInMotion: what changed since it was found is left out and counted.
func TestInMotion(t *testing.T) {
	w := newWorld(t, stockA, stockB)
	once := false
	p := w.fine(stocks+"    fix: target\n", func(o *run.Options) {
		o.Progress = func(e run.Event) {
			if e.Step == "done" && e.Dataset == "stock" && !once {
				once = true
				w.exec("b", "UPDATE stock SET stock = 12 WHERE id = 1; DELETE FROM stock WHERE id = 2; INSERT INTO stock (id, name) VALUES (3, 'mine'); UPDATE stock SET note = 'touched' WHERE id = 5; UPDATE stock SET seen = 'c' WHERE id = 5")
			}
		}
	})
	is(t, "changes", p.lines(), "")
	is(t, "refused", p.refused(), "stock: 1 right has a row with its key, that the comparison leaves out or that has come since\nstock: 3 the row has changed since it was found: run again")
	if p.res.InMotion != 3 {
		t.Errorf("%d in motion", p.res.InMotion)
	}
}

// TestUncomparedColumns: what the comparison leaves out may change without an update being lost, but a deleted row is guarded as a whole.
func TestUncomparedColumns(t *testing.T) {
	w := newWorld(t, stockA, stockB)
	p := w.fine(stocks + "    fix: target\n")
	for _, c := range p.changes {
		g := p.target(c.Target)
		seen := false
		for _, col := range g.Columns {
			seen = seen || col.Name == "seen"
		}
		if want := c.Action != "update"; seen != want {
			t.Errorf("%s of %s: the guard has seen: %v", c.Action, c.Target, seen)
		}
	}
}

// TestEachColumnItsOwn: of an expectation about several columns a row gets only what is for the one that it fails by.
func TestEachColumnItsOwn(t *testing.T) {
	w := newWorld(t, `CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT); INSERT INTO t VALUES (1,NULL,'x'),(2,'y',NULL),(3,NULL,NULL)`, "")
	p := w.fine(`datasets:
  t:
    connection: a
    table: t
    expectations:
      - not_null: [a, b]
        fix: {a: "'A'", b: "'B'"}
`)
	is(t, "changes", p.lines(), "t: update violation low 1, a null -> A\nt: update violation low 2, b null -> B\nt: update violation low 3, a null -> A, b null -> B")
}
