package lower

import (
	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/lang"
)

// Row lowers a row expression. The result means for every row what e.Eval says: a value, null, or an
// error.
func Row(e *lang.RowExpr) query.Expr {
	l := &lowerer{e: e, constant: map[int64]bool{}}
	root := e.AST().Expr()
	l.findConstants(root)
	want := e.Type()
	if want.Kind == value.JSON && e.Dynamic(root) {
		return l.local(root, want, "type known only at run time")
	}
	return l.lower(root)
}

// Condition lowers an expression of type bool, or of a type known at run time only, where
// anything but a bool is an error.
func Condition(e *lang.RowExpr) query.Expr {
	l := &lowerer{e: e, constant: map[int64]bool{}}
	root := e.AST().Expr()
	l.findConstants(root)
	return l.condition(root)
}

// lowerer lowers one expression.
type lowerer struct {
	e *lang.RowExpr
	// constant holds the nodes that name no column and no variable of a macro.
	constant map[int64]bool
}

// findConstants marks the subtrees without columns, and returns whether n is one.
func (l *lowerer) findConstants(n celast.Expr) bool {
	c := true
	switch n.Kind() {
	case celast.IdentKind:
		c = false // a macro's variable, a row, or a type name
	case celast.SelectKind:
		c = l.findConstants(n.AsSelect().Operand())
	case celast.CallKind:
		call := n.AsCall()
		if call.IsMemberFunction() && call.Target().Kind() != celast.UnspecifiedExprKind {
			c = l.findConstants(call.Target()) && c
		}
		for _, a := range call.Args() {
			c = l.findConstants(a) && c
		}
	case celast.ListKind:
		for _, x := range n.AsList().Elements() {
			c = l.findConstants(x) && c
		}
	case celast.LiteralKind:
	default:
		c = false
	}
	l.constant[n.ID()] = c
	return c
}

func (l *lowerer) span(n celast.Expr) query.Span { return l.e.SpanOf(n.ID()) }

// lower lowers a node whose static type is known.
func (l *lowerer) lower(n celast.Expr) query.Expr {
	if c := l.e.ColumnOf(n); c != nil {
		if n.AsSelect().IsTestOnly() {
			return l.literal(n, value.BoolValue(true)) // a column is always there
		}
		return c
	}
	if l.constant[n.ID()] {
		if v, ok := l.fold(n); ok {
			return l.literal(n, v)
		}
	}
	if n.Kind() != celast.CallKind {
		return l.local(n, l.e.TypeOf(n), reasonOf(n))
	}
	call := n.AsCall()
	out := l.call(n, call)
	if out == nil {
		return l.local(n, l.e.TypeOf(n), reasonOf(n))
	}
	return out
}

// condition lowers an operand of the logic: one known at run time only must be a bool then.
func (l *lowerer) condition(n celast.Expr) query.Expr {
	if l.e.Dynamic(n) {
		if x, ok := l.undyn(n); ok && l.e.TypeOf(x).Kind == value.Bool {
			return l.lower(x)
		}
		return l.local(n, value.Of(value.Bool), "type known only at run time")
	}
	return l.lower(n)
}

func (l *lowerer) literal(n celast.Expr, v value.Value) *query.Literal {
	t := v.Type()
	return &query.Literal{Val: v, Typ: t, At: l.span(n)}
}

// fold evaluates a subtree without columns; ok is false where it is an error or no scalar.
func (l *lowerer) fold(n celast.Expr) (value.Value, bool) {
	// An optional, a list or something dynamic is for its parent to understand.
	if k := l.e.TypeOf(n).Kind; !scalar(k) && k != value.Null {
		return value.Value{}, false
	}
	sub, err := l.e.Sub(n)
	if err != nil {
		return value.Value{}, false
	}
	v, err := sub.Eval(nil, nil)
	return v, err == nil
}

// local leaves a subtree to interpreted cel-go.
func (l *lowerer) local(n celast.Expr, t value.Type, reason string) query.Expr {
	sub, err := l.e.Sub(n)
	if err != nil {
		// cel-go cannot even plan it: a constant in it has no value, for any row.
		return &query.Local{Typ: t, Reason: reason, At: l.span(n), Eval: never}
	}
	return &query.Local{
		Cols: sub.Columns(), Typ: t, Reason: reason, At: l.span(n),
		Eval: func(cells []value.Value, errs []bool) (value.Value, bool) {
			v, err := sub.Eval(cells, errs)
			return v, err == nil && (v.IsNull() || t.Kind == value.JSON || v.Kind() == t.Kind)
		},
	}
}

func never([]value.Value, []bool) (value.Value, bool) { return value.Value{}, false }

// undyn strips dyn(…) around a node of known type.
func (l *lowerer) undyn(n celast.Expr) (celast.Expr, bool) {
	for n.Kind() == celast.CallKind && n.AsCall().FunctionName() == "dyn" && len(n.AsCall().Args()) == 1 {
		n = n.AsCall().Args()[0]
	}
	return n, !l.e.Dynamic(n)
}

// reasonOf says why a node has no operator.
func reasonOf(n celast.Expr) string {
	switch n.Kind() {
	case celast.ComprehensionKind:
		return "list comprehension"
	case celast.SelectKind:
		return "JSON member"
	case celast.ListKind, celast.MapKind:
		return "list or map"
	case celast.CallKind:
		fn := n.AsCall().FunctionName()
		switch fn {
		case operators.Index:
			return "element of a list or map"
		case operators.Equals, operators.NotEquals, operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals, operators.In:
			return "comparison of lists, JSON or unlike types"
		case operators.Add:
			return "concatenation of lists"
		}
		if lang.PromoteFunc == fn {
			return "type known only at run time"
		}
		return "function " + fn
	}
	return "type known only at run time"
}
