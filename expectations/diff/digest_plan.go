package diff

import (
	"context"
	"fmt"

	"github.com/assay-dev/assay/connectors/canon"
)

// usualWidth is taken for the bytes of a row that nobody has measured.
const usualWidth = 256

// newDigesting says whether a comparison can be made by digests: nil, and why not, where it cannot.
func newDigesting(s *Spec, ins [2]*input, out *findings) (*digesting, string) {
	for i := range s.Columns {
		c := &s.Columns[i]
		if c.Carried {
			continue
		}
		if c.Expect != nil {
			return nil, fmt.Sprintf("column %s has a condition of its own, which takes the cells of both sides", c.Name)
		}
		if ok, why := c.Form.Digestible(); !ok {
			return nil, fmt.Sprintf("column %s: %s", c.Name, why)
		}
	}
	if keyOrder(s.Key).cutColumns() == 0 {
		return nil, "no range of the key is the same rows for both sources"
	}
	d := &digesting{spec: s, out: out, stats: &out.res.Digest, width: usualWidth, merge: newMerge(s, out)}
	for side, in := range ins {
		d.sides[side] = newDigestSide(s, in)
	}
	l, r := d.sides[canon.Left], d.sides[canon.Right]
	d.cutBy = canon.Left
	if l.server == nil && r.server != nil {
		d.cutBy = canon.Right
	}
	if !l.unique && !r.unique {
		switch {
		case l.server != nil:
			d.repeats = l
		case r.server != nil:
			d.repeats = r
		case l.ranges:
			d.repeats = l
		default:
			d.repeats = r
		}
	}
	return d, ""
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
		text += fmt.Sprintf("the %s is read and hashed here: %s", [2]string{"source", "target"}[side], s.why)
	}
	return text
}

// runStrategy chooses how differences are found, and finds them.
func runStrategy(ctx context.Context, s *Spec, out *findings) error {
	return withInputs(ctx, s, out, func(t *task, ins [2]*input) error {
		if s.Strategy == Merge {
			out.res.Choice = Choice{Strategy: Merge, Reason: "asked for"}
			return mergeInputs(t, s, ins, out)
		}
		d, why := newDigesting(s, ins, out)
		if s.Strategy == Digest {
			if d == nil {
				out.res.Choice = Choice{Strategy: Merge, Reason: "digests were asked for, but " + why}
				return mergeInputs(t, s, ins, out)
			}
			out.res.Choice = Choice{Strategy: Digest, Reason: joined("asked for", d.hashedHere())}
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

// automatic chooses by what the sides cost. It measures nothing where the answer is known without.
func automatic(ctx context.Context, d *digesting, why string) (Choice, error) {
	const merged = "both sides are read in key order and compared here"
	switch {
	case d == nil:
		return Choice{Strategy: Merge, Reason: merged + "; no digests: " + why}, nil
	case d.sides[0].server == nil && d.sides[1].server == nil:
		return Choice{Strategy: Merge, Reason: joined(merged+"; no digests", d.hashedHere())}, nil
	}
	for side, s := range d.sides {
		if s.in.from.Dataset.Query != "" {
			return Choice{Strategy: Merge, Reason: fmt.Sprintf("%s; no digests: the %s is a query, which each of them would run again", merged, [2]string{"source", "target"}[side])}, nil
		}
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

// start runs the comparison as a part of t.
func (d *digesting) start(t *task) error {
	for _, s := range d.sides {
		s.in.read.Method, s.in.read.Reason = ByDigest, s.why
	}
	t.spawn(d.run)
	return t.wait()
}
