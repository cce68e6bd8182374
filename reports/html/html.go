// Package html renders a run as one self-contained page: no network, no script from
// elsewhere, readable from file://, in light and dark.
//
// What is seen first (verdict, what changed, what to look at, alerts, datasets) is markup that the template writes. The expectations ride along as
// JSON, strings that occur often once, and are drawn by the page's script as they come into view: so a page of ten thousand of them opens as quickly
// as one of three. Without scripts the worst of them are read in a plain form.
package html

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/reports"
)

//go:embed page.tmpl plain.tmpl plan.tmpl css/*.css js/*.js
var files embed.FS

const (
	// cellWidth bounds the shown width of one value, in columns of a terminal.
	cellWidth = 200
	// lineWidth bounds names and sentences.
	lineWidth = 1000
	// codeWidth bounds an expression.
	codeWidth = 20_000
)

// Write writes the page of one run.
func Write(w io.Writer, rep *result.Report) error {
	style, err := style()
	if err != nil {
		return err
	}
	script, err := script()
	if err != nil {
		return err
	}
	t, err := parsed("page.tmpl")
	if err != nil {
		return err
	}
	p := newPage(rep)
	p.Style, p.Script = template.CSS(style), template.JS(script) //nolint:gosec // our own files, embedded
	p.Policy = policy(style, script)
	data, err := embedded(newPayload(rep, p.items))
	if err != nil {
		return err
	}
	p.Payload = template.JS(data) //nolint:gosec // JSON in which no "<" is left
	if err := t.Execute(w, p); err != nil {
		return fmt.Errorf("write the HTML report: %w", err)
	}
	return nil
}

// parsed is a template of the page.
func parsed(name string) (*template.Template, error) {
	t, err := template.New(name).Funcs(template.FuncMap{
		"group": diag.Group, "took": reports.Took, "line": line, "code": code, "plural64": diag.Plural,
		"group64": func(n int) string { return diag.Group(int64(n)) }, "plural": func(n int, noun string) string { return diag.Plural(int64(n), noun) },
	}).ParseFS(files, "*.tmpl")
	if err != nil {
		return nil, fmt.Errorf("parse the page: %w", err)
	}
	return t, nil
}

// policy allows the page's own style and script, by their digests, and nothing else: even markup that slipped through
// could not run or fetch.
func policy(style, script string) string {
	hash := func(s string) string {
		d := sha256.Sum256([]byte(s))
		return "'sha256-" + base64.StdEncoding.EncodeToString(d[:]) + "'"
	}
	run := "'none'"
	if script != "" {
		run = hash(script)
	}
	return "default-src 'none'; style-src " + hash(style) + "; script-src " + run + "; base-uri 'none'; form-action 'none'"
}

// read returns embedded files, one after another.
func read(names ...string) (string, error) {
	var b strings.Builder
	for _, n := range names {
		text, err := files.ReadFile(n)
		if err != nil {
			return "", fmt.Errorf("read a part of the page: %w", err)
		}
		b.Write(text)
	}
	return b.String(), nil
}

// style is the page's style sheet. Its colours stand in two files, used where the reader's system asks for them, where the reader chose them, and
// light ones on paper.
func style() (string, error) {
	light, err := read("css/light.css")
	if err != nil {
		return "", err
	}
	dark, err := read("css/dark.css")
	if err != nil {
		return "", err
	}
	rest, err := read("css/page.css", "css/list.css", "css/detail.css", "css/small.css", "css/print.css")
	if err != nil {
		return "", err
	}
	return ":root{" + light + "}\n@media (prefers-color-scheme:dark){:root{" + dark + "}}\n:root[data-theme=light]{" + light + "}\n:root[data-theme=dark]{" + dark +
		"}\n@media print{:root,:root[data-theme]{" + light + "}}\n" + rest, nil
}

// script is the page's script: its parts share one scope, and nothing of it is global.
func script() (string, error) {
	parts, err := read("js/dom.js", "js/data.js", "js/chart.js", "js/detail.js", "js/search.js", "js/list.js", "js/page.js")
	if err != nil {
		return "", err
	}
	return "(function () {\n\"use strict\";\n" + parts + "}());\n", nil
}

// embedded is v as JSON that may stand within a script element: without "<" nothing in it ends the element or begins a comment, and the encoder
// escapes the separators that once ended lines of JavaScript.
func embedded(v any) (string, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return "", fmt.Errorf("encode the report for its page: %w", err)
	}
	return strings.ReplaceAll(strings.TrimRight(b.String(), "\n"), "<", `\u003c`), nil
}

// line is a name or a sentence: what is invisible is made text, what is endless is cut.
func line(s string) string { return reports.Clip(diag.Visible(s), lineWidth) }

// code is an expression with its lines.
func code(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = diag.Visible(l)
	}
	return reports.Clip(strings.Join(lines, "\n"), codeWidth)
}
