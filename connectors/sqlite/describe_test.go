package sqlite_test

import (
	"database/sql"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// write runs statements on the file with a connection of the test's own.
func write(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

func TestDescribe(t *testing.T) {
	path := file(t)
	write(t, path,
		`CREATE TABLE parent (id INTEGER PRIMARY KEY)`, `CREATE TABLE days (day DATE, at DATETIME, told TEXT)`,
		`CREATE TABLE loose (id INTEGER PRIMARY KEY, n INT NOT NULL, b BOOLEAN, d DOUBLE PRECISION, m DECIMAL(10,2) UNIQUE, s VARCHAR(9) UNIQUE,
			y BLOB, at DATETIME, j JSON, u UUID, f FLOATING POINT, tod TIME, untyped, parent_id INT REFERENCES parent(id),
			twice INT GENERATED ALWAYS AS (n * 2) VIRTUAL)`,
		`CREATE INDEX loose_n ON loose (n, s)`, `CREATE INDEX loose_partial ON loose (n) WHERE n > 3`,
		`CREATE TABLE strict_one (id INT, s TEXT NOT NULL, r REAL, a ANY, PRIMARY KEY (s, id)) STRICT, WITHOUT ROWID`,
		`CREATE VIEW v AS SELECT id, n + 1 AS more, s FROM loose`,
		`INSERT INTO loose (id, n, untyped) VALUES (1, 2, 'x'), (2, 3, NULL)`,
		`CREATE TABLE mixed (a, b, c)`, `INSERT INTO mixed VALUES (1, 1, NULL), ('x', 1.5, NULL)`,
	)
	src := open(t, path, 0, 0)
	defer func() { _ = src.Close() }()
	describe := func(d query.Dataset) value.Schema {
		s, err := src.Describe(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	brief := func(s value.Schema) []string {
		var out []string
		for _, c := range s.Columns {
			line := c.Name + " " + c.Type.String()
			if c.NotNull {
				line += " not null"
			}
			if c.MayErr {
				line += " may err"
			}
			if c.Unusable != "" {
				line += " unusable"
			}
			out = append(out, line)
		}
		return out
	}
	loose := describe(query.Dataset{Table: "loose"})
	if diff := cmp.Diff([]string{
		"id int not null", "n int not null may err", "b bool may err", "d double may err", "m decimal may err", "s string may err", "y bytes may err",
		"at local timestamp may err", "j json may err", "u string may err", "f double may err", "tod duration may err", "untyped string may err",
		"parent_id int may err", "twice int may err",
	}, brief(loose)); diff != "" {
		t.Error(diff)
	}
	for name, want := range map[string]value.Shape{"day": value.Date, "at": value.Plain, "told": value.Date} {
		days := describe(query.Dataset{Table: "days", Columns: map[string]query.ColumnOptions{"told": {Type: "date"}}})
		c, _ := days.Column(name)
		if c.Shape != want || c.Resolution != (value.Resolution{}) {
			t.Errorf("%s: shape %d, %+v", name, c.Shape, c.Resolution)
		}
	}
	// A decimal held as text may repeat in another spelling; SQLite enforces foreign keys only on request.
	if diff := cmp.Diff([]value.Constraint{
		{Kind: value.PrimaryKey, Columns: []string{"id"}},
		{Kind: value.Unique, Name: "sqlite_autoindex_loose_2", Columns: []string{"s"}},
	}, loose.Constraints); diff != "" {
		t.Error(diff)
	}
	if !slices.ContainsFunc(loose.Indexes, func(x []string) bool { return slices.Equal(x, []string{"n", "s"}) }) ||
		slices.ContainsFunc(loose.Indexes, func(x []string) bool { return slices.Equal(x, []string{"n"}) }) {
		t.Errorf("indexes %v", loose.Indexes)
	}
	strict := describe(query.Dataset{Table: "main.strict_one"})
	if diff := cmp.Diff([]string{"id int not null", "s string not null", "r double", "a string may err unusable"}, brief(strict)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"s", "id"}, strict.Key); diff != "" {
		t.Error(diff)
	}
	for _, d := range []query.Dataset{{Table: "v"}, {Name: "q", Query: "SELECT id, n + 1 AS more, s FROM loose;"}} {
		if diff := cmp.Diff([]string{"id int may err", "more int may err", "s string may err"}, brief(describe(d))); diff != "" {
			t.Error(diff)
		}
	}
	mixed := describe(query.Dataset{Table: "mixed", Columns: map[string]query.ColumnOptions{"c": {Type: "decimal"}}})
	if diff := cmp.Diff([]string{"a string may err unusable", "b double may err", "c decimal may err"}, brief(mixed)); diff != "" {
		t.Error(diff)
	}
	for _, d := range []query.Dataset{
		{Table: "loose", Columns: map[string]query.ColumnOptions{"n": {Type: "nonsense"}}},
		{Table: "loose", Timezone: "Nowhere/Land"},
		{Table: `"`},
		{Table: "a.b.c"},
	} {
		if _, err := src.Describe(t.Context(), d); connectors.KindOf(err) != connectors.Misconfigured {
			t.Errorf("%+v: %v", d, err)
		}
	}
}

// TestCells reads what people put into loosely typed columns.
func TestCells(t *testing.T) {
	path := file(t)
	write(t, path, `CREATE TABLE c (id INTEGER PRIMARY KEY, at TIMESTAMP, m NUMERIC, n INT, b BOOL)`,
		`INSERT INTO c VALUES (1, '2024-07-01 12:00:00', 1.10, 7, 1), (2, '2024-07-01T12:00:00.25Z', '12345678901234567890.5', '8', 2),
		(3, '2024-07-01 12:00:00+0200', 0.1, 'nine', 'true'), (4, '2024-02-30', 9e999, 1.5, NULL), (5, '2024-01-01', 'x', NULL, 0), (6, 1720000000, 3, x'01', 0)`)
	src := open(t, path, 0, 0)
	defer func() { _ = src.Close() }()
	read := func(zone string, names ...string) [][]string {
		rel := connectortest.Relation(t, src, query.Dataset{Table: "c", Key: []string{"id"}, Timezone: zone})
		var out [][]string
		for _, row := range connectortest.ReadAll(t, src, query.Select{From: rel, Columns: connectortest.Cols(t, rel, names...), OrderByKey: true}, 0) {
			var texts []string
			for _, c := range row {
				if c.Err() {
					texts = append(texts, "error")
				} else {
					texts = append(texts, c.Text())
				}
			}
			out = append(out, texts)
		}
		return out
	}
	if diff := cmp.Diff([][]string{
		{"2024-07-01T12:00:00", "1.1", "7", "true"},
		{"error", "12345678901234567000", "8", "error"}, // NUMERIC affinity makes a REAL of the text
		{"error", "0.1", "error", "error"},
		{"error", "error", "error", "null"},
		{"2024-01-01T00:00:00", "error", "null", "false"},
		{"error", "3", "error", "false"},
	}, read("", "at", "m", "n", "b")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([][]string{
		{"2024-07-01T10:00:00Z"}, {"2024-07-01T12:00:00.25Z"}, {"2024-07-01T10:00:00Z"}, {"error"}, {"2023-12-31T23:00:00Z"}, {"error"},
	}, read("Europe/Berlin", "at")); diff != "" {
		t.Error(diff)
	}
	rel := connectortest.Relation(t, src, query.Dataset{Table: "c", Timezone: "Europe/Berlin"})
	noon := lit(value.TimestampValue(time.Date(2024, 7, 1, 10, 0, 0, 0, time.UTC)))
	rows := connectortest.ReadAll(t, src, query.Select{
		From: rel, Columns: connectortest.Cols(t, rel, "id"),
		Branches: []query.Branch{{Where: call(query.OpEq, value.Bool, connectortest.Col(t, rel, "at"), noon)}},
	}, 0)
	if len(rows) != 2 {
		t.Errorf("%d rows at noon in Berlin, want 2", len(rows))
	}
}

// TestHostileNames reads a table whose every name is an attack, by its own names.
func TestHostileNames(t *testing.T) {
	path := file(t)
	write(t, path, `CREATE TABLE "t""; DROP TABLE x; --" ("c""'); --" TEXT, "select" INT)`,
		`INSERT INTO "t""; DROP TABLE x; --" VALUES ('a''; DROP TABLE x; --', 1)`, `CREATE TABLE x (a)`)
	src := open(t, path, 0, 0)
	defer func() { _ = src.Close() }()
	rel := connectortest.Relation(t, src, query.Dataset{Table: `"t""; DROP TABLE x; --"`})
	c := connectortest.Col(t, rel, `c"'); --`)
	b, err := src.Aggregate(t.Context(), query.Aggregate{From: rel, Measures: []query.Measure{
		{Kind: query.MeasureCount, Where: call(query.OpEq, value.Bool, c, lit(value.StringValue(`a'; DROP TABLE x; --`)))},
		{Kind: query.MeasureCount, Where: call(query.OpMatches, value.Bool, c, lit(value.StringValue(`'; DROP`)))},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if b.Cols[0].Ints[0] != 1 || b.Cols[3].Ints[0] != 1 {
		t.Errorf("counts %d, %d, want 1, 1", b.Cols[0].Ints[0], b.Cols[3].Ints[0])
	}
	if _, err := src.Describe(t.Context(), query.Dataset{Table: "x"}); err != nil {
		t.Error(err)
	}
}

// TestSnapshot: what is written meanwhile is not seen.
func TestSnapshot(t *testing.T) {
	path := file(t)
	write(t, path, `PRAGMA journal_mode = wal`, `CREATE TABLE s (id INTEGER PRIMARY KEY)`, `INSERT INTO s VALUES (1), (2)`)
	src := open(t, path, 0, 0)
	defer func() { _ = src.Close() }()
	snapper, ok := src.(connectors.Snapshotter)
	if !ok {
		t.Fatal("no Snapshotter")
	}
	snap, err := snapper.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, `INSERT INTO s VALUES (3)`)
	count := func(s connectors.Source) int64 {
		rel := connectortest.Relation(t, s, query.Dataset{Table: "s"})
		b, err := s.Aggregate(t.Context(), query.Aggregate{From: rel, Measures: []query.Measure{{Kind: query.MeasureCount}}})
		if err != nil {
			t.Fatal(err)
		}
		return b.Cols[0].Ints[0]
	}
	if got := count(snap); got != 2 {
		t.Errorf("the snapshot sees %d rows, want 2", got)
	}
	if got := count(src); got != 3 {
		t.Errorf("the source sees %d rows, want 3", got)
	}
	if err := snap.Close(); err != nil {
		t.Error(err)
	}
}

// TestRefusals pins what SQLite refuses.
func TestRefusals(t *testing.T) {
	src := open(t, file(t), 0, 0)
	defer func() { _ = src.Close() }()
	j := &query.Column{Col: value.Column{Name: "j", Type: value.Of(value.JSON)}}
	s := &query.Column{Col: value.Column{Name: "s", Type: value.Of(value.String)}}
	l := &query.Column{Col: value.Column{Name: "l", Type: value.ListOf(value.Of(value.Int))}}
	for want, e := range map[string]query.Expr{
		"sqlite: comparison of json with json":          call(query.OpEq, value.Bool, j, j),
		"sqlite: size of json":                          call(query.OpSize, value.Int, j),
		"sqlite: column of type list(int)":              call(query.OpSize, value.Int, l),
		"sqlite: invalid regular expression":            call(query.OpMatches, value.Bool, s, lit(value.StringValue("("))),
		"sqlite: matches of string, string":             call(query.OpMatches, value.Bool, s, s),
		"sqlite: comparison of string with int":         call(query.OpLt, value.Bool, s, lit(value.IntValue(1))),
		"sqlite: local expression: a macro":             &query.Local{Typ: value.Of(value.Bool), Reason: "a macro"},
		"sqlite: in over something other than literals": call(query.OpIn, value.Bool, s, s),
	} {
		r := src.Caps().Expr(query.Relation{}, e)
		if r == nil || r.Reason != want {
			t.Errorf("got %v, want %s", r, want)
		}
	}
}
