package main

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/reports/history"
)

// pastVerb writes runs into a history, one a line of the file, the last one EVERY before now: ID=VALUE is the value of a metric expectation, ID=fail:VALUE one
// that failed, ID=TRUE/FALSE counts of rows.
func pastVerb(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 4 {
		ts.Fatalf("usage: past HISTORY JOB EVERY FILE")
	}
	every, err := time.ParseDuration(args[2])
	ts.Check(err)
	ts.Check(os.MkdirAll(filepath.Dir(ts.MkAbs(args[0])), 0o750))
	db, err := sql.Open("sqlite", history.SQLiteDSN(ts.MkAbs(args[0])))
	ts.Check(err)
	defer func() { ts.Check(db.Close()) }()
	ctx := context.Background()
	store, err := history.Open(ctx, db, history.SQLite)
	ts.Check(err)
	lines := strings.Split(strings.TrimSpace(ts.ReadFile(args[3])), "\n")
	now := time.Now().Truncate(time.Second)
	for i, line := range lines {
		start := now.Add(-time.Duration(len(lines)-i) * every)
		rep := &result.Report{Schema: result.SchemaName, Run: result.Run{
			ID: "run" + strconv.Itoa(i+1), Suite: args[1], Job: args[1], Mode: "full", Start: start, End: start.Add(time.Second), DurationMS: 1000, Now: start,
		}, Summary: result.Summary{Verdict: result.Pass}}
		for pair := range strings.FieldsSeq(line) {
			id, text, _ := strings.Cut(pair, "=")
			rep.Expectations = append(rep.Expectations, pastExpectation(ts, id, text))
		}
		ts.Check(store.Save(ctx, rep))
	}
}

func pastExpectation(ts *testscript.TestScript, id, text string) result.Expectation {
	e := result.Expectation{ID: id, Kind: result.KindMetric, Verdict: result.Pass, Severity: result.SeverityError, Datasets: []string{}, Failures: []result.Failure{}}
	if t, f, ok := strings.Cut(text, "/"); ok {
		good, err := strconv.ParseInt(t, 10, 64)
		ts.Check(err)
		bad, err := strconv.ParseInt(f, 10, 64)
		ts.Check(err)
		rate := float64(good) / float64(good+bad)
		e.Kind, e.Counts, e.Rate = result.KindRow, &result.Counts{True: good, False: bad}, &rate
		return e
	}
	text, failed := strings.CutPrefix(text, "fail:")
	if failed {
		e.Verdict = result.Fail
	}
	v, err := strconv.ParseInt(text, 10, 64)
	ts.Check(err)
	e.Observed = result.Cell{Value: value.IntValue(v)}
	return e
}
