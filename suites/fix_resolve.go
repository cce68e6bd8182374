package suites

import (
	"slices"
	"strings"
	"time"

	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/lang"
	"github.com/assay-dev/assay/expectations/spec"
)

// resolveFixes checks what expectations say of corrections, once every dataset is known.
func (b *builder) resolveFixes(sets map[string]spec.Dataset) {
	b.risk(b.corrections.Risk)
	type owner struct {
		spec.Assignment
		where string
	}
	owned := map[[2]string][]owner{} // by dataset and column
	for i := range b.expectations {
		e := &b.expectations[i]
		if e.Fix == nil {
			continue
		}
		b.risk(e.Risk)
		if e.Compare != nil {
			b.resolveFixedSides(e, sets)
			continue
		}
		d, ok := sets[e.Dataset]
		if !ok || !b.changeable(&d, e.Fix.At) {
			continue
		}
		for _, a := range e.Fix.Set {
			if !b.assigned(e, &d, a) {
				continue
			}
			id := [2]string{e.Dataset, a.Column.Value}
			o := owner{a, strings.TrimSpace(e.Where.Value)}
			// Expectations that each say which rows they are about may differ: see plan.Build.
			i := slices.IndexFunc(owned[id], func(x owner) bool {
				apart := x.where != "" && o.where != "" && x.where != o.where
				return !apart && strings.TrimSpace(x.Value.Value) != strings.TrimSpace(a.Value.Value)
			})
			if i < 0 {
				owned[id] = append(owned[id], o)
				continue
			}
			first := owned[id][i]
			b.list.Errorf("two-owners", a.Column.At, "it gets another value at "+first.Column.At.String(), "two expectations own column %s of %s", quote(a.Column.Value), quote(e.Dataset))
			b.list.Errorf("two-owners", first.Column.At, "", "two expectations own column %s of %s: this is the first", quote(a.Column.Value), quote(e.Dataset))
		}
	}
}

// risk checks a risk rule, which needs no schema.
func (b *builder) risk(text diag.Text) {
	if text.Value == "" {
		return
	}
	_, found := lang.CompileRisk(text, b.vars, time.Time{})
	b.list = append(b.list, found...)
}

// changeable reports a dataset whose rows cannot be changed.
func (b *builder) changeable(d *spec.Dataset, at diag.Span) bool {
	var why string
	switch {
	case d.Query != "":
		why = "is what a query gives, which has no rows of its own: name the table itself"
	case d.File != "":
		why = "is a file, which is only read"
	default:
		return true
	}
	b.list.Errorf("not-fixable", at, "leave fix out, or correct another dataset", "dataset %s cannot be corrected: it %s", quote(d.Name), why)
	return false
}

// resolveFixedSides checks the fix of a comparison.
func (b *builder) resolveFixedSides(e *spec.Expectation, sets map[string]spec.Dataset) {
	c, f := e.Compare, e.Fix
	at := map[spec.FixSide]diag.Span{f.To: f.At} // the sides that are changed, and where that is said
	if to, ok := f.Places["to"]; ok {
		at[f.To] = to
	}
	for _, col := range f.Columns {
		b.ownedColumn(c, &col)
		other := f.To.Other()
		if _, known := at[other]; !known && (col.Owner.Kind == spec.OwnerNewest || col.Owner.Kind != spec.OwnerManual && col.Owner.Side == f.To || col.Owner.Kind == spec.OwnerPrefer) {
			at[other] = col.Owner.At
		}
	}
	for _, side := range []spec.FixSide{spec.ToSource, spec.ToTarget} {
		name := c.Target.Value
		if side == spec.ToSource {
			name = c.Source.Value
		}
		if d, ok := sets[name]; ok && at[side].File != "" {
			b.changeable(&d, at[side])
		}
	}
	if c.Source.Value == c.Target.Value {
		b.list.Errorf("not-fixable", f.At, "", "both sides are dataset %s: its rows cannot be right and wrong", quote(c.Source.Value))
	}
}

// ownedColumn checks the owner of a column against the rest of the comparison's text.
func (b *builder) ownedColumn(c *spec.Compare, col *spec.OwnedColumn) {
	is := func(n spec.Name) bool { return n.Value == col.Name.Value }
	switch {
	case slices.ContainsFunc(c.Key, is):
		b.list.Errorf("bad-value", col.Name.At, "", "column %s is in the key, which pairs the rows and is never changed", quote(col.Name.Value))
	case slices.ContainsFunc(c.Ignore, is):
		b.list.Errorf("bad-value", col.Name.At, "keep one of them", "column %s is both ignored and owned", quote(col.Name.Value))
	}
}

// assigned reports an assignment to a column that is not to be written.
func (b *builder) assigned(e *spec.Expectation, d *spec.Dataset, a spec.Assignment) bool {
	alias, rest, dotted := strings.Cut(a.Column.Value, ".")
	joined := slices.ContainsFunc(e.Joins, func(j spec.Join) bool { return j.Alias.Value == alias })
	switch {
	case dotted && joined && rest != "":
		b.list.Errorf("not-fixable", a.Column.At, "correct "+quote(d.Name)+", whose rows the expectation is about, or make an expectation about the partner's rows",
			"%s is a column of the partner %s, which this expectation does not own", quote(a.Column.Value), quote(alias))
	case slices.Contains(d.Key, a.Column.Value):
		b.list.Errorf("not-fixable", a.Column.At, "", "column %s is in the key of dataset %s, which names the row and is never changed", quote(a.Column.Value), quote(d.Name))
	default:
		return true
	}
	return false
}
