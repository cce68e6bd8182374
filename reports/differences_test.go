package reports_test

import (
	"math"
	"strings"
	"testing"
	"unicode"

	"github.com/olekukonko/tablewriter/pkg/twwidth"
	"pgregory.net/rapid"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/reports"
)

func TestDiffering(t *testing.T) {
	null := cell(value.NullValue())
	long := strings.Repeat("lorem ipsum ", 20_000)
	for _, c := range []struct {
		a, b  result.Cell
		x, y  string // the marked part between | |
		width int
	}{
		{a: dec("10.01"), b: dec("10.02"), x: "10.0|1|", y: "10.0|2|"},
		{a: dec("10"), b: dec("100"), x: "10||", y: "10|0|"},
		{a: text("paid"), b: text("shipped"), x: `"|pai|d"`, y: `"|shippe|d"`},
		{a: text("a"), b: text("a "), x: `"a||"`, y: `"a| |"`},
		{a: text(""), b: text("x"), x: `"||"`, y: `"|x|"`},
		{a: null, b: text(""), x: "|null|", y: `|""|`},
		{a: null, b: text("null"), x: "|null|", y: `|"null"|`},
		{a: text("5"), b: cell(value.IntValue(5)), x: `|"5"|`, y: "|5|"},
		{a: text("Zoé"), b: text("Zoe\u0301"), x: `"Zo|\u00e9|"`, y: `"Zo|e\u0301|"`},
		{a: text("e\u0301x"), b: text("e\u0300x"), x: "\"|e\u0301|x\"", y: "\"|e\u0300|x\""},
		{a: text("👩‍👩‍👧"), b: text("👩‍👩‍👦"), x: `"|👩\u200d👩\u200d👧|"`, y: `"|👩\u200d👩\u200d👦|"`},
		{a: text("a\x1b[2Jb"), b: text("a\x1b[3Jb"), x: `"a\x1b[|2|Jb"`, y: `"a\x1b[|3|Jb"`},
		{a: text(`a"b`), b: text(`a\b`), x: `"a|\"|b"`, y: `"a|\\|b"`},
		{a: text("漢字"), b: text("漢語"), x: `"漢|字|"`, y: `"漢|語|"`},
		{a: cell(value.BytesValue([]byte{1, 255})), b: cell(value.BytesValue([]byte{1, 254})), x: "01f|f|", y: "01f|e|"},
		{a: cell(value.DoubleValue(math.NaN())), b: cell(value.DoubleValue(1)), x: "|NaN|", y: "|1|"},
		{a: text(long + "x" + long), b: text(long + "yy" + long), x: `"…orem ipsum |x|lorem ipsum…"`, y: `"…orem ipsum |yy|lorem ipsu…"`, width: 27},
		{a: text("short"), b: text(long), x: `"|short|"`, y: `"|lorem ipsum lorem ipsum…|"`, width: 27},
	} {
		if c.width == 0 {
			c.width = 40
		}
		x, y := reports.Differing(c.a, c.b, c.width)
		show := func(p reports.Part) string { return p.Before + "|" + p.Marked + "|" + p.After }
		if show(x) != c.x || show(y) != c.y {
			t.Errorf("%.40s, %.40s: got %s and %s, want %s and %s", c.a.Text(), c.b.Text(), show(x), show(y), c.x, c.y)
		}
	}
}

// Whatever two values are, what is shown of them is harmless, no wider than was asked for, and marks something.
func TestDifferingIsBoundedAndHarmless(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		gen := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.SampledFrom([]rune("ab\u0301\u200d👩é\x1b\u202e漢\t\n\"\\"))), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }))
		head, tail := gen.Draw(t, "head"), gen.Draw(t, "tail")
		a, b := head+gen.Draw(t, "a")+tail, head+gen.Draw(t, "b")+tail
		if a == b {
			t.Skip("equal")
		}
		width := rapid.IntRange(16, 60).Draw(t, "width")
		x, y := reports.Differing(text(a), text(b), width)
		if x.Marked == "" && y.Marked == "" {
			t.Fatalf("%q and %q: nothing is marked", a, b)
		}
		for _, p := range []reports.Part{x, y} {
			// a cluster is measured by its parts where it is cut, so a few columns may be gained
			if w := twwidth.WidthNoCache(p.Before) + twwidth.WidthNoCache(p.Marked) + twwidth.WidthNoCache(p.After); w > width+4 {
				t.Fatalf("%q and %q at %d: %d columns: %q", a, b, width, w, p)
			}
			for _, r := range p.String() {
				if unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp) {
					t.Fatalf("%U in %q", r, p)
				}
			}
		}
	})
}
