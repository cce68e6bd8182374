package diff_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diff"
)

// sparsely draws the rows of both sides, of which few differ: so few that they are looked up by their keys.
func (k *hostileKey) sparsely(seed uint64) (left, right connectortest.Table) {
	const rows = 2400
	r := rand.New(rand.NewPCG(seed, 17))
	tb := connectortest.Table{Name: "settle_" + strings.ReplaceAll(k.name, " ", "_")}
	for _, c := range k.cols {
		tb.Key = append(tb.Key, c.Name)
	}
	tb.Columns = append(append(tb.Columns, k.cols...), connectortest.Column{Name: "n", Type: value.Of(value.Int)}, connectortest.Column{Name: "s", Type: value.Of(value.String)})
	left, right = tb, tb
	seen := map[string]bool{}
	for i := range rows {
		row := make([]connectortest.Cell, 0, len(tb.Columns))
		text := ""
		for _, v := range k.values(r, i) {
			row = append(row, connectortest.Cell{Value: v})
			text += fmt.Sprintf("%v %q,", v.Kind(), v.Text())
		}
		if seen[text] {
			continue
		}
		seen[text] = true
		row = append(row, connectortest.Cell{Value: value.IntValue(int64(i))}, connectortest.Cell{Value: word(r, i)})
		other := append([]connectortest.Cell(nil), row...)
		switch i % 150 {
		case 1:
			left.Rows = append(left.Rows, row)
			continue
		case 2:
			right.Rows = append(right.Rows, other)
			continue
		case 3:
			other[len(other)-2] = connectortest.Cell{Value: value.IntValue(-1)}
		case 4:
			left.Rows = append(left.Rows, row)
		}
		left.Rows, right.Rows = append(left.Rows, row), append(right.Rows, other)
	}
	r.Shuffle(len(left.Rows), func(i, j int) { left.Rows[i], left.Rows[j] = left.Rows[j], left.Rows[i] })
	r.Shuffle(len(right.Rows), func(i, j int) { right.Rows[i], right.Rows[j] = right.Rows[j], right.Rows[i] })
	return left, right
}

// TestSettleHostileKeys reads differences again by keys that engines order, pair or spell differently, on tables that nobody writes: all of
// them stay. searched are the keys by which a side cannot be asked, so that its rows are searched for.
func TestSettleHostileKeys(t *testing.T) {
	searched := map[string]bool{
		"uuid mysql beside postgres":            true, // text of any case
		"decimal postgres beside mysql":         true, // many of one side are the same to the other, which keeps fewer digits
		"timestamp sqlite beside elasticsearch": true, // likewise
		"timestamp elasticsearch beside sqlite": true, // what is indexed of a date is no more than its millisecond: equality is refused
	}
	eachHostilePair(t, func(t *testing.T, p *hostilePair) {
		t.Helper()
		s := align(t, p.sides[0], p.sides[1], diff.AlignOptions{TempDir: t.TempDir(), Columns: []string{"n", "s"}, Settle: 20 * time.Millisecond})
		res, counts := check(t, &s, &p.plain[0], &p.plain[1])
		if c := res.Settled.Candidates; c*20 > int64(len(p.plain[1].rows)) {
			t.Fatalf("%d candidates are too many to be looked up", c)
		}
		for side, m := range res.Settled.Methods {
			want := diff.ByKey
			if searched[fmt.Sprintf("%s %v beside %v", p.key, p.engines[side], p.engines[1-side])] {
				want = diff.BySearch
			}
			if m != want {
				t.Errorf("%v was read %s, want %s", p.engines[side], m, want)
			}
		}
		p.met(t, &counts)
	})
}

// hostilePair is two tables with a hostile key, on two engines, that differ in few rows.
type hostilePair struct {
	key     string
	seed    uint64
	engines [2]connectortest.Engine
	sides   [2]diff.Side
	plain   [2]table // as the engines give them back
}

// met holds that every class of difference was among what was found.
func (*hostilePair) met(t *testing.T, c *diff.Counts) {
	t.Helper()
	if c.Changed == 0 || c.Missing == 0 || c.Extra == 0 || c.DuplicateKey == 0 || c.Identical < 100 {
		t.Errorf("a class was not met: %+v", c)
	}
}

// eachHostilePair loads the tables of each hostile key into pairs of engines.
func eachHostilePair(t *testing.T, f func(t *testing.T, p *hostilePair)) {
	t.Helper()
	es := engines(t)
	for n, k := range hostileKeys() {
		for _, p := range [][2]connectortest.Engine{
			{connectortest.EnginePostgres, connectortest.EngineMySQL},
			{connectortest.EngineElasticsearch, connectortest.EngineSQLite},
		} {
			if has(k.not, p[0]) || has(k.not, p[1]) {
				continue
			}
			t.Run(fmt.Sprintf("%s/%v with %v", k.name, p[0], p[1]), func(t *testing.T) {
				pair := &hostilePair{key: k.name, seed: uint64(n), engines: p}
				left, right := k.sparsely(pair.seed)
				for i, tb := range []connectortest.Table{left, right} {
					pair.sides[i] = side(t, es[p[i]].source, es[p[i]].load(t, tb))
					pair.plain[i] = reread(t, pair.sides[i], tb)
				}
				f(t, pair)
			})
		}
	}
}

// TestSettleHalfAskedKeys reads differences again by keys of which some can be asked for in their first column only: no condition holds for a
// NaN. What comes in more than one statement for that is no repeated key.
func TestSettleHalfAskedKeys(t *testing.T) {
	tb := table{
		cols: []value.Column{{Name: "k", Type: value.Of(value.Int)}, {Name: "x", Type: value.Of(value.Double)}, {Name: "c", Type: value.Of(value.Int)}},
		key:  []string{"k", "x"},
	}
	row := func(k int, x float64, c int64) []cell {
		return []cell{{Value: value.IntValue(int64(k))}, {Value: value.DoubleValue(x)}, {Value: value.IntValue(c)}}
	}
	const differing, rows = 200, 10_000
	left, right := tb, tb
	for k := range differing {
		left.rows = append(left.rows, row(k, 0.5, 1), row(k, math.NaN(), 1))
		right.rows = append(right.rows, row(k, 0.5, 2), row(k, math.NaN(), 2))
	}
	for k := range rows {
		left.rows, right.rows = append(left.rows, row(differing+k, 0.5, 1)), append(right.rows, row(differing+k, 0.5, 1))
	}
	r := rand.New(rand.NewPCG(1, 3))
	s := align(t, left.source(t, "l", r), right.source(t, "r", r), diff.AlignOptions{TempDir: t.TempDir(), Settle: 20 * time.Millisecond})
	res, err := diff.Run(t.Context(), s, nil, nil)
	want := diff.Counts{Identical: rows, Changed: 2 * differing, LeftRows: rows + 2*differing, RightRows: rows + 2*differing}
	if err != nil || res.Counts != want || res.Settled.Methods != [2]diff.Method{diff.ByKey, diff.ByKey} {
		t.Errorf("%+v, settled %+v, %v", res.Counts, res.Settled, err)
	}
}
