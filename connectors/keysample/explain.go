package keysample

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

// shownKeys is how many keys are shown of a statement that looks up many.
const shownKeys = 2

// ExplainSample implements connectors.SampleExplainer.
func (s *Sampler) ExplainSample(ctx context.Context, q query.Sample) (query.SampleDesign, []query.Statement, error) {
	p, err := s.prepare(ctx, "explain a sample of "+nameOf(q.From.Dataset), q)
	if err != nil {
		return query.SampleDesign{}, nil, err
	}
	list, err := p.Statements()
	return p.Design(), list, err
}

// Statements are those that planning has sent and the first that drawing would send.
func (p *Prepared) Statements() ([]query.Statement, error) {
	switch p.plan.design.Method {
	case query.SampleRandomKey:
		r := newRandomKey(p.asker, p.q, p.plan, mix(p.q.Seed))
		p.find(r.points(shownKeys))
	case query.SampleNextKey: // keys are found as planning found some
		if len(p.plan.key.Axes) == 1 {
			at := p.plan.space.points(p.q.Seed)
			p.find([][]value.Value{at[:1], at[1:]})
		}
	default:
		return p.scanStatements()
	}
	return p.asker.shown, nil
}

func (p *Prepared) find(keys [][]value.Value) {
	st, err := p.asker.findStatement(p.q, p.plan.key, keys)
	p.asker.show(fmt.Sprintf("rows by up to %d keys at a time, of which %d are shown", chunkOf(p.plan.key), len(keys)), st, err)
}

// scanStatements are those of a look at all rows.
func (p *Prepared) scanStatements() ([]query.Statement, error) {
	if p.plan.hash == nil {
		st, err := sqlgen.Select(p.asker.store.Dialect(), streamOf(p.q))
		p.asker.show("", st, err)
		return p.asker.shown, nil
	}
	req, err := p.plan.hash.draws(p.q, p.q.N+1)
	if err != nil {
		return nil, err
	}
	list, err := p.asker.store.DrawStatements(req)
	return append(p.asker.shown, list...), err
}

// show keeps a statement to be explained.
func (a *asker) show(only string, st sqlgen.Statement, err error) {
	if err != nil { // it shows where it is sent
		return
	}
	s := st.Query()
	s.Only = only
	a.shown = append(a.shown, s)
}

// points are some by chance: what rows hold is not for showing.
func (s *space) points(seed uint64) [shownKeys]value.Value {
	var out [shownKeys]value.Value
	r := rand.New(rand.NewPCG(seed, 0x5eed_0006)) // #nosec G404 -- to be shown
	for i := range out {
		out[i] = s.value(s.point(r))
	}
	return out
}

// showStep shows how keys around points are found.
func (k *nextKey) showStep(what string) {
	at := k.root.points(k.seed)
	probes := []sqlgen.Probe{{At: at[0]}, {At: at[1]}}
	st, err := sqlgen.Neighbours(k.store.Dialect(), k.from, k.key.Columns, probes)
	k.show(fmt.Sprintf("%s, by up to %d points at a time, of which %d are shown", what, sqlgen.MaxProbes, len(probes)), st, err)
}
