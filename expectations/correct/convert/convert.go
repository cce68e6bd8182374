// Package convert brings values of one system to the type of a column of another: exactly, at the resolution at which both are compared, or not at all.
package convert

import (
	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/value"
)

// RefusedError says why a value cannot be put into a column. It never holds the value.
type RefusedError struct{ Reason string }

// Error implements error.
func (e *RefusedError) Error() string { return e.Reason }

func refused(reason string) error { return &RefusedError{Reason: reason} }

// Converter brings values of one column to the type of another. It is immutable and safe for concurrent use.
type Converter struct {
	from, to value.Column
	form     canon.Form
	limits   limits
	elem     *Converter // of the elements of lists
}

// New returns a converter of values of column from into column to of a driver; an *canon.IncomparableError where no value of the one is the same as one of the other.
// o says what is the same, as the comparison of the two columns has it.
func New(from, to value.Column, driver string, o canon.Options) (*Converter, error) {
	form, _, err := canon.Pair(from, to, o)
	if err != nil {
		return nil, err
	}
	c := &Converter{from: from, to: to, form: form, limits: limitsOf(driver, &to)}
	if form.Class == canon.Sequence {
		c.elem = &Converter{from: form.Elem.Left, to: form.Elem.Right, form: *form.Elem, limits: c.limits}
	}
	return c, nil
}

// Convert returns v, a value of the column that it comes from, as the other column holds it, or a *RefusedError.
func (c *Converter) Convert(v value.Value) (value.Value, error) {
	if v.IsNull() {
		if c.to.NotNull {
			return v, refused("the column takes no null")
		}
		return v, nil
	}
	out, err := c.bring(v)
	if err != nil {
		return out, err
	}
	if err := c.limits.take(out); err != nil {
		return out, err
	}
	if !c.same(v, out) {
		return out, refused("no value of the column's type is equal to it")
	}
	return out, nil
}

// bring converts without a look at what the column can hold.
func (c *Converter) bring(v value.Value) (value.Value, error) {
	switch c.to.Type.Kind {
	case value.Bool:
		return toBool(v)
	case value.Int:
		return toInt(v)
	case value.Uint:
		return toUint(v)
	case value.Double:
		return toDouble(v, c.to.Resolution.Single)
	case value.Decimal:
		return toDecimal(v, &c.from, c.to.Resolution)
	case value.String:
		return c.toText(v)
	case value.Bytes:
		return c.toBytes(v)
	case value.Timestamp, value.LocalTimestamp, value.Duration:
		return c.toTime(v)
	case value.JSON:
		return toJSON(v)
	case value.List:
		return c.toList(v)
	case value.Null:
	}
	return v, unlike(v)
}

// unlike refuses a value of a kind that the column's type knows nothing of.
func unlike(v value.Value) error {
	return refused("a value of type " + v.Type().String() + " cannot be put there")
}

// same reports whether the comparison takes both for the same.
func (c *Converter) same(v, out value.Value) bool { return Same(&c.form, v, out) }

// Same reports whether a form takes a value of the source and one of the target for the same.
func Same(f *canon.Form, source, target value.Value) bool {
	l, okL := vector(f.Left.Type, source)
	r, okR := vector(f.Right.Type, target)
	return okL && okR && f.Equal(l, 0, r, 0)
}

// vector holds one value of a type, false where it is not of the type.
func vector(t value.Type, v value.Value) (*value.Vector, bool) {
	out := new(value.Vector)
	out.Reset(t)
	if !v.IsNull() && v.Kind() != t.Kind {
		return nil, false
	}
	out.AppendValue(v)
	return out, !out.IsErr(0)
}
