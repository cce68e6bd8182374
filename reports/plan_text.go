package reports

import (
	"fmt"
	"io"

	"github.com/assay-dev/assay/expectations/correct"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/result"
)

// planNames are the actions by the classes that a view has them as.
func planNames() map[result.Class]string {
	return map[result.Class]string{result.Changed: "update", result.Extra: "insert", result.Missing: "delete"}
}

// PlanText writes a plan for people at a terminal.
func PlanText(w io.Writer, v *PlanView, o TextOptions) error {
	p := &printer{w: w, o: o}
	h := v.Header
	p.printf("%s  %s\n", p.paint(bold, "plan"), diag.Visible(v.Path))
	if h.Kind == correct.KindUndo {
		p.printf("      undoes what was applied of plan %s\n", diag.Visible(h.Of))
	}
	p.printf("      suite %s (%s)", Clip(diag.Visible(h.Suite), messageWidth), Clip(diag.Visible(h.File), messageWidth))
	if h.Run != "" {
		p.printf(", run %s", diag.Visible(h.Run))
	}
	p.printf(", made %s\n      digest %s\n\n", h.Created.UTC().Format("2006-01-02 15:04:05 MST"), diag.Visible(h.Sum))
	action, class, risk := CountsText(&h.Counts)
	if h.Counts.Total == 0 {
		p.printf("no changes\n")
	} else {
		p.printf("%s: %s\n", diag.Plural(h.Counts.Total, "change"), action)
		for _, x := range [][2]string{{"found", class}, {"risk ", risk}} {
			if x[1] != "" {
				p.printf("  %s  %s\n", p.paint(dim, x[0]), x[1])
			}
		}
		for _, name := range targetNames(&h.Counts) {
			p.target(v, name)
		}
	}
	p.printf("\n")
	if v.Selection != "" {
		p.printf("%s of %s\n\n", p.paint(bold, diag.Plural(v.Shown, "change")), Clip(diag.Visible(v.Selection), messageWidth))
	}
	for _, g := range v.Groups {
		p.group(g)
	}
	for _, r := range h.Refused {
		p.printf("%s  %s of %s: %s\n", p.paint(yellow, "not planned"), diag.Plural(r.Rows, "row"), Clip(diag.Visible(r.Expectation), cellWidth), Clip(diag.Visible(r.Reason), messageWidth))
	}
	if len(h.Refused) > 0 {
		p.printf("\n")
	}
	if path := ShellWord(v.Path); h.Kind == correct.KindFix && h.Counts.Total > 0 {
		p.printf("still as seen?  assay plan verify %s\napply           assay apply %s\n", path, path)
	}
	return p.err
}

// target is a line that says how much of a dataset changes.
func (p *printer) target(v *PlanView, name string) {
	n, place, share := v.Header.Counts.ByTarget[name], "", ""
	if t := v.targets[name]; t != nil {
		place = ", " + Clip(diag.Visible(TargetPlace(t)), messageWidth)
		if t.Rows > 0 {
			share = " of " + diag.Plural(t.Rows, "row") + " (" + diag.Percent(float64(n)/float64(t.Rows)) + ")"
		}
	}
	p.printf("  %s  %s%s: %s%s\n", p.paint(dim, "of   "), Clip(diag.Visible(name), cellWidth), place, diag.Group(n), share)
}

// group prints changes that are alike, and the first of them.
func (p *printer) group(g *PlanGroup) {
	p.printf("%s", p.paint(bold, diag.Plural(g.Changes, string(g.Action))+" of "+Clip(diag.Visible(g.Target), cellWidth)))
	p.printf("  %s, %s, risk %s\n", Clip(diag.Visible(g.Expectation), messageWidth), ClassText(result.Class(diag.Visible(string(g.Class)))), p.risk(g.Risk))
	if g.Reason != "" {
		p.printf("  %s\n", Clip(diag.Visible(g.Reason), messageWidth))
	}
	if len(g.First) > 0 && p.err == nil {
		rows := make([]result.Failure, len(g.First))
		for i := range g.First {
			rows[i] = g.First[i].Row
		}
		p.err = Differences(p.w, g.Key, rows, DifferenceOptions{Color: p.o.Color, Indent: "    ", Source: "before", Target: "after", Head: "action", Names: planNames()})
		if left := g.Changes - int64(len(g.First)); left > 0 {
			p.printf("    %s\n", p.paint(dim, "… and "+diag.Group(left)+" more"))
		}
	}
	p.printf("\n")
}

func (p *printer) risk(r correct.Risk) string {
	text := Clip(diag.Visible(string(r)), cellWidth)
	switch r {
	case correct.Low:
		return p.paint(green, text)
	case correct.High:
		return p.paint(red, text)
	case correct.Medium, correct.Manual:
		return p.paint(yellow, text)
	}
	return text
}

// planJSON is the JSON form of a view.
type planJSON struct {
	Schema    string            `json:"schema"`
	Path      string            `json:"path"`
	Plan      planHead          `json:"plan"`
	Targets   []planTarget      `json:"targets"`
	Counts    *correct.Counts   `json:"counts"`
	Selection string            `json:"selection,omitempty"`
	Selected  int64             `json:"selected"`
	Groups    []planGroupJSON   `json:"groups"`
	Refused   []correct.Refusal `json:"refused"`
}

type planHead struct {
	ID      string `json:"id"`
	Kind    string `json:"kind"`
	Of      string `json:"of,omitempty"`
	Run     string `json:"run,omitempty"`
	Suite   string `json:"suite"`
	File    string `json:"file"`
	Created string `json:"created"`
	Digest  string `json:"digest"`
}

type planTarget struct {
	Name       string   `json:"name"`
	Dataset    string   `json:"dataset"`
	Connection string   `json:"connection"`
	Driver     string   `json:"driver"`
	Table      string   `json:"table,omitempty"`
	Index      string   `json:"index,omitempty"`
	Key        []string `json:"key"`
	Rows       int64    `json:"rows"`
	Masked     []string `json:"masked,omitempty"`
}

type planGroupJSON struct {
	Expectation string           `json:"expectation"`
	Target      string           `json:"target"`
	Action      string           `json:"action"`
	Class       string           `json:"class"`
	Risk        string           `json:"risk"`
	Reason      string           `json:"reason"`
	Changes     int64            `json:"changes"`
	First       []planChangeJSON `json:"first"`
}

type planChangeJSON struct {
	N      int64                  `json:"n"`
	Key    map[string]result.Cell `json:"key"`
	Before map[string]result.Cell `json:"before,omitempty"`
	After  map[string]result.Cell `json:"after,omitempty"`
}

// PlanSchema identifies the JSON form of a plan that is shown.
const PlanSchema = "assay.plan.view/v1"

// PlanJSON writes a plan as assay.plan.view/v1, for programs: what is shown of it, which may be less than all. The plan itself is JSON lines.
func PlanJSON(w io.Writer, v *PlanView) error {
	h := v.Header
	out := planJSON{
		Schema: PlanSchema, Path: v.Path, Counts: &h.Counts, Selection: v.Selection, Selected: v.Shown, Refused: h.Refused, Groups: []planGroupJSON{}, Targets: []planTarget{},
		Plan: planHead{h.ID, string(h.Kind), h.Of, h.Run, h.Suite, h.File, h.Created.UTC().Format("2006-01-02T15:04:05.999999999Z"), h.Sum},
	}
	if out.Refused == nil {
		out.Refused = []correct.Refusal{}
	}
	for i := range h.Targets {
		t := &h.Targets[i]
		x := planTarget{t.Name, t.Dataset, t.Connection, t.Driver, t.Table, t.Index, []string{}, t.Rows, t.Masked}
		for _, k := range t.Key {
			x.Key = append(x.Key, k.Name)
		}
		out.Targets = append(out.Targets, x)
	}
	for _, g := range v.Groups {
		x := planGroupJSON{g.Expectation, g.Target, string(g.Action), string(g.Class), string(g.Risk), g.Reason, g.Changes, []planChangeJSON{}}
		for i := range g.First {
			f := result.BoundFailure(g.First[i].Row)
			x.First = append(x.First, planChangeJSON{g.First[i].N, f.Key, f.Before, f.After})
		}
		out.Groups = append(out.Groups, x)
	}
	if err := writeJSON(w, out); err != nil {
		return fmt.Errorf("write the plan as JSON: %w", err)
	}
	return nil
}
