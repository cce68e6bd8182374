package diff

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/value"
)

// How candidate differences are read again. docs/decisions/0015-settle-by-parts-of-rows.md says why.
const (
	// defaultRounds is Spec.SettleRounds where it is 0.
	defaultRounds = 10
	// sweepsARound is how often a round of Spec.Settle reads the candidates where that costs little.
	sweepsARound = 16
	// leastPause is the least time between two sweeps. The pause is as long as the sweep before at least: servers do other things too.
	leastPause = 25 * time.Millisecond
	// A difference counts when so many reads in a row have found it, the first one included: a row that goes to and fro between two states
	// is met in the one on one side and in the other on the other with a chance of about a quarter each time. They are fewer where there are many
	// candidates, of which every read costs.
	confirmFew  = 12
	confirmMany = 8
	few         = 10_000
)

// settling keeps the differences that a comparison of snapshots finds and reads their keys again until it knows which of them stay.
type settling struct {
	s     *Spec
	out   *findings
	began time.Time
	know  *knowledge
	queue *queue // of those who wait to be read again
	found *verdicts
	sides [2]*rereader
	rows  int64 // most bytes of a candidate's rows
	slow  bool  // reading all rows of a side costs much: keys are asked for wherever they can be
	// states is the most bytes of what was known of a candidate when the sweep began, widest since then.
	states, widest int64
	done           *Settled
}

func newSettling(s *Spec, out *findings) *settling {
	out.res.Settled = &Settled{}
	know := newKnowledge(s)
	return &settling{
		s: s, out: out, began: time.Now(), know: know, queue: newQueue(s, know), found: newVerdicts(s), done: out.res.Settled,
	}
}

// now is the time since the comparison began, by a clock that nobody sets.
func (st *settling) now() time.Duration { return time.Since(st.began) }

// add takes a difference of the snapshots as a candidate. It is dated now: its rows were read before.
func (st *settling) add(ctx context.Context, d Difference) error {
	st.rows = max(st.rows, sizeOf(&d))
	c := &candidate{side: canon.Left, key: d.Key}
	if d.LeftRows == 0 {
		c.side = canon.Right
	}
	st.done.Candidates++
	l, r := st.know.rows(&d)
	now := st.now()
	st.know.saw(c, l)
	st.know.compare(c, l, r, now)
	return st.wait(ctx, c)
}

// wait has a candidate wait for the next sweep.
func (st *settling) wait(ctx context.Context, c *candidate) error {
	st.widest = max(st.widest, c.bytes())
	return st.queue.push(ctx, c)
}

// close removes what was spilled.
func (st *settling) close() error {
	err := st.queue.close()
	if e := st.found.close(); err == nil {
		err = e
	}
	return err
}

// rounds is the bound on the rounds.
func (st *settling) rounds() int {
	if st.s.SettleRounds > 0 {
		return st.s.SettleRounds
	}
	return defaultRounds
}

// run reads the candidates again until each of them is decided or the bound is met, and reports what stays.
func (st *settling) run(ctx context.Context) error {
	if err := both(func(side int) (err error) {
		st.sides[side], err = newRereader(st, canon.Side(side)) //nolint:gosec // 0 or 1
		return err
	}); err != nil {
		return err
	}
	first := st.now()
	last := first + time.Duration(st.rounds())*st.s.Settle
	took := time.Duration(0)
	for sweep := 0; st.queue.len() > 0; sweep++ {
		need := st.need()
		// Where a sweep takes so long that few of them are made, there must be enough to tell what nobody writes.
		if st.now() >= last && sweep > need {
			break
		}
		if err := st.pause(ctx, sweep, took, st.now()-first); err != nil {
			return err
		}
		start := st.now()
		if err := st.sweep(ctx, need); err != nil {
			return err
		}
		took = st.now() - start
		st.done.Sweeps++
		st.out.waiting = st.queue.len()
		st.out.tell()
	}
	st.out.res.Counts.Unsettled = st.queue.len()
	st.out.waiting = 0
	st.done.Took = st.now() - first
	return st.found.each(ctx, st.out.final)
}

// need is how many reads must have found a difference.
func (st *settling) need() int {
	if st.queue.len() > few {
		return confirmMany
	}
	return confirmFew
}

// pause waits until the next sweep. Rows that are still undecided after a round change often: they are looked at more often, to meet the
// states that pass by.
func (st *settling) pause(ctx context.Context, sweep int, took, gone time.Duration) error {
	wait := st.s.Settle / sweepsARound
	for range gone / st.s.Settle {
		wait /= 2
	}
	if sweep == 0 && st.queue.len() > few {
		wait = st.s.Settle // most of what is in flight arrives meanwhile
	}
	wait = max(wait-took, took, leastPause)
	// At odd times, so that no rhythm of the writers hides what they do.
	wait = wait/2 + rand.N(wait) // #nosec G404 -- nobody gains by guessing it
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// sweep reads all candidates once, a part of them at a time: those last, of all parts together, that a side cannot be asked for by their keys, since
// all of its rows are read for them.
func (st *settling) sweep(ctx context.Context, need int) (err error) {
	n := st.queue.len()
	st.states, st.widest = st.widest, 0
	for side, r := range st.sides {
		r.begin(n, st.atOnce(partStream), st.slow || st.out.res.Choice.Strategy == Digest)
		st.done.Methods[side] = r.method
	}
	rest := newQueue(st.s, st.know)
	defer func() {
		if e := rest.close(); err == nil {
			err = e
		}
		for _, r := range st.sides {
			if e := r.end(); err == nil {
				err = e
			}
		}
	}()
	var refused [2]int64
	if err := st.parts(ctx, st.queue, func(part []*candidate) error {
		part, err := st.askable(ctx, part, rest, &refused)
		if err != nil || len(part) == 0 {
			return err
		}
		return st.look(ctx, part, need)
	}); err != nil || rest.len() == 0 {
		return err
	}
	for side, r := range st.sides {
		if refused[side] > 0 {
			r.search(rest.len(), st.atOnce(partStream))
			r.unable = r.unable || 2*refused[side] > n
		}
	}
	return st.parts(ctx, rest, func(part []*candidate) error { return st.look(ctx, part, need) })
}

// parts empties a queue part by part.
func (st *settling) parts(ctx context.Context, q *queue, look func(part []*candidate) error) (err error) {
	cs, err := q.drain(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if e := cs.close(); err == nil {
			err = e
		}
	}()
	for {
		part, err := cs.next(ctx, st.part())
		if err != nil || len(part) == 0 {
			return err
		}
		if err := look(part); err != nil {
			return err
		}
	}
}

// askable puts those of a part into rest that a side cannot be asked for by their keys, counts them by side, and returns the others.
func (st *settling) askable(ctx context.Context, part []*candidate, rest *queue, refused *[2]int64) ([]*candidate, error) {
	var by [2][]bool
	for side, r := range st.sides {
		by[side] = r.refused(part)
	}
	able := part[:0]
	for i, c := range part {
		ok := true
		for side := range by {
			if by[side] != nil && by[side][i] {
				refused[side]++
				ok = false
			}
		}
		if ok {
			able = append(able, c)
		} else if err := rest.push(ctx, c); err != nil {
			return nil, err
		}
	}
	return able, nil
}

// Bounds of the candidates that are read at once.
const (
	partLookup = 500
	partStream = 20_000
)

// atOnce is how many candidates are read at once, most at the most: both of their rows are held, and the states that the source was seen in.
func (st *settling) atOnce(most int64) int64 {
	return max(min(most, st.s.memory()/4/max(st.rows+st.states, 1)), 1)
}

// part is how many are read at once in a sweep that has begun.
func (st *settling) part() int {
	for _, r := range st.sides {
		if r.method != ByKey {
			return int(st.atOnce(partStream))
		}
	}
	return int(st.atOnce(partLookup))
}

// look reads some candidates on both sides and decides what can be decided.
func (st *settling) look(ctx context.Context, part []*candidate, need int) error {
	began := st.now()
	if err := both(func(side int) error { return st.sides[side].read(ctx, part) }); err != nil {
		return err
	}
	ended := st.now()
	for i, c := range part {
		l, r := st.sides[canon.Left].rowsOf(i), st.sides[canon.Right].rowsOf(i)
		st.know.saw(c, l)
		if st.know.caughtUp(c, l, r) {
			st.out.res.Counts.InFlight++
			continue
		}
		st.know.compare(c, l, r, ended)
		if parts := c.settled(began, st.s.Settle, need); len(parts) > 0 {
			if err := st.found.push(ctx, st.know.difference(c, parts, l, r)); err != nil {
				return err
			}
			continue
		}
		if err := st.wait(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// sizeOf returns about how many bytes of memory the cells of a difference take.
func sizeOf(d *Difference) int64 {
	n := int64(0)
	for _, row := range [3][]value.Value{d.Key, d.Left, d.Right} {
		for i := range row {
			n += boxedBytes + int64(len(row[i].Str()))
			for _, x := range row[i].List() {
				n += boxedBytes + int64(len(x.Str()))
			}
		}
	}
	return n
}

// bytes returns about how many bytes of memory a candidate takes, its key apart.
func (c *candidate) bytes() int64 {
	const one, part = 96, 64 // of the candidate itself, of a part that differs
	n := one + part*int64(len(c.differ))
	for i := range c.seen {
		n += stateBytes
		for j := range c.seen[i].soft {
			x := &c.seen[i].soft[j].val
			n += boxedBytes + int64(len(x.Str()))
			for _, y := range x.List() {
				n += boxedBytes + int64(len(y.Str()))
			}
		}
	}
	return n
}

const (
	boxedBytes = 96
	stateBytes = 40
)
