package main

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/expectations/diag"
)

// TestStatementsPostgres holds a run to its statements by the server's own log: exactly those that explain prints.
func TestStatementsPostgres(t *testing.T) {
	dsn := connectortest.PostgresDatabase(t, connectortest.LocaleC)
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	log := postgresLog(t, db)
	rows := connectortest.Flights(t)[:flightsOnly]
	table := connectortest.FlightsPostgres(t, dsn, rows)
	var name string
	if err := db.QueryRowContext(t.Context(), "select current_database()").Scan(&name); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), `alter database "`+name+`" set log_statement = 'all'`); err != nil {
		t.Fatal(err)
	}
	e := flightEngine{"postgres", fmt.Sprintf("{driver: postgres, dsn: %q, timezone: UTC}", dsn), "table: " + table}
	explained, logged := runLogged(t, e, func(f func()) []section { return log(name, f) })
	holdToStatements(t, explained, logged)
}

// postgresLog returns a function that runs f and returns the statements that assay sent to the database meanwhile, by the server's log.
func postgresLog(t *testing.T, db *sql.DB) func(database string, f func()) []section {
	t.Helper()
	var file sql.NullString
	if err := db.QueryRowContext(t.Context(), "select pg_current_logfile('jsonlog')").Scan(&file); err != nil {
		t.Fatal(err)
	}
	if !file.Valid {
		connectortest.NotSetUp(t, "postgres", "the server's log is not collected in the format jsonlog")
	}
	return func(database string, f func()) []section {
		var from int64
		if err := db.QueryRowContext(t.Context(), "select (pg_stat_file($1)).size", file.String).Scan(&from); err != nil {
			t.Fatal(err)
		}
		f()
		// What stands before this in the log has been written.
		marker := connectortest.Unique("marker")
		var text string
		for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
			if _, err := db.ExecContext(t.Context(), `do $$ begin raise log '`+marker+`'; end $$`); err != nil {
				t.Fatal(err)
			}
			if err := db.QueryRowContext(t.Context(), "select convert_from(pg_read_binary_file($1, $2, 100000000), 'UTF8')", file.String, from).Scan(&text); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(text, marker) {
				return assaysStatements(t, text, database)
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Fatal("the log does not arrive")
		return nil
	}
}

// assaysStatements are the statements in a log of the format jsonlog that application assay sent to the database, but for
// those that begin, end and set up transactions.
func assaysStatements(t *testing.T, log, database string) []section {
	t.Helper()
	var out []section
	for line := range strings.SplitSeq(log, "\n") {
		var entry struct {
			Message     string `json:"message"`
			Detail      string `json:"detail"`
			Database    string `json:"dbname"`
			Application string `json:"application_name"`
		}
		if line == "" || json.Unmarshal([]byte(line), &entry) != nil {
			continue // the last line may be cut
		}
		if entry.Database != database || entry.Application != "assay" {
			continue
		}
		head, text, ok := strings.Cut(entry.Message, ": ")
		switch {
		case !ok || head != "statement" && !strings.HasPrefix(head, "execute "):
			t.Errorf("the server says of assay: %s", entry.Message)
		case head == "statement" && housekeeping(text):
		default:
			// The table's schema is null where it is not named.
			values := strings.Replace(strings.TrimPrefix(entry.Detail, "parameters: "), "$1 = NULL", "$1 = ''", 1)
			out = append(out, section{text: text, values: diag.Visible(parameter.ReplaceAllString(values, "$1'"))})
		}
	}
	return out
}

// parameter is the name of a parameter in the server's list of values.
var parameter = regexp.MustCompile(`(^|, )\$[0-9]+ = '`)

// housekeeping reports whether a text is nothing but transactions, savepoints and settings.
func housekeeping(text string) bool {
	for s := range strings.SplitSeq(text, ";") {
		switch word, _, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(s)), " "); word {
		case "", "BEGIN", "START", "SET", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK":
		default:
			return false
		}
	}
	return true
}
