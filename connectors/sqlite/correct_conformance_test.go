package sqlite_test

import (
	"database/sql"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/sqlite"
)

func TestCorrectConformance(t *testing.T) {
	path := file(t)
	db, err := sql.Open("sqlite", "file:"+fileURL(path)+"?_pragma=busy_timeout(60000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	zoned := "Europe/Berlin"
	connectortest.RunCorrect(t, connectortest.CorrectHarness{
		DB: func(testing.TB) *sql.DB { return db },
		Open: func(t testing.TB, writable bool) connectors.Source {
			s, err := sqlite.Open(t.Context(), connectors.Config{Name: "files", Params: map[string]string{"path": path}, Writable: writable})
			if err != nil {
				t.Fatal(err)
			}
			return s
		},
		Quote: func(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` },
		Cell: func(col string) string {
			return "CASE WHEN typeof(" + col + ") = 'blob' THEN quote(" + col + ") ELSE CAST(" + col + " AS TEXT) END"
		},
		Folded: "varchar(40) COLLATE NOCASE", Identity: "INTEGER PRIMARY KEY", Generated: "int GENERATED ALWAYS AS (n * 2) VIRTUAL", Render: sqlite.Render, Deferred: "DEFERRABLE INITIALLY DEFERRED",
		Trigger:   []string{`CREATE TRIGGER co_trigger AFTER UPDATE OF n ON %s BEGIN UPDATE %s SET d = n * 10 WHERE id = NEW.id; END`},
		Untrigger: []string{`DROP TRIGGER co_trigger`},
		Types: []connectortest.CorrectType{
			{Name: "integer", DDL: "INTEGER", Values: []string{"0", "-1", "9223372036854775807", "-9223372036854775808"}},
			{Name: "real", DDL: "REAL", Values: []string{"0.1", "-1.5e300", "3.0", "9e999", "4.9e-324"}},
			{Name: "text", DDL: "TEXT", Values: []string{"''", "'a'", "'A'", "'a '", "'ä'", "'1'", "'0''; --'", `'"x"'`, "char(9731, 10, 92)"}},
			{Name: "nocase", DDL: "TEXT COLLATE NOCASE", Values: []string{"'a'", "'b'", "'C c'"}},
			{Name: "rtrim", DDL: "TEXT COLLATE RTRIM", Values: []string{"'a'", "'b '", "''"}},
			{Name: "blob", DDL: "BLOB", Values: []string{"x''", "x'00'", "x'ff00ff'", "x'61'"}},
			{Name: "bool", DDL: "BOOLEAN", Values: []string{"0", "1"}},
			{Name: "decimal", DDL: "DECIMAL(10,2)", Values: []string{"1.25", "3", "-0.01", "12345678.5"}},
			{Name: "decimal text", DDL: "TEXT", Declared: "decimal", Values: []string{"'1.10'", "'-3.00'", "'12345678901234567890.25'"}},
			{Name: "datetime", DDL: "DATETIME", Values: []string{"'2024-02-29 12:00:00'", "'0001-01-01 00:00:01'", "'9999-12-31 23:59:59'"}},
			{Name: "datetime fine", DDL: "DATETIME", Values: []string{"'2024-02-29T12:00:00.123'", "'2024-02-29T12:00:00.000'"}},
			{Name: "zoned", DDL: "TIMESTAMP", Zone: zoned, Values: []string{"'2024-07-01 12:00:00'", "'2024-01-01 12:00:00'", "'2024-03-31 03:30:00'"}},
			{Name: "instant", DDL: "TEXT", Declared: "timestamp", Values: []string{"'2024-07-01T12:00:00Z'", "'2024-01-01T12:00:00Z'"}},
			{Name: "offset", DDL: "TEXT", Declared: "timestamp", Loose: true, Values: []string{"'2024-07-01 12:00:00+02:00'", "'2024-01-01 12:00:00.5+01:00'"}},
			{Name: "date", DDL: "DATE", Values: []string{"'2024-02-29'", "'0001-01-01'", "'9999-12-31'"}},
			{Name: "time", DDL: "TIME", Values: []string{"'00:00:00'", "'23:59:59'", "'24:00:00'"}},
			{Name: "nanoseconds", DDL: "INTEGER", Declared: "duration", Values: []string{"1", "-5000000000", "9223372036854775807"}},
			{Name: "json", DDL: "JSON", NoKey: true, Values: []string{`'{"a": [1, null, "x"]}'`, `'{"b":1.5,"a":2}'`, "'null'", `'"s"'`}},
			{Name: "uint", DDL: "TEXT", Declared: "uint", Values: []string{"'0'", "'18446744073709551615'"}, Loose: true},
			{Name: "strict", DDL: "ANY", Declared: "int", Values: []string{"1", "2"}},
		},
		ReadOnly: nil,
	})
}

// fileURL is a path in a URL of SQLite.
func fileURL(path string) string {
	return strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path)
}
