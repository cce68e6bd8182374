package sqlgen

import (
	"errors"

	"github.com/assay-dev/assay/connectors/query"
)

// Caps returns what d's engine evaluates exactly, decided by rendering.
func Caps(d Dialect) query.Caps {
	return query.Caps{
		Expr: func(_ query.Relation, e query.Expr) *query.Refusal {
			_, refusal := NewWriter(d).Expr(e)
			return refusal
		},
		Measure: func(from query.Relation, m query.Measure) *query.Refusal {
			_, err := Aggregate(d, query.Aggregate{From: from, Measures: []query.Measure{m}})
			return refusalOf(d, err)
		},
		Set: func(c query.SetCheck) *query.Refusal {
			_, err := Set(d, c)
			return refusalOf(d, err)
		},
		Join: func(from query.Relation) *query.Refusal {
			_, err := NewWriter(d).from(from)
			return refusalOf(d, err)
		},
		KeyOrder: true,
		Group:    true,
	}
}

func refusalOf(d Dialect, err error) *query.Refusal {
	if err == nil {
		return nil
	}
	if r, ok := errors.AsType[*query.Refusal](err); ok {
		return r
	}
	return Refuse(d, err.Error(), nil)
}
