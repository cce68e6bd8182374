package catalog

func notInSet() Entry {
	return Entry{
		Name: "not_in_set", Kind: Row, EachColumn: true,
		Doc: "The column's value is none of a list.",
		Params: []Param{
			columnParam(false),
			{Name: "values", Kind: ParamScalars, Required: true, Doc: "the values forbidden; text compares exactly, case included"},
		},
		expand: func(x *expansion) []Expansion {
			return x.membership("!")
		},
	}
}
