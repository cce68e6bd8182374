// Package spec is a suite as its author declared it, without YAML: connections, datasets and
// expectations with the places they stand at. Package suites makes it from files; catalog, plan
// and run read it.
package spec

import (
	"time"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/alert"
	"github.com/assay-dev/assay/expectations/baseline"
	"github.com/assay-dev/assay/expectations/diag"
)

// Suite is one suite with everything that it includes.
type Suite struct {
	Name         string
	File         string
	Digest       string // SHA-256 of the files it was read from, hex
	Connections  []Connection
	Datasets     []Dataset
	Expectations []Expectation // in the order of the file; nested ones carry their dataset's name
	Vars         map[string]value.Value
	History      History
	Exclude      []baseline.Span // whose runs no baseline learns from
	Alerts       alert.Rules
	Notify       Notify
	Corrections  Corrections
}

// History says where the runs of a suite are kept. Its zero value keeps them all, in the state directory.
type History struct {
	Off  bool
	DSN  string        // of a PostgreSQL database; ${ENV} references are resolved
	Path string        // of an SQLite file, as written: relative to the folder of At.File
	Keep time.Duration // how long runs are kept, 0 for ever
	Runs int           // how many runs of a job are kept, 0 for all
	At   diag.Span     // where it was said; zero where nothing was
}

// Notify says where the messages of runs go. A channel that is not there is nil; ${ENV} references are resolved.
type Notify struct {
	On      []string // "alert", "failure", "recovery", "always"; empty for alert
	Webhook *Webhook
	Slack   *Webhook // without a secret
	Email   *Email
}

// Webhook is a program that takes messages.
type Webhook struct{ URL, Secret string }

// Email says who gets messages, and which server takes them.
type Email struct {
	Server, TLS, Username, Password, From string
	To                                    []string
}

// Connection is a declared connection; ${ENV} references are resolved.
type Connection struct {
	Name     string
	Driver   string
	Params   map[string]string // dsn, url, path, api_key, username, password, ... as the driver names them
	Timezone string
	Timeout  time.Duration // statement timeout, 0 for the default
	MaxConns int
	Writable bool
	At       diag.Span
}

// Dataset is a declared dataset.
type Dataset struct {
	query.Dataset
	Connection string
	UpdatedAt  string
	// Mask says which columns' values are never shown, and what stands in their place.
	Mask   map[string]Masking
	At     diag.Span
	Places map[string]diag.Span // "table", "key", "connection", "columns.NAME", "key.NAME", "mask.NAME": where each was said
	// MayLack are names in Columns that need not be columns: what is declared of them is for whichever dataset has them.
	MayLack []string
}

// Masking is what stands in the place of a value that is not to be shown.
type Masking string

// The maskings, as written in suites; "" shows the value.
const (
	Shown      Masking = ""
	MaskHash   Masking = "hash"   // a token that equal values share
	MaskRedact Masking = "redact" // nothing that tells values apart
)

// Stricter is the one of two maskings that tells less.
func (m Masking) Stricter(other Masking) Masking {
	if m == MaskRedact || other == Shown {
		return m
	}
	return other
}

// Severity weighs a failed expectation.
type Severity string

// The severities, as written in suites and reports.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
	Info    Severity = "info"
)

// NullPolicy is on_null: what a row undecided by null counts as.
type NullPolicy string

// The null policies.
const (
	NullSkip NullPolicy = "skip"
	NullFail NullPolicy = "fail"
	NullPass NullPolicy = "pass"
)

// EmptyPolicy is on_empty.
type EmptyPolicy string

// The empty policies. EmptyDefault is pass where rows are counted (row and set-level expectations), fail for metrics.
const (
	EmptyDefault EmptyPolicy = ""
	EmptyPass    EmptyPolicy = "pass"
	EmptyFail    EmptyPolicy = "fail"
)

// Expectation is one declared expectation: one of Expect, Named and Compare is set (Expect also goes with Metric).
type Expectation struct {
	ID      string // declared, or derived by the loader from name and columns; unique in the suite
	Dataset string // nested in this dataset; "" for one between datasets
	Expect  diag.Text
	Metric  diag.Text // metric: the value that expect calls `metric`
	Where   diag.Text
	Named   *Named
	Compare *Compare
	Joins   []Join     // partners of each row, in the order of the file; of a row expectation only
	Mostly  *value.Dec // 0 to 1; nil when absent
	// Detect is the failing rate that a sample must exclude for a pass, between 0 and 1; nil where the run's own counts.
	Detect      *value.Dec
	MaxFailures *int64
	Severity    Severity
	OnNull      NullPolicy
	OnEmpty     EmptyPolicy
	Description string
	Message     string
	// MessageExpression is CEL of type string over a failing row; empty when absent.
	MessageExpression diag.Text
	Tags              []string
	Show              []string // columns to show of failing rows
	Owner             string
	// Baseline says how the figure is judged by those of the runs before; nil where it is not. The suite's Exclude is among its own.
	Baseline *baseline.Settings
	// Fix says what is to be changed about what it finds; nil for nothing. Risk weighs these changes, as Corrections.Risk does; empty for that of the suite.
	Fix    *Fix
	Risk   diag.Text
	At     diag.Span            // the expectation's first line
	Places map[string]diag.Span // key -> where its value stands; "show.NAME" -> where show names that column
}

// Named is a use of a catalogue entry with its arguments as written.
type Named struct {
	Name string
	Args map[string]Arg
	At   diag.Span // the name's place
}

// Arg is an argument of a named expectation: a scalar, a list of scalars or a map of scalars, as YAML says it.
type Arg struct {
	// Kind: "null", "bool", "int", "float", "string", "list" or "map". A YAML timestamp is a string.
	Kind string
	Text string // the scalar as written (unquoted)
	List []Arg
	Map  map[string]Arg
	At   diag.Span
}
