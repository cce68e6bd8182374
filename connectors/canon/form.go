package canon

import (
	"time"

	"github.com/assay-dev/assay/connectors/value"
)

// Form is the common form of a pair of columns, made by Pair. It is immutable and safe for concurrent use.
type Form struct {
	Class       Class
	Left, Right value.Column
	Options     Options
	// Digits of the second that both sides are brought to (Instant, Local, Span); Truncates says how, and From2000 likewise:
	// see value.Resolution. What Options.Digits or Options.PrecisionSeconds ask for beyond that is then cut off, towards the past.
	Digits    int8
	Truncates bool
	From2000  bool
	// Single compares doubles as binary32.
	Single bool
	// Scaled says that Scale holds: decimals are brought to that many digits after the point, half away from zero (Number), or a
	// decimal beside a double keeps so many (Mixed).
	Scaled bool
	Scale  int8
	// Elem is the form of the elements (Sequence).
	Elem *Form

	tol tolerance
	// The zones in which instants of a side are read as wall clocks (Local), nil for none.
	zones [2]*time.Location
	// normal says that Options.Normalize changes texts.
	normal  bool
	scratch *scratches
}

// column returns the column of a side.
func (f *Form) column(s Side) *value.Column {
	if s == Left {
		return &f.Left
	}
	return &f.Right
}

// tolerant reports whether equality is widened.
func (f *Form) tolerant() bool { return f.Options.Tolerance.Set }

// Orderable says whether cells have an order that agrees with equality, so that the pair can be a key; nil when it has.
func (f *Form) Orderable() error {
	if ok, why := f.Digestible(); !ok {
		return &IncomparableError{Reason: why + ", so that it is no key", Hint: "leave the tolerance out, or choose another key"}
	}
	return nil
}

// Digestible says whether equality is that of a canonical text (see Append), and if not, why.
func (f *Form) Digestible() (ok bool, reason string) {
	switch {
	case f.tolerant():
		return false, "values within a tolerance of each other have no common form"
	case f.Class == Mixed:
		return false, "a double beside a decimal has no common form: one decimal may equal several doubles"
	case f.Class == Sequence:
		return f.Elem.Digestible()
	}
	return true, ""
}

// ServerOrder reports whether a side's own order, as query.Select.OrderByKey states it, is the canonical one, also for the cells behind it
// in a composite key. It is not where the form makes one value of several, or of a wall clock an instant.
func (f *Form) ServerOrder(side Side) bool {
	c := f.column(side)
	switch f.Class { //exhaustive:enforce
	case Bool, Integer, Bytes:
		return true
	case Number:
		return !f.Scaled || c.Type.Kind != value.Decimal || c.Resolution.Known && c.Resolution.Digits <= f.Scale
	case Double:
		return !f.Single || c.Type.Kind != value.Double || c.Resolution.Single
	case Text:
		return !f.normal
	case UUID:
		return c.Shape == value.UUID || c.Type.Kind == value.Bytes && c.Native == "binary(16)"
	case Instant, Local:
		return f.zones[side] == nil && fixedZone(c.Zone) && !f.stepped() && f.keepsDigits(c)
	case Span:
		return !f.stepped() && f.keepsDigits(c)
	case Mixed, Document, Sequence:
	}
	return false
}

// keepsDigits reports whether the side's times have no more digits than the form.
func (f *Form) keepsDigits(c *value.Column) bool {
	return f.Digits >= 9 || c.Shape == value.Date || c.Resolution.Known && c.Resolution.Digits <= f.Digits
}

// fixedZone reports whether wall clocks of the zone are in the order of their instants.
func fixedZone(zone string) bool {
	switch zone {
	case "", "UTC", "Etc/UTC", "GMT", "Etc/GMT":
		return true
	}
	for i := range len(zone) {
		if zone[i] == ':' {
			return true
		}
	}
	return false
}

// Step returns the digits of the second that times keep in common form, and the length in seconds of a longer step, 0 for none: see Append.
func (f *Form) Step() (digits int8, seconds int64) {
	if f.Options.PrecisionSeconds > 1 {
		return f.step(), f.Options.PrecisionSeconds
	}
	return f.step(), 0
}
