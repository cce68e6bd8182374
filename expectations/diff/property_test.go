package diff_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diff"
)

// cases is how many random pairs of tables a property is tried on.
func cases() int {
	if os.Getenv("ASSAY_TEST_SOAK") != "" {
		return 10_000
	}
	return 500
}

// check runs a comparison and compares it with the one by maps.
func check(t *testing.T, s *diff.Spec, left, right *table) (diff.Result, diff.Counts) {
	t.Helper()
	want, counts := byMap(s, left, right)
	got := map[string]bool{}
	var before []value.Value
	res, err := diff.Run(t.Context(), *s, func(d diff.Difference) error {
		side := canon.Left
		if d.Left == nil && len(s.Columns) > 0 || d.LeftRows == 0 {
			side = canon.Right
		}
		key := make([]cell, len(d.Key))
		for i := range key {
			key[i] = cell{Value: d.Key[i]}
		}
		k := keyText(s, side, key)
		if got[k] {
			return fmt.Errorf("key %v twice", d.Key)
		}
		got[k] = true
		w := want[k]
		w.columns = ""
		g := w
		g.class, g.left, g.right = d.Class, d.LeftRows, d.RightRows
		columns := ""
		for _, c := range d.Columns {
			columns += fmt.Sprint(c, " ")
		}
		if g != w || columns != want[k].columns {
			return fmt.Errorf("key %v after %v: %s of %d and %d rows, columns %q; want %+v", d.Key, before, d.Class, d.LeftRows, d.RightRows, columns, want[k])
		}
		before = d.Key
		return nil
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if res.Partial {
		t.Fatal("a complete comparison says that it is partial")
	}
	if len(got) != len(want) {
		for k := range maps.Keys(want) {
			if !got[k] {
				t.Errorf("not found: %+v", want[k])
			}
		}
		t.Fatalf("%d differences, want %d", len(got), len(want))
	}
	if res.Counts != counts {
		t.Fatalf("counts %+v, want %+v", res.Counts, counts)
	}
	return res, counts
}

func TestMergeAgainstMaps(t *testing.T) {
	var seen diff.Counts
	for n := range cases() {
		r := rand.New(rand.NewPCG(uint64(n), 7))
		left, right := randomPair(r)
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			s := align(t, left.source(t, "l", r), right.source(t, "r", r), diff.AlignOptions{MemoryBytes: int64(1 + r.IntN(1<<14)), TempDir: t.TempDir()})
			_, c := check(t, &s, &left, &right)
			seen.Identical += c.Identical
			seen.Changed += c.Changed
			seen.Missing += c.Missing
			seen.Extra += c.Extra
			seen.DuplicateKey += c.DuplicateKey
		})
		if t.Failed() {
			return
		}
	}
	for _, n := range []int64{seen.Identical, seen.Changed, seen.Missing, seen.Extra, seen.DuplicateKey} {
		if n < int64(cases()) {
			t.Errorf("a class was hardly met: %+v", seen)
		}
	}
}
