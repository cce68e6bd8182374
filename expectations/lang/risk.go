package lang

import (
	"fmt"
	"slices"
	"strings"
	"time"

	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diag"
)

// Correction is what a risk rule knows of a change: `change`.
type Correction struct {
	Action, Class string
	Columns       []string // that are written; empty where it deletes
	Rows          int64    // that the expectation would change in all
	Fraction      float64  // of the target's rows; 1 where their number is not known
	Expectation   string
}

// RiskExpr weighs changes. It is safe for concurrent use.
type RiskExpr struct {
	expr *RowExpr
	text diag.Text
}

// changeName is what a risk rule calls the change.
const changeName = "change"

// changeColumns are the members of `change`.
func changeColumns() []value.Column {
	return []value.Column{
		{Name: "action", Type: value.Of(value.String)},
		{Name: "class", Type: value.Of(value.String)},
		{Name: "columns", Type: value.ListOf(value.Of(value.String))},
		{Name: "rows", Type: value.Of(value.Int)},
		{Name: "fraction", Type: value.Of(value.Double)},
		{Name: "expectation", Type: value.Of(value.String)},
	}
}

// CompileRisk compiles a risk rule: of type string over `change`. The list holds what is wrong with the text; the rule is nil when it holds an error.
func CompileRisk(text diag.Text, vars map[string]value.Value, now time.Time) (*RiskExpr, diag.List) {
	change := &query.Relation{Dataset: query.Dataset{Name: changeName}, Schema: value.Schema{Columns: changeColumns()}}
	e, found := CompileMessage(text, Scope{Joined: map[string]*query.Relation{changeName: change}, Vars: vars, Now: now})
	if e == nil {
		return nil, found
	}
	if found = append(found, unknownRisks(e, e.AST().Expr(), text)...); found.HasErrors() {
		return nil, found
	}
	return &RiskExpr{expr: e, text: text}, found
}

// Risks are what a risk rule may give.
func Risks() []string { return []string{"low", "medium", "high", "manual"} }

// unknownRisks finds texts that a rule would give and that are no risks, as far as they stand in it.
func unknownRisks(e *RowExpr, n celast.Expr, text diag.Text) diag.List {
	var found diag.List
	switch n.Kind() {
	case celast.LiteralKind:
		word, ok := n.AsLiteral().Value().(string)
		if !ok || slices.Contains(Risks(), word) {
			return nil
		}
		hint := diag.DidYouMean(word, Risks())
		if hint == "" {
			hint = "it is one of " + strings.Join(Risks(), ", ")
		}
		at := e.SpanOf(n.ID())
		found.Errorf("bad-value", text.Span(at.Start, at.End), hint, "%q is no risk", word)
	case celast.CallKind:
		if c := n.AsCall(); c.FunctionName() == operators.Conditional && len(c.Args()) == 3 {
			found = append(unknownRisks(e, c.Args()[1], text), unknownRisks(e, c.Args()[2], text)...)
		}
	default:
	}
	return found
}

// Eval weighs a change. An error says that there is no text for it.
func (r *RiskExpr) Eval(c Correction) (string, error) {
	columns := make([]value.Value, len(c.Columns))
	for i, name := range c.Columns {
		columns[i] = value.StringValue(name)
	}
	all := []value.Value{
		value.StringValue(c.Action), value.StringValue(c.Class), value.ListValue(value.Of(value.String), columns...),
		value.IntValue(c.Rows), value.DoubleValue(c.Fraction), value.StringValue(c.Expectation),
	}
	var cells []value.Value
	for _, col := range r.expr.Columns() {
		cells = append(cells, all[col.Index])
	}
	v, err := r.expr.Eval(cells, nil)
	if err != nil {
		return "", fmt.Errorf("%s: risk: %w", r.text.Origin, err)
	}
	if v.Kind() != value.String {
		return "", fmt.Errorf("%s: risk: it gives %s, not a text", r.text.Origin, v.Type())
	}
	return v.Str(), nil
}
