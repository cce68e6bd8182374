package run_test

import (
	"context"
	"math"
	"math/rand/v2"
	"os"
	"sort"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/memory"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/run"
	"github.com/assay-dev/assay/expectations/spec"
)

// seeds is how many samples a promise is held to.
func seeds() int {
	if os.Getenv("ASSAY_TEST_SOAK") != "" {
		return 400
	}
	return 60
}

// lopsided is a source that draws rows with replacement and unequal chances, as next-key probes do: the more likely, the greater the key is in its thousand.
type lopsided struct{ *memory.Source }

// chance is up to a factor the probability that a draw yields the row with the key.
func chance(key int64) float64 { return 1 + float64(key%1000)/200 }

// PlanSample implements connectors.Sampler.
func (l lopsided) PlanSample(context.Context, query.Sample) (query.SampleDesign, error) {
	return query.SampleDesign{Method: query.SampleNextKey, Reason: "a test", Replacement: true, Weighted: true, LargestWeight: 1, Rows: -1}, nil
}

// Sample implements connectors.Sampler.
func (l lopsided) Sample(ctx context.Context, q query.Sample) (connectors.Sampled, error) {
	d, err := l.PlanSample(ctx, q)
	if err != nil {
		return nil, err
	}
	rows, err := l.Select(ctx, query.Select{From: q.From, Columns: q.Columns})
	if err != nil {
		return nil, err //nolint:wrapcheck // as it is
	}
	defer func() { _ = rows.Close() }()
	var all *value.Batch
	var sums []float64
	sum := 0.0
	for {
		b, err := rows.Next(ctx)
		if err != nil {
			return nil, err //nolint:wrapcheck // as it is
		}
		if b == nil {
			break
		}
		if all == nil {
			all = value.NewBatch(b.Types()...)
		}
		for i := range b.N {
			all.AppendRowFrom(b, i)
			sum += chance(b.Cols[0].Ints[i])
			sums = append(sums, sum)
		}
	}
	d.LargestWeight = sum // of a row of chance 1
	return &lopsidedRows{all: all, sums: sums, d: d, r: rand.New(rand.NewPCG(q.Seed, 1)), left: q.N}, nil
}

type lopsidedRows struct {
	all  *value.Batch
	sums []float64
	d    query.SampleDesign
	r    *rand.Rand
	left int
}

// Next implements connectors.Rows.
func (l *lopsidedRows) Next(context.Context) (*value.Batch, error) {
	n := min(l.left, 100)
	if l.left -= n; n == 0 {
		return nil, nil
	}
	b := value.NewBatch(append(l.all.Types(), value.Of(value.Double))...)
	for range n {
		sum := l.sums[len(l.sums)-1]
		at := sort.SearchFloat64s(l.sums, l.r.Float64()*sum)
		for c := range l.all.Cols {
			b.Cols[c].AppendFrom(&l.all.Cols[c], at)
		}
		b.Cols[len(l.all.Cols)].AppendDouble(sum / chance(l.all.Cols[0].Ints[at]))
		b.N++
	}
	return b, nil
}

// Close implements connectors.Rows.
func (l *lopsidedRows) Close() error { return nil }

// Design implements connectors.Sampled.
func (l *lopsidedRows) Design() query.SampleDesign { return l.d }

// The estimates of classes are unbiased, their intervals hold the truth together as often as they say, a comparison that is within its rule fails no more often than
// promised, and one beyond passes no more often: with rows equally likely and not, with and without early stop.
func TestSampledComparisonsKeepTheirPromise(t *testing.T) {
	d := drift{rows: 6000, changed: 180, missing: 60, extra: 120}
	src := d.pair(t)
	truth := map[result.Class]float64{result.Changed: 180.0 / 6000, result.Missing: 60.0 / 6000, result.Extra: 120.0 / 6060}
	all := 360.0 / 6120 // of the keys of both sides
	const conf = 0.9
	for name, c := range map[string]struct {
		src   connectors.Source
		early bool
		exact bool // the number of rows is known
	}{
		"equal chances":       {src: src, exact: true},
		"equal, early stop":   {src: src, early: true, exact: true},
		"unequal chances":     {src: lopsided{src}},
		"unequal, early stop": {src: lopsided{src}, early: true},
	} {
		t.Run(name, func(t *testing.T) {
			covered, sum, square := map[result.Class]int{}, map[result.Class]float64{}, map[result.Class]float64{}
			rates, together, wrong := 0, 0, [2]int{}
			n := seeds()
			if !c.exact {
				n /= 5 // they take long to judge
			}
			for seed := range n {
				by := run.Sampling{Confidence: conf, Detect: 0.001, EarlyStop: c.early}
				p := &plan.Sampling{Rows: 1500, Seed: uint64(seed)}
				within := audit(t, opens(c.src), spec.Expectation{Mostly: mostly(t, "0.941")}, p, by)
				beyond := audit(t, opens(c.src), spec.Expectation{Mostly: mostly(t, "0.9415")}, p, by)
				if within.Verdict == result.Fail {
					wrong[0]++
				}
				if beyond.Verdict == result.Pass {
					wrong[1]++
				}
				if i := within.Interval; i.Low <= 1-all && 1-all <= i.High {
					rates++
				}
				held := 0
				for _, e := range within.Compare.Sample.Estimates {
					if (e.Rows != nil) != c.exact {
						t.Fatalf("%+v", e)
					}
					if e.Low <= truth[e.Class] && truth[e.Class] <= e.High {
						covered[e.Class]++
						held++
					}
					sum[e.Class] += e.Rate
					square[e.Class] += e.Rate * e.Rate
				}
				if held == len(truth) {
					together++
				}
			}
			// A promise kept exactly is missed by chance no more often than this.
			most := float64(n)*(1-conf) + 3.5*math.Sqrt(float64(n)*conf*(1-conf))
			for class, want := range truth {
				mean := sum[class] / float64(n)
				sigma := math.Sqrt(math.Max(square[class]/float64(n)-mean*mean, 1e-12) / float64(n))
				t.Logf("%s: %.4f, want %.4f (%+.1f sigma); held in %d of %d", class, mean, want, (mean-want)/sigma, covered[class], n)
				if !c.early && math.Abs(mean-want) > 4*sigma { // what stops by what it shows is biased
					t.Errorf("%s: %.4f on average, want %.4f", class, mean, want)
				}
			}
			t.Logf("all three held in %d, the rate in %d of %d; wrong: %v", together, rates, n, wrong)
			if float64(n-together) > most {
				t.Errorf("the three intervals hold together in %d of %d", together, n)
			}
			if float64(n-rates) > most || float64(wrong[0]) > most || float64(wrong[1]) > most {
				t.Errorf("the rate is missed in %d, and wrong verdicts are %v, of %d", n-rates, wrong, n)
			}
		})
	}
}

// The same seed draws the same rows, to the last digit of the report.
func TestSampledComparisonsRepeat(t *testing.T) {
	src := drift{rows: 3000, changed: 100, missing: 100, extra: 100, repeated: 20}.pair(t)
	draw := func(seed uint64) *result.Expectation {
		return audit(t, opens(src), spec.Expectation{}, &plan.Sampling{Rows: 500, Seed: seed}, run.Sampling{Confidence: 0.99})
	}
	first, again, other := draw(1), draw(1), draw(2)
	text := func(e *result.Expectation) string {
		out := e.Message
		for i := range e.Failures {
			out += "; " + string(e.Failures[i].Class) + " " + e.Failures[i].Key["id"].Text()
		}
		return out
	}
	if text(first) != text(again) || text(first) == text(other) {
		t.Errorf("%s\n%s\n%s", text(first), text(again), text(other))
	}
}
