package run

import (
	"errors"
	"fmt"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/spec"
)

// WorldError is a failure of the world in words for the reader of a suite: where the dataset or the connection is declared, what
// happened and what to do. The words are the same whatever driver met it; the driver's error is in the chain.
type WorldError struct {
	At      diag.Span
	Message string
	cause   error
}

// Error implements error.
func (f *WorldError) Error() string {
	if f.At.File == "" {
		return f.Message
	}
	return f.At.String() + ": " + f.Message
}

// Unwrap returns the system's own error.
func (f *WorldError) Unwrap() error { return f.cause }

// misconfigured are findings about the connections that cannot be right on any day: their settings are no settings of the driver.
func (r *runner) misconfigured() diag.List {
	var found diag.List
	for i := range r.suite.Connections {
		c := r.conns[r.suite.Connections[i].Name]
		if c == nil || c.err == nil || connectors.KindOf(c.err) != connectors.Misconfigured {
			continue
		}
		found.Errorf("bad-connection", c.spec.At, "correct it where it is set; the value is not shown, for it may hold a password", "connection %s: %s", c.spec.Name, causeOf(c.err))
	}
	return found
}

// causeOf is an error's text without what was being done.
func causeOf(err error) string {
	if e, ok := errors.AsType[*connectors.Error](err); ok {
		return e.Err.Error()
	}
	return err.Error()
}

// openFailure is the failure to open a connection.
func (r *runner) openFailure(c *connection) error {
	return r.ofConnection(c, c.err, causeOf(c.err))
}

// ofConnection is a failure that is the same for every dataset of the connection.
func (r *runner) ofConnection(c *connection, err error, cause string) error {
	var text string
	switch connectors.KindOf(err) {
	case connectors.Unreachable:
		if s, ok := connectors.NetworkCause(err); ok {
			cause = s
		}
		text = "the server cannot be reached: " + cause + "; check that it runs and that the connection names its address"
	case connectors.Unauthenticated:
		text = "the server refuses the login: " + cause + "; check the credentials that the connection is given"
	case connectors.NotFound:
		text = cause + "; check the name that the connection is given"
	case connectors.Denied:
		text = cause + "; give the account the right, or the connection another account"
	case connectors.TimedOut:
		text = r.timedOut("it", c, err, cause)
	default:
		text = cause + "; check what the connection is given"
	}
	return &WorldError{At: c.spec.At, Message: "connection " + c.spec.Name + ": " + text, cause: err}
}

// filesDriver reads data to tell a schema.
const filesDriver = "files"

// described is a failure to read the schema of a dataset, or of the table that a references expectation names.
func (r *runner) described(ds *spec.Dataset, parent bool, c *connection, err error) error {
	what := "dataset " + ds.Name
	if parent {
		what = "references"
	}
	e, ok := errors.AsType[*connectors.Error](err)
	read := ok && e.Data || c.spec.Driver == filesDriver
	err = r.failure(what, ds, c, err, false)
	if !read {
		err = plainError{err} // no row was looked at
	}
	return err
}

// failure says what went wrong with a dataset. reading tells that its system had answered before.
func (r *runner) failure(what string, ds *spec.Dataset, c *connection, err error, reading bool) error {
	e, ok := errors.AsType[*connectors.Error](err)
	if _, done := errors.AsType[*WorldError](err); done || !ok {
		return err
	}
	kind, cause := e.Kind, e.Err.Error()
	if _, network := connectors.NetworkCause(err); reading && network && kind == connectors.Unreachable {
		kind = connectors.Lost // it was there when the schema was read
	}
	var text string
	switch kind {
	case connectors.Unreachable, connectors.Unauthenticated:
		return r.ofConnection(c, err, cause)
	case connectors.NotFound:
		if errors.Is(err, connectors.ErrNoDatabase) {
			return r.ofConnection(c, err, cause)
		}
		text = "connection " + c.spec.Name + " has no " + subject(ds) + "; check its name, or create it"
		if errors.Is(err, connectors.ErrNotOnPath) {
			text = "connection " + c.spec.Name + " has no " + subject(ds) + " on its search path; check its name, write schema.table, or create it"
		}
		if ds.Query != "" {
			text = "the query names what connection " + c.spec.Name + " does not have: " + cause + "; check its names"
		}
	case connectors.Denied:
		text = "the account of connection " + c.spec.Name + " may not read " + subject(ds) + ": " + cause + "; grant it, or give the connection another account"
	case connectors.TimedOut:
		text = r.timedOut("connection "+c.spec.Name, c, err, cause)
	case connectors.Lost:
		text = "connection " + c.spec.Name + " broke while it was in use: the server went away, or the network did; see that the server runs and what its log says, then run again"
	case connectors.ReadOnly:
		text = "connection " + c.spec.Name + " only reads, and the query would do more: " + cause + "; have the query only read"
	case connectors.Misconfigured:
		text = cause
	case connectors.Failed:
		switch {
		case reading:
			text = "reading it failed: " + cause
		case ds.Query != "":
			text = "connection " + c.spec.Name + " refuses the query: " + cause + "; correct the query"
		default:
			text = "its schema cannot be read: " + cause
		}
	}
	return &WorldError{At: ds.At, Message: what + ": " + text, cause: err}
}

// timedOut is what to say of a timeout; who is the connection's name, or "it".
func (r *runner) timedOut(who string, c *connection, err error, cause string) string {
	limit := c.spec.Timeout
	note := ""
	if limit == 0 {
		limit, note = r.opts.Timeout, ", the default"
	}
	if limit == 0 || !errors.Is(err, connectors.ErrStatementTimeout) {
		return who + " did not answer in time: " + cause
	}
	return fmt.Sprintf("a statement took longer than %s allows (timeout: %s%s); raise the timeout, or read less", who, short(limit), note)
}

// short writes a duration as a suite would: 10m, not 10m0s.
func short(d time.Duration) string {
	switch {
	case d >= time.Hour && d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d >= time.Minute && d%time.Minute == 0:
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return d.String()
}

// subject is what a dataset reads.
func subject(ds *spec.Dataset) string {
	switch {
	case ds.Table != "":
		return "table " + ds.Table
	case ds.Index != "":
		return "index " + ds.Index
	case ds.File != "":
		return "file " + ds.File
	}
	return "what the query reads"
}
