package diff_test

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/postgres"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/expectations/diff"
)

// peak runs f and returns the most memory that the process took from the system beyond what it had before, in bytes.
func peak(t *testing.T, f func()) int64 {
	t.Helper()
	taken := func() int64 {
		s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
		metrics.Read(s)
		return int64(s[0].Value.Uint64() - s[1].Value.Uint64())
	}
	debug.FreeOSMemory()
	before, most := taken(), int64(0)
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			most = max(most, taken())
			select {
			case <-done:
				return
			case <-time.After(2 * time.Millisecond):
			}
		}
	}()
	f()
	close(done)
	<-ended
	return most - before
}

// wideSide is a table of n rows with a text of 1 MB each, made by the server itself, since the test must need little memory. Every tenth
// row is another one where other is set.
func wideSide(t *testing.T, e connectortest.Engine, src *engine, dsn string, n int, other bool) diff.Side {
	t.Helper()
	name := connectortest.Unique("diff_wide")
	d := query.Dataset{Name: "wide", Table: name, Key: []string{"k"}}
	end := "''"
	if other {
		end = "case when i % 10 = 0 then '!' else '' end"
	}
	if e == connectortest.EngineElasticsearch {
		d.Table, d.Index = "", name
		wideIndex(t, dsn, name, n, other)
		return side(t, src.source, d)
	}
	driver, create, fill := "pgx", "create table %s (k bigint primary key, s text)", "insert into %s select i, repeat(lpad(i::text, 8, '0'), 131072) || %s from generate_series(0, %d) as g(i)"
	if e == connectortest.EngineMySQL {
		driver, create = "mysql", "create table %s (k bigint primary key, s longtext)"
		fill = "insert into %s with recursive r as (select 0 as i union all select i + 1 from r where i < %[3]d) select i, concat(repeat(lpad(i, 8, '0'), 131072), %[2]s) from r"
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, _ = db.Exec("drop table if exists " + name)
		_ = db.Close()
	})
	for _, q := range []string{fmt.Sprintf(create, name), fmt.Sprintf(fill, name, end, n-1)} {
		if _, err := db.ExecContext(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	return side(t, src.source, d)
}

func wideIndex(t *testing.T, url, name string, n int, other bool) {
	t.Helper()
	send := func(method, path, body string) {
		req, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), method, url+"/"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-ndjson")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		if res.StatusCode >= http.StatusMultipleChoices {
			text, _ := io.ReadAll(io.LimitReader(res.Body, 500))
			t.Fatalf("%s %s: %s %s", method, path, res.Status, text)
		}
	}
	send(http.MethodPut, name, `{"settings":{"number_of_replicas":0},"mappings":{"properties":{"k":{"type":"long"},"s":{"type":"text","index":false}}}}`)
	t.Cleanup(func() { send(http.MethodDelete, name, "") })
	for i := range n {
		end := ""
		if other && i%10 == 0 {
			end = "!"
		}
		send(http.MethodPost, name+"/_bulk", fmt.Sprintf("{\"index\":{}}\n{\"k\":%d,\"s\":\"%s%s\"}\n", i, strings.Repeat(fmt.Sprintf("%08d", i), 131072), end))
	}
	send(http.MethodPost, name+"/_refresh", "")
}

// TestMemory compares tables of 1 MB values, a tenth of them different: memory stays under 200 MB, and hardly grows with the tables.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("loads 300 MB into servers")
	}
	es := engines(t)
	dsns := map[connectortest.Engine]string{
		connectortest.EnginePostgres: connectortest.Postgres(t), connectortest.EngineMySQL: connectortest.MySQL(t), connectortest.EngineElasticsearch: connectortest.Elasticsearch(t),
	}
	pg, err := postgres.Open(t.Context(), connectors.Config{Name: "pg", Params: map[string]string{"dsn": dsns[connectortest.EnginePostgres]}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pg.Close() })
	es[connectortest.EnginePostgres] = &engine{source: pg}
	for _, p := range [][2]connectortest.Engine{
		{connectortest.EnginePostgres, connectortest.EngineMySQL},
		{connectortest.EnginePostgres, connectortest.EngineElasticsearch},
	} {
		t.Run(fmt.Sprintf("%v with %v", p[0], p[1]), func(t *testing.T) {
			var most [2]int64
			for i, n := range []int{40, 120} {
				sides := [2]diff.Side{}
				for at, e := range p {
					sides[at] = wideSide(t, e, es[e], dsns[e], n, at == 1)
				}
				s := align(t, sides[0], sides[1], diff.AlignOptions{TempDir: t.TempDir()})
				most[i] = peak(t, func() {
					res, err := diff.Run(t.Context(), s, func(diff.Difference) error { return nil }, nil)
					if err != nil {
						t.Fatal(err)
					}
					if res.Counts.Changed != int64(n/10) || res.Counts.Identical != int64(n-n/10) {
						t.Errorf("%+v", res.Counts)
					}
				})
			}
			t.Logf("%d MB of 40 rows, %d MB of 120", most[0]>>20, most[1]>>20)
			bound := int64(200 << 20)
			if raced { // what is on the stack else is in the heap then, and collecting it is slower than making it
				bound = 400 << 20
			}
			if most[1] > bound || most[0] < 1<<20 {
				t.Errorf("%d MB", most[1]>>20)
			}
		})
	}
}
