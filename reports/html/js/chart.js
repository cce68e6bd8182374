// Charts of history. Nothing is told by colour alone: what failed is a diamond, what was left out is hollow, the band is labelled.

// extent is what the axis spans: the points, the band as far as it does not flatten them, and some room. What is never negative has no room below 0.
function extent(points, b) {
  let low = Infinity, high = -Infinity;
  for (const p of points) { low = Math.min(low, p.value); high = Math.max(high, p.value); }
  const floor = low >= 0 ? 0 : -Infinity;
  if (banded(b)) {
    const room = 4 * ((high - low) || Math.abs(high) || (b.h - b.l));
    low = Math.min(low, Math.max(b.l, low - room)); high = Math.max(high, Math.min(b.h, high + room));
  }
  const pad = 0.1 * (high - low) || Math.abs(low) * 0.05 || 1;
  return [Math.max(floor, low - pad), high + pad];
}

function banded(b) { return b && b.l !== undefined && b.h !== undefined; }

function pathOf(points, x, y) { return points.map((p, i) => (i ? "L" : "M") + x(i).toFixed(1) + " " + y(p.value).toFixed(1)).join(""); }

function clamp(v, low, high) { return Math.max(low, Math.min(high, v)); }

function spark(t, width, height) {
  const points = trendOf(t), b = t.b, [low, high] = extent(points, b), inner = height - 6;
  const x = (i) => points.length < 2 ? width - 3 : 2 + i * (width - 6) / (points.length - 1);
  const y = (v) => 3 + inner - (v - low) / (high - low) * inner;
  const last = points[points.length - 1];
  const out = svg("svg", {class: "spark", viewBox: "0 0 " + width + " " + height, role: "img", "aria-label": "history of " + plural(points.length, "run") + ", now " + figure(t.o, last.value)});
  if (banded(b)) {
    const top = y(clamp(b.h, low, high)), bottom = y(clamp(b.l, low, high));
    out.append(svg("rect", {class: "band", x: 0, y: top.toFixed(1), width: width, height: Math.max(1, bottom - top).toFixed(1)}));
  }
  if (points.length > 1) { out.append(svg("path", {class: "trace", d: pathOf(points, x, y)})); }
  out.append(mark(x(points.length - 1), y(last.value), 2.6, last, "last"));
  return out;
}

// mark is a point: a diamond where the run's verdict was not a pass.
function mark(x, y, r, p, cls) {
  cls += " " + p.verdict + (p.left ? " left" : "");
  if (p.verdict === "p" || p.verdict === "-") { return svg("circle", {class: cls, cx: x.toFixed(1), cy: y.toFixed(1), r: r}); }
  r *= 1.45;
  return svg("path", {class: cls, d: "M" + x.toFixed(1) + " " + (y - r).toFixed(1) + "l" + r + " " + r + "l" + -r + " " + r + "l" + -r + " " + -r + "z"});
}

const nouns = {failure_rate: "failing rows", observed: "value", seconds: "value", rows: "rows", duration_ms: "duration of the run"};
const shapeNames = {spike: "a spike: this point lies apart from those before it", shift: "a shift: points have lain at another level for some runs", drift: "a drift: a slow change that goes on"};

// history is a figure with the chart of a trend, what its baseline says, and its points as a table.
function history(t, width) {
  const points = trendOf(t), b = t.b, last = points[points.length - 1], readout = h("span", {class: "now"});
  const says = (p) => figure(t.o, p.value) + " · " + moment(p.at) + (verdictNames[p.verdict] ? " · " + verdictNames[p.verdict] : "") + (p.left ? " · not learned from: " + p.left : "");
  const rest = () => { readout.textContent = says(last); };
  rest();
  if (points.length < 2) { return b ? judged(t, b) : null; }
  const f = h("figure", {class: "history"}, h("figcaption", null, h("b", null, "History of " + (nouns[t.o] || t.o) + ", " + plural(points.length, "run")), readout), chart(t, points, width, (p) => { if (p) { readout.textContent = says(p); } else { rest(); } }));
  f.append(legend(t, points, b));
  if (b) { f.append(judged(t, b)); }
  f.append(asTable(t, points));
  return f;
}

// departs says how the last point departs from its history, "" where it does not.
function departs(t) { return t && t.b && t.b.v === "fail" ? t.b.s || "outside" : ""; }

function departure(b) { return h("span", {class: b.a ? "chip new" : "chip watch"}, b.s || "outside"); }

function judged(t, b) {
  const details = [];
  if (b.v === "skipped") {
    return h("div", null, h("p", {class: "judged"}, b.m || "skipped (" + (b.n || 0) + " of " + (b.k || 0) + " runs)"));
  }
  if (b.n) { details.push("learned from " + plural(b.n, "run") + (b.t ? " of the same " + text(b.t) : "")); }
  if (b.d) { details.push(text(b.d)); }
  if (b.v === "fail" && !b.a) { details.push("nobody asked for it, so it changes no verdict"); }
  return h("div", null, h("p", {class: "judged"}, b.m || shapeNames[b.s], b.v === "fail" ? [" ", departure(b)] : null), h("p", {class: "because"}, details.join(" · ")));
}

function legend(t, points, b) {
  const out = h("p", {class: "legend"});
  const entry = (shape, name) => out.append(h("span", null, svg("svg", {viewBox: "0 0 14 10", class: "chart", "aria-hidden": "true"}, shape), name));
  if (banded(b)) { entry(svg("rect", {class: "band", width: 14, height: 10}), "expected" + (b.t ? " of this run: " : ": ") + figure(t.o, b.l) + " to " + figure(t.o, b.h)); }
  if (points.some((p) => p.verdict === "f" || p.verdict === "e")) { entry(mark(7, 5, 3, {verdict: "f"}, "dot"), "did not pass"); }
  if (points.some((p) => p.left)) { entry(mark(7, 5, 3, {verdict: "p", left: "x"}, "dot"), "not learned from"); }
  return out;
}

function chart(t, points, width, tell) {
  const height = 180, right = 12, top = 10, bottom = 22, b = t.b;
  const [low, high] = extent(points, b), ticks = [high, (low + high) / 2, low].map((v) => [v, figure(t.o, short(v, high - low))]);
  const left = 14 + 6.6 * Math.max(...ticks.map((k) => k[1].length));
  const x = (i) => points.length < 2 ? (left + width - right) / 2 : left + 4 + i * (width - left - right - 8) / (points.length - 1);
  const y = (v) => top + (height - top - bottom) * (1 - (v - low) / (high - low));
  const last = points[points.length - 1];
  const out = svg("svg", {class: "chart", viewBox: "0 0 " + width + " " + height, role: "img", "aria-label": (nouns[t.o] || t.o) + " over " + plural(points.length, "run") + ", from " + moment(points[0].at) + " to " + moment(last.at) + "; now " + figure(t.o, last.value)});
  if (banded(b)) {
    // the band of one season speaks of this run alone
    const from = b.t ? Math.max(left, x(points.length - 1) - 22) : left, y1 = y(clamp(b.h, low, high)), y2 = y(clamp(b.l, low, high));
    out.append(svg("rect", {class: "band", x: from.toFixed(1), y: y1.toFixed(1), width: (width - right - from + 6).toFixed(1), height: Math.max(2, y2 - y1).toFixed(1)}));
    if (b.e !== undefined && b.e >= low && b.e <= high) { out.append(svg("line", {class: "expected", x1: from.toFixed(1), x2: width - right + 6, y1: y(b.e).toFixed(1), y2: y(b.e).toFixed(1)})); }
  }
  const label = (px, py, anchor, s) => out.append(svg("text", {x: px, y: py, "text-anchor": anchor}, s));
  for (const [v, s] of ticks) {
    out.append(svg("line", {class: v === low ? "axis zero" : "axis", x1: left, x2: width - right + 6, y1: y(v).toFixed(1), y2: y(v).toFixed(1)}));
    label(left - 8, (y(v) + 4).toFixed(1), "end", s);
  }
  label(left, height - 5, "start", shortly(points[0].at));
  if (points.length > 1) { label(width - right + 6, height - 5, "end", shortly(last.at)); }
  const cross = svg("line", {class: "cross", y1: top, y2: height - bottom, visibility: "hidden"});
  out.append(cross, svg("path", {class: "line", d: pathOf(points, x, y)}));
  points.forEach((p, i) => {
    if (p.verdict !== "p" || p.left || i === points.length - 1 || points.length <= 30) { out.append(mark(x(i), y(p.value), i === points.length - 1 ? 4 : 2.8, p, "dot")); }
  });
  out.addEventListener("pointermove", (ev) => {
    const box = out.getBoundingClientRect(), scale = width / box.width, at = (ev.clientX - box.left) * scale;
    let best = 0;
    points.forEach((_, i) => { if (Math.abs(x(i) - at) < Math.abs(x(best) - at)) { best = i; } });
    give(cross, {x1: x(best).toFixed(1), x2: x(best).toFixed(1), visibility: "visible"});
    tell(points[best]);
  });
  out.addEventListener("pointerleave", () => { cross.setAttribute("visibility", "hidden"); tell(null); });
  return out;
}

// short rounds a tick to what the axis can show.
function short(v, range) {
  const step = Math.pow(10, Math.floor(Math.log10(range || 1)) - 2);
  return Number((Math.round(v / step) * step).toPrecision(12));
}

// asTable is the points for those who cannot see a chart, made when it is opened.
function asTable(t, points) {
  const d = h("details", {class: "points"}, h("summary", null, "The points as a table"));
  d.addEventListener("toggle", () => {
    if (!d.open || d.children.length > 1) { return; }
    d.append(h("div", {class: "scroll", tabindex: 0, role: "group", "aria-label": "points of the history"}, h("table", null,
      h("thead", null, h("tr", null, ["run", "began", "value", "verdict", "not learned from"].map((n, i) => h("th", {scope: "col", class: i === 2 ? "n" : ""}, n)))),
      h("tbody", null, points.slice().reverse().map((p) => h("tr", null, h("td", null, p.run), h("td", null, moment(p.at)), h("td", {class: "n"}, figure(t.o, p.value)), h("td", null, verdictNames[p.verdict]), h("td", null, p.left)))))));
  });
  return d;
}
