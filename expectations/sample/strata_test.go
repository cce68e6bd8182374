package sample

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// Strata with rates far apart, drawn in proportion to their shares or all alike: wrong verdicts and missed rates stay within the promise.
func TestSoakCoverageStrata(t *testing.T) {
	const confidence = 0.95
	r := rand.New(rand.NewPCG(12, 2026))
	shares := []float64{0.5, 0.3, 0.15, 0.05}
	spread := []float64{0.2, 1, 2, 5}
	tol := tolerance(t, "0.98", 0)
	for _, sizes := range [][]int64{{1000, 600, 300, 100}, {1020, 590, 290, 100}, {500, 500, 500, 500}, {100, 300, 600, 1000}, {1000, 600, 300, 200}} {
		for _, rate := range []float64{0.005, 0.015, 0.02, 0.0201, 0.025, 0.05} {
			var of []draws
			mean := 0.0
			for i, s := range shares {
				mean += s * spread[i]
			}
			for i, n := range sizes {
				of = append(of, newDraws(n, rate*spread[i]/mean))
			}
			var seen tally
			known := map[string]Judgement{}
			for range audits() / 4 {
				strata := make([]Stratum, len(shares))
				for i := range shares {
					strata[i] = Stratum{Name: "s", Share: shares[i], Count: Count{Failed: of[i].draw(r), Drawn: sizes[i]}}
				}
				key := fmt.Sprint(strata)
				j, ok := known[key]
				if !ok {
					e, err := pool(strata, tol)
					if err != nil {
						t.Fatal(err)
					}
					j = glance(e, tol, confidence, 1)
					known[key] = j
				}
				seen.take(j, rate)
			}
			promise(t, fmt.Sprintf("%v at %v: wrong", sizes, rate), seen.wrong, seen.audits, confidence)
			promise(t, fmt.Sprintf("%v at %v: interval misses", sizes, rate), seen.missed, seen.audits, confidence)
			if rate == 0.05 && seen.decided < seen.audits*9/10 {
				t.Errorf("%v at %v: %d of %d decided", sizes, rate, seen.decided, seen.audits)
			}
		}
	}
}

func TestStrata(t *testing.T) {
	tol := tolerance(t, "0.99", 0)
	s, err := JudgeStrata([]Stratum{
		{"monday", 0.5, Count{5, 5000, 0}, 0}, {"tuesday", 0.3, Count{300, 3000, 0}, 0}, {"wednesday", 0.2, Count{0, 2000, 0}, 0},
	}, tol, 0.99)
	const want = "between 2.6 % and 3.6 % of rows fail, with 99 % confidence (305 of 10,000 rows drawn); 1 % may; worst: tuesday (300 of 3,000 rows, at least 8.4 %), monday (5 of 5,000 rows, at least 0.016 %)"
	if err != nil || s.Sentence != want || s.Verdict != Fail || s.Worst[0].Name != "tuesday" || s.Method != ClopperPearson {
		t.Errorf("%s, %v", s.Sentence, err)
	}
	// a stratum of which no row was drawn may hold anything
	s, err = JudgeStrata([]Stratum{{"a", 0.95, Count{0, 10_000, 0}, 0}, {"b", 0.05, Count{}, 0}}, tol, 0.99)
	if err != nil || s.Verdict != Inconclusive || s.Interval.High < 0.05 || s.Interval.High > 0.051 {
		t.Errorf("%+v, %v", s, err)
	}
	// a small stratum of which more than its share is drawn costs nothing
	s, err = JudgeStrata([]Stratum{{"a", 0.999, Count{0, 999, 0}, 0}, {"b", 0.001, Count{0, 20, 0}, 0}}, tol, 0.99)
	if alone := (Count{Drawn: 999}).Interval(0.99); err != nil || s.Interval.High > 1.001*alone.High || s.Verdict != Pass {
		t.Errorf("%+v, %v, %v", s, alone, err)
	}
	// those of which a row is still missing will have some: a number of rows decides
	s, err = JudgeStrata([]Stratum{{"a", 0.5, Count{0, 50, 0}, 0}, {"b", 0.5, Count{}, 0}}, tol, 0.99)
	if err != nil || s.Verdict != Inconclusive || s.Need < 500 || s.Need > 600 {
		t.Errorf("%+v, %v", s, err)
	}
	// all read
	s, err = JudgeStrata([]Stratum{{"a", 0.9, Count{1, 90, 90}, 0}, {"b", 0.1, Count{0, 10, 10}, 0}}, tolerance(t, "0.99", 100), 0.99)
	if err != nil || s.Verdict != Pass || s.Interval != Point(0.01) || !s.Certain {
		t.Errorf("%+v, %v", s, err)
	}
	// out of proportion: weighed, and the estimate is not the share of rows drawn
	s, err = JudgeStrata([]Stratum{{"a", 0.9, Count{9, 900, 0}, 0}, {"b", 0.1, Count{90, 900, 0}, 0}}, tol, 0.99)
	if err != nil || s.Method != Betting || !s.Interval.Contains(0.019) {
		t.Errorf("%+v, %v", s, err)
	}
	near(t, s.Rate, 0.019, 1e-12, "rate")
	for _, bad := range [][]Stratum{
		nil, {{"a", 0.5, Count{}, 0}}, {{"a", 1.5, Count{}, 0}, {"b", -0.5, Count{}, 0}}, {{"a", 1, Count{2, 1, 0}, 0}}, {{"a", 1, Count{}, 0}, {"b", 0, Count{0, 1, 0}, 0}},
	} {
		if s, err := JudgeStrata(bad, tol, 0.99); err == nil {
			t.Errorf("%v: %+v", bad, s)
		}
	}
}

// Rows that are left out, more of them where more fail: the rate is that of the others, and wrong verdicts and missed rates stay within the promise.
func TestSoakCoverageStrataOut(t *testing.T) {
	const confidence = 0.95
	r := rand.New(rand.NewPCG(13, 2026))
	shares, sizes := []float64{0.5, 0.3, 0.15, 0.05}, []int64{1000, 600, 300, 100}
	tol := tolerance(t, "0.98", 0)
	for _, out := range [][]float64{{0, 0.02, 0, 0.3}, {0.5, 0, 0.9, 0.5}} {
		for _, rate := range []float64{0.005, 0.015, 0.02, 0.0201, 0.03, 0.06} {
			rates := []float64{rate / 2, rate, 2 * rate, 4 * rate}
			failing, judged := 0.0, 0.0
			for i := range shares {
				failing += shares[i] * (1 - out[i]) * rates[i]
				judged += shares[i] * (1 - out[i])
			}
			truth := failing / judged
			var seen tally
			for range audits() / 20 {
				strata := make([]Stratum, len(shares))
				for i := range strata {
					s := Stratum{Name: "s", Share: shares[i]}
					for range sizes[i] {
						if r.Float64() < out[i] {
							s.Out++
							continue
						}
						s.Drawn++
						if r.Float64() < rates[i] {
							s.Failed++
						}
					}
					strata[i] = s
				}
				e, err := poolJudged(strata, tol)
				if err != nil {
					t.Fatal(err)
				}
				seen.take(glance(e, tol, confidence, 1), truth)
			}
			promise(t, fmt.Sprintf("%v out at %v: wrong", out, truth), seen.wrong, seen.audits, confidence)
			promise(t, fmt.Sprintf("%v out at %v: interval misses", out, truth), seen.missed, seen.audits, confidence)
			if rate == 0.06 && seen.decided < seen.audits*9/10 {
				t.Errorf("%v at %v: %d of %d decided", out, truth, seen.decided, seen.audits)
			}
		}
	}
}

func TestStrataOut(t *testing.T) {
	tol := tolerance(t, "0.9", 0)
	s, err := JudgeStrata([]Stratum{{"a", 0.5, Count{10, 500, 0}, 500}, {"b", 0.5, Count{0, 1000, 0}, 0}}, tol, 0.99)
	if err != nil || s.Verdict != Pass || s.Drawn != 1500 || !s.Interval.Contains(10.0/1500) {
		t.Errorf("%+v, %v", s, err)
	}
	near(t, s.Rate, 10.0/1500, 1e-12, "rate")
	full, err := JudgeStrata([]Stratum{{"a", 0.5, Count{10, 500, 0}, 0}, {"b", 0.5, Count{0, 500, 0}, 0}}, tol, 0.99)
	some, err2 := JudgeStrata([]Stratum{{"a", 0.5, Count{10, 500, 0}, 1}, {"b", 0.5, Count{0, 500, 0}, 0}}, tol, 0.99)
	if err != nil || err2 != nil || some.Interval.High < full.Interval.High || some.Interval.High > 1.1*full.Interval.High {
		t.Errorf("%+v, %+v", full.Interval, some.Interval)
	}
	if s, err := JudgeStrata([]Stratum{{"a", 1, Count{0, 10, 20}, 5}}, tol, 0.99); err == nil {
		t.Errorf("%+v", s)
	}
}

func TestCombine(t *testing.T) {
	each := EachWay(0.99)
	near(t, each, 0.995, 1e-15, "each way")
	tol := tolerance(t, "", 0)
	of := func(failed, drawn int64) Judgement {
		j, err := Judge(Count{Failed: failed, Drawn: drawn}, tol, each)
		if err != nil {
			t.Fatal(err)
		}
		return j
	}
	for _, c := range []struct {
		a, b    Judgement
		verdict Verdict
		need    int64
		certain bool
	}{
		{of(0, 6000), of(0, 6000), Pass, 0, false},
		{of(0, 6000), of(0, 5000), Inconclusive, 5296, false},
		{of(0, 6000), of(1, 5000), Fail, 0, true},
		{of(0, 100), of(1, 100), Fail, 0, true},
	} {
		d := Combine(Direction{"orders of crm", c.a}, Direction{"orders of shop", c.b})
		if d.Verdict != c.verdict || d.Need != c.need || d.Certain != c.certain || d.Confidence != 0.99 {
			t.Errorf("%+v", d)
		}
	}
	d := Combine(Direction{"orders of crm", of(0, 6000)}, Direction{"orders of shop", of(0, 6000)})
	if want := "orders of crm: at most 0.089 % of rows fail, with 99.5 % confidence (no failure in 6,000 rows); orders of shop: at most 0.089 % of rows fail, with 99.5 % confidence (no failure in 6,000 rows)"; d.Sentence != want {
		t.Error(d.Sentence)
	}
	if d := Combine(); d.Verdict != Inconclusive {
		t.Errorf("%+v", d)
	}
}

func TestDesign(t *testing.T) {
	near(t, Detectable(10_000, 0, 0.99), 0.00046041, 1e-4, "detectable")
	if d := Detectable(500, 500, 0.99); d != 0 {
		t.Error(d)
	}
	if n, err := RowsFor(0.001, 0, 0.99); err != nil || n != 4603 {
		t.Error(n, err)
	}
	if n, err := RowsFor(0.001, 2000, 0.99); err != nil || n != 1569 {
		t.Error(n, err) // 3 failing rows of 2,000 are more than 0.1 %, all missed with (431·430·429)/(2000·1999·1998) <= 1 %
	}
	if _, err := RowsFor(0, 0, 0.99); err == nil {
		t.Error("a rate of 0")
	}
	for _, c := range []struct {
		n, population int64
		mostly        string
		want          string
	}{
		{10_000, 0, "", "10,000 rows show a rate beyond 0.047 %, with 99 % confidence; they pass if none fails"},
		{500, 0, "", "500 rows show a rate beyond 0.92 %, with 99 % confidence, which is too few to pass: 0.1 % is looked for, and takes 4,603 rows"},
		{10_000, 0, "0.99", "10,000 rows show a rate beyond 0.053 %, with 99 % confidence; they pass with at most 74 failures and fail with at least 128"},
		{10, 0, "0.5", "10 rows show a rate beyond 42 %, with 99 % confidence; they pass with at most 0 failures and fail with at least 10"},
		{900, 300, "", "300 rows are all there are: nothing is estimated"},
	} {
		d, err := Foresee(c.n, c.population, tolerance(t, c.mostly, c.population), 0.99)
		if err != nil || d.Sentence != c.want {
			t.Errorf("%s, %v", d.Sentence, err)
		}
		for k := max(0, d.MostFailures-1); k <= d.MostFailures+1; k++ {
			j, err := Judge(Count{k, d.Rows, c.population}, d.Tolerance, 0.99)
			if err != nil || (j.Verdict == Pass) != (k <= d.MostFailures) {
				t.Errorf("%+v, but %d: %s, %v", d, k, j.Verdict, err)
			}
		}
	}
}
