package fix

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/correct"
	"github.com/assay-dev/assay/expectations/diag"
)

// together is how many rows are read once more at a time.
const together = 1000

// Finish reads the rows concerned and hands on the changes. rows are the rows of each dataset as far as the run counted them.
func (p *Planner) Finish(ctx context.Context, rows map[string]int64) {
	defer p.close()
	if p.err == nil {
		p.err = p.finish(ctx, rows)
	}
}

func (p *Planner) finish(ctx context.Context, rows map[string]int64) error {
	p.res.OverBudget = p.over(rows, func(t *table) int64 { return t.count })
	for _, name := range p.names {
		t := p.tables[name]
		if t == nil {
			continue
		}
		for _, g := range []*target{t.update, t.insert, t.remove, t.manual, t.byRow} {
			if g == nil {
				continue
			}
			if g.rows = -1; rows != nil {
				if n, ok := rows[name]; ok {
					g.rows = n
				}
			}
		}
		if err := t.finish(ctx); err != nil {
			return fmt.Errorf("plan changes of %s: %w", name, err)
		}
	}
	if p.over(rows, func(t *table) int64 { return t.written }) == "" {
		p.res.OverBudget = "" // some turned out to be no changes
	}
	for _, x := range p.order {
		var reasons []string
		for k := range p.no {
			if k[0] == x.ID {
				reasons = append(reasons, k[1])
			}
		}
		slices.Sort(reasons)
		for _, r := range reasons {
			p.res.Refused = append(p.res.Refused, correct.Refusal{Expectation: x.ID, Reason: r, Rows: p.no[[2]string{x.ID, r}]})
		}
	}
	return nil
}

// close lets go of what was kept.
func (p *Planner) close() {
	for _, t := range p.tables {
		if t.sorter != nil {
			_ = t.sorter.Close() // temporary files; there is nobody to tell
		}
	}
}

// over says that there are more changes than are allowed, "" where there are not. Before the rows are read again findings are counted, a few of which may turn out to be
// in motion.
func (p *Planner) over(rows map[string]int64, changes func(*table) int64) string {
	c := p.suite.Corrections
	var total int64
	out := ""
	for _, name := range p.names {
		t := p.tables[name]
		if t == nil {
			continue
		}
		count := changes(t)
		total += count
		n, known := rows[name]
		if c.MaxFraction < 1 && fraction(count, n, known) > c.MaxFraction && out == "" {
			out = fmt.Sprintf("%s of %s rows of %s are more than max_fraction allows (%s)", diag.Group(count), rowsText(n, known), name, diag.Percent(c.MaxFraction))
		}
	}
	if total > c.MaxChanges {
		out = fmt.Sprintf("%s are more than max_changes allows (%s)", diag.Plural(total, "change"), diag.Group(c.MaxChanges))
	}
	return out
}

func rowsText(n int64, known bool) string {
	if !known {
		return "an unknown number of"
	}
	return diag.Group(n)
}

// fraction is the share of rows that change; 1 where their number is not known.
func fraction(changes, rows int64, known bool) float64 {
	if changes == 0 {
		return 0
	}
	if !known || rows <= 0 {
		return 1
	}
	return math.Min(float64(changes)/float64(rows), 1)
}

// finish makes the changes of one table.
func (t *table) finish(ctx context.Context) error {
	if t.batch.N > 0 {
		if err := t.flush(ctx); err != nil {
			return err
		}
	}
	sorted, err := t.sorter.Sort(ctx)
	if err != nil {
		return fmt.Errorf("sort findings: %w", err)
	}
	defer func() { _ = sorted.Close() }() // everything was read, or the error that counts is returned
	var groups []*group
	for {
		b, err := sorted.Next(ctx)
		if err != nil {
			return fmt.Errorf("sort findings: %w", err)
		}
		if b == nil {
			break
		}
		for i := range b.N {
			w := t.wishOf(b, i)
			if n := len(groups); n == 0 || !t.sameKey(groups[n-1].key, w.key) {
				if n == together {
					if err := t.groups(ctx, groups); err != nil {
						return err
					}
					groups = groups[:0]
				}
				groups = append(groups, &group{t: t, key: w.key})
			}
			g := groups[len(groups)-1]
			g.wishes = append(g.wishes, w)
		}
	}
	return t.groups(ctx, groups)
}

// sameKey reports whether two keys are one.
func (t *table) sameKey(a, b []value.Value) bool {
	for i := range a {
		if !same(&t.keyForms[i], a[i], b[i]) {
			return false
		}
	}
	return true
}

// same reports whether two values of one column are the same.
func same(f *canon.Form, a, b value.Value) bool {
	if a.IsNull() || b.IsNull() {
		return a.IsNull() && b.IsNull()
	}
	var x, y value.Vector
	x.Reset(f.Left.Type)
	y.Reset(f.Left.Type)
	x.AppendValue(a)
	y.AppendValue(b)
	return f.Equal(&x, 0, &y, 0)
}

// groups makes the changes of some rows.
func (t *table) groups(ctx context.Context, groups []*group) error {
	if len(groups) == 0 {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	if err := t.read(ctx, groups, t.insert, func(*group) bool { return true }, func(g *group, r *connectors.Row) { g.now = r }); err != nil {
		return err
	}
	if t.remove != t.insert {
		if err := t.read(ctx, groups, t.remove, (*group).deletes, func(g *group, r *connectors.Row) { g.whole = r }); err != nil {
			return err
		}
	}
	for _, g := range groups {
		if err := g.write(ctx); err != nil {
			return err
		}
	}
	return nil
}

// read reads those rows that are wanted once more.
func (t *table) read(ctx context.Context, groups []*group, as *target, wanted func(*group) bool, take func(*group, *connectors.Row)) error {
	var asked []*group
	var keys [][]value.Value
	for _, g := range groups {
		if wanted(g) {
			asked, keys = append(asked, g), append(keys, g.key)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	rows, err := t.rows.Rows(ctx, t.target(as), keys)
	if err == nil && len(rows) != len(asked) {
		return fmt.Errorf("%d rows were read of %d keys", len(rows), len(asked))
	}
	if err != nil {
		return t.unread(ctx, asked, as, take, err)
	}
	for i, g := range asked {
		take(g, rows[i])
	}
	return nil
}

// unread sees to rows that could not be read: where the server takes none of them their findings are refused, and where it may be one of them, that is found by halves.
func (t *table) unread(ctx context.Context, groups []*group, as *target, take func(*group, *connectors.Row), err error) error {
	switch kind := connectors.KindOf(err); {
	case ctx.Err() != nil:
		return err
	case kind == connectors.Misconfigured, kind == connectors.ReadOnly, kind == connectors.Denied, kind == connectors.Failed && len(groups) == 1:
		reason := "the server does not take its key" // its words may hold the key
		if e, ok := errors.AsType[*connectors.Error](err); ok && kind != connectors.Failed {
			reason = e.Err.Error()
		}
		for _, g := range groups {
			g.unread = "the row cannot be read again: " + reason
		}
		return nil
	case kind != connectors.Failed:
		return err
	}
	half := len(groups) / 2
	all := func(*group) bool { return true }
	if err := t.read(ctx, groups[:half], as, all, take); err != nil {
		return err
	}
	return t.read(ctx, groups[half:], as, all, take)
}
