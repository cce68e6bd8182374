package lang

import (
	"math"
	"slices"
	"strconv"
	"strings"

	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/assay-dev/assay/connectors/value"
)

// callExpr resolves a call: its operands first, then what operators coerce.
func (c *compiler) callExpr(e celast.Expr) celast.Expr {
	call := e.AsCall()
	fn := call.FunctionName()
	if call.IsMemberFunction() {
		if out, done := c.aggregate(e); done {
			return out
		}
		name, ok, space := c.qualifiedFunction(call)
		if ok {
			return c.plainCall(e, name, nil, call.Args())
		}
		if space {
			c.unknownFunction(e, name)
			return e
		}
		return c.plainCall(e, fn, call.Target(), call.Args())
	}
	switch fn {
	case operators.Equals, operators.NotEquals, operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals,
		operators.Add, operators.Subtract, operators.Multiply, operators.Divide, operators.Modulo:
		if args := call.Args(); len(args) == 2 {
			l, r := c.rewrite(args[0]), c.rewrite(args[1])
			l, r = c.pair(fn, l, r)
			return c.operator(e, fn, l, r)
		}
	case operators.In:
		if args := call.Args(); len(args) == 2 {
			l, r := c.membership(c.rewrite(args[0]), c.rewrite(args[1]))
			c.types[e.ID()] = types.BoolType
			return c.fac.NewCall(e.ID(), fn, l, r)
		}
	case operators.Index:
		if out, done := c.indexedColumn(e); done {
			return out
		}
	case operators.Conditional:
		if args := call.Args(); len(args) == 3 {
			cond := c.rewrite(args[0])
			both, t := c.unify([]celast.Expr{c.rewrite(args[1]), c.rewrite(args[2])})
			c.types[e.ID()] = t
			return c.fac.NewCall(e.ID(), fn, cond, both[0], both[1])
		}
	}
	return c.plainCall(e, fn, nil, call.Args())
}

// operator builds an operator's call and infers its type.
func (c *compiler) operator(e celast.Expr, fn string, args ...celast.Expr) celast.Expr {
	ts := make([]*types.Type, len(args))
	for i := range args {
		ts[i] = c.types[args[i].ID()]
	}
	c.types[e.ID()] = c.resultOf(fn, false, ts)
	switch fn {
	case operators.Equals, operators.NotEquals, operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals:
		c.types[e.ID()] = types.BoolType
	}
	return c.fac.NewCall(e.ID(), fn, args...)
}

// qualifiedFunction recognises math.abs(x): parsed as a member call, meant as a function of
// the standard library. space reports that the library has a namespace of that name, but no such function.
func (c *compiler) qualifiedFunction(call celast.CallExpr) (name string, ok, space bool) {
	parts := []string{call.FunctionName()}
	t := call.Target()
	for t.Kind() == celast.SelectKind && !t.AsSelect().IsTestOnly() {
		parts = append(parts, t.AsSelect().FieldName())
		t = t.AsSelect().Operand()
	}
	if t.Kind() != celast.IdentKind {
		return "", false, false
	}
	parts = append(parts, t.AsIdent())
	if _, local := c.lookup(t.AsIdent()); local || c.rels[t.AsIdent()] != nil {
		return "", false, false
	}
	slices.Reverse(parts)
	name = strings.Join(parts, ".")
	if _, ok := c.funcs[name]; ok {
		return name, true, true
	}
	if _, dataset := c.scope.Datasets[t.AsIdent()]; dataset {
		return "", false, false
	}
	for fn := range c.funcs {
		space = space || strings.HasPrefix(fn, t.AsIdent()+".")
	}
	return name, false, space
}

func (c *compiler) plainCall(e celast.Expr, fn string, target celast.Expr, args []celast.Expr) celast.Expr {
	var ts []*types.Type
	if target != nil {
		target = c.rewrite(target)
		ts = append(ts, c.types[target.ID()])
	}
	out := make([]celast.Expr, 0, len(args))
	for _, a := range args {
		if fn == "format" && target != nil && a.Kind() == celast.ListKind {
			out = append(out, c.formatted(a))
			continue
		}
		out = append(out, c.rewrite(a))
	}
	if _, ok := c.funcs[fn]; !ok {
		c.unknownFunction(e, fn)
		return e
	}
	if fn == "decimal" && target == nil && len(out) == 1 {
		// A literal is taken at its text, so that decimal(0.1) is exactly one tenth.
		if d, ok := c.decimalLiteral(out[0]); ok {
			c.types[e.ID()] = decimalType
			return c.fac.NewCall(e.ID(), fn, c.fac.NewLiteral(out[0].ID(), types.String(d)))
		}
	}
	for _, a := range out {
		ts = append(ts, c.types[a.ID()])
	}
	c.validateLiterals(fn, target, out)
	c.types[e.ID()] = c.resultOf(fn, target != nil, ts)
	if fn == "dyn" {
		c.types[e.ID()] = types.DynType
	}
	if target != nil {
		return c.fac.NewMemberCall(e.ID(), fn, target, out...)
	}
	return c.fac.NewCall(e.ID(), fn, out...)
}

// formatted rewrites the arguments of format, each by itself; decimals become text, for %s: cel-go's format
// knows no other types.
func (c *compiler) formatted(list celast.Expr) celast.Expr {
	elems := make([]celast.Expr, 0, list.AsList().Size())
	for _, e := range list.AsList().Elements() {
		e = c.rewrite(e)
		if isDecimal(c.types[e.ID()]) {
			e = c.wrap("string", e, types.StringType)
		}
		elems = append(elems, e)
	}
	c.types[list.ID()] = types.NewListType(types.DynType)
	return c.fac.NewList(list.ID(), elems, list.AsList().OptionalIndices())
}

// pair coerces the two operands of a comparison or of arithmetic.
func (c *compiler) pair(fn string, l, r celast.Expr) (celast.Expr, celast.Expr) {
	lt, rt := c.types[l.ID()], c.types[r.ID()]
	eq := fn == operators.Equals || fn == operators.NotEquals
	switch {
	case isDecimal(lt) && !isDecimal(rt):
		return l, c.toDecimal(r)
	case isDecimal(rt) && !isDecimal(lt):
		return c.toDecimal(l), r
	case isDouble(lt) && isInt(rt), isUint(lt) && isInt(rt):
		if lit, ok := c.literalAs(r, lt); ok {
			return l, lit
		}
	case isInt(lt) && isDouble(rt), isInt(lt) && isUint(rt):
		if lit, ok := c.literalAs(l, rt); ok {
			return lit, r
		}
	}
	if !eq {
		return l, r
	}
	// Equality of numbers of different kinds is decided on the exact number line at run time;
	// the checker lets it through for dyn only. Lists and maps compare with null likewise.
	mixed := numeric(lt) && numeric(rt) && lt.Kind() != rt.Kind() || mixedLists(lt, rt)
	if mixed || isNull(rt) && composite(lt) {
		return c.wrap("dyn", l, types.DynType), r
	}
	if isNull(lt) && composite(rt) {
		return l, c.wrap("dyn", r, types.DynType)
	}
	return l, r
}

// mixedLists reports whether both are lists of numbers, of different kinds.
func mixedLists(a, b *types.Type) bool {
	if a == nil || b == nil || a.Kind() != types.ListKind || b.Kind() != types.ListKind || len(a.Parameters()) != 1 || len(b.Parameters()) != 1 {
		return false
	}
	x, y := a.Parameters()[0], b.Parameters()[0]
	return numeric(x) && numeric(y) && x.Kind() != y.Kind()
}

// composite reports whether the checker refuses to compare t with null.
func composite(t *types.Type) bool {
	if t == nil || t.IsAssignableType(types.NullType) {
		return false
	}
	switch t.Kind() {
	case types.ListKind, types.MapKind, types.BoolKind, types.IntKind, types.UintKind, types.DoubleKind, types.StringKind, types.BytesKind:
		return true
	}
	return false
}

// toDecimal brings a number, or what is known at run time only, to decimal: a literal at its
// text. Anything else stays and is refused by the checker.
func (c *compiler) toDecimal(e celast.Expr) celast.Expr {
	t := c.types[e.ID()]
	if d, ok := c.decimalLiteral(e); ok {
		id := c.newID(e.ID())
		c.types[id] = decimalType
		return c.fac.NewCall(id, "decimal", c.fac.NewLiteral(e.ID(), types.String(d)))
	}
	if isInt(t) || isUint(t) || isDouble(t) || isDyn(t) {
		return c.wrap(PromoteFunc, e, decimalType)
	}
	return e
}

// decimalLiteral returns the decimal text of a number literal.
func (c *compiler) decimalLiteral(e celast.Expr) (string, bool) {
	if e.Kind() != celast.LiteralKind {
		return "", false
	}
	switch v := e.AsLiteral().(type) {
	case types.Int:
		return strconv.FormatInt(int64(v), 10), true
	case types.Uint:
		return strconv.FormatUint(uint64(v), 10), true
	case types.Double:
		// The literal as written has digits that a double loses.
		sp := c.spans[e.ID()]
		if sp.Start >= 0 && sp.End <= len(c.tok.src) && sp.Start < sp.End {
			text := strings.Map(dropSpace, string(c.tok.src[sp.Start:sp.End]))
			if d, err := value.ParseDec(text); err == nil && d.Float() == float64(v) {
				return d.String(), true
			}
		}
		d, err := value.DecFromFloat(float64(v))
		return d.String(), err == nil
	}
	return "", false
}

func dropSpace(r rune) rune {
	if r == ' ' || r == '\t' || r == '\n' || r == '\r' {
		return -1
	}
	return r
}

// literalAs returns an int literal as one of the type that it meets, where that is exact.
func (c *compiler) literalAs(e celast.Expr, t *types.Type) (celast.Expr, bool) {
	if e.Kind() != celast.LiteralKind {
		return e, false
	}
	i, ok := e.AsLiteral().(types.Int)
	if !ok {
		return e, false
	}
	switch {
	case isDouble(t):
		f := float64(i)
		if f >= math.MaxInt64 || types.Int(f) != i { // int64 of 2^63 would overflow
			return e, false
		}
		c.types[e.ID()] = types.DoubleType
		return c.fac.NewLiteral(e.ID(), types.Double(f)), true
	case isUint(t) && i >= 0:
		c.types[e.ID()] = types.UintType
		return c.fac.NewLiteral(e.ID(), types.Uint(i)), true
	}
	return e, false
}

// unify coerces alternatives of one value (branches, list elements) to one type, and
// returns that type where it is known.
func (c *compiler) unify(es []celast.Expr) ([]celast.Expr, *types.Type) {
	var strongest *types.Type
	allNumbers, same := true, true
	var first *types.Type
	for i, e := range es {
		t := c.types[e.ID()]
		if i == 0 || isNull(first) {
			first = t
		} else if !isNull(t) && (t == nil || first == nil || t.Kind() != first.Kind() || t.TypeName() != first.TypeName()) {
			same = false
		}
		if isNull(t) {
			continue
		}
		if !numeric(t) {
			allNumbers = false
			continue
		}
		if strongest == nil || rank(t) > rank(strongest) {
			strongest = t
		}
	}
	if strongest == nil || !allNumbers {
		if same {
			return es, first
		}
		return es, nil
	}
	known := true
	for i, e := range es {
		t := c.types[e.ID()]
		switch {
		case isNull(t) || t.Kind() == strongest.Kind() && t.TypeName() == strongest.TypeName():
		case isDecimal(strongest):
			es[i] = c.toDecimal(e)
		default:
			lit, ok := c.literalAs(e, strongest)
			es[i] = lit
			known = known && ok
		}
	}
	if !known {
		return es, nil
	}
	return es, strongest
}

// rank orders the number types by what a literal gives way to.
func rank(t *types.Type) int {
	switch {
	case isDecimal(t):
		return 3
	case isDouble(t):
		return 2
	case isUint(t):
		return 1
	}
	return 0
}

// membership coerces x in list.
func (c *compiler) membership(l, r celast.Expr) (celast.Expr, celast.Expr) {
	lt, rt := c.types[l.ID()], c.types[r.ID()]
	if r.Kind() != celast.ListKind {
		if rt != nil && rt.Kind() == types.ListKind && len(rt.Parameters()) == 1 {
			elem := rt.Parameters()[0]
			switch {
			case isDecimal(elem) && !isDecimal(lt):
				l = c.toDecimal(l)
			case numeric(lt) && numeric(elem) && lt.Kind() != elem.Kind():
				if lit, ok := c.literalAs(l, elem); ok {
					return lit, r
				}
				l = c.wrap("dyn", l, types.DynType)
			}
		}
		return l, r
	}
	if onlyNulls(c, r) {
		return c.wrap("dyn", l, types.DynType), r
	}
	if !numeric(lt) {
		return l, r
	}
	list := r.AsList()
	elems := slices.Clone(list.Elements())
	anyDecimal, anyOther := isDecimal(lt), false
	for _, e := range elems {
		t := c.types[e.ID()]
		if !numeric(t) && !isNull(t) {
			return l, r
		}
		anyDecimal = anyDecimal || isDecimal(t)
	}
	for i, e := range elems {
		t := c.types[e.ID()]
		switch {
		case isNull(t):
		case anyDecimal && !isDecimal(t):
			elems[i] = c.toDecimal(e)
		case !anyDecimal && t.Kind() != lt.Kind():
			lit, ok := c.literalAs(e, lt)
			elems[i] = lit
			anyOther = anyOther || !ok
		}
	}
	r = c.fac.NewList(r.ID(), elems, list.OptionalIndices())
	switch {
	case anyDecimal && !isDecimal(lt):
		l = c.toDecimal(l)
	case anyOther:
		l = c.wrap("dyn", l, types.DynType)
	}
	return l, r
}

// onlyNulls reports whether a list literal holds nothing but nulls.
func onlyNulls(c *compiler, e celast.Expr) bool {
	elems := e.AsList().Elements()
	for _, x := range elems {
		if !isNull(c.types[x.ID()]) {
			return false
		}
	}
	return len(elems) > 0
}
