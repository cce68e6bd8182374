// Package correct is what is done about what was found: correction plans as files that people read, how they are applied under guard, taken up again when killed, and undone.
package correct

import (
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// SchemaName identifies the form of a plan file.
const SchemaName = "assay.plan/v1"

// Risk weighs a change.
type Risk string

// The risks. Deletes, and any change over the budget, are never low.
const (
	Low    Risk = "low"
	Medium Risk = "medium"
	High   Risk = "high"
	// Manual changes are listed for people and never applied: both sides own a column, and nothing says which of them is right.
	Manual Risk = "manual"
)

// Class is what was found of the row that a change is to correct.
type Class string

// The classes: those of a comparison, and what an expectation of single rows found.
const (
	Missing   Class = "missing"
	Extra     Class = "extra"
	Changed   Class = "changed"
	Duplicate Class = "duplicate_key"
	Violation Class = "violation"
)

// Header is the first line of a plan file.
type Header struct {
	Schema  string    `json:"schema"`
	ID      string    `json:"id"`
	Kind    Kind      `json:"kind"`
	Of      string    `json:"of,omitempty"` // of an undo plan: the digest of the plan that it undoes
	Run     string    `json:"run,omitempty"`
	Suite   string    `json:"suite"`
	File    string    `json:"file"` // of the suite, relative to the plan's folder where that can be said
	Digest  string    `json:"suite_digest"`
	Created time.Time `json:"created"`
	Targets []Target  `json:"targets"`
	// Counts are of changes, by action, class, risk and target.
	Counts Counts `json:"counts"`
	// Refused are findings that no change could be made of, by reason.
	Refused []Refusal `json:"refused"`
	// Sum is the SHA-256, hex, of the header's other members and every line after it: see Digest.
	Sum string `json:"digest"`
}

// Kind is what a plan is for.
type Kind string

// The kinds.
const (
	KindFix  Kind = "fix"
	KindUndo Kind = "undo"
)

// Counts counts changes.
type Counts struct {
	Total    int64            `json:"total"`
	ByAction map[string]int64 `json:"by_action"`
	ByClass  map[string]int64 `json:"by_class"`
	ByRisk   map[string]int64 `json:"by_risk"`
	ByTarget map[string]int64 `json:"by_target"`
}

// Refusal is a reason for which findings are not in the plan.
type Refusal struct {
	Expectation string `json:"expectation"`
	Reason      string `json:"reason"`
	Rows        int64  `json:"rows"`
}

// Target is a dataset that a plan changes, with the columns that its changes speak of. Plans hold no address and no secret: the suite's connections say where it lies.
// Two targets may be of one dataset with different columns: changes of one row that belong to different columns do not meet.
type Target struct {
	Name       string   `json:"name"` // changes name it by this; unique in the plan
	Dataset    string   `json:"dataset"`
	Connection string   `json:"connection"`
	Driver     string   `json:"driver"`
	Table      string   `json:"table,omitempty"`
	Index      string   `json:"index,omitempty"`
	Key        []Column `json:"key"`
	Columns    []Column `json:"columns"`
	Rows       int64    `json:"rows"` // rows compared or checked, for the budget; -1 when unknown
	Masked     []string `json:"masked,omitempty"`
}

// Column is a column as it was described when the plan was made: a plan made for other types is refused.
type Column struct {
	Name   string `json:"name"`
	Type   string `json:"type"` // value.Type's text
	Native string `json:"native,omitempty"`
	typ    value.Type
}

// NewTarget describes a target of a plan: the relation's dataset with columns of its schema. Rows is unknown until it is set.
func NewTarget(name, connection, driver string, r *query.Relation, key, columns []value.Column) Target {
	return Target{
		Name: name, Dataset: r.Dataset.Name, Connection: connection, Driver: driver, Table: r.Dataset.Table, Index: r.Dataset.Index,
		Key: describe(key), Columns: describe(columns), Rows: -1,
	}
}

func describe(cols []value.Column) []Column {
	out := make([]Column, len(cols))
	for i := range cols {
		out[i] = Column{Name: cols[i].Name, Type: cols[i].Type.String(), Native: cols[i].Native, typ: cols[i].Type}
	}
	return out
}

// Change is one line after the header: one change of one row. Key, Before and After are as connectors.Change has them; an After says of columns that are not Set
// what is there already.
type Change struct {
	N           int64  // its place in the plan, from 1
	Target      string // Target.Name
	Class       Class
	Expectation string
	Risk        Risk
	Reason      string
	connectors.Change
}
