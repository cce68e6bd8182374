package reports

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/result"
)

// What GitHub's code scanning takes of a run: more results are dropped there without a word, a larger file is refused.
const (
	sarifResults = 5000       // shown, of 25,000 taken
	sarifRules   = 25_000     //
	sarifBytes   = 10_000_000 // compressed by gzip
	sarifTags    = 10         // shown of a rule, of 20 taken
	sarifName    = 255        // of a rule's id and name
	sarifShort   = 1024       // of a rule's description
	sarifMessage = 2000       // ours: of a result's message
	sarifRows    = 3          // ours: failing rows in a message
)

// informationURI is where assay lives.
const informationURI = "https://github.com/assay-dev/assay"

// The part of SARIF 2.1.0 that a run needs.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool         sarifTool         `json:"tool"`
		Automation   sarifAutomation   `json:"automationDetails"`
		BaselineGUID string            `json:"baselineGuid,omitempty"`
		Invocations  []sarifInvocation `json:"invocations"`
		ColumnKind   string            `json:"columnKind"`
		Results      []sarifResult     `json:"results"`
		Properties   map[string]any    `json:"properties"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		Version        string      `json:"version,omitempty"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifAutomation struct {
		ID   string `json:"id"`
		GUID string `json:"guid"`
	}
	sarifInvocation struct {
		Successful    bool          `json:"executionSuccessful"`
		Start         string        `json:"startTimeUtc"`
		End           string        `json:"endTimeUtc"`
		Notifications []sarifNotice `json:"toolExecutionNotifications"`
	}
	sarifNotice struct {
		Level     string          `json:"level"`
		Message   sarifText       `json:"message"`
		Rule      *sarifRuleRef   `json:"associatedRule,omitempty"`
		Locations []sarifLocation `json:"locations,omitempty"`
	}
	sarifRuleRef struct {
		ID    string `json:"id"`
		Index int    `json:"index"`
	}
	sarifRule struct {
		ID            string         `json:"id"`
		Name          string         `json:"name"`
		Short         sarifText      `json:"shortDescription"`
		Full          sarifText      `json:"fullDescription"`
		Help          sarifText      `json:"help"`
		Configuration sarifLevel     `json:"defaultConfiguration"`
		Properties    map[string]any `json:"properties"`
	}
	sarifLevel struct {
		Level string `json:"level"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID       string            `json:"ruleId"`
		RuleIndex    int               `json:"ruleIndex"`
		Kind         string            `json:"kind"`
		Level        string            `json:"level"`
		Message      sarifText         `json:"message"`
		Locations    []sarifLocation   `json:"locations,omitempty"`
		Fingerprints map[string]string `json:"partialFingerprints"`
		Baseline     string            `json:"baselineState,omitempty"`
		Properties   map[string]any    `json:"properties"`
	}
	sarifLocation struct {
		Physical sarifPhysical `json:"physicalLocation"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		Line   int `json:"startLine"`
		Column int `json:"startColumn,omitempty"`
	}
)

// SARIF writes the run as SARIF 2.1.0: a rule for each expectation, and a result for each that needs attention, at its line in the suite. What could
// not be evaluated is a result too, or a reader would take what it found before for repaired; an inconclusive one is a note. Both say so
// in their message. What is more than GitHub takes is left out, the least severe first, and a notification says what.
func SARIF(w io.Writer, rep *result.Report) error {
	var text []byte
	for most, all := sarifResults, true; ; {
		b, err := json.MarshalIndent(sarifOf(rep, most, all), "", " ")
		if err != nil {
			return fmt.Errorf("write SARIF: %w", err)
		}
		b = append(b, '\n')
		text = b
		if len(text) <= sarifBytes || most == 0 {
			break
		}
		size, err := gzipped(text)
		if err != nil {
			return fmt.Errorf("write SARIF: %w", err)
		}
		if size <= sarifBytes {
			break
		}
		if all { // the rules of what passed go first
			all = false
		} else {
			most /= 2
		}
	}
	if _, err := w.Write(text); err != nil {
		return fmt.Errorf("write SARIF: %w", err)
	}
	return nil
}

func gzipped(text []byte) (int, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(text); err != nil {
		return 0, err
	}
	err := z.Close()
	return b.Len(), err
}

// sarifOf forms the log with no more than most results, and with the rules of what passed only where all is set.
func sarifOf(rep *result.Report, most int, all bool) *sarifLog {
	results := worstFirst(rep, needsAttention)
	left := len(results) - min(len(results), most)
	results = results[:len(results)-left]
	rules, index, bare := sarifRulesOf(rep, results, all)
	s := &rep.Summary
	run := sarifRun{
		Tool:       sarifTool{sarifDriver{Name: "assay", Version: said(rep.Run.Versions["assay"], sarifName), InformationURI: informationURI, Rules: rules}},
		Automation: sarifAutomation{ID: said(rep.Run.Job, sarifName) + "/" + said(rep.Run.ID, sarifName), GUID: uuid("run", rep.Run.ID)},
		ColumnKind: "unicodeCodePoints", Results: []sarifResult{},
		Properties: map[string]any{
			"verdict": string(s.Verdict), "passed": s.Passed, "failed": s.Failed, "warned": s.Warned, "inconclusive": s.Inconclusive, "errored": s.Errored, "skipped": s.Skipped,
			"recordsChecked": s.RecordsChecked, "suite": said(rep.Run.Suite, sarifShort),
		},
	}
	if rep.Previous != nil {
		run.BaselineGUID = uuid("run", rep.Previous.ID)
	}
	inv := sarifInvocation{Successful: s.Errored == 0, Start: rep.Run.Start.UTC().Format(time.RFC3339Nano), End: rep.Run.End.UTC().Format(time.RFC3339Nano), Notifications: []sarifNotice{}}
	if left > 0 {
		inv.Notifications = append(inv.Notifications, sarifNotice{Level: "warning", Message: sarifText{fmt.Sprintf(
			"%s of %s results are left out, the least severe ones: GitHub shows %s of a run, of at most %d MB; report.json has all of them",
			diag.Group(int64(left)), diag.Group(int64(left+len(results))), diag.Group(sarifResults), sarifBytes/1_000_000)}})
	}
	if bare > 0 {
		inv.Notifications = append(inv.Notifications, sarifNotice{Level: "note", Message: sarifText{diag.Plural(int64(bare), "rule") + " of expectations that have no result are left out: GitHub takes " + diag.Group(sarifRules) + " of a run"}})
	}
	for _, e := range results {
		run.Results = append(run.Results, sarifResultOf(rep, e, index[e]))
	}
	const notices = 1000 // ours
	for i := range rep.Expectations {
		e := &rep.Expectations[i]
		at, ok := index[e]
		if !ok || e.Verdict != result.Error && e.Verdict != result.Skipped || len(inv.Notifications) >= notices {
			continue
		}
		n := sarifNotice{Level: "error", Message: sarifText{why(e, sarifMessage)}, Rule: &sarifRuleRef{rules[at].ID, at}, Locations: sarifAt(e)}
		if e.Verdict == result.Skipped {
			n.Level, n.Message.Text = "note", "skipped: "+n.Message.Text
		}
		inv.Notifications = append(inv.Notifications, n)
	}
	for i := range rep.Alerts {
		a := &rep.Alerts[i]
		n := sarifNotice{Level: "warning", Message: sarifText{said("alert: "+a.Rule+": "+a.Message, sarifMessage)}}
		if a.Level == "critical" {
			n.Level = "error"
		}
		inv.Notifications = append(inv.Notifications, n)
	}
	run.Invocations = []sarifInvocation{inv}
	return &sarifLog{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run}}
}

// sarifRulesOf are the rules in the order of the suite, with the place of each, and how many are left out.
func sarifRulesOf(rep *result.Report, results []*result.Expectation, all bool) (rules []sarifRule, index map[*result.Expectation]int, left int) {
	wanted := map[*result.Expectation]bool{}
	for _, e := range results {
		wanted[e] = true
	}
	room := sarifRules - len(results)
	index = map[*result.Expectation]int{}
	rules = []sarifRule{}
	for i := range rep.Expectations {
		e := &rep.Expectations[i]
		if !wanted[e] {
			if room == 0 || !all {
				left++
				continue
			}
			room--
		}
		index[e] = len(rules)
		rules = append(rules, sarifRuleOf(e))
	}
	return rules, index, left
}

func sarifRuleOf(e *result.Expectation) sarifRule {
	short, full := said(e.Description, sarifShort), said(e.Expression, sarifShort)
	if full == "" {
		full = name(e.ID, sarifShort)
	}
	if short == "" {
		short = full
	}
	help := full
	if e.Where != "" {
		help = said(e.Expression+" where "+e.Where, 2*sarifShort)
	}
	if e.Owner != "" {
		help += "\nowner: " + said(e.Owner, sarifName)
	}
	tags := []string{"data-quality", string(e.Kind)}
	for _, t := range e.Tags[:min(len(e.Tags), sarifTags-len(tags))] {
		tags = append(tags, name(t, sarifName))
	}
	return sarifRule{
		ID: name(e.ID, sarifName), Name: name(e.ID, sarifName), Short: sarifText{short}, Full: sarifText{full}, Help: sarifText{help},
		Configuration: sarifLevel{severityLevel(e.Severity)}, Properties: map[string]any{"tags": unique(tags), "datasets": e.Datasets, "problem.severity": problem(e.Severity)},
	}
}

// unique drops what was there before: SARIF takes each tag once.
func unique(list []string) []string {
	seen := map[string]bool{}
	var out []string
	for _, s := range list {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

func severityLevel(s result.Severity) string {
	switch s {
	case result.SeverityWarning:
		return "warning"
	case result.SeverityInfo:
		return "note"
	case result.SeverityError:
	}
	return "error"
}

// problem is the severity in the words of GitHub's property.
func problem(s result.Severity) string {
	if s == result.SeverityInfo {
		return "recommendation"
	}
	return severityLevel(s)
}

func sarifResultOf(rep *result.Report, e *result.Expectation, at int) sarifResult {
	level := severityLevel(e.Severity)
	switch e.Verdict {
	case result.Error:
		level = "error"
	case result.Inconclusive:
		level = "note"
	case result.Pass, result.Fail, result.Skipped:
	}
	text := []string{why(e, sarifMessage/2)}
	if e.Compare == nil {
		for i := range min(len(e.Failures), sarifRows) {
			text = append(text, said(rowText(&e.Failures[i]), sarifMessage/2/sarifRows))
		}
	}
	known := digest(rep.Run.Job, e.ID)
	return sarifResult{
		RuleID: name(e.ID, sarifName), RuleIndex: at, Kind: "fail", Level: level, Message: sarifText{strings.Join(text, "\n")}, Locations: sarifAt(e),
		// GitHub knows an alert by the first, others by what the standard lets a tool name. Neither depends on the line.
		Fingerprints: map[string]string{"primaryLocationLineHash": known[:16] + ":1", "assayExpectation/v1": known},
		Baseline:     baselineState(rep, e), Properties: map[string]any{"verdict": string(e.Verdict), "failing": Failing(e)},
	}
}

// baselineState says how a result stands to the last run. It is absent where there was none.
func baselineState(rep *result.Report, e *result.Expectation) string {
	if rep.Previous == nil {
		return ""
	}
	switch e.Since {
	case result.SinceNew, result.SinceAdded:
		return "new"
	case result.SinceStill, result.SinceSame, result.SinceFixed:
		return "unchanged"
	case result.SinceUnknown:
	}
	return "new"
}

// sarifAt is the expectation's place in its suite. A path is a URI there: relative to the repository, as it was given.
func sarifAt(e *result.Expectation) []sarifLocation {
	if e.Location.File == "" {
		return nil
	}
	file := strings.ReplaceAll(strings.ToValidUTF8(e.Location.File, "\ufffd"), `\`, "/")
	if !strings.HasPrefix(file, "/") {
		file = path.Clean(file)
	}
	u := url.URL{Path: file}
	if strings.HasPrefix(file, "/") {
		u.Scheme = "file"
	}
	l := sarifLocation{sarifPhysical{Artifact: sarifArtifact{u.String()}}}
	if e.Location.Line > 0 {
		l.Physical.Region = &sarifRegion{Line: e.Location.Line, Column: max(e.Location.Column, 0)}
	}
	return []sarifLocation{l}
}
