package sample

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// Intervals of averages, sums, counts and quantiles hold the truth as often as they say, with and without weights.
func TestSoakCoverageEstimates(t *testing.T) {
	const population, size, confidence = 4000, 400, 0.95
	r := rand.New(rand.NewPCG(11, 2026))
	values := make([]float64, population) // NaN for null
	chance := make([]float64, population)
	sum, weighed := 0.0, 0.0
	var numbers []float64
	for i := range values {
		values[i] = 1000 + r.ExpFloat64()*20
		chance[i] = 0.2 + r.Float64()
		if i%5 == 0 {
			values[i] = math.NaN()
		} else {
			values[i] += 30 * chance[i] // the value goes with the chance: without weights the average is off
			sum += values[i]
			numbers = append(numbers, values[i])
		}
		weighed += chance[i]
	}
	slices.Sort(numbers)
	average := sum / float64(len(numbers))
	truth := map[string]float64{"avg": average, "sum": sum, "weighted avg": average, "weighted sum": sum, "count": float64(len(numbers)), "quantile": numbers[int(math.Ceil(0.9*float64(len(numbers))))-1]}
	missed := map[string]int64{}
	cumulated := make([]float64, population)
	for i, c := range chance {
		cumulated[i] = c / weighed
		if i > 0 {
			cumulated[i] += cumulated[i-1]
		}
	}
	n := int64(audits() / 2)
	for range n {
		var equal, weighted Numbers
		var drawn []float64
		for _, i := range r.Perm(population)[:size] {
			take(t, &equal, values[i], 1)
			if !math.IsNaN(values[i]) {
				drawn = append(drawn, values[i])
			}
		}
		for range size {
			i, _ := slices.BinarySearch(cumulated, r.Float64())
			i = min(i, population-1)
			take(t, &weighted, values[i], weighed/chance[i])
		}
		slices.Sort(drawn)
		got := map[string]func() (Estimate, error){
			"avg":          func() (Estimate, error) { return equal.Average(population, confidence) },
			"sum":          func() (Estimate, error) { return equal.Sum(population, confidence) },
			"weighted avg": func() (Estimate, error) { return weighted.Average(0, confidence) },
			"weighted sum": func() (Estimate, error) { return weighted.Sum(0, confidence) },
			"quantile":     func() (Estimate, error) { return Quantile(drawn, 0.9, confidence) },
			"count": func() (Estimate, error) {
				return CountRows(Count{Failed: int64(len(drawn)), Drawn: size, Population: population}, population, confidence)
			},
		}
		for what, f := range got {
			e, err := f()
			if err != nil {
				t.Fatal(what, err)
			}
			if !e.Interval.Contains(truth[what]) {
				missed[what]++
			}
			if !e.Interval.Contains(e.Value) || e.Interval.High-e.Interval.Low > truth[what]/4 {
				t.Fatalf("%s: %+v", what, e)
			}
		}
	}
	for what := range truth {
		allowed := confidence
		if what != "count" && what != "quantile" {
			allowed -= 0.01 // the central limit's own error, for numbers this skewed and 400 rows
		}
		promise(t, what, missed[what], n, allowed)
	}
	if missed["avg"] == 0 || missed["weighted sum"] == 0 {
		t.Error("intervals that never miss are too wide")
	}
}

func take(t *testing.T, n *Numbers, v, weight float64) {
	t.Helper()
	add := func() error { return n.Add(v, weight) }
	if math.IsNaN(v) {
		add = func() error { return n.Skip(weight) }
	}
	if err := add(); err != nil {
		t.Fatal(err)
	}
}

func TestEstimatesOfAllRows(t *testing.T) {
	var n Numbers
	for _, v := range []float64{1, 2, 4} {
		if err := n.Add(v, 1); err != nil {
			t.Fatal(err)
		}
	}
	if err := n.Skip(1); err != nil {
		t.Fatal(err)
	}
	avg, err := n.Average(4, 0.99)
	if err != nil || avg.Method != Exact || avg.Approximate || avg.Interval != Point(avg.Value) {
		t.Errorf("%+v, %v", avg, err)
	}
	near(t, avg.Value, 7.0/3, 1e-15, "average")
	if sum, err := n.Sum(4, 0.99); err != nil || sum.Value != 7 || sum.Method != Exact {
		t.Errorf("%+v, %v", sum, err)
	}
	if _, err := n.Average(0, 0.99); !errors.Is(err, ErrTooFew) {
		t.Error(err)
	}
	if _, err := n.Sum(5, 0.99); !errors.Is(err, ErrTooFew) {
		t.Error(err)
	}
	if _, err := n.Sum(0, 0.99); err == nil {
		t.Error("a sum of who knows how many rows")
	}
	if _, err := n.Sum(3, 0.99); err == nil {
		t.Error("more drawn than there are")
	}
	var none Numbers
	if _, err := none.Average(0, 0.99); !errors.Is(err, ErrTooFew) {
		t.Error(err)
	}
	for _, bad := range []float64{math.NaN(), math.Inf(1)} {
		if n.Add(bad, 1) == nil || n.Add(1, bad) == nil {
			t.Error(bad)
		}
	}
}

// By hand: 30 numbers, of which the sample variance and t are known.
func TestAverageByHand(t *testing.T) {
	var n Numbers
	for i := range 30 {
		if err := n.Add(1e9+float64(i), 1); err != nil { // digits are not lost to the size of numbers
			t.Fatal(err)
		}
	}
	e, err := n.Average(0, 0.99)
	if err != nil {
		t.Fatal(err)
	}
	half := 2.7563859036706 * math.Sqrt(77.5/30)
	near(t, e.Value, 1e9+14.5, 1e-15, "average")
	near(t, e.Interval.High-e.Value, half, 1e-6, "half")
	e, _ = n.Average(120, 0.99)
	near(t, e.Interval.High-e.Value, half*math.Sqrt(90.0/119), 1e-6, "half of 30 of 120")
	e, _ = n.Sum(120, 0.99)
	near(t, e.Value, 120*(1e9+14.5), 1e-15, "sum")
	near(t, e.Interval.High-e.Value, 120*half*math.Sqrt(90.0/119), 1e-4, "half of the sum")
}

func TestQuantileRanks(t *testing.T) {
	for _, n := range []int64{0, 1, 5, 20, 100, 1000} {
		for _, q := range []float64{0, 0.01, 0.5, 0.9, 1} {
			low, high, err := QuantileRanks(n, q, 0.98)
			if err != nil {
				t.Fatal(err)
			}
			// the definition, rank by rank
			wantLow, wantHigh := int64(0), n+1
			for k := int64(1); k <= n && binomialAtMost(k-1, n, q) <= 0.01; k++ {
				wantLow = k
			}
			for k := n; k >= 1 && binomialAtLeast(k, n, q) <= 0.01; k-- {
				wantHigh = k
			}
			if low != wantLow || high != wantHigh {
				t.Errorf("%v of %d: %d to %d, not %d to %d", q, n, low, high, wantLow, wantHigh)
			}
		}
	}
	if _, _, err := QuantileRanks(10, 1.1, 0.99); err == nil {
		t.Error("quantile 1.1")
	}
	e, err := Quantile([]float64{1, 2, 3}, 0.5, 0.99)
	if err != nil || e.Value != 2 || e.Interval != (Interval{math.Inf(-1), math.Inf(1)}) {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestEstimateSentences(t *testing.T) {
	e := Estimate{Value: 12.4567, Interval: Interval{12.1234, 12.7891}, Confidence: 0.99, Method: Student, Rows: 10_000, Approximate: true}
	for _, c := range []struct{ got, want string }{
		{e.Sentence("avg(amount)"), "avg(amount) is between 12.12 and 12.79, with 99 % confidence (10,000 rows drawn), unless a few rows hold most of it"},
		{e.Judgement("avg(amount)", "below 12.5", Unknown), "inconclusive: avg(amount) is between 12.12 and 12.79, with 99 % confidence (10,000 rows drawn), unless a few rows hold most of it, which does not tell whether it is below 12.5"},
		{Estimate{Interval: Interval{990_123, 1_010_456}, Confidence: 0.95, Rows: 500}.Judgement("count()", "at least 900,000", True), "count() is between 990,123 and 1,010,456, with 95 % confidence (500 rows drawn); it must be at least 900,000"},
		{Estimate{Interval: Interval{5, math.Inf(1)}, Confidence: 0.95, Rows: 1}.Judgement("p99(ms)", "below 4", False), "p99(ms) is at least 5, with 95 % confidence (1 row drawn); it must be below 4, and is not"},
		{Estimate{Value: 7, Method: Exact, Rows: 3}.Sentence("sum(n)"), "sum(n) is 7 (all rows were read)"},
		{Estimate{Value: 7000, Method: Exact}.Sentence("count()"), "count() is 7,000, which is known exactly"},
	} {
		if c.got != c.want {
			t.Errorf("\n got %s\nwant %s", c.got, c.want)
		}
	}
	for _, a := range []Aggregate{MinOf, MaxOf, DistinctOf, UniqueOf, OtherOf} {
		if a.NoEstimate() == "" {
			t.Error(a)
		}
	}
	for _, a := range []Aggregate{CountOf, ShareOf, SumOf, AverageOf, QuantileOf} {
		if a.NoEstimate() != "" {
			t.Error(a)
		}
	}
}
