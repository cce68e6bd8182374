package correct

import (
	"context"
	"time"
)

// Verify reads the rows of a bound plan and reports which guards would hold (Pending), and which not. It needs no writable connection.
func Verify(ctx context.Context, p *Plan, o Options) (Report, error) {
	o.DryRun = true
	e, err := newEngine(p, &o)
	if err != nil {
		return Report{}, err
	}
	if err := e.budget(); err != nil {
		return *e.rep, err
	}
	st, err := peekState(JournalPath(p.Path), p)
	if err != nil {
		return *e.rep, err
	}
	if st == nil {
		st = newState(p.Header.Counts.Total)
	}
	e.rep.Resumed = st.run > 0
	err = e.stream(ctx, func(c *Change) *worker {
		if !o.selected(c.Risk) {
			return nil
		}
		return e.byName[c.Target]
	}, func(b *batch) error { return e.verify(ctx, b, st) })
	e.rep.Took = time.Since(e.teller.began)
	e.teller.event(e.rep, e.settled, true)
	return *e.rep, err
}

// verify reads the rows of a batch.
func (e *engine) verify(ctx context.Context, b *batch, st *state) error {
	if err := e.breathe(ctx, len(b.changes)); err != nil {
		return err
	}
	var at []int
	for i, c := range b.changes {
		if st.settled(c.N) {
			e.count(&RowOutcome{Change: c, Target: b.w.t, Outcome: Already})
			continue
		}
		at = append(at, i)
	}
	rows, err := e.read(ctx, b.w, b.keys(at))
	if err != nil {
		return err
	}
	for x, i := range at {
		c, row := b.changes[i], rows[x]
		out := RowOutcome{Change: c, Target: b.w.t}
		if row != nil {
			out.Row = row.Values
		}
		how, columns := b.w.stand(c, row, c.After, false)
		switch how {
		case asBefore:
			out.Outcome = Pending
		case asAfter:
			out.Outcome = Already
		case neither:
			out.Outcome, out.Columns, out.Reason = Stale, columns, b.w.stale(c, row, columns)
		}
		e.count(&out)
	}
	e.teller.event(e.rep, e.settled, false)
	return nil
}
