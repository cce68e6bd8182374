package mysql_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/mysql"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// sampleTables fills tables of 20,000 rows: dense keys, keys with holes (a third deleted), sparse ones, UUIDs in text of a language's collation, no key.
func sampleTables(t *testing.T, is mysql.TestServer) connectors.Source {
	t.Helper()
	dsn, db := database(t, is, "CHARACTER SET utf8mb4")
	const rows = 20_000
	run(
		t, db, "CREATE TABLE dense (id int AUTO_INCREMENT PRIMARY KEY, x int NOT NULL, KEY (x))", "CREATE TABLE sparse (id bigint PRIMARY KEY, x int NOT NULL)",
		"CREATE TABLE texts (k varchar(60) PRIMARY KEY, x int NOT NULL)", "CREATE TABLE keyless (x int NOT NULL)", "CREATE TABLE nullable (k int UNIQUE, x int NOT NULL)",
		"CREATE TABLE second (k varchar(60) PRIMARY KEY, id int NOT NULL UNIQUE)", "CREATE TABLE one (id int PRIMARY KEY, x int NOT NULL)", "INSERT INTO one VALUES (7, 1)",
	)
	rng := rand.New(rand.NewPCG(3, 3))
	var dense, sparse, texts, keyless, second []string
	for i := range rows {
		dense = append(dense, fmt.Sprintf("%d, %d", i+1, i%1000))
		sparse = append(sparse, fmt.Sprintf("%d, %d", int64(i)<<24+rng.Int64N(1<<24), i%1000))
		texts = append(texts, fmt.Sprintf("'key %d', %d", i, i%1000))
		keyless = append(keyless, fmt.Sprint(i%1000))
		second = append(second, fmt.Sprintf("'key %d', %d", i, i+1))
	}
	fill(t, db, "dense", dense)
	fill(t, db, "sparse", sparse)
	fill(t, db, "texts", texts)
	fill(t, db, "keyless", keyless)
	fill(t, db, "second", second)
	run(
		t, db, "INSERT INTO nullable SELECT IF(id % 5 = 0, NULL, id), x FROM dense", "CREATE TABLE holes LIKE dense", "INSERT INTO holes SELECT * FROM dense", "DELETE FROM holes WHERE id % 3 = 0",
		"CREATE VIEW seen AS SELECT * FROM dense", "ANALYZE TABLE dense, sparse, texts, keyless, nullable, second, holes",
	)
	return open(t, dsn)
}

// TestSamplePlan asks how tables of every kind would be drawn from, and draws.
func TestSamplePlan(t *testing.T) {
	t.Parallel()
	few := func(n int64) func(query.Relation) query.Expr {
		return func(rel query.Relation) query.Expr {
			c, i := rel.Schema.Column("x")
			return &query.Call{
				Op: query.OpLt, Typ: value.Of(value.Bool),
				Args: []query.Expr{&query.Column{Index: i, Col: c}, &query.Literal{Val: value.IntValue(n), Typ: value.Of(value.Int)}},
			}
		}
	}
	cases := []struct {
		name    string
		dataset query.Dataset
		n       int
		where   func(query.Relation) query.Expr
		want    query.SampleMethod
		says    string
		looked  int64 // at most
		rows    int   // that come, n where 0
	}{
		{"dense", query.Dataset{Table: "dense"}, 100, nil, query.SampleRandomKey, "256 of 256 numbers between the least and the greatest id", 400, 0},
		{"dense, many rows", query.Dataset{Table: "dense"}, 15_000, nil, query.SampleHashScan, "all of about 20000 rows are looked at", 1 << 40, 0},
		{"dense, more rows than there are", query.Dataset{Table: "dense"}, 30_000, nil, query.SampleHashScan, "are looked at", 1 << 40, 20_000},
		{"dense, a condition", query.Dataset{Table: "dense"}, 100, few(500), query.SampleRandomKey, "meets the condition", 800, 0},
		{"dense, a rare condition", query.Dataset{Table: "dense"}, 100, few(3), query.SampleHashScan, "met the condition", 1 << 40, 60},
		{"dense, a condition of no row", query.Dataset{Table: "dense"}, 100, few(0), query.SampleHashScan, "met the condition", 1 << 40, -1},
		{"holes", query.Dataset{Table: "holes"}, 100, nil, query.SampleRandomKey, "have a row: about", 1000, 0},
		{"sparse", query.Dataset{Table: "sparse"}, 100, nil, query.SampleHashScan, "only 0 of 256 numbers between the least and the greatest id have a row, and weighing rows by the gaps between keys decides little: all of about", 1 << 40, 0},
		{"sparse, a condition", query.Dataset{Table: "sparse"}, 50, few(500), query.SampleHashScan, "decides little: all of about", 1 << 40, 0},
		{"sparse, many rows", query.Dataset{Table: "sparse"}, 5000, nil, query.SampleHashScan, "all of about", 1 << 40, 0},
		{"text", query.Dataset{Table: "texts"}, 100, nil, query.SampleHashScan, "no index of it has keys", 1 << 40, 0},
		{"a second key", query.Dataset{Table: "second"}, 100, nil, query.SampleRandomKey, "the greatest id", 400, 0},
		{"no key", query.Dataset{Table: "keyless"}, 100, nil, query.SampleReservoir, "no key is known", 1 << 40, 0},
		{"a key with nulls", query.Dataset{Table: "nullable"}, 100, nil, query.SampleReservoir, "no key is known", 1 << 40, 0},
		{"view", query.Dataset{Table: "seen"}, 100, nil, query.SampleReservoir, "no key is known", 1 << 40, 0},
		{"query", query.Dataset{Query: "SELECT * FROM dense WHERE x < 700"}, 100, nil, query.SampleReservoir, "no key is known", 1 << 40, 0},
		{"one row", query.Dataset{Table: "one"}, 100, nil, query.SampleAll, "100 rows are wanted and there are 1", 10, 1},
	}
	mysql.EachServer(t, func(t *testing.T, is mysql.TestServer) {
		t.Parallel()
		src := sampleTables(t, is)
		sampler, ok := src.(connectors.Sampler)
		if !ok {
			t.Fatal("no sampler")
		}
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				rel := relation(t, src, c.dataset)
				q := query.Sample{From: rel, Columns: connectortest.Cols(t, rel, rel.Schema.Columns[0].Name), N: c.n, Seed: 1}
				if c.where != nil {
					q.Where = c.where(rel)
				}
				p, err := sampler.PlanSample(t.Context(), q)
				if err != nil {
					t.Fatal(err)
				}
				connectortest.CheckExplained(t, sampler, q, p)
				d := connectortest.Draw(t, sampler, q)
				t.Logf("%s, %d rows, %d looked at by %d statements: %s", d.End.Method, d.End.Rows, d.End.Looked, d.End.Statements, d.End.Reason)
				if p.Method != c.want || d.Design.Method != c.want || !strings.Contains(p.Reason, c.says) || strings.Contains(p.Reason, "-1") {
					t.Errorf("planned %+v, drawn %+v", p, d.Design)
				}
				want := c.rows
				switch want {
				case 0:
					want = c.n
				case -1:
					want = 0
				}
				if len(d.Rows) != want || d.End.Looked > c.looked {
					t.Errorf("%d rows, want %d; %d looked at, want at most %d", len(d.Rows), want, d.End.Looked, c.looked)
				}
				if want < c.n && (!d.End.RowsExact || d.End.Rows != int64(want) || d.End.Method != query.SampleAll) {
					t.Errorf("all %d rows came, and the design says %+v", want, d.End)
				}
				if linear := c.want != query.SampleRandomKey && c.want != query.SampleNextKey; p.Linear != linear || d.End.Linear != linear {
					t.Errorf("linear: planned %v, drawn %v", p.Linear, d.End.Linear)
				}
				if c.dataset.Table == "dense" && c.where == nil && (d.End.Rows < 15_000 || d.End.Rows > 25_000) {
					t.Errorf("%d rows of 20,000 (exact: %v)", d.End.Rows, d.End.RowsExact)
				}
			})
		}
		t.Run("holes are uniform", func(t *testing.T) {
			connectortest.CheckUniform(t, connectortest.SampleSubject{Source: src, Sampler: sampler, Relation: relation(t, src, query.Dataset{Table: "holes"}), Key: "id", N: 200, Seeds: connectortest.Seeds(40), Method: query.SampleRandomKey})
		})
	})
}

// TestSampleGrowing draws from tables that lose and gain rows meanwhile.
func TestSampleGrowing(t *testing.T) {
	t.Parallel()
	mysql.EachServer(t, func(t *testing.T, is mysql.TestServer) {
		t.Parallel()
		dsn, db := database(t, is, "")
		src := open(t, dsn)
		for method, sampler := range mysql.ForcedSamplers() {
			run(t, db, "DROP TABLE IF EXISTS g", "CREATE TABLE g (id bigint PRIMARY KEY)")
			var lines []string
			for i := range 20_000 {
				lines = append(lines, fmt.Sprint(10*i))
			}
			fill(t, db, "g", lines)
			rel := relation(t, src, query.Dataset{Table: "g"})
			t.Run(method, func(t *testing.T) {
				rows, err := sampler(t, src).Sample(t.Context(), query.Sample{From: rel, Columns: connectortest.Cols(t, rel, "id"), N: 1000, Seed: 4, BatchRows: 100})
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = rows.Close() }()
				var got []int64
				for round := 0; ; round++ {
					b, err := rows.Next(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					if b == nil {
						break
					}
					got = append(got, b.Cols[0].Ints...)
					run(
						t, db, fmt.Sprintf("DELETE FROM g WHERE id %% 100 = %d", 10*round), fmt.Sprintf("INSERT IGNORE INTO g SELECT id + 1 FROM g WHERE id %% 100 = %d", 10*(9-round)),
						fmt.Sprintf("DELETE FROM g ORDER BY id LIMIT %d", 10+round), "DELETE FROM g ORDER BY id DESC LIMIT 10", fmt.Sprintf("INSERT INTO g VALUES (%d), (%d)", -100-round, 1_000_000+round),
					)
				}
				if d := rows.Design(); len(got) != 1000 || string(d.Method) != method {
					t.Errorf("%d rows of 1000, %+v", len(got), d)
				}
				sorted := slices.Sorted(slices.Values(got))
				if method == string(query.SampleRandomKey) && len(slices.Compact(sorted)) != len(got) {
					t.Error("rows come twice")
				}
				if sorted[0] < 0 && method == string(query.SampleRandomKey) || sorted[len(sorted)-1] > 200_000 && method == string(query.SampleRandomKey) {
					t.Errorf("rows from %d to %d", sorted[0], sorted[len(sorted)-1])
				}
			})
		}
	})
}

// TestSampleShrinking has nearly all rows go while a sample is drawn: it ends with what is left, and without looking for it for ever.
func TestSampleShrinking(t *testing.T) {
	t.Parallel()
	mysql.EachServer(t, func(t *testing.T, is mysql.TestServer) {
		t.Parallel()
		dsn, db := database(t, is, "")
		src := open(t, dsn)
		for method, sampler := range mysql.ForcedSamplers() {
			t.Run(method, func(t *testing.T) {
				run(t, db, "DROP TABLE IF EXISTS g", "CREATE TABLE g (id bigint PRIMARY KEY, x int NOT NULL)")
				var lines []string
				for i := range 20_000 {
					lines = append(lines, fmt.Sprintf("%d, 1", 10*i))
				}
				fill(t, db, "g", lines)
				rel := relation(t, src, query.Dataset{Table: "g"})
				x, at := rel.Schema.Column("x")
				where := &query.Call{
					Op: query.OpEq, Typ: value.Of(value.Bool),
					Args: []query.Expr{&query.Column{Index: at, Col: x}, &query.Literal{Val: value.IntValue(1), Typ: value.Of(value.Int)}},
				}
				rows, err := sampler(t, src).Sample(t.Context(), query.Sample{From: rel, Columns: connectortest.Cols(t, rel, "id"), Where: where, N: 500, Seed: 4, BatchRows: 50})
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = rows.Close() }()
				n := 0
				for {
					b, err := rows.Next(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					if b == nil {
						break
					}
					if n == 0 {
						run(t, db, "UPDATE g SET x = 0 WHERE id % 50000 <> 0")
					}
					n += b.N
				}
				d := rows.Design()
				t.Logf("%d rows, %+v", n, d)
				if !d.Linear || d.Method != query.SampleHashScan || d.Looked > 100_000 {
					t.Errorf("%d rows, %+v", n, d)
				}
				// Those drawn before, and the four that are left; drawn independently, the four repeat themselves.
				if unweighted := !d.Weighted; unweighted && (n < 50 || n > 100 || d.Rows != int64(n) || d.RowsExact) || !unweighted && (n != 500 || d.Rows != 4 || !d.RowsExact) {
					t.Errorf("%d rows, %+v", n, d)
				}
			})
		}
	})
}

// TestSampleSnapshot draws from a snapshot, which sees nothing that came later.
func TestSampleSnapshot(t *testing.T) {
	t.Parallel()
	mysql.EachServer(t, func(t *testing.T, is mysql.TestServer) {
		t.Parallel()
		dsn, db := database(t, is, "")
		run(t, db, "CREATE TABLE g (id bigint PRIMARY KEY)", "INSERT INTO g VALUES (1), (2), (3)")
		snapshotter, ok := open(t, dsn).(connectors.Snapshotter)
		if !ok {
			t.Fatal("no snapshots")
		}
		src, err := snapshotter.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = src.Close() }()
		rel := relation(t, src, query.Dataset{Table: "g"})
		run(t, db, "INSERT INTO g VALUES (4), (5)", "DELETE FROM g WHERE id = 1")
		sampler, ok := src.(connectors.Sampler)
		if !ok {
			t.Fatal("no sampler")
		}
		d := connectortest.Draw(t, sampler, query.Sample{From: rel, Columns: connectortest.Cols(t, rel, "id"), N: 10, Seed: 1})
		if len(d.Rows) != 3 || d.End.Rows != 3 || !d.End.RowsExact {
			t.Errorf("%v, %+v", d.Rows, d.End)
		}
	})
}
