package catalog

func columnExists() Entry {
	return Entry{
		Name: "column_exists", Kind: Schema, EachColumn: true,
		Doc:    "The dataset has the column, spelt so.",
		Params: []Param{columnParam(true)},
		expand: func(x *expansion) []Expansion {
			return x.perColumnSchema(func(name string) *SchemaSpec {
				return &SchemaSpec{Kind: ColumnExists, Column: name}
			})
		},
	}
}

// perColumnSchema makes the schema expansions of an entry, one a column. Whether a column is there is theirs to judge.
func (x *expansion) perColumnSchema(check func(name string) *SchemaSpec) []Expansion {
	cols := x.columns("column")
	out := make([]Expansion, 0, len(cols))
	for _, c := range cols {
		e := Expansion{Kind: Schema, Columns: []string{c}, Schema: check(c)}
		if len(cols) > 1 {
			e.IDSuffix = "." + c
		}
		out = append(out, e)
	}
	return out
}
