package mysql

import (
	"database/sql"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

func TestCorrectConformance(t *testing.T) {
	correctConformance(t, mySQL, connectortest.MySQL(t))
}

func TestCorrectConformanceMariaDB(t *testing.T) {
	correctConformance(t, mariaDB, connectortest.MariaDB(t))
}

func correctConformance(t *testing.T, is flavour, dsn string) {
	t.Helper()
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Params = map[string]string{"time_zone": "'+00:00'"}
	dial, err := mysql.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(dial)
	t.Cleanup(func() { _ = db.Close() })
	ex := func(t testing.TB, statements ...string) {
		t.Helper()
		for _, s := range statements {
			if _, err := db.ExecContext(t.Context(), s); err != nil {
				t.Fatalf("%s: %v", s, err)
			}
		}
	}
	opened := func(t testing.TB, write bool, change func(*mysql.Config)) connectors.Source {
		t.Helper()
		c, err := mysql.ParseDSN(dsn)
		if err != nil {
			t.Fatal(err)
		}
		if change != nil {
			change(c)
		}
		s, err := Open(t.Context(), connectors.Config{Name: "my", Params: map[string]string{"dsn": c.FormatDSN()}, Writable: write})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	all := func(ss ...string) []string {
		for i := range ss {
			ss[i] = quoteText(ss[i])
		}
		return ss
	}
	const zone = "Europe/Berlin"
	types := []connectortest.CorrectType{
		{Name: "tinyint", DDL: "tinyint", Values: []string{"0", "-128", "127"}},
		{Name: "bool", DDL: "tinyint(1)", Declared: "bool", Values: []string{"0", "1"}},
		{Name: "smallint unsigned", DDL: "smallint unsigned", Values: []string{"0", "65535"}},
		{Name: "int", DDL: "int", Values: []string{"0", "-2147483648", "2147483647"}},
		{Name: "bigint", DDL: "bigint", Values: []string{"0", "-9223372036854775808", "9223372036854775807", "9007199254740993"}},
		{Name: "bigint unsigned", DDL: "bigint unsigned", Values: []string{"0", "18446744073709551615", "9223372036854775808", "9007199254740993"}},
		{Name: "bit(1)", DDL: "bit(1)", Values: []string{"b'0'", "b'1'"}},
		{Name: "bit(64)", DDL: "bit(64)", Values: []string{"b'0'", "0xFFFFFFFFFFFFFFFF", "0x8000000000000001"}},
		{Name: "bit(9)", DDL: "bit(9)", Values: []string{"b'0'", "b'100000001'"}},
		{Name: "year", DDL: "year", Values: []string{"1901", "2155", "2024", "'0000'"}},
		{Name: "float", DDL: "float", Values: []string{"0.1", "-3.4e38", "16777217", "1.17549435e-38", "0.30000001192092896"}},
		{Name: "double", DDL: "double", Values: []string{"0.1e0", "-1.7e308", "2.2250738585072014e-308", "123456789.12345678e0"}},
		{Name: "decimal", DDL: "decimal(30,10)", Values: []string{"0", "-0.0000000001", "12345678901234567890.0123456789"}},
		{Name: "decimal(2,2)", DDL: "decimal(2,2)", Values: []string{"0", "-0.99", "0.50"}},
		{Name: "varchar", DDL: "varchar(5)", NoKey: true, Values: all("", "abcde", "A", "a", "a ", "äöüßx", `\"'`)},
		{Name: "folded", DDL: "varchar(9) COLLATE utf8mb4_general_ci", Values: all("", "abc", "Ä", "b")},
		{Name: "bin", DDL: "varchar(50) COLLATE " + is.collation(), Values: all("", "A", "a", "a\tb\n\x00☃")},
		{Name: "latin1", DDL: "varchar(9) CHARACTER SET latin1", Values: all("a", "B", "ä")},
		{Name: "char", DDL: "char(5)", Values: all("", "ab", "abcde", "ä")},
		{Name: "text", DDL: "text", NoKey: true, Values: all("", "a", "A", strings.Repeat("ä", 5000))},
		{Name: "enum", DDL: "enum('one', 'Two', 'it''s')", Values: all("one", "Two", "it's")},
		{Name: "set", DDL: "set('a', 'b', 'c')", Values: all("", "a", "a,c")},
		{Name: "binary", DDL: "binary(3)", Values: []string{"x'000000'", "x'ff00ff'"}},
		{Name: "varbinary", DDL: "varbinary(9)", Values: []string{"x''", "x'00'", "x'ff00ff'", "x'61'", "x'41'"}},
		{Name: "blob", DDL: "blob", NoKey: true, Values: []string{"x''", "x'00ff'", "repeat(x'ab', 3000)"}},
		{Name: "date", DDL: "date", Values: all("0001-01-01", "2024-02-29", "9999-12-31")},
		{Name: "time", DDL: "time(6)", Values: all("00:00:00", "-838:59:59", "23:59:59.999999", "100:00:00.000001")},
		{Name: "time(0)", DDL: "time", Values: all("00:00:01", "-00:00:01")},
		{Name: "datetime", DDL: "datetime(6)", Values: all("2024-02-29 12:00:00.000001", "0001-01-01 00:00:00", "9999-12-31 23:59:59.999999")},
		{Name: "datetime(0)", DDL: "datetime", Values: all("2024-02-29 12:00:00", "2024-02-29 12:00:01")},
		{Name: "zoned", DDL: "datetime", Zone: zone, Values: all("2024-07-01 12:00:00", "2024-01-01 12:00:00", "2024-03-31 03:30:00")},
		{Name: "timestamp", DDL: "timestamp(6) NULL", NoKey: true, Values: all("2024-02-29 12:00:00.000001", "1970-01-01 00:00:01", "2038-01-19 03:14:07")},
		{Name: "json", DDL: "json", NoKey: true, Values: all(`{"a": 1}`, `{"a": [1, null, "ä\"\\"], "b": {"c": 18446744073709551615}}`, "null", `"x"`, "1.5")},
	}
	if is == mariaDB {
		types = append(types, connectortest.CorrectType{Name: "uuid", DDL: "uuid", Values: all("01234567-89ab-4cde-8123-456789abcdef", "00000000-0000-0000-0000-000000000000")},
			connectortest.CorrectType{Name: "inet6", DDL: "inet6", Values: all("::1", "2001:db8::2")})
	}
	account := func(t testing.TB, grants ...string) func(*mysql.Config) {
		t.Helper()
		name := connectortest.Unique("co")
		ex(t, "CREATE USER "+name+" IDENTIFIED BY 'Assay-1x'")
		t.Cleanup(func() { _, _ = db.Exec("DROP USER " + name) })
		for _, g := range grants {
			ex(t, "GRANT "+g+" TO "+name)
		}
		return func(c *mysql.Config) { c.User, c.Passwd = name, "Assay-1x" }
	}
	trigger := connectortest.Unique("co_trigger")
	connectortest.RunCorrect(t, connectortest.CorrectHarness{
		DB:     func(testing.TB) *sql.DB { return db },
		Open:   func(t testing.TB, write bool) connectors.Source { return opened(t, write, nil) },
		Quote:  ident,
		Cell:   func(col string) string { return "CONCAT(HEX(" + col + "), ' ', CAST(" + col + " AS CHAR))" },
		Plain:  func(col string) string { return "CAST(" + col + " AS CHAR)" },
		Folded: "varchar(40) COLLATE utf8mb4_general_ci", Identity: "int NOT NULL AUTO_INCREMENT PRIMARY KEY", Generated: "int GENERATED ALWAYS AS (n * 2) STORED",
		Render: Render, Types: types,
		Trigger:   []string{"CREATE TRIGGER " + trigger + " BEFORE UPDATE ON %s FOR EACH ROW SET NEW.d = NEW.n * 10"},
		Untrigger: []string{"DROP TRIGGER " + trigger},
		ReadOnly: map[string]func(testing.TB, string) (connectors.Source, connectors.ErrorKind){
			"account without rights": func(t testing.TB, table string) (connectors.Source, connectors.ErrorKind) {
				return opened(t, true, account(t, "SELECT ON "+ident(table))), connectors.Denied
			},
		},
		Severed: func(t testing.TB) (connectors.Source, *connectortest.Link) {
			link := connectortest.Paced(t, cfg.Addr, 0)
			return opened(t, true, func(c *mysql.Config) { c.Addr = link.Addr }), link
		},
	})
}

// TestCorrectUntold corrects by an account that is told of no triggers: what they make of a row is noticed all the same.
func TestCorrectUntold(t *testing.T) {
	dsn := connectortest.MySQL(t)
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	name, user := connectortest.Unique("co_untold"), connectortest.Unique("co")
	for _, s := range []string{
		"CREATE TABLE " + name + " (id int PRIMARY KEY, n int, d int)", "INSERT INTO " + name + " VALUES (1, 1, 1)",
		"CREATE TRIGGER " + name + " BEFORE UPDATE ON " + name + " FOR EACH ROW SET NEW.d = NEW.n * 10",
		"CREATE USER " + user + " IDENTIFIED BY 'Assay-1x'", "GRANT SELECT, INSERT, UPDATE, DELETE ON " + name + " TO " + user,
	} {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	defer func() {
		_, _ = db.Exec("DROP TABLE " + name)
		_, _ = db.Exec("DROP USER " + user)
	}()
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	cfg.User, cfg.Passwd = user, "Assay-1x"
	src, err := Open(t.Context(), connectors.Config{Name: "my", Params: map[string]string{"dsn": cfg.FormatDSN()}, Writable: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = src.Close() }()
	rel := connectortest.Relation(t, src, query.Dataset{Table: name, Key: []string{"id"}})
	s, ok := src.(*Source)
	if !ok {
		t.Fatalf("%T", src)
	}
	cor, err := s.Correct(t.Context(), connectors.Target{Relation: rel, Key: rel.Schema.Columns[:1], Columns: rel.Schema.Columns[1:]})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cor.Close() }()
	one, two := value.IntValue(1), value.IntValue(2)
	effects, err := cor.Apply(t.Context(), []connectors.Change{
		{Action: connectors.Update, Key: []value.Value{one}, Before: []value.Value{one, one}, After: []value.Value{two, one}, Set: []int{0}},
	}, func([]connectors.Effect) error { return nil })
	if err != nil || len(effects) != 1 || effects[0].Outcome != connectors.Applied || effects[0].Row[1].Int() != 20 {
		t.Errorf("%+v, %v", effects, err)
	}
}
