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
	o.BatchRows = 6
	fmt.Println("begin")
	if _, err := do(context.Background(), p, o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
	fmt.Println("end")
	os.Exit(0)
}

// openWorld is the world in a folder as newWorld made it.
func openWorld(t testing.TB, dir string) *world {
	w := &world{t: t, dir: dir, plan: filepath.Join(dir, "plan.jsonl"), st: newSQLite(t, filepath.Join(dir, "shop.db"))}
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

// scene is a folder to begin from, with what it holds before and afterwards.
type scene struct {
	dir           string
	undo          bool
	before, after map[int64]string
	took          time.Duration
}

// prepare makes the folder that is copied for each kill, and measures how long an undisturbed run takes.
func prepare(t *testing.T, undo bool) *scene {
	t.Helper()
	s := &scene{dir: t.TempDir(), undo: undo}
	w := newWorld(t, 1000, writesTable...)
	w.write(w.header("items"), mixed()...)
	w.checkpoint()
	template := s.dir
	copyDir(t, w.dir, template)
	original := w.dump("items")
	r := w.apply(w.options())
	tally(t, r, 240, 0, 0, 0, 20)
	s.before, s.after = original, w.dump("items")
	if undo {
		w.exec(`DELETE FROM writes`)
		w.checkpoint()
		copyDir(t, w.dir, template)
		s.before, s.after = s.after, s.before
	}
	// The shortest of some, for other work on the machine makes it longer.
	for range 3 {
		dir := t.TempDir()
		copyDir(t, template, dir)
		c, out := start(t, dir, undo)
		began := time.Now()
		line, err := out.ReadString('\n')
		if took := time.Since(began); s.took == 0 || took < s.took {
			s.took = took
		}
		if line != "end\n" || c.Wait() != nil {
			t.Fatalf("%q %v", line, err)
		}
	}
	return s
}

// checkpoint brings all of the database into its file.
func (w *world) checkpoint() {
	w.t.Helper()
	w.exec(`PRAGMA wal_checkpoint(TRUNCATE)`)
}

func copyDir(t *testing.T, from, to string) {
	t.Helper()
	for _, pattern := range []string{"*"} {
		names, _ := filepath.Glob(filepath.Join(to, pattern))
		for _, n := range names {
			_ = os.Remove(n)
		}
	}
	names, _ := filepath.Glob(filepath.Join(from, "*"))
	for _, n := range names {
		b, err := os.ReadFile(n)
		if err == nil {
			err = os.WriteFile(filepath.Join(to, filepath.Base(n)), b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// start starts the child, and returns when it begins its work.
func start(t *testing.T, dir string, undo bool) (*exec.Cmd, *bufio.Reader) {
	t.Helper()
	c := exec.Command(os.Args[0], "-test.run=^$") //nolint:gosec,noctx // this very test
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
	dir := t.TempDir()
	copyDir(t, s.dir, dir)
	kills, hit := 1+r.IntN(2), false
	for range kills {
		c, _ := start(t, dir, s.undo)
		time.Sleep(time.Duration(r.Int64N(int64(s.took))))
		_ = c.Process.Kill()
		err := c.Wait()
		hit = hit || err != nil && s.inProgress(t, dir)
	}
	w := openWorld(t, dir)
	// A kill within the undo is not finished by applying.
	if s.undo && s.inProgress(t, dir) {
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
		t.Fatalf("%+v", rep)
	}
	if !maps.Equal(w.dump("items"), s.after) {
		t.Fatal("finished in another state")
	}
	for id, n := range w.dump("writes") {
		if n != "[]interface {}{1}" {
			t.Errorf("row %d was changed %s times", id, n)
		}
	}
	w.audited(t, s.undo)
	return hit
}

// inProgress reports whether the journal says that something was done, and not all.
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
	return strings.Contains(string(b), `"begin":`) && !strings.Contains(string(b), `"end":`)
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

// TestKill kills apply and undo at instants drawn within the time that they take, now and then twice, and finishes them: 6 instants, and 200 of each with ASSAY_TEST_SOAK.
func TestKill(t *testing.T) {
	instants := 3
	if os.Getenv("ASSAY_TEST_SOAK") != "" {
		instants = 200
	}
	for _, undo := range []bool{false, true} {
		t.Run(fmt.Sprintf("undo=%t", undo), func(t *testing.T) {
			s := prepare(t, undo)
			hits := 0
			for i := range instants {
				if s.kill(t, rand.New(rand.NewPCG(uint64(i), 7))) { //nolint:gosec // seeded on purpose
					hits++
				}
				if t.Failed() {
					t.Fatalf("instant %d", i)
				}
			}
			t.Logf("%d of %d kills hit work in progress; undisturbed it takes %s", hits, instants, s.took)
			if instants >= 200 && hits < instants*8/10 {
				t.Errorf("only %d of %d kills hit work in progress", hits, instants)
			}
		})
	}
}
