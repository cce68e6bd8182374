package connectortest

import (
	"cmp"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// verdict is what an expression says of a row.
type verdict uint8

const (
	no verdict = iota
	yes
	undecided
)

// judgeCase is an expression and, written out in Go apart from every evaluator, what it means for a row.
type judgeCase struct {
	name  string
	cols  []string
	expr  func(cols []query.Expr) query.Expr
	judge func(cells []Cell) verdict
}

func lit(v value.Value) query.Expr { return &query.Literal{Val: v, Typ: v.Type()} }
func text(s string) query.Expr     { return lit(value.StringValue(s)) }
func number(i int64) query.Expr    { return lit(value.IntValue(i)) }

func call(op query.Op, k value.Kind, args ...query.Expr) query.Expr {
	return &query.Call{Op: op, Args: args, Typ: value.Of(k)}
}
func test(op query.Op, args ...query.Expr) query.Expr { return call(op, value.Bool, args...) }

func is(b bool) verdict {
	if b {
		return yes
	}
	return no
}

// strict judges cells that must neither be null nor in error.
func strict(f func(cells []Cell) verdict) func([]Cell) verdict {
	return func(cells []Cell) verdict {
		for _, c := range cells {
			if c.Err() || c.IsNull() {
				return undecided
			}
		}
		return f(cells)
	}
}

// nullSafe judges cells of which only an error is undecided.
func nullSafe(f func(cells []Cell) verdict) func([]Cell) verdict {
	return func(cells []Cell) verdict {
		for _, c := range cells {
			if c.Err() {
				return undecided
			}
		}
		return f(cells)
	}
}

func onText(f func(string) bool) func([]Cell) verdict {
	return strict(func(c []Cell) verdict { return is(f(c[0].Str())) })
}

// ordered compares the first cell with v by keep; nothing is less or greater than NaN.
func ordered(v value.Value, keep func(int) bool) func([]Cell) verdict {
	return strict(func(c []Cell) verdict {
		n, ok := value.Compare(c[0].Value, v)
		return is(ok && keep(n))
	})
}

func judgeCases() []judgeCase {
	return append(append(logicCases(), orderCases()...), textCases()...)
}

func logicCases() []judgeCase {
	null := &query.Literal{Typ: value.Of(value.Null)}
	greater := func(c []query.Expr) query.Expr { return test(query.OpGt, c[1], number(5)) }
	big := func(c Cell) verdict {
		if c.Err() || c.IsNull() {
			return undecided
		}
		return is(c.Int() > 5)
	}
	own := func(c Cell) verdict {
		if c.Err() || c.IsNull() {
			return undecided
		}
		return is(c.Bool())
	}
	return []judgeCase{
		{"int not null", []string{"i"}, func(c []query.Expr) query.Expr { return test(query.OpNe, c[0], null) }, nullSafe(func(c []Cell) verdict { return is(!c[0].IsNull()) })},
		{"int is null", []string{"i"}, func(c []query.Expr) query.Expr { return test(query.OpEq, c[0], null) }, nullSafe(func(c []Cell) verdict { return is(c[0].IsNull()) })},
		{
			"columns equal",
			[]string{"i", "i2"},
			func(c []query.Expr) query.Expr { return test(query.OpEq, c[0], c[1]) },
			nullSafe(func(c []Cell) verdict { return is(value.Equal(c[0].Value, c[1].Value)) }),
		},
		{
			"columns differ",
			[]string{"i", "i2"},
			func(c []query.Expr) query.Expr { return test(query.OpNe, c[0], c[1]) },
			nullSafe(func(c []Cell) verdict { return is(!value.Equal(c[0].Value, c[1].Value)) }),
		},
		{"bool column", []string{"b"}, func(c []query.Expr) query.Expr { return c[0] }, func(c []Cell) verdict { return own(c[0]) }},
		{"not", []string{"b"}, func(c []query.Expr) query.Expr { return test(query.OpNot, c[0]) }, func(c []Cell) verdict { return [...]verdict{yes, no, undecided}[own(c[0])] }},
		{"and", []string{"b", "i"}, func(c []query.Expr) query.Expr { return test(query.OpAnd, c[0], greater(c)) }, func(c []Cell) verdict {
			a, b := own(c[0]), big(c[1])
			switch {
			case a == no || b == no:
				return no
			case a == undecided || b == undecided:
				return undecided
			}
			return yes
		}},
		{"or", []string{"b", "i"}, func(c []query.Expr) query.Expr { return test(query.OpOr, c[0], greater(c)) }, func(c []Cell) verdict {
			a, b := own(c[0]), big(c[1])
			switch {
			case a == yes || b == yes:
				return yes
			case a == undecided || b == undecided:
				return undecided
			}
			return no
		}},
		{"int sum", []string{"i", "i2"}, func(c []query.Expr) query.Expr {
			return test(query.OpGt, call(query.OpAdd, value.Int, c[0], c[1]), number(0))
		}, strict(func(c []Cell) verdict {
			a, b := c[0].Int(), c[1].Int()
			if b > 0 && a > math.MaxInt64-b || b < 0 && a < math.MinInt64-b {
				return undecided
			}
			return is(a+b > 0)
		})},
		{"int quotient", []string{"i", "i2"}, func(c []query.Expr) query.Expr {
			return test(query.OpEq, call(query.OpDiv, value.Int, c[0], c[1]), number(1))
		}, strict(func(c []Cell) verdict {
			a, b := c[0].Int(), c[1].Int()
			if b == 0 || a == math.MinInt64 && b == -1 {
				return undecided
			}
			return is(a/b == 1)
		})},
		{"int32 product", []string{"i32"}, func(c []query.Expr) query.Expr {
			return test(query.OpGt, call(query.OpMul, value.Int, c[0], c[0]), number(100))
		}, strict(func(c []Cell) verdict { return is(c[0].Int()*c[0].Int() > 100) })},
	}
}

func orderCases() []judgeCase {
	dec, _ := value.ParseDec("1.5")
	at := time.Date(2024, 2, 29, 23, 59, 59, 999000000, time.UTC)
	against := func(op query.Op, v value.Value) func([]query.Expr) query.Expr {
		return func(c []query.Expr) query.Expr { return test(op, c[0], lit(v)) }
	}
	equal := func(v value.Value) func([]Cell) verdict {
		return nullSafe(func(c []Cell) verdict { return is(value.Equal(c[0].Value, v)) })
	}
	less := func(n int) bool { return n < 0 }
	atLeast := func(n int) bool { return n >= 0 }
	var out []judgeCase
	for _, k := range []struct {
		name, col string
		v         value.Value
	}{
		{"int", "i", value.IntValue(5)},
		{"int32", "i32", value.IntValue(7)},
		{"uint", "u", value.UintValue(1 << 53)},
		{"double", "d", value.DoubleValue(0.1)},
		{"float32", "f", value.DoubleValue(1.5)},
		{"decimal", "dec", value.DecimalValue(dec)},
		{"text", "s", value.StringValue("abc")},
		{"char", "c", value.StringValue("ab")},
		{"uuid", "id4", value.StringValue("0f0e0d0c-0b0a-4908-8706-050403020100")},
		{"bytes", "by", value.BytesValue([]byte("abc"))},
		{"timestamp", "ts", value.TimestampValue(at)},
		{"local timestamp", "lt", value.LocalTimestampValue(at)},
		{"date", "day", value.TimestampValue(time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC))},
		{"time of day", "tod", value.DurationValue(12 * time.Hour)},
	} {
		out = append(out,
			judgeCase{k.name + " less", []string{k.col}, against(query.OpLt, k.v), ordered(k.v, less)},
			judgeCase{k.name + " at least", []string{k.col}, against(query.OpGe, k.v), ordered(k.v, atLeast)},
			judgeCase{k.name + " equal", []string{k.col}, against(query.OpEq, k.v), equal(k.v)},
		)
	}
	return append(out, judgeCase{
		"double itself",
		[]string{"d"},
		func(c []query.Expr) query.Expr { return test(query.OpEq, c[0], c[0]) },
		nullSafe(func(c []Cell) verdict { return is(c[0].IsNull() || !math.IsNaN(c[0].Double())) }),
	})
}

func textCases() []judgeCase {
	unary := func(op query.Op, s string) func([]query.Expr) query.Expr {
		return func(c []query.Expr) query.Expr { return test(op, c[0], text(s)) }
	}
	in := []string{"paid", "new", ""}
	return []judgeCase{
		{"contains percent", []string{"s"}, unary(query.OpContains, "%"), onText(func(s string) bool { return strings.Contains(s, "%") })},
		{"contains empty", []string{"s"}, unary(query.OpContains, ""), onText(func(string) bool { return true })},
		{"starts with", []string{"s"}, unary(query.OpStartsWith, "a"), onText(func(s string) bool { return strings.HasPrefix(s, "a") })},
		{"ends with blank", []string{"s"}, unary(query.OpEndsWith, " "), onText(func(s string) bool { return strings.HasSuffix(s, " ") })},
		{
			"size",
			[]string{"s"},
			func(c []query.Expr) query.Expr {
				return test(query.OpGt, call(query.OpSize, value.Int, c[0]), number(3))
			},
			onText(func(s string) bool { return utf8.RuneCountInString(s) > 3 }),
		},
		{"matches", []string{"s"}, unary(query.OpMatches, "^[a-z]+$"), onText(func(s string) bool {
			return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz") == ""
		})},
		{
			"in",
			[]string{"k"},
			func(c []query.Expr) query.Expr { return test(query.OpIn, c[0], text(in[0]), text(in[1]), text(in[2])) },
			nullSafe(func(c []Cell) verdict {
				return is(!c[0].IsNull() && (c[0].Str() == in[0] || c[0].Str() == in[1] || c[0].Str() == in[2]))
			}),
		},
		{"not in", []string{"k"}, func(c []query.Expr) query.Expr {
			return test(query.OpNot, test(query.OpIn, c[0], text(in[0]), text(in[1]), text(in[2])))
		}, nullSafe(func(c []Cell) verdict {
			return is(c[0].IsNull() || c[0].Str() != in[0] && c[0].Str() != in[1] && c[0].Str() != in[2])
		})},
	}
}

// cells returns the cells of row r in the named columns.
func (tb *Table) cells(r int, names []string) []Cell {
	out := make([]Cell, len(names))
	for i, n := range names {
		out[i] = tb.Cell(r, n)
	}
	return out
}

// has reports whether the table has all the named columns.
func (tb *Table) has(names []string) bool {
	for _, n := range names {
		if tb.Index(n) < 0 {
			return false
		}
	}
	return true
}

// build returns the expression of jc over rel.
func (jc *judgeCase) build(t testing.TB, rel query.Relation) (query.Expr, []*query.Column) {
	t.Helper()
	cols := Cols(t, rel, jc.cols...)
	es := make([]query.Expr, len(cols))
	for i, c := range cols {
		es[i] = c
	}
	return jc.expr(es), cols
}

// compareKeys orders rows by the named columns, nulls last.
func (tb *Table) compareKeys(a, b []Cell, names []string) int {
	for _, n := range names {
		x, y := a[tb.Index(n)], b[tb.Index(n)]
		if x.IsNull() || y.IsNull() {
			if c := cmp.Compare(nullRank(x), nullRank(y)); c != 0 {
				return c
			}
			continue
		}
		if c, _ := value.Compare(x.Value, y.Value); c != 0 {
			return c
		}
	}
	return 0
}

func nullRank(c Cell) int {
	if c.IsNull() {
		return 1
	}
	return 0
}
