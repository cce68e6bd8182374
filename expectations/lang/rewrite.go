package lang

import (
	"maps"
	"slices"
	"strings"
	"time"

	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/assay-dev/assay/connectors/value"
)

// rewrite resolves names, puts in constants, coerces literals and notes what is wrong. The
// node that it returns has e's id; c.types tells its type where it is known.
func (c *compiler) rewrite(e celast.Expr) celast.Expr {
	switch e.Kind() {
	case celast.LiteralKind:
		c.types[e.ID()] = literalType(e.AsLiteral())
		return e
	case celast.IdentKind:
		return c.ident(e)
	case celast.SelectKind:
		return c.selection(e)
	case celast.CallKind:
		return c.callExpr(e)
	case celast.ListKind:
		return c.list(e)
	case celast.MapKind:
		return c.mapExpr(e)
	case celast.ComprehensionKind:
		return c.comprehension(e)
	case celast.StructKind:
		c.fail("unknown-name", c.spans[e.ID()], "", "there is no message type %q", e.AsStruct().TypeName())
	}
	return e
}

func literalType(v ref.Val) *types.Type {
	if t, ok := v.Type().(*types.Type); ok {
		return t
	}
	return nil
}

// lookup finds a variable of an enclosing macro.
func (c *compiler) lookup(name string) (*types.Type, bool) {
	for _, vars := range slices.Backward(c.local) {
		if t, ok := vars[name]; ok {
			return t, true
		}
	}
	return nil, false
}

func (c *compiler) ident(e celast.Expr) celast.Expr {
	name := e.AsIdent()
	id := e.ID()
	if t, ok := c.lookup(name); ok {
		c.types[id] = t
		return e
	}
	at := c.spans[id]
	if r, ok := c.rels[name]; ok {
		c.fail("row-as-value", at, "name one of its columns: "+name+"."+firstColumn(r), "%q is a whole row, not a value", name)
		return e
	}
	switch name {
	case nowName:
		c.types[id] = types.TimestampType
		return c.constant(id, value.TimestampValue(c.scope.Now))
	case varsName:
		c.fail("unknown-variable", at, suggest("", slices.Collect(maps.Keys(c.scope.Vars)), "the suite has"), "vars is not a value: name one of them, as in vars.name")
		return e
	case metricName:
		if c.metric != nil && c.scope.Metric != nil {
			c.types[id] = columnType(*c.scope.Metric)
			c.metric.usesMetric = true
			return e
		}
	}
	if c.metric != nil {
		if _, ok := c.scope.Datasets[name]; ok {
			c.fail("dataset-as-value", at, "ask it for a number, as in "+name+".count()", "%q is a dataset, not a value", name)
			return e
		}
	}
	if v, ok := c.base.CELTypeProvider().FindIdent(name); ok { // int, string, ... as type names
		c.types[id] = literalType(v)
		if _, isType := v.(*types.Type); isType {
			c.types[id] = types.TypeType
		}
		return e
	}
	c.unknownName(name, at.Start, at.End)
	return e
}

func firstColumn(r *relation) string {
	if len(r.from.Schema.Columns) == 0 {
		return "column"
	}
	return r.from.Schema.Columns[0].Name
}

// selection resolves a.b.c: the longest stretch that names a column is the column.
func (c *compiler) selection(e celast.Expr) celast.Expr {
	var chain []celast.Expr // from the innermost outwards
	root := e
	for root.Kind() == celast.SelectKind {
		chain = append(chain, root)
		root = root.AsSelect().Operand()
	}
	slices.Reverse(chain)
	if root.Kind() == celast.IdentKind {
		name := root.AsIdent()
		if _, shadowed := c.lookup(name); !shadowed {
			if r, ok := c.rels[name]; ok {
				return c.columnChain(r, root, chain)
			}
			if name == varsName {
				return c.variable(e, chain)
			}
			if len(chain) > 0 && c.metric != nil {
				if _, ok := c.scope.Datasets[name]; ok {
					c.fail("dataset-as-value", c.spans[chain[0].ID()], "a macro aggregates it, as in "+name+".max(x, x."+chain[0].AsSelect().FieldName()+")",
						"%q is a dataset: its columns have one value a row", name)
					return e
				}
			}
			if name == rowName && c.metric != nil {
				c.fail("row-in-metric", c.spans[root.ID()], "a macro speaks of rows, as in orders.count(o, o.total > 0)",
					"there is no row here: the expression speaks of whole datasets")
				return e
			}
			// math.pi and the like: qualified names that the standard library declares.
			if _, ok := c.base.CELTypeProvider().FindIdent(qualified(root, chain)); ok {
				return e
			}
		}
	}
	sel := e.AsSelect()
	operand := c.rewrite(sel.Operand())
	t := c.types[operand.ID()]
	switch {
	case sel.IsTestOnly():
		c.types[e.ID()] = types.BoolType
		return c.fac.NewPresenceTest(e.ID(), operand, sel.FieldName())
	case t != nil && t.Kind() == types.MapKind && len(t.Parameters()) == 2:
		c.types[e.ID()] = t.Parameters()[1]
	case isDyn(t):
		c.types[e.ID()] = types.DynType
	}
	return c.fac.NewSelect(e.ID(), operand, sel.FieldName())
}

func qualified(root celast.Expr, chain []celast.Expr) string {
	parts := []string{root.AsIdent()}
	for _, s := range chain {
		parts = append(parts, s.AsSelect().FieldName())
	}
	return strings.Join(parts, ".")
}

// columnChain resolves a selection that begins at a row.
func (c *compiler) columnChain(r *relation, root celast.Expr, chain []celast.Expr) celast.Expr {
	names := make([]string, len(chain))
	for i, s := range chain {
		names[i] = s.AsSelect().FieldName()
	}
	for n := len(chain); n > 0; n-- {
		name := strings.Join(names[:n], ".")
		col, ok := r.column(name)
		if !ok {
			continue
		}
		last := chain[n-1]
		if col.Unusable != "" {
			c.fail("unusable-column", c.spans[last.ID()], "", "column %q cannot be used: %s", name, col.Unusable)
			return chain[len(chain)-1]
		}
		var node celast.Expr
		if last.AsSelect().IsTestOnly() {
			node = c.fac.NewPresenceTest(last.ID(), root, name)
			c.types[last.ID()] = types.BoolType
		} else {
			node = c.fac.NewSelect(last.ID(), root, name)
			c.types[last.ID()] = columnType(col.Type)
		}
		return c.selectAll(node, chain[n:])
	}
	// Blame the first name only: what follows is a member of something unknown.
	at := c.spans[chain[0].ID()]
	start := c.columnStart(root.ID(), at.End)
	name := names[0]
	known := columnNames(r)
	if len(names) > 1 && prefixed(known, names[0]+".") {
		name = strings.Join(names, ".")
		at = c.spans[chain[len(chain)-1].ID()]
	}
	at.Start = start
	if prefixed(known, name+".") {
		known = slices.DeleteFunc(known, func(n string) bool { return !strings.HasPrefix(n, name+".") })
	}
	c.fail("unknown-column", at, suggest(name, known, "it has"), "%s has no column %q", c.relationName(r), name)
	return chain[len(chain)-1]
}

// indexedColumn resolves row["name"], the spelling that takes every name: CEL's backticks hold ASCII letters, digits,
// blanks, dots, dashes and slashes only. done is false where e is something else.
func (c *compiler) indexedColumn(e celast.Expr) (out celast.Expr, done bool) {
	args := e.AsCall().Args()
	if len(args) != 2 || args[0].Kind() != celast.IdentKind || args[1].Kind() != celast.LiteralKind {
		return nil, false
	}
	root := args[0].AsIdent()
	name, isText := args[1].AsLiteral().(types.String)
	r, ok := c.rels[root]
	if _, shadowed := c.lookup(root); shadowed || !ok || !isText {
		return nil, false
	}
	at := c.spans[args[1].ID()]
	col, ok := r.column(string(name))
	switch {
	case !ok:
		c.fail("unknown-column", at, suggest(string(name), columnNames(r), "it has"), "%s has no column %q", c.relationName(r), string(name))
		return e, true
	case col.Unusable != "":
		c.fail("unusable-column", at, "", "column %q cannot be used: %s", string(name), col.Unusable)
		return e, true
	}
	c.types[e.ID()] = columnType(col.Type)
	return c.fac.NewSelect(e.ID(), args[0], string(name)), true
}

func prefixed(names []string, prefix string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, prefix) })
}

// columnStart is where the name after the dot begins: the token that ends at end, or the
// row's own start where the text does not tell.
func (c *compiler) columnStart(root int64, end int) int {
	if i, ok := c.tok.start[end]; ok {
		return i
	}
	return c.spans[root].Start
}

// relationName is what messages call a relation.
func (c *compiler) relationName(r *relation) string {
	if n := r.from.Dataset.Name; n != "" {
		return n
	}
	return r.alias
}

// selectAll applies the rest of a chain of member accesses.
func (c *compiler) selectAll(node celast.Expr, rest []celast.Expr) celast.Expr {
	for _, s := range rest {
		sel := s.AsSelect()
		t := c.types[node.ID()]
		if !isDyn(t) {
			c.fail("type-mismatch", c.spans[s.ID()], "", "%s has no member %q", article(typeName(t)), sel.FieldName())
			return s
		}
		if sel.IsTestOnly() {
			node = c.fac.NewPresenceTest(s.ID(), node, sel.FieldName())
			c.types[s.ID()] = types.BoolType
			continue
		}
		node = c.fac.NewSelect(s.ID(), node, sel.FieldName())
		c.types[s.ID()] = types.DynType
	}
	return node
}

// variable puts the value of vars.name in its place.
func (c *compiler) variable(e celast.Expr, chain []celast.Expr) celast.Expr {
	name := chain[0].AsSelect().FieldName()
	v, ok := c.scope.Vars[name]
	if !ok || len(chain) > 1 {
		known := slices.Collect(maps.Keys(c.scope.Vars))
		c.fail("unknown-variable", c.spans[chain[0].ID()], suggest(name, known, "the suite has"), "there is no variable %q", name)
		return e
	}
	if chain[0].AsSelect().IsTestOnly() {
		c.types[e.ID()] = types.BoolType
		return c.fac.NewLiteral(e.ID(), types.True)
	}
	return c.constant(e.ID(), v)
}

// constant returns the syntax of a value under the given id.
func (c *compiler) constant(id int64, v value.Value) celast.Expr {
	c.types[id] = celType(v.Type())
	text := func(fn, s string) celast.Expr {
		return c.fac.NewCall(id, fn, c.fac.NewLiteral(c.newID(id), types.String(s)))
	}
	switch v.Kind() {
	case value.Decimal:
		return text("decimal", v.Decimal().String())
	case value.Timestamp:
		return text("timestamp", v.Time().UTC().Format(time.RFC3339Nano))
	case value.Duration:
		return text("duration", v.Duration().String())
	case value.List:
		var elems []celast.Expr
		for _, x := range v.List() {
			elems = append(elems, c.constant(c.newID(id), x))
		}
		return c.fac.NewList(id, elems, nil)
	default:
		return c.fac.NewLiteral(id, celValue(v))
	}
}

func (c *compiler) list(e celast.Expr) celast.Expr {
	l := e.AsList()
	elems := make([]celast.Expr, 0, l.Size())
	for _, x := range l.Elements() {
		elems = append(elems, c.rewrite(x))
	}
	elems, t := c.unify(elems)
	c.types[e.ID()] = types.NewListType(types.DynType)
	if t != nil {
		c.types[e.ID()] = types.NewListType(t)
	}
	return c.fac.NewList(e.ID(), elems, l.OptionalIndices())
}

func (c *compiler) mapExpr(e celast.Expr) celast.Expr {
	var entries []celast.EntryExpr
	for _, x := range e.AsMap().Entries() {
		m := x.AsMapEntry()
		entries = append(entries, c.fac.NewMapEntry(x.ID(), c.rewrite(m.Key()), c.rewrite(m.Value()), m.IsOptional()))
	}
	c.types[e.ID()] = types.NewMapType(types.DynType, types.DynType)
	return c.fac.NewMap(e.ID(), entries)
}

func (c *compiler) comprehension(e celast.Expr) celast.Expr {
	x := e.AsComprehension()
	rng := c.rewrite(x.IterRange())
	rt := c.types[rng.ID()]
	vars := map[string]*types.Type{}
	elem, key := (*types.Type)(nil), (*types.Type)(nil)
	if rt != nil {
		switch p := rt.Parameters(); {
		case isDyn(rt):
			elem, key = types.DynType, types.DynType
		case rt.Kind() == types.ListKind && len(p) == 1:
			elem, key = p[0], types.IntType
		case rt.Kind() == types.MapKind && len(p) == 2:
			elem, key = p[1], p[0]
		}
	}
	for _, name := range []string{x.IterVar(), x.IterVar2()} {
		if _, row := c.rels[name]; row || name == nowName || name == varsName {
			c.fail("reserved-name", c.spans[e.ID()], "choose another one", "the macro's variable may not be called %q", name)
		}
	}
	switch {
	case x.HasIterVar2():
		vars[x.IterVar()], vars[x.IterVar2()] = key, elem
	case rt != nil && rt.Kind() == types.MapKind:
		vars[x.IterVar()] = key
	default:
		vars[x.IterVar()] = elem
	}
	init := c.rewrite(x.AccuInit())
	at := c.types[init.ID()]
	if at != nil && at.Kind() == types.ListKind && init.AsList().Size() == 0 {
		at = nil // the step tells its element type
	}
	vars[x.AccuVar()] = at
	c.local = append(c.local, vars)
	cond := c.rewrite(x.LoopCondition())
	step := c.rewrite(x.LoopStep())
	if at == nil {
		at = c.types[step.ID()]
		vars[x.AccuVar()] = at
	}
	c.local[len(c.local)-1] = map[string]*types.Type{x.AccuVar(): at}
	res := c.rewrite(x.Result())
	c.local = c.local[:len(c.local)-1]
	c.types[e.ID()] = c.types[res.ID()]
	if x.HasIterVar2() {
		return c.fac.NewComprehensionTwoVar(e.ID(), rng, x.IterVar(), x.IterVar2(), x.AccuVar(), init, cond, step, res)
	}
	return c.fac.NewComprehension(e.ID(), rng, x.IterVar(), x.AccuVar(), init, cond, step, res)
}

// wrap puts a call of fn around a node; it stands where the node does.
func (c *compiler) wrap(fn string, e celast.Expr, t *types.Type) celast.Expr {
	id := c.newID(e.ID())
	c.types[id] = t
	return c.fac.NewCall(id, fn, e)
}
