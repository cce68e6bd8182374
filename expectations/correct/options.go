package correct

import (
	"context"
	"fmt"
	"time"

	"github.com/assay-dev/assay/connectors/value"
)

// Options say how a plan is applied, undone or verified.
type Options struct {
	// Risks are those of the changes to apply; nil for all but Manual, which is never applied.
	Risks []Risk
	// MaxChanges and MaxFraction (of the rows of a target, 0 to 1) bound what is selected by Risks: over them nothing is applied, and Apply's error is a
	// *BudgetError. 0 for no bound.
	MaxChanges  int64
	MaxFraction float64
	// DryRun changes nothing, and reports what would become of each change: as Verify.
	DryRun bool
	// Rate bounds changes a second; 0 for no bound.
	Rate float64
	// BatchRows bounds the changes of one transaction; 0 for 1000, and up to 5000 of large plans.
	BatchRows int
	// Audit is the path of the audit log; "" for none.
	Audit string
	// Who and Host say in journal and audit log who applied it.
	Who, Host string
	// Mask is what stands for a value of a masked column in the audit log; nil redacts.
	Mask func(value.Value) string
	// Progress is told now and then, at most ten times a second and not always from the same goroutine; nil for nobody.
	Progress func(Progress)
	// Pause is called before each batch and returns when the system may be written to: a load watch. nil for none.
	Pause func(context.Context) error
	// Now is the time; nil for the clock.
	Now func() time.Time
	// Keep bounds the rows that Report names; 0 for 1000.
	Keep int
}

// Progress is how far an apply, an undo or a verification has come.
type Progress struct {
	Total, Done            int64 // changes selected, and of those done with
	Applied, Stale, Failed int64
	Took                   time.Duration
}

// Outcome is what became of a change.
type Outcome string

// The outcomes.
const (
	Applied Outcome = "applied"
	// Already: it had been done before, by this plan or by somebody else.
	Already Outcome = "already"
	// Stale: the row is no longer as it was seen, and was left.
	Stale Outcome = "stale"
	// Failed: the server would not have it.
	Failed Outcome = "failed"
	// Altered: applied, and triggers or the server's rounding wrote something else than the plan says.
	Altered Outcome = "altered"
	// Pending: a verification found its guard to hold.
	Pending Outcome = "pending"
)

// Tally counts outcomes. Altered ones are among Applied.
type Tally struct {
	Applied, Already, Stale, Failed, Altered, Pending int64
}

// Total is the number of changes that were counted.
func (t *Tally) Total() int64 { return t.Applied + t.Already + t.Stale + t.Failed + t.Pending }

// Report is what became of a plan.
type Report struct {
	Kind Kind
	Plan string // digest
	// Selected changes are those of Options.Risks; Left are the others, by risk.
	Selected int64
	Left     map[Risk]int64
	Tally
	ByTarget map[string]Tally
	ByAction map[string]Tally
	ByRisk   map[string]Tally
	// Rows are those that are stale, failed or altered, in the order in which that was found; at most Options.Keep.
	Rows []RowOutcome
	// Resumed says that an earlier apply had begun.
	Resumed bool
	DryRun  bool
	Took    time.Duration
	// Journal, Undo and Audit are the files that were written; "" for none.
	Journal, Undo, Audit string
}

// RowOutcome is a change and what became of it.
type RowOutcome struct {
	Change  *Change
	Target  *Target
	Outcome Outcome
	Reason  string
	// Columns are the positions in Target.Columns in which the row is not as it should be (Stale: as it was seen; Altered: as planned); nil where the row is not there.
	Columns []int
	// Row is what the row holds; nil where it is not there, or is not known.
	Row []value.Value
}

// Clean reports whether nothing is left: exit code 0, else 1.
func (r *Report) Clean() bool { return r.Stale == 0 && r.Failed == 0 }

// BudgetError says that a plan has more changes than may be applied at once: nothing was applied.
type BudgetError struct {
	Target   string  // "" for the plan as a whole
	Changes  int64   // selected
	Max      int64   // of Options.MaxChanges; 0 where it was the fraction
	Fraction float64 // of Options.MaxFraction
	Rows     int64   // of the target; -1 when unknown
}

// Error implements error.
func (e *BudgetError) Error() string {
	switch {
	case e.Max > 0:
		return fmt.Sprintf("%d changes are more than max_changes %d allows: nothing was applied", e.Changes, e.Max)
	case e.Rows < 0:
		return fmt.Sprintf("%d changes of target %s: how many rows it has is not known, so that they may be over max_fraction %g: nothing was applied", e.Changes, clip(e.Target), e.Fraction)
	}
	return fmt.Sprintf("%d changes of the %d rows of target %s are more than max_fraction %g allows: nothing was applied", e.Changes, e.Rows, clip(e.Target), e.Fraction)
}

// BusyError says that somebody else on this machine is applying or undoing the plan.
type BusyError struct {
	Path string // of the journal
	By   string // who holds it, as far as the journal says
}

// Error implements error.
func (e *BusyError) Error() string {
	return fmt.Sprintf("%s: the plan is being applied by %s: wait until that has ended", e.Path, e.By)
}

// JournalPath is where the journal of the plan at path lies.
func JournalPath(path string) string { return path + ".journal" }

func (o *Options) now() time.Time {
	if o.Now != nil {
		return o.Now()
	}
	return time.Now()
}
