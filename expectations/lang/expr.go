package lang

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync"

	"cel.dev/cel-go/cel"
	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// RowExpr is a checked expression over a row and the rows joined to it. It is safe for
// concurrent use.
type RowExpr struct {
	env     *cel.Env
	ast     *celast.AST
	rels    map[string]*relation
	spans   map[int64]query.Span
	columns []*query.Column
	program cel.Program
	frames  sync.Pool
}

// errCell is what reading a cell in error yields.
var errCell = errors.New("the stored value cannot be represented")

// cells is a row as the field getters see it: one slot a column of the expression.
type cells struct {
	slots map[slot]int
	vals  []value.Value
	errs  []bool
	cache []ref.Val
}

type slot struct{ rel, index int }

// rowOf is what `row` or an alias stands for while evaluating.
type rowOf struct {
	rel   int
	cells *cells
}

// get returns the cell of a column, converted once a row.
func (r *rowOf) get(index int) (any, error) {
	i, ok := r.cells.slots[slot{r.rel, index}]
	if !ok {
		return nil, fmt.Errorf("column %d of relation %d was not read", index, r.rel)
	}
	if v := r.cells.cache[i]; v != nil {
		return v, nil
	}
	if i < len(r.cells.errs) && r.cells.errs[i] {
		return nil, errCell
	}
	v := celValue(r.cells.vals[i])
	r.cells.cache[i] = v
	return v, nil
}

// frame is an activation that is used again.
type frame struct {
	cells cells
	rows  map[string]any
}

// ResolveName implements interpreter.Activation.
func (f *frame) ResolveName(name string) (any, bool) {
	v, ok := f.rows[name]
	return v, ok
}

// Parent implements interpreter.Activation.
func (f *frame) Parent() cel.Activation { return nil }

// newFrame returns a frame for the expression's columns.
func (e *RowExpr) newFrame() any {
	f := &frame{rows: make(map[string]any, len(e.rels))}
	f.cells.slots = make(map[slot]int, len(e.columns))
	for i, c := range e.columns {
		f.cells.slots[slot{c.Rel, c.Index}] = i
	}
	f.cells.cache = make([]ref.Val, len(e.columns))
	for alias, r := range e.rels {
		f.rows[alias] = &rowOf{rel: r.rel, cells: &f.cells}
	}
	return f
}

// Columns returns the columns that the expression names, each once, in the order
// in which Eval takes their cells: by relation, then by position.
func (e *RowExpr) Columns() []*query.Column { return e.columns }

// Type is the expression's type; value.JSON where it is known at run time only.
func (e *RowExpr) Type() value.Type { return valueType(e.ast.GetType(e.ast.Expr().ID())) }

// Eval evaluates the expression over one row by interpreted cel-go: it is the oracle of
// what the expression means. cells and errs are in the order of Columns; errs may be
// nil, and marks cells whose stored value has no representation. An error
// says that the expression is undecided; a null value of a bool expression says so too.
func (e *RowExpr) Eval(cells []value.Value, errs []bool) (value.Value, error) {
	if len(cells) < len(e.columns) {
		return value.Value{}, fmt.Errorf("evaluate: %d cells for %d columns", len(cells), len(e.columns))
	}
	f, ok := e.frames.Get().(*frame)
	if !ok {
		return value.Value{}, errors.New("evaluate: no frame")
	}
	defer e.frames.Put(f)
	f.cells.vals, f.cells.errs = cells, errs
	clear(f.cells.cache)
	out, _, err := e.program.Eval(f)
	if err != nil {
		return value.Value{}, fmt.Errorf("evaluate: %w", err)
	}
	if types.IsUnknown(out) {
		return value.Value{}, errors.New("evaluate: unknown value")
	}
	return goValue(out)
}

// AST is the checked syntax tree, literals coerced. Callers must not change it.
func (e *RowExpr) AST() *celast.AST { return e.ast }

// SpanOf is where the node with this id stands in the expression's text.
func (e *RowExpr) SpanOf(id int64) query.Span { return e.spans[id] }

// TypeOf is the logical type of a node; value.JSON where it is known at run time only.
func (e *RowExpr) TypeOf(n celast.Expr) value.Type { return valueType(e.ast.GetType(n.ID())) }

// Dynamic reports whether a node's type is known at run time only.
func (e *RowExpr) Dynamic(n celast.Expr) bool {
	t := e.ast.GetType(n.ID())
	return t == nil || t.Kind() == types.DynKind || t.Kind() == types.AnyKind
}

// ColumnOf returns the column that a node names; nil when it names none.
func (e *RowExpr) ColumnOf(n celast.Expr) *query.Column {
	if n.Kind() != celast.SelectKind {
		return nil
	}
	sel := n.AsSelect()
	if sel.Operand().Kind() != celast.IdentKind {
		return nil
	}
	r, ok := e.rels[sel.Operand().AsIdent()]
	if !ok {
		return nil
	}
	col, i := r.from.Schema.Column(sel.FieldName())
	if i < 0 {
		return nil
	}
	return &query.Column{Rel: r.rel, Index: i, Col: col, At: e.spans[n.ID()]}
}

// Sub returns the expression of a node of e alone. It errs where cel-go cannot plan it, such
// as for a constant that cannot be computed.
func (e *RowExpr) Sub(n celast.Expr) (*RowExpr, error) {
	sub := celast.NewCheckedAST(celast.NewAST(n, e.ast.SourceInfo()), e.ast.TypeMap(), e.ast.ReferenceMap())
	return newRowExpr(e.env, sub, e.rels, e.spans)
}

// newRowExpr plans a checked expression.
func newRowExpr(env *cel.Env, ast *celast.AST, rels map[string]*relation, spans map[int64]query.Span) (*RowExpr, error) {
	e := &RowExpr{env: env, ast: ast, rels: rels, spans: spans}
	e.collect()
	p, err := env.PlanProgram(ast, cel.EvalOptions(cel.OptOptimize), cel.CustomDecoratorV2(strictOrdering))
	if err != nil {
		return nil, fmt.Errorf("plan the expression: %w", err)
	}
	e.program = p
	e.frames.New = e.newFrame
	return e, nil
}

// collect finds the columns that the expression names.
func (e *RowExpr) collect() {
	seen := map[slot]*query.Column{}
	celast.PostOrderVisit(e.ast.Expr(), celast.NewExprVisitor(func(n celast.Expr) {
		if c := e.ColumnOf(n); c != nil && seen[slot{c.Rel, c.Index}] == nil {
			seen[slot{c.Rel, c.Index}] = c
		}
	}))
	e.columns = make([]*query.Column, 0, len(seen))
	for _, c := range seen {
		e.columns = append(e.columns, c)
	}
	sortColumns(e.columns)
}

// sortColumns orders columns by relation, then by position.
func sortColumns(cs []*query.Column) {
	slices.SortFunc(cs, func(a, b *query.Column) int {
		return cmp.Or(cmp.Compare(a.Rel, b.Rel), cmp.Compare(a.Index, b.Index))
	})
}
