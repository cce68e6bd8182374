package connectortest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql" // the loader's driver
	_ "github.com/jackc/pgx/v5/stdlib" // the loader's driver
	_ "modernc.org/sqlite"             // the loader's driver

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// insertRows is the number of rows of one INSERT.
const insertRows = 200

// loadTimeout bounds the loading of one table.
const loadTimeout = 2 * time.Minute

// loader makes a table in a SQL engine.
type loader struct {
	engine  Engine
	driver  string
	quote   func(string) string
	literal func(c Column, v value.Value) (string, error)
	// before are statements for the loading session.
	before []string
}

// LoadPostgres makes a table of tb in the database of dsn, dropped at the end of the test, and
// returns the dataset that reads it. tb must fit: see Fit.
func LoadPostgres(t testing.TB, dsn string, tb Table) query.Dataset {
	t.Helper()
	l := loader{engine: EnginePostgres, driver: "pgx", quote: quoteANSI, literal: postgresLiteral}
	name := l.load(t, dsn, tb)
	return query.Dataset{Name: tb.Name, Table: "public." + name, Key: tb.Key}
}

// LoadMySQL makes a table of tb in the database of dsn (the driver's form), dropped at the end of the
// test, and returns the dataset that reads it, its bool columns declared as such.
func LoadMySQL(t testing.TB, dsn string, tb Table) query.Dataset {
	t.Helper()
	l := loader{
		engine: EngineMySQL, driver: "mysql", quote: quoteMySQL, literal: mysqlLiteral,
		// the odd dates of Fit are refused by the default mode
		before: []string{"set sql_mode = '', time_zone = '+00:00'"},
	}
	d := query.Dataset{Name: tb.Name, Table: l.load(t, dsn, tb), Key: tb.Key}
	declare(&d, tb, value.Bool)
	return d
}

// LoadSQLite makes a table of tb in the database file path and returns the dataset that
// reads it. SQLite has no types for bool, decimal, timestamp and JSON: they are declared in the dataset.
func LoadSQLite(t testing.TB, path string, tb Table) query.Dataset {
	t.Helper()
	l := loader{engine: EngineSQLite, driver: "sqlite", quote: quoteANSI, literal: sqliteLiteral}
	d := query.Dataset{Name: tb.Name, Table: l.load(t, "file:"+path, tb), Key: tb.Key}
	declare(&d, tb, value.Bool, value.Decimal, value.Timestamp, value.JSON)
	return d
}

// declare gives d the column options that say the types of those of kinds.
func declare(d *query.Dataset, tb Table, kinds ...value.Kind) {
	d.Columns = map[string]query.ColumnOptions{}
	for _, c := range tb.Columns {
		for _, k := range kinds {
			if c.Type.Kind == k {
				d.Columns[c.Name] = query.ColumnOptions{Type: k.String()}
			}
		}
	}
}

// Unique returns a name that no other test uses: prefix, an underscore and random letters, at most 40 bytes.
func Unique(prefix string) string {
	var b [5]byte
	_, _ = rand.Read(b[:]) // never fails: see crypto/rand
	return prefix[:min(len(prefix), 28)] + "_" + hex.EncodeToString(b[:])
}

func (l *loader) load(t testing.TB, dsn string, tb Table) string {
	t.Helper()
	db := openDB(t, l.driver, dsn)
	ctx, cancel := context.WithTimeout(t.Context(), loadTimeout)
	defer cancel()
	conn, err := db.Conn(ctx)
	if err != nil {
		t.Fatalf("connect to load %s: %v", tb.Name, err)
	}
	defer func() { _ = conn.Close() }()
	name := Unique("ct_" + tb.Name)
	create, inserts, err := l.statements(name, tb)
	if err != nil {
		t.Fatalf("load %s: %v", tb.Name, err)
	}
	t.Cleanup(func() { exec(t, db, "drop table if exists "+l.quote(name)) })
	for _, s := range append(append(l.before, create), inserts...) {
		if _, err := conn.ExecContext(ctx, s); err != nil {
			t.Fatalf("load %s into %s: %v\n%.300s", tb.Name, l.engine, err, s)
		}
	}
	return name
}

// statements returns CREATE TABLE and the INSERTs.
func (l *loader) statements(name string, tb Table) (create string, inserts []string, err error) {
	var defs []string
	for _, c := range tb.Columns {
		native := NativeType(l.engine, c)
		if native == "" {
			return "", nil, fmt.Errorf("%s has no type for column %s of %s", l.engine, c.Name, c.Type)
		}
		null := " null"
		if c.NotNull {
			null = " not null"
		}
		defs = append(defs, l.quote(c.Name)+" "+native+null)
	}
	if len(tb.Key) == 1 && tb.Columns[tb.Index(tb.Key[0])].NotNull {
		defs = append(defs, "primary key ("+l.quote(tb.Key[0])+")")
	}
	create = "create table " + l.quote(name) + " (" + strings.Join(defs, ", ") + ")"
	for from := 0; from < len(tb.Rows); from += insertRows {
		var b strings.Builder
		b.WriteString("insert into " + l.quote(name) + " values ")
		for r, row := range tb.Rows[from:min(from+insertRows, len(tb.Rows))] {
			if r > 0 {
				b.WriteString(", ")
			}
			if err := l.row(&b, tb, row); err != nil {
				return "", nil, fmt.Errorf("row %d: %w", from+r, err)
			}
		}
		inserts = append(inserts, b.String())
	}
	return create, inserts, nil
}

func (l *loader) row(b *strings.Builder, tb Table, row []Cell) error {
	b.WriteByte('(')
	for i, cell := range row {
		if i > 0 {
			b.WriteString(", ")
		}
		switch {
		case cell.Err():
			b.WriteString(cell.Raw)
		case cell.IsNull():
			b.WriteString("null")
		default:
			s, err := l.literal(tb.Columns[i], cell.Value)
			if err != nil {
				return fmt.Errorf("column %s: %w", tb.Columns[i].Name, err)
			}
			b.WriteString(s)
		}
	}
	b.WriteByte(')')
	return nil
}

// openDB opens a database for the length of the test.
func openDB(t testing.TB, driver, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatalf("open %s: %v", driver, err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// exec runs a statement that belongs to the preparation or the end of a test.
func exec(t testing.TB, db *sql.DB, statement string) {
	t.Helper()
	// the test's own context is done when its cleanups run
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), loadTimeout)
	defer cancel()
	if _, err := db.ExecContext(ctx, statement); err != nil {
		t.Errorf("%.200s: %v", statement, err)
	}
}

func quoteANSI(s string) string  { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
func quoteMySQL(s string) string { return "`" + strings.ReplaceAll(s, "`", "``") + "`" }
func quoteText(s string) string  { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// plainLiteral writes what all SQL engines write alike.
func plainLiteral(v value.Value) (string, bool) {
	switch v.Kind() {
	case value.Int:
		return strconv.FormatInt(v.Int(), 10), true
	case value.Uint:
		return strconv.FormatUint(v.Uint(), 10), true
	case value.Null, value.Bool, value.Double, value.Decimal, value.String, value.Bytes, value.Timestamp, value.LocalTimestamp, value.Duration, value.JSON, value.List:
	}
	return "", false
}

func unsupported(e Engine, v value.Value) error {
	return fmt.Errorf("%s has no literal for a %s", e, v.Kind())
}
