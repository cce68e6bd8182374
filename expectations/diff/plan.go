package diff

import (
	"context"
	"errors"

	"github.com/assay-dev/assay/connectors/canon"
)

// withInputs opens both sides for the time that f takes. What f starts in t it also waits for.
func withInputs(ctx context.Context, s *Spec, out *findings, f func(t *task, ins [2]*input) error) (err error) {
	t := newTask(ctx)
	defer t.cancel()
	var ins [2]*input
	defer func() {
		for _, in := range ins {
			if in != nil {
				if e := in.failed(in.close()); err == nil {
					err = e
				}
			}
		}
	}()
	if err := both(func(side int) (err error) {
		ins[side], err = newInput(t.ctx, s, canon.Side(side), &out.res.Reads[side], &out.sent[side]) //nolint:gosec // 0 or 1
		return err
	}); err != nil {
		return err
	}
	return f(t, ins)
}

// mergeInputs reads both sides in key order and compares them.
func mergeInputs(t *task, s *Spec, ins [2]*input, out *findings) error {
	p := &plan{ins: ins, memory: s.memory()}
	if err := p.open(t.ctx); err != nil {
		return err
	}
	t.spawn(func(ctx context.Context) error { return p.compare(ctx, t, newMerge(s, out)) })
	return t.wait()
}

// plan is how the two sides come in key order.
type plan struct {
	ins    [2]*input
	memory int64
	win    *windows // reads one of the sides, nil for none
}

// open starts the statements of both sides, before a row of either is read.
func (p *plan) open(ctx context.Context) error {
	var ordered [2]bool
	var why [2]string
	for side, in := range p.ins {
		switch {
		case !in.source.Caps().KeyOrder:
			why[side] = "the source gives no order"
		case !in.key.serverOrder(in.side):
			why[side] = "the source's order of the key is not that of the comparison"
		default:
			ordered[side] = true
		}
	}
	if err := p.chooseWindows(ctx, &ordered, &why); err != nil {
		return err
	}
	for side, in := range p.ins {
		in.read.Reason = why[side]
	}
	return both(func(side int) error {
		if p.win != nil && p.win.in == p.ins[side] {
			return nil
		}
		return p.ins[side].open(ctx, ordered[side])
	})
}

// windowShare is the part of the memory that a window may have of it: three are read while one is compared, and a row is held in some forms at a time.
const windowShare = 28

// chooseWindows decides which side is read in key windows: one for which an order costs much, the target before the source.
func (p *plan) chooseWindows(ctx context.Context, ordered *[2]bool, why *[2]string) error {
	for side := len(p.ins) - 1; side >= 0 && p.win == nil; side-- {
		in := p.ins[side]
		if !in.source.Caps().UnorderedFaster {
			continue
		}
		win, reason, err := newWindows(ctx, in, p.memory/windowShare)
		if err != nil {
			return in.failed(err)
		}
		if win == nil {
			ordered[side], why[side] = false, reason
			continue
		}
		p.win, why[side] = win, "reading in any order is faster there"
		in.read.Method = ByWindows
	}
	return nil
}

// compare reads both sides and merges them.
func (p *plan) compare(ctx context.Context, t *task, m *merge) error {
	var cursors [2]*cursor
	for side, in := range p.ins {
		cursors[side] = &cursor{side: in.side, key: in.key}
		if p.win != nil && p.win.in == in {
			continue
		}
		// Where windows are cut, a window waits while another one is compared; else a few pages are enough to keep both sides busy.
		ahead := p.memory / 16
		if p.win != nil {
			ahead = p.memory / 4
		}
		r := newReader(in.rows, in.check, ahead, in.failed)
		if p.win != nil {
			r.cut = p.win.cut
		}
		cursors[side].in = r
		t.spawn(r.run)
	}
	if p.win == nil {
		return m.run(ctx, cursors[canon.Left], cursors[canon.Right])
	}
	t.spawn(p.win.run)
	for {
		w, ok, err := p.win.next(ctx)
		if !ok || err != nil {
			return err
		}
		if err := p.window(ctx, m, cursors, w); err != nil {
			return err
		}
	}
}

// window merges one window.
func (p *plan) window(ctx context.Context, m *merge, cursors [2]*cursor, w window) (err error) {
	defer func() { err = errors.Join(err, w.rows.Close()) }()
	in := p.win.in
	other := cursors[canon.Left]
	if in.side == canon.Left {
		other = cursors[canon.Right]
	}
	other.window(w.upto)
	cursors[in.side] = &cursor{side: in.side, key: in.key, in: &direct{rows: w.rows, check: in.check}}
	return m.run(ctx, cursors[canon.Left], cursors[canon.Right])
}
