// Package digest is how rows are compared without being sent: by sums of their hashes, range of keys by range of keys.
//
// # What is summed
//
// The encoding of a row is that of its cells, one behind the other, as canon.Form.Append makes them: no two different rows have one. Its hash
// is SHA-256, of which the first 128 bits are taken as four words of 32 bits, the first octet the highest. The Sum of a range is the number of its rows
// and, for each of the four places, the sum of the words, exact. A sum, never XOR: two rows that are alike do not cancel out, and the order does not matter.
package digest

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// Cell is a column with the form that its cells are encoded in.
type Cell struct {
	Column *query.Column
	Form   *canon.Form
	Side   canon.Side
}

// Request asks for the sums of ranges of rows.
type Request struct {
	From  query.Relation
	Cells []Cell     // in the order of their encodings
	Where query.Expr // the rows to hash, nil for all; only those for which it is true
	// Steps cut the rows into len(Steps)+1 ranges. They are conditions of which each is true wherever the one before it is: a row belongs
	// to the range of the first that is true for it, to the last range where none is. Bounds of an ordered key make such conditions.
	Steps []query.Expr
}

// Cut asks for the keys at which ranges of about as many rows each would end: every Every-th in the order of From.Dataset.Key.
type Cut struct {
	From    query.Relation
	Columns []*query.Column // the key, or its first columns
	Where   query.Expr      // the rows to cut, nil for all
	Every   int64           // 1 or more
}

// Words is the number of words of a hash that are summed.
const Words = 4

// Sum is the digest of the rows of a range.
type Sum struct {
	Rows int64
	// Hashed is the number of rows whose hash is in Sums: an engine may be unable to hash one that is too long for it.
	Hashed int64
	Sums   [Words]uint64
}

// Equal reports whether two ranges hold the same rows, as far as a digest can say: see docs/compare.md for how far that is.
func (s *Sum) Equal(t *Sum) bool {
	return s.Rows == t.Rows && s.Hashed == s.Rows && t.Hashed == t.Rows && s.Sums == t.Sums
}

// MaxRows is the number of rows that the words of a Sum can hold the sums of.
const MaxRows = 1 << 32

// Add counts a row by its encoding.
func (s *Sum) Add(encoding []byte) {
	h := sha256.Sum256(encoding)
	s.Rows++
	s.Hashed++
	for i := range s.Sums {
		s.Sums[i] += uint64(binary.BigEndian.Uint32(h[4*i:]))
	}
}

// Columns are the types of the columns that a server answers a Request with: the number of the range, its rows, those hashed, and the sums.
func Columns() []value.Type {
	types := []value.Type{value.Of(value.Int), value.Of(value.Int), value.Of(value.Int)}
	for range Words {
		types = append(types, value.Of(value.Decimal))
	}
	return types
}

// Sums reads the answer to a Request of n ranges, with the columns of Columns. Ranges without rows are not in it.
func Sums(b *value.Batch, n int) ([]Sum, error) {
	if len(b.Cols) != 3+Words {
		return nil, fmt.Errorf("a digest of %d columns", len(b.Cols))
	}
	sums := make([]Sum, n)
	for i := range b.N {
		at := b.Cols[0].Ints[i]
		if at < 0 || at >= int64(n) || b.Cols[0].IsNull(i) {
			return nil, fmt.Errorf("a digest of range %d of %d", at, n)
		}
		s := &sums[at]
		if s.Rows != 0 {
			return nil, fmt.Errorf("two digests of range %d", at)
		}
		s.Rows, s.Hashed = b.Cols[1].Ints[i], b.Cols[2].Ints[i]
		for w := range s.Sums {
			col := &b.Cols[3+w]
			if col.IsNull(i) { // no row was hashed
				continue
			}
			var ok bool
			if s.Sums[w], ok = col.Decs[i].Uint64(); !ok {
				return nil, fmt.Errorf("the sum %s of a range of %d rows", col.Decs[i], s.Rows)
			}
		}
	}
	return sums, nil
}

// Counts reads rows of a range's number and a count, for n ranges. Ranges that are not there count 0.
func Counts(b *value.Batch, n int) ([]int64, error) {
	counts := make([]int64, n)
	for i := range b.N {
		at := b.Cols[0].Ints[i]
		if at < 0 || at >= int64(n) || b.Cols[0].IsNull(i) {
			return nil, fmt.Errorf("a count of range %d of %d", at, n)
		}
		counts[at] += b.Cols[1].Ints[i]
	}
	return counts, nil
}
