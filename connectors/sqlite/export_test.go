package sqlite

import (
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
)

// ForcedSamplers are the ways to draw that tables of the suite's size are too small for.
func ForcedSamplers() map[string]func(testing.TB, connectors.Source) connectors.Sampler {
	return connectortest.ForcedSamplers(func(s *source, m query.SampleMethod) connectors.Sampler { return s.sampler(m) })
}
