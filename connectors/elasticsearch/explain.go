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
	return statements(s.describeRequests(t))
}

// shown is the view that explained statements name.
func (s *Source) shown(index string) *view {
	if s.points == nil {
		return &view{index: index}
	}
	return &view{index: index, pit: pitPlaceholder}
}

// Statements implements connectors.Explainer. Within a snapshot they name its point in time, which is opened before and closed after them
// all. Of a stream it shows the opening, the check of the guards, the first page of each branch or slice
// and the closing; further pages differ in size and search_after only. Of a unique check it shows the counts and the first page of groups.
func (s *Source) Statements(r query.Request) ([]query.Statement, error) {
	switch r := r.(type) {
	case query.Aggregate:
		a, err := s.prepareAggregate(r)
		if err != nil {
			return nil, err
		}
		return statements([]request{s.shown(a.target.index).request(a.body)}), nil
	case query.Select:
		return s.selectStatements(r)
	case *query.UniqueCheck:
		u, err := s.prepareUnique(r)
		if err != nil {
			return nil, err
		}
		v := s.shown(u.target.index)
		return statements([]request{v.request(s.countBody(u)), v.request(s.groupBody(u, nil))}), nil
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
		return statements([]request{s.boundedRequest(sel, s.shown(sel.target.index), false)}), nil
	}
	var out []request
	if s.points == nil {
		out = append(out, s.openPIT(sel.target.index))
	}
	v := &view{index: sel.target.index, pit: pitPlaceholder}
	if !sel.guards.empty() {
		out = append(out, v.request(s.guardBody(sel)))
	}
	parts := sel.parts()
	if len(parts) == 1 {
		parts = nil
		for i := range sel.branches {
			parts = append(parts, part{branch: i, slice: -1})
		}
	}
	for _, p := range parts {
		size := firstPage
		if limit := sel.branches[p.branch].limit; limit > 0 {
			size = min(size, limit)
		}
		out = append(out, v.request(s.pageBody(sel, p, size, sel.all, nil)))
	}
	if s.points == nil {
		out = append(out, s.closePIT(pitPlaceholder))
	}
	return statements(out), nil
}
