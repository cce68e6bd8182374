package mysql_test

import (
	"cmp"
	"database/sql"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/mysql"
	"github.com/assay-dev/assay/connectors/query"
)

// fill inserts rows, each a list of literals.
func fill(t *testing.T, db *sql.Conn, table string, rows []string) {
	t.Helper()
	for some := range slices.Chunk(rows, 5000) {
		run(t, db, "INSERT INTO "+table+" VALUES ("+strings.Join(some, "),(")+")")
	}
}

func relation(t *testing.T, src connectors.Source, d query.Dataset) query.Relation {
	t.Helper()
	return connectortest.Relation(t, src, d)
}

// probabilities of keys in ascending order: the gaps before them, over all points from the least to the greatest.
func gaps(keys []*big.Int) []float64 {
	size := new(big.Int).Sub(keys[len(keys)-1], keys[0])
	size.Add(size, big.NewInt(1))
	out := make([]float64, len(keys))
	for i, k := range keys {
		gap := big.NewInt(1)
		if i > 0 {
			gap.Sub(k, keys[i-1])
		}
		out[i], _ = new(big.Rat).SetFrac(gap, size).Float64()
	}
	return out
}

// TestSampleWeights draws by the next key from indexes of every kind and checks every weight.
func TestSampleWeights(t *testing.T) {
	t.Parallel()
	const rows = 400
	rng := rand.New(rand.NewPCG(1, 1))
	numbers := func(n func(i int) *big.Int) []*big.Int {
		out := make([]*big.Int, rows)
		for i := range out {
			out[i] = n(i)
		}
		slices.SortFunc(out, (*big.Int).Cmp)
		return out
	}
	ids := numbers(func(int) *big.Int {
		var b [16]byte
		for i := range b {
			b[i] = byte(rng.UintN(256))
		}
		return new(big.Int).SetBytes(b[:])
	})
	text := func(n *big.Int) string {
		b := n.FillBytes(make([]byte, 16))
		return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
	}
	top := new(big.Int).SetUint64(math.MaxUint64)
	decimal := func(n *big.Int) string { return n.String() }
	quoted := func(n *big.Int) string { return "'" + text(n) + "'" }
	cases := []struct {
		name, column string
		keys         []*big.Int
		literal      func(n *big.Int) string
	}{
		{"negative", "int", numbers(func(i int) *big.Int { return big.NewInt(int64(i*i*40) - 3_000_000) }), decimal},
		{"unsigned extremes", "bigint unsigned", numbers(func(i int) *big.Int {
			switch i {
			case 0:
				return new(big.Int)
			case 1:
				return top
			}
			return new(big.Int).SetUint64(rng.Uint64())
		}), decimal},
		{"signed extremes", "bigint", numbers(func(i int) *big.Int {
			switch i {
			case 0:
				return big.NewInt(math.MinInt64)
			case 1:
				return big.NewInt(math.MaxInt64)
			}
			return big.NewInt(int64(rng.Uint64()))
		}), decimal},
		{"uuid text", "char(36)", ids, quoted},
		{"uuid text bytewise", "char(36) COLLATE utf8mb4_bin", ids, quoted},
		{"uuid text upper case", "varchar(36) COLLATE utf8mb4_bin", ids, func(n *big.Int) string { return strings.ToUpper(quoted(n)) }},
		{"uuid ascii", "char(36) CHARACTER SET ascii", ids, quoted},
		{"uuid without hyphens", "char(32)", ids, func(n *big.Int) string { return strings.ReplaceAll(quoted(n), "-", "") }},
		{"uuid octets", "binary(16)", ids, func(n *big.Int) string { return "UNHEX(REPLACE(" + quoted(n) + ", '-', ''))" }},
	}
	mysql.EachServer(t, func(t *testing.T, is mysql.TestServer) {
		t.Parallel()
		dsn, db := database(t, is, "CHARACTER SET utf8mb4")
		src := open(t, dsn)
		sampler := mysql.ForcedSamplers()[string(query.SampleNextKey)](t, src)
		for i, c := range cases {
			table := fmt.Sprintf("w%d", i)
			run(t, db, "CREATE TABLE "+table+" (k "+c.column+" PRIMARY KEY, n int NOT NULL)")
			var lines []string
			for n, k := range c.keys {
				lines = append(lines, fmt.Sprintf("%s, %d", c.literal(k), n))
			}
			fill(t, db, table, lines)
			t.Run(c.name, func(t *testing.T) {
				r := connectortest.CheckWeights(t, connectortest.SampleSubject{
					Source: src, Sampler: sampler, Relation: relation(t, src, query.Dataset{Table: table}), Key: "n", N: 100, Seeds: connectortest.Seeds(20), Method: query.SampleNextKey,
				}, gaps(c.keys))
				t.Logf("%+v", r)
			})
		}
	})
}

// TestSampleComposite draws from a key of two columns: a tenant by its gap, then a row of it by its own.
func TestSampleComposite(t *testing.T) {
	t.Parallel()
	type key struct{ tenant, id int64 }
	var keys []key
	for tenant := int64(1); tenant <= 40; tenant++ {
		for i := range tenant {
			keys = append(keys, key{tenant * tenant, i * i * 7})
		}
	}
	var likely []float64
	var tenants []*big.Int
	for tenant := int64(1); tenant <= 40; tenant++ {
		tenants = append(tenants, big.NewInt(tenant*tenant))
	}
	for i, p := range gaps(tenants) {
		var ids []*big.Int
		for _, k := range keys {
			if k.tenant == tenants[i].Int64() {
				ids = append(ids, big.NewInt(k.id))
			}
		}
		for _, q := range gaps(ids) {
			likely = append(likely, p*q)
		}
	}
	mysql.EachServer(t, func(t *testing.T, is mysql.TestServer) {
		t.Parallel()
		dsn, db := database(t, is, "")
		src := open(t, dsn)
		run(t, db, "CREATE TABLE c (tenant int NOT NULL, id bigint NOT NULL, n int NOT NULL, PRIMARY KEY (tenant, id))")
		var lines []string
		for n, k := range keys {
			lines = append(lines, fmt.Sprintf("%d, %d, %d", k.tenant, k.id, n))
		}
		fill(t, db, "c", lines)
		r := connectortest.CheckWeights(t, connectortest.SampleSubject{
			Source: src, Sampler: mysql.ForcedSamplers()[string(query.SampleNextKey)](t, src), Relation: relation(t, src, query.Dataset{Table: "c"}),
			Key: "n", N: 200, Seeds: connectortest.Seeds(20), Method: query.SampleNextKey,
		}, likely)
		t.Logf("%+v", r)
	})
}

// TestSampleGroups draws from keys of which only the first column is of a known order: the row is then any of those that share it.
func TestSampleGroups(t *testing.T) {
	t.Parallel()
	var ids []*big.Int
	for i := range int64(150) {
		ids = append(ids, big.NewInt(i*i))
	}
	size := func(i int) int { return 1 + i*i%5 }
	var likely []float64
	for i, p := range gaps(ids) {
		for range size(i) {
			likely = append(likely, p/float64(size(i)))
		}
	}
	mysql.EachServer(t, func(t *testing.T, is mysql.TestServer) {
		t.Parallel()
		dsn, db := database(t, is, "")
		src := open(t, dsn)
		run(t, db, "CREATE TABLE g (id int NOT NULL, at datetime NOT NULL, n int NOT NULL, PRIMARY KEY (id, at))", "CREATE TABLE wide LIKE g")
		var lines, wide []string
		for i, id := range ids {
			for range size(i) {
				lines = append(lines, fmt.Sprintf("%s, '2024-01-01' + INTERVAL %d HOUR, %d", id, len(lines), len(lines)))
			}
			for range 90 {
				wide = append(wide, fmt.Sprintf("%s, '2024-01-01' + INTERVAL %d HOUR, %d", id, len(wide), len(wide)))
			}
		}
		fill(t, db, "g", lines)
		fill(t, db, "wide", wide)
		sampler, rel := mysql.ForcedSamplers()[string(query.SampleNextKey)](t, src), relation(t, src, query.Dataset{Table: "g"})
		r := connectortest.CheckWeights(t, connectortest.SampleSubject{Source: src, Sampler: sampler, Relation: rel, Key: "n", N: 100, Seeds: connectortest.Seeds(20), Method: query.SampleNextKey}, likely)
		t.Logf("%+v", r)
		q := query.Sample{From: rel, Columns: connectortest.Cols(t, rel, "n"), N: 100, Seed: 9}
		all := connectortest.Draw(t, sampler, q)
		q.BatchRows = 7
		if d := connectortest.Draw(t, sampler, q); !slices.Equal(d.Weights, all.Weights) {
			t.Error("other batches, other rows")
		}
		rel = relation(t, src, query.Dataset{Table: "wide"})
		d := connectortest.Draw(t, sampler, query.Sample{From: rel, Columns: connectortest.Cols(t, rel, "n"), N: 100, Seed: 9})
		if d.Design.Method != query.SampleHashScan || len(d.Rows) != 100 || !strings.Contains(d.Design.Reason, "too many rows for one") {
			t.Errorf("%d rows, %+v", len(d.Rows), d.Design)
		}
	})
}

// TestSampleCorrelated estimates the mean of a column that goes with the gaps: nine times as wide before rows of which it is 1 as before those of which it is 0.
func TestSampleCorrelated(t *testing.T) {
	t.Parallel()
	mysql.EachServer(t, func(t *testing.T, is mysql.TestServer) {
		t.Parallel()
		dsn, db := database(t, is, "")
		src := open(t, dsn)
		run(t, db, "CREATE TABLE c (id bigint PRIMARY KEY, bad int NOT NULL)")
		const rows = 20_000
		var lines []string
		id, rng := int64(0), rand.New(rand.NewPCG(2, 2))
		for range rows {
			bad := rng.IntN(2)
			id += 10_000 * (1 + 8*int64(bad))
			lines = append(lines, fmt.Sprintf("%d, %d", id, bad))
		}
		fill(t, db, "c", lines)
		var truth float64
		if err := db.QueryRowContext(t.Context(), "SELECT AVG(bad) FROM c").Scan(&truth); err != nil {
			t.Fatal(err)
		}
		rel := relation(t, src, query.Dataset{Table: "c"})
		sampler := mysql.ForcedSamplers()[string(query.SampleNextKey)](t, src)
		var plain, weighted, sum []float64
		for seed := range uint64(40) {
			d := connectortest.Draw(t, sampler, query.Sample{From: rel, Columns: connectortest.Cols(t, rel, "bad"), N: 100, Seed: seed})
			if d.Design.Method != query.SampleNextKey {
				t.Fatalf("drawn by %s: %s", d.Design.Method, d.Design.Reason)
			}
			var p, w, all float64
			for i, r := range d.Rows {
				p += float64(r[0].Int())
				w += float64(r[0].Int()) * d.Weights[i]
				all += d.Weights[i]
			}
			n := float64(len(d.Rows))
			plain, weighted, sum = append(plain, p/n), append(weighted, w/n/rows), append(sum, all/n)
		}
		near(t, "the weighted mean", weighted, truth)
		near(t, "the number of rows", sum, rows)
		mean, _ := moments(plain)
		if math.Abs(mean/truth-1.8) > 0.05 { // nine tenths for a half
			t.Errorf("the mean without weights is %.3f, %.2f times the true %.3f; it should be 1.8 times", mean, mean/truth, truth)
		}
	})
}

func moments(xs []float64) (mean, sd float64) {
	for _, x := range xs {
		mean += x / float64(len(xs))
	}
	for _, x := range xs {
		sd += (x - mean) * (x - mean) / float64(len(xs)-1)
	}
	return mean, math.Sqrt(sd)
}

// near checks that estimates scatter around the truth.
func near(t *testing.T, what string, xs []float64, truth float64) {
	t.Helper()
	mean, sd := moments(xs)
	z := (mean - truth) / (sd / math.Sqrt(float64(len(xs))))
	t.Logf("%s: %.4f of %d estimates, sd %.4f, truth %.4f, z %.2f", what, mean, len(xs), sd, truth, z)
	if math.Abs(z) > 4.5 || sd == 0 {
		t.Errorf("%s is %v on average with a standard deviation of %v, want %v", what, mean, sd, truth)
	}
}

// TestDraw draws by hashes that are alike in Go.
func TestDraw(t *testing.T) {
	t.Parallel()
	mysql.EachServer(t, func(t *testing.T, is mysql.TestServer) {
		t.Parallel()
		dsn, _ := database(t, is, "")
		src := open(t, dsn)
		d := connectortest.LoadMySQL(t, dsn, connectortest.Fit(connectortest.HostileTable(), is.Engine))
		r := connectortest.CheckDraw(t, src, relation(t, src, d), "id")
		slices.SortFunc(r.Keys, cmp.Compare[string])
		if len(r.Keys) < 8 {
			t.Errorf("keys of %v, refused %v", r.Keys, r.Refused)
		}
		t.Logf("%v, refused %v", r.Keys, r.Refused)
	})
}
