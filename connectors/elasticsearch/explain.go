package elasticsearch

import (
	"strings"

	"github.com/assay-dev/assay/connectors/query"
)

// pitPlaceholder stands in explained statements for the id that the server gives.
const pitPlaceholder = "<point in time>"

// statement shows a request as it is sent: the request line and the body.
func (r request) statement() query.Statement {
	text := r.method + " " + r.path
	if len(r.body) > 0 {
		text += "\n" + strings.TrimRight(string(r.body), "\n")
	}
	return query.Statement{Text: text}
}

func statements(rs []request) []query.Statement {
	out := make([]query.Statement, len(rs))
	for i, r := range rs {
		out[i] = r.statement()
	}
	return out
}

// DescribeStatements implements connectors.Explainer.
func (s *Source) DescribeStatements(d query.Dataset) []query.Statement {
	t, err := targetOf(d)
	if err != nil {
		return nil
	}
	return statements(t.describeRequests())
}

// Statements implements connectors.Explainer. Of a stream it shows the opening, the check of the guards, the first page of each branch
// and the closing; further pages differ in size and search_after only. Of a unique check it shows the counts and the first page of groups.
func (s *Source) Statements(r query.Request) ([]query.Statement, error) {
	switch r := r.(type) {
	case query.Aggregate:
		a, err := s.prepareAggregate(r)
		if err != nil {
			return nil, err
		}
		return statements([]request{searchRequest(a.target.index, a.body)}), nil
	case query.Select:
		return s.selectStatements(r)
	case *query.UniqueCheck:
		u, err := s.prepareUnique(r)
		if err != nil {
			return nil, err
		}
		return statements([]request{
			searchRequest(u.target.index, s.countBody(u)), searchRequest(u.target.index, s.groupBody(u, nil)),
		}), nil
	case query.SetCheck:
		return nil, s.setRefusal(r)
	}
	return nil, refuse(nil, "an unknown request")
}

func (s *Source) selectStatements(q query.Select) ([]query.Statement, error) {
	sel, err := s.prepare(q)
	if err != nil {
		return nil, err
	}
	if sel.bounded {
		return statements([]request{s.boundedRequest(sel, false)}), nil
	}
	out := []request{s.openPIT(sel.target.index)}
	if !sel.guards.empty() {
		out = append(out, searchRequest("", s.guardBody(sel, pitPlaceholder)))
	}
	for i, b := range sel.branches {
		size := firstPage
		if b.limit > 0 {
			size = min(size, b.limit)
		}
		out = append(out, searchRequest("", s.pageBody(sel, i, size, false, pitPlaceholder, nil)))
	}
	return statements(append(out, s.closePIT(pitPlaceholder))), nil
}
