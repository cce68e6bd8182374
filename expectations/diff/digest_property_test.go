package diff_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diff"
)

// tally sums up what comparisons by digests came to, so that a property cannot hold because nothing was hashed.
type tally struct {
	digests, refused, equal, deep int
	counts                        diff.Counts
}

func (y *tally) add(res *diff.Result) {
	if res.Choice.Strategy != diff.Digest {
		y.refused++
		return
	}
	y.digests++
	if res.Digest.Ranges > res.Digest.Differing {
		y.equal++
	}
	if res.Digest.Merged > 0 && res.Digest.Ranges > 2*res.Digest.Merged {
		y.deep++
	}
	y.counts.Identical += res.Counts.Identical
	y.counts.Changed += res.Counts.Changed
	y.counts.Missing += res.Counts.Missing
	y.counts.Extra += res.Counts.Extra
	y.counts.DuplicateKey += res.Counts.DuplicateKey
}

func (y *tally) check(t *testing.T, n int) {
	t.Helper()
	if y.digests < n/4 || y.equal < n/10 || y.deep < n/40 {
		t.Errorf("of %d comparisons: %+v", n, y)
	}
	for _, c := range []int64{y.counts.Identical, y.counts.Changed, y.counts.Missing, y.counts.Extra, y.counts.DuplicateKey} {
		if c < int64(n)/4 {
			t.Errorf("a class was hardly met: %+v", y.counts)
		}
	}
}

func TestDigestAgainstMaps(t *testing.T) {
	var y tally
	for n := range cases() {
		r := rand.New(rand.NewPCG(uint64(n), 11))
		left, right := randomPair(r)
		if r.IntN(2) == 0 { // keys of other kinds cannot be cut
			left, right = cuttablePair(r, 2000)
		}
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			s := align(t, left.source(t, "l", r), right.source(t, "r", r), diff.AlignOptions{
				Strategy: diff.Digest, MemoryBytes: int64(1 + r.IntN(1<<14)), TempDir: t.TempDir(),
			})
			res, _ := check(t, &s, &left, &right)
			if (res.Bound > 0) != (res.Choice.Strategy == diff.Digest) || res.Bound > 1e-30 {
				t.Errorf("a bound of %g by %s", res.Bound, res.Choice.Strategy)
			}
			y.add(&res)
		})
		if t.Failed() {
			return
		}
	}
	y.check(t, cases())
}

// cuttablePair is two tables of some hundred to most rows of which a few differ, their first key column an integer, text or time.
func cuttablePair(r *rand.Rand, most int) (left, right table) {
	kind := []value.Kind{value.Int, value.Uint, value.Decimal, value.String, value.Bytes, value.Timestamp, value.Duration}[r.IntN(7)]
	cols := []value.Column{
		{Name: "k", Type: value.Of(kind)},
		{Name: "n", Type: value.Of(value.Int)},
		{Name: "c", Type: value.Of(value.String), MayErr: true},
		{Name: "d", Type: value.Of(keyKinds[r.IntN(len(keyKinds))]), MayErr: true},
	}
	left, right = table{cols: cols, key: []string{"k", "n"}}, table{cols: cols, key: []string{"k", "n"}}
	rows := 100 + r.IntN(most)
	rate := []int{20, 200, 2000}[r.IntN(3)]
	for i := range rows {
		cell0 := cell{Value: randomValue(r, kind, 40)}
		if r.IntN(100) == 0 {
			cell0 = cell{}
		}
		row := []cell{cell0, {Value: value.IntValue(int64(i))}, {Value: randomValue(r, value.String, 5)}, {Value: randomValue(r, cols[3].Type.Kind, 5)}}
		if r.IntN(50) == 0 {
			row[1] = cell{}
		}
		other := append([]cell(nil), row...)
		switch r.IntN(rate) {
		case 0:
			other[2] = cell{Value: value.StringValue("changed")}
		case 1:
			left.rows = append(left.rows, row)
			continue
		case 2:
			right.rows = append(right.rows, other)
			continue
		case 3:
			left.rows = append(left.rows, row) // one more of the same on one side
		case 4:
			other[3] = cell{err: true}
		case 5: // the same key twice on both sides, and nothing else
			left.rows, right.rows = append(left.rows, row), append(right.rows, row)
		}
		left.rows, right.rows = append(left.rows, row), append(right.rows, other)
	}
	r.Shuffle(len(left.rows), func(i, j int) { left.rows[i], left.rows[j] = left.rows[j], left.rows[i] })
	r.Shuffle(len(right.rows), func(i, j int) { right.rows[i], right.rows[j] = right.rows[j], right.rows[i] })
	return left, right
}
