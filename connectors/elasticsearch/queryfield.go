package elasticsearch

import "github.com/assay-dev/assay/connectors/value"

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
