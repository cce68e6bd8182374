package correct_test

import (
	"context"
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/correct"
)

// TestMemory applies and undoes a plan that no machine should hold in memory: of 200,000 changes with a text of 4 KiB each.
func TestMemory(t *testing.T) {
	if os.Getenv("ASSAY_TEST_SOAK") == "" {
		t.Skip("writes gigabytes: ASSAY_TEST_SOAK=1 runs it")
	}
	const n = int64(200_000)
	long := make([]byte, 4096)
	for i := range long {
		long[i] = 'a' + byte(i%26)
	}
	w := newWorld(t, 10)
	out, err := correct.Create(w.plan, w.header("items"))
	if err != nil {
		t.Fatal(err)
	}
	for id := int64(1); id <= n; id++ {
		c := add(100 + id)
		c.After[0] = value.StringValue(string(long))
		if err := out.Add(c); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := out.Finish(); err != nil {
		t.Fatal(err)
	}
	// The server takes everything at once and keeps nothing: what is held is held by the engine.
	w.src = &flaky{Source: w.src, apply: func(_ connectors.Correction, changes []connectors.Change, prepared func([]connectors.Effect) error) ([]connectors.Effect, error) {
		effects := make([]connectors.Effect, len(changes))
		for i := range changes {
			effects[i].Row = changes[i].After
		}
		return effects, prepared(effects)
	}}
	most := watch(t)
	p := w.bind()
	o := w.options()
	o.BatchRows = 0
	r := w.applyPlan(p, o)
	tally(t, r, n, 0, 0, 0, 0)
	u, err := correct.Undo(context.Background(), p, o)
	if err != nil {
		t.Fatal(err)
	}
	tally(t, u, n, 0, 0, 0, 0)
	// 64 bits a change for what is looked for twice, batches on their way, and what the collector has not come to.
	if peak, bound := most(), uint64(200<<20); peak > bound {
		t.Errorf("%d MiB for a plan of %d MiB", peak>>20, n*4096>>20)
	} else {
		t.Logf("%d MiB for a plan of %d MiB", peak>>20, n*4096>>20)
	}
}

// watch returns what says how large the heap was at most.
func watch(t *testing.T) func() uint64 {
	t.Helper()
	var peak atomic.Uint64
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		var m runtime.MemStats
		for {
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
				runtime.ReadMemStats(&m)
				peak.Store(max(peak.Load(), m.HeapAlloc))
			}
		}
	}()
	return func() uint64 {
		close(stop)
		<-done
		return peak.Load()
	}
}
