package memory

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/query/eval"
	"github.com/assay-dev/assay/connectors/value"
)

// defaultBatchRows is the size of batches that are not asked for otherwise.
const defaultBatchRows = 1024

// pick is one row of a result.
type pick struct {
	batch, row, branch int32
}

// Select implements connectors.Source. Which rows qualify is decided here, their copying is left to Next.
func (s *Source) Select(ctx context.Context, q query.Select) (connectors.Rows, error) {
	const op = "select"
	name := nameOf(q.From.Dataset)
	t, err := s.table(ctx, op, q.From.Dataset)
	if err != nil {
		return nil, err
	}
	r := &rows{table: t, name: name, cols: q.Columns, branches: len(q.Branches), size: q.BatchRows}
	if r.size <= 0 {
		r.size = defaultBatchRows
	}
	branches := q.Branches
	if len(branches) == 0 {
		branches = []query.Branch{{}}
	}
	for i, b := range branches {
		picks, err := s.branch(ctx, t, b)
		if err != nil {
			return nil, failed(op, name, err)
		}
		if q.OrderByKey {
			if err := t.sort(picks, q.From); err != nil {
				return nil, failed(op, name, err)
			}
		}
		if b.Limit > 0 && len(picks) > b.Limit {
			picks = picks[:b.Limit]
		}
		for j := range picks {
			picks[j].branch = int32(i)
		}
		r.picks = append(r.picks, picks...)
	}
	return r, nil
}

// branch returns the rows of a branch, its limit apart.
func (s *Source) branch(ctx context.Context, t *table, b query.Branch) ([]pick, error) {
	var bad map[int64]bool
	if b.Set != nil {
		checker, err := s.check(ctx, b.Set)
		if err != nil {
			return nil, err
		}
		checker.Result()
		bad = make(map[int64]bool)
		for _, o := range checker.Violations() {
			bad[o] = true
		}
	}
	var prog *eval.Program
	if b.Where != nil {
		var err error
		if prog, err = eval.Compile([]query.Expr{b.Where}, t.cols); err != nil {
			return nil, err
		}
	}
	var picks []pick
	ordinal := int64(0)
	for i, batch := range t.batches {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		var truth value.Bitmap
		if prog != nil {
			ts, err := prog.RunTruth(batch)
			if err != nil {
				return nil, err
			}
			truth = ts[0].True
		}
		for r := range batch.N {
			if (prog == nil || truth.Get(r)) && (bad == nil || bad[ordinal]) {
				picks = append(picks, pick{batch: int32(i), row: int32(r)})
			}
			ordinal++
		}
	}
	return picks, nil
}

// sort puts picks in the order of the relation's key.
func (t *table) sort(picks []pick, from query.Relation) error {
	var key []int
	for _, k := range from.Dataset.Key {
		_, i := t.schema.Column(k)
		if i < 0 {
			return fmt.Errorf("key column %s: %w", k, errNoTable)
		}
		key = append(key, i)
	}
	slices.SortStableFunc(picks, func(a, b pick) int {
		for _, k := range key {
			if c := compareCells(&t.batches[a.batch].Cols[k], int(a.row), &t.batches[b.batch].Cols[k], int(b.row)); c != 0 {
				return c
			}
		}
		return 0
	})
	return nil
}

// compareCells orders values, then NaN, then errors, then nulls.
func compareCells(a *value.Vector, i int, b *value.Vector, j int) int {
	if c := cmp.Compare(class(a, i), class(b, j)); c != 0 {
		return c
	}
	c, _ := value.Compare(a.Value(i), b.Value(j))
	return c
}

func class(v *value.Vector, i int) int {
	switch {
	case v.IsNull(i):
		return 3
	case v.IsErr(i):
		return 2
	case v.Type.Kind == value.Double && math.IsNaN(v.Floats[i]):
		return 1
	}
	return 0
}

// rows streams picks.
type rows struct {
	table    *table
	name     string
	cols     []*query.Column
	branches int
	size     int
	picks    []pick
	out      *value.Batch
}

// Next implements connectors.Rows.
func (r *rows) Next(ctx context.Context) (*value.Batch, error) {
	if err := ctx.Err(); err != nil {
		return nil, failed("read", r.name, err)
	}
	n := min(r.size, len(r.picks))
	if n == 0 {
		return nil, nil
	}
	if r.out == nil {
		ts := make([]value.Type, len(r.cols), len(r.cols)+1)
		for i, c := range r.cols {
			ts[i] = r.table.schema.Columns[c.Index].Type
		}
		if r.branches > 1 {
			ts = append(ts, value.Of(value.Int))
		}
		r.out = value.NewBatch(ts...)
	}
	r.out.Clear()
	for _, p := range r.picks[:n] {
		src := r.table.batches[p.batch]
		for i, c := range r.cols {
			r.out.Cols[i].AppendFrom(&src.Cols[c.Index], int(p.row))
		}
		if r.branches > 1 {
			r.out.Cols[len(r.cols)].AppendInt(int64(p.branch))
		}
	}
	r.out.N, r.picks = n, r.picks[n:]
	return r.out, nil
}

// Close implements connectors.Rows.
func (r *rows) Close() error {
	r.picks = nil
	return nil
}
