package catalog

// columnParam is the argument of the entries that judge columns one by one.
func columnParam(short bool) Param {
	return Param{
		Name: "column", Aliases: []string{"columns"}, Kind: ParamColumns, Required: true, Short: short,
		Doc: "the column; a list makes one expectation for each",
	}
}

// keyParam is the argument of the entries whose columns are one key.
func keyParam(short bool, doc string) Param {
	return Param{Name: "columns", Aliases: []string{"column"}, Kind: ParamColumns, Required: true, Short: short, Doc: doc}
}
