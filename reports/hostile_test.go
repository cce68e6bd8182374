package reports_test

import (
	"math"
	"strings"
	"time"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/result"
)

// What a database or a suite may hold to harm a reader.
const (
	escape  = "\x1b[31mred\x1b[0m \x1b]0;title\a \x9b2J"
	markup  = `</script><script>alert("x")</script><img src=x onerror=alert(1)>&amp;'`
	lines   = "one\ntwo\r\nthree\u2028four"
	bidi    = "abc\u202egnp.exe\u202c \u2066x\u2069 a\u200bb\ufeff"
	broken  = "bad \xff\xfe utf-8 \x00 nul"
	wide    = "漢字かな交じり文 👩‍👩‍👧 e\u0301 Ｆｕｌｌ"
	hugeLen = 1 << 20
)

func cell(v value.Value) result.Cell { return result.Cell{Value: v} }

func text(s string) result.Cell { return cell(value.StringValue(s)) }

func dec(s string) result.Cell {
	d, err := value.ParseDec(s)
	if err != nil {
		return text(err.Error())
	}
	return cell(value.DecimalValue(d))
}

// start is when the hostile run began.
func start() time.Time { return time.Date(2026, 2, 28, 23, 59, 58, 500_000_000, time.UTC) }

// counts in the order of the type.
func counts(t, f, un, byNull, where, skipped int64) *result.Counts {
	return &result.Counts{True: t, False: f, Undecided: un, UndecidedByNull: byNull, WhereUndecided: where, SkippedNull: skipped}
}

func at(line int) result.Location {
	return result.Location{File: "suites/shop.yaml", Line: line, Column: 7}
}

func row(key, val string, c result.Cell, outcome, message string) result.Failure {
	return result.Failure{
		Key: map[string]result.Cell{key: cell(value.IntValue(7))}, Values: map[string]result.Cell{val: c},
		Outcome: outcome, Message: message, Order: []string{key, val},
	}
}

// hostile is a run with every verdict, kind and sort of value, full of what may harm a reader.
func hostile() *result.Report {
	return &result.Report{
		Schema: result.SchemaName,
		Run: result.Run{
			ID: "20260228T235958-00c0ffee", Suite: "shop " + markup + escape, Job: "shop", Mode: "full", Start: start(),
			End: start().Add(2*time.Hour + 3*time.Minute + 4*time.Second), DurationMS: 7_384_000, Now: start(),
			Versions: map[string]string{"assay": "1.0.0", "go": "go1.26.8"}, Digest: "0123456789abcdef0123456789abcdef",
		},
		Summary: result.Summary{
			Verdict: result.Error, Passed: 4, Failed: 4, Warned: 2, Inconclusive: 1, Errored: 3, Skipped: 1, RecordsChecked: 9_007_199_254_740_993,
			ErrorCount: 5, Inconsistency: new(0.000_000_1), Throughput: 1234.5,
			TopErrors: []result.ErrorCount{{Message: lines + markup, Count: 2}}, FixesByType: map[string]int{},
		},
		Expectations: append(append(hostileRows(), hostileOthers()...), hostileCompare()),
		Datasets: []result.Dataset{
			{Name: "orders", Connection: "shop", Driver: "postgres", Source: "public." + markup, Rows: new(int64(1)), MS: 12},
			{Name: "customers", Connection: "legacy", Driver: "mysql", Source: "customers", Rows: new(int64(336_776)), Statements: []string{"SELECT 1"}, MS: 65_000},
			{Name: "gone", Connection: "search", Driver: "elasticsearch", Source: "query", Error: "connection refused " + escape},
		},
		Alerts: []result.Alert{
			{Rule: "errors", Level: "critical", Message: lines + markup + escape, Expectation: "orders." + markup},
			{Rule: markup, Level: "warning", Message: "@everyone [x](//evil) `a` | b", Dataset: markup},
		},
	}
}

func hostileRows() []result.Expectation {
	huge := strings.Repeat("x<é>", hugeLen/5)
	return []result.Expectation{
		{
			ID: "orders." + markup, Kind: result.KindRow, Description: markup, Owner: "team " + escape, Tags: []string{markup, bidi}, Datasets: []string{"orders"},
			Verdict: result.Fail, Severity: result.SeverityError, Expression: "row.a == '" + markup + "' &&\n  row.b != \"\x1b[2J\"", Where: "row.c > 0",
			Location: at(12), Counts: counts(900, 90, 10, 7, 3, 2), Rate: new(900.0 / 993), OnNull: "skip",
			Ran:     result.Ran{Where: "server+here", Method: "filtered on the server, evaluated here", Statements: 2, MS: 999, Reasons: []string{"postgres: regex with \\pL " + markup}},
			Message: "93 of 993 rows fail" + escape,
			Failures: []result.Failure{
				row("id", "markup", text(markup), "false", markup),
				row("id", "escape", text(escape), "false", escape+lines),
				row("id", "lines", text(lines), "undecided", ""),
				row("id", "bidi", text(bidi), "false", bidi),
				row("id", "broken", text(broken), "false", broken),
				row("id", "wide", text(wide), "false", wide),
				row("id", "huge", text(huge), "false", huge),
				row(markup, escape+lines, cell(value.NullValue()), "false", ""),
			},
		},
		{
			ID: "values", Kind: result.KindRow, Datasets: []string{"orders"}, Verdict: result.Fail, Severity: result.SeverityError, Expression: "false",
			Location: at(14), Counts: counts(0, 1, 13, 13, 0, 0), Rate: new(0.0), OnNull: "fail", Ran: result.Ran{Where: "here", Method: "streamed", Statements: 1, MS: 61_000},
			Message: "14 of 14 rows fail",
			Failures: []result.Failure{
				row("id", "int", cell(value.IntValue(math.MinInt64)), "false", ""),
				row("id", "safe", cell(value.IntValue(1<<53)), "false", ""),
				row("id", "unsafe", cell(value.IntValue(1<<53+1)), "false", ""),
				row("id", "uint", cell(value.UintValue(math.MaxUint64)), "false", ""),
				row("id", "decimal", dec("12345678901234567890.123456789012345678"), "false", ""),
				row("id", "nan", cell(value.DoubleValue(math.NaN())), "false", ""),
				row("id", "inf", cell(value.DoubleValue(math.Inf(-1))), "false", ""),
				row("id", "tenth", cell(value.DoubleValue(0.1)), "false", ""),
				row("id", "bytes", cell(value.BytesValue([]byte{0, 0x1b, 0xff})), "false", ""),
				row("id", "time", cell(value.TimestampValue(start())), "false", ""),
				row("id", "local", cell(value.LocalTimestampValue(start())), "false", ""),
				row("id", "span", cell(value.DurationValue(9*time.Hour+time.Nanosecond)), "false", ""),
				row("id", "json", cell(value.JSONValue(`{"a":"`+markup+`"}`)), "false", ""),
				row("id", "list", cell(value.ListValue(value.Type{Kind: value.String}, value.StringValue(markup), value.NullValue())), "undecided", ""),
			},
		},
		{
			ID: "almost-all", Kind: result.KindRow, Datasets: []string{"customers"}, Verdict: result.Pass, Severity: result.SeverityError, Expression: "row.a > 0",
			Location: at(20), Counts: counts(336_775, 1, 0, 0, 0, 0), Rate: new(336_775.0 / 336_776), Mostly: "0.999", MaxFailures: new(int64(3)), OnNull: "skip",
			Interval: &result.Interval{Low: 0.98, High: 1, Confidence: 0.99},
			Ran:      result.Ran{Where: "server", Method: "one pass shared by 3 measures", Statements: 1, MS: 12_345}, Message: "99.9997 % of 336,776 rows hold, 99.9 % must", Failures: []result.Failure{},
		},
		{
			ID: "one-row", Kind: result.KindRow, Datasets: []string{"customers"}, Verdict: result.Pass, Severity: result.SeverityError, Expression: "true", Location: at(21),
			Counts: counts(1, 0, 0, 0, 0, 0), Rate: new(1.0), OnNull: "pass", Ran: result.Ran{Where: "server", Method: "one pass shared by 3 measures", Statements: 1}, Message: "the one row holds", Failures: []result.Failure{},
		},
		{
			ID: "no-rows", Kind: result.KindRow, Datasets: []string{"customers"}, Verdict: result.Pass, Severity: result.SeverityError, Expression: "row.a", Location: at(22),
			Counts: counts(0, 0, 0, 0, 0, 0), Ran: result.Ran{Where: "server"}, Message: "no rows", Failures: []result.Failure{},
		},
		{
			ID: "customers." + strings.Repeat("a-very-long-name-", 6) + "total", Kind: result.KindSet, Name: "unique", Datasets: []string{"customers"}, Verdict: result.Fail, Severity: result.SeverityWarning,
			Expression: "unique(" + wide + ")", Location: at(23), Counts: counts(5, 2, 0, 0, 0, 4), Rate: new(5.0 / 7), OnNull: "skip",
			Ran: result.Ran{Where: "server", Method: "one statement", Statements: 1, MS: 3}, Message: "2 of 7 rows fail",
			Failures: []result.Failure{row("id", "name", text(wide), "false", "")},
		},
		{
			ID: wide, Kind: result.KindRow, Datasets: []string{"customers"}, Verdict: result.Fail, Severity: result.SeverityInfo, Expression: "row.a != null", Location: at(24),
			Counts: counts(0, 2, 0, 0, 0, 0), Rate: new(0.0), Ran: result.Ran{Where: "server", MS: 3}, Message: "2 of 2 rows fail", Failures: []result.Failure{row("id", "a", cell(value.NullValue()), "false", "")},
		},
	}
}

func hostileOthers() []result.Expectation {
	return []result.Expectation{
		{
			ID: "revenue-agrees", Kind: result.KindMetric, Datasets: []string{"orders", "customers"}, Verdict: result.Fail, Severity: result.SeverityError,
			Expression: "orders.sum(o, o.total) == customers.sum(c, c.total)", Location: at(30), Observed: dec("-1234567.89"),
			Metrics: []result.Metric{{Expression: "orders.sum(o, o.total)", Value: dec("1234567.1"), ByNull: 1_000, Errored: 0}, {Expression: markup, Value: text(markup)}},
			Ran:     result.Ran{Where: "server", Method: "one pass", Statements: 2, MS: 40}, Message: "does not hold", Failures: []result.Failure{},
		},
		{
			ID: "fresh", Kind: result.KindMetric, Datasets: []string{"orders"}, Verdict: result.Inconclusive, Severity: result.SeverityError, Expression: "orders.freshness(o, o.at) < duration('1h')",
			Location: at(31), Observed: cell(value.DurationValue(32400*time.Second + 462222984)), Ran: result.Ran{Where: "server", MS: 1}, Message: "too few rows to tell", Failures: []result.Failure{},
		},
		{
			ID: "column_exists", Kind: result.KindSchema, Name: "column_exists", Datasets: []string{"orders"}, Verdict: result.Pass, Severity: result.SeverityError,
			Expression: "column_exists(a)", Location: at(32), Ran: result.Ran{Where: "schema", Method: "catalogue"}, Message: "the column a exists", Failures: []result.Failure{},
		},
		{
			ID: "gone.first", Kind: result.KindRow, Datasets: []string{"gone"}, Verdict: result.Error, Severity: result.SeverityError, Expression: "row.a", Location: at(40),
			Message: "connection refused: " + lines + escape, Failures: []result.Failure{},
		},
		{
			ID: "gone.second", Kind: result.KindRow, Datasets: []string{"gone"}, Verdict: result.Error, Severity: result.SeverityWarning, Expression: "row.b", Location: at(41),
			Message: "connection refused: " + lines + escape, Failures: []result.Failure{},
		},
		{
			ID: "compare-them", Kind: result.KindCompare, Datasets: []string{"orders", "gone"}, Verdict: result.Error, Severity: result.SeverityError, Expression: "", Location: result.Location{},
			Message: markup, Failures: []result.Failure{},
		},
		{
			ID: "later", Kind: result.KindCompare, Datasets: []string{}, Verdict: result.Skipped, Severity: result.SeverityError, Expression: "true", Location: at(43),
			Message: "skipped: " + bidi, Failures: []result.Failure{},
		},
	}
}

// empty is a run of a suite without expectations.
func empty() *result.Report {
	return &result.Report{
		Schema: result.SchemaName,
		Run:    result.Run{ID: "20260228T235958-00000000", Suite: "nothing", Job: "nothing", Mode: "full", Start: start(), End: start(), Now: start(), Versions: map[string]string{}},
		Summary: result.Summary{
			Verdict: result.Pass, TopErrors: []result.ErrorCount{}, FixesByType: map[string]int{},
		},
		Expectations: []result.Expectation{}, Datasets: []result.Dataset{}, Alerts: []result.Alert{},
	}
}

// hostilePlan is the plan of a run whose names and reasons may harm a reader, with everything that can become of one.
func hostilePlan() *result.PlanSummary {
	return &result.PlanSummary{
		Path: ".assay/runs/20260228T235958-00c0ffee/plan.jsonl", Mode: "selective", Digest: "00ff", Targets: []string{"orders " + markup, "customers"},
		Changes: map[string]int{"update": 1200, "insert": 1, "delete": 3}, ByClass: map[string]int{"changed": 1200, "missing": 1, "extra": 3}, ByRisk: map[string]int{"low": 1199, "high": 4, "manual": 1},
		Refused: []result.PlanRefusal{{Expectation: markup, Reason: lines + escape, Rows: 2}},
		Applied: &result.PlanApplied{
			Applied: 1190, Already: 2, Stale: 3, Failed: 4, Altered: 1, Undo: ".assay/runs/20260228T235958-00c0ffee/plan.undo.jsonl",
			Left: []result.PlanLeft{
				{Target: "orders " + markup, Action: "update", Outcome: "stale", Order: []string{"id", markup}, Key: map[string]result.Cell{"id": cell(value.IntValue(1<<53 + 1)), markup: text(escape)}},
				{Target: "customers", Action: "insert", Outcome: "failed", Order: []string{"id"}, Key: map[string]result.Cell{"id": dec("1.10")}, Reason: "duplicate key " + markup + bidi},
			},
		},
		Escalated: []result.PlanEscalation{
			{Expectation: "index-in-sync", Target: "customers", Action: "delete", Class: "extra", Risk: "high", Reason: "a delete is never low", Changes: 3},
			{Expectation: markup, Target: escape, Action: "update", Class: "changed", Risk: "manual", Reason: broken, Changes: 1},
		},
		Rebuilt: []result.PlanRebuilt{
			{Expectation: "all", Dataset: "orders", Rows: 1_500_000, Old: "orders_assay_old_" + markup},
			{Expectation: "all", Dataset: "customers", Error: "3 rows differ " + lines},
		},
	}
}
