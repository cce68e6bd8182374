package suites_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/assay-dev/assay/suites"
)

// Each file of testdata/bad is a suite (s.yaml unless "load:" in the comment says otherwise), further files, and what is printed about it:
// the very message, line, column and carets.
func TestBadSuites(t *testing.T) {
	paths, err := filepath.Glob("testdata/bad/*.txtar")
	if err != nil || len(paths) < 50 {
		t.Fatalf("%d cases, %v", len(paths), err)
	}
	for _, p := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(p), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(p)
			if err != nil {
				t.Fatal(err)
			}
			files, want := tree{}, ""
			for _, f := range a.Files {
				if f.Name == "want" {
					want = string(f.Data)
					continue
				}
				files[f.Name] = unescape(string(f.Data))
			}
			names, opts := []string{"s.yaml"}, suites.Options{Env: env, Drivers: []string{"postgres", "mysql", "elasticsearch", "sqlite"}}
			for line := range strings.SplitSeq(string(a.Comment), "\n") {
				if rest, ok := strings.CutPrefix(line, "load: "); ok {
					names = strings.Fields(rest)
				}
				if rest, ok := strings.CutPrefix(line, "var: "); ok {
					k, v, _ := strings.Cut(rest, "=")
					opts.Vars = map[string]string{k: v}
				}
			}
			_, list, got := load(t, files, opts, names...)
			if len(list) == 0 {
				t.Fatal("nothing is wrong with it")
			}
			for _, d := range list {
				if d.Span.Line > 0 && (d.Span.Col < 1 || d.Span.Len < 1) {
					t.Errorf("no column: %+v", d)
				}
			}
			if *update {
				a.Files = slices.DeleteFunc(a.Files, func(f txtar.File) bool { return f.Name == "want" })
				a.Files = append(a.Files, txtar.File{Name: "want", Data: []byte(got)})
				if err := os.WriteFile(p, txtar.Format(a), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// unescape makes the characters that an archive of text cannot hold.
func unescape(s string) string {
	return strings.NewReplacer("<TAB>", "\t", "<NUL>", "\x00", "<ESC>", "\x1b", "<BAD>", "\xff", "<BOM16>", "\xff\xfe", "<CR>", "\r").Replace(s)
}
