package sqlgen

import (
	"strconv"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// Expr renders e exactly: three-valued if it is a Bool.
func (w *Writer) Expr(e query.Expr) (Operand, *query.Refusal) {
	switch e := e.(type) {
	case *query.Column:
		return w.column(e)
	case *query.Literal:
		return w.literal(e)
	case *query.Local:
		return Operand{}, Refuse(w.d, "local expression: "+e.Reason, e)
	case *query.Call:
		switch {
		case isLogic(e.Op):
			return w.cond(e, false, exactly)
		case e.Op == query.OpCond:
			o, refusal := w.conditional(e)
			return w.bounded(e, o, refusal)
		default:
			o, refusal := w.call(e)
			return w.bounded(e, o, refusal)
		}
	default:
		return Operand{}, Refuse(w.d, "unknown expression", e)
	}
}

// maxText is the most SQL, in bytes, that one operator may become. Guards repeat their operands, so that text grows with the
// power of the depth: a sum of 25 columns that may each overflow would not fit into memory.
const maxText = 64 << 10

// bounded refuses an operand that has become too long. Lists of literals and chains of AND and OR grow by their own
// length only and are not asked.
func (w *Writer) bounded(e query.Expr, o Operand, refusal *query.Refusal) (Operand, *query.Refusal) {
	if refusal == nil && len(o.SQL)+len(o.OK) > maxText {
		refusal = Refuse(w.d, "nested guards of more than 64 KiB", e)
	}
	if refusal != nil {
		return Operand{}, refusal
	}
	return o, nil
}

// isLogic reports whether op yields a Bool that cond renders.
func isLogic(op query.Op) bool {
	return op >= query.OpNot && op <= query.OpOr || op >= query.OpIsTrue && op <= query.OpIn
}

// alias returns the quoted alias of a relation: t, t1, t2, ...
func (w *Writer) alias(rel int) string {
	if rel < len(w.scope.alias) {
		return w.scope.alias[rel]
	}
	if rel == 0 {
		return "t"
	}
	return "t" + strconv.Itoa(rel)
}

func (w *Writer) column(c *query.Column) (Operand, *query.Refusal) {
	if c.Col.Unusable != "" {
		return Operand{}, Refuse(w.d, "unusable column", c)
	}
	ref := w.alias(c.Rel) + "." + w.d.QuoteIdent(c.Col.Name)
	o, refusal := w.sound(ref, c)
	if refusal != nil {
		if refusal.Span == (query.Span{}) {
			refusal.Span = c.At
		}
		return Operand{}, refusal
	}
	o.Expr, o.Col, o.Ref, o.Type = c, c, ref, c.Col.Type
	set := colSet{idOf(c): c}
	o.f = facts{exact: true, strict: set, nullStrict: set, truthStrict: set, nullIsValue: true}
	o.MayBeNull = o.OK != "" || !c.Col.NotNull
	o.Fails = o.OK != ""
	if w.scope.notNull.has(c) || !o.MayBeNull {
		o.MayBeNull, o.Fails, o.OK = false, false, ""
		// nullStrict stays: the fragment is still NULL on rows outside the scope.
		o.f.strict, o.f.exact = nil, true
	}
	return o, nil
}

func (w *Writer) literal(l *query.Literal) (Operand, *query.Refusal) {
	o := Operand{Prec: PrecAtom, Type: l.Typ, Expr: l, Lit: l, f: facts{exact: true, nullIsValue: true}}
	switch {
	case l.Val.IsNull():
		o.SQL, o.MayBeNull, o.Fails, o.f.exact = "NULL", true, true, false
	case l.Val.Kind() == value.Bool:
		o.SQL = boolean(l.Val.Bool()).SQL
	default:
		sql, refusal := w.Param(l.Val)
		if refusal != nil {
			if refusal.Span == (query.Span{}) {
				refusal.Span = l.At
			}
			return Operand{}, refusal
		}
		o.SQL = sql
	}
	return o, nil
}

func boolean(b bool) Operand {
	o := Operand{SQL: "FALSE", Prec: PrecAtom, Type: value.Of(value.Bool), f: facts{exact: true}}
	if b {
		o.SQL = "TRUE"
	}
	return o
}

// call renders an operator that is strict in all its operands.
func (w *Writer) call(c *query.Call) (Operand, *query.Refusal) {
	args := make([]Operand, len(c.Args))
	for i, a := range c.Args {
		o, refusal := w.Expr(a)
		if refusal != nil {
			return Operand{}, refusal
		}
		args[i] = o
	}
	o, refusal := w.d.Call(w, c, args)
	if refusal != nil {
		if refusal.Span == (query.Span{}) {
			refusal.Span = c.At
		}
		return Operand{}, refusal
	}
	return strictOf(o, c, c.Typ, args...), nil
}

// strictOf completes a dialect's operand: NULL where an argument is, an error then.
func strictOf(o Operand, e query.Expr, t value.Type, args ...Operand) Operand {
	o.Expr, o.Type, o.Col, o.Lit, o.Ref, o.OK, o.IsNull, o.Present = e, t, nil, nil, "", "", "", ""
	o.f = facts{exact: !o.Fails}
	o.MayBeNull = o.Fails
	for _, a := range args {
		o.Fails = o.Fails || a.Fails
		o.MayBeNull = o.MayBeNull || a.MayBeNull
		o.f.exact = o.f.exact && a.f.exact
		o.f.strict = o.f.strict.union(a.f.strict)
		o.f.nullStrict = o.f.nullStrict.union(a.f.nullStrict)
	}
	o.f.truthStrict = o.f.nullStrict
	return o
}

// conditional renders OpCond: an undecided condition takes neither branch.
func (w *Writer) conditional(c *query.Call) (Operand, *query.Refusal) {
	yes, refusal := w.cond(c.Args[0], false, truth)
	if refusal != nil {
		return Operand{}, refusal
	}
	no, refusal := w.cond(c.Args[0], true, truth)
	if refusal != nil {
		return Operand{}, refusal
	}
	exact, refusal := w.cond(c.Args[0], false, exactly)
	if refusal != nil {
		return Operand{}, refusal
	}
	a, refusal := w.Expr(c.Args[1])
	if refusal != nil {
		return Operand{}, refusal
	}
	b, refusal := w.Expr(c.Args[2])
	if refusal != nil {
		return Operand{}, refusal
	}
	o := Operand{Prec: PrecAtom, Expr: c, Type: c.Typ, Fails: exact.Fails || a.Fails || b.Fails}
	o.MayBeNull = !exact.never() || a.MayBeNull || b.MayBeNull
	o.f.exact = exact.never() && a.never() && b.never()
	switch {
	case exact.never():
		o.SQL = "CASE WHEN " + yes.SQL + " THEN " + a.SQL + " ELSE " + b.SQL + " END"
	default:
		o.SQL = "CASE WHEN " + yes.SQL + " THEN " + a.SQL + " WHEN " + no.SQL + " THEN " + b.SQL + " END"
	}
	if !a.f.nullIsValue && !b.f.nullIsValue || !a.MayBeNull && !b.MayBeNull {
		return o, nil // a NULL is an error, as of any computed operand
	}
	o.f.nullIsValue = true
	okA, okB := okOf(a), okOf(b)
	if okA != "" || okB != "" || !exact.never() {
		o.OK = "CASE WHEN " + yes.SQL + " THEN " + orTrue(okA) + " WHEN " + no.SQL + " THEN " + orTrue(okB) + " ELSE FALSE END"
	}
	return o, nil
}

// okOf returns the condition, never NULL, under which o is not in error; "" for always.
func okOf(o Operand) string {
	switch {
	case !o.MayBeNull:
		return ""
	case o.f.nullIsValue:
		return o.OK
	default:
		return o.Paren(PrecCompare) + " IS NOT NULL"
	}
}

func orTrue(cond string) string {
	if cond == "" {
		return "TRUE"
	}
	return cond
}

// isNull returns the condition, never NULL, under which o is a null value; "" for never.
func isNull(o Operand) string {
	switch {
	case !o.MayBeNull || !o.f.nullIsValue:
		return ""
	case o.IsNull != "":
		return o.IsNull
	case o.OK != "":
		return "(" + o.Paren(PrecCompare) + " IS NULL AND " + o.OK + ")"
	default:
		return o.Paren(PrecCompare) + " IS NULL"
	}
}
