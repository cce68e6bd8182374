package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/run"
	"github.com/assay-dev/assay/reports"
	"github.com/assay-dev/assay/suites"
)

// flightEngine is where the flights are.
type flightEngine struct {
	name       string
	connection string // flow YAML
	dataset    string // one line of YAML
}

func flightEngines(t testing.TB, rows [][]*string) []flightEngine {
	t.Helper()
	pg, my, maria, es := connectortest.Postgres(t), connectortest.MySQL(t), connectortest.MariaDB(t), connectortest.Elasticsearch(t)
	return []flightEngine{
		{"sqlite", fmt.Sprintf("{driver: sqlite, path: %q, timezone: UTC}", connectortest.FlightsSQLite(t, rows)), "table: flights"},
		{"postgres", fmt.Sprintf("{driver: postgres, dsn: %q, timezone: UTC}", pg), "table: " + connectortest.FlightsPostgres(t, pg, rows)},
		{"mysql", fmt.Sprintf("{driver: mysql, dsn: %q, timezone: UTC}", my), "table: " + connectortest.FlightsMySQL(t, my, rows)},
		{"mariadb", fmt.Sprintf("{driver: mariadb, dsn: %q, timezone: UTC}", maria), "table: " + connectortest.FlightsMySQL(t, maria, rows)},
		{"elasticsearch", fmt.Sprintf("{driver: elasticsearch, url: %q}", es), "index: " + connectortest.FlightsElasticsearch(t, es, rows)},
		{"csv", fmt.Sprintf("{driver: files, path: %q, timezone: UTC}", filepath.Join(connectortest.Shared(t), "data")), "file: flights.csv.gz"},
		{"jsonl", fmt.Sprintf("{driver: files, path: %q, timezone: UTC}", connectortest.FlightsJSONLines(t, rows)), "file: flights.jsonl"},
		{"parquet", fmt.Sprintf("{driver: files, path: %q, timezone: UTC}", connectortest.FlightsParquet(t, rows)), "file: flights.parquet"},
	}
}

// runFlights runs flights.yaml on an engine.
func runFlights(ctx context.Context, t testing.TB, e flightEngine) *result.Report {
	t.Helper()
	text, err := os.ReadFile("testdata/flights.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s := strings.NewReplacer("@CONNECTION@", e.connection, "@DATASET@", e.dataset).Replace(string(text))
	path := filepath.Join(t.TempDir(), e.name+".yaml")
	if err := os.WriteFile(path, []byte(s), 0o600); err != nil {
		t.Fatal(err)
	}
	set, found := suites.Load(ctx, suites.Options{}, path)
	if found.HasErrors() {
		t.Fatal(found)
	}
	// Constraints are not relied upon: every engine must count.
	rep, found := run.Run(ctx, &set.Suites[0], run.Options{Open: open, Now: time.Now(), FailureRows: 3, Plan: plan.Options{DistrustConstraints: true}})
	if found.HasErrors() {
		t.Fatal(found)
	}
	return rep
}

// TestFlights runs one suite over real data on all five engines and on files of three formats: counts and verdicts must be those computed here
// from the file, whoever evaluated what.
func TestFlights(t *testing.T) {
	rows := connectortest.Flights(t)
	want := flightCounts(t, rows)
	metrics, err := flightMetrics(filepath.Join(connectortest.Shared(t), "data", "flights.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("testdata/flights.yaml")
	if err != nil {
		t.Fatal(err)
	}
	// Neither side of the comparisons below can be empty: the suite's own text says how many there must be.
	if n := suiteMetrics(string(text)); n < 6 || n != len(metrics) {
		t.Fatalf("the oracle computes %d metric expectations, the suite has %d", len(metrics), n)
	}
	if got := want["flights.not_null.tailnum"].False; got != 2512 {
		t.Fatalf("the oracle finds %d rows without tailnum, not 2,512", got)
	}
	var verdicts map[string]result.Verdict
	refused, compared := 0, 0
	for _, e := range flightEngines(t, rows) {
		t.Run(e.name, func(t *testing.T) {
			rep := runFlights(t.Context(), t, e)
			got := map[string]result.Counts{}
			have := map[string]result.Verdict{}
			for i := range rep.Expectations {
				x := &rep.Expectations[i]
				have[x.ID] = x.Verdict
				if x.Verdict == result.Error {
					t.Errorf("%s: %s", x.ID, x.Message)
				}
				if x.Counts != nil {
					got[x.ID] = *x.Counts
				}
				if len(x.Ran.Reasons) > 0 && !strings.Contains(e.connection, "driver: files") { // which have no engine
					refused++
					t.Logf("%-40s ran %-12s %s", x.ID, x.Ran.Where, strings.Join(x.Ran.Reasons, "; "))
				}
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("counts differ from the oracle (-want +got):\n%s", d)
			}
			compareMetrics(t, rep, metrics, len(want))
			compared++
			if verdicts == nil {
				verdicts = have
			} else if d := cmp.Diff(verdicts, have); d != "" {
				t.Errorf("verdicts differ from those of the first engine:\n%s", d)
			}
		})
	}
	if compared != 8 {
		t.Errorf("%d engines were compared, not 8", compared)
	}
	if refused < 3 {
		t.Errorf("only %d expectations were refused anywhere: the local half was not tested", refused)
	}
}

// compareMetrics holds the JSON report of an engine against the oracle's metrics: every value exactly, and the verdict. Besides
// them the report holds the rest expectations that count rows, and nothing else.
func compareMetrics(t *testing.T, rep *result.Report, want map[string]flightMetric, rest int) {
	t.Helper()
	var b bytes.Buffer
	if err := reports.JSON(&b, rep); err != nil {
		t.Fatal(err)
	}
	got, total, err := reportMetrics(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(flightMetric{})); d != "" {
		t.Errorf("metrics differ from the oracle (-want +got):\n%s", d)
	}
	if total != len(want)+rest {
		t.Errorf("the report holds %d expectations, the oracles know %d", total, len(want)+rest)
	}
}
