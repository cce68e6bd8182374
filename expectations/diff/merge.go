package diff

import (
	"context"

	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/value"
)

// Bounds of the rows whose keys are compared at a time, looking for a run of equal ones.
const (
	shortRun = 16
	longRun  = 1 << 14
)

// merge compares two streams in key order.
type merge struct {
	key    keyOrder
	cols   []Column
	expect bool // a column has a condition of its own
	out    *findings

	bits    value.Bitmap   // of keys
	any     value.Bitmap   // rows that differ
	differ  []value.Bitmap // likewise, for each column
	changed []int
	// The first row of a key whose rows may go on in the next page.
	keptLeft, keptRight *value.Batch
}

func newMerge(s *Spec, out *findings) *merge {
	m := &merge{key: s.Key, cols: s.Columns, out: out, differ: make([]value.Bitmap, len(s.Columns))}
	var left, right []value.Type
	for _, list := range [][]Column{s.Key, s.Columns} {
		for _, c := range list {
			left, right = append(left, c.Left.Col.Type), append(right, c.Right.Col.Type)
			m.expect = m.expect || c.Expect != nil
		}
	}
	m.keptLeft, m.keptRight = value.NewBatch(left...), value.NewBatch(right...)
	return m
}

// run compares all rows of a window.
func (m *merge) run(ctx context.Context, l, r *cursor) error {
	reach := shortRun
	for {
		okL, err := l.fill(ctx)
		if err != nil {
			return err
		}
		okR, err := r.fill(ctx)
		if err != nil {
			return err
		}
		var order int
		switch {
		case !okL && !okR:
			return nil
		case !okR:
			order = -1
		case !okL:
			order = 1
		default:
			order = m.key.compare(&l.cur.Batch, canon.Left, l.i, &r.cur.Batch, canon.Right, r.i)
		}
		switch {
		case order < 0:
			err = m.alone(ctx, l, m.keptLeft)
			reach = shortRun
		case order > 0:
			err = m.alone(ctx, r, m.keptRight)
			reach = shortRun
		default:
			n, wanted := m.aligned(l, r, reach)
			if n == 0 {
				err = m.groups(ctx, l, r)
				break
			}
			if err = m.rows(&l.cur.Batch, l.i, &r.cur.Batch, r.i, n); err != nil {
				return err
			}
			l.i, r.i = l.i+n, r.i+n
			reach = shortRun
			if n == wanted {
				reach = min(max(4*n, shortRun), longRun)
			}
		}
		if err != nil {
			return err
		}
		m.out.step()
	}
}

// aligned returns how many rows from here on have equal keys on both sides, each key once on each side, of the rows that it looked at:
// reach at most, and never the last row of a page, whose key may go on in the next one.
func (m *merge) aligned(l, r *cursor, reach int) (n, wanted int) {
	n = min(l.n-1-l.i, r.n-1-r.i, reach)
	for _, c := range [2]*cursor{l, r} {
		// A repetition at position p ends the run before p-1, where the key stands first.
		if p := nextSet(c.cur.again, c.i+1, c.i+n+1); p < c.i+n+1 {
			n = p - 1 - c.i
		}
	}
	return m.key.equalRun(&l.cur.Batch, l.i, &r.cur.Batch, r.i, n, &m.bits), n
}

// alone takes the rows of one key that the other side has not.
func (m *merge) alone(ctx context.Context, c *cursor, keep *value.Batch) error {
	class := Missing
	if c.side == canon.Right {
		class = Extra
	}
	if c.single() {
		c.i++
		m.out.read(c.side, 1)
		return m.out.difference(m.oneSided(class, c.side, &c.cur.Batch, c.i-1, 1))
	}
	n, err := m.group(ctx, c, keep)
	if err != nil {
		return err
	}
	if n > 1 {
		class = DuplicateKey
	}
	return m.out.difference(m.oneSided(class, c.side, keep, 0, n))
}

// groups takes the rows of one key that both sides have.
func (m *merge) groups(ctx context.Context, l, r *cursor) error {
	left, err := m.group(ctx, l, m.keptLeft)
	if err != nil {
		return err
	}
	right, err := m.group(ctx, r, m.keptRight)
	if err != nil {
		return err
	}
	if left == 1 && right == 1 {
		m.out.read(canon.Left, -1) // rows counts them again
		m.out.read(canon.Right, -1)
		return m.rows(m.keptLeft, 0, m.keptRight, 0, 1)
	}
	d := m.both(DuplicateKey, m.keptLeft, 0, m.keptRight, 0)
	d.LeftRows, d.RightRows = left, right
	return m.out.difference(d)
}

// group moves past the rows of the current key, however many, keeping the first.
func (m *merge) group(ctx context.Context, c *cursor, keep *value.Batch) (int64, error) {
	keep.Clear()
	if c.cur.N == 1 && len(c.cur.Cols) == len(keep.Cols) { // as where rows are wide: no copy then
		*keep, c.cur.Batch = c.cur.Batch, *keep
	} else {
		keep.AppendRowFrom(&c.cur.Batch, c.i)
	}
	n := int64(1)
	c.i++
	for {
		ok, err := c.fill(ctx)
		if err != nil {
			return 0, err
		}
		for ok && c.i < c.n && c.cur.again.Get(c.i) {
			n++
			c.i++
		}
		if !ok || c.i < c.n {
			m.out.read(c.side, n)
			return n, nil
		}
		m.out.step()
	}
}

// rows compares n pairs of rows with equal keys.
func (m *merge) rows(l *value.Batch, i int, r *value.Batch, j, n int) error {
	m.out.read(canon.Left, int64(n))
	m.out.read(canon.Right, int64(n))
	zero(&m.any, n)
	for c := range m.cols {
		zero(&m.differ[c], n)
		if m.cols[c].Expect == nil && !m.cols[c].Carried {
			k := len(m.key) + c
			m.cols[c].Form.Run(&l.Cols[k], i, &r.Cols[k], j, n, m.differ[c])
			or(m.any, m.differ[c])
		}
	}
	if m.expect {
		m.conditions(l, i, r, j, n)
	}
	same := int64(0)
	for at := 0; at < n; at++ {
		next := nextSet(m.any, at, n)
		same += int64(next - at)
		if next == n {
			break
		}
		at = next
		m.changed = m.changed[:0]
		for c := range m.differ {
			if m.differ[c].Get(at) {
				m.changed = append(m.changed, c)
			}
		}
		d := m.both(Changed, l, i+at, r, j+at)
		d.Columns = append([]int(nil), m.changed...)
		if err := m.out.difference(d); err != nil {
			return err
		}
	}
	m.out.identical(same)
	return nil
}

// conditions evaluates the columns that have a condition instead of equality. One that cannot be decided, and one over a cell that
// could not be represented, does not hold.
func (m *merge) conditions(l *value.Batch, i int, r *value.Batch, j, n int) {
	for row := range n {
		left, leftErr := m.cells(l, i+row)
		right, rightErr := m.cells(r, j+row)
		for c := range m.cols {
			if m.cols[c].Expect == nil {
				continue
			}
			equal, ok := false, false
			if !inError(leftErr, c, m.cols[c].Needs) && !inError(rightErr, c, m.cols[c].Needs) {
				equal, ok = m.cols[c].Expect(left, right)
			}
			if !equal || !ok {
				m.differ[c].Set(row)
				m.any.Set(row)
			}
		}
	}
}

// inError reports whether a cell at position c, or at one of more, is in error.
func inError(errs []bool, c int, more []int) bool {
	if errs == nil {
		return false
	}
	for _, n := range more {
		if errs[n] {
			return true
		}
	}
	return errs[c]
}
