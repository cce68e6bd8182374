package run

import (
	"hash/maphash"
	"slices"

	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/query/eval"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/extsort"
	"github.com/assay-dev/assay/expectations/plan"
)

// keyTable holds the rows of a partner in memory, found by their key: a hash table with open addressing over canonical encodings, or
// over the integers themselves where the key is one on both sides. Keys are compared behind their hash.
type keyTable struct {
	partner *plan.Partner
	at      []int // positions of the key's columns among those read
	ints    bool
	rows    *value.Batch
	gauge   extsort.Gauge // of rows

	slots  []int32 // 1 + the row; 0 for none; a power of two of them
	hashes []uint64
	nums   []int64
	ends   []int // of encodings in arena
	arena  []byte
	buf    []byte
	seed   maphash.Seed
}

const firstSlots = 1 << 10

func newKeyTable(p *plan.Partner, needs []*query.Column) *keyTable {
	t := &keyTable{partner: p, ints: integerKey(p), slots: make([]int32, firstSlots), seed: maphash.MakeSeed()}
	for _, k := range p.Keys {
		t.at = append(t.at, slices.IndexFunc(needs, func(c *query.Column) bool { return c.Index == k.Right.Index }))
	}
	types := make([]value.Type, len(needs))
	for i, c := range needs {
		types[i] = c.Col.Type
	}
	t.rows = value.NewBatch(types...)
	return t
}

// integerKey reports whether the key is one signed integer on both sides.
func integerKey(p *plan.Partner) bool {
	k := &p.Keys[0]
	return len(p.Keys) == 1 && k.Form.Class == canon.Integer && k.Left.Type().Kind == value.Int && k.Right.Col.Type.Kind == value.Int
}

// add takes rows; one without a key can be nobody's partner.
func (t *keyTable) add(b *value.Batch) error {
	for i := range b.N {
		if !usableKey(b, t.at, i) {
			continue
		}
		var h uint64
		var num int64
		if t.ints {
			num = b.Cols[t.at[0]].Ints[i]
			h = mix(num)
		} else {
			t.buf = encodeKey(t.buf[:0], t.partner, b, t.at, i)
			h = maphash.Bytes(t.seed, t.buf)
		}
		if row := t.find(h, num, t.buf); row >= 0 {
			return notUnique(t.partner, keyCells(b, t.at, i))
		}
		t.insert(h, num)
		t.rows.AppendRowFrom(b, i)
	}
	return nil
}

func usableKey(b *value.Batch, at []int, i int) bool {
	for _, c := range at {
		if v := &b.Cols[c]; v.IsNull(i) || v.IsErr(i) {
			return false
		}
	}
	return true
}

func encodeKey(dst []byte, p *plan.Partner, b *value.Batch, at []int, i int) []byte {
	for k, c := range at {
		dst = p.Keys[k].Form.Append(dst, &b.Cols[c], canon.Right, i)
	}
	return dst
}

func keyCells(b *value.Batch, at []int, i int) []value.Value {
	out := make([]value.Value, len(at))
	for k, c := range at {
		out[k] = b.Cols[c].Value(i)
	}
	return out
}

// mix spreads an integer over 64 bits (the finalizer of SplitMix64).
func mix(n int64) uint64 {
	x := uint64(n) + 0x9e3779b97f4a7c15 //nolint:gosec // bits
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// find returns the row of a key, -1 for none: num is the key where it is an integer, else enc.
func (t *keyTable) find(h uint64, num int64, enc []byte) int32 {
	mask := uint64(len(t.slots) - 1) //nolint:gosec // a power of two
	for s := h & mask; ; s = (s + 1) & mask {
		row := t.slots[s] - 1
		if row < 0 {
			return -1
		}
		if t.ints {
			if t.nums[row] == num {
				return row
			}
			continue
		}
		if t.hashes[row] != h {
			continue
		}
		from := 0
		if row > 0 {
			from = t.ends[row-1]
		}
		if string(t.arena[from:t.ends[row]]) == string(enc) {
			return row
		}
	}
}

// insert adds the key of the next row.
func (t *keyTable) insert(h uint64, num int64) {
	row := t.rows.N
	if 2*(row+1) > len(t.slots) {
		t.grow()
	}
	if t.ints {
		t.nums = append(t.nums, num)
	} else {
		t.hashes = append(t.hashes, h)
		t.arena = append(t.arena, t.buf...)
		t.ends = append(t.ends, len(t.arena))
	}
	t.place(h, row)
}

func (t *keyTable) place(h uint64, row int) {
	mask := uint64(len(t.slots) - 1) //nolint:gosec // a power of two
	s := h & mask
	for t.slots[s] != 0 {
		s = (s + 1) & mask
	}
	t.slots[s] = int32(row + 1) //nolint:gosec // memory is bounded far below 2^31 rows
}

func (t *keyTable) grow() {
	t.slots = make([]int32, 2*len(t.slots))
	for row := range t.rows.N {
		if t.ints {
			t.place(mix(t.nums[row]), row)
		} else {
			t.place(t.hashes[row], row)
		}
	}
}

// bytes is about what the table takes.
func (t *keyTable) bytes() int64 {
	return t.gauge.Size(t.rows) + int64(4*len(t.slots)+8*len(t.hashes)+8*len(t.nums)+8*len(t.ends)+len(t.arena))
}

// rowKeys computes the keys of rows.
type rowKeys struct {
	partner *plan.Partner
	prog    *eval.Program
	vecs    []*value.Vector
	buf     []byte
}

func newRowKeys(p *plan.Partner, cols []*query.Column) (*rowKeys, error) {
	exprs := make([]query.Expr, len(p.Keys))
	for i, k := range p.Keys {
		exprs[i] = k.Left
	}
	prog, err := eval.Compile(exprs, cols)
	return &rowKeys{partner: p, prog: prog}, err
}

// run computes the keys of a batch.
func (k *rowKeys) run(b *value.Batch) (err error) {
	k.vecs, err = k.prog.Run(b)
	return err
}

// usable reports whether row i has a key.
func (k *rowKeys) usable(i int) bool {
	for _, v := range k.vecs {
		if v.IsNull(i) || v.IsErr(i) {
			return false
		}
	}
	return true
}

// encode appends the key of row i.
func (k *rowKeys) encode(dst []byte, i int) []byte {
	for n, v := range k.vecs {
		dst = k.partner.Keys[n].Form.Append(dst, v, canon.Left, i)
	}
	return dst
}

// rowsOf sets ids to the partner's row of each row, -1 for none.
func (t *keyTable) rowsOf(k *rowKeys, ids []int32) {
	if t.ints {
		v := k.vecs[0]
		plain := v.Nulls == nil && v.Errs == nil
		for i := range ids {
			ids[i] = -1
			if plain || !v.IsNull(i) && !v.IsErr(i) {
				ids[i] = t.find(mix(v.Ints[i]), v.Ints[i], nil)
			}
		}
		return
	}
	for i := range ids {
		ids[i] = -1
		if k.usable(i) {
			k.buf = k.encode(k.buf[:0], i)
			ids[i] = t.find(maphash.Bytes(t.seed, k.buf), 0, k.buf)
		}
	}
}
