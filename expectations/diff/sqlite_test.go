package diff_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlite"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diff"
)

// storable brings a random table to what SQLite can hold: its kinds, doubles that are numbers, and no cell in error.
func storable(r *rand.Rand, tb *table) connectortest.Table {
	out := connectortest.Table{Name: "random", Key: tb.key}
	for _, c := range tb.cols {
		out.Columns = append(out.Columns, connectortest.Column{Name: c.Name, Type: c.Type})
	}
	for i, row := range tb.rows {
		cells := make([]connectortest.Cell, len(row))
		for c := range row {
			if row[c].err {
				row[c] = cell{}
			}
			if k := row[c].Kind(); k == value.Double && (math.IsNaN(row[c].Double()) || math.IsInf(row[c].Double(), 0)) {
				row[c].Value = value.DoubleValue(0.1)
			}
			if row[c].Kind() == value.String {
				row[c].Value = value.StringValue(row[c].Str()[len(row[c].Str())/2:] + strconv.Itoa(r.IntN(2)))
			}
			cells[c] = connectortest.Cell{Value: row[c].Value}
		}
		tb.rows[i] = row
		out.Rows = append(out.Rows, cells)
	}
	return out
}

// TestSQLiteAgainstMaps compares random tables of database files: what they hold is read back without any order, and put through maps.
func TestSQLiteAgainstMaps(t *testing.T) {
	dir := t.TempDir()
	kinds := map[value.Kind]bool{value.Bool: true, value.Int: true, value.Double: true, value.Decimal: true, value.String: true, value.Bytes: true, value.Timestamp: true}
	rows, tried := 0, 0
	for n := range cases() {
		r := rand.New(rand.NewPCG(uint64(n), 11))
		left, right := randomPair(r)
		fits := true
		for _, c := range left.cols {
			fits = fits && kinds[c.Type.Kind]
		}
		if !fits || n%4 != 0 { // a file costs more than a table in memory
			continue
		}
		tried++
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			var sides [2]diff.Side
			var plain [2]table
			for i, tb := range []*table{&left, &right} {
				path := filepath.Join(dir, fmt.Sprint(n, i, ".db"))
				stored := storable(r, tb)
				d := connectortest.LoadSQLite(t, path, stored)
				src, err := sqlite.Open(t.Context(), connectors.Config{Name: "file", Params: map[string]string{"path": path}})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = src.Close() })
				sides[i] = side(t, src, query.Dataset{Name: d.Name, Table: d.Table, Key: d.Key, Columns: d.Columns})
				plain[i] = reread(t, sides[i], stored)
			}
			s := align(t, sides[0], sides[1], diff.AlignOptions{MemoryBytes: int64(1 + r.IntN(1<<14)), TempDir: t.TempDir(), Strategy: diff.Merge})
			_, c := check(t, &s, &plain[0], &plain[1])
			rows += int(c.Identical)
		})
		if t.Failed() {
			return
		}
	}
	if tried < cases()/50 || rows == 0 {
		t.Errorf("%d cases of %d, %d identical rows", tried, cases(), rows)
	}
}
