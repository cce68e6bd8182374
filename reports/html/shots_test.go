package html_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var shown = flag.String("page", "", "with -shots: a page to take docs/images of, such as the demo's report.html")

// TestShots takes the pictures that README and docs/reports.md show. It only works when asked to:
//
//	go run ./cmd/assay demo && go test ./reports/html -run Shots -page $PWD/assay-demo/report.html -shots $PWD/docs/images
func TestShots(t *testing.T) {
	if *shown == "" || *shots == "" {
		return // not asked for: this is a tool that shares the tests' browser, and tests nothing
	}
	b := openBrowser(t)
	take := func(name string, width, height int) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(*shots, name), b.shot(width, height), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, l := range map[string]look{
		"report-light.png": {1180, false, "", true}, "report-dark.png": {1180, true, "", true},
	} {
		b.load(*shown, l)
		take(name, l.width, 1240)
	}
	b.load(write(t, remembered()), look{1180, false, "", true})
	b.eval(`(() => { document.getElementById("e10").open = true; for (const e of document.querySelectorAll("body > *, main > *")) { if (!e.contains(document.getElementById("e10"))) { e.remove(); } }
		document.getElementById("filters").remove(); document.querySelector(".explore").style.display = "block"; })()`, nil)
	b.truth(`document.querySelector("#e10 svg.chart")`, "the expectation does not open")
	take("report-history.png", 1180, 860)
}
