// Package history keeps every run with its outcomes and figures in a database, so that later runs can be held against it: a file of SQLite, or PostgreSQL where
// several machines share it. The layout is docs/decisions/0020-a-run-is-a-row-with-its-figures.md.
//
// A run is saved in one transaction: whoever reads sees all of it or nothing, also when the writer is killed.
package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/assay-dev/assay/expectations/baseline"
	"github.com/assay-dev/assay/expectations/result"
)

// Engine is the kind of database that a store is in.
type Engine uint8

// The engines.
const (
	SQLite Engine = iota
	PostgreSQL
)

// ErrNewer is the cause where a newer program has changed the layout.
var ErrNewer = errors.New("a newer version of assay wrote this history")

// ErrOlder is the cause where an older program wrote the layout, and the history was opened for reading alone.
var ErrOlder = errors.New("an older version of assay wrote this history")

// ErrNoRun is the cause where a run is named that the history does not have.
var ErrNoRun = errors.New("the history has no such run")

// Store is a history. Its methods are safe for concurrent use, by several processes too.
type Store struct {
	db     *sql.DB
	engine Engine
}

var _ baseline.Store = (*Store)(nil)

// Open returns the history in db, which the caller closes. A database without one is given one, and one of an older program is brought to this one's
// layout, while others wait; the data stays. ErrNewer is the cause where the layout is newer than this program. Connections of SQLite must
// have a busy_timeout and begin transactions with BEGIN IMMEDIATE.
func Open(ctx context.Context, db *sql.DB, engine Engine) (*Store, error) {
	s := &Store{db: db, engine: engine}
	if err := s.migrate(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// OpenToRead returns the history in db for reading alone: nothing is written to it, also not its layout. ErrOlder and ErrNewer are the causes where the layout is
// not this program's.
func OpenToRead(ctx context.Context, db *sql.DB, engine Engine) (*Store, error) {
	s := &Store{db: db, engine: engine}
	version, err := s.version(ctx, db)
	if err == nil {
		err = tooNew(version)
	}
	switch {
	case err != nil:
		return nil, failed("open", err)
	case version < 0:
		return nil, failed("open", errors.New("there is no history of assay in it"))
	case version < len(migrations):
		return nil, failed("open", fmt.Errorf("%w: its layout has number %d, and this program needs %d; it may only be read here: any command of this program that may write it, "+
			"such as assay history or a run by its owner, brings it up to date, and the data stays", ErrOlder, version, len(migrations)))
	}
	return s, nil
}

// Run is a run as the history has it: of Run all but Now and Versions, of Summary all but messages and fixes.
type Run struct {
	result.Run
	result.Summary

	seq int64
}

// Outcome is what a run said of an expectation.
type Outcome struct {
	ID       string
	Kind     result.Kind
	Verdict  result.Verdict
	Severity result.Severity
	Counts   *result.Counts
	Orphans  int64 // rows without a partner that count as false
	Rate     *float64
	Interval *result.Interval
	// Observed is the exact text of a metric's value, nil where there is none; a very long one is cut.
	Observed *string
	// Metrics are the aggregates that the value was computed from.
	Metrics []result.Metric
	// Figure is what trends are made of, as result.Expectation.Figure has it; nil where there is none.
	Of     result.TrendOf
	Figure *float64
	// Failing says since when it fails. Runs that left it undecided do not end that.
	Failing *result.Failing
}

// tx runs f in a transaction that writes.
func (s *Store) tx(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		_ = tx.Rollback() // what f says is the cause
		return err
	}
	return tx.Commit()
}

// querier is a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// each reads the rows of a query.
func each(ctx context.Context, q querier, f func(scan func(...any) error) (more bool, err error), query string, args ...any) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // rows.Err says what went wrong
	for rows.Next() {
		more, err := f(rows.Scan)
		if err != nil {
			return err
		}
		if !more {
			return nil
		}
	}
	return rows.Err()
}

// failed says what of the history could not be done.
func failed(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("history: %s: %w", what, err)
}

// micros is an instant as the database has it: microseconds since 1970, in UTC.
func micros(t time.Time) int64 { return t.UnixMicro() }

func instant(us int64) time.Time { return time.UnixMicro(us).UTC() }

// clean is a text that both engines take: PostgreSQL refuses bytes that are no UTF-8, and NUL.
func clean(s string) string {
	if strings.IndexByte(s, 0) < 0 && strings.ToValidUTF8(s, "") == s {
		return s
	}
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(s, "\ufffd") {
		if r == 0 {
			b.WriteString(`\x00`)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// busyTimeout is how long a connection of SQLite waits for another's transaction: far longer than one takes.
const busyTimeout = 30 * time.Second

// SQLiteDSN is how modernc.org/sqlite must open a file for Open; the file is made where there is none. Commits are synced to the disk (synchronous=FULL): a run that
// is reported as kept is there after a loss of power too, for one sync a run.
func SQLiteDSN(path string) string {
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath()}
	u.RawQuery = url.Values{
		"_busy_timeout": {strconv.FormatInt(busyTimeout.Milliseconds(), 10)}, "_journal_mode": {"WAL"}, "_synchronous": {"FULL"}, "_txlock": {"immediate"}, "_dqs": {"0"},
	}.Encode()
	return u.String()
}

// SQLiteReadDSN is how modernc.org/sqlite must open a file for OpenToRead. still says that nobody writes to it: SQLite then takes no lock and makes no file beside it,
// which a folder that may not be written would not let it.
func SQLiteReadDSN(path string, still bool) string {
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath()}
	q := url.Values{"mode": {"ro"}, "_query_only": {"1"}, "_busy_timeout": {strconv.FormatInt(busyTimeout.Milliseconds(), 10)}, "_dqs": {"0"}}
	if still {
		q.Set("immutable", "1")
	}
	u.RawQuery = q.Encode()
	return u.String()
}
