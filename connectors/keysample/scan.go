package keysample

import (
	"cmp"
	"container/heap"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/digest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

// maxHeld bounds the octets of the rows that a reservoir holds.
const maxHeld = 512 << 20

// scan is a look at all rows.
type scan struct {
	rows  connectors.Rows // nil once all have been read
	key   *Key            // whose columns come first, nil for a reservoir
	seen  int             // rows that came
	again int             // of them, those drawn before the scan
	last  uint64          // hash of the last of them
	fresh []row           // that came and are not in the queue yet
	// Where a weighted sample goes on by a scan, its draws repeat rows as independent ones do: total is the number of rows, kept are those drawn so far.
	total int64
	kept  []row
	rng   *rand.Rand
}

// begin starts the scan.
func (d *sampled) begin(ctx context.Context) error {
	s := &scan{key: d.plan.hash}
	d.queue = nil
	if d.design.Weighted {
		if err := d.countAll(ctx, s); err != nil {
			return err
		}
	}
	if s.key == nil {
		d.skip, d.scan = 0, s
		return d.reservoir(ctx, s)
	}
	d.skip = len(s.key.Columns)
	// One more than is wanted tells whether these are all; those drawn before are left out of them.
	req, err := s.key.draws(d.q, d.q.N+1)
	if err != nil {
		return err
	}
	req.BatchRows = min(d.size, d.q.N+1)
	rows, err := d.store.Draw(d.life, req)
	if err != nil {
		return err
	}
	d.statements++
	d.design.Looked += int64(max(d.plan.rows, 0))
	s.rows, d.scan = rows, s
	return nil
}

// countAll counts the rows that weighted draws are of.
func (d *sampled) countAll(ctx context.Context, s *scan) error {
	st, err := sqlgen.CountUpTo(d.store.Dialect(), d.q.From, d.q.Where, math.MaxInt)
	n, err := d.numbers(ctx, st, err, 1)
	if err != nil {
		return err
	}
	s.total, s.rng = n[0], rand.New(rand.NewPCG(d.q.Seed, 0x5eed_0004)) // #nosec G404 -- a sample that can be drawn again
	d.design.Rows, d.design.RowsExact = s.total, true
	return nil
}

// fill puts rows of the scan into the queue; false at the end.
func (s *scan) fill(ctx context.Context, d *sampled) (bool, error) {
	if d.design.Weighted && s.repeats() {
		d.queue = append(d.queue, s.kept[s.rng.IntN(len(s.kept))])
		return true, nil
	}
	for len(s.fresh) == 0 {
		if more, err := s.read(ctx, d); err != nil || !more {
			return false, err
		}
	}
	if !d.design.Weighted {
		d.queue, s.fresh = append(d.queue, s.fresh...), nil
		return true, nil
	}
	d.queue, s.kept = append(d.queue, s.fresh[0]), append(s.kept, s.fresh[0])
	s.fresh = s.fresh[1:]
	return true, nil
}

// read reads a batch; false at the end.
func (s *scan) read(ctx context.Context, d *sampled) (bool, error) {
	if s.rows == nil {
		return false, nil
	}
	b, err := s.rows.Next(ctx)
	if err != nil {
		return false, err
	}
	if b == nil {
		err := s.rows.Close()
		s.rows = nil
		s.complete(d)
		return false, err
	}
	b = b.Clone()
	for i := range b.N {
		s.seen++
		s.last = hashOf(b.Cols[len(b.Cols)-1].Bytes(i))
		if d.drawn[keyText(rowKey(s.key, b, i))] {
			s.again++
			continue
		}
		s.fresh = append(s.fresh, row{b, i, float64(s.total)})
	}
	return true, nil
}

func hashOf(octets []byte) uint64 {
	var h uint64
	for _, o := range octets[:min(len(octets), digest.HashSize)] {
		h = h<<8 | uint64(o)
	}
	return h
}

// repeats decides whether the next of independent draws is of a row drawn before.
func (s *scan) repeats() bool {
	return s.total > 0 && s.rng.Int64N(s.total) < int64(len(s.kept))
}

// leastEstimate is how many hashes tell the number of rows to a tenth.
const leastEstimate = 100

// complete concludes what the end of the scan says: where the limit cut it off, the greatest of the n least of M hashes is about n/M of their range.
func (s *scan) complete(d *sampled) {
	if d.plan.rows < 0 { // which nobody knew
		defer func() { d.design.Looked += max(d.design.Rows, int64(s.seen), int64(d.plan.least)) }()
	}
	switch {
	case d.design.Weighted: // counted
	case s.again < len(d.drawn) && s.seen <= d.q.N: // rows that were there have gone
		d.design.Rows, d.design.RowsExact = int64(len(d.drawn)+s.seen-s.again), false
	case s.seen <= d.q.N:
		d.allCame(s.seen)
	case d.design.Method == query.SampleAll: // there are more now
		d.design.Method, d.design.RowsExact = query.SampleHashScan, false
		d.design.Rows = max(d.design.Rows, int64(s.seen))
	case !d.design.RowsExact && s.seen > leastEstimate && s.last > 0:
		d.design.Rows = int64(math.Round(float64(s.seen-1) / (float64(s.last) / (1 << 64))))
	}
}

// allCame says that the rows that came are all that there are.
func (d *sampled) allCame(n int) {
	if d.design.Method != query.SampleAll && d.draws == 0 {
		d.design.Method = query.SampleAll
		d.design.Reason += fmt.Sprintf("; these were all %d", n)
	}
	d.design.Rows, d.design.RowsExact = int64(n), true
}

// held is a row of a reservoir.
type held struct {
	tag   uint64
	at    int // row of the batch
	order int // in which it came
}

// least is a heap with the greatest tag on top.
type least []held

func (l *least) Len() int           { return len(*l) }
func (l *least) Less(i, j int) bool { return (*l)[i].tag > (*l)[j].tag }
func (l *least) Swap(i, j int)      { (*l)[i], (*l)[j] = (*l)[j], (*l)[i] }
func (l *least) Push(x any)         { h, _ := x.(held); *l = append(*l, h) }
func (l *least) Pop() any {
	x := (*l)[len(*l)-1]
	*l = (*l)[:len(*l)-1]
	return x
}

// streamOf is the request for all rows.
func streamOf(q query.Sample) query.Select {
	sel := query.Select{From: q.From, Columns: q.Columns}
	if q.Where != nil {
		sel.Branches = []query.Branch{{Where: q.Where}}
	}
	return sel
}

// reservoir reads all rows and keeps those of the least tags, which are drawn for them one after another.
func (d *sampled) reservoir(ctx context.Context, s *scan) error {
	rows, err := d.store.Select(ctx, streamOf(d.q))
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	d.statements++
	rng := rand.New(rand.NewPCG(d.q.Seed, 0x5eed_0005)) // #nosec G404 -- a sample that can be drawn again
	var keep *value.Batch
	var top least
	for {
		b, err := rows.Next(ctx)
		if err != nil {
			return err
		}
		if b == nil {
			break
		}
		if keep == nil {
			keep = value.NewBatch(b.Types()...)
		}
		for i := range b.N {
			h := held{tag: rng.Uint64(), at: keep.N, order: s.seen}
			s.seen++
			switch {
			case len(top) < d.q.N:
				heap.Push(&top, h)
			case h.tag < top[0].tag:
				top[0] = h
				heap.Fix(&top, 0)
			default:
				continue
			}
			keep.AppendRowFrom(b, i)
		}
		if keep.N > 2*len(top)+defaultBatchRows {
			keep = compact(keep, top)
		}
		if octets(keep) > maxHeld {
			if keep = compact(keep, top); octets(keep) > maxHeld {
				return errTooWide
			}
		}
	}
	d.design.Looked += int64(s.seen)
	slices.SortFunc(top, func(a, b held) int { return cmp.Or(cmp.Compare(a.tag, b.tag), a.order-b.order) })
	for _, h := range top {
		s.fresh = append(s.fresh, row{keep, h.at, float64(s.total)})
	}
	d.design.Rows, d.design.RowsExact = int64(s.seen), true
	if s.seen <= d.q.N {
		d.allCame(s.seen)
	}
	return nil
}

// compact returns the rows of a batch that are still kept.
func compact(b *value.Batch, top least) *value.Batch {
	out := value.NewBatch(b.Types()...)
	for i := range top {
		out.AppendRowFrom(b, top[i].at)
		top[i].at = out.N - 1
	}
	return out
}

// octets is about how much memory a batch holds.
func octets(b *value.Batch) int {
	n := 0
	for i := range b.Cols {
		n += len(b.Cols[i].Data) + 16*b.N
	}
	return n
}
