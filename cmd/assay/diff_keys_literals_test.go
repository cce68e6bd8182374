package main

import (
	"bytes"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors/connectortest"
)

// TestKeyLiterals runs the printed statements for keys whose texts must be escaped, in columns that are no plain text and under collations of
// their own: a literal must not bring a type or a collation with it.
func TestKeyLiterals(t *testing.T) {
	odd := []string{"plain", `it's "x"\`, "tab\there", "line\nend", "ann"}
	for name, c := range map[string]struct {
		driver string
		open   func(t testing.TB) string
		word   string
	}{
		"PostgreSQL enum": {"pgx", func(t testing.TB) string { t.Helper(); return connectortest.PostgresDatabase(t, connectortest.LocaleC) }, "word"},
		"PostgreSQL text": {"pgx", func(t testing.TB) string { t.Helper(); return connectortest.PostgresDatabase(t, connectortest.LocaleC) }, "text"},
		"MySQL":           {"mysql", func(t testing.TB) string { t.Helper(); return connectortest.MySQLDatabase(t) }, "varchar(50) character set utf8mb4 collate utf8mb4_unicode_ci"},
		"MariaDB":         {"mysql", func(t testing.TB) string { t.Helper(); return connectortest.MariaDBDatabase(t) }, "varchar(50) character set utf8mb4 collate utf8mb4_unicode_ci"},
	} {
		t.Run(name, func(t *testing.T) {
			dsn := c.open(t)
			db, err := sql.Open(c.driver, dsn)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = db.Close() }()
			var quoted []string
			for _, w := range odd {
				w = strings.ReplaceAll(w, "'", "''")
				if c.driver == "mysql" {
					w = strings.ReplaceAll(w, `\`, `\\`)
				}
				quoted = append(quoted, "'"+w+"'")
			}
			setup := []string{"CREATE TABLE l (word " + c.word + ", n integer, v integer)", "CREATE TABLE r (word " + c.word + ", n integer, v integer)"}
			if c.word == "word" {
				setup = append([]string{"CREATE TYPE word AS ENUM (" + strings.Join(quoted, ", ") + ")"}, setup...)
			}
			for i, w := range quoted {
				setup = append(setup, fmt.Sprintf("INSERT INTO l VALUES (%s, 1, %d)", w, i))
			}
			for _, s := range append(setup, "INSERT INTO r SELECT word, n, CASE WHEN v = 4 THEN v ELSE -1 END FROM l") {
				if _, err := db.ExecContext(t.Context(), s); err != nil {
					t.Fatalf("%s: %v", s, err)
				}
			}
			for _, key := range []string{"word", "n,word"} {
				out := printedKeys(t, dsn+"#l", dsn+"#r", key)
				statements := 0
				for _, s := range strings.Split(out, "-- ")[1:] {
					_, s, _ = strings.Cut(s, "\n")
					statements++
					if got := len(wordsOf(t, db, s)); got != 4 {
						t.Errorf("--key %s: %s gives %d rows, want 4", key, s, got)
					}
				}
				if statements != 2 {
					t.Errorf("--key %s: %d statements: %s", key, statements, out)
				}
			}
		})
	}
}

// printedKeys returns what sql-keys prints of two sides that differ.
func printedKeys(t *testing.T, left, right, key string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if code := Do([]string{"-q", "diff", left, right, "--key", key, "--format", "sql-keys"}, nil, &stdout, &stderr); code != exitFailed {
		t.Fatalf("exit code %d: %s%s", code, stdout.String(), stderr.String())
	}
	return stdout.String()
}
