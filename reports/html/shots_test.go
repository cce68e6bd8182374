package html_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var shown = flag.String("page", "", "with -shots: a page to take docs/images of, such as the demo's report.html")

// TestShots takes the pictures that the README shows. It only works when asked to:
//
//	go run ./cmd/assay demo && go test ./reports/html -run Shots -page $PWD/assay-demo/report.html -shots $PWD/docs/images
func TestShots(t *testing.T) {
	if *shown == "" || *shots == "" {
		return // not asked for: this is a tool that shares the tests' browser, and tests nothing
	}
	b := openBrowser(t)
	for name, l := range map[string]look{
		"report-light.png": {1100, false, "", true}, "report-dark.png": {1100, true, "", true},
	} {
		b.load(*shown, l)
		if err := os.WriteFile(filepath.Join(*shots, name), b.shot(l.width, 1150), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
