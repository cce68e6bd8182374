package canon

import (
	"bytes"

	"github.com/assay-dev/assay/connectors/value"
)

// isNull reports whether a cell is null, or taken for it.
func (f *Form) isNull(v *value.Vector, i int) bool {
	return v.IsNull(i) || f.Options.EmptyIsNull && !v.IsErr(i) && empty(v, i)
}

// Equal reports whether cell i of the source's vector and cell j of the target's are the same. Two nulls are; a cell in error equals nothing.
func (f *Form) Equal(l *value.Vector, i int, r *value.Vector, j int) bool {
	if l.IsErr(i) || r.IsErr(j) {
		return false
	}
	if nl, nr := f.isNull(l, i), f.isNull(r, j); nl || nr {
		return nl && nr
	}
	return f.same(l, i, r, j)
}

// same compares two cells that are neither null nor in error.
func (f *Form) same(l *value.Vector, i int, r *value.Vector, j int) bool {
	switch f.Class { //exhaustive:enforce
	case Bool:
		return l.Bools[i] == r.Bools[j]
	case Integer:
		return f.equalIntegers(l, i, r, j)
	case Number:
		return f.equalNumbers(l, i, r, j)
	case Double:
		return f.equalDoubles(l, i, r, j)
	case Mixed:
		return f.equalMixed(l, i, r, j)
	case Text:
		return f.equalTexts(l, i, r, j)
	case Bytes:
		return bytes.Equal(l.Bytes(i), r.Bytes(j))
	case UUID:
		return equalUUIDs(l, i, r, j)
	case Instant, Local:
		return f.equalInstants(l, i, r, j)
	case Span:
		return f.equalSpans(l, i, r, j)
	case Document:
		return f.equalDocuments(l, i, r, j)
	case Sequence:
		return f.equalSequences(l, i, r, j)
	}
	return false
}
