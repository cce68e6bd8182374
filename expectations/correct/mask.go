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
			if v.IsNull() || !slices.Contains(t.Masked, x.cols[i].Name) || !strings.Contains(why, v.Text()) || v.Text() == "" {
				continue
			}
			with := "redacted"
			if mask != nil {
				with = mask(v)
			}
			why = strings.ReplaceAll(why, v.Text(), with)
		}
	}
	return why
}
