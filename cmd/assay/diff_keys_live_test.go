package main

import (
	"bytes"
	"database/sql"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors/connectortest"
)

// TestKeysOfOtherCollations prints the statements for keys of text whose columns take other texts for equal, and runs them: they give the
// very rows, by one key column and by two.
func TestKeysOfOtherCollations(t *testing.T) {
	path := filepath.Join(t.TempDir(), "words.db")
	insensitive := `CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`
	for name, c := range map[string]struct {
		driver string
		open   func(t testing.TB) (dsn, address string)
		before []string
		word   string // type of the key
	}{
		"SQLite NOCASE":           {driver: "sqlite", open: func(testing.TB) (string, string) { return path, "sqlite:" + path }, word: "TEXT COLLATE NOCASE"},
		"PostgreSQL plain":        {driver: "pgx", open: postgresKeys, word: "text"},
		"PostgreSQL citext":       {driver: "pgx", open: postgresKeys, before: []string{"CREATE EXTENSION IF NOT EXISTS citext"}, word: "citext"},
		"PostgreSQL any case":     {driver: "pgx", open: postgresKeys, before: []string{insensitive}, word: "varchar(20) COLLATE any_case"},
		"MySQL":                   {driver: "mysql", open: func(t testing.TB) (string, string) { return both(connectortest.MySQLDatabase(t)) }, word: "varchar(20) character set utf8mb4"},
		"MySQL latin1":            {driver: "mysql", open: func(t testing.TB) (string, string) { return both(connectortest.MySQLDatabase(t)) }, word: "varchar(20) character set latin1"},
		"MySQL bytewise":          {driver: "mysql", open: func(t testing.TB) (string, string) { return both(connectortest.MySQLDatabase(t)) }, word: "varchar(20) character set utf8mb4 collate utf8mb4_bin"},
		"MariaDB":                 {driver: "mysql", open: func(t testing.TB) (string, string) { return both(connectortest.MariaDBDatabase(t)) }, word: "varchar(20) character set utf8mb4"},
		"MariaDB without padding": {driver: "mysql", open: func(t testing.TB) (string, string) { return both(connectortest.MariaDBDatabase(t)) }, word: "varchar(20) character set utf8mb4 collate utf8mb4_nopad_bin"},
	} {
		t.Run(name, func(t *testing.T) {
			dsn, address := c.open(t)
			db, err := sql.Open(c.driver, dsn)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = db.Close() }()
			rows := `('ann', 1, 0), ('ANN', 1, 0), ('Zoë', 1, 0), ('ZOË', 1, 0), ('a ', 1, 0), ('a', 1, 0), ('O''Neil', 1, 0), ('o''neil', 1, 0), ('t' || 'ab', 1, 0)`
			if c.driver == "mysql" {
				rows = strings.ReplaceAll(rows, `'t' || 'ab'`, `'tab'`)
			}
			for _, s := range append(slices.Clone(c.before),
				"CREATE TABLE l (word "+c.word+", n integer, v integer)", "CREATE TABLE r (word "+c.word+", n integer, v integer)",
				"INSERT INTO l VALUES "+rows, "INSERT INTO r SELECT word, n, CASE WHEN n = 1 THEN 0 END FROM l",
				"UPDATE r SET v = 1 WHERE "+exactly(c.driver, "word")+" IN ('ann', 'ZOË', 'a', 'o''neil')",
			) {
				if _, err := db.ExecContext(t.Context(), s); err != nil {
					t.Fatalf("%s: %v", s, err)
				}
			}
			want := []string{"ZOË", "a", "ann", "o'neil"}
			for _, key := range []string{"word", "n,word"} {
				var stdout, stderr bytes.Buffer
				if code := Do([]string{"-q", "diff", address + "#l", address + "#r", "--key", key, "--format", "sql-keys"}, nil, &stdout, &stderr); code != exitFailed {
					t.Fatalf("exit code %d: %s%s", code, stdout.String(), stderr.String())
				}
				statements := 0
				for line := range strings.Lines(stdout.String()) {
					if strings.HasPrefix(line, "--") {
						continue
					}
					statements++
					if got := wordsOf(t, db, line); !slices.Equal(got, want) {
						t.Errorf("--key %s: %s gives %q, want %q", key, line, got, want)
					}
				}
				if statements != 2 {
					t.Errorf("--key %s: %d statements: %s", key, statements, stdout.String())
				}
			}
		})
	}
}

func postgresKeys(t testing.TB) (dsn, address string) {
	t.Helper()
	return both(connectortest.PostgresDatabase(t, connectortest.LocaleC))
}

func both(dsn string) (string, string) { return dsn, dsn }

// exactly is a column that compares bytewise, said otherwise than in what is tested.
func exactly(driver, name string) string {
	if driver == "mysql" {
		return "concat(convert(" + name + " using utf8mb4), '|') COLLATE utf8mb4_bin IN ('ann|', 'ZOË|', 'a|', 'o''neil|') AND " + name
	}
	if driver == "pgx" {
		return "CAST(" + name + ` AS text) COLLATE "POSIX"`
	}
	return "CAST(" + name + " AS BLOB) IN (CAST('ann' AS BLOB), CAST('ZOË' AS BLOB), CAST('a' AS BLOB), CAST('o''neil' AS BLOB)) AND " + name
}

// wordsOf returns the words that a statement selects, in order.
func wordsOf(t *testing.T, db *sql.DB, statement string) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), statement)
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	defer func() { _ = rows.Close() }()
	var words []string
	for rows.Next() {
		var word string
		var n, v int
		if err := rows.Scan(&word, &n, &v); err != nil {
			t.Fatal(err)
		}
		words = append(words, word)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(words)
	return words
}
