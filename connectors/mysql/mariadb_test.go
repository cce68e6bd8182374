package mysql_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/mysql"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// maria is the server for what MariaDB alone has.
func maria(t *testing.T) mysql.TestServer {
	t.Helper()
	return mysql.TestServer{Name: "mariadb", DSN: connectortest.MariaDB(t), Maria: true, Engine: connectortest.EngineMariaDB}
}

// described lists what Describe says of columns.
func described(t *testing.T, src connectors.Source, d query.Dataset) []string {
	t.Helper()
	s, err := src.Describe(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, c := range s.Columns {
		text := fmt.Sprintf("%s %s", c.Name, c.Type)
		if c.MayErr {
			text += " may err"
		}
		if c.Shape == value.UUID {
			text += " uuid"
		}
		if c.Unusable != "" {
			text += " (" + c.Unusable + ")"
		}
		out = append(out, text)
	}
	return out
}

// JSON is a longtext under a check, whatever the check is called and wherever it stands; UUIDs and addresses have types of their own.
func TestMariaDBTypes(t *testing.T) {
	t.Parallel()
	dsn, db := database(t, maria(t), "")
	run(
		t, db, "CREATE TABLE own (id int PRIMARY KEY, j json, `odd``name` longtext CHECK (json_valid(`odd``name`)), late longtext, plain longtext, other longtext CHECK (json_valid(other) OR other = ''),"+
			" short varchar(99) CHECK (json_valid(short)), u uuid, a4 inet4, a6 inet6, made int AS (id + 1), kept int AS (id + 2) PERSISTENT, hidden int INVISIBLE, CONSTRAINT c CHECK (json_valid(late)))",
		"INSERT INTO own (id, j, u, a4, a6) VALUES (1, ' {\"a\" : 1} ', 'AABBCCDD-0011-2233-4455-66778899AABB', '10.0.0.1', '::FFFF:10.0.0.1'), (2, NULL, '11BBCCDD-0011-1233-4455-66778899AABB', NULL, '2001:DB8:0:0::1')",
		"SET check_constraint_checks = 0", "INSERT INTO own (id, j) VALUES (3, 'no JSON at all')", "SET check_constraint_checks = 1",
		"INSERT INTO own (id, j) VALUES (4, '[1.]'), (5, 'null')", // which its own test takes
	)
	src := open(t, dsn)
	d := query.Dataset{Table: "own", Key: []string{"id"}}
	want := []string{
		"id int", "j json may err", "odd`name json may err", "late json may err", "plain string", "other string", "short string", "u string uuid",
		"a4 string", "a6 string", "made int", "kept int", "hidden int",
	}
	if got := described(t, src, d); !slices.Equal(got, want) {
		t.Errorf("described as\n%q, want\n%q", got, want)
	}
	text := func(cells []connectortest.Cell) string {
		var out []string
		for _, c := range cells {
			switch {
			case c.Err():
				out = append(out, "error")
			case c.IsNull():
				out = append(out, "null")
			default:
				out = append(out, c.Str())
			}
		}
		return strings.Join(out, "|")
	}
	for name, want := range map[string]string{
		"j":  ` {"a" : 1} |null|error|error|null`,
		"u":  "aabbccdd-0011-2233-4455-66778899aabb|11bbccdd-0011-1233-4455-66778899aabb|null|null|null",
		"a4": "10.0.0.1|null|null|null|null",
		"a6": "::ffff:10.0.0.1|2001:db8::1|null|null|null",
	} {
		if got := text(column(t, src, d, name)); got != want {
			t.Errorf("%s is read as %s, want %s", name, got, want)
		}
	}
	q := query.Dataset{Name: "q", Query: "SELECT id, j, u, a4, a6 FROM own", Key: []string{"id"}, Columns: map[string]query.ColumnOptions{"j": {Type: "json"}}}
	if got, want := described(t, src, q), []string{"id int", "j json may err", "u string", "a4 string", "a6 string"}; !slices.Equal(got, want) {
		t.Errorf("the query is described as %q, want %q", got, want)
	}
	for _, name := range []string{"j", "u", "a4", "a6"} {
		if got, want := text(column(t, src, q, name)), text(column(t, src, d, name)); got != want {
			t.Errorf("%s of the query is read as %s, of the table as %s", name, got, want)
		}
	}
}

// What depends on whether a text is JSON is not asked of a server that takes 1. for a number, and the texts of its own types are in
// the order of their text, not of what it stores.
func TestMariaDBOperands(t *testing.T) {
	t.Parallel()
	dsn, db := database(t, maria(t), "")
	run(
		t, db, "CREATE TABLE own (id int PRIMARY KEY, j json, u uuid, a6 inet6, ym int)",
		"INSERT INTO own VALUES (1, '{}', '00000002-0000-1000-8000-000000000001', '2001:db8::1', 1), (2, '[1.]', '00000001-0000-1001-8000-000000000002', '::1', 2), (3, NULL, '00000003-0000-1000-8000-000000000000', '10::', 3)",
	)
	src := open(t, dsn)
	rel := connectortest.Relation(t, src, query.Dataset{Table: "own", Key: []string{"id"}})
	for _, key := range []string{"u", "a6"} {
		r := rel
		r.Dataset.Key = []string{key}
		var got []string
		for _, row := range read(t, src, query.Select{From: r, Columns: connectortest.Cols(t, r, key), OrderByKey: true}) {
			got = append(got, row[0].Str())
		}
		if len(got) != 3 || !slices.IsSorted(got) {
			t.Errorf("in the order of %s: %q", key, got)
		}
	}
	j, id := connectortest.Col(t, rel, "j"), connectortest.Col(t, rel, "id")
	null := &query.Call{Op: query.OpEq, Args: []query.Expr{j, &query.Literal{Typ: value.Of(value.Null)}}, Typ: value.Of(value.Bool)}
	caps := src.Caps()
	for what, r := range map[string]*query.Refusal{
		"null":      caps.Expr(rel, null),
		"tally":     caps.Measure(rel, query.Measure{Kind: query.MeasureTally, Arg: null, Nulls: []*query.Column{j}}),
		"where":     caps.Measure(rel, query.Measure{Kind: query.MeasureSum, Arg: id, Where: null}),
		"unique":    caps.Set(&query.UniqueCheck{From: rel, Columns: []*query.Column{id}, Where: null}),
		"reference": caps.Set(&query.ReferenceCheck{From: rel, Columns: []*query.Column{id}, Parent: rel, ParentColumns: []*query.Column{j}}),
		"monotonic": caps.Set(&query.MonotonicCheck{From: rel, Column: id, GroupBy: []*query.Column{j}}),
	} {
		if r == nil || r.Reason != "mariadb: json, whose text need be none" {
			t.Errorf("%s is refused with %v", what, r)
		}
	}
}

// A table that keeps its history is read as of now, and its keys hold; a sequence moves for nobody who only reads.
func TestMariaDBTables(t *testing.T) {
	t.Parallel()
	dsn, db := database(t, maria(t), "")
	run(
		t, db, "CREATE TABLE kept (id int PRIMARY KEY, x int NOT NULL) WITH SYSTEM VERSIONING", "INSERT INTO kept VALUES (1, 1), (2, 2)", "UPDATE kept SET x = 3", "DELETE FROM kept WHERE id = 2",
		"CREATE SEQUENCE seq",
	)
	src := open(t, dsn)
	rel := connectortest.Relation(t, src, query.Dataset{Table: "kept"})
	if x, _ := rel.Schema.Column("x"); !x.NotNull || !slices.Equal(rel.Schema.Key, []string{"id"}) || len(rel.Schema.Constraints) != 1 {
		t.Errorf("a table with a history is described as %+v", rel.Schema)
	}
	if rows := read(t, src, query.Select{From: rel, Columns: connectortest.Cols(t, rel, "id", "x")}); len(rows) != 1 || rows[0][1].Int() != 3 {
		t.Errorf("its rows of now are %v", rows)
	}
	for _, q := range []string{"SELECT NEXT VALUE FOR seq AS v", "SELECT SETVAL(seq, 100) AS v"} {
		d := query.Dataset{Query: q}
		s, err := src.Describe(t.Context(), d)
		if err == nil {
			var rows connectors.Rows
			r := query.Relation{Dataset: d, Schema: s}
			if rows, err = src.Select(t.Context(), query.Select{From: r, Columns: connectortest.Cols(t, r, "v")}); err == nil {
				_, err = rows.Next(t.Context())
				_ = rows.Close()
			}
		}
		if connectors.KindOf(err) != connectors.ReadOnly {
			t.Errorf("%s: %v", q, err)
		}
	}
	var next int
	if err := db.QueryRowContext(t.Context(), "SELECT NEXT VALUE FOR seq").Scan(&next); err != nil || next != 1 {
		t.Errorf("the sequence stands at %d: %v", next, err)
	}
}
