package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"

	"github.com/assay-dev/assay/expectations/spec"
	"github.com/assay-dev/assay/reports/history"
)

// connectPast opens a history for a command that only looks into it: where it cannot be written, by its rights or because its disk is read-only, it is read as it
// stands. The caller closes the database, and then asks settled whether what it read is to be trusted.
func connectPast(ctx context.Context, where spec.History, state string) (db *sql.DB, store *history.Store, settled func() error, err error) {
	settled = func() error { return nil }
	db, store, err = connectHistory(ctx, where, state)
	if err == nil || where.DSN != "" || ctx.Err() != nil || errors.Is(err, history.ErrNewer) {
		return db, store, settled, err
	}
	if db != nil {
		_ = db.Close() // nothing is under way
	}
	path := historyPath(where, state)
	if readable, open := os.Open(path); open == nil { //nolint:gosec // the user's own choice
		_ = readable.Close() // only whether it can be read matters
		return readHistory(ctx, path)
	}
	return nil, nil, settled, err
}

// readHistory opens a file of SQLite and makes none beside it: a file there that belongs to somebody who only looks would keep the runs from writing.
func readHistory(ctx context.Context, path string) (*sql.DB, *history.Store, func() error, error) {
	settled := func() error { return nil }
	underWay := false
	if info, err := os.Stat(path + "-wal"); err == nil && info.Size() > 0 {
		if !exists(path + "-shm") {
			return nil, nil, settled, fmt.Errorf("history: %s was not closed by the run that wrote it last, which can only be mended where it may be written: "+
				"copy it and %s-wal into a folder of your own and name that with --state", path, path)
		}
		underWay = true
	}
	before, err := os.Stat(path)
	if err != nil {
		return nil, nil, settled, fmt.Errorf("history: %w", err)
	}
	if !underWay { // nobody writes; should somebody begin, the file is not what it was
		settled = func() error {
			after, err := os.Stat(path)
			if err != nil || !after.ModTime().Equal(before.ModTime()) || after.Size() != before.Size() {
				return fmt.Errorf("history: %s was written while it was read: what was shown may be wrong; ask again", path)
			}
			return nil
		}
	}
	db, err := sql.Open("sqlite", history.SQLiteReadDSN(path, !underWay))
	if err != nil {
		return nil, nil, settled, fmt.Errorf("history: open %s: %w", path, err)
	}
	store, err := history.OpenToRead(ctx, db, history.SQLite)
	if err != nil && underWay && !errors.Is(err, history.ErrOlder) && !errors.Is(err, history.ErrNewer) {
		err = fmt.Errorf("%w; a run is writing it, and you may not read %s-wal and %s-shm, or they cannot be shared here: ask again when it has ended", err, path, path)
	}
	if err != nil {
		return db, nil, settled, fmt.Errorf("%s: %w", path, err)
	}
	return db, store, settled, nil
}
