package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/run"
)

// block is a fenced example of a page.
type block struct {
	page, lang, text string
	line             int
}

var fence = regexp.MustCompile("^(\\s*)```(\\w*)\\s*$")

// examples returns the fenced blocks of the README and of docs/. The pages that suites/ tests itself are left to it.
func examples(t *testing.T) []block {
	t.Helper()
	root := connectortest.ModuleRoot(t)
	pages := []string{filepath.Join(root, "README.md")}
	err := filepath.WalkDir(filepath.Join(root, "docs"), func(path string, d fs.DirEntry, err error) error {
		if d != nil && d.IsDir() && d.Name() == "expectations" {
			return fs.SkipDir
		}
		if strings.HasSuffix(path, ".md") {
			pages = append(pages, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var all []block
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		name, _ := filepath.Rel(root, page)
		var open *block
		for i, l := range strings.Split(string(text), "\n") {
			m := fence.FindStringSubmatch(l)
			switch {
			case m != nil && open == nil:
				open = &block{page: name, lang: m[2], line: i + 1}
			case m != nil:
				all = append(all, *open)
				open = nil
			case open != nil:
				open.text += l + "\n"
			}
		}
		if open != nil {
			t.Errorf("%s:%d: the block is not closed", name, open.line)
		}
	}
	return all
}

// evaluate loads a suite and runs it. refused says that the suite is wrong in itself.
func evaluate(ctx context.Context, file string) (rep *result.Report, refused error) {
	a := &app{stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}, noColor: true}
	l, err := a.load(ctx, []string{file}, &loadFlags{}, false)
	if err != nil {
		return nil, err
	}
	rep, found := run.Run(ctx, &l.suites[0], run.Options{Open: open, Now: time.Now(), FailureRows: 3, Version: version})
	if found.HasErrors() {
		return nil, found
	}
	return rep, nil
}

// TestSuiteExamples loads every suite of the documentation, and runs those about the demo's databases.
func TestSuiteExamples(t *testing.T) {
	dir := t.TempDir()
	if err := makeDemo(t.Context(), dir, time.Now()); err != nil {
		t.Fatal(err)
	}
	drivers := regexp.MustCompile(`driver: *(\w+)`)
	loaded, ran := 0, 0
	for i, b := range examples(t) {
		if b.lang != "yaml" && b.lang != "yml" {
			continue
		}
		t.Run(fmt.Sprintf("%s:%d", b.page, b.line), func(t *testing.T) {
			file := filepath.Join(dir, fmt.Sprintf("example%d.yaml", i))
			if err := os.WriteFile(file, []byte(b.text), 0o600); err != nil {
				t.Fatal(err)
			}
			var out, errs bytes.Buffer
			if code := Do([]string{"lint", "--offline", file}, nil, &out, &errs); code != exitOK {
				t.Fatalf("lint exits with %d:\n%s", code, &errs)
			}
			loaded++
			for _, m := range drivers.FindAllStringSubmatch(b.text, -1) {
				if m[1] != "sqlite" {
					return
				}
			}
			rep, err := evaluate(t.Context(), file)
			if err != nil {
				t.Fatal(err)
			}
			if len(rep.Expectations) == 0 {
				t.Error("the suite expects nothing")
			}
			for j := range rep.Expectations {
				if e := &rep.Expectations[j]; e.Verdict == result.Error {
					t.Errorf("%s: %s", e.ID, e.Message)
				}
			}
			ran++
		})
	}
	if loaded < 6 || ran < 1 {
		t.Errorf("%d suites were loaded and %d run", loaded, ran)
	}
}

// TestExpressionExamples evaluates every line of the cel blocks over the table that the page's sql block makes. A line
// ends with what it is: // true, // false, // undecided, or // refused where it does not compile.
func TestExpressionExamples(t *testing.T) {
	blocks := examples(t)
	line := regexp.MustCompile(`^(.*\S)\s+// (true|false|undecided|refused)\b`)
	seen := map[string]int{}
	for i, b := range blocks {
		if b.lang != "cel" {
			continue
		}
		setup := ""
		for _, s := range blocks[:i] {
			if s.page == b.page && s.lang == "sql" {
				setup = s.text
			}
		}
		dir := t.TempDir()
		db, err := sql.Open("sqlite", filepath.Join(dir, "example.db"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.ExecContext(t.Context(), setup); err != nil {
			t.Fatalf("%s: %v", b.page, err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		for text := range strings.SplitSeq(strings.TrimSpace(b.text), "\n") {
			if strings.TrimSpace(text) == "" || strings.HasPrefix(text, "//") {
				continue
			}
			m := line.FindStringSubmatch(text)
			if m == nil {
				t.Errorf("%s:%d: %q does not say what it is", b.page, b.line, text)
				continue
			}
			seen[m[2]]++
			if got, why := outcome(t, dir, m[1]); got != m[2] {
				t.Errorf("%s:%d: %s is %s, not %s: %s", b.page, b.line, m[1], got, m[2], why)
			}
		}
	}
	for _, what := range []string{"true", "false", "undecided", "refused"} {
		if seen[what] == 0 {
			t.Errorf("no example is %s: %v", what, seen)
		}
	}
}

// outcome evaluates an expression over example.db, as a row expectation of the table shop or, where it speaks of
// datasets, as a metric one.
func outcome(t *testing.T, dir, expr string) (got, why string) {
	t.Helper()
	quoted, err := json.Marshal(expr)
	if err != nil {
		t.Fatal(err)
	}
	indent, dataset := "      ", "    expectations:\n"
	if strings.Contains(expr, "orders.") {
		indent, dataset = "  ", "expectations:\n"
	}
	suite := "version: 1\nsuite: example\nvars: {limit: 100}\nconnections: {db: {driver: sqlite, path: example.db, timezone: Europe/Berlin}}\n" +
		"datasets:\n  orders:\n    connection: db\n    table: orders\n" + dataset + indent + "- id: example\n" + indent + "  expect: " + string(quoted) + "\n"
	file := filepath.Join(dir, "suite.yaml")
	if err := os.WriteFile(file, []byte(suite), 0o600); err != nil {
		t.Fatal(err)
	}
	rep, refused := evaluate(t.Context(), file)
	if refused != nil {
		return "refused", refused.Error()
	}
	e := &rep.Expectations[0]
	switch c := e.Counts; {
	case c != nil && c.True == 1 && c.False+c.Undecided == 0:
		return "true", e.Message
	case c != nil && c.False == 1 && c.True+c.Undecided == 0:
		return "false", e.Message
	case c != nil && c.Undecided == 1 && c.True+c.False == 0:
		return "undecided", e.Message
	case c != nil:
		return "of more than one row", e.Message
	case e.Verdict == result.Pass:
		return "true", e.Message
	case e.Verdict == result.Fail && strings.HasPrefix(e.Message, "does not hold"):
		return "false", e.Message
	}
	return "undecided", e.Message
}

// TestLinks holds that what the pages link to within the repository exists.
func TestLinks(t *testing.T) {
	root := connectortest.ModuleRoot(t)
	pages, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, pattern := range []string{"docs/*/*.md", "*.md", ".github/*.md"} {
		more, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, more...)
	}
	links := regexp.MustCompile(`(?:\]\(|src="|srcset=")([^)"\s#]+)`)
	seen := 0
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range links.FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(m[1], ":") {
				continue
			}
			seen++
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), filepath.FromSlash(m[1]))); err != nil {
				t.Errorf("%s links to %s, which does not exist", page, m[1])
			}
		}
	}
	if seen < 20 {
		t.Errorf("only %d links were followed", seen)
	}
}

// TestDemoReport validates the demo's report.json against the published schema.
func TestDemoReport(t *testing.T) {
	dir := t.TempDir()
	var out, errs bytes.Buffer
	if code := Do([]string{"demo", "--dir", dir}, nil, &out, &errs); code != exitOK {
		t.Fatalf("demo exits with %d: %s", code, &errs)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	s, err := c.Compile(filepath.Join(connectortest.ModuleRoot(t), "docs", "report.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(dir, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	doc, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(doc); err != nil {
		t.Error(err)
	}
}
