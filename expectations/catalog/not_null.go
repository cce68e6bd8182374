package catalog

func notNull() Entry {
	return Entry{
		Name: "not_null", Kind: Row, EachColumn: true,
		Doc:    "The column holds a value in every row.",
		Params: []Param{columnParam(true)},
		expand: func(x *expansion) []Expansion {
			return x.aboutNulls(" != null")
		},
	}
}

// aboutNulls makes the expansions of the entries that judge nulls, and so skip none whatever on_null says.
func (x *expansion) aboutNulls(test string) []Expansion {
	out := x.perColumn(func(name, cel string, i int) string {
		if _, ok := x.column(name, x.columnAt("column", i)); !ok {
			return ""
		}
		return cel + test
	})
	for i := range out {
		out[i].Expr = Column(out[i].Columns[0]) + test
		out[i].Where, out[i].SkipNullColumns = "", nil
	}
	return out
}
