package sqlite

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// fill inserts rows, each a list of literals.
func fill(t *testing.T, path, table string, rows []string) {
	t.Helper()
	var statements []string
	for some := range slices.Chunk(rows, 400) {
		statements = append(statements, "INSERT INTO "+table+" VALUES ("+strings.Join(some, "),(")+")")
	}
	exec(t, path, "BEGIN; "+strings.Join(statements, "; ")+"; COMMIT")
}

// uuids returns n of them, ascending, with the probability of each to be the next one after a point.
func uuids(n int) (texts []string, likely []float64) {
	rng := rand.New(rand.NewPCG(5, 5))
	var keys []*big.Int
	for range n {
		var b [16]byte
		for i := range b {
			b[i] = byte(rng.UintN(256))
		}
		keys = append(keys, new(big.Int).SetBytes(b[:]))
	}
	slices.SortFunc(keys, (*big.Int).Cmp)
	size := new(big.Int).Sub(keys[n-1], keys[0])
	size.Add(size, big.NewInt(1))
	for i, k := range keys {
		b := k.FillBytes(make([]byte, 16))
		texts = append(texts, fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]))
		gap := big.NewInt(1)
		if i > 0 {
			gap.Sub(k, keys[i-1])
		}
		p, _ := new(big.Rat).SetFrac(gap, size).Float64()
		likely = append(likely, p)
	}
	return texts, likely
}

// TestSampleWithoutRowid draws from tables that have no rowid by the gaps of their keys.
func TestSampleWithoutRowid(t *testing.T) {
	path, s := digestFile(t)
	texts, likely := uuids(400)
	var asText, asBlob []string
	for i, u := range texts {
		asText = append(asText, fmt.Sprintf("'%s', %d", u, i))
		asBlob = append(asBlob, fmt.Sprintf("x'%s', %d", strings.ReplaceAll(u, "-", ""), i))
	}
	exec(t, path, "CREATE TABLE texts (k TEXT PRIMARY KEY, n INT) WITHOUT ROWID", "CREATE TABLE blobs (k BLOB PRIMARY KEY, n INT) WITHOUT ROWID, STRICT", "CREATE TABLE folding (k TEXT COLLATE NOCASE PRIMARY KEY, n INT) WITHOUT ROWID")
	fill(t, path, "texts", asText)
	fill(t, path, "folding", asText)
	fill(t, path, "blobs", asBlob)
	for _, table := range []string{"texts", "blobs", "folding"} {
		r := connectortest.CheckWeights(t, connectortest.SampleSubject{
			Source: s, Sampler: s.sampler(query.SampleNextKey), Relation: connectortest.Relation(t, s, query.Dataset{Table: table}), Key: "n", N: 100, Seeds: connectortest.Seeds(20), Method: query.SampleNextKey,
		}, likely)
		t.Logf("%s: %+v", table, r)
	}
}

// TestSampleStray draws from an index in which one key is of another kind than the rest: once it is met, no gap is to be trusted.
func TestSampleStray(t *testing.T) {
	path, s := digestFile(t)
	const rows = 3000
	texts, _ := uuids(rows)
	var lines []string
	for i, u := range texts {
		lines = append(lines, fmt.Sprintf("'%s', %d", u, i))
	}
	exec(t, path, "CREATE TABLE x (k TEXT PRIMARY KEY, n INT) WITHOUT ROWID")
	fill(t, path, "x", append(lines, fmt.Sprintf("'7not a UUID', %d", rows)))
	rel := connectortest.Relation(t, s, query.Dataset{Table: "x"})
	seen := map[string]int{}
	for seed := range uint64(40) {
		d := connectortest.Draw(t, s.sampler(query.SampleNextKey), query.Sample{From: rel, Columns: connectortest.Cols(t, rel, "n"), N: 1000, Seed: seed, BatchRows: 100})
		switch {
		case len(d.Rows) != 1000:
			t.Fatalf("%d rows: %+v", len(d.Rows), d.End)
		case d.Design.Linear: // it was met before the first row
			seen["before"]++
		case !d.End.Linear:
			seen["never"]++
		case d.End.Rows != rows+1 || !d.End.RowsExact || d.End.Method != query.SampleHashScan || d.Weights[len(d.Weights)-1] != rows+1:
			t.Errorf("it was met on the way, and the design says %+v", d.End)
		default:
			seen["on the way"]++
			repeated := map[int64]bool{}
			for _, r := range d.Rows {
				repeated[r[0].Int()] = true
			}
			// Of independent draws about n^2 / 2M repeat others, of equally likely rows.
			if n := len(d.Rows) - len(repeated); n < 50 {
				t.Errorf("only %d of %d independent draws from %d rows repeat others", n, len(d.Rows), rows)
			}
		}
	}
	if seen["before"] == 0 || seen["never"] == 0 || seen["on the way"] == 0 {
		t.Errorf("the key was met %v", seen)
	}
}

// TestSampleRowid draws by whatever name the rowid is left with, and from cells that are no integers.
func TestSampleRowid(t *testing.T) {
	path, s := digestFile(t)
	exec(
		t, path, "CREATE TABLE a (rowid TEXT, k TEXT)", "CREATE TABLE b (rowid TEXT, _rowid_ TEXT, oid TEXT)", "CREATE TABLE c (i INT PRIMARY KEY, x INT) WITHOUT ROWID",
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO a SELECT 'r' || i, i FROM n",
		"INSERT INTO b SELECT rowid, k, k FROM a", "INSERT INTO c SELECT k, k FROM a WHERE k % 3 > 0", "INSERT INTO c VALUES ('text', 1), (1.5, 2)", "CREATE VIEW v AS SELECT * FROM a",
	)
	for table, want := range map[string]query.SampleMethod{"a": query.SampleRandomKey, "b": query.SampleReservoir, "c": query.SampleHashScan, "v": query.SampleReservoir} {
		rel := connectortest.Relation(t, s, query.Dataset{Table: table})
		d := connectortest.Draw(t, s, query.Sample{From: rel, Columns: connectortest.Cols(t, rel, rel.Schema.Columns[0].Name), N: 200, Seed: 1})
		t.Logf("%s: %+v", table, d.End)
		if d.Design.Method != want || len(d.Rows) != 200 {
			t.Errorf("%s: %d rows by %+v", table, len(d.Rows), d.End)
		}
	}
}

// TestSampleExtremes draws from rowids at the ends of their range.
func TestSampleExtremes(t *testing.T) {
	path, s := digestFile(t)
	exec(t, path, "CREATE TABLE x (id INTEGER PRIMARY KEY, n INT)", fmt.Sprintf("INSERT INTO x VALUES (%d, 0), (-5, 1), (0, 2), (%d, 3), (%d, 4)", math.MinInt64, int64(math.MaxInt64)-1, math.MaxInt64))
	size := math.Exp2(64)
	likely := []float64{1 / size, (math.Exp2(63) - 5) / size, 5 / size, (math.Exp2(63) - 2) / size, 1 / size}
	connectortest.CheckWeights(t, connectortest.SampleSubject{
		Source: s, Sampler: s.sampler(query.SampleNextKey), Relation: connectortest.Relation(t, s, query.Dataset{Table: "x"}), Key: "n", N: 4, Seeds: 100, Method: query.SampleNextKey,
	}, likely)
}

// TestDraw draws by hashes that are alike in Go.
func TestDraw(t *testing.T) {
	path, s := digestFile(t)
	d := connectortest.LoadSQLite(t, path, connectortest.Fit(connectortest.HostileTable(), connectortest.EngineSQLite))
	r := connectortest.CheckDraw(t, s, connectortest.Relation(t, s, d), "id")
	if len(r.Keys) < 10 || slices.Contains(r.Keys, value.Null.String()) {
		t.Errorf("keys of %v, refused %v", r.Keys, r.Refused)
	}
	t.Logf("%v, refused %v", r.Keys, r.Refused)
	count := 0
	s.pool.encoders.byID.Range(func(any, any) bool { count++; return true })
	if count != 0 {
		t.Errorf("%d encoders are left over", count)
	}
}
