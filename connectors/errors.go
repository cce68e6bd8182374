package connectors

import (
	"errors"
	"fmt"
)

// ErrorKind sorts failures of the world by what a person must do about them.
type ErrorKind uint8

// The kinds of failure.
const (
	// Failed is any failure that is none of the others.
	Failed ErrorKind = iota
	// Unreachable: refused, unknown host, TLS.
	Unreachable
	// Unauthenticated: wrong user, password or key.
	Unauthenticated
	// Denied: the account may not do this.
	Denied
	// NotFound: no such table, index, file or database.
	NotFound
	// TimedOut: the statement timeout.
	TimedOut
	// Lost: the connection broke while in use.
	Lost
	// Misconfigured: the connection's own settings are wrong (unparsable DSN, unknown parameter).
	Misconfigured
	// ReadOnly: the server or the client refused a write.
	ReadOnly
)

// Error is a failure of a source. Its text never contains a secret: connectors
// build it from the server's message and their own words, never from a DSN.
type Error struct {
	Kind ErrorKind
	// Data says of a failure to tell a schema that rows were read for it: its text may quote what they hold.
	Data bool
	// Op is what was being done, for example "describe public.orders".
	Op  string
	Err error
}

// Error implements error.
func (e *Error) Error() string { return e.Op + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of the first *Error in err's chain, Failed when there is none.
func KindOf(err error) ErrorKind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Failed
}

// OwnError is an error in assay's own words, which quote no value of the data: it may be told also where values are masked.
type OwnError struct {
	text string
	err  error
}

// Own returns an error of that text, which quotes no value of the data.
func Own(text string) error { return &OwnError{text: text} }

// Within says before an error where it came about, in words that quote no value of the data. What may be told of err may be told with them.
func Within(place string, err error) error {
	wrapped := fmt.Errorf("%s: %w", place, err)
	if own, ok := errors.AsType[Told](err); ok {
		return &OwnError{text: place + ": " + own.WithoutValues(), err: wrapped}
	}
	return wrapped
}

// Told is an error of which something can be said without quoting a value of the data.
type Told interface {
	error
	// WithoutValues is the text of the error, or as much of it as quotes no value of the data.
	WithoutValues() string
}

// Error implements error.
func (e *OwnError) Error() string {
	if e.err != nil {
		return e.err.Error()
	}
	return e.text
}

// Unwrap returns the cause, nil for none.
func (e *OwnError) Unwrap() error { return e.err }

// WithoutValues implements Told.
func (e *OwnError) WithoutValues() string { return e.text }

// InexactError is an answer like a query.Refusal that only the data could give: while evaluating, the source
// found values for which it is not exact (an integer sum beyond what Elasticsearch's doubles hold, a text past
// ignore_above; a field with several values where one was declared is not this but an *Error). The caller evaluates that part itself.
//
// Aggregate returns it together with its batch: the outputs of all measures but those named here are right.
// Select (before any row) and CheckSet return it instead of an answer, with no Measures.
type InexactError struct {
	Measures []int // positions in Aggregate.Measures
	Reason   string
}

// Error implements error.
func (e *InexactError) Error() string { return e.Reason }
