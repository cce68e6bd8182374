package canon_test

import (
	"math"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/connectors/value"
)

// row encodes a row of one side.
func row(fs []*canon.Form, cells []*value.Vector, side canon.Side, i int) []byte {
	var out []byte
	for c, f := range fs {
		out = f.Append(out, cells[c], side, i)
	}
	return out
}

// textForms are n columns of text.
func textForms(t testing.TB, n int) []*canon.Form {
	out := make([]*canon.Form, n)
	for i := range out {
		f := pair(t, col(value.String), col(value.String), canon.Options{})
		out[i] = &f
	}
	return out
}

func rowOf(fs []*canon.Form, side canon.Side, cells ...value.Value) []byte {
	vs := make([]*value.Vector, len(cells))
	for i, x := range cells {
		c := fs[i].Left
		if side == canon.Right {
			c = fs[i].Right
		}
		vs[i] = vec(c, x)
	}
	return row(fs, vs, side, 0)
}

// TestNullIsNotItsName is a difference that reladiff and data-diff do not see.
func TestNullIsNotItsName(t *testing.T) {
	fs := textForms(t, 1)
	for _, s := range []string{"<null>", "NULL", "null", "n", ""} {
		if string(rowOf(fs, canon.Left, null)) == string(rowOf(fs, canon.Right, text(s))) {
			t.Errorf("null and %q have one encoding", s)
		}
	}
}

// TestSeparatorsAreData is the other difference that they do not see.
func TestSeparatorsAreData(t *testing.T) {
	fs := textForms(t, 2)
	for _, x := range [][4]string{{"x|y", "z", "x", "y|z"}, {"", "a", "a", ""}, {"1:a", "", "1", ":a"}, {"av1:b", "c", "a", "bv1:c"}, {"1", "11", "11", "1"}} {
		if string(rowOf(fs, canon.Left, text(x[0]), text(x[1]))) == string(rowOf(fs, canon.Right, text(x[2]), text(x[3]))) {
			t.Errorf("%q has one encoding", x)
		}
	}
}

// digestible are all forms that have an encoding, in a fixed order.
func digestible(t testing.TB) []*canon.Form {
	var out []*canon.Form
	for _, c := range append(tables(), moreTables()...) {
		for _, sides := range [][2]value.Column{{c.l, c.r}, {c.r, c.l}} {
			f := pair(t, sides[0], sides[1], c.o)
			if ok, _ := f.Digestible(); ok {
				out = append(out, &f)
			}
		}
	}
	for k := value.Bool; k < value.List; k++ {
		for _, c := range []value.Column{col(k), lists(k)} {
			f := pair(t, c, c, canon.Options{})
			out = append(out, &f)
		}
	}
	return out
}

// checkRows draws two rows of a few columns and holds their encodings to Equal. It reports whether the rows are equal.
func checkRows(t testing.TB, p pick, all []*canon.Form) bool {
	t.Helper()
	fs := make([]*canon.Form, 1+p(4))
	l, r := make([]*value.Vector, len(fs)), make([]*value.Vector, len(fs))
	equal, exact := true, p(2) == 0
	for c := range fs {
		f := all[p(len(all))]
		fs[c] = f
		l[c], r[c] = randomVector(p, f.Left, 1, true), randomVector(p, f.Right, 1, true)
		// Rows of several drawn columns are hardly ever equal: repeat the cell where both sides can hold it.
		if exact && f.Left.Type.Equal(f.Right.Type) && f.Left.Shape == f.Right.Shape {
			r[c] = l[c]
		}
		equal = equal && f.Equal(l[c], 0, r[c], 0)
	}
	a, b := row(fs, l, canon.Left, 0), row(fs, r, canon.Right, 0)
	if (string(a) == string(b)) != equal {
		for c := range fs {
			t.Errorf("%d: %s beside %s", fs[c].Class, show(l[c], 0), show(r[c], 0))
		}
		t.Fatalf("equal %v, but %q and %q", equal, a, b)
	}
	return equal
}

// TestEncodingIsInjective: equal encodings only for equal rows, and for all of them. A million pairs under ASSAY_TEST_SOAK.
func TestEncodingIsInjective(t *testing.T) {
	n := 20_000
	if os.Getenv("ASSAY_TEST_SOAK") != "" {
		n = 1_000_000
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	all := digestible(t)
	equal := 0
	for range n {
		if checkRows(t, r.IntN, all) {
			equal++
		}
	}
	if equal < n/20 || equal > n*19/20 {
		t.Errorf("%d of %d pairs are equal: one direction is hardly tested", equal, n)
	}
}

// FuzzEncoding draws rows from a fuzzer's bytes.
func FuzzEncoding(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
	f.Add([]byte{3, 1, 60, 0, 7, 200, 33, 90, 14, 2, 2, 2, 55, 1})
	all := digestible(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		at := 0
		checkRows(t, func(n int) int {
			x := 0
			for range 1 + n/256 {
				if at < len(data) {
					x = x<<8 | int(data[at])
					at++
				}
			}
			return x % n
		}, all)
	})
}

// FuzzText encodes two rows of two texts, each null where its flag says so.
func FuzzText(f *testing.F) {
	f.Add("x|y", "z", "x", "y|z", byte(0))
	f.Add("<null>", "", "", "", byte(4))
	fs := textForms(f, 2)
	f.Fuzz(func(t *testing.T, a, b, c, d string, nulls byte) {
		x := []value.Value{text(a), text(b), text(c), text(d)}
		for i := range x {
			if nulls>>i&1 == 1 {
				x[i] = null
			}
		}
		want := value.Equal(x[0], x[2]) && value.Equal(x[1], x[3])
		if got := string(rowOf(fs, canon.Left, x[0], x[1])) == string(rowOf(fs, canon.Right, x[2], x[3])); got != want {
			t.Errorf("%q: %v, want %v", x, got, want)
		}
	})
}

// TestEncodings pins the texts that SQL dialects reproduce.
func TestEncodings(t *testing.T) {
	i, u, d, m := col(value.Int), col(value.Uint), col(value.Double), col(value.Decimal)
	micros := col(value.Timestamp, digits(6))
	for _, c := range []struct {
		l, r value.Column
		o    canon.Options
		v    value.Value
		want string
	}{
		{l: i, r: i, v: null, want: "n"},
		{l: i, r: u, v: num(math.MinInt64), want: "v20:-9223372036854775808"},
		{l: col(value.Bool), r: col(value.Bool), v: value.BoolValue(true), want: "v1:1"},
		{l: col(value.Bool), r: i, v: value.BoolValue(false), want: "v1:0"},
		{l: u, r: i, v: value.UintValue(math.MaxUint64), want: "v20:18446744073709551615"},
		{l: m, r: i, v: dec("100.00"), want: "v3:100"},
		{l: m, r: m, v: dec("-0.50"), want: "v4:-0.5"},
		{l: col(value.Decimal, digits(4)), r: col(value.Decimal, digits(2)), v: dec("1.005"), want: "v4:1.01"},
		{l: d, r: d, v: dbl(math.Copysign(0, -1)), want: "v1:0"},
		{l: d, r: d, v: dbl(0.1), want: "v3:0.1"},
		{l: d, r: d, v: dbl(1e14), want: "v15:100000000000000"},
		{l: d, r: d, v: dbl(1e15), want: "v5:1e+15"},
		{l: d, r: d, v: dbl(0.0001), want: "v6:0.0001"},
		{l: d, r: d, v: dbl(-0.000015), want: "v8:-1.5e-05"},
		{l: d, r: d, v: dbl(math.NaN()), want: "v3:NaN"},
		{l: d, r: d, v: dbl(math.Inf(-1)), want: "v9:-Infinity"},
		{l: d, r: i, v: dbl(1e15), want: "v16:1000000000000000"},
		{l: d, r: i, v: dbl(math.Copysign(0, -1)), want: "v1:0"},
		{l: d, r: i, v: dbl(0.5), want: "v3:0.5"},
		{l: d, r: col(value.Double, single), v: dbl(0.1), want: "v3:0.1"},
		{l: d, r: col(value.Double, single), v: dbl(1.0 / 3), want: "v10:0.33333334"},
		{l: d, r: col(value.Double, single), v: dbl(1234567), want: "v12:1.234567e+06"},
		{l: d, r: col(value.Double, single), v: dbl(123456), want: "v6:123456"},
		{l: col(value.String), r: col(value.String), v: text("é|"), want: "v3:é|"},
		{l: col(value.String), r: col(value.Bytes), v: text("é"), want: "v4:c3a9"},
		{l: col(value.Bytes), r: col(value.Bytes), v: bytes(""), want: "v0:"},
		{l: col(value.String, shaped(value.UUID)), r: col(value.String), v: text(uuidText), want: "v32:6ba7b8109dad11d180b400c04fd430c8"},
		{l: col(value.Bytes), r: col(value.String, shaped(value.UUID)), v: bytes(uuidRaw), want: "v32:6ba7b8109dad11d180b400c04fd430c8"},
		{l: col(value.Bytes), r: col(value.String, shaped(value.UUID)), v: bytes("a"), want: "v1:a"},
		{l: micros, r: micros, v: at("1970-01-01T00:00:01.5Z"), want: "v7:1500000"},
		{l: micros, r: micros, v: at("1969-12-31T23:59:59.75Z"), want: "v7:-250000"},
		{l: micros, r: micros, v: at("1969-12-31T23:59:58.75Z"), want: "v8:-1250000"},
		{l: micros, r: micros, v: at("1969-12-31T23:59:58Z"), want: "v8:-2000000"},
		{l: micros, r: micros, v: at("1970-01-01T00:00:00.000001Z"), want: "v1:1"},
		{l: micros, r: micros, v: at("1970-01-01T00:00:00Z"), want: "v1:0"},
		{l: micros, r: micros, v: at("9999-12-31T23:59:59.999999Z"), want: "v18:253402300799999999"},
		{l: micros, r: micros, v: at("0001-01-01T00:00:00Z"), want: "v18:-62135596800000000"},
		{l: micros, r: micros, o: canon.Options{Digits: new(int8(0))}, v: at("1969-12-31T23:59:58.75Z"), want: "v2:-2"},
		{l: micros, r: micros, o: canon.Options{Digits: new(int8(3))}, v: at("1969-12-31T23:59:59.9999Z"), want: "v2:-1"},
		{l: micros, r: micros, o: canon.Options{PrecisionSeconds: 60}, v: at("1970-01-01T00:01:01Z"), want: "v2:60"},
		{l: col(value.Timestamp), r: col(value.Timestamp), v: at("9999-12-31T23:59:59.999999999Z"), want: "v21:253402300799999999999"},
		{l: col(value.Duration, digits(6)), r: col(value.Duration, digits(6)), v: span(-time.Second), want: "v8:-1000000"},
		{l: col(value.JSON), r: col(value.JSON), v: js(`{"b":[1.50, 100],"a":"\u00e9\n"}`), want: `v32:{"a":"é\u000a","b":[15e-1,1e2]}`},
		{l: lists(value.String), r: lists(value.String), v: list(value.String, text("b"), null, text("a")), want: "v9:v1:bnv1:a"},
		{l: lists(value.String), r: lists(value.String), o: canon.Options{Unordered: true}, v: list(value.String, text("b"), null, text("a")), want: "v9:nv1:av1:b"},
	} {
		f := pair(t, c.l, c.r, c.o)
		if got := string(f.Append(nil, vec(c.l, c.v), canon.Left, 0)); got != c.want {
			t.Errorf("%s beside %s: %s is %q, want %q", c.l.Type, c.r.Type, c.v.Text(), got, c.want)
		}
	}
	f := pair(t, i, i, canon.Options{})
	v := vec(i, text("an error"))
	if l, r := string(f.Append(nil, v, canon.Left, 0)), string(f.Append(nil, v, canon.Right, 0)); l != "el" || r != "er" {
		t.Errorf("errors are %q and %q", l, r)
	}
}
