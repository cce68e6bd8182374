package reports_test

import (
	"bytes"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/reports"
	"github.com/assay-dev/assay/reports/html"
)

func TestPlan(t *testing.T) {
	rep := empty()
	rep.Plan = hostilePlan()
	golden(t, "plan.txt", writeText(t, rep, reports.TextOptions{Rows: 5}))
	var md, page bytes.Buffer
	if err := reports.Markdown(&md, rep, reports.MarkdownOptions{}); err != nil {
		t.Fatal(err)
	}
	golden(t, "plan.md", md.String())
	if err := html.Write(&page, rep); err != nil {
		t.Fatal(err)
	}
	golden(t, "plan.html", ours.ReplaceAllString(page.String(), "$1$3$5[… of the page …]$2$4$6"))
	for name, got := range map[string]string{"text": writeText(t, rep, reports.TextOptions{}), "Markdown": md.String(), "HTML": page.String()} {
		for _, r := range got {
			if r != '\n' && (unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp)) {
				t.Errorf("%U is in the %s", r, name)
			}
		}
		if name != "text" && strings.Contains(got, "<img") {
			t.Errorf("markup is in the %s", name)
		}
	}
}

// TestPlanIsRead holds that a plan's summary fits the schema, and is the same once it was written and read.
func TestPlanIsRead(t *testing.T) {
	rep := empty()
	rep.Plan = hostilePlan()
	if err := published(t, "../docs/report.schema.json").Validate(render(t, rep)); err != nil {
		t.Error(err)
	}
	var first, second bytes.Buffer
	if err := reports.JSON(&first, rep); err != nil {
		t.Fatal(err)
	}
	text := first.String()
	back, err := reports.Read(&first)
	if err != nil {
		t.Fatal(err)
	}
	if err := reports.JSON(&second, back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(text, second.String()); diff != "" {
		t.Error(diff)
	}
	lost := strings.NewReplacer(`\x9b`, "\ufffd", `\xff`, "\ufffd", `\xfe`, "\ufffd") // of names and sentences what is no UTF-8; values keep it
	if diff := cmp.Diff(lost.Replace(writeText(t, rep, reports.TextOptions{})), lost.Replace(writeText(t, back, reports.TextOptions{}))); diff != "" {
		t.Error(diff)
	}
}

// TestPlanNotes holds what a run says of plans of which nothing is left to do, and of those where all is.
func TestPlanNotes(t *testing.T) {
	texts := func(p *result.PlanSummary) string {
		var all []string
		for _, n := range reports.PlanNotes(p) {
			mark := ""
			if n.Bad {
				mark = "!"
			}
			all = append(all, mark+n.Name+": "+n.Text)
		}
		return strings.Join(all, "\n")
	}
	for want, p := range map[string]*result.PlanSummary{
		"":                        nil,
		"plan: nothing to change": {Path: "p", Mode: "plan", Changes: map[string]int{}},
		"plan: 1 change of a: 1 delete; risk: 1 high\nreview: assay plan show 'my plan'\napply: assay apply 'my plan'": {
			Path: "my plan", Mode: "plan", Targets: []string{"a"}, Changes: map[string]int{"delete": 1}, ByRisk: map[string]int{"high": 1},
		},
		"plan: 1 change: 1 update; risk: 1 manual\nreview: assay plan show p": {Path: "p", Changes: map[string]int{"update": 1}, ByRisk: map[string]int{"manual": 1}},
		"plan: 1 change: 1 update; risk: 1 low\napplied: 1 change\nreview: assay plan show p\nundo: assay undo p": {
			Path: "p", Changes: map[string]int{"update": 1}, ByRisk: map[string]int{"low": 1}, Applied: &result.PlanApplied{Applied: 1, Undo: "u"},
		},
		"plan: 2 changes: 2 updates; risk: 2 low\n!applied: nothing: over max_changes\nescalated: 2 updates of t (changed, by e), risk low\nreview: assay plan show p\napply the rest: assay apply p --risk low": {
			Path: "p", Changes: map[string]int{"update": 2}, ByRisk: map[string]int{"low": 2}, Applied: &result.PlanApplied{Message: "over max_changes"},
			Escalated: []result.PlanEscalation{{Expectation: "e", Target: "t", Action: "update", Class: "changed", Risk: "low", Changes: 2}},
		},
		"rebuild: orders: 1 row loaded, verified and swapped in; the old one is kept as o": {Rebuilt: []result.PlanRebuilt{{Dataset: "orders", Rows: 1, Old: "o"}}},
	} {
		if got := texts(p); got != want {
			t.Errorf("%s\n\nwant\n%s", got, want)
		}
	}
}
