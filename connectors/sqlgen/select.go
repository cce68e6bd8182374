package sqlgen

import (
	"strconv"
	"strings"

	"github.com/assay-dev/assay/connectors/query"
)

// Select renders q. The statement's columns are q.Columns as Dialect.Output gives them
// (a constant 1 when there are none), then the branch's position where there are two branches or more.
// The error is a *query.Refusal where the engine cannot say a branch exactly.
func Select(d Dialect, q query.Select) (Statement, error) {
	w := NewWriter(d)
	if len(q.Branches) < 2 {
		var b query.Branch
		if len(q.Branches) == 1 {
			b = q.Branches[0]
		}
		sql, err := w.branch(q, b, -1)
		if err != nil {
			return Statement{}, err
		}
		return w.Finish(sql), nil
	}
	parts := make([]string, len(q.Branches))
	for i, b := range q.Branches {
		sql, err := w.branch(q, b, i)
		if err != nil {
			return Statement{}, err
		}
		if b.Limit > 0 {
			// A limit inside UNION ALL needs a query of its own; not every engine takes bare parentheses.
			sql = "SELECT * FROM (" + sql + ") AS b" + strconv.Itoa(i)
		}
		parts[i] = sql
	}
	return w.Finish(strings.Join(parts, "\nUNION ALL\n")), nil
}

// branch renders one SELECT; position < 0 leaves the branch's number out.
func (w *Writer) branch(q query.Select, b query.Branch, position int) (string, error) {
	from, conds, err := w.violators(q.From, b.Set)
	if err != nil {
		return "", err
	}
	if b.Where != nil {
		more, refusal := w.conjuncts(b.Where, false)
		if refusal != nil {
			return "", refusal
		}
		conds = append(conds, more...)
	}
	outs := make([]string, 0, len(q.Columns)+1)
	for i, c := range q.Columns {
		o, refusal := w.column(c)
		if refusal != nil {
			return "", refusal
		}
		outs = append(outs, w.d.Output(o)+" AS c"+strconv.Itoa(i))
	}
	if len(outs) == 0 {
		outs = append(outs, "1 AS c0")
	}
	if position >= 0 {
		outs = append(outs, strconv.Itoa(position)+" AS branch")
	}
	sql := "SELECT " + strings.Join(outs, ", ") + "\nFROM " + from + where(conds)
	if q.OrderByKey {
		order, err := w.keyOrder(q.From)
		if err != nil {
			return "", err
		}
		sql += order
	}
	if b.Limit > 0 {
		sql += "\nLIMIT " + strconv.Itoa(b.Limit)
	}
	return sql, nil
}

func where(conds []Operand) string {
	conds = prune(conds)
	if len(conds) == 0 {
		return ""
	}
	return "\nWHERE " + joinConds(true, conds).SQL
}

func (w *Writer) keyOrder(from query.Relation) (string, error) {
	key := from.Dataset.Key
	if len(key) == 0 {
		key = from.Schema.Key
	}
	if len(key) == 0 {
		return "", Refuse(w.d, "key order without a key", nil)
	}
	terms := make([]string, len(key))
	for i, name := range key {
		c, index := from.Schema.Column(name)
		if index < 0 {
			return "", Refuse(w.d, "key order by an unknown column", nil)
		}
		o, refusal := w.column(&query.Column{Index: index, Col: c})
		if refusal != nil {
			return "", refusal
		}
		terms[i] = w.d.OrderBy(o, false)
	}
	return "\nORDER BY " + strings.Join(terms, ", "), nil
}

// conjuncts renders e, or its negation, as a list of conditions all of which are TRUE
// exactly where it is true.
func (w *Writer) conjuncts(e query.Expr, neg bool) ([]Operand, *query.Refusal) {
	if e == nil {
		return nil, nil
	}
	if c, ok := e.(*query.Call); ok {
		switch {
		case c.Op == query.OpNot:
			return w.conjuncts(c.Args[0], !neg)
		case c.Op == query.OpAnd && !neg, c.Op == query.OpOr && neg:
			var out []Operand
			for _, a := range c.Args {
				more, refusal := w.conjuncts(a, neg)
				if refusal != nil {
					return nil, refusal
				}
				out = append(out, more...)
			}
			return out, nil
		}
	}
	o, refusal := w.cond(e, neg, truth)
	if refusal != nil {
		return nil, refusal
	}
	return []Operand{o}, nil
}

// prune leaves out what the other conditions imply: repetitions, TRUE, and c IS NOT NULL
// beside a condition that is not TRUE where c is NULL.
func prune(conds []Operand) []Operand {
	out := make([]Operand, 0, len(conds))
	seen := map[string]bool{"TRUE": true}
	for i, c := range conds {
		if seen[c.SQL] || c.f.present != nil && impliedBy(c.f.present, conds, i) {
			continue
		}
		seen[c.SQL] = true
		out = append(out, c)
	}
	return out
}

func impliedBy(col *query.Column, conds []Operand, except int) bool {
	for i, c := range conds {
		if i != except && c.f.present == nil && c.f.truthStrict.has(col) {
			return true
		}
	}
	return false
}
