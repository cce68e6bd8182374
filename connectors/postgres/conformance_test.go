package postgres

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
)

func TestConformance(t *testing.T) {
	for _, l := range []connectortest.Locale{connectortest.LocaleC, connectortest.LocaleICU} {
		t.Run(string(l), func(t *testing.T) { conformance(t, connectortest.PostgresDatabase(t, l)) })
	}
}

func conformance(t *testing.T, dsn string) {
	t.Helper()
	with := func(change func(*url.URL)) map[string]string {
		u, err := url.Parse(dsn)
		if err != nil {
			t.Fatal(err)
		}
		change(u)
		return map[string]string{"dsn": u.String()}
	}
	opened := func(params map[string]string) func(testing.TB) (connectors.Source, error) {
		return func(t testing.TB) (connectors.Source, error) {
			return Open(t.Context(), connectors.Config{Name: "pg", Params: params})
		}
	}
	table := query.Dataset{Name: "x", Table: "pg_catalog.pg_class"}
	const secret = "s3cr3t:p@ss/w?rd#%"
	connectortest.Run(t, connectortest.Harness{
		Name: "postgres", Engine: connectortest.EnginePostgres,
		Load: func(t testing.TB, tb connectortest.Table) query.Dataset {
			return connectortest.LoadPostgres(t, dsn, tb)
		},
		Open: func(t testing.TB) connectors.Source { return mustOpen(t, dsn, 0, 0) },
		OpenWith: func(t testing.TB, timeout time.Duration, conns int) connectors.Source {
			return mustOpen(t, dsn, timeout, conns)
		},
		Missing: &query.Dataset{Name: "missing", Table: "no_such_table"},
		Slow:    &query.Dataset{Name: "slow", Query: "SELECT 1 AS i FROM pg_sleep(20)"},
		Secrets: []string{secret},
		Broken: []connectortest.Broken{
			{Name: "wrong password", Want: connectors.Unauthenticated, Dataset: table, Open: opened(with(func(u *url.URL) { u.User = url.UserPassword("assay", secret) }))},
			{Name: "refused", Want: connectors.Unreachable, Dataset: table, Open: opened(with(func(u *url.URL) { u.Host = "127.0.0.1:1"; u.User = url.UserPassword("assay", secret) }))},
			{Name: "unknown host", Want: connectors.Unreachable, Dataset: table, Open: opened(with(func(u *url.URL) { u.Host = "no-such-host.invalid:5432" }))},
			{Name: "no database", Want: connectors.NotFound, Dataset: table, Open: opened(with(func(u *url.URL) { u.Path = "/no_such_database" }))},
			{Name: "no dsn", Want: connectors.Misconfigured, Open: opened(nil)},
			{Name: "unencoded", Want: connectors.Misconfigured, Open: opened(map[string]string{"dsn": "postgres://assay:" + secret + "@127.0.0.1/assay"})},
			{Name: "not a dsn", Want: connectors.Misconfigured, Open: opened(map[string]string{"dsn": "password=" + secret + " host"})},
			{Name: "unknown parameter", Want: connectors.Misconfigured, Open: opened(map[string]string{"dsn": dsn, "pasword": secret})},
		},
		Writes: func(t testing.TB) []connectortest.Write {
			c := admin(t, dsn)
			ns := scratch(t, c)
			run(t, c, `CREATE TABLE `+ns+`.w (id int)`)
			changed := func(t testing.TB) bool {
				var n int
				if err := c.QueryRow(context.Background(), `SELECT count(*) FROM `+ns+`.w`).Scan(&n); err != nil {
					t.Fatal(err)
				}
				return n != 0
			}
			return []connectortest.Write{
				{Name: "insert", Dataset: query.Dataset{Name: "w", Query: "INSERT INTO " + ns + ".w VALUES (1) RETURNING id"}, Changed: changed},
				{Name: "with", Dataset: query.Dataset{Name: "w", Query: "WITH x AS (INSERT INTO " + ns + ".w VALUES (1) RETURNING id) SELECT * FROM x"}, Changed: changed},
				{Name: "escape", Dataset: query.Dataset{Name: "w", Query: "SELECT 1 AS id) AS t; INSERT INTO " + ns + ".w VALUES (1); SELECT * FROM (SELECT 1 AS id"}, Changed: changed},
			}
		},
		Refused:  nil,
		Samplers: forcedSamplers(),
	})
}

func mustOpen(t testing.TB, dsn string, timeout time.Duration, conns int) connectors.Source {
	t.Helper()
	s, err := Open(t.Context(), connectors.Config{Name: "pg", Params: map[string]string{"dsn": dsn}, Timeout: timeout, MaxConns: conns})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestSecrets opens with passwords that break URLs and pairs in every way: none may reach a message.
func TestSecrets(t *testing.T) {
	dsn := connectortest.Postgres(t)
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"hunter2", "hun/ter2", "hun?ter2", "hun#ter2", "hun@ter2", "12/hunter2", "12?hunter2", "12#hunter2", "hun ter2", "hun'ter2", `hun\ter2`, "%zzhunter2", "hun:ter2", "[hunter2"} {
		for _, d := range []string{
			"postgres://assay:" + secret + "@" + u.Host + "/assay", "postgres://" + secret + "@" + u.Host + "/assay?password=" + url.QueryEscape(secret),
			"postgres://assay:" + url.QueryEscape(secret) + "@" + u.Host + "/assay", "host=127.0.0.1 port=" + u.Port() + " user=assay dbname=assay password=" + secret,
			"password='" + secret + "' host=127.0.0.1 port=1",
		} {
			s, err := Open(t.Context(), connectors.Config{Name: "pg", Params: map[string]string{"dsn": d}})
			if err == nil {
				_, err = s.Describe(t.Context(), query.Dataset{Name: "t", Table: "pg_catalog.pg_class"})
				_ = s.Close()
			}
			if err == nil {
				t.Errorf("%s connects", d)
			} else if strings.Contains(err.Error(), "ter2") && !strings.HasPrefix(d, "postgres://"+secret+"@") {
				t.Errorf("the password in %s shows in: %v", d, err)
			}
		}
	}
}
