package reports

import (
	"fmt"
	"io"
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
// skipped ones as notices. Where there are more of a level than GitHub shows, the last one says how many are left out.
func GitHub(w io.Writer, rep *result.Report) error {
	levels := [...]string{"error", "warning", "notice"}
	of := map[string][]*result.Expectation{}
	for _, e := range worstFirst(rep, func(e *result.Expectation) bool { return e.Verdict != result.Pass }) {
		of[githubLevel(e)] = append(of[githubLevel(e)], e)
	}
	var b strings.Builder
	for _, level := range levels {
		list := of[level]
		shown := list
		if len(list) > githubAnnotations {
			shown = list[:githubAnnotations-1]
		}
		for _, e := range shown {
			githubCommand(&b, level, e)
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

func githubCommand(b *strings.Builder, level string, e *result.Expectation) {
	b.WriteString("::" + level + " ")
	if e.Location.File != "" {
		b.WriteString("file=" + githubProperty(said(e.Location.File, githubMessage)))
		if e.Location.Line > 0 {
			b.WriteString(",line=" + strconv.Itoa(e.Location.Line))
			if e.Location.Column > 0 {
				b.WriteString(",col=" + strconv.Itoa(e.Location.Column))
			}
		}
		b.WriteString(",")
	}
	text := why(e, githubMessage)
	if e.Verdict == result.Skipped {
		text = "skipped: " + text
	}
	b.WriteString("title=" + githubProperty(name(e.ID, sarifName)) + "::" + githubData(text) + "\n")
}

// githubData escapes the message of a command: what is left is one line.
func githubData(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

// githubProperty escapes a property of a command.
func githubProperty(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(s)
}
