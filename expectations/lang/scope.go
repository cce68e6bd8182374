package lang

import (
	"sort"
	"time"

	"cel.dev/cel-go/common/types"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// Scope is what an expression can name.
type Scope struct {
	// Row is the relation whose rows `row` stands for; nil where there is none.
	Row *query.Relation
	// Joined are the joined relations by alias; they are Rel 1 and up in sorted order of alias.
	Joined map[string]*query.Relation
	// Datasets are the datasets that the aggregate macros of a metric expression know, by name.
	Datasets map[string]*query.Relation
	// Vars are the suite's variables: vars.name.
	Vars map[string]value.Value
	// Now is what `now` stands for, frozen at the run's start.
	Now time.Time
	// Metric is the type of `metric`, nil where it is not known.
	Metric *value.Type
}

// relation is a relation under the name by which an expression speaks of it.
type relation struct {
	alias string
	rel   int
	from  *query.Relation
	typ   *types.Type
}

// relations returns Row and Joined, by alias.
func (s *Scope) relations() map[string]*relation {
	out := make(map[string]*relation, 1+len(s.Joined))
	if s.Row != nil {
		out[rowName] = newRelation(rowName, 0, s.Row)
	}
	aliases := make([]string, 0, len(s.Joined))
	for a := range s.Joined {
		aliases = append(aliases, a)
	}
	sort.Strings(aliases)
	for i, a := range aliases {
		out[a] = newRelation(a, i+1, s.Joined[a])
	}
	return out
}

func newRelation(alias string, rel int, from *query.Relation) *relation {
	return &relation{alias: alias, rel: rel, from: from, typ: types.NewObjectType(relationPrefix + alias)}
}

// The names that the language gives a meaning of its own.
const (
	rowName    = "row"
	nowName    = "now"
	varsName   = "vars"
	metricName = "metric"

	relationPrefix = "assay.row."
)

// Reserved reports whether name may not name a dataset or alias, as expressions use it themselves.
func Reserved(name string) bool {
	switch name {
	case rowName, nowName, varsName, metricName, "source", "target":
		return true
	}
	return false
}
