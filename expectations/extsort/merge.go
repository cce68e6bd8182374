package extsort

import "github.com/assay-dev/assay/connectors/value"

// merging merges runs: a heap of their readers, the one with the least row on top.
type merging struct {
	order Order
	runs  []*segmentReader
}

func newMerging(types []value.Type, order Order, file *spill, segs []segment) (*merging, error) {
	m := &merging{order: order}
	for _, s := range segs {
		r := &segmentReader{f: file.f, off: s.off, end: s.off + s.size, b: value.NewBatch(types...), i: -1}
		ok, err := r.next()
		if err != nil {
			return nil, err
		}
		if ok {
			m.runs = append(m.runs, r)
		}
	}
	for i := len(m.runs)/2 - 1; i >= 0; i-- {
		m.down(i)
	}
	return m, nil
}

// fill appends the next rows to out, up to rows of them or about size bytes; none at the end.
func (m *merging) fill(out *value.Batch, rows int, size int64) error {
	for used := int64(0); len(m.runs) > 0 && out.N < rows && used < size; {
		top := m.runs[0]
		out.AppendRowFrom(top.b, top.i)
		used += rowSize(out, out.N-1)
		ok, err := top.next()
		if err != nil {
			return err
		}
		if !ok {
			last := len(m.runs) - 1
			m.runs[0] = m.runs[last]
			m.runs = m.runs[:last]
		}
		m.down(0)
	}
	return nil
}

func (m *merging) less(i, j int) bool {
	a, b := m.runs[i], m.runs[j]
	return m.order(a.b, a.i, b.b, b.i) < 0
}

// down restores the heap below position i.
func (m *merging) down(i int) {
	for {
		least := i
		for _, child := range [2]int{2*i + 1, 2*i + 2} {
			if child < len(m.runs) && m.less(child, least) {
				least = child
			}
		}
		if least == i {
			return
		}
		m.runs[i], m.runs[least] = m.runs[least], m.runs[i]
		i = least
	}
}
