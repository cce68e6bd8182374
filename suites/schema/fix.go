package schema

// Fixing returns the keys of an expectation that say what is to be changed about what it finds.
func Fixing() []Field {
	decl := Fix()
	return []Field{
		{
			Name: "fix", Kind: Fixed, Enum: sideNames(), Of: &decl,
			Doc: "what is to be changed about what it finds: of a comparison the side that is corrected, or a map that says more; of rows, CEL for the columns that get a value: " +
				"`{customer_name: customer.name}`",
		},
		{
			Name: "risk", Kind: CEL,
			Doc: "CEL over `change` (action, class, columns, rows, fraction, expectation) that weighs these changes: `low`, `medium`, `high` or `manual`; that of `corrections` unless said",
		},
	}
}

func sideNames() []string { return []string{"target", "source"} }

// Fix returns the declaration of how a comparison is corrected.
func Fix() Object {
	soft := Soft()
	return Object{
		Name: "a fix",
		Doc:  "How what a comparison finds is corrected. The side that `to` names is brought into agreement with the other one, but for columns that it owns itself.",
		Fields: []Field{
			{Name: "to", Kind: Enum, Enum: sideNames(), Doc: "the side that is corrected; target unless said"},
			{
				Name: "columns", Kind: Owners, Enum: []string{"source", "target", "manual"},
				Doc: "who owns a column, by the source's names: `source` or `target`; `{newest: updated_at}` for the row that changed last by that column, which then goes with it; `{prefer: source}` for that side's value " +
					"unless it is null, else the other's; `manual` for people; absent, the side that is not corrected",
			},
			{Name: "missing", Kind: Enum, Enum: []string{"insert", "ignore"}, Doc: "what becomes of rows that the corrected side lacks; insert unless said"},
			{Name: "extra", Kind: Enum, Enum: []string{"delete", "soft", "ignore"}, Doc: "what becomes of rows that it alone has; delete unless said"},
			{Name: "soft", Kind: Nested, Of: &soft, Doc: "how a row is marked as deleted, of `extra: soft`"},
			{
				Name: "duplicates", Kind: Keeps, Enum: []string{"ignore", "matching"},
				Doc: "which of several rows with one key the corrected side keeps: `matching` the other side's row, `{newest: updated_at}` or `{oldest: id}` by one of its columns; ignore, unless said, keeps all. " +
					"What tells them apart is a primary key that is not the comparison's, else that column",
			},
		},
	}
}

// Soft returns the declaration of a mark of deleted rows.
func Soft() Object {
	return Object{
		Name: "a soft delete",
		Doc:  "How a row is marked as deleted instead of being deleted. A `where` leaves the marked ones out of the comparison: `where: {target: row.deleted_at == null}`.",
		Fields: []Field{
			{Name: "column", Kind: String, Required: true, Doc: "the column of the corrected side that marks it"},
			{Name: "value", Kind: CEL, Doc: "CEL of the mark over `row`; now unless said"},
		},
	}
}

// Corrections returns the declaration of what a run may do about what it finds.
func Corrections() Object {
	return Object{
		Name: "corrections",
		Doc:  "What a run does about what expectations with a `fix` find. Only connections with `writable: true` are ever written to.",
		Fields: []Field{
			{Name: "mode", Kind: Enum, Enum: Modes(), Doc: "what `assay run` does where `--mode` is not given; audit unless said"},
			{Name: "max_changes", Kind: Count, Doc: "the most changes of a run: `auto` makes none where there are more, and none is of low risk; 10000 unless said"},
			{Name: "max_fraction", Kind: Rate, Doc: "likewise the largest share of a dataset's rows; no bound unless said"},
			{Name: "rate", Kind: Count, Doc: "the most changes a second; no bound unless said"},
			{
				Name: "risk", Kind: CEL,
				Doc: "CEL over `change` (action, class, columns, rows, fraction, expectation) that weighs changes: `low`, `medium`, `high` or `manual`. Unless said updates are low, inserts and soft deletes medium, deletes high; " +
					"deletes, and changes over the bounds, are never low whatever it says",
			},
		},
	}
}

// Modes are what a run can do about what it finds.
func Modes() []string { return []string{"audit", "alert", "plan", "selective", "auto", "rebuild"} }
