package run

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/query/eval"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/extsort"
	"github.com/assay-dev/assay/expectations/plan"
)

// here joins in this process.
func (x *joinRun) here(ctx context.Context) error {
	if x.method == plan.JoinLookup {
		done, err := x.lookup(ctx)
		if done || err != nil {
			return err
		}
		x.method = plan.JoinHash
	}
	return x.scan(ctx)
}

// scan reads all partners, then the rows; those of another connection are read ahead meanwhile.
func (x *joinRun) scan(ctx context.Context) (err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var rows *ahead
	if x.apartFromPartners() {
		src, err := x.rows(ctx)
		if err != nil {
			return err
		}
		rows = readAhead(ctx, src, x.job.Memory/4)
		defer rows.close()
	}
	partners, err := x.build(ctx)
	defer func() {
		for _, p := range partners {
			if p != nil {
				err = errors.Join(err, p.close())
			}
		}
	}()
	if err != nil {
		return err
	}
	if rows == nil {
		src, err := x.rows(ctx)
		if err != nil {
			return err
		}
		rows = readAhead(ctx, src, x.job.Memory/4)
		defer rows.close()
	}
	n, err := x.consume(ctx, &leftStage{rows: rows, fail: func(err error) error { return x.failure(-1, err) }}, partners)
	if err != nil {
		return err
	}
	// Only now: how far a join that failed had come is chance.
	for _, p := range partners {
		x.counted(p.partner.Spec.Name, p.n)
	}
	if len(x.job.Stream.Branches) == 0 {
		x.counted(x.job.Left.Spec.Name, n)
	}
	return nil
}

// apartFromPartners reports whether the rows come from a connection that no partner is read from: a snapshot serves one request at a time.
func (x *joinRun) apartFromPartners() bool {
	for _, p := range x.job.Partners {
		if p.Spec.Connection == x.job.Left.Spec.Connection {
			return false
		}
	}
	return true
}

// rows opens the stream of rows, all of them where the source cannot filter them exactly on the data at hand.
func (x *joinRun) rows(ctx context.Context) (connectors.Rows, error) {
	if x.job.Sample != nil {
		return x.draw(ctx)
	}
	x.sent++
	src, err := x.left().Select(ctx, x.job.Stream)
	if errors.As(err, new(*connectors.InexactError)) && len(x.job.Stream.Branches) > 0 {
		x.job.Stream.Branches = nil
		x.sent++
		src, err = x.left().Select(ctx, x.job.Stream)
	}
	if err != nil {
		return nil, x.failure(-1, err)
	}
	return src, nil
}

// stage yields batches of the joined rows, with the columns of some relations; nil at the end. A batch is valid until the next call.
type stage interface {
	next(ctx context.Context) (*value.Batch, error)
}

// leftStage yields the rows as they are read.
type leftStage struct {
	rows *ahead
	fail func(error) error
}

func (s *leftStage) next(ctx context.Context) (*value.Batch, error) {
	b, err := s.rows.next(ctx)
	if err != nil {
		return nil, s.fail(err)
	}
	return b, nil
}

// build reads the partners, those of different connections at the same time; the first failure ends all of them.
func (x *joinRun) build(ctx context.Context) ([]*partnerSide, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	out := make([]*partnerSide, len(x.job.Partners))
	byConn := map[string][]int{}
	for i, p := range x.job.Partners {
		byConn[p.Spec.Connection] = append(byConn[p.Spec.Connection], i)
	}
	errs := make(chan error, len(byConn))
	for _, list := range byConn {
		go func() {
			for _, i := range list {
				side, err := x.buildOne(ctx, i)
				out[i] = side
				if err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	var first error
	for range byConn {
		if err := <-errs; err != nil && first == nil {
			first = err
			cancel()
		}
	}
	x.sent += len(x.job.Partners)
	return out, first
}

// buildOne reads one partner.
func (x *joinRun) buildOne(ctx context.Context, i int) (*partnerSide, error) {
	p := x.job.Partners[i]
	side := x.newSide(i)
	src, err := x.partner(p).Select(ctx, query.Select{From: p.Check.From, Columns: x.job.Needs[i]})
	if err != nil {
		return side, x.failure(i, err)
	}
	defer func() { _ = src.Close() }() // every row was read, or the error that counts is returned
	for {
		b, err := src.Next(ctx)
		if err != nil {
			return side, x.failure(i, err)
		}
		if b == nil {
			return side, nil
		}
		side.n += int64(b.N)
		if err := side.add(ctx, b); err != nil {
			return side, err
		}
	}
}

func (x *joinRun) newSide(i int) *partnerSide {
	budget := x.job.Memory / int64(len(x.job.Partners))
	return &partnerSide{
		partner: x.job.Partners[i], rel: i + 1, needs: x.job.Needs[i], budget: budget, dir: x.job.TempDir,
		table: newKeyTable(x.job.Partners[i], x.job.Needs[i]),
	}
}

// consume joins the rows with the partners and evaluates the expectations; it returns the number of rows.
func (x *joinRun) consume(ctx context.Context, rows stage, partners []*partnerSide) (int64, error) {
	cols := append([]*query.Column{}, x.job.Stream.Columns...)
	var err error
	for _, sorted := range []bool{true, false} { // what is sorted carries every column with it: the fewer the better
		for _, p := range partners {
			if p.spilled() != sorted {
				continue
			}
			if rows, err = p.stage(ctx, rows, cols); err != nil {
				return 0, err
			}
			if sorted {
				x.method = plan.JoinSort
				x.reasons = append(x.reasons, fmt.Sprintf("the partners of %s take more than %d MiB", p.partner.Alias, p.budget>>20))
			}
			cols = append(cols, p.columns()...)
		}
	}
	agg, err := eval.NewAggregator(x.job.Aggregate, cols)
	if err != nil {
		return 0, err
	}
	var captures []*joinCapture
	for _, it := range x.job.Items {
		x.found[it] = &joinOutcome{byAlias: make([]int64, len(x.job.Partners))}
		c, err := newJoinCapture(x, it, cols)
		if err != nil {
			return 0, err
		}
		captures = append(captures, c)
	}
	var n int64
	last := time.Now()
	for {
		b, err := rows.next(ctx)
		if err != nil {
			return n, err
		}
		if b == nil {
			break
		}
		n += int64(b.N)
		if err := agg.Add(b); err != nil {
			return n, err
		}
		for _, c := range captures {
			if err := c.take(b, nil); err != nil {
				return n, err
			}
		}
		if time.Since(last) > progressEvery {
			last = time.Now()
			x.progress(n)
		}
	}
	b, err := agg.Result()
	if err != nil {
		return n, err
	}
	x.take(x.job.Slots, x.job.Aggregate.Measures, b)
	return n, nil
}

// partnerSide is a partner dataset as it is held here: in memory, or, where that does not do, in files.
type partnerSide struct {
	partner *plan.Partner
	rel     int
	needs   []*query.Column
	budget  int64
	dir     string
	n       int64 // rows read
	widest  int64 // no row has more bytes of text
	table   *keyTable
	sorter  *extsort.Sorter // takes the place of table
	out     *value.Batch    // rows on their way into sorter
	rows    connectors.Rows // sorted
}

// spilled reports whether the partner is not in memory.
func (p *partnerSide) spilled() bool { return p.sorter != nil }

// columns are the partner's columns as expressions name them.
func (p *partnerSide) columns() []*query.Column {
	out := make([]*query.Column, len(p.needs))
	for i, c := range p.needs {
		out[i] = &query.Column{Rel: p.rel, Index: c.Index, Col: p.partner.Relation.Schema.Columns[c.Index]}
	}
	return out
}

// add takes rows of the partner.
func (p *partnerSide) add(ctx context.Context, b *value.Batch) error {
	p.widest = max(p.widest, widestRow(b))
	if p.sorter != nil {
		return p.sort(ctx, b)
	}
	if err := p.table.add(b); err != nil {
		return err
	}
	if p.table.bytes() <= p.budget {
		return nil
	}
	return p.spill(ctx)
}

// stage joins rows, whose columns are cols, with the partner.
func (p *partnerSide) stage(ctx context.Context, rows stage, cols []*query.Column) (stage, error) {
	keys, err := newRowKeys(p.partner, cols)
	if err != nil {
		return nil, err
	}
	if p.sorter != nil {
		return newSortStage(ctx, p, rows, keys, cols)
	}
	if most := p.atOnce(); most < usualRows {
		rows = &narrowStage{in: rows, most: most}
	}
	return &hashStage{in: rows, keys: keys, table: p.table}, nil
}

// close removes what was spilled.
func (p *partnerSide) close() error {
	var err error
	if p.rows != nil {
		err = p.rows.Close()
	}
	if p.sorter != nil {
		err = errors.Join(err, p.sorter.Close())
	}
	return err
}
