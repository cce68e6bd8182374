package canon

import (
	"bytes"

	"github.com/assay-dev/assay/connectors/value"
)

// Run compares n aligned rows, cell i+k of the source's vector with cell j+k of the target's, and sets bit k of differ where they are
// not the same. Other bits are left as they are. It is Equal, 64 rows at a time.
func (f *Form) Run(l *value.Vector, i int, r *value.Vector, j, n int, differ value.Bitmap) {
	for k := 0; k < n; k += 64 {
		m := min(n-k, 64)
		w := f.block(l, i+k, r, j+k, m)
		if w != 0 {
			differ[k>>6] |= w
		}
	}
}

// block compares up to 64 rows and returns the set of those that differ.
func (f *Form) block(l *value.Vector, i int, r *value.Vector, j, n int) uint64 {
	all := ^uint64(0) >> (64 - uint(n))
	errs := (window(l.Errs, i) | window(r.Errs, j)) & all
	if f.Options.EmptyIsNull {
		return f.each(l, i, r, j, n, all)
	}
	nl, nr := window(l.Nulls, i), window(r.Nulls, j)
	if l.Type.Kind == value.Null {
		nl = ^uint64(0)
	}
	if r.Type.Kind == value.Null {
		nr = ^uint64(0)
	}
	live := all &^ (nl | nr | errs)
	var w uint64
	if live != 0 {
		w = f.values(l, i, r, j, n, live) & live
	}
	return w | (nl^nr)&all | errs
}

// window returns 64 bits of b from bit i on; bits beyond b are 0.
func window(b value.Bitmap, i int) uint64 {
	at, shift := i>>6, uint(i)&63
	if at >= len(b) {
		return 0
	}
	w := b[at] >> shift
	if shift > 0 && at+1 < len(b) {
		w |= b[at+1] << (64 - shift)
	}
	return w
}

// each compares the rows of a set one by one.
func (f *Form) each(l *value.Vector, i int, r *value.Vector, j, n int, rows uint64) uint64 {
	var w uint64
	for k := range n {
		if rows>>uint(k)&1 == 1 && !f.Equal(l, i+k, r, j+k) {
			w |= 1 << uint(k)
		}
	}
	return w
}

// values compares rows of which those in live hold values; bits of others are of no meaning.
func (f *Form) values(l *value.Vector, i int, r *value.Vector, j, n int, live uint64) uint64 {
	var w uint64
	switch same := l.Type.Kind == r.Type.Kind; {
	case f.Class == Bool:
		w = unequal(l.Bools[i:i+n], r.Bools[j:j+n])
	case f.Class == Integer && same && l.Type.Kind == value.Int, f.Class == Span:
		w = unequal(l.Ints[i:i+n], r.Ints[j:j+n])
	case f.Class == Integer && same && l.Type.Kind == value.Uint:
		w = unequal(l.Uints[i:i+n], r.Uints[j:j+n])
	case f.Class == Number && same:
		w = unequal(l.Decs[i:i+n], r.Decs[j:j+n])
		return w & f.each(l, i, r, j, n, w&live)
	case f.Class == Double && same:
		w = unequal(l.Floats[i:i+n], r.Floats[j:j+n])
		return w & f.each(l, i, r, j, n, w&live)
	case f.Class == Text, f.Class == Bytes, f.Class == UUID && same:
		w = unequalTexts(l, i, r, j, n)
		if f.Class == Bytes || f.Class == Text && !f.normal {
			return w
		}
		return f.each(l, i, r, j, n, w&live)
	case (f.Class == Instant || f.Class == Local) && f.zones[Left] == nil && f.zones[Right] == nil:
		w = unequal(l.Ints[i:i+n], r.Ints[j:j+n]) | unequal(l.Nanos[i:i+n], r.Nanos[j:j+n])
	default:
		return f.each(l, i, r, j, n, live)
	}
	if w&live == 0 || f.exact() {
		return w
	}
	return f.each(l, i, r, j, n, w&live)
}

// exact reports whether unlike values are different: nothing is rounded, cut or tolerated.
func (f *Form) exact() bool {
	if f.tol.set {
		return false
	}
	switch f.Class {
	case Bool, Integer:
		return true
	case Instant, Local, Span:
		return f.Digits >= 9 && !f.stepped()
	default:
		return false
	}
}

// unequal returns the set of positions at which two slices of one length, up to 64, differ.
func unequal[T comparable](a, b []T) uint64 {
	var w uint64
	b = b[:len(a)]
	for k, x := range a {
		if x != b[k] {
			w |= 1 << (uint(k) & 63)
		}
	}
	return w
}

// unequalTexts is unequal of texts.
func unequalTexts(l *value.Vector, i int, r *value.Vector, j, n int) uint64 {
	var w uint64
	lo, ro := l.Offs[i:i+n+1], r.Offs[j:j+n+1]
	// A run of equal texts is one comparison of their bytes where the lengths agree.
	a, b := l.Data[lo[0]:lo[n]], r.Data[ro[0]:ro[n]]
	if len(a) == len(b) && alike(lo, ro) && bytes.Equal(a, b) {
		return 0
	}
	for k := range n {
		if !bytes.Equal(l.Data[lo[k]:lo[k+1]], r.Data[ro[k]:ro[k+1]]) {
			w |= 1 << (uint(k) & 63)
		}
	}
	return w
}

// alike reports whether texts end at the same distances from where the first begins.
func alike(a, b []uint32) bool {
	d := a[0] - b[0]
	b = b[:len(a)]
	for k, x := range a {
		if x-b[k] != d {
			return false
		}
	}
	return true
}
