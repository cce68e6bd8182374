package elasticsearch

import (
	"context"
	"slices"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/query/eval"
	"github.com/assay-dev/assay/connectors/value"
)

// local filters a stream of all rows here: what Select does where the data at hand makes the server's filter inexact.
type local struct {
	rows     connectors.Rows
	program  *eval.Program
	limits   []int // rows still wanted of each branch, -1 for all
	columns  int   // columns of the answer; the stream has further ones for the filters
	numbered bool

	in    *value.Batch
	truth []eval.Truth
	next  int // branch of in that is answered next
	out   value.Batch
}

// local starts the stream of q.
func (s *Source) local(ctx context.Context, q query.Select) (connectors.Rows, error) {
	l := &local{columns: len(q.Columns), numbered: len(q.Branches) > 1}
	exprs := make([]query.Expr, len(q.Branches))
	for i, b := range q.Branches {
		exprs[i] = b.Where
		if b.Where == nil {
			exprs[i] = &query.Literal{Val: value.BoolValue(true), Typ: value.Of(value.Bool)}
		}
		limit := -1
		if b.Limit > 0 {
			limit = b.Limit
		}
		l.limits = append(l.limits, limit)
	}
	all := query.Select{From: q.From, BatchRows: q.BatchRows, Columns: append(slices.Clip(q.Columns), query.Columns(exprs...)...)}
	op := "read " + q.From.Dataset.Name
	var err error
	if l.program, err = eval.Compile(exprs, all.Columns); err != nil {
		return nil, &connectors.Error{Op: op, Err: err}
	}
	sel, err := s.prepare(all)
	if err != nil {
		return nil, err
	}
	if l.rows, err = s.stream(ctx, sel); err != nil {
		return nil, err
	}
	return l, nil
}

// Next implements connectors.Rows.
func (l *local) Next(ctx context.Context) (*value.Batch, error) {
	for {
		if l.in == nil {
			if l.satisfied() {
				return nil, nil
			}
			b, err := l.rows.Next(ctx)
			if err != nil || b == nil {
				return nil, err
			}
			if l.truth, err = l.program.RunTruth(b); err != nil {
				return nil, &connectors.Error{Op: "filter rows", Err: err}
			}
			l.in, l.next = b, 0
		}
		for l.next < len(l.limits) {
			branch := l.next
			l.next++
			if l.gather(branch) {
				return &l.out, nil
			}
		}
		l.in = nil
	}
}

func (l *local) satisfied() bool {
	for _, n := range l.limits {
		if n != 0 {
			return false
		}
	}
	return true
}

// gather copies the rows of one branch into out and reports whether there are any.
func (l *local) gather(branch int) bool {
	var at []int
	for i := range l.in.N {
		if l.truth[branch].True.Get(i) && (l.limits[branch] < 0 || len(at) < l.limits[branch]) {
			at = append(at, i)
		}
	}
	if len(at) == 0 {
		return false
	}
	if l.limits[branch] > 0 {
		l.limits[branch] -= len(at)
	}
	cols := l.columns
	if l.numbered {
		cols++
	}
	if len(l.out.Cols) != cols {
		l.out.Cols = make([]value.Vector, cols)
	}
	l.out.N = len(at)
	for c := range l.columns {
		copyRows(&l.out.Cols[c], &l.in.Cols[c], at)
	}
	if l.numbered {
		v := &l.out.Cols[cols-1]
		resetVector(v, value.Of(value.Int), len(at))
		for range at {
			appendParsed(v, codecInt, parsed{i: int64(branch)})
		}
	}
	return true
}

// copyRows makes dst the elements of src at the given positions.
func copyRows(dst, src *value.Vector, at []int) {
	resetVector(dst, src.Type, len(at))
	for _, i := range at {
		if src.Nulls.Get(i) {
			dst.Nulls.Set(dst.N)
		}
		if src.Errs.Get(i) {
			dst.Errs.Set(dst.N)
		}
		switch src.Type.Kind {
		case value.Bool:
			dst.Bools = append(dst.Bools, src.Bools[i])
		case value.Int, value.Duration:
			dst.Ints = append(dst.Ints, src.Ints[i])
		case value.Timestamp, value.LocalTimestamp:
			dst.Ints, dst.Nanos = append(dst.Ints, src.Ints[i]), append(dst.Nanos, src.Nanos[i])
		case value.Uint:
			dst.Uints = append(dst.Uints, src.Uints[i])
		case value.Double:
			dst.Floats = append(dst.Floats, src.Floats[i])
		case value.Decimal:
			dst.Decs = append(dst.Decs, src.Decs[i])
		case value.List:
			dst.Lists = append(dst.Lists, src.Lists[i])
		case value.String, value.Bytes, value.JSON:
			dst.Data = append(dst.Data, src.Bytes(i)...)
			dst.Offs = append(dst.Offs, textEnd(dst.Data))
		case value.Null:
		}
		dst.N++
	}
}

// Close implements connectors.Rows.
func (l *local) Close() error { return l.rows.Close() }
