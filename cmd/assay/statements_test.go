package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// flightsOnly is how many flights the statement logs are read over: enough for every expectation that fails to fail.
const flightsOnly = 20_000

// section is what explain prints under one title: a statement, and its values as explain lists them.
type section struct{ title, text, values string }

// sectionsOf reads the sections of explain's output; the statements are indented by two blanks.
func sectionsOf(out string) []section {
	var list []section
	for line := range strings.SplitSeq(out, "\n") {
		line, ok := strings.CutPrefix(line, "  ")
		switch {
		case !ok:
		case strings.HasPrefix(line, "-- with ") && len(list) > 0:
			list[len(list)-1].values = line[len("-- with "):]
		case strings.HasPrefix(line, "-- "):
			list = append(list, section{title: line[3:]})
		case len(list) > 0:
			s := &list[len(list)-1]
			s.text = strings.TrimPrefix(s.text+"\n"+line, "\n")
		}
	}
	return list
}

// writeFlights writes the flights suite for an engine, without what only all rows fulfil.
func writeFlights(t testing.TB, e flightEngine) string {
	t.Helper()
	text, err := os.ReadFile("testdata/flights.yaml")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), e.name+".yaml")
	s := strings.NewReplacer("@CONNECTION@", e.connection, "@DATASET@", e.dataset).Replace(string(text))
	if err := os.WriteFile(path, []byte(s), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// command runs the program and returns its exit code and output.
func command(t testing.TB, args ...string) (code int, stdout string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = Do(args, strings.NewReader(""), &out, &errs)
	if code == exitUsage || code == exitError {
		t.Fatalf("assay %s: exit code %d\n%s%s", strings.Join(args, " "), code, &out, &errs)
	}
	return code, out.String()
}

// runLogged explains and runs the flights suite and returns explain's sections and what the server logged of the run, in
// the order in which it came.
func runLogged(t *testing.T, e flightEngine, log func(f func()) []section) (explained, logged []section) {
	t.Helper()
	path, dir := writeFlights(t, e), t.TempDir()
	_, before := command(t, "explain", "--distrust-constraints", path)
	seen := log(func() {
		if code, _ := command(t, "run", "--distrust-constraints", "--out", dir, "--state", dir, "--quiet", path); code != exitFailed {
			t.Fatalf("exit code %d: the suite should fail", code)
		}
	})
	_, after := command(t, "explain", "--distrust-constraints", "--after", filepath.Join(dir, "report.json"), path)
	// Which expectations failed, on how many rows, is known only then; all else stood in the plan.
	first, second := sectionsOf(before), sectionsOf(after)
	last := len(first) - 1
	if d := cmp.Diff(first[:last], second[:last], cmp.AllowUnexported(section{})); d != "" {
		t.Errorf("explain is of another mind after the run:\n%s", d)
	}
	if !strings.HasPrefix(first[last].title, "only if") || !strings.HasPrefix(second[last].title, "failing rows of that run") {
		t.Errorf("the last sections are %q and %q", first[last].title, second[last].title)
	}
	return second, seen
}

// holdToStatements compares what the server logged with what explain printed.
func holdToStatements(t *testing.T, explained, logged []section) {
	t.Helper()
	// What follows only where the data makes it is not among what this run sends.
	explained = slices.DeleteFunc(slices.Clone(explained), func(s section) bool { return strings.HasPrefix(s.title, "only where ") })
	// One statement of each kind, in this order: the schema, one pass, one for each set-level check, the stream, the failing rows.
	var kinds []string
	for _, s := range explained {
		kind, _, _ := strings.Cut(s.title, " ")
		kinds = append(kinds, kind)
	}
	if got, want := strings.Join(kinds, " "), "schema one set set set stream failing"; got != want {
		t.Fatalf("explain prints the sections %s, want %s", got, want)
	}
	if len(logged) != len(explained) {
		for _, s := range logged {
			t.Logf("logged: %s", s.text)
		}
		t.Fatalf("the server saw %d statements, explain prints %d", len(logged), len(explained))
	}
	valued := 0
	for i, s := range explained {
		if d := cmp.Diff(lines(s.text), lines(logged[i].text)); d != "" {
			t.Errorf("statement %d (%s) is not what explain prints (-explained +logged):\n%s", i, s.title, d)
		}
		if d := cmp.Diff(s.values, logged[i].values); d != "" {
			t.Errorf("the values of statement %d (%s) are not those that explain prints (-explained +logged):\n%s", i, s.title, d)
		}
		if s.values != "" {
			valued++
		}
	}
	if valued < 3 {
		t.Errorf("only %d statements have values", valued)
	}
}

// lines are the lines of a text but for blank ones at its ends.
func lines(s string) []string { return strings.Split(strings.Trim(s, "\n"), "\n") }
