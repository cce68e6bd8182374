package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// admin returns a plain connection for setting tables up.
func admin(t testing.TB, dsn string) *pgx.Conn {
	t.Helper()
	c, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

func run(t testing.TB, c *pgx.Conn, sql ...string) {
	t.Helper()
	for _, s := range sql {
		if _, err := c.Exec(context.Background(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// scratch makes a schema of the test's own and returns its name.
func scratch(t testing.TB, c *pgx.Conn) string {
	t.Helper()
	name := connectortest.Unique("postgres_ns")
	run(t, c, `CREATE SCHEMA `+quote(name))
	t.Cleanup(func() { run(t, c, `DROP SCHEMA `+quote(name)+` CASCADE`) })
	return name
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }

func open(t testing.TB, c connectors.Config) *Source {
	t.Helper()
	s, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	src, ok := s.(*Source)
	if !ok {
		t.Fatalf("Open returned a %T", s)
	}
	return src
}

func openDSN(t testing.TB, dsn string) *Source {
	t.Helper()
	return open(t, connectors.Config{Name: "pg", Params: map[string]string{"dsn": dsn}})
}

func describe(t testing.TB, s connectors.Source, d query.Dataset) query.Relation {
	t.Helper()
	schema, err := s.Describe(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	return query.Relation{Dataset: d, Schema: schema}
}

// columns returns all usable columns of a relation.
func columns(r query.Relation) []*query.Column {
	var out []*query.Column
	for i, c := range r.Schema.Columns {
		if c.Unusable == "" {
			out = append(out, &query.Column{Index: i, Col: c})
		}
	}
	return out
}

// readAll reads a whole stream, keeping its batches.
func readAll(t testing.TB, s connectors.Source, q query.Select) []*value.Batch {
	t.Helper()
	rows, err := s.Select(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var out []*value.Batch
	for {
		b, err := rows.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if b == nil {
			return out
		}
		out = append(out, b.Clone())
	}
}

// cellText returns a cell as the test's tables write it.
func cellText(v *value.Vector, i int) string {
	switch {
	case v.IsErr(i):
		return "ERR"
	case v.IsNull(i):
		return "NULL"
	}
	return v.Value(i).Text()
}

func TestDecode(t *testing.T) {
	dsn := connectortest.Postgres(t)
	c := admin(t, dsn)
	ns := scratch(t, c)
	run(t, c,
		`CREATE TYPE `+ns+`.mood AS ENUM ('sad', 'très "ok"')`,
		`CREATE DOMAIN `+ns+`.d1 AS numeric(6,2) CHECK (value > 0)`,
		`CREATE DOMAIN `+ns+`.d2 AS `+ns+`.d1`,
		`CREATE DOMAIN `+ns+`.da AS int[]`,
	)
	tests := []struct {
		typ  string
		kind string
		// pairs of SQL literal and expected text; "NULL" null, "ERR" an error cell
		cells [][2]string
	}{
		{"bool", "bool", [][2]string{{"true", "true"}, {"false", "false"}, {"null", "NULL"}}},
		{"int2", "int", [][2]string{{"'-32768'", "-32768"}, {"32767", "32767"}, {"null", "NULL"}}},
		{"int4", "int", [][2]string{{"'-2147483648'", "-2147483648"}, {"2147483647", "2147483647"}}},
		{"int8", "int", [][2]string{{"'-9223372036854775808'", "-9223372036854775808"}, {"9223372036854775807", "9223372036854775807"}}},
		{"oid", "int", [][2]string{{"4294967295", "4294967295"}}},
		{"float4", "double", [][2]string{{"0.1", "0.10000000149011612"}, {"'NaN'", "NaN"}, {"'-Infinity'", "-Inf"}, {"'1e-45'", "1.401298464324817e-45"}}},
		{"float8", "double", [][2]string{{"0.1", "0.1"}, {"'NaN'", "NaN"}, {"'Infinity'", "+Inf"}, {"'5e-324'", "5e-324"}, {"'1.7976931348623157e308'", "1.7976931348623157e+308"}}},
		{"numeric", "decimal", [][2]string{
			{"0", "0"},
			{"'0.000'", "0"},
			{"1.50", "1.5"},
			{"-0.0001", "-0.0001"},
			{"10000", "10000"},
			{"100000000", "100000000"},
			{"'1e20'", "100000000000000000000"},
			{"9223372036854775807", "9223372036854775807"},
			{"9223372036854775808", "9223372036854775808"},
			{"-9223372036854775808", "-9223372036854775808"},
			{"-9223372036854775809", "-9223372036854775809"},
			{"921.9999999999999999", "921.9999999999999999"},
			{"922.0000000000000001", "922.0000000000000001"},
			{"12345678901234567890.12345678901234567890", "12345678901234567890.1234567890123456789"},
			{"'1e-20'", "0.00000000000000000001"},
			{"'1e-16383'", "0." + strings.Repeat("0", 16382) + "1"},
			{"'1e1000'", "1" + strings.Repeat("0", 1000)},
			{"'NaN'", "ERR"},
			{"'Infinity'", "ERR"},
			{"'-Infinity'", "ERR"},
			{"null", "NULL"},
		}},
		{"numeric(10,2)", "decimal", [][2]string{{"1.5", "1.5"}, {"'NaN'", "ERR"}}},
		{"text", "string", [][2]string{{"''", ""}, {"'a  '", "a  "}, {"'é😀'", "é😀"}, {"null", "NULL"}}},
		{"varchar(5)", "string", [][2]string{{"'a  '", "a  "}}},
		{"char(5)", "string", [][2]string{{"'a b'", "a b"}, {"''", ""}}},
		{"name", "string", [][2]string{{"'n'", "n"}}},
		{"bytea", "bytes", [][2]string{{`'\x00ff'`, "00ff"}, {"''", ""}}},
		{"timestamptz", "timestamp", [][2]string{
			{"'2024-05-05 12:00:00.123456+02'", "2024-05-05T10:00:00.123456Z"},
			{"'0001-01-01 00:00:00+00'", "0001-01-01T00:00:00Z"},
			{"'0001-01-01 00:00:00+00:00:01'", "ERR"},
			{"'9999-12-31 23:59:59.999999+00'", "9999-12-31T23:59:59.999999Z"},
			{"'10000-01-01 00:00:00+00'", "ERR"},
			{"'infinity'", "ERR"},
			{"'-infinity'", "ERR"},
			{"'1969-12-31 23:59:59.999999+00'", "1969-12-31T23:59:59.999999Z"},
			{"'1999-12-31 23:59:59.5+00'", "1999-12-31T23:59:59.5Z"},
		}},
		{"timestamp", "local timestamp", [][2]string{{"'2024-05-05 12:00:00.5'", "2024-05-05T12:00:00.5"}, {"'infinity'", "ERR"}, {"'4713-01-01 00:00:00 BC'", "ERR"}}},
		{"date", "timestamp", [][2]string{{"'2024-02-29'", "2024-02-29T00:00:00Z"}, {"'0001-01-01'", "0001-01-01T00:00:00Z"}, {"'9999-12-31'", "9999-12-31T00:00:00Z"}, {"'infinity'", "ERR"}, {"'-infinity'", "ERR"}, {"'5874897-12-31'", "ERR"}, {"'0001-12-31 BC'", "ERR"}}},
		{"time", "duration", [][2]string{{"'24:00:00'", "86400s"}, {"'00:00:00.000001'", "0.000001s"}}},
		{"interval", "duration", [][2]string{
			{"'1 day 00:00:01'", "86401s"},
			{"'-1 microsecond'", "-0.000001s"},
			{"'1 month'", "ERR"},
			{"'106751 days'", "9223286400s"},
			{"'106752 days'", "ERR"},
			{"'2147483647 days'", "ERR"},
			{"'-2562047788:00:00'", "ERR"},
			{"'1 mon -30 days'", "ERR"},
		}},
		{"uuid", "string", [][2]string{{"'0F0E0D0C-0b0a-4908-8706-050403020100'", "0f0e0d0c-0b0a-4908-8706-050403020100"}}},
		{"json", "json", [][2]string{{`'{"a": 1,  "a": 2}'`, `{"a": 1,  "a": 2}`}}},
		{"jsonb", "json", [][2]string{{`'{"b": 1,"a":[]}'`, `{"a": [], "b": 1}`}, {"'null'", "null"}}},
		{ns + ".mood", "string", [][2]string{{"'sad'", "sad"}, {`'très "ok"'`, `très "ok"`}}},
		{ns + ".d2", "decimal", [][2]string{{"1.25", "1.25"}}},
		{ns + ".da", "list(int)", [][2]string{{"'{1,2}'", "[1, 2]"}}},
		{ns + ".mood[]", "list(string)", [][2]string{{"'{sad}'", `["sad"]`}}},
		{ns + ".d2[]", "list(decimal)", [][2]string{{"'{1.25,NULL}'", "[1.25, null]"}}},
		{"int4[]", "list(int)", [][2]string{{"'{}'", "[]"}, {"'{1,NULL,3}'", "[1, null, 3]"}, {"'{{1,2},{3,4}}'", "ERR"}, {"'[5:6]={7,8}'", "[7, 8]"}, {"null", "NULL"}}},
		{"text[]", "list(string)", [][2]string{{`'{"a","","é,"}'`, `["a", "", "é,"]`}}},
		{"numeric[]", "list(decimal)", [][2]string{{"'{1.5,NaN}'", "ERR"}, {"'{1.5}'", "[1.5]"}}},
		{"inet", "string", [][2]string{{"'10.0.0.1'", "10.0.0.1"}, {"'10.1.0.0/16'", "10.1.0.0/16"}, {"'::1'", "::1"}}},
		{"cidr", "string", [][2]string{{"'10.0.0.0/8'", "10.0.0.0/8"}}},
		{"macaddr", "string", [][2]string{{"'08:00:2b:01:02:03'", "08:00:2b:01:02:03"}}},
		{"bit(3)", "string", [][2]string{{"B'101'", "101"}}},
	}
	s := openDSN(t, dsn)
	for n, tt := range tests {
		t.Run(tt.typ, func(t *testing.T) {
			table := fmt.Sprintf("%s.t%d", ns, n)
			run(t, c, fmt.Sprintf("CREATE TABLE %s (id int, x %s)", table, tt.typ))
			for i, cell := range tt.cells {
				run(t, c, fmt.Sprintf("INSERT INTO %s VALUES (%d, %s)", table, i, cell[0]))
			}
			for _, d := range []query.Dataset{
				{Name: "t", Table: table, Key: []string{"id"}},
				{Name: "q", Query: "SELECT id, x FROM " + table + "; ", Key: []string{"id"}},
			} {
				rel := describe(t, s, d)
				if got := rel.Schema.Columns[1].Type.String(); got != tt.kind {
					t.Fatalf("type %s, want %s (%s)", got, tt.kind, rel.Schema.Columns[1].Unusable)
				}
				seen := 0
				for _, b := range readAll(t, s, query.Select{From: rel, Columns: columns(rel)}) {
					for i := range b.N {
						want := tt.cells[b.Cols[0].Value(i).Int()][1]
						if got := cellText(&b.Cols[1], i); got != want {
							t.Errorf("%s %s: got %.60s, want %.60s", d.Name, tt.cells[b.Cols[0].Value(i).Int()][0], got, want)
						}
						if want == "ERR" && !rel.Schema.Columns[1].MayErr {
							t.Errorf("%s: the column should be MayErr", tt.typ)
						}
						seen++
					}
				}
				if seen != len(tt.cells) {
					t.Errorf("%d rows, want %d", seen, len(tt.cells))
				}
			}
		})
	}
}

func TestUnusable(t *testing.T) {
	dsn := connectortest.Postgres(t)
	c := admin(t, dsn)
	ns := scratch(t, c)
	run(t, c, `CREATE TYPE `+ns+`.pair AS (a int, b int)`,
		`CREATE TABLE `+ns+`.t (a timetz, b money, c int4range, d `+ns+`.pair, e point, f inet[], g int)`)
	s := openDSN(t, dsn)
	rel := describe(t, s, query.Dataset{Name: "t", Table: ns + ".t"})
	for i, col := range rel.Schema.Columns {
		if usable := col.Unusable == ""; usable != (i == 6) {
			t.Errorf("%s %s: unusable %q", col.Name, col.Native, col.Unusable)
		}
	}
}

// TestDeclared declares types of columns that have one already: what it is is no error, and anything else makes the column unusable, not ignored.
func TestDeclared(t *testing.T) {
	dsn := connectortest.Postgres(t)
	c := admin(t, dsn)
	ns := scratch(t, c)
	run(t, c, `CREATE TABLE `+ns+`.t (i int, n numeric, s text, d date, at timestamptz, local timestamp, list int[], j jsonb)`)
	s := openDSN(t, dsn)
	for text, want := range map[string]string{
		"i:int": "", "n:decimal": "", "s:string": "", "d:date": "", "at:timestamp": "", "local:local_timestamp": "", "list:int": "", "j:json": "",
		"i:decimal": "declared decimal, which integer cannot be read as", "s:json": "declared json, which text cannot be read as",
		"d:timestamp": "declared timestamp, which date cannot be read as", "local:timestamp": "declared timestamp, which timestamp without time zone cannot be read as",
	} {
		name, typ, _ := strings.Cut(text, ":")
		rel := describe(t, s, query.Dataset{Name: "t", Table: ns + ".t", Columns: map[string]query.ColumnOptions{name: {Type: typ}}})
		if col, i := rel.Schema.Column(name); i < 0 || col.Unusable != want {
			t.Errorf("%s: %q, want %q", text, col.Unusable, want)
		}
	}
	rel := describe(t, s, query.Dataset{Name: "t", Table: ns + ".t", Timezone: "Europe/Berlin", Columns: map[string]query.ColumnOptions{"local": {Type: "timestamp"}}})
	if col, _ := rel.Schema.Column("local"); col.Unusable != "" || col.Type.Kind != value.Timestamp {
		t.Errorf("%+v", col)
	}
}

func TestZone(t *testing.T) {
	dsn := connectortest.Postgres(t)
	c := admin(t, dsn)
	ns := scratch(t, c)
	run(t, c, `CREATE TABLE `+ns+`.t (x timestamp)`, `INSERT INTO `+ns+`.t VALUES ('2024-07-01 12:00:00.25'), ('2024-01-01 12:00'), ('infinity')`)
	s := openDSN(t, dsn)
	rel := describe(t, s, query.Dataset{Name: "t", Table: ns + ".t", Timezone: "Europe/Berlin"})
	if got := rel.Schema.Columns[0]; got.Type.Kind != value.Timestamp || got.Zone != "Europe/Berlin" {
		t.Fatalf("column %+v", got)
	}
	b := readAll(t, s, query.Select{From: rel, Columns: columns(rel)})[0]
	for i, want := range []string{"2024-07-01T10:00:00.25Z", "2024-01-01T11:00:00Z", "ERR"} {
		if got := cellText(&b.Cols[0], i); got != want {
			t.Errorf("row %d: %s, want %s", i, got, want)
		}
	}
	_, err := s.Describe(t.Context(), query.Dataset{Name: "t", Table: ns + ".t", Timezone: "Mars/Base"})
	if connectors.KindOf(err) != connectors.Misconfigured {
		t.Errorf("unknown zone: %v", err)
	}
}

// big is a dataset of n rows that costs the server nothing to keep.
func big(n int) query.Dataset {
	return query.Dataset{Name: "big", Query: fmt.Sprintf("SELECT generate_series(1, %d) AS id, repeat('x', 20) AS s", n)}
}

func TestStreamEnds(t *testing.T) {
	dsn := connectortest.Postgres(t)
	c := admin(t, dsn)
	active := func(pid uint32) (state string) {
		err := c.QueryRow(context.Background(), "SELECT state FROM pg_stat_activity WHERE pid = $1 AND application_name = 'assay'", pid).Scan(&state)
		if errors.Is(err, pgx.ErrNoRows) {
			return "gone"
		}
		if err != nil {
			t.Fatal(err)
		}
		return state
	}
	stopped := func(t *testing.T, pid uint32) {
		t.Helper()
		for range 100 {
			if active(pid) != "active" {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
		t.Error("the statement still runs on the server")
	}
	start := func(t *testing.T, ctx context.Context) *rows {
		t.Helper()
		s := openDSN(t, dsn)
		rel := describe(t, s, big(50_000_000))
		r, err := s.Select(ctx, query.Select{From: rel, Columns: columns(rel)})
		if err != nil {
			t.Fatal(err)
		}
		if b, err := r.Next(ctx); err != nil || b == nil || b.N == 0 {
			t.Fatalf("first batch: %v %v", b, err)
		}
		pr, ok := r.(*rows)
		if !ok {
			t.Fatalf("%T", r)
		}
		if got := active(pr.ses.pg.PID()); got != "active" {
			t.Fatalf("the statement should run, is %s", got)
		}
		return pr
	}
	t.Run("close", func(t *testing.T) {
		r := start(t, t.Context())
		pid := r.ses.pg.PID()
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		stopped(t, pid)
		if b, err := r.Next(t.Context()); err == nil {
			t.Errorf("Next after Close: %v", b)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Run("cancel", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		r := start(t, ctx)
		pid := r.ses.pg.PID()
		cancel()
		if _, err := r.Next(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Next: %v", err)
		}
		stopped(t, pid)
	})
	t.Run("cancel next", func(t *testing.T) {
		r := start(t, t.Context())
		pid := r.ses.pg.PID()
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		var err error
		for err == nil {
			_, err = r.Next(ctx)
		}
		if connectors.KindOf(err) != connectors.TimedOut || !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) {
			t.Errorf("Next: %v", err)
		}
		stopped(t, pid)
	})
	t.Run("killed", func(t *testing.T) {
		r := start(t, t.Context())
		run(t, c, fmt.Sprintf("SELECT pg_terminate_backend(%d)", r.ses.pg.PID()))
		var err error
		var b *value.Batch
		for range 20_000 {
			if b, err = r.Next(t.Context()); err != nil || b == nil {
				break
			}
		}
		if connectors.KindOf(err) != connectors.Lost {
			t.Errorf("after the kill: %v, %v", b, err)
		}
	})
	t.Run("whole", func(t *testing.T) {
		s := openDSN(t, dsn)
		rel := describe(t, s, big(10_000))
		n := 0
		for _, b := range readAll(t, s, query.Select{From: rel, Columns: columns(rel)}) {
			n += b.N
		}
		if n != 10_000 {
			t.Errorf("%d rows", n)
		}
	})
}
