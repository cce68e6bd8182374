package main

import (
	"bytes"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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

// TestSearchKeys sends the printed search: by a keyword beside analysed text it finds every document of a repeated key, and a key that no query
// finds is refused before anything is read.
func TestSearchKeys(t *testing.T) {
	at := connectortest.Elasticsearch(t)
	index := strings.ToLower("assay_" + strings.ReplaceAll(t.Name(), "/", "_") + fmt.Sprint(time.Now().UnixNano()))
	ask := func(method, path, body string) string {
		t.Helper()
		q, err := http.NewRequestWithContext(t.Context(), method, at+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		q.Header.Set("Content-Type", "application/json")
		a, err := http.DefaultClient.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = a.Body.Close() }()
		b, err := io.ReadAll(a.Body)
		if err != nil || a.StatusCode >= 300 {
			t.Fatalf("%s: %s %v", path, b, err)
		}
		return string(b)
	}
	ask(http.MethodPut, "/"+index, `{"mappings":{"properties":{"word":{"type":"text","fields":{"keyword":{"type":"keyword"}}},"only":{"type":"text"},"octets":{"type":"binary"}}}}`)
	defer ask(http.MethodDelete, "/"+index, "")
	var bulk strings.Builder
	for _, w := range []string{"New York", "New York", "New York", "York"} {
		fmt.Fprintf(&bulk, "{\"index\":{}}\n{\"word\":%q,\"only\":%q,\"octets\":\"YQ==\"}\n", w, w)
	}
	ask(http.MethodPost, "/"+index+"/_bulk?refresh=true", bulk.String())
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "words.csv"), []byte("word,only\nNew York,New York\nYork,York\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	left, right := "files:"+filepath.Join(dir, "words.csv"), "elasticsearch+"+at+"#"+index
	_, search, _ := strings.Cut(printedKeys(t, left, right, "word"), "-- right: 1 key\nGET ")
	path, body, _ := strings.Cut(search, "\n")
	if found := ask(http.MethodPost, path, body); strings.Count(found, `"New York"`) != 6 || strings.Contains(found, `"York"`) {
		t.Errorf("%s finds %s", search, found)
	}
	var stdout, stderr bytes.Buffer
	if code := Do([]string{"-q", "diff", left, right, "--key", "only", "--format", "sql-keys"}, nil, &stdout, &stderr); code != exitUsage ||
		!strings.Contains(stderr.String(), "the key column only of the right side is text: analysed text") || stdout.Len() > 0 {
		t.Errorf("exit code %d: %s%s", code, stdout.String(), stderr.String())
	}
}
