package reports_test

import (
	"bytes"
	"flag"
	"maps"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/olekukonko/tablewriter/pkg/twwidth"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/reports"
	"github.com/assay-dev/assay/reports/html"
)

var update = flag.Bool("update", false, "write the golden files; look at them")

// hugeMark stands in golden files for the middle of the value of a megabyte.
const hugeMark = "[… a megabyte …]"

var hugeRun = regexp.MustCompile(`(x<é>){500,}`)

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	got = hugeRun.ReplaceAllString(got, hugeMark)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; -update writes it):\n%s", path, diff)
	}
}

func writeText(t *testing.T, rep *result.Report, o reports.TextOptions) string {
	t.Helper()
	var b strings.Builder
	if err := reports.Text(&b, rep, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestText(t *testing.T) {
	got := writeText(t, hostile(), reports.TextOptions{Rows: 20})
	golden(t, "hostile.txt", got)
	golden(t, "hostile.narrow.quiet.txt", writeText(t, hostile(), reports.TextOptions{Rows: 1, Width: 80, Quiet: true}))
	golden(t, "hostile.color.txt", writeText(t, hostile(), reports.TextOptions{Rows: 0, Color: true, Width: 120}))
	rep := hostile()
	rep.Expectations = rep.Expectations[len(rep.Expectations)-1:]
	rep.Expectations[0].Compare.Sample = nil // all rows
	golden(t, "compare.color.txt", writeText(t, rep, reports.TextOptions{Rows: 10, Color: true}))
	golden(t, "empty.txt", writeText(t, empty(), reports.TextOptions{Rows: 5}))
}

// TestTextIsHarmless looks for anything that acts upon a terminal, and for lines that data has broken or made endless.
func TestTextIsHarmless(t *testing.T) {
	for _, width := range []int{0, 80, 120} {
		got := writeText(t, hostile(), reports.TextOptions{Rows: 20, Width: width})
		for _, r := range got {
			if r != '\n' && (unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp) || r == unicode.ReplacementChar) {
				t.Errorf("%d columns: %U is in the text", width, r)
			}
		}
		for l := range strings.SplitSeq(got, "\n") {
			if len(l) > 4000 {
				t.Errorf("%d columns: a line of %d bytes begins %.80s", width, len(l), l)
			}
		}
		table, _, _ := strings.Cut(got, "\n\n")
		for l := range strings.SplitSeq(table, "\n") {
			// numbers are never cut, however narrow: this run has the widest of everything
			if w := twwidth.WidthNoCache(l); w > max(width, 105) {
				t.Errorf("the table at %d columns has a line of %d: %s", width, w, l)
			}
		}
	}
	// the colours are ours alone: what they paint is as harmless; only the brackets around what differs give way to them
	rep := hostile()
	rep.Expectations[len(rep.Expectations)-1].Failures = nil
	colored := writeText(t, hostile(), reports.TextOptions{Rows: 20, Color: true})
	if strings.ContainsFunc(strings.NewReplacer("\x1b[31m", "", "\x1b[32m", "", "\x1b[33m", "", "\x1b[2m", "", "\x1b[1m", "", "\x1b[4m", "", "\x1b[0m", "", "\n", "").Replace(colored), unicode.IsControl) {
		t.Error("a control character is in the coloured text")
	}
	colored = writeText(t, rep, reports.TextOptions{Rows: 20, Color: true})
	for _, ours := range []string{"\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[2m", "\x1b[1m", "\x1b[0m"} {
		if !strings.Contains(colored, ours) {
			t.Errorf("no %q in the coloured text", ours)
		}
		colored = strings.ReplaceAll(colored, ours, "")
	}
	if plain := writeText(t, rep, reports.TextOptions{Rows: 20}); colored != plain {
		t.Errorf("colours change more than colour:\n%s", cmp.Diff(plain, colored))
	}
}

// TestTextFits holds that a table as people have it fits a narrow terminal, whatever the length of its names.
func TestTextFits(t *testing.T) {
	rep := hostile()
	var kept []result.Expectation
	for _, e := range rep.Expectations {
		if e.Observed.IsNull() && e.Verdict != result.Inconclusive && e.Ran.Where != "server+here" && e.ID != "values" {
			kept = append(kept, e)
		}
	}
	if rep.Expectations = kept; len(kept) < 5 {
		t.Fatalf("%d expectations are left", len(kept))
	}
	table, _, _ := strings.Cut(writeText(t, rep, reports.TextOptions{Width: 80}), "\n\n")
	for l := range strings.SplitSeq(table, "\n") {
		if w := twwidth.WidthNoCache(l); w > 80 {
			t.Errorf("%d columns: %s", w, l)
		}
	}
	if !strings.Contains(table, "total ") {
		t.Errorf("the end of the long name is gone:\n%s", table)
	}
}

func TestWords(t *testing.T) {
	for got, want := range map[string]string{
		reports.Took(0): "", reports.Took(999): "999 ms", reports.Took(1000): "1.0 s", reports.Took(59_940): "59.9 s", reports.Took(32_400_100): "9h0m0s",
		diag.Plural(0, "row"): "0 rows", diag.Plural(1, "row"): "1 row", diag.Plural(1234567, "row"): "1,234,567 rows",
		diag.Group(-1000): "-1,000", diag.Group(-100): "-100", diag.Group(999): "999", diag.Group(math.MinInt64): "-9,223,372,036,854,775,808",
		diag.Percent(1): "100 %", diag.Percent(0): "0 %", diag.Percent(0.99999): "99.999 %", diag.Percent(1e-9): "0.0000001 %",
		reports.Clip("漢字漢字", 5): "漢字…", reports.Clip("漢字漢字", 8): "漢字漢字", reports.Clip("abc", 3): "abc", reports.Clip("abcd", 3): "ab…",
		reports.ClipMiddle("orders.references.customer_id", 15): "orders.…omer_id", reports.ClipMiddle("漢字漢字", 7): "漢字…字", reports.ClipMiddle("short", 15): "short",
		reports.Spoken(dec("-1234567.10"), 20): "-1,234,567.1", reports.Spoken(cell(value.DurationValue(32400462222984)), 20): "9h0m0s",
		reports.Spoken(cell(value.DurationValue(1500*time.Millisecond)), 20): "1.5s",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestJSON(t *testing.T) {
	for name, rep := range map[string]*result.Report{"hostile.json": hostile(), "empty.json": empty()} {
		var b bytes.Buffer
		if err := reports.JSON(&b, rep); err != nil {
			t.Fatal(err)
		}
		golden(t, name, b.String())
	}
}

// TestJSONKeepsDigits reads values back as a machine does that knows doubles only.
func TestJSONKeepsDigits(t *testing.T) {
	doc := render(t, hostile())
	values := map[string]any{}
	for _, f := range doc["expectations"].([]any)[1].(map[string]any)["failures"].([]any) {
		maps.Copy(values, f.(map[string]any)["values"].(map[string]any))
	}
	for name, want := range map[string]string{
		"int": "-9223372036854775808", "unsafe": "9007199254740993", "uint": "18446744073709551615",
		"decimal": "12345678901234567890.123456789012345678", "nan": "NaN", "inf": "-Inf", "bytes": "001bff",
		"time": "2026-02-28T23:59:58.5Z", "local": "2026-02-28T23:59:58.5", "span": "32400.000000001s",
	} {
		if values[name] != want {
			t.Errorf("%s is %#v, want the text %s", name, values[name], want)
		}
	}
	if _, text := values["safe"].(string); text {
		t.Error("2^53 fits a double and is a text")
	}
}

func TestPage(t *testing.T) {
	for name, rep := range map[string]*result.Report{"hostile.html": hostile(), "empty.html": empty()} {
		var b bytes.Buffer
		if err := html.Write(&b, rep); err != nil {
			t.Fatal(err)
		}
		golden(t, name, ours.ReplaceAllString(b.String(), "$1$3$5[… of the page …]$2$4$6"))
	}
}

// ours is the page's own style and script, and their digests: goldens are of what a run puts into a page.
var ours = regexp.MustCompile(`(?s)(<style>).*?(</style>)|(<script>).*?(</script>)|(sha256-).*?(&#39;)`)

// TestPageIsHarmless holds that nothing of the data is markup, runs, or is fetched.
func TestPageIsHarmless(t *testing.T) {
	var b bytes.Buffer
	if err := html.Write(&b, hostile()); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	for what, n := range map[string]int{"<script": 2, "</script": 2, "<!--": 0, "<style": 1, "<img": 0, "<title": 1, "<body": 1} {
		if got := strings.Count(page, what); got != n {
			t.Errorf("%d times %s, want %d", got, what, n)
		}
	}
	if !strings.Contains(page, "&lt;img src=x onerror=alert(1)&gt;&amp;amp;&#39;") {
		t.Error("the markup is not shown as text")
	}
	for _, r := range page {
		if r != '\n' && (unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp) || r == unicode.ReplacementChar) {
			t.Errorf("%U is in the page", r)
		}
	}
	for _, away := range []string{"http:", "https:", "src=\"", "href=\"h", "url(", "@import"} {
		if strings.Contains(page, away) {
			t.Errorf("the page says %s", away)
		}
	}
	if len(page) > 200_000 {
		t.Errorf("a value of a megabyte makes a page of %d bytes", len(page))
	}
}
