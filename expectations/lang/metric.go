package lang

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"cel.dev/cel-go/cel"
	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diag"
)

// Fn is an aggregate macro.
type Fn string

// The aggregate macros.
const (
	FnCount     Fn = "count"     // int: rows, or rows for which the condition is true
	FnSum       Fn = "sum"       // int of int (undecided on overflow), uint of uint, decimal, double, duration
	FnMin       Fn = "min"       // the type of the expression
	FnMax       Fn = "max"       // likewise
	FnAvg       Fn = "avg"       // decimal of int, uint and decimal, rounded half-even to 38 digits; double of double
	FnStddev    Fn = "stddev"    // double: sample standard deviation, null under two rows
	FnDistinct  Fn = "distinct"  // int
	FnQuantile  Fn = "quantile"  // the type of the expression: percentile_disc
	FnFreshness Fn = "freshness" // duration: now less the latest
)

// Aggregate is one use of an aggregate macro.
type Aggregate struct {
	Dataset string
	From    *query.Relation
	Fn      Fn
	Arg     *RowExpr   // what is aggregated; nil for count
	Where   *RowExpr   // the condition; nil for all rows
	Keys    []*RowExpr // of by(…); nil when not grouped
	Q       float64    // quantile
	Type    value.Type // of one value
	Span    query.Span
}

// Kinds are the measures whose outputs, one after the other, make an AggregateResult.
func (a *Aggregate) Kinds() []query.MeasureKind {
	switch a.Fn {
	case FnCount:
		return []query.MeasureKind{query.MeasureCount}
	case FnSum:
		return []query.MeasureKind{query.MeasureSum}
	case FnMin:
		return []query.MeasureKind{query.MeasureMin}
	case FnMax, FnFreshness:
		return []query.MeasureKind{query.MeasureMax}
	case FnAvg:
		return []query.MeasureKind{query.MeasureSum}
	case FnStddev:
		if a.Arg.Type().Kind == value.Double {
			return []query.MeasureKind{query.MeasureStddev}
		}
		return []query.MeasureKind{query.MeasureSum, query.MeasureSumSquares}
	case FnDistinct:
		return []query.MeasureKind{query.MeasureDistinct}
	default:
		return []query.MeasureKind{query.MeasureQuantile}
	}
}

// AggregateResult is what a source computed for an Aggregate: the outputs of the measures of
// Kinds in their order (query.Measure.Outputs), once, or for each group.
type AggregateResult struct {
	Outputs []value.Value
	Groups  []Group
}

// Group is one group of a grouped aggregate.
type Group struct {
	Key     []value.Value
	Outputs []value.Value
}

// MetricExpr is a checked expression over aggregates of datasets. It is safe for concurrent use.
type MetricExpr struct {
	// Aggregates are the macro uses, in the order in which Eval takes their results;
	// equal ones appear once.
	Aggregates []Aggregate
	// Type is the type of the expression's value.
	Type value.Type
	// UsesMetric reports whether the expression names `metric`.
	UsesMetric bool

	text    diag.Text
	program cel.Program
	ast     *celast.AST // checked
	now     value.Value
}

// Text is the source of the expression.
func (m *MetricExpr) Text() diag.Text { return m.text }

// metricState is what a compiler keeps of a metric expression.
type metricState struct {
	aggregates []Aggregate
	texts      []string // for recognising equal ones
	vars       map[string]*types.Type
	usesMetric bool
}

// CompileMetric compiles a metric expectation: a condition over aggregates of datasets.
func CompileMetric(text diag.Text, s Scope) (*MetricExpr, diag.List) {
	return compileMetric(text, s, value.Of(value.Bool))
}

// CompileMetricValue compiles the expression of `metric:`, of any scalar type.
func CompileMetricValue(text diag.Text, s Scope) (*MetricExpr, diag.List) {
	return compileMetric(text, s, value.Of(value.JSON))
}

func compileMetric(text diag.Text, s Scope, want value.Type) (*MetricExpr, diag.List) {
	s.Row, s.Joined = nil, nil
	c, list := newCompiler(text, s)
	if c == nil {
		return nil, list
	}
	c.metric = &metricState{vars: map[string]*types.Type{}}
	root := c.rewrite(c.root)
	if len(c.diags) > 0 {
		return nil, c.diags
	}
	vars := maps.Clone(c.metric.vars)
	if c.metric.usesMetric {
		vars[metricName] = columnType(*s.Metric)
	}
	ast, ok := c.check(root, vars)
	if !ok {
		return nil, c.diags
	}
	c.wantResult(ast, want)
	t := ast.GetType(ast.Expr().ID())
	if got := valueType(t); want.Kind == value.JSON && (got.Kind == value.JSON || got.Kind == value.List || got.Kind == value.Null) {
		c.fail("type-mismatch", c.spans[c.root.ID()], "a metric is one number, text, time or condition",
			"the expression is %s, not a single value", article(typeName(t)))
	}
	if len(c.metric.aggregates) == 0 && !c.metric.usesMetric && len(c.diags) == 0 {
		c.fail("no-dataset", c.spans[c.root.ID()], suggest("", slices.Collect(maps.Keys(s.Datasets)), "the datasets here"),
			"the expression asks no dataset for anything")
	}
	if len(c.diags) > 0 {
		return nil, c.diags
	}
	p, err := c.env.PlanProgram(ast, cel.EvalOptions(cel.OptOptimize), cel.CustomDecoratorV2(strictOrdering))
	if err != nil {
		c.planError(err)
		return nil, c.diags
	}
	return &MetricExpr{
		Aggregates: c.metric.aggregates, Type: valueType(t), UsesMetric: c.metric.usesMetric,
		text: text, program: p, ast: ast, now: value.TimestampValue(s.Now),
	}, nil
}

// aggPrefix begins the names of the variables that stand for aggregates.
const aggPrefix = "@agg"

// aggVar names the variable that stands for the i-th aggregate.
func aggVar(i int) string { return aggPrefix + strconv.Itoa(i) }

// aggregate recognises dataset.macro(…) and dataset.by(…).macro(…), and puts a variable in its place. done is false where
// the call is none.
func (c *compiler) aggregate(e celast.Expr) (out celast.Expr, done bool) {
	call := e.AsCall()
	target := call.Target()
	var byCall celast.Expr
	if target.Kind() == celast.CallKind && target.AsCall().IsMemberFunction() && target.AsCall().FunctionName() == "by" {
		byCall, target = target, target.AsCall().Target()
	}
	if target.Kind() != celast.IdentKind {
		return e, false
	}
	name := target.AsIdent()
	if _, local := c.lookup(name); local {
		return e, false
	}
	from, ok := c.scope.Datasets[name]
	_, isRow := c.rels[name]
	switch {
	case isRow:
		if c.metric == nil && isMacro(call.FunctionName()) || byCall != nil {
			c.fail("row-macro", c.spans[e.ID()], "macros aggregate datasets in metric expressions", "%q is one row: it has no %s()", name, call.FunctionName())
			return e, true
		}
		return e, false
	case ok && c.metric == nil:
		c.unknownName(name, c.spans[target.ID()].Start, c.spans[target.ID()].End)
		return e, true
	case !ok && c.metric != nil && (isMacro(call.FunctionName()) || byCall != nil) && !c.namespace(call):
		c.unknownName(name, c.spans[target.ID()].Start, c.spans[target.ID()].End)
		return e, true
	case !ok && c.metric == nil && (isMacro(call.FunctionName()) || byCall != nil) && c.rowOf(name):
		c.unknownName(name, c.spans[target.ID()].Start, c.spans[target.ID()].End)
		return e, true
	case !ok:
		return e, false
	}
	if call.FunctionName() == "by" {
		c.fail("macro-arguments", c.nameSpan(e, "by"), "as in "+name+".by(x, x.column).count()", "by() groups for a macro that must follow")
		return e, true
	}
	if !isMacro(call.FunctionName()) {
		c.fail("unknown-function", c.nameSpan(e, call.FunctionName()), suggest(call.FunctionName(), macroNames(), "a dataset has"),
			"a dataset has no macro %q", call.FunctionName())
		return e, true
	}
	a, ok := c.macro(e, name, from, byCall)
	if !ok {
		return e, true
	}
	return c.aggregateIdent(e, a, byCall), true
}

// namespace reports whether a call is one of the standard library, such as math.greatest.
func (c *compiler) namespace(call celast.CallExpr) bool {
	_, _, space := c.qualifiedFunction(call)
	return space
}

func macroNames() []string {
	return []string{"count", "sum", "min", "max", "avg", "stddev", "distinct", "quantile", "freshness", "by"}
}

func isMacro(fn string) bool { return slices.Contains(macroNames(), fn) }

// macro compiles the arguments of a macro.
func (c *compiler) macro(e celast.Expr, name string, from *query.Relation, byCall celast.Expr) (Aggregate, bool) {
	call := e.AsCall()
	fn := Fn(call.FunctionName())
	args := call.Args()
	a := Aggregate{Dataset: name, From: from, Fn: fn, Span: c.spans[e.ID()]}
	least, most := 2, 3
	usage := fmt.Sprintf("%s.%s(x, x.column) or %s.%s(x, x.column, condition)", name, fn, name, fn)
	switch fn {
	case FnCount:
		least, most = 2, 2
		usage = fmt.Sprintf("%s.count() or %s.count(x, condition)", name, name)
		if len(args) == 0 {
			a.Type = value.Of(value.Int)
			return a, c.by(&a, byCall)
		}
	case FnQuantile:
		least, most = 3, 4
		usage = fmt.Sprintf("%s.quantile(x, x.column, 0.99)", name)
	case FnFreshness:
		usage = fmt.Sprintf("%s.freshness(x, x.updated_at)", name)
	}
	if len(args) < least || len(args) > most {
		c.fail("macro-arguments", c.spans[e.ID()], "as in "+usage, "%s() does not take %s", fn, diag.Plural(int64(len(args)), "argument"))
		return a, false
	}
	x, ok := c.macroVar(args[0], usage)
	if !ok {
		return a, false
	}
	var good bool
	if fn == FnCount {
		a.Where, good = c.innerExpr(args[1], x, from, value.Of(value.Bool))
		a.Type = value.Of(value.Int)
	} else {
		a.Arg, good = c.innerExpr(args[1], x, from, value.Of(value.JSON))
		rest := args[2:]
		if fn == FnQuantile {
			good = c.quantile(&a, rest[0]) && good
			rest = rest[1:]
		}
		if len(rest) == 1 {
			var ok bool
			a.Where, ok = c.innerExpr(rest[0], x, from, value.Of(value.Bool))
			good = good && ok
		}
		good = good && c.resultType(&a, args[1])
	}
	return a, c.by(&a, byCall) && good
}

// macroVar reads the name that stands for a row within a macro.
func (c *compiler) macroVar(e celast.Expr, usage string) (string, bool) {
	if e.Kind() != celast.IdentKind {
		c.fail("macro-arguments", c.spans[e.ID()], "as in "+usage, "the first argument must be a name for the row")
		return "", false
	}
	x := e.AsIdent()
	if _, ok := c.scope.Datasets[x]; ok || Reserved(x) && x != rowName {
		c.fail("reserved-name", c.spans[e.ID()], "choose another name for the row", "%q already means something else", x)
		return "", false
	}
	return x, true
}

// quantile reads the level of quantile.
func (c *compiler) quantile(a *Aggregate, e celast.Expr) bool {
	e = c.rewrite(e)
	if e.Kind() == celast.LiteralKind {
		switch v := e.AsLiteral().(type) {
		case types.Double:
			a.Q = float64(v)
		case types.Int:
			a.Q = float64(v)
		}
	}
	if a.Q > 0 && a.Q <= 1 {
		return true
	}
	c.fail("macro-arguments", c.spans[e.ID()], "0.5 is the median", "the level of quantile() must be a number above 0 and at most 1")
	return false
}

// by compiles the keys of by(x, key, …).
func (c *compiler) by(a *Aggregate, byCall celast.Expr) bool {
	if byCall == nil {
		return true
	}
	args := byCall.AsCall().Args()
	usage := a.Dataset + ".by(x, x.column)." + string(a.Fn) + "(…)"
	if len(args) < 2 {
		c.fail("macro-arguments", c.spans[byCall.ID()], "as in "+usage, "by() needs a name for the row and a key")
		return false
	}
	x, ok := c.macroVar(args[0], usage)
	if !ok {
		return false
	}
	for _, k := range args[1:] {
		key, good := c.innerExpr(k, x, a.From, value.Of(value.JSON))
		if !good {
			ok = false
			continue
		}
		switch key.Type().Kind {
		case value.Bool, value.Int, value.Uint, value.String:
		default:
			c.fail("type-mismatch", c.spans[k.ID()], "string(…) makes a text of it", "%s cannot be a key of by()", article(key.Type().String()))
			ok = false
		}
		a.Keys = append(a.Keys, key)
	}
	return ok
}

// innerExpr compiles an argument of a macro as an expression over one row of the dataset. It is compiled
// from its own stretch of the text, so that its places stay right.
func (c *compiler) innerExpr(e celast.Expr, x string, from *query.Relation, want value.Type) (*RowExpr, bool) {
	sp := c.spans[e.ID()]
	text := diag.Text{Value: string(c.tok.src[sp.Start:sp.End]), File: c.text.File, Origin: c.text.Origin}
	if len(c.text.Places) > sp.End {
		text.Places = c.text.Places[sp.Start : sp.End+1]
	}
	s := c.scope
	s.Row, s.Joined, s.Metric = nil, nil, nil
	in, list := newCompiler(text, s)
	if in == nil {
		c.diags = append(c.diags, list...)
		return nil, false
	}
	in.rels[x] = newRelation(x, 0, from)
	in.inner = x
	root := in.rewrite(in.root)
	if len(in.diags) == 0 {
		if ast, ok := in.check(root, nil); ok {
			in.wantResult(ast, want)
			if len(in.diags) == 0 {
				r, err := newRowExpr(in.env, ast, in.rels, in.spans)
				if err == nil {
					return r, true
				}
				in.planError(err)
			}
		}
	}
	c.diags = append(c.diags, in.diags...)
	return nil, false
}

// resultType checks what a macro is applied to and sets its type.
func (c *compiler) resultType(a *Aggregate, arg celast.Expr) bool {
	if a.Arg == nil {
		return false
	}
	t := a.Arg.Type()
	bad := func(what string) bool {
		c.fail("type-mismatch", c.spans[arg.ID()], "", "%s() needs %s, not %s", a.Fn, what, article(t.String()))
		return false
	}
	isNumber := t.Kind == value.Int || t.Kind == value.Uint || t.Kind == value.Decimal || t.Kind == value.Double
	switch a.Fn {
	case FnSum:
		if !isNumber && t.Kind != value.Duration {
			return bad("a number or a duration")
		}
		a.Type = t
	case FnAvg:
		if !isNumber {
			return bad("a number")
		}
		a.Type = value.Of(value.Decimal)
		if t.Kind == value.Double {
			a.Type = t
		}
	case FnStddev:
		if !isNumber {
			return bad("a number")
		}
		a.Type = value.Of(value.Double)
	case FnDistinct:
		if t.Kind == value.JSON || t.Kind == value.List || t.Kind == value.Null {
			return bad("a scalar")
		}
		a.Type = value.Of(value.Int)
	case FnFreshness:
		if t.Kind != value.Timestamp {
			if t.Kind == value.LocalTimestamp {
				c.fail("type-mismatch", c.spans[arg.ID()], "declare timezone: on the connection, so that timestamps without a zone become instants",
					"freshness() needs a timestamp, not a local timestamp")
				return false
			}
			return bad("a timestamp")
		}
		a.Type = value.Of(value.Duration)
	default: // min, max, quantile
		switch t.Kind {
		case value.JSON, value.List, value.Null, value.Bool:
			return bad("something that is ordered")
		}
		a.Type = t
	}
	return true
}

// aggregateIdent puts a variable in the place of a macro's use.
func (c *compiler) aggregateIdent(e celast.Expr, a Aggregate, byCall celast.Expr) celast.Expr {
	sp := c.spans[e.ID()]
	text := string(c.tok.src[sp.Start:sp.End])
	i := slices.Index(c.metric.texts, text)
	if i < 0 {
		i = len(c.metric.aggregates)
		c.metric.aggregates = append(c.metric.aggregates, a)
		c.metric.texts = append(c.metric.texts, text)
	}
	t := columnType(a.Type)
	if byCall != nil {
		key := types.StringType
		if len(a.Keys) == 1 {
			key = celType(a.Keys[0].Type())
		}
		t = types.NewMapType(key, t)
	} else if a.Fn == FnCount || a.Fn == FnDistinct {
		t = types.IntType
	}
	c.metric.vars[aggVar(i)] = t
	c.types[e.ID()] = t
	return c.fac.NewIdent(e.ID(), aggVar(i))
}
