// Package extsort sorts rows that may not fit into memory: an external merge sort over typed batches. Rows are held up to a bound,
// sorted, and written to a file of their own as a run; the runs are merged, so many at once as memory allows.
//
// The spill file can be read by its owner only and has no name while it is in use, where the system allows that: nothing is left
// behind, however the process ends.
package extsort

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/value"
)

// Order compares row i of a with row j of b: negative, zero or positive.
type Order func(a *value.Batch, i int, b *value.Batch, j int) int

// Options of a Sorter.
type Options struct {
	// Order is the order of the rows.
	Order Order
	// MemoryBytes bounds what is held; 0 for 32 MiB. One batch and one row a run are always held, however large.
	MemoryBytes int64
	// TempDir takes the spill files; "" for the system's.
	TempDir string
	// BatchRows is the size of the batches that come out, 0 for 4096.
	BatchRows int
	// Pool takes the batches that are done with and gives them out again, for sorters that follow one another; nil for none.
	Pool *Pool
}

const (
	defaultMemory = 32 << 20
	defaultRows   = 4096
	// maxBatchBytes ends a batch of wide rows early.
	maxBatchBytes = 4 << 20
)

// ref is where a held row stands.
type ref struct{ chunk, row uint32 }

const refBytes = 8

// Sorter takes rows in any order and gives them back in order. It is not for concurrent use.
type Sorter struct {
	types []value.Type
	o     Options

	chunks []*value.Batch
	held   int64 // bytes
	rows   int   // held
	total  int64

	file *spill    // of the runs
	runs []segment // in file
}

// New returns an empty sorter of rows of these types.
func New(types []value.Type, o Options) *Sorter {
	if o.MemoryBytes <= 0 {
		o.MemoryBytes = defaultMemory
	}
	if o.BatchRows <= 0 {
		o.BatchRows = defaultRows
	}
	return &Sorter{types: types, o: o}
}

// Add takes the rows of b, which is left as an empty batch of the same types.
func (s *Sorter) Add(ctx context.Context, b *value.Batch) error {
	if b.N == 0 {
		return nil
	}
	size := Size(b)
	if s.held > 0 && s.held+size+refBytes*int64(b.N) > s.o.MemoryBytes {
		if err := s.spill(ctx); err != nil {
			return err
		}
	}
	kept := s.o.Pool.get(s.types)
	*kept, *b = *b, *kept
	s.chunks = append(s.chunks, kept)
	s.held += size + refBytes*int64(kept.N)
	s.rows += kept.N
	s.total += int64(kept.N)
	return nil
}

// Rows returns the number of rows added.
func (s *Sorter) Rows() int64 { return s.total }

// Spilled returns the number of bytes written to files so far.
func (s *Sorter) Spilled() int64 {
	if s.file == nil {
		return 0
	}
	return s.file.written
}

// order returns the held rows in order.
func (s *Sorter) order() []ref {
	refs := make([]ref, 0, s.rows)
	for c, b := range s.chunks {
		for i := range b.N {
			refs = append(refs, ref{uint32(c), uint32(i)})
		}
	}
	slices.SortFunc(refs, func(a, b ref) int {
		return s.o.Order(s.chunks[a.chunk], int(a.row), s.chunks[b.chunk], int(b.row))
	})
	return refs
}

// spill writes the held rows as a run.
func (s *Sorter) spill(ctx context.Context) error {
	if s.file == nil {
		f, err := newSpill(s.o.TempDir)
		if err != nil {
			return err
		}
		s.file = f
	}
	w := s.file.segment(blockBytes(s.o.MemoryBytes))
	out := value.NewBatch(s.types...)
	refs := s.order()
	for len(refs) > 0 {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("sort: %w", context.Cause(ctx))
		}
		n := min(len(refs), blockRows)
		out.Clear()
		for size := int64(0); out.N < n && size < w.target; {
			r := refs[out.N]
			out.AppendRowFrom(s.chunks[r.chunk], int(r.row))
			size += rowSize(out, out.N-1)
		}
		refs = refs[out.N:]
		if err := w.write(out); err != nil {
			return err
		}
	}
	seg, err := w.end()
	if err != nil {
		return err
	}
	s.runs = append(s.runs, seg)
	s.drop()
	return nil
}

// Sort ends the adding and returns the rows in order; closing them removes what was spilled. The sorter must not be used afterwards,
// but for Close, Rows and Spilled.
func (s *Sorter) Sort(ctx context.Context) (connectors.Rows, error) {
	if len(s.runs) == 0 {
		refs := s.order()
		if asAdded(refs) && s.widest() <= s.o.BatchRows {
			return &chunks{s: s}, nil
		}
		return &held{s: s, refs: refs, out: value.NewBatch(s.types...)}, nil
	}
	if len(s.chunks) > 0 {
		if err := s.spill(ctx); err != nil {
			return nil, err
		}
	}
	for {
		fan := s.fanIn()
		if len(s.runs) <= fan {
			break
		}
		if err := s.mergePass(ctx, fan); err != nil {
			return nil, err
		}
	}
	m, err := newMerging(s.types, s.o.Order, s.file, s.runs)
	if err != nil {
		return nil, err
	}
	return &merged{s: s, m: m, out: value.NewBatch(s.types...)}, nil
}

// fanIn is how many runs are merged at once: a block of each is held, encoded and decoded.
func (s *Sorter) fanIn() int {
	widest := int64(1)
	for _, r := range s.runs {
		widest = max(widest, r.widest)
	}
	return int(min(max(s.o.MemoryBytes/(2*widest), 2), maxFanIn))
}

// mergePass merges each fan runs into one, in a new file.
func (s *Sorter) mergePass(ctx context.Context, fan int) error {
	next, err := newSpill(s.o.TempDir)
	if err != nil {
		return err
	}
	var runs []segment
	for part := range slices.Chunk(s.runs, fan) {
		seg, err := s.mergeRuns(ctx, next, part)
		if err != nil {
			return errors.Join(err, next.close())
		}
		runs = append(runs, seg)
	}
	next.written += s.file.written
	err = s.file.close()
	s.file, s.runs = next, runs
	return err
}

func (s *Sorter) mergeRuns(ctx context.Context, into *spill, part []segment) (segment, error) {
	m, err := newMerging(s.types, s.o.Order, s.file, part)
	if err != nil {
		return segment{}, err
	}
	w := into.segment(blockBytes(s.o.MemoryBytes))
	out := value.NewBatch(s.types...)
	for {
		if err := ctx.Err(); err != nil {
			return segment{}, fmt.Errorf("sort: %w", context.Cause(ctx))
		}
		out.Clear()
		if err := m.fill(out, blockRows, w.target); err != nil {
			return segment{}, err
		}
		if out.N == 0 {
			return w.end()
		}
		if err := w.write(out); err != nil {
			return segment{}, err
		}
	}
}

// Close removes what was spilled and lets go of the rows. It may be called at any time, more than once.
func (s *Sorter) Close() error {
	s.runs = nil
	s.drop()
	if s.file == nil {
		return nil
	}
	return s.file.close()
}

// drop lets go of the held rows.
func (s *Sorter) drop() {
	s.o.Pool.put(s.chunks...)
	s.chunks, s.held, s.rows = nil, 0, 0
}

// asAdded reports whether rows are in the order in which they came.
func asAdded(refs []ref) bool {
	for i := 1; i < len(refs); i++ {
		a, b := refs[i-1], refs[i]
		if b != (ref{a.chunk, a.row + 1}) && b != (ref{a.chunk + 1, 0}) {
			return false
		}
	}
	return len(refs) > 0
}

// widest is the most rows that a held batch has.
func (s *Sorter) widest() int {
	most := 0
	for _, b := range s.chunks {
		most = max(most, b.N)
	}
	return most
}

// chunks are rows that came in order, in the batches that they came in: nothing is copied.
type chunks struct {
	s    *Sorter
	last *value.Batch // that Next returned: the caller is done with it, or has taken what it held
}

// Next implements connectors.Rows.
func (c *chunks) Next(ctx context.Context) (*value.Batch, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	if c.last != nil {
		c.s.o.Pool.put(c.last)
		c.last = nil
	}
	if len(c.s.chunks) == 0 {
		return nil, nil //nolint:nilnil // the contract's end of rows
	}
	b := c.s.chunks[0]
	c.s.chunks = c.s.chunks[1:]
	c.last = b
	return b, nil
}

// Close implements connectors.Rows.
func (c *chunks) Close() error { return c.s.Close() }

// held are sorted rows that fit into memory.
type held struct {
	s    *Sorter
	refs []ref
	out  *value.Batch
}

// Next implements connectors.Rows.
func (h *held) Next(ctx context.Context) (*value.Batch, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	if len(h.refs) == 0 {
		return nil, nil //nolint:nilnil // the contract's end of rows
	}
	h.out.Clear()
	size := int64(0)
	for h.out.N < h.s.o.BatchRows && size < maxBatchBytes && h.out.N < len(h.refs) {
		r := h.refs[h.out.N]
		h.out.AppendRowFrom(h.s.chunks[r.chunk], int(r.row))
		size += rowSize(h.out, h.out.N-1)
	}
	h.refs = h.refs[h.out.N:]
	return h.out, nil
}

// Close implements connectors.Rows.
func (h *held) Close() error {
	h.refs = nil
	return h.s.Close()
}

// merged are sorted rows that are read back.
type merged struct {
	s   *Sorter
	m   *merging
	out *value.Batch
}

// Next implements connectors.Rows.
func (m *merged) Next(ctx context.Context) (*value.Batch, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	m.out.Clear()
	if err := m.m.fill(m.out, m.s.o.BatchRows, maxBatchBytes); err != nil {
		return nil, err
	}
	if m.out.N == 0 {
		return nil, nil //nolint:nilnil // the contract's end of rows
	}
	return m.out, nil
}

// Close implements connectors.Rows.
func (m *merged) Close() error {
	m.m.runs = nil
	return m.s.Close()
}
