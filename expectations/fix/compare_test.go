package fix_test

import "testing"

const (
	stockA = `CREATE TABLE stock (id INTEGER PRIMARY KEY, name TEXT, stock INTEGER, price DECIMAL(9,2), note TEXT, seen TEXT, updated_at TEXT);
INSERT INTO stock VALUES (1,'one',10,1.50,NULL,'a','2024-01-01'),(2,'two',20,2.50,'n','a','2024-01-02'),(3,'three',30,3.50,'x','a','2024-01-03'),(4,'four',40,4.50,'y','a','2024-01-04'),(6,'same',6,6,'s','a','2024-01-01');`
	stockB = `CREATE TABLE stock (id INTEGER PRIMARY KEY, name TEXT NOT NULL, stock INTEGER, price DECIMAL(9,2), note TEXT, seen TEXT, updated_at TEXT);
INSERT INTO stock VALUES (1,'one',11,1.75,'kept','b','2024-02-01'),(2,'TWO',20,2.50,'m','b','2024-01-01'),(4,'four',40,4.50,'y','b','2024-01-04'),(5,'five',50,5.50,'z','b','2024-01-05'),(6,'same',6,6,'s','b','2024-01-01');`
	stocks = `datasets:
  left: {connection: a, table: stock, key: id}
  right: {connection: b, table: stock, key: id}
expectations:
  - id: stock
    compare: {source: left, target: right}
    ignore: [seen]
`
	all = `SELECT * FROM stock ORDER BY id`
)

func TestTargetIsBroughtIntoAgreement(t *testing.T) {
	w := newWorld(t, stockA, stockB)
	suite := stocks + "    fix: target\n"
	before := w.rows("a", all)
	p := w.fine(suite)
	is(t, "changes", p.lines(), `
right: update changed low 1, stock 11 -> 10, price 1.75 -> 1.5, note kept -> null, updated_at 2024-02-01 -> 2024-01-01
right: update changed low 2, name TWO -> two, note m -> n, updated_at 2024-01-01 -> 2024-01-02
right (new rows): insert missing medium 3, name three, stock 30, price 3.5, note x, seen a, updated_at 2024-01-03
right (new rows): delete extra high 5`)
	is(t, "refused", p.refused(), "")
	w.apply(p)
	is(t, "the source", w.rows("a", all), before)
	is(t, "the target", w.rows("b", all), `
1|one|10|1.5|<nil>|b|2024-01-01
2|two|20|2.5|n|b|2024-01-02
3|three|30|3.5|x|a|2024-01-03
4|four|40|4.5|y|b|2024-01-04
6|same|6|6|s|b|2024-01-01`)
	is(t, "what is left", w.fine(suite).lines(), "")
}

func TestSourceIsBroughtIntoAgreement(t *testing.T) {
	w := newWorld(t, stockA, stockB)
	suite := stocks + "    fix: source\n"
	before := w.rows("b", all)
	p := w.fine(suite)
	is(t, "changes", p.lines(), `
left: update changed low 1, stock 10 -> 11, price 1.5 -> 1.75, note null -> kept, updated_at 2024-01-01 -> 2024-02-01
left: update changed low 2, name two -> TWO, note n -> m, updated_at 2024-01-02 -> 2024-01-01
left (new rows): delete missing high 3
left (new rows): insert extra medium 5, name five, stock 50, price 5.5, note z, seen b, updated_at 2024-01-05`)
	w.apply(p)
	is(t, "the target", w.rows("b", all), before)
	is(t, "what is left", w.fine(suite).lines(), "")
	is(t, "the source", w.rows("a", "SELECT id, name, stock, price, note, updated_at FROM stock ORDER BY id"), w.rows("b", "SELECT id, name, stock, price, note, updated_at FROM stock ORDER BY id"))
}

// TestOwners has one difference become a change on each side, and one for people.
func TestOwners(t *testing.T) {
	w := newWorld(t, stockA, stockB)
	suite := stocks + `    fix:
      columns: {stock: source, price: {newest: updated_at}, note: {prefer: source}, name: manual}
      missing: ignore
      extra: ignore
`
	p := w.fine(suite)
	is(t, "changes", sortedLines(p.lines()), `
left: update changed low 1, price 1.5 -> 1.75, note null -> kept, updated_at 2024-01-01 -> 2024-02-01
right (by hand): update changed manual 2, name TWO -> two
right: update changed low 1, stock 11 -> 10
right: update changed low 2, note m -> n, updated_at 2024-01-01 -> 2024-01-02`)
	w.apply(p)
	is(t, "both", w.rows("a", all)+w.rows("b", all), `
1|one|10|1.75|kept|a|2024-02-01
2|two|20|2.5|n|a|2024-01-02
3|three|30|3.5|x|a|2024-01-03
4|four|40|4.5|y|a|2024-01-04
6|same|6|6|s|a|2024-01-01
1|one|10|1.75|kept|b|2024-02-01
2|TWO|20|2.5|n|b|2024-01-02
4|four|40|4.5|y|b|2024-01-04
5|five|50|5.5|z|b|2024-01-05
6|same|6|6|s|b|2024-01-01`)
	is(t, "what is left", w.fine(suite).lines(), "right (by hand): update changed manual 2, name TWO -> two")
}

// TestOwnedByTheCorrectedSide: what the target owns goes the other way.
func TestOwnedByTheCorrectedSide(t *testing.T) {
	w := newWorld(t, stockA, stockB)
	p := w.fine(stocks + "    fix: {columns: {stock: target, note: target}, missing: ignore, extra: ignore}\n")
	is(t, "changes", sortedLines(p.lines()), `
left: update changed low 1, stock 10 -> 11, note null -> kept
left: update changed low 2, note n -> m
right: update changed low 1, price 1.75 -> 1.5, updated_at 2024-02-01 -> 2024-01-01
right: update changed low 2, name TWO -> two, updated_at 2024-01-01 -> 2024-01-02`)
}

// TestNewestWithoutVersion is left to people: nothing says which row is newer.
func TestNewestWithoutVersion(t *testing.T) {
	w := newWorld(t, `CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER, at INTEGER); INSERT INTO t VALUES (1,1,5),(2,2,NULL),(3,3,7)`,
		`CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER, at INTEGER); INSERT INTO t VALUES (1,9,5),(2,9,1),(3,9,6)`)
	p := w.fine(`datasets: {l: {connection: a, table: t}, r: {connection: b, table: t}}
expectations:
  - {id: t, compare: {source: l, target: r}, ignore: [at], fix: {columns: {v: {newest: at}}}}
`)
	is(t, "changes", sortedLines(p.lines()), `
r (by hand): update changed manual 1, v 9 -> 1
r (by hand): update changed manual 2, v 9 -> 2
r: update changed low 3, v 9 -> 3`)
}

func TestSoftDelete(t *testing.T) {
	w := newWorld(t, `CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER); INSERT INTO t VALUES (1,1),(4,4)`,
		`CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER, deleted_at TIMESTAMP); INSERT INTO t VALUES (1,1,NULL),(2,2,NULL),(3,3,'2024-01-01 00:00:00'),(4,5,'2024-01-01 00:00:00')`)
	suite := `datasets: {l: {connection: a, table: t}, r: {connection: b, table: t, types: {deleted_at: local_timestamp}}}
expectations:
  - id: t
    compare: {source: l, target: r}
    where: {target: row.deleted_at == null}
    fix: {extra: soft, soft: {column: deleted_at, value: row.deleted_at}}
`
	// A mark that is null marks nothing: it is refused, rather than found again by every run. A row that is there again loses its mark.
	p := w.fine(suite)
	is(t, "changes", p.lines(), "r: update missing medium 4, v 5 -> 4, deleted_at 2024-01-01T00:00:00 -> null")
	is(t, "refused", p.refused(), "t: 1 what `fix` gives the row is there already")
	w.apply(p)
	is(t, "the target", w.rows("b", "SELECT id, v, deleted_at IS NULL FROM t"), "1|1|1\n2|2|1\n3|3|0\n4|4|1")
	if c := w.fine(suite); c.report.Expectations[0].Compare.Counts.Missing != 0 {
		t.Errorf("left: %s", c.lines())
	}
}

// TestRequiredColumns: a row that lacks what it must have is refused, as is one that the server would compute.
func TestRequiredColumns(t *testing.T) {
	w := newWorld(t, `CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER, g INTEGER); INSERT INTO t VALUES (1,1,3),(2,NULL,2),(3,3,7)`,
		`CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER NOT NULL, g INTEGER GENERATED ALWAYS AS (v * 2), d INTEGER NOT NULL DEFAULT 4); INSERT INTO t (id, v) VALUES (1,1)`)
	suite := "datasets: {l: {connection: a, table: t}, r: {connection: b, table: t}}\nexpectations:\n  - {id: t, compare: {source: l, target: r}, fix: target}\n"
	p := w.fine(suite)
	is(t, "changes", p.lines(), "r: insert missing medium 3, v 3")
	is(t, "refused", p.refused(), "t: 1 column g of r is computed by the server\nt: 1 column v of r: the column takes no null")
	w.apply(p)
	is(t, "the target", w.rows("b", "SELECT * FROM t"), "1|1|2|4\n3|3|6|4")
	w.exec("b", "ALTER TABLE t RENAME COLUMN d TO e; DROP TABLE t; CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER, e INTEGER NOT NULL, f TEXT NOT NULL)")
	p = w.fine(suite)
	is(t, "changes", p.lines(), "")
	is(t, "refused", p.refused(), "t: 3 a new row of r needs a value for e, f, and l has none")
}

func TestSoftDeleteMarks(t *testing.T) {
	w := newWorld(t, `CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER); INSERT INTO t VALUES (1,1)`,
		`CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER, gone INTEGER); INSERT INTO t VALUES (1,1,NULL),(2,2,NULL),(3,3,12)`)
	suite := `datasets: {l: {connection: a, table: t}, r: {connection: b, table: t}}
expectations:
  - id: t
    compare: {source: l, target: r}
    where: {target: row.gone == null}
    fix: {extra: soft, soft: {column: gone, value: row.v * 10}}
`
	p := w.fine(suite)
	is(t, "changes", p.lines(), "r: update extra medium 2, gone null -> 20")
	w.apply(p)
	is(t, "the target", w.rows("b", "SELECT * FROM t"), "1|1|<nil>\n2|2|20\n3|3|12")
	is(t, "what is left", w.fine(suite).lines(), "")
	if warned := w.fine(`datasets: {l: {connection: a, table: t}, r: {connection: b, table: t}}
expectations:
  - {id: t, compare: {source: l, target: r}, fix: {extra: soft, soft: {column: gone, value: "1"}}}
`).found; len(warned) == 0 || warned[len(warned)-1].Code != "soft-delete" && warned[0].Code != "soft-delete" {
		t.Errorf("a comparison that finds marked rows again: %v", warned)
	}
}

const (
	twinsA = `CREATE TABLE t (k TEXT, v INTEGER); INSERT INTO t VALUES ('a',1),('b',2),('d',4),('d',5)`
	twinsB = `CREATE TABLE t (id INTEGER PRIMARY KEY, k TEXT, v INTEGER, at INTEGER); INSERT INTO t VALUES (1,'a',1,10),(2,'a',7,20),(3,'b',8,30),(4,'b',9,40),(5,'c',3,1),(6,'c',3,2),(7,'d',4,1)`
	twins  = `datasets: {l: {connection: a, table: t, key: k}, r: {connection: b, table: t}}
expectations:
  - {id: t, compare: {source: l, target: r}, key: k, ignore: [id, at], fix: `
)

func TestDuplicates(t *testing.T) {
	w := newWorld(t, twinsA, twinsB)
	p := w.fine(twins + "target}\n")
	is(t, "changes", p.lines(), "")
	is(t, "refused", p.refused(), "t: 1 several rows of l have one key, and nothing says which of them is right\nt: 3 several rows of r have one key, and `duplicates:` does not say which is kept")
	p = w.fine(twins + "{duplicates: matching}}\n")
	is(t, "changes", p.lines(), `
r (by id): delete duplicate_key high 2
r (by id): delete duplicate_key high 5
r (by id): delete duplicate_key high 6`)
	is(t, "refused", p.refused(), "t: 1 none of the rows with one key agrees with the other side\nt: 1 several rows of l have one key, and nothing says which of them is right")
	p = w.fine(twins + "{duplicates: {newest: at}}}\n")
	is(t, "changes", p.lines(), `
r (by id): delete duplicate_key high 1
r (by id): update duplicate_key low 2, v 7 -> 1
r (by id): delete duplicate_key high 3
r (by id): update duplicate_key low 4, v 9 -> 2
r (by id): delete duplicate_key high 5
r (by id): delete duplicate_key high 6`)
	w.apply(p)
	is(t, "the target", w.rows("b", "SELECT * FROM t"), "2|a|1|20\n4|b|2|40\n7|d|4|1")
	is(t, "what is left", w.fine(twins+"{duplicates: {newest: at}}}\n").lines(), "")
}

func TestOldestIsKept(t *testing.T) {
	w := newWorld(t, twinsA, twinsB)
	p := w.fine(twins + "{duplicates: {oldest: id}, extra: ignore}}\n")
	is(t, "changes", p.lines(), `
r (by id): delete duplicate_key high 2
r (by id): update duplicate_key low 3, v 8 -> 2
r (by id): delete duplicate_key high 4`)
	w.exec("b", "UPDATE t SET at = 5")
	p = w.fine(twins + "{duplicates: {oldest: at}, extra: ignore}}\n")
	is(t, "changes", p.lines(), "")
	is(t, "refused", p.refused(), "t: 2 column at does not say which of the rows with one key is the oldest\nt: 1 several rows of l have one key, and nothing says which of them is right")
}

// TestDuplicatesWithoutPrimaryKey are told apart by what says which of them is newer, as far as it does.
func TestDuplicatesWithoutPrimaryKey(t *testing.T) {
	w := newWorld(t, `CREATE TABLE t (k TEXT, v INTEGER); INSERT INTO t VALUES ('a',1),('b',2),('c',3),('d',4)`,
		`CREATE TABLE t (k TEXT, v INTEGER, at INTEGER); INSERT INTO t VALUES ('a',1,1),('a',5,2),('b',2,1),('b',2,NULL),('c',3,7),('c',3,7),('c',3,8),('d',4,1)`)
	suite := `datasets: {l: {connection: a, table: t, key: k}, r: {connection: b, table: t}}
expectations:
  - {id: t, compare: {source: l, target: r}, key: k, ignore: [at], fix: {duplicates: {newest: at}}}
`
	p := w.fine(suite)
	is(t, "changes", p.lines(), "r (by k, at): delete duplicate_key high a 1\nr (by k, at): update duplicate_key low a 2, v 5 -> 1")
	is(t, "refused", p.refused(), "t: 1 several rows have one key: column at of one of them is null, so that they cannot be told apart\nt: 1 several rows have one key: they cannot be told apart by k, at")
	w.apply(p)
	is(t, "the target", w.rows("b", "SELECT * FROM t WHERE k < 'b'"), "a|1|2")
}

// TestRowsByAnotherKey: rows are paired by a key of people, and the numbers that each side counts by itself stay its own.
func TestRowsByAnotherKey(t *testing.T) {
	w := newWorld(t, `CREATE TABLE t (id INTEGER PRIMARY KEY, sku TEXT, v INTEGER, made TEXT); INSERT INTO t VALUES (1,'a',1,'x'),(2,'b',2,'y'),(3,'c',3,'z')`,
		`CREATE TABLE t (id INTEGER PRIMARY KEY, sku TEXT UNIQUE, v INTEGER, made TEXT); INSERT INTO t VALUES (1,'b',2,'u'),(2,'d',4,'v'),(3,'c',9,'w')`)
	suite := `datasets: {l: {connection: a, table: t, key: sku}, r: {connection: b, table: t}}
expectations:
  - {id: t, compare: {source: l, target: r}, ignore: [id, made], fix: target}
`
	p := w.fine(suite)
	is(t, "changes", p.lines(), `
r (new rows): insert missing medium a, v 1, made x
r: update changed low c, v 9 -> 3
r (whole rows): delete extra high d`)
	w.apply(p)
	is(t, "the target", w.rows("b", "SELECT * FROM t ORDER BY sku"), "4|a|1|x\n1|b|2|u\n3|c|3|w")
	is(t, "what is left", w.fine(suite).lines(), "")
}

// TestColumnsWithConditions: a value is copied where the column's own condition holds afterwards, and refused where it would not.
func TestColumnsWithConditions(t *testing.T) {
	w := newWorld(t, `CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, code TEXT, price REAL); INSERT INTO t VALUES (1,'Ann','x',1.0),(2,'Bob','y',2.004),(3,'Cy','z',3)`,
		`CREATE TABLE t (nr INTEGER PRIMARY KEY, label TEXT, code TEXT, price REAL); INSERT INTO t VALUES (1,'ann','X',1.001),(2,'rob','q',2.5),(4,'d','d',4)`)
	suite := `datasets: {l: {connection: a, table: t}, r: {connection: b, table: t}}
expectations:
  - id: t
    compare: {source: l, target: r}
    map: {id: nr, name: label}
    columns:
      name: {expect: source.name.lowerAscii() == target.label.lowerAscii()}
      code: {expect: source.code.upperAscii() == target.code}
      price: {tolerance: 0.01}
    fix: {to: target, extra: ignore}
`
	p := w.fine(suite)
	is(t, "changes", p.lines(), `
r: update changed low 2, label rob -> Bob, price 2.5 -> 2.004
r: insert missing medium 3, label Cy, code z, price 3`)
	is(t, "refused", p.refused(), "t: 1 column code of r: the value of l does not meet the condition by which it is compared")
	w.apply(p)
	is(t, "what is left", w.fine(suite).lines(), "")
}

// TestTypesOfBothSides: values arrive in the types of the side that they are written to.
func TestTypesOfBothSides(t *testing.T) {
	a := `CREATE TABLE t (id INTEGER PRIMARY KEY, at TEXT, flag INTEGER, n TEXT, d DECIMAL(9,3)); INSERT INTO t VALUES (1,'2024-03-01T10:00:00Z',1,'7',1.005),(2,'2024-10-27T00:30:00Z',2,'x',2)`
	b := `CREATE TABLE t (id INTEGER PRIMARY KEY, at DATETIME, flag BOOLEAN, n INTEGER, d REAL); INSERT INTO t VALUES (1,'2024-03-02T00:00:00Z',0,8,1.0),(2,'2024-01-01T00:00:00Z',0,8,9)`
	w := newWorld(t, a, b)
	suite := `datasets:
  l: {connection: a, table: t, types: {at: timestamp, flag: int}}
  r: {connection: b, table: t, types: {flag: bool, at: timestamp}}
expectations:
  - {id: t, compare: {source: l, target: r}, ignore: [n], fix: target}
`
	p := w.fine(suite)
	for i := range p.targets {
		for _, c := range p.targets[i].Columns {
			if c.Name == "flag" && c.Type != "bool" || c.Name == "d" && c.Type != "double" {
				t.Errorf("%s is %s", c.Name, c.Type)
			}
		}
	}
	is(t, "changes", p.lines(), `
r: update changed low 1, at 2024-03-02T00:00:00Z -> 2024-03-01T10:00:00Z, flag false -> true, d 1 -> 1.005
r: update changed low 2, at 2024-01-01T00:00:00Z -> 2024-10-27T00:30:00Z, d 9 -> 2`)
	is(t, "refused", p.refused(), "t: 1 column flag of r: a number other than 0 and 1 is no bool")
}
