package catalog_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/catalog"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/lang"
	"github.com/assay-dev/assay/expectations/spec"
)

// schema has a column of every kind, and names that CEL cannot say without backticks.
func schema() *value.Schema {
	col := func(name string, k value.Kind) value.Column { return value.Column{Name: name, Type: value.Of(k)} }
	naive := col("naive", value.Timestamp)
	naive.Zone = "Europe/Berlin"
	return &value.Schema{Columns: []value.Column{
		col("b", value.Bool), col("i", value.Int), col("u", value.Uint), col("f", value.Double), col("d", value.Decimal),
		col("s", value.String), col("y", value.Bytes), col("t", value.Timestamp), naive, col("l", value.LocalTimestamp),
		col("n", value.Duration), col("j", value.JSON), col("net total", value.String), col("in", value.Int),
		{Name: "broken", Type: value.Of(value.String), Unusable: "it is analysed text"},
	}}
}

func scalar(kind, text string) spec.Arg { return spec.Arg{Kind: kind, Text: text} }
func str(text string) spec.Arg          { return scalar("string", text) }
func num(text string) spec.Arg {
	if strings.ContainsAny(text, ".eE") && !strings.HasPrefix(text, "0x") {
		return scalar("float", text)
	}
	return scalar("int", text)
}
func list(items ...spec.Arg) spec.Arg { return spec.Arg{Kind: "list", List: items} }

type args = map[string]spec.Arg

func bind(t *testing.T, name string, a args) (catalog.Entry, *spec.Named, diag.List) {
	t.Helper()
	e, ok := catalog.Lookup(name)
	if !ok {
		t.Fatalf("no entry %s", name)
	}
	n, l := e.Bind(diag.Span{Pos: diag.Pos{File: "f", Line: 1, Col: 1}}, spec.Arg{Kind: "map", Map: a})
	return e, n, l
}

func expand(t *testing.T, name string, a args, s *value.Schema, on spec.NullPolicy, where string) ([]catalog.Expansion, diag.List) {
	t.Helper()
	_, n, l := bind(t, name, a)
	if l.HasErrors() {
		return nil, l
	}
	return catalog.Expand(catalog.Use{Named: n, Dataset: "orders", OnNull: on, Schema: s, Where: where})
}

// compiles checks that CEL means something to the language.
func compiles(t *testing.T, x catalog.Expansion) {
	t.Helper()
	rel := &query.Relation{Dataset: query.Dataset{Name: "orders", Table: "orders"}, Schema: *schema()}
	scope := lang.Scope{Now: time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)}
	text := func(s string) diag.Text { return diag.Text{Value: s} }
	var l diag.List
	switch x.Kind {
	case catalog.Row:
		scope.Row = rel
		_, l = lang.CompileRow(text(x.Expr), scope)
		if x.Where != "" {
			_, w := lang.CompileRow(text(x.Where), scope)
			l = append(l, w...)
		}
	case catalog.Metric:
		scope.Datasets = map[string]*query.Relation{"orders": rel}
		_, l = lang.CompileMetric(text(x.Expr), scope)
	case catalog.Set, catalog.Schema:
	}
	if l.HasErrors() {
		t.Errorf("%s: %v", x.Expr, l)
	}
}

func TestExpandTypesLiteralsByTheSchema(t *testing.T) {
	for _, c := range []struct {
		name string
		args args
		want string
	}{
		{"not_null", args{"column": str("s")}, `row.s != null`},
		{"is_null", args{"column": str("net total")}, "row.`net total` == null"},
		{"not_null", args{"column": str("in")}, "row.`in` != null"},
		{"in_set", args{"column": str("i"), "values": list(num("1"), num("0x10"), num("2.0"))}, `row.i in [1, 16, 2]`},
		{"in_set", args{"column": str("u"), "values": list(num("18446744073709551615"))}, `row.u in [18446744073709551615u]`},
		{"in_set", args{"column": str("f"), "values": list(num("1"), num("0.5"))}, `row.f in [1.0, 0.5]`},
		{"in_set", args{"column": str("d"), "values": list(num("0.10"), str("3"))}, `row.d in [decimal("0.1"), decimal("3")]`},
		{"in_set", args{"column": str("s"), "values": list(str(`a"\`), str("x\ny"))}, `row.s in ["a\"\\", "x\ny"]`},
		{"not_in_set", args{"column": str("b"), "values": list(scalar("bool", "TRUE"))}, `!(row.b in [true])`},
		{"in_set", args{"column": str("s"), "values": list()}, `false`},
		{"not_in_set", args{"column": str("s"), "values": list()}, `true`},
		{"between", args{"column": str("i"), "min": num("0"), "strict_max": num("10")}, `row.i >= 0 && row.i < 10`},
		{"between", args{"column": str("i"), "min": num("0.5")}, `row.i >= decimal("0.5")`},
		{"between", args{"column": str("i"), "max": num("9223372036854775808")}, `row.i <= decimal("9223372036854775808")`},
		{"between", args{"column": str("d"), "strict_min": num("0"), "max": num("99.990")}, `row.d > decimal("0") && row.d <= decimal("99.99")`},
		{"between", args{"column": str("f"), "min": num("-1")}, `row.f >= -1.0`},
		{"between", args{"column": str("t"), "min": str("2024-01-01")}, `row.t >= timestamp("2024-01-01T00:00:00Z")`},
		{"between", args{"column": str("t"), "max": str("2024-01-01T02:00:00.5+02:00")}, `row.t <= timestamp("2024-01-01T00:00:00.5Z")`},
		{"between", args{"column": str("naive"), "min": str("2024-01-01 12:00")}, `row.naive >= timestamp("2024-01-01T11:00:00Z")`},
		{"between", args{"column": str("n"), "min": str("08:30"), "max": str("1d")}, `row.n >= duration("30600s") && row.n <= duration("86400s")`},
		{"between", args{"column": str("s"), "min": str("a"), "max": str("b")}, `row.s >= "a" && row.s <= "b"`},
		{"matches", args{"column": str("s"), "pattern": str(`^\d+$`)}, `row.s.matches("^\\d+$")`},
		{"matches", args{"column": str("s"), "patterns": list(str("a"), str("b")), "mode": str("all")}, `row.s.matches("a") && row.s.matches("b")`},
		{"not_matches", args{"column": str("s"), "pattern": str("a")}, `!row.s.matches("a")`},
		{"not_matches", args{"column": str("s"), "patterns": list(str("a"), str("b"))}, `!(row.s.matches("a") || row.s.matches("b"))`},
		{"length_between", args{"column": str("s"), "min": num("1"), "max": num("3")}, `size(row.s) >= 1 && size(row.s) <= 3`},
		{"row_count", args{"min": num("1"), "max": num("9")}, `orders.count() >= 1 && orders.count() <= 9`},
		{"row_count", args{"equals": num("5")}, `orders.count() == 5`},
		{"fresh", args{"column": str("t"), "max_age": str("1d12h")}, `orders.freshness(row, row.t) <= duration("129600s")`},
		{"fresh", args{"column": str("t"), "max_age": str("2h"), "ignore_future": scalar("bool", "true")}, `orders.freshness(row, row.t, row.t <= now) <= duration("7200s")`},
	} {
		t.Run(c.name+" "+c.want, func(t *testing.T) {
			out, l := expand(t, c.name, c.args, schema(), "", "")
			if len(l) > 0 || len(out) != 1 {
				t.Fatalf("%d expansions, %v", len(out), l)
			}
			if out[0].Expr != c.want {
				t.Errorf("got  %s\nwant %s", out[0].Expr, c.want)
			}
			compiles(t, out[0])
		})
	}
}

func TestExpandWhere(t *testing.T) {
	const where = `row.s == "paid"`
	for _, c := range []struct {
		name string
		args args
		want string
	}{
		{"row_count", args{"min": num("1")}, `orders.count(row, row.s == "paid") >= 1`},
		{"fresh", args{"column": str("t"), "max_age": str("2h")}, `orders.freshness(row, row.t, row.s == "paid") <= duration("7200s")`},
		{
			"fresh",
			args{"column": str("t"), "max_age": str("2h"), "ignore_future": scalar("bool", "true")},
			`orders.freshness(row, row.t, (row.t <= now) && (row.s == "paid")) <= duration("7200s")`,
		},
	} {
		out, l := expand(t, c.name, c.args, schema(), "", where)
		if len(l) > 0 || len(out) != 1 || out[0].Expr != c.want {
			t.Fatalf("got %v %v, want %s", out, l, c.want)
		}
		compiles(t, out[0])
	}
}

func TestExpandNullPolicies(t *testing.T) {
	between := args{"column": str("i"), "min": num("1"), "max": num("2")}
	for _, c := range []struct {
		on   spec.NullPolicy
		want catalog.Expansion
	}{
		{spec.NullSkip, catalog.Expansion{Expr: `row.i >= 1 && row.i <= 2`, Where: `row.i != null`, SkipNullColumns: []string{"i"}, Columns: []string{"i"}}},
		{spec.NullFail, catalog.Expansion{Expr: `row.i != null && (row.i >= 1 && row.i <= 2)`, Columns: []string{"i"}}},
		{spec.NullPass, catalog.Expansion{Expr: `row.i == null || (row.i >= 1 && row.i <= 2)`, Columns: []string{"i"}}},
	} {
		out, l := expand(t, "between", between, schema(), c.on, "")
		if len(l) > 0 {
			t.Fatal(l)
		}
		if d := cmp.Diff([]catalog.Expansion{c.want}, out); d != "" {
			t.Errorf("%s: %s", c.on, d)
		}
		compiles(t, out[0])
		// An expectation about nulls skips none.
		out, _ = expand(t, "not_null", args{"column": str("i")}, schema(), c.on, "")
		if d := cmp.Diff([]catalog.Expansion{{Expr: "row.i != null", Columns: []string{"i"}}}, out); d != "" {
			t.Errorf("not_null %s: %s", c.on, d)
		}
	}
}

func TestExpandSetsAndSchemas(t *testing.T) {
	for _, c := range []struct {
		name string
		args args
		want catalog.Expansion
	}{
		{"unique", args{"columns": list(str("i"), str("s"))}, catalog.Expansion{
			Kind: catalog.Set, Columns: []string{"i", "s"}, SkipNullColumns: []string{"i", "s"},
			Set: &catalog.SetSpec{Kind: catalog.Unique, Columns: []string{"i", "s"}},
		}},
		{"monotonic", args{"column": str("i"), "order_by": str("t"), "group_by": list(str("s")), "strict": scalar("bool", "true")}, catalog.Expansion{
			Kind: catalog.Set, Columns: []string{"i"}, SkipNullColumns: []string{"i", "t"},
			Set: &catalog.SetSpec{Kind: catalog.Monotonic, Columns: []string{"i"}, OrderBy: []string{"t"}, GroupBy: []string{"s"}, Strict: true},
		}},
		{"references", args{"column": str("i"), "table": str("public.p"), "parent_column": str("id")}, catalog.Expansion{
			Kind: catalog.Set, Columns: []string{"i"}, SkipNullColumns: []string{"i"},
			Set: &catalog.SetSpec{Kind: catalog.References, Columns: []string{"i"}, ParentTable: "public.p", ParentColumns: []string{"id"}},
		}},
		{"column_exists", args{"column": str("nope")}, catalog.Expansion{
			Kind: catalog.Schema, Columns: []string{"nope"}, Schema: &catalog.SchemaSpec{Kind: catalog.ColumnExists, Column: "nope"},
		}},
		{"column_type", args{"column": str("i"), "type": str("list(int)")}, catalog.Expansion{
			Kind: catalog.Schema, Columns: []string{"i"}, Schema: &catalog.SchemaSpec{Kind: catalog.ColumnType, Column: "i", Type: "list(int)"},
		}},
	} {
		out, l := expand(t, c.name, c.args, schema(), "", "")
		if len(l) > 0 {
			t.Fatalf("%s: %v", c.name, l)
		}
		if d := cmp.Diff([]catalog.Expansion{c.want}, out); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
	}
}

func TestExpandSeveralColumns(t *testing.T) {
	out, l := expand(t, "not_null", args{"columns": list(str("i"), str("s"))}, schema(), "", "")
	if len(l) > 0 || len(out) != 2 || out[0].IDSuffix != ".i" || out[1].IDSuffix != ".s" {
		t.Errorf("got %v %v", out, l)
	}
	e, n, _ := bind(t, "not_null", args{"columns": list(str("i"), str("s"))})
	split := e.Split(n)
	if len(split) != 2 || split[0].Args["column"].Text != "i" || split[1].Args["column"].Text != "s" {
		t.Errorf("got %v", split)
	}
	e, n, _ = bind(t, "unique", args{"columns": list(str("i"), str("s"))})
	if split := e.Split(n); len(split) != 1 {
		t.Errorf("a key was split: %v", split)
	}
}

func TestExpandRefuses(t *testing.T) {
	col := func(name string, more args) args {
		more["column"] = str(name)
		return more
	}
	in := func(c string, vs ...spec.Arg) args { return col(c, args{"values": list(vs...)}) }
	for _, c := range []struct {
		name       string
		args       args
		code, want string
		hint       string
	}{
		{"in_set", in("nope", num("1")), "unknown-column", `dataset orders has no column "nope"`, ""},
		{"in_set", in("naiv", num("1")), "unknown-column", `dataset orders has no column "naiv"`, `did you mean "naive"?`},
		{"in_set", in("broken", str("x")), "unusable-column", `column "broken" cannot be used: it is analysed text`, ""},
		{"in_set", in("i", str("x")), "type-mismatch", `column "i" is int, and "x" is not`, ""},
		{"in_set", in("i", num("1.5")), "type-mismatch", `column "i" is int, and 1.5 is not`, "a whole number never equals a fraction"},
		{"in_set", in("i", num("9223372036854775808")), "type-mismatch", `column "i" is int, and 9223372036854775808 is not`, "it is outside the range of 64 bits"},
		{"in_set", in("u", num("-1")), "type-mismatch", `column "u" is uint, and -1 is not`, "it is outside the range of 64 bits"},
		{"in_set", in("s", num("1")), "type-mismatch", `column "s" is string, and 1 is not`, `write "1" in quotes to mean the text`},
		{"in_set", in("t", str("yesterday")), "type-mismatch", `column "t" is timestamp, and "yesterday" is not`, "write a date such as 2024-01-31 or an instant such as 2024-01-31T12:00:00Z"},
		{"in_set", in("l", str("2024-01-01")), "type-mismatch", `column "l" is local timestamp, and "2024-01-01" is not`, "it has no time zone: set timezone on the connection"},
		{"in_set", in("d", str("abc")), "type-mismatch", `column "d" is decimal, and "abc" is not`, ""},
		{"in_set", in("f", scalar("float", ".nan")), "type-mismatch", `column "f" is double, and .nan is not`, ""},
		{"in_set", in("s", scalar("null", "")), "bad-argument", "in_set cannot compare with null", "nulls are skipped here; say so with on_null, not_null or is_null"},
		{"between", col("b", args{"min": scalar("bool", "true")}), "type-mismatch", `column "b" is bool, and true is not`, "a bool has no order: use in_set"},
		{"between", col("i", args{}), "bad-argument", "between has no bound", "give min or max or both"},
		{"between", col("i", args{"min": num("3"), "max": num("2")}), "bad-argument", "between can never hold: 2 is less than 3", ""},
		{"between", col("i", args{"min": num("3"), "strict_min": num("2")}), "bad-argument", "between has both min and strict_min", "keep one of them"},
		{"matches", col("i", args{"pattern": str("a")}), "type-mismatch", `matches is about text, and column "i" is int`, ""},
		{"matches", col("s", args{"pattern": str("a(")}), "bad-regex", "matches: missing closing ): `a(`", "patterns are RE2 expressions: github.com/google/re2/wiki/Syntax"},
		{"matches", col("s", args{}), "bad-argument", "matches takes either pattern or patterns", "write pattern: '^…$'"},
		{"matches", col("s", args{"pattern": str("a"), "mode": str("most")}), "bad-argument", `matches: mode must be one of any, all, not "most"`, ""},
		{"length_between", col("i", args{"min": num("1")}), "type-mismatch", `length_between is about text, and column "i" is int`, ""},
		{"length_between", col("s", args{"min": num("-1")}), "bad-argument", "length_between: min must be a whole number, 0 or more, not -1", ""},
		{"row_count", args{}, "bad-argument", "row_count has no bound", "give min, max or equals"},
		{"row_count", args{"equals": num("1"), "min": num("1")}, "bad-argument", "row_count has equals beside min or max", "keep equals alone"},
		{"fresh", col("t", args{"max_age": str("2 hours")}), "bad-argument", `fresh: max_age must be a span of time such as 90s, 15m, 2h or 1d, not "2 hours"`, ""},
		{"fresh", col("t", args{"max_age": num("2")}), "bad-argument", `fresh: max_age must be a span of time such as 90s, 15m, 2h or 1d, not 2`, ""},
		{"fresh", col("l", args{"max_age": str("2h")}), "type-mismatch", `fresh is about times, and column "l" is local timestamp`, "it has no time zone: set timezone on the connection"},
		{"fresh", args{"column": list(str("t")), "max_age": str("2h")}, "bad-argument", "fresh: column must be one column, not a list", ""},
		{"unique", args{"columns": list(str("i"), str("i"))}, "bad-argument", `unique names column "i" twice`, ""},
		{"unique", args{"columns": list()}, "bad-argument", "unique: columns must be a column or a list of columns, not an empty list", ""},
		{"monotonic", col("i", args{}), "bad-argument", `monotonic lacks its argument "order_by"`, "write monotonic: {column: COLUMN, order_by: COLUMN}"},
		{"references", col("i", args{}), "bad-argument", "references takes either dataset or table", "give dataset, or table"},
		{"references", col("i", args{"table": str("p")}), "bad-argument", "references to a table needs parent_columns", "add parent_columns: [id]"},
		{"references", col("i", args{"table": str("p"), "parent_columns": list(str("a"), str("b"))}), "bad-argument", "references: 1 and 2 are different numbers of columns and parent_columns", ""},
		{"column_type", col("i", args{"type": str("integer")}), "bad-argument", `"integer" is not a logical type`, ""},
		{"column_type", col("i", args{}), "bad-argument", "column_type takes either type or native", "give type, or native"},
		{"not_null", args{"colum": str("i")}, "bad-argument", `not_null has no argument "colum"`, `did you mean "column"?`},
		{"not_null", args{"column": str("i"), "columns": str("i")}, "duplicate-key", "column is given twice, as column and as columns", ""},
	} {
		t.Run(c.name+" "+c.want, func(t *testing.T) {
			_, l := expand(t, c.name, c.args, schema(), "", "")
			if len(l) != 1 {
				t.Fatalf("%d diagnostics: %v", len(l), l)
			}
			if l[0].Code != c.code || l[0].Message != c.want || c.hint != "" && l[0].Hint != c.hint {
				t.Errorf("got  %s: %s (%s)\nwant %s: %s (%s)", l[0].Code, l[0].Message, l[0].Hint, c.code, c.want, c.hint)
			}
		})
	}
	_, l := expand(t, "unique", args{"columns": str("i")}, schema(), spec.NullFail, "")
	if len(l) != 1 || l[0].Message != "unique skips nulls: on_null: fail is not possible here" {
		t.Errorf("got %v", l)
	}
}

func TestCatalogIsComplete(t *testing.T) {
	want := []string{
		"between", "column_exists", "column_type", "fresh", "in_set", "is_null", "length_between", "matches", "monotonic", "not_in_set",
		"not_matches", "not_null", "references", "row_count", "unique",
	}
	if d := cmp.Diff(want, catalog.Names()); d != "" {
		t.Error(d)
	}
	for _, n := range want {
		if catalog.Later(n) {
			t.Errorf("%s is there and announced for later", n)
		}
		e, _ := catalog.Lookup(n)
		if e.EachColumn && e.Params[0].Name != "column" {
			t.Errorf("%s: Split needs the column as the first parameter", n)
		}
	}
}

func TestParseDuration(t *testing.T) {
	for s, want := range map[string]time.Duration{
		"90s": 90 * time.Second, "2h": 2 * time.Hour, "1d": 24 * time.Hour, "1d12h30m": 36*time.Hour + 30*time.Minute, "500ms": 500 * time.Millisecond,
		"": 0, "d": 0, "-1h": 0, "1": 0, "1w": 0, "0s": 0, "1d-1h": 0, "100001d": 0, "99999999999999999999d": 0, "1d2d": 0, "1.5d": 0,
	} {
		got, err := catalog.ParseDuration(s)
		if (err == nil) != (want > 0) || err == nil && got != want {
			t.Errorf("%q: got %v, %v; want %v", s, got, err, want)
		}
	}
}
