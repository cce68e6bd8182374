package elasticsearch

import "encoding/json"

// clause is a query as a boolean tree over leaf queries. Trees are built by all, none, leaf, and, or, not, which simplify.
type clause struct {
	op   clauseOp
	leaf map[string]any
	kids []*clause
}

type clauseOp uint8

const (
	clauseNone clauseOp = iota
	clauseAll
	clauseLeaf
	clauseAnd
	clauseOr
	clauseNot
)

func all() *clause  { return &clause{op: clauseAll} }
func none() *clause { return &clause{op: clauseNone} }

// leaf is one query of the server: its name, and its body.
func leaf(name string, body any) *clause {
	return &clause{op: clauseLeaf, leaf: map[string]any{name: body}}
}

func existsClause(field string) *clause { return leaf("exists", map[string]any{"field": field}) }

func and(cs ...*clause) *clause { return join(clauseAnd, clauseAll, clauseNone, cs) }
func or(cs ...*clause) *clause  { return join(clauseOr, clauseNone, clauseAll, cs) }

// join builds And and Or: unit is what changes nothing, zero what decides.
func join(op, unit, zero clauseOp, cs []*clause) *clause {
	out := &clause{op: op}
	for _, c := range cs {
		switch c.op {
		case unit:
		case zero:
			return c
		case op:
			out.kids = append(out.kids, c.kids...)
		default:
			out.kids = append(out.kids, c)
		}
	}
	switch len(out.kids) {
	case 0:
		return &clause{op: unit}
	case 1:
		return out.kids[0]
	}
	return out
}

func not(c *clause) *clause {
	switch c.op {
	case clauseAll:
		return none()
	case clauseNone:
		return all()
	case clauseNot:
		return c.kids[0]
	}
	return &clause{op: clauseNot, kids: []*clause{c}}
}

// query renders the clause as a query.
func (c *clause) query() map[string]any {
	switch c.op {
	case clauseAll:
		return map[string]any{"match_all": map[string]any{}}
	case clauseNone:
		return map[string]any{"match_none": map[string]any{}}
	case clauseLeaf:
		return c.leaf
	case clauseNot:
		return map[string]any{"bool": map[string]any{"must_not": []any{c.kids[0].query()}}}
	case clauseOr:
		var should []any
		for _, k := range c.kids {
			should = append(should, k.query())
		}
		return map[string]any{"bool": map[string]any{"should": should, "minimum_should_match": 1}}
	}
	var filter, mustNot []any
	for _, k := range c.kids {
		if k.op == clauseNot {
			mustNot = append(mustNot, k.kids[0].query())
		} else {
			filter = append(filter, k.query())
		}
	}
	body := map[string]any{}
	if filter != nil {
		body["filter"] = filter
	}
	if mustNot != nil {
		body["must_not"] = mustNot
	}
	return map[string]any{"bool": body}
}

// text is the canonical JSON of the clause: equal texts are equal queries.
func (c *clause) text() string {
	out, err := json.Marshal(c.query())
	if err != nil {
		return "" // a query holds nothing that cannot be marshalled
	}
	return string(out)
}

// size counts leaves, depth the nesting of boolean queries.
func (c *clause) size() (leaves, depth int) {
	if len(c.kids) == 0 {
		return 1, 0
	}
	for _, k := range c.kids {
		l, d := k.size()
		leaves, depth = leaves+l, max(depth, d+1)
	}
	return leaves, depth
}
