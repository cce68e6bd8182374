package correct

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"slices"

	"github.com/assay-dev/assay/connectors"
)

// Batches that were sent when nobody waited for the answer: because assay was killed, or because the connection broke. What they were to leave behind is in the
// journal, and the rows say whether they did.

// uncertain finds out at once what became of a batch.
func (e *engine) uncertain(ctx context.Context, s *sent, cause error) error {
	if err := e.j.flush(true); err != nil {
		return errors.Join(cause, err)
	}
	st, _, err := readState(e.j.file, e.j.path, e.p.Header.Counts.Total)
	if err != nil {
		return errors.Join(cause, err)
	}
	b := st.open[s.id]
	if b == nil {
		return cause
	}
	e.j.st.open[s.id] = b
	changes := make(map[int64]*Change, len(s.changes))
	for _, c := range s.changes {
		changes[c.N] = c
	}
	if err := e.resolve(ctx, b, changes); err != nil {
		return errors.Join(cause, err) // the journal keeps it open
	}
	return cause
}

// resolveAll finds out what became of the batches that an earlier apply left open.
func (e *engine) resolveAll(ctx context.Context) error {
	open := slices.SortedFunc(maps.Values(e.j.st.open), func(a, b *openBatch) int { return cmp.Compare(a.id, b.id) })
	if len(open) == 0 {
		return nil
	}
	changes := make(map[int64]*Change)
	wanted := newNumbers(e.p.Header.Counts.Total)
	for _, b := range open {
		for _, n := range b.ns {
			wanted.add(n)
		}
	}
	err := e.p.Changes(ctx, func(c *Change) error {
		if wanted.has(c.N) {
			changes[c.N] = c
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, b := range open {
		if err := e.resolve(ctx, b, changes); err != nil {
			return err
		}
	}
	return nil
}

// resolve says of a batch what of it was done, as far as the rows say so; what they do not is tried again, and recognised then if it was done after all.
func (e *engine) resolve(ctx context.Context, b *openBatch, changes map[int64]*Change) error {
	w := e.byName[b.target]
	if w == nil {
		return &PlanError{Path: e.j.path, Text: "it names a target that the plan does not have"}
	}
	if b.transaction && !b.prepared {
		// COMMIT was never sent.
		e.j.st.undone(b, false)
		e.j.put(appendUndone(nil, b.id, false))
		return e.j.flush(false)
	}
	s := &sent{batch: &batch{w: w}, id: b.id}
	ns := b.ns
	if b.prepared {
		ns = b.applied
	}
	at := make([]int, 0, len(ns))
	for i, n := range ns {
		s.changes = append(s.changes, changes[n])
		at = append(at, i)
	}
	rows, err := e.read(ctx, w, s.keys(at))
	if err != nil {
		return err
	}
	heard, err := e.heard(b)
	if err != nil {
		return err
	}
	e.j.st.doubts.add(b.rows...) // where doneBefore looks
	var applied []int64
	now := e.o.now()
	for i, c := range s.changes {
		out := RowOutcome{Change: c, Target: w.t}
		done, err := e.doneBefore(s, i, rows[i], &out)
		if err != nil {
			return err
		}
		if !done {
			continue
		}
		applied = append(applied, c.N)
		if !heard[c.N] {
			e.a.add(now, c, w.t, out.Row, out.Outcome, out.Reason)
		}
		if e.o.selected(c.Risk) {
			e.count(&out)
		}
	}
	if err := e.a.flush(); err != nil {
		return err
	}
	e.j.st.done(b, nil, nil, true)
	return e.done(b.id, applied, nil, true)
}

// doneBefore reports whether a row is as a batch in doubt was to leave it: then this plan did it.
func (e *engine) doneBefore(s *sent, i int, row *connectors.Row, out *RowOutcome) (bool, error) {
	c, t := s.changes[i], s.w.t
	after, whole := c.After, false
	if at, ok := e.j.st.doubts.find(c.N); ok && c.After != nil {
		kept, bad, err := e.j.st.row(e.j.file, at, t)
		if err != nil {
			return false, err
		}
		if bad {
			return false, nil
		}
		after, whole = kept, true
	}
	if st, _ := s.w.stand(c, row, after, whole); st != asAfter {
		return false, nil
	}
	out.Outcome, out.Row = Applied, after
	if row != nil && row.Document != nil {
		e.j.put(appendDocRecord(nil, c.N, s.id, row.Document))
	}
	if row != nil && c.Action == connectors.Insert && len(c.Set) < len(row.Values) {
		after, whole, out.Row = row.Values, true, row.Values
	}
	if whole {
		e.j.put(appendRowRecord(nil, c.N, s.id, t, after, nil))
		among := c.Set
		if c.Action == connectors.Update {
			among = nil
		}
		if at := s.w.written(s.w.cmp.differ(after, c.After, nil, among)); len(at) > 0 {
			out.Outcome, out.Columns, out.Reason = Altered, at, alteredReason
		}
	}
	return true, nil
}

// heard returns which changes of a batch the audit log has: it was written between the batch and the journal.
func (e *engine) heard(b *openBatch) (map[int64]bool, error) {
	if e.a == nil {
		return nil, nil
	}
	f, err := os.Open(e.a.path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was read only
	out := make(map[int64]bool)
	r := &lines{path: e.a.path, r: bufio.NewReaderSize(io.NewSectionReader(f, b.audit, 1<<62), 1<<18), most: maxOwnLine}
	for {
		line, err := r.next()
		if _, cut := errors.AsType[*PlanError](err); cut || err == nil && line == nil {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		n, plan, result := auditLine(line)
		if plan == e.p.Header.Sum && (result == Applied || result == Altered) {
			out[n] = true
		}
	}
}

// auditLine returns of a line of an audit log which change it is about; "" for the plan where it is none.
func auditLine(line []byte) (n int64, plan string, result Outcome) {
	l := &lexer{b: line}
	l.members(in("a line"), func(name string, _ int) {
		switch name {
		case "n":
			n = l.integer(in(name))
		case "plan":
			plan = l.octets(in(name))
		case "result":
			result = Outcome(l.octets(in(name)))
		default:
			l.anything(0)
		}
	})
	if l.err != nil {
		return 0, "", ""
	}
	return n, plan, result
}
