package reports

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/result"
)

// What GitHub shows of the annotations of one step, of each level.
const githubAnnotations = 10

// StepSummaryBytes is what GitHub takes as the summary of a step; one that is longer is refused whole.
const StepSummaryBytes = 1 << 20

// githubMessage bounds the message of an annotation, in bytes.
const githubMessage = 1000

// GitHub writes what needs attention as commands of a GitHub workflow, which the runner turns into annotations at the lines of the suite: failed
// expectations and those that could not be evaluated as errors; warnings and inconclusive ones as warnings; failed ones of severity info and
// skipped ones as notices. Before them stand the rules that fired, an annotation each, by their level, but for what an expectation's own annotation says. Where there are more of a level than GitHub shows,
// the last one says how many are left out.
func GitHub(w io.Writer, rep *result.Report) error {
	levels := [...]string{"error", "warning", "notice"}
	of := map[string][]string{} // commands
	for _, rule := range firedRules(rep) {
		level, text := githubAlert(rule)
		of[level] = append(of[level], text)
	}
	for _, e := range worstFirst(rep, func(e *result.Expectation) bool { return e.Verdict != result.Pass }) {
		level := githubLevel(e)
		text := why(e, githubMessage)
		if e.Verdict == result.Skipped {
			text = "skipped: " + text
		}
		of[level] = append(of[level], githubCommand(level, &e.Location, name(e.ID, sarifName), text))
	}
	var b strings.Builder
	for _, level := range levels {
		list := of[level]
		shown := list
		if len(list) > githubAnnotations {
			shown = list[:githubAnnotations-1]
		}
		for _, command := range shown {
			b.WriteString(command)
		}
		if left := len(list) - len(shown); left > 0 {
			fmt.Fprintf(&b, "::%s title=%s::%s\n", level, githubProperty("assay: "+diag.Plural(int64(left), "more "+level)),
				githubData(fmt.Sprintf("%d of %d are not shown here: GitHub shows %d of a step; the report has all of them", left, len(list), githubAnnotations)))
		}
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write the annotations: %w", err)
	}
	return nil
}

func githubLevel(e *result.Expectation) string {
	switch outcome(e) {
	case string(result.Error), string(result.Fail):
		return "error"
	case string(result.SeverityWarning), string(result.Inconclusive):
		return "warning"
	}
	return "notice"
}

// fired is an alert with the place of the expectation that it is about, an empty one where it is about none.
type fired struct {
	*result.Alert
	at result.Location
}

// firedRules are the alerts by their rules, in the order in which the rules first fired; those left out that say of an expectation what its own annotation does.
func firedRules(rep *result.Report) [][]fired {
	var out [][]fired
	expectations := map[string]*result.Expectation{}
	for i := range rep.Expectations {
		expectations[rep.Expectations[i].ID] = &rep.Expectations[i]
	}
	for i := range rep.Alerts {
		a := fired{Alert: &rep.Alerts[i]}
		if e := expectations[a.Expectation]; e != nil && a.Expectation != "" {
			if own := githubLevel(e); e.Verdict != result.Pass && (own == "error" || own == githubLevelOf(a.Alert)) {
				continue
			}
			a.at = e.Location
		}
		at := slices.IndexFunc(out, func(rule []fired) bool { return rule[0].Rule == a.Rule })
		if at < 0 {
			at = len(out)
			out = append(out, nil)
		}
		out[at] = append(out[at], a)
	}
	return out
}

func githubLevelOf(a *result.Alert) string {
	if a.Level == "critical" {
		return "error"
	}
	return "warning"
}

// githubAlert is the annotation of a rule that fired: at the expectation that it fired for, where there is one. It says the first of its alerts, the critical before the others.
func githubAlert(rule []fired) (level, command string) {
	a := rule[0]
	if i := slices.IndexFunc(rule, func(a fired) bool { return a.Level == "critical" }); i >= 0 {
		a = rule[i]
	}
	text := said(a.Message, githubMessage)
	if more := len(rule) - 1; more > 0 {
		text += fmt.Sprintf(" (and %s)", diag.Plural(int64(more), "more alert"))
	}
	level = githubLevelOf(a.Alert)
	return level, githubCommand(level, &a.at, name("alert: "+a.Rule, sarifName), text)
}

func githubCommand(level string, at *result.Location, title, text string) string {
	var b strings.Builder
	b.WriteString("::" + level + " ")
	if at.File != "" {
		b.WriteString("file=" + githubProperty(said(at.File, githubMessage)))
		if at.Line > 0 {
			b.WriteString(",line=" + strconv.Itoa(at.Line))
			if at.Column > 0 {
				b.WriteString(",col=" + strconv.Itoa(at.Column))
			}
		}
		b.WriteString(",")
	}
	b.WriteString("title=" + githubProperty(title) + "::" + githubData(text) + "\n")
	return b.String()
}

// githubData escapes the message of a command: what is left is one line.
func githubData(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

// githubProperty escapes a property of a command.
func githubProperty(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(s)
}
