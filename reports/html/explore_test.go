package html_test

import (
	"os"
	"testing"

	"github.com/assay-dev/assay/expectations/result"
)

// TestReading does with the pages what readers do, in one browser: to start one takes longer than most of this.
func TestReading(t *testing.T) {
	b := openBrowser(t)
	for name, f := range map[string]func(*browser){
		"looks": testLooks, "policy": testPolicy, "filter": testFilter, "keyboard": testKeyboard, "paper": testPaper, "points": testPoints, "history": testHistory, "accessible": testAccessible, "hostile": testHostile, "scale": testScale,
	} {
		t.Run(name, func(t *testing.T) {
			b.t = t
			f(b)
		})
	}
}

// key presses a key; of a printable one the text arrives too.
func (b *browser) key(k string) {
	b.t.Helper()
	down := map[string]any{"type": "keyDown", "key": k}
	switch {
	case k == "Enter":
		down["code"], down["windowsVirtualKeyCode"], down["text"] = "Enter", 13, "\r"
	case len([]rune(k)) == 1:
		down["text"] = k
	}
	b.call("Input.dispatchKeyEvent", down, nil)
	b.call("Input.dispatchKeyEvent", map[string]any{"type": "keyUp", "key": k}, nil)
}

func (b *browser) write(s string) {
	b.t.Helper()
	for _, r := range s {
		b.key(string(r))
	}
}

// state waits until the page says how many expectations it shows, and returns how many rows are drawn. A large page waits a moment before it searches.
func (b *browser) state(what, says string) (drawn int) {
	b.t.Helper()
	var got struct {
		Says  string
		Drawn int
	}
	b.eval(`new Promise(done => {
		const began = performance.now();
		(function look() {
			const says = document.getElementById("shown").textContent;
			if (says === `+quote(says)+` || performance.now() - began > 20000) { done({Says: says, Drawn: [...document.querySelectorAll(".item")].filter(i => i.checkVisibility()).length}); } else { setTimeout(look, 20); }
		}());
	})`, &got)
	if got.Says != says {
		b.t.Errorf("%s: the page says %q, want %q", what, got.Says, says)
	}
	return got.Drawn
}

func quote(s string) string { return "'" + s + "'" } // only texts of these tests, none with a quote

// truth holds that something is so of the page, or becomes so: events arrive when the browser has time.
func (b *browser) truth(script, what string) {
	b.t.Helper()
	var ok bool
	b.eval(`new Promise(done => {
		const began = performance.now();
		(function look() { const ok = !!(`+script+`); if (ok || performance.now() - began > 5000) { done(ok); } else { setTimeout(look, 20); } }());
	})`, &ok)
	if !ok {
		b.t.Error(what)
	}
}

// testFilter types and clicks as a reader does.
func testFilter(b *browser) {
	t := b.t
	rep := made(20, result.Pass, result.Pass, result.Pass, result.Fail)
	rep.Expectations[2].Tags, rep.Expectations[3].Owner = []string{"gold"}, "team-x"
	b.load(write(t, rep), look{1280, false, "", true})
	shown := func(what, says string, n int) {
		t.Helper()
		if got := b.state(what, says); got != n {
			t.Errorf("%s: %d rows, want %d", what, got, n)
		}
	}
	search := func(s string) {
		b.eval(`(() => { const f = document.getElementById("find"); f.value = `+quote(s)+`; f.dispatchEvent(new Event("input")) })()`, nil)
	}
	shown("at first", "20", 20)
	b.key("/")
	b.write("CHECK-1")
	shown("check-1 and check-10 to 19", "11 of 20 shown", 11)
	b.eval(`document.querySelector("input[name=class][value=fail]").click()`, nil)
	shown("of them what failed: 11, 15 and 19", "3 of 20 shown", 3)
	b.eval(`document.getElementById("find").focus()`, nil)
	b.key("Escape")
	shown("all that failed", "5 of 20 shown", 5)
	b.key("Escape") // leaves the search
	b.key("Escape") // clears every filter
	shown("all again", "20", 20)
	b.truth(`![...document.querySelectorAll("#groups input")].some(i => i.checked)`, "a box is still checked")
	for what, n := range map[string]int{"OFF BY": 5, "off by 0.01": 5, "\"off by 0.01\"": 5, "\"by off\"": 0, "nothing has this": 0, "gold": 1, "team-x": 1, "302": 1, "orders0": 20, "qty 72": 5} {
		search(what)
		says := map[bool]string{true: "20", false: map[int]string{0: "0", 1: "1", 5: "5"}[n] + " of 20 shown"}[n == 20]
		shown("search for "+what, says, n)
	}
	search("302")
	b.state("by the key of a failing row", "1 of 20 shown")
	b.truth(`document.querySelector("#e4[open] td.key.hit").textContent === "302"`, "the row searched for is not open and marked")
	// a tile at the top and a link to an expectation that is filtered away
	b.eval(`document.querySelector(".tiles a[data-class=pass]").click()`, nil)
	shown("the tile of what passed", "15 of 20 shown", 15)
	b.truth(`document.querySelector("input[name=class][value=pass]").checked`, "the tile does not check its box")
	b.eval(`document.querySelector('nav a[href="#e8"]').click()`, nil)
	b.state("a link clears what hides it", "20")
	b.truth(`document.getElementById("e8").open && document.activeElement.parentNode.id === "e8"`, "the link at the top does not open its expectation")
	b.eval(`(() => { const s = document.getElementById("by"); s.value = "verdict"; s.dispatchEvent(new Event("change")) })()`, nil)
	var names []string
	b.eval(`[...document.querySelectorAll(".group-name")].map(n => n.firstChild.textContent)`, &names)
	if len(names) != 2 || names[0] != "failed" || names[1] != "passed" {
		t.Errorf("grouped by verdict: %v", names)
	}
}

// testKeyboard reaches everything without a mouse.
func testKeyboard(b *browser) {
	t := b.t
	b.load(write(t, remembered()), look{1280, false, "", true})
	at := func(what, id string) {
		t.Helper()
		var got string
		b.eval(`document.activeElement.closest(".item") ? document.activeElement.closest(".item").id : document.activeElement.tagName`, &got)
		if got != id {
			t.Errorf("%s: the focus is on %s, want %s", what, got, id)
		}
	}
	b.key("j")
	at("j", "e5") // the first that fails and is new
	b.key("Enter")
	b.truth(`document.getElementById("e5").open && document.querySelector("#e5 svg.chart")`, "Enter does not open the first expectation")
	b.key("j")
	b.key("j")
	b.key("k")
	at("j, j, k", "e10")
	for range 8 {
		b.key("n")
	}
	at("the ninth that did not pass", "e35")
	b.key("n")
	b.key("n")
	at("what did not pass of the next dataset", "e60")
	b.key("?")
	b.truth(`document.getElementById("help").open`, "? does not open the help")
	b.key("j") // goes nowhere meanwhile
	b.call("Input.dispatchKeyEvent", map[string]any{"type": "keyDown", "key": "Escape", "code": "Escape", "windowsVirtualKeyCode": 27}, nil)
	b.truth(`!document.getElementById("help").open`, "Escape does not close the help")
	at("after the help", "e60")
	b.eval(`document.querySelector("a[data-since=new]").click()`, nil)
	b.state("what is new", "2 of 60 shown")
	b.key("Escape")
	b.state("Escape", "60")
	dark := `getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number).reduce((a, b) => a + b) < 200`
	b.truth("!("+dark+")", "the page is dark at first")
	b.key("t")
	b.key("t")
	b.truth(dark, "t twice does not make the page dark")
	b.key("t")
	b.truth("!("+dark+")", "t thrice does not leave it to the system")
}

// testPaper holds that on paper what did not pass is open, that what passed is there, and that a cut is said.
func testPaper(b *browser) {
	t := b.t
	b.load(write(t, remembered()), look{800, false, "", true})
	b.eval(`window.dispatchEvent(new Event("beforeprint"))`, nil)
	b.truth(`document.querySelectorAll(".item").length === 60 && document.querySelectorAll(".item[open] .body table").length >= 12 && document.querySelectorAll(".item.pass[open]").length === 0`,
		"on paper not all that failed is open, or more is")
	b.truth(`!document.getElementById("cut")`, "a cut is said where nothing was")
	b.load(write(t, made(500, result.Pass)), look{800, false, "", true})
	b.eval(`window.dispatchEvent(new Event("beforeprint"))`, nil)
	b.truth(`/20\d more expectations are not on paper/.test(document.getElementById("cut").textContent)`, "a cut is not said")
	b.eval(`window.dispatchEvent(new Event("afterprint"))`, nil)
	b.truth(`!document.getElementById("cut")`, "the cut is said on the screen")
}

// testScale holds a page of 10,000 expectations to what a reader needs: it is not large, it paints at once, and every failing row is found. That it
// paints within a second is held where nothing else runs: see TestSoakFirstPaint.
func testScale(b *browser) {
	t := b.t
	const n = 10_000
	rep := scaled(n)
	path := write(t, rep)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	const most = 15_000_000
	if info.Size() > most || info.Size() < most/10 {
		t.Errorf("the page has %d bytes, want at most %d", info.Size(), most)
	}
	b.load(path, look{1440, false, "", true})
	if drawn := b.state("at first", "10,000"); drawn < 20 || drawn > 1000 {
		t.Errorf("%d rows are drawn at first", drawn)
	}
	var paint, ready float64
	b.eval(`performance.getEntriesByName("first-contentful-paint")[0].startTime`, &paint)
	b.eval(`performance.getEntriesByType("navigation")[0].loadEventEnd`, &ready)
	t.Logf("%d bytes, first paint after %.0f ms, loaded after %.0f ms", info.Size(), paint, ready)
	b.key("/")
	b.write("SO-009999-07")
	b.state("the key of one row in the last expectation", "1 of 10,000 shown")
	b.truth(`document.querySelector("#e10000[open] td.key.hit").textContent === '"SO-009999-07"'`, "the row is not shown")
	b.key("Escape")
	b.state("again", "10,000")
	b.eval(`document.querySelector("input[name=class][value=fail]").click()`, nil)
	b.state("what failed", "1,000 of 10,000 shown")
	// all of them are reached by scrolling
	var all int
	b.eval(`new Promise(async done => {
		for (let i = 0; i < 400 && document.querySelectorAll(".item").length < 1000; i++) { window.scrollTo(0, document.documentElement.scrollHeight); await new Promise(r => setTimeout(r, 5)); }
		done(document.querySelectorAll(".item").length);
	})`, &all)
	if all != 1000 {
		t.Errorf("scrolling shows %d rows of 1,000", all)
	}
	if said, requested := b.complaints(); len(said)+len(requested) > 0 {
		t.Errorf("the page says %v and asks for %v", said, requested)
	}
}

// TestSoakFirstPaint opens a page of 10,000 expectations in five new browsers: each paints within a second, and shows its rows within two.
func TestSoakFirstPaint(t *testing.T) {
	if os.Getenv("ASSAY_TEST_SOAK") == "" {
		t.Skip("a bound of a second is for a quiet machine: ASSAY_TEST_SOAK=1 runs it")
	}
	path := write(t, scaled(10_000))
	for range 5 {
		b := openBrowser(t)
		b.load(path, look{1440, false, "", true})
		b.state("at first", "10,000")
		var paint, ready float64
		b.eval(`performance.getEntriesByName("first-contentful-paint")[0].startTime`, &paint)
		b.eval(`performance.getEntriesByType("navigation")[0].loadEventEnd`, &ready)
		t.Logf("first paint after %.0f ms, all there after %.0f ms", paint, ready)
		if paint > 1000 || ready > 2000 {
			t.Error("that is too late")
		}
	}
}
