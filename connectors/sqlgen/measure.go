package sqlgen

import (
	"strings"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// measure adds the SQL columns and the outputs of m.
func (a *aggregation) measure(m query.Measure) *query.Refusal {
	// Where is about all rows; what it says of columns holds for the rest of the measure.
	outer := a.w.scope
	defer func() { a.w.scope = outer }()

	sel, refusal := a.w.conjuncts(m.Where, false)
	if refusal != nil {
		return refusal
	}
	undecided, refusal := a.undecided(nil, m.Where, m.Nulls)
	if refusal != nil {
		return refusal
	}
	switch m.Kind {
	case query.MeasureTally:
		a.assume(sel)
		return a.tally(m, sel, undecided)
	case query.MeasureCount:
		a.counts(a.rows(sel), undecided.byNull, undecided.other())
		return nil
	default:
		a.assume(sel)
		return a.fold(m, sel, undecided)
	}
}

// assume narrows the scope to rows for which conds are TRUE.
func (a *aggregation) assume(conds []Operand) {
	notNull := a.w.scope.notNull
	for _, c := range conds {
		notNull = notNull.union(c.f.truthStrict)
	}
	a.w.scope = &scope{notNull: notNull, alias: a.w.scope.alias}
}

// verdicts counts the rows among some for which a Bool is decided or not.
type verdicts struct{ decided, all, byNull []term }

func (v verdicts) other() []term { return minus(v.all, v.byNull) }

// undecided counts the rows with conds for which e is undecided, in total and with one of nulls null.
func (a *aggregation) undecided(conds []Operand, e query.Expr, nulls []*query.Column) (verdicts, *query.Refusal) {
	n := a.rowsLazily(conds)
	if e == nil {
		return verdicts{decided: n()}, nil
	}
	p, refusal := a.w.cond(e, false, exactly)
	if refusal != nil {
		return verdicts{}, refusal
	}
	return a.undecidedOperand(conds, n, e, p, nulls)
}

// rowsLazily adds the count of rows only when it is needed.
func (a *aggregation) rowsLazily(conds []Operand) func() []term {
	return func() []term { return a.rows(conds) }
}

func (a *aggregation) undecidedOperand(conds []Operand, n func() []term, e query.Expr, p Operand, nulls []*query.Column) (verdicts, *query.Refusal) {
	var v verdicts
	switch {
	case p.never():
		return verdicts{decided: n()}, nil
	case p.f.exact:
		// Undecided where one of a few columns is null: counting those is cheaper than asking again.
		has := make([]Operand, 0, len(p.f.strict))
		for _, c := range p.f.strict.sorted() {
			o, refusal := a.w.column(c)
			if refusal != nil {
				return v, refusal
			}
			has = append(has, present(o, c))
		}
		v.decided = a.rows(with(conds, has...))
	default:
		v.decided = a.rows(with(conds, presence(p)))
	}
	v.all = minus(n(), v.decided)
	if !p.Fails && a.named(e, nulls) {
		v.byNull = v.all
		return v, nil
	}
	byNull, refusal := a.undecidedByNull(conds, n, p, nulls)
	v.byNull = byNull
	return v, refusal
}

// undecidedByNull counts the rows with conds for which p is undecided and one of nulls null.
func (a *aggregation) undecidedByNull(conds []Operand, n func() []term, p Operand, nulls []*query.Column) ([]term, *query.Refusal) {
	null, refusal := a.anyNull(nulls)
	if refusal != nil || null.SQL == "FALSE" {
		return nil, refusal
	}
	sure, plain := true, true // p is NULL wherever one of nulls is; none of nulls has a guard
	var has []Operand
	for _, c := range nulls {
		o, refusal := a.w.column(c)
		if refusal != nil {
			return nil, refusal
		}
		if isNull(o) == "" {
			continue
		}
		sure = sure && p.f.nullStrict.has(c)
		plain = plain && o.OK == ""
		has = append(has, present(o, c))
	}
	switch {
	case sure && plain:
		return minus(n(), a.rows(with(conds, has...))), nil
	case sure:
		return a.rows(with(conds, null)), nil
	}
	absent := Operand{SQL: p.Paren(PrecCompare) + " IS NULL", Prec: PrecCompare, f: facts{exact: true}}
	return a.rows(with(conds, null, absent)), nil
}

// presence renders that a computed fragment is not NULL; alone it is counted by count(fragment).
func presence(p Operand) Operand {
	return Operand{
		SQL: p.Paren(PrecCompare) + " IS NOT NULL", Prec: PrecCompare, Type: value.Of(value.Bool),
		f: facts{exact: true, truthStrict: p.f.nullStrict, presentSQL: p.SQL},
	}
}

// named reports whether nulls hold every column of e that can be null here: then what is undecided only by a null is undecided by one of them.
func (a *aggregation) named(e query.Expr, nulls []*query.Column) bool {
	set := colSet{}
	for _, c := range nulls {
		set[idOf(c)] = c
	}
	ok := true
	eachColumn(e, func(c *query.Column) {
		if !c.Col.NotNull && !a.w.scope.notNull.has(c) && !set.has(c) {
			ok = false
		}
	})
	return ok
}

func eachColumn(e query.Expr, visit func(*query.Column)) {
	switch e := e.(type) {
	case *query.Column:
		visit(e)
	case *query.Call:
		for _, x := range e.Args {
			eachColumn(x, visit)
		}
	}
}

// anyNull renders that one of nulls is null, FALSE where none can be.
func (a *aggregation) anyNull(nulls []*query.Column) (Operand, *query.Refusal) {
	var parts []string
	for _, c := range nulls {
		o, refusal := a.w.column(c)
		if refusal != nil {
			return Operand{}, refusal
		}
		if is := isNull(o); is != "" {
			parts = append(parts, is)
		}
	}
	switch len(parts) {
	case 0:
		return boolean(false), nil
	case 1:
		return Operand{SQL: parts[0], Prec: PrecNot, f: facts{exact: true}}, nil
	default:
		return Operand{SQL: strings.Join(parts, " OR "), Prec: PrecOr, f: facts{exact: true}}, nil
	}
}

// tally adds a MeasureTally: sel is where, already assumed.
func (a *aggregation) tally(m query.Measure, sel []Operand, where verdicts) *query.Refusal {
	kept := sel
	if m.Skip != nil {
		not, refusal := a.notTrue(m.Skip)
		if refusal != nil {
			return refusal
		}
		kept = with(sel, not...)
		a.assume(not)
	}
	selected := a.rows(kept)
	yes, refusal := a.w.conjuncts(m.Arg, false)
	if refusal != nil {
		return refusal
	}
	exact, refusal := a.w.cond(m.Arg, false, exactly)
	if refusal != nil {
		return refusal
	}
	und, refusal := a.undecidedOperand(kept, func() []term { return selected }, m.Arg, exact, m.Nulls)
	if refusal != nil {
		return refusal
	}
	isTrue := a.rows(with(kept, yes...))
	var skipped []term
	if m.Skip != nil {
		skipped = minus(a.rows(sel), selected)
	}
	a.counts(isTrue, minus(und.decided, isTrue), und.all, und.byNull, where.all, skipped)
	return nil
}

// notTrue renders that e is false or undecided.
func (a *aggregation) notTrue(e query.Expr) ([]Operand, *query.Refusal) {
	exact, refusal := a.w.cond(e, false, exactly)
	if refusal != nil {
		return nil, refusal
	}
	if exact.never() {
		return a.w.conjuncts(e, true)
	}
	yes, refusal := a.w.Truth(e)
	if refusal != nil {
		return nil, refusal
	}
	return []Operand{{
		SQL: yes.Paren(PrecCompare) + " IS NOT TRUE", Prec: PrecCompare, Type: value.Of(value.Bool), f: facts{exact: true},
	}}, nil
}

// fold adds a measure over values.
func (a *aggregation) fold(m query.Measure, sel []Operand, where verdicts) *query.Refusal {
	arg, refusal := a.w.Expr(m.Arg)
	if refusal != nil {
		return refusal
	}
	used := sel
	if arg.MayBeNull {
		has := presence(arg)
		if arg.Col != nil {
			has = present(arg, m.Arg)
		}
		used = with(used, has)
	}
	withNaN := used
	nan, refusal := a.nan(m, arg)
	if refusal != nil {
		return refusal
	}
	if nan != "" {
		used = with(used, Operand{SQL: "NOT " + nan, Prec: PrecNot, f: facts{exact: true, truthStrict: arg.f.nullStrict}})
	}
	// Aggregates skip NULL by themselves.
	conds := prune(sel)
	if nan != "" {
		conds = prune(used)
	}
	var rest []Operand
	for _, c := range conds {
		if c.f.present == nil || !arg.f.nullStrict.has(c.f.present) {
			rest = append(rest, c)
		}
	}
	cond := ""
	if len(rest) > 0 {
		cond = joinConds(true, rest).SQL
	}
	f, refusal := a.w.d.Fold(a.w, m.Kind, m.Q, arg, cond)
	if refusal != nil {
		return located(refusal, m.Arg)
	}
	f.Type, f.Expr, f.Col, f.Ref = m.Outputs()[0], nil, nil, ""
	column := a.add(f)
	if m.Kind == query.MeasureDistinct {
		a.counts([]term{{column, 1}})
	} else {
		a.outputs = append(a.outputs, output{typ: f.Type, column: column, bad: -1})
	}
	count := a.rows(used)
	byNull, errored, refusal := a.unused(m, sel, withNaN, arg)
	if refusal != nil {
		return refusal
	}
	errored = plus(errored, minus(a.rowsIf(nan != "", withNaN), a.rowsIf(nan != "", used)))
	a.counts(count, plus(where.byNull, byNull), plus(where.other(), errored))
	return nil
}

func (a *aggregation) rowsIf(yes bool, conds []Operand) []term {
	if !yes {
		return nil
	}
	return a.rows(conds)
}

// unused counts the selected rows whose argument is null or undecided.
func (a *aggregation) unused(m query.Measure, sel, used []Operand, arg Operand) (byNull, errored []term, refusal *query.Refusal) {
	if !arg.MayBeNull {
		return nil, nil, nil
	}
	rest := minus(a.rows(sel), a.rows(used))
	if !arg.Fails && a.named(m.Arg, m.Nulls) {
		return rest, nil, nil
	}
	null, refusal := a.anyNull(m.Nulls)
	if refusal != nil {
		return nil, nil, refusal
	}
	absent := Operand{SQL: arg.Paren(PrecCompare) + " IS NULL", Prec: PrecCompare, f: facts{exact: true}}
	byNull = a.rows(with(sel, absent, null))
	if !arg.f.nullIsValue {
		return byNull, minus(rest, byNull), nil
	}
	// A null value with none of Nulls null (a null literal, say) is neither.
	ok := okOf(arg)
	if ok == "" {
		return byNull, nil, nil
	}
	bad := Operand{SQL: "NOT " + paren(ok), Prec: PrecNot, f: facts{exact: true}}
	if null.SQL == "FALSE" {
		return byNull, a.rows(with(sel, bad)), nil
	}
	none := Operand{SQL: "NOT (" + null.SQL + ")", Prec: PrecNot, f: facts{exact: true}}
	return byNull, a.rows(with(sel, bad, none)), nil
}

func paren(sql string) string { return "(" + sql + ")" }

// nan renders that a double is NaN, NULL where it is NULL; "" where m does not care.
func (a *aggregation) nan(m query.Measure, arg Operand) (string, *query.Refusal) {
	switch m.Kind {
	case query.MeasureMin, query.MeasureMax, query.MeasureQuantile:
		return a.w.nan(arg)
	default:
		return "", nil
	}
}

// NaNFree is a Dialect that knows doubles which are never NaN.
type NaNFree interface {
	// NeverNaN reports that o is not NaN in any row.
	NeverNaN(o Operand) bool
}

// nan renders that o is NaN, NULL where it is NULL; "" for never.
func (w *Writer) nan(o Operand) (string, *query.Refusal) {
	if o.Type.Kind != value.Double {
		return "", nil
	}
	if d, ok := w.d.(NaNFree); ok && d.NeverNaN(o) {
		return "", nil
	}
	call := &query.Call{Op: query.OpIsNaN, Args: []query.Expr{o.Expr}, Typ: value.Of(value.Bool), At: o.Expr.Span()}
	is, refusal := w.d.Call(w, call, []Operand{o})
	if refusal != nil {
		return "", located(refusal, o.Expr)
	}
	return is.Paren(PrecNot), nil
}
