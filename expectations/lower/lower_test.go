package lower_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/lang"
	"github.com/assay-dev/assay/expectations/lower"
)

func relation() *query.Relation {
	c := func(n string, k value.Kind) value.Column { return value.Column{Name: n, Type: value.Of(k)} }
	bad := c("bad", value.Int)
	bad.MayErr = true
	return &query.Relation{Dataset: query.Dataset{Name: "t", Table: "t"}, Schema: value.Schema{Columns: []value.Column{
		c("i", value.Int), c("j", value.Int), c("f", value.Double), c("m", value.Decimal), c("s", value.String), c("b", value.Bool),
		c("ts", value.Timestamp), c("u", value.Uint), c("doc", value.JSON),
		{Name: "tags", Type: value.ListOf(value.Of(value.String))},
		bad,
		c("p", value.Duration),
	}}}
}

func scope() lang.Scope {
	return lang.Scope{
		Row: relation(), Now: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), Vars: map[string]value.Value{"n": value.IntValue(3)},
		Datasets: map[string]*query.Relation{"t": relation()},
	}
}

func compile(t *testing.T, expr string) *lang.RowExpr {
	t.Helper()
	e, list := lang.CompileRowValue(diag.Text{Value: expr}, scope())
	if len(list) > 0 {
		t.Fatalf("%s: %v", expr, list)
	}
	return e
}

func TestRow(t *testing.T) {
	for _, tt := range []struct{ expr, want string }{
		{`row.i > 3`, `gt(i#0, int:3)`},
		{`row.m > 0.5 && row.m == 3`, `and(gt(m#3, decimal:0.5), eq(m#3, decimal:3))`},
		{`row.m * row.i == row.f`, `eq(mul(m#3, toDecimal(i#0)), f#2)`},
		{`row.m == row.i`, `eq(m#3, i#0)`},
		{`row.i == row.m`, `eq(i#0, m#3)`},
		{`row.f == 3`, `eq(f#2, double:3)`},
		{`row.f == row.i`, `eq(f#2, i#0)`},
		{`row.u == 3`, `eq(u#7, uint:3)`},
		{`row.s == null`, `eq(s#4, null)`},
		{`row.tags == null`, `eq(tags#9, null)`},
		{`row.i in [1, 2, null]`, `in(i#0, int:1, int:2, null)`},
		{`row.m in [1, 2.50]`, `in(m#3, decimal:1, decimal:2.5)`},
		{`row.i in [1, row.j]`, `or(eq(i#0, int:1), eq(i#0, j#1))`},
		{`row.i in [1, row.bad]`, `local("comparison of lists, JSON or unlike types", bool, i#0, bad#10)`},
		{`row.i in [1, row.j + 1]`, `local("comparison of lists, JSON or unlike types", bool, i#0, j#1)`},
		{`row.b && !row.b || row.b`, `or(and(b#5, not(b#5)), b#5)`},
		{`row.b ? row.i : 1`, `cond(b#5, i#0, int:1)`},
		{`row.b ? row.m : row.i`, `cond(b#5, m#3, cond(eq(i#0, null), null, toDecimal(i#0)))`},
		{`row.ts > now - duration("24h")`, `gt(ts#6, timestamp:2026-02-28T00:00:00Z)`},
		{`row.ts.getHours("Europe/Berlin") == 1`, `eq(hours(ts#6, string:"Europe/Berlin"), int:1)`},
		{`row.i == -3 && row.i < vars.n`, `and(eq(i#0, int:-3), lt(i#0, int:3))`},
		{`row.i > 1 / 0`, `gt(i#0, div(int:1, int:0))`},
		{`has(row.i)`, `bool:true`},
		{`row.s.matches("^a") && row.s.size() > 2`, `and(matches(s#4, string:"^a"), gt(size(s#4), int:2))`},
		{`row.s.matches(row.s)`, `local("function matches", bool, s#4)`},
		{`math.greatest(row.i, 3) > 1 && abs(row.m) > 1`, `and(gt(greatest(i#0, int:3), int:1), gt(abs(m#3), decimal:1))`},
		{`row.doc.a == 1 && row.i > 1`, `and(local("comparison of lists, JSON or unlike types", bool, doc#8), gt(i#0, int:1))`},
		{`row.doc.ok && row.i > 1`, `and(local("type known only at run time", bool, doc#8), gt(i#0, int:1))`},
		{`size(row.doc.list) > 1`, `gt(local("function size", int, doc#8), int:1)`},
		{`row.doc == null`, `local("comparison of lists, JSON or unlike types", bool, doc#8)`},
		{`row.tags.exists(t, t == row.s)`, `local("list comprehension", bool, s#4, tags#9)`},
		{`size(row.tags) > 1`, `gt(size(tags#9), int:1)`},
		{`row.s.split(",").size() == row.i`, `eq(local("function size", int, s#4), i#0)`},
		{`dyn(row.i) == "a"`, `local("comparison of lists, JSON or unlike types", bool, i#0)`},
		{`row.s + "x" == string(row.i)`, `eq(add(s#4, string:"x"), toString(i#0))`},
		{`row.ts - row.ts < row.p`, `lt(sub(ts#6, ts#6), p#11)`},
		{`row.f.isInf() || row.f.isInf(1)`, `or(isInf(f#2), local("function isInf", bool, f#2))`},
	} {
		if got := query.String(lower.Row(compile(t, tt.expr))); got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.expr, got, tt.want)
		}
	}
	// Two formats are regular expressions, and sources know those.
	for expr, pattern := range map[string]string{`row.s.isEmail()`: lang.EmailPattern, `row.s.isUuid()`: lang.UUIDPattern} {
		c, ok := lower.Row(compile(t, expr)).(*query.Call)
		if !ok || c.Op != query.OpMatches || c.Args[1].(*query.Literal).Val.Str() != pattern {
			t.Errorf("%s: %v", expr, c)
		}
	}
}

func TestSpans(t *testing.T) {
	text := `row.i > 3 && (row.doc.a == row.j + 1 || row.s.contains("é") && row.i in [1, 2])`
	src := []rune(text)
	var got []string
	query.Walk(lower.Row(compile(t, text)), func(x query.Expr) bool {
		s := x.Span()
		got = append(got, string(src[s.Start:s.End]))
		return true
	})
	want := []string{
		text, `row.i > 3`, `row.i`, `3`, `row.doc.a == row.j + 1 || row.s.contains("é") && row.i in [1, 2]`,
		`row.doc.a == row.j + 1`, `row.j`, `row.doc`, `row.s.contains("é") && row.i in [1, 2]`, `row.s.contains("é")`, `row.s`, `"é"`,
		`row.i in [1, 2]`, `row.i`, `1`, `2`,
	}
	if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
		t.Errorf("\n got %q\nwant %q", got, want)
	}
}

// refusing says that a source evaluates nothing that holds a column of these names.
func refusing(names ...string) query.Caps {
	return query.Caps{Expr: func(_ query.Relation, e query.Expr) *query.Refusal {
		var r *query.Refusal
		query.Walk(e, func(x query.Expr) bool {
			switch x := x.(type) {
			case *query.Local:
				r = &query.Refusal{Reason: "local", Span: x.At}
				return false
			case *query.Call:
				if x.Op == query.OpMatches {
					r = &query.Refusal{Reason: "test: regex", Span: x.At}
				}
			case *query.Column:
				for _, n := range names {
					if x.Col.Name == n {
						r = &query.Refusal{Reason: "test: " + n, Span: x.At}
					}
				}
			}
			return true
		})
		return r
	}}
}

func TestDecide(t *testing.T) {
	for _, tt := range []struct {
		expr      string
		support   lower.Support
		prefilter string
		refusals  string // reason@text
	}{
		{`row.i > 1 && row.b`, lower.Exact, "", ""},
		{`row.i > 1 && row.s == "x"`, lower.Refused, "", "test: s@row.s"},
		{`row.i > 1 || row.s == "x"`, lower.Superset, `not(isTrue(gt(i#0, int:1)))`, "test: s@row.s"},
		{`!(row.i > 1 && row.s == "x")`, lower.Superset, `not(isFalse(gt(i#0, int:1)))`, "test: s@row.s"},
		{`!(row.i > 1 || row.s == "x")`, lower.Refused, "", "test: s@row.s"},
		{`row.i > 1 || row.j > 1 || row.s == "x"`, lower.Superset, `not(or(isTrue(gt(i#0, int:1)), isTrue(gt(j#1, int:1))))`, "test: s@row.s"},
		{`(row.i > 1 || row.s == "x") && (row.j > 1 || row.s == "y")`, lower.Superset, `not(and(isTrue(gt(i#0, int:1)), isTrue(gt(j#1, int:1))))`, "test: s@row.s test: s@row.s"},
		{`row.b ? row.i > 1 : row.s == "x"`, lower.Superset, `not(and(isTrue(b#5), isTrue(gt(i#0, int:1))))`, "test: s@row.s"},
		{`row.s == "x" ? row.i > 1 : row.b`, lower.Refused, "", "test: s@row.s"},
		{`row.i > 1 || row.doc.a == 1`, lower.Superset, `not(isTrue(gt(i#0, int:1)))`, "comparison of lists, JSON or unlike types@row.doc.a == 1"},
		{`row.i > 1 || "x".matches("a") || string(row.i).matches("a")`, lower.Superset, `not(or(isTrue(gt(i#0, int:1)), isTrue(bool:false)))`, `test: regex@string(row.i).matches("a")`},
		{`row.s == "x"`, lower.Refused, "", "test: s@row.s"},
	} {
		e := compile(t, tt.expr)
		d := lower.Decide(*relation(), refusing("s"), lower.Condition(e))
		var refusals []string
		src := []rune(tt.expr)
		for _, r := range d.Refusals {
			refusals = append(refusals, r.Reason+"@"+string(src[r.Span.Start:r.Span.End]))
		}
		prefilter := ""
		if d.Prefilter != nil {
			prefilter = query.String(d.Prefilter)
		}
		if d.Support != tt.support || prefilter != tt.prefilter || strings.Join(refusals, " ") != tt.refusals {
			t.Errorf("%s\n got %s %s %q\nwant %s %s %q", tt.expr, d.Support, prefilter, refusals, tt.support, tt.prefilter, tt.refusals)
		}
	}
}

func TestMeasures(t *testing.T) {
	m, list := lang.CompileMetric(diag.Text{Value: `t.by(x, x.s).sum(x, x.m, x.i > 1)["a"] > 0 && t.count() > 1 && t.stddev(x, x.i) > 1.0`}, scope())
	if len(list) > 0 {
		t.Fatal(list)
	}
	ms := lower.Measures(m)
	if len(ms) != 3 {
		t.Fatalf("%d requests", len(ms))
	}
	sum := ms[0]
	if query.String(sum.GroupBy[0]) != "s#4" || query.String(sum.Measures[0].Arg) != "m#3" || query.String(sum.Measures[0].Where) != "gt(i#0, int:1)" {
		t.Errorf("sum: %+v", sum)
	}
	var nulls []string
	for _, c := range sum.Measures[0].Nulls {
		nulls = append(nulls, c.Col.Name)
	}
	if fmt.Sprint(nulls) != "[m i]" {
		t.Errorf("nulls %v", nulls)
	}
	if c := ms[1].Measures[0]; c.Kind != query.MeasureCount || c.Where != nil || c.Arg != nil {
		t.Errorf("count: %+v", c)
	}
	if k := ms[2].Measures; len(k) != 2 || k[0].Kind != query.MeasureSum || k[1].Kind != query.MeasureSumSquares {
		t.Errorf("stddev: %+v", k)
	}
}
