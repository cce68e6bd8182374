package lang_test

import (
	"testing"

	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/lang"
)

// finding is a diagnostic: its code, line, column (from 0, within the line of the scalar), length,
// message and hint.
type finding struct {
	code           string
	line, col, len int
	message, hint  string
}

func findings(l diag.List) []finding {
	var out []finding
	for _, d := range l {
		out = append(out, finding{d.Code, d.Span.Line, d.Span.Col - 13, d.Span.Len, d.Message, d.Hint})
	}
	return out
}

func checkFindings(t *testing.T, expr string, got diag.List, want []finding) {
	t.Helper()
	g := findings(got)
	if len(g) != len(want) {
		t.Errorf("%s: %+v, want %+v", expr, g, want)
		return
	}
	for i := range g {
		if g[i] != want[i] {
			t.Errorf("%s:\n got %+v\nwant %+v", expr, g[i], want[i])
		}
	}
}

func TestRowDiagnostics(t *testing.T) {
	for _, tt := range []struct {
		expr string
		want []finding
	}{
		{`row.totl == 3`, []finding{{"unknown-column", 10, 4, 4, "orders has no column \"totl\"", "did you mean \"total\"?"}}},
		{`row["totl"] == 3`, []finding{{"unknown-column", 10, 4, 6, "orders has no column \"totl\"", "did you mean \"total\"?"}}},
		{`row["body"] == "x"`, []finding{{"unusable-column", 10, 4, 6, "column \"body\" cannot be used: analysed text has no exact value", ""}}},
		{`row.zzz == 3`, []finding{{"unknown-column", 10, 4, 3, "orders has no column \"zzz\"", "it has: address.city, body, created_at, dbl, doc, flag, id, naive, price, qty, raw, status, …"}}},
		{`row.status == 3`, []finding{{"type-mismatch", 10, 0, 15, "cannot compare string with int", "write \"3\", or convert the text, as in int(…)"}}},
		{`row.qty > "3"`, []finding{{"type-mismatch", 10, 0, 13, "cannot compare int with string", "write 3 without quotes"}}},
		{`row.status > 3 && row.qty == "x"`, []finding{{"type-mismatch", 10, 0, 14, "cannot compare string with int", "write \"3\", or convert the text, as in int(…)"}, {"type-mismatch", 10, 18, 14, "cannot compare int with string", "convert one of them, as in int(…) or string(…)"}}},
		{`row.created_at > "2024-01-01"`, []finding{{"type-mismatch", 10, 0, 29, "cannot compare timestamp with string", "write timestamp(\"2024-01-01T00:00:00Z\")"}}},
		{`row.naive > now`, []finding{{"type-mismatch", 10, 0, 15, "cannot compare local timestamp with timestamp", "declare timezone: on the connection, so that timestamps without a zone become instants"}}},
		{`row.naive == row.created_at`, []finding{{"type-mismatch", 10, 0, 27, "cannot compare local timestamp with timestamp", "declare timezone: on the connection, so that timestamps without a zone become instants"}}},
		{`row.took > "24h"`, []finding{{"type-mismatch", 10, 0, 16, "cannot compare duration with string", "write duration(\"24h\")"}}},
		{`row.qty + row.dbl == 1`, []finding{{"type-mismatch", 10, 0, 17, "\"+\" does not apply to int and double", "convert one of them, as in double(…)"}}},
		{`row.status + 1 == "x"`, []finding{{"type-mismatch", 10, 0, 14, "\"+\" does not apply to string and int", ""}}},
		{`row.qty`, []finding{{"not-bool", 10, 0, 7, "the expression is an int, not a condition", "compare it with something"}}},
		{`row.status`, []finding{{"not-bool", 10, 0, 10, "the expression is a string, not a condition", "compare it with something"}}},
		{`row`, []finding{{"row-as-value", 10, 0, 3, "\"row\" is a whole row, not a value", "name one of its columns: row.id"}}},
		{`row == null`, []finding{{"row-as-value", 10, 0, 3, "\"row\" is a whole row, not a value", "name one of its columns: row.id"}}},
		{`qty > 1`, []finding{{"unknown-name", 10, 0, 3, "there is no \"qty\"", "write row.qty"}}},
		{`orders.count() > 1`, []finding{{"dataset-in-row", 10, 0, 6, "the dataset \"orders\" cannot be used in an expression about a row", "an expectation is about rows or about datasets, not both"}}},
		{`rows.qty > 1`, []finding{{"unknown-name", 10, 0, 4, "there is no \"rows\"", "did you mean \"row\"?"}}},
		{`row.status.matches("a(b")`, []finding{{"bad-regex", 10, 20, 3, "the regular expression is wrong: missing closing ): \"a(b\"", ""}}},
		{`row.status.matches("^(?=x)")`, []finding{{"bad-regex", 10, 21, 3, "the regular expression is wrong: invalid or unsupported Perl syntax: \"(?=\"", "RE2 has no look-around: state the parts as separate conditions"}}},
		{`row.status.startWith("a")`, []finding{{"unknown-function", 10, 11, 9, "there is no function \"startWith\"", "did you mean \"startsWith\"?"}}},
		{`row.status.startsWith(1)`, []finding{{"type-mismatch", 10, 0, 24, "string.startsWith(int) does not exist", "it takes string.startsWith(string)"}}},
		{`sizee(row.status) > 1`, []finding{{"unknown-function", 10, 0, 5, "there is no function \"sizee\"", "did you mean \"size\"?"}}},
		{`math.abz(row.qty) > 1`, []finding{{"unknown-function", 10, 0, 8, "there is no function \"math.abz\"", "did you mean \"math.abs\"?"}}},
		{`row.qty > 1 &&`, []finding{{"syntax", 10, 14, 1, "the expression ends too early", ""}}},
		{`row.qty = 1`, []finding{{"syntax", 10, 8, 1, "unexpected \"=\"", "equality is =="}}},
		{`row.qty > 1 and row.qty < 3`, []finding{{"syntax", 10, 12, 3, "unexpected \"and\"", "and is written &&"}}},
		{`row.status == 'abc`, []finding{{"syntax", 10, 14, 4, "the text that begins here does not end", "close the quote"}}},
		{`(row.qty > 1`, []finding{{"syntax", 10, 12, 1, "the expression ends without \")\"", ""}}},
		{`row.qty > 1)`, []finding{{"syntax", 10, 11, 1, "unexpected \")\"", ""}}},
		{``, []finding{{"syntax", 10, 0, 1, "the expression is empty", ""}}},
		{`   `, []finding{{"syntax", 10, 0, 1, "the expression is empty", ""}}},
		{`timestamp("2024-13-01T00:00:00Z") < now`, []finding{{"bad-timestamp", 10, 10, 22, "\"2024-13-01T00:00:00Z\" is no instant", "as in \"2024-01-31T00:00:00Z\""}}},
		{`duration("1d") < row.took`, []finding{{"bad-duration", 10, 9, 4, "\"1d\" is no duration", "as in \"24h\" or \"90s\"; the longest unit is the hour"}}},
		{`decimal("abc") == row.total`, []finding{{"bad-decimal", 10, 8, 5, "\"abc\" is no decimal number", "as in \"12.50\""}}},
		{`row.created_at.getHours("Nowhere/X") == 1`, []finding{{"bad-timezone", 10, 24, 11, "\"Nowhere/X\" is no time zone", "as in \"Europe/Berlin\" or \"+02:00\""}}},
		{`row.body == "x"`, []finding{{"unusable-column", 10, 0, 8, "column \"body\" cannot be used: analysed text has no exact value", ""}}},
		{`vars.limt == 1`, []finding{{"unknown-variable", 10, 0, 9, "there is no variable \"limt\"", "did you mean \"limit\"?"}}},
		{`vars == 1`, []finding{{"unknown-variable", 10, 0, 4, "vars is not a value: name one of them, as in vars.name", "the suite has: codes, limit, rate, region"}}},
		{`row.qty in ["a"]`, []finding{{"type-mismatch", 10, 0, 16, "int cannot be looked up in list(string)", ""}}},
		{`row.status in [1, 2]`, []finding{{"type-mismatch", 10, 0, 20, "string cannot be looked up in list(int)", ""}}},
		{`!row.qty`, []finding{{"type-mismatch", 10, 0, 8, "\"!\" needs conditions, not int", ""}}},
		{`row.qty ? true : false`, []finding{{"type-mismatch", 10, 0, 22, "\"? :\" needs a condition, not an int", ""}}},
		{`row.flag ? row.qty : row.status`, []finding{{"type-mismatch", 10, 0, 31, "the branches of \"? :\" are int and string", "convert one of them"}}},
		{`row.tags.all(row, true)`, []finding{{"reserved-name", 10, 0, 23, "the macro's variable may not be called \"row\"", "choose another one"}}},
		{`row.qty.foo == 1`, []finding{{"type-mismatch", 10, 0, 11, "an int has no member \"foo\"", ""}}},
		{`row.qty.all(x, x > 1)`, []finding{{"type-mismatch", 10, 0, 7, "an int has no elements", ""}}},
		{`[1,2].exists(x, x == "a")`, []finding{{"type-mismatch", 10, 16, 8, "cannot compare int with string", "convert one of them, as in int(…) or string(…)"}}},
		{`Foo{a: 1} == null`, []finding{{"unknown-name", 10, 3, 6, "there is no message type \"Foo\"", ""}}},
		{`metric > 1`, []finding{{"unknown-name", 10, 0, 6, "there is no metric here", "declare metric: beside expect:"}}},
		{`row.address == "x"`, []finding{{"unknown-column", 10, 4, 7, "orders has no column \"address\"", "it has: address.city"}}},
		{`row.address.cty == "x"`, []finding{{"unknown-column", 10, 4, 11, "orders has no column \"address.cty\"", "did you mean \"address.city\"?"}}},
		{`row.qty > 1 &&
  row.totl > 2`, []finding{{"unknown-column", 11, 6, 4, "orders has no column \"totl\"", "did you mean \"total\"?"}}},
		{`int("abc") == row.qty`, []finding{{"bad-constant", 10, 0, 21, "a constant of the expression cannot be computed: type conversion error from 'string' to 'int'", ""}}},
		{`row.sum(x, x.qty) > 1`, []finding{{"row-macro", 10, 0, 17, "\"row\" is one row: it has no sum()", "macros aggregate datasets in metric expressions"}}},
		{`row.total == "1"`, []finding{{"type-mismatch", 10, 0, 16, "cannot compare decimal with string", "write 1 without quotes"}}},
		{`row.created_at - 5 > now`, []finding{{"type-mismatch", 10, 0, 18, "\"-\" does not apply to timestamp and int", "write a duration, as in duration(\"24h\")"}}},
		{"row.`strange nme` == 1", []finding{{"unknown-column", 10, 4, 13, "orders has no column \"strange nme\"", "did you mean \"strange name\"?"}}},
		{`row.status.isEmial()`, []finding{{"unknown-function", 10, 11, 7, "there is no function \"isEmial\"", "did you mean \"isEmail\"?"}}},
		{`-row.status == ""`, []finding{{"type-mismatch", 10, 0, 11, "\"-\" does not apply to string", ""}}},
		{`row.naive.getHours() == 1`, []finding{{"type-mismatch", 10, 0, 20, "local timestamp.getHours() does not exist", "it takes timestamp.getHours() or timestamp.getHours(string) or duration.getHours()"}}},
		{`row.qty / 0 == 1 || 1`, []finding{{"type-mismatch", 10, 20, 1, "this must be a bool, not an int", ""}}},
		{`"é" == row.statuss`, []finding{{"unknown-column", 10, 11, 7, "orders has no column \"statuss\"", "did you mean \"status\"?"}}},
		{`row.qty ==== 1`, []finding{{"syntax", 10, 10, 2, "unexpected \"==\"", ""}}},
		{`row.qty < null`, []finding{{"type-mismatch", 10, 0, 14, "cannot compare int with null", ""}}},
	} {
		e, list := lang.CompileRow(text(tt.expr), scope())
		if e != nil {
			t.Errorf("%s: an expression beside errors", tt.expr)
		}
		checkFindings(t, tt.expr, list, tt.want)
	}
}

func TestMetricDiagnostics(t *testing.T) {
	for _, tt := range []struct {
		expr string
		want []finding
	}{
		{`ordrs.count() > 1`, []finding{{"unknown-dataset", 10, 0, 5, "there is no dataset \"ordrs\"", "did you mean \"orders\"?"}}},
		{`orders.cont() > 1`, []finding{{"unknown-function", 10, 7, 4, "a dataset has no macro \"cont\"", "did you mean \"count\"?"}}},
		{`orders > 1`, []finding{{"dataset-as-value", 10, 0, 6, "\"orders\" is a dataset, not a value", "ask it for a number, as in orders.count()"}}},
		{`orders.total > 1`, []finding{{"dataset-as-value", 10, 0, 12, "\"orders\" is a dataset: its columns have one value a row", "a macro aggregates it, as in orders.max(x, x.total)"}}},
		{`orders.sum(o, o.totl) > 1`, []finding{{"unknown-column", 10, 16, 4, "orders has no column \"totl\"", "did you mean \"total\"?"}}},
		{`orders.sum(o) > 1`, []finding{{"macro-arguments", 10, 0, 13, "sum() does not take 1 argument", "as in orders.sum(x, x.column) or orders.sum(x, x.column, condition)"}}},
		{`orders.sum(o.total, 1) > 1`, []finding{{"macro-arguments", 10, 11, 7, "the first argument must be a name for the row", "as in orders.sum(x, x.column) or orders.sum(x, x.column, condition)"}}},
		{`orders.count(o, o.qty) > 1`, []finding{{"not-bool", 10, 16, 5, "the expression is an int, not a condition", "compare it with something"}}},
		{`orders.sum(o, o.status) > 1`, []finding{{"type-mismatch", 10, 14, 8, "sum() needs a number or a duration, not a string", ""}}},
		{`row.qty > 1`, []finding{{"row-in-metric", 10, 0, 3, "there is no row here: the expression speaks of whole datasets", "a macro speaks of rows, as in orders.count(o, o.total > 0)"}}},
		{`orders.by(o, o.status).count() > 1`, []finding{{"type-mismatch", 10, 0, 34, "cannot compare map with int", ""}}},
		{`orders.by(o, o.total).count().all(k, v, v > 1)`, []finding{{"type-mismatch", 10, 13, 7, "a decimal cannot be a key of by()", "string(…) makes a text of it"}}},
		{`orders.by(o, o.status)`, []finding{{"macro-arguments", 10, 7, 2, "by() groups for a macro that must follow", "as in orders.by(x, x.column).count()"}}},
		{`orders.quantile(o, o.qty, 2) > 1`, []finding{{"macro-arguments", 10, 26, 1, "the level of quantile() must be a number above 0 and at most 1", "0.5 is the median"}}},
		{`orders.freshness(o, o.naive) < duration("1h")`, []finding{{"type-mismatch", 10, 20, 7, "freshness() needs a timestamp, not a local timestamp", "declare timezone: on the connection, so that timestamps without a zone become instants"}}},
		{`orders.freshness(o, o.qty) < duration("1h")`, []finding{{"type-mismatch", 10, 20, 5, "freshness() needs a timestamp, not an int", ""}}},
		{`1 < 2`, []finding{{"no-dataset", 10, 0, 5, "the expression asks no dataset for anything", "the datasets here: customers, orders"}}},
		{`orders.count()`, []finding{{"not-bool", 10, 0, 14, "the expression is an int, not a condition", "compare it with something"}}},
		{`orders.sum(o, customers.count()) > 1`, []finding{{"dataset-in-row", 10, 14, 9, "the dataset \"customers\" cannot be used in an expression about a row", "an expectation is about rows or about datasets, not both"}}},
		{`orders.max(o, o.status) > 3`, []finding{{"type-mismatch", 10, 0, 27, "cannot compare string with int", "write \"3\", or convert the text, as in int(…)"}}},
		{`orders.count(o, o.status.matches("(")) > 1`, []finding{{"bad-regex", 10, 34, 1, "the regular expression is wrong: missing closing ): \"(\"", ""}}},
		{`metric > 1`, []finding{{"unknown-name", 10, 0, 6, "there is no metric here", "declare metric: beside expect:"}}},
		{`orders.sum(customers, 1) > 1`, []finding{{"reserved-name", 10, 11, 9, "\"customers\" already means something else", "choose another name for the row"}}},
		{`orders.avg(o, o.qty, o.qty) > 1`, []finding{{"not-bool", 10, 21, 5, "the expression is an int, not a condition", "compare it with something"}}},
		{`orders.by(o, o.status).cont() > 1`, []finding{{"unknown-function", 10, 23, 4, "a dataset has no macro \"cont\"", "did you mean \"count\"?"}}},
		{`foo(orders.count()) > 1`, []finding{{"unknown-function", 10, 0, 3, "there is no function \"foo\"", ""}}},
		{`orders.count(o, row.qty > 1) > 2`, []finding{{"unknown-name", 10, 16, 3, "there is no \"row\"", "the row is called o here"}}},
	} {
		e, list := lang.CompileMetric(text(tt.expr), scope())
		if e != nil {
			t.Errorf("%s: an expression beside errors", tt.expr)
		}
		checkFindings(t, tt.expr, list, tt.want)
	}
}
