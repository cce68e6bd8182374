package postgres

import (
	"context"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
)

// forced draws by one method whatever it costs.
type forced struct {
	src    *Source
	method query.SampleMethod
}

func (f forced) PlanSample(ctx context.Context, q query.Sample) (query.SampleDesign, error) {
	ses, err := f.src.run.start(ctx, "plan")
	if err != nil {
		return query.SampleDesign{}, err
	}
	p, err := f.src.planSample(ctx, ses, "plan", q, f.method)
	ses.end(err == nil)
	if err != nil {
		return query.SampleDesign{}, err
	}
	return p.design, nil
}

func (f forced) Sample(ctx context.Context, q query.Sample) (connectors.Sampled, error) {
	s, err := f.src.sample(ctx, q, f.method)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// forcedSamplers are the ways that small tables would not be drawn from.
func forcedSamplers() map[string]func(testing.TB, connectors.Source) connectors.Sampler {
	out := map[string]func(testing.TB, connectors.Source) connectors.Sampler{}
	for _, m := range []query.SampleMethod{query.SamplePageLine, query.SampleBernoulli} {
		out[string(m)] = func(t testing.TB, src connectors.Source) connectors.Sampler {
			s, ok := src.(*Source)
			if !ok {
				t.Fatalf("a source of type %T", src)
			}
			return forced{s, m}
		}
	}
	return out
}
