package reports_test

import (
	"strings"
	"time"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/result"
)

type cells = map[string]result.Cell

// hostileCompare is a comparison with every class, in data and names full of what may harm a reader.
func hostileCompare() result.Expectation {
	huge := strings.Repeat("x<é>", hugeLen/5)
	key := func(id int64, line string) cells {
		return cells{"id": cell(value.IntValue(id)), "line " + markup: text(line)}
	}
	order := []string{"id", "line " + markup, "total", "name", "note " + escape, "seen_at"}
	changed := func(id int64, column string, a, b result.Cell) result.Failure {
		return result.Failure{
			Class: result.Changed, Key: key(id, "1"), Values: cells{}, Outcome: "false", Columns: []string{column}, Before: cells{column: a}, After: cells{column: b}, Order: order,
		}
	}
	full := cells{"total": dec("1.10"), "name": text(escape + markup), "note " + escape: text(huge), "seen_at": cell(value.TimestampValue(start()))}
	both := changed(9, "total", dec("10.01"), dec("10.02"))
	both.Columns = []string{"total", "name", "seen_at"}
	both.Before["name"], both.After["name"] = text("Zoé"), text("Zoe\u0301")
	both.Before["seen_at"], both.After["seen_at"] = cell(value.TimestampValue(start())), cell(value.TimestampValue(start().Add(time.Millisecond)))
	both.Before["note "+escape], both.After["note "+escape] = text("shown "+bidi), text("shown "+bidi)
	return result.Expectation{
		ID: "orders.compare." + markup, Kind: result.KindCompare, Datasets: []string{"orders", "customers"}, Verdict: result.Fail, Severity: result.SeverityError,
		Expression: "orders = customers", Location: at(40), Counts: counts(1_499_990, 12, 0, 0, 0, 0), Rate: new(1_499_990.0 / 1_500_002),
		Compare: &result.Compare{
			Source: "orders" + escape, Target: "customers " + markup, Key: []string{"id", "line " + markup}, Strategy: "digest", Reason: "the rows are wide " + escape,
			Counts:  result.CompareCounts{Identical: 1_499_980, Changed: 7, Missing: 2, Extra: 2, DuplicateKey: 1, InFlight: 10, Unsettled: 3, SourceRows: 1_500_001, TargetRows: 1_500_000},
			Columns: map[string]int64{"total": 4, "name": 1, "note " + escape: 3, "seen_at": 0}, Bound: 1e-30, Order: order[2:],
			Findings: []result.Finding{{Code: "precision", Column: "seen_at", Text: "seen_at keeps 3 digits " + lines}, {Code: "one-sided", Column: markup, Text: "only the source has " + markup}},
			Sample:   hostileSample(),
		},
		Ran: result.Ran{Where: "here", Method: "digest", Statements: 4, MS: 2345}, Message: "12 of 1,500,002 keys differ" + escape,
		Failures: []result.Failure{
			both,
			changed(1, "note "+escape, text(escape+"a"), text(escape+"b")),
			changed(2, "note "+escape, text(markup), cell(value.NullValue())),
			changed(3, "note "+escape, text(huge+"1"+huge), text(huge+"22"+huge)),
			changed(4, "total", text(bidi), text(broken)),
			{Class: result.Missing, Key: key(5, lines), Values: cells{}, Outcome: "false", Before: full, Order: order},
			{Class: result.Extra, Key: key(6, wide), Values: cells{}, Outcome: "false", After: full, Order: order},
			{Class: result.DuplicateKey, Key: key(7, huge), Values: cells{}, Outcome: "false", SourceRows: 3, TargetRows: 1, Before: full, After: full, Order: order},
		},
	}
}

// hostileSample is a sample of both sides, in data full of what may harm a reader.
func hostileSample() *result.CompareSample {
	return &result.CompareSample{
		Sentence: "7 of 10,000 source rows drawn differ" + escape, Confidence: 0.99, Seed: "18446744073709551615", Detect: 0.001, Need: 20_000,
		Source: &result.CompareWay{
			Method: "page and line " + markup, Reason: "the table is large " + escape, Wanted: 10_000, Drawn: 10_000, Judged: 9_990, Rows: new(int64(1_500_001)), RowsExact: true, Looked: 12_345,
			Lookup: "among all rows", LookupReason: "no index " + markup, Classes: map[string]int64{"identical": 9_983, "changed": 7}, Interval: &result.Interval{Low: 0.0002, High: 0.0017, Confidence: 0.995},
		},
		Target: &result.CompareWay{
			Method: "random score", Wanted: 10_000, Drawn: 1, Judged: 1, Linear: true, Lookup: "by key", Classes: map[string]int64{"identical": 1}, Ended: "time",
		},
		Estimates: []result.ClassEstimate{
			{
				Class: result.Changed, Sentence: "changed: 0.07 % of source rows" + escape + markup, Of: "source", Rate: 0.0007, Low: 0.0002, High: 0.0017, Confidence: 0.99,
				Rows: new(int64(1050)), RowsLow: new(int64(300)), RowsHigh: new(int64(2550)),
			},
			{Class: result.Extra, Sentence: "extra: anything from none to all of target rows", Of: "target", High: 1, Confidence: 0.99},
		},
	}
}
