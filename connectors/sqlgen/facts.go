package sqlgen

import (
	"maps"
	"slices"

	"github.com/assay-dev/assay/connectors/query"
)

// colID names a column of a request.
type colID struct{ rel, index int }

func idOf(c *query.Column) colID { return colID{c.Rel, c.Index} }

// colSet is an immutable set of columns.
type colSet map[colID]*query.Column

func (s colSet) union(t colSet) colSet {
	switch {
	case len(s) == 0:
		return t
	case len(t) == 0:
		return s
	}
	u := maps.Clone(s)
	maps.Copy(u, t)
	return u
}

func (s colSet) intersect(t colSet) colSet {
	u := colSet{}
	for id, c := range s {
		if _, ok := t[id]; ok {
			u[id] = c
		}
	}
	return u
}

func (s colSet) has(c *query.Column) bool {
	_, ok := s[idOf(c)]
	return ok
}

func (s colSet) equal(t colSet) bool {
	return maps.EqualFunc(s, t, func(*query.Column, *query.Column) bool { return true })
}

// sorted returns the columns in a stable order, so that statements are too.
func (s colSet) sorted() []*query.Column {
	out := slices.Collect(maps.Values(s))
	slices.SortFunc(out, func(a, b *query.Column) int {
		if a.Rel != b.Rel {
			return a.Rel - b.Rel
		}
		return a.Index - b.Index
	})
	return out
}

// facts are what is known of a fragment beside its text; they let a statement leave work out.
type facts struct {
	// exact: on rows in scope, the fragment is NULL exactly where one of strict is null or in error, so with an empty strict
	// never.
	exact  bool
	strict colSet
	// nullStrict: on any row, in scope or not, where one of these columns is NULL, so is the fragment.
	nullStrict colSet
	// truthStrict: on any row, where one of these columns is NULL, the fragment is not TRUE.
	truthStrict colSet
	// nullIsValue: where the fragment is NULL and OK holds, the value is null (a column, the
	// null literal, a conditional over them).
	nullIsValue bool
	// present is set where the fragment says no more than that this column is neither null nor in
	// error; presentSQL is the column's fragment.
	present    *query.Column
	presentSQL string
}

// scope is what holds for the rows that a fragment is meant for.
type scope struct {
	// notNull columns are neither null nor in error there.
	notNull colSet
	// alias of each relation, quoted.
	alias []string
}

// never reports whether o is never NULL.
func (o Operand) never() bool { return o.f.exact && len(o.f.strict) == 0 }
