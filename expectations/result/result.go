// Package result is the outcome of a run: the frozen contract that reports, history and third
// parties read. Its JSON form is assay.report/v1, described by docs/report.schema.json.
package result

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/assay-dev/assay/connectors/value"
)

// SchemaName identifies the JSON form of a Report.
const SchemaName = "assay.report/v1"

// Verdict is what is known of an expectation or a run.
type Verdict string

// The verdicts, best first.
const (
	Pass         Verdict = "pass"
	Skipped      Verdict = "skipped"
	Inconclusive Verdict = "inconclusive"
	Fail         Verdict = "fail"
	Error        Verdict = "error"
)

// Severity weighs a failure, as the suite says it.
type Severity string

// The severities.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
	SeverityInfo    Severity = "info"
)

// Report is everything known of one run.
type Report struct {
	Schema       string        `json:"schema"`
	Run          Run           `json:"run"`
	Summary      Summary       `json:"summary"`
	Expectations []Expectation `json:"expectations"`
	Datasets     []Dataset     `json:"datasets"`
	Alerts       []Alert       `json:"alerts"`
	Plan         *PlanSummary  `json:"plan"`
	Previous     *Previous     `json:"previous,omitempty"` // the run of the same job before this one
	Trend        *Trend        `json:"trend,omitempty"`    // of the duration
}

// Run identifies a run.
type Run struct {
	ID         string            `json:"id"`
	Suite      string            `json:"suite"`
	Job        string            `json:"job"` // the name that schedules and dashboards know it by; the suite's unless set
	Mode       string            `json:"mode"`
	Start      time.Time         `json:"start"`
	End        time.Time         `json:"end"`
	DurationMS int64             `json:"duration_ms"`
	Seed       string            `json:"seed,omitempty"` // of a sampled run
	Now        time.Time         `json:"now"`            // what `now` was in every expression
	Versions   map[string]string `json:"versions"`       // assay, go, and one entry a connection's server where known
	Digest     string            `json:"suite_digest"`
	// Parts are the ids of the runs that a merged report is made of, those of merged reports among them in their place; none of a run by itself.
	Parts []string `json:"parts,omitempty"`
}

// Summary counts a run.
type Summary struct {
	Verdict        Verdict        `json:"verdict"`
	Passed         int            `json:"passed"`
	Failed         int            `json:"failed"` // of severity error
	Warned         int            `json:"warned"` // failed with severity warning or info
	Inconclusive   int            `json:"inconclusive"`
	Errored        int            `json:"errored"`
	Skipped        int            `json:"skipped"`
	Learning       int            `json:"learning,omitempty"` // of those skipped, the ones whose baseline has too little history
	RecordsChecked int64          `json:"records_checked"`    // rows of the datasets read, each dataset once; of one that was only read under a condition, the rows that it selects
	RecordsFixed   int64          `json:"records_fixed"`
	ErrorCount     int64          `json:"error_count"`        // rows undecided for a cause other than null, and failed evaluations
	Inconsistency  *float64       `json:"inconsistency_rate"` // false / (true + false) over row and compare expectations; null when none
	Throughput     float64        `json:"throughput"`         // records checked a second
	TopErrors      []ErrorCount   `json:"top_errors"`
	FixesByType    map[string]int `json:"fixes_by_type"`
}

// Count counts an expectation's verdict, and no more of it.
func (s *Summary) Count(e *Expectation) {
	switch e.Verdict {
	case Pass:
		s.Passed++
	case Fail:
		if e.Severity == SeverityError {
			s.Failed++
		} else {
			s.Warned++
		}
	case Inconclusive:
		s.Inconclusive++
	case Error:
		s.Errored++
	case Skipped:
		s.Skipped++
	}
}

// Worst is the run's verdict by what was counted: a failed warning is not a failed run.
func (s *Summary) Worst() Verdict {
	switch {
	case s.Errored > 0:
		return Error
	case s.Failed > 0:
		return Fail
	case s.Inconclusive > 0:
		return Inconclusive
	}
	return Pass
}

// ErrorCount is a message and how often it occurred.
type ErrorCount struct {
	Message string `json:"message"`
	Count   int64  `json:"count"`
}

// Kind is the kind of an expectation.
type Kind string

// The kinds.
const (
	KindRow     Kind = "row"
	KindMetric  Kind = "metric"
	KindSet     Kind = "set"    // unique, monotonic, references: rows judged together
	KindSchema  Kind = "schema" // judged on the schema alone
	KindCompare Kind = "compare"
)

// Location is a place in a suite file.
type Location struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// Counts tells the rows of an expectation apart.
type Counts struct {
	True            int64 `json:"true"`
	False           int64 `json:"false"`
	Undecided       int64 `json:"undecided"`
	UndecidedByNull int64 `json:"undecided_by_null"`
	WhereUndecided  int64 `json:"where_undecided"`
	SkippedNull     int64 `json:"skipped_null"`
}

// Interval is a range that holds a rate with a stated confidence.
type Interval struct {
	Low        float64 `json:"low"`
	High       float64 `json:"high"`
	Confidence float64 `json:"confidence"`
}

// Ran says where an expectation was evaluated and at what cost.
type Ran struct {
	// Where is "server", "here", "server+here", "constraint" (proved by one) or "schema".
	Where string `json:"where"`
	// Method says how in words, for example "one pass, 14 expectations".
	Method string `json:"method"`
	// Statements is the number of statements this expectation had a part in.
	Statements int   `json:"statements"`
	MS         int64 `json:"ms"`
	// Reasons says why parts ran here.
	Reasons []string `json:"reasons,omitempty"`
}

// Failure is one failing row.
type Failure struct {
	Key     map[string]Cell `json:"key"`
	Values  map[string]Cell `json:"values"`
	Outcome string          `json:"outcome"` // "false" or "undecided"
	Message string          `json:"message,omitempty"`
	// Class is what a comparison shows of a key, or orphan.
	Class Class `json:"class,omitempty"`
	// The following are of comparisons only, where Values is empty. Columns are those that differ; Before and After are the rows of
	// the source and of the target, nil where the side has none: of a changed row the columns that differ and
	// those to show. SourceRows and TargetRows count the rows of a duplicate key.
	Columns    []string        `json:"columns,omitempty"`
	Before     map[string]Cell `json:"before,omitempty"`
	After      map[string]Cell `json:"after,omitempty"`
	SourceRows int64           `json:"source_rows,omitempty"`
	TargetRows int64           `json:"target_rows,omitempty"`
	// Order keeps the columns as the dataset has them, keys first.
	Order []string `json:"order,omitempty"`
	// Types are those of the cells that their JSON does not tell, by place and column ("values.total": "decimal"). They are there in JSON only.
	Types map[string]string `json:"types,omitempty"`
}

// Expectation is the outcome of one expectation.
type Expectation struct { //nolint:recvcheck // its JSON is that of values too; it is too large to be copied for the rest
	ID          string    `json:"id"`
	Kind        Kind      `json:"kind"`
	Name        string    `json:"name,omitempty"` // of the catalogue
	Description string    `json:"description,omitempty"`
	Owner       string    `json:"owner,omitempty"`
	Tags        []string  `json:"tags,omitempty"`
	Datasets    []string  `json:"datasets"`
	Verdict     Verdict   `json:"verdict"`
	Severity    Severity  `json:"severity"`
	Expression  string    `json:"expression"`
	Where       string    `json:"where,omitempty"`
	Location    Location  `json:"location"`
	Counts      *Counts   `json:"counts"` // null for metric and schema expectations
	Rate        *float64  `json:"rate"`   // T / (T + F) for people; the verdict used exact arithmetic; null when empty
	Mostly      string    `json:"mostly,omitempty"`
	MaxFailures *int64    `json:"max_failures,omitempty"`
	OnNull      string    `json:"on_null,omitempty"` // what a row undecided by null counted as: skip, fail or pass
	Interval    *Interval `json:"interval"`          // that holds Rate, of all rows, with its confidence; null where all rows were read
	Sample      *Sample   `json:"sample,omitempty"`
	Observed    Cell      `json:"observed"` // the metric's value, or null
	// ObservedType is the type of Observed where its JSON does not tell it. It is there in JSON only.
	ObservedType string    `json:"observed_type,omitempty"`
	Metrics      []Metric  `json:"metrics,omitempty"`
	Compare      *Compare  `json:"compare,omitempty"`
	Orphans      *Orphans  `json:"orphans,omitempty"` // of an expectation with joins; orphans are in none of Counts
	Ran          Ran       `json:"ran"`
	Message      string    `json:"message"` // why it has this verdict, one sentence
	Failures     []Failure `json:"failures"`
	Since        Since     `json:"since,omitempty"`
	Failing      *Failing  `json:"failing,omitempty"` // since when it fails without a pause
	Trend        *Trend    `json:"trend,omitempty"`
	Merged       *Merged   `json:"merged,omitempty"` // of an expectation of a merged report that several runs have
}

// Merged says what of an expectation of a merged report the sums of its rows do not: so that it can be merged again with other parts.
type Merged struct {
	Runs    int    `json:"runs"`            // that have the expectation
	Skipped int    `json:"skipped"`         // of them, that did not judge their part
	Errored int    `json:"errored"`         // of them, that could not evaluate it
	Error   string `json:"error,omitempty"` // what the first of those said
}

// Metric is one aggregate that a metric expectation was computed from.
type Metric struct {
	Expression string `json:"expression"`
	Value      Cell   `json:"value"`
	Type       string `json:"type,omitempty"`    // of the value, where its JSON does not tell it; there in JSON only
	ByNull     int64  `json:"undecided_by_null"` // rows left out because of null
	Errored    int64  `json:"errored"`
	// Interval holds the value of all rows where Value is estimated; Approximate says that its confidence is that of the central limit.
	Interval    *Interval `json:"interval,omitempty"`
	Approximate bool      `json:"approximate,omitempty"`
}

// Dataset is what was read of one dataset.
type Dataset struct {
	Name       string   `json:"name"`
	Connection string   `json:"connection"`
	Driver     string   `json:"driver"`
	Source     string   `json:"source"`          // the table, index, file, or "query"
	Rows       *int64   `json:"rows"`            // null when not counted
	Drawn      *int64   `json:"drawn,omitempty"` // rows read of it at random; a row may count for several samples
	Statements []string `json:"statements,omitempty"`
	MS         int64    `json:"ms"`
	Error      string   `json:"error,omitempty"`
	Trend      *Trend   `json:"trend,omitempty"` // of the rows
}

// Alert is a rule of the run that fired.
type Alert struct {
	Rule    string `json:"rule"`
	Level   string `json:"level"` // "warning" or "critical"
	Message string `json:"message"`
	// Expectation or Dataset is what it fired for; both are empty where that is the run.
	Expectation string `json:"expectation,omitempty"`
	Dataset     string `json:"dataset,omitempty"`
}

// Cell is a value in a report. Its JSON never loses digits: decimals, int64 beyond 2^53 and
// non-finite doubles are strings. Nor does it lose bytes: those that are no UTF-8 are escaped.
type Cell struct{ value.Value }

const maxSafeInt = 1 << 53

// MarshalJSON implements json.Marshaler.
func (c Cell) MarshalJSON() ([]byte, error) { return c.json(hasBytes(c.Value)) }

// json is the cell as JSON; escaped says that it is one whose texts are.
func (c Cell) json(escaped bool) ([]byte, error) {
	switch c.Kind() {
	case value.Null:
		return []byte("null"), nil
	case value.Bool:
		return marshal(c.Bool())
	case value.Int:
		if i := c.Int(); i <= maxSafeInt && i >= -maxSafeInt {
			return marshal(i)
		}
	case value.Uint:
		if u := c.Uint(); u <= maxSafeInt {
			return marshal(u)
		}
	case value.Double:
		if f := c.Double(); !math.IsNaN(f) && !math.IsInf(f, 0) {
			return marshal(f)
		}
	case value.List:
		cells := make([]json.RawMessage, len(c.List()))
		for i, v := range c.List() {
			b, err := Cell{v}.json(escaped)
			if err != nil {
				return nil, err
			}
			cells[i] = b
		}
		return marshal(cells)
	case value.String, value.JSON:
		if escaped {
			return marshal(escape(c.Text()))
		}
	default:
	}
	return marshal(c.Text())
}

// marshal is json.Marshal without escaping <, > and &: whoever embeds JSON in HTML has the encoder around it do so.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("write a value as JSON: %w", err)
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}
