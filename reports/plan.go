package reports

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/result"
)

const (
	// shownLeft bounds the changes that are named one by one beneath a run.
	shownLeft = 5
	// shownReasons bounds the reasons that are named of what is refused and of what is escalated.
	shownReasons = 6
)

// PlanNote is one thing that a run says of its plan.
type PlanNote struct {
	Name string
	Text string
	// Bad says that something is not as it was to be.
	Bad bool
}

// PlanNotes are what a run says of its plan, in the order in which people want to know it. Nothing in it acts upon a terminal; nil where there is no plan.
func PlanNotes(p *result.PlanSummary) []PlanNote {
	if p == nil {
		return nil
	}
	var out []PlanNote
	add := func(name, text string, bad bool) { out = append(out, PlanNote{name, text, bad}) }
	if p.Path != "" {
		add("plan", planned(p), false)
	}
	for i := range p.Rebuilt {
		text, bad := rebuilt(&p.Rebuilt[i])
		add("rebuild", text, bad)
	}
	if a := p.Applied; a != nil {
		add("applied", applied(a), !a.Done() || a.Altered > 0)
		for i := range min(len(a.Left), shownLeft) {
			add(Clip(diag.Visible(a.Left[i].Outcome), cellWidth), LeftText(&a.Left[i]), true)
		}
		if n := a.Stale + a.Failed + a.Altered - int64(min(len(a.Left), shownLeft)); n > 0 && len(a.Left) > 0 {
			add("", "… and "+diag.Group(n)+" more", true)
		}
	}
	for i := range p.Escalated {
		if i == shownReasons {
			add("", "… and "+diag.Plural(int64(len(p.Escalated)-i), "more reason"), false)
			break
		}
		add("escalated", escalated(&p.Escalated[i]), false)
	}
	for i, r := range p.Refused {
		if i == shownReasons {
			add("", "… and "+diag.Plural(int64(len(p.Refused)-i), "more reason"), false)
			break
		}
		add("not planned", diag.Plural(r.Rows, "row")+" of "+Clip(diag.Visible(r.Expectation), cellWidth)+": "+Clip(diag.Visible(r.Reason), messageWidth), false)
	}
	for _, next := range nextSteps(p) {
		add(next[0], next[1], false)
	}
	return out
}

// planned is a plan in one line: "3 changes of orders: 2 updates, 1 insert; risk: 2 low, 1 high".
func planned(p *result.PlanSummary) string {
	total := 0
	for _, n := range p.Changes {
		total += n
	}
	if total == 0 {
		return "nothing to change"
	}
	text := diag.Plural(int64(total), "change")
	if len(p.Targets) > 0 {
		var names []string
		for i, t := range p.Targets {
			if i == shownReasons {
				names = append(names, "…")
				break
			}
			names = append(names, Clip(diag.Visible(t), cellWidth))
		}
		text += " of " + strings.Join(names, ", ")
	}
	text += ": " + Shares(p.Changes, true, "update", "insert", "delete")
	if by := Shares(p.ByRisk, false, "low", "medium", "high", "manual"); by != "" {
		text += "; risk: " + by
	}
	return text
}

// Shares are counts in one line, those named first in their order, and zeros left out: "2 low, 1 high". Nouns take an s of several.
func Shares(counts map[string]int, nouns bool, order ...string) string {
	rank := func(s string) int {
		if i := slices.Index(order, s); i >= 0 {
			return i
		}
		return len(order)
	}
	keys := slices.SortedFunc(maps.Keys(counts), func(a, b string) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b)) })
	var parts []string
	for _, k := range keys {
		n, name := int64(counts[k]), Clip(diag.Visible(k), cellWidth)
		switch {
		case n == 0:
		case nouns:
			parts = append(parts, diag.Plural(n, name))
		default:
			parts = append(parts, diag.Group(n)+" "+name)
		}
	}
	return strings.Join(parts, ", ")
}

func rebuilt(r *result.PlanRebuilt) (text string, bad bool) {
	name := Clip(diag.Visible(r.Dataset), cellWidth)
	if r.Error != "" {
		return name + " is as it was: " + Clip(diag.Visible(r.Error), messageWidth), true
	}
	text = name + ": " + diag.Plural(r.Rows, "row") + " loaded, verified and swapped in"
	if r.Old != "" {
		text += "; the old one is kept as " + Clip(diag.Visible(r.Old), cellWidth)
	}
	return text, false
}

// applied is what became of the changes, in one line.
func applied(a *result.PlanApplied) string {
	if a.Message != "" && a.Applied+a.Already+a.Stale+a.Failed == 0 {
		return "nothing: " + Clip(diag.Visible(a.Message), messageWidth)
	}
	parts := []string{diag.Plural(a.Applied, "change")}
	for _, x := range []struct {
		n    int64
		what string
	}{{a.Already, "done already"}, {a.Stale, "stale, left alone"}, {a.Failed, "failed"}, {a.Altered, "altered since"}} {
		if x.n > 0 {
			parts = append(parts, diag.Group(x.n)+" "+x.what)
		}
	}
	text := strings.Join(parts, ", ")
	if a.Message != "" {
		text += ": " + Clip(diag.Visible(a.Message), messageWidth)
	}
	return text
}

// LeftText is a change that did not end as planned, on one line: "update of orders id=7: why".
func LeftText(l *result.PlanLeft) string {
	parts := []string{Clip(diag.Visible(l.Action), cellWidth) + " of " + Clip(diag.Visible(l.Target), cellWidth)}
	for _, name := range l.Order {
		parts = append(parts, Clip(diag.Visible(name), cellWidth)+"="+CellText(l.Key[name], cellWidth))
	}
	text := strings.Join(parts, "  ")
	if l.Reason != "" {
		text += ": " + Clip(diag.Visible(l.Reason), messageWidth)
	}
	return text
}

func escalated(e *result.PlanEscalation) string {
	text := diag.Plural(e.Changes, Clip(diag.Visible(e.Action), cellWidth)) + " of " + Clip(diag.Visible(e.Target), cellWidth) + " (" + Clip(diag.Visible(e.Class), cellWidth) + ", by " +
		Clip(diag.Visible(e.Expectation), cellWidth) + "), risk " + Clip(diag.Visible(e.Risk), cellWidth)
	if e.Reason != "" {
		text += ": " + Clip(diag.Visible(e.Reason), messageWidth)
	}
	return text
}

// nextSteps are the commands that go on from here, each with its name.
func nextSteps(p *result.PlanSummary) [][2]string {
	var out [][2]string
	total, manual := 0, p.ByRisk["manual"]
	for _, n := range p.Changes {
		total += n
	}
	if p.Path == "" || total == 0 {
		return nil
	}
	path := ShellWord(p.Path)
	out = append(out, [2]string{"review", "assay plan show " + path})
	var risks []string
	for _, risk := range []string{"low", "medium", "high"} {
		if slices.ContainsFunc(p.Escalated, func(e result.PlanEscalation) bool { return e.Risk == risk }) {
			risks = append(risks, risk)
		}
	}
	switch {
	case p.Applied == nil && manual < total:
		out = append(out, [2]string{"apply", "assay apply " + path})
	case len(risks) > 0:
		out = append(out, [2]string{"apply the rest", "assay apply " + path + " --risk " + strings.Join(risks, ",")})
	}
	if p.Applied != nil && p.Applied.Undo != "" {
		out = append(out, [2]string{"undo", "assay undo " + path})
	}
	return out
}

// ShellWord is a word as a shell takes it: in quotes where it must be.
func ShellWord(s string) string {
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-_./:=@%+,", r)
	}) {
		return s
	}
	return "'" + strings.ReplaceAll(diag.Visible(s), "'", `'\''`) + "'"
}

// plan prints what the run says of its plan.
func (p *printer) plan(rep *result.Report) {
	notes := PlanNotes(rep.Plan)
	if len(notes) == 0 {
		return
	}
	width := 0
	for _, n := range notes {
		width = max(width, textWidth(n.Name))
	}
	for _, n := range notes {
		name := n.Name + strings.Repeat(" ", width-textWidth(n.Name))
		if n.Bad {
			name = p.paint(yellow, name)
		} else {
			name = p.paint(bold, name)
		}
		p.printf("%s  %s\n", name, n.Text)
	}
	p.printf("\n")
}

// markdownPlan is what a run says of its plan.
func markdownPlan(s *result.PlanSummary) string {
	notes := PlanNotes(s)
	if len(notes) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("**Corrections**\n\n")
	for _, n := range notes {
		b.WriteString("- ")
		if n.Bad {
			b.WriteString("⚠️ ")
		}
		if n.Name != "" {
			b.WriteString(inline(n.Name, markdownCell) + ": ")
		}
		b.WriteString(inline(n.Text, markdownText) + "\n")
	}
	b.WriteString("\n")
	return b.String()
}
