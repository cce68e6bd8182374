package diff

import (
	"context"
	"errors"
	"fmt"

	"github.com/assay-dev/assay/connectors/canon"
)

var sideNames = [2]string{"source", "target"}

// usualWidth is taken for the bytes of a row that nobody has measured.
const usualWidth = 256

// newDigesting says whether a comparison can be made by digests: nil, and why not, where it cannot. here says of which sides the condition is
// evaluated here.
func newDigesting(s *Spec, ins [2]*input, here [2]bool, out *findings) (*digesting, string) {
	if why := undigestible(s); why != "" {
		return nil, why
	}
	d := &digesting{spec: s, out: out, stats: &out.res.Digest, width: usualWidth, merge: newMerge(s, out)}
	for side, in := range ins {
		d.sides[side] = newDigestSide(s, in, here[side])
	}
	l, r := d.sides[canon.Left], d.sides[canon.Right]
	d.cutBy = canon.Left
	if l.server == nil && r.server != nil {
		d.cutBy = canon.Right
	}
	if !l.unique && !r.unique {
		switch {
		case l.groups():
			d.repeats = l
		case r.groups():
			d.repeats = r
		case l.ranges:
			d.repeats = l
		default:
			d.repeats = r
		}
	}
	return d, ""
}

// undigestible says why no digest stands for a row, "" where one does.
func undigestible(s *Spec) string {
	for i := range s.Columns {
		c := &s.Columns[i]
		if c.Carried {
			continue
		}
		if c.Expect != nil {
			return fmt.Sprintf("column %s has a condition of its own, which takes the cells of both sides", c.Name)
		}
		if ok, why := c.Form.Digestible(); !ok {
			return fmt.Sprintf("column %s: %s", c.Name, why)
		}
	}
	if keyOrder(s.Key).cutColumns() == 0 {
		return "no range of the key is the same rows for both sources"
	}
	return ""
}

// hashedHere says which sides are not hashed where their rows are, and why; "" for none.
func (d *digesting) hashedHere() string {
	text := ""
	for side, s := range d.sides {
		if s.server != nil {
			continue
		}
		if text != "" {
			text += "; "
		}
		text += fmt.Sprintf("the %s is read and hashed here: %s", sideNames[side], s.why)
	}
	return text
}

// runStrategy chooses how differences are found, and finds them.
func runStrategy(ctx context.Context, s *Spec, out *findings) error {
	return withInputs(ctx, s, out, func(t *task, ins [2]*input) error {
		if s.Strategy == Merge {
			out.res.Choice = Choice{Strategy: Merge, Reason: askedFor}
			return mergeInputs(t, s, ins, out)
		}
		d, why := newDigesting(s, ins, [2]bool{ins[0].sieve != nil, ins[1].sieve != nil}, out)
		if s.Strategy == Digest {
			if d == nil {
				out.res.Choice = Choice{Strategy: Merge, Reason: notDigests + why}
				return mergeInputs(t, s, ins, out)
			}
			out.res.Choice = Choice{Strategy: Digest, Reason: joined(askedFor, d.hashedHere())}
			return d.start(t)
		}
		choice, err := automatic(t.ctx, d, why)
		if err != nil {
			return err
		}
		out.res.Choice = choice
		if choice.Strategy == Digest {
			return d.start(t)
		}
		return mergeInputs(t, s, ins, out)
	})
}

func joined(a, b string) string {
	if b == "" {
		return a
	}
	return a + "; " + b
}

// fewRows are merged without a thought: nothing is measured for them.
const fewRows = 10_000

// unmeasured is the choice where it needs no measuring; false where it does. rows are those of the larger side, -1 where nobody knows.
func (d *digesting) unmeasured(why string, rows int64) (Choice, bool) {
	switch {
	case d == nil:
		return Choice{Strategy: Merge, Reason: mergeReason + "; no digests: " + why}, true
	case d.sides[0].server == nil && d.sides[1].server == nil, rows >= 0 && rows <= fewRows:
		return Choice{Strategy: Merge, Reason: mergeReason}, true
	}
	for side, s := range d.sides {
		if s.in.from.Dataset.Query != "" {
			return Choice{Strategy: Merge, Reason: fmt.Sprintf("%s; no digests: the %s is a query, which each of them would run again", mergeReason, sideNames[side])}, true
		}
	}
	return Choice{}, false
}

// automatic chooses by what the sides cost.
func automatic(ctx context.Context, d *digesting, why string) (Choice, error) {
	rows := int64(-1)
	if d != nil {
		if err := both(func(side int) error { return d.sides[side].estimate(ctx) }); err != nil {
			return Choice{}, err
		}
		rows = d.most()
	}
	if choice, ok := d.unmeasured(why, rows); ok {
		return choice, nil
	}
	c, err := d.costs(ctx)
	if err != nil {
		return Choice{}, err
	}
	for _, s := range c.sides {
		if s.bytes > 0 {
			d.width = s.bytes
		}
	}
	choice := c.choose()
	if choice.Strategy == Digest {
		choice.Reason = joined(choice.Reason, d.hashedHere())
	}
	return choice, nil
}

// estimate counts the rows where the engine does not say how many there are about.
func (d *digestSide) estimate(ctx context.Context) error {
	if d.in.from.Schema.Rows >= 0 || d.in.from.Dataset.Query != "" {
		return nil
	}
	return d.count(ctx)
}

// start runs the comparison as a part of t.
func (d *digesting) start(t *task) error {
	for _, s := range d.sides {
		s.in.read.Method, s.in.read.Reason = ByDigest, s.why
		s.recount(false)
	}
	t.spawn(func(ctx context.Context) (err error) {
		most := hashers - 1
		if d.spec.Left.Source == d.spec.Right.Source {
			most = hashers/2 - 1 // each
		}
		for side, s := range d.sides {
			closing, e := s.share(ctx, most)
			defer func() { err = errors.Join(err, closing()) }()
			if e != nil {
				return e
			}
			if s.server != nil {
				d.stats.Hashers[side] = 1 + len(s.helpers)
			}
		}
		return d.run(ctx)
	})
	return t.wait()
}
