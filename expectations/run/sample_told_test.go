package run_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/memory"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/run"
	"github.com/assay-dev/assay/expectations/spec"
)

// scanned is a source that tells how many rows it has when it has read them all, as files do.
type scanned struct{ *memory.Source }

// PlanSample implements connectors.Sampler.
func (s scanned) PlanSample(context.Context, query.Sample) (query.SampleDesign, error) {
	return query.SampleDesign{Method: query.SampleReservoir, Reason: "a test", Rows: -1, Linear: true}, nil
}

// Sample implements connectors.Sampler.
func (s scanned) Sample(ctx context.Context, q query.Sample) (connectors.Sampled, error) {
	rows, err := s.Source.Sample(ctx, q)
	if err != nil {
		return nil, err //nolint:wrapcheck // as it is
	}
	d, err := s.PlanSample(ctx, q)
	return &scannedRows{Sampled: rows, d: d}, err
}

type scannedRows struct {
	connectors.Sampled

	d query.SampleDesign
}

// Next implements connectors.Rows.
func (s *scannedRows) Next(ctx context.Context) (*value.Batch, error) {
	s.d.Rows, s.d.RowsExact = s.Sampled.Design().Rows, true
	return s.Sampled.Next(ctx)
}

// Design implements connectors.Sampled.
func (s *scannedRows) Design() query.SampleDesign { return s.d }

// thousand is 1,000 rows of numbers 0 to 99 and of nulls.
func thousand(t *testing.T) *memory.Source {
	t.Helper()
	columns := []value.Column{{Name: "id", Type: value.Of(value.Int), NotNull: true}, {Name: "v", Type: value.Of(value.Int), NotNull: true}, {Name: "none", Type: value.Of(value.Int)}}
	b := value.NewBatch(value.Of(value.Int), value.Of(value.Int), value.Of(value.Int))
	for i := range int64(1000) {
		b.AppendRow(value.IntValue(i), value.IntValue(i%100), value.NullValue())
	}
	src := memory.New()
	if err := src.Put("t", value.Schema{Columns: columns, Key: []string{"id"}}, b); err != nil {
		t.Fatal(err)
	}
	return src
}

// audited runs one expectation, of the rows of t where metric is not set, on a sample.
func audited(t *testing.T, src connectors.Source, e spec.Expectation, metric bool, text string, p *plan.Sampling) *result.Expectation {
	t.Helper()
	suite := &spec.Suite{Name: "audit", Connections: []spec.Connection{{Name: "c"}}}
	d := spec.Dataset{Connection: "c"}
	d.Name, d.Table = "t", "t"
	suite.Datasets = []spec.Dataset{d}
	e.ID, e.Severity, e.Expect = "e", spec.Error, diag.Text{Value: text}
	if !metric {
		e.Dataset = "t"
	}
	suite.Expectations = []spec.Expectation{e}
	rep, found := run.Run(t.Context(), suite, run.Options{
		Open: opens(src), Now: time.Unix(0, 0), FailureRows: 5, Plan: plan.Options{Sample: p}, Sampling: run.Sampling{Confidence: 0.99, Detect: 0.01},
	})
	if found.HasErrors() {
		t.Fatal(found)
	}
	return &rep.Expectations[0]
}

// What is known at the end of a sample counts: how many rows there are, and that these are all of them.
func TestSampleThatReadsAllRows(t *testing.T) {
	ten, nine := int64(10), int64(9)
	for _, c := range []struct {
		rows    int
		e       spec.Expectation
		text    string
		verdict result.Verdict
		message string
		all     bool
	}{
		{1000, spec.Expectation{}, "row.v < 100", result.Pass, "all 1,000 rows hold (all rows were read)", true},
		{5000, spec.Expectation{MaxFailures: &nine}, "row.v < 99", result.Fail, "10 of 1,000 rows fail, at most 9 may (all rows were read)", true},
		{900, spec.Expectation{MaxFailures: &ten}, "row.v < 99", result.Inconclusive, "inconclusive: 10 failures in 900 rows show only that between 1 % and 1.5 % of rows fail, with 99 % confidence, where 1 % may; 945 rows would decide if that rate held", false},
		{900, spec.Expectation{}, "row.v < 100", result.Pass, "at most 0.1 % of rows fail, with 99 % confidence (no failure in 900 rows)", false},
	} {
		out := audited(t, scanned{thousand(t)}, c.e, false, c.text, &plan.Sampling{Rows: c.rows, Seed: 5})
		if out.Verdict != c.verdict || out.Message != c.message || out.Sample == nil || out.Sample.All != c.all {
			t.Errorf("%d rows, %s: %s, %q, %+v", c.rows, c.text, out.Verdict, out.Message, out.Sample)
		}
	}
}

// A few draws of unequal chances say nothing of a sum or an average, for rows that they cannot have met may hold most of it; and nothing is said of numbers of
// which none was drawn. Either is evaluated on all rows where that is asked for.
func TestEstimatesThatSayNothing(t *testing.T) {
	const uneven = "a sample cannot decide it: %s: rows were drawn with unequal chances, and those of others may be so small that the rows drawn say little of all"
	for _, c := range []struct {
		rows    int
		text    string
		verdict result.Verdict
		message string
		exact   result.Verdict
	}{
		{30, "t.avg(r, r.v) > 40", result.Skipped, fmt.Sprintf(uneven, "t.avg(r, r.v)"), result.Pass},
		{30, "t.sum(r, r.v) == 49501", result.Skipped, fmt.Sprintf(uneven, "t.sum(r, r.v)"), result.Fail},
		{50, "t.avg(r, r.none) > 0.0", result.Skipped, "a sample cannot decide it: t.avg(r, r.none): too few rows were drawn: none holds a number", result.Fail},
		{30, "t.count(r, r.v < 50) * 10 > t.count() * 9", result.Skipped, fmt.Sprintf(uneven, "t.count(r, r.v < 50)"), result.Fail},
		{20000, "t.avg(r, r.v) > 40", result.Pass, "holds: t.avg(r, r.v) is between ", result.Pass},
	} {
		p := &plan.Sampling{Rows: c.rows, Seed: 5}
		out := audited(t, lopsided{thousand(t)}, spec.Expectation{}, true, c.text, p)
		if out.Verdict != c.verdict || !strings.HasPrefix(out.Message, c.message) {
			t.Errorf("%d rows, %s: %s, %q; want %s, %q", c.rows, c.text, out.Verdict, out.Message, c.verdict, c.message)
		}
		p.ExactWhereNeeded = true
		if out = audited(t, lopsided{thousand(t)}, spec.Expectation{}, true, c.text, p); out.Verdict != c.exact {
			t.Errorf("%d rows, %s, exactly: %s, %q; want %s", c.rows, c.text, out.Verdict, out.Message, c.exact)
		}
	}
}

// A share of rows of unequal chances has bounds that hold whatever rows were not drawn.
func TestShareOfUnequalChances(t *testing.T) {
	const text = "double(t.count(r, r.v < 50)) / double(t.count()) < 0.6"
	out := audited(t, lopsided{thousand(t)}, spec.Expectation{}, true, text, &plan.Sampling{Rows: 20, Seed: 5})
	if out.Verdict != result.Inconclusive {
		t.Errorf("%s, %q", out.Verdict, out.Message)
	}
	if out = audited(t, lopsided{thousand(t)}, spec.Expectation{}, true, text, &plan.Sampling{Rows: 20_000, Seed: 5}); out.Verdict != result.Pass {
		t.Errorf("%s, %q", out.Verdict, out.Message)
	}
}
