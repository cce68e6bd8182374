package mysql

import (
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
)

// TestServer is one of the two servers that the connector speaks to; the tests run on both.
type TestServer struct {
	Name   string
	DSN    string
	Engine connectortest.Engine
	// Maria says that it is MariaDB.
	Maria bool
	// Folding and Padding are collations that compare otherwise than octet by octet: without regard to case and accents; that and past blanks.
	Folding, Padding string
	// Exact is the collation that the connector compares by.
	Exact string
}

// Pick returns what is said on MySQL or on MariaDB.
func (s TestServer) Pick(mysql, mariadb string) string {
	if s.Maria {
		return mariadb
	}
	return mysql
}

// EachServer runs f on MySQL and on MariaDB.
func EachServer(t *testing.T, f func(t *testing.T, is TestServer)) {
	t.Helper()
	t.Run("mysql", func(t *testing.T) {
		f(t, TestServer{Name: "mysql", Engine: connectortest.EngineMySQL, DSN: connectortest.MySQL(t), Folding: "utf8mb4_0900_ai_ci", Padding: "utf8mb4_general_ci", Exact: mySQL.collation()})
	})
	t.Run("mariadb", func(t *testing.T) {
		f(t, TestServer{Name: "mariadb", Engine: connectortest.EngineMariaDB, DSN: connectortest.MariaDB(t), Maria: true, Folding: "utf8mb4_unicode_nopad_ci", Padding: "utf8mb4_general_ci", Exact: mariaDB.collation()})
	})
}

// ForcedSamplers are the ways to draw that tables of the suite's size are too small for.
func ForcedSamplers() map[string]func(testing.TB, connectors.Source) connectors.Sampler {
	return connectortest.ForcedSamplers(func(s *Source, m query.SampleMethod) connectors.Sampler { return s.sampler(m) })
}
