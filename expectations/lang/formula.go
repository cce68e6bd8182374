package lang

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/assay-dev/assay/connectors/value"
)

// FormulaOp is what a node of a Formula does.
type FormulaOp string

// The operations.
const (
	FormulaNumber    FormulaOp = "number"    // Number
	FormulaAggregate FormulaOp = "aggregate" // the one at position Aggregate
	FormulaMetric    FormulaOp = "metric"    // the value of `metric:`
	FormulaPlus      FormulaOp = "+"
	FormulaMinus     FormulaOp = "-"
	FormulaTimes     FormulaOp = "*"
	FormulaOver      FormulaOp = "/"
	FormulaNegative  FormulaOp = "negative"
	FormulaAbs       FormulaOp = "abs"
	FormulaTruncate  FormulaOp = "truncate" // toward zero
	FormulaLess      FormulaOp = "<"
	FormulaAtMost    FormulaOp = "<="
	FormulaGreater   FormulaOp = ">"
	FormulaAtLeast   FormulaOp = ">="
	FormulaEqual     FormulaOp = "=="
	FormulaUnequal   FormulaOp = "!="
	FormulaAnd       FormulaOp = "&&"
	FormulaOr        FormulaOp = "||"
	FormulaNot       FormulaOp = "!"
)

// Formula is a metric expression as arithmetic, comparisons and logic over numbers: what can be said of it where its aggregates are known to lie in
// intervals only.
type Formula struct {
	Op        FormulaOp
	Args      []*Formula
	Aggregate int
	Number    string // in decimal digits, exactly as the author wrote it
}

// FormulaError says what of an expression intervals do not go through.
type FormulaError struct{ Construct string }

// Error implements error.
func (e *FormulaError) Error() string {
	return "it is known to lie in an interval only, and nothing says what " + e.Construct + " makes of one"
}

// Formula returns the expression as one, or a *FormulaError.
func (m *MetricExpr) Formula() (*Formula, error) { return (&formulas{ast: m.ast}).of(m.ast.Expr()) }

type formulas struct{ ast *celast.AST }

func (f *formulas) of(e celast.Expr) (*Formula, error) {
	switch e.Kind() {
	case celast.LiteralKind:
		return literalFormula(e)
	case celast.IdentKind:
		name := e.AsIdent()
		if name == metricName {
			return &Formula{Op: FormulaMetric}, nil
		}
		if text, ok := strings.CutPrefix(name, aggPrefix); ok {
			if i, err := strconv.Atoi(text); err == nil {
				return &Formula{Op: FormulaAggregate, Aggregate: i}, nil
			}
		}
		return nil, &FormulaError{Construct: strconv.Quote(name)}
	case celast.CallKind:
		return f.call(e)
	default:
		return nil, &FormulaError{Construct: "such an expression"}
	}
}

func literalFormula(e celast.Expr) (*Formula, error) {
	switch v := e.AsLiteral().(type) {
	case types.Int:
		return &Formula{Op: FormulaNumber, Number: strconv.FormatInt(int64(v), 10)}, nil
	case types.Uint:
		return &Formula{Op: FormulaNumber, Number: strconv.FormatUint(uint64(v), 10)}, nil
	case types.Double:
		if f := float64(v); !math.IsNaN(f) && !math.IsInf(f, 0) {
			return &Formula{Op: FormulaNumber, Number: strconv.FormatFloat(f, 'f', -1, 64)}, nil
		}
	}
	return nil, &FormulaError{Construct: fmt.Sprintf("a %s", e.AsLiteral().Type().TypeName())}
}

// callOf is the operation that a function of so many arguments means.
func callOf(name string, args int) (FormulaOp, bool) {
	binary := map[string]FormulaOp{
		operators.Add: FormulaPlus, operators.Subtract: FormulaMinus, operators.Multiply: FormulaTimes, operators.Divide: FormulaOver,
		operators.Less: FormulaLess, operators.LessEquals: FormulaAtMost, operators.Greater: FormulaGreater, operators.GreaterEquals: FormulaAtLeast,
		operators.Equals: FormulaEqual, operators.NotEquals: FormulaUnequal, operators.LogicalAnd: FormulaAnd, operators.LogicalOr: FormulaOr,
	}
	unary := map[string]FormulaOp{operators.Negate: FormulaNegative, operators.LogicalNot: FormulaNot, "abs": FormulaAbs, "math.abs": FormulaAbs}
	if args == 2 {
		op, ok := binary[name]
		return op, ok
	}
	op, ok := unary[name]
	return op, ok && args == 1
}

func (f *formulas) call(e celast.Expr) (*Formula, error) {
	call := e.AsCall()
	name, args := call.FunctionName(), call.Args()
	if call.IsMemberFunction() {
		args = append([]celast.Expr{call.Target()}, args...)
	}
	kind := valueType(f.ast.GetType(e.ID())).Kind
	if len(args) == 1 {
		switch name {
		case "decimal":
			if args[0].Kind() == celast.LiteralKind {
				if s, ok := args[0].AsLiteral().(types.String); ok {
					n, err := value.ParseDec(string(s))
					if err != nil {
						return nil, &FormulaError{Construct: "decimal(" + strconv.Quote(string(s)) + ")"}
					}
					return &Formula{Op: FormulaNumber, Number: n.String()}, nil
				}
			}
			return f.of(args[0])
		case "double":
			return f.of(args[0])
		case "int", "uint":
			x, err := f.of(args[0])
			return &Formula{Op: FormulaTruncate, Args: []*Formula{x}}, err
		}
	}
	op, ok := callOf(name, len(args))
	if !ok || !numbers(kind) && kind != value.Bool {
		return nil, &FormulaError{Construct: name + "()"}
	}
	out := &Formula{Op: op}
	for _, a := range args {
		x, err := f.of(a)
		if err != nil {
			return nil, err
		}
		out.Args = append(out.Args, x)
	}
	if op == FormulaOver && (kind == value.Int || kind == value.Uint) {
		return &Formula{Op: FormulaTruncate, Args: []*Formula{out}}, nil
	}
	return out, nil
}

func numbers(k value.Kind) bool {
	return k == value.Int || k == value.Uint || k == value.Double || k == value.Decimal
}

// ShareOf reports whether a counts some of the rows that b counts all of.
func (a *Aggregate) ShareOf(b *Aggregate) bool {
	return a.Fn == FnCount && b.Fn == FnCount && a.Dataset == b.Dataset && b.Where == nil && len(a.Keys) == 0 && len(b.Keys) == 0
}

// Shares are the aggregates, by position, that stand nowhere but in the share of one count in another: a sample tells those without the number of rows.
func (m *MetricExpr) Shares() map[int]bool {
	in, alone := map[int]bool{}, map[int]bool{}
	var walk func(f *Formula)
	walk = func(f *Formula) {
		if f.Op == FormulaAggregate {
			alone[f.Aggregate] = true
			return
		}
		if f.Op == FormulaOver && f.Args[0].Op == FormulaAggregate && f.Args[1].Op == FormulaAggregate &&
			m.Aggregates[f.Args[0].Aggregate].ShareOf(&m.Aggregates[f.Args[1].Aggregate]) {
			in[f.Args[0].Aggregate], in[f.Args[1].Aggregate] = true, true
			return
		}
		for _, a := range f.Args {
			walk(a)
		}
	}
	if f, err := m.Formula(); err == nil {
		walk(f)
	}
	for i := range alone {
		delete(in, i)
	}
	return in
}
