package diff_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/mysql"
	"github.com/assay-dev/assay/connectors/postgres"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/expectations/diff"
)

// TestReplication compares two live tables while one is written 500 times a second and the other follows up to 3 s later, and
// 0.01 % of its rows are wrong: these are found, and nothing else. With ASSAY_TEST_SOAK set it does so 20 times, from ASSAY_TEST_SEED on.
func TestReplication(t *testing.T) {
	runs, seed := 1, uint64(time.Now().UnixNano())%1_000_000
	if os.Getenv("ASSAY_TEST_SOAK") != "" {
		runs = 20
	}
	if text := os.Getenv("ASSAY_TEST_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	for n := range runs {
		seed := seed + uint64(n)
		t.Run(fmt.Sprintf("seed %d to mysql", seed), func(t *testing.T) { replication(t, "mysql", connectortest.MySQL(t), mysql.Open, seed) })
		if runs > 1 {
			t.Run(fmt.Sprintf("seed %d to postgres", seed), func(t *testing.T) { replication(t, "pgx", connectortest.Postgres(t), postgres.Open, seed) })
		}
	}
}

// replication compares with the settle of Shows 8, and with a longer one where the machine is too busy to keep to the delays that were drawn:
// nothing can be said then.
func replication(t *testing.T, driver, dsn string, open connectors.Opener, seed uint64) {
	t.Helper()
	for _, settle := range []time.Duration{5 * time.Second, 10 * time.Second, 20 * time.Second} {
		why := replicate(t, driver, dsn, open, seed, settle)
		if why == "" {
			return
		}
		t.Logf("seed %d, settle %v: nothing can be said: %s", seed, settle, why)
	}
	t.Error("this machine is too busy")
}

// replicate returns why nothing can be said, "" where it is.
func replicate(t *testing.T, driver, dsn string, open connectors.Opener, seed uint64, settle time.Duration) (why string) {
	t.Helper()
	const rows = 100_000
	pg := connectortest.Postgres(t)
	left, right := openReplica(t, "pgx", pg, rows), openReplica(t, driver, dsn, rows)
	s := newSimulator(left, right, seed, rows)
	want := s.plant(t, rows/10_000)
	s.hot, s.churned = s.draw(20), s.draw(10)

	ctx, stop := context.WithCancel(t.Context())
	var g errgroup.Group
	g.Go(func() error { return s.writer(ctx) })
	g.Go(func() error { return s.replicator(ctx) })
	defer func() {
		stop()
		if err := g.Wait(); err != nil {
			t.Error(err)
		}
	}()
	// The delay wanders, down to nothing at times: the comparison begins when a second's writes are under way.
	for deadline := time.Now().Add(time.Minute); len(s.queue) < s.rate; time.Sleep(tick) {
		if time.Now().After(deadline) {
			t.Fatalf("seed %d: the target is never a second behind", seed)
		}
	}

	l := side(t, openSource(t, postgres.Open, pg), query.Dataset{Name: "source", Table: left.table})
	r := side(t, openSource(t, open, dsn), query.Dataset{Name: "target", Table: right.table, Timezone: "UTC"})
	spec := align(t, l, r, diff.AlignOptions{Settle: settle, TempDir: t.TempDir()})
	before := s.written.Load()
	began := time.Now()
	res, found := settled(t, &spec)
	took := time.Since(began)
	written := s.written.Load() - before
	behind := s.late()
	t.Logf("seed %d: %d writes in %v, at most %v late; %d candidates, %d in flight, %d unsettled, %d found in %d sweeps", seed, written, took.Round(time.Millisecond),
		behind.Round(time.Millisecond), res.Settled.Candidates, res.Counts.InFlight, res.Counts.Unsettled, len(found), res.Settled.Sweeps)
	pause := took / time.Duration(max(res.Settled.Sweeps, 1))
	least := 0.2 // a busy machine writes less: the rows that are wrong are as many
	if os.Getenv("ASSAY_TEST_SOAK") != "" {
		least = 0.8
	}
	switch rate := float64(written) / took.Seconds(); {
	case behind >= settle:
		return fmt.Sprintf("changes were applied up to %v late", behind)
	case rate < float64(s.rate)*least:
		return fmt.Sprintf("%.0f writes a second, not %d", rate, s.rate)
	case res.Counts.Unsettled > 0 && pause > time.Second: // in between, the rows that are written most were in too many states to meet one of them again
		return fmt.Sprintf("the rows were read every %v only", pause)
	}
	for _, k := range slices.Sorted(maps.Keys(found)) {
		d := found[k]
		if want[k] != d.Class {
			t.Errorf("seed %d: key %d is %q and should be %q: %+v", seed, k, d.Class, want[k], d)
		} else if d.Class == diff.Changed && (len(d.Columns) != 1 || spec.Columns[d.Columns[0]].Name != "note") {
			t.Errorf("seed %d: key %d differs in columns %v", seed, k, d.Columns)
		}
	}
	for k, class := range want {
		if _, ok := found[k]; !ok {
			t.Errorf("seed %d: key %d, %s, was not found", seed, k, class)
		}
	}
	if res.Counts.InFlight < 100 {
		t.Errorf("%d keys in flight: the tables hardly differed", res.Counts.InFlight)
	}
	if res.Counts.Unsettled > 0 {
		t.Errorf("%d keys were left undecided", res.Counts.Unsettled)
	}
	return ""
}

func openSource(t *testing.T, open connectors.Opener, dsn string) connectors.Source {
	t.Helper()
	src, err := open(t.Context(), connectors.Config{Name: "test", Params: map[string]string{"dsn": dsn}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = src.Close() })
	return src
}
