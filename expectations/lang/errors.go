package lang

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diag"
)

// unknownName reports a name that means nothing here.
func (c *compiler) unknownName(name string, start, end int) {
	at := query.Span{Start: start, End: end}
	if name == metricName {
		c.fail("unknown-name", at, "declare metric: beside expect:", "there is no metric here")
		return
	}
	if c.metric != nil {
		if name == rowName {
			c.fail("row-in-metric", at, "a macro speaks of rows, as in orders.count(o, o.total > 0)",
				"there is no row here: the expression speaks of whole datasets")
			return
		}
		known := slices.Collect(maps.Keys(c.scope.Datasets))
		c.fail("unknown-dataset", at, suggest(name, known, "the datasets here"), "there is no dataset %q", name)
		return
	}
	if _, ok := c.scope.Datasets[name]; ok {
		c.fail("dataset-in-row", at, "an expectation is about rows or about datasets, not both",
			"the dataset %q cannot be used in an expression about a row", name)
		return
	}
	known := slices.Collect(maps.Keys(c.rels))
	known = append(known, nowName, varsName)
	hint := suggest(name, known, "known here")
	if r, ok := c.rels[rowName]; ok {
		if _, ok := r.column(name); ok {
			hint = "write row." + name
		} else if c.rowOf(name) {
			hint = "its row is called row here; " + hintMetric
		}
	}
	if r, ok := c.rels[c.inner]; ok && c.inner != "" {
		if _, ok := r.column(name); ok {
			hint = "write " + c.inner + "." + name
		} else if name == rowName {
			hint = "the row is called " + c.inner + " here"
		}
	}
	if h := foreignName(name); h != "" {
		hint = h
	}
	c.fail("unknown-name", at, hint, "there is no %q", name)
}

// rowOf reports whether the dataset whose row the expression is about has that name.
func (c *compiler) rowOf(name string) bool {
	r, ok := c.rels[rowName]
	return ok && name != "" && r.from.Dataset.Name == name
}

// unknownFunction reports a call of a function that does not exist.
func (c *compiler) unknownFunction(e celast.Expr, fn string) {
	known := make([]string, 0, len(c.funcs))
	for name := range c.funcs {
		if name[0] >= 'a' && name[0] <= 'z' && !strings.Contains(name, "@") {
			known = append(known, name)
		}
	}
	known = append(known, "has", "all", "exists", "exists_one", "map", "filter")
	slices.Sort(known)
	hint := c.foreignFunction(fn)
	if hint == "" {
		hint = diag.DidYouMean(fn, known)
	}
	c.fail("unknown-function", c.nameSpan(e, fn), hint, "there is no function %q", fn)
}

// nameSpan is where the name of a call stands.
func (c *compiler) nameSpan(e celast.Expr, fn string) query.Span {
	o, ok := c.info.GetOffsetRange(e.ID())
	if !ok {
		return c.spans[e.ID()]
	}
	p := c.tok.prev(int(o.Start))
	last := fn[strings.LastIndex(fn, ".")+1:]
	if p < 0 || string(c.tok.src[p:c.tok.end[p]]) != last {
		return c.spans[e.ID()]
	}
	start := p
	if last != fn {
		start = c.spans[e.ID()].Start
	}
	return query.Span{Start: start, End: c.tok.end[p]}
}

var (
	noOverload = regexp.MustCompile(`^found no matching overload for '(.*?)' applied to '(.*)'$`)
	undeclared = regexp.MustCompile(`^undeclared reference to '(.*?)'`)
	notRange   = regexp.MustCompile(`^expression of type '(.*?)' cannot be range`)
	wantType   = regexp.MustCompile(`^expected type '(.*?)' but found '(.*?)'$`)
	noField    = regexp.MustCompile(`^type '(.*?)' does not support field selection`)
)

// checkErrors turns the checker's errors into ours.
func (c *compiler) checkErrors(iss *cel.Issues, root celast.Expr) {
	nodes := map[int64]celast.Expr{}
	celast.PostOrderVisit(root, celast.NewExprVisitor(func(e celast.Expr) { nodes[e.ID()] = e }))
	nodes[c.root.ID()] = root
	for _, e := range iss.Errors() {
		at := c.spans[e.ExprID]
		n := nodes[e.ExprID]
		switch m := e.Message; {
		case noOverload.MatchString(m) && n != nil && n.Kind() == celast.CallKind:
			c.noOverload(n, at)
		case undeclared.MatchString(m):
			c.unknownName(undeclared.FindStringSubmatch(m)[1], at.Start, at.End)
		case notRange.MatchString(m):
			c.fail("type-mismatch", at, "", "%s has no elements", article(celName(notRange.FindStringSubmatch(m)[1])))
		case wantType.MatchString(m):
			w := wantType.FindStringSubmatch(m)
			c.fail("type-mismatch", at, "", "this must be %s, not %s", article(celName(w[1])), article(celName(w[2])))
		case noField.MatchString(m):
			c.fail("type-mismatch", at, "", "%s has no members", article(celName(noField.FindStringSubmatch(m)[1])))
		default:
			c.fail("type-mismatch", at, "", "%s", lowerFirst(m))
		}
	}
}

// celName rewrites cel-go's name of a type.
func celName(s string) string {
	if inner, ok := strings.CutPrefix(s, "wrapper("); ok {
		s = strings.TrimSuffix(inner, ")")
	}
	return strings.ReplaceAll(s, "local_timestamp", "local timestamp")
}

// symbols are the operators as written.
var symbols = map[string]string{
	operators.Equals: "==", operators.NotEquals: "!=", operators.Less: "<", operators.LessEquals: "<=",
	operators.Greater: ">", operators.GreaterEquals: ">=", operators.Add: "+", operators.Subtract: "-",
	operators.Multiply: "*", operators.Divide: "/", operators.Modulo: "%", operators.Negate: "-",
	operators.LogicalNot: "!", operators.LogicalAnd: "&&", operators.LogicalOr: "||", operators.In: "in",
	operators.Conditional: "? :", operators.Index: "[]",
}

// noOverload says which operator or function does not take which types.
func (c *compiler) noOverload(n celast.Expr, at query.Span) {
	call := n.AsCall()
	var ts []*types.Type
	if call.IsMemberFunction() {
		ts = append(ts, c.types[call.Target().ID()])
	}
	for _, a := range call.Args() {
		ts = append(ts, c.types[a.ID()])
	}
	names := make([]string, len(ts))
	for i, t := range ts {
		names[i] = typeName(t)
	}
	fn := call.FunctionName()
	switch fn {
	case operators.Equals, operators.NotEquals, operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals:
		if len(ts) == 2 {
			hint := foreignOperands(fn, call.Args(), ts)
			if hint == "" {
				hint = literalHint(call.Args(), ts)
			}
			if hint == "" {
				hint = compareHint(ts[0], ts[1])
			}
			c.fail("type-mismatch", at, hint, "cannot compare %s with %s", names[0], names[1])
			return
		}
	case operators.In:
		c.fail("type-mismatch", at, "", "%s cannot be looked up in %s", names[0], names[1])
		return
	case operators.Conditional:
		if len(ts) == 3 && (ts[0] == nil || ts[0].Kind() == types.BoolKind) {
			c.fail("type-mismatch", at, "convert one of them", "the branches of \"? :\" are %s and %s", names[1], names[2])
			return
		}
		c.fail("type-mismatch", at, "", "\"? :\" needs a condition, not %s", article(names[0]))
		return
	case operators.LogicalNot, operators.LogicalAnd, operators.LogicalOr:
		c.fail("type-mismatch", at, "", "%q needs conditions, not %s", symbols[fn], strings.Join(names, " and "))
		return
	}
	if s, ok := symbols[fn]; ok {
		hint := foreignOperands(fn, call.Args(), ts)
		if hint == "" {
			hint = arithmeticHint(ts)
		}
		c.fail("type-mismatch", at, hint, "%q does not apply to %s", s, strings.Join(names, " and "))
		return
	}
	if call.IsMemberFunction() {
		args := strings.Join(names[1:], ", ")
		c.fail("type-mismatch", at, c.signatures(fn), "%s.%s(%s) does not exist", names[0], fn, args)
		return
	}
	c.fail("type-mismatch", at, c.signatures(fn), "%s(%s) does not exist", strings.ReplaceAll(fn, "@", ""), strings.Join(names, ", "))
}

// signatures lists what a function takes.
func (c *compiler) signatures(fn string) string {
	f, ok := c.funcs[fn]
	if !ok {
		return ""
	}
	var out []string
	for _, o := range f.OverloadDecls() {
		var args []string
		for _, t := range o.ArgTypes() {
			args = append(args, typeName(t))
		}
		s := fn + "(" + strings.Join(args, ", ") + ")"
		if o.IsMemberFunction() && len(args) > 0 {
			s = args[0] + "." + fn + "(" + strings.Join(args[1:], ", ") + ")"
		}
		out = append(out, s)
		if len(out) == 4 {
			break
		}
	}
	return "it takes " + strings.Join(out, " or ")
}

// literalHint says how to write the literal of a comparison between a text and a number.
func literalHint(args []celast.Expr, ts []*types.Type) string {
	for i, a := range args {
		if a.Kind() != celast.LiteralKind {
			continue
		}
		other := ts[1-i]
		switch v := a.AsLiteral().(type) {
		case types.Int, types.Uint, types.Double:
			if other != nil && other.Kind() == types.StringKind {
				return fmt.Sprintf("write %q, or convert the text, as in int(…)", fmt.Sprint(v.Value()))
			}
		case types.String:
			if _, err := value.ParseDec(string(v)); err == nil && numeric(other) {
				return fmt.Sprintf("write %s without quotes", string(v))
			}
			if t := instantHint(string(v)); t != "" && other != nil && other.Kind() == types.TimestampKind {
				return fmt.Sprintf("write timestamp(%q)", t)
			}
		}
	}
	return ""
}

func compareHint(a, b *types.Type) string {
	kinds := func(p, q func(*types.Type) bool) bool { return p(a) && q(b) || p(b) && q(a) }
	isText := func(t *types.Type) bool { return t != nil && t.Kind() == types.StringKind }
	isTime := func(t *types.Type) bool { return t != nil && t.Kind() == types.TimestampKind }
	isSpan := func(t *types.Type) bool { return t != nil && t.Kind() == types.DurationKind }
	isLocal := func(t *types.Type) bool { return isOpaque(t, "local_timestamp") }
	switch {
	case kinds(isText, numeric):
		return "convert one of them, as in int(…) or string(…)"
	case kinds(isText, isTime):
		return `write timestamp("2024-01-31T00:00:00Z")`
	case kinds(isText, isSpan):
		return `write duration("24h")`
	case kinds(isLocal, isTime):
		return "declare timezone: on the connection, so that timestamps without a zone become instants"
	case kinds(isLocal, isText):
		return "declare timezone: on the connection and compare with timestamp(…)"
	}
	return ""
}

func arithmeticHint(ts []*types.Type) string {
	if len(ts) != 2 {
		return ""
	}
	switch a, b := ts[0], ts[1]; {
	case numeric(a) && numeric(b):
		return "convert one of them, as in double(…)"
	case isOpaque(a, "local_timestamp") || isOpaque(b, "local_timestamp"):
		return "declare timezone: on the connection, so that timestamps without a zone become instants"
	}
	return ""
}

// planError reports what cel-go found only when it planned the program: a constant that
// cannot be computed.
func (c *compiler) planError(err error) {
	c.fail("bad-constant", c.spans[c.root.ID()], "", "a constant of the expression cannot be computed: %s", rootCause(err))
}

// rootCause returns the innermost message.
func rootCause(err error) string {
	s := err.Error()
	if i := strings.LastIndex(s, ": "); i >= 0 && i+2 < len(s) {
		return s[i+2:]
	}
	return s
}
