// Package plan turns a suite and the live schemas into the fewest requests that decide it:
// for each dataset one aggregate statement, one statement for each set-level expectation, one
// stream for everything that its source cannot say exactly, and afterwards at most one bounded query for failing rows.
package plan

import (
	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/lang"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/spec"
)

// Plan is everything that will be asked and what each answer is for.
type Plan struct {
	Items    []*Item
	Datasets []*Dataset
	// Joins are run by themselves, beside the passes over their datasets.
	Joins []*JoinJob
}

// Item is one expectation, compiled. Exactly one of Row, Set, Metric, Schema, Compare and Join is set unless Err is.
type Item struct {
	ID   string
	Kind result.Kind
	Spec *spec.Expectation
	// Expression and Where are the CEL that stands for the expectation, as reports show it.
	Expression string
	Where      string
	// Datasets are the datasets it reads, the first being the one whose rows it judges.
	Datasets []string
	// Parent is the dataset that a references expectation looks its values up in, "" of any other.
	Parent string

	Row    *RowItem
	Set    *SetItem
	Metric *MetricItem
	Schema *SchemaItem
	// Compare is run by itself, beside the passes over its two datasets.
	Compare *CompareItem
	// Join is run with the others over the same partners: see JoinJob.
	Join *JoinItem
	// Fix is what is to be changed about what it finds; nil for nothing.
	Fix *FixItem
	// Sampled says that it is judged by rows drawn at random: see Options.Sample.
	Sampled bool
	// Skip says why it is not evaluated, "" where it is.
	Skip string
	// Err says why the expectation cannot be evaluated at all (its dataset failed, or its own text is
	// wrong under keep-going).
	Err error
	// Refusals say why parts of it run here and not on the server.
	Refusals []query.Refusal
}

// RowItem is an expectation about each row.
type RowItem struct {
	Pred, Where, Skip query.Expr // Where and Skip may be nil
	Nulls             []*query.Column
	Columns           []*query.Column // shown of failing rows
	Message           *lang.RowExpr   // message_expression, or nil
	// Proof is the constraint that guarantees it, "" when it must be checked.
	Proof string
}

// SetItem is an expectation about rows together.
type SetItem struct {
	Check   query.SetCheck
	Columns []*query.Column
	Proof   string
}

// MetricItem is an expectation about aggregates.
type MetricItem struct {
	Value  *lang.MetricExpr // metric:, or nil
	Expect *lang.MetricExpr // nil when only metric: is given
}

// SchemaItem is an expectation that the schema alone decides.
type SchemaItem struct {
	OK      bool
	Message string
}

// Part says which share of an item's numbers a measure yields.
type Part uint8

// The parts.
const (
	// Whole: the measure is the item's whole answer.
	Whole Part = iota
	// Selected: a tally of `true` on the server that counts the rows the item selects.
	Selected
	// Rest: a tally here over a prefiltered stream; its True is Selected's True less its other counts.
	Rest
)

// Slot says whose number a measure is.
type Slot struct {
	Item *Item // nil for the row count of the dataset
	Part Part
	// Metric and Agg locate an aggregate of a metric item: Metric 0 is Value, 1 is Expect.
	Metric, Agg int
	// Sub is the position among the measures of that aggregate (avg takes two).
	Sub int
}

// Dataset is what is asked of one dataset.
type Dataset struct {
	Spec     *spec.Dataset
	Relation query.Relation
	Driver   string
	// Err is why the dataset could not be described.
	Err error
	// Writings says how columns can be written, nil where that was not asked.
	Writings map[string]connectors.Writing
	// Unwritable says why nothing of it can be written, "" where it can or nobody asked.
	Unwritable string

	parent bool // Input.Parent
	source connectors.Source

	// Pass is the one aggregate statement; nil when nothing needs it. PassSlots[i] owns Pass.Measures[i].
	Pass      *query.Aggregate
	PassSlots []Slot
	// Groups are grouped aggregates, one statement each.
	Groups []Job
	// Sets are set-level checks on the server, one statement each.
	Sets []SetJob

	// Samples are rows drawn at random, for what is judged by them.
	Samples []*SampleJob
	// Strata are counted before they are drawn from; nil where none are.
	Strata *StrataJob

	// Stream feeds everything below; nil when nothing runs here.
	Stream      *query.Select
	Local       *query.Aggregate
	LocalSlots  []Slot
	LocalGroups []Job
	LocalSets   []SetJob
}

// Job is an aggregate with its owners.
type Job struct {
	Aggregate query.Aggregate
	Slots     []Slot
}

// SetJob is a set-level check with its owner.
type SetJob struct {
	Check query.SetCheck
	Item  *Item
}

// Input is what is known of a dataset when a plan is made.
type Input struct {
	Spec   *spec.Dataset
	Driver string
	Source connectors.Source
	Schema value.Schema
	Caps   query.Caps
	// Snapshots is true where all requests of the dataset can see one state.
	Snapshots bool
	// Sets is true where the source evaluates set-level checks.
	Sets bool
	// Writings says how columns can be written; nil where nobody asked.
	Writings map[string]connectors.Writing
	// Unwritable says why nothing of it can be written, "" where it can or nobody asked.
	Unwritable string
	// Parent is true for a table that only `references` names: nothing is judged or read of it by itself.
	Parent bool
	// Err is why the dataset could not be described; everything about it is then an error.
	Err error
}

// Options bound and steer planning.
type Options struct {
	// DistrustConstraints checks even what the engine guarantees.
	DistrustConstraints bool
	// Notes reports all that the schema check of a comparison remarks, not only columns that are not compared.
	Notes bool
	// CarryKeys has comparisons hand on the key as each side holds it.
	CarryKeys bool
	// Fixes has expectations with a fix read what changes are made of.
	Fixes bool
	// TempDir takes what comparisons and joins spill; "" for the system's.
	TempDir string
	// CompareMemory bounds the bytes that a comparison buffers of both sides; 0 for the default of diff.Spec.
	CompareMemory int64
	// JoinMemory bounds the bytes of partners that are held at once; 0 for DefaultJoinMemory.
	JoinMemory int64
	// Sample has expectations judged by rows drawn at random; nil for all rows.
	Sample *Sampling
	// KeepGoing turns findings against the schema into errors of the expectations concerned.
	KeepGoing bool
	// Masker makes what stands in the place of values that datasets mask; nil redacts them.
	Masker *result.Masker
}

// DiagnosedError is the error of an item whose own text is wrong under KeepGoing.
type DiagnosedError struct{ Diagnostic diag.Diagnostic }

// Error implements error.
func (e *DiagnosedError) Error() string { return e.Diagnostic.Message }
