package diff

import (
	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// bound is where a window of keys ends: values of the first columns of the key, as the side has them that is read in windows. Any such
// values do, since both sides are cut by the same ones; rows at the bound belong to the window that it ends.
type bound struct {
	side canon.Side // whose types the values have
	row  *value.Batch
}

// before reports whether the bound stands before row i of a batch.
func (b *bound) before(key keyOrder, rows *value.Batch, side canon.Side, i int) bool {
	return key[:len(b.row.Cols)].compare(b.row, b.side, 0, rows, side, i) < 0
}

func boolean(op query.Op, args ...query.Expr) query.Expr {
	return &query.Call{Op: op, Args: args, Typ: value.Of(value.Bool)}
}

// literal is value c of the bound.
func (b *bound) literal(c int, col *query.Column) query.Expr {
	return &query.Literal{Val: b.row.Cols[c].Value(0), Typ: col.Col.Type}
}

func isNull(col *query.Column) query.Expr {
	return boolean(query.OpEq, col, &query.Literal{Typ: col.Col.Type})
}

// above is the condition for rows behind the bound, from column c on; nil where there can be none. Nulls are last.
func (b *bound) above(c int, cols []*query.Column) query.Expr {
	col := cols[c]
	var more query.Expr
	if !b.row.Cols[c].IsNull(0) {
		more = boolean(query.OpGt, col, b.literal(c, col))
		if !col.Col.NotNull {
			more = boolean(query.OpOr, isNull(col), more)
		}
	}
	if c == len(cols)-1 {
		return more
	}
	rest := b.above(c+1, cols)
	if rest == nil {
		return more
	}
	rest = boolean(query.OpAnd, boolean(query.OpEq, col, b.literal(c, col)), rest)
	if more == nil {
		return rest
	}
	return boolean(query.OpOr, more, rest)
}

// within is the condition for rows up to the bound, from column c on.
func (b *bound) within(c int, cols []*query.Column) query.Expr {
	col := cols[c]
	null := b.row.Cols[c].IsNull(0)
	if c == len(cols)-1 {
		if null {
			return nil // nothing stands behind a null
		}
		return boolean(query.OpLe, col, b.literal(c, col))
	}
	rest := b.within(c+1, cols)
	if rest == nil {
		if null {
			return nil
		}
		return boolean(query.OpLe, col, b.literal(c, col))
	}
	same := boolean(query.OpAnd, boolean(query.OpEq, col, b.literal(c, col)), rest)
	if null {
		return boolean(query.OpOr, boolean(query.OpNot, isNull(col)), same)
	}
	return boolean(query.OpOr, boolean(query.OpLt, col, b.literal(c, col)), same)
}

// between is the condition for the rows behind lo and up to hi, either nil for no bound. Within two bounds the first column is also
// bounded by itself, which servers find by an index more easily.
func between(lo, hi *bound, cols []*query.Column) query.Expr {
	var parts []query.Expr
	first := cols[0]
	bounded := func(b *bound) bool { return b != nil && !b.row.Cols[0].IsNull(0) }
	switch {
	case lo == nil:
	case bounded(lo) && bounded(hi): // no null of the first column is between them
		op := query.OpGt
		if len(cols) > 1 {
			op = query.OpGe
		}
		parts = append(parts, boolean(op, first, lo.literal(0, first)))
		if len(cols) > 1 {
			parts = append(parts, lo.above(0, cols))
		}
	default:
		if e := lo.above(0, cols); e != nil {
			parts = append(parts, e)
		}
	}
	if hi != nil {
		if bounded(hi) && len(cols) > 1 {
			parts = append(parts, boolean(query.OpLe, first, hi.literal(0, first)))
		}
		if e := hi.within(0, cols); e != nil {
			parts = append(parts, e)
		}
	}
	return allOf(parts...)
}
