package diff

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// SideError is the failure of one side: of its source, or of what it holds.
type SideError struct {
	Side    canon.Side
	Dataset string
	Err     error
}

// Error implements error.
func (e *SideError) Error() string {
	side := "source"
	if e.Side == canon.Right {
		side = "target"
	}
	return fmt.Sprintf("%s %s: %v", side, e.Dataset, e.Err)
}

// Unwrap returns the cause.
func (e *SideError) Unwrap() error { return e.Err }

// of returns the column of a side.
func (c *Column) of(side canon.Side) *query.Column {
	if side == canon.Left {
		return c.Left
	}
	return c.Right
}

// input is one side while it is read.
type input struct {
	side   canon.Side
	name   string
	key    keyOrder
	source connectors.Source // a snapshot where there are any
	owned  bool              // source is a snapshot of our own
	from   query.Relation
	cols   []*query.Column // key and compared columns, then those that only where names
	keep   int             // of cols, the columns that are compared
	where  query.Expr      // asked of the source, nil for all
	sieve  *sieve          // what is evaluated here, nil for nothing
	read   *Read
	check  *checker
	memory int64 // for sorting
	dir    string
	rows   connectors.Rows
	sent   *atomic.Int64 // statements to this side, of the whole comparison
}

// selects sends a statement that reads rows.
func (in *input) selects(ctx context.Context, q query.Select) (connectors.Rows, error) {
	in.sent.Add(1)
	return in.source.Select(ctx, q)
}

// counts sends a statement that counts rows.
func (in *input) counts(ctx context.Context, m query.Measure) (*value.Batch, error) {
	in.sent.Add(1)
	return in.source.Aggregate(ctx, query.Aggregate{From: in.from, Measures: []query.Measure{m}})
}

// side returns one of the two.
func (s *Spec) side(side canon.Side) *Side {
	if side == canon.Left {
		return &s.Left
	}
	return &s.Right
}

// inputOf is a side as it is now, all rows of it.
func inputOf(s *Spec, side canon.Side, read *Read, sent *atomic.Int64) *input {
	spec := s.side(side)
	in := &input{
		side: side, name: spec.Name, key: s.Key, source: spec.Source, from: spec.Relation, read: read, dir: s.TempDir,
		check: &checker{key: s.Key, side: side}, memory: s.memory() / 4, sent: sent,
	}
	in.from.Dataset.Key = in.key.columns(side)
	for _, list := range [2][]Column{s.Key, s.Columns} {
		for i := range list {
			in.cols = append(in.cols, list[i].of(side))
		}
	}
	in.keep = len(in.cols)
	return in
}

// newInput takes a snapshot and decides where the side's condition is evaluated.
func newInput(ctx context.Context, s *Spec, side canon.Side, read *Read, sent *atomic.Int64) (*input, error) {
	in, err := snapshotOf(ctx, s, side, read, sent)
	if err != nil {
		return nil, err
	}
	if err := in.place(ctx, s.side(side).Where); err != nil {
		return in, in.failed(err)
	}
	return in, nil
}

// snapshotOf is a side as it is from now on, all rows of it.
func snapshotOf(ctx context.Context, s *Spec, side canon.Side, read *Read, sent *atomic.Int64) (*input, error) {
	spec := s.side(side)
	in := inputOf(s, side, read, sent)
	if snap, ok := spec.Source.(connectors.Snapshotter); ok {
		source, err := snap.Snapshot(ctx)
		if err != nil {
			return nil, in.failed(err)
		}
		in.source, in.owned = source, source != spec.Source
	}
	return in, nil
}

func (in *input) failed(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*SideError](err); ok {
		return err
	}
	return &SideError{Side: in.side, Dataset: in.name, Err: err}
}

// judge is who evaluates a side's condition.
type judge int

const (
	byNobody judge = iota // there is none
	bySource
	bySourceCounted // which is asked first for how many rows the condition leaves undecided
	byUs
)

// judge says who is to evaluate the condition: the source where it can, and where it can also count the rows that it leaves undecided.
func (in *input) judge(where query.Expr) judge {
	switch caps := in.source.Caps(); {
	case where == nil:
		return byNobody
	case caps.Expr(in.from, where) != nil:
		return byUs
	case decided(where):
		return bySource
	case caps.Measure(in.from, undecidedOf(where)) == nil:
		return bySourceCounted
	}
	return byUs
}

// undecidedOf counts the rows that a condition leaves undecided.
func undecidedOf(where query.Expr) query.Measure {
	return query.Measure{Kind: query.MeasureCount, Where: where, Nulls: query.Columns(where)}
}

// place has the condition evaluated by whom it is to be.
func (in *input) place(ctx context.Context, where query.Expr) error {
	switch in.judge(where) {
	case byNobody:
		return nil
	case bySource:
		in.where = where
		return nil
	case bySourceCounted:
		n, ok, err := in.undecided(ctx, where)
		if err != nil {
			return err
		}
		if ok {
			in.where, in.read.WhereUndecided = where, n
			return nil
		}
	case byUs:
	}
	return in.sift(where)
}

// sift evaluates the condition here.
func (in *input) sift(where query.Expr) error {
	have := map[int]bool{}
	for _, c := range in.cols {
		have[c.Index] = true
	}
	for _, c := range query.Columns(where) {
		if !have[c.Index] {
			in.cols = append(in.cols, c)
		}
	}
	in.read.WhereHere = true
	var err error
	in.sieve, err = newSieve(where, in.cols, in.keep, &in.read.WhereUndecided)
	return err
}

// undecided counts the rows that where leaves undecided; ok is false where the source cannot.
func (in *input) undecided(ctx context.Context, where query.Expr) (n int64, ok bool, err error) {
	m := undecidedOf(where)
	b, err := in.counts(ctx, m)
	if unable(err) != "" {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	if b.N != 1 || len(b.Cols) != len(m.Outputs()) {
		return 0, false, connectors.Own(fmt.Sprintf("a count of %d rows and %d columns", b.N, len(b.Cols)))
	}
	return b.Cols[1].Ints[0] + b.Cols[2].Ints[0], true, nil
}

// decided reports whether a condition is true or false for every row, by what the engine guarantees of its columns.
func decided(where query.Expr) bool {
	ok := true
	query.Walk(where, func(e query.Expr) bool {
		switch e := e.(type) {
		case *query.Column:
			ok = ok && e.Col.NotNull && !e.Col.MayErr
		case *query.Literal:
			ok = ok && !e.Val.IsNull()
		case *query.Call:
			switch e.Op {
			case query.OpNot, query.OpAnd, query.OpOr, query.OpEq, query.OpNe, query.OpLt, query.OpLe, query.OpGt, query.OpGe, query.OpIn,
				query.OpContains, query.OpStartsWith, query.OpEndsWith:
			default:
				ok = false
			}
		default:
			ok = false
		}
		return ok
	})
	return ok
}

// selection is the request for the rows between the conditions.
func (in *input) selection(where query.Expr, ordered bool) query.Select {
	q := query.Select{From: in.from, Columns: in.cols, OrderByKey: ordered, BatchRows: in.batchRows()}
	if w := allOf(in.where, where); w != nil {
		q.Branches = []query.Branch{{Where: w}}
	}
	return q
}

// batchRows asks for smaller batches where little memory may be used, 0 for the source's own size.
func (in *input) batchRows() int {
	const usual, wide = 4096, 512 // rows, bytes of a row
	if n := in.memory / wide; n < usual {
		return int(max(n, 16))
	}
	return 0
}

// allOf joins conditions, nil ones apart.
func allOf(es ...query.Expr) query.Expr {
	var parts []query.Expr
	for _, e := range es {
		if e != nil {
			parts = append(parts, e)
		}
	}
	switch len(parts) {
	case 0:
		return nil
	case 1:
		return parts[0]
	}
	return &query.Call{Op: query.OpAnd, Args: parts, Typ: value.Of(value.Bool)}
}

// query streams the rows of a condition, those apart that the side's own condition leaves out.
func (in *input) query(ctx context.Context, where query.Expr, ordered bool) (connectors.Rows, error) {
	rows, err := in.selects(ctx, in.selection(where, ordered))
	if err != nil {
		return nil, err
	}
	if in.sieve != nil {
		return &sifted{rows: rows, sieve: in.sieve}, nil
	}
	return rows, nil
}

// open starts the statement: in key order where the source can give it, else in any, to be sorted here.
func (in *input) open(ctx context.Context, ordered bool) error {
	if ordered {
		rows, err := in.query(ctx, nil, true)
		if err == nil {
			in.rows, in.read.Method = rows, ByServer
			return nil
		}
		if in.read.Reason = unable(err); in.read.Reason == "" {
			return in.failed(err)
		}
	}
	rows, err := in.query(ctx, nil, false)
	if err != nil {
		return in.failed(err)
	}
	in.rows, in.read.Method = &sorting{in: in, from: &numbered{Rows: rows, in: in}, spilled: &in.read.Spilled}, BySort
	return nil
}

// refused returns the reason of a refusal, "" for none.
func refused(r *query.Refusal) string {
	if r == nil {
		return ""
	}
	return r.Reason
}

// unable returns the reason of an error that says that a source cannot do what it was asked, "" for a failure.
func unable(err error) string {
	if r, ok := errors.AsType[*query.Refusal](err); ok {
		return r.Reason
	}
	if r, ok := errors.AsType[*connectors.InexactError](err); ok {
		return r.Reason
	}
	return ""
}

// close ends the stream and the snapshot.
func (in *input) close() error {
	var err error
	if in.rows != nil {
		err = in.rows.Close()
	}
	if in.owned {
		err = errors.Join(err, in.source.Close())
	}
	return err
}
