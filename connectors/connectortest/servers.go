package connectortest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The variables that name the test servers, and what must not be skipped.
const (
	envPostgres      = "ASSAY_TEST_POSTGRES"
	envMySQL         = "ASSAY_TEST_MYSQL"
	envMariaDB       = "ASSAY_TEST_MARIADB"
	envElasticsearch = "ASSAY_TEST_ELASTICSEARCH"
	envOpenSearch    = "ASSAY_TEST_OPENSEARCH"
	envShared        = "ASSAY_SHARED"
	envRequire       = "ASSAY_TEST_REQUIRE"
	envOwn           = "ASSAY_TEST_OWN"
)

// Postgres returns the URL of the PostgreSQL test server's database (postgres://user:password@host:port/db?…).
// Without ASSAY_TEST_POSTGRES it skips the test, or fails it when ASSAY_TEST_REQUIRE names postgres.
// The account is a superuser. Tests keep to tables of their own: LoadPostgres, PostgresDatabase.
func Postgres(t testing.TB) string {
	t.Helper()
	return server(t, "postgres", envPostgres)
}

// MySQL returns the DSN of the MySQL test server in the driver's own form
// (user:password@tcp(host:port)/db), or skips or fails as Postgres does, under the name mysql.
func MySQL(t testing.TB) string {
	t.Helper()
	return server(t, "mysql", envMySQL)
}

// MariaDB returns the DSN of the MariaDB test server in the same form, or skips or fails as Postgres does, under the name mariadb.
func MariaDB(t testing.TB) string {
	t.Helper()
	return server(t, "mariadb", envMariaDB)
}

// Elasticsearch returns the base URL of the Elasticsearch test server, or skips or fails as
// Postgres does, under the name elasticsearch.
func Elasticsearch(t testing.TB) string {
	t.Helper()
	return strings.TrimSuffix(server(t, "elasticsearch", envElasticsearch), "/")
}

// OpenSearch returns the base URL of the OpenSearch test server, or skips or fails as Postgres
// does, under the name opensearch.
func OpenSearch(t testing.TB) string {
	t.Helper()
	return strings.TrimSuffix(server(t, "opensearch", envOpenSearch), "/")
}

// HasOpenSearch reports whether an OpenSearch test server is named or required.
func HasOpenSearch() bool { return os.Getenv(envOpenSearch) != "" || Required("opensearch") }

func server(t testing.TB, name, env string) string {
	t.Helper()
	if v := os.Getenv(env); v != "" {
		return v
	}
	absent(t, name, env+" is not set: start the servers with `make up`")
	return ""
}

// Shared returns the folder that holds data/ and cases/: ASSAY_SHARED, or ../shared beside the
// module's root. Where there is none the test is skipped, or failed when ASSAY_TEST_REQUIRE names shared.
func Shared(t testing.TB) string {
	t.Helper()
	dir := os.Getenv(envShared)
	if dir == "" {
		dir = filepath.Join(ModuleRoot(t), "..", "shared")
	}
	if st, err := os.Stat(filepath.Join(dir, "data")); err != nil || !st.IsDir() {
		absent(t, "shared", "no folder of shared data: set "+envShared)
	}
	return dir
}

// ModuleRoot returns the folder of the go.mod above the running test's package.
func ModuleRoot(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatalf("working directory: %v", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no go.mod above the test's directory")
		}
		dir = up
	}
}

// absent skips the test, or fails it where a skip is not allowed.
func absent(t testing.TB, name, why string) {
	t.Helper()
	if Required(name) {
		t.Fatalf("%s is required by %s: %s", name, envRequire, why)
	}
	t.Skip(name + ": " + why)
}

// Required reports whether ASSAY_TEST_REQUIRE (a list such as "postgres,mysql,mariadb,elasticsearch,shared")
// names what: a test that needs it must then fail rather than skip.
func Required(what string) bool { return listed(envRequire, what) }

// NotSetUp ends a test that the named server's set-up does not allow, saying why: it skips, but fails where ASSAY_TEST_REQUIRE names
// the server and ASSAY_TEST_OWN says that the script `servers` set it up.
func NotSetUp(t testing.TB, name, why string) {
	t.Helper()
	if Required(name) && listed(envOwn, name) {
		t.Fatalf("%s is required by %s and set up by the script servers: %s", name, envRequire, why)
	}
	t.Skip(name + ": " + why)
}

func listed(env, what string) bool {
	return slices.ContainsFunc(strings.Split(os.Getenv(env), ","), func(s string) bool {
		return strings.TrimSpace(s) == what
	})
}
