package sample

import (
	"errors"
	"math"
	"math/big"
	"strings"
	"testing"
)

func rat(t testing.TB, s string) *big.Rat {
	t.Helper()
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		t.Fatal(s)
	}
	return r
}

func tolerance(t testing.TB, mostly string, population int64) Tolerance {
	t.Helper()
	r := Rule{}
	if mostly != "" {
		r.Mostly = rat(t, mostly)
	}
	tol, err := r.Tolerance(population)
	if err != nil {
		t.Fatal(err)
	}
	return tol
}

func TestVerdictsAndTheirSentences(t *testing.T) {
	for _, c := range []struct {
		failed, drawn, population int64
		mostly                    string
		want                      string
	}{
		{0, 10000, 0, "", "pass: at most 0.047 % of rows fail, with 99 % confidence (no failure in 10,000 rows)"},
		{0, 500, 0, "", "inconclusive: no failure in 500 rows shows only that at most 0.92 % of rows fail, with 99 % confidence, where 0.1 % is looked for; 4,603 rows would decide if none fails"},
		{0, 4602, 0, "", "inconclusive: no failure in 4,602 rows shows only that at most 0.11 % of rows fail, with 99 % confidence, where 0.1 % is looked for; 4,603 rows would decide if none fails"},
		{0, 4603, 0, "", "pass: at most 0.1 % of rows fail, with 99 % confidence (no failure in 4,603 rows)"},
		{1, 500, 0, "", "fail: 1 of 500 rows drawn fails, and none may; between 0.001 % and 1.5 % of rows fail, with 99 % confidence"},
		{1, 500, 0, "1", "fail: 1 of 500 rows drawn fails, and none may; between 0.001 % and 1.5 % of rows fail, with 99 % confidence"},
		{70, 10000, 0, "0.99", "pass: between 0.5 % and 0.95 % of rows fail, with 99 % confidence (70 of 10,000 rows drawn); 1 % may"},
		{73, 10000, 0, "0.99", "pass: between 0.52 % and 0.98 % of rows fail, with 99 % confidence (73 of 10,000 rows drawn); 1 % may"},
		{155, 10000, 0, "0.99", "fail: between 1.2 % and 1.9 % of rows fail, with 99 % confidence (155 of 10,000 rows drawn); 1 % may"},
		{95, 10000, 0, "0.99", "inconclusive: 95 failures in 10,000 rows show only that between 0.71 % and 1.3 % of rows fail, with 99 % confidence, where 1 % may; 261,668 rows would decide if that rate held"},
		{75, 10000, 0, "0.99", "inconclusive: 75 failures in 10,000 rows show only that between 0.54 % and 1.01 % of rows fail, with 99 % confidence, where 1 % may; 10,135 rows would decide if that rate held"},
		{100, 10000, 0, "0.99", "inconclusive: 100 failures in 10,000 rows show only that between 0.76 % and 1.3 % of rows fail, with 99 % confidence, where 1 % may; no number of rows would decide at that rate"},
		{3, 300, 300, "0.99", "pass: 3 of all 300 rows fail: 1 %, where 1 % may"},
		{4, 300, 300, "0.99", "fail: 4 of all 300 rows fail: 1.3 %, where 1 % may"},
		{1, 10, 10, "0.9", "pass: 1 of all 10 rows fails: 10 %, where 10 % may"}, // 1 - 0.9 is less than 0.1 in binary
		{0, 300, 300, "", "pass: 0 of all 300 rows fail"},
		{5, 1000000, 1000000, "0.999999", "fail: 5 of all 1,000,000 rows fail: 0.0005 %, where 0.0001 % may"}, // far below what is looked for, but all were read
		{0, 0, 0, "", "inconclusive: no row was drawn; 4,603 rows would decide if none fails"},
		{12, 300, 1000, "0.99", "fail: 12 of 300 rows drawn fail, and of all 1,000 only 10 may; between 2.1 % and 7.2 % of rows fail, with 99 % confidence"},
		{0, 5000, 10000, "", "pass: at most 0.06 % of rows fail, with 99 % confidence (no failure in 5,000 rows)"},
		{0, 5, 10, "", "inconclusive: no failure in 5 rows shows only that at most 40 % of rows fail, with 99 % confidence, where 0.1 % is looked for; 10 rows would decide if none fails"},
		{500, 1000000, 0, "0.9999", "fail: between 0.044 % and 0.057 % of rows fail, with 99 % confidence (500 of 1,000,000 rows drawn); 0.01 % may"},
		{98, 9000, 10000, "0.99", "fail: between 1.01 % and 1.2 % of rows fail, with 99 % confidence (98 of 9,000 rows drawn); 1 % may"},
		{400000, 1000000, 0, "0.5", "pass: between 39.87 % and 40.13 % of rows fail, with 99 % confidence (400,000 of 1,000,000 rows drawn); 50 % may"},
		{10000, 10000, 0, "0.5", "fail: at least 99 % of rows fail, with 99 % confidence (10,000 of 10,000 rows drawn); 50 % may"},
		{1, 1, 0, "0.5", "inconclusive: 1 failure in 1 row shows only that at least 0.5 % of rows fail, with 99 % confidence, where 50 % may; 8 rows would decide if that rate held"},
	} {
		j, err := Judge(Count{c.failed, c.drawn, c.population}, tolerance(t, c.mostly, c.population), 0.99)
		if err != nil {
			t.Fatal(err)
		}
		got := j.Sentence
		if !strings.HasPrefix(got, "inconclusive: ") {
			got = string(j.Verdict) + ": " + got
		} else if j.Verdict != Inconclusive {
			t.Errorf("%s: %s", j.Verdict, got)
		}
		if got != c.want {
			t.Errorf("%+v\n got %s\nwant %s", c, got, c.want)
		}
	}
}

// What would decide does, and one row less does not where nothing fails.
func TestNeedDecides(t *testing.T) {
	for _, mostly := range []string{"", "0.999", "0.99", "0.5"} {
		for _, population := range []int64{0, 100_000} {
			for _, c := range []Count{{0, 40, population}, {1, 300, population}, {12, 1100, population}, {30, 60, population}} {
				tol := tolerance(t, mostly, population)
				j, err := Judge(c, tol, 0.95)
				if err != nil {
					t.Fatal(err)
				}
				if j.Verdict != Inconclusive || j.Need == 0 {
					continue
				}
				if _, v := decide(c.grown(j.Need), tol, 0.05, 1); v == Inconclusive {
					t.Errorf("%+v, mostly %s: %d rows do not decide", c, mostly, j.Need)
				}
				if _, v := decide(c.grown(j.Need-1), tol, 0.05, 1); c.Failed == 0 && v != Inconclusive {
					t.Errorf("%+v, mostly %s: fewer than %d rows decide", c, mostly, j.Need)
				}
			}
		}
	}
	j, _ := Judge(Count{0, 40, 0}, tolerance(t, "", 0), 0.99)
	if want := int64(math.Ceil(math.Log(0.01) / math.Log1p(-DefaultDetect))); j.Need != want {
		t.Errorf("%d rows, not %d", j.Need, want)
	}
}

func TestMaxFailures(t *testing.T) {
	m := int64(1000)
	if _, err := (Rule{MaxFailures: &m}).Tolerance(0); !errors.Is(err, ErrCountUnknown) {
		t.Error(err)
	}
	tol, err := Rule{MaxFailures: &m}.Tolerance(100_000)
	if want := (Tolerance{Rate: 0.01, Limit: 0.01, Failures: 1000}); err != nil || tol != want {
		t.Errorf("%+v, %v", tol, err)
	}
	none := int64(0)
	tol, err = Rule{MaxFailures: &none}.Tolerance(0)
	if err != nil || !tol.Strict() || tol.Limit != DefaultDetect {
		t.Errorf("%+v, %v", tol, err)
	}
	less := int64(-1)
	for _, bad := range []Rule{{MaxFailures: &less}, {Mostly: rat(t, "1.1")}, {Mostly: rat(t, "-0.1")}, {Detect: 1}, {Detect: -0.1}, {Detect: math.NaN()}} {
		if tol, err := bad.Tolerance(10); err == nil {
			t.Errorf("%+v: %+v", bad, tol)
		}
	}
}

func TestJudgeRefuses(t *testing.T) {
	for _, c := range []Count{{2, 1, 0}, {-1, 1, 0}, {0, 11, 10}, {0, -1, 0}, {0, 0, -1}} {
		if j, err := Judge(c, Tolerance{Limit: 0.1}, 0.99); err == nil {
			t.Errorf("%+v: %+v", c, j)
		}
	}
	for _, confidence := range []float64{0, 0.4, 1, 1.5, math.NaN()} {
		if j, err := Judge(Count{Drawn: 1}, Tolerance{Limit: 0.1}, confidence); err == nil {
			t.Errorf("%v: %+v", confidence, j)
		}
	}
}
