package fix

import (
	"slices"
	"strings"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/correct"
)

// union is what several expectations want of a row together.
type union struct {
	after     []value.Value // of table.cols
	set       []bool
	contested []bool // two of them want different values: neither is written
}

// united puts wishes together.
func (g *group) united(wishes []*wish) union {
	n := len(g.t.cols)
	u := union{after: make([]value.Value, n), set: make([]bool, n), contested: make([]bool, n)}
	for _, w := range wishes {
		for i := range w.set {
			switch {
			case !w.set[i]:
			case !u.set[i]:
				u.after[i], u.set[i] = w.after[i], true
			case !same(&g.t.forms[i], u.after[i], w.after[i]):
				u.contested[i] = true
			}
		}
	}
	return u
}

// dispute refuses what wishes contest among each other; it reports whether anything is left.
func (g *group) dispute(wishes []*wish, u *union, action connectors.Action) bool {
	i := slices.Index(u.contested, true)
	if i < 0 {
		return true
	}
	reason := "two expectations give column " + g.t.cols[i].Col.Name + " of the row different values"
	for _, w := range wishes {
		if action == connectors.Insert || w.set[i] {
			g.t.p.refuse(w.item, reason)
		}
	}
	return action != connectors.Insert
}

// merged makes one change of what several expectations want of a row.
func (g *group) merged(wishes []*wish, to *target, action connectors.Action) error {
	t := g.t
	if len(wishes) == 0 {
		return nil
	}
	u := g.united(wishes)
	if !g.dispute(wishes, &u, action) {
		return nil
	}
	c := &correct.Change{}
	c.Action, c.Key = action, g.key
	c.After = make([]value.Value, len(to.cols))
	if action == connectors.Update {
		c.Before = make([]value.Value, len(to.cols))
		c.Document = g.now.Document
	}
	for i, col := range to.cols {
		at := t.at[col.Index]
		if action == connectors.Update {
			if at < len(g.now.Errs) && g.now.Errs[at] {
				for _, w := range wishes {
					t.p.refuse(w.item, "column "+col.Col.Name+" of the row cannot be represented, so that it cannot be guarded")
				}
				return nil
			}
			c.Before[i] = g.now.Values[at]
			c.After[i] = c.Before[i]
		}
		if !u.set[at] || u.contested[at] || action == connectors.Update && same(&t.forms[at], u.after[at], c.Before[i]) {
			continue
		}
		c.After[i] = u.after[at]
		c.Set = append(c.Set, i)
	}
	return g.told(wishes, &u, c, to)
}

// told says in the change why it is made, and hands it on.
func (g *group) told(wishes []*wish, u *union, c *correct.Change, to *target) error {
	lead := g.lead(wishes, u.contested, c, to)
	if lead == nil {
		return nil
	}
	columns := make([]string, len(c.Set))
	for i, at := range c.Set {
		columns[i] = to.cols[at].Col.Name
	}
	c.Class, c.Expectation, c.Reason = lead.class, lead.item.ID, lead.item.reason(lead, columns)
	for _, w := range wishes {
		if w != lead && w.item != lead.item {
			c.Reason += "; " + w.item.ID + " too"
		}
	}
	return g.t.weighed(to, c, lead.item, columns)
}

// lead is the first wish that has a part in the change; those that have none are refused.
func (g *group) lead(wishes []*wish, contested []bool, c *correct.Change, to *target) *wish {
	var lead *wish
	for _, w := range wishes {
		part := c.Action == connectors.Insert || w.what == wishInsert
		disputed := false
		for i := range w.set {
			disputed = disputed || w.set[i] && contested[i]
		}
		for _, at := range c.Set {
			part = part || w.set[g.t.at[to.cols[at].Index]]
		}
		switch {
		case part && lead == nil:
			lead = w
		case !part && !disputed:
			g.t.p.refuse(w.item, "what `fix` gives the row is there already")
		}
	}
	return lead
}

// reason says why a change is made. It holds no values.
func (x *item) reason(w *wish, columns []string) string {
	if x.compare == nil {
		return "it does not hold for the row"
	}
	to := x.compare.fix.To
	us, them := x.compare.names[to], x.compare.names[other(to)]
	switch w.what {
	case wishInsert:
		if w.item.Fix.Compare.Soft != nil && w.set[w.item.compare.sides[to].at[w.item.Fix.Compare.Soft.Column.Index]] {
			return them + " has the row, which is marked as deleted"
		}
		return "only " + them + " has the row"
	case wishDelete:
		return them + " does not have the row"
	case wishSoft:
		return them + " does not have the row: it is marked as deleted"
	case wishDuplicate, wishAllRows:
		return "several rows of " + us + " have one key"
	case wishManual:
		return "it differs in " + strings.Join(columns, ", ") + ", and nothing says which side is right"
	default:
		return "it differs in " + strings.Join(columns, ", ")
	}
}
