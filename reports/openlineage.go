package reports

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/assay-dev/assay/expectations/result"
)

// The versions of OpenLineage's specification that are written.
const (
	lineageEvent      = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
	lineageAssertions = "https://openlineage.io/spec/facets/1-1-0/DataQualityAssertionsDatasetFacet.json#/$defs/DataQualityAssertionsDatasetFacet"
	lineageMetrics    = "https://openlineage.io/spec/facets/1-0-3/DataQualityMetricsInputDatasetFacet.json#/$defs/DataQualityMetricsInputDatasetFacet"
	lineageTests      = "https://openlineage.io/spec/facets/1-0-1/TestRunFacet.json#/$defs/TestRunFacet"
	lineageError      = "https://openlineage.io/spec/facets/1-0-1/ErrorMessageRunFacet.json#/$defs/ErrorMessageRunFacet"
)

// lineageText bounds a text of an event, in bytes.
const lineageText = 4096

// The part of OpenLineage's model that a run needs.
type (
	lineageRunEvent struct {
		Type     string           `json:"eventType"`
		Time     string           `json:"eventTime"`
		Run      lineageRun       `json:"run"`
		Job      lineageJob       `json:"job"`
		Inputs   []lineageDataset `json:"inputs"`
		Outputs  []lineageDataset `json:"outputs"`
		Producer string           `json:"producer"`
		Schema   string           `json:"schemaURL"`
	}
	lineageRun struct {
		ID     string         `json:"runId"`
		Facets map[string]any `json:"facets"`
	}
	lineageJob struct {
		Namespace string         `json:"namespace"`
		Name      string         `json:"name"`
		Facets    map[string]any `json:"facets"`
	}
	lineageDataset struct {
		Namespace string         `json:"namespace"`
		Name      string         `json:"name"`
		Facets    map[string]any `json:"inputFacets"`
	}
	lineageFacet struct {
		Producer string `json:"_producer"`
		Schema   string `json:"_schemaURL"`
	}
	lineageAssertionsFacet struct {
		lineageFacet
		Assertions []lineageAssertion `json:"assertions"`
	}
	lineageMetricsFacet struct {
		lineageFacet
		Rows    int64          `json:"rowCount"`
		Columns map[string]any `json:"columnMetrics"`
	}
	lineageTestsFacet struct {
		lineageFacet
		Tests []lineageTest `json:"tests"`
	}
	lineageErrorFacet struct {
		lineageFacet
		Message  string `json:"message"`
		Language string `json:"programmingLanguage"`
	}
	lineageAssertion struct {
		Assertion string `json:"assertion"`
		Success   bool   `json:"success"`
		lineageCheck
	}
	lineageTest struct {
		Status string `json:"status"`
		Type   string `json:"type"`
		lineageCheck
	}
	lineageCheck struct {
		Name        string         `json:"name"`
		Severity    string         `json:"severity"`
		Description string         `json:"description,omitempty"`
		Expected    string         `json:"expected,omitempty"`
		Actual      string         `json:"actual,omitempty"`
		Content     string         `json:"content,omitempty"`
		ContentType string         `json:"contentType,omitempty"`
		Params      map[string]any `json:"params"`
	}
)

// OpenLineage writes the run as two run events of OpenLineage, one a line: that it began, and that it came to its end. The second has the datasets as
// its inputs, with what was asserted of each, and all expectations, and then the alerts, as tests of the run. What is inconclusive or could not be evaluated has found
// no success; its parameters say the verdict. The event is FAIL where something could not be evaluated, else COMPLETE, whatever the data is like.
func OpenLineage(w io.Writer, rep *result.Report) error {
	began := lineageRunEvent{
		Type: "START", Time: rep.Run.Start.UTC().Format(time.RFC3339Nano), Run: lineageRun{uuid("run", rep.Run.ID), map[string]any{}},
		Job: lineageJob{"assay", said(rep.Run.Job, lineageText), map[string]any{}}, Inputs: []lineageDataset{}, Outputs: []lineageDataset{},
		Producer: informationURI, Schema: lineageEvent,
	}
	for i := range rep.Datasets {
		d := &rep.Datasets[i]
		source := d.Source
		if source == "" || source == "query" {
			source = d.Name
		}
		began.Inputs = append(began.Inputs, lineageDataset{said(d.Driver, lineageText) + "://" + said(d.Connection, lineageText), said(source, lineageText), map[string]any{}})
	}
	ended := began
	ended.Type, ended.Time = "COMPLETE", rep.Run.End.UTC().Format(time.RFC3339Nano)
	ended.Run.Facets = map[string]any{}
	if rep.Summary.Errored > 0 {
		ended.Type = "FAIL"
		ended.Run.Facets["errorMessage"] = lineageErrorFacet{lineageFacetOf(lineageError), firstError(rep), "CEL"}
	}
	tests := lineageTestsFacet{lineageFacetOf(lineageTests), []lineageTest{}}
	of := map[string][]lineageAssertion{}
	for i := range rep.Expectations {
		e := &rep.Expectations[i]
		check, kind := lineageCheckOf(e), e.Name
		if kind == "" {
			kind = string(e.Kind)
		}
		status := "fail"
		switch e.Verdict {
		case result.Pass:
			status = "pass"
		case result.Skipped:
			status = "skip"
		case result.Fail, result.Error, result.Inconclusive:
		}
		tests.Tests = append(tests.Tests, lineageTest{status, kind, check})
		if e.Verdict == result.Skipped {
			continue // an assertion either succeeded or did not
		}
		for _, d := range e.Datasets {
			of[d] = append(of[d], lineageAssertion{kind, e.Verdict == result.Pass, check})
		}
	}
	for i := range rep.Alerts {
		tests.Tests = append(tests.Tests, lineageAlert(&rep.Alerts[i]))
	}
	ended.Run.Facets["test"] = tests
	ended.Inputs = nil
	for i := range rep.Datasets {
		d, in := &rep.Datasets[i], began.Inputs[i]
		in.Facets = map[string]any{}
		if list := of[d.Name]; list != nil {
			in.Facets["dataQualityAssertions"] = lineageAssertionsFacet{lineageFacetOf(lineageAssertions), list}
		}
		if d.Rows != nil {
			in.Facets["dataQualityMetrics"] = lineageMetricsFacet{lineageFacetOf(lineageMetrics), *d.Rows, map[string]any{}}
		}
		ended.Inputs = append(ended.Inputs, in)
	}
	if ended.Inputs == nil {
		ended.Inputs = []lineageDataset{}
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, e := range []lineageRunEvent{began, ended} {
		if err := enc.Encode(e); err != nil {
			return fmt.Errorf("write OpenLineage's events: %w", err)
		}
	}
	return nil
}

// lineageAlert is an alert as a test of the run that found something. It blocks nothing, and is of no dataset's assertions: it judges the run.
func lineageAlert(a *result.Alert) lineageTest {
	check := lineageCheck{
		Name: name("alert."+a.Rule, lineageText), Severity: "warn", Description: said(a.Message, lineageText),
		Params: map[string]any{"rule": said(a.Rule, lineageText), "level": said(a.Level, lineageText)},
	}
	if a.Expectation != "" {
		check.Params["expectation"] = name(a.Expectation, lineageText)
	}
	if a.Dataset != "" {
		check.Params["dataset"] = name(a.Dataset, lineageText)
	}
	return lineageTest{"fail", "alert", check}
}

func lineageFacetOf(schema string) lineageFacet {
	return lineageFacet{informationURI, schema}
}

func firstError(rep *result.Report) string {
	for i := range rep.Expectations {
		if e := &rep.Expectations[i]; e.Verdict == result.Error {
			return said(e.Message, lineageText)
		}
	}
	return "an expectation could not be evaluated"
}

func lineageCheckOf(e *result.Expectation) lineageCheck {
	c := lineageCheck{Name: name(e.ID, lineageText), Severity: "error", Description: why(e, lineageText), Params: map[string]any{"verdict": string(e.Verdict)}}
	if e.Severity != result.SeverityError || e.Verdict == result.Inconclusive {
		c.Severity = "warn"
	}
	if e.Severity == result.SeverityInfo {
		c.Params["severity"] = "info"
	}
	if e.Expression != "" {
		c.Content, c.ContentType = said(e.Expression, lineageText), "expression"
	}
	if e.Where != "" {
		c.Params["where"] = said(e.Where, lineageText)
	}
	switch {
	case e.MaxFailures != nil:
		c.Expected = "at most " + strconv.FormatInt(*e.MaxFailures, 10) + " failing rows"
	case e.Mostly != "":
		c.Expected = said(e.Mostly, lineageText)
	}
	switch {
	case !e.Observed.IsNull():
		c.Actual = said(e.Observed.Text(), lineageText)
	case e.Rate != nil:
		c.Actual = strconv.FormatFloat(*e.Rate, 'g', -1, 64)
	}
	if n := e.Counts; n != nil {
		c.Params["true"], c.Params["false"], c.Params["undecided"] = n.True, False(e), n.Undecided
	}
	return c
}
