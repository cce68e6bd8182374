package history_test

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/expectations/baseline"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/reports/history"
)

// writerEnv makes the test's binary a process that writes: "engine driver job runs", the dsn is in writerDSN.
const (
	writerEnv = "ASSAY_HISTORY_WRITER"
	writerDSN = "ASSAY_HISTORY_WRITER_DSN"
)

// writerExpectations is the number of expectations of each run that a writer saves.
const writerExpectations = 60

func TestMain(m *testing.M) {
	if os.Getenv(writerEnv) == "" {
		os.Exit(m.Run())
	}
	if err := write(context.Background(), os.Getenv(writerEnv), os.Getenv(writerDSN)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// write saves runs and says each one's id once it is kept. It waits for a line on its input, so that several begin at once.
func write(ctx context.Context, what, dsn string) error {
	var p place
	var job string
	var from, runs int
	if _, err := fmt.Sscan(what, (*uint8)(&p.engine), &p.driver, &job, &from, &runs); err != nil {
		return err
	}
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
		return err
	}
	db, err := sql.Open(p.driver, dsn)
	if err != nil {
		return err
	}
	s, err := history.Open(ctx, db, p.engine)
	if err != nil {
		return err
	}
	for n := from; n < from+runs; n++ {
		rep := written(job, n)
		if err := s.Save(ctx, rep); err != nil {
			return err
		}
		fmt.Println(rep.Run.ID)
		if _, _, err := s.Retain(ctx, job, history.Retention{Runs: 1 << 20}); err != nil {
			return err
		}
	}
	return db.Close()
}

func written(job string, n int) *result.Report {
	verdicts := make([]result.Verdict, writerExpectations)
	for i := range verdicts {
		verdicts[i] = result.Fail
	}
	rep := report(job, n%100, verdicts...)
	rep.Run.ID = job + "-" + strconv.Itoa(n)
	return rep
}

// writer is a process that writes.
type writer struct {
	cmd   *exec.Cmd
	begin io.WriteCloser
	saved io.Reader
	errs  *strings.Builder
}

func (p place) writer(t *testing.T, job string, from, runs int) *writer {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	w := &writer{cmd: exec.CommandContext(t.Context(), exe), errs: &strings.Builder{}}
	w.cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d %s %s %d %d", writerEnv, p.engine, p.driver, job, from, runs), writerDSN+"="+p.dsn)
	w.cmd.Stderr = w.errs
	if w.begin, err = w.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if w.saved, err = w.cmd.StdoutPipe(); err != nil {
		t.Fatal(err)
	}
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return w
}

// whole fails where a run of the job is torn, and returns the ids of its runs.
func whole(t *testing.T, p place, s *history.Store, job string) map[string]bool {
	t.Helper()
	runs, byID, err := s.Table(t.Context(), job, 0)
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for n, r := range runs {
		ids[r.ID] = true
		for i := range writerExpectations {
			if o := byID["e"+strconv.Itoa(i)]; o == nil || o[n] == nil {
				t.Fatalf("%s has no outcome of e%d", r.ID, i)
			}
		}
	}
	points, err := s.Points(t.Context(), job, time.Now().AddDate(100, 0, 0), []baseline.Request{
		{Series: baseline.Series{Of: result.TrendFailureRate, ID: "e" + strconv.Itoa(writerExpectations-1)}},
		{Series: baseline.Series{Of: result.TrendRows, ID: "orders"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(points[0]) != len(runs) || len(points[1]) != len(runs) {
		t.Fatalf("%d runs have %d and %d points", len(runs), len(points[0]), len(points[1]))
	}
	if p.engine == history.SQLite {
		var text string
		if err := p.connect(t).QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&text); err != nil || text != "ok" {
			t.Fatalf("the file is damaged: %s %v", text, err)
		}
	}
	return ids
}

// TestWritersAtOnce has several processes make the history, migrate it and write to it at the same moment: nothing is lost.
func TestWritersAtOnce(t *testing.T) {
	const processes, runs = 4, 12
	engines(t, func(t *testing.T, p place) {
		var all []*writer
		for i := range processes {
			all = append(all, p.writer(t, "shop", i*runs, runs))
		}
		for _, w := range all {
			if _, err := io.WriteString(w.begin, "go\n"); err != nil {
				t.Fatal(err)
			}
		}
		said := map[string]bool{}
		for _, w := range all {
			lines := bufio.NewScanner(w.saved)
			for lines.Scan() {
				said[lines.Text()] = true
			}
			if err := w.cmd.Wait(); err != nil {
				t.Errorf("%v: %s", err, w.errs)
			}
		}
		if got := whole(t, p, p.open(t), "shop"); len(got) != processes*runs || len(said) != processes*runs {
			t.Errorf("%d runs were said to be kept, %d are, of %d", len(said), len(got), processes*runs)
		}
		var versions int
		if err := p.connect(t).QueryRowContext(t.Context(), "SELECT count(*) FROM assay_history").Scan(&versions); err != nil || versions != 1 {
			t.Errorf("the history was made %d times: %v", versions, err)
		}
	})
}

// TestKilled kills writers at random moments: what they said is kept is there, and nothing is torn.
func TestKilled(t *testing.T) {
	rounds := 5
	if os.Getenv("ASSAY_TEST_SOAK") != "" {
		rounds = 150
	}
	seed := uint64(time.Now().UnixNano())
	engines(t, func(t *testing.T, p place) {
		r := rand.New(rand.NewPCG(seed, uint64(p.engine)))
		kept := map[string]bool{}
		for round := range rounds {
			w := p.writer(t, "shop", round*100_000, 100_000)
			if _, err := io.WriteString(w.begin, "go\n"); err != nil {
				t.Fatal(err)
			}
			// The first rounds may be killed while they make the history; later ones in the midst of a run, most likely.
			lines := bufio.NewScanner(w.saved)
			wait := r.IntN(6)
			if round == 0 {
				time.Sleep(time.Duration(r.IntN(30)) * time.Millisecond)
			}
			for round > 0 && wait > 0 && lines.Scan() {
				kept[lines.Text()] = true
				wait--
			}
			time.Sleep(time.Duration(r.IntN(8000)) * time.Microsecond)
			if err := w.cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			for lines.Scan() {
				kept[lines.Text()] = true
			}
			if err := w.cmd.Wait(); err == nil || w.errs.Len() > 0 {
				t.Fatalf("it was not killed: %v %s", err, w.errs)
			}
			there := whole(t, p, p.open(t), "shop")
			for id := range kept {
				if !there[id] {
					t.Fatalf("seed %d: run %s was said to be kept and is not", seed, id)
				}
			}
		}
		if len(kept) == 0 {
			t.Error("no run was ever kept: nothing was tested")
		}
	})
}
