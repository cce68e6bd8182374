package main_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/assay-dev/assay/"

// goPackage is what `go list -json` says of a package.
type goPackage struct {
	Dir          string   `json:"Dir"`
	ImportPath   string   `json:"ImportPath"`
	GoFiles      []string `json:"GoFiles"`
	Imports      []string `json:"Imports"`
	TestImports  []string `json:"TestImports"`
	XTestImports []string `json:"XTestImports"`
}

// name returns the package's path within the module.
func (p *goPackage) name() string { return strings.TrimPrefix(p.ImportPath, module) }

// listPackages returns the packages of the module.
func listPackages(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=Dir,ImportPath,GoFiles,Imports,TestImports,XTestImports", module+"...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []goPackage
	d := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		all = append(all, p)
	}
	// a rule over nothing always holds
	for _, must := range []string{"connectors", "connectors/query", "connectors/value"} {
		if !slices.ContainsFunc(all, func(p goPackage) bool { return p.name() == must }) {
			t.Fatalf("go list does not know %s: %d packages", must, len(all))
		}
	}
	return all
}

// under reports whether path is one of roots or below one.
func under(path string, roots ...string) bool {
	return slices.ContainsFunc(roots, func(r string) bool { return path == r || strings.HasPrefix(path, r+"/") })
}

// rule forbids imports: what a package for which from is true may not import.
type rule struct {
	name  string
	from  func(pkg string) bool
	bad   func(pkg, imported string) bool
	tests bool // holds for tests too
}

func except(roots ...string) func(string) bool {
	return func(pkg string) bool { return !under(pkg, roots...) }
}

func within(roots ...string) func(string) bool {
	return func(pkg string) bool { return under(pkg, roots...) }
}

// foreign forbids packages of other modules.
func foreign(roots ...string) func(string, string) bool {
	return func(_, imported string) bool { return under(imported, roots...) }
}

// own forbids packages of this module.
func own(roots ...string) func(string, string) bool {
	return func(_, imported string) bool {
		p, ok := strings.CutPrefix(imported, module)
		return ok && under(p, roots...)
	}
}

// connectorOf returns the connector that a package belongs to, "" for the contract and what all share.
func connectorOf(pkg string) string {
	rest, ok := strings.CutPrefix(pkg, "connectors/")
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(rest, "/")
	if slices.Contains([]string{"query", "value", "canon", "digest", "sqlgen", "keysample", "reservoir", "guarded", "connectortest"}, name) {
		return ""
	}
	return name
}

func rules() []rule {
	test := "connectors/connectortest"
	return []rule{
		{"only lang, lower and parity know cel-go", except("expectations/lang", "expectations/lower", "expectations/parity"), foreign("cel.dev/cel-go", "github.com/google/cel-go"), false},
		{"only suites know YAML", except("suites"), foreign("go.yaml.in/yaml", "gopkg.in/yaml.v3", "gopkg.in/yaml.v2"), false},
		{"only cmd knows the command line", except("cmd"), foreign("github.com/spf13", "github.com/vbauerster/mpb"), true},
		{"pgx belongs to postgres", except("cmd", "connectors/postgres", test), foreign("github.com/jackc/pgx"), false},
		{"the MySQL driver belongs to mysql", except("cmd", "connectors/mysql", test), foreign("github.com/go-sql-driver/mysql"), false},
		{"the Elastic transport belongs to elasticsearch", except("cmd", "connectors/elasticsearch"), foreign("github.com/elastic"), false},
		{"the SQLite driver belongs to sqlite", except("cmd", "connectors/sqlite", test), foreign("modernc.org/sqlite"), false},
		{"Parquet belongs to files", except("cmd", "connectors/files", test), foreign("github.com/parquet-go"), false},

		{"value is below all", within("connectors/value"), own("connectors", "expectations", "suites", "reports", "cmd"), false},
		{"query knows value only", func(p string) bool { return p == "connectors/query" }, func(_, i string) bool {
			return strings.HasPrefix(i, module) && i != module+"connectors/value"
		}, false},
		{"canon knows value only", within("connectors/canon"), func(_, i string) bool {
			return strings.HasPrefix(i, module) && i != module+"connectors/value"
		}, false},
		{"digest knows queries and canonical forms only", within("connectors/digest"), func(_, i string) bool {
			p, ok := strings.CutPrefix(i, module)
			return ok && !slices.Contains([]string{"connectors/value", "connectors/query", "connectors/canon"}, p)
		}, false},
		{"connectors import nothing above them", within("connectors"), own("expectations", "suites", "reports", "cmd"), false},
		{"expectations import nothing above them", within("expectations"), own("suites", "reports", "cmd"), false},
		{"suites import neither reports nor cmd", within("suites"), own("reports", "cmd"), false},
		{"reports read results, baselines and plans", within("reports"), func(_, imported string) bool {
			p, ok := strings.CutPrefix(imported, module)
			return ok && !under(p, "reports", "connectors/value", "expectations/result", "expectations/diag", "expectations/baseline", "expectations/correct")
		}, false},
		{"no connector imports another", func(p string) bool { return connectorOf(p) != "" }, func(pkg, imported string) bool {
			other := connectorOf(strings.TrimPrefix(imported, module))
			return strings.HasPrefix(imported, module) && other != "" && other != connectorOf(pkg)
		}, true},
		{"expectations know connectors by their contract", except("cmd", "connectors"), func(_, imported string) bool {
			return strings.HasPrefix(imported, module) && connectorOf(strings.TrimPrefix(imported, module)) != ""
		}, false},
		{"connectortest is for tests", except(test), own(test), false},
	}
}

// TestImports holds the directions of imports that docs/architecture.md draws.
func TestImports(t *testing.T) {
	for _, p := range listPackages(t) {
		for _, r := range rules() {
			if !r.from(p.name()) {
				continue
			}
			imports := p.Imports
			if r.tests {
				imports = slices.Concat(p.Imports, p.TestImports, p.XTestImports)
			}
			for _, i := range imports {
				if i != p.ImportPath && r.bad(p.name(), i) {
					t.Errorf("%s imports %s: %s", p.name(), i, r.name)
				}
			}
		}
	}
}

// TestRules shows every rule an import that it must refuse: a rule that refuses nothing proves nothing.
func TestRules(t *testing.T) {
	offences := map[string][2]string{
		"only lang, lower and parity know cel-go":        {"expectations/run", "cel.dev/cel-go/cel"},
		"only suites know YAML":                          {"expectations/run", "go.yaml.in/yaml/v3"},
		"only cmd knows the command line":                {"reports", "github.com/spf13/cobra"},
		"pgx belongs to postgres":                        {"reports/history", "github.com/jackc/pgx/v5"},
		"the MySQL driver belongs to mysql":              {"connectors/sqlgen", "github.com/go-sql-driver/mysql"},
		"the Elastic transport belongs to elasticsearch": {"expectations/run", "github.com/elastic/elastic-transport-go/v8/elastictransport"},
		"the SQLite driver belongs to sqlite":            {"reports/history", "modernc.org/sqlite"},
		"Parquet belongs to files":                       {"expectations/diff", "github.com/parquet-go/parquet-go"},
		"value is below all":                             {"connectors/value", module + "connectors/query"},
		"canon knows value only":                         {"connectors/canon", module + "connectors/query"},
		"digest knows queries and canonical forms only":  {"connectors/digest", module + "connectors"},
		"query knows value only":                         {"connectors/query", module + "connectors"},
		"connectors import nothing above them":           {"connectors/postgres", module + "expectations/diag"},
		"expectations import nothing above them":         {"expectations/run", module + "suites"},
		"suites import neither reports nor cmd":          {"suites/schedule", module + "reports"},
		"reports read results, baselines and plans":      {"reports/html", module + "expectations/run"},
		"no connector imports another":                   {"connectors/mysql", module + "connectors/postgres"},
		"expectations know connectors by their contract": {"expectations/run", module + "connectors/sqlite"},
		"connectortest is for tests":                     {"connectors/mysql", module + "connectors/connectortest"},
	}
	for _, r := range rules() {
		o, ok := offences[r.name]
		if !ok {
			t.Errorf("no offence against %q", r.name)
			continue
		}
		if !r.from(o[0]) || !r.bad(o[0], o[1]) {
			t.Errorf("%q lets %s import %s", r.name, o[0], o[1])
		}
	}
}

// TestEnvironment finds code outside cmd that reads the environment or exits.
func TestEnvironment(t *testing.T) {
	forbidden := []string{"Getenv", "LookupEnv", "Environ", "ExpandEnv", "Exit"}
	seen := 0
	for _, p := range listPackages(t) {
		if under(p.name(), "cmd", "connectors/connectortest") {
			continue
		}
		for _, f := range p.GoFiles {
			seen++
			file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, f), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok {
					if x, ok := s.X.(*ast.Ident); ok && x.Name == "os" && slices.Contains(forbidden, s.Sel.Name) {
						t.Errorf("%s/%s calls os.%s: only cmd does", p.name(), f, s.Sel.Name)
					}
				}
				return true
			})
		}
	}
	if seen == 0 {
		t.Error("no file was looked at")
	}
}
