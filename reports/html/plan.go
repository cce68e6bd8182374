package html

import (
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/assay-dev/assay/expectations/correct"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/reports"
)

// planPage is what the template of a plan shows.
type planPage struct {
	*reports.PlanView

	Policy  string
	Style   template.CSS
	Title   string
	Lead    string
	When    string
	Tiles   []tile
	Targets []planTarget
	Groups  []planGroup
	Facts   []fact
}

type planTarget struct {
	Name, Place, Key, Masked string
	Changes                  int64
	Rows                     string
}

// planGroup is changes that are alike, with the lines of the first of them.
type planGroup struct {
	Expectation, Target, Action, Risk, RiskClass, Found, Reason, Caption string

	Changes int64
	Key     []string
	Rows    []planRow
}

type planRow struct {
	lines

	N int64
}

// WritePlan writes the page of a plan: nothing runs in it.
func WritePlan(w io.Writer, v *reports.PlanView) error {
	style, err := style()
	if err != nil {
		return err
	}
	t, err := parsed("plan.tmpl")
	if err != nil {
		return err
	}
	p := newPlanPage(v)
	p.Style = template.CSS(style) //nolint:gosec // our own files, embedded
	p.Policy = policy(style, "")
	if err := t.Execute(w, p); err != nil {
		return fmt.Errorf("write the page of the plan: %w", err)
	}
	return nil
}

func newPlanPage(v *reports.PlanView) planPage {
	h := v.Header
	p := planPage{PlanView: v, Title: line(h.Suite) + ": correction plan", When: h.Created.UTC().Format("2 January 2006, 15:04 MST")}
	action, class, _ := reports.CountsText(&h.Counts)
	p.Lead = "It changes nothing."
	if h.Counts.Total > 0 {
		p.Lead = diag.Plural(h.Counts.Total, "change") + ": " + action + "."
		if class != "" {
			p.Lead += " Found: " + class + "."
		}
	}
	for _, r := range []correct.Risk{correct.Low, correct.Medium, correct.High, correct.Manual} {
		p.Tiles = append(p.Tiles, tile{Class: colour(riskClass(r), int(h.Counts.ByRisk[string(r)])), Name: "risk " + string(r), Value: diag.Group(h.Counts.ByRisk[string(r)])})
	}
	for i := range h.Targets {
		t := &h.Targets[i]
		x := planTarget{Name: t.Name, Place: reports.TargetPlace(t), Changes: h.Counts.ByTarget[t.Name], Masked: strings.Join(t.Masked, ", ")}
		var key []string
		for _, k := range t.Key {
			key = append(key, k.Name)
		}
		if x.Key = strings.Join(key, ", "); t.Rows >= 0 {
			x.Rows = diag.Group(t.Rows)
		}
		p.Targets = append(p.Targets, x)
	}
	for _, g := range v.Groups {
		p.Groups = append(p.Groups, newPlanGroup(g))
	}
	for _, f := range []fact{{"file", v.Path}, {"plan", h.ID}, {"kind", string(h.Kind)}, {"undoes", h.Of}, {"run", h.Run}, {"suite", h.File}, {"suite digest", h.Digest}, {"digest", h.Sum}} {
		if f.Value != "" {
			p.Facts = append(p.Facts, f)
		}
	}
	return p
}

func newPlanGroup(g *reports.PlanGroup) planGroup {
	x := planGroup{
		Expectation: g.Expectation, Target: g.Target, Action: string(g.Action), Risk: string(g.Risk), RiskClass: riskClass(g.Risk), Reason: g.Reason, Changes: g.Changes, Key: g.Key,
		Found: reports.ClassText(result.Class(g.Class)), Caption: diag.Plural(int64(len(g.First)), "change"),
	}
	if int64(len(g.First)) < g.Changes {
		x.Caption = diag.Group(int64(len(g.First))) + " of " + diag.Plural(g.Changes, "change")
	}
	shown := item{Expectation: &result.Expectation{Compare: &result.Compare{Key: g.Key}}}
	for i := range g.First {
		l := shown.lines(&g.First[i].Row)
		l.Name = x.Action
		x.Rows = append(x.Rows, planRow{l, g.First[i].N})
	}
	return x
}

// riskClass is the colour of a risk.
func riskClass(r correct.Risk) string {
	switch r {
	case correct.Low:
		return "pass"
	case correct.Medium:
		return "warn"
	case correct.High:
		return "fail"
	case correct.Manual:
		return "inconclusive"
	}
	return "none"
}
