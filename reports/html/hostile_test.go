package html_test

import (
	"strings"
	"time"

	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/result"
)

// evil ends whatever it stands in, and runs if anything of it became markup.
const evil = "</script><script>window.ran=1</script><!--<script><img src=x onerror=window.ran=1>\"'>{{.}}${1}\u2028\u2029\x1b[31m\u202e\x00\xff"

// testHostile puts what harms into every text that the page shows, opens everything, and finds it harmless: nothing ran, nothing was fetched, no element is
// there that the page did not make.
func testHostile(b *browser) {
	t := b.t
	rep := hostile()
	path := write(t, rep)
	for _, script := range []bool{true, false} {
		b.load(path, look{1280, false, "", script})
		if !script { // the page's own script does not run, that of the test's does not either: what happened is told by the browser
			if said, requested := b.complaints(); len(said)+len(requested) > 0 {
				t.Errorf("without scripts the page says %v and asks for %v", said, requested)
			}
			continue
		}
		b.eval(`(() => { document.getElementById("open-all").click(); for (const d of document.querySelectorAll("details")) { d.open = true; } window.dispatchEvent(new Event("beforeprint")); })()`, nil)
		b.truth(`!window.ran`, "something ran")
		b.truth(`document.querySelectorAll("img,iframe,object,embed,link,base,script:not(#payload):not(:last-of-type)").length === 0 && document.scripts.length === 2`, "there is an element that the page did not make")
		var bad []string
		b.eval(`(() => {
			const out = [], names = new Set("class id role tabindex href type scope rowspan name value for hidden open lang charset content http-equiv placeholder autocomplete spellcheck title method d x y x1 x2 y1 y2 cx cy r width height viewBox focusable preserveAspectRatio visibility text-anchor data-class data-since data-theme xmlns".split(" "));
			for (const e of document.querySelectorAll("*")) { for (const a of e.attributes) { if (!names.has(a.name) && !a.name.startsWith("aria-")) { out.push(e.tagName + " has " + a.name); } } }
			for (const a of document.querySelectorAll("[href]")) { if (!a.getAttribute("href").startsWith("#")) { out.push(a.outerHTML); } }
			const walk = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
			while (walk.nextNode()) { if (/[\u0000-\u0008\u000b-\u001f\u202e\u2028\u2029\ufffd]/.test(walk.currentNode.data)) { out.push("what acts upon a reader is left in " + walk.currentNode.parentNode.outerHTML.slice(0, 300)); } }
			return out;
		})()`, &bad)
		if len(bad) > 0 {
			t.Errorf("%d harms: %s", len(bad), strings.Join(bad[:min(len(bad), 9)], "\n"))
		}
		// it is shown, as the text that it is, in every place
		var lacks []string
		b.eval(`[".top h1", ".when", ".since ~ p", ".alerts", "#plan ~ dl", ".errors", "#e1 .id", "#e1 .head p", "#e1 .describe", "#e1 pre", "#e1 .body > p code", "#e1 .facts", "#e1 .history .judged", "#e1 .history .because", "#e1 .points td",
			"#e1 .points td:last-child", "#e1 td.key", "#e1 td.say", "#e1 .ran", "#e1 .tag", "#e2 .diff th.key", "#e2 .diff td.key", "#e2 .diff td.source", "#e2 .diff td.column", "#e2 .notes li", "#groups .name", ".group-name", "#data td", ".env dd", "footer"]
			.filter(q => ![...document.querySelectorAll(q)].some(e => e.textContent.includes("<script>window.ran=1<")))`, &lacks)
		if len(lacks) > 0 {
			t.Errorf("not shown as text: %v", lacks)
		}
		if said, requested := b.complaints(); len(said)+len(requested) > 0 {
			t.Errorf("the page says %v and asks for %v", said, requested)
		}
	}
}

// hostile is a run of two expectations, of which every text is evil.
func hostile() *result.Report {
	rep := made(2, result.Fail)
	cell := text(evil)
	band := &result.Baseline{Verdict: result.Fail, Shape: evil, Expected: new(1.0), Low: new(0.5), High: new(2.0), Learned: 9, Needed: 7, Season: evil, Method: evil, Message: evil}
	history := func(of result.TrendOf) *result.Trend {
		return &result.Trend{Of: of, Baseline: band, Points: []result.TrendPoint{
			{Run: evil, At: time.Unix(1e9, 0), Value: 1, Verdict: result.Pass, Left: evil}, {Run: evil + "2", At: time.Unix(2e9, 0), Value: 3, Verdict: evil},
		}}
	}
	rep.Run.ID, rep.Run.Suite, rep.Run.Job, rep.Run.Mode, rep.Run.Seed, rep.Run.Digest = evil, evil, evil, "sample", evil, evil
	rep.Run.Versions = map[string]string{"assay": evil, evil: evil}
	rep.Summary.Errored, rep.Summary.TopErrors, rep.Summary.FixesByType = 2, []result.ErrorCount{{Message: evil, Count: 2}}, map[string]int{evil: 1}
	rep.Previous = &result.Previous{ID: evil, Verdict: evil, New: 1}
	rep.Alerts = []result.Alert{{Rule: evil, Level: evil, Message: evil, Expectation: evil + "none", Dataset: evil}, {Rule: evil, Level: "critical", Message: evil, Expectation: evil}}
	rep.Plan = &result.PlanSummary{Path: evil, Changes: map[string]int{evil: 2}}
	rep.Trend = history(result.TrendDuration)
	rep.Datasets = []result.Dataset{{Name: evil, Connection: evil, Driver: evil, Source: evil, Error: evil, Trend: history(result.TrendRows)}}
	for i := range rep.Expectations {
		e := &rep.Expectations[i]
		e.ID, e.Name, e.Description, e.Owner, e.Tags, e.Datasets = evil, evil, evil, evil, []string{evil}, []string{evil, evil + "2"}
		e.Severity, e.Expression, e.Where, e.Location.File, e.Mostly, e.OnNull, e.Message = evil, evil, evil, evil, evil, evil, evil
		e.Kind, e.Since, e.Failing, e.Trend = evil, evil, &result.Failing{Run: evil, Runs: 3}, history(evil)
		e.Ran = result.Ran{Where: evil, Method: evil, Reasons: []string{evil}}
		e.Metrics = []result.Metric{{Expression: evil, Value: cell}}
		e.Failures = []result.Failure{{Key: cells{evil: cell}, Values: cells{"v": cell}, Order: []string{evil, "v"}, Outcome: evil, Message: evil}}
	}
	rep.Expectations[0].Sample = &result.Sample{Method: evil, Seed: evil, Drawn: 1, Strata: []result.Stratum{{Name: cell}}}
	e := &rep.Expectations[1]
	e.Compare = &result.Compare{Source: evil, Target: evil, Key: []string{evil}, Strategy: evil, Reason: evil, Columns: map[string]int64{evil: 1}, Findings: []result.Finding{{Text: evil}}}
	e.Failures = []result.Failure{
		{Class: result.Changed, Key: cells{evil: cell}, Columns: []string{evil}, Before: cells{evil + "b": cell, "x": cell}, After: cells{evil + "b": {Value: value.IntValue(1)}, "x": text(evil + "y")}, Order: []string{evil, "x", evil + "b"}},
		{Class: result.Missing, Key: cells{evil: cell}, Before: cells{evil: cell, "x": cell}},
		{Class: evil, Key: cells{evil: cell}},
	}
	return rep
}
