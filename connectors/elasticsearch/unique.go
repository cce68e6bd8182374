package elasticsearch

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
)

// bucketPage is how many groups a page of a composite aggregation has; search.max_buckets allows 65,536.
const bucketPage = 10_000

// unique is a UniqueCheck made ready: pages of one composite aggregation, which is exact.
type unique struct {
	target  target
	op      string
	fields  []*field
	where   truth
	nulls   *clause // where true, one of the columns null
	counted *clause // where true, none null
	filters *filters
	guards  guards
}

func (s *Source) setRefusal(c query.SetCheck) *query.Refusal {
	switch c := c.(type) {
	case *query.UniqueCheck:
		_, err := s.prepareUnique(c)
		if r, ok := errors.AsType[*query.Refusal](err); ok {
			return r
		}
		if err != nil {
			return refuse(nil, err.Error())
		}
		return nil
	case *query.MonotonicCheck:
		return refuse(nil, "monotonic")
	case *query.ReferenceCheck:
		return refuse(nil, "references")
	}
	return refuse(nil, "an unknown check")
}

func (s *Source) prepareUnique(c *query.UniqueCheck) (*unique, error) {
	t, err := targetOf(c.From.Dataset)
	if err != nil {
		return nil, err
	}
	u := &unique{target: t, op: "check unique in " + t.index, where: truth{all(), none()}, filters: newFilters()}
	comp := newCompiler()
	if c.Where != nil {
		var r *query.Refusal
		if u.where, r = comp.predicate(c.Where); r != nil {
			return nil, r
		}
	}
	var present []*clause
	for _, col := range c.Columns {
		f, r := comp.comparable(col)
		if r != nil {
			return nil, r
		}
		if f.class != classKeyword && f.class != classLong && f.class != classBool {
			return nil, refuse(col, "groups of a field of type "+f.typ)
		}
		u.fields = append(u.fields, f)
		present = append(present, existsClause(f.asked))
	}
	u.counted = and(append(present, u.where.t)...)
	u.nulls = and(u.where.t, not(and(present...)))
	u.guards = comp.checks()
	return u, nil
}

// countBody is the search that checks the guards and counts what is skipped.
func (s *Source) countBody(u *unique) map[string]any {
	aggs := map[string]any{}
	u.filters.ask(u.nulls)
	u.filters.ask(u.where.undecided())
	u.guards.into(u.filters, aggs)
	if len(u.filters.queries) > 0 {
		aggs[aggQueries] = map[string]any{"filters": map[string]any{"filters": u.filters.queries}}
	}
	body := map[string]any{"size": 0, "track_total_hits": true, "aggs": aggs}
	return s.bounds(body, withFilter(u.target.filter, nil))
}

// bounds adds the query, nil for all documents, and the statement timeout to a search.
func (s *Source) bounds(body map[string]any, q any) map[string]any {
	if q != nil {
		body["query"] = q
	}
	if t := s.client.timeoutText(); t != "" {
		body["timeout"] = t
	}
	return body
}

// groupBody is one page of the groups. What is counted stands in the query, not in a filter aggregation around the groups: OpenSearch
// 3.8 overlooks that, and Elasticsearch would have to visit every document for each page.
func (s *Source) groupBody(u *unique, after json.RawMessage) map[string]any {
	sources := make([]any, len(u.fields))
	for i, f := range u.fields {
		sources[i] = map[string]any{"c" + strconv.Itoa(i): map[string]any{"terms": map[string]any{"field": f.asked}}}
	}
	composite := map[string]any{"size": bucketPage, "sources": sources}
	if after != nil {
		composite["after"] = after
	}
	body := map[string]any{
		"size": 0, "track_total_hits": false, "aggs": map[string]any{"groups": map[string]any{"composite": composite}},
	}
	return s.bounds(body, withFilter(u.target.filter, u.counted))
}

// group is one bucket of a composite aggregation.
type group struct {
	Key      map[string]any `json:"key"`
	DocCount int64          `json:"doc_count"`
}

// counts checks the guards and counts what the check skips.
func (s *Source) counts(ctx context.Context, u *unique, v *view) (*counts, error) {
	var p page
	if err := s.search(ctx, u.op, v, s.countBody(u), nil, &p); err != nil {
		return nil, err
	}
	c, err := readCounts(u.op, u.filters, p.aggregations)
	if err != nil {
		return nil, err
	}
	if c.total, err = totalOf(u.op, p.total); err != nil {
		return nil, err
	}
	return c, u.guards.check(u.op, c)
}

// groups reads all pages and calls each with every group until it returns false.
func (s *Source) groups(ctx context.Context, u *unique, v *view, each func(group) bool) error {
	var after json.RawMessage
	for {
		var p page
		if err := s.search(ctx, u.op, v, s.groupBody(u, after), nil, &p); err != nil {
			return err
		}
		var out struct {
			Groups struct {
				After   json.RawMessage `json:"after_key"`
				Buckets []group         `json:"buckets"`
			} `json:"groups"`
		}
		if err := decodeJSON(u.op, p.aggregations, &out); err != nil {
			return err
		}
		for _, g := range out.Groups.Buckets {
			if !each(g) {
				return nil
			}
		}
		if after = out.Groups.After; after == nil || len(out.Groups.Buckets) < bucketPage {
			return nil
		}
	}
}

// CheckSet implements connectors.SetChecker: unique by the pages of a composite aggregation, which outside of a snapshot see the index
// as it is when each is read. Other checks are refused.
func (s *Source) CheckSet(ctx context.Context, check query.SetCheck) (query.SetResult, error) {
	var r query.SetResult
	c, ok := check.(*query.UniqueCheck)
	if !ok {
		return r, s.setRefusal(check)
	}
	u, err := s.prepareUnique(c)
	if err != nil {
		return r, err
	}
	v, err := s.view(ctx, u.op, u.target.index)
	if err != nil {
		return r, err
	}
	counts, err := s.counts(ctx, u, v)
	if err != nil {
		return r, err
	}
	err = s.groups(ctx, u, v, func(g group) bool {
		if g.DocCount > 1 {
			r.False += g.DocCount
		} else {
			r.True++
		}
		return true
	})
	if err != nil {
		return query.SetResult{}, err
	}
	r.Skipped, r.WhereUndecided = counts.count(u.nulls), counts.count(u.where.undecided())
	return r, nil
}

// violations is the documents of a branch that violate its set check, in parts that follow each other: a query can name only so many values.
// It names as many groups as the limit can need, and without a limit no more than one query can.
func (s *Source) violations(ctx context.Context, b query.Branch) ([]*clause, error) {
	c, ok := b.Set.(*query.UniqueCheck)
	if !ok {
		return nil, s.setRefusal(b.Set)
	}
	u, err := s.prepareUnique(c)
	if err != nil {
		return nil, err
	}
	where := u.where.t
	if b.Where != nil {
		p, r := newCompiler().predicate(b.Where)
		if r != nil {
			return nil, r
		}
		where = and(where, p.t)
	}
	together := maxClauses / max(len(u.fields), 1)
	most := together
	if b.Limit > 0 && b.Where == nil {
		most = (b.Limit + 1) / 2 // a group is of two rows at least
	}
	v, err := s.view(ctx, u.op, u.target.index)
	if err != nil {
		return nil, err
	}
	if _, err := s.counts(ctx, u, v); err != nil {
		return nil, err
	}
	var found []*clause
	complete := true
	if err := s.groups(ctx, u, v, func(g group) bool {
		if g.DocCount < 2 {
			return true
		}
		if len(found) == most {
			complete = false
			return false
		}
		var terms []*clause
		for i, f := range u.fields {
			terms = append(terms, leaf("term", map[string]any{f.asked: g.Key["c"+strconv.Itoa(i)]}))
		}
		found = append(found, and(terms...))
		return true
	}); err != nil {
		return nil, err
	}
	if !complete && (b.Limit == 0 || b.Where != nil) {
		return nil, &connectors.InexactError{Reason: "elasticsearch: more repeated values than one query can name"}
	}
	if len(found) == 0 {
		return []*clause{none()}, nil
	}
	var parts []*clause
	for part := range slices.Chunk(found, together) {
		parts = append(parts, and(where, or(part...)))
	}
	return parts, nil
}

// unixTime is the instant of a vector's element.
func unixTime(sec int64, nsec int32) time.Time { return time.Unix(sec, int64(nsec)).UTC() }
