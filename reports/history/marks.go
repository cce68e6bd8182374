package history

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/assay-dev/assay/expectations/baseline"
	"github.com/assay-dev/assay/expectations/result"
)

// Marked is what somebody has said of a point, or of all points of a run.
type Marked struct {
	Job string
	// Series is what the point belongs to; the zero Series means all of the run's.
	Series baseline.Series
	Run    string
	Mark   baseline.Mark
	Note   string
	At     time.Time // when it was said
}

// Mark says what is to be thought of a point. What was said of it before is forgotten; Unmarked says nothing in its stead. ErrNoRun is the cause where the job
// has no such run.
func (s *Store) Mark(ctx context.Context, m Marked) error {
	return failed("mark a point", s.tx(ctx, func(tx *sql.Tx) error {
		var n int
		if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM assay_runs WHERE id = $1 AND job = $2", clean(m.Run), clean(m.Job)).Scan(&n); err != nil {
			return err
		}
		if n == 0 {
			return fmt.Errorf("%w: %s of %s", ErrNoRun, m.Run, m.Job)
		}
		at := []any{clean(m.Job), string(m.Series.Of), clean(m.Series.ID), clean(m.Run)}
		if _, err := tx.ExecContext(ctx, "DELETE FROM assay_marks WHERE job = $1 AND figure_of = $2 AND series = $3 AND run = $4", at...); err != nil {
			return err
		}
		if m.Mark == baseline.Unmarked {
			return nil
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO assay_marks (job, figure_of, series, run, mark, note, marked) VALUES ($1, $2, $3, $4, $5, $6, $7) "+
			"ON CONFLICT (job, figure_of, series, run) DO UPDATE SET mark = excluded.mark, note = excluded.note, marked = excluded.marked",
			append(at, string(m.Mark), clean(m.Note), micros(m.At))...)
		return err
	}))
}

// Marks returns the marks of a job, the latest first.
func (s *Store) Marks(ctx context.Context, job string) ([]Marked, error) {
	var out []Marked
	err := each(ctx, s.db, func(scan func(...any) error) (bool, error) {
		m := Marked{Job: job}
		var at int64
		err := scan(&m.Series.Of, &m.Series.ID, &m.Run, &m.Mark, &m.Note, &at)
		m.At = instant(at)
		out = append(out, m)
		return true, err
	}, "SELECT figure_of, series, run, mark, note, marked FROM assay_marks WHERE job = $1 ORDER BY marked DESC, run, figure_of, series", clean(job))
	return out, failed("read the marks", err)
}

// marked are the marks of a job by run and series.
type marked map[string]map[baseline.Series]baseline.Mark

// of is the mark of a point: its own, or else its run's.
func (m marked) of(run string, series baseline.Series) baseline.Mark {
	of := m[run]
	if of == nil {
		return baseline.Unmarked
	}
	series.ID = clean(series.ID)
	if own, ok := of[series]; ok {
		return own
	}
	return of[baseline.Series{}]
}

func (s *Store) marksOf(ctx context.Context, job string) (marked, error) {
	out := marked{}
	err := each(ctx, s.db, func(scan func(...any) error) (bool, error) {
		var of, id, run, mark string
		if err := scan(&of, &id, &run, &mark); err != nil {
			return false, err
		}
		if out[run] == nil {
			out[run] = map[baseline.Series]baseline.Mark{}
		}
		out[run][baseline.Series{Of: result.TrendOf(of), ID: id}] = baseline.Mark(mark)
		return true, nil
	}, "SELECT figure_of, series, run, mark FROM assay_marks WHERE job = $1", clean(job))
	return out, err
}
