package mysql_test

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/mysql"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// TestSampleReads counts the rows and index entries that the server itself reads for a sample, in the session of a snapshot: they do not grow with
// the table, not even where an index would serve the condition.
func TestSampleReads(t *testing.T) {
	t.Parallel()
	mysql.EachServer(t, func(t *testing.T, is mysql.TestServer) {
		t.Parallel()
		dsn, db := database(t, is, "")
		const rows = 60_000
		run(
			t, db, is.Pick("SET SESSION cte_max_recursion_depth = 100000", "SET SESSION max_recursive_iterations = 100000"),
			"CREATE TABLE dense (id int PRIMARY KEY, x int NOT NULL, KEY (x))",
			fmt.Sprintf("INSERT INTO dense WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < %d) SELECT i, i %% 2 FROM n", rows),
			"CREATE TABLE sparse (id bigint PRIMARY KEY, x int NOT NULL)", "INSERT INTO sparse SELECT id * 10000 + MOD(id * 7919, 9973), x FROM dense",
			"CREATE TABLE pairs (a int, b int, x int NOT NULL, PRIMARY KEY (a, b))", "INSERT INTO pairs SELECT id DIV 100, id * 17 % 101, x FROM dense",
			"ANALYZE TABLE dense, sparse, pairs",
		)
		snapshotter, ok := open(t, dsn).(connectors.Snapshotter)
		if !ok {
			t.Fatal("no snapshots")
		}
		src, err := snapshotter.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = src.Close() }()
		sampler, ok := src.(connectors.Sampler)
		if !ok {
			t.Fatal("no sampler")
		}
		status := relation(t, src, query.Dataset{Query: "SELECT VARIABLE_VALUE AS v FROM " + is.Pick("performance_schema.session_status", "information_schema.SESSION_STATUS") +
			" WHERE VARIABLE_NAME LIKE 'Handler_read%'"})
		reads := func() int {
			sum := 0
			for _, r := range read(t, src, query.Select{From: status, Columns: connectortest.Cols(t, status, "v")}) {
				n, err := strconv.Atoi(r[0].Str())
				if err != nil {
					t.Fatal(err)
				}
				sum += n
			}
			return sum
		}
		reads()
		before := reads()
		own := reads() - before // what asking costs
		for _, c := range []struct {
			table  string
			where  bool
			method query.SampleMethod
		}{
			{"dense", false, query.SampleRandomKey},
			{"dense", true, query.SampleRandomKey},
			{"sparse", false, query.SampleNextKey},
			{"sparse", true, query.SampleNextKey},
			{"pairs", false, query.SampleNextKey},
		} {
			rel := relation(t, src, query.Dataset{Table: c.table})
			q := query.Sample{From: rel, Columns: connectortest.Cols(t, rel, "x"), N: 100, Seed: 1}
			if c.where {
				q.Where = &query.Call{
					Op: query.OpEq, Typ: value.Of(value.Bool),
					Args: []query.Expr{connectortest.Col(t, rel, "x"), &query.Literal{Val: value.IntValue(1), Typ: value.Of(value.Int)}},
				}
			}
			before := reads()
			by := sampler
			if c.method == query.SampleNextKey { // which tables of this size are read rather than drawn from
				by = mysql.ForcedSamplers()[string(c.method)](t, src)
			}
			d := connectortest.Draw(t, by, q)
			n := reads() - before - own
			t.Logf("%s, condition %v: %d reads for %d rows by %s, %d looked at", c.table, c.where, n, len(d.Rows), d.End.Method, d.End.Looked)
			// Some hundred places to plan by, then those of the sample.
			if d.End.Method != c.method || len(d.Rows) != q.N || n < q.N || n > 3000 {
				t.Errorf("%s, condition %v: %d reads for %d rows: %+v", c.table, c.where, n, len(d.Rows), d.End)
			}
		}
	})
}
