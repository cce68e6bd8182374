package html_test

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/reports/html"
)

var shots = flag.String("shots", "", "a folder for pictures of the pages; look at them")

// made is a report of n expectations, one of every so many with each verdict but pass: a plausible one.
func made(n int, verdicts ...result.Verdict) *result.Report {
	start := time.Date(2026, 3, 9, 6, 0, 0, 0, time.UTC)
	rep := &result.Report{
		Schema: result.SchemaName,
		Run: result.Run{
			ID: "20260309T060000-5eed5eed", Suite: "shop", Job: "shop", Mode: "full", Start: start, End: start.Add(12 * time.Second), DurationMS: 12_345, Now: start,
			Versions: map[string]string{"assay": "1.0.0", "go": "go1.26.8"}, Digest: strings.Repeat("ab", 32),
		},
		Summary:      result.Summary{Verdict: result.Pass, RecordsChecked: 336_776, TopErrors: []result.ErrorCount{}, FixesByType: map[string]int{}},
		Expectations: []result.Expectation{}, Alerts: []result.Alert{},
		Datasets: []result.Dataset{{Name: "orders", Connection: "shop", Driver: "postgres", Source: "public.orders", Rows: new(int64(336_776)), MS: 1234}},
	}
	for i := range n {
		v := verdicts[i%len(verdicts)]
		e := result.Expectation{
			ID: fmt.Sprintf("orders.check-%d", i), Kind: result.KindRow, Datasets: []string{fmt.Sprintf("orders%d", i/50)}, Verdict: v, Severity: result.SeverityError,
			Expression: "row.total == row.price * row.qty", Location: result.Location{File: "shop.yaml", Line: 10 + i, Column: 9},
			Ran: result.Ran{Where: "server", Method: "one pass shared by 14 measures", Statements: 1, MS: 12}, Message: "all 336,776 rows hold", Failures: []result.Failure{},
			Counts: &result.Counts{True: 336_776}, Rate: new(1.0), OnNull: "skip",
		}
		switch v {
		case result.Pass:
			rep.Summary.Passed++
		case result.Fail:
			rep.Summary.Failed++
			rep.Summary.Verdict = result.Fail
			e.Counts = &result.Counts{True: 336_700, False: 70, Undecided: 6, UndecidedByNull: 4}
			e.Rate, e.Message = new(336_700.0/336_772), "72 of 336,772 rows fail"
			for k := range 5 {
				e.Failures = append(e.Failures, result.Failure{
					Key:    map[string]result.Cell{"id": {Value: value.IntValue(int64(100*i + k))}},
					Values: map[string]result.Cell{"qty": {Value: value.IntValue(3)}, "note": {Value: value.StringValue(strings.Repeat("left at the door ", 6))}},
					Order:  []string{"id", "qty", "note"}, Outcome: "false", Message: "off by 0.01",
				})
			}
		case result.Error:
			rep.Summary.Errored++
			rep.Summary.Verdict = result.Error
			e.Counts, e.Rate, e.Ran, e.Message = nil, nil, result.Ran{}, "connect to shop: dial tcp 10.0.0.7:5432: connect: connection refused"
		case result.Skipped:
			rep.Summary.Skipped++
		case result.Inconclusive:
			rep.Summary.Inconclusive++
		}
		rep.Expectations = append(rep.Expectations, e)
	}
	return rep
}

// pages are the sorts of runs that people have.
func pages() map[string]*result.Report {
	return map[string]*result.Report{
		"one":     made(1, result.Fail),
		"passing": made(12, result.Pass),
		"errors":  made(8, result.Error),
		"many":    made(500, result.Pass, result.Pass, result.Pass, result.Pass, result.Fail, result.Pass, result.Pass, result.Error, result.Pass, result.Skipped),
		"none":    made(0, result.Pass),
		"compare": compared(),
		"history": remembered(),
	}
}

func write(t *testing.T, rep *result.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := html.Write(&b, rep); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// testLooks looks at the pages in a real browser: on a wide screen and a telephone, light, dark and printed.
func testLooks(b *browser) {
	t := b.t
	for name, rep := range pages() {
		path := write(t, rep)
		looks := []look{{1280, false, "", true}, {390, true, "", true}, {1280, true, "", true}, {390, false, "", true}, {800, true, "print", true}, {1280, false, "", false}}
		if name == "passing" || name == "none" || name == "one" {
			looks = looks[:2] // nothing is on them that is not on others
		}
		for _, l := range looks {
			t.Run(fmt.Sprintf("%s/%d/dark=%v/%s/script=%v", name, l.width, l.dark, l.media, l.script), func(t *testing.T) {
				b.t = t
				b.load(path, l)
				said, requested := b.complaints()
				if len(said)+len(requested) > 0 {
					t.Errorf("the page says %v and asks for %v", said, requested)
				}
				if *shots != "" {
					file := filepath.Join(*shots, fmt.Sprintf("%s-%d-dark=%v%s-script=%v.png", name, l.width, l.dark, l.media, l.script))
					if err := os.WriteFile(file, b.shot(l.width, 0), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				if !l.script {
					return
				}
				var width int
				b.eval("document.documentElement.scrollWidth", &width)
				if width > l.width {
					t.Errorf("%d columns of pixels wide on a screen of %d", width, l.width)
				}
				var dark bool
				b.eval(`(() => { const c = getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number); return c[0] + c[1] + c[2] < 380 })()`, &dark)
				if want := l.dark && l.media != "print"; dark != want {
					t.Errorf("dark is %v, want %v", dark, want)
				}
			})
		}
	}
}

// testPolicy tries to run and to fetch from within the page: what a hostile value would do if it got so far.
func testPolicy(b *browser) {
	t := b.t
	b.load(write(t, made(2, result.Fail)), look{1280, false, "", true})
	var got []string
	b.eval(`new Promise(done => {
		const seen = [];
		document.addEventListener("securitypolicyviolation", e => seen.push(e.effectiveDirective));
		const img = document.createElement("img"); img.src = "http://127.0.0.1:9/x.png"; document.body.append(img);
		const s = document.createElement("script"); s.textContent = "window.ran = true"; document.body.append(s);
		const h = document.createElement("p"); h.innerHTML = '<i onclick="window.ran = true" style="color:red">x</i>'; document.body.append(h); h.firstChild.click();
		fetch("http://127.0.0.1:9/").catch(() => 0);
		setTimeout(() => { if (window.ran) { seen.push("ran") } done([...new Set(seen)].sort()) }, 500);
	})`, &got)
	if want := "connect-src img-src script-src-attr script-src-elem style-src-attr"; strings.Join(got, " ") != want {
		t.Errorf("the policy stops %v, want %s", got, want)
	}
	for _, e := range b.events {
		if e.Method == "Network.responseReceived" && !strings.Contains(string(e.Params), "file://") {
			t.Errorf("something was fetched: %s", e.Params)
		}
	}
}

// TestContrast holds every colour of text against what it stands on: 4.5 to 1, as WCAG 2 asks at level AA, and 3 to 1 for what is no text.
func TestContrast(t *testing.T) {
	for _, file := range []string{"light.css", "dark.css"} {
		css, err := os.ReadFile(filepath.Join("css", file))
		if err != nil {
			t.Fatal(err)
		}
		color := map[string][3]float64{}
		for _, m := range regexp.MustCompile(`--([\w-]+):#([0-9a-f]{3,6})`).FindAllStringSubmatch(string(css), -1) {
			color[m[1]] = channels(t, m[2])
		}
		held := 0
		hold := func(ink, on string, least float64) {
			x, ok := color[ink]
			y, has := color[on]
			if !ok || !has {
				t.Fatalf("%s has no --%s or no --%s", file, ink, on)
			}
			held++
			if r := contrast(x, y); r < least {
				t.Errorf("%s: --%s on --%s has a contrast of %.2f, want %v", file, ink, on, r, least)
			}
		}
		verdicts := []string{"pass", "fail", "warn", "error", "inconclusive", "skipped"}
		for _, on := range []string{"bg", "card", "sunk"} {
			for _, ink := range append([]string{"ink", "soft", "link"}, verdicts...) {
				hold(ink, on, 4.5)
			}
			for _, shape := range []string{"edge", "chart", "focus"} {
				hold(shape, on, 3)
			}
		}
		for _, v := range verdicts {
			hold(v, v+"-bg", 4.5)
		}
		for _, on := range []string{"out", "in", "hit", "track"} {
			hold("ink", on, 4.5)
		}
		hold("soft", "track", 4.5) // the count of a choice under the pointer
		hold("chart", "band", 3)
		hold("fail", "band", 3)
		if held < 40 {
			t.Errorf("%s: only %d pairs were held", file, held)
		}
	}
}

func channels(t *testing.T, hex string) [3]float64 {
	t.Helper()
	if len(hex) == 3 {
		hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
	}
	var c [3]float64
	for i := range c {
		n, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c[i] = float64(n) / 255
	}
	return c
}

// contrast is WCAG's ratio of the relative luminances of two colours in sRGB.
func contrast(a, b [3]float64) float64 {
	luminance := func(c [3]float64) float64 {
		for i, v := range c {
			if v <= 0.04045 {
				c[i] = v / 12.92
			} else {
				c[i] = math.Pow((v+0.055)/1.055, 2.4)
			}
		}
		return 0.2126*c[0] + 0.7152*c[1] + 0.0722*c[2]
	}
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}
