package reports_test

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/reports"
	"github.com/assay-dev/assay/reports/html"
)

func asJSON(t *testing.T, rep *result.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := reports.JSON(&b, rep); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func asHTML(t *testing.T, rep *result.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := html.Write(&b, rep); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func reread(t *testing.T, text string) *result.Report {
	t.Helper()
	rep, err := reports.Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

// everyType is a report with a failing row that has a value of every type, and comparisons and metrics of them.
func everyType(t *testing.T) *result.Report {
	t.Helper()
	dec := func(s string) value.Value {
		d, err := value.ParseDec(s)
		if err != nil {
			t.Fatal(err)
		}
		return value.DecimalValue(d)
	}
	at := time.Date(2024, 2, 29, 12, 0, 0, 500, time.UTC)
	vs := map[string]value.Value{
		"null": value.NullValue(), "true": value.BoolValue(true), "false": value.BoolValue(false),
		"int": value.IntValue(-3), "int max": value.IntValue(math.MaxInt64), "int min": value.IntValue(math.MinInt64), "uint": value.UintValue(3), "uint max": value.UintValue(math.MaxUint64),
		"double": value.DoubleValue(0.1), "double whole": value.DoubleValue(3), "double million": value.DoubleValue(1e6), "double big": value.DoubleValue(1e300),
		"double 1e20": value.DoubleValue(1e20), "double -0": value.DoubleValue(math.Copysign(0, -1)), "double tiny": value.DoubleValue(5e-324),
		"NaN": value.DoubleValue(math.NaN()), "+Inf": value.DoubleValue(math.Inf(1)), "-Inf": value.DoubleValue(math.Inf(-1)),
		"decimal": dec("176.30"), "decimal whole": dec("12345678901234567890"), "decimal 0": dec("0.00"),
		"string": value.StringValue("176.30"), "empty": value.StringValue(""), "quotes": value.StringValue("\"\\ufffd\\\\ufffd \u2028 <&>\x00"), "null text": value.StringValue("null"),
		"no UTF-8": value.StringValue("a\xff\\xff\xed\xa0\x80\ufffd"), "backslash": value.StringValue(`\xff`), "json no UTF-8": value.JSONValue("\"\xfe\\\\\""),
		"list no UTF-8":  value.ListValue(value.Of(value.String), value.StringValue("a\xff"), value.StringValue(`a\xff`), value.NullValue()),
		"lists no UTF-8": value.ListValue(value.ListOf(value.Of(value.String)), value.ListValue(value.Of(value.String), value.StringValue("\xfe"), value.StringValue(`\`))),
		"bytes":          value.BytesValue([]byte("\x00\xff")), "no bytes": value.BytesValue(nil),
		"timestamp": value.TimestampValue(at), "year 1": value.TimestampValue(time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)), "local": value.LocalTimestampValue(at),
		"duration": value.DurationValue(90 * time.Minute), "duration min": value.DurationValue(math.MinInt64), "duration half": value.DurationValue(-500 * time.Millisecond),
		"json": value.JSONValue(`{"a": [1, 2.0]}`), "json text": value.JSONValue(`"x"`),
		"list": value.ListValue(value.Of(value.String), value.StringValue("a"), value.NullValue()), "list empty": value.ListValue(value.Of(value.Int)),
		"list ints": value.ListValue(value.Of(value.Int), value.IntValue(1)), "list decimals": value.ListValue(value.Of(value.Decimal), dec("1.5"), value.NullValue()),
		"lists": value.ListValue(value.ListOf(value.Of(value.Timestamp)), value.ListValue(value.Of(value.Timestamp), value.TimestampValue(at))),
	}
	rep := empty()
	cells := map[string]result.Cell{}
	e := result.Expectation{ID: "rows", Kind: result.KindRow, Verdict: result.Fail, Datasets: []string{}, Counts: &result.Counts{True: 1, False: 1}}
	f := result.Failure{Key: map[string]result.Cell{"id": {Value: value.UintValue(7)}}, Values: cells, Outcome: "false", Order: []string{"id"}}
	for name, v := range vs {
		cells[name] = result.Cell{Value: v}
		f.Order = append(f.Order, name) // in no order
		other := result.Expectation{ID: name, Kind: result.KindMetric, Verdict: result.Fail, Observed: result.Cell{Value: v}, Datasets: []string{}, Failures: []result.Failure{}}
		other.Metrics = []result.Metric{{Expression: "x", Value: result.Cell{Value: v}}}
		other.Sample = &result.Sample{Strata: []result.Stratum{{Name: result.Cell{Value: v}, Rows: 1}}}
		rep.Expectations = append(rep.Expectations, other)
	}
	e.Failures = append(e.Failures, f)
	rep.Expectations = append(rep.Expectations, e, result.Expectation{
		ID: "compared", Kind: result.KindCompare, Verdict: result.Fail, Datasets: []string{}, Counts: &result.Counts{WhereUndecided: 5},
		Compare: &result.Compare{
			Key: []string{"id"}, Columns: map[string]int64{"b": 1, "a": 1}, Order: []string{"b", "a"}, Findings: []result.Finding{}, WhereUndecided: 5,
		},
		Failures: []result.Failure{{
			Key: f.Key, Values: map[string]result.Cell{}, Outcome: "false", Class: result.Changed, Columns: []string{"b", "a"}, Order: []string{"id", "b", "a"},
			Before: map[string]result.Cell{"b": cells["decimal"], "a": cells["int"]}, After: map[string]result.Cell{"b": cells["double"], "a": cells["string"]},
		}},
	})
	return rep
}

// TestRead holds what was read of a report against the original: all of its JSON, and what it says in other forms.
func TestRead(t *testing.T) {
	for name, rep := range map[string]*result.Report{"hostile": hostile(), "empty": empty(), "every type": everyType(t)} {
		text := asJSON(t, rep)
		again := reread(t, text)
		if d := cmp.Diff(text, asJSON(t, again)); d != "" {
			t.Errorf("%s: JSON:\n%s", name, d)
		}
		if name == "hostile" {
			continue // bytes that are no UTF-8 are shown as escapes in the original
		}
		options := reports.TextOptions{Rows: 100, Width: 200}
		if d := cmp.Diff(writeText(t, rep, options), writeText(t, again, options)); d != "" {
			t.Errorf("%s: text:\n%s", name, d)
		}
		if asHTML(t, rep) != asHTML(t, again) {
			t.Errorf("%s: another HTML page", name)
		}
	}
	rep := everyType(t)
	again := reread(t, asJSON(t, rep))
	for i := range rep.Expectations {
		want, got := rep.Expectations[i].Observed, again.Expectations[i].Observed
		if want.Type().String() != got.Type().String() || want.Text() != got.Text() {
			t.Errorf("%s: read as %s %s, not %s %s", rep.Expectations[i].ID, got.Type(), got.Text(), want.Type(), want.Text())
		}
	}
	if c := again.Expectations[len(again.Expectations)-1].Compare; c.WhereUndecided != 5 || c.Order[0] != "b" {
		t.Errorf("got %+v", c)
	}
}

func TestReadRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`{"schema": "assay.report/v1", "expectations": [{"id": "e", "observed": "a\\xfg", "observed_type": "escaped_string"}]}`: "no byte",
		`{"schema": "assay.report/v1", "expectations": [{"id": "e", "observed": "a\\", "observed_type": "escaped_string"}]}`:    "no escaped text",
		`{"schema": "assay.report/v1", "expectations": [{"id": "e", "observed": "a\\x1", "observed_type": "escaped_json"}]}`:    "no escaped text",
		"":                               "no report",
		"{}":                             `its schema is ""`,
		`{"schema": "assay.report/v2"}`:  "assay.report/v2",
		`{"schema": "assay.report/v1"}x`: "behind",
		`{"schema": "assay.report/v1", "expectations": [{"id": "e", "observed": "x", "observed_type": "decimal"}]}`:                        "expectation e",
		`{"schema": "assay.report/v1", "expectations": [{"id": "e", "observed": {}}]}`:                                                     "no value",
		`{"schema": "assay.report/v1", "expectations": [{"id": "e", "failures": [{"values": {"c": 1}, "types": {"values.c": "money"}}]}]}`: `column "c"`,
		`{"schema": "assay.report/v1", "expectations": [{"id": "e", "observed": "1/3s", "observed_type": "duration"}]}`:                    "no duration",
	} {
		if _, err := reports.Read(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// failing is a writer that takes some bytes.
type failing struct{ left int }

func (f *failing) Write(b []byte) (int, error) {
	if f.left -= len(b); f.left < 0 {
		return 0, errors.New("full")
	}
	return len(b), nil
}

func TestJSONSaysThatItCouldNotBeWritten(t *testing.T) {
	if err := reports.JSON(&failing{100}, hostile()); err == nil {
		t.Error("nothing was said")
	}
}
