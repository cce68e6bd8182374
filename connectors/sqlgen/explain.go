package sqlgen

import (
	"fmt"

	"github.com/assay-dev/assay/connectors/query"
)

// missed says when the statement with guards follows the one without.
const missed = "only where the statement above met NaN, an infinity, an overflow or the like"

// Statements renders a request as the statement that answers it, and the one that follows where its answer is in doubt: what
// connectors.Explainer shows. Its error wraps a *query.Refusal where the dialect cannot say the request.
func Statements(d Dialect, r query.Request) ([]query.Statement, error) {
	var st Statement
	var err error
	switch r := r.(type) {
	case query.Select:
		st, err = Select(d, r)
	case query.Aggregate:
		var plan *Plan
		if plan, err = Aggregate(d, r); err == nil {
			st = plan.Statement
			if p, ok := Unguarded(d, r); ok && p.Statement.Text != st.Text {
				guarded := st.Query()
				guarded.Only = missed
				return []query.Statement{p.Statement.Query(), guarded}, nil
			}
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
