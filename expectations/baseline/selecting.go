package baseline

import (
	"math"
	"math/bits"
	"slices"
)

// place puts at v[k] what would stand there in order, nothing greater before it and nothing less after it (Hoare's Find; where its pivots are bad, v is ordered).
func place(v []float64, k int) {
	low, high := 0, len(v)-1
	for tries := 2 * bits.Len(uint(len(v))); low < high; tries-- {
		if high-low < 12 || tries == 0 {
			slices.Sort(v[low : high+1])
			return
		}
		pivot := middleOf(v[low], v[low+(high-low)/2], v[high])
		i, j := low, high
		for i <= j {
			for v[i] < pivot {
				i++
			}
			for v[j] > pivot {
				j--
			}
			if i <= j {
				v[i], v[j] = v[j], v[i]
				i++
				j--
			}
		}
		switch {
		case k <= j:
			high = j
		case k >= i:
			low = i
		default:
			return
		}
	}
}

func middleOf(a, b, c float64) float64 {
	return max(min(a, b), min(max(a, b), c))
}

// median returns the middle of v, NaN of nothing. It changes the order of v, none of which is NaN.
func median(v []float64) float64 {
	n := len(v)
	if n == 0 {
		return math.NaN()
	}
	place(v, n/2)
	if n%2 == 1 {
		return v[n/2]
	}
	below := slices.Max(v[:n/2])
	return below + (v[n/2]-below)/2
}

// quantile returns the q-quantile of v by linear interpolation (Hyndman and Fan's type 7). It changes the order of v, which has something.
func quantile(v []float64, q float64) float64 {
	at := q * float64(len(v)-1)
	i := int(at)
	place(v, i)
	if i+1 >= len(v) {
		return v[i]
	}
	return v[i] + (at-float64(i))*(slices.Min(v[i+1:])-v[i])
}
