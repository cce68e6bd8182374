package connectortest

import (
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
)

// ForcedSamplers are, by name, the ways to draw from sources of type S that tables of a test's size are too small for; sampler makes one of a source and a method.
func ForcedSamplers[S any](sampler func(S, query.SampleMethod) connectors.Sampler) map[string]func(testing.TB, connectors.Source) connectors.Sampler {
	out := map[string]func(testing.TB, connectors.Source) connectors.Sampler{}
	for _, m := range []query.SampleMethod{query.SampleRandomKey, query.SampleNextKey} {
		out[string(m)] = func(t testing.TB, src connectors.Source) connectors.Sampler {
			t.Helper()
			s, ok := src.(S)
			if !ok {
				t.Fatalf("a source of type %T", src)
			}
			return sampler(s, m)
		}
	}
	return out
}
