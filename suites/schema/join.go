package schema

// Joining returns the keys of an expectation about each row of a dataset and its partners in others.
func Joining() []Field {
	partner := Partner()
	return []Field{
		{Name: "dataset", Kind: String, Doc: "the dataset whose rows `row` stands for, of an expectation that stands between datasets"},
		{Name: "join", Kind: Objects, Of: &partner, Doc: "partners of each row, by the alias that expressions call them: `{customer: {dataset: customers, key: row.customer_id}}`"},
	}
}

// Partner returns the declaration of a joined dataset.
func Partner() Object {
	return Object{
		Name: "a joined dataset",
		Doc:  "A dataset that has at most one row for each row of the expectation's own.",
		Fields: []Field{
			{Name: "dataset", Kind: String, Required: true, Doc: "the dataset that holds the partner"},
			{Name: "key", Kind: Keyed, Required: true, Doc: "CEL over `row` for each column of the partner's key: `row.customer_id`, `[row.a, row.b]`, or by column `{id: row.customer_id}`"},
			{Name: "optional", Kind: Bool, Doc: "whether a row may lack a partner: it is then skipped and counted; false unless said"},
		},
	}
}
