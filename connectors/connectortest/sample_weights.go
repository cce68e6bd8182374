package connectortest

import (
	"math"
	"slices"
	"testing"

	"github.com/assay-dev/assay/connectors/query"
)

// WeightReport is what CheckWeights found: the probability of counts of draws at least as odd, were rows drawn as likely as they should be, and
// the estimate of the number of rows with its standard error.
type WeightReport struct {
	Draws       int
	P           float64
	Rows, Error float64
}

// CheckWeights draws many weighted samples and checks every weight, and the counts of draws, against the probability that each row should have.
// s.Key is an Int column that numbers the rows from 0; likely are their probabilities, which sum to 1.
func CheckWeights(t *testing.T, s SampleSubject, likely []float64) WeightReport {
	t.Helper()
	sum := 0.0
	for _, p := range likely {
		sum += p
	}
	if math.Abs(sum-1) > 1e-9 {
		t.Fatalf("the probabilities of %d rows sum to %v", len(likely), sum)
	}
	counts := make([]float64, len(likely))
	r := WeightReport{}
	total, squares := 0.0, 0.0
	for i := range s.Seeds {
		d := Draw(t, s.Sampler, query.Sample{From: s.Relation, Columns: Cols(t, s.Relation, s.Key), Where: s.Where, N: s.N, Seed: s.FirstSeed + uint64(i)}) // #nosec G115 -- not negative
		if d.Design.Method != s.Method || !d.Design.Weighted || !d.Design.Replacement || len(d.Rows) != s.N {
			t.Fatalf("seed %d: %d rows by %+v, want %d by %s", i, len(d.Rows), d.End, s.N, s.Method)
		}
		for j, row := range d.Rows {
			n := row[0].Int()
			if n < 0 || n >= int64(len(likely)) {
				t.Fatalf("seed %d: row %d of %d", i, n, len(likely))
			}
			w := d.Weights[j]
			if want := 1 / likely[n]; math.Abs(w-want) > 1e-9*want {
				t.Fatalf("seed %d: row %d weighs %v, want %v", i, n, w, want)
			}
			counts[n]++
			r.Draws++
			total += w
			squares += w * w
		}
	}
	n := float64(r.Draws)
	r.Rows = total / n
	r.Error = math.Sqrt((squares/n - r.Rows*r.Rows) / n)
	r.P = chiSquareOf(counts, likely, n)
	if r.P < leastP {
		t.Errorf("%d draws are as they should be with p = %.3g", r.Draws, r.P)
	}
	return r
}

// chiSquareOf tests counts against probabilities, the least likely ones together with others.
func chiSquareOf(counts, likely []float64, n float64) float64 {
	order := make([]int, len(counts))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		switch {
		case likely[a] < likely[b]:
			return -1
		case likely[a] > likely[b]:
			return 1
		}
		return a - b
	})
	stat, df := 0.0, -1
	var seen, want float64
	for i, at := range order {
		seen += counts[at]
		want += likely[at] * n
		if want >= 10 || i == len(order)-1 {
			if want > 0 {
				stat += (seen - want) * (seen - want) / want
				df++
			}
			seen, want = 0, 0
		}
	}
	return ChiSquareP(stat, max(df, 1))
}
