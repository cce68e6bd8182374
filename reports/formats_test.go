package reports_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"html"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/reports"
)

// formats are the forms for machines and for other people's pages, with the name of each golden.
var formats = map[string]func(io.Writer, *result.Report) error{
	"junit.xml": reports.JUnit, "sarif.json": reports.SARIF, "github.txt": reports.GitHub, "openlineage.jsonl": reports.OpenLineage, "csv": reports.CSV,
	"md": func(w io.Writer, rep *result.Report) error {
		return reports.Markdown(w, rep, reports.MarkdownOptions{})
	},
}

func written(t *testing.T, format string, rep *result.Report) string {
	t.Helper()
	var b strings.Builder
	if err := formats[format](&b, rep); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// known is the hostile run with a run before it.
func known() *result.Report {
	rep := hostile()
	rep.Previous = &result.Previous{ID: "20260227T235958-0badcafe", Start: start().Add(-24 * time.Hour), Verdict: result.Fail, New: 2, Fixed: 1, Still: 3}
	states := []result.Since{result.SinceStill, result.SinceNew, result.SinceSame, result.SinceFixed, result.SinceAdded}
	for i := range rep.Expectations {
		rep.Expectations[i].Since = states[i%len(states)]
		if rep.Expectations[i].Since == result.SinceStill {
			rep.Expectations[i].Failing = &result.Failing{Run: "20260225T235958-0badcafe", At: start().Add(-72 * time.Hour), Runs: 4}
		}
	}
	return rep
}

func TestFormats(t *testing.T) {
	for format := range formats {
		golden(t, "hostile."+format, written(t, format, known()))
		if again := written(t, format, known()); again != written(t, format, known()) {
			t.Errorf("%s differs from itself", format)
		}
	}
}

// TestFormatsAreValid holds the formats against their published schemas.
func TestFormatsAreValid(t *testing.T) {
	for name, rep := range map[string]*result.Report{"hostile": known(), "empty": empty(), "first": hostile()} {
		validJSON(t, name, sarifSchema(t), written(t, "sarif.json", rep))
		lines := strings.Split(strings.TrimSuffix(written(t, "openlineage.jsonl", rep), "\n"), "\n")
		if len(lines) != 2 {
			t.Errorf("%s: %d events", name, len(lines))
		}
		for _, l := range lines {
			validEvent(t, name, l)
		}
		if err := newXSD(t).validate([]byte(written(t, "junit.xml", rep))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestValidatorsRefuse holds that the schemas are read and the checks do refuse.
func TestValidatorsRefuse(t *testing.T) {
	xsd, junit := newXSD(t), written(t, "junit.xml", known())
	for from, to := range map[string]string{
		`<failure `: `<fail `, ` name="run"`: ` nam="run"`, `<testcase name=`: `<testcase file="x" name=`, `<properties>`: `<properties>x`, `time="7384.000"`: `time="7384.0000"`,
		`</testcase>`: `<properties></properties></testcase>`, ` tests=`: ` test=`,
	} {
		spoilt := strings.Replace(junit, from, to, 1)
		if spoilt == junit {
			t.Errorf("%s is not there", from)
		}
		if xsd.validate([]byte(spoilt)) == nil {
			t.Errorf("%s was accepted", to)
		}
	}
	sarif := written(t, "sarif.json", known())
	for from, to := range map[string]string{`"startLine": 12`: `"startLine": 0`, `"version": "2.1.0"`: `"version": "2"`, `"level": "error"`: `"level": "fatal"`, `"ruleIndex"`: `"ruleindex"`, `"baselineState": "new"`: `"baselineState": "fresh"`} {
		spoilt := strings.Replace(sarif, from, to, 1)
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(spoilt))
		if err != nil || spoilt == sarif || sarifSchema(t).Validate(doc) == nil {
			t.Errorf("SARIF with %s was accepted, or %s is not there", to, from)
		}
	}
	event := strings.Split(written(t, "openlineage.jsonl", known()), "\n")[1]
	for from, to := range map[string]string{`"eventType":"FAIL"`: `"eventType":"FAILED"`, `"runId":"`: `"runId":"x`, `"success":false`: `"success":"false"`, `"status":`: `"state":`, `"_producer"`: `"producer"`, `"namespace"`: `"space"`, `"rowCount":1`: `"rowCount":"1"`} {
		spoilt := strings.Replace(event, from, to, 1)
		if spoilt == event || checkEvent(spoilt) == nil {
			t.Errorf("an event with %s was accepted, or %s is not there", to, from)
		}
	}
}

// TestFormatsShow holds that what failed, warned, was inconclusive or could not be evaluated is in each format, by its name.
func TestFormatsShow(t *testing.T) {
	rep := known()
	rep.Expectations = rep.Expectations[:0]
	for _, e := range []result.Expectation{
		{ID: "fails", Verdict: result.Fail, Severity: result.SeverityError},
		{ID: "warns", Verdict: result.Fail, Severity: result.SeverityWarning},
		{ID: "informs", Verdict: result.Fail, Severity: result.SeverityInfo},
		{ID: "doubts", Verdict: result.Inconclusive, Severity: result.SeverityError},
		{ID: "breaks", Verdict: result.Error, Severity: result.SeverityWarning},
	} {
		e.Kind, e.Location, e.Message, e.Datasets = result.KindRow, at(3), "because "+e.ID, []string{"orders"}
		rep.Expectations = append(rep.Expectations, e)
	}
	for format := range formats {
		got := written(t, format, rep)
		for i := range rep.Expectations {
			if e := &rep.Expectations[i]; !strings.Contains(got, e.ID) || !strings.Contains(got, "because "+e.ID) {
				t.Errorf("%s does not show %s", format, e.ID)
			}
		}
		if strings.Contains(strings.ReplaceAll(strings.ReplaceAll(got, `skipped="0"`, ""), "| skipped |", ""), "<skipped") {
			t.Errorf("%s shows something as skipped:\n%s", format, got)
		}
		if format != "csv" && !strings.Contains(got, "inconclusive") || !strings.Contains(strings.ToLower(got), "warn") {
			t.Errorf("%s does not say what is inconclusive, or what only warns:\n%s", format, got)
		}
	}
}

// TestFormatsAreHarmless looks for what acts upon a terminal, a page, a spreadsheet or a workflow.
func TestFormatsAreHarmless(t *testing.T) {
	rep := known()
	rep.Expectations = append(rep.Expectations, result.Expectation{
		ID: "=cmd|' /C calc'!A0", Kind: result.KindRow, Verdict: result.Fail, Severity: result.SeverityError, Location: at(50), Datasets: []string{"@orders"},
		Expression: "+1+1", Message: "::error::x\n::stop-commands::y\n-2+3 @team #12 [a](http://x) `b` | c", Owner: "\t=1", Tags: []string{"@SUM(1)"},
	}, result.Expectation{ID: strings.Repeat("long", 300), Kind: result.KindRow, Verdict: result.Error, Severity: result.SeverityError, Message: strings.Repeat("m", hugeLen), Location: at(51)})
	for format := range formats {
		got := written(t, format, rep)
		for _, r := range got {
			if r != '\n' && (r != '\r' || format != "csv") && (unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp) || r == unicode.ReplacementChar) {
				t.Errorf("%s: %U is in it", format, r)
				break
			}
		}
		if !utf8.ValidString(got) || len(got) > 300_000 {
			t.Errorf("%s: %d bytes, valid UTF-8: %v", format, len(got), utf8.ValidString(got))
		}
	}
	records, err := csv.NewReader(strings.NewReader(written(t, "csv", rep))).ReadAll()
	if err != nil || len(records) != len(rep.Expectations)+1 {
		t.Fatalf("%d lines of CSV: %v", len(records), err)
	}
	formulas := 0
	for _, r := range records[1:] {
		for _, c := range r {
			if _, err := strconv.ParseFloat(c, 64); err != nil && c != "" && strings.ContainsRune("=+-@\t\r|%", rune(c[0])) {
				t.Errorf("a cell begins %.20q", c)
			}
			if strings.HasPrefix(c, "'") {
				formulas++
			}
		}
	}
	if formulas < 4 {
		t.Errorf("%d cells were made harmless", formulas)
	}
	for l := range strings.SplitSeq(strings.TrimSuffix(written(t, "github.txt", rep), "\n"), "\n") {
		if !strings.HasPrefix(l, "::error ") && !strings.HasPrefix(l, "::warning ") && !strings.HasPrefix(l, "::notice ") {
			t.Errorf("a line begins %.40q", l)
		}
	}
	md, code := "", false // what is not in a block of code
	for l := range strings.SplitSeq(written(t, "md", rep), "\n") {
		if strings.HasPrefix(l, "```") {
			code = !code
		} else if !code {
			md += l + "\n"
		}
	}
	for _, bad := range []string{"<script", "<img", "](", "http://", "`b`"} {
		if strings.Contains(md, bad) {
			t.Errorf("the Markdown has %s", bad)
		}
	}
	if shown := html.UnescapeString(md); !strings.Contains(shown, "@\u200bteam") || !strings.Contains(shown, "#\u200b12") {
		t.Error("somebody is mentioned, or an issue is")
	}
	for l := range strings.SplitSeq(md, "\n") {
		if strings.HasPrefix(l, "| ") && !strings.HasPrefix(l, "| passed") && !strings.HasPrefix(l, "| 4 ") && strings.Count(l, "|") != 7 {
			t.Errorf("a line of the table has other cells: %q", l)
		}
	}
}

// many is a run of n expectations that fail, and as many that warn.
func many(n int, message string) *result.Report {
	rep := empty()
	for i := range n {
		for _, s := range []result.Severity{result.SeverityWarning, result.SeverityError} {
			rep.Expectations = append(rep.Expectations, result.Expectation{
				ID: fmt.Sprintf("%s-%d", s, i), Kind: result.KindRow, Verdict: result.Fail, Severity: s, Expression: "false", Message: message, Location: at(i + 1), Datasets: []string{"orders"},
			})
		}
	}
	return rep
}

// TestGitHubLimits holds what GitHub takes, and that what is left out is said.
func TestGitHubLimits(t *testing.T) {
	got := written(t, "github.txt", many(11, "x"))
	if e, w := strings.Count(got, "::error "), strings.Count(got, "::warning "); e != 10 || w != 10 || strings.Count(got, "2 of 11 are not shown here") != 2 {
		t.Errorf("%d errors, %d warnings:\n%s", e, w, got)
	}
	if got := written(t, "github.txt", many(10, "x")); strings.Count(got, "::error ") != 10 || strings.Contains(got, "not shown") {
		t.Errorf("of ten:\n%s", got)
	}
	var log struct {
		Runs []struct {
			Tool struct {
				Driver struct{ Rules []struct{ ID string } }
			}
			Results     []struct{ Level, RuleID string }
			Invocations []struct {
				ToolExecutionNotifications []struct{ Message struct{ Text string } }
			}
		}
	}
	if err := json.Unmarshal([]byte(written(t, "sarif.json", many(4000, "x"))), &log); err != nil {
		t.Fatal(err)
	}
	r := log.Runs[0]
	if len(r.Results) != 5000 || len(r.Tool.Driver.Rules) != 8000 || r.Results[3999].Level != "error" || r.Results[4000].Level != "warning" {
		t.Errorf("%d results, %d rules", len(r.Results), len(r.Tool.Driver.Rules))
	}
	if n := r.Invocations[0].ToolExecutionNotifications; len(n) != 1 || !strings.HasPrefix(n[0].Message.Text, "3,000 of 8,000 results are left out") {
		t.Errorf("%v", n)
	}
	rep := many(3000, strings.Repeat("a sentence ", 30))
	for _, limit := range []int{1, 500, 5000, reports.StepSummaryBytes} {
		var b bytes.Buffer
		if err := reports.Markdown(&b, rep, reports.MarkdownOptions{Limit: limit}); err != nil {
			t.Fatal(err)
		}
		if b.Len() > limit || limit > 1000 && !strings.Contains(b.String(), "Left out, for this may be") || limit > 5000 && b.Len() < limit/2 {
			t.Errorf("limit %d: %d bytes", limit, b.Len())
		}
	}
}

// TestSARIFStays holds that a result is known again when its line, its message and the file around it have changed.
func TestSARIFStays(t *testing.T) {
	prints := func(rep *result.Report) (out []string) {
		for l := range strings.SplitSeq(written(t, "sarif.json", rep), "\n") {
			if strings.Contains(l, "primaryLocationLineHash") || strings.Contains(l, "assayExpectation/v1") {
				out = append(out, l)
			}
		}
		return out
	}
	a, b := many(2, "x"), many(2, "y")
	b.Run.ID = "another"
	for i := range b.Expectations {
		b.Expectations[i].Location.Line += 7
	}
	x, y := prints(a), prints(b)
	if len(x) != 8 || strings.Join(x, "") != strings.Join(y, "") {
		t.Errorf("%v\n%v", x, y)
	}
}

func sarifSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	s, err := c.Compile(filepath.Join("testdata", "schemas", "sarif-schema-2.1.0.json"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func validJSON(t *testing.T, name string, s *jsonschema.Schema, text string) {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if err := s.Validate(doc); err != nil {
		t.Errorf("%s: %v", name, err)
	}
}

func validEvent(t *testing.T, name, line string) {
	t.Helper()
	if err := checkEvent(line); err != nil {
		t.Errorf("%s: %v", name, err)
	}
}

// checkEvent holds an event, and each facet of it, against the schema that it names.
func checkEvent(line string) error {
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	files, err := filepath.Glob(filepath.Join("testdata", "schemas", "*-*-*-*.json"))
	if err != nil || len(files) != 5 {
		return fmt.Errorf("%d schemas: %w", len(files), err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return err
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			return err
		}
		if err := c.AddResource(doc.(map[string]any)["$id"].(string), doc); err != nil {
			return err
		}
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
	if err != nil {
		return err
	}
	return checkNamed(c, doc)
}

// checkNamed walks a document and validates whatever names its schema.
func checkNamed(c *jsonschema.Compiler, doc any) error {
	switch x := doc.(type) {
	case []any:
		for _, v := range x {
			if err := checkNamed(c, v); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, key := range []string{"schemaURL", "_schemaURL"} {
			url, ok := x[key].(string)
			if !ok {
				continue
			}
			s, err := c.Compile(url)
			if err != nil {
				return err
			}
			if err := s.Validate(doc); err != nil {
				return err
			}
		}
		for _, v := range x {
			if err := checkNamed(c, v); err != nil {
				return err
			}
		}
	}
	return nil
}

// tokens reads XML to its end.
func tokens(text []byte, each func(xml.Token) error) error {
	d := xml.NewDecoder(bytes.NewReader(text))
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := each(tok); err != nil {
			return err
		}
	}
}
