package html_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/assay-dev/assay/expectations/result"
)

// audit is what a reader with a screen reader, without a mouse, or with weak sight would stumble over.
const audit = `(() => {
	const out = [], all = (q) => [...document.querySelectorAll(q)], seen = (e) => e.checkVisibility({visibilityProperty: true});
	const say = (what, e) => out.push(what + ": " + e.outerHTML.slice(0, 120));
	const named = (e) => (e.getAttribute("aria-label") || e.textContent || "").trim() || (e.getAttribute("aria-labelledby") || "").split(" ").some(i => document.getElementById(i));
	for (const e of all("input,select,textarea")) { if (seen(e) && !e.getAttribute("aria-label") && ![...e.labels].some(l => l.textContent.trim() && l.checkVisibility())) { say("no label", e); } }
	for (const e of all("button,a,summary,[role=group],nav,section,dialog,[role=search]")) { if (!named(e)) { say("no name", e); } }
	for (const e of all("svg")) { if (!e.closest("[aria-hidden=true]") && !(e.getAttribute("role") === "img" && e.getAttribute("aria-label"))) { say("a picture without words", e); } }
	for (const e of all("th")) { if (!e.getAttribute("scope")) { say("no scope", e); } }
	for (const e of all("table")) { if (!e.querySelector("th")) { say("no head", e); } }
	for (const e of all("[aria-labelledby]")) { for (const i of e.getAttribute("aria-labelledby").split(" ")) { if (!document.getElementById(i)) { say("no such id " + i, e); } } }
	for (const e of all("[tabindex]")) { if (e.tabIndex > 0) { say("out of order", e); } }
	const ids = new Set(); for (const e of all("[id]")) { if (ids.has(e.id)) { say("twice", e); } ids.add(e.id); }
	for (const q of ["main", "body > header", "body > footer", "h1"]) { if (all(q).length !== 1) { out.push(all(q).length + " times " + q); } }
	if (!document.documentElement.lang || !document.title) { out.push("no language or no title"); }
	let level = 0; for (const e of all("h1,h2,h3,h4")) { if (!seen(e)) { continue; } const n = +e.tagName[1]; if (n > level + 1) { say("a heading skips a level", e); } level = n; }
	// what is scrolled sideways is reached by the keyboard
	for (const e of all(".scroll")) { if (e.scrollWidth > e.clientWidth && e.tabIndex < 0) { say("not reached", e); } }
	const parse = (c) => { const m = c.match(/[\d.]+/g).map(Number); return {r: m[0], g: m[1], b: m[2], a: m.length > 3 ? m[3] : 1}; };
	const light = (c) => { const f = (v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }; return 0.2126 * f(c.r) + 0.7152 * f(c.g) + 0.0722 * f(c.b); };
	const ground = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c.a === 1) { return c; } if (c.a > 0) { return null; } } return {r: 255, g: 255, b: 255}; };
	const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT); let texts = 0; const poor = new Set();
	while (walk.nextNode()) {
		const e = walk.currentNode.parentElement;
		if (!walk.currentNode.data.trim() || !seen(e) || e.closest("script,noscript,style")) { continue; }
		texts++;
		const style = getComputedStyle(e), on = ground(e), ink = parse(e.closest("svg") ? style.fill : style.color);
		if (!on) { poor.add("unknown ground of " + e.className); continue; }
		const a = light(ink), b = light(on), ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		if (ratio < 4.5) { poor.add(ratio.toFixed(2) + " " + e.tagName + "." + e.getAttribute("class")); }
	}
	out.push(...poor);
	if (texts < 20) { out.push("only " + texts + " texts"); }
	return out;
})()`

// testAccessible audits pages with everything open: dark and wide, light and narrow.
func testAccessible(b *browser) {
	t := b.t
	for name, rep := range map[string]*result.Report{"history": remembered(), "compare": compared(), "errors": made(8, result.Error, result.Inconclusive, result.Skipped)} {
		path := write(t, rep)
		for _, l := range []look{{1280, true, "", true}, {390, false, "", true}} {
			t.Run(fmt.Sprintf("%s/%d/dark=%v", name, l.width, l.dark), func(t *testing.T) {
				b.t = t
				b.load(path, l)
				b.eval(`(() => { for (const d of [...document.querySelectorAll(".item")].slice(0, 14)) { d.open = true; } })()`, nil)
				var found []string
				b.truth(`document.querySelector(".item[open] .body")`, "nothing opens")
				b.eval(`(() => { for (const d of document.querySelectorAll("details")) { if (!d.matches(".item")) { d.open = true; } } })()`, nil)
				b.eval(`new Promise(done => setTimeout(() => done(`+audit+`), 100))`, &found)
				if len(found) > 0 {
					t.Errorf("%d things to stumble over:\n%s", len(found), strings.Join(found, "\n"))
				}
			})
		}
	}
}
