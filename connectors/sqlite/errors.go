package sqlite

import (
	"context"
	"errors"

	modernc "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/assay-dev/assay/connectors"
)

// wrap makes an *connectors.Error of a failure while doing op under ctx.
func wrap(ctx context.Context, op string, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*connectors.Error](err); ok {
		return err
	}
	if e, ok := errors.AsType[*modernc.Error](err); ok && e.Code()&0xff == lib.SQLITE_NOTADB {
		err = connectors.Own("the file is no SQLite database")
	}
	if kind := kindOf(ctx, err); kind != connectors.TimedOut {
		return &connectors.Error{Kind: kind, Op: op, Err: err}
	}
	if errors.Is(context.Cause(ctx), connectors.ErrStatementTimeout) {
		err = connectors.ErrStatementTimeout
	}
	return &connectors.Error{Kind: connectors.TimedOut, Op: op, Err: err}
}

func timedOut(ctx context.Context, err error) bool {
	return errors.Is(ctx.Err(), context.DeadlineExceeded) || errors.Is(err, context.DeadlineExceeded)
}

func kindOf(ctx context.Context, err error) connectors.ErrorKind {
	if timedOut(ctx, err) {
		return connectors.TimedOut
	}
	e, ok := errors.AsType[*modernc.Error](err)
	if !ok {
		return connectors.Failed
	}
	switch e.Code() & 0xff { // the low byte is the primary code
	case lib.SQLITE_READONLY:
		return connectors.ReadOnly
	case lib.SQLITE_PERM, lib.SQLITE_AUTH:
		return connectors.Denied
	case lib.SQLITE_CANTOPEN:
		return connectors.Unreachable
	case lib.SQLITE_CORRUPT, lib.SQLITE_IOERR:
		return connectors.Lost
	default:
		return connectors.Failed
	}
}
