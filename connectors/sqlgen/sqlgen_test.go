package sqlgen_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

func column(index int, name string, k value.Kind) *query.Column {
	return &query.Column{Index: index, Col: value.Column{Name: name, Type: value.Of(k)}}
}

var (
	colA = column(0, "a", value.Int)
	colB = column(1, "b", value.Int)
	colS = column(2, "s", value.String)
	colN = &query.Column{Index: 3, Col: value.Column{Name: "n", Type: value.Of(value.Int), NotNull: true}}
	colX = &query.Column{Index: 4, Col: value.Column{Name: "x", Type: value.Of(value.Int), MayErr: true}}
	colD = column(5, "d", value.Double)
	colP = column(6, "p", value.Bool)
	null = &query.Literal{}
)

func lit(i int64) query.Expr { return &query.Literal{Val: value.IntValue(i), Typ: value.Of(value.Int)} }

func fn(op query.Op, k value.Kind, args ...query.Expr) query.Expr {
	return &query.Call{Op: op, Args: args, Typ: value.Of(k)}
}

func is(op query.Op, args ...query.Expr) query.Expr { return fn(op, value.Bool, args...) }

// TestConditions pins the exact form of an expression, that in which only truth matters, and that of its negation.
func TestConditions(t *testing.T) {
	sum := fn(query.OpAdd, value.Int, colA, colB)
	for _, c := range []struct {
		name                 string
		e                    query.Expr
		exact, truth, negate string
	}{
		{"less", is(query.OpLt, colA, lit(5)), `t."a" < $1`, `t."a" < $1`, `t."a" >= $1`},
		{"less, double", is(query.OpLt, colD, colD), `t."d" < t."d"`, `t."d" < t."d"`, `NOT t."d" < t."d"`},
		{"equal", is(query.OpEq, colA, lit(5)), `t."a" IS NOT DISTINCT FROM $1`, `t."a" = $1`, `t."a" IS DISTINCT FROM $1`},
		{"equal, not null", is(query.OpEq, colN, lit(5)), `t."n" = $1`, `t."n" = $1`, `t."n" <> $1`},
		{"columns", is(query.OpEq, colA, colB), `t."a" IS NOT DISTINCT FROM t."b"`, `t."a" IS NOT DISTINCT FROM t."b"`, `t."a" IS DISTINCT FROM t."b"`},
		{
			"doubles",
			is(query.OpEq, colD, colD),
			`CASE WHEN t."d" IS NULL OR t."d" IS NULL THEN t."d" IS NULL AND t."d" IS NULL ELSE t."d" = t."d" END`,
			`CASE WHEN t."d" IS NULL OR t."d" IS NULL THEN t."d" IS NULL AND t."d" IS NULL ELSE t."d" = t."d" END`,
			`CASE WHEN t."d" IS NULL OR t."d" IS NULL THEN t."d" IS NOT NULL OR t."d" IS NOT NULL ELSE t."d" <> t."d" END`,
		},
		{
			"computed",
			is(query.OpEq, colA, sum),
			`CASE WHEN t."a" + t."b" IS NOT NULL THEN t."a" IS NOT NULL AND t."a" = t."a" + t."b" END`,
			`t."a" = t."a" + t."b"`,
			`CASE WHEN t."a" + t."b" IS NOT NULL THEN t."a" IS NULL OR t."a" <> t."a" + t."b" END`,
		},
		{
			"guarded",
			is(query.OpEq, colX, lit(5)),
			`CASE WHEN ok(t."x") THEN good(t."x") IS NOT DISTINCT FROM $1 END`,
			`good(t."x") = $1`,
			`CASE WHEN ok(t."x") THEN good(t."x") IS DISTINCT FROM $1 END`,
		},
		{"null", is(query.OpEq, colA, null), `t."a" IS NULL`, `t."a" IS NULL`, `t."a" IS NOT NULL`},
		{"null, not null", is(query.OpEq, colN, null), `FALSE`, `FALSE`, `TRUE`},
		{
			"null, guarded",
			is(query.OpEq, colX, null),
			`CASE WHEN ok(t."x") THEN t."x" IS NULL END`,
			`t."x" IS NULL`,
			`good(t."x") IS NOT NULL`,
		},
		{"null, computed", is(query.OpEq, sum, null), `CASE WHEN t."a" + t."b" IS NOT NULL THEN FALSE END`, `CASE WHEN t."a" + t."b" IS NOT NULL THEN FALSE END`, `CASE WHEN t."a" + t."b" IS NOT NULL THEN TRUE END`},
		{"in", is(query.OpIn, colA, lit(1), lit(2)), `t."a" IS NOT NULL AND t."a" IN ($1, $2)`, `t."a" IN ($1, $2)`, `t."a" IS NULL OR t."a" NOT IN ($1, $2)`},
		{"in with null", is(query.OpIn, colA, lit(1), null), `t."a" IS NULL OR t."a" IN ($1)`, `t."a" IS NULL OR t."a" IN ($1)`, `t."a" NOT IN ($1)`},
		{"in nothing", is(query.OpIn, colA), `FALSE`, `FALSE`, `TRUE`},
		{
			"and, or",
			is(query.OpOr, is(query.OpAnd, colP, is(query.OpNot, colP)), is(query.OpGt, colA, lit(1))),
			`t."p" AND NOT t."p" OR t."a" > $1`, `t."p" AND NOT t."p" OR t."a" > $1`, `(NOT t."p" OR t."p") AND t."a" <= $1`,
		},
		{"is true", is(query.OpIsTrue, colP), `t."p" IS TRUE`, `t."p"`, `t."p" IS NOT TRUE`},
		{"is undecided", is(query.OpIsUndecided, colP), `t."p" IS NULL`, `t."p" IS NULL`, `t."p" IS NOT NULL`},
		{
			"conditional",
			is(query.OpCond, colP, is(query.OpGt, colA, lit(1)), colP),
			`CASE WHEN t."p" THEN t."a" > $1 WHEN NOT t."p" THEN t."p" END`,
			`CASE WHEN t."p" THEN t."a" > $1 WHEN NOT t."p" THEN t."p" END`,
			`NOT CASE WHEN t."p" THEN t."a" > $1 WHEN NOT t."p" THEN t."p" END`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			from := query.Relation{Dataset: query.Dataset{Table: "r"}}
			where := func(e query.Expr) string {
				s, err := sqlgen.Select(ansi{}, query.Select{From: from, Branches: []query.Branch{{Where: e}}})
				if err != nil {
					t.Fatal(err)
				}
				_, w, ok := strings.Cut(s.Text, "\nWHERE ")
				if !ok {
					w = "TRUE"
				}
				return w
			}
			w := sqlgen.NewWriter(ansi{})
			o, refusal := w.Expr(c.e)
			if refusal != nil {
				t.Fatal(refusal)
			}
			got := []string{w.Finish(o.SQL).Text, where(c.e), where(is(query.OpNot, c.e))}
			for i, s := range got {
				got[i] = strings.ReplaceAll(s, "::int", "")
			}
			if diff := cmp.Diff([]string{c.exact, c.truth, c.negate}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestAggregateIsCheap pins the very statement of a handful of measures, and how
// its few columns become their many outputs.
func TestAggregateIsCheap(t *testing.T) {
	notNull := func(c *query.Column) query.Expr { return is(query.OpNe, c, null) }
	isNull := func(c *query.Column) query.Expr { return is(query.OpEq, c, null) }
	q := query.Aggregate{
		From: query.Relation{Dataset: query.Dataset{Table: "s.r"}},
		Measures: []query.Measure{
			{Kind: query.MeasureCount},
			{Kind: query.MeasureTally, Arg: notNull(colA), Nulls: []*query.Column{colA}},
			{Kind: query.MeasureTally, Arg: is(query.OpGt, colA, lit(5)), Nulls: []*query.Column{colA}},
			{Kind: query.MeasureTally, Arg: is(query.OpIn, colA, lit(1), lit(2)), Skip: isNull(colA), Nulls: []*query.Column{colA}},
			{Kind: query.MeasureTally, Arg: is(query.OpEq, colN, fn(query.OpAdd, value.Int, colA, colB)), Nulls: []*query.Column{colN, colA, colB}},
			{Kind: query.MeasureTally, Arg: is(query.OpLt, fn(query.OpSize, value.Int, colS), lit(9)), Where: notNull(colB), Nulls: []*query.Column{colS, colB}},
			{Kind: query.MeasureSum, Arg: colA, Nulls: []*query.Column{colA}},
		},
	}
	plan, err := sqlgen.Aggregate(ansi{}, q)
	if err != nil {
		t.Fatal(err)
	}
	want := `SELECT count(*) AS c0,
  count(t."a") AS c1,
  count(*) FILTER (WHERE t."a" > $1) AS c2,
  count(*) FILTER (WHERE t."a" IN ($2, $3)) AS c3,
  count(t."n" = t."a" + t."b") AS c4,
  count(*) FILTER (WHERE t."a" IS NOT NULL AND t."b" IS NOT NULL) AS c5,
  count(*) FILTER (WHERE t."n" = t."a" + t."b") AS c6,
  count(t."b") AS c7,
  count(*) FILTER (WHERE t."b" IS NOT NULL AND t."s" IS NOT NULL) AS c8,
  count(*) FILTER (WHERE t."b" IS NOT NULL AND size(t."s") < $4) AS c9,
  sum(t."a") AS c10
FROM "s"."r" AS t`
	if diff := cmp.Diff(want, strings.ReplaceAll(plan.Statement.Text, "::int", "")); diff != "" {
		t.Error(diff)
	}
	raw := value.NewBatch(plan.Columns...)
	for i := range raw.Cols {
		raw.Cols[i].AppendValue(value.IntValue([]int64{100, 90, 30, 20, 70, 75, 40, 80, 60, 50, 7}[i]))
	}
	raw.N = 1
	raw.Cols[10].Reset(value.Of(value.Decimal))
	raw.Cols[10].AppendDecimal(value.NewDec(7, 0))
	got := plan.Result(raw)
	var counts []int64
	for i := range got.Cols {
		if got.Cols[i].Type.Kind == value.Int {
			counts = append(counts, got.Cols[i].Ints[0])
		}
	}
	// true, false, undecided, by null, where undecided, skipped
	wantCounts := slices.Concat(
		[]int64{100, 0, 0},
		[]int64{90, 10, 0, 0, 0, 0},
		[]int64{30, 60, 10, 10, 0, 0},
		[]int64{20, 70, 0, 0, 0, 10},
		[]int64{40, 30, 30, 25, 0, 0},
		[]int64{50, 10, 20, 20, 0, 0},
		[]int64{90, 10, 0},
	)
	if diff := cmp.Diff(wantCounts, counts); diff != "" {
		t.Error(diff)
	}
}

// TestHostileNames: whatever a name or a value holds, it stays a name or a parameter.
func TestHostileNames(t *testing.T) {
	evil := `x"; DROP TABLE r; --`
	c := column(0, evil, value.String)
	v := &query.Literal{Val: value.StringValue(`'; DROP TABLE r; --`), Typ: value.Of(value.String)}
	s, err := sqlgen.Select(ansi{}, query.Select{
		From: query.Relation{Dataset: query.Dataset{Table: `"a""b.c".d`}}, Columns: []*query.Column{c},
		Branches: []query.Branch{{Where: is(query.OpEq, c, v), Limit: 3}},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := "SELECT t.\"x\"\"; DROP TABLE r; --\" AS c0\nFROM \"a\"\"b.c\".\"d\" AS t\nWHERE t.\"x\"\"; DROP TABLE r; --\" = $1::string\nLIMIT 3"
	if s.Text != want || len(s.Args) != 1 || s.Args[0] != v.Val.Str() {
		t.Errorf("%s\n%q", s.Text, s.Args)
	}
	for _, name := range []string{"", "a.", ".a", `"a`, `"a"b`, "a\x00b"} {
		if _, err := sqlgen.QuoteName(ansi{}, name); err == nil {
			t.Errorf("table name %q is taken", name)
		}
	}
	for _, q := range []string{"SELECT 1 -- comment", "SELECT 1;"} {
		from, err := sqlgen.From(ansi{}, query.Dataset{Query: q}, "t")
		if err != nil || !strings.HasSuffix(from, "\n) AS t") || strings.Contains(from, ";") {
			t.Errorf("%q becomes %q, %v", q, from, err)
		}
	}
}

// TestRefusals pins reason and place of what sqlgen and a dialect cannot say.
func TestRefusals(t *testing.T) {
	at := query.Span{Start: 3, End: 8}
	local := &query.Local{Typ: value.Of(value.Bool), Reason: "json member", At: at}
	upper := &query.Call{Op: query.OpUpperASCII, Args: []query.Expr{colS}, Typ: value.Of(value.String), At: at}
	bad := &query.Column{Col: value.Column{Name: "u", Unusable: "odd"}, At: at}
	for _, c := range []struct {
		e    query.Expr
		want string
	}{
		{is(query.OpAnd, colP, local), "ansi: local expression: json member"},
		{is(query.OpEq, upper, colS), "ansi: upperASCII"},
		{is(query.OpEq, bad, colS), "ansi: unusable column"},
	} {
		_, err := sqlgen.Select(ansi{}, query.Select{From: query.Relation{Dataset: query.Dataset{Table: "r"}}, Branches: []query.Branch{{Where: c.e}}})
		var r *query.Refusal
		if !errors.As(err, &r) || r.Reason != c.want || r.Span != at {
			t.Errorf("got %v %+v, want %s", err, r, c.want)
		}
		if r := sqlgen.Caps(ansi{}).Expr(query.Relation{}, c.e); r == nil || r.Reason != c.want {
			t.Errorf("caps say %v, want %s", r, c.want)
		}
	}
}

// TestGroupErrors: keys in error are a group of their own, which Result marks.
func TestGroupErrors(t *testing.T) {
	plan, err := sqlgen.Aggregate(ansi{}, query.Aggregate{
		From: query.Relation{Dataset: query.Dataset{Table: "r"}}, GroupBy: []query.Expr{colX}, Measures: []query.Measure{{Kind: query.MeasureCount}},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := "SELECT good(t.\"x\") AS c0,\n  CASE WHEN ok(t.\"x\") THEN 0 ELSE 1 END AS c1,\n  count(*) AS c2\nFROM \"r\" AS t\nGROUP BY good(t.\"x\"), CASE WHEN ok(t.\"x\") THEN 0 ELSE 1 END"
	if plan.Statement.Text != want {
		t.Error(plan.Statement.Text)
	}
	raw := value.NewBatch(plan.Columns...)
	raw.AppendRow(value.IntValue(1), value.IntValue(0), value.IntValue(5))
	raw.AppendRow(value.NullValue(), value.IntValue(0), value.IntValue(6))
	raw.AppendRow(value.NullValue(), value.IntValue(1), value.IntValue(7))
	got := plan.Result(raw)
	key := &got.Cols[0]
	if key.IsErr(0) || key.IsNull(0) || key.IsErr(1) || !key.IsNull(1) || !key.IsErr(2) || key.IsNull(2) {
		t.Errorf("keys %v %v", key.Nulls, key.Errs)
	}
}

// TestLongText checks that guards, which repeat their operands, cannot grow without bound.
func TestLongText(t *testing.T) {
	e, depth := query.Expr(colA), 0
	for ; depth < 64; depth++ {
		e = fn(query.OpCond, value.Int, is(query.OpGt, e, lit(5)), colA, colB)
		if _, refusal := sqlgen.NewWriter(ansi{}).Expr(e); refusal != nil {
			break
		}
	}
	if depth < 3 || depth > 20 {
		t.Errorf("nested %d deep before it is refused", depth)
	}
	whole := is(query.OpAnd, is(query.OpGt, e, lit(1)), colP)
	if _, refusal := sqlgen.NewWriter(ansi{}).Expr(whole); refusal == nil || !strings.HasSuffix(refusal.Reason, "nested guards of more than 64 KiB") {
		t.Errorf("refusal is %v", refusal)
	}
	elems := []query.Expr{colA}
	for i := range int64(20_000) {
		elems = append(elems, lit(i))
	}
	if _, refusal := sqlgen.NewWriter(ansi{}).Expr(is(query.OpIn, elems...)); refusal != nil {
		t.Errorf("a long list is refused: %v", refusal)
	}
}
