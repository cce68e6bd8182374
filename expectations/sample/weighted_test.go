package sample

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

// class are rows with one gap before their keys, of which a share fails.
type class struct {
	gap, rows, failing float64
}

// gappy is a table drawn from by next-key probes: a row's chance is its gap by the length of the key space.
type gappy struct {
	name    string
	classes []class
	aliases []float64 // cumulated chances of (class, fails)
	largest float64
	rate    float64
}

// newGappy makes a table whose gaps are spread over some orders of magnitude; the failing rows lie where lean puts them: 1 behind large gaps, -1
// behind small ones.
func newGappy(name string, spread int, lean, rate float64) gappy {
	g := gappy{name: name, rate: rate}
	total, space := 0.0, 0.0
	for i := range spread {
		c := class{gap: math.Pow(2, float64(i)), rows: math.Pow(0.6, float64(i))}
		total += c.rows
		space += c.rows * c.gap
		g.classes = append(g.classes, c)
	}
	// tilt by gap^lean and scale to the rate, no class above 1
	left := rate * total
	failing := make([]float64, spread)
	for range 50 {
		sum := 0.0
		for i, c := range g.classes {
			if failing[i] < c.rows {
				sum += c.rows * math.Pow(c.gap, lean)
			}
		}
		given := 0.0
		for i, c := range g.classes {
			if failing[i] < c.rows {
				more := math.Min(c.rows-failing[i], left*c.rows*math.Pow(c.gap, lean)/sum)
				failing[i] += more
				given += more
			}
		}
		if left -= given; left <= 1e-15 {
			break
		}
	}
	chance := 0.0
	for i := range g.classes {
		c := &g.classes[i]
		c.failing = failing[i]
		chance += c.failing * c.gap / space
		g.aliases = append(g.aliases, chance)
		chance += (c.rows - c.failing) * c.gap / space
		g.aliases = append(g.aliases, chance)
	}
	g.largest = space
	return g
}

// draw is a row's weight and whether it fails.
func (g gappy) draw(r *rand.Rand) (weight float64, failed bool) {
	u := r.Float64()
	for i, c := range g.aliases {
		if u < c || i == len(g.aliases)-1 {
			return g.largest / g.classes[i/2].gap, i%2 == 0
		}
	}
	return 0, false
}

// audit draws until decided, and says whether the truth was ever excluded.
func (g gappy) audit(t *testing.T, r *rand.Rand, looks []int64, tol Tolerance, confidence float64) (v Verdict, drawn int64, missed bool) {
	t.Helper()
	w, err := NewWeighted(g.largest)
	if err != nil {
		t.Fatal(err)
	}
	target := -math.Log((1 - confidence) / 2)
	v = Inconclusive
	for _, n := range looks {
		// as many of each kind as drawing one by one would bring
		left, chance := n-drawn, 1.0
		for i, c := range g.aliases {
			of := c
			if i > 0 {
				of -= g.aliases[i-1]
			}
			k := binomialNumber(r, left, of/chance)
			left, chance = left-k, chance-of
			if k > 0 {
				if err := w.addTimes(g.largest/g.classes[i/2].gap, i%2 == 0, k); err != nil {
					t.Fatal(err)
				}
			}
		}
		if drawn = n; left > 0 {
			t.Fatalf("%d draws of nothing", left)
		}
		b := w.bets(tol)
		missed = missed || b.againstHigh(g.rate) >= target || b.of.Failed > 0 && b.againstLow(g.rate) >= target
		switch {
		case tol.Strict() && w.failed > 0:
			return Fail, n, missed
		case tol.Strict():
			if b.againstHigh(tol.Limit) >= -math.Log(1-confidence) {
				return Pass, n, missed
			}
		case b.againstLow(tol.Rate) >= target:
			return Fail, n, missed
		case b.againstHigh(tol.Limit) >= target:
			return Pass, n, missed
		}
	}
	return v, drawn, missed
}

type weightedRow struct {
	rule, table string
	tally
	rate, naive float64
}

// Draws with unequal chances, failing rows behind large gaps or small ones: the unweighted share of failures would be off by far.
func TestSoakCoverageWeighted(t *testing.T) {
	const confidence, size = 0.99, 5000
	r := rand.New(rand.NewPCG(7, 2026))
	var table []weightedRow
	n := audits()
	if n < 10_000 {
		n /= 8
	}
	for _, mostly := range []string{"", "0.98"} {
		tol := tolerance(t, mostly, 0)
		tol.Limit = 0.02
		for _, lean := range []float64{1, -1} {
			for _, times := range trueRates {
				name := map[float64]string{1: "behind large gaps", -1: "behind small gaps"}[lean]
				g := newGappy(name, 8, lean, times*tol.Limit)
				row := weightedRow{rule: "none may fail, 2 % looked for", table: name, rate: g.rate}
				if mostly != "" {
					row.rule = "2 % may fail"
				}
				for i := range g.classes {
					row.naive += g.classes[i].failing * g.classes[i].gap / g.largest
				}
				for range n {
					v, drawn, missed := g.audit(t, r, Looks(size), tol, confidence)
					j := Judgement{Verdict: v, Drawn: drawn, Tolerance: tol, Interval: Interval{0, 1}}
					row.take(j, g.rate)
					if missed {
						row.missed++
					}
				}
				what := fmt.Sprintf("%s, %v fail %s", row.rule, g.rate, name)
				promise(t, what+": wrong", row.wrong, row.audits, confidence)
				if mostly != "" {
					promise(t, what+": interval misses", row.missed, row.audits, confidence)
				}
				table = append(table, row)
			}
		}
	}
	if os.Getenv("UPDATE_DOCS") != "" {
		rewrite(t, "weighted", weightedTable(table, size, confidence))
	}
}

func weightedTable(table []weightedRow, size int64, confidence float64) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s audits a line with %s confidence, of %s at most.\n", Group(table[0].audits), Confidence(confidence), rows(size))
	head := ""
	for _, r := range table {
		if h := fmt.Sprintf("\n### %s, failing rows %s\n\n", r.rule, r.table); h != head {
			head = h
			b.WriteString(h)
			b.WriteString("| true rate | share of draws that fail | wrong | decided | mean rows read |\n|---|---|---|---|---|\n")
		}
		fmt.Fprintf(&b, "| %s | %s | %d | %s | %s |\n", share(r.rate), percent(r.naive, 3, 0), r.wrong, decidedShare(r.tally), Group(int64(math.Round(r.rows/float64(r.audits)))))
	}
	return b.String()
}

// The bounds are those on which verdicts rest, hold the estimate and shrink; judged by the public way.
func TestWeightedJudges(t *testing.T) {
	g := newGappy("", 8, 1, 0.05)
	r := rand.New(rand.NewPCG(8, 2026))
	w, err := NewWeighted(g.largest)
	if err != nil {
		t.Fatal(err)
	}
	last := Interval{0, 1}
	for _, n := range []int64{100, 1000, 10_000, 100_000} {
		for w.drawn < n {
			if err := w.Add(g.draw(r)); err != nil {
				t.Fatal(err)
			}
		}
		i := w.Interval(0.99)
		if !i.Contains(w.Rate()) || !i.Contains(0.05) || i.High-i.Low > last.High-last.Low {
			t.Errorf("after %d draws %v of %v", n, i, w.Rate())
		}
		last = i
		for _, mostly := range []string{"0.9", "0.97", "0.95"} {
			j, err := w.Judge(tolerance(t, mostly, 0), 0.99)
			if err != nil {
				t.Fatal(err)
			}
			want := Inconclusive
			if i.High <= j.Tolerance.Limit {
				want = Pass
			} else if i.Low > j.Tolerance.Rate {
				want = Fail
			}
			if j.Verdict != want || j.Method != Betting {
				t.Errorf("%s %s", j.Verdict, j.Sentence)
			}
			if j.Verdict == Inconclusive && mostly != "0.95" && j.Need <= n {
				t.Errorf("after %d draws %d would decide: %s", n, j.Need, j.Sentence)
			}
		}
	}
	if wide := last.High - last.Low; wide > 0.02 {
		t.Errorf("100,000 draws leave %v", last)
	}
}

// With equal weights and no failure the bound is that of Clopper and Pearson.
func TestWeightedWithoutFailure(t *testing.T) {
	w, err := NewWeighted(7)
	if err != nil {
		t.Fatal(err)
	}
	for range 4602 {
		if err := w.Add(7, false); err != nil {
			t.Fatal(err)
		}
	}
	tol := tolerance(t, "", 0)
	j, err := w.Judge(tol, 0.99)
	if err != nil || j.Verdict != Inconclusive || j.Need != 4603 {
		t.Errorf("%+v, %v", j, err)
	}
	near(t, j.Interval.High, Count{Drawn: 4602}.Upper(0.01), 1e-8, "upper")
	_ = w.Add(7, false)
	if j, _ = w.Judge(tol, 0.99); j.Verdict != Pass {
		t.Errorf("%+v", j)
	}
	_ = w.Add(1, true)
	if j, _ = w.Judge(tol, 0.99); j.Verdict != Fail || !j.Certain {
		t.Errorf("%+v", j)
	}
}

// Half of the rows lie close together and hold 0, the others far apart and hold 100: draws by gaps meet none of the former, and all that they show is alike.
func TestUnevenNumbersTellNothing(t *testing.T) {
	const largest = 1e9
	var n Numbers
	for range 1000 {
		if err := n.Add(100, 2000); err != nil {
			t.Fatal(err)
		}
	}
	e, err := n.Average(0, 0.99)
	if err != nil || e.Interval.Contains(50) { // what makes the question one
		t.Fatalf("%+v, %v", e, err)
	}
	if err := n.Balanced(largest); !errors.Is(err, ErrUneven) {
		t.Errorf("%v", err)
	}
	if err := n.Balanced(math.Inf(1)); !errors.Is(err, ErrUneven) {
		t.Errorf("%v", err)
	}
	if err := n.Balanced(2000 * 30); err != nil {
		t.Errorf("%v", err)
	}
	var none Numbers
	if err := none.Balanced(1); !errors.Is(err, ErrUneven) {
		t.Errorf("%v", err)
	}
}

func TestWeightedUnbounded(t *testing.T) {
	w, err := NewWeighted(math.Inf(1))
	if err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		if err := w.Add(3, false); err != nil {
			t.Fatal(err)
		}
	}
	j, err := w.Judge(tolerance(t, "", 0), 0.99)
	const want = "inconclusive: none of 1,000 rows drawn fails, but the rows were drawn with unequal chances, and it is not known how small those of others are: nothing bounds the rate of all rows"
	if err != nil || j.Sentence != want || j.Method != NoMethod || j.Interval != (Interval{0, 1}) {
		t.Errorf("%+v, %v", j, err)
	}
	_ = w.Add(3, true)
	if j, _ = w.Judge(tolerance(t, "", 0), 0.99); j.Verdict != Fail || !j.Certain || !strings.Contains(j.Sentence, "none may") {
		t.Errorf("%+v", j)
	}
	for _, bad := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		if err := w.Add(bad, false); err == nil {
			t.Errorf("weighs %v", bad)
		}
	}
	if _, err := NewWeighted(0); err == nil {
		t.Error("nothing weighs anything")
	}
	small, _ := NewWeighted(2)
	if err := small.Add(3, false); err == nil {
		t.Error("heavier than the heaviest")
	}
}
