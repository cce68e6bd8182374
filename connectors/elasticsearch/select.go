package elasticsearch

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// Sizes of reading.
const (
	firstPage   = 10      // rows of the first page of a stream, before anything is known of their size: it may be a megabyte each
	growth      = 20      // times the rows of a page that the next one may have: the rows read so far may be small by chance
	smallestRun = 2       // rows
	largestPage = 10_000  // rows: max_result_window
	pageBytes   = 2 << 20 // bytes that a page should have
	boundedRows = 1000    // branches up to this limit are read at once, without a point in time
	batchRows   = 4096
)

// selection is a Select made ready: one search a branch.
type selection struct {
	op       string
	target   target
	fields   []*field
	types    []value.Type
	sort     []any
	branches []selectBranch
	numbered bool // a column holds the branch's position
	beside   bool // others are read at the same time
	bounded  bool // all branches are small: one request without a point in time
	all      bool // the columns are all that the index has
	guards   guards
	rows     int
	// random has the server score what matches by chance; sort is then by the score.
	random *randomScore
}

// columns tells selections of different columns apart.
func (sel *selection) columns() string {
	var b strings.Builder
	for _, f := range sel.fields {
		fmt.Fprintf(&b, "%q ", f.name)
	}
	return b.String()
}

// everyField reports whether fields are all that the index has. Then a stream reads _source as it was stored: the server takes twice as long to filter it.
func everyField(s value.Schema, fields []*field) bool {
	have := map[string]bool{}
	for _, f := range fields {
		have[f.name] = true
	}
	return !slices.ContainsFunc(s.Columns, func(c value.Column) bool {
		f, err := fieldOf(&query.Column{Col: c})
		return !have[c.Name] && (err != nil || f.source != nil)
	})
}

// selectBranch is one search: a branch of the request, or a part of one. The parts of a branch follow each other and share its limit.
type selectBranch struct {
	where  *clause
	limit  int
	number int // of the request's branch
}

// Select implements connectors.Source. It refuses with a *query.Refusal what Caps refuses. Where a filter cannot be
// trusted on the data at hand, it streams all rows and filters here; where the key or a set check cannot, it returns a *connectors.InexactError.
func (s *Source) Select(ctx context.Context, q query.Select) (connectors.Rows, error) {
	sel, err := s.prepare(q)
	if err != nil {
		return nil, err
	}
	if setChecks(q) {
		if err := s.violated(ctx, sel, q.Branches); err != nil {
			return nil, err
		}
	}
	start := s.stream
	if sel.bounded {
		start = s.bounded
	}
	rows, err := start(ctx, sel)
	if errors.As(err, new(*connectors.InexactError)) && filteredOnly(q) {
		return s.local(ctx, q)
	}
	return rows, err
}

// violated finds what the branches of set checks read: a part for as many repeated values as one query can name.
func (s *Source) violated(ctx context.Context, sel *selection, branches []query.Branch) error {
	var parts []selectBranch
	for i, b := range branches {
		if b.Set == nil {
			parts = append(parts, sel.branches[i])
			continue
		}
		wheres, err := s.violations(ctx, b)
		if err != nil {
			return err
		}
		for _, w := range wheres {
			parts = append(parts, selectBranch{where: w, limit: b.Limit, number: i})
		}
		sel.bounded = sel.bounded && len(wheres) == 1
	}
	sel.branches = parts
	return nil
}

// filteredOnly reports whether rows need nothing of the server that cannot be done here: neither its order nor its groups.
func filteredOnly(q query.Select) bool { return !q.OrderByKey && !setChecks(q) }

// setChecks reports whether a branch is the rows that violate a set check.
func setChecks(q query.Select) bool {
	return slices.ContainsFunc(q.Branches, func(b query.Branch) bool { return b.Set != nil })
}

// prepare compiles a Select. Set branches get their where later: it takes requests to find it.
func (s *Source) prepare(q query.Select) (*selection, error) {
	t, err := targetOf(q.From.Dataset)
	if err != nil {
		return nil, err
	}
	sel := &selection{op: "read " + t.index, target: t, rows: q.BatchRows, numbered: len(q.Branches) > 1, beside: q.Beside}
	if sel.rows <= 0 {
		sel.rows = batchRows
	}
	for _, c := range q.Columns {
		f, err := fieldOf(c)
		if err != nil || c.Col.Unusable != "" {
			if err == nil {
				err = connectors.Own(fmt.Sprintf("column %q cannot be read: %s", c.Col.Name, c.Col.Unusable))
			}
			return nil, &connectors.Error{Op: sel.op, Err: err}
		}
		sel.fields, sel.types = append(sel.fields, f), append(sel.types, c.Col.Type)
	}
	sel.all = everyField(q.From.Schema, sel.fields)
	comp := newCompiler()
	if q.OrderByKey {
		if setChecks(q) {
			return nil, refuse(nil, "order of the rows that violate a set check")
		}
		if sel.sort, err = keySort(comp, q.From); err != nil {
			return nil, err
		}
	}
	sel.bounded = len(q.Branches) > 0
	for i, b := range q.Branches {
		where := all()
		if b.Where != nil {
			p, r := comp.predicate(b.Where)
			if r != nil {
				return nil, r
			}
			where = p.t
		}
		if b.Set != nil {
			if r := s.setRefusal(b.Set); r != nil {
				return nil, r
			}
		}
		sel.bounded = sel.bounded && b.Limit > 0 && b.Limit <= boundedRows
		sel.branches = append(sel.branches, selectBranch{where: where, limit: b.Limit, number: i})
	}
	if len(q.Branches) == 0 {
		sel.branches = []selectBranch{{where: all()}}
	}
	if q.OrderByKey {
		sel.nullsLast(q.From)
	}
	sel.guards = comp.checks()
	return sel, nil
}

// searchBody is the body of one search of a branch.
func (s *Source) searchBody(sel *selection, b selectBranch, size int, whole bool) map[string]any {
	body := map[string]any{"size": size, "track_total_hits": false}
	d := newDecoder(sel.fields, sel.types)
	switch paths := d.paths(); {
	case len(paths) == 0:
		body["_source"] = false
	case whole || d.wholeSource():
		body["_source"] = true
	default:
		body["_source"] = paths
	}
	if sel.sort != nil {
		body["sort"] = sel.sort
	}
	q := withFilter(sel.target.filter, b.where)
	if sel.random != nil {
		q = sel.random.query(q)
	}
	return s.bounds(body, q)
}

// withFilter joins the filter of the dataset and a clause, nil for all documents.
func withFilter(filter json.RawMessage, c *clause) any {
	var parts []any
	if filter != nil {
		parts = append(parts, filter)
	}
	if c != nil && c.op != clauseAll {
		parts = append(parts, c.query())
	}
	switch len(parts) {
	case 0:
		return nil
	case 1:
		if filter == nil {
			return parts[0]
		}
	}
	return map[string]any{"bool": map[string]any{"filter": parts}}
}

// boundedRequest is the one request for small branches: a search each, and one for the guards.
func (s *Source) boundedRequest(sel *selection, v *view, whole bool) request {
	var bodies []map[string]any
	if !sel.guards.empty() {
		body := map[string]any{"size": 0, "track_total_hits": false, "aggs": sel.guards.aggs()}
		bodies = append(bodies, s.bounds(body, withFilter(sel.target.filter, nil)))
	}
	for _, b := range sel.branches {
		bodies = append(bodies, s.searchBody(sel, b, b.limit, whole))
	}
	if len(bodies) == 1 {
		return v.request(bodies[0])
	}
	var lines []byte
	index := ""
	for _, body := range bodies {
		index = v.into(body)
		lines = append(append(append(lines, "{}\n"...), marshal(body)...), '\n')
	}
	return request{method: http.MethodPost, path: endpoint(index, "_msearch"), body: lines, lines: true}
}

func searchRequest(index string, body map[string]any) request {
	return request{method: http.MethodPost, path: endpoint(index, "_search"), body: marshal(body)}
}

// marshal forms the JSON of a body: maps of texts, numbers and raw JSON, which always marshal.
func marshal(body map[string]any) []byte {
	text, _ := json.Marshal(body) //nolint:errchkjson // see above
	return text
}

// search runs one search in a view and reads its answer into p, which is only good until buf is used again.
func (s *Source) search(ctx context.Context, op string, v *view, body map[string]any, buf *bytes.Buffer, p *page) error {
	text, err := s.client.do(ctx, op, v.request(body), buf)
	if err != nil {
		return err
	}
	if err := s.parsePage(op, text, p); err != nil {
		return err
	}
	v.renew(p.pit)
	return nil
}

// parsePage frames one answer of a search and refuses it when it is not over all data.
func (s *Source) parsePage(op string, body []byte, p *page) error {
	if err := framePage(body, p); err != nil {
		return &connectors.Error{Op: op, Err: err}
	}
	return s.checkPage(op, p)
}

func (s *Source) checkPage(op string, p *page) error {
	if p.failure != nil {
		return s.client.refused(op, cmp.Or(p.status, http.StatusBadRequest), append(append([]byte(`{"error":`), p.failure...), '}'))
	}
	var sh shards
	if len(p.shards) > 0 {
		if err := decodeJSON(op, p.shards, &sh); err != nil {
			return err
		}
	}
	return s.client.check(op, p.timedOut, sh)
}

// bounded reads small branches with one request.
func (s *Source) bounded(ctx context.Context, sel *selection) (connectors.Rows, error) {
	rows, err := s.boundedOnce(ctx, sel, false)
	if errors.Is(err, errNeedRaw) {
		return s.boundedOnce(ctx, sel, true)
	}
	return rows, err
}

func (s *Source) boundedOnce(ctx context.Context, sel *selection, whole bool) (connectors.Rows, error) {
	v, err := s.view(ctx, sel.op, sel.target.index)
	if err != nil {
		return nil, err
	}
	r := s.boundedRequest(sel, v, whole)
	body, err := s.client.do(ctx, sel.op, r, nil)
	if err != nil {
		return nil, err
	}
	var pages []*page
	sc := &scanner{data: body}
	if !r.lines {
		pages = []*page{{}}
		err = frame(sc, pages[0])
	} else {
		err = sc.object(func(key []byte) error {
			if string(key) != "responses" {
				_, err := sc.value()
				return err
			}
			return sc.array(func() error {
				p := &page{}
				pages = append(pages, p)
				return frame(sc, p)
			})
		})
	}
	if err != nil {
		return nil, &connectors.Error{Op: sel.op, Err: err}
	}
	for _, p := range pages {
		if err := s.checkPage(sel.op, p); err != nil {
			return nil, err
		}
		v.renew(p.pit)
	}
	if !sel.guards.empty() {
		if len(pages) == 0 {
			return nil, &connectors.Error{Op: sel.op, Err: errJSON}
		}
		if err := sel.guards.verify(sel.op, pages[0].aggregations); err != nil {
			return nil, err
		}
		pages = pages[1:]
	}
	if len(pages) != len(sel.branches) {
		return nil, &connectors.Error{Op: sel.op, Err: errJSON}
	}
	d := newDecoder(sel.fields, sel.types)
	out := &batches{}
	for i, p := range pages {
		if len(p.hits) == 0 {
			continue
		}
		extra := -1
		if sel.numbered {
			extra = sel.branches[i].number
		}
		for at := 0; at < len(p.hits); at += sel.rows {
			b := &value.Batch{}
			if err := d.batch(b, p.hits[at:min(at+sel.rows, len(p.hits))], whole || d.wholeSource(), extra); err != nil {
				return nil, &connectors.Error{Op: sel.op, Err: err}
			}
			out.all = append(out.all, b)
		}
	}
	return out, nil
}

// batches are rows that have been read already.
type batches struct{ all []*value.Batch }

// Next implements connectors.Rows.
func (b *batches) Next(context.Context) (*value.Batch, error) {
	if len(b.all) == 0 {
		return nil, nil
	}
	first := b.all[0]
	b.all = b.all[1:]
	return first, nil
}

// Close implements connectors.Rows.
func (b *batches) Close() error {
	b.all = nil
	return nil
}
