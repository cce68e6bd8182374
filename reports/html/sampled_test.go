package html_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/reports/html"
)

// A page of a sampled run says so: how many rows were drawn of how many, how, and by which seed; that of a full run says nothing of it.
func TestSampledPage(t *testing.T) {
	page := func(rep *result.Report) string {
		t.Helper()
		var b bytes.Buffer
		if err := html.Write(&b, rep); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	says := []string{
		"judged by rows drawn at random, of seed 42", "rows read</span>", "inconsistent of these</span>", "<p class=\"say\">drawn: 500 of about 30,000 rows by random key; seed 42</p>",
		"<p class=\"say\">drawn: 1 row by reservoir (reads them all) in 3 strata; seed 42</p>", ">500 drawn</td>", "\"drawn: 500 of about 30,000 rows by random key; seed 42\"",
	}
	rep := made(3, result.Pass, result.Fail, result.Pass)
	rep.Summary.Inconsistency = new(0.25)
	full := page(rep)
	for _, s := range says {
		if strings.Contains(full, s) {
			t.Errorf("a full run is said to be sampled: %s", s)
		}
	}
	rep.Run.Mode, rep.Run.Seed = "sample", "42"
	rep.Datasets[0].Rows, rep.Datasets[0].Drawn = nil, new(int64(500))
	rep.Expectations[0].Sample = &result.Sample{Method: "random key", Seed: "42", Drawn: 500, Rows: new(int64(30_000))}
	rep.Expectations[1].Sample = &result.Sample{Method: "reservoir", Seed: "42", Drawn: 1, Linear: true, Strata: make([]result.Stratum, 3)}
	rep.Expectations[2].Sample = &result.Sample{Method: "all rows", Seed: "42", Drawn: 9, Rows: new(int64(9)), RowsExact: true, All: true}
	sampled := page(rep)
	for _, s := range says {
		if !strings.Contains(sampled, s) {
			t.Errorf("a sampled run is not said to be so: %s", s)
		}
	}
	if strings.Contains(sampled, "drawn: 9") || strings.Contains(sampled, "rows checked") {
		t.Error("all rows are said to be drawn, or rows drawn to be all that are checked")
	}
}
