package eval_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/query/eval"
	"github.com/assay-dev/assay/connectors/value"
)

// columns returns a column of each kind, named a, b, c, ...
func columns(kinds ...value.Kind) []*query.Column {
	cols := make([]*query.Column, len(kinds))
	for i, k := range kinds {
		cols[i] = &query.Column{Index: i, Col: value.Column{Name: string(rune('a' + i)), Type: value.Of(k)}}
	}
	return cols
}

func types(cols []*query.Column) []value.Type {
	ts := make([]value.Type, len(cols))
	for i, c := range cols {
		ts[i] = c.Col.Type
	}
	return ts
}

func call(op query.Op, k value.Kind, args ...query.Expr) *query.Call {
	return &query.Call{Op: op, Typ: value.Of(k), Args: args}
}

func lit(v value.Value) *query.Literal { return &query.Literal{Val: v, Typ: v.Type()} }
func intLit(i int64) query.Expr        { return lit(value.IntValue(i)) }
func strLit(s string) query.Expr       { return lit(value.StringValue(s)) }
func null() query.Expr                 { return &query.Literal{} }
func and(es ...query.Expr) query.Expr  { return call(query.OpAnd, value.Bool, es...) }
func or(es ...query.Expr) query.Expr   { return call(query.OpOr, value.Bool, es...) }

func i(v int64) value.Value   { return value.IntValue(v) }
func u(v uint64) value.Value  { return value.UintValue(v) }
func f(v float64) value.Value { return value.DoubleValue(v) }
func s(v string) value.Value  { return value.StringValue(v) }
func by(v string) value.Value { return value.BytesValue([]byte(v)) }
func bo(v bool) value.Value   { return value.BoolValue(v) }

func du(v time.Duration) value.Value { return value.DurationValue(v) }

func d(text string) value.Value {
	x, err := value.ParseDec(text)
	if err != nil {
		panic(err)
	}
	return value.DecimalValue(x)
}

func ts(text string) value.Value {
	t, err := value.ParseTimestamp(text)
	if err != nil {
		panic(err)
	}
	return value.TimestampValue(t)
}

// bad stands for an element in error, in operands and in results.
type bad struct{}

// cell turns a test's operand into the text of an outcome.
func outcome(v *value.Vector, i int) string {
	switch {
	case v.IsErr(i):
		return "error"
	case v.IsNull(i):
		return "null"
	}
	return v.Type.Kind.String() + " " + v.Value(i).Text()
}

func want(x any) string {
	switch x := x.(type) {
	case bad:
		return "error"
	case nil:
		return "null"
	case value.Value:
		return x.Kind().String() + " " + x.Text()
	}
	return fmt.Sprint(x)
}

func must(t testing.TB, exprs []query.Expr, cols []*query.Column) *eval.Program {
	t.Helper()
	p, err := eval.Compile(exprs, cols)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
