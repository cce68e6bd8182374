package run_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors/memory"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/run"
	"github.com/assay-dev/assay/expectations/spec"
)

// stratified is 1,000 rows in strata of 700, 200, 90 and 10, the last one of null, with keys or without.
func stratified(t *testing.T, key ...string) *memory.Source {
	t.Helper()
	columns := []value.Column{{Name: "id", Type: value.Of(value.Int), NotNull: true}, {Name: "part", Type: value.Of(value.String)}}
	b := value.NewBatch(value.Of(value.Int), value.Of(value.String))
	for i := range int64(1000) {
		part := value.NullValue()
		switch k := i * 37 % 1000; { // in no order
		case k < 700:
			part = value.StringValue("a")
		case k < 900:
			part = value.StringValue("b")
		case k < 990:
			part = value.StringValue("c")
		}
		b.AppendRow(value.IntValue(i), part)
	}
	src := memory.New()
	if err := src.Put("t", value.Schema{Columns: columns, Key: key}, b); err != nil {
		t.Fatal(err)
	}
	return src
}

// strata judges rows of a source whose rows have unequal chances by the strata of part.
func strata(t *testing.T, src lopsided, seed uint64) *result.Expectation {
	t.Helper()
	suite := &spec.Suite{Name: "audit", Connections: []spec.Connection{{Name: "c"}}}
	d := spec.Dataset{Connection: "c"}
	d.Name, d.Table = "t", "t"
	suite.Datasets = []spec.Dataset{d}
	suite.Expectations = []spec.Expectation{{ID: "e", Severity: spec.Error, Dataset: "t", Expect: diag.Text{Value: "row.id < 0"}}}
	rep, found := run.Run(t.Context(), suite, run.Options{
		Open: opens(src), Now: time.Unix(0, 0), FailureRows: 1000, Plan: plan.Options{Sample: &plan.Sampling{Rows: 100, Seed: seed, Stratify: "part"}}, Sampling: run.Sampling{Confidence: 0.99, Detect: 0.01},
	})
	if found.HasErrors() {
		t.Fatal(found)
	}
	return &rep.Expectations[0]
}

func idOf(t *testing.T, f result.Failure) string {
	t.Helper()
	for _, cells := range []map[string]result.Cell{f.Key, f.Values} {
		if c, ok := cells["id"]; ok {
			return c.Value.Text()
		}
	}
	t.Fatalf("a row without an id: %+v", f)
	return ""
}

// Rows of unequal chances cannot be drawn stratum by stratum: they are in one pass, each of a stratum as likely as the others, and the same ones of a seed.
func TestStrataInOnePass(t *testing.T) {
	for name, key := range map[string][]string{"by keys": {"id"}, "without a key": nil} {
		t.Run(name, func(t *testing.T) {
			src := lopsided{stratified(t, key...)}
			const runs = 300
			times := map[string]int{}
			for seed := range uint64(runs) {
				out := strata(t, src, seed)
				if out.Verdict != result.Fail || out.Sample.Method != "reservoir" || !strings.Contains(out.Sample.Reason, "rows of a stratum would be drawn with unequal chances, so all rows were read once") {
					t.Fatalf("%s, %q, %+v", out.Verdict, out.Message, out.Sample)
				}
				drawn := map[string]int64{}
				for _, s := range out.Sample.Strata {
					drawn[s.Name.Value.Text()] = s.Drawn
				}
				if !maps.Equal(drawn, map[string]int64{"a": 70, "b": 20, "c": 9, "null": 1}) || len(out.Failures) != 100 {
					t.Fatalf("%v, %d rows", drawn, len(out.Failures))
				}
				var ids []string
				for _, f := range out.Failures {
					ids = append(ids, idOf(t, f))
					times[idOf(t, f)]++
				}
				if slices.Sort(ids); len(slices.Compact(ids)) != 100 {
					t.Fatal("a row was drawn twice")
				}
			}
			if len(times) < 995 { // a row is drawn in a tenth of the runs
				t.Errorf("%d rows were ever drawn", len(times))
			}
			const each = float64(runs) / 10
			chi := 0.0
			for _, n := range times {
				chi += (float64(n) - each) * (float64(n) - each) / (each * 0.9)
			}
			if chi += float64(1000-len(times)) * each / 0.9; chi < 800 || chi > 1200 { // of about 1,000 degrees of freedom, beyond four standard deviations
				t.Errorf("chi-square is %v", chi)
			}
			first, again := strata(t, src, 5), strata(t, src, 5)
			for i := range first.Failures {
				if a, b := idOf(t, first.Failures[i]), idOf(t, again.Failures[i]); a != b {
					t.Fatalf("row %d is %s, then %s", i, a, b)
				}
			}
		})
	}
}
