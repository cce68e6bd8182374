package postgres

import "github.com/assay-dev/assay/connectors/value"

// resolve notes what the column can tell apart: its type's modifier says the digits, without one a numeric has any number of them and a
// time six. Of an array it is said of the elements.
func resolve(c *value.Column, fam family, mod int32) {
	const (
		header  = 4        // a numeric's modifier is precision and scale above the size of a header
		allTime = 0xFFFF   // an interval's precision when none is declared
		micros  = int32(6) // what PostgreSQL keeps
	)
	known := func(digits int32) value.Resolution {
		return value.Resolution{Known: true, Digits: int8(digits)} //nolint:gosec // under 128 wherever it is called
	}
	switch fam {
	case famNumeric:
		// Eleven bits, signed: PostgreSQL 15 allows negative scales. A scale beyond an int8 counts as none: nothing else keeps so many digits.
		if scale := ((mod - header) & 0x7FF) ^ 1024 - 1024; mod >= header && scale < 128 && scale > -128 {
			c.Resolution = known(scale)
		}
	case famFloat4:
		c.Resolution.Single = true
	case famTimestamp, famTimestamptz:
		c.Resolution = known(min(modOr(mod, micros), micros))
		c.Resolution.From2000 = true
	case famTime:
		c.Resolution = known(min(modOr(mod, micros), micros))
	case famInterval:
		digits := micros
		if mod >= 0 && mod&allTime != allTime {
			digits = min(mod&allTime, micros)
		}
		c.Resolution = known(digits)
	case famDate:
		c.Shape = value.Date
	case famUUID:
		c.Shape = value.UUID
	default:
	}
}

// modOr returns mod, or other where there is no modifier.
func modOr(mod, other int32) int32 {
	if mod < 0 {
		return other
	}
	return mod
}
