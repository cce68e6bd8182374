package main

import (
	"database/sql"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/expectations/diag"
)

// TestStatementsMySQL does as TestStatementsPostgres by MySQL's general log.
func TestStatementsMySQL(t *testing.T) { statementsOf(t, "mysql") }

// TestStatementsMariaDB does so by MariaDB's.
func TestStatementsMariaDB(t *testing.T) { statementsOf(t, "mariadb") }

func statementsOf(t *testing.T, server string) {
	t.Helper()
	// A server of its own: the log is the whole server's, and would slow down every other test.
	dsn := connectortest.Private(t, server).DSN
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	rows := connectortest.Flights(t)[:flightsOnly]
	table := connectortest.FlightsMySQL(t, dsn, rows)
	e := flightEngine{server, fmt.Sprintf("{driver: %s, dsn: %q, timezone: UTC}", server, dsn), "table: " + table}
	explained, logged := runLogged(t, e, func(f func()) []section { return mysqlLog(t, db, f) })
	for i := range min(len(explained), len(logged)) {
		logged[i].text, logged[i].values = takeApart(explained[i].text, logged[i].text)
	}
	holdToStatements(t, explained, logged)
}

// mysqlLog runs f and returns the statements that the server received meanwhile on connections to db's database.
func mysqlLog(t *testing.T, db *sql.DB, f func()) []section {
	t.Helper()
	var database string
	if err := db.QueryRowContext(t.Context(), "select database()").Scan(&database); err != nil {
		t.Fatal(err)
	}
	set := func(s string) {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	set("set global log_output = 'TABLE'")
	set("set global general_log = on")
	marker := connectortest.Unique("marker")
	set("select '" + marker + "'")
	f()
	rows, err := db.QueryContext(t.Context(), `
		with mine as (select * from mysql.general_log where event_time >= (select max(event_time) from mysql.general_log where argument like ?))
		select command_type, convert(argument using utf8mb4) from mine
		where thread_id in (select thread_id from mine where command_type = 'Connect' and argument like ?) order by event_time`,
		"select '"+marker+"'", "%@% on "+database+" using %")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var out []section
	for rows.Next() {
		var kind, text string
		if err := rows.Scan(&kind, &text); err != nil {
			t.Fatal(err)
		}
		switch {
		case kind == "Connect" || kind == "Quit" || housekeeping(text):
		case strings.HasPrefix(text, "SELECT CONNECTION_ID()"): // sets up a connection: whom to kill when a run is interrupted
		case kind == "Query":
			out = append(out, section{text: text})
		default:
			t.Errorf("assay sent %s %s", kind, text)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// place is a place for a value, or a quoted text that may hold what looks like one.
var place = regexp.MustCompile("\\?|'(?:[^'\\\\]|''|\\\\.)*'|`[^`]*`")

// literal is a value as the driver writes it into a statement.
const literal = `('(?:[^'\\]|''|\\.)*'|NULL|[-+.0-9eE]+)`

// takeApart splits a statement into the text of which the template is explained and the values that the driver has put into its places.
// A statement of another form is returned as it is.
func takeApart(template, text string) (string, string) {
	var form strings.Builder
	at := 0
	for _, m := range place.FindAllStringIndex(template, -1) {
		if template[m[0]:m[1]] == "?" {
			form.WriteString(regexp.QuoteMeta(template[at:m[0]]) + literal)
			at = m[1]
		}
	}
	form.WriteString(regexp.QuoteMeta(template[at:]))
	found := regexp.MustCompile("^" + form.String() + "$").FindStringSubmatch(text)
	if found == nil {
		return text, ""
	}
	values := found[1:]
	for i, v := range values {
		if len(v) > 1 && v[0] == '\'' {
			v = regexp.MustCompile(`\\(.)`).ReplaceAllString(v[1:len(v)-1], "$1")
		}
		values[i] = strings.Replace(v, "NULL", "null", 1)
	}
	if len(values) == 0 {
		return template, ""
	}
	return template, diag.Visible(quoted(values))
}
