package value_test

import (
	"errors"
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors/value"
	"pgregory.net/rapid"
)

// decText draws decimals of many shapes: short, at the border of int64, 38 digits, with exponents, far apart.
func decText() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		s := rapid.SampledFrom([]string{"", "-", "+"}).Draw(t, "sign")
		switch rapid.IntRange(0, 5).Draw(t, "shape") {
		case 0:
			s += rapid.StringMatching(`[0-9]{1,6}(\.[0-9]{0,6})?`).Draw(t, "short")
		case 1:
			s += rapid.SampledFrom([]string{
				"9223372036854775807", "9223372036854775808", "18446744073709551615", "922337203685477580.7",
				"0", "0.000", "-0"[1:], "999999999999999999", "1000000000000000000", "0.1", "0.5", "3", "7",
			}).Draw(t, "border")
		case 2:
			s += rapid.StringMatching(`[0-9]{1,38}\.[0-9]{1,38}`).Draw(t, "long")
		case 3:
			s += rapid.StringMatching(`[0-9]{1,20}(\.[0-9]{1,3})?[eE][+-]?[0-9]{1,2}`).Draw(t, "exp")
		case 4:
			s += "1e" + strconv.Itoa(rapid.IntRange(-1200, 1200).Draw(t, "far"))
		default:
			s += rapid.StringMatching(`\.[0-9]{1,25}`).Draw(t, "fraction")
		}
		return s
	})
}

func rat(t interface{ Fatalf(string, ...any) }, s string) *big.Rat {
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		t.Fatalf("big.Rat does not read %q", s)
	}
	return r
}

func parse(t interface{ Fatalf(string, ...any) }, s string) value.Dec {
	d, err := value.ParseDec(s)
	if err != nil {
		t.Fatalf("ParseDec(%q): %v", s, err)
	}
	return d
}

func TestDecAgreesWithRat(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := decText().Draw(t, "a"), decText().Draw(t, "b")
		x, y := parse(t, a), parse(t, b)
		p, q := rat(t, a), rat(t, b)
		same := func(op string, got value.Dec, want *big.Rat) {
			t.Helper()
			if rat(t, got.String()).Cmp(want) != 0 {
				t.Fatalf("%s %s %s = %s, want %s", a, op, b, got, want.RatString())
			}
			if txt := string(got.AppendText(nil)); txt != got.String() {
				t.Fatalf("AppendText %q, String %q", txt, got)
			}
			if back := parse(t, got.String()); back.Cmp(got) != 0 {
				t.Fatalf("%s does not read back", got)
			}
		}
		same("itself", x, p)
		same("+", x.Add(y), new(big.Rat).Add(p, q))
		same("-", x.Sub(y), new(big.Rat).Sub(p, q))
		same("*", x.Mul(y), new(big.Rat).Mul(p, q))
		same("neg", x.Neg(), new(big.Rat).Neg(p))
		same("abs", x.Abs(), new(big.Rat).Abs(p))
		if got, want := x.Cmp(y), p.Cmp(q); got != want {
			t.Fatalf("%s cmp %s = %d, want %d", a, b, got, want)
		}
		if got, want := x.Sign(), p.Sign(); got != want {
			t.Fatalf("sign %s = %d", a, got)
		}
		whole := new(big.Int).Quo(p.Num(), p.Denom())
		if i, ok := x.Int64(); ok != whole.IsInt64() || ok && i != whole.Int64() {
			t.Fatalf("Int64(%s) = %d, %v", a, i, ok)
		}
		if u, ok := x.Uint64(); ok != whole.IsUint64() || ok && u != whole.Uint64() {
			t.Fatalf("Uint64(%s) = %d, %v", a, u, ok)
		}
		if f, _ := p.Float64(); x.Float() != f {
			t.Fatalf("Float(%s) = %v, want %v", a, x.Float(), f)
		}
		quo, okQ := x.Quo(y)
		rem, okR := x.Rem(y)
		if okQ != (q.Sign() != 0) || okR != okQ {
			t.Fatalf("%s by %s: %v, %v", a, b, okQ, okR)
		}
		if !okQ {
			return
		}
		exactQuo := new(big.Rat).Quo(p, q)
		n := new(big.Int).Quo(exactQuo.Num(), exactQuo.Denom())
		same("%", rem, new(big.Rat).Sub(p, new(big.Rat).Mul(q, new(big.Rat).SetInt(n))))
		checkQuo(t, rat(t, quo.String()), exactQuo)
	})
}

// checkQuo tests that got is want rounded half-even to 38 significant digits.
func checkQuo(t *rapid.T, got, want *big.Rat) {
	if want.Sign() == 0 {
		if got.Sign() != 0 {
			t.Fatalf("quotient %s, want 0", got)
		}
		return
	}
	// unit = 10^e with 10^37 <= |want| / unit < 10^38.
	unit, ten := big.NewRat(1, 1), big.NewRat(10, 1)
	lo := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(37), nil))
	hi := new(big.Rat).Mul(lo, ten)
	abs := new(big.Rat).Abs(want)
	for new(big.Rat).Quo(abs, unit).Cmp(hi) >= 0 {
		unit.Mul(unit, ten)
	}
	for new(big.Rat).Quo(abs, unit).Cmp(lo) < 0 {
		unit.Quo(unit, ten)
	}
	scaled := new(big.Rat).Quo(want, unit)
	text := new(big.Float).SetPrec(4000).SetMode(big.ToNearestEven).SetRat(scaled)
	r, _ := new(big.Rat).SetString(text.Text('f', 0)) // 'f' rounds half to even
	if got.Cmp(new(big.Rat).Mul(r, unit)) != 0 {
		t.Fatalf("quotient %s, want %s", got.FloatString(50), new(big.Rat).Mul(r, unit).FloatString(50))
	}
}

func TestDecHugeExponents(t *testing.T) {
	for _, s := range []string{
		"1e99999", "1e140000", "1e-140000", strings.Repeat("9", 120_000), "0." + strings.Repeat("1", 16_383),
		strings.Repeat("7", 131_072) + "." + strings.Repeat("3", 16_383),
	} {
		d := parse(t, s)
		if got := rat(t, d.Add(value.NewDec(1, 3)).String()); got.Cmp(new(big.Rat).Add(rat(t, s), big.NewRat(1, 1000))) != 0 {
			t.Errorf("%.20s + 0.001 is wrong", s)
		}
		if d.Cmp(d.Add(value.NewDec(1, 20))) != -1 || d.Cmp(parse(t, s)) != 0 || d.Neg().Cmp(d) != -1 {
			t.Errorf("%.20s does not compare", s)
		}
	}
	if d := parse(t, "1e1000").Mul(parse(t, "1e-1000")); d.String() != "1" {
		t.Errorf("1e1000 * 1e-1000 = %s", d)
	}
}

func TestDecRefuses(t *testing.T) {
	for _, s := range []string{
		"", ".", "-", "+", "e5", ".e5", "1e", "1e+", "1e1000000", "1e-1000000", "1e99999999999999999999", "NaN", "nan", "Infinity",
		"-inf", "1_000", " 1", "1 ", "1,5", "0x10", "1.2.3", "--1", "1e5.5", "१", "12abc",
	} {
		if d, err := value.ParseDec(s); !errors.Is(err, value.ErrDecimal) {
			t.Errorf("ParseDec(%q) = %s, %v", s, d, err)
		}
	}
}

func TestDecFromFloatIsShortestText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.OneOf(rapid.Float64(), rapid.Map(rapid.Uint64(), math.Float64frombits)).Draw(t, "f")
		d, err := value.DecFromFloat(f)
		if math.IsNaN(f) || math.IsInf(f, 0) {
			if !errors.Is(err, value.ErrDecimal) {
				t.Fatalf("%v: %v", f, err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if want := rat(t, strconv.FormatFloat(f, 'e', -1, 64)); rat(t, d.String()).Cmp(want) != 0 {
			t.Fatalf("%v = %s", f, d)
		}
		if d.Float() != f {
			t.Fatalf("%v does not come back: %v", f, d.Float())
		}
	})
}

func TestDecText(t *testing.T) {
	for in, want := range map[string]string{
		"-0": "0", "-0.00": "0", "1.50": "1.5", "100": "100", "1e3": "1000", "-1.05e-2": "-0.0105", "007": "7",
		"1e-20": "0.00000000000000000001", "12345678901234567890.10": "12345678901234567890.1", "5.": "5", "+.5": "0.5",
	} {
		if got := parse(t, in).String(); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}
