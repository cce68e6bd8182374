package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/assay-dev/assay/connectors/query"
)

// shownPlaces is how many places are shown of a statement that looks up many.
const shownPlaces = 2

// ExplainSample implements connectors.SampleExplainer.
func (s *Source) ExplainSample(ctx context.Context, q query.Sample) (query.SampleDesign, []query.Statement, error) {
	op := "explain a sample of " + title(q.From.Dataset)
	p, err := s.planned(ctx, op, q)
	if err != nil {
		return query.SampleDesign{}, nil, err
	}
	list, err := p.statements(q)
	if err != nil {
		return query.SampleDesign{}, nil, s.unasked(op, err)
	}
	return p.design, list, nil
}

// statements are those of planning and the first that draw.
func (p *samplePlan) statements(q query.Sample) ([]query.Statement, error) {
	st, err := estimateStatement(q)
	if err != nil {
		return nil, err
	}
	list := []query.Statement{st.Query()}
	if q.From.Dataset.Table != "" {
		schema, table, err := splitTable(q.From.Dataset.Table)
		if err != nil {
			return nil, err
		}
		list = append(list, query.Statement{Text: strings.TrimSpace(familySQL), Args: []string{schema, table}})
	}
	if p.keyed != nil {
		more, err := p.keyed.Statements()
		return append(list, more...), err
	}
	d := &sampled{plan: p, q: q, scan: &scan{percent: p.percent}}
	if p.design.Method != query.SamplePageLine {
		st, err := d.scanStatement(p.order(q))
		return append(list, st.Query()), err
	}
	d.probe = newProbe(p, q.Seed)
	at := d.probe.place(d.probe.order.at(0))
	places := []place{at}
	for i := uint64(1); i < d.probe.order.n && len(places) < shownPlaces; i++ {
		if next := d.probe.place(d.probe.order.at(i)); next.leaf() == at.leaf() {
			places = append(places, next)
		}
	}
	st, err = d.probeStatement([]int{at.leaf()}, map[int][]place{at.leaf(): places})
	shown := st.Query()
	shown.Only = fmt.Sprintf("rows by up to %d places at a time, of which %d are shown", maxRound, len(places))
	return append(list, query.Statement{Text: probeSettings}, shown), err
}
