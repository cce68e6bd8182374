package lang_test

import (
	"testing"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/expectations/lang"
)

// What people bring along from SQL, Python and JavaScript is met with how CEL says it, at the place where it stands.
func TestHabitsOfOtherLanguages(t *testing.T) {
	const (
		patterns = "write x.startsWith(…), x.endsWith(…), x.contains(…) or x.matches(…)"
		metrics  = "aggregates stand in the suite's own expectations, as in orders.count() or orders.sum(x, x.total)"
		escape   = `write \\ for a backslash, or r before the quote to take the text as it stands: r'\d+'`
	)
	s := scope()
	s.Datasets = map[string]*query.Relation{}
	for _, tt := range []struct {
		expr          string
		col           int
		message, hint string
	}{
		{expr: `row.qty <> 3`, col: 9, message: `unexpected ">"`, hint: "not equal is !="},
		{expr: `row.qty !== 3`, col: 10, message: `unexpected "="`, hint: "not equal is !="},
		{expr: `row.qty === 3`, col: 10, message: `unexpected "="`, hint: "equality is =="},
		{expr: `row.qty => 3`, col: 8, message: `unexpected "=>"`, hint: "at least is >=, at most is <="},
		{expr: `row.qty & 3 > 1`, col: 8, message: `unexpected "&"`, hint: "and is written &&"},
		{expr: `row.qty > 1 | row.qty < 3`, col: 12, message: `unexpected "|"`, hint: "or is written ||"},
		{expr: `row.qty IS NULL`, col: 8, message: `unexpected "IS"`, hint: "write == null"},
		{expr: `row.qty is not null`, col: 8, message: `unexpected "is"`, hint: "write != null"},
		{expr: `row.flag OR row.flag`, col: 9, message: `unexpected "OR"`, hint: "or is written ||"},
		{expr: `NOT row.flag`, col: 4, message: `unexpected "row"`, hint: "not is written !"},
		{expr: `not(row.flag)`, col: 0, message: `there is no function "not"`, hint: "not is written !"},
		{expr: `row.status NOT IN ["a"]`, col: 11, message: `unexpected "NOT"`, hint: "write !(a in [b, c])"},
		{expr: `row.status NOT LIKE "a%"`, col: 11, message: `unexpected "NOT"`, hint: patterns + ", with ! in front"},
		{expr: `row.status LIKE "a%"`, col: 11, message: `unexpected "LIKE"`, hint: patterns},
		{expr: `row.status ~ "a"`, col: 11, message: `unexpected "~"`, hint: patterns},
		{expr: `row.status IN ["a"]`, col: 11, message: `unexpected "IN"`, hint: "write in, in small letters, and a list in [ ]"},
		{expr: `row.status in ("a", "b")`, col: 18, message: `unexpected ","`, hint: "a list stands in [ ]"},
		{expr: `row.qty in (int("1"), 2)`, col: 20, message: `unexpected ","`, hint: "a list stands in [ ]"},
		{expr: `(row.qty, 2)`, col: 8, message: `unexpected ","`, hint: ""},
		{expr: `row.qty BETWEEN 1 AND 3`, col: 8, message: `unexpected "BETWEEN"`, hint: "write a <= x && x <= b"},
		{expr: `CASE WHEN row.flag THEN 1 END`, col: 5, message: `unexpected "WHEN"`, hint: "write condition ? a : b"},
		{expr: `if(row.flag, 1, 2) == 1`, col: 0, message: "reserved identifier: if", hint: "write condition ? a : b"},
		{expr: `count(*) > 3`, col: 6, message: `unexpected "*"`, hint: metrics},
		{expr: `row.status == “new”`, col: 14, message: `unexpected "“"`, hint: "use straight quotes"},
		{expr: `row.status.matches("^\w+$")`, col: 21, message: `CEL has no escape \w`, hint: escape},
		{expr: `row.status.matches('a\n\d')`, col: 23, message: `CEL has no escape \d`, hint: escape},
		{expr: `row.flag == True`, col: 12, message: `there is no "True"`, hint: "write true"},
		{expr: `row.qty != NULL`, col: 11, message: `there is no "NULL"`, hint: "write null"},
		{expr: `row.qty != None`, col: 11, message: `there is no "None"`, hint: "write null"},
		{expr: `isnull(row.qty)`, col: 0, message: `there is no function "isnull"`, hint: "write x == null"},
		{expr: `coalesce(row.qty, 0) > 1`, col: 0, message: `there is no function "coalesce"`, hint: "write x == null ? other : x"},
		{expr: `length(row.status) > 1`, col: 0, message: `there is no function "length"`, hint: "the length of a text or list is size(x)"},
		{expr: `row.status.lower() == "a"`, col: 11, message: `there is no function "lower"`, hint: "write x.lowerAscii()"},
		{expr: `row.created_at < now()`, col: 17, message: `there is no function "now"`, hint: "now is a name: write it without ()"},
		{expr: `sum(row.qty) > 3`, col: 0, message: `there is no function "sum"`, hint: metrics},
		{expr: `row.qty <= orders.max(o, o.qty)`, col: 11, message: `there is no "orders"`, hint: "its row is called row here; " + metrics},
		{expr: `row.created_at > now - "24h"`, col: 17, message: `"-" does not apply to timestamp and string`, hint: `write a duration, as in duration("24h")`},
		{expr: `row.created_at > timestamp("2024-02-03")`, col: 27, message: `"2024-02-03" is no instant`, hint: `as in "2024-02-03T00:00:00Z"`},
		{expr: `"2024-02-03 04:05:06" < row.created_at`, col: 0, message: `cannot compare string with timestamp`, hint: `write timestamp("2024-02-03T04:05:06Z")`},
		{expr: `row.created_at > "yesterday"`, col: 0, message: `cannot compare timestamp with string`, hint: `write timestamp("2024-01-31T00:00:00Z")`},
		{expr: `row.flag == 1`, col: 0, message: `cannot compare bool with int`, hint: "write true or false"},
		{expr: `1 < row.qty < 5`, col: 0, message: `cannot compare bool with int`, hint: "write a < b && b < c"},
		{expr: `row.tags == "a"`, col: 0, message: `cannot compare list(string) with string`, hint: "whether a list holds a value is: value in list"},
	} {
		_, list := lang.CompileRow(text(tt.expr), s)
		got := findings(list)
		if len(got) != 1 || got[0].col != tt.col || got[0].message != tt.message || got[0].hint != tt.hint {
			t.Errorf("%s:\n got %+v\nwant column %d, %q, hint %q", tt.expr, got, tt.col, tt.message, tt.hint)
		}
	}
	// What the hints advise is CEL.
	for _, expr := range []string{
		`!(row.status in ["a", "b"])`, `(row.qty == null ? 0 : row.qty) > 1`, `1 <= row.qty && row.qty <= 3`, `row.status.matches(r'^\d+$')`,
		`row.status.matches("^\\w+$")`, `row.status.lowerAscii() == "a"`, `row.created_at > now - duration("24h")`, `"a" in row.tags`,
		`size(row.status) > 1`, `row.qty == null`, `row.status.endsWith("x")`, `row.created_at > timestamp("2024-02-03T00:00:00Z")`,
	} {
		if _, list := lang.CompileRow(text(expr), s); len(list) > 0 {
			t.Errorf("%s: %+v", expr, findings(list))
		}
	}
}
