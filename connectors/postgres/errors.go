package postgres

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/assay-dev/assay/connectors"
)

var (
	errNoDSN = errors.New(`"dsn" is missing: a postgres:// URL or "host=... user=... dbname=..."`)
	errDSN   = errors.New(`"dsn" is not a connection string of PostgreSQL: a postgres:// URL (special characters of the password percent-encoded) or "host=... user=... dbname=..."`)
	errAt    = errors.New(`"dsn" has an @ outside its host part: percent-encode / ? # and @ in the password`)

	errTruncated      = errors.New("the server ended the result early")
	errClosed         = errors.New("the rows are closed")
	errSnapshotClosed = errors.New("the snapshot is closed")
)

// checkURL refuses a URL whose password is not encoded: parts of it would be taken for the
// database's or a parameter's name and so reach messages.
func checkURL(dsn string) error {
	if !strings.HasPrefix(dsn, "postgres://") && !strings.HasPrefix(dsn, "postgresql://") {
		return nil
	}
	u, err := url.Parse(dsn)
	if err != nil {
		return errDSN
	}
	_, rest, _ := strings.Cut(dsn, "://")
	authority := rest
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		authority = rest[:i]
	}
	if strings.Count(authority, "@") > 1 || strings.Contains(u.Path, "@") || u.Fragment != "" {
		return errAt
	}
	for k := range u.Query() {
		if strings.Contains(k, "@") {
			return errAt
		}
	}
	return nil
}

// serverError is a message of the server without its details, which may quote rows.
type serverError struct {
	text, code string
	// routine is the server's own function that raised it, fatal whether it ended the session.
	routine string
	fatal   bool
}

func (e *serverError) Error() string { return e.text + " (SQLSTATE " + e.code + ")" }

// SQLState is the standard's code of the error, which quotes nothing.
func (e *serverError) SQLState() string { return e.code }

// failure turns an error of the driver into the contract's. secret never appears in the result's text.
func failure(ctx context.Context, op, secret string, err error) error {
	var known *connectors.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	if pe, ok := errors.AsType[*pgconn.PgError](err); ok {
		if pe.Code == codeQueryCanceled && ctx.Err() != nil {
			return &connectors.Error{Kind: kindOfContext(ctx), Op: op, Err: context.Cause(ctx)}
		}
		kind := kindOf(pe.Code)
		if pe.Code == codeQueryCanceled && strings.Contains(pe.Message, "user request") {
			kind = connectors.Failed // an administrator's pg_cancel_backend
		}
		var ce *pgconn.ConnectError
		if errors.As(err, &ce) && kind == connectors.Failed {
			kind = connectors.Unreachable
		}
		return &connectors.Error{Kind: kind, Op: op, Err: serverCause(pe, kind, secret)}
	}
	if ctx.Err() != nil {
		return &connectors.Error{Kind: kindOfContext(ctx), Op: op, Err: context.Cause(ctx)}
	}
	kind := connectors.Failed
	var ce *pgconn.ConnectError
	var ne net.Error
	switch {
	case errors.As(err, &ce):
		kind, err = connectors.Unreachable, errors.New(mask(connectReason(err), secret))
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &ne), errors.Is(err, net.ErrClosed):
		kind, err = connectors.Lost, connectors.ErrConnectionLost // reset, EOF or closed: a matter of the moment
	default:
		err = errors.New(mask(err.Error(), secret))
	}
	return &connectors.Error{Kind: kind, Op: op, Err: err}
}

// serverCause is the server's message, or the cause that has the same words on every system.
func serverCause(pe *pgconn.PgError, kind connectors.ErrorKind, secret string) error {
	switch {
	case pe.Code == codeQueryCanceled && kind == connectors.TimedOut:
		return connectors.ErrStatementTimeout
	case pe.Code == "28P01":
		return connectors.ErrCredentials
	case pe.Code == "3D000":
		return connectors.ErrNoDatabase
	case kind == connectors.Lost:
		return connectors.ErrConnectionLost
	}
	return &serverError{
		text: mask(pe.Message, secret), code: pe.Code, routine: pe.Routine, fatal: pe.SeverityUnlocalized == "FATAL" || pe.SeverityUnlocalized == "PANIC",
	}
}

func kindOfContext(ctx context.Context) connectors.ErrorKind {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return connectors.TimedOut
	}
	return connectors.Failed
}

// connectReason says why a connection failed, in one line, without user or database.
func connectReason(err error) string {
	if text, ok := connectors.NetworkCause(err); ok {
		return text
	}
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			break
		}
		err = inner
	}
	text, _, _ := strings.Cut(err.Error(), "\n")
	return text
}

func mask(text, secret string) string {
	if len(secret) < 3 {
		return text
	}
	return strings.ReplaceAll(text, secret, "***")
}

// raised reports whether a row made the statement fail: class 22, data exception, and 0A000, which an infinite numeric
// on its way to an integer raises.
func raised(err error) bool {
	e, ok := errors.AsType[*serverError](err)
	return ok && (strings.HasPrefix(e.code, "22") || e.code == "0A000")
}

const codeQueryCanceled = "57014"

// kindOf sorts a SQLSTATE (appendix "PostgreSQL Error Codes" of its manual).
func kindOf(code string) connectors.ErrorKind {
	switch code {
	case "28P01", "28000":
		return connectors.Unauthenticated
	case "42501":
		return connectors.Denied
	case "42P01", "3D000", "3F000":
		return connectors.NotFound
	case codeQueryCanceled:
		return connectors.TimedOut
	case "25006":
		return connectors.ReadOnly
	case "57P01", "57P02", "57P04", "57P05", "25P03":
		return connectors.Lost
	case "57P03", "53300":
		return connectors.Unreachable
	}
	if strings.HasPrefix(code, "08") {
		return connectors.Lost
	}
	return connectors.Failed
}
