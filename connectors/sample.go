package connectors

import (
	"context"

	"github.com/assay-dev/assay/connectors/query"
)

// Sampler is a Source that draws rows at random without reading them all, or at less cost than reading them all.
type Sampler interface {
	// PlanSample says how Sample would draw, and what that would cost. It reads statistics, the ends of an index and a few hundred rows at most.
	PlanSample(ctx context.Context, q query.Sample) (query.SampleDesign, error)
	// Sample draws. Its rows come in random order: the first n of them are a sample of n rows for every n. The caller closes it.
	Sample(ctx context.Context, q query.Sample) (Sampled, error)
}

// SampleExplainer is a Sampler that shows what it sends.
type SampleExplainer interface {
	Sampler
	// ExplainSample plans as PlanSample does, and returns the statements that planning has sent and the first that drawing would send. Of one that looks up many keys
	// or places at once it shows one that looks up two, which Statement.Only says.
	ExplainSample(ctx context.Context, q query.Sample) (query.SampleDesign, []query.Statement, error)
}

// Sampled is a sample as it is drawn.
type Sampled interface {
	Rows
	// Design says how the rows are drawn; what was looked at counts as far as the stream has come.
	Design() query.SampleDesign
}
