package fix

import (
	"context"
	"fmt"
	"slices"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/correct"
)

// group is what expectations want of one row.
type group struct {
	t      *table
	key    []value.Value
	wishes []*wish
	now    *connectors.Row // table.cols as they are; nil where there is no row
	whole  *connectors.Row // likewise all columns, where it may be deleted
	unread string          // why the row could not be read, "" where it could
}

// deletes reports whether a wish would delete the row.
func (g *group) deletes() bool {
	return slices.ContainsFunc(g.wishes, func(w *wish) bool { return w.what == wishDelete })
}

// write makes the one change that the wishes come to.
func (g *group) write(ctx context.Context) error {
	g.wishes = slices.DeleteFunc(g.wishes, func(w *wish) bool {
		if w.item.failed {
			g.t.p.refuse(w.item, "the expectation could not be evaluated to its end")
		}
		return w.item.failed
	})
	if g.unread != "" {
		g.refuseBut(nil, g.unread)
		return nil
	}
	if dup := slices.IndexFunc(g.wishes, func(w *wish) bool { return w.what == wishDuplicate || w.what == wishAllRows }); dup >= 0 {
		g.refuseBut(g.wishes[dup], "several rows have its key")
		return g.t.duplicates(ctx, g, g.wishes[dup])
	}
	if g.now != nil && g.now.Many {
		g.refuseBut(nil, "several rows have its key")
		return nil
	}
	var held []*wish
	for _, w := range g.wishes {
		if g.stands(w) {
			held = append(held, w)
		}
	}
	if i := slices.IndexFunc(held, func(w *wish) bool { return w.what == wishDelete }); i >= 0 {
		w := held[i]
		for _, o := range held {
			if o.item != w.item {
				g.t.p.refuse(o.item, "the row is deleted for "+w.item.ID)
			}
		}
		return g.delete(w)
	}
	if i := slices.IndexFunc(held, func(w *wish) bool { return w.what == wishInsert }); i >= 0 {
		if g.now != nil {
			return g.merged(held, g.t.insert, connectors.Update)
		}
		return g.merged(held, g.t.insert, connectors.Insert)
	}
	hand, own := split(held)
	if err := g.merged(hand, g.t.manual, connectors.Update); err != nil {
		return err
	}
	return g.merged(own, g.t.update, connectors.Update)
}

// split parts what is left to people from the rest.
func split(wishes []*wish) (hand, own []*wish) {
	for _, w := range wishes {
		if w.what == wishManual {
			hand = append(hand, w)
		} else {
			own = append(own, w)
		}
	}
	return hand, own
}

// refuseBut refuses all wishes but one.
func (g *group) refuseBut(but *wish, reason string) {
	for _, w := range g.wishes {
		if w != but {
			g.t.p.refuse(w.item, reason)
		}
	}
}

// stands reports whether the row is as the wish's expectation found it, and completes wishes whose values are computed from the row.
func (g *group) stands(w *wish) bool {
	p := g.t.p
	if w.what == wishInsert {
		if g.now != nil && g.revives(w) {
			return true
		}
		if g.now != nil {
			p.refuse(w.item, g.t.d.Spec.Name+" has a row with its key, that the comparison leaves out or that has come since")
			return false
		}
		return true
	}
	if g.now == nil {
		p.inMotion(w.item)
		return false
	}
	for i := range w.seen {
		if !w.known[i] {
			continue
		}
		if i < len(g.now.Errs) && g.now.Errs[i] || !same(&g.t.forms[i], w.seen[i], g.now.Values[i]) {
			p.inMotion(w.item)
			return false
		}
	}
	switch w.what {
	case wishSoft:
		return g.soft(w)
	case wishRow:
		return g.failing(w)
	default:
		return true
	}
}

// cell gives the row's cells to expressions.
func (g *group) cell(rel, index int) (v value.Value, failed, ok bool) {
	if rel != 0 {
		return v, false, false
	}
	if k, isKey := g.t.keyAt[index]; isKey {
		return g.key[k], false, true
	}
	at, ok := g.t.at[index]
	if !ok {
		return v, false, false
	}
	return g.now.Values[at], at < len(g.now.Errs) && g.now.Errs[at], true
}

// revives reports whether a row that is to be inserted is there, marked as deleted, and completes the wish: the mark goes.
func (g *group) revives(w *wish) bool {
	set := w.item.Fix.Compare.Soft
	if set == nil {
		return false
	}
	at := g.t.at[set.Column.Index]
	mark := g.now.Values[at]
	flag := set.Column.Col.Type.Kind == value.Bool
	if at < len(g.now.Errs) && g.now.Errs[at] || mark.IsNull() || flag && !mark.Bool() || set.Column.Col.NotNull && !flag {
		return false
	}
	if w.after[at], w.set[at] = value.NullValue(), true; flag {
		w.after[at] = value.BoolValue(false)
	}
	return true
}

// soft computes the mark of a deleted row.
func (g *group) soft(w *wish) bool {
	set := w.item.Fix.Compare.Soft
	at := g.t.at[set.Column.Index]
	v, why := evaluate(set.Value, g.cell)
	if why == "" {
		v, why = convertComputed(w.item.compare.soft, 0, set, v, g.t.d.Driver)
	}
	switch {
	case why != "":
		g.t.p.refuse(w.item, "column "+set.Column.Col.Name+": "+why)
		return false
	case !g.now.Values[at].IsNull() && set.Column.Col.Type.Kind != value.Bool:
		g.t.p.refuse(w.item, "it is marked as deleted already: leave such rows out by `where:`")
		return false
	}
	w.after[at], w.set[at] = v, true
	return true
}

// failing looks whether the row fails still, computes what its columns get, and looks whether it holds then.
func (g *group) failing(w *wish) bool {
	r, p := w.item.rows, g.t.p
	fails, err := r.judge(func(index int) (value.Value, bool) {
		v, failed, _ := g.cell(0, index)
		return v, failed
	})
	switch {
	case err != nil:
		p.refuse(w.item, "its condition cannot be evaluated")
		return false
	case !fails:
		p.inMotion(w.item)
		return false
	}
	if why := r.assign(w, g.cell); why != "" {
		p.refuse(w.item, why)
		return false
	}
	fails, err = r.judge(func(index int) (value.Value, bool) {
		if at, ok := g.t.at[index]; ok && w.set[at] {
			return w.after[at], false
		}
		v, failed, _ := g.cell(0, index)
		return v, failed
	})
	if err != nil || fails {
		p.refuse(w.item, "the row would not hold with what `fix` gives it either")
		return false
	}
	return true
}

// judge reports whether a row fails.
func (r *rowFix) judge(cell func(index int) (v value.Value, failed bool)) (bool, error) {
	b := &value.Batch{N: 1, Cols: make([]value.Vector, len(r.cols))}
	for i, c := range r.cols {
		b.Cols[i].Reset(c.Col.Type)
		if v, failed := cell(c.Index); failed {
			b.Cols[i].AppendErr()
		} else {
			b.Cols[i].AppendValue(v)
		}
	}
	vs, err := r.fails.Run(b)
	if err != nil {
		return false, fmt.Errorf("evaluate: %w", err)
	}
	return !vs[0].Errs.Get(0) && vs[0].Bools[0], nil
}

// delete deletes the row.
func (g *group) delete(w *wish) error {
	t := g.t
	row := g.whole
	if t.remove == t.insert {
		row = g.now
	}
	if row == nil || t.remove != t.insert && !g.agrees(row) {
		t.p.inMotion(w.item)
		return nil
	}
	if col := unrepresented(row, t.remove); col != "" {
		t.p.refuse(w.item, "column "+col+" cannot be represented, so that a deleted row could not be brought back")
		return nil
	}
	c := &correct.Change{Class: w.class, Expectation: w.item.ID, Reason: w.item.reason(w, nil)}
	c.Action, c.Key, c.Before, c.Document = connectors.Delete, g.key, row.Values, row.Document
	return t.weighed(t.remove, c, w.item, nil)
}

// agrees reports whether the whole row says what the part of it said that was read before.
func (g *group) agrees(row *connectors.Row) bool {
	for i, c := range g.t.remove.cols {
		at, ok := g.t.at[c.Index]
		if !ok {
			continue
		}
		if failed := i < len(row.Errs) && row.Errs[i]; failed != (at < len(g.now.Errs) && g.now.Errs[at]) || !failed && !same(&g.t.forms[at], row.Values[i], g.now.Values[at]) {
			return false
		}
	}
	return true
}

// unrepresented names a cell that cannot be guarded, "" for none.
func unrepresented(row *connectors.Row, g *target) string {
	for i, failed := range row.Errs {
		if failed {
			return g.cols[i].Col.Name
		}
	}
	return ""
}
