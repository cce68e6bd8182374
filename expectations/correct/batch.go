package correct

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/value"
)

// maxErrors is how many single changes may fail one after the other by errors that are no refusals: then it is the server that is ill, not the rows.
const maxErrors = 20

// sent is a batch on its way.
type sent struct {
	*batch
	id      int64
	effects []connectors.Effect
	// rows and altered are, by position, what a change left behind where that is not as planned, and in which columns it is not.
	rows    map[int][]value.Value
	altered map[int][]int
}

// late is the end of a batch that is being finished while the next one is sent. Until it has come, what is counted belongs to that.
type late chan error

// wait waits for the batch before.
func (e *engine) wait() error {
	if e.late == nil {
		return nil
	}
	err := <-e.late
	e.late = nil
	return err
}

// apply makes the changes of a batch, and lets it be said beside the next one what became of each.
func (e *engine) apply(ctx context.Context, b *batch) error {
	w, action := b.w, b.changes[0].Action
	if err := errors.Join(w.broken, w.denied[action]); err != nil {
		if err := e.wait(); err != nil {
			return err
		}
		e.all(b, err)
		return e.a.flush()
	}
	s := &sent{batch: b, id: e.j.st.next, rows: make(map[int][]value.Value), altered: make(map[int][]int)}
	e.j.st.next++
	ns := b.numbers()
	e.j.put(appendBegin(nil, s.id, w.t.Name, ns, e.a.size(), w.corr.Transactional()))
	if !w.corr.Transactional() {
		if err := e.j.flush(true); err != nil {
			return err
		}
	}
	prepared := false
	effects, err := w.corr.Apply(ctx, b.plain(), func(effects []connectors.Effect) error {
		prepared = true
		return e.prepared(s, effects)
	})
	if err := e.wait(); err != nil {
		return err // the journal keeps this batch open
	}
	if err == nil {
		e.errs = 0
		s.effects = effects
		e.late = make(late, 1)
		go func(end late) { end <- e.finish(ctx, s) }(e.late)
		return nil
	}
	if _, uncertain := errors.AsType[*connectors.UncertainError](err); uncertain && (prepared || !w.corr.Transactional()) {
		return e.uncertain(ctx, s, err)
	}
	e.j.put(appendUndone(nil, s.id, false))
	return errors.Join(e.j.flush(false), e.failed(ctx, b, err))
}

// prepared writes down what is about to be committed.
func (e *engine) prepared(s *sent, effects []connectors.Effect) error {
	var applied []int64
	clear(s.rows)
	clear(s.altered)
	for i := range effects {
		if effects[i].Outcome != connectors.Applied {
			continue
		}
		c := s.changes[i]
		applied = append(applied, c.N)
		e.left(s, i, effects[i].Row, effects[i].RowErrs)
	}
	e.j.put(appendPrepared(nil, s.id, applied))
	return e.j.flush(true)
}

// left compares what a change left behind with what was planned, and writes it down where it is not that.
func (e *engine) left(s *sent, i int, row []value.Value, errs []bool) {
	if row == nil {
		return
	}
	c := s.changes[i]
	among := c.Set
	if c.Action == connectors.Update {
		among = nil
	}
	at := s.w.cmp.differ(row, c.After, errs, among)
	if odd := s.w.written(at); len(odd) > 0 {
		s.altered[i] = odd
	}
	// Of columns that an insert does not set nobody knew what they would hold.
	if len(at) > 0 || c.Action == connectors.Insert && len(c.Set) < len(row) {
		s.rows[i] = row
		e.j.put(appendRowRecord(nil, c.N, s.id, s.w.t, row, errs))
	}
}

// written leaves out columns that the server computes.
func (w *worker) written(at []int) []int {
	if !slices.Contains(w.b.computed, true) {
		return at
	}
	return slices.DeleteFunc(slices.Clone(at), func(i int) bool { return w.b.computed[i] })
}

// finish says what became of a batch that was done.
func (e *engine) finish(ctx context.Context, s *sent) error {
	ctx = context.WithoutCancel(ctx) // what was done is written down
	var unmatched, made []int
	for i := range s.effects {
		switch s.effects[i].Outcome {
		case connectors.Unmatched:
			unmatched = append(unmatched, i)
		case connectors.Applied:
			made = append(made, i)
		default:
		}
	}
	if !s.w.corr.Transactional() {
		if err := e.look(ctx, s, made); err != nil {
			return err
		}
	}
	found, err := e.read(ctx, s.w, s.keys(unmatched))
	if err != nil {
		return err
	}
	var applied, already []int64
	now := e.o.now()
	next := 0
	for i, c := range s.changes {
		out := RowOutcome{Change: c, Target: s.w.t}
		switch s.effects[i].Outcome {
		case connectors.Applied:
			s.made(i, &out)
		case connectors.Unmatched:
			if err := e.unmatched(s, i, found[next], &out); err != nil {
				return err
			}
			next++
		default:
			out.Outcome, out.Reason = Failed, reasonOf(s.effects[i].Err)
		}
		switch out.Outcome {
		case Applied, Altered:
			applied = append(applied, c.N)
		case Already:
			already = append(already, c.N)
		default:
		}
		e.record(now, &out)
	}
	if err := e.a.flush(); err != nil {
		return err
	}
	e.teller.event(e.rep, e.settled, false)
	return e.done(s.id, applied, already, false)
}

// done ends a batch.
func (e *engine) done(id int64, applied, already []int64, doubt bool) error {
	for _, n := range applied {
		e.j.st.applied.add(n)
	}
	for _, n := range already {
		e.j.st.already.add(n)
	}
	e.j.put(appendDone(nil, id, applied, already, doubt))
	return e.j.flush(false)
}

// made says that a change was applied, and how.
func (s *sent) made(i int, out *RowOutcome) {
	out.Outcome, out.Row = Applied, out.Change.After
	if row := s.rows[i]; row != nil {
		out.Row = row
	}
	if at := s.altered[i]; at != nil {
		out.Outcome, out.Columns = Altered, at
		out.Reason = alteredReason
	}
}

// record counts an outcome, and writes it to the audit log.
func (e *engine) record(now time.Time, out *RowOutcome) {
	switch out.Outcome {
	case Failed:
		e.refuse(now, out)
		return
	case Already:
	default:
		e.a.add(now, out.Change, out.Target, out.Row, out.Outcome, out.Reason)
	}
	e.count(out)
}

// refuse keeps a change that failed for another try.
func (e *engine) refuse(now time.Time, out *RowOutcome) {
	e.a.add(now, out.Change, out.Target, nil, Failed, out.Reason)
	e.refused.add(out, e.p.Header.Counts.Total, e.moved, e.keep)
}

// all fails every change of a batch.
func (e *engine) all(b *batch, err error) {
	now := e.o.now()
	for _, c := range b.changes {
		out := RowOutcome{Change: c, Target: b.w.t, Outcome: Failed, Reason: reasonOf(err)}
		e.count(&out)
		e.a.add(now, c, b.w.t, nil, Failed, out.Reason)
	}
}

// failed deals with an error of a batch of which nothing was done: it is the rows' fault or the world's.
func (e *engine) failed(ctx context.Context, b *batch, err error) error {
	if ctx.Err() != nil {
		return err
	}
	switch connectors.KindOf(err) {
	case connectors.Denied, connectors.ReadOnly:
		b.w.denied[b.changes[0].Action] = err
		e.all(b, err)
		return e.a.flush()
	case connectors.Failed, connectors.TimedOut:
	default:
		return err
	}
	if _, ok := errors.AsType[*connectors.Error](err); !ok {
		return err // ours
	}
	if n := len(b.changes); n > 1 {
		for _, part := range [][]*Change{b.changes[:n/2], b.changes[n/2:]} {
			if err := e.apply(ctx, &batch{w: b.w, changes: part}); err != nil {
				return err
			}
		}
		return nil
	}
	if e.errs++; e.errs > maxErrors {
		return err
	}
	out := RowOutcome{Change: b.changes[0], Target: b.w.t, Outcome: Failed, Reason: reasonOf(err)}
	e.refuse(e.o.now(), &out)
	return e.a.flush()
}

func reasonOf(err error) string {
	if err == nil {
		return "the server refused it"
	}
	return err.Error()
}

const alteredReason = "the row is not as planned: a trigger, a default or the server's rounding changed what was written"
