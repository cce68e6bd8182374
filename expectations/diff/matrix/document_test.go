package matrix

import (
	"bytes"
	_ "embed"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/assay-dev/assay/connectors/connectortest"
)

var update = flag.Bool("update", false, "write docs/types.md anew")

//go:embed testdata/types.md
var rules string

// document writes docs/types.md, or holds it to what was found.
func (b *book) document(t *testing.T) {
	t.Helper()
	file := filepath.Join(connectortest.ModuleRoot(t), "docs", "types.md")
	want := b.markdown()
	if *update {
		if t.Failed() {
			t.Fatal("not written: the matrix does not hold")
		}
		if err := os.WriteFile(file, want, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("docs/types.md is stale (%v): go test ./expectations/diff/matrix -update", err)
	}
}

func (b *book) markdown() []byte {
	var out bytes.Buffer
	line := func(format string, args ...any) { fmt.Fprintf(&out, format+"\n", args...) }
	entries, same, differ := 0, 0, 0
	for _, s := range b.sections {
		for i := range s.entries {
			entries, same, differ = entries+1, same+len(s.entries[i].same), differ+len(s.entries[i].differ)
		}
	}
	out.WriteString(rules)
	line("")
	line("## The matrix")
	line("")
	line("%d pairs of columns with %d rows that are the same and %d that are not, stored in the engines themselves and read back: cell by cell, both ways", entries, same, differ)
	line("round, and by whole comparisons. A row is written as it is put into the columns: one text where it is the same on both sides; what follows an `=` is an")
	line("expression of the engine, or JSON.")
	for _, s := range b.sections {
		line("")
		line("### %s", s.title)
		line("")
		line("| left | right | option | the same | different | the schema check says |")
		line("|---|---|---|---|---|---|")
		for _, p := range b.placed[s.title] {
			line("| %s | %s | %s | %s | %s | %s |", p.l, p.r, code(p.say), p.examples(p.same), p.examples(p.differ), p.remarks())
		}
	}
	line("")
	line("### MariaDB")
	line("")
	line("MariaDB takes MySQL's place in all of the above but for seconds, which it cuts; and has types of its own.")
	line("")
	line("| left | right | the same | different |")
	line("|---|---|---|---|")
	for _, e := range mariadbEntries() {
		p := placed{entry: e}
		line("| %s | %s | %s | %s |", p.l, p.r, p.examples(p.same), p.examples(p.differ))
	}
	b.field(line)
	line("")
	line("## What is refused")
	line("")
	line("These have no common form as they stand. The schema check says so before any row is read.")
	line("")
	line("| left | right | reason | what to do |")
	line("|---|---|---|---|")
	for _, r := range b.refused {
		line("| %s | %s | %s | %s |", r.l, r.r, cell(r.reason), cell(r.hint))
	}
	return out.Bytes()
}

// field sums up the pairs of the field by category.
func (b *book) field(line func(format string, args ...any)) {
	line("")
	line("## The hundred pairs of reladiff's tests")
	line("")
	line("Samples are put into the source, and as the source holds them into the target: nothing may differ. Beside them stand rows that the coarser of both columns")
	line("can tell apart: all of them must differ.")
	line("")
	line("| kind | pairs | the same | different |")
	line("|---|---|---|---|")
	var order []string
	sums := map[string][3]int{}
	for _, p := range b.pairs {
		if _, ok := sums[p.section]; !ok {
			order = append(order, p.section)
		}
		s := sums[p.section]
		sums[p.section] = [3]int{s[0] + 1, s[1] + len(p.same), s[2] + len(p.differ)}
	}
	for _, c := range order {
		line("| %s | %d | %d | %d |", strings.ReplaceAll(c, "_", " "), sums[c][0], sums[c][1], sums[c][2])
	}
}

func (p *placed) remarks() string {
	var out []string
	for _, n := range p.notes {
		// The columns' names are those of the test's tables.
		text := strings.ReplaceAll(strings.ReplaceAll(n.Text, p.left.name+" ("+p.form.Left.Native+")", p.form.Left.Native), p.right.name+" ("+p.form.Right.Native+")", p.form.Right.Native)
		out = append(out, "*"+n.Code+"*: "+cell(text))
	}
	return strings.Join(out, "<br>")
}

// shownRows bounds the examples of a cell.
const shownRows = 5

func (p *placed) examples(rows [][2]string) string {
	if p.l.generated() && p.r.generated() {
		return fmt.Sprintf("%d rows, computed", len(rows))
	}
	var out []string
	for i, r := range rows {
		if i == shownRows {
			out = append(out, fmt.Sprintf("and %d more", len(rows)-i))
			break
		}
		l, r := example(r[0]), example(r[1])
		if l != r {
			l += " · " + r
		}
		out = append(out, l)
	}
	return strings.Join(out, "<br>")
}

// example writes a literal for people.
func example(s string) string {
	const longest = 60
	if s == nothing || s == "=null" {
		return "null"
	}
	if s == "" {
		return "`''`"
	}
	if runes := []rune(s); len(runes) > longest {
		s = string(runes[:longest-1]) + "…"
	}
	return code(s)
}

// code writes a text as code within a table; marks and blanks that a reader would not see are named.
func code(s string) string {
	if s == "" {
		return ""
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case r != ' ' && (unicode.IsSpace(r) || unicode.Is(unicode.Mn, r) || !unicode.IsGraphic(r)), r == '\u200d':
			fmt.Fprintf(&b, "<U+%04X>", r)
		case r == '|':
			b.WriteString(`\|`)
		default:
			b.WriteRune(r)
		}
	}
	mark := "`"
	if strings.Contains(s, "`") {
		mark = "``"
	}
	return mark + b.String() + mark
}

// cell writes prose within a table.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
