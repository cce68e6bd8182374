package plan

import (
	"slices"
	"time"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/spec"
)

// nullable is the relation as an outer join has it.
func nullable(r query.Relation) query.Relation {
	r.Schema.Columns = slices.Clone(r.Schema.Columns)
	for i := range r.Schema.Columns {
		r.Schema.Columns[i].NotNull = false
	}
	return r
}

// leftColumn describes a key's value on the row's side.
func leftColumn(e query.Expr, text string) value.Column {
	if c, ok := e.(*query.Column); ok {
		return c.Col
	}
	return value.Column{Name: text, Type: e.Type()}
}

// splitWhere parts the conjuncts about the row alone from those that name partners.
func splitWhere(e query.Expr) (rows, both query.Expr) {
	var r, b []query.Expr
	var split func(query.Expr)
	split = func(e query.Expr) {
		if c, ok := e.(*query.Call); ok && c.Op == query.OpAnd {
			for _, a := range c.Args {
				split(a)
			}
			return
		}
		if slices.ContainsFunc(query.Columns(e), func(c *query.Column) bool { return c.Rel > 0 }) {
			b = append(b, e)
		} else {
			r = append(r, e)
		}
	}
	split(e)
	if len(r) > 0 {
		rows = and(r)
	}
	if len(b) > 0 {
		both = and(b)
	}
	return rows, both
}

// keyParts are conditions over the row that say why a key has no value, and one that says whether it has a partner. None is ever
// undecided; nil is never true.
type keyParts struct {
	null query.Expr // the key, or what it is computed of, is null
	err  query.Expr // it cannot be computed for another cause
	hit  query.Expr // there is a partner
}

func newKeyParts(keys []PartnerKey) keyParts {
	var nulls, errs []query.Expr
	for _, k := range keys {
		n, e := noValue(k.Left)
		if n != nil {
			nulls = append(nulls, n)
		}
		if e != nil {
			errs = append(errs, e)
		}
	}
	var p keyParts
	if len(nulls) > 0 {
		p.null = or(nulls)
	}
	if len(errs) > 0 {
		p.err = or(errs)
	}
	// A column of the key is not null exactly where a partner was found: null equals nothing.
	c := keys[0].Right
	p.hit = not(isNull(c))
	if c.Col.MayErr {
		p.hit = test(query.OpIsTrue, p.hit)
	}
	return p
}

// noValue returns when e is null, or undecided by a null, and when it is undecided otherwise; nil for never.
func noValue(e query.Expr) (null, err query.Expr) {
	is := &query.Call{Op: query.OpEq, Args: []query.Expr{e, &query.Literal{Val: value.NullValue(), Typ: e.Type()}}, Typ: boolean()}
	switch e := e.(type) {
	case *query.Literal:
		if e.Val.IsNull() {
			null = truth(true)
		}
		return null, nil
	case *query.Column:
		switch {
		case e.Col.MayErr:
			return test(query.OpIsTrue, is), test(query.OpIsUndecided, is)
		case e.Col.NotNull:
			return nil, nil
		}
		return is, nil
	}
	undecided := test(query.OpIsUndecided, is)
	var named []query.Expr
	for _, c := range query.Columns(e) {
		if !c.Col.NotNull || c.Col.MayErr {
			named = append(named, test(query.OpIsTrue, isNull(c)))
		}
	}
	if len(named) == 0 {
		return test(query.OpIsTrue, is), undecided
	}
	byNull := and([]query.Expr{undecided, or(named)})
	return or([]query.Expr{test(query.OpIsTrue, is), byNull}), and([]query.Expr{undecided, not(or(named))})
}

// never is nil or false: a condition that no row fulfils.
func never(e query.Expr) bool {
	l, ok := e.(*query.Literal)
	return e == nil || ok && !l.Val.Bool()
}

// some joins conditions of which any may be nil, for never; nil when all are.
func some(es ...query.Expr) query.Expr {
	es = slices.DeleteFunc(es, never)
	if len(es) == 0 {
		return nil
	}
	return or(es)
}

// all joins conditions of which any may be nil, for always; nil when all are.
func all(es ...query.Expr) query.Expr {
	es = slices.DeleteFunc(es, func(e query.Expr) bool { return e == nil })
	if len(es) == 0 {
		return nil
	}
	return and(es)
}

// orphan is true for rows that have a key and no partner.
func (p *keyParts) orphan() query.Expr {
	if without := some(p.null, p.err); without != nil {
		return and([]query.Expr{not(p.hit), not(without)})
	}
	return not(p.hit)
}

// JoinCondition are the classes of the rows that a joined expectation considers: those for which JoinItem.Rows is true. Each comes before
// those behind it; what is in none of them has all its partners. None is ever undecided; nil is never true.
type JoinCondition struct {
	Orphan   query.Expr // lacks a partner that it must have
	KeyErr   query.Expr // a key cannot be computed
	NullKey  query.Expr // a key is null
	Matched  query.Expr // has all its partners
	ByAlias  []query.Expr
	failing  query.Expr
	nullFail bool
}

func newJoinCondition(it *Item, parts []*Partner) JoinCondition {
	var c JoinCondition
	var required, errs, nulls, hits []query.Expr
	for i, p := range parts {
		orphan := p.parts.orphan()
		c.ByAlias = append(c.ByAlias, orphan)
		if !it.Join.Optional[i] {
			required = append(required, orphan)
		}
		errs, nulls, hits = append(errs, p.parts.err), append(nulls, p.parts.null), append(hits, p.parts.hit)
	}
	except := func(e, before query.Expr) query.Expr {
		if e == nil || before == nil || len(parts) == 1 { // of one partner they exclude each other
			return e
		}
		return and([]query.Expr{e, not(before)})
	}
	c.Orphan = some(required...)
	keyErr := some(errs...)
	c.KeyErr = except(keyErr, c.Orphan)
	c.NullKey = except(some(nulls...), some(c.Orphan, keyErr))
	c.Matched = all(hits...)
	c.nullFail = it.Spec.OnNull == spec.NullFail
	c.failing = FailingCondition(&Item{Spec: it.Spec, Row: &RowItem{Pred: it.Join.Pred, Nulls: it.Join.Nulls}})
	return c
}

// Failing returns the conditions of the rows to show: those that fail by what they hold, those whose key cannot be computed or, where
// on_null says so, is null, and orphans. nil is never true.
func (c *JoinCondition) Failing(it *Item) (values, orphans query.Expr) {
	j := it.Join
	rows := j.Rows
	if rows != nil {
		rows = test(query.OpIsTrue, rows)
	}
	both := j.Both
	if both != nil {
		both = test(query.OpIsTrue, both)
	}
	without := c.KeyErr
	if c.nullFail {
		without = some(c.KeyErr, c.NullKey)
	}
	values = all(rows, some(all(c.Matched, both, c.failing), without))
	if c.Orphan != nil {
		orphans = all(rows, c.Orphan)
	}
	return values, orphans
}

// prefilterRows is true for the rows for which e is true or undecided, so that those can be counted here; nil where e is.
func prefilterRows(e query.Expr) query.Expr {
	if e == nil || alwaysDecided(e) {
		return e
	}
	return not(test(query.OpIsFalse, e))
}

// alwaysDecided reports whether a condition is certainly true or false for every row.
func alwaysDecided(e query.Expr) bool {
	switch e := e.(type) {
	case *query.Literal:
		return !e.Val.IsNull()
	case *query.Column:
		return e.Col.NotNull && !e.Col.MayErr
	case *query.Call:
		switch e.Op {
		case query.OpEq, query.OpNe, query.OpIn: // null is a value to them
			for _, a := range e.Args {
				c, column := a.(*query.Column)
				if _, literal := a.(*query.Literal); !literal && !(column && !c.Col.MayErr) {
					return false
				}
			}
			return true
		case query.OpNot, query.OpAnd, query.OpOr, query.OpLt, query.OpLe, query.OpGt, query.OpGe, query.OpContains, query.OpStartsWith, query.OpEndsWith:
			for _, a := range e.Args {
				if !alwaysDecided(a) {
					return false
				}
			}
			return true
		}
	}
	return false
}

// sampleLiteral is a value of a type that keys may have, to ask a source whether it compares it.
func sampleLiteral(t value.Type) *query.Literal {
	l := &query.Literal{Typ: t}
	switch t.Kind {
	case value.Bool:
		l.Val = value.BoolValue(true)
	case value.Int:
		l.Val = value.IntValue(1)
	case value.Uint:
		l.Val = value.UintValue(1)
	case value.Decimal:
		l.Val = value.DecimalValue(value.NewDec(15, 1))
	case value.String:
		l.Val = value.StringValue("a")
	case value.Bytes:
		l.Val = value.BytesValue([]byte("a"))
	case value.Timestamp:
		l.Val = value.TimestampValue(time.Unix(1, 0))
	case value.LocalTimestamp:
		l.Val = value.LocalTimestampValue(time.Unix(1, 0))
	case value.Duration:
		l.Val = value.DurationValue(time.Second)
	default:
	}
	return l
}
