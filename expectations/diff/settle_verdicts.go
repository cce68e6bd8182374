package diff

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/extsort"
)

// verdicts holds the differences that stay, which are decided in another order than that of the key, until all are.
type verdicts struct {
	s      *Spec
	types  []value.Type
	sorter *extsort.Sorter
	out    *value.Batch
}

// The first columns of verdicts.
const (
	verdictSide = iota // whose the key's cells are
	verdictLeftRows
	verdictRightRows
	verdictClass
	verdictColumns
	verdictRest
)

func newVerdicts(s *Spec) *verdicts {
	v := &verdicts{s: s, types: []value.Type{value.Of(value.Bool), value.Of(value.Int), value.Of(value.Int), value.Of(value.String), value.Of(value.Bytes)}}
	for _, list := range [2][]Column{s.Key, s.Columns} {
		for side := range 2 {
			for i := range list {
				v.types = append(v.types, list[i].of(canon.Side(side)).Col.Type)
			}
		}
	}
	keys := keyColumns{key: s.Key, side: verdictSide, at: [2]int{verdictRest, verdictRest + len(s.Key)}}
	v.sorter = extsort.New(v.types, extsort.Options{MemoryBytes: share(s), TempDir: s.TempDir, Order: keys.compare})
	v.out = value.NewBatch(v.types...)
	return v
}

// push keeps a difference.
func (v *verdicts) push(ctx context.Context, d Difference) error {
	v.out.Cols[verdictSide].AppendBool(d.LeftRows == 0)
	v.out.Cols[verdictLeftRows].AppendInt(d.LeftRows)
	v.out.Cols[verdictRightRows].AppendInt(d.RightRows)
	v.out.Cols[verdictClass].AppendString(string(d.Class))
	var cols []byte
	for _, c := range d.Columns {
		cols = binary.AppendUvarint(cols, uint64(c)) //nolint:gosec // not negative
	}
	v.out.Cols[verdictColumns].AppendBytes(cols)
	at := verdictRest
	put := func(n int, cells []value.Value, errs []bool) {
		for i := range n {
			switch {
			case i >= len(cells):
				v.out.Cols[at].AppendNull()
			case errs != nil && errs[i]:
				v.out.Cols[at].AppendErr()
			default:
				v.out.Cols[at].AppendValue(cells[i])
			}
			at++
		}
	}
	left, right := d.Key, []value.Value(nil)
	if d.LeftRows == 0 {
		left, right = nil, d.Key
	}
	put(len(v.s.Key), left, nil)
	put(len(v.s.Key), right, nil)
	put(len(v.s.Columns), d.Left, d.LeftErr)
	put(len(v.s.Columns), d.Right, d.RightErr)
	v.out.N++
	if v.out.N < queueRows && extsort.Size(v.out) < share(v.s)/2 {
		return nil
	}
	return v.sorter.Add(ctx, v.out)
}

// each hands on all of them in the order of the key.
func (v *verdicts) each(ctx context.Context, f func(Difference) error) (err error) {
	if err := v.sorter.Add(ctx, v.out); err != nil {
		return err
	}
	rows, err := v.sorter.Sort(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if e := rows.Close(); err == nil {
			err = e
		}
	}()
	for {
		b, err := rows.Next(ctx)
		if b == nil || err != nil {
			return err
		}
		for i := range b.N {
			d, err := v.difference(b, i)
			if err != nil {
				return err
			}
			if err := f(d); err != nil {
				return err
			}
		}
	}
}

// difference reads a row back.
func (v *verdicts) difference(b *value.Batch, i int) (Difference, error) {
	d := Difference{
		LeftRows: b.Cols[verdictLeftRows].Ints[i], RightRows: b.Cols[verdictRightRows].Ints[i],
		Class: Class(b.Cols[verdictClass].Bytes(i)),
	}
	for cols := b.Cols[verdictColumns].Bytes(i); len(cols) > 0; {
		c, n := binary.Uvarint(cols)
		if n <= 0 || c >= uint64(len(v.s.Columns)) {
			return d, fmt.Errorf("column %d: %w", c, errKnown)
		}
		d.Columns, cols = append(d.Columns, int(c)), cols[n:] //nolint:gosec // bounded above
	}
	at := verdictRest
	take := func(n int, there bool) (cells []value.Value, errs []bool) {
		from := at
		at += n
		if !there {
			return nil, nil
		}
		cells = make([]value.Value, n)
		for c := range n {
			cells[c] = b.Cols[from+c].Value(i)
			if b.Cols[from+c].IsErr(i) {
				if errs == nil {
					errs = make([]bool, n)
				}
				errs[c] = true
			}
		}
		return cells, errs
	}
	d.Key, _ = take(len(v.s.Key), d.LeftRows > 0)
	if key, _ := take(len(v.s.Key), d.LeftRows == 0); key != nil {
		d.Key = key
	}
	d.Left, d.LeftErr = take(len(v.s.Columns), d.LeftRows > 0)
	d.Right, d.RightErr = take(len(v.s.Columns), d.RightRows > 0)
	return d, nil
}

// close removes what was spilled.
func (v *verdicts) close() error { return v.sorter.Close() }
