package reports

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/correct"
	"github.com/assay-dev/assay/expectations/result"
)

// planGroups bounds the groups of a plan: reasons may be as many as rows.
const planGroups = 200

// PlanView is a plan as people read it: its changes counted by group, with the first of each. Values of masked columns are not in it.
type PlanView struct {
	Path   string
	Header *correct.Header
	// Selection says which changes are shown, "" for all.
	Selection string
	// Shown is the number of changes of the selection.
	Shown  int64
	Groups []*PlanGroup // in the order in which the plan first has them
	// Limit is the number of changes that are kept of each group.
	Limit int

	targets map[string]*correct.Target
	groups  map[groupKey]*PlanGroup
}

// PlanGroup is changes that are alike.
type PlanGroup struct {
	Expectation string
	Target      string
	Action      correct.Action
	Class       correct.Class
	Risk        correct.Risk
	Reason      string // "" where there are too many different ones
	Changes     int64
	Key         []string
	First       []PlanChange
}

type groupKey struct {
	expectation, target, reason string
	action                      correct.Action
	class                       correct.Class
	risk                        correct.Risk
}

// PlanChange is one change as it is shown. In Row a change has the class of a comparison of before (its source) and after (its target).
type PlanChange struct {
	N   int64
	Row result.Failure
}

// NewPlanView begins the view of a plan, which keeps limit changes of each group.
func NewPlanView(path string, h *correct.Header, selection string, limit int) *PlanView {
	v := &PlanView{Path: path, Header: h, Selection: selection, Limit: limit, targets: map[string]*correct.Target{}, groups: map[groupKey]*PlanGroup{}}
	for i := range h.Targets {
		v.targets[h.Targets[i].Name] = &h.Targets[i]
	}
	return v
}

// Add counts a change, and keeps it where it is one of the first of its group.
func (v *PlanView) Add(c *correct.Change) {
	v.Shown++
	k := groupKey{c.Expectation, c.Target, c.Reason, c.Action, c.Class, c.Risk}
	if v.Header.Kind == correct.KindUndo {
		k.reason = "" // each names the change that it takes back
	}
	g := v.groups[k]
	if g == nil && len(v.groups) >= planGroups {
		k.reason = ""
		g = v.groups[k]
	}
	t := v.targets[c.Target]
	if g == nil {
		g = &PlanGroup{Expectation: c.Expectation, Target: c.Target, Action: c.Action, Class: c.Class, Risk: c.Risk, Reason: k.reason}
		if t != nil {
			for _, col := range t.Key {
				g.Key = append(g.Key, col.Name)
			}
		}
		v.groups[k] = g
		v.Groups = append(v.Groups, g)
	}
	g.Changes++
	if len(g.First) < v.Limit && t != nil {
		g.First = append(g.First, PlanChange{c.N, planRow(t, c)})
	}
}

// planRow is a change as a difference between before and after.
func planRow(t *correct.Target, c *correct.Change) result.Failure {
	f := result.Failure{Key: map[string]result.Cell{}}
	for i, col := range t.Key {
		if i < len(c.Key) {
			f.Key[col.Name] = PlanCell(t, col.Name, c.Key[i])
			f.Order = append(f.Order, col.Name)
		}
	}
	whole := func(values []value.Value) map[string]result.Cell {
		cells := map[string]result.Cell{}
		for i, v := range values {
			if i < len(t.Columns) {
				cells[t.Columns[i].Name] = PlanCell(t, t.Columns[i].Name, v)
			}
		}
		return cells
	}
	for _, col := range t.Columns {
		f.Order = append(f.Order, col.Name)
	}
	switch c.Action {
	case correct.Insert:
		f.Class, f.After = result.Extra, map[string]result.Cell{}
		after := whole(c.After)
		for _, i := range c.Set {
			if i < len(t.Columns) {
				f.After[t.Columns[i].Name] = after[t.Columns[i].Name]
			}
		}
	case correct.Delete:
		f.Class, f.Before = result.Missing, whole(c.Before)
	case correct.Update:
		f.Class, f.Before, f.After = result.Changed, map[string]result.Cell{}, map[string]result.Cell{}
		before, after := whole(c.Before), whole(c.After)
		for _, i := range c.Set {
			if i < len(t.Columns) {
				name := t.Columns[i].Name
				f.Columns = append(f.Columns, name)
				f.Before[name], f.After[name] = before[name], after[name]
			}
		}
	}
	return f
}

// PlanCell is a value of a plan as it may be shown: nothing tells masked ones apart.
func PlanCell(t *correct.Target, column string, v value.Value) result.Cell {
	var m *result.Masker
	if slices.Contains(t.Masked, column) {
		return m.Cell(result.Cell{Value: v}, true)
	}
	return result.Cell{Value: v}
}

// TargetPlace is where a target lies: "table sales of warehouse (sqlite)".
func TargetPlace(t *correct.Target) string {
	place := "query"
	if t.Index != "" {
		place = "index " + t.Index
	} else if t.Table != "" {
		place = "table " + t.Table
	}
	return place + " of " + t.Connection + " (" + t.Driver + ")"
}

// by are the counts of a header in one line.
func by(counts map[string]int64, nouns bool, order ...string) string {
	small := map[string]int{}
	for k, n := range counts {
		small[k] = int(n)
	}
	return Shares(small, nouns, order...)
}

// CountsText says what a plan holds: by action, by class and by risk.
func CountsText(c *correct.Counts) (action, class, risk string) {
	classes := map[string]int64{}
	for k, n := range c.ByClass {
		if k == string(correct.Violation) {
			k = "violating"
		}
		classes[strings.ReplaceAll(k, "_", " ")] += n
	}
	return by(c.ByAction, true, "update", "insert", "delete"), by(classes, false, "changed", "missing", "extra", "duplicate key", "violating"), by(c.ByRisk, false, "low", "medium", "high", "manual")
}

// targetNames are the names of the targets, those with most changes first.
func targetNames(c *correct.Counts) []string {
	return slices.SortedFunc(maps.Keys(c.ByTarget), func(a, b string) int { return cmp.Or(cmp.Compare(c.ByTarget[b], c.ByTarget[a]), cmp.Compare(a, b)) })
}
