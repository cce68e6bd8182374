package run_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/memory"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/run"
	"github.com/assay-dev/assay/expectations/spec"
)

// drift is how many keys of a pair of tables are of each class; the rest agree.
type drift struct{ rows, changed, missing, extra, repeated int }

// pair puts two tables of the drift into a source, left and right.
func (d drift) pair(t testing.TB) *memory.Source {
	t.Helper()
	columns := []value.Column{{Name: "id", Type: value.Of(value.Int), NotNull: true}, {Name: "v", Type: value.Of(value.Int)}}
	types := []value.Type{columns[0].Type, columns[1].Type}
	l, r := value.NewBatch(types...), value.NewBatch(types...)
	keys := rand.New(rand.NewPCG(3, 3)).Perm(d.rows + d.extra)
	for i, k := range keys {
		id, v := value.IntValue(int64(k)), value.IntValue(int64(k%7))
		switch {
		case i < d.changed:
			l.AppendRow(id, v)
			r.AppendRow(id, value.IntValue(99))
		case i < d.changed+d.missing:
			l.AppendRow(id, v)
		case i < d.changed+d.missing+d.repeated:
			l.AppendRow(id, v)
			r.AppendRow(id, v)
			r.AppendRow(id, v)
		case i < d.rows:
			l.AppendRow(id, v)
			r.AppendRow(id, v)
		default:
			r.AppendRow(id, v)
		}
	}
	src := memory.New()
	for name, b := range map[string]*value.Batch{"left": l, "right": r} {
		if err := src.Put(name, value.Schema{Columns: columns, Key: []string{"id"}}, b); err != nil {
			t.Fatal(err)
		}
	}
	return src
}

// audit runs a comparison of left with right as a sample.
func audit(t testing.TB, open run.OpenFunc, e spec.Expectation, p *plan.Sampling, s run.Sampling) *result.Expectation {
	t.Helper()
	suite := &spec.Suite{Name: "audit"}
	for _, name := range []string{"left", "right"} {
		suite.Connections = append(suite.Connections, spec.Connection{Name: name})
		d := spec.Dataset{Connection: name}
		d.Name, d.Table = name, name
		suite.Datasets = append(suite.Datasets, d)
	}
	if e.Compare == nil {
		e.Compare = &spec.Compare{}
	}
	e.ID, e.Severity = "copy", spec.Error
	e.Compare.Source, e.Compare.Target = spec.Name{Value: "left"}, spec.Name{Value: "right"}
	suite.Expectations = []spec.Expectation{e}
	rep, found := run.Run(t.Context(), suite, run.Options{Open: open, Now: time.Unix(0, 0), FailureRows: 5, Plan: plan.Options{Sample: p, TempDir: t.TempDir()}, Sampling: s})
	if found.HasErrors() {
		t.Fatal(found)
	}
	return &rep.Expectations[0]
}

func opens(src connectors.Source) run.OpenFunc {
	return func(context.Context, *spec.Connection) (connectors.Source, error) { return src, nil }
}

func mostly(t testing.TB, s string) *value.Dec {
	t.Helper()
	d, err := value.ParseDec(s)
	if err != nil {
		t.Fatal(err)
	}
	return &d
}

func TestSampledVerdicts(t *testing.T) {
	usual := run.Sampling{Confidence: 0.99, Detect: 0.01}
	many := int64(500)
	few := int64(3)
	for name, c := range map[string]struct {
		drift   drift
		e       spec.Expectation
		rows    int
		by      run.Sampling
		verdict result.Verdict
		message string
	}{
		"equal":                  {drift{rows: 5000}, spec.Expectation{}, 1000, usual, result.Pass, "none of 1,000 source rows drawn differs: at most 0.46 % of rows; none of 1,000 target rows drawn is extra: at most 0.46 % of rows; with 99 % confidence"},
		"too few":                {drift{rows: 5000}, spec.Expectation{}, 100, usual, result.Inconclusive, "inconclusive: none of 100 source rows drawn differs: at most 5.1 % of rows; none of 100 target rows drawn is extra: at most 5.1 % of rows; with 99 % confidence; 1 % is looked for; 491 rows each way would decide if none differs"},
		"changed":                {drift{rows: 5000, changed: 200}, spec.Expectation{}, 1000, usual, result.Fail, "37 of 1,000 source rows drawn differ (37 changed): between 2.4 % and 5.5 % of rows; none of 1,000 target rows drawn is extra: at most 0.46 % of rows, but 36 differ (36 changed); with 99 % confidence"},
		"met in the target only": {drift{rows: 4700, changed: 80}, spec.Expectation{}, 60, usual, result.Fail, "1 key drawn differs (1 changed), and none may; none of 60 source rows drawn differs: at most 8.4 % of rows; none of 60 target rows drawn is extra: at most 8.4 % of rows, but 1 differs (1 changed); with 99 % confidence"},
		"missing":                {drift{rows: 5000, missing: 200}, spec.Expectation{}, 1000, usual, result.Fail, "37 of 1,000 source rows drawn differ (37 missing): between 2.4 % and 5.5 % of rows; none of 1,000 target rows drawn is extra: at most 0.46 % of rows; with 99 % confidence"},
		"extra":                  {drift{rows: 5000, extra: 200}, spec.Expectation{}, 1000, usual, result.Fail, "none of 1,000 source rows drawn differs: at most 0.46 % of rows; 40 of 1,000 target rows drawn are extra: between 2.6 % and 5.9 % of rows; with 99 % confidence"},
		"repeated":               {drift{rows: 5000, repeated: 200}, spec.Expectation{}, 1000, usual, result.Fail, "37 of 1,000 source rows drawn differ (37 repeated): between 2.4 % and 5.5 % of rows; none of 1,000 target rows drawn is extra: at most 0.47 % of rows, but 75 differ (75 repeated); with 99 % confidence"},
		"mostly":                 {drift{rows: 5000, changed: 100}, spec.Expectation{Mostly: mostly(t, "0.95")}, 2000, usual, result.Pass, "33 of 2,000 source rows drawn differ (33 changed): between 1.1 % and 2.4 % of rows; none of 2,000 target rows drawn is extra: at most 0.22 % of rows, but 40 differ (40 changed); so between 97.3 % and 99 % of all keys agree; with 99 % confidence; 95 % must"},
		"mostly not":             {drift{rows: 5000, changed: 500}, spec.Expectation{Mostly: mostly(t, "0.95")}, 2000, usual, result.Fail, "198 of 2,000 source rows drawn differ (198 changed): between 8.5 % and 12 % of rows; none of 2,000 target rows drawn is extra: at most 0.22 % of rows, but 208 differ (208 changed); so between 88 % and 92 % of all keys agree; with 99 % confidence; 95 % must"},
		"together":               {drift{rows: 5000, changed: 150, extra: 150}, spec.Expectation{Mostly: mostly(t, "0.95")}, 2000, usual, result.Inconclusive, "inconclusive: 56 of 2,000 source rows drawn differ (56 changed): between 2 % and 3.8 % of rows; 55 of 2,000 target rows drawn are extra: between 2 % and 3.7 % of rows, and 65 more differ (65 changed); so between 92.7 % and 96 % of all keys agree; with 99 % confidence; 95 % must; 4,483 rows each way would decide if these rates held"},
		"some may":               {drift{rows: 5000, changed: 100}, spec.Expectation{MaxFailures: &many}, 2000, usual, result.Pass, "33 of 2,000 source rows drawn differ (33 changed): between 1.1 % and 2.4 % of rows; none of 2,000 target rows drawn is extra: at most 0.22 % of rows, but 40 differ (40 changed); with 99 % confidence; at most 500 keys may"},
		"too many":               {drift{rows: 5000, changed: 100}, spec.Expectation{MaxFailures: &few}, 2000, usual, result.Fail, "65 keys drawn differ (65 changed), and of all keys at most 3 may; 33 of 2,000 source rows drawn differ (33 changed): between 1.1 % and 2.4 % of rows; none of 2,000 target rows drawn is extra: at most 0.22 % of rows, but 40 differ (40 changed); with 99 % confidence"},
		"early":                  {drift{rows: 5000, changed: 500}, spec.Expectation{}, 4000, run.Sampling{Confidence: 0.99, Detect: 0.01, EarlyStop: true}, result.Fail, "51 of 500 source rows drawn differ (51 changed): between 5.9 % and 16 % of rows; none of 500 target rows drawn is extra: at most 1 % of rows, but 45 differ (45 changed); with 99 % confidence"},
		"all":                    {drift{rows: 500, changed: 1}, spec.Expectation{}, 5000, usual, result.Fail, "1 of 500 keys differ: 1 changed; all rows were compared: a sample of 5,000 would be all of them"},
		"none":                   {drift{}, spec.Expectation{OnEmpty: spec.EmptyFail}, 50, usual, result.Fail, "no rows on either side, and on_empty is fail; all rows were compared: a sample of 50 would be all of them"},
		"empty source":           {drift{extra: 5000}, spec.Expectation{}, 1000, usual, result.Fail, "the source has no rows; 1,000 of 1,000 target rows drawn are extra: at least 99 % of rows; with 99 % confidence"},
		"empty target":           {drift{rows: 5000, missing: 5000}, spec.Expectation{}, 1000, usual, result.Fail, "1,000 of 1,000 source rows drawn differ (1,000 missing): at least 99 % of rows; the target has no rows; with 99 % confidence"},
	} {
		t.Run(name, func(t *testing.T) {
			out := audit(t, opens(c.drift.pair(t)), c.e, &plan.Sampling{Rows: c.rows, Seed: 11}, c.by)
			if out.Verdict != c.verdict || out.Message != c.message {
				t.Errorf("%s, %q; want %s, %q", out.Verdict, out.Message, c.verdict, c.message)
			}
		})
	}
}
