package sqlite

import (
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
)

// ForcedSamplers are the ways to draw that tables of the suite's size are too small for.
func ForcedSamplers() map[string]func(testing.TB, connectors.Source) connectors.Sampler {
	out := map[string]func(testing.TB, connectors.Source) connectors.Sampler{}
	for _, m := range []query.SampleMethod{query.SampleRandomKey, query.SampleNextKey} {
		out[string(m)] = func(t testing.TB, src connectors.Source) connectors.Sampler {
			t.Helper()
			s, ok := src.(*source)
			if !ok {
				t.Fatalf("a source of type %T", src)
			}
			return s.sampler(m)
		}
	}
	return out
}
