package suites_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/suites"
)

// wantOnly expects one diagnostic of that code and message.
func wantOnly(t *testing.T, out, want string) {
	t.Helper()
	if first, _, _ := strings.Cut(out, "\n"); first != want {
		t.Errorf("got  %s\nwant %s", first, want)
	}
}

func TestLargeFileIsRefusedUnread(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.yaml")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(50 << 20); err != nil { // 50 MB, sparse
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	_, list := suites.Load(context.Background(), suites.Options{}, path)
	if len(list) != 1 || list[0].Code != "limit" || list[0].Message != "the file is larger than 4 MB" {
		t.Errorf("got %v", list)
	}
	if d := time.Since(start); d > time.Second {
		t.Errorf("it took %v", d)
	}
}

func TestLimits(t *testing.T) {
	var many strings.Builder
	many.WriteString("connections: {s: {driver: x}}\ndatasets:\n  d:\n    connection: s\n    table: t\n    expectations:\n")
	for i := range 20_001 {
		fmt.Fprintf(&many, "    - expect: row.a > %d\n", i)
	}
	_, _, out := load(t, tree{"s.yaml": many.String()}, suites.Options{}, "s.yaml")
	wantOnly(t, out, "s.yaml:20007:7: error[limit]: a suite holds at most 20000 expectations")

	files := tree{}
	for i := range 20 {
		files[fmt.Sprintf("s%d.yaml", i)] = fmt.Sprintf("include: s%d.yaml\n", i+1)
	}
	files["s20.yaml"] = "version: 1\n"
	_, _, out = load(t, files, suites.Options{}, "s0.yaml")
	wantOnly(t, out, "s15.yaml:1:10: error[limit]: includes are nested more than 16 deep")

	files = tree{"s.yaml": "include: x/*.yaml\n"}
	for i := range 600 {
		files[fmt.Sprintf("x/%d.yaml", i)] = "version: 1\n"
	}
	_, list, _ := load(t, files, suites.Options{}, "s.yaml")
	if len(list) == 0 || list[0].Message != "more than 500 files" {
		t.Errorf("got %v", list)
	}
}

// honest returns how long the loader takes here and now for a correct suite of nearly the largest size: the measure of
// what a text of that size may cost, whatever the machine, its load and the race detector do.
func honest(t *testing.T) time.Duration {
	t.Helper()
	var b strings.Builder
	b.WriteString("vars:\n")
	for i := 0; b.Len() < 4<<20-100; i++ {
		fmt.Fprintf(&b, "  v%d: \"text %d of a variable, as long as they often are\"\n", i, i)
	}
	start := time.Now()
	if _, list, out := load(t, tree{"s.yaml": b.String()}, suites.Options{}, "s.yaml"); len(list) > 0 {
		t.Fatalf("the honest suite is wrong: %s", out)
	}
	return time.Since(start)
}

// What is nested or repeated beyond reason costs no more than a few honest suites of the largest size, whatever its
// shape: the work is linear in the text. Measured are up to 1.5 of them, 4 under the race detector, which slows walking
// a text rune by rune the most; a step that is quadratic in 4 MB or exponential in the aliases takes thousands.
func TestBombsAreRefusedSoon(t *testing.T) {
	bound := 16 * honest(t)
	var bomb strings.Builder
	bomb.WriteString("vars:\n  a0: &a0 {k: v}\n")
	for i := 1; i < 40; i++ {
		fmt.Fprintf(&bomb, "  a%d: &a%d {<<: *a%d, x: *a%d, y: *a%d}\n", i, i, i-1, i-1, i-1)
	}
	for name, text := range map[string]string{
		"aliases":      bomb.String(),
		"flow":         "vars: " + strings.Repeat("[", 1<<20),
		"closed flow":  "vars: " + strings.Repeat("[", 5000) + strings.Repeat("]", 5000),
		"maps":         "vars: " + strings.Repeat("{a: ", 9000),
		"indentation":  strings.Repeat("- ", 9000) + "a",
		"keys":         strings.Repeat("? ", 9000) + "a",
		"long line":    "suite: " + strings.Repeat("x", 4<<20-100) + ": y",
		"many lines":   strings.Repeat("a\n", 1<<20) + ": :\n",
		"quote":        "suite: \"" + strings.Repeat("x\n", 1<<20),
		"anchors":      "vars: [" + strings.Repeat("&a a,*a,", 1<<17) + "]x",
		"dollars":      "suite: \"" + strings.Repeat("$${", 1<<19) + "\"\nbad: 1",
		"folded blank": "suite: |9\n" + strings.Repeat("          \n", 1<<17) + "bad: 1",
		"inner spaces": "suite: a" + strings.Repeat(" ", 1<<21) + "b\nbad: 1",
		"errors":       "{" + strings.Repeat("bad: {a: b}, ", 1<<17) + "}",
		"references":   "connections: {a: {driver: x, dsn: \"" + strings.Repeat("${A}", 1<<19) + "\"}}",
		"spaces":       "suite: " + strings.Repeat(" ", 1<<21) + "a: b",
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			_, list, _ := load(t, tree{"s.yaml": text}, suites.Options{}, "s.yaml")
			if len(list) == 0 {
				t.Error("nothing is wrong with it")
			}
			if d := time.Since(start); d > bound {
				t.Errorf("it took %v, the bound is %v", d, bound)
			}
		})
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, list := suites.Load(ctx, suites.Options{}, "s.yaml"); len(list) != 1 || list[0].Code != "interrupted" {
		t.Errorf("got %v", list)
	}
}

// FuzzLoad: no text makes the loader panic or hang, or print a control character.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(full))
	paths, err := filepath.Glob("testdata/bad/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, p := range paths {
		data, err := os.ReadFile(p)
		if err != nil {
			f.Fatal(err)
		}
		text, _, _ := strings.Cut(string(data), "-- want --")
		_, text, _ = strings.Cut(text, " --\n")
		f.Add([]byte(unescape(text)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if bytes.Contains(data, []byte("include")) {
			return // no walks through the machine's files
		}
		_, list, out := load(t, tree{"s.yaml": string(data)}, suites.Options{Env: env}, "s.yaml")
		for _, r := range out {
			if r != '\n' && (r < 0x20 || r == 0x7f) {
				t.Fatalf("control character %q in %q", r, out)
			}
		}
		for _, d := range list {
			if d.Message == "" || d.Code == "" || strings.HasSuffix(d.Message, ".") && !strings.HasSuffix(d.Message, "..") {
				t.Errorf("bad diagnostic %+v", d)
			}
		}
	})
}
