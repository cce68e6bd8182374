package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
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

// flight is a row of the flights as the oracle reads it; a nil pointer is null.
type flight map[string]*string

// truth is an outcome of the oracle.
type truth int

const (
	yes truth = iota
	no
	byNull // undecided, and a column that the expression names is null
	other  // undecided for another cause
	out    // not selected
	skip   // skipped for null
)

func decide(b bool) truth {
	if b {
		return yes
	}
	return no
}

// num returns a number; ok is false for null.
func (f flight) num(c string) (n int64, ok bool) {
	if f[c] == nil {
		return 0, false
	}
	n, err := strconv.ParseInt(*f[c], 10, 64)
	if err != nil {
		panic(err) // the data is ours
	}
	return n, true
}

func (f flight) str(c string) string {
	if f[c] == nil {
		return ""
	}
	return *f[c]
}

// skipping is the oracle of a named expectation about a column: its nulls are skipped.
func skipping(col string, holds func(s string) bool) func(flight) truth {
	return func(f flight) truth {
		if f[col] == nil {
			return skip
		}
		return decide(holds(*f[col]))
	}
}

func between(col string, lo, hi int64) func(flight) truth {
	return skipping(col, func(s string) bool {
		n, err := strconv.ParseInt(s, 10, 64)
		return err == nil && n >= lo && n <= hi
	})
}

// flightOracles computes, with no code of assay, what each row expectation of flights.yaml says of a row.
func flightOracles() map[string]func(flight) truth {
	notNull := func(c string) func(flight) truth {
		return func(f flight) truth { return decide(f[c] != nil) }
	}
	tail := regexp.MustCompile(`^N[1-9][0-9]{0,4}[A-Z]{0,2}$`)
	upper := regexp.MustCompile(`^\p{Lu}{3}$`)
	return map[string]func(flight) truth{
		"flights.not_null.id":        notNull("id"),
		"flights.not_null.tailnum":   notNull("tailnum"),
		"flights.not_null.dep_time":  notNull("dep_time"),
		"flights.not_null.arr_delay": notNull("arr_delay"),
		"flights.is_null.air_time": func(f flight) truth {
			if f["arr_time"] != nil {
				return out
			}
			return decide(f["air_time"] == nil)
		},
		"flights.in_set.origin":      skipping("origin", func(s string) bool { return s == "EWR" || s == "JFK" || s == "LGA" }),
		"flights.not_in_set.carrier": skipping("carrier", func(s string) bool { return s != "OO" && s != "HA" }),
		"flights.between.dep_delay":  between("dep_delay", -30, 180),
		"flights.between.month":      between("month", 1, 12),
		"flights.matches.tailnum":    skipping("tailnum", tail.MatchString),
		"flights.not_matches.dest": skipping("dest", func(s string) bool {
			return !strings.HasPrefix(s, "BOS") && !strings.HasPrefix(s, "BWI")
		}),
		"flights.matches.dest":           skipping("dest", upper.MatchString),
		"flights.length_between.tailnum": skipping("tailnum", func(s string) bool { return len(s) >= 5 && len(s) <= 6 }),
		"delays-differ": func(f flight) truth {
			a, aok := f.num("dep_delay")
			b, bok := f.num("arr_delay")
			return decide(aok != bok || a != b)
		},
		"not-that-plane": func(f flight) truth { return decide(f["tailnum"] == nil || *f["tailnum"] != "N14228") },
		"makes-up-time": func(f flight) truth {
			a, aok := f.num("arr_delay")
			d, dok := f.num("dep_delay")
			if !aok || !dok {
				return byNull
			}
			return decide(a <= d+60)
		},
		"slow": func(f flight) truth {
			dist, _ := f.num("distance")
			minute, _ := f.num("minute")
			air, ok := f.num("air_time")
			switch {
			case minute != 0 && dist/minute < 100, ok && air < 60:
				return yes
			case !ok:
				return byNull
			case minute == 0:
				return other
			}
			return no
		},
		"remainder": func(f flight) truth {
			n, _ := f.num("flight")
			minute, _ := f.num("minute")
			if minute == 0 {
				return other
			}
			return decide(n%minute < 30)
		},
		"plane-number": func(f flight) truth {
			if f["tailnum"] == nil {
				return byNull
			}
			s := *f["tailnum"]
			if len(s) < 3 {
				return other
			}
			n, err := strconv.ParseInt(s[1:3], 10, 64)
			if err != nil {
				return other
			}
			return decide(n >= 10)
		},
		"scheduled-adds-up": func(f flight) truth {
			s, _ := f.num("sched_dep_time")
			h, _ := f.num("hour")
			m, _ := f.num("minute")
			return decide(s == h*100+m)
		},
		"united-or-far": func(f flight) truth {
			d, _ := f.num("distance")
			return decide(strings.HasPrefix(f.str("carrier"), "U") || d > 200)
		},
		"in-2013": func(f flight) truth { return decide(strings.HasPrefix(f.str("time_hour"), "2013-")) },
		"month-agrees": func(f flight) truth {
			t, err := connectortest.FlightTime(f.str("time_hour"))
			m, _ := f.num("month")
			return decide(err == nil && int64(t.Month()) == m)
		},
		"cancelled-has-no-delay": func(f flight) truth {
			if f["dep_time"] != nil {
				return out
			}
			return decide(f["dep_delay"] == nil && f["arr_time"] == nil)
		},
		"negated": func(f flight) truth {
			a, ok := f.num("arr_delay")
			in := f.str("carrier") == "UA" || f.str("carrier") == "B6"
			switch {
			case !in:
				return yes
			case !ok:
				return byNull
			}
			return decide(a <= 120)
		},
		"on-null-fails": func(f flight) truth {
			a, ok := f.num("arr_delay")
			if !ok {
				return byNull
			}
			return decide(a < 1000)
		},
		"short-hop": func(f flight) truth {
			a, ok := f.num("air_time")
			d, _ := f.num("distance")
			switch {
			case !ok:
				return byNull
			case a < 30:
				return decide(d < 200)
			}
			return decide(d >= 80)
		},
		"names-add-up": func(f flight) truth { return decide(len(f.str("origin"))+len(f.str("dest")) == 6) },
	}
}

// flightCounts are the oracle's counts of every row and set expectation.
func flightCounts(rows [][]*string) map[string]result.Counts {
	oracles := flightOracles()
	counts := map[string]result.Counts{}
	cols := connectortest.FlightColumns()
	groups := map[string]int64{}
	f := flight{}
	for _, row := range rows {
		for i, c := range cols {
			f[c.Name] = row[i]
		}
		for id, oracle := range oracles {
			c := counts[id]
			switch oracle(f) {
			case yes:
				c.True++
			case no:
				c.False++
			case byNull:
				c.Undecided++
				c.UndecidedByNull++
			case other:
				c.Undecided++
			case skip:
				c.SkippedNull++
			case out:
			}
			counts[id] = c
		}
		groups[f.str("carrier")+"|"+f.str("flight")+"|"+f.str("time_hour")+"|"+f.str("origin")]++
	}
	n := int64(len(rows))
	counts["flights.unique.id"] = result.Counts{True: n}
	counts["flights.monotonic.id"] = result.Counts{True: n}
	var c result.Counts
	for _, k := range groups {
		if k > 1 {
			c.False += k
		} else {
			c.True++
		}
	}
	counts["flights.unique.carrier_flight_time_hour_origin"] = c
	return counts
}

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
	want := flightCounts(rows)
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
