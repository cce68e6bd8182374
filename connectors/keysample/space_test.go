package keysample

import (
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/value"
)

// TestPermutation visits every number of a range once, in an order in which every number is as likely to be first, and no two orders are alike.
func TestPermutation(t *testing.T) {
	for _, n := range []uint64{1, 2, 3, 4, 5, 16, 17, 255, 1000, 4097} {
		orders := map[uint64]bool{}
		for seed := range uint64(20) {
			p := newPermutation(n, seed)
			seen := make([]bool, n)
			order := uint64(0)
			for i := range n {
				k := p.at(i)
				if k >= n || seen[k] {
					t.Fatalf("of %d numbers: %d out of range or twice", n, k)
				}
				seen[k] = true
				order = mix(order ^ k)
			}
			orders[order] = true
		}
		if n > 16 && len(orders) != 20 {
			t.Errorf("20 seeds order %d numbers in %d ways", n, len(orders))
		}
	}
	const n, seeds = 37, 37 * 1000
	for at := range uint64(3) {
		counts := make([]float64, n)
		for seed := range uint64(seeds) {
			p := newPermutation(n, seed)
			counts[p.at(at)]++
		}
		stat := 0.0
		for _, c := range counts {
			stat += (c - seeds/n) * (c - seeds/n) / (seeds / n)
		}
		if p := connectortest.ChiSquareP(stat, n-1); p < 1e-6 {
			t.Errorf("number %d of an order is uniform with p = %.3g", at, p)
		}
	}
}

// TestSpace numbers values in their order and back.
func TestSpace(t *testing.T) {
	text := value.StringValue
	octets := func(s string) value.Value { return value.BytesValue([]byte(s)) }
	cases := []struct {
		axis   Axis
		values []value.Value // ascending
		size   string
		none   []value.Value
	}{
		{Integer, []value.Value{value.IntValue(math.MinInt64), value.IntValue(-1), value.IntValue(0), value.IntValue(math.MaxInt64)}, "18446744073709551616", []value.Value{value.NullValue(), text("1"), value.UintValue(1)}},
		{Integer, []value.Value{value.UintValue(0), value.UintValue(7), value.UintValue(math.MaxUint64)}, "18446744073709551616", []value.Value{value.IntValue(1)}},
		{Octets, []value.Value{octets("\x00\x01"), octets("\x00\xff"), octets("\xff\x00")}, "65280", []value.Value{octets("\x00"), octets("\x00\x00\x01"), text("ab")}},
		{
			UUIDText,
			[]value.Value{text("00000000-0000-0000-0000-000000000001"), text("0aBbccdd-0011-2233-4455-66778899aabb"), text("F0000000-0000-0000-0000-000000000000")},
			"319014718988379809496913694467282698240",
			[]value.Value{text(""), text("00000000-0000-0000-0000-00000000000g"), text("00000000000000000000000000000001"), text("00000000-0000-0000-00000000-00000001")},
		},
		{
			UUIDBinary,
			[]value.Value{text("00000000000000000000000000000001"), text("aabbccdd00112233445566778899aabb")},
			"226943873916985484998469264927970929339",
			[]value.Value{text("AAbbccdd00112233445566778899aabb"), text("AABBCCDD00112233445566778899AABB"), text("00000000-0000-0000-0000-000000000001")},
		},
		{
			UUIDBinary,
			[]value.Value{text("00000000000000000000000000000001"), text("AABBCCDD00112233445566778899AABB")},
			"226943873916985484998469264927970929339",
			[]value.Value{text("aabbccdd00112233445566778899aabb")},
		},
	}
	for _, c := range cases {
		s, ok := newSpace(c.axis, c.values[0], c.values[len(c.values)-1])
		if !ok || s.size.String() != c.size {
			t.Fatalf("%v: %v, %+v, want %s numbers", c.values, ok, s, c.size)
		}
		var last *big.Int
		for _, v := range c.values {
			n, ok := s.number(v)
			if !ok || last != nil && n.Cmp(last) <= 0 {
				t.Fatalf("%s has the number %v behind %v", v, n, last)
			}
			back := s.value(n)
			if m, ok := s.number(back); !ok || m.Cmp(n) != 0 || c.axis != UUIDText && back.Text() != v.Text() {
				t.Errorf("%s comes back as %s", v, back)
			}
			last = n
		}
		for _, v := range c.none {
			if n, ok := s.number(v); ok {
				t.Errorf("%s has the number %s", v, n)
			}
		}
		r := rand.New(rand.NewPCG(1, 1)) // #nosec G404 -- a test's own chance
		var at []float64
		for range 2000 {
			p := s.point(r)
			if p.Cmp(s.lo) < 0 || p.Cmp(s.hi) > 0 {
				t.Fatalf("point %s outside of %s to %s", p, s.lo, s.hi)
			}
			at = append(at, (ratio(p.Sub(p, s.lo), one)+0.5)/ratio(s.size, one))
		}
		if p := connectortest.KolmogorovP(at); p < 1e-6 {
			t.Errorf("points of %s numbers are uniform with p = %.3g", c.size, p)
		}
	}
	if _, ok := newSpace(Integer, value.IntValue(2), value.IntValue(1)); ok {
		t.Error("a space that ends before it begins")
	}
	if !slices.Equal(big.NewInt(1).Bits(), one.Bits()) {
		t.Error("one has been changed")
	}
}
