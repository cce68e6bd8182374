package elasticsearch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strings"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// idColumn is the name of the column that holds the document's id.
const idColumn = "_id"

// target is what a dataset reads: an index, alias, data stream or pattern, and the filter of a query: dataset.
type target struct {
	index  string
	filter json.RawMessage // nil for all
}

// targetOf reads a dataset. A query: that does not only read is refused as the transport would refuse it.
func targetOf(d query.Dataset) (target, error) {
	op := "read dataset " + d.Name
	bad := func(text string) (target, error) {
		return target{}, &connectors.Error{Kind: connectors.Misconfigured, Op: op, Err: errors.New(text)}
	}
	if d.Query == "" {
		if d.Index == "" {
			return bad("an elasticsearch dataset is an index: or a query:")
		}
		return target{index: d.Index}, nil
	}
	line, body, _ := strings.Cut(strings.TrimSpace(d.Query), "\n")
	method, path, ok := strings.Cut(strings.TrimSpace(line), " ")
	path = strings.TrimSpace(path)
	if !ok || !strings.HasPrefix(path, "/") {
		return bad("query: is a request line, POST /index/_search, and a JSON body that holds \"query\"")
	}
	if !allowed(method, path) {
		return target{}, &connectors.Error{Kind: connectors.ReadOnly, Op: op, Err: errReadOnly}
	}
	index, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if rest != "_search" || strings.HasPrefix(index, "_") {
		return bad("query: reads by /index/_search only")
	}
	var parts map[string]json.RawMessage
	if err := json.Unmarshal([]byte(body), &parts); err != nil {
		return bad("query: has a body that is not a JSON object")
	}
	filter := parts["query"]
	if filter == nil || len(parts) != 1 {
		return bad("query: takes \"query\" in its body and nothing else")
	}
	return target{index: index, filter: filter}, nil
}

// describeRequests reads the mapping, and the count by a search: the server goes on with a _count whose caller has left.
func (s *Source) describeRequests(t target) []request {
	count := s.bounds(map[string]any{"size": 0, "track_total_hits": true}, withFilter(t.filter, nil))
	return []request{{method: http.MethodGet, path: "/" + url.PathEscape(t.index)}, searchRequest(t.index, count)}
}

// Describe implements connectors.Source. Fields of several indices (a pattern, an alias, a data stream) are one
// column where their types agree. Rows is the exact count of the moment.
func (s *Source) Describe(ctx context.Context, d query.Dataset) (value.Schema, error) {
	t, err := targetOf(d)
	if err != nil {
		return value.Schema{}, err
	}
	op := "describe " + t.index
	requests := s.describeRequests(t)
	var infos map[string]*indexInfo
	if err := s.client.json(ctx, op, requests[0], &infos); err != nil {
		return value.Schema{}, err
	}
	if len(infos) == 0 {
		return value.Schema{}, &connectors.Error{Kind: connectors.NotFound, Op: op, Err: errors.New("no index matches")}
	}
	body, err := s.client.do(ctx, op, requests[1], nil)
	if err != nil {
		return value.Schema{}, err
	}
	var p page
	if err := s.parsePage(op, body, &p); err != nil {
		return value.Schema{}, err
	}
	rows, err := totalOf(op, p.total)
	if err != nil {
		return value.Schema{}, err
	}
	schema := value.Schema{Columns: mergeIndices(infos, s.client.openSearch, d.Columns), Rows: rows}
	if len(infos) == 1 {
		schema.Key = []string{idColumn}
	}
	return schema, nil
}

// mergeIndices forms one list of columns, _id first, the others by name.
func mergeIndices(infos map[string]*indexInfo, openSearch bool, options map[string]query.ColumnOptions) []value.Column {
	indices := make([]string, 0, len(infos))
	for name := range infos {
		indices = append(indices, name)
	}
	sort.Strings(indices)
	merged := map[string]described{}
	for _, index := range indices {
		for name, d := range describeIndex(infos[index], openSearch, options) {
			if old, ok := merged[name]; ok {
				d = merge(old, d)
			}
			merged[name] = d
		}
	}
	columns := []value.Column{{
		Name: idColumn, Type: value.Of(value.String), Native: idColumn, NotNull: true,
		Meta: &field{name: idColumn, typ: idColumn, codec: codecString, class: classNone, whyNot: "_id", exists: idColumn},
	}}
	names := make([]string, 0, len(merged))
	for name := range merged {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		d := merged[name]
		column := value.Column{Name: name, Type: d.kind, Native: d.native, MayErr: d.mayErr, Unusable: d.unusable, Meta: d.f}
		resolve(&column, d.f)
		columns = append(columns, column)
	}
	return columns
}

// merge joins the descriptions of one field in two indices.
func merge(a, b described) described {
	if a.unusable != "" {
		return a
	}
	if b.unusable != "" {
		return b
	}
	f, g := *a.f, b.f
	if f.typ != g.typ || f.format != g.format || strings.Join(f.source, ".") != strings.Join(g.source, ".") ||
		(f.constant == nil) != (g.constant == nil) || (f.constant != nil && *f.constant != *g.constant) {
		a.unusable = fmt.Sprintf("its indices map it differently (%s and %s)", a.native, b.native)
		return a
	}
	if g.asked != f.asked {
		f.refuse("indices that map the field differently")
		if g.whyNot != "" {
			f.whyNot = g.whyNot
		}
	}
	if g.exists != f.exists {
		f.exists, f.whyNotNull = "", "indices that map the field differently"
	}
	for _, name := range g.ignored {
		if !slices.Contains(f.ignored, name) {
			f.ignored = append(slices.Clip(f.ignored), name)
		}
	}
	f.sortable = f.sortable && g.sortable
	if f.keeps == 0 || g.keeps != 0 && g.keeps < f.keeps {
		f.keeps = g.keeps
	}
	a.f, a.mayErr = &f, a.mayErr || b.mayErr
	return a
}

// fieldOf returns what Describe noted about a column.
func fieldOf(c *query.Column) (*field, error) {
	f, ok := c.Col.Meta.(*field)
	if !ok {
		return nil, fmt.Errorf("column %q was not described by this connection", c.Col.Name)
	}
	return f, nil
}
