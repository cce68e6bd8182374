package run

import (
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/result"
)

// wantsKeys reports whether every failing row is to be handed on, not only a few for the report.
func (r *runner) wantsKeys() bool { return r.opts.Keys && r.opts.Difference != nil }

// rowLimit is how many failing rows of each of some expectations are asked for; 0 for all.
func (r *runner) rowLimit(items []*plan.Item) int {
	if r.wantsAny(items) {
		return 0
	}
	return r.opts.FailureRows
}

// hand hands on one failing row by its key; the values of one that has no key are all there is to know it by.
func (r *runner) hand(it *plan.Item, f result.Failure) error {
	f.Message = ""
	if len(f.Key) > 0 {
		f.Values = nil
	}
	f = result.BoundFailure(f)
	if err := r.opts.Difference(it.ID, &f); err != nil {
		return plainError{err} // of its output
	}
	return nil
}

// handKey hands on one failing row of the dataset.
func (x *execution) handKey(it *plan.Item, b *value.Batch, cols []*query.Column, row int, undecided bool) error {
	at := positions(cols)
	if err := x.handRow(it, b, at, row); err != nil || !x.r.wantsKeys() {
		return err
	}
	f := result.Failure{Outcome: "false"}
	if undecided {
		f.Outcome = "undecided"
	}
	x.key(&f, b, at, row)
	if len(f.Key) == 0 {
		x.values(&f, it, b, at, row)
	}
	return x.r.hand(it, f)
}

// positions are the places of columns in a batch, by their index.
func positions(cols []*query.Column) map[int]int {
	at := make(map[int]int, len(cols))
	for i, c := range cols {
		at[c.Index] = i
	}
	return at
}
