package plan

import (
	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/expectations/diff"
)

// sampleCompare has a comparison judged by rows drawn of both sides, where both sides draw any; else all rows are compared.
func (b *builder) sampleCompare(it *Item) {
	if b.opts.Sample == nil {
		return
	}
	c := it.Compare
	for _, s := range []struct {
		what string
		side *diff.Side
	}{{"source", &c.Spec.Left}, {"target", &c.Spec.Right}} {
		if _, ok := s.side.Source.(connectors.Sampler); !ok {
			c.Unsampled = "the " + s.what + ", " + s.side.Name + ", draws no rows at random"
			return
		}
	}
	it.Sampled = true
	c.Sample = diff.SampleOptions{Rows: b.opts.Sample.Rows, Seed: b.opts.Sample.Seed}
}
