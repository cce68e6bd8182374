package sample

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"
)

// Allocate divides n rows among strata in proportion to their sizes, by largest remainders: at least one row of each, and of none more than it has. Where n is no
// less than all rows together each gets its size. Sizes are positive.
func Allocate(n int64, sizes []int64) ([]int64, error) {
	total := int64(0)
	for _, s := range sizes {
		if s < 1 {
			return nil, fmt.Errorf("a stratum of %d rows", s)
		}
		total += s
	}
	if n >= total {
		return slices.Clone(sizes), nil
	}
	if n < int64(len(sizes)) {
		return nil, fmt.Errorf("%s cannot be drawn of %s strata, at least one of each: say --sample %d or more", rows(n), Group(int64(len(sizes))), len(sizes))
	}
	type part struct {
		at        int
		remainder uint64
	}
	parts := make([]part, len(sizes))
	out := make([]int64, len(sizes))
	left := n
	for i, s := range sizes {
		// n < total, so the quotient is below s
		hi, lo := bits.Mul64(uint64(n), uint64(s)) // #nosec G115 -- positive
		q, rest := bits.Div64(hi, lo, uint64(total))
		out[i], parts[i] = int64(q), part{i, rest} // #nosec G115 -- below s
		if out[i] == 0 {
			out[i], parts[i].remainder = 1, 0
		}
		left -= out[i]
	}
	slices.SortStableFunc(parts, func(a, b part) int { return cmp.Compare(b.remainder, a.remainder) })
	for _, p := range parts {
		if left <= 0 {
			break
		}
		if p.remainder > 0 { // so there is a row more
			out[p.at]++
			left--
		}
	}
	for left < 0 { // what small strata were given is taken from the largest parts
		most := slices.Index(out, slices.Max(out))
		out[most]--
		left++
	}
	return out, nil
}
