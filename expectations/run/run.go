// Package run executes plans: it opens connections, describes datasets, runs every dataset's few
// requests concurrently under a cap per connection, and forms the report. One failing
// expectation, dataset or connection never stops the others.
package run

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/fix"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/spec"
)

// OpenFunc opens a declared connection.
type OpenFunc func(ctx context.Context, c *spec.Connection) (connectors.Source, error)

// Options steer a run.
type Options struct {
	Open OpenFunc
	// Now is what `now` means in every expression.
	Now time.Time
	// FailureRows is the number of failing rows kept of each expectation.
	FailureRows int
	Plan        plan.Options
	// Sampling says how samples are judged where Plan.Sample is set.
	Sampling Sampling
	// Timeout is what bounds a statement where the connection says nothing; for messages only.
	Timeout time.Duration
	// Strict makes the run's verdict fail where something is warned, inconclusive or skipped.
	Strict bool
	// Progress is told what happens; nil for nobody. It is called concurrently.
	Progress func(Event)
	// Version is assay's own version, for the report.
	Version string
	// ID names the run; "" for a new name.
	ID string
	// Difference is handed every difference that a comparison finds, without the rows' values, as it is found; nil for nobody. It is
	// called concurrently. Its error ends the comparison.
	Difference func(expectation string, f *result.Failure) error
	// Keys hands to Difference also every failing row of the other expectations, those that are tolerated among them, by its key. Of an expectation that
	// is judged by a sample these are rows that were drawn. All failing rows are read then, not only those for the report.
	Keys bool
	// Fix is handed everything that expectations with a fix find, with its values, and makes changes of it before the run ends; nil for nobody. Of an expectation
	// that is judged by a sample these are the rows that were drawn.
	Fix *fix.Planner
}

// Event is one step of a run.
type Event struct {
	Dataset string
	Step    string // "describe", "pass", "set", "group", "stream", "sample", "failing rows", "compare", "join", "done"; of a comparison or a join, Dataset is an expectation's id
	Rows    int64  // rows streamed so far in this step
	Total   int64  // expected rows, -1 when unknown
}

// defaultConns is the number of statements at once on one connection when the suite names none.
const defaultConns = 4

// Run executes the suite. The diagnostics are findings about the user's text; when they hold an error nothing but
// schemas was read and the report is nil. The report has an entry for every expectation of the suite.
func Run(ctx context.Context, suite *spec.Suite, opts Options) (*result.Report, diag.List) {
	start := time.Now()
	r := &runner{suite: suite, opts: opts, conns: map[string]*connection{}, numbers: map[*plan.Item]*numbers{}, rows: map[string]int64{}, drawn: map[string]int64{}, took: map[string]time.Duration{}}
	defer r.close()
	r.open(ctx)
	if found := r.misconfigured(); found.HasErrors() {
		return nil, found
	}
	inputs := r.describe(ctx)
	p, found := plan.Build(suite, inputs, opts.Now, r.opts.Plan)
	if found.HasErrors() {
		return nil, found
	}
	if opts.Fix != nil {
		opts.Fix.Begin(p, suite, r.sourceOf)
	}
	for _, it := range p.Items {
		r.numbers[it] = &numbers{err: it.Err}
	}
	r.execute(ctx, p)
	r.plan(ctx, p)
	return r.report(ctx, p, start, time.Now()), found
}

// Prepare opens, describes and plans without reading any data, for lint and explain. The caller
// closes what it returns.
func Prepare(ctx context.Context, suite *spec.Suite, opts Options) (p *plan.Plan, found diag.List, source func(dataset string) connectors.Source, done func()) {
	r := &runner{suite: suite, opts: opts, conns: map[string]*connection{}}
	r.open(ctx)
	p, found = plan.Build(suite, r.describe(ctx), opts.Now, opts.Plan)
	found = append(found, r.misconfigured()...)
	return p, found, r.sourceOf, r.close
}

// sourceOf is the connection of a dataset, nil where there is none.
func (r *runner) sourceOf(dataset string) connectors.Source {
	for i := range r.suite.Datasets {
		if r.suite.Datasets[i].Name == dataset {
			if c := r.conns[r.suite.Datasets[i].Connection]; c != nil {
				return c.source
			}
		}
	}
	return nil
}

type runner struct {
	suite *spec.Suite
	opts  Options
	conns map[string]*connection

	mu      sync.Mutex // guards what follows
	numbers map[*plan.Item]*numbers
	rows    map[string]int64
	drawn   map[string]int64 // rows drawn at random
	took    map[string]time.Duration
}

// connection is an opened connection with its cap on concurrent statements.
type connection struct {
	spec   *spec.Connection
	source connectors.Source
	err    error
	slots  chan struct{}
	// pairs is held while two slots are taken, so that two who want two never wait for each other.
	pairs chan struct{}
}

func (c *connection) acquire(ctx context.Context) error {
	select {
	case c.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting for a free connection of %s: %w", c.spec.Name, context.Cause(ctx))
	}
}

func (c *connection) release() { <-c.slots }

// open opens the connections that datasets use, all at once.
func (r *runner) open(ctx context.Context) {
	used := map[string]bool{}
	for i := range r.suite.Datasets {
		used[r.suite.Datasets[i].Connection] = true
	}
	var wg sync.WaitGroup
	for i := range r.suite.Connections {
		sc := &r.suite.Connections[i]
		if !used[sc.Name] {
			continue
		}
		n := sc.MaxConns
		if n <= 0 {
			n = defaultConns
		}
		c := &connection{spec: sc, slots: make(chan struct{}, n), pairs: make(chan struct{}, 1)}
		r.conns[sc.Name] = c
		wg.Go(func() { c.source, c.err = r.opts.Open(ctx, sc) })
	}
	wg.Wait()
}

func (r *runner) close() {
	for _, c := range r.conns {
		if c.source != nil {
			_ = c.source.Close() // nothing was written; there is nobody to tell
		}
	}
}

// describe reads the schema of every dataset, concurrently.
func (r *runner) describe(ctx context.Context) []plan.Input {
	parents, corrected := plan.Parents(r.suite), map[string]bool{}
	if r.opts.Fix != nil {
		r.opts.Plan.Fixes, corrected = true, fixed(r.suite)
	}
	inputs := make([]plan.Input, len(r.suite.Datasets)+len(parents))
	for i := range r.suite.Datasets {
		inputs[i].Spec = &r.suite.Datasets[i]
	}
	for i, p := range parents {
		in := &inputs[len(r.suite.Datasets)+i]
		in.Spec, in.Parent = p, true
	}
	var wg sync.WaitGroup
	for i := range inputs {
		in := &inputs[i]
		ds := in.Spec
		c := r.conns[ds.Connection]
		if c == nil {
			in.Err = fmt.Errorf("dataset %s: no connection %q", ds.Name, ds.Connection)
			continue
		}
		in.Driver = c.spec.Driver
		if c.err != nil {
			in.Err = r.openFailure(c)
			continue
		}
		wg.Go(func() {
			if in.Err = c.acquire(ctx); in.Err != nil {
				return
			}
			defer c.release()
			r.progress(Event{Dataset: ds.Name, Step: "describe", Total: -1})
			in.Schema, in.Err = c.source.Describe(ctx, ds.Dataset)
			if in.Err != nil {
				in.Err = r.told(r.described(ds, in.Parent, c, in.Err), ds.Name) // whoever says it: a report, lint or explain
				return
			}
			in.Source, in.Caps = c.source, c.source.Caps()
			_, in.Snapshots = c.source.(connectors.Snapshotter)
			_, in.Sets = c.source.(connectors.SetChecker)
			if corrected[ds.Name] {
				r.writings(ctx, in)
			}
		})
	}
	wg.Wait()
	return inputs
}

// execute runs the datasets' requests concurrently.
func (r *runner) execute(ctx context.Context, p *plan.Plan) {
	var wg sync.WaitGroup
	for _, d := range p.Datasets {
		if d.Err != nil {
			continue
		}
		wg.Go(func() {
			began := time.Now()
			x := &execution{r: r, d: d, conn: r.conns[d.Spec.Connection], items: itemsOf(p, d)}
			x.run(ctx)
			r.mu.Lock()
			r.took[d.Spec.Name] = time.Since(began)
			r.mu.Unlock()
			r.progress(Event{Dataset: d.Spec.Name, Step: "done", Total: -1})
		})
	}
	for _, it := range p.Items {
		if it.Compare != nil && it.Err == nil {
			wg.Go(func() {
				r.compare(ctx, p, it)
				r.progress(Event{Dataset: it.ID, Step: "done", Total: -1})
			})
		}
	}
	for _, j := range p.Joins {
		wg.Go(func() {
			r.join(ctx, j)
			r.progress(Event{Dataset: j.Items[0].ID, Step: "done", Total: -1})
		})
	}
	wg.Wait()
}

// itemsOf are the row and set items that judge rows of the dataset.
func itemsOf(p *plan.Plan, d *plan.Dataset) []*plan.Item {
	var out []*plan.Item
	for _, it := range p.Items {
		if it.Metric == nil && it.Compare == nil && it.Join == nil && it.Err == nil && len(it.Datasets) > 0 && it.Datasets[0] == d.Spec.Name {
			out = append(out, it)
		}
	}
	return out
}

func (r *runner) progress(e Event) {
	if r.opts.Progress != nil {
		r.opts.Progress(e)
	}
}

func versions(own string) map[string]string {
	return map[string]string{"assay": own, "go": runtime.Version()}
}
