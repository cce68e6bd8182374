package elasticsearch

import (
	"unicode/utf16"

	"github.com/assay-dev/assay/connectors/value"
)

// QueryField names the field by which a term query finds the values of a column as they are: the column's own, or a keyword beside analysed
// text. Where the index has none, why says so.
func QueryField(c value.Column) (name, why string) {
	f, ok := c.Meta.(*field)
	switch {
	case !ok:
		return "", "no field of an index"
	case f.asked != "":
		return f.asked, ""
	}
	switch f.typ {
	case idColumn, "constant_keyword", "wildcard", "ip", "version":
		return f.name, ""
	}
	return "", f.whyNot
}

// Kept reports whether the index keeps a text of a column, so that a term query by QueryField finds it; most is how many characters it keeps at
// the most (ignore_above), 0 where that has no bound.
func Kept(c value.Column, text string) (kept bool, most int) {
	f, ok := c.Meta.(*field)
	if !ok || f.keeps == 0 {
		return true, 0
	}
	n := 0 // as Java counts
	for _, r := range text {
		n += utf16.RuneLen(r)
		if n > f.keeps {
			return false, f.keeps
		}
	}
	return true, f.keeps
}
