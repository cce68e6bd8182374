// The list: what matches, in groups, drawn as it comes into view.

const list = byId("list"), end = byId("end"), by = byId("by"), found = byId("shown");
const chunk = 60;
let entries = []; // of the list: a group's name or the place of an expectation
let drawn = 0;
const rows = new Map(); // what is drawn, by the place of the expectation

function bar(e) {
  if (!e.b) { return null; }
  const out = svg("svg", {class: "bar", viewBox: "0 0 100 12", preserveAspectRatio: "none", "aria-hidden": "true"});
  let from = 0;
  [["pass", 3, 6], ["fail", 0, 12], ["undecided", 5, 2]].forEach(([cls, top, height], i) => {
    if (e.b[i]) { out.append(svg("rect", {class: cls, x: from.toFixed(2), y: top, width: e.b[i], height: height})); }
    from += e.b[i];
  });
  return out;
}

function row(i) {
  const e = items[i], cls = classOf(e), since = text(e.n);
  const head = h("div", {class: "head"}, h("span", {class: "id"}, e.i),
    since === "new" || since === "added" || since === "fixed" ? h("span", {class: "chip " + (since === "fixed" ? "fixed" : "new")}, sinceNames[since]) : null,
    since === "still_failing" ? h("span", {class: "chip"}, sinceNames[since]) : null,
    departs(e.$) ? departure(e.$.b) : null,
    h("p", null, text(e.m)));
  const d = h("details", {class: "item " + cls, id: "e" + (i + 1)}, h("summary", null, h("span", {class: "badge " + cls}, text(e.l)), head, e.$ && data.axes[e.$.a].length > 1 ? spark(e.$, 104, 26) : null, h("div", {class: "value", title: e.b ? "of the rows judged, how many hold" : ""}, text(e.v), bar(e))));
  d.addEventListener("toggle", () => { if (d.open) { build(d, i); } });
  rows.set(i, d);
  return d;
}

// build makes what is seen of an open expectation, once.
function build(d, i) {
  if (d.querySelector(".body")) { return; }
  d.append(body(items[i], clamp(list.clientWidth - 44, 300, 1000), words));
}

function open(d, i) { build(d, i); d.open = true; }

function order(e, i) { return e.c * 2 + (text(e.n) === "new" || text(e.n) === "added" ? 0 : 1); }

// arrange puts what matches into groups, those with something to look at first, in each the worst first.
function arrange(matches) {
  const how = by.value;
  if (how === "none") { return matches.slice(); }
  const groups = new Map();
  for (const i of matches) {
    const e = items[i];
    const name = how === "verdict" ? classNames[classOf(e)] : how === "severity" ? text(e.s) : datasetsOf(e).join(" · ") || "no dataset";
    if (!groups.has(name)) { groups.set(name, []); }
    groups.get(name).push(i);
  }
  const all = [...groups].map(([name, list]) => {
    list.sort((a, b) => order(items[a]) - order(items[b]) || a - b);
    return {name, list, bad: list.filter((i) => classOf(items[i]) !== "pass").length, worst: order(items[list[0]])};
  });
  if (how === "severity") { all.sort((a, b) => ["error", "warning", "info"].indexOf(a.name) - ["error", "warning", "info"].indexOf(b.name)); } else { all.sort((a, b) => (b.bad > 0) - (a.bad > 0) || (how === "verdict" ? a.worst - b.worst : 0)); }
  return all.flatMap((g) => [g, ...g.list]);
}

function draw(upTo) {
  const part = document.createDocumentFragment();
  for (; drawn < entries.length && drawn < upTo; drawn++) {
    const x = entries[drawn];
    part.append(typeof x === "number" ? row(x) : h("h3", {class: "group-name"}, x.name, h("small", null, plural(x.list.length, "expectation") + (x.bad && by.value !== "verdict" ? ", " + group(x.bad) + " to look at" : ""))));
  }
  list.append(part);
}

// show draws the list anew.
function show() {
  const matches = matching();
  entries = arrange(matches);
  list.textContent = "";
  rows.clear();
  drawn = 0;
  found.textContent = matches.length === items.length ? group(items.length) : group(matches.length) + " of " + group(items.length) + " shown";
  byId("clear").hidden = !filtered();
  const n = Object.values(chosen).reduce((sum, c) => sum + c.size, 0);
  byId("filter-count").textContent = n ? "(" + n + " set)" : "";
  if (!entries.length) { list.append(h("p", {class: "nothing"}, items.length ? "No expectation matches." : "The suite has no expectations.")); }
  draw(chunk);
  // few that do not pass, or few that match a search, are opened: nobody needs to click for them
  const bad = matches.filter((i) => classOf(items[i]) !== "pass");
  const few = words.length && matches.length <= 3 ? matches : bad.length <= 3 ? bad : [];
  for (const i of few) { if (rows.has(i)) { open(rows.get(i), i); } }
}

// reach draws as far as an expectation, and further if nothing hides it: its row.
function reach(i) {
  let at = entries.indexOf(i);
  if (at < 0) { clearAll(); show(); at = entries.indexOf(i); }
  while (drawn <= at) { draw(at + chunk); }
  return rows.get(i);
}

function nearEnd() {
  if (drawn < entries.length && end.getBoundingClientRect().top < window.innerHeight + 1500) { draw(drawn + chunk); return true; }
  return false;
}
