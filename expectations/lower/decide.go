package lower

import (
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// Support says how much of an expression a source evaluates.
type Support uint8

// The degrees of support.
const (
	// Exact: all of it.
	Exact Support = iota
	// Superset: a prefilter, true for every row for which the expression is not certainly
	// true; those rows are judged again here.
	Superset
	// Refused: nothing that helps.
	Refused
)

// String returns the degree as a word.
func (s Support) String() string {
	return [...]string{"exact", "superset", "refused"}[s]
}

// Decision is what a source can do for a condition.
type Decision struct {
	Support Support
	// Prefilter is set for Superset: it never errs, is false only for rows that are certainly
	// true, and the source evaluates it exactly.
	Prefilter query.Expr
	// Refusals are the smallest parts that the source does not say, in the order of the text.
	Refusals []query.Refusal
}

// Decide asks a source's Caps for each part of a condition and composes what it can do.
func Decide(from query.Relation, caps query.Caps, e query.Expr) Decision {
	d := &decider{from: from, caps: caps}
	if d.exact(e) {
		return Decision{Support: Exact}
	}
	d.refusals(e)
	if sure := d.sure(e, true); sure != nil {
		return Decision{Support: Superset, Prefilter: negate(sure), Refusals: d.found}
	}
	return Decision{Support: Refused, Refusals: d.found}
}

type decider struct {
	from  query.Relation
	caps  query.Caps
	known map[query.Expr]*query.Refusal
	found []query.Refusal
}

func (d *decider) refusal(e query.Expr) *query.Refusal {
	if r, ok := d.known[e]; ok {
		return r
	}
	var r *query.Refusal
	switch l, isLocal := e.(*query.Local); {
	case isLocal:
		r = &query.Refusal{Reason: l.Reason, Span: l.At}
	case d.caps.Expr == nil:
		r = &query.Refusal{Reason: "the source evaluates nothing", Span: e.Span()}
	default:
		r = d.caps.Expr(d.from, e)
	}
	if d.known == nil {
		d.known = map[query.Expr]*query.Refusal{}
	}
	d.known[e] = r
	return r
}

func (d *decider) exact(e query.Expr) bool { return d.refusal(e) == nil }

// refusals notes the smallest refused parts below e.
func (d *decider) refusals(e query.Expr) {
	r := d.refusal(e)
	if r == nil {
		return
	}
	before := len(d.found)
	if c, ok := e.(*query.Call); ok && !d.whatever(r) {
		for _, a := range c.Args {
			d.refusals(a)
		}
	}
	if len(d.found) > before {
		return
	}
	at := r.Span
	if at == (query.Span{}) {
		at = e.Span()
	}
	d.found = append(d.found, query.Refusal{Reason: r.Reason, Span: at})
}

// whatever reports whether a refusal is for what the source is, not for what it was asked: it has the same to say of a bare truth value.
func (d *decider) whatever(r *query.Refusal) bool {
	if d.caps.Expr == nil {
		return true
	}
	bare := d.caps.Expr(d.from, &query.Literal{Val: value.BoolValue(true), Typ: value.Of(value.Bool)})
	return bare != nil && bare.Reason == r.Reason
}

// sure returns an expression that the source evaluates exactly, never errs, and is true only for
// rows for which e is certainly true (want) or certainly false (!want); the widest such that
// the parts allow. nil where there is none.
func (d *decider) sure(e query.Expr, want bool) query.Expr {
	if d.exact(e) {
		op := query.OpIsFalse
		if want {
			op = query.OpIsTrue
		}
		return boolean(op, e.Span(), e)
	}
	c, ok := e.(*query.Call)
	if !ok {
		return nil
	}
	switch c.Op {
	case query.OpNot:
		return d.sure(c.Args[0], !want)
	case query.OpAnd, query.OpOr:
		// One true term makes an Or true, one false term an And false; otherwise all must agree.
		return d.terms(c, want, (c.Op == query.OpOr) == want)
	case query.OpCond:
		yes := both(c.At, d.sure(c.Args[0], true), d.sure(c.Args[1], want))
		no := both(c.At, d.sure(c.Args[0], false), d.sure(c.Args[2], want))
		switch {
		case yes == nil:
			return no
		case no == nil:
			return yes
		}
		return boolean(query.OpOr, c.At, yes, no)
	}
	return nil
}

// terms combines what is sure of the terms of an And or Or: one of them suffices, or all must be.
func (d *decider) terms(c *query.Call, want, one bool) query.Expr {
	var parts []query.Expr
	for _, a := range c.Args {
		s := d.sure(a, want)
		switch {
		case s != nil:
			parts = append(parts, s)
		case !one:
			return nil
		}
	}
	op := query.OpAnd
	if one {
		op = query.OpOr
	}
	switch len(parts) {
	case 0:
		return nil
	case 1:
		return parts[0]
	}
	return boolean(op, c.At, parts...)
}

func both(at query.Span, a, b query.Expr) query.Expr {
	if a == nil || b == nil {
		return nil
	}
	return boolean(query.OpAnd, at, a, b)
}

func boolean(op query.Op, at query.Span, args ...query.Expr) query.Expr {
	return &query.Call{Op: op, Args: args, Typ: value.Of(value.Bool), At: at}
}

// negate is the one place that turns a condition round. NOT keeps the undecided undecided, in CEL as in SQL.
func negate(e query.Expr) query.Expr {
	if c, ok := e.(*query.Call); ok && c.Op == query.OpNot {
		return c.Args[0]
	}
	return boolean(query.OpNot, e.Span(), e)
}
