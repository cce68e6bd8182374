package parity

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"cel.dev/cel-go/common"
	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/parser"
	celpb "cel.dev/expr"
	testpb "cel.dev/expr/conformance/test"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/assay-dev/assay/connectors/value"
)

// corpusCase is one expression of the CEL conformance corpus.
type corpusCase struct {
	id   string
	text string
	want value.Value
	errs bool // the corpus expects an error
	// whole has a column for every literal; pushed keeps patterns and zones, which engines want written out, and
	// has a column of its type for timestamp("…") and duration("…").
	whole, pushed string
	skip          string // why it does not run
}

// literals are the values that stand in the corpus, each a column of one row.
type literals struct {
	names  map[string]string // kind and value -> column
	values []value.Value
}

// column returns the column that holds v.
func (l *literals) column(v value.Value) string {
	k := outcomeText(v, true)
	if v.Kind() == value.Double {
		k += fmt.Sprint(math.Signbit(v.Double()))
	}
	if l.names[k] == "" {
		l.values = append(l.values, v)
		l.names[k] = fmt.Sprintf("c%d", len(l.values))
	}
	return l.names[k]
}

// scalarCases reads the cases and rewrites those over scalars.
func scalarCases(t *testing.T) ([]*corpusCase, *literals) {
	t.Helper()
	p, err := parser.NewParser(parser.Macros(parser.AllMacros...), parser.EnableOptionalSyntax(true), parser.EnableIdentEscapeSyntax(true))
	if err != nil {
		t.Fatal(err)
	}
	ls := &literals{names: map[string]string{}}
	var cases []*corpusCase
	seen := map[string]int{}
	for _, tc := range corpus(t) {
		c := &corpusCase{id: tc.GetName(), text: tc.GetExpr()}
		if seen[c.id]++; seen[c.id] > 1 { // the corpus uses some names twice
			c.id += fmt.Sprintf("#%d", seen[c.id])
		}
		cases = append(cases, c)
		if c.skip = c.expect(tc); c.skip != "" {
			continue
		}
		ast, errs := p.Parse(common.NewTextSource(tc.GetExpr()))
		if len(errs.GetErrors()) > 0 {
			c.skip = "does not parse with the standard macros"
			continue
		}
		bound := map[string]value.Value{}
		for name, b := range tc.GetBindings() {
			v, ok := scalarOf(b.GetValue())
			if !ok {
				c.skip = "binds a value that is no scalar"
			}
			bound[name] = v
		}
		if c.skip == "" {
			c.skip = notScalar(ast.Expr(), bound)
		}
		if c.skip != "" {
			continue
		}
		c.whole = (&rewriter{ls: ls, bound: bound}).text(t, ast)
		c.pushed = (&rewriter{ls: ls, bound: bound, typed: !strings.HasPrefix(c.id, "conversions/")}).text(t, ast)
	}
	return cases, ls
}

// durationParts is another departure of cel-go, over a bound variable: it counts all milliseconds of a duration.
var durationParts = map[string]bool{"timestamps/duration_converters/get_milliseconds": true}

// expect reads what the corpus says of the case, or why it cannot be asked here.
func (c *corpusCase) expect(tc *testpb.SimpleTest) string {
	switch {
	case tc.GetCheckOnly():
		return "is about the checker only"
	case tc.GetContainer() != "" && len(tc.GetBindings()) > 0:
		return "resolves names in a container"
	case departures[tc.GetName()] || durationParts[c.id]:
		return "is one from which cel-go itself departs"
	}
	v := tc.GetValue()
	switch m := tc.GetResultMatcher().(type) {
	case nil:
		c.want = value.BoolValue(true)
		return ""
	case *testpb.SimpleTest_EvalError, *testpb.SimpleTest_AnyEvalErrors:
		c.errs = true
		return ""
	case *testpb.SimpleTest_Unknown, *testpb.SimpleTest_AnyUnknowns:
		return "expects an unknown value"
	case *testpb.SimpleTest_TypedResult:
		v = m.TypedResult.GetResult()
	case *testpb.SimpleTest_Value:
	}
	want, ok := scalarOf(v)
	if !ok {
		return "has a result that is no scalar"
	}
	c.want = want
	return ""
}

// scalarOf converts a scalar of the corpus.
func scalarOf(v *celpb.Value) (value.Value, bool) {
	switch k := v.GetKind().(type) {
	case *celpb.Value_NullValue:
		return value.NullValue(), true
	case *celpb.Value_BoolValue:
		return value.BoolValue(k.BoolValue), true
	case *celpb.Value_Int64Value:
		return value.IntValue(k.Int64Value), true
	case *celpb.Value_Uint64Value:
		return value.UintValue(k.Uint64Value), true
	case *celpb.Value_DoubleValue:
		return value.DoubleValue(k.DoubleValue), true
	case *celpb.Value_StringValue:
		return value.StringValue(k.StringValue), true
	case *celpb.Value_BytesValue:
		return value.BytesValue(k.BytesValue), true
	case *celpb.Value_ObjectValue:
		m, err := k.ObjectValue.UnmarshalNew()
		if err != nil {
			return value.Value{}, false
		}
		switch m := m.(type) {
		case *timestamppb.Timestamp:
			return value.TimestampValue(m.AsTime()), true
		case *durationpb.Duration:
			return value.DurationValue(m.AsDuration()), true
		}
	}
	return value.Value{}, false
}

// namespaces are what qualifies the names of functions.
var namespaces = map[string]bool{"math": true, "base64": true, "regex": true, "strings": true}

// notScalar says what in an expression is no scalar, "" when all of it is. A list may stand right of in.
func notScalar(e celast.Expr, bound map[string]value.Value) string {
	switch e.Kind() {
	case celast.LiteralKind:
		return ""
	case celast.IdentKind:
		if _, ok := bound[e.AsIdent()]; !ok {
			return "names a type or an unbound variable"
		}
		return ""
	case celast.CallKind:
		c := e.AsCall()
		switch c.FunctionName() {
		case operators.Index, operators.OptIndex, operators.OptSelect:
			return "has lists or maps"
		}
		if c.IsMemberFunction() && !(c.Target().Kind() == celast.IdentKind && namespaces[c.Target().AsIdent()]) {
			if why := notScalar(c.Target(), bound); why != "" {
				return why
			}
		}
		for i, a := range c.Args() {
			if c.FunctionName() == operators.In && i == 1 && a.Kind() == celast.ListKind {
				for _, x := range a.AsList().Elements() {
					if why := notScalar(x, bound); why != "" {
						return why
					}
				}
				continue
			}
			if why := notScalar(a, bound); why != "" {
				return why
			}
		}
		return ""
	case celast.ListKind, celast.MapKind:
		return "has lists or maps"
	case celast.ComprehensionKind:
		return "has a macro over a list or map"
	case celast.SelectKind, celast.StructKind, celast.UnspecifiedExprKind:
	}
	return "has messages or their fields"
}

// rewriter turns literals into columns of row.
type rewriter struct {
	ls    *literals
	bound map[string]value.Value
	typed bool // the form for engines
	fac   celast.ExprFactory
}

func (r *rewriter) text(t *testing.T, ast *celast.AST) string {
	t.Helper()
	r.fac = celast.NewExprFactory()
	out, err := parser.Unparse(r.rewrite(ast.Expr()), celast.NewSourceInfo(nil))
	if err != nil {
		t.Fatalf("unparse: %v", err)
	}
	return out
}

func (r *rewriter) column(id int64, v value.Value) celast.Expr {
	return r.fac.NewSelect(id, r.fac.NewIdent(id, "row"), r.ls.column(v))
}

func (r *rewriter) rewrite(e celast.Expr) celast.Expr {
	switch e.Kind() {
	case celast.LiteralKind:
		if v, ok := literalValue(e.AsLiteral()); ok {
			return r.column(e.ID(), v)
		}
	case celast.IdentKind:
		if v, ok := r.bound[e.AsIdent()]; ok {
			if v.IsNull() {
				return r.fac.NewLiteral(e.ID(), types.NullValue)
			}
			return r.column(e.ID(), v)
		}
	case celast.ListKind:
		var xs []celast.Expr
		for _, x := range e.AsList().Elements() {
			xs = append(xs, r.rewrite(x))
		}
		return r.fac.NewList(e.ID(), xs, nil)
	case celast.CallKind:
		return r.call(e)
	}
	return e
}

func (r *rewriter) call(e celast.Expr) celast.Expr {
	c := e.AsCall()
	fn := c.FunctionName()
	if v, ok := r.time(c); ok {
		return r.column(e.ID(), v)
	}
	keep := r.typed && (fn == "matches" || strings.HasPrefix(fn, "get"))
	var args []celast.Expr
	for i, a := range c.Args() {
		// The pattern is the last operand of matches, the zone the only one of an accessor.
		if keep && i == len(c.Args())-1 && a.Kind() == celast.LiteralKind {
			args = append(args, a)
			continue
		}
		args = append(args, r.rewrite(a))
	}
	if c.IsMemberFunction() {
		return r.fac.NewMemberCall(e.ID(), fn, r.rewrite(c.Target()), args...)
	}
	return r.fac.NewCall(e.ID(), fn, args...)
}

// time returns the value of timestamp("…") or duration("…").
func (r *rewriter) time(c celast.CallExpr) (value.Value, bool) {
	fn := c.FunctionName()
	if !r.typed || c.IsMemberFunction() || len(c.Args()) != 1 || fn != "timestamp" && fn != "duration" || c.Args()[0].Kind() != celast.LiteralKind {
		return value.Value{}, false
	}
	s, ok := c.Args()[0].AsLiteral().(types.String)
	if !ok {
		return value.Value{}, false
	}
	if fn == "timestamp" {
		at, err := value.ParseTimestamp(string(s))
		return value.TimestampValue(at), err == nil
	}
	d, err := value.ParseDuration(string(s))
	return value.DurationValue(d), err == nil
}
