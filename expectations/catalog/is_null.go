package catalog

func isNull() Entry {
	return Entry{
		Name: "is_null", Kind: Row, EachColumn: true,
		Doc:    "The column is null in every row.",
		Params: []Param{columnParam(true)},
		expand: func(x *expansion) []Expansion {
			return x.aboutNulls(" == null")
		},
	}
}
