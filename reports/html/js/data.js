
// The report, as the page carries it: see payload in data.go for what the short names are.

const data = JSON.parse(byId("payload").textContent);
const items = data.items;
const classes = data.classes;
const signs = {error: "⚠", fail: "✗", warn: "!", inconclusive: "?", skipped: "–", pass: "✓"};
const classNames = {error: "not evaluated", fail: "failed", warn: "warned", inconclusive: "inconclusive", skipped: "skipped", pass: "passed"};
const sinceNames = {new: "new", still_failing: "still failing", fixed: "fixed", added: "added", same: "as before"};
const verdictNames = {p: "pass", f: "fail", e: "error", i: "inconclusive", s: "skipped", "-": ""};

function text(ref) { return data.strings[ref || 0]; }

function datasetsOf(e) { return (e.d || []).map(text); }

function classOf(e) { return classes[e.c]; }

const places = {};
"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".split("").forEach((c, i) => { places[c] = i; });

function number(s, from, n) {
  let v = 0;
  for (let i = from; i < from + n; i++) { v = v * 64 + places[s[i]]; }
  return v;
}

// valuesOf unpacks the points of a trend: see pack in trend.go.
function valuesOf(t) {
  if (t.q) { return t.q; }
  const s = t.p || "", out = [];
  if (t.w) {
    for (let i = 0; i < s.length; i += t.w) { out.push((t.l || 0) + number(s, i, t.w)); }
    return out;
  }
  for (let i = 0; i < s.length; i += 5) { out.push(Number((number(s, i, 4) - 8388608) + "e" + (places[s[i + 4]] - 40))); }
  return out;
}

function verdictsOf(t) { return t.v.replace(/(\d+)(\D)/g, (_, n, v) => v.repeat(Number(n))); }

// trendOf is what charts are drawn of.
function trendOf(t) {
  if (t.points) { return t.points; }
  const axis = data.axes[t.a], verdicts = verdictsOf(t), left = {};
  for (let i = 0; i < (t.x || []).length; i += 2) { left[t.x[i]] = text(t.x[i + 1]); }
  return valuesOf(t).map((v, i) => ({value: v, run: data.runs[axis[i]][0], at: data.runs[axis[i]][1], verdict: verdicts[i], left: left[i] || ""}));
}
