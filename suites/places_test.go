package suites_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/suites"
)

// In every style of YAML's scalars each code point of an expression knows its line and column.
func TestPlacesInEveryScalarStyle(t *testing.T) {
	for _, c := range []struct {
		name, scalar, value string
		word                string // what is looked for in the expression
		marked              string // what stands at its place in the file, where that differs
	}{
		{name: "plain", scalar: "row.a == needle", value: "row.a == needle"},
		{name: "plain with comment", scalar: "row.a == needle   # no needle", value: "row.a == needle"},
		{name: "plain on several lines", scalar: "row.a\n          == needle\n\n          || row.b", value: "row.a == needle\n|| row.b"},
		{name: "plain wide", scalar: "row.日本 == needle", value: "row.日本 == needle"},
		{name: "single-quoted", scalar: "'row.a == ''x'' + needle'", value: "row.a == 'x' + needle"},
		{name: "single-quoted on several lines", scalar: "'row.a ==   \n          needle'", value: "row.a == needle"},
		{name: "double-quoted", scalar: `"row.a == \"\x41\u00e9\U0001F600\" + needle"`, value: `row.a == "Aé😀" + needle`},
		{name: "double-quoted escapes", scalar: `"\trow.a\n== \\ \a \e + needle"`, value: "\trow.a\n== \\ \a \x1b + needle"},
		{name: "double-quoted on several lines", scalar: "\"row.a \\\n          == \n\n          needle\"", value: "row.a ==\nneedle"},
		{name: "literal", scalar: "|\n          row.a ==\n            needle\n", value: "row.a ==\n  needle"},
		{name: "literal with indicator", scalar: "|2-\n            row.a ==\n          needle\n", value: "  row.a ==\nneedle"},
		{name: "literal after empty lines", scalar: "|\n\n          row.a ==\n\n          needle\n", value: "\nrow.a ==\n\nneedle"},
		{name: "literal kept", scalar: "|+\n          row.a == needle\n\n", value: "row.a == needle"},
		{name: "folded", scalar: ">\n          row.a ==\n          needle\n", value: "row.a == needle"},
		{name: "folded stripped", scalar: ">-\n          row.a\n\n          == needle", value: "row.a\n== needle"},
		{name: "folded more indented", scalar: ">\n          row.a\n            ==\n          needle\n", value: "row.a\n  ==\nneedle"},
		{name: "folded two paragraphs", scalar: ">\n          row.a\n          + b\n\n\n          == needle\n", value: "row.a + b\n\n== needle"},
		{name: "anchored", scalar: "&x row.a == needle", value: "row.a == needle"},
		{name: "tagged", scalar: "!!str\n          row.a == needle", value: "row.a == needle"},
		{name: "dollars", scalar: "'row.a == ''$${x}'' + needle'", value: "row.a == '${x}' + needle"},
		{name: "escape itself", scalar: `"row.a == \u006eeedle"`, value: "row.a == needle", marked: `\u006eeedle`},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := "connections: {s: {driver: x}}\ndatasets:\n  d:\n    connection: s\n    table: t\n    expectations:\n      - expect: " +
				c.scalar + "\n        tags: [a]\n"
			s, out := one(t, text, suites.Options{})
			if out != "" {
				t.Fatal(out)
			}
			e := s.Expectations[0].Expect
			if e.Value != c.value {
				t.Fatalf("got %q, want %q", e.Value, c.value)
			}
			if len(e.Places) != len([]rune(e.Value))+1 {
				t.Fatalf("%d places for %d code points", len(e.Places), len([]rune(e.Value)))
			}
			lines := strings.Split(text, "\n")
			before, _, found := strings.Cut(e.Value, "needle")
			if !found {
				t.Fatalf("no needle in %q", e.Value)
			}
			start := len([]rune(before))
			span := e.Span(start, start+len("needle"))
			want := c.marked
			if want == "" {
				want = "needle"
			}
			line := []rune(lines[span.Line-1])
			if got := string(line[span.Col-1:]); !strings.HasPrefix(got, want) {
				t.Errorf("the place of needle is %v: %q", span, got)
			}
			checkOrder(t, e)
		})
	}
}

// checkOrder checks that places never go back.
func checkOrder(t *testing.T, e diag.Text) {
	t.Helper()
	for i := 1; i < len(e.Places); i++ {
		a, b := e.Places[i-1], e.Places[i]
		if b.Line < a.Line || b.Line == a.Line && b.Col < a.Col {
			t.Errorf("place %d goes back: %v after %v", i, b, a)
		}
	}
}

// Every line ending and a byte order mark leave lines and columns as an editor counts them.
func TestPlacesWithLineEndings(t *testing.T) {
	for _, nl := range []string{"\n", "\r\n", "\r"} {
		text := "\ufeff" + strings.ReplaceAll("suite: x\ndatasets: {}\nbad: 1\n", "\n", nl)
		_, list, _ := load(t, tree{"s.yaml": text}, suites.Options{}, "s.yaml")
		if len(list) != 1 || list[0].Span.Line != 3 || list[0].Span.Col != 1 || list[0].Span.Len != 3 {
			t.Errorf("%q: got %v", nl, list)
		}
	}
	_, list, _ := load(t, tree{"s.yaml": "\ufeffbad: 1\n"}, suites.Options{}, "s.yaml")
	if len(list) != 1 || list[0].Span.Line != 1 || list[0].Span.Col != 1 {
		t.Errorf("got %v", list)
	}
}

// hostile passwords, in every place and form that they may be written in.
var hostile = []string{
	"hunter2-SECRET", "p:a@s/s?SECRET", "'SECRET'", `"SECRET"`, "SECRET#x", "*SECRET", "&SECRET", "%SECRET", "{SECRET}", "[SECRET", "SECRET: x",
	"@SECRET", "`SECRET", "\\SECRET", "${SECRET", "$SECRET", "\tSECRET", "SECRET\x1b[31m", "日本SECRET", "!SECRET", "|SECRET", "- SECRET", "? SECRET",
	strings.Repeat("SECRET", 30),
}

func TestNoSecretIsEverShown(t *testing.T) {
	forms := []string{
		"connections:\n  a:\n    driver: postgres\n    password: %s\nbad: 1\n",
		"connections:\n  a:\n    driver: postgres\n    dsn: postgres://u:%s@h/db\nbad: 1\n",
		"connections:\n  a:\n    driver: postgres\n    dsn: u:%s@tcp(h:1)/db\n    timeout: x\nbad: 1\n",
		"connections:\n  a: {driver: postgres, pasword: %s, tmeout: 1}\nbad: 1\n",
		"connections:\n  a: {driver: postgres, dsn: \"%s\", tmeout: 1}\nbad: 1\n",
		"connections:\n  a: {driver: postgres, dsn: '%s', tmeout: 1}\nbad: 1\n",
		"connections: {a: {driver: postgres, dsn:%s}}\nbad: 1\n",
		"connections:\n  a:\n    driver: postgres\n    dsn: >-\n      %s\n      more\n    timeout: x\n",
		"connections:\n  a:\n    driver: postgres\n    dsn: |\n      %s\n    timeout: x\n",
		"connections:\n  a:\n    driver: postgres\n    url: [%s]\n", "connections:\n  a: %s\n", "connections: %s\n",
		"connections:\n  a:\n  driver: postgres\n  password: %s\n", "connections:\na:\n  driver: postgres\n  password: %s\nbad: 1\n",
		"password: %s\n", "\"connections\":\n  a:\n    password: %s\n  b: [\n", "{connections: {a: {driver: x,\n  password: %s,\n tmeout: 1}}}\n",
		"connections:\n  a:\n    driver: x\n    password: %s\nsuite: \"unclosed\n", "connections:\n  a:\n    driver: x\n    password:\n      %s\nsuite: [\n",
		"connections:\n  a:\n    driver: x\n    password: %s\n    password: %s\n",
		"x: &p %s\nconnections:\n  a: {driver: x, password: *p, bad: 1}\n",
	}
	checked := 0
	for i, form := range forms {
		for j, secret := range hostile {
			text := strings.ReplaceAll(form, "%s", secret)
			set, list, out := load(t, tree{"s.yaml": text}, suites.Options{}, "s.yaml")
			checked += len(list)
			shown := out + fmt.Sprint(list)
			source := set.Sources()
			for n := 1; ; n++ {
				line, ok := source(listFile(list), n)
				if !ok {
					break
				}
				shown += "\n" + line.Text
			}
			if strings.Contains(shown, "SECRET") {
				t.Errorf("form %d, secret %d:\n%s\n%s", i, j, text, shown)
			}
		}
	}
	if checked < len(forms)*len(hostile)/2 {
		t.Errorf("only %d diagnostics: the forms are not bad enough to prove anything", checked)
	}
}

// A secret that comes from the environment is in no line at all.
func TestNoEnvironmentIsEverShown(t *testing.T) {
	opts := suites.Options{Env: func(string) (string, bool) { return "SECRET", true }}
	_, list, out := load(t, tree{"s.yaml": "connections:\n  a: {driver: \"${A}\", timezone: \"${A}\", timeout: \"${A}\", dsn: \"${A}\"}\n"}, opts, "s.yaml")
	if len(list) == 0 {
		t.Fatal("nothing is wrong with it")
	}
	if strings.Contains(out, "SECRET") {
		t.Error(out)
	}
}

func listFile(l diag.List) string {
	for i := range l {
		if l[i].Span.Line > 0 {
			return l[i].Span.File
		}
	}
	return ""
}
