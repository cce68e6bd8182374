package history

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/assay-dev/assay/expectations/result"
)

// observedBytes bounds the text that is kept of a metric's value: numbers are far shorter, and a text's maximum may be a megabyte.
const observedBytes = 4096

const outcomeColumns = "expectation, kind, verdict, severity, true_rows, false_rows, undecided, undecided_by_null, where_undecided, skipped_null, " +
	"orphans, rate, low, high, confidence, observed, metrics, figure_of, figure, failing_run, failing_since, failing_runs"

// Save adds a run with its outcomes, datasets and figures. A run that the history has already stays as it is.
func (s *Store) Save(ctx context.Context, rep *result.Report) error {
	return failed("save the run", s.tx(ctx, func(tx *sql.Tx) error {
		seq, fresh, err := insertRun(ctx, tx, rep)
		if err != nil || !fresh {
			return err
		}
		_, last, err := s.previous(ctx, tx, rep.Run.Job, rep.Run.Start, seq)
		if err != nil {
			return err
		}
		if err := s.insert(ctx, tx, "assay_outcomes (run, "+outcomeColumns+")", outcomeRows(seq, rep, last)); err != nil {
			return err
		}
		return s.insert(ctx, tx, "assay_datasets (run, dataset, driver, source, row_count, drawn, failed)", datasetRows(seq, rep))
	}))
}

// insertRun returns the number that the run has in its tables; fresh is false where the history has the run.
func insertRun(ctx context.Context, tx *sql.Tx, rep *result.Report) (seq int64, fresh bool, err error) {
	r, s := &rep.Run, &rep.Summary
	err = tx.QueryRowContext(ctx, "INSERT INTO assay_runs (id, suite, job, mode, seed, digest, started, ended, duration_ms, verdict, passed, failed, warned, inconclusive, errored, "+
		"skipped, records_checked, records_fixed, error_count, inconsistency, throughput, figures) "+
		"VALUES ("+places(1, 22)+") ON CONFLICT (id) DO NOTHING RETURNING seq",
		clean(r.ID), clean(r.Suite), clean(r.Job), r.Mode, r.Seed, r.Digest, micros(r.Start), micros(r.End), r.DurationMS, string(s.Verdict), s.Passed, s.Failed, s.Warned,
		s.Inconclusive, s.Errored, s.Skipped, s.RecordsChecked, s.RecordsFixed, s.ErrorCount, s.Inconsistency, s.Throughput, pack(rep)).Scan(&seq)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	return seq, err == nil, err
}

// outcomeRows are the rows of the run's expectations. Of two whose ids are one to the engines the first is kept.
func outcomeRows(seq int64, rep *result.Report, last map[string]Outcome) [][]any {
	var rows [][]any
	seen := map[string]bool{}
	for i := range rep.Expectations {
		e := &rep.Expectations[i]
		if id := clean(e.ID); !seen[id] {
			seen[id] = true
			rows = append(rows, outcomeRow(seq, e, failing(rep, e, last[id])))
		}
	}
	return rows
}

func datasetRows(seq int64, rep *result.Report) [][]any {
	var rows [][]any
	seen := map[string]bool{}
	for i := range rep.Datasets {
		d := &rep.Datasets[i]
		name, broken := clean(d.Name), 0
		if d.Error != "" {
			broken = 1
		}
		if !seen[name] {
			seen[name] = true
			rows = append(rows, []any{seq, name, clean(d.Driver), clean(d.Source), d.Rows, d.Drawn, broken})
		}
	}
	return rows
}

func outcomeRow(seq int64, e *result.Expectation, since *result.Failing) []any {
	row := []any{seq, clean(e.ID), string(e.Kind), string(e.Verdict), string(e.Severity)}
	if c := e.Counts; c != nil {
		row = append(row, c.True, c.False, c.Undecided, c.UndecidedByNull, c.WhereUndecided, c.SkippedNull)
	} else {
		row = append(row, nil, nil, nil, nil, nil, nil)
	}
	orphans := int64(0)
	if e.Orphans != nil {
		orphans = e.Orphans.Failing
	}
	row = append(row, orphans, e.Rate)
	if i := e.Interval; i != nil {
		row = append(row, i.Low, i.High, i.Confidence)
	} else {
		row = append(row, nil, nil, nil)
	}
	if e.Observed.IsNull() {
		row = append(row, nil)
	} else {
		row = append(row, bounded(clean(e.Observed.Text())))
	}
	row = append(row, metricsText(e.Metrics))
	if of, figure, ok := e.Figure(); ok {
		row = append(row, string(of), figure)
	} else {
		row = append(row, "", nil)
	}
	if since != nil {
		return append(row, clean(since.Run), micros(since.At), since.Runs)
	}
	return append(row, nil, nil, nil)
}

// metricsBytes bounds the text of an expectation's metrics; longer ones are not kept.
const metricsBytes = 16 << 10

// metricsText is the metrics of an expectation as JSON, nil for none.
func metricsText(list []result.Metric) any {
	if len(list) == 0 {
		return nil
	}
	b, err := json.Marshal(list)
	if err != nil || len(b) > metricsBytes { // what JSON cannot say is no figure either
		return nil
	}
	return string(b)
}

// bounded cuts a text that is too long to be kept.
func bounded(s string) string {
	if len(s) <= observedBytes {
		return s
	}
	cut := observedBytes
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

// insert adds rows. PostgreSQL is asked as seldom as may be, for it is far away; the driver of SQLite takes a time for a statement's
// parameters that grows with their square.
func (s *Store) insert(ctx context.Context, tx *sql.Tx, into string, rows [][]any) error {
	if len(rows) == 0 {
		return nil
	}
	width := len(rows[0])
	most := 1
	if s.engine == PostgreSQL {
		most = 200
	}
	var stmt *sql.Stmt
	prepared := 0
	defer func() {
		if stmt != nil {
			_ = stmt.Close() // it ends with the transaction
		}
	}()
	for len(rows) > 0 {
		n := min(most, len(rows))
		if n != prepared {
			if stmt != nil {
				_ = stmt.Close() // likewise
			}
			tuples := make([]string, n)
			for i := range tuples {
				tuples[i] = "(" + places(1+i*width, width) + ")"
			}
			var err error
			if stmt, err = tx.PrepareContext(ctx, strings.Join([]string{"INSERT INTO ", into, " VALUES ", strings.Join(tuples, ", ")}, "")); err != nil {
				return err
			}
			prepared = n
		}
		args := make([]any, 0, n*width)
		for _, r := range rows[:n] {
			args = append(args, r...)
		}
		if _, err := stmt.ExecContext(ctx, args...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// places are n parameters from the given number on: "$3, $4".
func places(from, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(from + i))
	}
	return b.String()
}
