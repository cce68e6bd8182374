package correct

import (
	"context"
	"errors"
	"strings"
	"time"
)

// Apply makes the changes of a bound plan, each only where its row is still as it was seen. Killed at any instant, it is finished by applying again, and no
// change happens twice. Its error is a *PlanError, a *BudgetError, a *BusyError, the context's, or the world's; the report holds what was done until then. The
// context's end stops it between two batches.
//
// Of a plan that was undone Apply begins anew; one whose undo was begun and not finished is refused.
func Apply(ctx context.Context, p *Plan, o Options) (Report, error) {
	if p.Header.Kind == KindUndo {
		return Report{}, &PlanError{Path: p.Path, Line: 1, Text: "it is an undo plan, which does not know what was really done", Hint: "undo the plan itself: assay undo " + strings.Replace(p.Path, ".undo.", ".", 1)}
	}
	if o.DryRun {
		return Verify(ctx, p, o)
	}
	return apply(ctx, p, &o)
}

// apply applies a plan of any kind.
func apply(ctx context.Context, p *Plan, o *Options) (Report, error) {
	e, err := newEngine(p, o)
	if err != nil {
		return Report{}, err
	}
	if err := e.budget(); err != nil {
		return *e.rep, err
	}
	if e.j, err = openJournal(JournalPath(p.Path), p); err != nil {
		return *e.rep, err
	}
	defer e.close()
	if p.Header.Kind == KindFix {
		if err := e.afterUndo(); err != nil {
			return *e.rep, err
		}
	}
	err = e.resume(ctx)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	e.rep.Took = time.Since(e.teller.began)
	e.teller.event(e.rep, e.settled, true)
	return *e.rep, err
}

// resume goes on where the journal ends.
func (e *engine) resume(ctx context.Context) (err error) {
	e.rep.Resumed = e.j.st.run > 0
	e.rep.Journal, e.rep.Audit = e.j.path, e.o.Audit
	if err := e.before(ctx); err != nil {
		return err
	}
	if err := e.open(ctx); err != nil {
		return err
	}
	if e.a, err = openAudit(&e.o, e.p); err != nil {
		return err
	}
	if e.p.Header.Kind == KindFix {
		var written chan error
		if written, err = e.undoBody(ctx); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, <-written) }()
	}
	if err := e.j.start(e.p, &e.o); err != nil {
		return err
	}
	if err := e.resolveAll(ctx); err != nil {
		return err
	}
	return e.run(ctx)
}

// before counts what is done with.
func (e *engine) before(ctx context.Context) error {
	if e.j.st.applied.count()+e.j.st.already.count() == 0 {
		return nil
	}
	return e.p.Changes(ctx, func(c *Change) error {
		if e.j.st.settled(c.N) && e.o.selected(c.Risk) {
			e.rep.count(kindOfChange(c), Already, 1)
			e.settled++
		}
		return nil
	})
}

// UndoPath is where the undo plan of the plan at path lies: plan.undo.jsonl beside plan.jsonl.
func UndoPath(path string) string { return undoPath(path) }
