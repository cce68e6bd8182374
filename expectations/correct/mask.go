package correct

import (
	"slices"
	"strings"

	"github.com/assay-dev/assay/connectors/value"
)

// Conceal returns a reason without the values of masked columns: servers like to quote what they refuse. Mask is as Options has it.
func Conceal(why string, c *Change, t *Target, mask func(value.Value) string) string {
	if len(t.Masked) == 0 || why == "" {
		return why
	}
	for _, x := range []struct {
		cols []Column
		row  []value.Value
	}{{t.Key, c.Key}, {t.Columns, c.Before}, {t.Columns, c.After}} {
		for i, v := range x.row {
			if v.IsNull() || !slices.Contains(t.Masked, x.cols[i].Name) || v.Text() == "" {
				continue
			}
			with := "redacted"
			if mask != nil {
				with = mask(v)
			}
			why = cover(strings.ReplaceAll(why, v.Text(), with), v.Text(), with)
		}
	}
	return why
}

// telling is how much of the beginning of a value tells it: MySQL, for one, quotes the first 64 characters.
const telling = 16

// cover replaces beginnings of a text that are longer than telling.
func cover(why, text, with string) string {
	if len(text) <= telling {
		return why
	}
	for from := 0; ; {
		at := strings.Index(why[from:], text[:telling])
		if at < 0 {
			return why
		}
		at += from
		n := telling
		for n < len(text) && at+n < len(why) && why[at+n] == text[n] {
			n++
		}
		why = why[:at] + with + why[at+n:]
		from = at + len(with)
	}
}
