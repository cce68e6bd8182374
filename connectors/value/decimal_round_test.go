package value_test

import (
	"math"
	"math/big"
	"strconv"
	"testing"

	"github.com/assay-dev/assay/connectors/value"
	"pgregory.net/rapid"
)

func TestRound(t *testing.T) {
	for _, c := range []struct {
		in    string
		scale int32
		want  string
	}{
		{"1.005", 2, "1.01"},
		{"-1.005", 2, "-1.01"},
		{"1.0049", 2, "1"},
		{"1.5", 0, "2"},
		{"-0.5", 0, "-1"},
		{"0.4999", 0, "0"},
		{"150", -2, "200"},
		{"149", -2, "100"},
		{"-50", -2, "-100"},
		{"7", 3, "7"},
		{"9223372036854775807", -18, "9000000000000000000"},
		{"9223372036854775807", -19, "10000000000000000000"},
		{"4999999999999999999", -19, "0"},
		{"9.223372036854775807", 18, "9.223372036854775807"},
		{"-9223372036854775808", -1, "-9223372036854775810"},
		{"123456789012345678901234567890.125", 2, "123456789012345678901234567890.13"},
		{"-123456789012345678901234567890.125", 2, "-123456789012345678901234567890.13"},
		{"0.00000000000000000000000000005", 28, "0.0000000000000000000000000001"},
		{"1e-400", 300, "0"},
		{"99999999999999999999.5", 0, "100000000000000000000"},
		{"5e-30", 0, "0"},
	} {
		if got := parse(t, c.in).Round(c.scale).String(); got != c.want {
			t.Errorf("%s to %d digits: %s, want %s", c.in, c.scale, got, c.want)
		}
	}
}

// TestRoundIsNearest checks Round by its definition in rational numbers.
func TestRoundIsNearest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := value.NewDec(rapid.Int64().Draw(t, "coef"), rapid.Int32Range(-5, 25).Draw(t, "scale"))
		if rapid.Bool().Draw(t, "big") {
			d = d.Mul(value.NewDec(rapid.Int64().Draw(t, "by"), 3))
		}
		scale := rapid.Int32Range(-6, 30).Draw(t, "to")
		got := d.Round(scale)
		unit := value.NewDec(1, scale)
		if rem, ok := got.Rem(unit); !ok || rem.Sign() != 0 {
			t.Fatalf("%s to %d: %s is finer", d, scale, got)
		}
		off := got.Sub(d).Abs()
		switch off.Add(off).Cmp(unit) {
		case 1:
			t.Fatalf("%s to %d: %s is too far", d, scale, got)
		case 0:
			if got.Abs().Cmp(d.Abs()) < 0 {
				t.Fatalf("%s to %d: %s is not away from zero", d, scale, got)
			}
		}
	})
}

func TestDecExact(t *testing.T) {
	check := func(f float64) {
		got, err := value.DecExact(f)
		if err != nil {
			t.Fatal(err)
		}
		want, _ := new(big.Rat).SetString(strconv.FormatFloat(f, 'f', 1100, 64))
		have, ok := new(big.Rat).SetString(got.String())
		if !ok || have.Cmp(want) != 0 {
			t.Errorf("%v: %s", f, got)
		}
	}
	for _, f := range []float64{0, math.Copysign(0, -1), 1, -1, 0.1, 0.5, -2.675, 1e22, 1 << 60, math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, 2.2250738585072014e-308, 3 * math.SmallestNonzeroFloat64} {
		check(f)
	}
	rapid.Check(t, func(t *rapid.T) { check(rapid.Float64Range(-1e40, 1e40).Draw(t, "f")) })
	if _, err := value.DecExact(math.NaN()); err == nil {
		t.Error("NaN is a decimal")
	}
}

func TestDecFromFloat32(t *testing.T) {
	for f, want := range map[float32]string{0.1: "0.1", 16777216: "16777216", 1e-45: "1e-45", 3.4028235e38: "3.4028235e38", -0.33333334: "-0.33333334"} {
		got, err := value.DecFromFloat32(f)
		if err != nil || got.Cmp(parse(t, want)) != 0 {
			t.Errorf("%v: %s (%v), want %s", f, got, err, want)
		}
	}
	if _, err := value.DecFromFloat32(float32(math.Inf(1))); err == nil {
		t.Error("infinity is a decimal")
	}
}
