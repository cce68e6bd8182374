package diff

import (
	"math/bits"

	"github.com/assay-dev/assay/connectors/value"
)

// zero makes b a bitmap of n clear bits.
func zero(b *value.Bitmap, n int) {
	w := value.Words(n)
	if cap(*b) < w {
		*b = make(value.Bitmap, w)
		return
	}
	*b = (*b)[:w]
	clear(*b)
}

// firstSet returns the position of the first set bit, n when none of the first n is set.
func firstSet(b value.Bitmap, n int) int { return nextSet(b, 0, n) }

// nextSet returns the position of the first set bit from position from on, n when there is none before n.
func nextSet(b value.Bitmap, from, n int) int {
	for w := from >> 6; w < len(b) && w<<6 < n; w++ {
		x := b[w]
		if w == from>>6 {
			x &^= 1<<(uint(from)&63) - 1
		}
		if x != 0 {
			return min(w<<6+bits.TrailingZeros64(x), n)
		}
	}
	return n
}

// or adds the bits of b to a, which is as long.
func or(a, b value.Bitmap) {
	for w := range b {
		a[w] |= b[w]
	}
}
