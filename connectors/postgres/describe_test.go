package postgres

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// proofs writes a schema's guarantees: "n:col" not null, "p:", "u:" and "f:" with their columns.
func proofs(s value.Schema) []string {
	var out []string
	for _, c := range s.Columns {
		if c.NotNull {
			out = append(out, "n:"+c.Name)
		}
	}
	for _, c := range s.Constraints {
		kind := map[value.ConstraintKind]string{value.PrimaryKey: "p:", value.Unique: "u:", value.ForeignKey: "f:"}[c.Kind]
		text := kind + strings.Join(c.Columns, ",")
		if c.Kind == value.ForeignKey {
			text += ">" + c.RefTable[strings.IndexByte(c.RefTable, '.')+1:] + "." + strings.Join(c.RefColumns, ",")
		}
		out = append(out, text)
	}
	slices.Sort(out)
	return out
}

// TestGuarantees lists only what the server enforces for every row that a scan would see.
func TestGuarantees(t *testing.T) {
	dsn := connectortest.Postgres(t)
	c := admin(t, dsn)
	ns := scratch(t, c)
	run(t, c, `SET search_path = `+ns,
		`CREATE COLLATION nd (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`,
		`CREATE DOMAIN nn AS int NOT NULL`,
		`CREATE TABLE p (id int PRIMARY KEY, a int, b int, UNIQUE (b, a))`,
		`CREATE TABLE pt (id text COLLATE nd PRIMARY KEY)`,
		`CREATE TABLE pf (id float8 PRIMARY KEY)`,
		`CREATE TABLE pd (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, u int UNIQUE DEFERRABLE)`,
	)
	tests := []struct{ name, ddl, want string }{
		{"plain", `CREATE TABLE x (id int PRIMARY KEY, a int NOT NULL, b int)`, "n:a n:id p:id"},
		{"composite", `CREATE TABLE x (a int, b int, c int UNIQUE, PRIMARY KEY (b, a))`, "n:a n:b p:b,a u:c"},
		{"include", `CREATE TABLE x (a int, b int); CREATE UNIQUE INDEX ON x (a) INCLUDE (b)`, "u:a"},
		{"partial", `CREATE TABLE x (a int); CREATE UNIQUE INDEX ON x (a) WHERE a > 0`, ""},
		{"expression", `CREATE TABLE x (a int, b text); CREATE UNIQUE INDEX ON x (a, lower(b))`, ""},
		{"not distinct", `CREATE TABLE x (a int UNIQUE NULLS NOT DISTINCT)`, "u:a"},
		{"deferrable", `CREATE TABLE x (a int PRIMARY KEY DEFERRABLE, b int UNIQUE DEFERRABLE INITIALLY DEFERRED)`, "n:a"},
		{"exclusion", `CREATE TABLE x (a int, EXCLUDE USING btree (a WITH =))`, ""},
		{"fk", `CREATE TABLE x (a int REFERENCES p, b int, c int, FOREIGN KEY (b, c) REFERENCES p (b, a))`, "f:a>p.id f:b,c>p.b,a"},
		{"fk not valid", `CREATE TABLE x (a int); ALTER TABLE x ADD FOREIGN KEY (a) REFERENCES p NOT VALID`, ""},
		{"fk validated", `CREATE TABLE x (a int); ALTER TABLE x ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES p NOT VALID; ALTER TABLE x VALIDATE CONSTRAINT k`, "f:a>p.id"},
		{"fk deferrable", `CREATE TABLE x (a int REFERENCES p DEFERRABLE)`, ""},
		{"fk disabled", `CREATE TABLE x (a int REFERENCES p); UPDATE pg_trigger SET tgenabled = 'D' WHERE tgrelid = 'x'::regclass`, ""},
		{"fk nondeterministic", `CREATE TABLE x (a text COLLATE nd REFERENCES pt)`, ""},
		{"fk float", `CREATE TABLE x (a float8 REFERENCES pf)`, ""},
		{"domain", `CREATE TABLE x (a nn)`, ""},
		{"check not null", `CREATE TABLE x (a int CHECK (a IS NOT NULL))`, ""},
		{"view", `CREATE VIEW x AS SELECT id FROM p`, ""},
		{"materialized", `CREATE MATERIALIZED VIEW x AS SELECT id, a FROM p; CREATE UNIQUE INDEX ON x (id)`, "u:id"},
		{"partitioned", `CREATE TABLE x (a int, b int NOT NULL, PRIMARY KEY (a)) PARTITION BY LIST (a); CREATE TABLE x1 PARTITION OF x FOR VALUES IN (1)`, "n:a n:b p:a"},
		{"partitioned fk", `CREATE TABLE x (a int REFERENCES p) PARTITION BY LIST (a); CREATE TABLE x1 PARTITION OF x FOR VALUES IN (1)`, "f:a>p.id"},
		{"partition fk disabled", `CREATE TABLE x (a int REFERENCES p) PARTITION BY LIST (a); CREATE TABLE x1 PARTITION OF x FOR VALUES IN (1); UPDATE pg_trigger SET tgenabled = 'D' WHERE tgrelid = 'x1'::regclass`, ""},
		{"inherited", `CREATE TABLE x (a int PRIMARY KEY, b int UNIQUE, c int REFERENCES p); CREATE TABLE x1 () INHERITS (x)`, "n:a"},
		{"inherited nullable", `CREATE TABLE x (a int NOT NULL); CREATE TABLE x1 () INHERITS (x); ALTER TABLE x1 ALTER a DROP NOT NULL`, ""},
		{"unlogged", `CREATE UNLOGGED TABLE x (a int PRIMARY KEY)`, "n:a p:a"},
	}
	s := openDSN(t, dsn)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for ddl := range strings.SplitSeq(tt.ddl, "; ") {
				if _, err := c.Exec(t.Context(), ddl); err != nil {
					if strings.Contains(err.Error(), "42501") {
						connectortest.NotSetUp(t, "postgres", "the account may not: "+err.Error())
					}
					t.Fatal(err)
				}
			}
			defer func() {
				for _, kind := range []string{"TABLE", "VIEW", "MATERIALIZED VIEW"} {
					_, _ = c.Exec(context.Background(), `DROP `+kind+` IF EXISTS x CASCADE`)
				}
			}()
			rel := describe(t, s, query.Dataset{Name: "x", Table: ns + ".x"})
			if got := strings.Join(proofs(rel.Schema), " "); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestDescribe(t *testing.T) {
	dsn := connectortest.Postgres(t)
	c := admin(t, dsn)
	ns := scratch(t, c)
	run(t, c, `CREATE TABLE `+ns+`."Odd.Näme" ("a""b" int, "c d" text COLLATE "C", gone int, k numeric(10,2), PRIMARY KEY ("c d", "a""b"))`,
		`ALTER TABLE `+ns+`."Odd.Näme" DROP COLUMN gone`, `CREATE INDEX ON `+ns+`."Odd.Näme" (k, lower("c d"))`, `CREATE TABLE `+ns+`.none ()`,
		`INSERT INTO `+ns+`."Odd.Näme" SELECT g, 'x', g FROM generate_series(1, 1000) g`, `ANALYZE `+ns+`."Odd.Näme"`)
	s := openDSN(t, dsn)
	rel := describe(t, s, query.Dataset{Name: "odd", Table: ns + `."Odd.Näme"`, Key: []string{"c d", `a"b`}})
	var names []string
	for _, col := range rel.Schema.Columns {
		names = append(names, col.Name+" "+col.Native)
	}
	if got := strings.Join(names, ", "); got != `a"b integer, c d text, k numeric(10,2)` {
		t.Errorf("columns %s", got)
	}
	if got := rel.Schema.Key; !slices.Equal(got, []string{"c d", `a"b`}) {
		t.Errorf("key %q", got)
	}
	if rel.Schema.Rows != 1000 || len(rel.Schema.Indexes) != 2 || !slices.Equal(rel.Schema.Indexes[1], []string{"k"}) {
		t.Errorf("%d rows, indexes %q", rel.Schema.Rows, rel.Schema.Indexes)
	}
	n := 0
	for _, b := range readAll(t, s, query.Select{From: rel, Columns: columns(rel), OrderByKey: true}) {
		n += b.N
	}
	if n != 1000 {
		t.Errorf("%d rows", n)
	}
	for table, want := range map[string]connectors.ErrorKind{
		ns + ".nothing": connectors.NotFound, "no_such_schema.t": connectors.NotFound, "a.b.c": connectors.Misconfigured, ns + ".none": connectors.Failed,
		`"`: connectors.Misconfigured, ns + `."Odd.Näme_pkey"`: connectors.NotFound,
	} {
		if _, err := s.Describe(t.Context(), query.Dataset{Name: "t", Table: table}); err == nil || connectors.KindOf(err) != want {
			t.Errorf("%s: kind %d, want %d: %v", table, connectors.KindOf(err), want, err)
		}
	}
	for q, want := range map[string]connectors.ErrorKind{
		"SELECT 1 AS a, 2 AS a": connectors.Misconfigured, "SELECT nothing": connectors.Failed, "SELECT * FROM no_such": connectors.NotFound, "": connectors.Misconfigured,
	} {
		if _, err := s.Describe(t.Context(), query.Dataset{Name: "q", Query: q}); err == nil || connectors.KindOf(err) != want {
			t.Errorf("%s: kind %d, want %d: %v", q, connectors.KindOf(err), want, err)
		}
	}
}

// TestPermissions reads with an account that may see little.
func TestPermissions(t *testing.T) {
	dsn := connectortest.Postgres(t)
	c := admin(t, dsn)
	ns := scratch(t, c)
	role := connectortest.Unique("postgres_role")
	if _, err := c.Exec(t.Context(), `CREATE ROLE `+role+` LOGIN PASSWORD 'weak'`); err != nil {
		if !strings.Contains(err.Error(), "42501") {
			t.Fatal(err)
		}
		connectortest.NotSetUp(t, "postgres", "the account may not make roles: "+err.Error())
	}
	t.Cleanup(func() { run(t, c, `DROP OWNED BY `+role, `DROP ROLE `+role) })
	hidden := scratch(t, c)
	run(t, c, `CREATE TABLE `+ns+`.denied (id int)`, `CREATE TABLE `+ns+`.some (id int, secret text)`, `CREATE TABLE `+hidden+`.t (id int)`,
		`GRANT USAGE ON SCHEMA `+ns+` TO `+role, `GRANT SELECT (id) ON `+ns+`.some TO `+role, `INSERT INTO `+ns+`.some VALUES (7, 'x')`)
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(role, "weak")
	s := openDSN(t, u.String())
	for _, table := range []string{ns + ".denied", hidden + ".t"} {
		if _, err := s.Describe(t.Context(), query.Dataset{Name: "t", Table: table}); connectors.KindOf(err) != connectors.Denied {
			t.Errorf("%s: %v", table, err)
		}
	}
	rel := describe(t, s, query.Dataset{Name: "some", Table: ns + ".some"})
	if rel.Schema.Columns[0].Unusable != "" || !strings.Contains(rel.Schema.Columns[1].Unusable, "permission") {
		t.Errorf("columns %+v", rel.Schema.Columns)
	}
	if b := readAll(t, s, query.Select{From: rel, Columns: columns(rel)}); len(b) != 1 || b[0].Cols[0].Ints[0] != 7 {
		t.Errorf("rows %v", b)
	}
}

// TestSession sees what a request's transaction is set to, and that a snapshot holds still and outlives a failure.
func TestSession(t *testing.T) {
	dsn := connectortest.Postgres(t)
	c := admin(t, dsn)
	ns := scratch(t, c)
	run(t, c, `CREATE TABLE `+ns+`.t (id int)`, `INSERT INTO `+ns+`.t VALUES (1)`)
	s := open(t, connectors.Config{Name: "pg", Params: map[string]string{"dsn": dsn}, Timeout: 1500 * 1e6, MaxConns: 2})
	settings := query.Dataset{Name: "s", Query: `SELECT string_agg(n || '=' || current_setting(n), ' ') AS s FROM unnest('{application_name,TimeZone,transaction_read_only,default_transaction_read_only,transaction_isolation,statement_timeout,extra_float_digits,client_encoding}'::text[]) n`}
	rel := describe(t, s, settings)
	got := readAll(t, s, query.Select{From: rel, Columns: columns(rel)})[0].Cols[0].Value(0).Str()
	want := "application_name=assay TimeZone=UTC transaction_read_only=on default_transaction_read_only=on transaction_isolation=repeatable read statement_timeout=1500ms extra_float_digits=1 client_encoding=UTF8"
	if got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	snap, err := s.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	table := describe(t, snap, query.Dataset{Name: "t", Table: ns + ".t"})
	count := func(src connectors.Source) int {
		n := 0
		for _, b := range readAll(t, src, query.Select{From: table, Columns: columns(table)}) {
			n += b.N
		}
		return n
	}
	before := count(snap)
	run(t, c, `INSERT INTO `+ns+`.t VALUES (2)`)
	if _, err := snap.Describe(t.Context(), query.Dataset{Name: "q", Query: "SELECT nonsense"}); err == nil {
		t.Error("nonsense was described")
	}
	r, err := snap.Select(t.Context(), query.Select{From: describe(t, snap, big(1_000_000)), Columns: columns(describe(t, s, big(1)))})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Next(t.Context()); err != nil {
		t.Error(err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if after := count(snap); before != 1 || after != 1 || count(s) != 2 {
		t.Errorf("snapshot saw %d, then %d rows; the source %d", before, after, count(s))
	}
	if err := snap.Close(); err != nil {
		t.Error(err)
	}
	if _, err := snap.Describe(t.Context(), query.Dataset{Name: "t", Table: ns + ".t"}); err == nil {
		t.Error("a closed snapshot answers")
	}
	var idle int
	if err := c.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE application_name = 'assay' AND state LIKE 'idle in transaction%' AND query LIKE '%assay%' AND datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%' || $1 || '%'`, ns).Scan(&idle); err != nil {
		t.Fatal(err)
	}
	if idle != 0 {
		t.Errorf("%d transactions are left open", idle)
	}
}

// TestEncodings reads databases that do not store UTF-8.
func TestEncodings(t *testing.T) {
	dsn := connectortest.Postgres(t)
	c := admin(t, dsn)
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	for encoding, want := range map[string][]string{"LATIN1": {"é", "a"}, "SQL_ASCII": {"ERR", "a"}} {
		name := connectortest.Unique("postgres_enc")
		run(t, c, `CREATE DATABASE `+name+` TEMPLATE template0 ENCODING '`+encoding+`' LC_COLLATE 'C' LC_CTYPE 'C'`)
		t.Cleanup(func() { run(t, c, `DROP DATABASE `+name+` WITH (FORCE)`) })
		u.Path = "/" + name
		inside := admin(t, u.String())
		run(t, inside, `CREATE TABLE t (s text)`)
		if encoding == "LATIN1" {
			run(t, inside, `SET client_encoding = 'UTF8'`, `INSERT INTO t VALUES ('é'), ('a')`)
		} else {
			run(t, inside, `SET client_encoding = 'SQL_ASCII'`, `INSERT INTO t VALUES (E'\xe9'), ('a')`)
		}
		s := openDSN(t, u.String())
		for _, d := range []query.Dataset{{Name: "t", Table: "t"}, {Name: "q", Query: "SELECT s FROM t"}} {
			rel := describe(t, s, d)
			b := readAll(t, s, query.Select{From: rel, Columns: columns(rel)})[0]
			for i, w := range want {
				if got := cellText(&b.Cols[0], i); got != w {
					t.Errorf("%s: %q, want %q", encoding, got, w)
				}
			}
			if r := s.Caps().Expr(rel, call(query.OpLt, value.Bool, columns(rel)[0], lit(value.StringValue("b")))); r == nil {
				t.Errorf("%s: an order by stored bytes is pushed down", encoding)
			}
		}
	}
}

// TestIdleConnectionLost goes on with a new connection when one broke while nobody used it.
func TestIdleConnectionLost(t *testing.T) {
	dsn := connectortest.Postgres(t)
	c := admin(t, dsn)
	s := open(t, connectors.Config{Name: "pg", Params: map[string]string{"dsn": dsn}, MaxConns: 1})
	rel := describe(t, s, query.Dataset{Name: "pid", Query: "SELECT pg_backend_pid() AS pid"})
	pid := readAll(t, s, query.Select{From: rel, Columns: columns(rel)})[0].Cols[0].Ints[0]
	run(t, c, "SELECT pg_terminate_backend("+value.IntValue(pid).Text()+", 5000)")
	if again := readAll(t, s, query.Select{From: rel, Columns: columns(rel)})[0].Cols[0].Ints[0]; again == pid {
		t.Error("the same backend answers")
	}
}
