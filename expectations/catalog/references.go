package catalog

func references() Entry {
	return Entry{
		Name: "references", Kind: Set,
		Doc: "The values of the columns exist in another dataset or table of the same connection.",
		Params: []Param{
			keyParam(false, "the column, or the columns that together refer to the parent"),
			{Name: "dataset", Kind: ParamDataset, Doc: "the parent: a dataset of the suite, on the same connection"},
			{Name: "table", Kind: ParamText, Doc: "the parent instead: a table of the same connection"},
			{
				Name: "parent_columns", Aliases: []string{"parent_column"}, Kind: ParamColumns,
				Doc: "the parent's columns, in the same order; absent, the parent dataset's key",
			},
		},
		expand: func(x *expansion) []Expansion {
			_, ds := x.arg("dataset")
			_, table := x.arg("table")
			_, pcs := x.arg("parent_columns")
			cols, parents := x.columns("columns"), x.columns("parent_columns")
			switch {
			case ds == table:
				x.errorf(x.Named.At, "bad-argument", "give dataset, or table", "references takes either dataset or table")
			case table && !pcs:
				x.errorf(x.Named.At, "bad-argument", "add parent_columns: [id]", "references to a table needs parent_columns")
			case pcs && len(parents) != len(cols):
				x.errorf(x.at("parent_columns"), "bad-argument", "", "references: %d and %d are different numbers of columns and parent_columns", len(cols), len(parents))
			}
			if !x.knownColumns("columns") || !x.nullsSkipped("add not_null beside it") {
				return nil
			}
			return set(&SetSpec{
				Kind: References, Columns: cols, ParentDataset: x.text("dataset", ""), ParentTable: x.text("table", ""),
				ParentColumns: parents,
			}, cols)
		},
	}
}
