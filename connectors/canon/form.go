package canon

import "github.com/assay-dev/assay/connectors/value"

// Form is the common form of a pair of columns. It is immutable.
type Form struct {
	Class       Class
	Left, Right value.Column
	Options     Options
	// Digits of the second that both sides are brought to (Instant, Local, Span); Truncates says how.
	Digits    int8
	Truncates bool
	// Single compares doubles as binary32.
	Single bool
	// Scale is the decimal's scale (Mixed).
	Scale int8
}
