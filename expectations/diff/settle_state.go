package diff

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"hash/maphash"
	"slices"
	"time"

	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/value"
)

// rowsOf are the rows of one key on one side: how many, and the first.
type rowsOf struct {
	n int64
	b *value.Batch // key columns, then compared ones; nil where n is 0
	i int
}

// fingerprint stands for the compared cells of a row that have a canonical form.
type fingerprint [16]byte

// state is what the source was seen to hold of a key: a row, or none.
type state struct {
	digest fingerprint // all zero for no row
	// soft are the cells that have no canonical form; nil where there are none.
	soft []softCell
}

type softCell struct {
	val value.Value
	err bool
}

// What a part of a difference is: the position of a column, or one of these.
const (
	partRows = -1 // one side has the row, the other has not
	partMany = -2 // a side has several
)

// difference in one part of a key's rows, that all reads found since it began.
type partial struct {
	part int
	// what the sides hold of it, as last read
	left, right uint64
	// since when, and in how many reads, the sides have held that: while the other one differed from it all the time.
	leftSince, rightSince time.Duration
	leftReads, rightReads int
}

// candidate is a key whose rows differed.
type candidate struct {
	side   canon.Side // whose the key's cells are
	key    []value.Value
	seen   []state // of the source
	differ []partial
}

// mostSeen bounds the states of a source's row that are kept: the latest.
const mostSeen = 256

// settled returns the parts that differ for good: those that have differed in `need` reads, and in which either
// neither side has changed for the time that changes take at most, or one has not for twice as long. began is when the latest read began.
func (c *candidate) settled(began, settle time.Duration, need int) []int {
	var parts []int
	for _, p := range c.differ {
		left, right := began-p.leftSince, began-p.rightSince
		both := min(left, right) >= settle && min(p.leftReads, p.rightReads) >= need
		one := left >= 2*settle && p.leftReads >= 2*need || right >= 2*settle && p.rightReads >= 2*need
		if both || one {
			parts = append(parts, p.part)
		}
	}
	return parts
}

// knowledge compares the rows of keys, and remembers what was seen.
type knowledge struct {
	s     *Spec
	m     *merge
	diff  *Difference // the latest that m found
	hard  []int       // compared columns with a canonical form
	loose []int       // compared columns without
	soft  []int       // the columns that loose ones are compared by
	seed  maphash.Seed
	buf   []byte

	left, right, past *value.Batch // one row each
}

func newKnowledge(s *Spec) *knowledge {
	k := &knowledge{s: s, seed: maphash.MakeSeed()}
	k.m = newMerge(s, &findings{res: &Result{Columns: make([]int64, len(s.Columns))}, candidate: func(d Difference) error {
		k.diff = &d
		return nil
	}})
	k.left, k.right, k.past = value.NewBatch(k.m.keptLeft.Types()...), value.NewBatch(k.m.keptRight.Types()...), value.NewBatch(k.m.keptLeft.Types()...)
	for i := range s.Columns {
		c := &s.Columns[i]
		if c.Carried {
			continue
		}
		if ok, _ := c.Form.Digestible(); ok && c.Expect == nil {
			k.hard = append(k.hard, i)
			continue
		}
		k.loose = append(k.loose, i)
		k.soft = append(append(k.soft, i), c.Needs...)
	}
	slices.Sort(k.soft)
	k.soft = slices.Compact(k.soft)
	return k
}

// rows are the rows of a difference as a comparison found it. They are good until the next call.
func (k *knowledge) rows(d *Difference) (l, r rowsOf) {
	return k.row(k.left, d.Left, d.LeftErr, d.LeftRows), k.row(k.right, d.Right, d.RightErr, d.RightRows)
}

func (k *knowledge) row(b *value.Batch, cells []value.Value, errs []bool, n int64) rowsOf {
	if n == 0 {
		return rowsOf{}
	}
	b.Clear()
	for i := range k.s.Key {
		b.Cols[i].AppendNull() // the key is known
	}
	for i, x := range cells {
		if v := &b.Cols[len(k.s.Key)+i]; errs != nil && errs[i] {
			v.AppendErr()
		} else {
			v.AppendValue(x)
		}
	}
	b.N = 1
	return rowsOf{n: n, b: b}
}

// cell returns the vector of compared column c.
func (k *knowledge) cell(r rowsOf, c int) *value.Vector { return &r.b.Cols[len(k.s.Key)+c] }

// state returns what the rows of a key come to; false where no row of the other side can equal that.
func (k *knowledge) state(side canon.Side, r rowsOf) (s state, ok bool) {
	switch {
	case r.n == 0:
		return s, true
	case r.n > 1:
		return s, false
	}
	k.buf = k.buf[:0]
	for _, c := range k.hard {
		v := k.cell(r, c)
		if v.IsErr(r.i) {
			return s, false
		}
		k.buf = k.s.Columns[c].Form.Append(k.buf, v, side, r.i)
	}
	sum := sha256.Sum256(k.buf)
	copy(s.digest[:], sum[:])
	if side == canon.Right {
		return s, true
	}
	for _, c := range k.soft {
		v := k.cell(r, c)
		s.soft = append(s.soft, softCell{v.Value(r.i), v.IsErr(r.i)})
	}
	return s, true
}

// saw remembers what the source holds.
func (k *knowledge) saw(c *candidate, l rowsOf) {
	s, ok := k.state(canon.Left, l)
	if !ok {
		return
	}
	if len(k.soft) == 0 && slices.ContainsFunc(c.seen, func(x state) bool { return x.digest == s.digest }) {
		return
	}
	if len(c.seen) > 0 && c.seen[len(c.seen)-1].same(&s) {
		return
	}
	c.seen = append(c.seen, s)
	if len(c.seen) > mostSeen {
		c.seen = slices.Delete(c.seen, 0, 1)
	}
}

// same reports whether two states of the source are the same.
func (s *state) same(t *state) bool {
	return s.digest == t.digest && slices.EqualFunc(s.soft, t.soft, func(a, b softCell) bool {
		return a.err == b.err && a.val.Kind() == b.val.Kind() && bytes.Equal(a.val.AppendText(nil), b.val.AppendText(nil))
	})
}

// caughtUp reports whether the target holds what the source holds, or was seen to hold before.
func (k *knowledge) caughtUp(c *candidate, l, r rowsOf) bool {
	if l.n == 0 && r.n == 0 || l.n == 1 && r.n == 1 && len(k.columns(l, r)) == 0 {
		return true
	}
	now, ok := k.state(canon.Right, r)
	return ok && slices.ContainsFunc(c.seen, func(s state) bool {
		return s.digest == now.digest && (r.n == 0 || k.looselyEqual(&s, r))
	})
}

// looselyEqual reports whether a row of the target equals an earlier one of the source in the columns without a canonical form.
func (k *knowledge) looselyEqual(s *state, r rowsOf) bool {
	if len(k.loose) == 0 {
		return true
	}
	if s.soft == nil {
		return false // no row
	}
	k.past.Clear()
	k.past.AppendRow()
	for i, c := range k.soft {
		v := &k.past.Cols[len(k.s.Key)+c]
		v.Reset(v.Type)
		if s.soft[i].err {
			v.AppendErr()
		} else {
			v.AppendValue(s.soft[i].val)
		}
	}
	then := rowsOf{n: 1, b: k.past}
	var left, right []value.Value
	var leftErr, rightErr []bool
	for _, c := range k.loose {
		col := &k.s.Columns[c]
		if col.Expect == nil {
			if !col.Form.Equal(k.cell(then, c), 0, k.cell(r, c), r.i) {
				return false
			}
			continue
		}
		if left == nil {
			left, leftErr = k.m.cells(k.past, 0)
			right, rightErr = k.m.cells(r.b, r.i)
		}
		if inError(leftErr, c, col.Needs) || inError(rightErr, c, col.Needs) {
			return false
		}
		if equal, ok := col.Expect(left, right); !equal || !ok {
			return false
		}
	}
	return true
}

// columns returns the columns in which two rows differ.
func (k *knowledge) columns(l, r rowsOf) []int {
	k.diff = nil
	_ = k.m.rows(l.b, l.i, r.b, r.i, 1) // fails only where its sink does
	if k.diff == nil {
		return nil
	}
	return k.diff.Columns
}

// compare notes in which parts the rows of a key differ, as read until now.
func (k *knowledge) compare(c *candidate, l, r rowsOf, now time.Duration) {
	var parts []partial
	switch {
	case l.n > 1 || r.n > 1:
		parts = []partial{{part: partMany, left: uint64(min(l.n, 2)), right: uint64(min(r.n, 2))}} //nolint:gosec // not negative
	case l.n != r.n:
		parts = []partial{{part: partRows, left: uint64(l.n), right: uint64(r.n)}} //nolint:gosec // likewise
	case l.n == 1:
		for _, col := range k.columns(l, r) {
			parts = append(parts, partial{part: col, left: k.identity(l, col), right: k.identity(r, col)})
		}
	}
	for i := range parts {
		p := &parts[i]
		p.leftSince, p.rightSince, p.leftReads, p.rightReads = now, now, 1, 1
		at := slices.IndexFunc(c.differ, func(q partial) bool { return q.part == p.part })
		if at < 0 {
			continue
		}
		q := &c.differ[at]
		if q.left == p.left {
			p.leftSince, p.leftReads = q.leftSince, q.leftReads+1
		}
		if q.right == p.right {
			p.rightSince, p.rightReads = q.rightSince, q.rightReads+1
		}
	}
	c.differ = parts
}

// identity stands for the cells that a column is compared by.
func (k *knowledge) identity(r rowsOf, col int) uint64 {
	k.buf = k.buf[:0]
	for _, c := range append([]int{col}, k.s.Columns[col].Needs...) {
		v := k.cell(r, c)
		at := len(k.buf)
		k.buf = append(k.buf, 0, 0, 0, 0, 0, 0, 0, 0, 'v')
		switch {
		case v.IsErr(r.i):
			k.buf[at+8] = 'e'
		case v.IsNull(r.i):
			k.buf[at+8] = 'n'
		default:
			k.buf = v.Value(r.i).AppendText(k.buf)
		}
		binary.LittleEndian.PutUint64(k.buf[at:], uint64(len(k.buf)-at)) //nolint:gosec // not negative
	}
	return maphash.Bytes(k.seed, k.buf)
}

// difference is what is reported of a key: its rows as they are now, and of columns those that differ for good.
func (k *knowledge) difference(c *candidate, parts []int, l, r rowsOf) Difference {
	d := Difference{LeftRows: l.n, RightRows: r.n, Key: c.key}
	if l.n > 0 {
		d.Left, d.LeftErr = k.m.cells(l.b, l.i)
		d.Key = k.m.keyOf(l.b, l.i)
	}
	if r.n > 0 {
		d.Right, d.RightErr = k.m.cells(r.b, r.i)
		if l.n == 0 {
			d.Key = k.m.keyOf(r.b, r.i)
		}
	}
	switch {
	case parts[0] == partMany:
		d.Class = DuplicateKey
	case parts[0] == partRows && l.n == 0:
		d.Class = Extra
	case parts[0] == partRows:
		d.Class = Missing
	default:
		d.Class, d.Columns = Changed, parts
	}
	return d
}
