package canon

import (
	"bytes"
	"cmp"

	"github.com/assay-dev/assay/connectors/value"
)

// Order compares two cells of either side in the canonical order of keys, -1, 0 or 1: numbers and times by value, NaN last of them, texts
// and bytes bytewise, UUIDs by their bytes and what is none after, false before true, documents and lists by their encodings; then null; then cells
// in error. For an orderable form it is a total order whose ties across the sides are exactly what Equal calls the same (but for errors).
func (f *Form) Order(a *value.Vector, aSide Side, i int, b *value.Vector, bSide Side, j int) int {
	if x, y := f.tier(a, i), f.tier(b, j); x != 0 || y != 0 {
		return cmp.Compare(x, y)
	}
	switch f.Class { //exhaustive:enforce
	case Bool, Integer:
		return compareIntegers(a, i, b, j)
	case Number:
		return f.number(a, i).Cmp(f.number(b, j))
	case Double:
		return f.compareDoubles(a, i, b, j)
	case Text:
		return f.compareTexts(a, i, b, j)
	case Bytes:
		return bytes.Compare(a.Bytes(i), b.Bytes(j))
	case UUID:
		return compareUUIDs(a, i, b, j)
	case Instant, Local:
		return f.compareInstants(a, aSide, i, b, bSide, j)
	case Span:
		return cmp.Compare(f.span(a, i), f.span(b, j))
	case Mixed, Document, Sequence:
	}
	s := f.scratch.get()
	defer f.scratch.put(s)
	s.a, s.b = f.Append(s.a[:0], a, aSide, i), f.Append(s.b[:0], b, bSide, j)
	return bytes.Compare(s.a, s.b)
}

// tier is 0 for a value, 1 for null, 2 for an error.
func (f *Form) tier(v *value.Vector, i int) int {
	switch {
	case v.IsErr(i):
		return 2
	case f.isNull(v, i):
		return 1
	}
	return 0
}
