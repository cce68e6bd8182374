package diff

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/extsort"
)

// queue holds candidates in the order of the key: in memory, and in a file what exceeds it. Each is a row that says what it is and what
// is known of it, and where columns have no canonical form a row with their cells for each state of the source that was seen.
type queue struct {
	types  []value.Type
	o      extsort.Options
	keys   keyColumns
	soft   int // position of the first soft column
	sorter *extsort.Sorter
	out    *value.Batch
	n      int64
}

// The first columns of a queue.
const (
	colNumber = iota // of the row within the candidate
	colSide          // of the key's cells
	colKnown         // what is known, encoded
)

const queueRows = 512

// share is the part of the memory that a queue may fill.
func share(s *Spec) int64 { return s.memory() / 8 }

// keyColumns says where rows hold a key: in columns of the one side or the other, as a column of booleans says.
type keyColumns struct {
	key  keyOrder
	at   [2]int // position of the first column of a side
	side int    // position of the column that is true for the target
}

// compare orders rows by their keys.
func (k *keyColumns) compare(a *value.Batch, i int, b *value.Batch, j int) int {
	x, y := sideOf(a.Cols[k.side].Bools[i]), sideOf(b.Cols[k.side].Bools[j])
	for c := range k.key {
		if o := k.key[c].Form.Order(&a.Cols[k.at[x]+c], x, i, &b.Cols[k.at[y]+c], y, j); o != 0 {
			return o
		}
	}
	return 0
}

func sideOf(right bool) canon.Side {
	if right {
		return canon.Right
	}
	return canon.Left
}

func newQueue(s *Spec, k *knowledge) *queue {
	q := &queue{keys: keyColumns{key: s.Key, side: colSide}}
	q.o = extsort.Options{MemoryBytes: share(s), TempDir: s.TempDir, Order: func(a *value.Batch, i int, b *value.Batch, j int) int {
		if o := q.keys.compare(a, i, b, j); o != 0 {
			return o
		}
		return int(a.Cols[colNumber].Ints[i] - b.Cols[colNumber].Ints[j])
	}}
	q.types = []value.Type{value.Of(value.Int), value.Of(value.Bool), value.Of(value.Bytes)}
	for side := range q.keys.at {
		q.keys.at[side] = len(q.types)
		for i := range s.Key {
			q.types = append(q.types, s.Key[i].of(canon.Side(side)).Col.Type)
		}
	}
	q.soft = len(q.types)
	for _, c := range k.soft {
		q.types = append(q.types, s.Columns[c].Left.Col.Type)
	}
	q.fresh()
	return q
}

func (q *queue) fresh() {
	q.sorter, q.out, q.n = extsort.New(q.types, q.o), value.NewBatch(q.types...), 0
}

func (q *queue) len() int64 { return q.n }

// push appends a candidate.
func (q *queue) push(ctx context.Context, c *candidate) error {
	q.n++
	q.row(c, 0, c.known())
	for i := q.soft; i < len(q.types); i++ {
		q.out.Cols[i].AppendNull()
	}
	for n := range c.seen {
		if len(c.seen[n].soft) == 0 {
			continue
		}
		q.row(c, n+1, nil)
		for i, x := range c.seen[n].soft {
			if v := &q.out.Cols[q.soft+i]; x.err {
				v.AppendErr()
			} else {
				v.AppendValue(x.val)
			}
		}
	}
	if q.out.N < queueRows && (len(q.types) == q.soft || extsort.Size(q.out) < q.o.MemoryBytes/2) {
		return nil
	}
	return q.sorter.Add(ctx, q.out)
}

// row begins a row.
func (q *queue) row(c *candidate, number int, known []byte) {
	q.out.Cols[colNumber].AppendInt(int64(number))
	q.out.Cols[colSide].AppendBool(c.side == canon.Right)
	q.out.Cols[colKnown].AppendBytes(known)
	for i := range c.key {
		q.out.Cols[q.keys.at[c.side]+i].AppendValue(c.key[i])
		q.out.Cols[q.keys.at[1-c.side]+i].AppendNull()
	}
	q.out.N++
}

// drain returns all candidates and leaves the queue empty.
func (q *queue) drain(ctx context.Context) (*candidates, error) {
	if err := q.sorter.Add(ctx, q.out); err != nil {
		return nil, err
	}
	rows, err := q.sorter.Sort(ctx)
	if err != nil {
		return nil, errors.Join(err, q.sorter.Close())
	}
	cs := &candidates{q: q, rows: rows}
	q.fresh()
	return cs, nil
}

// close removes what was spilled.
func (q *queue) close() error { return q.sorter.Close() }

// candidates are those that are drained from a queue.
type candidates struct {
	q     *queue
	rows  connectors.Rows
	b     *value.Batch
	i     int
	ahead *candidate // read already, its states perhaps not
}

// next returns the next n candidates, none at the end.
func (cs *candidates) next(ctx context.Context, n int) ([]*candidate, error) {
	var part []*candidate
	for {
		if cs.b == nil || cs.i == cs.b.N {
			b, err := cs.rows.Next(ctx)
			if err != nil {
				return nil, err
			}
			if cs.b, cs.i = b, 0; b == nil {
				if cs.ahead != nil {
					part = append(part, cs.ahead)
					cs.ahead = nil
				}
				return part, nil
			}
		}
		if number := cs.b.Cols[colNumber].Ints[cs.i]; number > 0 {
			cs.state(cs.ahead, int(number)-1)
			cs.i++
			continue
		}
		if cs.ahead != nil {
			part = append(part, cs.ahead)
			cs.ahead = nil
			if len(part) == n {
				return part, nil
			}
		}
		c, err := cs.candidate()
		if err != nil {
			return nil, err
		}
		cs.ahead = c
		cs.i++
	}
}

// candidate reads the current row.
func (cs *candidates) candidate() (*candidate, error) {
	c := &candidate{side: sideOf(cs.b.Cols[colSide].Bools[cs.i])}
	for i := range cs.q.keys.key {
		c.key = append(c.key, cs.b.Cols[cs.q.keys.at[c.side]+i].Value(cs.i))
	}
	return c, c.learn(cs.b.Cols[colKnown].Bytes(cs.i))
}

// state reads the cells of a state from the current row.
func (cs *candidates) state(c *candidate, n int) {
	for i := cs.q.soft; i < len(cs.q.types); i++ {
		v := &cs.b.Cols[i]
		c.seen[n].soft = append(c.seen[n].soft, softCell{v.Value(cs.i), v.IsErr(cs.i)})
	}
}

func (cs *candidates) close() error { return cs.rows.Close() }

// known encodes what is known of a candidate, its soft cells apart.
func (c *candidate) known() []byte {
	var b []byte
	b = binary.AppendUvarint(b, uint64(len(c.seen)))
	for i := range c.seen {
		b = append(b, c.seen[i].digest[:]...)
	}
	for _, p := range c.differ {
		b = binary.AppendVarint(b, int64(p.part))
		b = binary.LittleEndian.AppendUint64(b, p.left)
		b = binary.LittleEndian.AppendUint64(b, p.right)
		for _, n := range [4]int64{int64(p.leftSince), int64(p.rightSince), int64(p.leftReads), int64(p.rightReads)} {
			b = binary.AppendVarint(b, n)
		}
	}
	return b
}

var errKnown = connectors.Own("unreadable candidate in a spill file")

// learn decodes what known encodes.
func (c *candidate) learn(b []byte) error {
	n, size := binary.Uvarint(b)
	if size <= 0 || n > uint64(len(b)/len(fingerprint{})) {
		return errKnown
	}
	b = b[size:]
	c.seen = make([]state, n)
	for i := range c.seen {
		b = b[copy(c.seen[i].digest[:], b):]
	}
	for len(b) > 0 {
		var p partial
		var v [5]int64
		for i := range v {
			if v[i], size = binary.Varint(b); size <= 0 {
				return errKnown
			}
			b = b[size:]
			if i > 0 {
				continue
			}
			if len(b) < 16 {
				return errKnown
			}
			p.left, p.right = binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
			b = b[16:]
		}
		p.part, p.leftSince, p.rightSince = int(v[0]), time.Duration(v[1]), time.Duration(v[2])
		p.leftReads, p.rightReads = int(v[3]), int(v[4])
		c.differ = append(c.differ, p)
	}
	return nil
}
