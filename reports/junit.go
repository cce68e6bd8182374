package reports

import (
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/assay-dev/assay/expectations/result"
)

// The elements of JUnit's XML as Jenkins and its kin read it: the schema junit-10.xsd.
type (
	junitSuites struct {
		XMLName  xml.Name   `xml:"testsuites"`
		Name     string     `xml:"name,attr"`
		Time     string     `xml:"time,attr"` // seconds
		Tests    int        `xml:"tests,attr"`
		Failures int        `xml:"failures,attr"`
		Errors   int        `xml:"errors,attr"`
		Suite    junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name       string          `xml:"name,attr"`
		Tests      int             `xml:"tests,attr"`
		Failures   int             `xml:"failures,attr"`
		Errors     int             `xml:"errors,attr"`
		Skipped    int             `xml:"skipped,attr"`
		Time       string          `xml:"time,attr"`
		Timestamp  string          `xml:"timestamp,attr"`
		Properties []junitProperty `xml:"properties>property"`
		Cases      []junitCase     `xml:"testcase"`
		Out        *junitText      `xml:"system-out"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		Name    string     `xml:"name,attr"`
		Time    string     `xml:"time,attr"`
		Class   string     `xml:"classname,attr"`
		Skipped *junitNote `xml:"skipped"`
		Error   *junitNote `xml:"error"`
		Failure *junitNote `xml:"failure"`
		Out     *junitText `xml:"system-out"`
	}
	junitNote struct {
		Type    string `xml:"type,attr"`
		Message string `xml:"message,attr"`
		Text    string `xml:",cdata"`
	}
	junitText struct {
		Text string `xml:",cdata"`
	}
)

// Bounds of what JUnit's XML has of one expectation.
const (
	junitRows    = 10
	junitMessage = 1000 // bytes
)

// JUnit writes the run as JUnit's XML, a test case an expectation. Those of severity warning or info that fail, and inconclusive ones, are no
// failures of a test, nor are they skipped: their output says what they are, and so do the properties and the output of the suite.
func JUnit(w io.Writer, rep *result.Report) error {
	s := &rep.Summary
	suite := junitSuite{
		Name: name(rep.Run.Suite, junitMessage), Tests: len(rep.Expectations), Failures: s.Failed, Errors: s.Errored, Skipped: s.Skipped,
		Time: junitTime(rep.Run.DurationMS), Timestamp: rep.Run.Start.UTC().Format("2006-01-02T15:04:05"), Properties: junitProperties(rep),
	}
	var notes []string
	for i := range rep.Expectations {
		e := &rep.Expectations[i]
		c := junitCase{Name: name(e.ID, junitMessage), Time: junitTime(e.Ran.MS), Class: junitClass(rep, e)}
		switch outcome(e) {
		case string(result.Fail):
			c.Failure = junitNoteOf(e)
		case string(result.Error):
			c.Error = junitNoteOf(e)
		case string(result.Skipped):
			c.Skipped = &junitNote{Type: "skipped", Message: why(e, junitMessage)}
		case string(result.Pass):
		default:
			c.Out = &junitText{block(e, junitRows)}
			notes = append(notes, outcome(e)+": "+name(e.ID, junitMessage)+": "+why(e, junitMessage))
		}
		suite.Cases = append(suite.Cases, c)
	}
	for i := range rep.Alerts {
		a := &rep.Alerts[i]
		notes = append(notes, "alert "+said(a.Level, junitMessage)+": "+said(a.Rule, junitMessage)+": "+said(a.Message, junitMessage))
	}
	if len(notes) > 0 {
		suite.Out = &junitText{strings.Join(notes, "\n") + "\n"}
	}
	doc := junitSuites{Name: suite.Name, Time: suite.Time, Tests: suite.Tests, Failures: suite.Failures, Errors: suite.Errors, Suite: suite}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return fmt.Errorf("write JUnit's XML: %w", err)
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(doc); err != nil {
		return fmt.Errorf("write JUnit's XML: %w", err)
	}
	if _, err := io.WriteString(w, "\n"); err != nil {
		return fmt.Errorf("write JUnit's XML: %w", err)
	}
	return nil
}

// junitClass groups the expectations of a dataset: readers take what is before the last dot for a package.
func junitClass(rep *result.Report, e *result.Expectation) string {
	of := make([]string, 0, len(e.Datasets))
	for _, d := range e.Datasets {
		of = append(of, strings.ReplaceAll(name(d, junitMessage), ".", "_"))
	}
	class := strings.ReplaceAll(name(rep.Run.Suite, junitMessage), ".", "_")
	if len(of) > 0 {
		class += "." + strings.Join(of, "+")
	}
	return class
}

func junitNoteOf(e *result.Expectation) *junitNote {
	return &junitNote{Type: string(e.Kind), Message: why(e, junitMessage), Text: "\n" + block(e, junitRows)}
}

func junitProperties(rep *result.Report) []junitProperty {
	s := &rep.Summary
	all := []junitProperty{
		{"run", rep.Run.ID},
		{"job", rep.Run.Job},
		{"mode", rep.Run.Mode},
		{"verdict", string(s.Verdict)},
		{"warned", strconv.Itoa(s.Warned)},
		{"inconclusive", strconv.Itoa(s.Inconclusive)},
		{"records_checked", strconv.FormatInt(s.RecordsChecked, 10)},
	}
	if rep.Run.Seed != "" {
		all = append(all, junitProperty{"seed", rep.Run.Seed})
	}
	if v := rep.Run.Versions["assay"]; v != "" {
		all = append(all, junitProperty{"assay", v})
	}
	for i := range all {
		all[i].Value = said(all[i].Value, junitMessage)
	}
	return all
}

// junitTime is milliseconds in seconds.
func junitTime(ms int64) string {
	return strconv.FormatFloat(float64(max(ms, 0))/1000, 'f', 3, 64)
}
