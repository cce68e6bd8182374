package sample

import (
	"errors"
	"fmt"
	"testing"
)

// The chance of a wrong verdict, computed and not simulated: by every path through the looks.
func TestEarlyStopErrsAsPromised(t *testing.T) {
	for _, mostly := range []string{"", "0.999", "0.99", "0.9", "0.5"} {
		for _, n := range []int64{30, 200, 1000, 10_000} {
			for _, confidence := range []float64{0.9, 0.99} {
				tol := tolerance(t, mostly, 0)
				p := Plan{Rows: n, Tolerance: tol, Confidence: confidence}
				// beyond the limit a pass is wrong, and likeliest just there; a fail is wrong where the rate is tolerated
				worst, err := p.Foresee(tol.Limit)
				if err != nil {
					t.Fatal(err)
				}
				if worst.Pass > 1-confidence {
					t.Errorf("%+v: passes %v of samples at the limit", p, worst.Pass)
				}
				if tol.Strict() {
					worst, _ = p.Foresee(0)
				} else if worst, _ = p.Foresee(tol.Rate); worst.Fail == 0 && n > 100 {
					t.Errorf("%+v: never fails", p)
				}
				if worst.Fail > (1-confidence)/2 {
					t.Errorf("%+v: fails %v of samples at the rate tolerated", p, worst.Fail)
				}
				if sum := worst.Pass + worst.Fail + worst.Inconclusive; sum < 1-1e-9 || sum > 1+1e-9 {
					t.Errorf("%+v: chances add to %v", p, sum)
				}
			}
		}
	}
}

// Early stop reads a part of the rows where the rate is far from the limit, and never more.
func TestEarlyStopStops(t *testing.T) {
	p := Plan{Rows: 10_000, Tolerance: tolerance(t, "0.99", 0), Confidence: 0.99}
	for _, c := range []struct{ rate, most float64 }{{0, 1100}, {0.0025, 2500}, {0.005, 5200}, {0.01, 10_000}, {0.02, 2600}, {0.05, 350}, {1, 60}} {
		o, err := p.Foresee(c.rate)
		if err != nil || o.Rows > c.most {
			t.Errorf("at %v: %+v, %v", c.rate, o, err)
		}
	}
	strict := Plan{Rows: 10_000, Tolerance: tolerance(t, "", 0), Confidence: 0.99}
	if o, err := strict.Foresee(0); err != nil || o.Rows != 4603 || o.Pass != 1 {
		t.Errorf("%+v, %v", o, err)
	}
}

func TestSequential(t *testing.T) {
	for _, c := range []struct {
		mostly           string
		rows, population int64
		failsEach        int64 // every so many rows one fails, 0 for none
		finish           int64 // rows after which the table is empty, 0 for never
		want             string
	}{
		{"", 10_000, 0, 0, 0, "pass false 4603: at most 0.1 % of rows fail, with 99 % confidence (no failure in 4,603 rows)"},
		{"", 1_000, 0, 0, 0, "inconclusive false 1000: inconclusive: no failure in 1,000 rows shows only that at most 0.46 % of rows fail, with 99 % confidence, where 0.1 % is looked for; 4,603 rows would decide if none fails"},
		{"", 10_000, 0, 100, 0, "fail true 116: 1 of 116 rows drawn fails, and none may; between 0.000089 % and 9.7 % of rows fail, with 99 % confidence"},
		{"0.99", 10_000, 0, 0, 0, "pass false 1074: at most 0.89 % of rows fail, with 99 % confidence (no failure in 1,074 rows)"},
		{"0.99", 10_000, 0, 10, 0, "fail false 93: between 1.3 % and 29 % of rows fail, with 99 % confidence (9 of 93 rows drawn); 1 % may"},
		{"0.99", 10_000, 0, 100, 0, "inconclusive false 10000: inconclusive: 100 failures in 10,000 rows show only that between 0.73 % and 1.4 % of rows fail, with 99 % confidence, where 1 % may; no number of rows would decide at that rate"},
		{"0.99", 10_000, 0, 0, 500, "inconclusive false 500: inconclusive: no failure in 500 rows shows only that at most 1.1 % of rows fail, with 99 % confidence, where 1 % may; 528 rows would decide if none fails"},
		{"0.99", 500, 500, 0, 0, "pass false 400: at most 0.8 % of rows fail, with 99 % confidence (no failure in 400 rows)"},
		{"", 700, 500, 0, 0, "pass false 495: no row at all fails, with 99 % confidence (no failure in 495 rows)"},
		{"0.99", 10_000, 20_000, 20, 0, "fail false 282: between 1.2 % and 13 % of rows fail, with 99 % confidence (14 of 282 rows drawn); 1 % may"},
		{"", 10_000, 0, 0, 300, "inconclusive false 300: inconclusive: no failure in 300 rows shows only that at most 1.6 % of rows fail, with 99 % confidence, where 0.1 % is looked for; 4,603 rows would decide if none fails"},
	} {
		s, err := NewSequential(Plan{Rows: c.rows, Population: c.population, Tolerance: tolerance(t, c.mostly, c.population), Confidence: 0.99})
		if err != nil {
			t.Fatal(err)
		}
		for s.Next() > 0 {
			n := s.Next()
			if c.finish > 0 {
				n = min(n, c.finish-s.Drawn())
			}
			if n == 0 {
				break
			}
			failed := int64(0)
			if c.failsEach > 0 {
				failed = (s.Drawn()+n)/c.failsEach - s.Drawn()/c.failsEach
			}
			if _, err := s.Add(failed, n); err != nil {
				t.Fatal(err)
			}
		}
		j := s.Finish()
		if got := fmt.Sprintf("%s %v %d: %s", j.Verdict, j.Certain, j.Drawn, j.Sentence); got != c.want {
			t.Errorf("%+v\n got %s", c, got)
		}
		if _, err := s.Add(0, 1); !errors.Is(err, ErrEnded) || s.Next() != 0 {
			t.Errorf("%+v goes on: %v", c, err)
		}
	}
}
