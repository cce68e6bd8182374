package plan

import (
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/lower"
)

// placer decides for each expectation of one dataset where its numbers come from.
type placer struct {
	in  Input
	out *Dataset
	// filters collects, for every job that runs here, the rows it needs; a nil
	// element needs all of them.
	filters []query.Expr
	local   []query.Measure
	columns columnSet

	sampling *Sampling
	jobs     map[string]*SampleJob // by the text of the condition
}

// row places a row expectation: on the server where it is exact, else here over as few rows as can be told.
func (p *placer) row(item *Item) {
	if p.sampleRow(item) {
		return
	}
	r := item.Row
	m := query.Measure{Kind: query.MeasureTally, Arg: r.Pred, Where: r.Where, Skip: r.Skip, Nulls: r.Nulls}
	refusal := p.in.Caps.Measure(p.out.Relation, m)
	if refusal == nil {
		p.server(m, Slot{Item: item})
		return
	}
	decision := lower.Decide(p.out.Relation, p.in.Caps, r.Pred)
	item.Refusals = decision.Refusals
	if len(item.Refusals) == 0 {
		item.Refusals = []query.Refusal{*refusal}
	}
	// Only one state seen by both statements lets a count made there complete a count made here.
	selected := query.Measure{Kind: query.MeasureTally, Arg: truth(true), Where: r.Where, Skip: r.Skip, Nulls: r.Nulls}
	filter := p.prefilter(r, decision)
	if filter == nil || !p.in.Snapshots || p.in.Caps.Measure(p.out.Relation, selected) != nil {
		p.here(m, Slot{Item: item}, nil, r.Columns)
		return
	}
	p.server(selected, Slot{Item: item, Part: Selected})
	p.here(m, Slot{Item: item, Part: Rest}, filter, r.Columns)
}

// prefilter returns a condition, exact on the server, that is true for every row that the
// server cannot already count as true; nil when no such condition spares anything.
func (p *placer) prefilter(r *RowItem, d lower.Decision) query.Expr {
	var parts []query.Expr
	if r.Where != nil {
		parts = append(parts, test(query.OpIsTrue, r.Where))
	}
	if r.Skip != nil {
		parts = append(parts, not(test(query.OpIsTrue, r.Skip)))
	}
	if d.Support == lower.Superset && d.Prefilter != nil {
		parts = append(parts, d.Prefilter)
	}
	if len(parts) == 0 {
		return nil
	}
	filter := and(parts)
	if p.in.Caps.Expr(p.out.Relation, filter) != nil {
		return nil
	}
	return filter
}

func (p *placer) server(m query.Measure, s Slot) {
	if p.out.Pass == nil {
		// The first measure counts the rows of the dataset, for the report.
		p.out.Pass = &query.Aggregate{From: p.out.Relation, Measures: []query.Measure{{Kind: query.MeasureCount}}}
		p.out.PassSlots = []Slot{{}}
	}
	p.out.Pass.Measures = append(p.out.Pass.Measures, m)
	p.out.PassSlots = append(p.out.PassSlots, s)
}

func (p *placer) here(m query.Measure, s Slot, filter query.Expr, shown []*query.Column) {
	p.local = append(p.local, m)
	p.out.LocalSlots = append(p.out.LocalSlots, s)
	p.filters = append(p.filters, filter)
	p.need(m.Arg, m.Where, m.Skip)
	p.columns.add(m.Nulls...)
	p.columns.add(shown...)
	if len(shown) > 0 {
		p.columns.add(keyColumns(p.out.Relation)...)
	}
}

func (p *placer) need(exprs ...query.Expr) {
	for _, e := range exprs {
		if e != nil {
			p.columns.add(query.Columns(e)...)
		}
	}
}

// measures places the measures of one aggregate of a metric; they stay together, since they are formed into one number.
func (p *placer) measures(item *Item, metric, agg int, ms []query.Measure, groupBy []query.Expr) {
	slots := make([]Slot, len(ms))
	refused := p.refusal(ms, groupBy)
	for i := range ms {
		slots[i] = Slot{Item: item, Metric: metric, Agg: agg, Sub: i}
	}
	if refused != nil {
		item.Refusals = append(item.Refusals, *refused)
	}
	job := Job{Aggregate: query.Aggregate{From: p.out.Relation, GroupBy: groupBy, Measures: ms}, Slots: slots}
	switch {
	case refused == nil && len(groupBy) > 0:
		p.out.Groups = append(p.out.Groups, job)
	case refused == nil:
		for i, m := range ms {
			p.server(m, slots[i])
		}
	case len(groupBy) > 0:
		p.out.LocalGroups = append(p.out.LocalGroups, job)
		p.filters = append(p.filters, nil)
		p.need(groupBy...)
		for _, m := range ms {
			p.need(m.Arg, m.Where)
			p.columns.add(m.Nulls...)
		}
	default:
		for i, m := range ms {
			p.here(m, slots[i], nil, nil)
		}
	}
}

func (p *placer) refusal(ms []query.Measure, groupBy []query.Expr) *query.Refusal {
	if len(groupBy) > 0 && !p.in.Caps.Group {
		return &query.Refusal{Reason: p.in.Driver + ": grouped aggregates", Span: groupBy[0].Span()}
	}
	for _, g := range groupBy {
		if r := p.in.Caps.Expr(p.out.Relation, g); r != nil {
			return r
		}
	}
	for _, m := range ms {
		if r := p.in.Caps.Measure(p.out.Relation, m); r != nil {
			return r
		}
	}
	return nil
}

func (p *placer) set(item *Item) {
	if p.sampleSet(item) {
		return
	}
	job := SetJob{Check: item.Set.Check, Item: item}
	refusal := &query.Refusal{Reason: p.in.Driver + ": set-level checks"}
	if p.in.Sets {
		refusal = p.in.Caps.Set(item.Set.Check)
	}
	if refusal == nil {
		p.out.Sets = append(p.out.Sets, job)
		return
	}
	item.Refusals = append(item.Refusals, *refusal)
	p.out.LocalSets = append(p.out.LocalSets, job)
	p.filters = append(p.filters, nil)
	p.columns.add(setColumns(job, p.out.Relation)...)
}

// finish forms the one stream, filtered only if every job that it feeds can do with fewer rows.
func (p *placer) finish() {
	p.finishSamples()
	if len(p.filters) == 0 {
		return
	}
	p.out.Stream = &query.Select{From: p.out.Relation, Columns: p.columns.list}
	if len(p.local) > 0 {
		p.out.Local = &query.Aggregate{From: p.out.Relation, Measures: p.local}
	}
	for _, f := range p.filters {
		if f == nil {
			return
		}
	}
	where := or(p.filters)
	if p.in.Caps.Expr(p.out.Relation, where) == nil {
		p.out.Stream.Branches = []query.Branch{{Where: where}}
	}
}

// keyColumns are the columns that identify a row: the declared key, else the primary key.
func keyColumns(rel query.Relation) []*query.Column {
	names := rel.Dataset.Key
	if len(names) == 0 {
		names = rel.Schema.Key
	}
	var out []*query.Column
	for _, n := range names {
		if c, i := rel.Schema.Column(n); i >= 0 {
			out = append(out, &query.Column{Index: i, Col: c})
		}
	}
	return out
}

// KeyColumns returns the columns that identify a row of the dataset, none when it has no key.
func (d *Dataset) KeyColumns() []*query.Column { return keyColumns(d.Relation) }

// columnSet is an ordered set of columns of one relation.
type columnSet struct {
	list []*query.Column
	seen map[int]bool
}

func (s *columnSet) add(cols ...*query.Column) {
	if s.seen == nil {
		s.seen = map[int]bool{}
	}
	for _, c := range cols {
		if !s.seen[c.Index] {
			s.seen[c.Index] = true
			s.list = append(s.list, c)
		}
	}
}

func boolean() value.Type { return value.Of(value.Bool) }

func truth(b bool) query.Expr { return &query.Literal{Val: value.BoolValue(b), Typ: boolean()} }

func test(op query.Op, e query.Expr) query.Expr {
	return &query.Call{Op: op, Args: []query.Expr{e}, Typ: boolean(), At: e.Span()}
}

func not(e query.Expr) query.Expr { return test(query.OpNot, e) }

func and(parts []query.Expr) query.Expr { return join(query.OpAnd, parts) }

func or(parts []query.Expr) query.Expr { return join(query.OpOr, parts) }

func join(op query.Op, parts []query.Expr) query.Expr {
	if len(parts) == 1 {
		return parts[0]
	}
	return &query.Call{Op: op, Args: parts, Typ: boolean()}
}
