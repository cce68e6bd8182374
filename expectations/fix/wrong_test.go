package fix_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestWrongFixes: what only the live schema shows is wrong is found before a row is read, at its place.
func TestWrongFixes(t *testing.T) {
	a := `CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER NOT NULL, s TEXT, at TEXT, g INTEGER GENERATED ALWAYS AS (n + 1)); CREATE TABLE keyless (s TEXT);`
	w := newWorld(t, a, a)
	const head = "datasets: {l: {connection: a, table: t}, r: {connection: b, table: t}, k: {connection: a, table: keyless}}\nexpectations:\n"
	compare := func(fix string) string {
		return head + "  - id: e\n    compare: {source: l, target: r}\n    key: id\n    fix: " + fix + "\n"
	}
	row := func(fix string) string {
		return head + "  - {id: e, dataset: l, expect: row.n > 1, fix: " + fix + "}\n"
	}
	for _, c := range []struct{ suite, want string }{
		{row(`{m: "1"}`), `4:50: unknown-column: dataset l has no column "m"`},
		{row(`{id: "1"}`), `4:50: not-fixable: column "id" is in the key of dataset l, which names the row and is never changed`},
		{row(`{g: "1"}`), `4:50: not-fixable: column "g" of l is computed by the server and never written`},
		{row(`{n: "'x'"}`), `4:53: type-mismatch: column "n" of l cannot be set to that: the value (string) is a string and n (INTEGER) is an int`},
		{row(`{n: null}`), `4:50: type-mismatch: column "n" of l takes no null`},
		{row(`{n: row.nn}`), `4:57: unknown-column: l has no column "nn"`},
		{head + "  - {id: e, dataset: k, expect: row.s != '', fix: {s: \"'x'\"}}\n", `4:46: missing-key: rows of k cannot be corrected: nothing names them, for it has no primary key, and none is declared`},
		{compare("{columns: {x: source}}"), `7:21: unknown-column: column "x" is not compared, so that nothing is found of it`},
		{compare("{columns: {n: {newest: x}}}"), `7:33: unknown-column: dataset l, the source, has no column "x"`},
		{compare("{extra: soft, soft: {column: gone}}"), `7:39: unknown-column: dataset r has no column "gone"`},
		{compare("{extra: soft, soft: {column: n, value: \"'x'\"}}"), `7:49: type-mismatch: column "n" of r cannot be set to that: the value (string) is a string and n (INTEGER) is an int`},
		{compare("{duplicates: matching}"), "7:23: not-fixable: several rows of r with one key cannot be told apart: it has no primary key of its own beside the key of the comparison"},
		{
			compare("target") + "  - {id: f, compare: {source: r, target: l}, key: id, fix: target}\n",
			`8:55: two-owners: column "n" of l cannot be right and get the value of r.n`,
		},
		{
			compare("target") + "  - {id: f, dataset: r, expect: row.n > 1, fix: {n: \"2\"}}\n",
			`8:50: two-owners: two expectations own column "n" of r`,
		},
		{
			compare("target") + "  - {id: f, compare: {source: l, target: r}, key: s, fix: {missing: ignore}}\n",
			"8:54: not-fixable: rows of r are corrected by (s) here, and by (id) at",
		},
	} {
		p := w.plan(c.suite)
		var got []string
		for _, d := range p.found {
			got = append(got, fmt.Sprintf("%d:%d: %s: %s", d.Span.Line, d.Span.Col, d.Code, d.Message))
		}
		if !strings.Contains(strings.Join(got, "\n"), c.want) || !p.found.HasErrors() {
			t.Errorf("%s\ngot\n%s\nwant\n%s", c.suite, strings.Join(got, "\n"), c.want)
		}
	}
}
