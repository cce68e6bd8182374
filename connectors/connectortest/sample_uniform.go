package connectortest

import (
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// leastP is how improbable a test of chance may turn out. The seeds are fixed, so that what passes once passes always on the same data.
const leastP = 1e-6

// sampleBuckets is into how many ranges of equal numbers of keys draws are counted.
const sampleBuckets = 20

// SampleSubject is rows of which CheckUniform tests whether they are drawn alike.
type SampleSubject struct {
	// Source reads all of the rows, for the truth.
	Source  connectors.Source
	Sampler connectors.Sampler
	// Relation has Key, an Int column without nulls or repetitions: what tells rows apart, and their order.
	Relation query.Relation
	Key      string
	Where    query.Expr
	// N is the size of a sample, 0 for a twentieth of the rows but at least 20.
	N int
	// Seeds is the number of samples, 0 for 150. FirstSeed is the first one's seed.
	Seeds     int
	FirstSeed uint64
	// Method is what the design must say, "" for any.
	Method query.SampleMethod
}

// UniformReport is what CheckUniform found: probabilities of a result at least as odd, were the draws uniform. Those of a weighted design are NaN but for Buckets.
type UniformReport struct {
	Rows, N, Draws int
	Design         query.SampleDesign
	// Buckets is by the numbers of draws in 20 ranges of the key, Halves by those among the first halves of the samples, Keys by those of single keys.
	Buckets, Halves, Keys float64
	// Smirnov is the Kolmogorov-Smirnov test of the draws' ranks.
	Smirnov float64
	// Samples is the Kolmogorov-Smirnov test of the samples' own probabilities, which clusters within a sample would make small: how their chi-square
	// lies among those of ideal samples, drawn here (a Monte Carlo test; ties are broken by chance, so that the probabilities are uniform exactly).
	Samples float64
}

// Seeds is how many samples to draw: 1,000 under ASSAY_TEST_SOAK, else few.
func Seeds(few int) int {
	if os.Getenv("ASSAY_TEST_SOAK") != "" {
		return 1000
	}
	return few
}

// CheckUniform draws many samples and fails where they are improbable for rows that are equally likely or, of a weighted design, likely as their weights say.
func CheckUniform(t *testing.T, s SampleSubject) UniformReport {
	t.Helper()
	keys := s.keys(t)
	if len(keys) < 2*sampleBuckets {
		t.Fatalf("%d rows are too few for %d ranges", len(keys), sampleBuckets)
	}
	if s.N == 0 {
		s.N = max(20, len(keys)/20)
	}
	if s.Seeds == 0 {
		s.Seeds = 150
	}
	u := &uniform{subject: s, rank: make(map[int64]int, len(keys)), perKey: make([]float64, len(keys)), fill: rand.New(rand.NewPCG(1, 2))} // #nosec G404 -- a test's own chance
	for i, k := range keys {
		u.rank[k] = i
	}
	for i := range s.Seeds {
		u.draw(t, s.FirstSeed+uint64(i)) // #nosec G115 -- not negative
		if t.Failed() {
			t.FailNow()
		}
	}
	r := u.report()
	check := func(what string, p float64) {
		if p < leastP || p > 1-leastP && !math.IsNaN(p) && what != "Smirnov" && what != "Samples" {
			t.Errorf("%s of %d draws from %d rows by %s: p = %.3g", what, r.Draws, r.Rows, r.Design.Method, p)
		}
	}
	check("Buckets", r.Buckets)
	check("Halves", r.Halves)
	check("Keys", r.Keys)
	check("Smirnov", r.Smirnov)
	check("Samples", r.Samples)
	return r
}

// keys returns those of all rows that can be drawn, ascending.
func (s *SampleSubject) keys(t *testing.T) []int64 {
	t.Helper()
	sel := query.Select{From: s.Relation, Columns: Cols(t, s.Relation, s.Key)}
	if s.Where != nil {
		sel.Branches = []query.Branch{{Where: s.Where}}
	}
	var keys []int64
	for _, r := range ReadAll(t, s.Source, sel, 0) {
		keys = append(keys, r[0].Int())
	}
	slices.Sort(keys)
	if n := len(keys); len(slices.Compact(slices.Clone(keys))) != n {
		t.Fatalf("%s repeats: it tells no rows apart", s.Key)
	}
	return keys
}

// uniform counts draws.
type uniform struct {
	subject SampleSubject
	rank    map[int64]int // of a key
	perKey  []float64
	halves  [sampleBuckets]float64
	ranks   []float64 // in [0, 1), of every draw
	samples []float64 // a chi-square for each sample
	draws   int
	design  query.SampleDesign
	fill    *rand.Rand
	// of weighted designs: the sums, over draws, of the weights in a bucket and of their squares
	weights, squares [sampleBuckets + 1]float64
}

func (u *uniform) bucket(rank int) int { return rank * sampleBuckets / len(u.perKey) }

func (u *uniform) draw(t *testing.T, seed uint64) {
	t.Helper()
	s := &u.subject
	got := Draw(t, s.Sampler, query.Sample{From: s.Relation, Columns: Cols(t, s.Relation, s.Key), Where: s.Where, N: s.N, Seed: seed})
	u.design = got.Design
	if s.Method != "" && got.Design.Method != s.Method {
		t.Errorf("drawn by %s (%s), want %s", got.Design.Method, got.Design.Reason, s.Method)
	}
	if want := min(s.N, len(u.perKey)); len(got.Rows) != want {
		t.Errorf("seed %d: %d rows, want %d (%s)", seed, len(got.Rows), want, got.Design.Reason)
		return
	}
	seen := map[int64]bool{}
	var inSample [sampleBuckets]float64
	for i, r := range got.Rows {
		k := r[0].Int()
		rank, ok := u.rank[k]
		if !ok {
			t.Errorf("seed %d: row %d is none of those to draw from", seed, k)
			return
		}
		if seen[k] && !got.Design.Replacement {
			t.Errorf("seed %d: row %d comes twice", seed, k)
			return
		}
		seen[k] = true
		b := u.bucket(rank)
		if got.Design.Weighted {
			w := got.Weights[i]
			u.weights[b] += w
			u.squares[b] += w * w
			u.weights[sampleBuckets] += w
			u.squares[sampleBuckets] += w * w
		}
		u.perKey[rank]++
		inSample[b]++
		if 2*i < len(got.Rows) {
			u.halves[b]++
		}
		u.ranks = append(u.ranks, (float64(rank)+u.fill.Float64())/float64(len(u.perKey)))
		u.draws++
	}
	if !got.Design.Weighted {
		u.samples = append(u.samples, u.statistic(inSample[:]))
	}
}

// chiSquare is the probability of counts of so many buckets or more uneven ones, of samples of n rows. Without replacement the counts vary less by (M-n)/(M-1) of M rows.
func (u *uniform) chiSquare(counts []float64, n int) float64 {
	stat := u.statistic(counts)
	if rows := len(u.perKey); !u.design.Replacement {
		stat /= float64(rows-n) / float64(rows-1)
	}
	return ChiSquareP(stat, len(counts)-1)
}

// statistic is Pearson's chi-square of counts of buckets, or of single rows.
func (u *uniform) statistic(counts []float64) float64 {
	rows := len(u.perKey)
	sizes := make([]float64, len(counts))
	if len(counts) == rows {
		for i := range sizes {
			sizes[i] = 1
		}
	} else {
		for i := range rows {
			sizes[u.bucket(i)]++
		}
	}
	total := 0.0
	for _, c := range counts {
		total += c
	}
	stat := 0.0
	for i, c := range counts {
		e := total * sizes[i] / float64(rows)
		stat += (c - e) * (c - e) / e
	}
	return stat
}

// idealPerSample is how many ideal samples are drawn for each real one.
const idealPerSample = 20

// amongIdeal returns the probabilities of the samples: the part of ideal samples, and of the sample itself, that are as uneven or more.
func (u *uniform) amongIdeal() []float64 {
	n, rows := u.subject.N, len(u.perKey)
	ideal := make([]float64, idealPerSample*len(u.samples))
	chance := rand.New(rand.NewPCG(3, 4)) // #nosec G404 -- a test's own chance
	for i := range ideal {
		var counts [sampleBuckets]float64
		seen := make(map[int]bool, n)
		for len(seen) < n {
			rank := chance.IntN(rows)
			at := u.bucket(rank)
			if u.design.Replacement {
				rank = -1 - len(seen) // each draw counts
			}
			if seen[rank] {
				continue
			}
			seen[rank] = true
			counts[at]++
		}
		ideal[i] = u.statistic(counts[:])
	}
	slices.Sort(ideal)
	out := make([]float64, len(u.samples))
	for i, stat := range u.samples {
		from, _ := slices.BinarySearch(ideal, stat)
		to := from
		for to < len(ideal) && ideal[to] == stat {
			to++
		}
		out[i] = (float64(len(ideal)-to) + u.fill.Float64()*float64(to-from+1)) / float64(len(ideal)+1)
	}
	return out
}

func (u *uniform) report() UniformReport {
	nan := math.NaN()
	r := UniformReport{Rows: len(u.perKey), N: u.subject.N, Draws: u.draws, Design: u.design, Halves: nan, Keys: nan, Smirnov: nan, Samples: nan}
	if u.design.Weighted {
		r.Buckets = u.weighted()
		return r
	}
	var buckets [sampleBuckets]float64
	for i, c := range u.perKey {
		buckets[u.bucket(i)] += c
	}
	if r.N >= r.Rows { // every row came every time
		r.Buckets = nan
		return r
	}
	r.Buckets, r.Halves, r.Keys = u.chiSquare(buckets[:], r.N), u.chiSquare(u.halves[:], (r.N+1)/2), u.chiSquare(u.perKey, r.N)
	r.Smirnov = KolmogorovP(slices.Clone(u.ranks))
	r.Samples = KolmogorovP(u.amongIdeal())
	return r
}

// weighted tests that the weights' mean over draws is, in every range of keys and altogether, the number of rows there: the probability of the
// worst of the standardised differences, times their number. NaN where rows may be so improbable that so few draws say nothing of them.
func (u *uniform) weighted() float64 {
	worst := 0.0
	n := float64(u.draws)
	if u.design.LargestWeight > 10*n {
		return math.NaN()
	}
	var sizes [sampleBuckets + 1]float64
	for i := range u.perKey {
		sizes[u.bucket(i)]++
		sizes[sampleBuckets]++
	}
	for b, sum := range u.weights {
		mean := sum / n
		sd := math.Sqrt(max(0, u.squares[b]/n-mean*mean) / n)
		diff := math.Abs(mean - sizes[b])
		if diff < 1e-9*sizes[b] {
			continue
		}
		worst = max(worst, diff/sd)
	}
	return min(1-2*leastP, float64(len(u.weights))*math.Erfc(worst/math.Sqrt2))
}

// Drawn is a sample read to its end.
type Drawn struct {
	Rows    [][]Cell
	Weights []float64 // where Design.Weighted
	// Design is as the sample said before the first row, End after the last.
	Design, End query.SampleDesign
}

// Draw reads a sample and checks the shape of its batches.
func Draw(t testing.TB, s connectors.Sampler, q query.Sample) Drawn {
	t.Helper()
	rows, err := s.Sample(t.Context(), q)
	if err != nil {
		t.Fatalf("sample: %v", err)
	}
	defer func() {
		if err := rows.Close(); err != nil {
			t.Errorf("close sample: %v", err)
		}
	}()
	d := Drawn{Design: rows.Design()}
	for {
		b, err := rows.Next(t.Context())
		if err != nil {
			t.Fatalf("next of a sample: %v", err)
		}
		if b == nil {
			break
		}
		d.add(t, q, b)
	}
	d.End = rows.Design()
	if len(d.Rows) > q.N {
		t.Errorf("%d rows where %d were wanted", len(d.Rows), q.N)
	}
	return d
}

func (d *Drawn) add(t testing.TB, q query.Sample, b *value.Batch) {
	t.Helper()
	want := len(q.Columns)
	if d.Design.Weighted {
		want++
	}
	if len(b.Cols) != want {
		t.Fatalf("a batch of %d columns, want %d", len(b.Cols), want)
	}
	from := len(d.Rows)
	d.Rows = append(d.Rows, batchRows(t, b, q.BatchRows)...)
	if !d.Design.Weighted {
		return
	}
	for i, r := range d.Rows[from:] {
		w := r[want-1]
		d.Rows[from+i] = r[:want-1]
		if w.Err() || w.Kind() != value.Double || !(w.Double() > 0) || w.Double() > d.Design.LargestWeight*(1+1e-12) {
			t.Fatalf("weight %s of a row where the largest is %v", w, d.Design.LargestWeight)
		}
		d.Weights = append(d.Weights, w.Double())
	}
}
