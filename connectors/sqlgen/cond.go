package sqlgen

import (
	"strings"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// mode says how much of a condition's three values matters.
type mode bool

const (
	// exactly: TRUE, FALSE and NULL are true, false and undecided.
	exactly mode = false
	// truth: TRUE where true; FALSE and NULL mean the same, as in WHERE.
	truth mode = true
)

// Truth renders a Bool for a place where only TRUE counts, such as WHERE: cheaper than Expr.
func (w *Writer) Truth(e query.Expr) (Operand, *query.Refusal) { return w.cond(e, false, truth) }

// cond renders the Bool e, or its negation when neg: the one place where a
// negation is pushed down. Kleene's logic obeys De Morgan.
func (w *Writer) cond(e query.Expr, neg bool, m mode) (Operand, *query.Refusal) {
	c, ok := e.(*query.Call)
	if !ok || !isLogic(c.Op) {
		return w.leaf(e, neg)
	}
	switch c.Op {
	case query.OpNot:
		return w.cond(c.Args[0], !neg, m)
	case query.OpAnd, query.OpOr:
		return w.junction(c, neg, m)
	case query.OpIsTrue, query.OpIsFalse, query.OpIsUndecided:
		return w.truthTest(c, neg, m)
	case query.OpEq, query.OpNe:
		o, refusal := w.equality(c, neg != (c.Op == query.OpNe), m)
		return w.bounded(c, o, refusal)
	case query.OpIn:
		return w.in(c, neg, m)
	default:
		o, refusal := w.ordering(c, neg)
		return w.bounded(c, o, refusal)
	}
}

// leaf renders a Bool that is a column, a literal, a conditional or a dialect's call.
func (w *Writer) leaf(e query.Expr, neg bool) (Operand, *query.Refusal) {
	if l, ok := e.(*query.Literal); ok && l.Val.Kind() == value.Bool {
		return boolean(l.Val.Bool() != neg), nil
	}
	o, refusal := w.Expr(e)
	if refusal != nil || !neg {
		return o, refusal
	}
	return not(o), nil
}

// junction renders AND and OR.
func (w *Writer) junction(c *query.Call, neg bool, m mode) (Operand, *query.Refusal) {
	and := (c.Op == query.OpAnd) != neg
	parts := make([]Operand, 0, len(c.Args))
	for _, a := range c.Args {
		p, refusal := w.cond(a, neg, m)
		if refusal != nil {
			return Operand{}, refusal
		}
		parts = append(parts, p)
	}
	o := joinConds(and, parts)
	o.Expr = c
	return o, nil
}

// joinConds returns the conjunction or disjunction of rendered conditions.
func joinConds(and bool, parts []Operand) Operand {
	if len(parts) == 0 {
		return boolean(and)
	}
	if len(parts) == 1 {
		return parts[0]
	}
	o := Operand{Prec: PrecOr, Type: value.Of(value.Bool)}
	word := " OR "
	if and {
		o.Prec, word = PrecAnd, " AND "
	}
	texts := make([]string, len(parts))
	never, same := true, true
	for i, p := range parts {
		texts[i] = p.Paren(o.Prec)
		o.Fails = o.Fails || p.Fails
		o.MayBeNull = o.MayBeNull || p.MayBeNull
		never = never && p.never()
		same = same && p.f.exact && p.f.strict.equal(parts[0].f.strict)
		switch {
		case i == 0:
			o.f.nullStrict, o.f.truthStrict = p.f.nullStrict, p.f.truthStrict
		case and:
			o.f.nullStrict = o.f.nullStrict.intersect(p.f.nullStrict)
			o.f.truthStrict = o.f.truthStrict.union(p.f.truthStrict)
		default:
			o.f.nullStrict = o.f.nullStrict.intersect(p.f.nullStrict)
			o.f.truthStrict = o.f.truthStrict.intersect(p.f.truthStrict)
		}
	}
	// Parts that are NULL on the same rows make a whole that is NULL on those rows.
	if never || same {
		o.f.exact, o.f.strict = true, parts[0].f.strict
	}
	o.SQL = strings.Join(texts, word)
	return o
}

// truthTest renders IS TRUE, IS FALSE and IS NULL of a Bool; it never errs.
func (w *Writer) truthTest(c *query.Call, neg bool, m mode) (Operand, *query.Refusal) {
	if !neg && m == truth && c.Op != query.OpIsUndecided {
		return w.cond(c.Args[0], c.Op == query.OpIsFalse, truth)
	}
	inner := exactly
	if c.Op != query.OpIsUndecided {
		inner = truth
	}
	p, refusal := w.cond(c.Args[0], c.Op == query.OpIsFalse, inner)
	if refusal != nil {
		return Operand{}, refusal
	}
	o := Operand{Prec: PrecCompare, Type: c.Typ, Expr: c, f: facts{exact: true}}
	word := " IS "
	if neg {
		word = " IS NOT "
	}
	if c.Op == query.OpIsUndecided {
		o.SQL = p.Paren(PrecCompare) + word + "NULL"
		return o, nil
	}
	o.SQL = p.Paren(PrecCompare) + word + "TRUE"
	if !neg {
		o.f.truthStrict = p.f.truthStrict
	}
	return o, nil
}

var negated = map[query.Op]query.Op{
	query.OpLt: query.OpGe, query.OpLe: query.OpGt, query.OpGt: query.OpLe, query.OpGe: query.OpLt,
}

// ordering renders <, <=, >, >=. A negation turns the operator round, but for
// doubles: every ordering with a NaN is false, so its negation true.
func (w *Writer) ordering(c *query.Call, neg bool) (Operand, *query.Refusal) {
	a, refusal := w.Expr(c.Args[0])
	if refusal != nil {
		return Operand{}, refusal
	}
	b, refusal := w.Expr(c.Args[1])
	if refusal != nil {
		return Operand{}, refusal
	}
	if !neg {
		return w.compare(c, c.Op, a, b)
	}
	if a.Type.Kind != value.Double && b.Type.Kind != value.Double {
		return w.compare(c, negated[c.Op], a, b)
	}
	o, refusal := w.compare(c, c.Op, a, b)
	if refusal != nil {
		return Operand{}, refusal
	}
	return not(o), nil
}

// not negates a rendered condition.
func not(o Operand) Operand {
	f := o.f
	f.nullIsValue, f.present, f.presentSQL = false, nil, ""
	f.truthStrict = f.nullStrict
	return Operand{SQL: "NOT " + o.Paren(PrecNot), Prec: PrecNot, Expr: o.Expr, Type: o.Type, Fails: o.Fails, MayBeNull: o.MayBeNull, f: f}
}

// compare renders a strict comparison.
func (w *Writer) compare(e query.Expr, op query.Op, a, b Operand) (Operand, *query.Refusal) {
	o, refusal := w.d.Compare(w, op, a, b)
	if refusal != nil {
		if refusal.Span == (query.Span{}) && e != nil {
			refusal.Span = e.Span()
		}
		return Operand{}, refusal
	}
	return strictOf(o, e, value.Of(value.Bool), a, b), nil
}
