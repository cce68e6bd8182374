package canon

import (
	"errors"
	"time"

	"github.com/assay-dev/assay/connectors/value"
)

// times settles the digits of times.
func (p *pairing) times() error {
	o := p.Options
	timely := p.Class == Instant || p.Class == Local || p.Class == Span
	if !timely {
		if p.Class != Sequence && (o.Digits != nil || o.PrecisionSeconds != 0) {
			return incomparable("leave `precision` out", "a precision does not apply to %s and %s", label(&p.Left), label(&p.Right))
		}
		return nil
	}
	if o.Digits != nil && (*o.Digits < 0 || *o.Digits > 9) || o.PrecisionSeconds < 0 {
		return incomparable("give a precision of 1ns or longer", "the precision is no step of time")
	}
	if p.Class == Local {
		p.zones = [2]*time.Location{zoneOf(&p.Left), zoneOf(&p.Right)}
	}
	l, r := finest(&p.Left), finest(&p.Right)
	coarse, by := l, &p.Left
	if r.Digits < l.Digits {
		coarse, by = r, &p.Right
	}
	p.Digits, p.Truncates, p.From2000 = coarse.Digits, coarse.Truncates, coarse.From2000
	if l.Digits == r.Digits {
		p.Truncates, p.From2000 = l.Truncates || r.Truncates, l.From2000 && r.From2000
	}
	if o.Digits != nil && *o.Digits > p.Digits { // finer than the coarser side: nothing but what was asked for is left out
		p.Digits, p.Truncates, p.From2000 = *o.Digits, true, false
	} else if l.Digits != r.Digits && p.Left.Shape != value.Date && p.Right.Shape != value.Date {
		p.note("precision", "%s keeps %d digits of the second: times are compared %s to them", label(by), p.Digits, map[bool]string{true: "cut", false: "rounded"}[p.Truncates])
	}
	return nil
}

// finest returns the resolution of a column of times, nanoseconds where it is not known. A day is exact.
func finest(c *value.Column) value.Resolution {
	if !c.Resolution.Known || c.Shape == value.Date || c.Resolution.Digits > 9 {
		return value.Resolution{Digits: 9}
	}
	return c.Resolution
}

// texts settles normalisation.
func (p *pairing) texts() error {
	if len(p.Options.Normalize) == 0 || p.Class == Sequence {
		return nil
	}
	if p.Class != Text {
		return incomparable("leave `normalize` out", "normalisation does not apply to %s and %s", label(&p.Left), label(&p.Right))
	}
	p.normal = true
	return nil
}

// elements settles lists.
func (p *pairing) elements() error {
	o := p.Options
	switch {
	case p.Class == Sequence:
	case o.Unordered:
		return incomparable("leave `unordered` out", "%s and %s are not two lists", label(&p.Left), label(&p.Right))
	case o.EmptyIsNull && p.Class != Document:
		return incomparable("leave `empty_is_null` out", "%s and %s are no lists", label(&p.Left), label(&p.Right))
	case p.Class == Document:
		for _, c := range []*value.Column{&p.Left, &p.Right} {
			if c.Type.Kind == value.List && !jsonable(c.Type) {
				return incomparable("convert it to JSON in a query", "the elements of %s have no JSON form", label(c))
			}
		}
		return nil
	default:
		return nil
	}
	o.Unordered, o.EmptyIsNull = false, false
	elem, notes, err := Pair(element(&p.Left), element(&p.Right), o)
	if err != nil {
		if no, ok := errors.AsType[*IncomparableError](err); ok {
			return incomparable(no.Hint, "lists: %s", no.Reason)
		}
		return err
	}
	if ok, why := elem.Digestible(); !ok && p.Options.Unordered {
		return incomparable("compare them in order", "unordered lists: %s", why)
	}
	p.Elem = &elem
	p.notes = append(p.notes, notes...)
	return nil
}

// element describes the elements of a list column.
func element(c *value.Column) value.Column {
	e := value.Column{Name: c.Name + "[]", Native: c.Native, Resolution: c.Resolution, Shape: c.Shape, Zone: c.Zone}
	if c.Type.Elem != nil {
		e.Type = *c.Type.Elem
	}
	return e
}

// jsonable reports whether values of the type have one JSON form.
func jsonable(t value.Type) bool {
	switch t.Kind {
	case value.Bool, value.Int, value.Uint, value.Double, value.Decimal, value.String, value.JSON:
		return true
	case value.List:
		return t.Elem != nil && jsonable(*t.Elem)
	default:
		return false
	}
}

// tolerance settles how far apart equal values may be.
func (p *pairing) tolerance() error {
	t := p.Options.Tolerance
	if !t.Set || p.Class == Sequence { // of the elements
		return nil
	}
	bad := func(why string) error {
		return incomparable("leave `tolerance` out", "%s (%s beside %s)", why, label(&p.Left), label(&p.Right))
	}
	relative, ulps := t.Rel != 0, t.ULP != 0
	switch p.Class {
	case Integer, Number:
		if ulps {
			return bad("a tolerance in ulp is for doubles")
		}
		if p.Left.Type.Kind == value.Bool || p.Right.Type.Kind == value.Bool {
			return bad("a tolerance does not apply to a bool")
		}
	case Double, Mixed:
		if ulps && p.Left.Type.Kind != p.Right.Type.Kind && p.Class == Double {
			return bad("a tolerance in ulp is for doubles")
		}
	case Instant, Local, Span:
		if relative || ulps {
			return bad("a tolerance of times is a span")
		}
	default:
		return bad("a tolerance does not apply here")
	}
	var ok bool
	if p.tol, ok = newTolerance(t); !ok {
		return bad("a tolerance is not negative, and finite")
	}
	return nil
}
