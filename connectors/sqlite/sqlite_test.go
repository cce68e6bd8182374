package sqlite_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlite"
)

// file returns an empty database file for the test and its subtests.
func file(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "strange ?#% name.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(t testing.TB, path string, timeout time.Duration, conns int) connectors.Source {
	t.Helper()
	s, err := sqlite.Open(t.Context(), connectors.Config{Name: "files", Params: map[string]string{"path": path}, Timeout: timeout, MaxConns: conns})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestConformance(t *testing.T) {
	path := filepath.Join(t.TempDir(), "conformance.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var once sync.Mutex
	connectortest.Run(t, connectortest.Harness{
		Name: "sqlite", Engine: connectortest.EngineSQLite,
		Load: func(t testing.TB, tb connectortest.Table) query.Dataset {
			t.Helper()
			once.Lock() // one writer at a time
			defer once.Unlock()
			return connectortest.LoadSQLite(t, path, tb)
		},
		Open: func(t testing.TB) connectors.Source {
			t.Helper()
			return open(t, path, 0, 0)
		},
		OpenWith: func(t testing.TB, timeout time.Duration, conns int) connectors.Source {
			t.Helper()
			return open(t, path, timeout, conns)
		},
		Samplers: sqlite.ForcedSamplers(),
		Missing:  &query.Dataset{Name: "missing", Table: "no_such_table"},
		Slow: &query.Dataset{
			Name:  "slow",
			Query: "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) SELECT count(*) AS i FROM n",
		},
		Broken: []connectortest.Broken{
			{Name: "no file", Want: connectors.NotFound, Open: func(t testing.TB) (connectors.Source, error) {
				t.Helper()
				return sqlite.Open(t.Context(), connectors.Config{Params: map[string]string{"path": filepath.Join(t.TempDir(), "none.db")}})
			}},
			{Name: "no database", Want: connectors.Failed, Dataset: query.Dataset{Table: "x"}, Open: func(t testing.TB) (connectors.Source, error) {
				t.Helper()
				p := filepath.Join(t.TempDir(), "text.db")
				if err := os.WriteFile(p, []byte("this is no database, but it is long enough to look like one: "+string(make([]byte, 200))), 0o600); err != nil {
					t.Fatal(err)
				}
				return sqlite.Open(t.Context(), connectors.Config{Params: map[string]string{"path": p}})
			}},
			{Name: "unknown parameter", Want: connectors.Misconfigured, Open: func(t testing.TB) (connectors.Source, error) {
				t.Helper()
				return sqlite.Open(t.Context(), connectors.Config{Params: map[string]string{"path": "x", "mode": "rwc"}})
			}},
		},
		Writes: func(testing.TB) []connectortest.Write {
			return []connectortest.Write{{
				Name: "delete", Dataset: query.Dataset{Name: "w", Query: "DELETE FROM sqlite_schema RETURNING 1 AS i"},
				Changed: func(testing.TB) bool { return false },
			}}
		},
	})
}

func TestUnreadableContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := sqlite.Open(ctx, connectors.Config{Params: map[string]string{"path": file(t)}}); err == nil {
		t.Fatal("opened under a cancelled context")
	}
}
