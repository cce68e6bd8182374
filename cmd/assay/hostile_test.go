package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// hostileTexts are what a database or a suite may hold to harm who reads a report.
func hostileTexts() []string {
	return []string{
		"\x1b[31mred\x1b[0m", "one\ntwo\nthree", "<script>alert(1)</script>", "abc\u202egnp.exe", "\x1b]0;title\x07", "\x9b2J", "\u009b2J", "a\rb", "tab\tbed", "back\bspace", "nul\x00nul", "del\x7f",
		"</script><script>alert(2)</script>", "<img src=x onerror=alert(3)>", `"><b onmouseover='x'>`, "&lt;b&gt;", "]]>--><!--",
		"\u2066x\u2069", "a\u200bb\ufeff", "one\u2028two\u2029", "bad \xff\xfe", "\u202e\u202d\u202c", "{{.Secret}}", "javascript:alert(4)",
		strings.Repeat("<b>\x1b[2J\u202e", 100_000), // a megabyte
	}
}

// TestHostileValues shows hostile cells, names, ids and messages in every form, and looks at each byte.
func TestHostileValues(t *testing.T) {
	dir := t.TempDir()
	db, err := sql.Open("sqlite", filepath.Join(dir, "hostile.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	const table, column = "t<script>\n\x1b[1m\"'`", "c<img src=x>\n\x1b[7m\u202e\"'"
	quoted := func(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
	do := func(s string, args ...any) {
		if _, err := db.ExecContext(t.Context(), s, args...); err != nil {
			t.Fatal(err)
		}
	}
	do("create table " + quoted(table) + " (id text, v text, " + quoted(column) + " text)")
	for i, s := range hostileTexts() {
		do("insert into "+quoted(table)+" values (?, ?, 'same' || ?)", fmt.Sprintf("%d%s", i, s), s, hostileTexts()[i%3])
	}
	js := func(s string) string { // JSON's strings are YAML's
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	id, message := "id<script>alert(5)</script>\u202e\x1b[5m", "message<script>alert(6)</script>\x1b[5m\u202e\nnext"
	suite := filepath.Join(dir, "suite.yaml")
	text := fmt.Sprintf(`version: 1
suite: %s
connections:
  db: {driver: sqlite, path: hostile.db}
datasets:
  hostile:
    connection: db
    table: %s
    key: [id]
    expectations:
      - {id: %s, expect: %s, message: %s, description: %s, owner: %s, tags: [%s]}
      - {id: dynamic, expect: row.id == "", message_expression: row.v}
      - unique: [%s]
      - {in_set: {column: v, values: [%s]}}
      - {matches: {column: v, pattern: "^never$", id: here}}
expectations:
  - {id: metric, expect: "hostile.min(r, r.id) == \"x\""}
`, js("suite<script>\x1b[1m\u202e"), js(table), js("plain"), js("row.v == "+js(hostileTexts()[0]+"<script>alert(7)</script>")),
		js(message), js(message), js(message), js(message), js(column), js(message))
	if err := os.WriteFile(suite, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(want int, args ...string) (stdout, stderr string) {
		var out, errs bytes.Buffer
		if code := Do(args, strings.NewReader(""), &out, &errs); code != want {
			t.Fatalf("assay %s: exit code %d, want %d\n%.3000s%.3000s", args[0], code, want, &out, &errs)
		}
		return out.String(), errs.String()
	}
	stdout, stderr := run(exitFailed, "run", "--out", dir, "--state", dir, "--failures", "100", suite)
	harmless(t, "run's text", stdout, 200_000)
	harmless(t, "run's stderr", stderr, 10_000)
	for _, want := range []string{`\x1b[31mred`, `\u202e`, `<script>alert(1)</script>`, "one\\ntwo"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("run's text does not show %q", want)
		}
	}
	page, err := os.ReadFile(filepath.Join(dir, "report.html"))
	if err != nil {
		t.Fatal(err)
	}
	harmless(t, "the page", string(page), 4_000_000)
	for _, tag := range []string{"<script>alert", "<img src=x", "<b onmouseover", "<b>\\x1b", "<b>\x1b", "message<script"} {
		if strings.Contains(string(page), tag) {
			t.Errorf("the page holds %q", tag)
		}
	}
	if !strings.Contains(string(page), "&lt;script&gt;alert(1)") {
		t.Error("the page does not show the cells")
	}
	report, err := os.ReadFile(filepath.Join(dir, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	if !json.Valid(report) || !utf8.Valid(report) || bytes.ContainsAny(report, "\x1b\x00\x07\r") {
		t.Error("report.json is no plain JSON")
	}
	stdout, stderr = run(exitOK, "explain", suite)
	harmless(t, "explain", stdout, 2_000_000)
	harmless(t, "explain's stderr", stderr, 10_000)
	stdout, stderr = run(exitOK, "lint", suite)
	harmless(t, "lint", stdout+stderr, 100_000)
	// A finding quotes the suite, its column's name and its values.
	bad := strings.Replace(text, "row.id == ", "row.idd == ", 1)
	if err := os.WriteFile(suite, []byte(bad+"  - {id: "+js(id)+", expect: "+js("hostile.min(r, r.zz) == "+js(message))+"}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"lint", "run", "explain"} {
		stdout, stderr = run(exitUsage, command, suite)
		harmless(t, command+"'s findings", stdout+stderr, 100_000)
	}
}

// harmless looks at every character of a text for people.
func harmless(t *testing.T, what, text string, most int) {
	t.Helper()
	if len(text) > most {
		t.Errorf("%s: %d bytes, want at most %d", what, len(text), most)
	}
	for i, r := range text {
		_, n := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && n == 1:
		case r == '\n' || unicode.IsGraphic(r) && !unicode.In(r, unicode.Zl, unicode.Zp):
			continue
		}
		t.Errorf("%s holds %q: %q", what, r, text[max(0, i-40):min(len(text), i+40)])
		return
	}
}
