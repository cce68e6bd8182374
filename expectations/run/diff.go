package run

import (
	"context"
	"errors"

	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/diff"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/spec"
)

// Watcher is told what a Diff comes to.
type Watcher struct {
	// Checked is told the plan before any row is read; its error ends the comparison.
	Checked func(p *plan.Plan, it *plan.Item) error
	// Difference takes each difference in key order; its error ends the comparison.
	Difference func(it *plan.CompareItem, d *diff.Difference) error
}

// Diff runs the one comparison that is the suite's only expectation. The diagnostics are findings about its text; when they hold an error
// nothing but schemas was read. An error is a failure of the world, or the watcher's own.
func Diff(ctx context.Context, suite *spec.Suite, opts Options, w Watcher) (*result.Compare, diag.List, error) {
	r := &runner{suite: suite, opts: opts, conns: map[string]*connection{}}
	defer r.close()
	r.open(ctx)
	if found := r.misconfigured(); found.HasErrors() {
		return nil, found, nil
	}
	p, found := plan.Build(suite, r.describe(ctx), opts.Now, opts.Plan)
	if found.HasErrors() {
		return nil, found, nil
	}
	if len(p.Items) != 1 || p.Items[0].Spec.Compare == nil {
		return nil, found, errors.New("the suite is not one comparison")
	}
	it := p.Items[0]
	if it.Err != nil {
		return nil, found, r.ofItem(it, it.Err)
	}
	if err := w.Checked(p, it); err != nil {
		return nil, found, err
	}
	res, drawn, err := r.compared(ctx, p, it, func(d *diff.Difference) error {
		if err := w.Difference(it.Compare, d); err != nil {
			return plainError{err} // of its output
		}
		return nil
	})
	r.progress(Event{Dataset: it.ID, Step: "done", Total: -1})
	if err != nil {
		return nil, found, r.ofItem(it, err)
	}
	out := Compared(it.Compare, &res)
	if drawn != nil {
		var c *conclusion
		if !drawn.whole {
			if c, err = drawn.conclude(it.Spec); err != nil {
				return nil, found, err
			}
		}
		out.Sample = drawn.section(c)
	}
	return out, found, nil
}
