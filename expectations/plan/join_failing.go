package plan

import (
	"slices"

	"github.com/assay-dev/assay/connectors/query"
)

// Failing returns the conditions of an item's failing rows: by what they hold, and orphans; nil where there can be none.
func (j *JoinJob) Failing(it *Item) (values, orphans query.Expr) {
	c := newJoinCondition(it, j.Partners)
	return c.Failing(it)
}

// ShownColumns are the columns of the statement for failing rows: of all relations, each once.
func (j *JoinJob) ShownColumns() []*query.Column {
	type id struct{ rel, index int }
	seen := map[id]bool{}
	var out []*query.Column
	add := func(cols ...*query.Column) {
		for _, c := range cols {
			if !seen[id{c.Rel, c.Index}] {
				seen[id{c.Rel, c.Index}] = true
				out = append(out, c)
			}
		}
	}
	add(j.Left.KeyColumns()...)
	for _, p := range j.Partners {
		for _, k := range p.Keys {
			add(query.Columns(k.Left)...)
			add(k.Right)
		}
	}
	for _, it := range j.Items {
		add(it.Join.Columns...)
		add(it.Join.Fixed...)
		add(it.Join.Nulls...)
	}
	for _, m := range j.Aggregate.Measures {
		add(measureColumns(m)...)
	}
	return out
}

// JoinFailing is how many rows of an item fail, and how many of them are orphans.
type JoinFailing struct{ Rows, Orphans int64 }

// FailingJoined is a bounded statement for failing rows of a join.
type FailingJoined struct {
	Select query.Select
	Items  []*Item // that each branch serves
}

// FailingRows returns the statements for failing rows of the items that a server has judged, one unless there are very many; none where there is nothing to ask.
func (j *JoinJob) FailingRows(caps query.Caps, failing map[*Item]JoinFailing, limit int) []FailingJoined {
	var failed []*Item
	for _, it := range j.Items {
		if _, ok := failing[it]; ok {
			failed = append(failed, it)
		}
	}
	var out []FailingJoined
	for some := range slices.Chunk(failed, failingTogether) {
		if f := j.failingRows(caps, some, failing, limit); len(f.Items) > 0 {
			out = append(out, f)
		}
	}
	return out
}

// failingRows is the statement for some of the items. An item's orphans have a branch of their own unless all of its failing rows are few: they are then found
// by one scan, and told apart here.
func (j *JoinJob) failingRows(caps query.Caps, some []*Item, failing map[*Item]JoinFailing, limit int) FailingJoined {
	f := FailingJoined{Select: query.Select{From: j.Aggregate.From, Columns: j.ShownColumns()}}
	for _, it := range some {
		n := failing[it]
		values, orphans := j.Failing(it)
		if n.Rows == n.Orphans {
			values = nil
		}
		if n.Orphans == 0 {
			orphans = nil
		}
		branches := []query.Branch{{Where: values, Limit: limit}, {Where: orphans, Limit: limit}}
		if values != nil && orphans != nil && n.Rows <= rare {
			branches = []query.Branch{{Where: or([]query.Expr{values, orphans}), Limit: int(n.Rows)}}
		}
		for _, b := range branches {
			if b.Where != nil && caps.Expr(f.Select.From, b.Where) == nil {
				f.Select.Branches, f.Items = append(f.Select.Branches, b), append(f.Items, it)
			}
		}
	}
	return f
}
