package main

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/expectations/correct"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/reports"
)

// shownRowsLeft is the number of rows that apply, undo and plan verify name.
const shownRowsLeft = 20

// tellApplied prints what became of a plan's changes: one line for all of them, one a target where there are several, and the rows that were left.
func (a *app) tellApplied(b *boundPlan, rep *correct.Report, verb string) error {
	var out strings.Builder
	fmt.Fprintf(&out, "%s\n", tallyText(rep.Tally, rep.Selected, verb))
	if len(b.Header.Targets) > 1 {
		for i := range b.Header.Targets {
			t := &b.Header.Targets[i]
			if n, ok := rep.ByTarget[t.Name]; ok {
				fmt.Fprintf(&out, "  %s: %s\n", diag.Visible(t.Name), tallyText(n, n.Total(), verb))
			}
		}
	}
	for i, r := range rep.Rows {
		if i == shownRowsLeft {
			break
		}
		l := leftOf(&r)
		fmt.Fprintf(&out, "  %s  %s\n", l.Outcome, reports.LeftText(&l))
	}
	left := rep.Stale + rep.Failed + rep.Altered - int64(min(len(rep.Rows), shownRowsLeft))
	if left > 0 {
		fmt.Fprintf(&out, "  … and %s more\n", diag.Group(left))
	}
	for _, risk := range riskNames() {
		if n := rep.Left[correct.Risk(risk)]; n > 0 {
			fmt.Fprintf(&out, "not chosen: %s of risk %s\n", diag.Plural(n, "change"), risk)
		}
	}
	if rep.Undo != "" && !rep.DryRun && rep.Kind == correct.KindFix && rep.Applied+rep.Already > 0 && verb == "applying" {
		fmt.Fprintf(&out, "undo: assay undo %s\n", reports.ShellWord(b.Path))
	}
	if _, err := fmt.Fprint(a.stdout, out.String()); err != nil {
		return &worldError{err}
	}
	return nil
}

// tallyText is what became of changes, in one line.
func tallyText(t correct.Tally, of int64, verb string) string {
	var text string
	switch verb {
	case "checking":
		text = fmt.Sprintf("%s of %s would be applied", diag.Group(t.Pending), diag.Plural(of, "change"))
	case "checking the undo":
		text = fmt.Sprintf("%s of %s would be undone", diag.Group(t.Pending), diag.Plural(of, "change"))
	case "undoing":
		text = fmt.Sprintf("undone %s of %s", diag.Group(t.Applied), diag.Plural(of, "change"))
	default:
		text = fmt.Sprintf("applied %s of %s", diag.Group(t.Applied), diag.Plural(of, "change"))
	}
	for _, x := range []struct {
		n    int64
		what string
	}{{t.Already, "done already"}, {t.Stale, "stale, left alone"}, {t.Failed, "failed"}, {t.Altered, "altered by the server"}} {
		if x.n > 0 {
			text += ", " + diag.Group(x.n) + " " + x.what
		}
	}
	return text
}

// leftOf is a row that did not end as planned, as reports show it.
func leftOf(r *correct.RowOutcome) result.PlanLeft {
	l := result.PlanLeft{Target: r.Change.Target, Action: string(r.Change.Action), Outcome: string(r.Outcome), Key: map[string]result.Cell{}, Reason: r.Reason}
	t := r.Target
	l.Reason = correct.Conceal(l.Reason, r.Change, t, nil)
	for i, k := range t.Key {
		if i < len(r.Change.Key) {
			l.Key[k.Name] = reports.PlanCell(t, k.Name, r.Change.Key[i])
			l.Order = append(l.Order, k.Name)
		}
	}
	if l.Reason != "" || r.Outcome == correct.Failed {
		return l
	}
	if r.Row == nil {
		if r.Change.Action == connectors.Update || r.Change.Action == connectors.Delete {
			l.Reason = "the row is not there"
		}
		return l
	}
	var names []string
	for _, i := range r.Columns {
		if i < len(t.Columns) {
			names = append(names, t.Columns[i].Name)
		}
	}
	switch {
	case len(names) == 0:
	case r.Outcome == correct.Altered:
		l.Reason = "it holds something else in " + strings.Join(names, ", ")
	default:
		l.Reason = "changed since in " + strings.Join(names, ", ")
	}
	return l
}

// appliedOf is what a report of a run says of an applied plan.
func appliedOf(rep *correct.Report) *result.PlanApplied {
	out := &result.PlanApplied{Applied: rep.Applied, Already: rep.Already, Stale: rep.Stale, Failed: rep.Failed, Altered: rep.Altered}
	if rep.Applied > 0 {
		out.Undo = rep.Undo
	}
	for i := range rep.Rows {
		if i == leftRows {
			break
		}
		out.Left = append(out.Left, leftOf(&rep.Rows[i]))
	}
	return out
}

// leftRows is the number of changes that a report names of those that were not made.
const leftRows = 100

// correctionBar shows how far corrections are, on a terminal only.
type correctionBar struct {
	verb string
	mu   sync.Mutex
	last correct.Progress
	bars *mpb.Progress
	bar  *mpb.Bar
}

func (a *app) correctionBar(verb string) *correctionBar {
	c := &correctionBar{verb: verb}
	if a.quiet || !terminal(a.stderr) {
		return c
	}
	c.bars = mpb.New(mpb.WithOutput(a.stderr), mpb.WithRefreshRate(120*time.Millisecond), mpb.WithWidth(20))
	c.bar = c.bars.New(0, mpb.SpinnerStyle(), mpb.BarRemoveOnComplete(), mpb.AppendDecorators(decor.Any(func(decor.Statistics) string {
		c.mu.Lock()
		defer c.mu.Unlock()
		return progressText(c.verb, c.last)
	})))
	return c
}

func (c *correctionBar) event(p correct.Progress) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = p
}

func (c *correctionBar) done() {
	if c.bars == nil {
		return
	}
	c.bar.SetTotal(-1, true)
	c.bars.Wait()
}

// progressText is how far corrections are: "applying 1,200 of 5,000, 3 stale, 800 a second, 5s left".
func progressText(verb string, p correct.Progress) string {
	text := fmt.Sprintf("%s %s of %s", verb, diag.Group(p.Done), diag.Group(p.Total))
	if p.Stale > 0 {
		text += ", " + diag.Group(p.Stale) + " stale"
	}
	if p.Failed > 0 {
		text += ", " + diag.Group(p.Failed) + " failed"
	}
	return text + paceText(p.Done, p.Total, p.Took)
}

// paceText is how fast something goes and how long it will take: ", 800 a second, 5s left".
func paceText(done, total int64, took time.Duration) string {
	seconds := took.Seconds()
	if done == 0 || seconds < 0.5 {
		return ""
	}
	rate := float64(done) / seconds
	text := ", " + diag.Group(int64(rate)) + " a second"
	if left := total - done; left > 0 && rate > 0 {
		text += ", " + time.Duration(float64(left)/rate*float64(time.Second)).Round(time.Second).String() + " left"
	}
	return text
}
