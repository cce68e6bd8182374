package suites_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/expectations/spec"
	"github.com/assay-dev/assay/suites"
)

func TestHistory(t *testing.T) {
	for name, c := range map[string]struct {
		suite, config string
		want          spec.History
		file          string // that said it
	}{
		"nothing":         {"version: 1", "version: 1", spec.History{}, ""},
		"off":             {"history: off", "history: {runs: 3}", spec.History{Off: true}, "s.yaml"},
		"false":           {"history: false", "version: 1", spec.History{Off: true}, "s.yaml"},
		"PostgreSQL":      {`history: {dsn: "${DSN}", keep: 400d, runs: 1000}`, "version: 1", spec.History{DSN: "postgres://u:p@h/db", Keep: 400 * 24 * time.Hour, Runs: 1000}, "s.yaml"},
		"a file":          {"history: {path: ../h.db}", "version: 1", spec.History{Path: "../h.db"}, "s.yaml"},
		"of the folder":   {"version: 1", `history: {path: "${HOST}.db"}`, spec.History{Path: "h.db"}, "assay.yaml"},
		"the suite first": {"history: {path: s.db}", "history: {path: c.db, runs: 9}", spec.History{Path: "s.db"}, "s.yaml"},
	} {
		set, list, out := load(t, tree{"s.yaml": c.suite, "assay.yaml": c.config}, suites.Options{Env: env}, "s.yaml")
		if len(list) > 0 {
			t.Errorf("%s: %s", name, out)
			continue
		}
		got := set.Suites[0].History
		file := ""
		if got.At.File != "" {
			file = filepath.Base(got.At.File)
		}
		got.At = c.want.At
		if got != c.want || file != c.file {
			t.Errorf("%s: got %+v of %q", name, got, file)
		}
	}
}

func TestHistoryIsEmpty(t *testing.T) {
	_, list, out := load(t, tree{"s.yaml": `history: {dsn: "${EMPTY}"}`}, suites.Options{Env: env}, "s.yaml")
	if !list.HasErrors() || !strings.Contains(out, "s.yaml:1:16: error[bad-value]: dsn of history is empty") {
		t.Error(out)
	}
}

func TestLoadConfig(t *testing.T) {
	dir := t.TempDir()
	if set, list := suites.LoadConfig(context.Background(), suites.Options{}, dir); len(set.Suites) != 0 || len(list) != 0 {
		t.Errorf("no file: %v %v", set.Suites, list)
	}
	if err := os.WriteFile(filepath.Join(dir, "assay.yaml"), []byte("history: {runs: 7}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	set, list := suites.LoadConfig(context.Background(), suites.Options{}, dir)
	if len(list) != 0 || len(set.Suites) != 1 || set.Suites[0].History.Runs != 7 {
		t.Errorf("got %+v %v", set.Suites, list)
	}
}
