package correct

import (
	"math/bits"
	"strconv"
	"strings"
)

// numbers is a set of changes by their place in the plan, one bit each.
type numbers []uint64

func newNumbers(total int64) numbers { return make(numbers, total/64+1) }

func (s numbers) has(n int64) bool {
	return n >= 0 && n>>6 < int64(len(s)) && s[n>>6]&(1<<(uint64(n)&63)) != 0
}

func (s numbers) add(n int64) { s[n>>6] |= 1 << (uint64(n) & 63) } //nolint:gosec // n counts from 1

func (s numbers) count() (n int64) {
	for _, w := range s {
		n += int64(bits.OnesCount64(w))
	}
	return n
}

// appendRanges appends numbers, which ascend, as "1-400,402".
func appendRanges(b []byte, ns []int64) []byte {
	for i := 0; i < len(ns); {
		j := i
		for j+1 < len(ns) && ns[j+1] == ns[j]+1 {
			j++
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, ns[i], 10)
		if j > i {
			b = strconv.AppendInt(append(b, '-'), ns[j], 10)
		}
		i = j + 1
	}
	return b
}

// parseRanges reads what appendRanges wrote; numbers beyond total are wrong.
func parseRanges(s string, total int64) (ns []int64, ok bool) {
	if s == "" {
		return nil, true
	}
	for part := range strings.SplitSeq(s, ",") {
		from, to, isRange := strings.Cut(part, "-")
		a, err := strconv.ParseInt(from, 10, 64)
		b := a
		if err == nil && isRange {
			b, err = strconv.ParseInt(to, 10, 64)
		}
		if err != nil || a < 1 || b < a || b > total {
			return nil, false
		}
		for n := a; n <= b; n++ {
			ns = append(ns, n)
		}
	}
	return ns, true
}
