package run

import (
	"context"
	"errors"
	"fmt"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/extsort"
	"github.com/assay-dev/assay/expectations/plan"
)

// Keys asked for in one statement: single ones in a list, composite ones as a disjunction.
const (
	lookupList  = 500
	lookupPairs = 100
)

// lookup reads the few rows first and asks for their partners by key. done is false where that cannot be: the rows are many, or a
// source does not take a key.
func (x *joinRun) lookup(ctx context.Context) (done bool, err error) {
	rows, total, err := x.few(ctx)
	if err != nil {
		return false, err
	}
	if rows == nil {
		x.reasons = append(x.reasons, fmt.Sprintf("the rows of %s are more than %d or wide", x.job.Left.Spec.Name, plan.LookupRows))
		return false, nil
	}
	sides := make([]*partnerSide, len(x.job.Partners))
	defer func() {
		for _, s := range sides {
			if s != nil {
				err = errors.Join(err, s.close())
			}
		}
	}()
	for i := range x.job.Partners {
		sides[i] = x.newSide(i)
		why, err := x.ask(ctx, i, sides[i], rows)
		if err != nil {
			return false, err
		}
		if why != "" {
			x.reasons = append(x.reasons, why)
			return false, nil
		}
	}
	if _, err := x.consume(ctx, &heldStage{batches: rows}, sides); err != nil {
		return false, err
	}
	if len(x.job.Stream.Branches) == 0 {
		x.counted(x.job.Left.Spec.Name, total)
	}
	return true, nil
}

// few reads the rows if they are no more than may be looked up, and held; nil if they are.
func (x *joinRun) few(ctx context.Context) ([]*value.Batch, int64, error) {
	src, err := x.rows(ctx)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = src.Close() }() // every row was read, or no more are wanted
	out := []*value.Batch{}
	var n, size int64
	for {
		b, err := src.Next(ctx)
		if err != nil {
			return nil, n, x.failure(-1, err)
		}
		if b == nil {
			return out, n, nil
		}
		size += extsort.Size(b)
		if n += int64(b.N); n > x.fewest() || size > x.job.Memory/2 {
			return nil, n, nil
		}
		out = append(out, b.Clone())
	}
}

// fewest is how many rows are looked up at most.
func (x *joinRun) fewest() int64 {
	if x.job.Sample != nil {
		return max(int64(x.job.Sample.N), plan.LookupRows)
	}
	return plan.LookupRows
}

// heldStage yields batches that are here.
type heldStage struct{ batches []*value.Batch }

// next implements stage.
func (s *heldStage) next(context.Context) (*value.Batch, error) {
	if len(s.batches) == 0 {
		return nil, nil //nolint:nilnil // the end of rows
	}
	b := s.batches[0]
	s.batches = s.batches[1:]
	return b, nil
}

// ask reads the partners of the rows. why says what the source does not take, "" for nothing.
func (x *joinRun) ask(ctx context.Context, i int, side *partnerSide, rows []*value.Batch) (why string, err error) {
	p := x.job.Partners[i]
	keys, err := newRowKeys(p, x.job.Stream.Columns)
	if err != nil {
		return "", err
	}
	seen := map[string]bool{}
	var pending [][]value.Value
	limit := lookupList
	if len(p.Keys) > 1 {
		limit = lookupPairs
	}
	flush := func() (string, error) {
		if len(pending) == 0 {
			return "", nil
		}
		where := keyCondition(p, pending)
		pending = pending[:0]
		if r := x.partner(p).Caps().Expr(p.Check.From, where); r != nil {
			return r.Reason, nil //nolint:nilerr // a refusal is an answer
		}
		return x.askFor(ctx, i, side, where)
	}
	for _, b := range rows {
		if err := keys.run(b); err != nil {
			return "", err
		}
		for r := range b.N {
			if !keys.usable(r) {
				continue
			}
			keys.buf = keys.encode(keys.buf[:0], r)
			if seen[string(keys.buf)] {
				continue
			}
			seen[string(keys.buf)] = true
			cells := make([]value.Value, len(p.Keys))
			for k, v := range keys.vecs {
				cells[k] = v.Value(r)
			}
			if pending = append(pending, cells); len(pending) >= limit {
				if why, err := flush(); why != "" || err != nil {
					return why, err
				}
			}
		}
	}
	return flush()
}

// askFor reads the partners with some keys.
func (x *joinRun) askFor(ctx context.Context, i int, side *partnerSide, where query.Expr) (why string, err error) {
	p := x.job.Partners[i]
	x.sent++
	src, err := x.partner(p).Select(ctx, query.Select{From: p.Check.From, Columns: x.job.Needs[i], Branches: []query.Branch{{Where: where}}})
	if why = inexact(err); why != "" {
		return why, nil
	}
	if err != nil {
		return "", x.failure(i, err)
	}
	defer func() { _ = src.Close() }() // every row was read, or the error that counts is returned
	for {
		b, err := src.Next(ctx)
		if err != nil {
			return "", x.failure(i, err)
		}
		if b == nil {
			return "", nil
		}
		if err := side.add(ctx, b); err != nil {
			return "", err
		}
	}
}

// inexact is the reason of a source that cannot answer exactly on the data at hand, "" for any other error.
func inexact(err error) string {
	if e, ok := errors.AsType[*connectors.InexactError](err); ok {
		return e.Reason
	}
	return ""
}

// keyCondition is true for the partner's rows that have one of the keys.
func keyCondition(p *plan.Partner, keys [][]value.Value) query.Expr {
	boolean := value.Of(value.Bool)
	column := func(k int) *query.Column {
		return &query.Column{Index: p.Keys[k].Right.Index, Col: p.Check.Columns[k].Col}
	}
	literal := func(v value.Value) query.Expr { return &query.Literal{Val: v, Typ: v.Type()} }
	if len(p.Keys) == 1 {
		in := &query.Call{Op: query.OpIn, Typ: boolean, Args: []query.Expr{column(0)}}
		for _, cells := range keys {
			in.Args = append(in.Args, literal(cells[0]))
		}
		return in
	}
	var either []query.Expr
	for _, cells := range keys {
		one := &query.Call{Op: query.OpAnd, Typ: boolean}
		for k, v := range cells {
			one.Args = append(one.Args, &query.Call{Op: query.OpEq, Typ: boolean, Args: []query.Expr{column(k), literal(v)}})
		}
		either = append(either, one)
	}
	if len(either) == 1 {
		return either[0]
	}
	return &query.Call{Op: query.OpOr, Typ: boolean, Args: either}
}
