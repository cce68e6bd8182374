package canon_test

import (
	"fmt"
	"slices"
	"sort"
	"testing"

	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/value"
	"pgregory.net/rapid"
)

// everyForm runs a property for each form, in a fixed order.
func everyForm(t *testing.T, prop func(t *rapid.T, f *canon.Form)) {
	all := forms(t)
	names := make([]string, 0, len(all))
	for n := range all {
		names = append(names, n)
	}
	sort.Strings(names)
	for _, n := range names {
		t.Run(n, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) { prop(t, all[n]) })
		})
	}
}

// show names a cell in messages.
func show(v *value.Vector, i int) string {
	if v.IsErr(i) {
		return "error"
	}
	return fmt.Sprintf("%q", v.Value(i).Text())
}

// TestRunIsEqual compares runs at any offset of both sides with cell by cell, and Equal with that of the sides exchanged.
func TestRunIsEqual(t *testing.T) {
	everyForm(t, func(t *rapid.T, f *canon.Form) {
		p := drawn(t)
		n, i, j := 1+p(140), p(70), p(70)
		few := 1 + p(9)
		l, r := repeated(p, f.Left, i+n, few), repeated(p, f.Right, j+n, few)
		differ := make(value.Bitmap, value.Words(n)+1)
		differ[len(differ)-1] = 0xABCD
		f.Run(l, i, r, j, n, differ)
		if differ[len(differ)-1] != 0xABCD {
			t.Fatal("bits beyond the rows are touched")
		}
		swapped, _, err := canon.Pair(f.Right, f.Left, f.Options)
		if err != nil {
			t.Fatal(err)
		}
		for k := range n {
			eq := f.Equal(l, i+k, r, j+k)
			if eq == differ.Get(k) {
				t.Fatalf("%s, %s: Equal %v, Run says differ %v", show(l, i+k), show(r, j+k), eq, differ.Get(k))
			}
			if swapped.Equal(r, j+k, l, i+k) != eq {
				t.Fatalf("%s, %s: %v, but not with the sides exchanged", show(l, i+k), show(r, j+k), eq)
			}
			if (l.IsErr(i+k) || r.IsErr(j+k)) && eq {
				t.Fatal("an error is equal")
			}
		}
		if n&63 != 0 && differ[n>>6]>>(uint(n)&63) != 0 {
			t.Fatal("bits behind the last row are set")
		}
	})
}

// repeated fills a vector of n cells with few drawn ones, in a drawn pattern.
func repeated(p pick, c value.Column, n, few int) *value.Vector {
	some := randomVector(p, c, few, true)
	v := new(value.Vector)
	v.Reset(c.Type)
	step, at := 1+p(few), p(few)
	for range n {
		v.AppendFrom(some, at)
		at = (at + step) % few
		if at%3 == 1 {
			at = (at + 1) % few
		}
	}
	return v
}

// TestOrderIsTotal finds an order without contradictions over the cells of both sides, whose ties are what Equal calls the same.
func TestOrderIsTotal(t *testing.T) {
	everyForm(t, func(t *rapid.T, f *canon.Form) {
		ok, _ := f.Digestible()
		if (f.Orderable() == nil) != ok {
			t.Fatalf("digestible %v, but orderable: %v", ok, f.Orderable())
		}
		if !ok {
			return
		}
		p := drawn(t)
		const n = 6
		sides := [2]*value.Vector{randomVector(p, f.Left, n, true), randomVector(p, f.Right, n, true)}
		type cell struct {
			side canon.Side
			at   int
		}
		var cells []cell
		for i := range n {
			cells = append(cells, cell{canon.Left, i}, cell{canon.Right, i})
		}
		order := func(a, b cell) int { return f.Order(sides[a.side], a.side, a.at, sides[b.side], b.side, b.at) }
		name := func(c cell) string { return show(sides[c.side], c.at) }
		var known [2 * n][2 * n]int
		for x, a := range cells {
			for y, b := range cells {
				known[x][y] = order(a, b)
			}
		}
		for x, a := range cells {
			for y, b := range cells {
				if known[x][y] != -known[y][x] {
					t.Fatalf("%s, %s: %d and %d", name(a), name(b), known[x][y], known[y][x])
				}
				if a.side == canon.Left && b.side == canon.Right && !sides[0].IsErr(a.at) && f.Equal(sides[0], a.at, sides[1], b.at) != (known[x][y] == 0) {
					t.Fatalf("%s, %s: order %d", name(a), name(b), known[x][y])
				}
				for z, c := range cells {
					if known[x][y] <= 0 && known[y][z] <= 0 && known[x][z] > 0 {
						t.Fatalf("%s <= %s <= %s, but not the first and the last", name(a), name(b), name(c))
					}
				}
			}
		}
		slices.SortFunc(cells, order)
		rank := func(c cell) int {
			v := sides[c.side]
			if v.IsErr(c.at) {
				return 2
			}
			if v.IsNull(c.at) {
				return 1
			}
			return 0
		}
		for i := 1; i < len(cells); i++ {
			if !f.Options.EmptyIsNull && rank(cells[i-1]) > rank(cells[i]) {
				t.Fatalf("%s before %s", name(cells[i-1]), name(cells[i]))
			}
		}
	})
}

// TestServerOrder holds the sides that may stream to their word: in the order of values, as connectors promise it, keys ascend, and
// only like values are one key.
func TestServerOrder(t *testing.T) {
	streams := 0
	everyForm(t, func(t *rapid.T, f *canon.Form) {
		p := drawn(t)
		for side, c := range []value.Column{f.Left, f.Right} {
			if f.Orderable() != nil || !f.ServerOrder(canon.Side(side)) {
				continue
			}
			streams++
			v := randomVector(p, c, 8, false)
			for i := range v.N {
				for j := range v.N {
					if v.IsNull(i) || v.IsNull(j) {
						continue
					}
					want, ok := value.Compare(v.Value(i), v.Value(j))
					if !ok {
						continue // NaN: engines have it last or not at all
					}
					if c.Resolution.Known && (finer(v, i, c) || finer(v, j, c)) {
						continue // the engine does not hold it
					}
					got := f.Order(v, canon.Side(side), i, v, canon.Side(side), j)
					if got != want {
						t.Fatalf("side %d: %s, %s: %d on the server, %d here", side, show(v, i), show(v, j), want, got)
					}
				}
			}
		}
	})
	if streams == 0 {
		t.Error("no side streams")
	}
}

// finer reports whether a cell has digits that its column does not keep.
func finer(v *value.Vector, i int, c value.Column) bool {
	unit := int64(1e9)
	for range c.Resolution.Digits {
		unit /= 10
	}
	switch c.Type.Kind {
	case value.Decimal:
		return v.Decs[i].Round(int32(c.Resolution.Digits)).Cmp(v.Decs[i]) != 0
	case value.Timestamp, value.LocalTimestamp:
		return int64(v.Nanos[i])%unit != 0
	case value.Duration:
		return v.Ints[i]%unit != 0
	}
	return false
}

// TestStreams pins the sides whose own order is the canonical one, also in front of other columns of a key.
func TestStreams(t *testing.T) {
	s, at, m := col(value.String), col(value.Timestamp, digits(6)), col(value.Decimal, digits(2))
	id := col(value.String, shaped(value.UUID))
	raw := col(value.Bytes)
	raw.Native = "binary(16)"
	for _, c := range []struct {
		name        string
		l, r        value.Column
		o           canon.Options
		left, right bool
	}{
		{name: "ints", l: col(value.Int), r: col(value.Uint), left: true, right: true},
		{name: "bools", l: col(value.Bool), r: col(value.Int), left: true, right: true},
		{name: "texts", l: s, r: s, left: true, right: true},
		{name: "text beside bytes", l: s, r: col(value.Bytes), left: true, right: true},
		{name: "normalised texts", l: s, r: s, o: canon.Options{Normalize: []canon.Normal{canon.NFC}}},
		{name: "uuid beside text", l: id, r: s, left: true},
		{name: "uuid beside bytes", l: id, r: raw, left: true, right: true},
		{name: "uuid beside other bytes", l: id, r: col(value.Bytes), left: true},
		{name: "like times", l: at, r: at, left: true, right: true},
		{name: "times of two resolutions", l: at, r: col(value.Timestamp, digits(3)), right: true},
		{name: "times of one resolution", l: at, r: col(value.Timestamp), left: true},
		{name: "times to the second", l: at, r: at, o: canon.Options{Digits: new(int8(0))}},
		{name: "times to the minute", l: at, r: at, o: canon.Options{PrecisionSeconds: 60}},
		{name: "wall clocks of a zone with summer time", l: at, r: col(value.Timestamp, digits(6), zoned("Europe/Berlin")), left: true},
		{name: "wall clocks of UTC", l: at, r: col(value.Timestamp, digits(6), zoned("UTC")), left: true, right: true},
		{name: "wall clocks of an offset", l: at, r: col(value.Timestamp, digits(6), zoned("+05:30")), left: true, right: true},
		{name: "days beside wall clocks of a zone", l: col(value.Timestamp, shaped(value.Date)), r: col(value.Timestamp, digits(6), zoned("Europe/Berlin")), left: true},
		{name: "days", l: col(value.Timestamp, shaped(value.Date)), r: col(value.Timestamp, shaped(value.Date), zoned("UTC")), left: true, right: true},
		{name: "decimals", l: m, r: m, left: true, right: true},
		{name: "decimals of two scales", l: m, r: col(value.Decimal, digits(4)), left: true},
		{name: "decimals beside ints", l: m, r: col(value.Int), left: true, right: true},
		{name: "doubles", l: col(value.Double), r: col(value.Double), left: true, right: true},
		{name: "reals beside doubles", l: col(value.Double, single), r: col(value.Double), left: true},
		{name: "documents", l: col(value.JSON), r: col(value.JSON)},
		{name: "lists", l: lists(value.Int), r: lists(value.Int)},
	} {
		f := pair(t, c.l, c.r, c.o)
		if f.ServerOrder(canon.Left) != c.left || f.ServerOrder(canon.Right) != c.right {
			t.Errorf("%s: %v and %v", c.name, f.ServerOrder(canon.Left), f.ServerOrder(canon.Right))
		}
		if err := f.Orderable(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestRunSeesWhereTextsEnd: the bytes of a run may agree where the texts do not.
func TestRunSeesWhereTextsEnd(t *testing.T) {
	f := pair(t, col(value.String), col(value.String), canon.Options{})
	l, r := vec(f.Left, text("ab"), text("c"), text("d")), vec(f.Right, text("a"), text("bc"), text("d"))
	differ := make(value.Bitmap, 1)
	if f.Run(l, 0, r, 0, 3, differ); differ[0] != 0b011 {
		t.Errorf("rows %b differ", differ[0])
	}
}
