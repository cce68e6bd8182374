package main

import (
	"bytes"
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/spec"
)

// TestInterruptedRunIsNotKept: what is known of a part must not be learned from.
func TestInterruptedRunIsNotKept(t *testing.T) {
	state := t.TempDir()
	for n, keep := range []bool{true, false, true} {
		ctx, cancel := context.WithCancel(t.Context())
		if !keep {
			cancel()
		}
		var errs bytes.Buffer
		a := &app{stdout: &bytes.Buffer{}, stderr: &errs}
		h := &histories{app: a}
		start := time.Now().Add(time.Duration(n) * time.Second)
		rep := &result.Report{Run: result.Run{ID: string(rune('a' + n)), Suite: "s", Mode: "full", Start: start, End: start}, Summary: result.Summary{Verdict: result.Pass}}
		if err := a.finish(ctx, &finishing{suite: &spec.Suite{Name: "s"}, rep: rep, job: "s", dir: state, state: state}, h); err != nil {
			t.Fatal(err)
		}
		if keep && n > 0 && (rep.Previous == nil || rep.Previous.ID != "a") || !keep && rep.Previous != nil {
			t.Errorf("run %d: the run before is %+v", n, rep.Previous)
		}
		store := h.of(t.Context(), spec.History{}, state)
		runs, err := store.Runs(t.Context(), "s", 0)
		if want := []int{1, 1, 2}[n]; err != nil || len(runs) != want || errs.Len() > 0 {
			t.Errorf("after run %d there are %d, %v, %s in %s", n, len(runs), err, &errs, filepath.Join(state, historyName))
		}
		h.close()
		cancel()
	}
}
