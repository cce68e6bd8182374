package html_test

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/assay-dev/assay/expectations/result"
)

// testPoints packs figures of every size into a page and reads them off its table of points.
func testPoints(b *browser) {
	t := b.t
	for name, c := range map[string]struct {
		of     result.TrendOf
		values []float64
		says   string // newest first
	}{
		"whole":    {result.TrendObserved, []float64{0, 336_776, 336_777, -12, 9_007_199_254}, "9,007,199,254 | -12 | 336,777 | 336,776 | 0"},
		"same":     {result.TrendRows, []float64{1, 1}, "1 row | 1 row"},
		"broken":   {result.TrendObserved, []float64{0.1, -123.456, 1e-6, 98_765.4, 0}, "0 | 98,765.4 | 0.000001 | -123.456 | 0.1"},
		"rate":     {result.TrendFailureRate, []float64{0.000_213_8, 1, 0, 0.5}, "50 % | 0 % | 100 % | 0.02138 %"},
		"duration": {result.TrendDuration, []float64{0.5, 999, 12_345, 7_384_000}, "2h3m | 12.3 s | 999 ms | 0.5 ms"},
		"extreme":  {result.TrendObserved, []float64{math.MaxFloat64, 5e-324, 1e40}, "1e+40 | 4.94066e-324 | 1.79769e+308"},
	} {
		rep := made(1, result.Pass)
		tr := &result.Trend{Of: c.of}
		for i, v := range c.values {
			tr.Points = append(tr.Points, result.TrendPoint{Run: fmt.Sprintf("run-%d", i), At: rep.Run.Start.Add(time.Duration(i) * time.Hour), Value: v, Verdict: result.Pass})
		}
		rep.Expectations[0].Trend = tr
		b.load(write(t, rep), look{1280, false, "", true})
		var got string
		b.eval(`new Promise(done => {
			document.getElementById("e1").open = true;
			setTimeout(() => { const d = document.querySelector(".points"); d.open = true;
				setTimeout(() => done([...d.querySelectorAll("tbody td:nth-child(3)")].map(c => c.textContent).join(" | ")), 20); }, 20);
		})`, &got)
		if got != c.says {
			t.Errorf("%s: %s, want %s", name, got, c.says)
		}
	}
}

// testHistory holds what is seen of a history: the chart with its band, what was left out, what the baseline says, and no more than the latest points.
func testHistory(b *browser) {
	t := b.t
	rep := remembered()
	long := rep.Expectations[9].Trend
	for len(long.Points) < 1000 {
		long.Points = append([]result.TrendPoint{{Run: fmt.Sprintf("old-%d", len(long.Points)), At: time.Unix(0, 0), Value: 1, Verdict: result.Pass}}, long.Points...)
	}
	path := write(t, rep)
	b.load(path, look{1280, false, "", true})
	b.eval(`document.getElementById("open-all").click()`, nil)
	for script, what := range map[string]string{
		`document.querySelectorAll("#list .item > summary svg.spark").length >= 50`:                                                                                          "not every row has a sparkline",
		`document.querySelector("#e10 svg.chart rect.band") && document.querySelector("#e10 svg.chart line.expected")`:                                                       "the chart has no band",
		`document.querySelector("#e10 svg.chart path.dot.left") && /not learned from/.test(document.querySelector("#e10 .legend").innerText)`:                                "what was left out is not seen",
		`document.querySelectorAll("#e10 figure > svg.chart path.dot.f").length >= 9`:                                                                                        "runs that failed are no diamonds",
		`/for 9 runs: the level shifted shift/.test(document.querySelector("#e10 .judged").textContent)`:                                                                     "the chart does not say that the level shifted",
		`/expected: 0 % to 0.06 %.*learned from 51 runs/.test(document.querySelector("#e10 figure").textContent)`:                                                            "the band is not said",
		`/History of failing rows, 60 runs/.test(document.querySelector("#e10 figcaption").textContent)`:                                                                     "not the latest 60 points are shown",
		`document.querySelector("#e7 .head .chip.watch").textContent === "spike" && /changes no verdict/.test(document.querySelector("#e7 .because").textContent)`:           "a spike that nobody asked for is not said",
		`document.querySelector("#e10 .head .chip:last-of-type").textContent === "shift" && !/changes no verdict/.test(document.querySelector("#e10 .because").textContent)`: "a shift is not said beside its name",
		`document.querySelector("#e4 .judged").textContent === "skipped (4 of 7 runs)"`:                                                                                      "too little history is not said",
		`+document.querySelector("#e5 figure > svg.chart rect.band").getAttribute("width") < 40`:                                                                             "the band of a season covers other runs",
		`/of the same day of week/.test(document.querySelector("#e5 figure").textContent)`:                                                                                   "the season is not said",
		`/99.0 % to 99.95 %, with 99.0 % confidence/.test(document.querySelector("#e5 .facts").textContent)`:                                                                 "the interval is not said",
		`/2 strata/.test(document.querySelector("#e5").textContent) && /"de"/.test(document.querySelector("#e5").textContent)`:                                               "the strata are not shown",
		`/8h5[0-9]m|9h0m/.test(document.querySelector("#e6 figure .now").textContent)`:                                                                                       "seconds of a duration are not said as one",
		`document.querySelector("#data svg.spark") && document.querySelector("#pace svg.spark")`:                                                                             "rows and duration have no history",
		`/fails since 1 March 2026, 06:00 UTC, for 9 runs/.test(document.querySelector("#e10 .ran").textContent)`:                                                            "since when it fails is not said",
		`/2 expectations of it are no longer/.test(document.querySelector(".beside").innerText) && document.querySelector('.alerts a[href="#e8"]')`:                          "what is gone or an alert is not said",
		`/340/.test(document.querySelector("#plan").parentNode.textContent) && /42/.test(document.querySelector(".env").textContent)`:                                        "plan or seed are not shown",
	} {
		b.truth(script, what)
	}
	// the chart reads out the point under the pointer
	var box struct{ X, Y float64 }
	b.eval(`(() => { const c = document.querySelector("#e10 figure > svg.chart"); c.scrollIntoView({block: "center"}); const r = c.getBoundingClientRect(); return {X: r.left + r.width * 0.62, Y: r.top + 40} })()`, &box)
	b.call("Input.dispatchMouseEvent", map[string]any{"type": "mouseMoved", "x": box.X, "y": box.Y}, nil)
	var says string
	b.eval(`new Promise(done => setTimeout(() => done(document.querySelector("#e10 figcaption .now").textContent), 50))`, &says)
	if !strings.Contains(says, "February 2026") {
		t.Errorf("under the pointer: %q", says)
	}
}
