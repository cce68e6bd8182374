package correct_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/expectations/correct"
)

// childVar names a folder: then this program is no test but the assay that is killed.
const childVar = "ASSAY_TEST_CORRECT_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childVar); dir != "" {
		child(dir, os.Getenv(childVar+"_UNDO") != "")
	}
	os.Exit(m.Run())
}

// fatal is a testing.TB for the child, which has no test.
type fatal struct {
	testing.TB

	cleanup []func()
}

func (f *fatal) Helper()          {}
func (f *fatal) Cleanup(c func()) { f.cleanup = append(f.cleanup, c) }
func (f *fatal) Fatal(a ...any)   { fmt.Fprintln(os.Stderr, a...); os.Exit(3) }
func (f *fatal) Fatalf(s string, a ...any) {
	fmt.Fprintf(os.Stderr, s+"\n", a...)
	os.Exit(3)
}

// child applies or undoes the plan in a folder.
func child(dir string, undo bool) {
	w := openWorld(&fatal{}, dir)
	p := w.bind()
	do := correct.Apply
	if undo {
		do = correct.Undo
	}
	o := w.options()
	// Small batches make it last; one of documents takes as long as some of a database.
	o.BatchRows = 6
	if os.Getenv("ASSAY_TEST_SOAK") != "" {
		o.BatchRows = 2
	}
	if w.st.driver() == "elasticsearch" {
		o.BatchRows *= 5
	}
	fmt.Println("begin")
	if _, err := do(context.Background(), p, o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
	fmt.Println("end")
	os.Exit(0)
}

// openWorld is the world in a folder, for another process.
func openWorld(t testing.TB, dir string) *world {
	t.Helper()
	var at place
	b, err := os.ReadFile(filepath.Join(dir, "world.json"))
	if err == nil {
		err = json.Unmarshal(b, &at)
	}
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, dir: dir, plan: filepath.Join(dir, "plan.jsonl"), st: placed{at: at}}
	w.src = w.st.open(t)
	return w
}

// writesTable counts how often each row was changed; and of some rows a trigger changes what was written.
var writesTable = []string{
	`CREATE TABLE writes (id INTEGER PRIMARY KEY, n INTEGER)`,
	`CREATE TRIGGER u AFTER UPDATE OF name, stock ON items BEGIN INSERT INTO writes VALUES (new.id, 1) ON CONFLICT DO UPDATE SET n = n + 1; END`,
	`CREATE TRIGGER i AFTER INSERT ON items BEGIN INSERT INTO writes VALUES (new.id, 1) ON CONFLICT DO UPDATE SET n = n + 1; END`,
	`CREATE TRIGGER d AFTER DELETE ON items BEGIN INSERT INTO writes VALUES (old.id, 1) ON CONFLICT DO UPDATE SET n = n + 1; END`,
	`CREATE TRIGGER alter_it AFTER UPDATE OF stock ON items WHEN new.stock >= 7000 AND new.id % 3 = 0 BEGIN UPDATE items SET price = price + 1000 WHERE id = new.id; END`,
}

// scene is what is killed.
type scene struct {
	// world makes a store with its items as they were at first.
	world func(t *testing.T) *world
	undo  bool
	after map[string]string // what the store holds in the end
	took  time.Duration     // of an undisturbed run
}

// begin makes a world in which the plan is to be applied, or undone.
func (s *scene) begin(t *testing.T) *world {
	t.Helper()
	w := s.world(t)
	list := mixed()
	w.seen(list)
	w.write(w.header("items"), list...)
	if s.undo {
		if r := w.apply(w.options()); r.Applied != 240 {
			t.Fatalf("%+v", r.Tally)
		}
	}
	w.st.mark(t)
	b, err := json.Marshal(w.st.place())
	if err == nil {
		err = os.WriteFile(filepath.Join(w.dir, "world.json"), b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// measure runs it undisturbed: the shortest of some, for other work on the machine makes it longer.
func (s *scene) measure(t *testing.T, times int) {
	t.Helper()
	for range times {
		w := s.begin(t)
		before := content(t, w.st)
		c, out := start(t, w.dir, s.undo)
		began := time.Now()
		line, err := out.ReadString('\n')
		if took := time.Since(began); s.took == 0 || took < s.took {
			s.took = took
		}
		if line != "end\n" || c.Wait() != nil {
			t.Fatalf("%q %v", line, err)
		}
		if s.after = content(t, w.st); maps.Equal(s.after, before) {
			t.Fatal("nothing was done")
		}
	}
}

// start starts the child, and returns when it begins its work.
func start(t *testing.T, dir string, undo bool) (*exec.Cmd, *bufio.Reader) {
	t.Helper()
	c := exec.Command(os.Args[0], "-test.run=^$")
	c.Env = append(os.Environ(), childVar+"="+dir)
	if undo {
		c.Env = append(c.Env, childVar+"_UNDO=1")
	}
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(out)
	line, err := r.ReadString('\n')
	if line != "begin\n" {
		t.Fatalf("the child says %q, %v", line, err)
	}
	return c, r
}

// kill kills one run at an instant, finishes it, and reports whether it hit work in progress.
func (s *scene) kill(t *testing.T, r *rand.Rand) bool {
	t.Helper()
	w := s.begin(t)
	kills, hit := 1+r.IntN(2), false
	for range kills {
		c, _ := start(t, w.dir, s.undo)
		time.Sleep(time.Duration(r.Int64N(int64(s.took))))
		_ = c.Process.Kill()
		err := c.Wait()
		hit = hit || err != nil && s.inProgress(t, w.dir)
	}
	// A kill within the undo is not finished by applying.
	if s.undo && s.inProgress(t, w.dir) {
		if _, err := correct.Apply(t.Context(), w.bind(), w.options()); err == nil || !strings.Contains(err.Error(), "undo was begun") {
			t.Fatalf("applied within an undo: %v", err)
		}
	}
	var rep correct.Report
	if s.undo {
		rep = w.undo(w.options())
	} else {
		rep = w.apply(w.options())
	}
	if rep.Applied+rep.Already != 240 || !rep.Clean() {
		t.Fatalf("%+v %+v", rep.Tally, rep.Rows)
	}
	if !maps.Equal(content(t, w.st), s.after) {
		t.Fatal("finished in another state")
	}
	counts := w.st.writes(t)
	for id, n := range counts {
		if n != 1 {
			t.Errorf("row %d was changed %d times", id, n)
		}
	}
	if len(counts) != 240 {
		t.Errorf("%d rows were changed", len(counts))
	}
	w.audited(t, s.undo)
	return hit
}

// inProgress reports whether the journal says that it was begun, and has not ended.
func (s *scene) inProgress(t *testing.T, dir string) bool {
	t.Helper()
	path := correct.JournalPath(filepath.Join(dir, "plan.jsonl"))
	if s.undo {
		path = correct.JournalPath(correct.UndoPath(filepath.Join(dir, "plan.jsonl")))
	}
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return false
	}
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(string(b), `"run":`) && !strings.Contains(string(b), `"end":`)
}

// audited checks that the audit log is whole and tells each change once.
func (w *world) audited(t *testing.T, undo bool) {
	t.Helper()
	kind, seen := "fix", map[int64]int{}
	if undo {
		kind = "undo"
	}
	for _, line := range w.auditLines() {
		var l struct {
			N            int64
			Kind, Result string
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		if l.Kind == kind {
			seen[l.N]++
		}
	}
	if len(seen) != 240 {
		t.Errorf("the audit log tells of %d changes", len(seen))
	}
	for n, times := range seen {
		if times != 1 {
			t.Errorf("the audit log tells %d times of change %d", times, n)
		}
	}
}

// TestKill kills apply and undo at instants drawn within the time that they take, now and then twice, and finishes them: 3 instants of each, and 200 with
// ASSAY_TEST_SOAK.
func TestKill(t *testing.T) {
	killed(t, 3, 200, func(t *testing.T) *world { t.Helper(); return newWorld(t, 400, writesTable...) })
}

// TestLiveKill does the same on the servers: one instant of each, and 50 with ASSAY_TEST_SOAK.
func TestLiveKill(t *testing.T) {
	live(t, func(t *testing.T, st store) {
		killed(t, 1, 50, func(t *testing.T) *world { t.Helper(); return newWorldOn(t, st, t.TempDir(), 400) })
	})
}

func killed(t *testing.T, few, many int, world func(t *testing.T) *world) {
	t.Helper()
	instants, times := few, 1
	if os.Getenv("ASSAY_TEST_SOAK") != "" {
		instants, times = many, 5
	}
	for _, undo := range []bool{false, true} {
		t.Run(fmt.Sprintf("undo=%t", undo), func(t *testing.T) {
			s := &scene{undo: undo, world: world}
			s.measure(t, times)
			hits := 0
			for i := range instants {
				if s.kill(t, rand.New(rand.NewPCG(uint64(i), 7))) {
					hits++
				}
				if t.Failed() {
					t.Fatalf("instant %d", i)
				}
			}
			t.Logf("%d of %d kills hit work in progress; undisturbed it takes %s", hits, instants, s.took)
			enough := 8 // of ten; fewer of a few, which chance and other work on the machine move more
			if instants < 100 {
				enough = 7
			}
			if instants == many && hits*10 < instants*enough {
				t.Errorf("only %d of %d kills hit work in progress", hits, instants)
			}
		})
	}
}
