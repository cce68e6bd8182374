package plan

import "github.com/assay-dev/assay/connectors/query"

// AddLocal moves a measure to the stream after planning: the source turned out to be
// unable to answer it exactly. The stream is no longer filtered.
func (d *Dataset) AddLocal(m query.Measure, s Slot) {
	d.widen(append(measureColumns(m), keyColumns(d.Relation)...))
	if d.Local == nil {
		d.Local = &query.Aggregate{From: d.Relation}
	}
	d.Local.Measures = append(d.Local.Measures, m)
	d.LocalSlots = append(d.LocalSlots, s)
}

// AddLocalGroup moves a grouped aggregate to the stream after planning, as AddLocal does a measure.
func (d *Dataset) AddLocalGroup(j Job) {
	var cols []*query.Column
	for _, g := range j.Aggregate.GroupBy {
		cols = append(cols, query.Columns(g)...)
	}
	for _, m := range j.Aggregate.Measures {
		cols = append(cols, measureColumns(m)...)
	}
	d.widen(cols)
	d.LocalGroups = append(d.LocalGroups, j)
}

// AddLocalSet moves a set-level check to the stream after planning, as AddLocal does a measure.
func (d *Dataset) AddLocalSet(j SetJob) {
	d.widen(setColumns(j, d.Relation))
	d.LocalSets = append(d.LocalSets, j)
}

// widen has the stream read every row and these columns too.
func (d *Dataset) widen(more []*query.Column) {
	var cols columnSet
	if d.Stream == nil {
		d.Stream = &query.Select{From: d.Relation}
	}
	cols.add(d.Stream.Columns...)
	cols.add(more...)
	d.Stream.Columns, d.Stream.Branches = cols.list, nil
}

func measureColumns(m query.Measure) []*query.Column {
	var cols []*query.Column
	for _, e := range []query.Expr{m.Arg, m.Where, m.Skip} {
		if e != nil {
			cols = append(cols, query.Columns(e)...)
		}
	}
	return append(cols, m.Nulls...)
}

// setColumns are the columns that a set-level check needs here: its own, those of its where, the key and what is shown.
func setColumns(j SetJob, rel query.Relation) []*query.Column {
	cols := append(append([]*query.Column{}, j.Item.Set.Columns...), keyColumns(rel)...)
	var where query.Expr
	switch c := j.Check.(type) {
	case *query.UniqueCheck:
		cols, where = append(cols, c.Columns...), c.Where
	case *query.MonotonicCheck:
		cols = append(append(append(cols, c.Column), c.OrderBy...), c.GroupBy...)
		where = c.Where
	case *query.ReferenceCheck:
		cols, where = append(cols, c.Columns...), c.Where
	}
	if where != nil {
		cols = append(cols, query.Columns(where)...)
	}
	return cols
}
