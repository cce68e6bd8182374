package reports_test

import (
	"strings"
	"testing"

	"github.com/assay-dev/assay/expectations/result"
)

// TestAlertsAreShown: alerts stand in every format that has a place for them, however many failures there are.
func TestAlertsAreShown(t *testing.T) {
	rep := many(20, "x")
	rep.Alerts = []result.Alert{
		{Rule: "rows", Level: "warning", Message: "half the rows are gone", Dataset: "orders"},
		{Rule: "errors", Level: "warning", Message: "some rows"},
		{Rule: "errors", Level: "critical", Message: "nothing could be evaluated", Expectation: "warning-3"},
		{Rule: "lag", Level: "critical", Message: "as its own annotation says", Expectation: "error-3"},
	}
	for format := range formats {
		got := written(t, format, rep)
		for _, text := range []string{"half the rows are gone", "nothing could be evaluated"} {
			if strings.Contains(got, text) == (format == "csv") {
				t.Errorf("%s: %q is missing, or where none is promised", format, text)
			}
		}
	}
	got := written(t, "github.txt", rep)
	for _, want := range []string{
		"::error file=suites/shop.yaml,line=4,col=7,title=alert%3A errors::nothing could be evaluated (and 1 more alert)\n", "::warning title=alert%3A rows::half the rows are gone\n", "12 of 21 are not shown here",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("there is no %q in\n%s", want, got)
		}
	}
	if n := strings.Count(got, "::error "); n != 10 || strings.Contains(got, "its own annotation") {
		t.Errorf("%d errors:\n%s", n, got)
	}
	got = written(t, "openlineage.jsonl", rep)
	if want := `{"status":"fail","type":"alert","name":"alert.rows","severity":"warn","description":"half the rows are gone","params":{"dataset":"orders","level":"warning","rule":"rows"}}`; !strings.Contains(got, want) {
		t.Errorf("there is no %s in\n%s", want, got)
	}
}
