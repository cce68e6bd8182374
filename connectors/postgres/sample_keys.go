package postgres

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/digest"
	"github.com/assay-dev/assay/connectors/keysample"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

// keyCost is what a key costs to look up, in places: a page of the index and one of the table. Measured on 30 million rows, 10,000 keys and the 55,000
// places that hold as many rows: 0.9 s and 3.1 s from disk, 0.06 s and 0.19 s from memory.
const keyCost = 2

// byKeys has numbers of a key drawn instead where that looks at less: most places of wide rows are empty, and the numbers of a dense key are not.
func (s *Source) byKeys(ctx context.Context, ses *session, q query.Sample, p *samplePlan) error {
	keys := integerKeys(q.From)
	instead := p.insteadOfKeys(q)
	if len(keys) == 0 || keyCost*float64(q.N) >= instead {
		return nil
	}
	if err := ses.set(ctx, probeSettings); err != nil {
		return err
	}
	sampler := &keysample.Sampler{Store: keyStore{s.within(ses), ses, keys}, Prefer: query.SampleRandomKey}
	prepared, err := sampler.Prepare(ctx, q)
	if err != nil {
		return err
	}
	d := prepared.Design()
	if d.Method != query.SampleRandomKey || keyCost*float64(d.Looked) >= instead {
		return ses.set(ctx, usualSettings)
	}
	if p.design.Method == query.SamplePageLine {
		d.Reason += fmt.Sprintf(" and random places would be about %.0f", p.places(q.N))
	}
	p.design, p.keyed = d, prepared
	return nil
}

// insteadOfKeys is what the plan costs in places, 0 where keys are not to be thought of.
func (p *samplePlan) insteadOfKeys(q query.Sample) float64 {
	switch {
	case p.forced, p.tables == nil, p.tables.pages <= smallPages, float64(q.N) >= p.est.rows, p.indexed(q):
		return 0
	case p.design.Method == query.SamplePageLine:
		return p.places(q.N)
	}
	return p.est.cost / placeCost
}

// integerKeys are the keys of one whole number that an index holds.
func integerKeys(rel query.Relation) []keysample.Key {
	var keys []keysample.Key
	for _, c := range rel.Schema.Constraints {
		if c.Kind != value.PrimaryKey && c.Kind != value.Unique || len(c.Columns) != 1 || rel.Dataset.Table == "" {
			continue
		}
		col, at := rel.Schema.Column(c.Columns[0])
		if at < 0 || !col.NotNull || col.Unusable != "" || col.Type.Kind != value.Int {
			continue
		}
		m, ok := col.Meta.(*columnMeta)
		if !ok || !slices.Contains([]family{famInt2, famInt4, famInt8}, m.family) {
			continue
		}
		keys = append(keys, keysample.Key{Columns: []*query.Column{{Index: at, Col: col}}, Axes: []keysample.Axis{keysample.Integer}})
	}
	return keys
}

// keyStore is the server as keysample sees it, on one session.
type keyStore struct {
	*Source

	ses  *session
	keys []keysample.Key
}

// Dialect implements keysample.Store.
func (keyStore) Dialect() sqlgen.Dialect { return dialect{} }

// Costs implements keysample.Store. Only a random key is asked for.
func (keyStore) Costs() keysample.Costs {
	return keysample.Costs{Row: 1, Point: keyCost, Probe: math.Inf(1)}
}

// Keys implements keysample.Store.
func (s keyStore) Keys(context.Context, query.Relation) ([]keysample.Key, error) { return s.keys, nil }

// Ask implements keysample.Store.
func (s keyStore) Ask(ctx context.Context, op string, st sqlgen.Statement, cols []value.Column) (*value.Batch, error) {
	outs := make([]output, len(cols))
	for i, c := range cols {
		outs[i] = outputOf(&query.Column{Col: c})
	}
	return s.all(ctx, op, bind(st, outs))
}

// Draw implements connectors.Drawer: a scan of the table is none of an index.
func (s keyStore) Draw(ctx context.Context, q digest.Draw) (connectors.Rows, error) {
	if err := s.ses.set(ctx, usualSettings); err != nil {
		return nil, err
	}
	return s.Source.Draw(ctx, q)
}

// within returns the source that reads on a session, which the caller ends.
func (s *Source) within(ses *session) *Source {
	return &Source{run: held{ses, s.run.hide()}, name: s.name}
}

// held serves requests, one after another, on a session.
type held struct {
	ses    *session
	secret string
}

func (h held) hide() string { return h.secret }

func (h held) start(context.Context, string) (*session, error) { return sharing(h.ses), nil }

// set changes settings of the transaction.
func (s *session) set(ctx context.Context, text string) error {
	if err := s.pg.Exec(ctx, text).Close(); err != nil {
		return fmt.Errorf("change the settings of the transaction: %w", err)
	}
	return nil
}

// keyed is a sample by keys. Its session ends with it.
type keyed struct {
	connectors.Sampled

	ses  *session
	once sync.Once
}

// Next implements connectors.Rows.
func (k *keyed) Next(ctx context.Context) (*value.Batch, error) {
	b, err := k.Sampled.Next(ctx)
	if b == nil {
		k.end(err == nil)
	}
	return b, err
}

// Close implements connectors.Rows.
func (k *keyed) Close() error {
	err := k.Sampled.Close()
	k.end(false)
	return err
}

// end gives the session back; clean says that no statement failed or was cut short.
func (k *keyed) end(clean bool) {
	k.once.Do(func() {
		if clean {
			ctx, cancel := context.WithTimeout(context.Background(), cancelGrace)
			defer cancel()
			clean = k.ses.set(ctx, usualSettings) == nil
		}
		k.ses.end(clean)
	})
}
