package run

import (
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/result"
)

// numbers is what was learnt about one item, by one goroutine at a time.
type numbers struct {
	counts result.Counts
	// selected is the row count behind a prefiltered stream, counted on the server.
	selected *result.Counts
	rest     bool
	// aggregates holds the outputs of every measure: [metric][agg][sub] -> groups of outputs.
	aggregates map[aggKey][][]value.Value
	failures   []result.Failure
	err        error
	// failuresErr says why failing rows could not be fetched; the verdict stands all the same.
	failuresErr error
	comparison  *comparison
	drawn       *drawn                 // set where rows were drawn at random
	gathered    map[aggKey]*estimating // aggregates that are estimated
	joined      *joinOutcome
	statements  int
	ms          int64
	server      bool
	here        bool
	pass        int // expectations that shared the pass
}

type aggKey struct{ metric, agg, sub int }

// tallyCounts reads the outputs of a MeasureTally.
func tallyCounts(out []value.Value) result.Counts {
	return result.Counts{
		True: out[0].Int(), False: out[1].Int(), Undecided: out[2].Int(), UndecidedByNull: out[3].Int(),
		WhereUndecided: out[4].Int(), SkippedNull: out[5].Int(),
	}
}

// setCounts reads a SetResult; a row whose columns could not be represented is undecided for another cause.
func setCounts(r query.SetResult) result.Counts {
	return result.Counts{
		True: r.True, False: r.False, Undecided: r.Errored, WhereUndecided: r.WhereUndecided, SkippedNull: r.Skipped,
	}
}

// take stores the outputs of one measure where its slot says. groups has one element, or one a group with the
// group's values first.
func (n *numbers) take(s plan.Slot, groups [][]value.Value) {
	if s.Item.Metric != nil {
		if n.aggregates == nil {
			n.aggregates = map[aggKey][][]value.Value{}
		}
		n.aggregates[aggKey{s.Metric, s.Agg, s.Sub}] = groups
		return
	}
	c := tallyCounts(groups[0])
	switch s.Part {
	case plan.Selected:
		n.selected = &c
	case plan.Rest:
		n.counts, n.rest = c, true
	case plan.Whole:
		n.counts = c
	}
}

// settle completes counts made in two places: rows that the stream left out are certainly true.
func (n *numbers) settle() {
	if !n.rest || n.selected == nil {
		return
	}
	total := n.selected.True
	n.counts.True = total - n.counts.False - n.counts.Undecided
	n.counts.WhereUndecided, n.counts.SkippedNull = n.selected.WhereUndecided, n.selected.SkippedNull
}

// split cuts the columns of an aggregate's answer into the outputs of each measure, one list a group, the group's
// values first.
func split(b *value.Batch, groupBy int, ms []query.Measure) [][][]value.Value {
	out := make([][][]value.Value, len(ms))
	at := groupBy
	for i, m := range ms {
		width := len(m.Outputs())
		for row := range b.N {
			vals := make([]value.Value, 0, groupBy+width)
			for g := range groupBy {
				vals = append(vals, b.Cols[g].Value(row))
			}
			for c := at; c < at+width; c++ {
				vals = append(vals, b.Cols[c].Value(row))
			}
			out[i] = append(out[i], vals)
		}
		at += width
	}
	return out
}
