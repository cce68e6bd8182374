package reports_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/reports"
	"github.com/assay-dev/assay/reports/html"
)

// joined is a run with an expectation that most fails by orphans.
func joined() *result.Report {
	rep := empty()
	rep.Expectations = []result.Expectation{{
		ID: "name-in-sync", Kind: result.KindRow, Datasets: []string{"orders", "customers"}, Verdict: result.Fail, Severity: result.SeverityError,
		Expression: "row.name == customer.name", Location: at(7), Counts: &result.Counts{True: 90, False: 3, SkippedNull: 2}, Rate: new(0.9), OnNull: "skip",
		Orphans: &result.Orphans{Failing: 7, Skipped: 4, NullKeys: 2, Aliases: map[string]int64{"customer": 7, "agent" + markup: 4}},
		Ran:     result.Ran{Where: "here", Method: "hash join", Statements: 2, MS: 12, Reasons: []string{"two systems"}},
		Message: "10 of 100 rows fail; among them 7 orphans (without customer)",
		Failures: []result.Failure{
			{
				Key: map[string]result.Cell{"id": {Value: value.IntValue(1)}}, Values: map[string]result.Cell{"customer.name": {Value: value.StringValue(markup)}},
				Outcome: "false", Order: []string{"id", "customer.name"},
			},
			{
				Key: map[string]result.Cell{"id": {Value: value.IntValue(2)}}, Values: map[string]result.Cell{}, Outcome: "false", Class: result.Orphan,
				Message: "no row of customers has id = 12", Order: []string{"id"},
			},
		},
	}}
	rep.Summary.Failed, rep.Summary.Verdict = 1, result.Fail
	return rep
}

// An orphan is a failing row to every reader, and told apart for those who ask.
func TestOrphans(t *testing.T) {
	rep := joined()
	if n := reports.Failing(&rep.Expectations[0]); n != 10 {
		t.Errorf("%d failing rows, not 3 false and 7 orphans", n)
	}
	text := writeText(t, rep, reports.TextOptions{Rows: 5})
	if !regexp.MustCompile(`name-in-sync +90 +10 +90`).MatchString(text) || !strings.Contains(text, "id=2  no row of customers has id = 12\n") || !strings.Contains(text, "… and 8 more rows") {
		t.Error(text)
	}
	doc := render(t, rep)
	if err := published(t, schemaFile).Validate(doc); err != nil {
		t.Error(err)
	}
	doc["expectations"].([]any)[0].(map[string]any)["orphans"].(map[string]any)["failing"] = -1
	if published(t, schemaFile).Validate(doc) == nil {
		t.Error("the schema takes a negative count")
	}
	var page bytes.Buffer
	if err := html.Write(&page, rep); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<dt>orphans</dt><dd>7</dd>", "<dt>without an optional partner</dt><dd>4</dd>", `"b":[90,10,0]`, "2 of 10 failing rows", "no row of customers has id = 12"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}
