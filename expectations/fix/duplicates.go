package fix

import (
	"context"
	"slices"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/correct"
	"github.com/assay-dev/assay/expectations/spec"
)

// mostDuplicates bounds the rows with one key that are looked at.
const mostDuplicates = 10_000

// twin is one of several rows with one key.
type twin struct {
	key []value.Value // of table.byRow
	row *connectors.Row
}

// duplicates keeps one of the rows with a key, or none, and deletes the others.
func (t *table) duplicates(ctx context.Context, g *group, w *wish) error {
	rows, why, err := t.twins(ctx, g.key)
	if err != nil {
		return err
	}
	if why != "" {
		t.p.refuse(w.item, "several rows have one key: "+why)
		return nil
	}
	if len(rows) < 2 {
		t.p.inMotion(w.item)
		return nil
	}
	for _, r := range rows {
		if col := unrepresented(r.row, t.byRow); col != "" {
			t.p.refuse(w.item, "column "+col+" cannot be represented, so that a deleted row could not be brought back")
			return nil
		}
	}
	keep := -1
	if w.what == wishDuplicate {
		var why string
		if keep, why = t.kept(w, rows); why != "" {
			t.p.refuse(w.item, why)
			return nil
		}
	}
	for i, r := range rows {
		c := &correct.Change{Class: correct.Duplicate, Expectation: w.item.ID, Reason: w.item.reason(w, nil)}
		c.Key, c.Before, c.Document = r.key, r.row.Values, r.row.Document
		var columns []string
		if c.Action = connectors.Delete; i == keep {
			if columns = t.correctKept(w, c); len(columns) == 0 {
				continue
			}
		}
		if err := t.weighed(t.byRow, c, w.item, columns); err != nil {
			return err
		}
	}
	return nil
}

// twins reads all rows with a key of the comparison, in the order of their own; why says why the source cannot be asked for them.
func (t *table) twins(ctx context.Context, key []value.Value) (out []twin, why string, err error) {
	from := t.d.Relation
	from.Joins = nil
	parts := make([]query.Expr, len(key))
	for i, k := range t.key {
		parts[i] = &query.Call{Op: query.OpEq, Args: []query.Expr{k, &query.Literal{Val: key[i], Typ: k.Col.Type}}, Typ: value.Of(value.Bool)}
	}
	where := parts[0]
	if len(parts) > 1 {
		where = &query.Call{Op: query.OpAnd, Args: parts, Typ: value.Of(value.Bool)}
	}
	if r := t.source.Caps().Expr(from, where); r != nil {
		return nil, "they cannot be asked for: " + r.Reason, nil
	}
	cols := append(slices.Clone(t.byRow.key), t.byRow.cols...)
	src, err := t.source.Select(ctx, query.Select{From: from, Columns: cols, Branches: []query.Branch{{Where: where, Limit: mostDuplicates}}})
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = src.Close() }() // the rows wanted were read
	var keys [][]value.Value
	for {
		b, err := src.Next(ctx)
		if err != nil {
			return nil, "", err
		}
		if b == nil {
			break
		}
		for i := range b.N {
			keys = append(keys, b.Row(i)[:len(t.byRow.key)])
		}
	}
	// They are read by their own keys, as every other row is: with their documents.
	rows, err := t.rows.Rows(ctx, t.target(t.byRow), keys)
	if err != nil {
		return nil, "", err
	}
	for i, r := range rows {
		switch null := slices.IndexFunc(keys[i], value.Value.IsNull); {
		case null >= 0:
			return nil, "column " + t.byRow.key[null].Col.Name + " of one of them is null, so that they cannot be told apart", nil
		case r == nil || !t.hasKey(r, keys[i], key):
			continue // it has gone since
		case r.Many:
			return nil, "they cannot be told apart by " + named(t.byRow.key), nil
		}
		out = append(out, twin{keys[i], r})
	}
	forms := make([]canon.Form, len(t.byRow.key))
	for i, k := range t.byRow.key {
		forms[i] = itself(&k.Col)
	}
	slices.SortFunc(out, func(a, b twin) int {
		for i := range forms {
			if c := order(&forms[i], a.key[i], b.key[i]); c != 0 {
				return c
			}
		}
		return 0
	})
	return out, "", nil
}

// cellOf is a twin's cell of a column of the table.
func (t *table) cellOf(row *connectors.Row, key []value.Value, index int) value.Value {
	for i, k := range t.byRow.key {
		if k.Index == index {
			return key[i]
		}
	}
	for i, c := range t.byRow.cols {
		if c.Index == index {
			return row.Values[i]
		}
	}
	return value.NullValue()
}

// hasKey reports whether a row still has the comparison's key.
func (t *table) hasKey(row *connectors.Row, own, key []value.Value) bool {
	for i, k := range t.key {
		if !same(&t.keyForms[i], t.cellOf(row, own, k.Index), key[i]) {
			return false
		}
	}
	return true
}

// order compares two values of one column; null comes last.
func order(f *canon.Form, a, b value.Value) int {
	var x, y value.Vector
	x.Reset(f.Left.Type)
	y.Reset(f.Left.Type)
	x.AppendValue(a)
	y.AppendValue(b)
	return f.Order(&x, canon.Left, 0, &y, canon.Left, 0)
}

// kept chooses the row that stays; why says why none can be chosen.
func (t *table) kept(w *wish, rows []twin) (at int, why string) {
	fix := w.item.Fix.Compare
	if fix.Keep == spec.KeepMatching {
		at := slices.IndexFunc(rows, func(r twin) bool { return len(t.differing(w, r)) == 0 })
		if at < 0 {
			return 0, "none of the rows with one key agrees with the other side"
		}
		return at, ""
	}
	form := itself(&fix.KeepBy.Col)
	best := -1
	tie := false
	for i, r := range rows {
		v := t.cellOf(r.row, r.key, fix.KeepBy.Index)
		if v.IsNull() {
			continue
		}
		c := 1
		if best >= 0 {
			c = order(&form, v, t.cellOf(rows[best].row, rows[best].key, fix.KeepBy.Index))
		}
		if fix.Keep == spec.KeepOldest && best >= 0 {
			c = -c
		}
		switch {
		case c > 0:
			best, tie = i, false
		case c == 0:
			tie = true
		}
	}
	switch {
	case best < 0:
		return 0, "column " + fix.KeepBy.Col.Name + " is null in all rows with one key"
	case tie:
		return 0, "column " + fix.KeepBy.Col.Name + " does not say which of the rows with one key is the " + string(fix.Keep)
	}
	return best, ""
}

// differing are the positions in byRow.cols in which a row differs from what the other side has.
func (t *table) differing(w *wish, r twin) []int {
	var out []int
	for i, c := range t.byRow.cols {
		at, ok := t.at[c.Index]
		if ok && w.set[at] && !same(&t.forms[at], r.row.Values[i], w.after[at]) {
			out = append(out, i)
		}
	}
	return out
}

// correctKept makes an update of the change of the row that is kept, where it differs; it returns the columns that it writes.
func (t *table) correctKept(w *wish, c *correct.Change) []string {
	set := t.differing(w, twin{c.Key, &connectors.Row{Values: c.Before}})
	if len(set) == 0 {
		return nil
	}
	c.Action, c.Set, c.After = connectors.Update, set, slices.Clone(c.Before)
	columns := make([]string, len(set))
	for i, at := range set {
		col := t.byRow.cols[at]
		c.After[at], columns[i] = w.after[t.at[col.Index]], col.Col.Name
	}
	return columns
}
