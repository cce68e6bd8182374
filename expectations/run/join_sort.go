package run

import (
	"bytes"
	"cmp"
	"context"
	"errors"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/extsort"
	"github.com/assay-dev/assay/expectations/plan"
)

// byKey orders rows whose first column is the encoding of a key: bytewise, null last.
func byKey(a *value.Batch, i int, b *value.Batch, j int) int {
	x, y := &a.Cols[0], &b.Cols[0]
	if nx, ny := x.IsNull(i), y.IsNull(j); nx || ny {
		return cmp.Compare(b2i(nx), b2i(ny))
	}
	return bytes.Compare(x.Bytes(i), y.Bytes(j))
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// keyed are the types of rows behind the encoding of their key.
func keyed(cols []*query.Column) []value.Type {
	types := []value.Type{value.Of(value.Bytes)}
	for _, c := range cols {
		types = append(types, c.Col.Type)
	}
	return types
}

const spillRows = 4096

// spill moves what is held into a sorter, which takes what follows too.
func (p *partnerSide) spill(ctx context.Context) error {
	p.sorter = extsort.New(keyed(p.needs), extsort.Options{Order: byKey, MemoryBytes: p.budget / 2, TempDir: p.dir})
	p.out = value.NewBatch(keyed(p.needs)...)
	held := p.table.rows
	p.table.slots, p.table.hashes, p.table.arena, p.table.ends, p.table.nums = nil, nil, nil, nil, nil
	if err := p.sort(ctx, held); err != nil {
		return err
	}
	p.table.rows = nil
	return nil
}

// sort gives rows to the sorter behind their keys.
func (p *partnerSide) sort(ctx context.Context, b *value.Batch) error {
	t := p.table
	for i := range b.N {
		if !usableKey(b, t.at, i) {
			continue
		}
		t.buf = encodeKey(t.buf[:0], p.partner, b, t.at, i)
		p.out.Cols[0].AppendBytes(t.buf)
		for c := range b.Cols {
			p.out.Cols[c+1].AppendFrom(&b.Cols[c], i)
		}
		if p.out.N++; p.out.N >= spillRows {
			if err := p.sorter.Add(ctx, p.out); err != nil {
				return err
			}
		}
	}
	return nil
}

// sorted ends the adding.
func (p *partnerSide) sorted(ctx context.Context) error {
	if p.out.N > 0 {
		if err := p.sorter.Add(ctx, p.out); err != nil {
			return err
		}
	}
	rows, err := p.sorter.Sort(ctx)
	p.rows = rows
	return err
}

// sortStage sorts the rows by their key and merges them with the partner's.
type sortStage struct {
	side *partnerSide
	in   stage
	keys *rowKeys
	cols []*query.Column

	sorter *extsort.Sorter
	rows   connectors.Rows
	cursor partnerCursor
	out    *value.Batch
	width  int
}

func newSortStage(ctx context.Context, p *partnerSide, in stage, keys *rowKeys, cols []*query.Column) (*sortStage, error) {
	if err := p.sorted(ctx); err != nil {
		return nil, err
	}
	types := keyed(cols)
	for _, c := range p.needs {
		types = append(types, c.Col.Type)
	}
	s := &sortStage{side: p, in: in, keys: keys, cols: cols, out: value.NewBatch(types[1:]...), width: len(cols)}
	s.cursor = partnerCursor{partner: p.partner, rows: p.rows, at: p.table.at}
	return s, nil
}

// drain reads the rows and sorts them.
func (s *sortStage) drain(ctx context.Context) error {
	types := keyed(s.cols)
	s.sorter = extsort.New(types, extsort.Options{Order: byKey, MemoryBytes: s.side.budget / 2, TempDir: s.side.dir, BatchRows: s.side.atOnce()})
	var buf []byte
	for {
		b, err := s.in.next(ctx)
		if err != nil {
			return err
		}
		if b == nil {
			s.rows, err = s.sorter.Sort(ctx)
			return err
		}
		if err := s.keys.run(b); err != nil {
			return err
		}
		batch := value.NewBatch(types[:1]...)
		enc := &batch.Cols[0]
		for i := range b.N {
			if !s.keys.usable(i) {
				enc.AppendNull()
				continue
			}
			buf = s.keys.encode(buf[:0], i)
			enc.AppendBytes(buf)
		}
		taken := value.NewBatch(b.Types()...)
		*taken, *b = *b, *taken
		batch.N, batch.Cols = taken.N, append(batch.Cols, taken.Cols...)
		if err := s.sorter.Add(ctx, batch); err != nil {
			return err
		}
	}
}

// next implements stage.
func (s *sortStage) next(ctx context.Context) (b *value.Batch, err error) {
	if s.rows == nil {
		if err := s.drain(ctx); err != nil {
			return nil, errors.Join(err, s.sorter.Close())
		}
	}
	defer func() {
		if b == nil || err != nil {
			err = errors.Join(err, s.rows.Close())
		}
	}()
	in, err := s.rows.Next(ctx)
	if err != nil {
		return nil, err
	}
	if in == nil {
		return nil, s.cursor.end(ctx)
	}
	s.out.Clear()
	s.out.N = in.N
	for i := range in.N {
		found := false
		if key := &in.Cols[0]; !key.IsNull(i) {
			if found, err = s.cursor.seek(ctx, key.Bytes(i)); err != nil {
				return nil, err
			}
		}
		for c := range s.side.needs {
			if to := &s.out.Cols[s.width+c]; found {
				to.AppendFrom(&s.cursor.b.Cols[c+1], s.cursor.i)
			} else {
				to.AppendNull()
			}
		}
	}
	for c := range s.width {
		s.out.Cols[c], in.Cols[c+1] = in.Cols[c+1], s.out.Cols[c]
	}
	return s.out, nil
}

// partnerCursor walks the sorted rows of a partner and sees to it that no key repeats.
type partnerCursor struct {
	partner *plan.Partner
	rows    connectors.Rows
	at      []int
	b       *value.Batch
	i       int
	last    []byte // the key of the current row
	done    bool
}

// seek moves to the first row whose key is not less, and reports whether it is that key.
func (c *partnerCursor) seek(ctx context.Context, key []byte) (bool, error) {
	for !c.done {
		if c.b != nil {
			if order := bytes.Compare(c.last, key); order >= 0 {
				return order == 0, nil
			}
		}
		if err := c.step(ctx); err != nil {
			return false, err
		}
	}
	return false, nil
}

// step moves to the next row.
func (c *partnerCursor) step(ctx context.Context) error {
	first := c.b == nil
	if c.i++; first || c.i >= c.b.N {
		b, err := c.rows.Next(ctx)
		if err != nil {
			return err
		}
		if b == nil {
			c.done = true
			return nil
		}
		c.b, c.i = b, 0
	}
	key := c.b.Cols[0].Bytes(c.i)
	if !first && bytes.Equal(key, c.last) {
		cells := make([]value.Value, len(c.at))
		for k, at := range c.at {
			cells[k] = c.b.Cols[at+1].Value(c.i)
		}
		return notUnique(c.partner, cells)
	}
	c.last = append(c.last[:0], key...)
	return nil
}

// end walks the rest, which nobody's partner is in, for keys that repeat.
func (c *partnerCursor) end(ctx context.Context) error {
	for !c.done {
		if err := c.step(ctx); err != nil {
			return err
		}
	}
	return nil
}
