package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSampleExamples holds that what docs/sampling.md shows as printed is printed: each line stands in a script, whose output is compared.
func TestSampleExamples(t *testing.T) {
	var printed strings.Builder
	for _, name := range []string{"run_sample_sqlite", "run_sample_strata_sqlite", "explain_sample_sqlite"} {
		text, err := os.ReadFile(filepath.Join("testdata", "script", name+".txtar"))
		if err != nil {
			t.Fatal(err)
		}
		printed.Write(text)
	}
	lines := 0
	for _, b := range examples(t) {
		if b.page != filepath.Join("docs", "sampling.md") || b.lang != "text" {
			continue
		}
		for line := range strings.SplitSeq(strings.TrimSpace(b.text), "\n") {
			if !strings.Contains(printed.String(), line+"\n") {
				t.Errorf("%s:%d: no script prints %q", b.page, b.line, line)
			}
			lines++
		}
	}
	if lines < 15 {
		t.Errorf("only %d lines were looked for", lines)
	}
}
