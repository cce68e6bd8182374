package lang

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"cel.dev/cel-go/cel"
	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/decls"
	"cel.dev/cel-go/common/types"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diag"
)

// CompileRow compiles a row expectation or a condition: an expression of type bool over the
// row and the rows joined to it. The list holds what is wrong with the text; the
// expression is nil when it holds an error.
func CompileRow(text diag.Text, s Scope) (*RowExpr, diag.List) {
	return compileRow(text, s, value.Of(value.Bool))
}

// CompileMessage compiles a message expression: of type string over a row.
func CompileMessage(text diag.Text, s Scope) (*RowExpr, diag.List) {
	return compileRow(text, s, value.Of(value.String))
}

// CompileRowValue compiles an expression of any scalar type over a row. The parity tests hold every such expression to
// CEL's meaning through it; joins will take their keys by it, and corrections their values.
func CompileRowValue(text diag.Text, s Scope) (*RowExpr, diag.List) {
	return compileRow(text, s, value.Type{Kind: value.JSON})
}

func compileRow(text diag.Text, s Scope, want value.Type) (*RowExpr, diag.List) {
	c, list := newCompiler(text, s)
	if c == nil {
		return nil, list
	}
	root := c.rewrite(c.root)
	if len(c.diags) > 0 {
		return nil, c.diags
	}
	ast, ok := c.check(root, nil)
	if !ok {
		return nil, c.diags
	}
	c.wantResult(ast, want)
	if len(c.diags) > 0 {
		return nil, c.diags
	}
	e, err := newRowExpr(c.env, ast, c.rels, c.spans)
	if err != nil {
		c.planError(err)
		return nil, c.diags
	}
	return e, nil
}

// compiler compiles one text.
type compiler struct {
	text   diag.Text
	scope  Scope
	rels   map[string]*relation
	base   *cel.Env
	env    *cel.Env // with the relations' types
	funcs  map[string]*decls.FunctionDecl
	fac    celast.ExprFactory
	tok    *tokens
	info   *celast.SourceInfo
	parsed *cel.Ast
	root   celast.Expr
	spans  map[int64]query.Span
	ids    int64
	types  map[int64]*types.Type // inferred
	local  []map[string]*types.Type
	diags  diag.List

	metric *metricState // of a metric expression
	inner  string       // within an aggregate macro: the variable that stands for the row
}

// newCompiler parses the text; the compiler is nil where it does not parse.
func newCompiler(text diag.Text, s Scope) (*compiler, diag.List) {
	c := &compiler{
		text: text, scope: s, rels: s.relations(), fac: celast.NewExprFactory(),
		spans: map[int64]query.Span{}, types: map[int64]*types.Type{},
	}
	src := []rune(text.Value)
	c.tok = scan(src)
	if strings.TrimSpace(text.Value) == "" {
		c.fail("syntax", query.Span{}, "", "the expression is empty")
		return nil, c.diags
	}
	if len(src) > maxCodePoints {
		c.fail("too-complex", query.Span{End: 1}, "split it into several expectations",
			"the expression is %d characters long, the limit is %d", len(src), maxCodePoints)
		return nil, c.diags
	}
	base, err := baseEnv()
	if err != nil {
		c.fail("internal", query.Span{}, "", "%v", err)
		return nil, c.diags
	}
	c.base, c.funcs = base, base.Functions()
	parsed, iss := base.Parse(text.Value)
	if iss.Err() != nil {
		c.parseErrors(iss)
		return nil, c.diags
	}
	ast := parsed.NativeRep()
	c.parsed = parsed
	c.info, c.root = ast.SourceInfo(), ast.Expr()
	c.ids = celast.MaxID(ast)
	sp := &spanner{t: c.tok, info: c.info, spans: c.spans}
	sp.child(c.root)
	return c, nil
}

// fail notes what is wrong with a stretch of the text.
func (c *compiler) fail(code string, at query.Span, hint, format string, args ...any) {
	c.diags.Errorf(code, c.text.Span(at.Start, at.End), hint, format, args...)
}

// newID returns an id for a node that stands where another one does.
func (c *compiler) newID(like int64) int64 {
	c.ids++
	c.spans[c.ids] = c.spans[like]
	if o, ok := c.info.GetOffsetRange(like); ok {
		c.info.SetOffsetRange(c.ids, o)
	}
	return c.ids
}

// check has cel-go check the rewritten tree, with more variables than the relations.
func (c *compiler) check(root celast.Expr, vars map[string]*types.Type) (*celast.AST, bool) {
	p := &provider{Provider: c.base.CELTypeProvider(), rels: map[string]*relation{}}
	opts := []cel.EnvOption{cel.CustomTypeProvider(p)}
	for _, alias := range slices.Sorted(maps.Keys(c.rels)) {
		r := c.rels[alias]
		p.rels[r.typ.TypeName()] = r
		opts = append(opts, cel.Variable(alias, r.typ))
	}
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		opts = append(opts, cel.Variable(name, vars[name]))
	}
	env, err := c.base.Extend(opts...)
	if err != nil {
		c.fail("internal", query.Span{}, "", "%v", err)
		return nil, false
	}
	c.env = env
	// cel-go's API checks only trees that it has parsed: the parsed root takes the new content. It
	// keeps its id, as rewriting never puts anything around the root.
	if root != c.root {
		c.root.SetKindCase(root)
	}
	checked, iss := env.Check(c.parsed)
	if iss.Err() != nil {
		c.checkErrors(iss, root)
		return nil, false
	}
	if est, err := env.EstimateCost(checked, estimator{}); err == nil && est.Max > maxCost {
		c.fail("too-complex", c.spans[root.ID()],
			fmt.Sprintf("loops within loops multiply, and so does text put into text (replace, join); "+
				"a text counts as %d characters, a list as %d elements", assumedText, assumedElements),
			"the expression may take up to %s steps a row, the limit is %s", diag.GroupDigits(strconv.FormatUint(est.Max, 10)), diag.Group(maxCost))
		return nil, false
	}
	return checked.NativeRep(), true
}

// wantResult checks the type of the whole expression.
func (c *compiler) wantResult(ast *celast.AST, want value.Type) {
	t := ast.GetType(ast.Expr().ID())
	at := c.spans[c.root.ID()]
	if isDyn(t) && want.Kind != value.JSON {
		return // known at run time; anything else is undecided there
	}
	got := valueType(t)
	switch {
	case want.Kind == value.JSON || got.Kind == want.Kind:
	case want.Kind == value.Bool:
		c.fail("not-bool", at, "compare it with something", "the expression is %s, not a condition", article(typeName(t)))
	default:
		c.fail("type-mismatch", at, "string(…) makes a text of it", "the expression is %s, not a text", article(typeName(t)))
	}
}

func article(noun string) string {
	if noun == "null" || noun == "json" || strings.HasPrefix(noun, "a ") {
		return noun
	}
	if strings.ContainsRune("aeio", rune(noun[0])) {
		return "an " + noun
	}
	return "a " + noun
}
