package diff

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/value"
)

// sampling is a sampled comparison under way.
type sampling struct {
	s    *Spec
	o    *SampleOptions
	res  *SampleResult
	out  *findings
	ins  [2]*input
	know *knowledge
	ids  [2]*value.Batch // one key, as either side has it
	buf  []byte

	settle *settling // nil unless Spec.Settle
	found  *verdicts // the differences, without settle
	// differ are the keys that were seen to differ, order is that in which they were.
	differ map[fingerprint]*differing
	order  []*differing
	agree  []uint64 // stand for the keys that did not, each as often as it was drawn
}

// differing is a key that differs, or did when it was first read.
type differing struct {
	class Class        // under settle "" until it is known
	alone [2]bool      // only that side has it
	draws [2][]float64 // the weights of the draws that wait for it, by the side drawn from
}

func newSampling(s *Spec, o *SampleOptions, res *SampleResult, sink func(Difference) error, progress func(Progress)) *sampling {
	res.Choice = Choice{Strategy: Sampled, Reason: "rows are drawn at random and looked up on the other side"}
	x := &sampling{
		s: s, o: o, res: res, out: newFindings(&res.Result, s, sink, progress), know: newKnowledge(s), found: newVerdicts(s), differ: map[fingerprint]*differing{},
	}
	for side := range x.ids {
		var types []value.Type
		for i := range s.Key {
			types = append(types, s.Key[i].of(canon.Side(side)).Col.Type)
		}
		x.ids[side] = value.NewBatch(types...)
	}
	if s.Settle > 0 {
		x.settle = newSettling(s, x.out)
		x.settle.slow = true
		x.out.sink = func(d Difference) error {
			if err := x.settled(&d); err != nil || sink == nil {
				return err
			}
			return sink(d)
		}
	}
	return x
}

// run goes both ways, and hands on what differs.
func (x *sampling) run(ctx context.Context) (err error) {
	if err := x.open(ctx); err != nil {
		return err
	}
	defer func() {
		if e := x.closeInputs(); err == nil {
			err = e
		}
	}()
	for side := range x.res.Ways {
		w := newWay(x, canon.Side(side))
		if err := w.run(ctx); err != nil {
			return err
		}
	}
	return x.finish(ctx)
}

// reopen takes new snapshots: the statement that a time limit cut short may have taken its own with it.
func (x *sampling) reopen(ctx context.Context) error {
	if err := x.closeInputs(); err != nil {
		return err
	}
	return x.open(ctx)
}

// open takes snapshots of both sides.
func (x *sampling) open(ctx context.Context) error {
	err := both(func(side int) (err error) {
		in, err := snapshotOf(ctx, x.s, canon.Side(side), &x.res.Reads[side], &x.out.sent[side]) //nolint:gosec // 0 or 1
		if err != nil {
			return err
		}
		x.ins[side] = in
		return in.failed(in.placeUncounted(x.s.side(in.side).Where))
	})
	if err != nil {
		_ = x.closeInputs() // the first failure counts
	}
	return err
}

func (x *sampling) closeInputs() (err error) {
	for side, in := range x.ins {
		if in == nil {
			continue
		}
		x.ins[side] = nil
		if e := in.failed(in.close()); err == nil {
			err = e
		}
	}
	return err
}

// id stands for a key, row i of a batch of a side.
func (x *sampling) id(side canon.Side, key *value.Batch, i int) fingerprint {
	x.buf = x.buf[:0]
	for k := range x.s.Key {
		x.buf = x.s.Key[k].Form.Append(x.buf, &key.Cols[k], side, i)
	}
	sum := sha256.Sum256(x.buf)
	return fingerprint(sum[:len(fingerprint{})])
}

// judge compares the rows that the two sides have of a key that was drawn. The draw is final unless wait.
func (x *sampling) judge(ctx context.Context, w *way, id fingerprint, l, r rowsOf, weight float64) (d Draw, wait bool, err error) {
	d = Draw{Class: Identical, Weight: weight}
	parts := x.know.parts(l, r)
	if len(parts) == 0 {
		x.agree = append(x.agree, binary.LittleEndian.Uint64(id[:]))
		return d, false, nil
	}
	found := x.know.difference(&candidate{}, parts, l, r)
	e := x.differ[id]
	if e == nil {
		e = &differing{}
		x.differ[id] = e
		x.order = append(x.order, e)
		x.out.found++
		if x.settle != nil {
			err = x.settle.add(ctx, found)
		} else {
			err = x.found.push(ctx, found)
		}
	}
	if x.settle != nil {
		e.draws[w.side] = append(e.draws[w.side], weight)
		return d, true, err
	}
	d.Class, d.Alone = found.Class, w.alone(&found)
	return d, false, err
}

// gone is a row that was drawn and was there no more when its key was looked up.
func (x *sampling) gone(id fingerprint, weight float64) Draw {
	if x.differ[id] == nil {
		x.differ[id] = &differing{class: Unsettled}
		x.res.Counts.Unsettled++
	}
	return Draw{Class: Unsettled, Weight: weight}
}

// parts are what differs between the rows of a key.
func (k *knowledge) parts(l, r rowsOf) []int {
	switch {
	case l.n > 1 || r.n > 1:
		return []int{partMany}
	case l.n != r.n:
		return []int{partRows}
	case l.n == 0:
		return nil
	}
	return k.columns(l, r)
}

// settled notes what a key came to that differs for good.
func (x *sampling) settled(d *Difference) error {
	side := canon.Left
	if d.LeftRows == 0 {
		side = canon.Right
	}
	b := x.ids[side]
	b.Clear()
	b.AppendRow(d.Key...)
	if e := x.differ[x.id(side, b, 0)]; e != nil {
		e.class, e.alone = d.Class, [2]bool{d.RightRows == 0, d.LeftRows == 0}
	}
	return nil
}

// finish decides what differed at first, and reports what differs.
func (x *sampling) finish(ctx context.Context) error {
	same := x.agree
	slices.Sort(same)
	x.res.Counts.Identical = int64(len(slices.Compact(same)))
	if x.settle == nil {
		return x.found.each(ctx, x.out.final)
	}
	if err := x.settle.run(ctx); err != nil {
		return err
	}
	if err := x.unsettled(ctx); err != nil {
		return err
	}
	for side := range x.res.Ways {
		var draws []Draw
		for _, e := range x.order {
			if e.class == "" {
				e.class = InFlight
			}
			for _, weight := range e.draws[side] {
				draws = append(draws, Draw{Class: e.class, Alone: e.alone[side], Weight: weight})
			}
		}
		if _, err := x.take(canon.Side(side), draws); err != nil {
			return err
		}
	}
	return nil
}

// unsettled marks the keys that still changed when they were last read.
func (x *sampling) unsettled(ctx context.Context) (err error) {
	cs, err := x.settle.queue.drain(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if e := cs.close(); err == nil {
			err = e
		}
	}()
	for {
		part, err := cs.next(ctx, chunk)
		if err != nil || len(part) == 0 {
			return err
		}
		for _, c := range part {
			b := x.ids[c.side]
			b.Clear()
			b.AppendRow(c.key...)
			if e := x.differ[x.id(c.side, b, 0)]; e != nil {
				e.class = Unsettled
			}
		}
	}
}

// take counts draws and hands them on.
func (x *sampling) take(side canon.Side, draws []Draw) (enough bool, err error) {
	if len(draws) == 0 {
		return false, nil
	}
	w := &x.res.Ways[side]
	for i := range draws {
		switch draws[i].Class {
		case Identical:
			w.Counts.Identical++
		case Changed:
			w.Counts.Changed++
		case Missing:
			w.Counts.Missing++
		case Extra:
			w.Counts.Extra++
		case DuplicateKey:
			w.Counts.DuplicateKey++
		case InFlight:
			w.Counts.InFlight++
		case Unsettled:
			w.Counts.Unsettled++
		}
	}
	if x.o.Take == nil {
		return false, nil
	}
	return x.o.Take(side, draws)
}

// close removes what was spilled.
func (x *sampling) close() error {
	err := x.found.close()
	if x.settle != nil {
		if e := x.settle.close(); err == nil {
			err = e
		}
	}
	return err
}
