package elasticsearch

import "github.com/assay-dev/assay/connectors/query"

// Caps implements connectors.Source.
func (s *Source) Caps() query.Caps {
	return query.Caps{
		Expr: func(_ query.Relation, e query.Expr) *query.Refusal {
			_, r := newCompiler().predicate(e)
			return r
		},
		Measure:  func(_ query.Relation, m query.Measure) *query.Refusal { return measureRefusal(m) },
		Set:      s.setRefusal,
		KeyOrder: true,
		Group:    false,
		// Sorted pages are up to four times as slow as slices in the order of the index.
		UnorderedFaster: true,
	}
}
