package run

import (
	"context"

	"github.com/assay-dev/assay/connectors/value"
)

// hashStage adds the columns of a partner that is held in memory.
type hashStage struct {
	in    stage
	keys  *rowKeys
	table *keyTable
	ids   []int32
	got   []gathered
	out   value.Batch
}

// next implements stage.
func (s *hashStage) next(ctx context.Context) (*value.Batch, error) {
	b, err := s.in.next(ctx)
	if b == nil || err != nil {
		return nil, err
	}
	if err := s.keys.run(b); err != nil {
		return nil, err
	}
	if cap(s.ids) < b.N {
		s.ids = make([]int32, b.N)
	}
	s.ids = s.ids[:b.N]
	s.table.rowsOf(s.keys, s.ids)
	if s.got == nil {
		s.got = make([]gathered, len(s.table.rows.Cols))
	}
	s.out.N = b.N
	s.out.Cols = append(s.out.Cols[:0], b.Cols...)
	for i := range s.got {
		s.out.Cols = append(s.out.Cols, *s.got[i].gather(&s.table.rows.Cols[i], s.ids))
	}
	return &s.out, nil
}

// gathered is a column whose elements are picked from another.
type gathered struct {
	vec         value.Vector
	nulls, errs value.Bitmap
}

// gather picks element ids[i] of src, null where that is negative. Its memory is used again.
func (g *gathered) gather(src *value.Vector, ids []int32) *value.Vector {
	v := &g.vec
	v.Reset(src.Type)
	v.N = len(ids)
	g.mark(src, ids)
	switch src.Type.Kind {
	case value.Bool:
		v.Bools = pick(v.Bools, src.Bools, ids)
	case value.Int, value.Duration:
		v.Ints = pick(v.Ints, src.Ints, ids)
	case value.Timestamp, value.LocalTimestamp:
		v.Ints, v.Nanos = pick(v.Ints, src.Ints, ids), pick(v.Nanos, src.Nanos, ids)
	case value.Uint:
		v.Uints = pick(v.Uints, src.Uints, ids)
	case value.Double:
		v.Floats = pick(v.Floats, src.Floats, ids)
	case value.Decimal:
		v.Decs = pick(v.Decs, src.Decs, ids)
	case value.List:
		v.Lists = pick(v.Lists, src.Lists, ids)
	case value.String, value.Bytes, value.JSON:
		v.Offs, v.Data = v.Offs[:0], v.Data[:0]
		v.Offs = append(v.Offs, 0)
		for _, id := range ids {
			if id >= 0 {
				v.Data = append(v.Data, src.Data[src.Offs[id]:src.Offs[id+1]]...)
			}
			v.Offs = append(v.Offs, uint32(len(v.Data))) //nolint:gosec // a batch holds far less than value.MaxData
		}
	case value.Null:
	}
	return v
}

// mark sets the bitmaps.
func (g *gathered) mark(src *value.Vector, ids []int32) {
	words := value.Words(len(ids))
	if cap(g.nulls) < words {
		g.nulls, g.errs = make(value.Bitmap, words), make(value.Bitmap, words)
	}
	g.nulls, g.errs = g.nulls[:words], g.errs[:words]
	clear(g.nulls)
	clear(g.errs)
	for i, id := range ids {
		switch {
		case id < 0 || src.Nulls.Get(int(id)):
			g.nulls.Set(i)
		case src.Errs.Get(int(id)):
			g.errs.Set(i)
		}
	}
	g.vec.Nulls = g.nulls
	if src.Errs != nil {
		g.vec.Errs = g.errs
	}
}

func pick[T any](dst, src []T, ids []int32) []T {
	if cap(dst) < len(ids) {
		dst = make([]T, len(ids))
	}
	dst = dst[:len(ids)]
	var zero T
	for i, id := range ids {
		if id < 0 {
			dst[i] = zero
		} else {
			dst[i] = src[id]
		}
	}
	return dst
}
