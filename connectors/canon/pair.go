package canon

import (
	"fmt"
	"time"

	"github.com/assay-dev/assay/connectors/value"
)

// Pair returns the form in which two columns are compared, with what the schema check has to say of it, or an
// *IncomparableError. Pair(l, r) and Pair(r, l) agree on which cells are equal.
func Pair(left, right value.Column, o Options) (Form, []Note, error) {
	p := pairing{Form: Form{Left: left, Right: right, Options: o, scratch: &scratches{}}}
	if err := p.usable(); err != nil {
		return Form{}, nil, err
	}
	if err := p.classify(); err != nil {
		return Form{}, nil, err
	}
	for _, settle := range []func() error{p.numbers, p.times, p.texts, p.elements, p.tolerance} {
		if err := settle(); err != nil {
			return Form{}, nil, err
		}
	}
	return p.Form, p.notes, nil
}

// pairing is a Form that is being made.
type pairing struct {
	Form

	notes []Note
}

func (p *pairing) note(code, format string, args ...any) {
	p.notes = append(p.notes, Note{Code: code, Text: fmt.Sprintf(format, args...)})
}

func incomparable(hint, format string, args ...any) error {
	return &IncomparableError{Reason: fmt.Sprintf(format, args...), Hint: hint}
}

func (p *pairing) usable() error {
	for _, c := range []*value.Column{&p.Left, &p.Right} {
		switch {
		case c.Unusable != "":
			return incomparable("ignore the column, or convert it in a query", "%s cannot be read: %s", label(c), c.Unusable)
		case c.Type.Kind == value.Null:
			return incomparable("declare its type under columns:", "%s has no type", label(c))
		}
	}
	return nil
}

// label names a column in messages: name (native type).
func label(c *value.Column) string {
	native := c.Native
	if native == "" {
		native = c.Type.String()
	}
	return c.Name + " (" + native + ")"
}

// kinds is a pair of kinds.
type kinds struct{ left, right value.Kind }

// classes is what is beside what; the pairs the other way round are alike.
var classes = map[kinds]Class{
	{value.Bool, value.Bool}:                     Bool,
	{value.Bool, value.Int}:                      Integer,
	{value.Bool, value.Uint}:                     Integer,
	{value.Int, value.Int}:                       Integer,
	{value.Int, value.Uint}:                      Integer,
	{value.Uint, value.Uint}:                     Integer,
	{value.Int, value.Decimal}:                   Number,
	{value.Uint, value.Decimal}:                  Number,
	{value.Decimal, value.Decimal}:               Number,
	{value.Double, value.Double}:                 Double,
	{value.Int, value.Double}:                    Double,
	{value.Uint, value.Double}:                   Double,
	{value.Double, value.Decimal}:                Mixed,
	{value.String, value.String}:                 Text,
	{value.Bytes, value.Bytes}:                   Bytes,
	{value.String, value.Bytes}:                  Bytes,
	{value.Timestamp, value.Timestamp}:           Instant,
	{value.LocalTimestamp, value.LocalTimestamp}: Local,
	{value.Duration, value.Duration}:             Span,
	{value.JSON, value.JSON}:                     Document,
	{value.String, value.JSON}:                   Document,
	{value.JSON, value.List}:                     Document,
	{value.List, value.List}:                     Sequence,
}

// classify finds the class.
func (p *pairing) classify() error {
	l, r := &p.Left, &p.Right
	if l.Type.Kind > r.Type.Kind {
		l, r = r, l
	}
	class, ok := classes[kinds{l.Type.Kind, r.Type.Kind}]
	switch {
	case l.Type.Kind == value.Timestamp && r.Type.Kind == value.LocalTimestamp && l.Shape == value.Date:
		class, ok = Local, true
	case class == Instant && l.Shape == value.Date && r.Shape == value.Date:
		class = Local // days, whatever the zone
	case class == Instant && (l.Shape == value.Date && r.Zone != "" || r.Shape == value.Date && l.Zone != ""):
		class = Local // of the declared zone
	case (class == Text || class == Bytes) && ok && (l.Shape == value.UUID || r.Shape == value.UUID):
		class = UUID
	}
	if !ok {
		return p.strangers(l, r)
	}
	p.Class = class
	p.remark(l, r)
	return nil
}

// remark adds the notes on columns of different types that can be compared.
func (p *pairing) remark(l, r *value.Column) {
	lk, rk := l.Type.Kind, r.Type.Kind
	switch {
	case p.Class == Integer && lk == value.Bool:
		p.note("mapping", "%s beside %s: false is 0, true is 1", label(l), label(r))
	case p.Class == UUID && l.Shape != r.Shape:
		p.note("mapping", "%s beside %s: compared as UUIDs, whatever the case and the hyphens", label(l), label(r))
	case p.Class == Bytes && lk != rk:
		p.note("mapping", "%s beside %s: text is compared by its UTF-8 bytes", label(l), label(r))
	case p.Class == Document && lk != rk:
		p.note("mapping", "%s beside %s: compared as JSON documents", label(l), label(r))
	case p.Class == Instant && l.Shape != r.Shape:
		p.note("date", "%s beside %s: a day is its midnight in UTC", label(l), label(r))
	case p.Class == Local && l.Shape != r.Shape:
		p.note("date", "%s beside %s: a day is its midnight", label(l), label(r))
	case p.Class == Mixed:
		p.note("mapping", "%s beside %s: a double equals a decimal that is its rounding, or whose nearest double it is", label(l), label(r))
	}
}

// strangers explains why two columns (of ascending kinds) cannot be compared.
func (p *pairing) strangers(l, r *value.Column) error {
	hint := "convert one of them in a query, or ignore the column"
	lk, rk := l.Type.Kind, r.Type.Kind
	switch {
	case lk == value.Timestamp && rk == value.LocalTimestamp:
		return incomparable("declare `timezone:` for the dataset of "+r.Name, "%s is an instant and %s a time without a zone", label(l), label(r))
	case lk == value.List || rk == value.List:
		other := l
		if lk == value.List {
			other = r
		}
		hint = "declare `array: true` for " + other.Name + " if it holds arrays"
	case rk == value.String && r.Shape != value.UUID:
		hint = "declare the type of " + r.Name + " under `columns:` if it holds such values, or convert it in a query"
	case rk == value.Timestamp || rk == value.LocalTimestamp || rk == value.Duration:
		hint = "declare the type of " + l.Name + " under `columns:` if it holds such values, or convert it in a query"
	}
	return incomparable(hint, "%s is %s and %s is %s", label(&p.Left), article(p.Left.Type.Kind), label(&p.Right), article(p.Right.Type.Kind))
}

func article(k value.Kind) string {
	switch k {
	case value.Int:
		return "an int"
	case value.Uint:
		return "an unsigned int"
	case value.JSON:
		return "JSON"
	case value.Bytes:
		return "bytes"
	case value.Timestamp:
		return "an instant"
	default:
		return "a " + k.String()
	}
}

// numbers settles how numbers are compared.
func (p *pairing) numbers() error {
	l, r := &p.Left, &p.Right
	switch p.Class {
	case Number:
		if l.Type.Kind == value.Decimal && r.Type.Kind == value.Decimal {
			p.scale()
		}
	case Mixed:
		d, f := l, r
		if l.Type.Kind == value.Double {
			d, f = r, l
		}
		p.Scaled, p.Scale, p.Single = d.Resolution.Known, d.Resolution.Digits, f.Resolution.Single
	case Double:
		if l.Type.Kind != r.Type.Kind {
			break
		}
		p.Single = l.Resolution.Single || r.Resolution.Single
		if l.Resolution.Single != r.Resolution.Single {
			coarse := l
			if r.Resolution.Single {
				coarse = r
			}
			p.note("precision", "%s keeps 24 bits: doubles are compared rounded to it", label(coarse))
		}
	default:
	}
	return nil
}

// scale settles at how many digits two decimals are compared: at the fewer of both.
func (p *pairing) scale() {
	l, r := p.Left.Resolution, p.Right.Resolution
	switch {
	case l.Known && r.Known && l.Digits == r.Digits, !l.Known && !r.Known:
		return
	case !r.Known, l.Known && l.Digits < r.Digits:
		p.coarse(&p.Left)
	default:
		p.coarse(&p.Right)
	}
}

func (p *pairing) coarse(c *value.Column) {
	p.Scaled, p.Scale = true, c.Resolution.Digits
	if p.Scale < 0 {
		p.note("precision", "%s keeps multiples of 10^%d: decimals are compared rounded to them", label(c), -p.Scale)
		return
	}
	p.note("precision", "%s keeps %d digits after the point: decimals are compared rounded to them", label(c), p.Scale)
}

// zoneOf returns the zone in which the instants of a naive column were read, nil for another column.
func zoneOf(c *value.Column) *time.Location {
	if c.Zone == "" || c.Shape == value.Date {
		return nil
	}
	z, err := value.LoadZone(c.Zone)
	if err != nil {
		return nil // the connector that described the column has loaded it
	}
	return z
}
