package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/reports"
	"github.com/assay-dev/assay/reports/history"
)

// historyView is what history shows: the runs of every job, or of one job its runs and outcomes. The latest run is the first.
type historyView struct {
	jobs [][]*history.Run

	job  string
	id   string // the one expectation, "" for all
	run  bool   // one run was asked for
	runs []*history.Run
	byID map[string][]*history.Outcome // by run; nil where it did not have the expectation
}

func (v *historyView) write(a *app, format string) error {
	var text string
	switch {
	case format == "json":
		b, err := v.json()
		if err != nil {
			return err
		}
		text = string(b) + "\n"
	case format == "csv":
		text = v.csv()
	case v.job == "":
		text = v.jobsText()
	default:
		text = v.jobText()
	}
	if _, err := io.WriteString(a.stdout, text); err != nil {
		return fmt.Errorf("write the history: %w", err)
	}
	return nil
}

const historyTime = "2006-01-02 15:04:05"

func at(t time.Time) string { return t.UTC().Format(historyTime) }

// oldest returns f of each run, the oldest first, as people read a line.
func oldest[T any](runs []*history.Run, f func(n int, r *history.Run) T) []T {
	var out []T
	for n, r := range slices.Backward(runs) {
		out = append(out, f(n, r))
	}
	return out
}

func (v *historyView) jobsText() string {
	lines := [][]string{{"job", "last run (UTC)", "verdict", "verdicts", "took", "durations"}}
	for _, runs := range v.jobs {
		last := runs[0]
		strip := strings.Join(oldest(runs, func(_ int, r *history.Run) string { return reports.VerdictSign(r.Verdict) }), "")
		durations := reports.Sparkline(oldest(runs, func(_ int, r *history.Run) float64 { return float64(r.DurationMS) }))
		lines = append(lines, []string{diag.Visible(last.Job), at(last.Start), string(last.Verdict), strip, tookText(last.DurationMS), durations})
	}
	return columns(lines)
}

func tookText(ms int64) string {
	if ms <= 0 {
		return "0 ms"
	}
	return reports.Took(ms)
}

func (v *historyView) jobText() string {
	var b strings.Builder
	if v.id == "" {
		lines := [][]string{{"run", "started (UTC)", "verdict", "passed", "failed", "warned", "errors", "other", "rows", "took"}}
		corrected := slices.ContainsFunc(v.runs, func(r *history.Run) bool { return r.RecordsFixed > 0 })
		if corrected {
			lines[0] = append(lines[0], "corrected")
		}
		for _, r := range v.runs {
			line := []string{
				diag.Visible(r.ID), at(r.Start), string(r.Verdict) + modeText(r), strconv.Itoa(r.Passed), strconv.Itoa(r.Failed), strconv.Itoa(r.Warned), strconv.Itoa(r.Errored),
				strconv.Itoa(r.Inconclusive + r.Skipped), diag.Group(r.RecordsChecked), tookText(r.DurationMS),
			}
			if corrected {
				line = append(line, diag.Group(r.RecordsFixed))
			}
			lines = append(lines, line)
		}
		b.WriteString(columns(lines) + "\n" + v.expectations())
		return b.String()
	}
	b.WriteString(v.expectations() + "\n")
	lines := [][]string{{"run", "started (UTC)", "verdict", "value", "true", "false", "undecided"}}
	for n, r := range v.runs {
		o := v.byID[v.id][n]
		line := []string{diag.Visible(r.ID), at(r.Start), string(o.Verdict) + modeText(r), valueText(o)}
		if c := o.Counts; c != nil {
			line = append(line, diag.Group(c.True), diag.Group(c.False+o.Orphans), diag.Group(c.Undecided))
		}
		lines = append(lines, line)
	}
	return b.String() + columns(lines)
}

// modeText marks a run that read samples.
func modeText(r *history.Run) string {
	if r.Mode == "sample" {
		return " (sample)"
	}
	return ""
}

// expectations is a line for each expectation: its verdicts, its figures and the last of them.
func (v *historyView) expectations() string {
	lines := [][]string{{"expectation", "verdicts", "figures", "last", "failing since (UTC)"}}
	for _, id := range slices.Sorted(maps.Keys(v.byID)) {
		outcomes := v.byID[id]
		strip := strings.Join(oldest(v.runs, func(n int, _ *history.Run) string {
			if outcomes[n] == nil {
				return " "
			}
			return reports.VerdictSign(outcomes[n].Verdict)
		}), "")
		figures := reports.Sparkline(oldest(v.runs, func(n int, _ *history.Run) float64 {
			if outcomes[n] == nil || outcomes[n].Figure == nil {
				return math.NaN()
			}
			return *outcomes[n].Figure
		}))
		line := []string{reports.ClipMiddle(diag.Visible(id), 60), strip, figures, "", ""}
		if o := outcomes[0]; o != nil {
			line[3] = valueText(o)
			if f := o.Failing; f != nil {
				line[4] = at(f.At) + ", " + diag.Plural(int64(f.Runs), "run")
			}
		} else {
			line[3] = "(gone)"
		}
		lines = append(lines, line)
	}
	return columns(lines)
}

// valueText is the figure of an outcome for people: a rate is the share of rows that fail.
func valueText(o *history.Outcome) string {
	switch {
	case o.Observed != nil:
		return reports.Clip(diag.Visible(*o.Observed), 30)
	case o.Figure == nil && len(o.Metrics) > 0:
		var parts []string
		for i := range o.Metrics {
			parts = append(parts, diag.Visible(o.Metrics[i].Expression)+" = "+reports.Spoken(o.Metrics[i].Value, 30))
		}
		return reports.Clip(strings.Join(parts, ", "), 80)
	case o.Figure == nil:
		return "–"
	case o.Of == result.TrendFailureRate:
		return diag.Percent(*o.Figure) + " fail"
	}
	return strconv.FormatFloat(*o.Figure, 'g', -1, 64)
}

// historySchema names the JSON form.
const historySchema = "assay.history/v1"

// historyRun is a run in JSON.
type historyRun struct {
	ID             string         `json:"id"`
	Suite          string         `json:"suite"`
	Job            string         `json:"job"`
	Mode           string         `json:"mode"`
	Start          time.Time      `json:"start"`
	End            time.Time      `json:"end"`
	DurationMS     int64          `json:"duration_ms"`
	Seed           string         `json:"seed,omitempty"`
	Verdict        result.Verdict `json:"verdict"`
	Passed         int            `json:"passed"`
	Failed         int            `json:"failed"`
	Warned         int            `json:"warned"`
	Inconclusive   int            `json:"inconclusive"`
	Errored        int            `json:"errored"`
	Skipped        int            `json:"skipped"`
	RecordsChecked int64          `json:"records_checked"`
	RecordsFixed   int64          `json:"records_fixed"`
	Inconsistency  *float64       `json:"inconsistency_rate"`
}

// historyOutcome is an outcome in JSON.
type historyOutcome struct {
	Run      string           `json:"run"`
	Start    time.Time        `json:"start"`
	Verdict  result.Verdict   `json:"verdict"`
	Severity result.Severity  `json:"severity"`
	Counts   *result.Counts   `json:"counts"`
	Orphans  int64            `json:"orphans,omitempty"`
	Rate     *float64         `json:"rate"`
	Interval *result.Interval `json:"interval"`
	Observed *string          `json:"observed"`
	Metrics  []result.Metric  `json:"metrics,omitempty"`
	Of       result.TrendOf   `json:"of,omitempty"`
	Figure   *float64         `json:"figure"`
	Failing  *result.Failing  `json:"failing,omitempty"`
}

type historyExpectation struct {
	ID       string           `json:"id"`
	Kind     result.Kind      `json:"kind"`
	Outcomes []historyOutcome `json:"outcomes"`
}

func runJSON(r *history.Run) historyRun {
	return historyRun{
		r.ID, r.Suite, r.Job, r.Mode, r.Start, r.End, r.DurationMS, r.Seed, r.Verdict, r.Passed, r.Failed, r.Warned, r.Inconclusive, r.Errored, r.Skipped, r.RecordsChecked, r.RecordsFixed, r.Inconsistency,
	}
}

func (v *historyView) json() ([]byte, error) {
	doc := struct {
		Schema       string               `json:"schema"`
		Job          string               `json:"job,omitempty"`
		Runs         []historyRun         `json:"runs"`
		Expectations []historyExpectation `json:"expectations"`
	}{historySchema, v.job, []historyRun{}, []historyExpectation{}}
	for _, runs := range append(slices.Clip(v.jobs), v.runs) {
		for _, r := range runs {
			doc.Runs = append(doc.Runs, runJSON(r))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(v.byID)) {
		e := historyExpectation{ID: id, Outcomes: []historyOutcome{}}
		for n, o := range v.byID[id] {
			if o == nil {
				continue
			}
			e.Kind = o.Kind
			e.Outcomes = append(e.Outcomes, historyOutcome{
				v.runs[n].ID, v.runs[n].Start, o.Verdict, o.Severity, o.Counts, o.Orphans, o.Rate, o.Interval, o.Observed, o.Metrics, o.Of, o.Figure, o.Failing,
			})
		}
		doc.Expectations = append(doc.Expectations, e)
	}
	b, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the history: %w", err)
	}
	return result.Inert(b), nil
}

// csv is a line a run where all jobs were asked for, and otherwise a line an expectation of a run.
func (v *historyView) csv() string {
	var b strings.Builder
	line := func(cells ...string) {
		for i := range cells {
			cells[i] = reports.CSVCell(cells[i])
		}
		b.WriteString(strings.Join(cells, ",") + "\r\n")
	}
	whole := func(n int64) string { return strconv.FormatInt(n, 10) }
	if v.job == "" {
		line("job", "run", "start", "mode", "verdict", "passed", "failed", "warned", "inconclusive", "errored", "skipped", "records_checked", "duration_ms", "records_fixed")
		for _, runs := range v.jobs {
			for _, r := range runs {
				line(r.Job, r.ID, r.Start.Format(time.RFC3339Nano), r.Mode, string(r.Verdict), whole(int64(r.Passed)), whole(int64(r.Failed)), whole(int64(r.Warned)),
					whole(int64(r.Inconclusive)), whole(int64(r.Errored)), whole(int64(r.Skipped)), whole(r.RecordsChecked), whole(r.DurationMS), whole(r.RecordsFixed))
			}
		}
		return b.String()
	}
	line("job", "run", "start", "mode", "expectation", "kind", "verdict", "severity", "true", "false", "undecided", "observed", "of", "figure", "failing_runs")
	for n, r := range v.runs {
		for _, id := range slices.Sorted(maps.Keys(v.byID)) {
			o := v.byID[id][n]
			if o == nil {
				continue
			}
			cells := []string{v.job, r.ID, r.Start.Format(time.RFC3339Nano), r.Mode, id, string(o.Kind), string(o.Verdict), string(o.Severity), "", "", "", "", string(o.Of), "", ""}
			if c := o.Counts; c != nil {
				cells[8], cells[9], cells[10] = whole(c.True), whole(c.False+o.Orphans), whole(c.Undecided)
			}
			if o.Observed != nil {
				cells[11] = *o.Observed
			}
			if o.Figure != nil {
				cells[13] = strconv.FormatFloat(*o.Figure, 'g', -1, 64)
			}
			if o.Failing != nil {
				cells[14] = strconv.Itoa(o.Failing.Runs)
			}
			line(cells...)
		}
	}
	return b.String()
}
