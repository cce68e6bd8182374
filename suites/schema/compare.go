package schema

// Comparison returns the keys of an expectation that compares two datasets: `compare` and what goes with it alone.
func Comparison() []Field {
	sides, column := Sides(), ComparedColumn()
	return []Field{
		{Name: "compare", Kind: Nested, Of: &sides, Doc: "two datasets that must agree, row by row on a key: `{source: orders, target: orders_copy}`"},
		{Name: "key", Kind: Strings, Doc: "of a comparison, the source's column or columns that pair the rows; absent, the key of the source dataset"},
		{Name: "columns", Kind: Objects, Of: &column, Doc: "how columns are compared, by the source's names; every column that both sides have is compared anyway"},
		{Name: "map", Kind: Texts, Doc: "columns that the two sides call differently: the source's name, and the target's"},
		{Name: "ignore", Kind: Strings, Doc: "columns of either side that are not compared"},
		{Name: "settle", Kind: Duration, Doc: "how long a difference waits before it is read again: what has caught up by then is counted as in flight"},
		{Name: "strategy", Kind: Enum, Enum: Strategies(), Doc: "how differences are found; auto unless said"},
	}
}

// ComparisonKeys are the names of the keys that go with compare alone.
func ComparisonKeys() []string {
	var out []string
	for _, f := range Comparison()[1:] {
		out = append(out, f.Name)
	}
	return out
}

// Strategies are the ways to find differences that a suite may ask for.
func Strategies() []string { return []string{"auto", "merge", "digest"} }

// Sides returns the declaration of a comparison's two sides.
func Sides() Object {
	return Object{
		Name: "a comparison",
		Doc:  "The two datasets of a comparison.",
		Fields: []Field{
			{Name: "source", Kind: String, Required: true, Doc: "the dataset that is right where they differ"},
			{Name: "target", Kind: String, Required: true, Doc: "the dataset that should agree with it"},
		},
	}
}

// ComparedColumn returns the declaration of how one column is compared.
func ComparedColumn() Object {
	return Object{
		Name: "a compared column",
		Doc:  "How one column is compared, where equal values are not what is meant.",
		Fields: []Field{
			{Name: "tolerance", Kind: Tolerance, Doc: "how far numbers may lie apart: `0.01`, `{rel: 1e-9}`, `{ulp: 4}`; of times a span: `5s`"},
			{Name: "precision", Kind: Duration, Doc: "the step at which times are compared: `1s`, `1ms`, `1m`; absent, the coarser of the two sides"},
			{Name: "normalize", Kind: Words, Enum: Normalizations(), Doc: "what is done to text on both sides first"},
			{Name: "expect", Kind: CEL, Doc: "CEL over `source` and `target`, the two rows, that holds where they agree"},
			{Name: "unordered", Kind: Bool, Doc: "whether lists agree in whatever order"},
			{Name: "empty_is_null", Kind: Bool, Doc: "whether an empty list is the same as null"},
		},
	}
}

// Normalizations are what can be done to text before it is compared.
func Normalizations() []string { return []string{"nfc", "trim", "casefold"} }
