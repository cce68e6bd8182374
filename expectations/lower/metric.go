package lower

import (
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/expectations/lang"
)

// Measured is one aggregate of a metric as a request: the measures whose outputs, one after the other,
// make its lang.AggregateResult.
type Measured struct {
	Dataset  string
	From     query.Relation
	GroupBy  []query.Expr
	Measures []query.Measure
}

// Measures lowers the aggregates of a metric, in their order.
func Measures(m *lang.MetricExpr) []Measured {
	out := make([]Measured, 0, len(m.Aggregates))
	for i := range m.Aggregates {
		a := &m.Aggregates[i]
		d := Measured{Dataset: a.Dataset, From: *a.From}
		for _, k := range a.Keys {
			d.GroupBy = append(d.GroupBy, Row(k))
		}
		base := query.Measure{Nulls: Nulls(a.Arg, a.Where), Q: a.Q}
		if a.Arg != nil {
			base.Arg = Row(a.Arg)
		}
		if a.Where != nil {
			base.Where = Condition(a.Where)
		}
		for _, k := range a.Kinds() {
			base.Kind = k
			d.Measures = append(d.Measures, base)
		}
		out = append(out, d)
	}
	return out
}

// Nulls returns the columns that expressions name, each once: what tells undecided by null from
// the rest. A nil expression names none.
func Nulls(es ...*lang.RowExpr) []*query.Column {
	type id struct{ rel, index int }
	seen := map[id]bool{}
	var out []*query.Column
	for _, e := range es {
		if e == nil {
			continue
		}
		for _, c := range e.Columns() {
			if !seen[id{c.Rel, c.Index}] {
				seen[id{c.Rel, c.Index}] = true
				out = append(out, c)
			}
		}
	}
	return out
}
