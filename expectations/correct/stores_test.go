package correct_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/elasticsearch"
	"github.com/assay-dev/assay/connectors/mysql"
	"github.com/assay-dev/assay/connectors/postgres"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlite"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/correct"
	_ "github.com/jackc/pgx/v5/stdlib" // database/sql's driver pgx
)

// store holds items, and third parties that write to them.
type store interface {
	driver() string
	// open opens the writable connection that is corrected through.
	open(t testing.TB) connectors.Source
	dataset() query.Dataset
	// fill begins anew with n items, as seeded has them.
	fill(t testing.TB, n int)
	// rows are all items, by id, as cells shows them.
	rows(t testing.TB) map[int64]string
	// put writes a row, or deletes it where it is nil, as somebody else would, and returns what it found.
	put(t testing.TB, id int64, row []value.Value) (found string)
	// writes is how often each row was changed since fill, or since mark.
	writes(t testing.TB) map[int64]int64
	mark(t testing.TB)
	// place says to another process where it is.
	place() place
}

// place is where a store is.
type place struct {
	Driver  string
	Params  map[string]string
	Dataset query.Dataset
}

// placed is a store as another process finds it: it can be opened, and no more.
type placed struct {
	store

	at place
}

func (p placed) driver() string         { return p.at.Driver }
func (p placed) dataset() query.Dataset { return p.at.Dataset }
func (p placed) open(t testing.TB) connectors.Source {
	t.Helper()
	openers := map[string]connectors.Opener{"sqlite": sqlite.Open, "postgres": postgres.Open, "mysql": mysql.Open, "elasticsearch": elasticsearch.Open}
	src, err := openers[p.at.Driver](context.Background(), connectors.Config{Name: "shop", Params: p.at.Params, Writable: true})
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// sqlStore is a SQL database with a table items.
type sqlStore struct {
	name   string
	db     *sql.DB
	opener connectors.Opener
	params map[string]string
	table  string
	create []string
	insert string // n items
	// alone lets the connection's transaction write alone.
	alone, together string
	reset           []string
}

func openDB(t testing.TB, driver, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func newSQLite(t testing.TB, path string) *sqlStore {
	t.Helper()
	return &sqlStore{
		name: "sqlite", db: openDB(t, "sqlite", "file:"+path+"?_pragma=busy_timeout(20000)&_pragma=synchronous(FULL)"),
		opener: sqlite.Open, params: map[string]string{"path": path}, table: "items",
		create: []string{"PRAGMA journal_mode=WAL", `CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT NOT NULL, stock INTEGER, price REAL, CHECK (stock >= 0))`},
		insert: `INSERT INTO items WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) SELECT i, 'item ' || i, i %% 100, i / 4.0 FROM n`,
		alone:  "BEGIN IMMEDIATE", together: "COMMIT",
	}
}

// The triggers count how often each row is changed; and of every third row that gets a stock of 7000 or more they change the price too.
func newPostgres(t testing.TB) *sqlStore {
	t.Helper()
	dsn := connectortest.PostgresDatabase(t, connectortest.LocaleICU)
	return &sqlStore{
		name: "postgres", db: openDB(t, "pgx", dsn), opener: postgres.Open, params: map[string]string{"dsn": dsn}, table: "items",
		create: []string{
			`CREATE TABLE items (id bigint PRIMARY KEY, name text NOT NULL, stock bigint CHECK (stock >= 0), price double precision)`,
			`CREATE TABLE writes (id bigint PRIMARY KEY, n bigint)`,
			`CREATE FUNCTION written() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
				INSERT INTO writes VALUES (coalesce(new.id, old.id), 1) ON CONFLICT (id) DO UPDATE SET n = writes.n + 1; RETURN NULL; END $$`,
			`CREATE FUNCTION altered() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
				IF new.stock >= 7000 AND new.stock IS DISTINCT FROM old.stock AND new.id % 3 = 0 THEN new.price = new.price + 1000; END IF; RETURN new; END $$`,
			`CREATE TRIGGER w AFTER INSERT OR UPDATE OR DELETE ON items FOR EACH ROW EXECUTE FUNCTION written()`,
			`CREATE TRIGGER a BEFORE UPDATE ON items FOR EACH ROW EXECUTE FUNCTION altered()`,
		},
		insert: `INSERT INTO items SELECT i, 'item ' || i, i %% 100, i / 4.0 FROM generate_series(1, %d) i`,
		alone:  "BEGIN; LOCK TABLE items IN SHARE ROW EXCLUSIVE MODE", together: "COMMIT", reset: []string{"TRUNCATE items", "TRUNCATE writes"},
	}
}

func newMySQL(t testing.TB) *sqlStore {
	t.Helper()
	dsn := connectortest.MySQLDatabase(t)
	const counted = "INSERT INTO writes VALUES (%s.id, 1) ON DUPLICATE KEY UPDATE n = n + 1"
	return &sqlStore{
		name: "mysql", db: openDB(t, "mysql", dsn), opener: mysql.Open, params: map[string]string{"dsn": dsn}, table: "items",
		create: []string{
			`CREATE TABLE items (id bigint PRIMARY KEY, name varchar(100) NOT NULL, stock bigint CHECK (stock >= 0), price double)`,
			`CREATE TABLE writes (id bigint PRIMARY KEY, n bigint)`,
			`CREATE TRIGGER wi AFTER INSERT ON items FOR EACH ROW ` + fmt.Sprintf(counted, "new"),
			`CREATE TRIGGER wu AFTER UPDATE ON items FOR EACH ROW ` + fmt.Sprintf(counted, "new"),
			`CREATE TRIGGER wd AFTER DELETE ON items FOR EACH ROW ` + fmt.Sprintf(counted, "old"),
			`CREATE TRIGGER a BEFORE UPDATE ON items FOR EACH ROW SET new.price = new.price + IF(new.stock >= 7000 AND NOT new.stock <=> old.stock AND new.id % 3 = 0, 1000, 0)`,
		},
		insert: `INSERT INTO items WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) SELECT /*+ SET_VAR(cte_max_recursion_depth = 1000000) */ i, concat('item ', i), i %% 100, i / 4.0 FROM n`,
		alone:  "LOCK TABLES items WRITE, writes WRITE", together: "UNLOCK TABLES", reset: []string{"TRUNCATE items", "TRUNCATE writes"},
	}
}

func (s *sqlStore) driver() string { return s.name }

func (s *sqlStore) dataset() query.Dataset {
	return query.Dataset{Name: "items", Table: s.table, Key: []string{"id"}}
}

func (s *sqlStore) open(t testing.TB) connectors.Source {
	t.Helper()
	src, err := s.opener(context.Background(), connectors.Config{Name: "shop", Params: s.params, Writable: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = src.Close() })
	return src
}

func (s *sqlStore) exec(t testing.TB, statement string) {
	t.Helper()
	if _, err := s.db.ExecContext(context.Background(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func (s *sqlStore) fill(t testing.TB, n int) {
	t.Helper()
	for _, c := range s.create {
		s.exec(t, c)
	}
	s.create = nil
	for _, c := range s.reset {
		s.exec(t, c)
	}
	s.exec(t, fmt.Sprintf(s.insert, n))
	if s.name != "sqlite" {
		s.exec(t, "TRUNCATE writes")
	}
}

// shown is a row of items as cells shows it.
type sqlRow struct {
	id    int64
	name  string
	stock sql.NullInt64
	price sql.NullFloat64
}

func (r *sqlRow) text() string {
	out := []any{r.name, nil, nil}
	if r.stock.Valid {
		out[1] = r.stock.Int64
	}
	if r.price.Valid {
		out[2] = r.price.Float64
	}
	return fmt.Sprintf("%#v", out)
}

func (s *sqlStore) rows(t testing.TB) map[int64]string {
	t.Helper()
	rows, err := s.db.QueryContext(context.Background(), "SELECT id, name, stock, price FROM items")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	out := make(map[int64]string)
	for rows.Next() {
		var r sqlRow
		if err := rows.Scan(&r.id, &r.name, &r.stock, &r.price); err != nil {
			t.Fatal(err)
		}
		out[r.id] = r.text()
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// dump is any table's content, by its first column.
func (s *sqlStore) dump(t testing.TB, table string) map[int64]string {
	t.Helper()
	rows, err := s.db.QueryContext(context.Background(), "SELECT * FROM "+table)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	cols, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[int64]string)
	for rows.Next() {
		cells, at := make([]any, len(cols)), make([]any, len(cols))
		for i := range cells {
			at[i] = &cells[i]
		}
		if err := rows.Scan(at...); err != nil {
			t.Fatal(err)
		}
		id, _ := cells[0].(int64)
		out[id] = fmt.Sprintf("%#v", cells[1:])
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func (s *sqlStore) put(t testing.TB, id int64, row []value.Value) (found string) {
	t.Helper()
	ctx := context.Background()
	c, err := s.db.Conn(ctx)
	if err != nil {
		t.Error(err)
		return ""
	}
	defer c.Close()
	run := func(statement string) {
		for part := range strings.SplitSeq(statement, "; ") {
			if _, err := c.ExecContext(ctx, part); err != nil {
				t.Errorf("%s: %v", part, err)
			}
		}
	}
	run(s.alone)
	defer run(s.together)
	r := sqlRow{id: id}
	err = c.QueryRowContext(ctx, fmt.Sprintf("SELECT name, stock, price FROM items WHERE id = %d", id)).Scan(&r.name, &r.stock, &r.price)
	if err == nil {
		found = r.text()
		if found == cells(row) {
			return found
		}
	}
	if row == nil {
		run(fmt.Sprintf("DELETE FROM items WHERE id = %d", id))
		return found
	}
	name, stock, price := strings.ReplaceAll(row[0].Text(), "'", "''"), row[1].Text(), row[2].Text()
	if found == "" {
		run(fmt.Sprintf("INSERT INTO items VALUES (%d, '%s', %s, %s)", id, name, stock, price))
	} else {
		run(fmt.Sprintf("UPDATE items SET name = '%s', stock = %s, price = %s WHERE id = %d", name, stock, price, id))
	}
	return found
}

func (s *sqlStore) writes(t testing.TB) map[int64]int64 {
	t.Helper()
	out := make(map[int64]int64)
	for id, n := range s.dump(t, "writes") {
		var count int64
		if _, err := fmt.Sscanf(n, "[]interface {}{%d}", &count); err != nil {
			t.Fatal(n, err)
		}
		out[id] = count
	}
	return out
}

func (s *sqlStore) mark(t testing.TB) {
	t.Helper()
	s.exec(t, "DELETE FROM writes")
}

func (s *sqlStore) place() place { return place{s.name, s.params, s.dataset()} }

// seen gives changes the version of the documents that they are for, as a planner reads them; elsewhere there is none.
func (w *world) seen(list []*correct.Change) {
	w.t.Helper()
	by, ok := w.src.(connectors.Corrector)
	if !ok {
		w.t.Fatalf("%T corrects nothing", w.src)
	}
	target := w.connectorTarget()
	keys := make([][]value.Value, len(list))
	for i, c := range list {
		keys[i] = c.Key
	}
	rows, err := by.Rows(context.Background(), target, keys)
	if err != nil {
		w.t.Fatal(err)
	}
	for i, row := range rows {
		if row == nil {
			continue
		}
		if got := cells(row.Values); got != cells(list[i].Before) {
			w.t.Fatalf("row %s is %s, want %s", keys[i], got, cells(list[i].Before))
		}
		list[i].Document = row.Document
	}
}

// connectorTarget is the target of items as connectors know it.
func (w *world) connectorTarget() connectors.Target {
	r := w.relation(w.st.dataset())
	target := connectors.Target{Relation: r}
	for i, name := range []string{"id", "name", "stock", "price"} {
		c, _ := r.Schema.Column(name)
		if i == 0 {
			target.Key = append(target.Key, c)
		} else {
			target.Columns = append(target.Columns, c)
		}
	}
	return target
}
