package catalog

import "strings"

func inSet() Entry {
	return Entry{
		Name: "in_set", Kind: Row, EachColumn: true,
		Doc: "The column's value is one of a list.",
		Params: []Param{
			columnParam(false),
			{Name: "values", Kind: ParamScalars, Required: true, Doc: "the values allowed; text compares exactly, case included"},
		},
		expand: func(x *expansion) []Expansion {
			return x.membership("")
		},
	}
}

// membership makes the expansions of in_set and not_in_set.
func (x *expansion) membership(negation string) []Expansion {
	values, _ := x.arg("values")
	return x.perColumn(func(name, cel string, i int) string {
		col, ok := x.column(name, x.columnAt("column", i))
		if !ok {
			return ""
		}
		items := make([]string, 0, len(values.List))
		for _, v := range values.List {
			if lit := x.literal(v, col, x.at("values"), equality); lit != "" {
				items = append(items, lit)
			}
		}
		if len(items) == 0 {
			// Nothing is in an empty set; the value must still be there to be judged.
			return map[string]string{"": "false", "!": "true"}[negation]
		}
		list := cel + " in [" + strings.Join(items, ", ") + "]"
		if negation != "" {
			return negation + operand(list)
		}
		return list
	})
}
