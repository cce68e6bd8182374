package plan

import (
	"slices"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/spec"
)

// rare is the count of failing rows up to which an expectation's rows are all
// fetched in one branch shared with other rare ones: one scan finds them all.
// A frequent one gets a branch of its own, which stops at its limit after a short part of the table.
const rare = 200

// failingTogether bounds the expectations of one query: what it asks for grows with them, and engines bound how deep an expression (SQLite 1,000) and how long a
// union (SQLite 500) may be.
const failingTogether = 100

// Failing is a bounded query for failing rows of a dataset.
type Failing struct {
	Select query.Select
	// Items are the expectations that each branch serves; a shared branch's rows
	// are attributed by evaluating the predicates here.
	Items [][]*Item
	// Skipped are expectations whose failing rows the source cannot select, with the reason.
	Skipped map[*Item]query.Refusal
}

// FailingRows returns the queries for failing rows of items that were judged on the server, one unless there are very many; none when there is
// nothing to ask. counts holds the failing rows counted for each, limit how many are wanted of each.
func FailingRows(d *Dataset, caps query.Caps, items []*Item, counts map[*Item]int64, limit int) []*Failing {
	var out []*Failing
	for some := range slices.Chunk(items, failingTogether) {
		if f := failingRows(d, caps, some, counts, limit); len(f.Select.Branches) > 0 {
			out = append(out, f)
		}
	}
	return out
}

func failingRows(d *Dataset, caps query.Caps, items []*Item, counts map[*Item]int64, limit int) *Failing {
	f := &Failing{Skipped: map[*Item]query.Refusal{}}
	var cols columnSet
	cols.add(d.KeyColumns()...)
	var shared []*Item
	var sharedWhere []query.Expr
	sharedLimit := 0
	for _, it := range items {
		b := query.Branch{Limit: limit}
		switch {
		case it.Row != nil:
			b.Where = FailingCondition(it)
			if r := caps.Expr(d.Relation, b.Where); r != nil {
				f.Skipped[it] = *r
				continue
			}
			cols.add(it.Row.Columns...)
			cols.add(it.Row.Nulls...)
			for _, e := range []query.Expr{it.Row.Pred, it.Row.Where, it.Row.Skip} {
				if e != nil {
					cols.add(query.Columns(e)...)
				}
			}
			if counts[it] <= rare {
				shared = append(shared, it)
				sharedWhere = append(sharedWhere, b.Where)
				sharedLimit += int(counts[it])
				continue
			}
		case it.Set != nil:
			b.Set = it.Set.Check
			cols.add(it.Set.Columns...)
		default:
			continue
		}
		f.Select.Branches = append(f.Select.Branches, b)
		f.Items = append(f.Items, []*Item{it})
	}
	if len(shared) > 0 {
		f.Select.Branches = append(f.Select.Branches, query.Branch{Where: or(sharedWhere), Limit: sharedLimit})
		f.Items = append(f.Items, shared)
	}
	if len(f.Select.Branches) == 0 {
		return f
	}
	f.Select.From, f.Select.Columns = d.Relation, cols.list
	return f
}

// HoldingCondition is true, and never undecided, for exactly the rows that count as true.
func HoldingCondition(it *Item) query.Expr {
	r := it.Row
	holds := test(query.OpIsTrue, r.Pred)
	if it.Spec.OnNull == spec.NullPass {
		holds = or([]query.Expr{holds, and([]query.Expr{test(query.OpIsUndecided, r.Pred), AnyNull(r.Nulls)})})
	}
	return and(append(selected(r), holds))
}

// selected are the conditions under which a row is judged at all.
func selected(r *RowItem) []query.Expr {
	var parts []query.Expr
	if r.Where != nil {
		parts = append(parts, test(query.OpIsTrue, r.Where))
	}
	if r.Skip != nil {
		parts = append(parts, not(test(query.OpIsTrue, r.Skip)))
	}
	return parts
}

// FailingCondition is true, and never undecided, for exactly the rows that count as failing.
func FailingCondition(it *Item) query.Expr {
	r := it.Row
	parts := selected(r)
	if it.Spec.OnNull == spec.NullFail || len(r.Nulls) == 0 {
		return and(append(parts, not(test(query.OpIsTrue, r.Pred))))
	}
	// A row undecided by null does not fail; one undecided for another cause does.
	undecidedOther := and([]query.Expr{test(query.OpIsUndecided, r.Pred), not(AnyNull(r.Nulls))})
	return and(append(parts, or([]query.Expr{test(query.OpIsFalse, r.Pred), undecidedOther})))
}

// AnyNull is true for the rows in which one of the columns is null, and never undecided.
func AnyNull(cols []*query.Column) query.Expr {
	if len(cols) == 0 {
		return truth(false)
	}
	nulls := make([]query.Expr, 0, len(cols))
	for _, c := range cols {
		nulls = append(nulls, isNull(c))
	}
	return test(query.OpIsTrue, or(nulls))
}

func isNull(c *query.Column) query.Expr {
	null := &query.Literal{Val: value.NullValue(), Typ: c.Col.Type}
	return &query.Call{Op: query.OpEq, Args: []query.Expr{c, null}, Typ: boolean()}
}
