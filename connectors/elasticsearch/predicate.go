package elasticsearch

import (
	"strings"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// truth is a predicate as two queries: the documents for which it is true, and those for which it is false.
// The rest is undecided.
type truth struct{ t, f *clause }

// decided reports a predicate that is never undecided: its false is written as the negation of its true.
func (p truth) decided() bool {
	return (p.f.op == clauseNot && p.f.kids[0] == p.t) || (p.t.op == clauseNot && p.t.kids[0] == p.f) ||
		p.t.op == clauseAll || p.f.op == clauseAll
}

func (p truth) not() truth { return truth{p.f, p.t} }

// undecided is the documents for which p is neither.
func (p truth) undecided() *clause {
	if p.decided() {
		return none()
	}
	return and(not(p.t), not(p.f))
}

// Bounds on what one predicate may become; past them the server refuses or suffers.
const (
	maxClauses = 500
	maxDepth   = 16 // of the 30 that indices.query.bool.max_nested_depth allows
)

// compiler turns predicates into queries and gathers on what their exactness depends.
type compiler struct {
	singles map[string]*field  // fields that must hold one value, by the name that is asked
	ignored map[string]bool    // names that no document may list in _ignored
	guards  map[string]*clause // queries that no document may match, by their text
}

func newCompiler() *compiler {
	return &compiler{singles: map[string]*field{}, ignored: map[string]bool{}, guards: map[string]*clause{}}
}

// predicate compiles a Bool expression.
func (c *compiler) predicate(e query.Expr) (truth, *query.Refusal) {
	p, r := c.bool(e)
	if r != nil {
		return p, r
	}
	for _, part := range []*clause{p.t, p.f} {
		if leaves, depth := part.size(); leaves > maxClauses || depth > maxDepth {
			return p, refuse(e, "an expression of more than 500 parts or 16 levels")
		}
	}
	return p, nil
}

func (c *compiler) bool(e query.Expr) (truth, *query.Refusal) {
	switch e := e.(type) {
	case *query.Literal:
		switch {
		case e.Val.Kind() == value.Bool && e.Val.Bool():
			return truth{all(), none()}, nil
		case e.Val.Kind() == value.Bool:
			return truth{none(), all()}, nil
		}
		return truth{none(), none()}, nil
	case *query.Column:
		f, r := c.comparable(e)
		if r != nil {
			return truth{}, r
		}
		return truth{
			leaf("term", map[string]any{f.asked: true}),
			leaf("term", map[string]any{f.asked: false}),
		}, nil
	case *query.Call:
		return c.call(e)
	case *query.Local:
		return truth{}, refuse(e, "an expression without an operator")
	}
	return truth{}, refuse(e, "an unknown expression")
}

func (c *compiler) call(e *query.Call) (truth, *query.Refusal) {
	switch e.Op {
	case query.OpNot, query.OpAnd, query.OpOr, query.OpCond, query.OpIsTrue, query.OpIsFalse, query.OpIsUndecided:
		return c.logic(e)
	case query.OpEq, query.OpNe:
		col, lit, r := c.sides(e)
		if r != nil {
			return truth{}, r
		}
		p, r := c.equal(e, col, []*query.Literal{lit})
		if e.Op == query.OpNe {
			p = p.not()
		}
		return p, r
	case query.OpIn:
		col, ok := e.Args[0].(*query.Column)
		if !ok {
			return truth{}, refuse(e.Args[0], "computed operand")
		}
		lits := make([]*query.Literal, 0, len(e.Args)-1)
		for _, a := range e.Args[1:] {
			lit, ok := a.(*query.Literal)
			if !ok {
				return truth{}, refuse(a, "computed operand")
			}
			lits = append(lits, lit)
		}
		return c.equal(e, col, lits)
	case query.OpLt, query.OpLe, query.OpGt, query.OpGe:
		return c.order(e)
	case query.OpStartsWith, query.OpEndsWith, query.OpContains:
		return c.affix(e)
	case query.OpMatches:
		return truth{}, refuse(e, "regex")
	}
	return truth{}, refuse(e, "computed operand")
}

// logic follows Kleene's tables by polarity.
func (c *compiler) logic(e *query.Call) (truth, *query.Refusal) {
	parts := make([]truth, len(e.Args))
	for i, a := range e.Args {
		p, r := c.bool(a)
		if r != nil {
			return truth{}, r
		}
		parts[i] = p
	}
	var ts, fs []*clause
	for _, p := range parts {
		ts, fs = append(ts, p.t), append(fs, p.f)
	}
	certain := func(t *clause) (truth, *query.Refusal) { return truth{t, not(t)}, nil }
	switch e.Op {
	case query.OpNot:
		return parts[0].not(), nil
	case query.OpAnd, query.OpOr:
		p := truth{and(ts...), or(fs...)}
		if e.Op == query.OpOr {
			p = truth{or(ts...), and(fs...)}
		}
		for _, part := range parts {
			if !part.decided() {
				return p, nil
			}
		}
		return truth{p.t, not(p.t)}, nil
	case query.OpCond:
		cond, yes, no := parts[0], parts[1], parts[2]
		return truth{or(and(cond.t, yes.t), and(cond.f, no.t)), or(and(cond.t, yes.f), and(cond.f, no.f))}, nil
	case query.OpIsTrue:
		return certain(parts[0].t)
	case query.OpIsFalse:
		return certain(parts[0].f)
	default:
		return certain(parts[0].undecided())
	}
}

// sides finds the column and the literal of a comparison.
func (c *compiler) sides(e *query.Call) (*query.Column, *query.Literal, *query.Refusal) {
	for i := range 2 {
		col, ok := e.Args[i].(*query.Column)
		if !ok {
			continue
		}
		switch other := e.Args[1-i].(type) {
		case *query.Literal:
			return col, other, nil
		case *query.Column:
			return nil, nil, refuse(e, "two columns")
		}
	}
	return nil, nil, refuse(e, "computed operand")
}

// comparable notes that a column is compared on the server, or says why it cannot be.
func (c *compiler) comparable(col *query.Column) (*field, *query.Refusal) {
	f, r := usable(col)
	if r != nil {
		return nil, r
	}
	if f.asked == "" {
		return nil, refuse(col, f.whyNot)
	}
	c.singles[f.asked] = f
	c.inYears(f, f.asked)
	for _, name := range f.ignored {
		c.ignored[name] = true
	}
	return f, nil
}

// inYears guards a date against instants outside the dialect's years: their cells are in error, which the index cannot tell.
func (c *compiler) inYears(f *field, name string) {
	if f.class != classMillis {
		return
	}
	within := leaf("range", map[string]any{name: map[string]any{"gte": firstMilli, "lte": lastMilli, "format": dateFormatName}})
	g := and(existsClause(name), not(within))
	c.guards[g.text()] = g
}

func usable(col *query.Column) (*field, *query.Refusal) {
	if col.Rel != 0 {
		return nil, refuse(col, "a joined column")
	}
	f, err := fieldOf(col)
	if err != nil {
		return nil, refuse(col, "a column of another connection")
	}
	if col.Col.Unusable != "" {
		return nil, refuse(col, "an unusable column")
	}
	return f, nil
}

// null is the documents in which the column is null.
func (c *compiler) null(col *query.Column) (*clause, *query.Refusal) {
	f, r := usable(col)
	switch {
	case r != nil:
		return nil, r
	case f.name == idColumn || f.constant != nil:
		return none(), nil
	case f.exists == "":
		return nil, refuse(col, f.whyNotNull)
	}
	for _, name := range f.ignored {
		if name == f.exists {
			c.ignored[name] = true
		}
	}
	c.inYears(f, f.exists)
	return not(existsClause(f.exists)), nil
}

// equal compiles equality with any of the literals. It is never undecided: null is a value to it.
func (c *compiler) equal(e query.Expr, col *query.Column, lits []*query.Literal) (truth, *query.Refusal) {
	var found []*clause
	var terms []query.Expr
	for _, lit := range lits {
		if !lit.Val.IsNull() {
			terms = append(terms, lit)
			continue
		}
		null, r := c.null(col)
		if r != nil {
			return truth{}, r
		}
		found = append(found, null)
	}
	if len(terms) > 0 {
		f, r := c.comparable(col)
		if r != nil {
			return truth{}, r
		}
		if f.class == classMillis || f.class == classFloat {
			return truth{}, refuse(e, "equality on a field of type "+f.typ)
		}
		for _, lit := range lits {
			if lit.Val.IsNull() {
				continue
			}
			b, why := boundOf(f, lit.Val)
			if why != "" {
				return truth{}, refuse(lit, why)
			}
			if b.side == 0 && b.rest == 0 && !b.nan {
				found = append(found, b.equal(f))
			}
		}
	}
	t := or(found...)
	return truth{t, not(t)}, nil
}

// order compiles <, <=, > and >=.
func (c *compiler) order(e *query.Call) (truth, *query.Refusal) {
	col, lit, r := c.sides(e)
	if r != nil {
		return truth{}, r
	}
	op := e.Op
	if _, swapped := e.Args[1].(*query.Column); swapped {
		op = map[query.Op]query.Op{
			query.OpLt: query.OpGt, query.OpLe: query.OpGe, query.OpGt: query.OpLt, query.OpGe: query.OpLe,
		}[op]
	}
	f, r := c.comparable(col)
	if r != nil {
		return truth{}, r
	}
	if f.class == classBool {
		return truth{}, refuse(e, "order of booleans")
	}
	if lit.Val.IsNull() {
		return truth{none(), none()}, nil
	}
	b, why := boundOf(f, lit.Val)
	if why != "" {
		return truth{}, refuse(lit, why)
	}
	if b.nan {
		return truth{none(), existsClause(f.asked)}, nil
	}
	less, more := b.less(f), b.more(f)
	// What is indexed as the bound itself: decided by how the literal lies to the bound, or in doubt.
	at := b.at(f)
	before := op == query.OpLt || op == query.OpLe // true below the bound
	if at != nil {
		var equalIsTrue bool
		switch {
		case b.doubt(op):
			c.guards[at.text()] = at
			equalIsTrue = false
		case b.rest > 0: // the literal lies above the bound, so the value is less
			equalIsTrue = before
		case b.rest < 0:
			equalIsTrue = !before
		default:
			equalIsTrue = op == query.OpLe || op == query.OpGe
			if f.class == classMillis { // at or after the bound
				equalIsTrue = op == query.OpGe
			}
		}
		if equalIsTrue == before {
			less = b.upTo(f)
		} else {
			more = b.from(f)
		}
	}
	if before {
		return truth{less, more}, nil
	}
	return truth{more, less}, nil
}

// affix compiles startsWith, endsWith and contains.
func (c *compiler) affix(e *query.Call) (truth, *query.Refusal) {
	col, ok := e.Args[0].(*query.Column)
	lit, ok2 := e.Args[1].(*query.Literal)
	if !ok || !ok2 {
		return truth{}, refuse(e, "computed operand")
	}
	f, r := c.comparable(col)
	if r != nil {
		return truth{}, r
	}
	if f.class != classKeyword || lit.Val.Kind() != value.String {
		return truth{}, refuse(e, "a part of what is no keyword")
	}
	text := lit.Val.Str()
	const longest = 256
	if len(text) > longest {
		return truth{}, refuse(lit, "a part of more than 256 bytes")
	}
	present := existsClause(f.asked)
	t := present
	if text != "" {
		escaped := strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`).Replace(text)
		switch e.Op {
		case query.OpStartsWith:
			t = leaf("prefix", map[string]any{f.asked: map[string]any{"value": text}})
		case query.OpEndsWith:
			t = leaf("wildcard", map[string]any{f.asked: map[string]any{"value": "*" + escaped}})
		default:
			t = leaf("wildcard", map[string]any{f.asked: map[string]any{"value": "*" + escaped + "*"}})
		}
	}
	return truth{t, and(present, not(t))}, nil
}
