package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors/connectortest"
)

// rebuiltRows is the number of rows of the dataset that is rebuilt: enough for a rebuild to last.
const rebuiltRows = 20_000

// rebuilt is a dataset in a store that is rebuilt from another one.
type rebuilt struct {
	connection, target string // of the suite
	// state is what a reader sees of it: its rows and the sum of their numbers.
	state func(ctx context.Context) (string, error)
	// drift makes it differ from its source, and leftovers counts what a rebuild makes beside it.
	drift     func(ctx context.Context) error
	leftovers func(ctx context.Context) (int, error)
}

// rows are the rows of the source.
func sourceRows() string {
	return fmt.Sprintf("WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < %d) SELECT n, 2 * n, 'row ' || n FROM i", rebuiltRows)
}

// TestRebuildKilled kills a rebuild at instants drawn from the time that it takes. Readers see the old dataset whole or the new one whole at any time, the next
// rebuild ends in the right state, and nothing is left of the one that was killed. One instant of each engine; with ASSAY_TEST_SOAK 50, of which the log tells how
// many hit work in progress.
func TestRebuildKilled(t *testing.T) {
	for name, open := range map[string]func(t *testing.T, dir string) *rebuilt{
		"sqlite": rebuiltSQLite, "postgres": rebuiltPostgres, "mysql": rebuiltMySQL, "elasticsearch": rebuiltElasticsearch,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			db := openSQL(t, "sqlite", filepath.Join(dir, "source.db"))
			for _, s := range []string{"CREATE TABLE source (id INTEGER PRIMARY KEY, n INTEGER NOT NULL, name TEXT NOT NULL)", "INSERT INTO source " + sourceRows()} {
				if _, err := db.ExecContext(t.Context(), s); err != nil {
					t.Fatal(err)
				}
			}
			killRebuilds(t, dir, open(t, dir))
		})
	}
}

func openSQL(t *testing.T, driver, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func killRebuilds(t *testing.T, dir string, r *rebuilt) {
	t.Helper()
	suite := `suite: rebuilt
connections:
  from: {driver: sqlite, path: source.db}
  to: ` + r.connection + `
datasets:
  origin: {connection: from, table: source, key: [id]}
  copy: ` + r.target + `
expectations:
  - {id: same, compare: {source: origin, target: copy}, fix: target}
`
	if err := os.WriteFile(filepath.Join(dir, "suite.yaml"), []byte(suite), 0o600); err != nil {
		t.Fatal(err)
	}
	assay := func(args ...string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), "assay", args...) // testscript.Main puts the program into the PATH
		cmd.Dir = dir
		return cmd
	}
	must := func(args ...string) {
		t.Helper()
		if out, err := assay(args...).CombinedOutput(); err != nil {
			t.Fatalf("assay %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	fresh := fmt.Sprintf("%d %d", rebuiltRows, rebuiltRows*(rebuiltRows+1))
	took := time.Hour
	whole := func() {
		t.Helper()
		began := time.Now()
		must("rebuild", "suite.yaml", "same")
		took = min(took, time.Since(began))
	}
	whole()
	must("rebuild", "suite.yaml", "same", "--drop-old")
	began := time.Now()
	must("version")
	starts := time.Since(began)
	if got := see(t, r); got != fresh {
		t.Fatalf("rebuilt to %s, not %s", got, fresh)
	}
	instants, hits := 1, 0
	if os.Getenv("ASSAY_TEST_SOAK") != "" {
		instants = 50
	}
	dice := rand.New(rand.NewPCG(7, 7))
	for range instants {
		if err := r.drift(t.Context()); err != nil {
			t.Fatal(err)
		}
		old := see(t, r)
		if old == fresh {
			t.Fatal("nothing drifted")
		}
		stop := watch(t, r, old, fresh)
		cmd := assay("rebuild", "suite.yaml", "same")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(starts + time.Duration(dice.Int64N(int64(max(took-starts, time.Millisecond)))))
		if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err != nil && strings.Contains(err.Error(), "killed") {
			hits++
		}
		if got := see(t, r); got != old && got != fresh {
			t.Errorf("after the kill it holds %s, neither %s nor %s", got, old, fresh)
		}
		whole()
		must("run", "suite.yaml")
		stop()
		if got := see(t, r); got != fresh {
			t.Errorf("finished, it holds %s, not %s", got, fresh)
		}
		// What a rebuild that was killed right after its change of places kept was the old one, and the next one keeps another.
		for range 3 {
			must("rebuild", "suite.yaml", "same", "--drop-old")
		}
		if n, err := r.leftovers(t.Context()); err != nil || n != 0 {
			t.Errorf("%d tables or indices are left (%v)", n, err)
		}
	}
	if instants > 1 && hits*10 < instants*8 {
		t.Errorf("%d of %d kills hit it at work: too few to prove anything", hits, instants)
	}
	t.Logf("a rebuild takes %v, of which %v are its start; %d of %d kills hit it at work", took.Round(time.Millisecond), starts.Round(time.Millisecond), hits, instants)
}

// see is what a reader sees now.
func see(t *testing.T, r *rebuilt) string {
	t.Helper()
	got, err := r.state(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// watch reads all the time, and never sees anything but the old dataset or the new one.
func watch(t *testing.T, r *rebuilt, old, fresh string) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	reads := 0
	wg.Go(func() {
		for ctx.Err() == nil {
			got, err := r.state(ctx)
			switch {
			case ctx.Err() != nil:
			case err != nil && strings.Contains(err.Error(), "SQLITE_BUSY"):
			case err != nil:
				t.Errorf("a reader: %v", err)
			case got != old && got != fresh:
				t.Errorf("a reader saw %s, neither %s nor %s", got, old, fresh)
			}
			reads++
		}
	})
	return func() {
		cancel()
		wg.Wait()
		if reads == 0 {
			t.Error("nobody read")
		}
	}
}

// rebuiltSQL is a table copy of a database.
func rebuiltSQL(t *testing.T, db *sql.DB, create, tables string) *rebuilt {
	t.Helper()
	for s := range strings.SplitSeq(create, ";") {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	return &rebuilt{
		target: "{connection: to, table: copy, key: [id]}",
		state: func(ctx context.Context) (string, error) {
			var n, sum int64
			err := db.QueryRowContext(ctx, "SELECT count(*), coalesce(sum(n), 0) FROM copy").Scan(&n, &sum)
			return fmt.Sprintf("%d %d", n, sum), err
		},
		drift: func(ctx context.Context) error {
			_, err := db.ExecContext(ctx, "DELETE FROM copy WHERE id % 3 = 0")
			return err
		},
		leftovers: func(ctx context.Context) (n int, err error) {
			err = db.QueryRowContext(ctx, tables).Scan(&n)
			return n - 1, err
		},
	}
}

func rebuiltSQLite(t *testing.T, dir string) *rebuilt {
	t.Helper()
	db := openSQL(t, "sqlite", filepath.Join(dir, "copy.db")+"?_pragma=busy_timeout(20000)&_pragma=journal_mode(wal)")
	r := rebuiltSQL(t, db, "CREATE TABLE copy (id INTEGER PRIMARY KEY, n INTEGER NOT NULL, name TEXT NOT NULL)", "SELECT count(*) FROM sqlite_schema WHERE type = 'table'")
	r.connection = "{driver: sqlite, path: copy.db, writable: true}"
	return r
}

func rebuiltPostgres(t *testing.T, _ string) *rebuilt {
	t.Helper()
	dsn := connectortest.PostgresDatabase(t, connectortest.LocaleC)
	r := rebuiltSQL(t, openSQL(t, "pgx", dsn), "CREATE TABLE copy (id bigint PRIMARY KEY, n bigint NOT NULL, name text NOT NULL)",
		"SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
	r.connection = `{driver: postgres, dsn: "` + dsn + `", writable: true}`
	return r
}

func rebuiltMySQL(t *testing.T, _ string) *rebuilt {
	t.Helper()
	dsn := connectortest.MySQLDatabase(t)
	r := rebuiltSQL(t, openSQL(t, "mysql", dsn), "CREATE TABLE copy (id bigint PRIMARY KEY, n bigint NOT NULL, name varchar(100) NOT NULL)",
		"SELECT count(*) FROM information_schema.tables WHERE table_schema = database()")
	r.connection = `{driver: mysql, dsn: "` + dsn + `", writable: true}`
	return r
}

func rebuiltElasticsearch(t *testing.T, _ string) *rebuilt {
	t.Helper()
	at, index := connectortest.Elasticsearch(t), connectortest.Unique("assay_rebuilt")
	ask := func(ctx context.Context, method, path, body string) (string, error) {
		return esRequest(ctx, method, at+path, body)
	}
	names := func(ctx context.Context) ([]string, error) {
		text, err := ask(ctx, http.MethodGet, "/_cat/indices/"+index+"*?h=index&expand_wildcards=all", "")
		return strings.Fields(text), err
	}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		list, err := names(ctx)
		if err != nil {
			t.Error(err)
		}
		for _, name := range list {
			if _, err := ask(ctx, http.MethodDelete, "/"+name, ""); err != nil {
				t.Error(err)
			}
		}
	})
	mapping := `{"settings": {"number_of_replicas": 0, "number_of_shards": 1}, "aliases": {"` + index + `": {}},
		"mappings": {"properties": {"id": {"type": "long"}, "n": {"type": "long"}, "name": {"type": "keyword"}}}}`
	if _, err := ask(t.Context(), http.MethodPut, "/"+index+"-1", mapping); err != nil {
		t.Fatal(err)
	}
	return &rebuilt{
		connection: `{driver: elasticsearch, url: "` + at + `", writable: true}`,
		target:     "{connection: to, index: " + index + ", key: [id]}",
		state: func(ctx context.Context) (string, error) {
			text, err := ask(ctx, http.MethodPost, "/"+index+"/_search?filter_path=hits.total.value,aggregations.n.value",
				`{"size": 0, "track_total_hits": true, "aggs": {"n": {"sum": {"field": "n"}}}}`)
			if err != nil {
				return "", err
			}
			var rows int64
			var sum float64
			_, err = fmt.Sscanf(text, `{"hits":{"total":{"value":%d}},"aggregations":{"n":{"value":%f}}}`, &rows, &sum)
			if err != nil {
				err = fmt.Errorf("%s: %w", text, err)
			}
			return fmt.Sprintf("%d %d", rows, int64(sum)), err
		},
		drift: func(ctx context.Context) error {
			_, err := ask(ctx, http.MethodPost, "/"+index+"/_doc?refresh=true", `{"id": 1000000, "n": 1, "name": "extra"}`)
			return err
		},
		leftovers: func(ctx context.Context) (int, error) {
			list, err := names(ctx)
			return len(list) - 1, err
		},
	}
}
