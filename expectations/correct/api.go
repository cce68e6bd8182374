package correct

import (
	"context"
	"errors"
)

// Apply makes the changes of a bound plan, each only where its row is still as it was seen. Killed at any instant, it is finished by applying again, and no
// change happens twice. Its error is a *PlanError, a *BudgetError, a *BusyError, the context's, or the world's; the report holds what was done until then. The
// context's end stops it between two batches.
func Apply(ctx context.Context, p *Plan, o Options) (Report, error) {
	return Report{}, errors.ErrUnsupported
}

// Undo takes back what applying the bound plan changed, where the rows are still as that left them. What changed since is stale and left. It goes on where a
// killed one stopped; of a plan that was undone it finds nothing to do.
func Undo(ctx context.Context, p *Plan, o Options) (Report, error) {
	return Report{}, errors.ErrUnsupported
}

// Verify reads the rows of a bound plan and reports which guards would hold (Pending), and which not. It needs no writable connection.
func Verify(ctx context.Context, p *Plan, o Options) (Report, error) {
	return Report{}, errors.ErrUnsupported
}

// UndoPath is where the undo plan of the plan at path lies: plan.undo.jsonl beside plan.jsonl.
func UndoPath(path string) string { return undoPath(path) }
