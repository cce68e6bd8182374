package mysql

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/go-sql-driver/mysql"

	"github.com/assay-dev/assay/connectors"
)

// connectError marks a failure to open a connection, as against one in use.
type connectError struct{ err error }

func (e *connectError) Error() string { return e.err.Error() }
func (e *connectError) Unwrap() error { return e.err }

// kinds sorts the server's error numbers (MySQL's Server Error Message Reference).
var kinds = map[uint16]connectors.ErrorKind{
	1045: connectors.Unauthenticated, // access denied for user
	1130: connectors.Unauthenticated, // host is not allowed to connect
	1251: connectors.Unauthenticated, // client does not support the authentication protocol
	1698: connectors.Unauthenticated,
	1820: connectors.Unauthenticated, // must change the password
	1862: connectors.Unauthenticated, // password expired
	3118: connectors.Unauthenticated, // account locked
	3159: connectors.Unauthenticated, // secure transport required

	1044: connectors.Denied, // access denied to database
	1142: connectors.Denied, // command denied for table
	1143: connectors.Denied, // command denied for column
	1227: connectors.Denied, // a privilege is needed
	1345: connectors.Denied, // view: lack of privileges on the underlying table
	1356: connectors.Denied, // view references invalid table or lacks rights
	1370: connectors.Denied, // routine
	1449: connectors.Denied, // the definer does not exist

	1046: connectors.NotFound, // no database selected
	1049: connectors.NotFound, // unknown database
	1051: connectors.NotFound,
	1109: connectors.NotFound,
	1146: connectors.NotFound, // no such table

	1205: connectors.TimedOut, // lock wait timeout
	1969: connectors.TimedOut, // the same of MariaDB
	3024: connectors.TimedOut, // maximum statement execution time exceeded

	1040: connectors.Unreachable, // too many connections
	1129: connectors.Unreachable, // host blocked
	1203: connectors.Unreachable, // max_user_connections
	1226: connectors.Unreachable, // resource limit of the account

	1053: connectors.Lost,                                                                      // server shutdown in progress
	1152: connectors.Lost,                                                                      // aborted connection
	1158: connectors.Lost, 1159: connectors.Lost, 1160: connectors.Lost, 1161: connectors.Lost, // network read and write
	1184: connectors.Lost,
	1927: connectors.Lost, // connection was killed
	4031: connectors.Lost, // disconnected for inactivity

	1193: connectors.Misconfigured, // unknown system variable in the DSN
	1231: connectors.Misconfigured, // a variable's value
	1273: connectors.Misconfigured, // unknown collation: older than MySQL 8.0.17 and MariaDB 10.2

	1290: connectors.ReadOnly, // --read-only, --super-read-only
	1792: connectors.ReadOnly, // READ ONLY transaction
	1836: connectors.ReadOnly,
}

// serverError returns the server's own error in err's chain, nil where there is none.
func serverError(err error) *mysql.MySQLError {
	e, _ := errors.AsType[*mysql.MySQLError](err)
	return e
}

// wrap returns err as a *connectors.Error of its kind; op says what was being done. Errors of the
// dialer are told by their cause alone: an address may hold a part of a mistyped password.
func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	if _, done := errors.AsType[*connectors.Error](err); done {
		return err
	}
	return &connectors.Error{Kind: kindOf(err), Op: op, Err: plain(err)}
}

func kindOf(err error) connectors.ErrorKind {
	if e := serverError(err); e != nil {
		return kinds[e.Number]
	}
	_, network := connectors.NetworkCause(err)
	if errors.Is(err, context.DeadlineExceeded) && !network { // a dial that times out says that it is one
		return connectors.TimedOut
	}
	if errors.Is(err, context.Canceled) {
		return connectors.Failed
	}
	if _, connecting := errors.AsType[*connectError](err); connecting {
		return connectors.Unreachable
	}
	if broken(err) {
		return connectors.Lost
	}
	return connectors.Failed
}

// broken reports whether err says that the connection is gone.
func broken(err error) bool {
	var op *net.OpError
	return errors.Is(err, mysql.ErrInvalidConn) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, mysql.ErrMalformPkt) ||
		errors.Is(err, mysql.ErrPktSync) || errors.As(err, &op)
}

// plain returns err without what only the DSN could have told it.
func plain(err error) error {
	if e := serverError(err); e != nil {
		return serverCause(e)
	}
	if kindOf(err) == connectors.Lost {
		return connectors.ErrConnectionLost // reset, EOF or closed: a matter of the moment
	}
	if text, ok := connectors.NetworkCause(err); ok {
		return errors.New(text)
	}
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, mysql.ErrInvalidConn), errors.Is(err, driver.ErrBadConn), errors.Is(err, io.EOF):
		return errClosedAtOnce
	}
	return err
}

var errClosedAtOnce = errors.New("it ends the connection before it answers")

// serverCause is the server's message, or the cause that has the same words on every system.
func serverCause(e *mysql.MySQLError) error {
	switch {
	case e.Number == 3024, e.Number == 1969:
		return connectors.ErrStatementTimeout
	case e.Number == 1045, e.Number == 1698:
		return connectors.ErrCredentials
	case e.Number == 1049:
		return connectors.ErrNoDatabase
	case kinds[e.Number] == connectors.Lost:
		return connectors.ErrConnectionLost
	}
	return &worded{e}
}

// worded is a server's error as a part of a sentence.
type worded struct{ err *mysql.MySQLError }

// Error implements error.
func (w *worded) Error() string {
	return fmt.Sprintf("%s (error %d)", strings.TrimRight(w.err.Message, ". "), w.err.Number)
}

// Unwrap returns the server's error.
func (w *worded) Unwrap() error { return w.err }

// SQLState is the standard's code of the error, which quotes nothing.
func (w *worded) SQLState() string { return strings.Trim(string(w.err.SQLState[:]), "\x00") }
