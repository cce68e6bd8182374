package keysample

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

var one = big.NewInt(1)

const (
	// chunkPoints is how many keys of one column a statement looks up, chunkPairs how many of several.
	chunkPoints = 1000
	chunkPairs  = 200
	// maxGroup is how many rows may share the columns that are probed: they are read to draw one of them.
	maxGroup = 64
)

func isStray(err error) bool { return errors.Is(err, errStray) }

// ends returns the space of the column behind each prefix; nil where there is no row, or its ends are none of the axis.
func (a *asker) ends(ctx context.Context, from query.Relation, k *Key, prefixes [][]value.Value) ([]*space, error) {
	out := make([]*space, 0, len(prefixes))
	for some := range slices.Chunk(prefixes, sqlgen.MaxProbes) {
		level := len(some[0])
		st, err := sqlgen.Ends(a.store.Dialect(), from, k.Columns, some)
		pairs, err := a.pairs(ctx, st, err, k.Columns[level].Col, len(some))
		if err != nil {
			return nil, err
		}
		for _, p := range pairs {
			s, ok := newSpace(k.Axes[level], p[0], p[1])
			if !ok {
				s = nil
			}
			out = append(out, s)
		}
	}
	return out, nil
}

// pairs asks for one row of n pairs of values of a column.
func (a *asker) pairs(ctx context.Context, st sqlgen.Statement, err error, col value.Column, n int) ([][2]value.Value, error) {
	b, err := a.ask(ctx, st, err, slices.Repeat([]value.Column{col}, 2*n)...)
	if err != nil {
		return nil, err
	}
	if b.N != 1 {
		return nil, failed(a.op, fmt.Errorf("%d rows, not one of %d probes", b.N, n))
	}
	out := make([][2]value.Value, n)
	for i := range out {
		for side := range 2 {
			v := &b.Cols[2*i+side]
			if v.IsErr(0) { // a value that the column's type does not have
				out[i][side] = value.BoolValue(false)
				continue
			}
			out[i][side] = v.Value(0)
		}
	}
	return out, nil
}

// nextKey draws points among the numbers of keys, and the next keys.
type nextKey struct {
	*asker

	from query.Relation
	key  *Key
	root *space
	seed uint64
	next uint64 // number of the next draw
}

// drawn is a key that was drawn.
type drawn struct {
	key    []value.Value
	text   string
	weight float64 // the inverse of its probability
	rng    *rand.Rand
}

// draw draws n times. A draw that meets no row, since the table has changed meanwhile, is left out. The error is errStray where a key has no number.
func (k *nextKey) draw(ctx context.Context, n int) ([]drawn, error) {
	draws := make([]drawn, n)
	spaces := make([]*space, n)
	for i := range draws {
		// Each draw has a chance of its own, so that it does not matter how many are drawn at once.
		draws[i].rng = rand.New(rand.NewPCG(k.seed, mix(k.next))) // #nosec G404 -- a sample that can be drawn again
		draws[i].weight, spaces[i] = 1, k.root
		k.next++
	}
	for level := range k.key.Axes {
		if level > 0 {
			var err error
			if spaces, err = k.within(ctx, draws); err != nil {
				return nil, err
			}
		}
		var err error
		if draws, err = k.step(ctx, draws, spaces); err != nil {
			return nil, err
		}
	}
	for i := range draws {
		draws[i].text = keyText(draws[i].key)
	}
	if k.key.grouped() {
		return draws, k.boundGroups(ctx, draws)
	}
	return draws, nil
}

// boundGroups returns errStray where more rows than are to be read share a key drawn.
func (k *nextKey) boundGroups(ctx context.Context, draws []drawn) error {
	for some := range slices.Chunk(distinct(draws), sqlgen.MaxProbes) {
		st, err := sqlgen.Groups(k.store.Dialect(), k.from, k.key.Columns, some, maxGroup+1)
		counts, err := k.numbers(ctx, st, err, len(some))
		if err != nil {
			return err
		}
		if slices.Max(counts) > maxGroup {
			return errStray
		}
	}
	return nil
}

// distinct returns the keys drawn, each once.
func distinct(draws []drawn) [][]value.Value {
	known := make(map[string]bool, len(draws))
	var keys [][]value.Value
	for _, d := range draws {
		if text := keyText(d.key); !known[text] {
			known[text] = true
			keys = append(keys, d.key)
		}
	}
	return keys
}

// within returns the spaces of the columns behind what has been drawn so far.
func (k *nextKey) within(ctx context.Context, draws []drawn) ([]*space, error) {
	at := map[string]int{}
	var prefixes [][]value.Value
	which := make([]int, len(draws))
	for i := range draws {
		text := keyText(draws[i].key)
		j, ok := at[text]
		if !ok {
			j = len(prefixes)
			at[text] = j
			prefixes = append(prefixes, draws[i].key)
		}
		which[i] = j
	}
	found, err := k.ends(ctx, k.from, k.key, prefixes)
	if err != nil {
		return nil, err
	}
	out := make([]*space, len(draws))
	for i, j := range which {
		if out[i] = found[j]; out[i] == nil {
			return nil, errStray // or the rows have just gone
		}
	}
	return out, nil
}

// step draws the next column's value behind each of draws.
func (k *nextKey) step(ctx context.Context, draws []drawn, spaces []*space) ([]drawn, error) {
	points := make([]*big.Int, len(draws))
	for i, s := range spaces {
		points[i] = s.point(draws[i].rng)
	}
	out := make([]drawn, 0, len(draws))
	for at := 0; at < len(draws); at += sqlgen.MaxProbes {
		end := min(at+sqlgen.MaxProbes, len(draws))
		probes := make([]sqlgen.Probe, 0, end-at)
		for i := at; i < end; i++ {
			probes = append(probes, sqlgen.Probe{Prefix: draws[i].key, At: spaces[i].value(points[i])})
		}
		st, err := sqlgen.Neighbours(k.store.Dialect(), k.from, k.key.Columns, probes)
		pairs, err := k.pairs(ctx, st, err, k.key.Columns[len(draws[at].key)].Col, len(probes))
		if err != nil {
			return nil, err
		}
		next := make([]drawn, len(pairs))
		for j, p := range pairs {
			if next[j], err = stepTo(draws[at+j], spaces[at+j], p[0], p[1]); err != nil {
				return nil, err
			}
		}
		for _, d := range next { // in the order of the draws
			if d.key != nil {
				out = append(out, d)
			}
		}
	}
	return out, nil
}

// stepTo adds a value found to a draw, with the probability that it had: its points are those behind the value before it.
func stepTo(d drawn, s *space, found, previous value.Value) (drawn, error) {
	if found.IsNull() {
		return drawn{}, nil // the greatest key has gone meanwhile
	}
	next, ok := s.number(found)
	if !ok {
		return drawn{}, errStray
	}
	before := new(big.Int).Sub(s.lo, one)
	if !previous.IsNull() {
		prev, ok := s.number(previous)
		if !ok {
			return drawn{}, errStray
		}
		if prev.Cmp(before) > 0 {
			before = prev
		}
	}
	if next.Cmp(s.hi) > 0 {
		next = s.hi
	}
	gap := new(big.Int).Sub(next, before)
	if gap.Sign() <= 0 {
		return drawn{}, errStray // the index is in another order
	}
	d.key, d.weight = append(slices.Clip(d.key), found), d.weight*ratio(s.size, gap)
	return d, nil
}

// keyText tells keys apart.
func keyText(key []value.Value) string {
	if len(key) == 1 {
		return key[0].Text()
	}
	var b strings.Builder
	for _, v := range key {
		t := v.Text()
		b.WriteString(value.IntValue(int64(len(t))).Text())
		b.WriteByte(':')
		b.WriteString(t)
	}
	return b.String()
}

// chunkOf is how many keys one statement looks up.
func chunkOf(k *Key) int {
	if len(k.Axes) > 1 || k.grouped() {
		return chunkPairs
	}
	return chunkPoints
}

// findStatement looks keys up: the key's columns and q's.
func (a *asker) findStatement(q query.Sample, k *Key, keys [][]value.Value) (sqlgen.Statement, error) {
	probed := k.probed()
	columns := append(slices.Clone(k.Columns[len(probed):]), q.Columns...)
	return sqlgen.Find(a.store.Dialect(), sqlgen.Lookup{From: q.From, Key: probed, Rows: keys, Columns: columns, Where: q.Where})
}

// find looks keys up: batches of the key's columns and q's.
func (a *asker) find(ctx context.Context, q query.Sample, k *Key, keys [][]value.Value) ([]*value.Batch, error) {
	var out []*value.Batch
	for some := range slices.Chunk(keys, chunkOf(k)) {
		st, err := a.findStatement(q, k, some)
		b, err := a.ask(ctx, st, err, columnsOf(k.Columns, q.Columns)...)
		if err != nil {
			return nil, err
		}
		if b.N > 0 {
			out = append(out, b)
		}
	}
	return out, nil
}

// rowKey is the key of a row found.
func rowKey(k *Key, b *value.Batch, i int) []value.Value {
	key := make([]value.Value, len(k.Columns))
	for c := range key {
		key[c] = b.Cols[c].Value(i)
	}
	return key
}

// rows looks the keys drawn up, each once: the rows that have them and meet the condition, in the order of the whole key.
func (k *nextKey) rows(ctx context.Context, q query.Sample, draws []drawn) (map[string][]row, error) {
	batches, err := k.find(ctx, q, k.key, distinct(draws))
	if err != nil {
		return nil, err
	}
	found := make(map[string][]row, len(draws))
	for _, b := range batches {
		for i := range b.N {
			text := keyText(rowKey(k.key, b, i)[:len(k.key.Axes)])
			found[text] = append(found[text], row{b, i, 0})
		}
	}
	for _, g := range found {
		if len(g) > 1 {
			slices.SortFunc(g, func(x, y row) int {
				return cmp.Compare(keyText(rowKey(k.key, x.b, x.i)), keyText(rowKey(k.key, y.b, y.i)))
			})
		}
	}
	return found, nil
}

// pick draws one of the rows that have a key drawn; false where none does and meets the condition.
func pick(d drawn, found map[string][]row) (row, bool) {
	g := found[d.text]
	if len(g) == 0 {
		return row{}, false
	}
	r := g[0]
	if len(g) > 1 {
		r = g[d.rng.IntN(len(g))]
	}
	r.weight = d.weight * float64(len(g))
	return r, true
}

// row is one of a batch, with its weight.
type row struct {
	b      *value.Batch
	i      int
	weight float64
}

// randomKey draws numbers of a space, each at most once.
type randomKey struct {
	*asker

	q     query.Sample
	key   *Key
	space *space
	order permutation
	next  uint64
}

func newRandomKey(a *asker, q query.Sample, p *plan, seed uint64) *randomKey {
	return &randomKey{asker: a, q: q, key: p.key, space: p.space, order: newPermutation(p.space.size.Uint64(), seed)}
}

// points are the next n numbers, as keys.
func (r *randomKey) points(n int) [][]value.Value {
	left := r.order.n - r.next
	n = int(min(uint64(n), left)) //nolint:gosec // not negative
	keys := make([][]value.Value, n)
	for i := range keys {
		at := new(big.Int).SetUint64(r.order.at(r.next))
		keys[i] = []value.Value{r.space.value(at.Add(at, r.space.lo))}
		r.next++
	}
	return keys
}

func (r *randomKey) lookup(keys [][]value.Value) sqlgen.Lookup {
	return sqlgen.Lookup{From: r.q.From, Key: r.key.Columns, Rows: keys, Where: r.q.Where}
}
