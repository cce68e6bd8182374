package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// demoDrift is one thing that went wrong: the expectation that must find it and
// the failing rows it must count (-1 for a metric).
type demoDrift struct {
	expectation string
	failing     int64
	story       string
}

func demoDrifts() []demoDrift {
	return []demoDrift{
		{"customers.unique.email", 4, "two customers registered twice"},
		{"customers.email-is-valid", 3, "three addresses were typed wrongly"},
		{"orders.total-adds-up", 6, "a rounding bug got six totals wrong by a cent"},
		{"orders.in_set.status", 2, "a back-office tool wrote \"shiped\""},
		{"orders.references.customer_id", 5, "a clean-up deleted a customer who had orders"},
		{"sales.not_null.customer_name", 12, "one batch was loaded before its customers"},
		{"names-agree", 12, "likewise, as the shop tells"},
		{"counts-agree", -1, "three orders never reached the warehouse"},
		{"revenue-agrees", -1, "five amounts changed after they were copied"},
		{"states-agree", -1, "seven shipped orders are still NEW in the warehouse"},
		{"every-order-arrived", 3 + 5 + 7 + 2, "three orders are missing, five amounts changed, seven are still NEW, and two were corrected on the way"},
		{"sales.fresh.loaded_at", -1, "the nightly load has not run for nine hours"},
	}
}

// TestDemoFindsEveryDrift runs the demo and checks that it finds each difference that was put in, and nothing else.
func TestDemoFindsEveryDrift(t *testing.T) {
	dir := t.TempDir()
	var out, errs bytes.Buffer
	began := time.Now()
	if code := Do([]string{"demo", "--dir", dir}, nil, &out, &errs); code != exitOK {
		t.Fatalf("exit code %d\n%s%s", code, out.String(), errs.String())
	}
	if took := time.Since(began); took > 5*time.Second && !raceEnabled {
		t.Errorf("the demo took %v", took)
	}
	b, err := os.ReadFile(filepath.Join(dir, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	var rep struct {
		Expectations []struct {
			ID      string `json:"id"`
			Verdict string `json:"verdict"`
			Counts  *struct {
				False           int64 `json:"false"`
				Undecided       int64 `json:"undecided"`
				UndecidedByNull int64 `json:"undecided_by_null"`
			} `json:"counts"`
		} `json:"expectations"`
	}
	if err := json.Unmarshal(b, &rep); err != nil {
		t.Fatal(err)
	}
	if len(rep.Expectations) < 12 {
		t.Errorf("the demo has %d expectations, not a dozen", len(rep.Expectations))
	}
	drifts := map[string]demoDrift{}
	for _, d := range demoDrifts() {
		drifts[d.expectation] = d
	}
	for _, e := range rep.Expectations {
		d, drifted := drifts[e.ID]
		delete(drifts, e.ID)
		switch {
		case drifted && e.Verdict != "fail":
			t.Errorf("%s is %s: %s was not found", e.ID, e.Verdict, d.story)
		case !drifted && e.Verdict != "pass":
			t.Errorf("%s is %s, though nothing was put in", e.ID, e.Verdict)
		case drifted && d.failing >= 0 && e.Counts.False+e.Counts.Undecided-e.Counts.UndecidedByNull != d.failing:
			t.Errorf("%s: %d rows fail, not %d: %s", e.ID, e.Counts.False, d.failing, d.story)
		}
	}
	for id, d := range drifts {
		t.Errorf("no expectation %s looks for: %s", id, d.story)
	}
}
