// The page: keys, links, the theme, paper.

const find = byId("find"), help = byId("help");

function showFrom(name, value) {
  clearAll();
  choose(name, value, true);
  show();
}

for (const a of document.querySelectorAll("a[data-class],a[data-since]")) {
  a.addEventListener("click", (ev) => {
    ev.preventDefault();
    showFrom(a.dataset.class ? "class" : "since", a.dataset.class || a.dataset.since);
    byId("explore").scrollIntoView();
    byId("explore").focus({preventScroll: true});
  });
}

let timer = 0;
find.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(search, items.length > 2000 ? 120 : 0);
});

function search() {
  clearTimeout(timer);
  const now = wordsOf(find.value.trim());
  if (now.join("\n") === words.join("\n")) { return; }
  words = now;
  show();
}

byId("filters").addEventListener("submit", (ev) => { ev.preventDefault(); search(); });
byId("clear").addEventListener("click", () => { clearAll(); show(); find.focus(); });
by.addEventListener("change", show);
byId("open-all").addEventListener("click", () => { for (const [i, d] of [...rows].slice(0, 200)) { open(d, i); } });
if ("IntersectionObserver" in window) { new IntersectionObserver(() => { while (nearEnd()) { /* more */ } }, {rootMargin: "1500px"}).observe(end); }
window.addEventListener("scroll", nearEnd, {passive: true});

// a link to an expectation opens it, whatever is filtered
function follow() {
  const m = /^#e(\d+)$/.exec(location.hash);
  if (!m || !items[m[1] - 1]) { return; }
  const d = reach(m[1] - 1);
  open(d, m[1] - 1);
  d.scrollIntoView();
  d.querySelector("summary").focus({preventScroll: true});
}
window.addEventListener("hashchange", follow);
document.addEventListener("click", (ev) => { // the same link twice is no change of the hash
  const a = ev.target.closest && ev.target.closest('a[href^="#e"]');
  if (a && a.getAttribute("href") === location.hash) { follow(); }
});

// step moves to the next row that will do, or the last one.
function step(by, will) {
  const at = document.activeElement && document.activeElement.closest ? document.activeElement.closest(".item") : null;
  let n = at ? entries.indexOf(Number(at.id.slice(1)) - 1) : by > 0 ? -1 : entries.length;
  for (n += by; n >= 0 && n < entries.length; n += by) {
    if (typeof entries[n] === "number" && will(items[entries[n]])) {
      const d = reach(entries[n]), s = d.querySelector("summary");
      s.focus({preventScroll: true});
      s.scrollIntoView({block: "nearest"});
      return;
    }
  }
}

const keys = {
  "/": () => { find.focus(); find.select(); },
  j: () => step(1, () => true),
  k: () => step(-1, () => true),
  n: () => step(1, (e) => classOf(e) !== "pass"),
  t: () => byId("theme").click(),
  "?": () => { if (!help.open) { help.showModal(); } },
};

document.addEventListener("keydown", (ev) => {
  if (ev.ctrlKey || ev.metaKey || ev.altKey || ev.isComposing || help.open) { return; }
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName) && document.activeElement.type !== "checkbox";
  if (ev.key === "Escape") {
    if (document.activeElement === find && find.value) { find.value = ""; search(); } else if (document.activeElement === find) { find.blur(); } else if (filtered()) { clearAll(); show(); }
    return;
  }
  if (document.activeElement === find && ev.key === "Enter") { search(); step(1, () => true); ev.preventDefault(); return; }
  if (!typing && keys[ev.key]) { ev.preventDefault(); keys[ev.key](); }
});
byId("help-open").addEventListener("click", keys["?"]);

// the theme is the system's until it is chosen; the choice is kept where the browser lets a file keep it
const themes = ["auto", "light", "dark"];
function theme(to) {
  if (to === "auto") { delete document.documentElement.dataset.theme; } else { document.documentElement.dataset.theme = to; }
  byId("theme-name").textContent = to;
  byId("theme").setAttribute("aria-label", "theme: " + to);
}
let current = "auto";
try { const kept = localStorage.getItem("assay-theme"); if (themes.includes(kept)) { current = kept; } } catch (e) { /* not allowed to keep anything */ }
theme(current);
byId("theme").addEventListener("click", () => {
  current = themes[(themes.indexOf(current) + 1) % themes.length];
  theme(current);
  try { localStorage.setItem("assay-theme", current); } catch (e) { /* likewise */ }
});

// On paper is what the filters show, what did not pass in full; of very many the first, and it says so.
const onPaper = 300;
function paper() {
  draw(onPaper);
  for (const [i, d] of rows) { if (classOf(items[i]) !== "pass") { open(d, i); } }
  if (drawn < entries.length && !byId("cut")) {
    const more = entries.slice(drawn).filter((x) => typeof x === "number").length;
    end.before(h("p", {id: "cut", class: "say"}, "Of what the filters show, " + plural(more, "more expectation") + (more === 1 ? " is" : " are") + " not on paper: filter before printing, or see report.json."));
  }
}
window.addEventListener("beforeprint", paper);
window.addEventListener("afterprint", () => { const c = byId("cut"); if (c) { c.remove(); } });
if (window.matchMedia("print").matches) { setTimeout(paper); }

function datasetCharts() {
  const head = document.querySelector("#data thead tr"), lines = document.querySelectorAll("#data tbody tr");
  if (!head || !Object.keys(data.rows).length) { return; }
  head.children[5].before(h("th", {scope: "col"}, "history of rows"));
  lines.forEach((tr, n) => {
    const t = data.rows[n], td = h("td", null, t && data.axes[t.a].length > 1 ? spark(t, 110, 22) : null);
    if (t && t.b && t.b.v === "fail") { td.append(h("span", {class: "say"}, t.b.m || "outside its band")); }
    tr.children[5].before(td);
  });
}

const manyItems = 200;

function start() {

  byId("tools").hidden = false;
  byId("explorer").hidden = false;
  if (window.innerWidth < 1021) { byId("more-filters").open = false; }
  if (items.length > manyItems && items.some((e) => classOf(e) !== "pass")) { by.value = "verdict"; } // of very many, what did not pass comes first wherever it is
  makeFilters(show);
  show();
  follow();
  datasetCharts();
  if (data.duration && data.axes[data.duration.a].length > 1) {
    const b = data.duration.b;
    fill(byId("pace"), [spark(data.duration, 220, 40), h("figcaption", null, "duration over " + plural(trendOf(data.duration).length, "run") + (b && b.v === "fail" ? ": " + b.m : ""))]).hidden = false;
  }
}
start();
