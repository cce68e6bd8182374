package catalog

import "github.com/assay-dev/assay/expectations/spec"

func unique() Entry {
	return Entry{
		Name: "unique", Kind: Set,
		Doc:    "No two rows share the values of the columns.",
		Params: []Param{keyParam(true, "the column, or the columns that together are one key")},
		expand: func(x *expansion) []Expansion {
			cols := x.columns("columns")
			if !x.knownColumns("columns") || !x.nullsSkipped("add not_null beside it") {
				return nil
			}
			return set(&SetSpec{Kind: Unique, Columns: cols}, cols)
		},
	}
}

// set makes the expansion of a check of a set of rows, which skips rows with a null in columns.
func set(s *SetSpec, columns []string) []Expansion {
	return []Expansion{{Kind: Set, Set: s, Columns: columns, SkipNullColumns: columns}}
}

// knownColumns checks the columns of an argument against the live schema and for repetition.
func (x *expansion) knownColumns(arg string) bool {
	fine := true
	seen := map[string]bool{}
	for i, c := range x.columns(arg) {
		at := x.columnAt(arg, i)
		if seen[c] {
			x.errorf(at, "bad-argument", "", "%s names column %q twice", x.entry.Name, c)
			fine = false
		}
		seen[c] = true
		if _, ok := x.column(c, at); !ok {
			fine = false
		}
	}
	return fine
}

// nullsSkipped refuses an on_null that a set check cannot say.
func (x *expansion) nullsSkipped(hint string) bool {
	if x.OnNull == spec.NullFail {
		x.errorf(x.Named.At, "bad-argument", hint, "%s skips nulls: on_null: fail is not possible here", x.entry.Name)
		return false
	}
	return true
}
