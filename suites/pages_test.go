package suites_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/assay-dev/assay/expectations/catalog"
	"github.com/assay-dev/assay/expectations/spec"
	"github.com/assay-dev/assay/suites"
)

var update = flag.Bool("update", false, "rewrite the generated parts of the pages")

const pagesDir = "../docs/expectations"

var (
	yamlBlock  = regexp.MustCompile("(?s)```yaml\n(.*?)```")
	sectionFor = func(name string) *regexp.Regexp {
		return regexp.MustCompile("(?s)<!-- " + name + ": generated -->\n(.*?)<!-- end -->")
	}
)

// Every named expectation has a page whose examples load and whose tables and CEL are those of the code.
func TestEveryEntryHasItsPage(t *testing.T) {
	pages, err := filepath.Glob(filepath.Join(pagesDir, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, e := range catalog.Entries() {
		known[e.Name] = true
		t.Run(e.Name, func(t *testing.T) { checkPage(t, e) })
	}
	for _, p := range pages {
		if name := strings.TrimSuffix(filepath.Base(p), ".md"); !known[name] && name != "README" {
			t.Errorf("%s is a page of no named expectation", p)
		}
	}
}

func checkPage(t *testing.T, e catalog.Entry) {
	if e.Doc == "" || !strings.HasSuffix(e.Doc, ".") || len(e.Params) == 0 {
		t.Errorf("entry %s lacks doc or params", e.Name)
	}
	path := filepath.Join(pagesDir, e.Name+".md")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	page := string(data)
	for _, want := range []string{"# " + e.Name + "\n", "## Arguments", "## Example", "## In CEL", "## Nulls and empty input", "## Elsewhere"} {
		if !strings.Contains(page, want) {
			t.Errorf("%s lacks %q", path, want)
		}
	}
	want := replaceSection(t, page, "arguments", argumentTable(t, e))
	blocks := yamlBlock.FindAllStringSubmatch(page, -1)
	if len(blocks) == 0 {
		t.Fatalf("%s has no example", path)
	}
	var cel strings.Builder
	used := false
	for _, b := range blocks {
		for _, x := range loadExample(t, b[1]) {
			if x.Named == nil || x.Named.Name != e.Name {
				continue
			}
			used = true
			out, list := catalog.Expand(catalog.Use{Named: x.Named, OnNull: x.OnNull, Dataset: x.Dataset, Where: x.Where.Value})
			if list.HasErrors() {
				t.Errorf("%s: %v", path, list)
			}
			for _, o := range out {
				fmt.Fprintf(&cel, "# %s\n", x.ID)
				switch {
				case o.Where != "":
					fmt.Fprintf(&cel, "where:  %s\n", o.Where)
				case x.Where.Value != "" && o.Kind == catalog.Row:
					fmt.Fprintf(&cel, "where:  %s\n", x.Where.Value)
				}
				fmt.Fprintf(&cel, "expect: %s\n", o.Expr)
			}
		}
	}
	if !used {
		t.Errorf("%s: no example uses %s", path, e.Name)
	}
	if e.Kind == catalog.Row || e.Kind == catalog.Metric {
		want = replaceSection(t, want, "cel", "```text\n"+cel.String()+"```\n")
	}
	if want == page {
		return
	}
	if !*update {
		t.Errorf("%s is stale: go test ./suites -run Page -update", path)
		return
	}
	if err := os.WriteFile(path, []byte(want), 0o600); err != nil {
		t.Fatal(err)
	}
}

func replaceSection(t *testing.T, page, name, text string) string {
	t.Helper()
	m := sectionFor(name).FindStringSubmatchIndex(page)
	if m == nil {
		t.Fatalf("no section %s", name)
	}
	return page[:m[2]] + text + page[m[3]:]
}

func argumentTable(t *testing.T, e catalog.Entry) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("| argument | required | meaning |\n|---|---|---|\n")
	for _, p := range e.Params {
		if p.Doc == "" {
			t.Errorf("%s.%s has no doc", e.Name, p.Name)
		}
		names := []string{"`" + p.Name + "`"}
		for _, a := range p.Aliases {
			names = append(names, "`"+a+"`")
		}
		required := ""
		if p.Required {
			required = "yes"
		}
		doc := p.Doc
		if len(p.Enum) > 0 {
			doc += " (" + strings.Join(p.Enum, ", ") + ")"
		}
		if p.Short {
			doc += fmt.Sprintf("; may stand alone: `%s: x`", e.Name)
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", strings.Join(names, " or "), required, doc)
	}
	return b.String()
}

// loadExample loads a fragment of a suite beside a connection and returns its expectations.
func loadExample(t *testing.T, fragment string) []spec.Expectation {
	t.Helper()
	path := filepath.Join(t.TempDir(), "example.yaml")
	text := "connections: {shop: {driver: postgres, dsn: \"${SHOP_DSN}\"}}\n" + fragment
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	set, list := suites.Load(context.Background(), suites.Options{Env: func(string) (string, bool) { return "x", true }}, path)
	if len(list) > 0 {
		t.Fatalf("%v\n%s", list, text)
	}
	if len(set.Suites) != 1 || len(set.Suites[0].Expectations) == 0 {
		t.Fatalf("no expectations in\n%s", text)
	}
	return set.Suites[0].Expectations
}
