package connectors

import "errors"

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
