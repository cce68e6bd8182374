// Package rebuild makes a table or an index anew from the other side of a comparison: a shadow beside it is filled, verified by that very comparison, and
// takes its place at one instant. Whatever fails before leaves all as it was.
package rebuild

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/diff"
	"github.com/assay-dev/assay/expectations/fix"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/run"
	"github.com/assay-dev/assay/expectations/spec"
)

// Options of a rebuild.
type Options struct {
	// Open opens connections for reading, OpenWritable the one of the dataset that is rebuilt.
	Open, OpenWritable run.OpenFunc
	// Plan bounds memory and names the folder for temporary files of the verification.
	Plan plan.Options
	// Now is what `now` means in expressions.
	Now time.Time
	// Timeout is what bounds a statement where the connection says nothing; for messages only.
	Timeout time.Duration
	// Rate bounds rows loaded a second; 0 for no bound.
	Rate float64
	// Progress is told how far it is; nil for nobody.
	Progress func(Progress)
}

// The steps of a rebuild.
const (
	StepLoad   = "loading"
	StepVerify = "verifying"
)

// Progress is how far a rebuild has come.
type Progress struct {
	Step  string
	Done  int64
	Total int64 // rows expected, -1 when unknown
	Took  time.Duration
}

// Report is what a rebuild did.
type Report struct {
	Expectation string
	Dataset     string // that was rebuilt
	From        string // the dataset that it was filled from
	Rows        int64  // loaded
	Old         string // the name under which the old table or index is kept
	Took        time.Duration
}

// VerifyError says that the shadow did not agree with what it was filled from: all is as it was.
type VerifyError struct{ Counts result.CompareCounts }

// Error implements error.
func (e *VerifyError) Error() string {
	c := &e.Counts
	n := c.Changed + c.Missing + c.Extra + c.DuplicateKey + c.Unsettled
	return fmt.Sprintf("verification found that %s of the shadow differ from the source (%d changed, %d missing, %d extra, %d duplicate, %d unsettled): nothing was swapped, and all is as it was",
		diag.Plural(n, "key"), c.Changed, c.Missing, c.Extra, c.DuplicateKey, c.Unsettled)
}

// rebuilding is one rebuild.
type rebuilding struct {
	o       Options
	suite   *spec.Suite
	e       *spec.Expectation
	item    *plan.Item
	from    connectors.Source // what is read
	columns []pair
	read    query.Relation
	write   *plan.Dataset
	name    string
	began   time.Time
}

// Run rebuilds the dataset that the fix of a comparison corrects. The diagnostics say why it cannot be: nothing but schemas was read then.
func Run(ctx context.Context, suite *spec.Suite, id string, o Options) (*Report, diag.List, error) {
	r := &rebuilding{o: o, suite: suite, began: time.Now()}
	found := r.find(id)
	if found.HasErrors() {
		return nil, found, nil
	}
	// A planner that is told nothing has the plan say how columns can be written.
	p, found, source, done := run.Prepare(ctx, r.alone(), run.Options{Open: o.Open, Now: o.Now, Plan: o.Plan, Timeout: o.Timeout, Fix: fix.New(fix.Options{})})
	defer done()
	if found.HasErrors() {
		return nil, found, nil
	}
	if len(p.Items) != 1 {
		return nil, found, errors.New("the suite is not one comparison")
	}
	if r.item = p.Items[0]; r.item.Err != nil {
		return nil, found, r.item.Err
	}
	if more := r.resolve(p); more.HasErrors() {
		return nil, append(found, more...), nil
	}
	r.from = source(r.read.Dataset.Name)
	rep, err := r.run(ctx)
	return rep, found, err
}

// run fills, verifies and swaps.
func (r *rebuilding) run(ctx context.Context) (rep *Report, err error) {
	to, rb, err := r.rebuilder(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = to.Close() }() // what was written is committed
	shadow, err := rb.Rebuild(ctx, r.write.Relation, r.targets(), r.name)
	if err != nil {
		return nil, fmt.Errorf("make a shadow of %s: %w", r.write.Spec.Name, err)
	}
	defer func() {
		// Closing drops the shadow unless it was swapped in, also when the run was interrupted.
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), closing)
		defer cancel()
		err = errors.Join(err, shadow.Close(limited))
	}()
	rep = &Report{Expectation: r.e.ID, Dataset: r.write.Spec.Name, From: r.read.Dataset.Name}
	if rep.Rows, err = r.load(ctx, shadow); err != nil {
		return nil, fmt.Errorf("fill the shadow of %s: %w", r.write.Spec.Name, err)
	}
	if rep.Rows == 0 {
		return nil, fmt.Errorf("%s has no rows: rebuilding %s from it would leave nothing, and all is as it was", r.read.Dataset.Name, r.write.Spec.Name)
	}
	dataset, err := shadow.Finish(ctx)
	if err != nil {
		return nil, fmt.Errorf("fill the shadow of %s: %w", r.write.Spec.Name, err)
	}
	if err := r.verify(ctx, &dataset, rep.Rows); err != nil {
		return nil, err
	}
	if rep.Old, err = shadow.Swap(ctx); err != nil {
		return nil, fmt.Errorf("let the shadow take the place of %s: %w", r.write.Spec.Name, err)
	}
	rep.Took = time.Since(r.began)
	return rep, nil
}

// closing bounds the time that dropping a shadow may take.
const closing = time.Minute

// rebuilder opens the connection of the dataset that is rebuilt.
func (r *rebuilding) rebuilder(ctx context.Context) (connectors.Source, connectors.Rebuilder, error) {
	c := connectionOf(r.suite, r.write.Spec.Connection)
	to, err := r.o.OpenWritable(ctx, c)
	if err != nil {
		return nil, nil, fmt.Errorf("connection %s: %w", c.Name, err)
	}
	rb, ok := to.(connectors.Rebuilder)
	if !ok {
		_ = to.Close() // nothing was written
		return nil, nil, fmt.Errorf("connection %s: %s cannot be rebuilt by assay", c.Name, c.Driver)
	}
	return to, rb, nil
}

func connectionOf(s *spec.Suite, name string) *spec.Connection {
	for i := range s.Connections {
		if s.Connections[i].Name == name {
			return &s.Connections[i]
		}
	}
	return nil
}

// DropOld drops what the last rebuild of that comparison's dataset kept, and returns its name; "" where there is none.
func DropOld(ctx context.Context, suite *spec.Suite, id string, o Options) (string, diag.List, error) {
	r := &rebuilding{o: o, suite: suite}
	if found := r.find(id); found.HasErrors() {
		return "", found, nil
	}
	name := Target(r.e)
	for i := range suite.Datasets {
		if suite.Datasets[i].Name == name {
			r.write = &plan.Dataset{Spec: &suite.Datasets[i], Relation: query.Relation{Dataset: suite.Datasets[i].Dataset}}
		}
	}
	if r.write == nil {
		return "", nil, fmt.Errorf("the suite has no dataset %q", name)
	}
	to, rb, err := r.rebuilder(ctx)
	if err != nil {
		return "", nil, err
	}
	defer func() { _ = to.Close() }() // what was dropped is gone
	old, err := rb.DropOld(ctx, r.write.Relation)
	return old, nil, err
}

// Target is the dataset that the fix of a comparison corrects, "" where there is none.
func Target(e *spec.Expectation) string {
	switch {
	case e.Compare == nil || e.Fix == nil:
		return ""
	case e.Fix.To == spec.ToSource:
		return e.Compare.Source.Value
	}
	return e.Compare.Target.Value
}

// alone is the suite with this one comparison.
func (r *rebuilding) alone() *spec.Suite {
	s := *r.suite
	s.Expectations = []spec.Expectation{*r.e}
	s.Datasets = nil
	for i := range r.suite.Datasets {
		if d := &r.suite.Datasets[i]; d.Name == r.e.Compare.Source.Value || d.Name == r.e.Compare.Target.Value {
			s.Datasets = append(s.Datasets, *d)
		}
	}
	return &s
}

// verify compares the shadow with what it was filled from, as the expectation does.
func (r *rebuilding) verify(ctx context.Context, shadow *query.Dataset, rows int64) error {
	s := r.alone()
	e := s.Expectations[0]
	e.Fix = nil
	s.Expectations = []spec.Expectation{e}
	for i := range s.Datasets {
		if d := &s.Datasets[i]; d.Name == r.write.Spec.Name {
			d.Table, d.Index = shadow.Table, shadow.Index
		}
	}
	o := r.o.Plan
	o.Fixes, o.Sample = false, nil
	began := time.Now()
	c, found, err := run.Diff(ctx, s, run.Options{Open: r.o.Open, Now: r.o.Now, Plan: o, Timeout: r.o.Timeout, Progress: func(e run.Event) {
		if e.Step != "done" && e.Rows > 0 {
			r.progress(StepVerify, e.Rows, max(e.Total, rows), began)
		}
	}}, run.Watcher{
		Checked:    func(*plan.Plan, *plan.Item) error { return nil },
		Difference: func(*plan.CompareItem, *diff.Difference) error { return nil },
	})
	switch {
	case found.HasErrors():
		return fmt.Errorf("verify the shadow of %s: %w", r.write.Spec.Name, found)
	case err != nil:
		return fmt.Errorf("verify the shadow of %s: %w", r.write.Spec.Name, err)
	}
	if n := &c.Counts; n.Changed+n.Missing+n.Extra+n.DuplicateKey+n.Unsettled > 0 {
		return &VerifyError{Counts: c.Counts}
	}
	return nil
}

func (r *rebuilding) progress(step string, done, total int64, began time.Time) {
	if r.o.Progress != nil {
		r.o.Progress(Progress{step, done, total, time.Since(began)})
	}
}
