package elasticsearch

import (
	"strings"

	"github.com/assay-dev/assay/connectors/value"
)

// resolve notes what the index can tell apart, which is what searches and aggregations see; _source may hold more. Of an array it is said of the elements.
func resolve(c *value.Column, f *field) {
	if f == nil {
		return
	}
	switch {
	case f.codec == codecTime && daysOnly(f.format):
		c.Shape = value.Date
	case f.codec == codecTime && f.typ == "date":
		c.Resolution = value.Resolution{Known: true, Digits: 3, Truncates: true}
	case f.codec == codecTime && f.typ == "date_nanos":
		c.Resolution = value.Resolution{Known: true, Digits: 9, Truncates: true}
	case f.codec == codecDouble && f.typ == "float":
		c.Resolution.Single = true
	}
}

// daysOnly reports whether every format of a date field is a day without a time.
func daysOnly(format string) bool {
	if format == "" {
		return false
	}
	for name := range strings.SplitSeq(format, "||") {
		switch strings.TrimPrefix(name, "strict_") {
		case "date", "year_month_day", "basic_date", "yyyy-MM-dd", "uuuu-MM-dd", "yyyyMMdd", "uuuuMMdd", "yyyy/MM/dd", "uuuu/MM/dd":
		default:
			return false
		}
	}
	return true
}
