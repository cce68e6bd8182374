package sample

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestAllocate(t *testing.T) {
	for _, c := range []struct {
		n     int64
		sizes []int64
		want  string
	}{
		{10, []int64{500, 300, 200}, "[5 3 2]"},
		{10, []int64{550, 270, 180}, "[5 3 2]"},
		{10, []int64{10_000, 1, 1}, "[8 1 1]"},
		{3, []int64{10, 10, 10}, "[1 1 1]"},
		{30, []int64{10, 10, 10}, "[10 10 10]"},
		{29, []int64{10, 10, 10}, "[10 10 9]"},
		{1000, []int64{3, 4}, "[3 4]"},
		{1 << 40, []int64{1 << 61, 1 << 60}, fmt.Sprint([]int64{733007751851, 366503875925})},
	} {
		got, err := Allocate(c.n, c.sizes)
		if fmt.Sprint(got) != c.want || err != nil {
			t.Errorf("%d of %v: %v, %v; want %s", c.n, c.sizes, got, err, c.want)
		}
	}
	const want = "2 rows cannot be drawn of 3 strata, at least one of each: say --sample 3 or more"
	if _, err := Allocate(2, []int64{5, 5, 5}); err == nil || err.Error() != want {
		t.Errorf("%v", err)
	}
	r := rand.New(rand.NewPCG(4, 1))
	for range 500 {
		sizes := make([]int64, 1+r.IntN(40))
		total := int64(0)
		for i := range sizes {
			sizes[i] = 1 + r.Int64N(1+r.Int64N(5000))
			total += sizes[i]
		}
		n := int64(len(sizes)) + r.Int64N(total)
		got, err := Allocate(n, sizes)
		if err != nil {
			t.Fatal(err)
		}
		sum := int64(0)
		for i, g := range got {
			sum += g
			exact := float64(n) * float64(sizes[i]) / float64(total)
			if g < 1 || g > sizes[i] || n < total && slices.Min(sizes)*n > total && (float64(g) > exact+1 || float64(g) < exact-1) {
				t.Fatalf("%d of %v: %v", n, sizes, got)
			}
		}
		if sum != min(n, total) {
			t.Fatalf("%d of %v: %v, together %d", n, sizes, got, sum)
		}
	}
}
