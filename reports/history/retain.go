package history

import (
	"context"
	"database/sql"
	"math"
	"strconv"
	"strings"
	"time"
)

// Retention says which runs of a job are kept.
type Retention struct {
	// Since is the start of the oldest run that is kept; the zero Time keeps runs of any age.
	Since time.Time
	// Runs is the number of runs that are kept, the latest ones; 0 for any number.
	Runs int
}

// The bounds of one Retain: so that a run never waits long for the removal of old ones, nor another process for a lock. What is left is removed next time.
const (
	retainBatch   = 50
	retainBatches = 4
)

// retainLock is the advisory lock of PostgreSQL that one who removes runs holds.
const retainLock = migrationLock + 1

// Retain removes runs of the job that are not to be kept, the oldest first, with all that is known of them, and returns how many. It removes at most 200; done is
// false where there are more.
func (s *Store) Retain(ctx context.Context, job string, r Retention) (removed int, done bool, err error) {
	for range retainBatches {
		n := 0
		err = s.tx(ctx, func(tx *sql.Tx) (err error) {
			n, err = s.retain(ctx, tx, clean(job), r)
			return err
		})
		if err != nil {
			return removed, false, failed("remove old runs", err)
		}
		if removed += n; n < retainBatch {
			return removed, true, nil
		}
	}
	return removed, false, nil
}

// retain removes one batch.
func (s *Store) retain(ctx context.Context, tx *sql.Tx, job string, r Retention) (int, error) {
	if s.engine == PostgreSQL {
		var mine bool
		if err := tx.QueryRowContext(ctx, "SELECT pg_try_advisory_xact_lock($1)", int64(retainLock)).Scan(&mine); err != nil || !mine {
			return 0, err // another is at it
		}
	}
	since := int64(math.MinInt64)
	if !r.Since.IsZero() {
		since = micros(r.Since)
	}
	excess := 0
	if r.Runs > 0 {
		var n int
		if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM assay_runs WHERE job = $1", job).Scan(&n); err != nil {
			return 0, err
		}
		excess = max(n-r.Runs, 0)
	}
	var seqs, ids []any
	err := each(ctx, tx, func(scan func(...any) error) (bool, error) {
		var seq, started int64
		var id string
		if err := scan(&seq, &id, &started); err != nil {
			return false, err
		}
		if len(seqs) >= excess && started >= since {
			return false, nil
		}
		seqs, ids = append(seqs, seq), append(ids, id)
		return true, nil
	}, "SELECT seq, id, started FROM assay_runs WHERE job = $1 ORDER BY started, seq LIMIT "+strconv.Itoa(retainBatch), job)
	if err != nil || len(seqs) == 0 {
		return 0, err
	}
	for _, d := range []struct {
		from string
		args []any
	}{{"assay_outcomes WHERE run", seqs}, {"assay_datasets WHERE run", seqs}, {"assay_marks WHERE run", ids}, {"assay_runs WHERE seq", seqs}} {
		if _, err := tx.ExecContext(ctx, strings.Join([]string{"DELETE FROM ", d.from, " IN (", places(1, len(d.args)), ")"}, ""), d.args...); err != nil {
			return 0, err
		}
	}
	return len(seqs), nil
}
