package mysql

import (
	"math"

	"github.com/assay-dev/assay/connectors/value"
)

// timed reports whether the column keeps a certain number of digits of the second.
func (n native) timed() bool { return n.is("datetime", "timestamp", "time") }

// resolve notes what the column can tell apart, and what it holds by custom.
func resolve(c *value.Column, n native) {
	known := func(digits int) {
		if digits <= math.MaxInt8 {
			c.Resolution = value.Resolution{Known: true, Digits: int8(digits)} //nolint:gosec // tested
		}
	}
	switch {
	case n.is("decimal", "numeric"):
		known(n.scale)
	case n.timed():
		known(n.fraction)
	case n.is("float"):
		c.Resolution.Single = true
	case n.is("uuid"):
		c.Shape = value.UUID
	case n.is("date"):
		c.Shape = value.Date
	case c.Native == "tinyint(1)", n.is("bit") && n.precision == 1:
		c.Shape = value.Flag // the catalogue keeps this one display width
	}
}
