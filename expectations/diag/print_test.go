package diag_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/assay-dev/assay/expectations/diag"
)

func printed(t *testing.T, d diag.Diagnostic, lines ...diag.Line) string {
	t.Helper()
	var b strings.Builder
	err := diag.Print(&b, diag.List{d}, func(_ string, n int) (diag.Line, bool) {
		if n < 1 || n > len(lines) {
			return diag.Line{}, false
		}
		return lines[n-1], true
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func at(line, col, n int) diag.Span {
	return diag.Span{Pos: diag.Pos{File: "s.yaml", Line: line, Col: col}, Len: n}
}

func TestPrint(t *testing.T) {
	d := func(col, n int) diag.Diagnostic {
		return diag.Diagnostic{Code: "unknown-key", Span: at(1, col, n), Message: "m"}
	}
	const head = "s.yaml:1:%: error[unknown-key]: m\n"
	for _, c := range []struct {
		name, line string
		col, n     int
		shown      string // the line as shown
		mark       string // what stands below it
	}{
		{"plain", "  expct: a", 3, 5, "  expct: a", "  ^^^^^"},
		{"first column", "expct", 1, 5, "expct", "^^^^^"},
		{"tab", "\ta\tb", 4, 1, "    a    b", "         ^"},
		{"wide", "日本 = x", 6, 1, "日本 = x", "       ^"},
		{"wide marked", "a 日本", 3, 2, "a 日本", "  ^^^^"},
		{"emoji", "👍🏽 = x", 6, 1, "👍🏽 = x", "     ^"},
		{"joined emoji", "👩‍👩‍👧 x", 7, 1, "👩‍👩‍👧 x", "   ^"},
		{"combining", "e\u0301 x", 4, 1, "e\u0301 x", "  ^"},
		{"escape", "\x1b[31m x", 7, 1, `\x1b[31m x`, "         ^"},
		{"escape marked", "a\x1bb", 2, 1, `a\x1bb`, " ^^^^"},
		{"bidi", "a\u202eb c", 5, 1, `a\u202eb c`, "         ^"},
		{"behind the end", "abc", 4, 1, "abc", "   ^"},
		{"far behind the end", "abc", 99, 7, "abc", "   ^"},
		{"runs past the end", "abc", 2, 99, "abc", " ^^"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := printed(t, d(c.col, c.n), diag.NewLine(c.line))
			lines := strings.Split(got, "\n")
			if len(lines) != 4 || !strings.HasPrefix(lines[0], strings.Split(head, "%")[0]) {
				t.Fatalf("got %q", got)
			}
			if want := "  1 | " + c.shown; lines[1] != want {
				t.Errorf("line\n got %q\nwant %q", lines[1], want)
			}
			if want := "    | " + c.mark; lines[2] != want {
				t.Errorf("mark\n got %q\nwant %q", lines[2], want)
			}
		})
	}
}

func TestPrintWhole(t *testing.T) {
	got := printed(t, diag.Diagnostic{Code: "c", Span: at(12, 2, 1), Message: "bad\n\x1b[2Jthing", Hint: "do \x07 this"},
		make([]diag.Line, 11)...)
	want := "s.yaml:12:2: error[c]: bad\\n\\x1b[2Jthing\n     = do \\x07 this\n"
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	got = printed(t, diag.Diagnostic{Severity: diag.Warning, Code: "c", Span: diag.Span{Pos: diag.Pos{File: "s.yaml"}}, Message: "m"})
	if want := "s.yaml: warning[c]: m\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPrintCutsLongLines(t *testing.T) {
	line := strings.Repeat("x", 5000) + "HERE" + strings.Repeat("y", 5000)
	got := printed(t, diag.Diagnostic{Span: at(1, 5001, 4), Message: "m"}, diag.NewLine(line))
	lines := strings.Split(got, "\n")
	if n := len([]rune(lines[1])); n > 180 {
		t.Errorf("the line is %d long", n)
	}
	shown, mark := []rune(lines[1]), []rune(lines[2])
	start := strings.IndexRune(string(mark), '^')
	if start < 0 || string(shown[start:start+4]) != "HERE" || strings.Count(lines[2], "^") != 4 {
		t.Errorf("the carets miss:\n%s\n%s", lines[1], lines[2])
	}
}

func TestPrintHidesSecrets(t *testing.T) {
	line := diag.NewLine("a: hunter2, b: 日, c: topsecret", diag.Stretch{Start: 3, End: 10}, diag.Stretch{Start: 21, End: 30})
	if want := "a: ********, b: 日, c: ********"; line.Text != want {
		t.Fatalf("got %q, want %q", line.Text, want)
	}
	for _, c := range []struct {
		col, n int
		mark   string
	}{
		{1, 1, "^"},
		{13, 1, "             ^"},
		{16, 1, "                ^^"},
		{19, 1, "                    ^"},
		{6, 2, "   ^^^^^^^^"},
		{22, 9, "                       ^^^^^^^^"},
	} {
		got := strings.Split(printed(t, diag.Diagnostic{Span: at(1, c.col, c.n), Message: "m"}, line), "\n")[2]
		if want := "    | " + c.mark; got != want {
			t.Errorf("col %d: got %q, want %q", c.col, got, want)
		}
	}
}

func TestNearest(t *testing.T) {
	words := []string{"expect", "metric", "where", "mostly", "max_failures", "id", "on_null"}
	for word, want := range map[string]string{
		"expct": "expect", "exepct": "expect", "EXPECT": "expect", "wher": "where", "onnull": "on_null", "maxfailures": "max_failures",
		"xyzzy": "", "": "", "i": "id", "banana": "", "metrics": "metric", "expect": "",
	} {
		if got := diag.Nearest(word, words); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}

func TestList(t *testing.T) {
	var l diag.List
	if l.Err() != nil {
		t.Error("an empty list is an error")
	}
	l.Warnf("w", at(9, 1, 1), "", "warn")
	if l.Err() != nil {
		t.Error("a warning is an error")
	}
	l.Errorf("b", at(3, 2, 1), "", "second")
	l.Errorf("a", at(3, 1, 1), "", "first")
	l.Errorf("a", at(3, 1, 1), "h", "first")
	l.Sort()
	l = l.Dedupe()
	var got []string
	for _, d := range l {
		got = append(got, d.Message)
	}
	if s := strings.Join(got, " "); s != "first second warn" {
		t.Errorf("got %s", s)
	}
	var as diag.List
	if err := l.Err(); !errors.As(err, &as) || err.Error() != "s.yaml:3:1: error[a]: first (and 1 more error)" {
		t.Errorf("got %v", err)
	}
}

func FuzzPrint(f *testing.F) {
	f.Add("a\tb\x1b[31m日", 3, 2, 1, 2)
	f.Fuzz(func(t *testing.T, line string, col, n, hideFrom, hideTo int) {
		if strings.ContainsAny(line, "\n\r") {
			return // not one line
		}
		if col < 1 || col > 1<<20 || n < 0 || n > 1<<20 || hideFrom < 0 || hideTo > 1<<20 {
			return // no place in a file
		}
		got := printed(t, diag.Diagnostic{Span: at(1, col, n), Message: line, Hint: line},
			diag.NewLine(line, diag.Stretch{Start: hideFrom, End: hideTo}))
		for _, r := range got {
			if r != '\n' && (r < 0x20 || r == 0x7f || r >= 0x80 && r < 0xa0) {
				t.Fatalf("control character %q in %q", r, got)
			}
		}
	})
}
