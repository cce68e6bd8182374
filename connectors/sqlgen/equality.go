package sqlgen

import (
	"strings"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// equality renders == or, when ne, !=: null equals null and nothing else, an error stays one.
func (w *Writer) equality(c *query.Call, ne bool, m mode) (Operand, *query.Refusal) {
	a, refusal := w.Expr(c.Args[0])
	if refusal != nil {
		return Operand{}, refusal
	}
	b, refusal := w.Expr(c.Args[1])
	if refusal != nil {
		return Operand{}, refusal
	}
	if isNullLit(a) {
		a, b = b, a
	}
	if isNullLit(b) {
		return w.equalsNull(c, a, ne, m), nil
	}
	var o Operand
	nullA, nullB := a.MayBeNull && a.f.nullIsValue, b.MayBeNull && b.f.nullIsValue
	switch {
	case !nullA && !nullB, m == truth && !ne && !(nullA && nullB):
		// Where no operand can be a null value, NULL is an error and the strict form exact;
		// where just one can, the strict form is not TRUE on its nulls, as it should be.
		return w.compare(c, equalOp(ne), a, b)
	case nullA && nullB:
		o, refusal = w.bothNullable(c, ne, a, b)
	case nullA:
		o, refusal = w.oneNullable(c, ne, a, b)
	default:
		o, refusal = w.oneNullable(c, ne, b, a)
	}
	if refusal != nil {
		return Operand{}, refusal
	}
	return guard(o, c, a, b), nil
}

func equalOp(ne bool) query.Op {
	if ne {
		return query.OpNe
	}
	return query.OpEq
}

func isNullLit(o Operand) bool { return o.Lit != nil && o.Lit.Val.IsNull() }

// equalsNull renders a == null: an error where a is one.
func (w *Writer) equalsNull(e query.Expr, a Operand, ne bool, m mode) Operand {
	o := Operand{Prec: PrecCompare, Type: value.Of(value.Bool), Expr: e, f: facts{exact: true}}
	is := isNull(a)
	switch {
	case isNullLit(a):
		return boolean(!ne)
	case is == "":
		o = boolean(ne)
	case ne && (a.OK == "" || m == truth):
		// A guarded column is NULL where bad too; neither is a sound value.
		return present(a, e)
	case ne:
		o.SQL, o.Prec = "NOT ("+is+")", PrecNot
		o.f.truthStrict = a.f.nullStrict
	default:
		o.SQL = is
		if m == truth {
			return o
		}
	}
	return guard(o, e, a)
}

// present renders that a holds a value, neither null nor in error.
func present(a Operand, e query.Expr) Operand {
	if a.Present != "" {
		return Operand{
			SQL: a.Present, Prec: PrecAnd, Type: value.Of(value.Bool), Expr: e,
			f: facts{exact: true, truthStrict: a.f.nullStrict, present: a.Col},
		}
	}
	return Operand{
		SQL: a.Paren(PrecCompare) + " IS NOT NULL", Prec: PrecCompare, Type: value.Of(value.Bool), Expr: e,
		f: facts{exact: true, truthStrict: a.f.nullStrict, present: a.Col, presentSQL: a.SQL},
	}
}

// bothNullable renders the equality of two operands that may both be null values. Errors are guarded by the caller.
func (w *Writer) bothNullable(e query.Expr, ne bool, a, b Operand) (Operand, *query.Refusal) {
	if o, ok := w.d.NullSafe(w, ne, a, b); ok {
		o.Type, o.f = value.Of(value.Bool), facts{exact: true}
		return o, nil
	}
	cmp, refusal := w.compare(e, equalOp(ne), a, b)
	if refusal != nil {
		return Operand{}, refusal
	}
	x, y := a.Paren(PrecCompare), b.Paren(PrecCompare)
	both := x + " IS NULL AND " + y + " IS NULL"
	if ne {
		both = x + " IS NOT NULL OR " + y + " IS NOT NULL"
	}
	return Operand{
		SQL:  "CASE WHEN " + x + " IS NULL OR " + y + " IS NULL THEN " + both + " ELSE " + cmp.SQL + " END",
		Prec: PrecAtom, Type: value.Of(value.Bool), f: facts{exact: true},
	}, nil
}

// oneNullable renders the equality of a, which may be a null value, and b, which may not.
func (w *Writer) oneNullable(e query.Expr, ne bool, a, b Operand) (Operand, *query.Refusal) {
	if !b.MayBeNull {
		if o, ok := w.d.NullSafe(w, ne, a, b); ok {
			o.Type, o.f = value.Of(value.Bool), facts{exact: true}
			if !ne {
				o.f.truthStrict = a.f.nullStrict
			}
			return o, nil
		}
	}
	cmp, refusal := w.compare(e, equalOp(ne), a, b)
	if refusal != nil {
		return Operand{}, refusal
	}
	o := Operand{Type: value.Of(value.Bool), f: facts{exact: true}}
	if ne {
		o.SQL, o.Prec = a.Paren(PrecCompare)+" IS NULL OR "+cmp.Paren(PrecOr), PrecOr
	} else {
		o.SQL, o.Prec = a.Paren(PrecCompare)+" IS NOT NULL AND "+cmp.Paren(PrecAnd), PrecAnd
		o.f.truthStrict = a.f.nullStrict
	}
	return o, nil
}

// guard makes a condition that is right where no operand is in error undecided where one is.
func guard(o Operand, e query.Expr, operands ...Operand) Operand {
	o.Expr = e
	ok := ""
	var strict, nullStrict colSet
	exact := true
	for _, a := range operands {
		cond := okOf(a)
		if cond == "" {
			continue
		}
		if ok != "" {
			ok += " AND "
		}
		ok += cond
		o.Fails = o.Fails || a.Fails
		if a.f.nullIsValue {
			exact = false // in error by the cell itself
			continue
		}
		exact = exact && a.f.exact
		strict = strict.union(a.f.strict)
		nullStrict = nullStrict.union(a.f.nullStrict)
	}
	if ok == "" {
		return o
	}
	o.SQL, o.Prec = "CASE WHEN "+ok+" THEN "+o.SQL+" END", PrecAtom
	o.MayBeNull = true
	o.f.exact, o.f.strict, o.f.nullStrict = exact && o.f.exact, strict, nullStrict
	o.f.truthStrict = o.f.truthStrict.union(nullStrict)
	return o
}

// in renders x in [elems]; an element that is null matches null.
func (w *Writer) in(c *query.Call, neg bool, m mode) (Operand, *query.Refusal) {
	x, refusal := w.Expr(c.Args[0])
	if refusal != nil {
		return Operand{}, refusal
	}
	var elems []Operand
	matchNull := false
	for _, a := range c.Args[1:] {
		el, refusal := w.Expr(a)
		if refusal != nil {
			return Operand{}, refusal
		}
		if isNullLit(el) {
			matchNull = true
			continue
		}
		if el.Lit == nil {
			return Operand{}, Refuse(w.d, "in over something other than literals", a)
		}
		elems = append(elems, el)
	}
	if len(elems) == 0 {
		if matchNull {
			return w.equalsNull(c, x, neg, m), nil
		}
		return guard(boolean(neg), c, x), nil
	}
	o, refusal := w.d.In(w, neg, x, elems)
	if refusal != nil {
		if refusal.Span == (query.Span{}) {
			refusal.Span = c.At
		}
		return Operand{}, refusal
	}
	o = strictOf(o, c, c.Typ, append([]Operand{x}, elems...)...)
	if !x.MayBeNull || !x.f.nullIsValue || m == truth && neg == matchNull {
		return o, nil
	}
	// The strict form is NULL on null, which is a value here: say what it is.
	is := isNull(x)
	whole := Operand{Type: c.Typ, f: facts{exact: true}}
	if neg == matchNull {
		whole.SQL, whole.Prec = x.Paren(PrecCompare)+" IS NOT NULL AND "+o.Paren(PrecAnd), PrecAnd
		whole.f.truthStrict = x.f.nullStrict
	} else {
		whole.SQL, whole.Prec = is+" OR "+o.Paren(PrecOr), PrecOr
	}
	if m == truth {
		whole.Expr = c
		return whole, nil
	}
	return guard(whole, c, x), nil
}

// AnyOf spells membership of x among elems out as comparisons, for a dialect whose own IN would compare them otherwise.
func AnyOf(w *Writer, d Dialect, not bool, x Operand, elems []Operand) (Operand, *query.Refusal) {
	op, word, prec := query.OpEq, " OR ", PrecOr
	if not {
		op, word, prec = query.OpNe, " AND ", PrecAnd
	}
	parts := make([]string, len(elems))
	for i, e := range elems {
		o, refusal := d.Compare(w, op, x, e)
		if refusal != nil {
			return Operand{}, refusal
		}
		if len(elems) == 1 {
			return Operand{SQL: o.SQL, Prec: o.Prec}, nil
		}
		parts[i] = o.Paren(prec)
	}
	return Operand{SQL: strings.Join(parts, word), Prec: prec}, nil
}
