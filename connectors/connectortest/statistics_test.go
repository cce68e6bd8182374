package connectortest_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/assay-dev/assay/connectors/connectortest"
)

// TestChiSquareP compares with quantiles as tables of the distribution have them.
func TestChiSquareP(t *testing.T) {
	for _, c := range []struct {
		x    float64
		df   int
		want float64
	}{
		{3.841459, 1, 0.05}, {30.14353, 19, 0.05}, {36.19087, 19, 0.01}, {10.11701, 19, 0.95}, {124.3421, 100, 0.05}, {2105.149, 2000, 0.05}, {0, 5, 1},
	} {
		if got := connectortest.ChiSquareP(c.x, c.df); math.Abs(got-c.want) > 1e-5 {
			t.Errorf("P(chi-square of %d >= %v) = %v, want %v", c.df, c.x, got, c.want)
		}
	}
}

// TestKolmogorovP tests the test: its probabilities of uniform numbers are uniform, and small of others.
func TestKolmogorovP(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1)) // #nosec G404 -- a test's own chance
	ps := make([]float64, 2000)
	for i := range ps {
		u := make([]float64, 100)
		for k := range u {
			u[k] = r.Float64()
		}
		ps[i] = connectortest.KolmogorovP(u)
	}
	if p := connectortest.KolmogorovP(ps); p < 1e-3 {
		t.Errorf("the probabilities of uniform numbers are not uniform: p = %v", p)
	}
	u := make([]float64, 2000)
	for k := range u {
		u[k] = math.Pow(r.Float64(), 1.2)
	}
	if p := connectortest.KolmogorovP(u); p > 1e-4 {
		t.Errorf("2000 powers of 1.2 are uniform with p = %v", p)
	}
}
