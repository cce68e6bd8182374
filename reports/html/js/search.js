// Search and filters: which expectations are shown.

const chosen = {class: new Set(), severity: new Set(), since: new Set(), history: new Set(), dataset: new Set()};
let words = [];
let index = null; // of every expectation what can be searched for, made when first needed

function searchable(e) {
  const parts = [e.i, datasetsOf(e).join(" "), text(e.x), text(e.w), text(e.m), text(e.e), text(e.a), (e.g || []).map(text).join(" "), text(e.l), text(e.n), text(e.s)];
  for (const t of e.t || []) { if (t.f) { for (const row of t.r) { parts.push(row.join(" ")); } } }
  if (e.j) { for (const r of e.j.r) { parts.push(r.k.join(" "), r.n, r.l.map((l) => l[0] + " " + flat(l[1]) + " " + flat(l[2])).join(" ")); } }
  return parts.join("\n").toLowerCase();
}

function flat(side) {
  if (side === null || side === "") { return ""; }
  return typeof side === "string" ? side : Array.isArray(side) ? side.join("") : side.row.join(" ");
}

// wordsOf splits what is searched for: words must all be found, those in quotes as they stand.
function wordsOf(s) { return (s.toLowerCase().match(/"[^"]+"|\S+/g) || []).map((w) => w.length > 2 && w[0] === '"' && w.endsWith('"') ? w.slice(1, -1) : w); }

const values = {
  class: (e) => [classOf(e)],
  severity: (e) => [text(e.s)],
  since: (e) => [text(e.n)],
  history: (e) => [departs(e.$)],
  dataset: datasetsOf,
};

function passes(e, i) {
  for (const name in chosen) {
    if (chosen[name].size && !values[name](e).some((v) => chosen[name].has(v))) { return false; }
  }
  return words.every((w) => index[i].includes(w));
}

function matching() {
  if (words.length && !index) { index = items.map(searchable); }
  return items.map((e, i) => i).filter((i) => passes(items[i], i));
}

function filtered() { return words.length > 0 || Object.values(chosen).some((c) => c.size > 0); }

// tally counts the values of a filter over all expectations: how many, and how many of them did not pass.
function tally(name) {
  const out = new Map();
  for (const e of items) {
    for (const v of values[name](e)) {
      const n = out.get(v) || [0, 0];
      n[0]++;
      if (classOf(e) !== "pass") { n[1]++; }
      out.set(v, n);
    }
  }
  return out;
}

const shownChoices = 12;

// choices is the checkboxes of one filter.
function choices(name, legend, list, label, changed) {
  const set = h("fieldset", {class: "choice"}, h("legend", null, legend));
  const one = (v) => {
    const box = h("input", {type: "checkbox", name: name, value: v.value});
    box.addEventListener("change", () => { if (box.checked) { chosen[name].add(v.value); } else { chosen[name].delete(v.value); } changed(); });
    return h("label", {title: v.name.length > 26 ? v.name : ""}, box, label(v), h("span", {class: "name"}, v.name),
      h("span", {class: "of"}, v.bad ? [h("b", null, group(v.bad)), h("span", {class: "gone"}, " of ")] : null, group(v.n)));
  };
  set.append(...list.slice(0, shownChoices).map(one));
  if (list.length > shownChoices) {
    const more = h("button", {type: "button", class: "tool"}, group(list.length - shownChoices) + " more");
    more.addEventListener("click", () => { more.replaceWith(...list.slice(shownChoices).map(one)); const at = set.querySelectorAll("input")[shownChoices]; if (at) { at.focus(); } });
    set.append(more);
  }
  return set;
}

function choose(name, value, on) {
  if (on) { chosen[name].add(value); } else { chosen[name].delete(value); }
  for (const box of document.querySelectorAll("input[name=" + name + "]")) { box.checked = chosen[name].has(box.value); }
}

function clearAll() {
  for (const name in chosen) { chosen[name].clear(); }
  for (const box of byId("groups").querySelectorAll("input")) { box.checked = false; }
  byId("find").value = "";
  words = [];
}

function makeFilters(changed) {
  const counts = tally("class"), to = byId("groups");
  to.append(choices("class", "Verdict", classes.filter((c) => counts.has(c)).map((c) => ({value: c, name: classNames[c], n: counts.get(c)[0]})), (v) => h("i", {class: v.value, "aria-hidden": "true"}, signs[v.value]), changed));
  if (data.compared) {
    const since = tally("since");
    to.append(choices("since", "Since the last run", ["new", "still_failing", "fixed", "added", "same"].filter((s) => since.has(s)).map((s) => ({value: s, name: sinceNames[s], n: since.get(s)[0]})), () => null, changed));
  }
  const history = tally("history");
  history.delete("");
  if (history.size) {
    to.append(choices("history", "Departs from its history", ["spike", "shift", "drift", "outside"].filter((s) => history.has(s)).map((s) => ({value: s, name: s === "outside" ? "outside its band" : s, n: history.get(s)[0]})), () => null, changed));
  }
  const severity = tally("severity");
  if (severity.size > 1) {
    to.append(choices("severity", "Severity", ["error", "warning", "info"].filter((s) => severity.has(s)).map((s) => ({value: s, name: s, n: severity.get(s)[0], bad: severity.get(s)[1]})), () => null, changed));
  }
  const datasets = tally("dataset");
  if (datasets.size > 1) {
    const list = [...datasets].map(([v, n]) => ({value: v, name: v, n: n[0], bad: n[1]}));
    list.sort((a, b) => b.bad - a.bad);
    to.append(choices("dataset", "Dataset", list, () => null, changed));
  }
}
