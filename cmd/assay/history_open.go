package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/spec"
	"github.com/assay-dev/assay/reports/history"
)

// historyName is the file in the state directory that holds the history where the suite says nothing.
const historyName = "history.db"

const (
	// historyPatience bounds each thing that is asked of a history: a run does not wait for it for ever.
	historyPatience = time.Minute
	// historyConnect bounds the connecting to PostgreSQL.
	historyConnect = 10 * time.Second
)

var errHistorySlow = fmt.Errorf("it did not answer within %s", historyPatience)

// patiently runs f within what a history may take.
func patiently(ctx context.Context, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, historyPatience, errHistorySlow)
	defer cancel()
	err := f(ctx)
	if err != nil && errors.Is(context.Cause(ctx), errHistorySlow) {
		return errHistorySlow
	}
	return err
}

// histories are the histories that a command has opened.
type histories struct {
	app  *app
	open map[string]*openHistory
	lost bool // one failed: it was said
}

// openHistory is an open history; its store is nil where it could not be opened.
type openHistory struct {
	db    *sql.DB
	store *history.Store
}

// of returns the history that a suite names, opened once; nil where it has none, or none that can be opened, which is said.
func (h *histories) of(ctx context.Context, where spec.History, state string) *history.Store {
	if where.Off {
		return nil
	}
	place := where.DSN
	if place == "" {
		place = historyPath(where, state)
	}
	if o, ok := h.open[place]; ok {
		return o.store
	}
	o := &openHistory{}
	if h.open == nil {
		h.open = map[string]*openHistory{}
	}
	h.open[place] = o
	err := patiently(ctx, func(ctx context.Context) (err error) {
		o.db, o.store, err = connectHistory(ctx, where, state)
		return err
	})
	if err != nil {
		o.store = nil
		h.lose(err)
	}
	return o.store
}

// lose says that a history failed. One that was asked by a run that is interrupted did not.
func (h *histories) lose(err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	if !h.lost {
		h.app.note("assay: %v; nothing is known of earlier runs, or this one is not kept", err)
	}
	h.lost = true
}

// save keeps a run, and removes those that are kept no longer.
func (h *histories) save(ctx context.Context, store *history.Store, where spec.History, rep *result.Report) {
	if err := patiently(ctx, func(ctx context.Context) error { return store.Save(ctx, rep) }); err != nil {
		if ctx.Err() == nil {
			h.lose(err)
		}
		return
	}
	r := history.Retention{Runs: where.Runs}
	if where.Keep > 0 {
		r.Since = rep.Run.Start.Add(-where.Keep)
	}
	if r == (history.Retention{}) {
		return
	}
	err := patiently(ctx, func(ctx context.Context) error {
		_, _, err := store.Retain(ctx, rep.Run.Job, r)
		return err
	})
	if err != nil && ctx.Err() == nil {
		h.app.note("assay: %v", err) // the run itself is kept
	}
}

func (h *histories) close() {
	for _, o := range h.open {
		if o.db != nil {
			_ = o.db.Close() // every transaction has ended
		}
	}
}

// historyPath is the file of a history that is none of PostgreSQL.
func historyPath(where spec.History, state string) string {
	switch {
	case where.Path == "":
		return filepath.Join(state, historyName)
	case filepath.IsAbs(where.Path):
		return where.Path
	}
	return filepath.Join(filepath.Dir(where.At.File), where.Path)
}

// connectHistory opens a history; the caller closes the database, which may be there beside an error too.
func connectHistory(ctx context.Context, where spec.History, state string) (*sql.DB, *history.Store, error) {
	if where.DSN != "" {
		return connectPostgres(ctx, where.DSN)
	}
	path := historyPath(where, state)
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, nil, fmt.Errorf("history: %w", err)
	}
	// SQLite would let others read the file; it makes the files beside it as readable as this one.
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the user's own choice
	if err != nil {
		return nil, nil, fmt.Errorf("history: %w", err)
	}
	if err := file.Close(); err != nil {
		return nil, nil, fmt.Errorf("history: %w", err)
	}
	db, err := sql.Open("sqlite", history.SQLiteDSN(path))
	if err != nil {
		return nil, nil, fmt.Errorf("history: open %s: %w", path, err)
	}
	store, err := history.Open(ctx, db, history.SQLite)
	if err != nil {
		return db, nil, fmt.Errorf("%s: %w", path, err)
	}
	return db, store, nil
}

// errHistoryDSN repeats nothing of the DSN, which has a password.
var errHistoryDSN = errors.New(`history: "dsn" is not a connection string of PostgreSQL: postgres://user:password@host/database (special characters of the password ` +
	`percent-encoded), or "host=... user=... dbname=..."`)

func connectPostgres(ctx context.Context, dsn string) (*sql.DB, *history.Store, error) {
	conf, err := pgx.ParseConfig(dsn)
	// A password with an @ or / that is not encoded would be taken for a part of the host's or the database's name, and so be said.
	if err != nil || strings.ContainsAny(conf.Host, "@/") && !strings.HasPrefix(conf.Host, "/") || strings.Contains(conf.Database, "@") {
		return nil, nil, errHistoryDSN
	}
	if conf.ConnectTimeout == 0 {
		conf.ConnectTimeout = historyConnect
	}
	if conf.RuntimeParams["application_name"] == "" {
		conf.RuntimeParams["application_name"] = "assay"
	}
	db := stdlib.OpenDB(*conf)
	store, err := history.Open(ctx, db, history.PostgreSQL)
	if err != nil {
		return db, nil, withoutSecret(err, conf)
	}
	return db, store, nil
}

// withoutSecret is what went wrong, without what the driver adds of the account.
func withoutSecret(err error, conf *pgx.ConnConfig) error {
	text := err.Error()
	if ce, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		text = "history: cannot connect to PostgreSQL at " + conf.Host + ": " + lastLine(errors.Unwrap(ce).Error())
	}
	if conf.Password != "" {
		text = strings.ReplaceAll(text, conf.Password, "***")
	}
	return &hiddenError{text: text, err: err}
}

// lastLine is the last of the causes that the driver puts below one another.
func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}

// hiddenError is an error with another text.
type hiddenError struct {
	text string
	err  error
}

func (e *hiddenError) Error() string { return e.text }

func (e *hiddenError) Unwrap() error { return e.err }
