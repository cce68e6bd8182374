package sqlgen

import (
	"fmt"

	"github.com/assay-dev/assay/connectors/query"
)

// Statements renders a request as the one statement that answers it: what connectors.Explainer shows. Its error wraps a
// *query.Refusal where the dialect cannot say the request.
func Statements(d Dialect, r query.Request) ([]query.Statement, error) {
	var st Statement
	var err error
	switch r := r.(type) {
	case query.Select:
		st, err = Select(d, r)
	case query.Aggregate:
		var plan *Plan
		if plan, err = Aggregate(d, r); err == nil {
			if p, ok := Unguarded(d, r); ok {
				plan = p // Aggregate's follows only where this is in doubt
			}
			st = plan.Statement
		}
	case query.SetCheck:
		st, err = Set(d, r)
	default:
		err = fmt.Errorf("unknown request %T", r)
	}
	if err != nil {
		return nil, err
	}
	return []query.Statement{st.Query()}, nil
}
