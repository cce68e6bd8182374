package main

import (
	"bytes"
	"database/sql"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
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
		"\u2066x\u2069", "a\u200bb\ufeff", "one\u2028two\u2029", "bad \xff\xfe", "\u202e\u202d\u202c", "{{.Secret}}", "javascript:alert(4)", "=cmd|' /C calc'!A0", "@SUM(1)", "::error::x", "@team #1",
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
	args := []string{"run", "--out", dir, "--state", dir, "--failures", "100", suite, "--format", "text"}
	for _, f := range formats() {
		if f.name != "text" {
			args = append(args, "--format", f.name+"="+filepath.Join(dir, f.name+".out"))
		}
	}
	stdout, stderr := run(exitFailed, args...)
	hostileFormats(t, dir)
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
	if len(report) > 1_000_000 || strings.Count(string(report), "SHA-256") < 4 {
		t.Errorf("cells of a megabyte make a report of %d bytes, or none says that it was cut", len(report))
	}
	if !json.Valid(report) || !utf8.Valid(report) || bytes.ContainsAny(report, "\x1b\x00\x07\r\x7f\u009b\u202e") {
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

// hostileFormats looks at what every format made of the run.
func hostileFormats(t *testing.T, dir string) {
	t.Helper()
	read := func(format string) string {
		text, err := os.ReadFile(filepath.Join(dir, format+".out"))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for _, f := range formats() {
		switch f.name {
		case "text", "json", "html", keysFormat:
			continue
		}
		harmless(t, f.name, strings.ReplaceAll(read(f.name), "\r\n", "\n"), 300_000)
	}
	if err := xml.Unmarshal([]byte(read("junit")), new(struct{})); err != nil || !json.Valid([]byte(read("sarif"))) {
		t.Errorf("JUnit's XML or SARIF is broken: %v", err)
	}
	for _, format := range []string{"openlineage", keysFormat} {
		n := 0
		for l := range strings.SplitSeq(strings.TrimSuffix(read(format), "\n"), "\n") {
			if n++; !json.Valid([]byte(l)) || !utf8.ValidString(l) || strings.ContainsAny(l, "\x1b\x00\x07\r\x7f\u009b\u202e") {
				t.Errorf("%s: a line is %.100q", format, l)
			}
		}
		if n < 2 || format == keysFormat && n < 4*len(hostileTexts()) || len(read(format)) > 1_500_000 {
			t.Errorf("%s: %d lines, %d bytes", format, n, len(read(format)))
		}
	}
	rows, err := csv.NewReader(strings.NewReader(read("csv"))).ReadAll()
	if err != nil || len(rows) < 6 {
		t.Errorf("%d lines of CSV: %v", len(rows), err)
	}
	for _, r := range rows {
		for _, c := range r {
			if c != "" && strings.ContainsRune("=+-@", rune(c[0])) {
				t.Errorf("a cell of the CSV is %.40q", c)
			}
		}
	}
	for l := range strings.Lines(read("github")) {
		if !strings.HasPrefix(l, "::error file=") && !strings.HasPrefix(l, "::error title=alert%3A ") {
			t.Errorf("a line for the workflow is %.100q", l)
		}
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

// TestHostileJob: a shared history holds the names of others' jobs, and what is said of a name that is unknown repeats them.
func TestHostileJob(t *testing.T) {
	dir := t.TempDir()
	suite := filepath.Join(dir, "suite.yaml")
	for name, text := range map[string]string{
		"a.csv":      "id\n1\n",
		"suite.yaml": "connections: {here: {driver: files}}\ndatasets:\n  a: {connection: here, file: a.csv, key: [id], expectations: [not_null: id]}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const hostile = "job\x1b[31m\nof\u202e another"
	var out, errs bytes.Buffer
	if code := Do([]string{"run", suite, "--state", dir, "--job", hostile, "--quiet"}, nil, &out, &errs); code != 0 {
		t.Fatalf("exit code %d: %s", code, &errs)
	}
	for _, asked := range []string{"none", "none\x1b[2J", "job\x1b[31m\nof\u202e anothe"} {
		errs.Reset()
		if code := Do([]string{"history", asked, "--state", dir}, nil, &out, &errs); code != exitUsage || !strings.Contains(errs.String(), `job\x1b[31m\nof\u202e another`) {
			t.Errorf("exit code %d: %q", code, errs.String())
		}
		if strings.Count(errs.String(), "\n") != 1 || strings.ContainsAny(errs.String(), "\x1b\u202e") {
			t.Errorf("what is said acts upon a terminal: %q", errs.String())
		}
	}
}
