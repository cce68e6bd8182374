package correct

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/time/rate"

	"github.com/assay-dev/assay/connectors"
)

// engine applies a plan.
type engine struct {
	p       *Plan
	o       Options
	rows    int // of a batch at most
	keep    int
	j       *journal
	a       *audit
	rep     *Report
	workers []*worker
	byName  map[string]*worker
	limit   *rate.Limiter
	teller  teller
	refused refusals
	settled int64 // changes that are done with in this run
	moved   int64 // changes applied in this run
	late    late
	errs    int // single changes, one after the other, that failed by an error
}

// worker changes one target.
type worker struct {
	t                *Target
	b                *bound
	corr             connectors.Correction // nil where only reading is asked for
	cmp              *comparer
	upserts, deletes int64 // selected ones
	broken           error // why nothing of the target can be changed
	denied           map[connectors.Action]error
}

// selected reports whether a change is to be applied.
func (o *Options) selected(r Risk) bool {
	return r != Manual && (o.Risks == nil || slices.Contains(o.Risks, r))
}

// newEngine counts what is selected.
func newEngine(p *Plan, o *Options) (*engine, error) {
	if p.bound == nil {
		return nil, fmt.Errorf("plan %s: it is not bound to where it is to be applied", p.Path)
	}
	rep := newReport(p, o)
	e := &engine{p: p, o: *o, rows: o.BatchRows, keep: o.Keep, rep: &rep, byName: make(map[string]*worker)}
	e.teller = teller{tell: o.Progress, began: time.Now()}
	if e.keep <= 0 {
		e.keep = 1000
	}
	for i := range p.Header.Targets {
		t := &p.Header.Targets[i]
		w := &worker{t: t, b: p.bound[t.Name], denied: make(map[connectors.Action]error)}
		for k, n := range p.actions {
			switch {
			case k.target != t.Name:
			case !o.selected(k.risk):
				rep.Left[k.risk] += n
			case k.action == string(connectors.Delete):
				w.deletes += n
			default:
				w.upserts += n
			}
		}
		rep.Selected += w.deletes + w.upserts
		cmp, err := newComparer(w.b.target.Columns)
		if err != nil {
			return nil, p.wrong(t, err.Error())
		}
		w.cmp = cmp
		if w.deletes+w.upserts > 0 {
			e.workers = append(e.workers, w)
		}
		e.byName[t.Name] = w
	}
	e.pace()
	return e, nil
}

// Rows of a batch, where the options do not say: larger ones where there are many, for each costs a few synchronisations here and a commit there.
const (
	fewRows  = 1000
	manyRows = 5000
)

// pace says how large batches are, and how fast they follow each other: at most half a second's worth at once.
func (e *engine) pace() {
	if e.rows <= 0 {
		e.rows = int(min(max(e.rep.Selected/100, fewRows), manyRows))
	}
	if e.o.Rate > 0 {
		e.rows = max(1, min(e.rows, int(e.o.Rate/2)))
		e.limit = rate.NewLimiter(rate.Limit(e.o.Rate), e.rows)
	}
}

// budget refuses what is more than may be applied at once.
func (e *engine) budget() error {
	if m := e.o.MaxChanges; m > 0 && e.rep.Selected > m {
		return &BudgetError{Changes: e.rep.Selected, Max: m}
	}
	if e.o.MaxFraction <= 0 {
		return nil
	}
	rows := map[string]int64{} // of a dataset, which may have several targets
	for _, w := range e.workers {
		rows[w.t.Dataset] += w.deletes + w.upserts
		n := rows[w.t.Dataset]
		if w.t.Rows < 0 || float64(n) > e.o.MaxFraction*float64(w.t.Rows) {
			return &BudgetError{Target: w.t.Name, Changes: n, Fraction: e.o.MaxFraction, Rows: w.t.Rows}
		}
	}
	return nil
}

// open opens what changes the targets. Of a target that cannot be written every change fails, unless that is so of all: then nothing is begun.
func (e *engine) open(ctx context.Context) error {
	var first error
	for _, w := range e.workers {
		c, err := w.b.corrector.Correct(ctx, w.b.target)
		if err == nil {
			w.corr = c
			continue
		}
		switch connectors.KindOf(err) {
		case connectors.ReadOnly, connectors.Denied, connectors.Misconfigured, connectors.NotFound:
		default:
			return err
		}
		w.broken = err
		if first == nil {
			first = err
		}
	}
	if first != nil && !slices.ContainsFunc(e.workers, func(w *worker) bool { return w.corr != nil }) {
		return first
	}
	return nil
}

func (e *engine) close() {
	for _, w := range e.workers {
		if w.corr != nil {
			_ = w.corr.Close() // everything was committed
		}
	}
	if e.j != nil {
		_ = e.j.close() // what had to last was synchronised
	}
}

// run applies the plan: the journal is open, and nothing of it is in doubt.
func (e *engine) run(ctx context.Context) error {
	for _, f := range phases(e.workers) {
		if err := e.phase(ctx, func(c *Change) *worker { return e.wanted(c, &f) }); err != nil {
			return err
		}
	}
	for e.refused.again(e.moved) {
		before := e.moved
		again := e.refused.take()
		for _, f := range phases(e.workers) {
			err := e.phase(ctx, func(c *Change) *worker {
				if again.has(c.N) {
					return e.wanted(c, &f)
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		if e.moved == before {
			break
		}
	}
	e.refused.end(e.rep, e.keep)
	e.j.put(appendEnd(nil, e.j.st.run, e.o.now()))
	return e.j.flush(true)
}

// wanted returns who makes a change of the phase; nil for nobody.
func (e *engine) wanted(c *Change, f *phase) *worker {
	if !f.of(c) || !e.o.selected(c.Risk) {
		return nil
	}
	return f.w
}

// phase makes the changes that are wanted and not settled.
func (e *engine) phase(ctx context.Context, want func(*Change) *worker) error {
	applied, already := slices.Clone(e.j.st.applied), slices.Clone(e.j.st.already) // as the reader beside knows them
	err := e.stream(ctx, func(c *Change) *worker {
		if applied.has(c.N) || already.has(c.N) {
			return nil
		}
		return want(c)
	}, func(b *batch) error {
		if err := e.breathe(ctx, len(b.changes)); err != nil {
			return err
		}
		return e.apply(ctx, b)
	})
	if last := e.wait(); err == nil {
		err = last
	}
	return err
}

// breathe waits until n more changes may be made.
func (e *engine) breathe(ctx context.Context, n int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if e.o.Pause != nil {
		if err := e.o.Pause(ctx); err != nil {
			return err
		}
	}
	if e.limit != nil {
		return e.limit.WaitN(ctx, n)
	}
	return nil
}

// count counts what became of a change and names the row where people want to know.
func (e *engine) count(out *RowOutcome) {
	o := out.Outcome
	if o == Altered {
		e.rep.count(kindOfChange(out.Change), Altered, 1)
		o = Applied
	}
	e.rep.count(kindOfChange(out.Change), o, 1)
	e.settled++
	if o == Applied {
		e.moved++
	}
	switch out.Outcome {
	case Stale, Failed, Altered:
		e.rep.name(out, e.keep)
	default:
	}
}

// refusals are changes that a server would not have: they are tried again when others have been made.
type refusals struct {
	set    numbers
	counts map[kindOf]int64
	first  []RowOutcome
	since  int64 // how many had been made at the first of them
}

func (r *refusals) add(out *RowOutcome, total, moved int64, keep int) {
	if r.set == nil {
		r.set, r.counts, r.since = newNumbers(total), make(map[kindOf]int64), moved
	}
	r.set.add(out.Change.N)
	r.counts[kindOfChange(out.Change)]++
	if len(r.first) < keep {
		r.first = append(r.first, *out)
	}
}

// again reports whether anything was changed since the first of them.
func (r *refusals) again(moved int64) bool { return r.set != nil && moved > r.since }

// take empties the list.
func (r *refusals) take() numbers {
	set := r.set
	*r = refusals{}
	return set
}

// end counts them as failed.
func (r *refusals) end(rep *Report, keep int) {
	for k, n := range r.counts {
		rep.count(k, Failed, n)
	}
	for i := range r.first {
		rep.name(&r.first[i], keep)
	}
}
