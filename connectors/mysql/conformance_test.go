package mysql_test

import (
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	driver "github.com/go-sql-driver/mysql"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/mysql"
	"github.com/assay-dev/assay/connectors/query"
)

func config(dsn string) connectors.Config {
	return connectors.Config{Name: "test", Params: map[string]string{"dsn": dsn}}
}

// asURL returns the driver's DSN as a URL.
func asURL(t *testing.T, is mysql.TestServer, dsn string) string {
	t.Helper()
	c, err := driver.ParseDSN(dsn)
	if err != nil {
		t.Fatal("the test server's DSN does not parse")
	}
	u := url.URL{Scheme: is.Name, User: url.UserPassword(c.User, c.Passwd), Host: c.Addr, Path: "/" + c.DBName}
	return u.String()
}

func TestConformance(t *testing.T) {
	t.Parallel()
	mysql.EachServer(t, func(t *testing.T, is mysql.TestServer) {
		t.Parallel()
		dsn, db := database(t, is, "")
		const secret = "s3cr:t/p@ss#w?rd"
		run(
			t, db,
			"CREATE TABLE kept (id int PRIMARY KEY)", "INSERT INTO kept VALUES (1)",
			"CREATE FUNCTION grow() RETURNS int DETERMINISTIC MODIFIES SQL DATA BEGIN INSERT INTO kept VALUES (99); RETURN 1; END",
		)
		c, err := driver.ParseDSN(dsn)
		if err != nil {
			t.Fatal("the test server's DSN does not parse")
		}
		badPassword := c.Clone()
		badPassword.Passwd = secret
		noDatabase := c.Clone()
		noDatabase.DBName = "mysql_nowhere"
		refused := c.Clone()
		refused.Addr = closedPort(t)
		broken := func(name, dsn string, want connectors.ErrorKind) connectortest.Broken {
			return connectortest.Broken{
				Name: name, Want: want, Dataset: query.Dataset{Table: "kept"},
				Open: func(t testing.TB) (connectors.Source, error) {
					t.Helper()
					return mysql.Open(t.Context(), config(dsn))
				},
			}
		}
		changed := func(t testing.TB) bool {
			t.Helper()
			var n int
			if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM kept").Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n != 1
		}
		connectortest.Run(t, connectortest.Harness{
			Name: is.Name, Engine: is.Engine,
			Load: func(t testing.TB, tb connectortest.Table) query.Dataset {
				t.Helper()
				return connectortest.LoadMySQL(t, dsn, tb)
			},
			Open: func(t testing.TB) connectors.Source {
				t.Helper()
				s, err := mysql.Open(t.Context(), config(dsn))
				if err != nil {
					t.Fatal(err)
				}
				return s
			},
			OpenWith: func(t testing.TB, timeout time.Duration, conns int) connectors.Source {
				t.Helper()
				c := config(dsn)
				c.Timeout, c.MaxConns = timeout, conns
				s, err := mysql.Open(t.Context(), c)
				if err != nil {
					t.Fatal(err)
				}
				return s
			},
			Samplers: mysql.ForcedSamplers(),
			Missing:  &query.Dataset{Name: "missing", Table: "no_such_table"},
			Slow:     &query.Dataset{Name: "slow", Query: "SELECT COLUMN_NAME AS c, SLEEP(0.5) AS z FROM information_schema.COLUMNS"},
			Writes: func(testing.TB) []connectortest.Write {
				return []connectortest.Write{
					{Name: "delete", Dataset: query.Dataset{Query: "DELETE FROM kept"}, Changed: changed},
					{Name: "function", Dataset: query.Dataset{Query: "SELECT grow() AS g FROM kept"}, Changed: changed},
					{Name: "two statements", Dataset: query.Dataset{Query: "SELECT 1 AS a) AS t; DELETE FROM kept; SELECT * FROM (SELECT 1"}, Changed: changed},
					{Name: "outfile", Dataset: query.Dataset{Query: "SELECT 1 INTO OUTFILE '/tmp/assay_mysql_write'"}, Changed: changed},
				}
			},
			Broken: []connectortest.Broken{
				broken("wrong password", badPassword.FormatDSN(), connectors.Unauthenticated),
				broken("wrong password in a URL", asURL(t, is, badPassword.FormatDSN()), connectors.Unauthenticated),
				broken("refused", refused.FormatDSN(), connectors.Unreachable),
				broken("no such database", noDatabase.FormatDSN(), connectors.NotFound),
				broken("not a DSN", "assay:"+secret, connectors.Misconfigured),
				broken("not a URL", "mysql://assay:"+secret+"@127.0.0.1:1/x", connectors.Misconfigured),
				broken("unknown variable", dsn+"?no_such_variable=1", connectors.Misconfigured),
			},
			Secrets: []string{secret, "s3cr", "p@ss", url.QueryEscape(secret)},
			Refused: []string{
				"sum of dec",
				"sum of dec where",
				"sum of squares of dec",
				"sum of squares of dec where",
				"median of i",
				"median of i where",
				"median of dec",
				"median of dec where",
				"median of f",
				"median of f where",
				"median of ts",
				"median of ts where",
				"median of s",
				"median of s where",
				"last decile of i",
				"last decile of i where",
				"last decile of dec",
				"last decile of dec where",
			},
		})
	})
}

// closedPort returns an address at which nothing listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return addr
}

// The same server by URL, with its options.
func TestURL(t *testing.T) {
	t.Parallel()
	mysql.EachServer(t, func(t *testing.T, is mysql.TestServer) {
		t.Parallel()
		dsn := is.DSN
		src := open(t, asURL(t, is, dsn)+"?timeout=5s&parseTime=true&multiStatements=true&allowAllFiles=true")
		s, err := src.Describe(t.Context(), query.Dataset{Query: "SELECT 1 AS one, CAST('2024-01-01' AS DATE) AS d; "})
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Columns) != 2 || s.Columns[0].Name != "one" || strings.ToLower(s.Columns[1].Native) != "date" {
			t.Errorf("described as %+v", s.Columns)
		}
	})
}
