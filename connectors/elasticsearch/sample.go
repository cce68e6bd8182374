package elasticsearch

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/reservoir"
	"github.com/assay-dev/assay/connectors/value"
)

var _ connectors.SampleExplainer = (*Source)(nil)

const (
	// firstSamplePage is the number of rows of a sample's first page, before anything is known of their size.
	firstSamplePage = 1000
	// samplePageBytes is how many bytes a page of a sample should have.
	samplePageBytes = 16 << 20
	// randomField tells documents of a shard apart, and stays the same while they do.
	randomField = "_seq_no"
)

var errNoSample = errors.New("a sample is of at least one row")

// randomScore scores by chance. The server's random_score has 24 bits, of which many documents share one, and would then come in the order of the
// index: a second one decides among those. The least scores are taken, where floating-point numbers are fine enough for both.
type randomScore struct{ first, second int32 }

func newRandomScore(seed uint64) *randomScore {
	a := mix(seed)
	return &randomScore{first: int32(a >> 33), second: int32(mix(a) >> 33)} // #nosec G115 -- of 31 bits
}

// mix is the finaliser of SplitMix64 (Steele, Lea and Flood).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// query scores what q matches, nil for all documents.
func (r *randomScore) query(q any) any {
	if q == nil {
		q = map[string]any{"match_all": map[string]any{}}
	}
	of := func(seed int32, weight float64) map[string]any {
		return map[string]any{"random_score": map[string]any{"seed": seed, "field": randomField}, "weight": weight}
	}
	return map[string]any{"function_score": map[string]any{
		"query": q, "functions": []any{of(r.first, 1), of(r.second, math.Ldexp(1, -24))}, "score_mode": "sum", "boost_mode": "replace",
	}}
}

// sort is by the score, least first.
func (*randomScore) sort() []any {
	return []any{map[string]any{"_score": "asc"}}
}

// PlanSample implements connectors.Sampler. What a condition leaves is not counted for it.
func (s *Source) PlanSample(ctx context.Context, q query.Sample) (query.SampleDesign, error) {
	if err := ctx.Err(); err != nil {
		return query.SampleDesign{}, &connectors.Error{Op: "plan a sample of " + q.From.Dataset.Name, Err: err}
	}
	rows := int64(-1)
	if q.Where == nil {
		rows = q.From.Schema.Rows
	}
	d := sampleDesign(q, rows)
	d.Looked, d.Statements = max(rows, 0), 4+q.N/largestPage
	return d, nil
}

// ExplainSample implements connectors.SampleExplainer: the count, the check of the guards and the first page.
func (s *Source) ExplainSample(ctx context.Context, q query.Sample) (query.SampleDesign, []query.Statement, error) {
	d, err := s.PlanSample(ctx, q)
	if err != nil {
		return d, nil, err
	}
	sel, err := s.prepareSample(q)
	if err != nil {
		return d, nil, err
	}
	v := s.shown(sel.target.index)
	out := []request{v.request(s.countMatches(sel))}
	if !sel.guards.empty() {
		out = append(out, v.request(s.guardBody(sel)))
	}
	size := firstPage
	if d.Method == query.SampleRandomScore {
		sel.draw(q)
		size = min(firstSamplePage, q.N)
	}
	return d, statements(append(out, v.request(s.pageBody(sel, part{branch: 0, slice: -1}, size, sel.all, nil)))), nil
}

// countMatches is the search that counts what can be drawn.
func (s *Source) countMatches(sel *selection) map[string]any {
	return s.bounds(map[string]any{"size": 0, "track_total_hits": true}, withFilter(sel.target.filter, sel.branches[0].where))
}

// draw has the rows of a selection drawn at random.
func (sel *selection) draw(q query.Sample) {
	sel.random = newRandomScore(q.Seed)
	sel.sort = sel.random.sort()
	sel.branches[0].limit = q.N
}

// sampleDesign says how N of rows are drawn, -1 where nobody has counted.
func sampleDesign(q query.Sample, rows int64) query.SampleDesign {
	d := query.SampleDesign{Method: query.SampleRandomScore, Rows: rows, Linear: true}
	switch {
	case rows >= 0 && int64(q.N) >= rows:
		d.Method, d.Reason = query.SampleAll, fmt.Sprintf("%d rows are wanted of %d", q.N, rows)
	case rows >= 0:
		d.Reason = fmt.Sprintf("elasticsearch gives each of %d matches a random score for every page of up to %d that it returns", rows, largestPage)
	default:
		d.Reason = fmt.Sprintf("elasticsearch gives each match a random score for every page of up to %d that it returns", largestPage)
	}
	return d
}

// Sample implements connectors.Sampler, in a point in time. Where a condition cannot be trusted on the data at hand, it reads all rows and draws here.
func (s *Source) Sample(ctx context.Context, q query.Sample) (connectors.Sampled, error) {
	sel, err := s.prepareSample(q)
	if err != nil {
		return nil, err
	}
	bound, err := s.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	src, ok := bound.(*Source)
	if !ok {
		return nil, &connectors.Error{Op: sel.op, Err: fmt.Errorf("unexpected snapshot %T", bound)}
	}
	out := &sampled{end: func() {}}
	if src != s {
		out.end = func() { _ = src.Close() } // the server forgets a point in time by itself
	}
	if err := out.start(ctx, src, sel, q); err != nil {
		out.end()
		return nil, err
	}
	return out, nil
}

// prepareSample makes the selection of all that can be drawn.
func (s *Source) prepareSample(q query.Sample) (*selection, error) {
	op := "sample " + q.From.Dataset.Name
	switch {
	case q.N < 1:
		return nil, &connectors.Error{Op: op, Err: errNoSample}
	case len(q.From.Joins) > 0:
		return nil, refuse(nil, "a sample of joined rows")
	}
	sel, err := s.prepare(query.Select{From: q.From, Columns: q.Columns, BatchRows: q.BatchRows, Branches: []query.Branch{{Where: q.Where}}})
	if err == nil {
		sel.op = "sample " + sel.target.index
	}
	return sel, err
}

// start counts what matches, in the point in time, and begins to read.
func (d *sampled) start(ctx context.Context, s *Source, sel *selection, q query.Sample) error {
	v, err := s.view(ctx, sel.op, sel.target.index)
	if err != nil {
		return err
	}
	var p page
	if err := s.search(ctx, sel.op, v, s.countMatches(sel), nil, &p); err != nil {
		return err
	}
	total, err := totalOf(sel.op, p.total)
	if err != nil {
		return err
	}
	d.design = sampleDesign(q, total)
	d.design.RowsExact = true
	d.total, d.before = total, 2 // the point in time, and the count
	if d.design.Method == query.SampleRandomScore {
		sel.draw(q)
	}
	rows, err := s.stream(ctx, sel)
	if errors.As(err, new(*connectors.InexactError)) {
		return d.here(ctx, s, q, err)
	}
	if err != nil {
		return err
	}
	if st, ok := rows.(*stream); ok {
		d.stream = st
	}
	d.rows = rows
	return nil
}

// here draws from all rows, filtered in this process.
func (d *sampled) here(ctx context.Context, s *Source, q query.Sample, why error) error {
	rows, err := s.local(ctx, query.Select{From: q.From, Columns: q.Columns, Branches: []query.Branch{{Where: q.Where}}})
	if err != nil {
		return err
	}
	design := query.SampleDesign{Method: query.SampleReservoir, Reason: why.Error() + ": all rows are read and filtered here", Rows: -1, Linear: true, Statements: d.before}
	d.drawn = reservoir.New(ctx, "sample "+q.From.Dataset.Name, rows, q, design)
	d.rows = d.drawn
	return nil
}

// sampled is a sample as it is drawn.
type sampled struct {
	rows   connectors.Rows
	stream *stream           // rows where the server draws
	drawn  *reservoir.Sample // rows where this process does
	design query.SampleDesign
	total  int64
	before int // requests before the pages
	end    func()
	once   sync.Once
}

// Next implements connectors.Rows.
func (d *sampled) Next(ctx context.Context) (*value.Batch, error) { return d.rows.Next(ctx) }

// Design implements connectors.Sampled: each page of random scores looked at all that matches.
func (d *sampled) Design() query.SampleDesign {
	if d.drawn != nil {
		return d.drawn.Design()
	}
	out := d.design
	pages := d.stream.fetches.Load()
	out.Statements = d.before + int(pages)
	out.Looked = pages * d.total
	if out.Method == query.SampleAll {
		out.Looked = d.total
	}
	return out
}

// Close implements connectors.Rows.
func (d *sampled) Close() error {
	err := d.rows.Close()
	d.once.Do(d.end)
	return err
}
