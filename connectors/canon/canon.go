// Package canon says when values of two systems are the same, whatever types hold them. One Form stands for a pair of
// columns and is what the schema check, the merge, the key order and the digest are all made of, so that they agree.
//
// # When two values are equal
//
// See docs/types.md, which is generated from this package's tests. In short: numbers by value; a double beside a decimal at the
// decimal's scale, or where the decimal's nearest double is that double; doubles by bits but for -0 = 0 and NaN = NaN, as binary32 where one side is;
// text by code points, char(n) padding left out by the connector; bytes beside text by UTF-8; times at the coarser of both resolutions, by
// the rounding of the coarser engine; UUIDs by their 16 bytes in whatever form; JSON by content; lists by element, in order unless
// Unordered. null equals null. A cell that its engine could not represent (Vector.Errs) equals nothing, not even another one.
package canon

import (
	"github.com/assay-dev/assay/connectors/value"
)

// Class is how the two sides are brought to one form.
type Class uint8

// The classes.
const (
	Bool     Class = iota
	Integer        // Int and Uint, beside each other
	Number         // exact: Decimal beside Decimal, Int or Uint
	Double         // Double beside Double or integers
	Mixed          // Double beside Decimal
	Text           // String beside String
	Bytes          // Bytes beside Bytes or String
	UUID           // a UUID column beside String or Bytes
	Instant        // Timestamp beside Timestamp
	Local          // LocalTimestamp beside LocalTimestamp or a Date
	Span           // Duration
	Document       // JSON beside JSON
	Sequence       // List beside List
)

// Normal is a normalisation of text, applied to both sides.
type Normal uint8

// The normalisations.
const (
	NFC Normal = iota
	Trim
	Casefold
)

// Tolerance widens equality of numbers and times; at most one of its fields is set.
type Tolerance struct {
	Abs value.Dec // |a-b| <= Abs; of times: seconds
	Rel float64   // |a-b| <= Rel * max(|a|, |b|)
	ULP uint64    // doubles at most so many representable values apart
	Set bool
}

// Options are what a suite says about one pair of columns.
type Options struct {
	Tolerance Tolerance
	// Digits of the second at which times are compared (precision: 1s is 0, 1ms is 3); nil for the coarser of both. Minutes and
	// longer are not digits: PrecisionSeconds, when not 0, is the length of a step in seconds.
	Digits           *int8
	PrecisionSeconds int64
	Normalize        []Normal
	// Unordered compares lists as bags.
	Unordered bool
	// EmptyIsNull takes an empty list for null.
	EmptyIsNull bool
}

// Side is the source or the target.
type Side uint8

// The sides.
const (
	Left Side = iota
	Right
)

// Note is something that the schema check says of a pair that can be compared.
type Note struct {
	Code string // stable: "precision", "mapping", ...
	Text string
}

// IncomparableError says why two columns cannot be compared, and what to do.
type IncomparableError struct {
	Reason string
	Hint   string
}

// Error implements error.
func (e *IncomparableError) Error() string { return e.Reason }
