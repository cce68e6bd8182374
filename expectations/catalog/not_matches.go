package catalog

func notMatches() Entry {
	return Entry{
		Name: "not_matches", Kind: Row, EachColumn: true,
		Doc:    "The column's text matches no regular expression of a list.",
		Params: patternParams("any forbids each pattern, all forbids only that every one matches at once"),
		expand: func(x *expansion) []Expansion {
			return x.patterns("!")
		},
	}
}
