package sample

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

// audits is the number of simulated audits of each kind: 10,000 with ASSAY_TEST_SOAK, else a share of that with the same seeds.
func audits() int {
	if os.Getenv("ASSAY_TEST_SOAK") != "" {
		return 10_000
	}
	return 200
}

// The true rates, as multiples of the limit: wrong verdicts are likeliest at the limit and just beyond.
var trueRates = []float64{0, 0.25, 0.5, 0.75, 0.9, 1, 1.0001, 1.1, 1.25, 1.5, 2, 5}

// tally counts how simulated audits ended.
type tally struct {
	audits, wrong, missed, decided int64
	rows                           float64
}

func (s *tally) take(j Judgement, rate float64) {
	s.audits++
	s.rows += float64(j.Drawn)
	if j.Verdict != Inconclusive {
		s.decided++
	}
	if j.Verdict == Pass && rate > j.Tolerance.Limit || j.Verdict == Fail && rate <= j.Tolerance.Rate {
		s.wrong++
	}
	// the interval beside a fact is a statement of its own, counted like the others: it may miss as often as any
	if !j.Interval.Contains(rate) {
		s.missed++
	}
}

// promise fails where more audits err than the confidence allows, beyond what chance does once in a million.
func promise(t *testing.T, what string, bad, n int64, confidence float64) {
	t.Helper()
	if p := binomialAtLeast(bad, n, 1-confidence); p < 1e-6 {
		t.Errorf("%s: %d of %d, where %.3g may", what, bad, n, float64(n)*(1-confidence))
	}
}

// simulated is an audit whose judgements are kept, for few numbers of failures are met at each look.
type simulated struct {
	looks []look
	plan  Plan
	draws []draws
	rate  float64
}

type look struct {
	n     int64
	share float64
	known map[int64]Judgement
}

func newSimulated(t testing.TB, p Plan, early bool, rate float64) *simulated {
	t.Helper()
	s, err := NewSequential(p)
	if err != nil {
		t.Fatal(err)
	}
	out := &simulated{plan: p, rate: rate}
	if early {
		spent := 0.0
		for i, n := range s.looks {
			if s.enough < n && (i == 0 || s.looks[i-1] < s.enough) && s.enough > 0 {
				out.looks = append(out.looks, look{n: s.enough, share: 0.5 / float64(len(s.looks))})
			}
			share := s.cumulative(i+1) - spent
			spent += share
			if p.Tolerance.Strict() { // a failing row is a fact, and then the share is that of facts
				share = 0.5 / float64(len(s.looks))
			}
			out.looks = append(out.looks, look{n: n, share: share})
		}
	} else {
		out.looks = []look{{n: p.Rows, share: 1}}
	}
	drawn := int64(0)
	for i := range out.looks {
		out.looks[i].known = map[int64]Judgement{}
		out.draws = append(out.draws, newDraws(out.looks[i].n-drawn, rate))
		drawn = out.looks[i].n
	}
	return out
}

// audit draws until it is decided. The path is the failures seen at each look.
func (s *simulated) audit(r *rand.Rand, path []int64) (Judgement, []int64) {
	var j Judgement
	failed := int64(0)
	for i, l := range s.looks {
		failed += s.draws[i].draw(r)
		path = append(path, failed)
		var ok bool
		if j, ok = l.known[failed]; !ok {
			j = glance(Count{Failed: failed, Drawn: l.n, Population: s.plan.Population}, s.plan.Tolerance, s.plan.Confidence, l.share)
			l.known[failed] = j
		}
		if j.Verdict != Inconclusive {
			break
		}
	}
	return j, path
}

// replay has the audit as users have it.
func (s *simulated) replay(t *testing.T, path []int64) Judgement {
	t.Helper()
	q, err := NewSequential(s.plan)
	if err != nil {
		t.Fatal(err)
	}
	seen := int64(0)
	for _, failed := range path {
		if ended, err := q.Add(failed-seen, q.Next()); err != nil || ended != (q.Next() == 0) {
			t.Fatal(ended, err)
		}
		seen = failed
	}
	return q.Finish()
}

type coverageRow struct {
	rule        string
	size        int64
	rate        float64
	fixed, soon tally
}

// 10,000 audits at each of 12 true rates and three sizes, by two rules, judged at the end and as they go.
func TestSoakCoverage(t *testing.T) {
	const confidence = 0.99
	r := rand.New(rand.NewPCG(5, 2026))
	var table []coverageRow
	for _, mostly := range []string{"", "0.99"} {
		tol := tolerance(t, mostly, 0)
		for _, size := range []int64{1000, 10_000, 100_000} {
			for _, times := range trueRates {
				row := coverageRow{rule: "none may fail, 0.1 % looked for", size: size, rate: times * tol.Limit}
				if mostly != "" {
					row.rule = "1 % may fail"
				}
				p := Plan{Rows: size, Tolerance: tol, Confidence: confidence}
				whole, soon := newSimulated(t, p, false, row.rate), newSimulated(t, p, true, row.rate)
				for i := range audits() {
					j, _ := whole.audit(r, nil)
					row.fixed.take(j, row.rate)
					j, path := soon.audit(r, nil)
					row.soon.take(j, row.rate)
					if i < 5 {
						if was := soon.replay(t, path); was.Verdict != j.Verdict || was.Interval != j.Interval {
							t.Fatalf("%v of %+v:\n%+v, but it went\n%+v", path, p, j, was)
						}
					}
				}
				what := fmt.Sprintf("%s, %d rows, rate %v", row.rule, size, row.rate)
				promise(t, what+": wrong at the end", row.fixed.wrong, row.fixed.audits, confidence)
				promise(t, what+": wrong with early stop", row.soon.wrong, row.soon.audits, confidence)
				if mostly != "" {
					promise(t, what+": interval misses at the end", row.fixed.missed, row.fixed.audits, confidence)
					promise(t, what+": interval misses with early stop", row.soon.missed, row.soon.audits, confidence)
				}
				agrees(t, what, p, row)
				table = append(table, row)
			}
		}
	}
	if os.Getenv("UPDATE_DOCS") != "" {
		rewrite(t, "coverage", coverageTable(table, confidence))
	}
}

// agrees holds the simulation to the exact computation: the mean number of rows lies within six standard errors.
func agrees(t *testing.T, what string, p Plan, row coverageRow) {
	t.Helper()
	o, err := p.Foresee(row.rate)
	if err != nil {
		t.Fatal(err)
	}
	n := float64(row.soon.audits)
	if mean, within := row.soon.rows/n, 6*float64(p.Rows)/2/math.Sqrt(n); math.Abs(mean-o.Rows) > within {
		t.Errorf("%s: %v rows on average, computed %v", what, mean, o.Rows)
	}
}

func coverageTable(table []coverageRow, confidence float64) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s audits a line with %s confidence, so %s may be wrong.\n", Group(int64(audits())), Confidence(confidence), Group(int64(math.Round(float64(audits())*(1-confidence)))))
	head := ""
	for _, r := range table {
		if h := fmt.Sprintf("\n### %s, samples of %s\n\n", r.rule, rows(r.size)); h != head {
			head = h
			b.WriteString(h)
			b.WriteString("| true rate | wrong, judged at the end | decided | wrong, with early stop | decided | mean rows read | of planned |\n|---|---|---|---|---|---|---|\n")
		}
		mean := r.soon.rows / float64(r.soon.audits)
		fmt.Fprintf(&b, "| %s | %d | %s | %d | %s | %s | %.0f %% |\n", share(r.rate), r.fixed.wrong, decidedShare(r.fixed), r.soon.wrong, decidedShare(r.soon),
			Group(int64(math.Round(mean))), 100*mean/float64(r.size))
	}
	return b.String()
}

func decidedShare(s tally) string {
	return fmt.Sprintf("%.1f %%", 100*float64(s.decided)/float64(s.audits))
}

// rewrite puts a text between the markers of its name in the page on coverage.
func rewrite(t *testing.T, name, text string) {
	t.Helper()
	const page = "../../docs/sampling-coverage.md"
	was, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<!-- "+name+" -->", "<!-- end of "+name+" -->"
	head, rest, ok := strings.Cut(string(was), begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no %s … %s", page, begin, end)
	}
	if err := os.WriteFile(page, []byte(head+begin+"\n\n"+strings.TrimSpace(text)+"\n\n"+end+tail), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Rows drawn without replacement from few, with the bounds that know it: the failing rows' places in a random order are drawn.
func TestSoakCoverageFinite(t *testing.T) {
	const confidence, population = 0.95, 3000
	r := rand.New(rand.NewPCG(6, 2026))
	for _, mostly := range []string{"", "0.98"} {
		tol := tolerance(t, mostly, population)
		for _, failing := range []int64{0, 1, 3, 15, 45, 60, 61, 70, 90, 150, 600, 2900} {
			rate := float64(failing) / population
			p := Plan{Rows: 2400, Population: population, Tolerance: tol, Confidence: confidence}
			var soon tally
			sim := newSimulated(t, p, true, rate)
			for range audits() / 4 {
				soon.take(sim.withoutReplacement(r, failing), rate)
			}
			what := fmt.Sprintf("mostly %q, %d of %d fail", mostly, failing, population)
			promise(t, what+": wrong", soon.wrong, soon.audits, confidence)
			if mostly != "" {
				promise(t, what+": interval misses", soon.missed, soon.audits, confidence)
			}
		}
	}
}

func (s *simulated) withoutReplacement(r *rand.Rand, failing int64) Judgement {
	var j Judgement
	failed, drawn := int64(0), int64(0)
	for _, l := range s.looks {
		for ; drawn < l.n; drawn++ {
			if r.Int64N(s.plan.Population-drawn) < failing-failed {
				failed++
			}
		}
		var ok bool
		if j, ok = l.known[failed]; !ok {
			j = glance(Count{Failed: failed, Drawn: l.n, Population: s.plan.Population}, s.plan.Tolerance, s.plan.Confidence, l.share)
			l.known[failed] = j
		}
		if j.Verdict != Inconclusive {
			break
		}
	}
	return j
}
