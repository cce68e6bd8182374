// Package fix makes changes of what expectations with a `fix` find. Findings are gathered while a run goes on, sorted by table and key; when all are known the rows
// concerned are read once more, and one change a row is handed on, whose before image is what that last reading saw. A row that is no longer as the expectation saw it
// is left out.
package fix

import (
	"fmt"
	"sync"
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
	// Target is told a target before the first of its changes, and Change is handed each change, without N: target by target of one table, and within it in the
	// order of the key. They are called by one goroutine, when the run has evaluated everything.
	Target func(t correct.Target) error
	Change func(c *correct.Change) error
	// Now is what `now` means in every expression.
	Now time.Time
	// MemoryBytes bounds the findings of a table that are held before they go to a file; 0 for the default of extsort.
	MemoryBytes int64
	// TempDir takes spilled findings; "" for the system's.
	TempDir string
}

// Planner takes the findings of one run. Difference, Row and Drew may be called concurrently, between Begin and Finish.
type Planner struct {
	opts   Options
	suite  *spec.Suite
	items  map[*plan.Item]*item
	order  []*item
	tables map[string]*table // by dataset
	names  []string          // of tables, in the order of the suite

	mu  sync.Mutex // guards what follows
	res Result
	err error
	no  map[[2]string]int64 // refused, by expectation and reason
}

// Result is what a run's findings came to, beside the changes.
type Result struct {
	Changes int64
	// Refused are findings of which no change was made, by expectation and reason. InMotion of them were no longer as they had been found.
	Refused  []correct.Refusal
	InMotion int64
	// Sampled are the expectations that drew rows at random: only of these rows changes were made.
	Sampled []string
	// OverBudget says in words that there are more changes than the suite's corrections allow: then none of them is low. It is "" where there are not.
	OverBudget string
}

// item is an expectation with a fix.
type item struct {
	*plan.Item

	n       int // its place among the planner's
	compare *compared
	rows    *rowFix
	found   int64 // findings that changes are to be made of
	failed  bool
}

// New returns a planner.
func New(o Options) *Planner {
	return &Planner{opts: o, items: map[*plan.Item]*item{}, tables: map[string]*table{}, no: map[[2]string]int64{}}
}

// Wants reports whether findings of an expectation are to be handed over.
func (p *Planner) Wants(it *plan.Item) bool { return p != nil && p.items[it] != nil }

// Begin is told the plan of the run before a row is read. source returns the connection of a dataset.
func (p *Planner) Begin(pl *plan.Plan, suite *spec.Suite, source func(dataset string) connectors.Source) {
	p.suite = suite
	for _, d := range pl.Datasets {
		p.names = append(p.names, d.Spec.Name)
	}
	byName := map[string]*plan.Dataset{}
	for _, d := range pl.Datasets {
		byName[d.Spec.Name] = d
	}
	for _, it := range pl.Items {
		if it.Fix == nil || it.Err != nil {
			continue
		}
		x := &item{Item: it, n: len(p.order)}
		var err error
		switch {
		case it.Compare != nil:
			x.compare, err = p.compared(x, byName, source)
		case it.Row != nil, it.Join != nil:
			x.rows, err = p.rowFix(x, byName[it.Datasets[0]], source)
		default:
			continue
		}
		if err != nil {
			p.err = fmt.Errorf("%s: %w", it.ID, err)
			return
		}
		p.items[it] = x
		p.order = append(p.order, x)
	}
	for _, t := range p.tables {
		t.settle(p)
	}
}

// Fail is told that an expectation could not be evaluated to its end: no change is made of what it found until then.
func (p *Planner) Fail(it *plan.Item) {
	if x := p.items[it]; x != nil {
		x.failed = true
	}
}

// Result returns what the findings came to, once the run is over.
func (p *Planner) Result() (*Result, error) {
	if p.err != nil {
		return nil, p.err
	}
	return &p.res, nil
}

// Drew is told that an expectation drew rows instead of looking at all of them.
func (p *Planner) Drew(it *plan.Item) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.items[it] != nil {
		p.res.Sampled = append(p.res.Sampled, it.ID)
	}
}

// refuse counts a finding of which no change is made.
func (p *Planner) refuse(x *item, reason string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.no[[2]string{x.ID, reason}]++
}

// inMotion counts a finding whose row is no longer as it was found.
func (p *Planner) inMotion(x *item) {
	p.refuse(x, "the row has changed since it was found: run again")
	p.mu.Lock()
	p.res.InMotion++
	p.mu.Unlock()
}

// Difference takes a difference that a comparison found.
func (p *Planner) Difference(it *plan.Item, d *diff.Difference) error {
	x := p.items[it]
	if x == nil || x.compare == nil {
		return nil
	}
	return x.compare.take(d)
}

// Row is a failing row. It is valid during the call.
type Row struct {
	Key     []value.Value // of the dataset
	KeyErrs []bool        // cells of it that could not be represented; nil for none
	// Cell is a cell of the row (Rel 0) or of a partner; failed where it could not be represented, ok where it was read. Of a joined expectation only.
	Cell func(rel, index int) (v value.Value, failed, ok bool)
	// Orphan says that a partner is missing.
	Orphan bool
}

// Row takes a failing row of an expectation about rows.
func (p *Planner) Row(it *plan.Item, r *Row) error {
	x := p.items[it]
	if x == nil || x.rows == nil {
		return nil
	}
	return x.rows.take(r)
}
