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
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Failed
}

// InexactError is returned by Aggregate when the data turned out to defeat an exact
// answer (an integer sum beyond what Elasticsearch's doubles hold, a field
// with several values where one was declared is not this but an *Error). The caller computes the measures named here itself.
type InexactError struct {
	Measures []int // positions in Aggregate.Measures
	Reason   string
}

// Error implements error.
func (e *InexactError) Error() string { return e.Reason }
