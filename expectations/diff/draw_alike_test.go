package diff_test

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/digest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diff"
)

// drawnRow is a row by the hash of its key, with its number.
type drawnRow struct {
	hash uint64
	n    int64
}

// TestDrawAlike draws rows of the same keys from two systems, each with the columns of its own types: those of the least hashes from one, and those below the
// greatest of them from the other.
func TestDrawAlike(t *testing.T) {
	es := engines(t)
	pg, my, lite := connectortest.EnginePostgres, connectortest.EngineMySQL, connectortest.EngineSQLite
	alike := map[string]int{}
	for n, k := range hostileKeys() {
		left, right := k.sparsely(uint64(n))
		for _, tb := range []*connectortest.Table{&left, &right} {
			at := tb.Index("n")
			tb.Rows = slices.DeleteFunc(tb.Rows, func(row []connectortest.Cell) bool { return row[at].Int() >= 600 }) // fewer do
		}
		sides := map[connectortest.Engine]diff.Side{}
		for e, tb := range map[connectortest.Engine]connectortest.Table{pg: left, my: right, lite: left} {
			sides[e] = side(t, es[e].source, es[e].load(t, tb))
		}
		for _, p := range [][2]connectortest.Engine{{pg, my}, {my, lite}, {lite, pg}} {
			t.Run(fmt.Sprintf("%s/%v with %v", k.name, p[0], p[1]), func(t *testing.T) {
				if drawAlike(t, [2]diff.Side{sides[p[0]], sides[p[1]]}, left.Key, 42+uint64(n)) {
					alike[k.name]++
				}
			})
		}
	}
	t.Log(alike)
	for _, name := range []string{"text", "text of another collation", "uuid", "timestamp", "sparse", "skewed", "null", "ten columns"} {
		if alike[name] != 3 {
			t.Errorf("keys of %s were drawn by %d of 3 pairs", name, alike[name])
		}
	}
}

// drawAlike draws from both sides and holds what comes to the hashes made here; false where a side refuses the key.
func drawAlike(t *testing.T, sides [2]diff.Side, key []string, seed uint64) bool {
	t.Helper()
	var draws [2]digest.Draw
	for s := range sides {
		rel := sides[s].Relation
		draws[s] = digest.Draw{From: rel, Columns: connectortest.Cols(t, rel, append(slices.Clone(key), "n")...), Seed: seed}
	}
	for i := range key {
		form, _, err := canon.Pair(draws[0].Columns[i].Col, draws[1].Columns[i].Col, canon.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for s := range draws {
			draws[s].Key = append(draws[s].Key, digest.Cell{Column: draws[s].Columns[i], Form: &form, Side: canon.Side(s)})
		}
	}
	var here, there [2][]drawnRow
	for s := range draws {
		drawer, ok := sides[s].Source.(connectors.Drawer)
		if !ok {
			t.Fatalf("%s draws nothing", sides[s].Name)
		}
		if _, err := drawer.DrawStatements(draws[s]); err != nil {
			if _, ok := errors.AsType[*query.Refusal](err); !ok {
				t.Error(err)
			}
			t.Log(err)
			return false
		}
		here[s] = hashedHere(t, sides[s].Source, draws[s])
		if s == 0 {
			draws[0].N = len(here[0]) / 10
		} else {
			draws[1].Below = there[0][len(there[0])-1].hash + 1
		}
		rows, err := drawer.Draw(t.Context(), draws[s])
		if err != nil {
			t.Fatal(err)
		}
		there[s] = drawnRows(t, rows, len(key), func(b *value.Batch, i int) uint64 { return binary.BigEndian.Uint64(b.Cols[len(key)+1].Bytes(i)) })
		// Of rows with one key, which come with one hash, a limit takes any.
		want := here[s][:min(len(there[s]), len(here[s]))]
		if len(there[s]) == 0 || !slices.EqualFunc(there[s], want, func(a, b drawnRow) bool { return a.hash == b.hash }) {
			t.Fatalf("side %d: %d rows drawn are not those of the least hashes", s, len(there[s]))
		}
	}
	if n := len(there[1]); n < len(here[1]) && here[1][n].hash < draws[1].Below {
		t.Error("a row below the bound is missing")
	}
	of := map[uint64]int64{}
	for _, r := range there[0] {
		of[r.hash] = r.n
	}
	both, changed := 0, 0
	for _, r := range there[1] {
		n, ok := of[r.hash]
		switch {
		case !ok:
		case n != r.n:
			changed++ // as one row of 150 is
		default:
			both++
		}
	}
	if both < draws[0].N*9/10 || changed > draws[0].N/20 {
		t.Errorf("of %d rows %d were drawn from both sides, and %d that are not the same", draws[0].N, both, changed)
	}
	return true
}

// hashedHere returns all rows by the hashes that Go makes, the least first.
func hashedHere(t *testing.T, src connectors.Source, q digest.Draw) []drawnRow {
	t.Helper()
	rows, err := src.Select(t.Context(), query.Select{From: q.From, Columns: q.Columns})
	if err != nil {
		t.Fatal(err)
	}
	var text []byte
	out := drawnRows(t, rows, len(q.Key), func(b *value.Batch, i int) uint64 {
		text = text[:0]
		for c, k := range q.Key {
			text = k.Form.Append(text, &b.Cols[c], k.Side, i)
		}
		return digest.Hash(q.Seed, text)
	})
	slices.SortFunc(out, func(a, b drawnRow) int { return cmp.Compare(a.hash, b.hash) })
	return out
}

// drawnRows reads rows to their end, whose number is in column n.
func drawnRows(t *testing.T, rows connectors.Rows, n int, hash func(b *value.Batch, i int) uint64) []drawnRow {
	t.Helper()
	defer func() { _ = rows.Close() }()
	var out []drawnRow
	for {
		b, err := rows.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if b == nil {
			return out
		}
		for i := range b.N {
			out = append(out, drawnRow{hash(b, i), b.Cols[n].Ints[i]})
		}
	}
}
