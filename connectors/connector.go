// Package connectors is the contract between assay and the systems that hold data.
// A connector implements Source; optional abilities are further small interfaces found by type assertion.
package connectors

import (
	"context"
	"time"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// Source is an open connection to one system. It is safe for concurrent use.
// Every method returns an *Error when the system fails.
type Source interface {
	// Describe reads the schema of a dataset.
	Describe(ctx context.Context, d query.Dataset) (value.Schema, error)
	// Caps says what the source evaluates exactly; anything else must not be asked for.
	Caps() query.Caps
	// Select streams rows. The caller closes the Rows.
	Select(ctx context.Context, q query.Select) (Rows, error)
	// Aggregate computes measures in one pass over the data.
	Aggregate(ctx context.Context, q query.Aggregate) (*value.Batch, error)
	// Close releases every connection.
	Close() error
}

// Rows is a stream of batches in constant memory.
type Rows interface {
	// Next returns the next non-empty batch, valid until the next call, or nil, nil at the end. The caller may exchange the batch's
	// content with that of another batch of the same types, and so keep it without a copy: the next call clears what it finds there.
	Next(ctx context.Context) (*value.Batch, error)
	// Close stops the stream on the server too and may be called at any time, more than once.
	Close() error
}

// SetChecker is a Source that evaluates set-level checks itself, one statement each.
type SetChecker interface {
	CheckSet(ctx context.Context, c query.SetCheck) (query.SetResult, error)
}

// Retyper is a Source that can read a column whose type nothing tells (value.Column.Untold) as if the suite had declared one.
type Retyper interface {
	// Retype returns the column of the dataset as it is with the options; false where they do not fit it.
	Retype(d query.Dataset, c value.Column, o query.ColumnOptions) (value.Column, bool)
}

// Explainer is a Source that shows what it would send.
type Explainer interface {
	// Statements returns the very statements that the request sends, in order.
	Statements(r query.Request) ([]query.Statement, error)
	// DescribeStatements returns what Describe sends for the dataset.
	DescribeStatements(d query.Dataset) []query.Statement
}

// Config opens a connection.
type Config struct {
	Name   string            // the suite's name of the connection
	Params map[string]string // the driver's own keys: dsn, url, path, api_key, username, password, ...
	// Timeout bounds one statement on the server; 0 for none.
	Timeout time.Duration
	// MaxConns bounds concurrent statements; 0 for the connector's default.
	MaxConns int
	// Writable lets a Corrector or a Rebuilder write by sessions of their own; all others stay read-only.
	Writable bool
}

// Opener opens a connection lazily or at once; a failure to reach the system is an *Error of kind Unreachable.
type Opener func(ctx context.Context, c Config) (Source, error)
