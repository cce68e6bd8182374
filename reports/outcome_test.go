package reports_test

import (
	"strings"
	"testing"

	"github.com/assay-dev/assay/expectations/result"
)

// TestSaidOnce: the sentence of a sample begins with its verdict already, and so does that of an error whose cause is masked.
func TestSaidOnce(t *testing.T) {
	rep := &result.Report{Schema: result.SchemaName, Run: result.Run{ID: "r", Suite: "s"}, Expectations: []result.Expectation{
		{ID: "a", Verdict: result.Inconclusive, Severity: result.SeverityError, Message: "inconclusive: no row was drawn"},
		{ID: "b", Verdict: result.Inconclusive, Severity: result.SeverityError, Message: "wide"},
		{ID: "c", Verdict: result.Error, Severity: result.SeverityError, Message: "could not be evaluated: why is not said here"},
		{ID: "d", Verdict: result.Error, Severity: result.SeverityError, Message: "gone"},
	}}
	text := written(t, "github.txt", rep)
	for _, want := range []string{"::inconclusive: no row was drawn", "::inconclusive: wide", "::could not be evaluated: why is not said here", "::could not be evaluated: gone"} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("%q is not said in:\n%s", want, text)
		}
	}
}
