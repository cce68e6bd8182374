package lower

import (
	"regexp"

	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/lang"
)

// comparisons maps the comparison operators; arithmetic the others of two operands.
var comparisons = map[string]query.Op{
	operators.Equals: query.OpEq, operators.NotEquals: query.OpNe, operators.Less: query.OpLt,
	operators.LessEquals: query.OpLe, operators.Greater: query.OpGt, operators.GreaterEquals: query.OpGe,
}

var arithmetic = map[string]query.Op{
	operators.Add: query.OpAdd, operators.Subtract: query.OpSub, operators.Multiply: query.OpMul,
	operators.Divide: query.OpDiv, operators.Modulo: query.OpMod,
}

// call lowers a call; nil where no operator says it.
func (l *lowerer) call(n celast.Expr, c celast.CallExpr) query.Expr {
	fn, args := c.FunctionName(), c.Args()
	if op, ok := comparisons[fn]; ok && len(args) == 2 {
		return l.compare(n, op, args[0], args[1])
	}
	if op, ok := arithmetic[fn]; ok && len(args) == 2 {
		return l.arithmetic(n, op, args[0], args[1])
	}
	switch fn {
	case operators.LogicalAnd:
		return l.logic(n, query.OpAnd, fn)
	case operators.LogicalOr:
		return l.logic(n, query.OpOr, fn)
	case operators.LogicalNot:
		return l.make(n, query.OpNot, value.Of(value.Bool), l.condition(args[0]))
	case operators.Conditional:
		return l.conditional(n, args)
	case operators.In:
		return l.in(n, args)
	case operators.Negate:
		switch k := l.kind(args[0]); k {
		case value.Int, value.Double, value.Decimal:
			return l.make(n, query.OpNeg, value.Of(k), l.number(args[0]))
		}
		return nil
	case "dyn":
		if x, ok := l.undyn(n); ok {
			return l.lower(x)
		}
		return nil
	case lang.PromoteFunc:
		return l.promote(n, args[0])
	}
	return l.function(n, c)
}

func (l *lowerer) make(n celast.Expr, op query.Op, t value.Type, args ...query.Expr) query.Expr {
	for _, a := range args {
		if a == nil {
			return nil
		}
	}
	return &query.Call{Op: op, Args: args, Typ: t, At: l.span(n)}
}

// kind is the kind of a node's static type, dyn and promotion apart.
func (l *lowerer) kind(n celast.Expr) value.Kind {
	x, _ := l.undyn(n)
	return l.e.TypeOf(x).Kind
}

// logic flattens a chain of && or ||.
func (l *lowerer) logic(n celast.Expr, op query.Op, fn string) query.Expr {
	var terms []query.Expr
	var walk func(x celast.Expr)
	walk = func(x celast.Expr) {
		if x.Kind() == celast.CallKind && x.AsCall().FunctionName() == fn {
			for _, a := range x.AsCall().Args() {
				walk(a)
			}
			return
		}
		terms = append(terms, l.condition(x))
	}
	walk(n)
	return l.make(n, op, value.Of(value.Bool), terms...)
}

// scalar reports whether sources compare values of the kind.
func scalar(k value.Kind) bool {
	return k != value.JSON && k != value.List && k != value.Null
}

func isNumber(k value.Kind) bool {
	return k == value.Int || k == value.Uint || k == value.Double || k == value.Decimal
}

// operand lowers an operand of a comparison, which knows how numbers of different kinds
// compare: promotions and dyn are left out. nil where its type is known at run time only.
func (l *lowerer) operand(n celast.Expr) query.Expr {
	for n.Kind() == celast.CallKind && len(n.AsCall().Args()) == 1 {
		fn := n.AsCall().FunctionName()
		if fn != "dyn" && fn != lang.PromoteFunc {
			break
		}
		n = n.AsCall().Args()[0]
	}
	if l.e.Dynamic(n) {
		return nil
	}
	return l.lower(n)
}

func (l *lowerer) compare(n celast.Expr, op query.Op, a, b celast.Expr) query.Expr {
	x, y := l.operand(a), l.operand(b)
	eq := op == query.OpEq || op == query.OpNe
	// A list column against null needs no look into the value. A JSON column does: the document `null` is null too.
	if eq && (isNull(y) && isList(l.e, a) || isNull(x) && isList(l.e, b)) {
		return l.make(n, op, value.Of(value.Bool), l.columnOr(a, x), l.columnOr(b, y))
	}
	if x == nil || y == nil {
		return nil
	}
	kx, ky := x.Type().Kind, y.Type().Kind
	switch {
	case eq && (isNull(x) && scalar(ky) || isNull(y) && scalar(kx)):
		typeNull(x, y)
		typeNull(y, x)
	case !scalar(kx) || !scalar(ky):
		return nil
	case kx != ky && !(isNumber(kx) && isNumber(ky)):
		return nil
	}
	return l.make(n, op, value.Of(value.Bool), x, y)
}

// columnOr lowers the column that a node names, whatever its type, or keeps what was lowered.
func (l *lowerer) columnOr(n celast.Expr, lowered query.Expr) query.Expr {
	x := stripDyn(n)
	if c := l.e.ColumnOf(x); c != nil && !x.AsSelect().IsTestOnly() {
		return c
	}
	return lowered
}

func stripDyn(n celast.Expr) celast.Expr {
	for n.Kind() == celast.CallKind && n.AsCall().FunctionName() == "dyn" && len(n.AsCall().Args()) == 1 {
		n = n.AsCall().Args()[0]
	}
	return n
}

func isList(e *lang.RowExpr, n celast.Expr) bool {
	c := e.ColumnOf(stripDyn(n))
	return c != nil && c.Col.Type.Kind == value.List && !stripDyn(n).AsSelect().IsTestOnly()
}

// isNull reports whether x is the null literal.
func isNull(x query.Expr) bool {
	l, ok := x.(*query.Literal)
	return ok && l.Val.IsNull()
}

// typeNull gives the null literal the type of what it is compared with.
func typeNull(x, other query.Expr) {
	if l, ok := x.(*query.Literal); ok && l.Val.IsNull() {
		l.Typ = other.Type()
	}
}

// number lowers an operand of arithmetic or an argument of a function: a promotion becomes a conversion.
func (l *lowerer) number(n celast.Expr) query.Expr {
	if l.e.Dynamic(n) {
		x, ok := l.undyn(n)
		if !ok {
			return nil
		}
		n = x
	}
	if n.Kind() == celast.CallKind && n.AsCall().FunctionName() == lang.PromoteFunc {
		x, ok := l.undyn(n.AsCall().Args()[0])
		if !ok {
			return nil
		}
		inner := l.lower(x)
		switch k := inner.Type().Kind; {
		case k == value.Decimal:
			return inner
		case isNumber(k):
			return l.make(n, query.OpToDecimal, value.Of(value.Decimal), inner)
		}
		return nil
	}
	return l.lower(n)
}

// arithmetic lowers an operator of two operands where their kinds have it.
func (l *lowerer) arithmetic(n celast.Expr, op query.Op, a, b celast.Expr) query.Expr {
	if l.e.Dynamic(n) {
		return nil
	}
	x, y := l.number(a), l.number(b)
	if x == nil || y == nil {
		return nil
	}
	kx, ky := x.Type().Kind, y.Type().Kind
	ok := false
	switch {
	case kx == ky && isNumber(kx):
		ok = op != query.OpMod || kx != value.Double
	case kx == value.Duration && ky == value.Duration:
		ok = op == query.OpAdd || op == query.OpSub
	case kx == value.Timestamp && ky == value.Duration:
		ok = op == query.OpAdd || op == query.OpSub
	case kx == value.Duration && ky == value.Timestamp:
		ok = op == query.OpAdd
	case kx == value.Timestamp && ky == value.Timestamp:
		ok = op == query.OpSub
	case kx == ky && (kx == value.String || kx == value.Bytes):
		ok = op == query.OpAdd
	}
	if !ok {
		return nil
	}
	return l.make(n, op, l.e.TypeOf(n), x, y)
}

// promote lowers a promotion that is neither compared nor computed with, such as a branch of a conditional: null
// stays null.
func (l *lowerer) promote(n, arg celast.Expr) query.Expr {
	x, ok := l.undyn(arg)
	if !ok {
		return nil
	}
	return l.promoted(n, l.lower(x))
}

// promoted converts a lowered number to decimal, null staying null: only columns, literals and
// conditionals over them can be null. nil where it cannot.
func (l *lowerer) promoted(n celast.Expr, x query.Expr) query.Expr {
	dec := value.Of(value.Decimal)
	null := func(t value.Type) query.Expr { return &query.Literal{Typ: t, At: l.span(n)} }
	switch {
	case x.Type().Kind == value.Decimal:
		return x
	case isNull(x):
		return null(dec)
	case x.Type().Kind != value.Int && x.Type().Kind != value.Uint:
		return nil // a double may be no finite number, which has no decimal but compares
	}
	if c, ok := x.(*query.Call); ok && c.Op == query.OpCond {
		return l.make(n, query.OpCond, dec, c.Args[0], l.promoted(n, c.Args[1]), l.promoted(n, c.Args[2]))
	}
	conv := l.make(n, query.OpToDecimal, dec, x)
	if _, col := x.(*query.Column); !col {
		return conv
	}
	isNull := l.make(n, query.OpEq, value.Of(value.Bool), x, null(x.Type()))
	return l.make(n, query.OpCond, dec, isNull, null(dec), conv)
}

func (l *lowerer) conditional(n celast.Expr, args []celast.Expr) query.Expr {
	if l.e.Dynamic(n) {
		return nil
	}
	t := l.e.TypeOf(n)
	if !scalar(t.Kind) {
		return nil
	}
	c, a, b := l.condition(args[0]), l.lower(args[1]), l.lower(args[2])
	for _, x := range []query.Expr{a, b} {
		if isNull(x) {
			typeNull(x, &query.Literal{Typ: t})
		}
		if x.Type().Kind != t.Kind {
			return nil
		}
	}
	return l.make(n, query.OpCond, t, c, a, b)
}

// in lowers membership in a list that is written out.
func (l *lowerer) in(n celast.Expr, args []celast.Expr) query.Expr {
	if len(args) != 2 || args[1].Kind() != celast.ListKind {
		return nil
	}
	list := args[1].AsList()
	if list.Size() == 0 || len(list.OptionalIndices()) > 0 {
		return nil
	}
	x := l.operand(args[0])
	if x == nil || !scalar(x.Type().Kind) {
		return nil
	}
	ops := []query.Expr{x}
	constant := true
	for _, el := range list.Elements() {
		y := l.operand(el)
		if y == nil {
			return nil
		}
		typeNull(y, x)
		kx, ky := x.Type().Kind, y.Type().Kind
		if kx != ky && !(isNumber(kx) && isNumber(ky)) {
			return nil
		}
		switch y := y.(type) {
		case *query.Literal:
		case *query.Column:
			if y.Col.MayErr {
				return nil // an element in error makes the whole list one
			}
			constant = false
		default:
			return nil
		}
		ops = append(ops, y)
	}
	b := value.Of(value.Bool)
	if constant {
		return l.make(n, query.OpIn, b, ops...)
	}
	terms := make([]query.Expr, 0, len(ops)-1)
	for _, y := range ops[1:] {
		terms = append(terms, l.make(n, query.OpEq, b, x, y))
	}
	if len(terms) == 1 {
		return terms[0]
	}
	return l.make(n, query.OpOr, b, terms...)
}

// validPattern reports whether x is a literal that Go's regexp takes.
func validPattern(x query.Expr) bool {
	l, ok := x.(*query.Literal)
	if !ok || l.Val.Kind() != value.String {
		return false
	}
	_, err := regexp.Compile(l.Val.Str())
	return err == nil
}
