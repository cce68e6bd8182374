package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// migrations bring the layout from the version that is their index to the next. One that was published is never changed: add another.
// What stands in braces differs between the engines, see ddl.
var migrations = []string{`
CREATE TABLE assay_runs (
	seq {serial},
	id TEXT NOT NULL UNIQUE,
	suite TEXT NOT NULL,
	job TEXT NOT NULL,
	mode TEXT NOT NULL,
	seed TEXT NOT NULL,
	digest TEXT NOT NULL,
	started {int} NOT NULL, -- microseconds since 1970
	ended {int} NOT NULL,
	duration_ms {int} NOT NULL,
	verdict TEXT NOT NULL,
	passed {int} NOT NULL,
	failed {int} NOT NULL,
	warned {int} NOT NULL,
	inconclusive {int} NOT NULL,
	errored {int} NOT NULL,
	skipped {int} NOT NULL,
	records_checked {int} NOT NULL,
	records_fixed {int} NOT NULL,
	error_count {int} NOT NULL,
	inconsistency {double},
	throughput {double} NOT NULL,
	figures {blob} NOT NULL -- see figures.go
);
CREATE INDEX assay_runs_of_job ON assay_runs (job, started);
CREATE TABLE assay_outcomes (
	run {int} NOT NULL,
	expectation TEXT NOT NULL,
	kind TEXT NOT NULL,
	verdict TEXT NOT NULL,
	severity TEXT NOT NULL,
	true_rows {int}, -- null where no rows are counted
	false_rows {int},
	undecided {int},
	undecided_by_null {int},
	where_undecided {int},
	skipped_null {int},
	orphans {int} NOT NULL,
	rate {double},
	low {double},
	high {double},
	confidence {double},
	observed TEXT,
	metrics TEXT, -- what the value was computed from, as JSON
	figure_of TEXT NOT NULL,
	figure {double},
	failing_run TEXT, -- the first of the runs in which it fails, up to this one
	failing_since {int},
	failing_runs {int},
	PRIMARY KEY (run, expectation)
){clustered};
CREATE TABLE assay_datasets (
	run {int} NOT NULL,
	dataset TEXT NOT NULL,
	driver TEXT NOT NULL,
	source TEXT NOT NULL,
	row_count {int},
	drawn {int},
	failed {int} NOT NULL,
	PRIMARY KEY (run, dataset)
){clustered};
CREATE TABLE assay_marks (
	job TEXT NOT NULL,
	figure_of TEXT NOT NULL, -- empty: of all figures of the run
	series TEXT NOT NULL,
	run TEXT NOT NULL,
	mark TEXT NOT NULL,
	note TEXT NOT NULL,
	marked {int} NOT NULL,
	PRIMARY KEY (job, figure_of, series, run)
){clustered};
`}

// ddl puts an engine's own words into a migration.
func (e Engine) ddl(text string) string {
	words := []string{"{serial}", "INTEGER PRIMARY KEY", "{int}", "INTEGER", "{double}", "REAL", "{blob}", "BLOB", "{clustered}", " WITHOUT ROWID"}
	if e == PostgreSQL {
		words = []string{"{serial}", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "{int}", "BIGINT", "{double}", "DOUBLE PRECISION", "{blob}", "BYTEA", "{clustered}", ""}
	}
	return strings.NewReplacer(words...).Replace(text)
}

// migrationLock is the advisory lock of PostgreSQL that a migration holds: "assay" in ASCII.
const migrationLock = 0x6173736179

// migrate brings the layout to this program's version. Most often it is there already, and nothing is locked or written.
func (s *Store) migrate(ctx context.Context) error {
	version, err := s.version(ctx, s.db)
	if err == nil && version == len(migrations) {
		return nil
	}
	if err == nil {
		err = tooNew(version)
	}
	if err != nil {
		return failed("open", err)
	}
	return failed("bring its layout up to date", s.tx(ctx, func(tx *sql.Tx) error {
		if s.engine == PostgreSQL { // SQLite's transaction has the file to itself
			if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1)", int64(migrationLock)); err != nil {
				return err
			}
		}
		version, err := s.version(ctx, tx) // another may have been faster
		if err != nil {
			return err
		}
		if err := tooNew(version); err != nil || version == len(migrations) {
			return err
		}
		return s.upgrade(ctx, tx, version)
	}))
}

func (s *Store) upgrade(ctx context.Context, tx *sql.Tx, version int) error {
	steps := []string{}
	if version < 0 {
		steps = append(steps, "CREATE TABLE assay_history (version {int} NOT NULL, at {int} NOT NULL)")
		version = 0
	}
	for _, m := range migrations[version:] {
		for step := range strings.SplitSeq(m, ";\n") {
			if strings.TrimSpace(step) != "" {
				steps = append(steps, step)
			}
		}
	}
	for _, step := range steps {
		if _, err := tx.ExecContext(ctx, s.engine.ddl(step)); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, "INSERT INTO assay_history (version, at) VALUES ($1, $2)", len(migrations), micros(time.Now()))
	return err
}

func tooNew(version int) error {
	if version > len(migrations) {
		return fmt.Errorf("%w: its layout has number %d, and this program knows %d; update assay here, or give it a history of its own with history: in the suite or assay.yaml",
			ErrNewer, version, len(migrations))
	}
	return nil
}

// version is the number of the layout, -1 where there is no history.
func (s *Store) version(ctx context.Context, q querier) (int, error) {
	exists := "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'assay_history'"
	if s.engine == PostgreSQL {
		exists = "SELECT count(*) FROM pg_catalog.pg_class WHERE oid = to_regclass('assay_history')"
	}
	var n int
	if err := q.QueryRowContext(ctx, exists).Scan(&n); err != nil || n == 0 {
		return -1, err
	}
	var version sql.NullInt64
	err := q.QueryRowContext(ctx, "SELECT max(version) FROM assay_history").Scan(&version)
	if err == nil && !version.Valid {
		err = errors.New("the table assay_history is empty: the database is not a history of assay, or is damaged")
	}
	return int(version.Int64), err
}
