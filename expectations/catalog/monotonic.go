package catalog

func monotonic() Entry {
	return Entry{
		Name: "monotonic", Kind: Set,
		Doc: "The column never falls from one row to the next in a stated order.",
		Params: []Param{
			{Name: "column", Kind: ParamColumn, Required: true, Doc: "the column that must not fall"},
			{Name: "order_by", Kind: ParamColumns, Required: true, Doc: "the column or columns that put the rows in order"},
			{Name: "group_by", Kind: ParamColumns, Doc: "judge each group of rows on its own"},
			{Name: "strict", Kind: ParamBool, Doc: "it must rise: equal neighbours fail"},
			{Name: "descending", Kind: ParamBool, Doc: "it must not rise (strict: it must fall)"},
		},
		expand: func(x *expansion) []Expansion {
			col := x.text("column", "")
			_, ok := x.column(col, x.at("column"))
			orderOK, groupOK := x.knownColumns("order_by"), x.knownColumns("group_by")
			if !ok || !orderOK || !groupOK || !x.nullsSkipped("add not_null beside it") {
				return nil
			}
			order := x.columns("order_by")
			out := set(&SetSpec{
				Kind: Monotonic, Columns: []string{col}, OrderBy: order, GroupBy: x.columns("group_by"),
				Strict: x.flag("strict"), Descending: x.flag("descending"),
			}, []string{col})
			out[0].SkipNullColumns = append([]string{col}, order...)
			return out
		},
	}
}
