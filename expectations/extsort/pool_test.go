package extsort_test

import (
	"math/rand/v2"
	"testing"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/extsort"
)

// TestPool sorts windows with batches that windows before them are done with, whoever takes what they held: the rows are those that were added, and
// batches are used again.
func TestPool(t *testing.T) {
	pool := &extsort.Pool{Bytes: 1 << 20}
	r := rand.New(rand.NewPCG(3, 9))
	seen := map[*int64]int{} // memory of the keys that came out
	again := 0
	for window := range 40 {
		memory := int64(64 << 20)
		if window%5 == 4 {
			memory = 1 << 14 // spills
		}
		s := extsort.New(types(), extsort.Options{Order: byKey, MemoryBytes: memory, TempDir: t.TempDir(), Pool: pool})
		want := map[int64]string{}
		b := value.NewBatch(types()...)
		key := int64(0)
		for range 1 + r.IntN(6) {
			n := 1 + r.IntN(50)
			for range n {
				fill(b, key, uint64(window)<<32|uint64(key))
				if window%2 == 0 || key%2 == 0 { // in order, or not
					key++
				} else {
					key += 3
				}
			}
			for i := range b.N {
				want[b.Cols[0].Ints[i]] = text(b, i)
			}
			if window%3 == 1 {
				for i := range b.N {
					b.Cols[0].Ints[i] = -b.Cols[0].Ints[i]
				}
				for k := range b.N {
					delete(want, -b.Cols[0].Ints[k])
					want[b.Cols[0].Ints[k]] = text(b, k)
				}
			}
			if again += seen[&b.Cols[0].Ints[0]]; b.N == 0 {
				t.Fatal("no rows")
			}
			if err := s.Add(t.Context(), b); err != nil {
				t.Fatal(err)
			}
		}
		rows, err := s.Sort(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		taken := value.NewBatch(types()...)
		got := 0
		for {
			b, err := rows.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if b == nil {
				break
			}
			if window%4 < 2 { // as a merge does
				*taken, *b = *b, *taken
			} else {
				taken = b
			}
			for i := range taken.N {
				if w := want[taken.Cols[0].Ints[i]]; w != text(taken, i) {
					t.Fatalf("window %d:\n%s\nwant\n%s", window, text(taken, i), w)
				}
				got++
			}
			seen[&taken.Cols[0].Ints[0]]++
			if window%4 >= 2 {
				taken = value.NewBatch(types()...)
			}
		}
		if got != len(want) || got == 0 {
			t.Fatalf("window %d: %d rows, want %d", window, got, len(want))
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if again == 0 {
		t.Error("no batch was used again")
	}
}
