package connectortest

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/digest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// DrawReport is what CheckDraw found: the columns that served as keys by their types, and why others were refused.
type DrawReport struct {
	Keys    []string
	Refused map[string]string
}

// CheckDraw compares what a source draws by the hash of a key with what it should, as told here from all rows: every column with the column id, an
// Int that is different in every row, is a key.
func CheckDraw(t *testing.T, src connectors.Source, rel query.Relation, id string) DrawReport {
	t.Helper()
	drawer, ok := src.(connectors.Drawer)
	if !ok {
		t.Fatalf("%T is no Drawer", src)
	}
	r := DrawReport{Refused: map[string]string{}}
	for i, col := range rel.Schema.Columns {
		if col.Unusable != "" || col.Name == id {
			continue
		}
		cols := []*query.Column{{Index: i, Col: col}, Col(t, rel, id)}
		q := digest.Draw{From: rel, Columns: cols, Seed: 12345, BatchRows: 7}
		for _, c := range cols {
			form, _, err := canon.Pair(c.Col, c.Col, canon.Options{})
			if err != nil {
				r.Refused[col.Type.String()] = err.Error()
				break
			}
			q.Key = append(q.Key, digest.Cell{Column: c, Form: &form})
		}
		if len(q.Key) != len(cols) {
			continue
		}
		if _, err := drawer.DrawStatements(q); err != nil {
			if _, ok := errors.AsType[*query.Refusal](err); !ok {
				t.Errorf("key %s: %v", col.Name, err)
			}
			r.Refused[col.Type.String()] = err.Error()
			continue
		}
		r.Keys = append(r.Keys, col.Type.String())
		checkDraw(t, src, drawer, q)
	}
	return r
}

// hashed is a row by the hash of its key.
type hashed struct {
	hash uint64
	id   int64
}

func checkDraw(t *testing.T, src connectors.Source, drawer connectors.Drawer, q digest.Draw) {
	t.Helper()
	all := hashedRows(t, src, q)
	median := all[len(all)/2]
	where := test(query.OpGe, q.Columns[1], number(median.id))
	if src.Caps().Expr(q.From, where) != nil {
		where = nil
	}
	for what, change := range map[string]func(*digest.Draw){
		"all":   func(*digest.Draw) {},
		"least": func(q *digest.Draw) { q.N = len(all) / 3 },
		"below": func(q *digest.Draw) { q.Below = median.hash },
		"both":  func(q *digest.Draw) { q.Below, q.N = median.hash, len(all)/5 },
		"where": func(q *digest.Draw) { q.Where, q.N = where, len(all)/3 },
	} {
		q := q
		change(&q)
		var want []hashed
		for _, h := range all {
			if (q.Below == 0 || h.hash < q.Below) && (q.Where == nil || h.id >= median.id) && (q.N == 0 || len(want) < q.N) {
				want = append(want, h)
			}
		}
		got := drawnRows(t, drawer, q)
		if len(want) == 0 || !slices.Equal(got, want) {
			t.Errorf("key %s, %s: %d rows, want %d: %s", q.Columns[0].Col.Name, what, len(got), len(want), firstDifference(got, want))
		}
	}
}

func firstDifference(got, want []hashed) string {
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return fmt.Sprintf("the one at %d is %+v, want %+v", i, got[i], want[i])
		}
	}
	return "the first ones are the same"
}

// hashedRows returns all rows by their hashes as Go makes them.
func hashedRows(t *testing.T, src connectors.Source, q digest.Draw) []hashed {
	t.Helper()
	rows, err := src.Select(t.Context(), query.Select{From: q.From, Columns: q.Columns})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var out []hashed
	eachBatch(t, rows, func(b *value.Batch) {
		for i := range b.N {
			var key []byte
			for k := range q.Key {
				key = q.Key[k].Form.Append(key, &b.Cols[k], q.Key[k].Side, i)
			}
			out = append(out, hashed{digest.Hash(q.Seed, key), b.Cols[1].Ints[i]})
		}
	})
	slices.SortFunc(out, func(a, b hashed) int { return cmp.Compare(a.hash, b.hash) })
	if len(out) < 20 {
		t.Fatalf("%d rows are too few", len(out))
	}
	return out
}

func drawnRows(t *testing.T, drawer connectors.Drawer, q digest.Draw) []hashed {
	t.Helper()
	rows, err := drawer.Draw(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var out []hashed
	eachBatch(t, rows, func(b *value.Batch) {
		if len(b.Cols) != len(q.Columns)+1 || b.N > q.BatchRows {
			t.Fatalf("a batch of %d columns and %d rows", len(b.Cols), b.N)
		}
		for i := range b.N {
			h := b.Cols[len(q.Columns)].Bytes(i)
			if len(h) != digest.HashSize {
				t.Fatalf("a hash of %d octets", len(h))
			}
			out = append(out, hashed{binary.BigEndian.Uint64(h), b.Cols[1].Ints[i]})
		}
	})
	return out
}

func eachBatch(t *testing.T, rows connectors.Rows, f func(b *value.Batch)) {
	t.Helper()
	for {
		b, err := rows.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if b == nil {
			return
		}
		f(b)
	}
}
