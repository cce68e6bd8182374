package sample

import (
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"testing"
)

// TestAround holds the ends against exact fractions: no float lies between an end and the number.
func TestAround(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	texts := []string{
		"0", "-0", "1", "0.5", "0.1", "-0.1", "9007199254740992", "9007199254740993", "-9007199254740993", "9223372036854775807", "18446744073709551615",
		"0.3", "123456789012345678901234567890.123456789", "1000000", "-9223372036854775808",
	}
	for range 2000 {
		texts = append(texts, strconv.FormatInt(int64(r.Uint64()), 10), strconv.FormatFloat(r.NormFloat64(), 'f', r.IntN(20), 64))
	}
	points := 0
	for _, text := range texts {
		i, err := Around(text)
		if err != nil {
			t.Fatal(err)
		}
		exact, _ := new(big.Rat).SetString(text)
		low, high := exact.Cmp(new(big.Rat).SetFloat64(i.Low)), exact.Cmp(new(big.Rat).SetFloat64(i.High))
		switch {
		case i.Low == i.High:
			points++
			if low != 0 {
				t.Errorf("%s is not %v", text, i.Low)
			}
		case low <= 0 || high >= 0 || math.Nextafter(i.Low, i.High) != i.High:
			t.Errorf("%s does not lie between the neighbours %v and %v", text, i.Low, i.High)
		}
	}
	if points == 0 || points == len(texts) {
		t.Errorf("%d of %d are points", points, len(texts))
	}
	for _, text := range []string{"1e-400", "3e17", "1.7e308"} {
		i, err := Around(text)
		if f, _ := strconv.ParseFloat(text, 64); err != nil || i.Low >= f || i.High <= f {
			t.Errorf("%s: %v (%v)", text, i, err)
		}
	}
	if i, err := Around("1e400"); err != nil || i.Low != math.MaxFloat64 || !math.IsInf(i.High, 1) {
		t.Errorf("1e400: %v (%v)", i, err)
	}
	if _, err := Around("ten"); err == nil {
		t.Error("ten is a number")
	}
}
