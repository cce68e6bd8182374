package postgres

import (
	"database/sql"
	"net/url"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
)

func writable(t testing.TB, dsn string) connectors.Source {
	t.Helper()
	s, err := Open(t.Context(), connectors.Config{Name: "pg", Params: map[string]string{"dsn": dsn}, Writable: true})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCorrectConformance(t *testing.T) {
	dsn := connectortest.PostgresDatabase(t, connectortest.LocaleICU)
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	ex := func(t testing.TB, statements ...string) {
		t.Helper()
		for _, s := range statements {
			if _, err := db.ExecContext(t.Context(), s); err != nil {
				t.Fatalf("%s: %v", s, err)
			}
		}
	}
	ex(t, `CREATE COLLATION folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`)
	const zone = "Europe/Berlin"
	q := func(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
	all := func(ss ...string) []string {
		for i := range ss {
			ss[i] = q(ss[i])
		}
		return ss
	}
	connectortest.RunCorrect(t, connectortest.CorrectHarness{
		DB: func(testing.TB) *sql.DB { return db },
		Open: func(t testing.TB, write bool) connectors.Source {
			if write {
				return writable(t, dsn)
			}
			return mustOpen(t, dsn, 0, 0)
		},
		Quote: func(s string) string { return dialect{}.QuoteIdent(s) },
		Cell:  func(col string) string { return col + "::text" }, Folded: "varchar(40) COLLATE folded",
		Identity: "int GENERATED ALWAYS AS IDENTITY PRIMARY KEY", Generated: "int GENERATED ALWAYS AS (n * 2) STORED", Render: Render, Deferred: "DEFERRABLE INITIALLY DEFERRED",
		Trigger: []string{
			`CREATE FUNCTION co_trigger() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.d := NEW.n * 10; RETURN NEW; END'`,
			`CREATE TRIGGER co_trigger BEFORE UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION co_trigger()`,
		},
		Untrigger: []string{`DROP FUNCTION co_trigger CASCADE`},
		Types: []connectortest.CorrectType{
			{Name: "bool", DDL: "bool", Values: []string{"true", "false"}},
			{Name: "smallint", DDL: "smallint", Values: []string{"0", "-32768", "32767"}},
			{Name: "int", DDL: "int", Values: []string{"0", "-2147483648", "2147483647"}},
			{Name: "bigint", DDL: "bigint", Values: []string{"0", "'-9223372036854775808'", "9223372036854775807"}},
			{Name: "oid", DDL: "oid", Values: []string{"0", "4294967295"}},
			{Name: "real", DDL: "real", Values: all("0.1", "-3.4e38", "1e-45", "NaN", "Infinity")},
			{Name: "double", DDL: "double precision", Values: all("0.1", "0.1000000000000000055511151231257827", "-Infinity", "NaN", "5e-324")[1:]},
			{Name: "numeric", DDL: "numeric", Values: all("0", "0.000000000000000000000000001", "-123456789012345678901234567890.5", "10000", "99999999"), Loose: false},
			{Name: "numeric(10,2)", DDL: "numeric(10,2)", Values: all("0.00", "-0.01", "12345678.90")},
			{Name: "text", DDL: "text", Values: append(all("", "a", "A", "a ", "ä", "{1,2}", `back\slash "q"`), `E'tab\t\n☃'`)},
			{Name: "varchar", DDL: "varchar(5)", Values: all("", "abcde", "äöüßx", "a  ")},
			{Name: "char", DDL: "char(5)", Values: all("", "ab", "abcde", "ä")},
			{Name: "folded", DDL: "text COLLATE folded", Values: all("a", "b", "ä x")},
			{Name: "C", DDL: `text COLLATE "C"`, Values: all("a", "A", "b")},
			{Name: "name", DDL: "name", Values: all("a", "A b")},
			{
				Name: "enum", DDL: `co_enum`, Values: all("one", "Two", "it's"),
				Before: []string{`CREATE TYPE co_enum AS ENUM ('Two', 'one', 'it''s')`}, After: []string{`DROP TYPE co_enum CASCADE`},
			},
			{
				Name: "domain", DDL: `co_domain`, Values: all("a", "bc"),
				Before: []string{`CREATE DOMAIN co_domain AS varchar(3) CHECK (value <> 'x')`}, After: []string{`DROP DOMAIN co_domain CASCADE`},
			},
			{Name: "uuid", DDL: "uuid", Values: all("00000000-0000-0000-0000-000000000000", "01234567-89ab-cdef-0123-456789abcdef")},
			{Name: "bytea", DDL: "bytea", Values: all(`\x`, `\x00`, `\xff00ff`)},
			{Name: "date", DDL: "date", Values: all("0001-01-01", "2024-02-29", "9999-12-31", "1999-12-31")},
			{Name: "time", DDL: "time", Values: all("00:00:00", "23:59:59.999999", "24:00:00")},
			{Name: "timestamp", DDL: "timestamp", Values: all("2024-02-29 12:00:00.000001", "0001-01-01 00:00:00", "1999-12-31 23:59:59.999999")},
			{Name: "timestamp(3)", DDL: "timestamp(3)", Values: all("2024-02-29 12:00:00.001", "2024-02-29 12:00:00")},
			{Name: "zoned", DDL: "timestamp", Zone: zone, Values: all("2024-07-01 12:00:00", "2024-01-01 12:00:00", "2024-03-31 03:30:00")},
			{Name: "timestamptz", DDL: "timestamptz", Values: all("2024-02-29 12:00:00.000001+02", "0001-01-01 00:00:00+00", "9999-12-31 23:59:59+00")},
			{Name: "interval", DDL: "interval", Values: all("0", "-01:02:03.000004", "100:00:00"), Loose: false},
			{Name: "json", DDL: "json", NoKey: true, Values: all(`{"a" : 1}`, `{"a":2,"b":[1,null,"\u00e4"]}`, "null", `"x"`, "1.50")},
			{Name: "jsonb", DDL: "jsonb", NoKey: true, Values: all(`{"a": 1}`, `{"b": [1, null], "a": 12345678901234567890.5}`, "null", "1.50")},
			{Name: "int[]", DDL: "int[]", NoKey: true, Values: all("{}", "{1,2,NULL}", "{-1}")},
			{Name: "text[]", DDL: "text[]", NoKey: true, Values: all("{}", `{"a b","NULL",NULL,"q\"\\",""}`, "{A}", "{a}")},
			{Name: "varchar[]", DDL: "varchar(3)[]", NoKey: true, Values: all("{}", "{abc,d}")},
			{Name: "numeric[]", DDL: "numeric(5,2)[]", NoKey: true, Values: all("{1.50,NULL}", "{-0.01}")},
			{Name: "timestamptz[]", DDL: "timestamptz[]", NoKey: true, Values: all(`{"2024-01-01 00:00:00+00"}`, "{NULL}")},
			{Name: "date[]", DDL: "date[]", NoKey: true, Values: all("{2024-01-01,2024-02-29}", "{}")},
			{Name: "bool[]", DDL: "bool[]", NoKey: true, Values: all("{t,f}", "{f}")},
			{Name: "float8[]", DDL: "float8[]", NoKey: true, Values: all("{0.1,-Infinity}", "{5e-324}")},
			{Name: "bytea[]", DDL: "bytea[]", NoKey: true, Values: []string{`ARRAY['\x00ff'::bytea]`, `ARRAY['\x'::bytea]`}},
			{Name: "jsonb[]", DDL: "jsonb[]", NoKey: true, Values: []string{`ARRAY['{"a": 1}'::jsonb]`, `ARRAY['null'::jsonb]`}},
			{Name: "uuid[]", DDL: "uuid[]", NoKey: true, Values: all("{01234567-89ab-cdef-0123-456789abcdef}", "{}")},
			{Name: "bit", DDL: "bit(3)", Values: []string{"B'101'", "B'000'"}},
			{Name: "varbit", DDL: "varbit(9)", Values: []string{"B'1'", "B'01'", "B''"}},
			{Name: "inet", DDL: "inet", Values: all("10.0.0.1", "10.1.0.0/16", "::1")},
			{Name: "cidr", DDL: "cidr", Values: all("10.0.0.0/8", "2001:db8::/32")},
			{Name: "macaddr", DDL: "macaddr", Values: all("08:00:2b:01:02:03", "00:00:00:00:00:00")},
		},
		ReadOnly: map[string]func(testing.TB, string) (connectors.Source, connectors.ErrorKind){
			"account without rights": func(t testing.TB, table string) (connectors.Source, connectors.ErrorKind) {
				role := connectortest.Unique("co_role")
				ex(t, `CREATE ROLE `+role+` LOGIN PASSWORD 'x'`, `GRANT SELECT ON "`+table+`" TO `+role)
				t.Cleanup(func() { _, _ = db.Exec(`DROP OWNED BY ` + role + `; DROP ROLE ` + role) })
				u, _ := url.Parse(dsn)
				u.User = url.UserPassword(role, "x")
				return writable(t, u.String()), connectors.Denied
			},
			"read-only account": func(t testing.TB, table string) (connectors.Source, connectors.ErrorKind) {
				role := connectortest.Unique("co_role")
				ex(t, `CREATE ROLE `+role+` LOGIN PASSWORD 'x'`, `GRANT ALL ON "`+table+`" TO `+role, `ALTER ROLE `+role+` SET default_transaction_read_only = on`)
				t.Cleanup(func() { _, _ = db.Exec(`DROP OWNED BY ` + role + `; DROP ROLE ` + role) })
				u, _ := url.Parse(dsn)
				u.User = url.UserPassword(role, "x")
				return writable(t, u.String()), connectors.ReadOnly
			},
		},
		Severed: func(t testing.TB) (connectors.Source, *connectortest.Link) {
			u, _ := url.Parse(dsn)
			link := connectortest.Paced(t, u.Host, 0)
			u.Host = link.Addr
			return writable(t, u.String()), link
		},
	})
}
