// What is seen of an expectation when it is opened.

function pairs(list) {
  const out = [];
  for (let i = 0; i < (list || []).length; i += 2) { out.push([text(list[i]), text(list[i + 1])]); }
  return out;
}

function body(e, width, words) {
  const out = h("div", {class: "body"});
  if (e.e) { out.append(h("p", {class: "describe"}, text(e.e))); }
  if (e.x) { out.append(h("pre", null, h("code", null, text(e.x)))); }
  if (e.w) { out.append(h("p", null, "for rows with ", h("code", null, text(e.w)))); }
  if (e.f) { out.append(h("dl", {class: "facts"}, pairs(e.f).map(([name, value]) => h("div", null, h("dt", null, name), h("dd", null, value))))); }
  if (e.o) { out.append(h("ul", {class: "notes"}, e.o.map((n) => h("li", null, text(n))))); }
  if (e.h) { out.append(h("details", null, h("summary", null, plural(e.h.length, "note") + " of the schema check"), h("ul", {class: "notes"}, e.h.map((n) => h("li", null, text(n)))))); }
  if (e.$) { fill(out, [history(e.$, width)]); }
  for (const t of e.t || []) { out.append(grid(t, words)); }
  if (e.j) { out.append(differences(e.j, words)); }
  out.append(ran(e));
  return out;
}

// hit is the class of a cell that the reader searches for.
function hit(s, words) {
  if (!words.length) { return ""; }
  const low = s.toLowerCase();
  return words.some((w) => low.includes(w)) ? "hit" : "";
}

const shownRows = 500;

function grid(t, words) {
  const numbers = new Set(t.n || []), keys = t.k || 0, names = t.h.map(text);
  const cls = (i) => (i < keys ? "key " : "") + (numbers.has(i) ? "n " : "") + (t.f && i === names.length - 1 && names[i] === "message" ? "say " : "");
  const line = (row) => h("tr", null, row.map((cell, i) => h("td", {class: (cls(i) + (t.f ? hit(cell, words) : "")).trim()}, cell)));
  const rows = h("tbody", null, t.r.slice(0, shownRows).map(line));
  const out = h("div", {class: "scroll", tabindex: 0, role: "group", "aria-label": t.c}, h("table", null, h("caption", null, t.c),
    h("thead", null, h("tr", null, names.map((n, i) => h("th", {scope: "col", class: cls(i).replace("say ", "").trim()}, n)))), rows));
  if (t.r.length > shownRows) {
    const more = h("button", {type: "button", class: "tool"}, group(t.r.length - shownRows) + " more");
    more.addEventListener("click", () => { more.remove(); fill(rows, t.r.slice(shownRows).map(line)); });
    out.append(more);
  }
  return out;
}

function side(v, name) {
  if (v === null) { return h("td", {class: name + " none"}, "no row"); }
  if (typeof v === "string") { return h("td", {class: name}, v); }
  if (Array.isArray(v)) { return h("td", {class: name}, v[0], v[1] === "" ? null : h("mark", null, v[1]), v[2]); }
  const td = h("td", {class: name});
  for (let i = 0; i < v.row.length; i += 2) { td.append(h("span", {class: "pair"}, h("i", null, v.row[i]), " ", v.row[i + 1]), " "); }
  return td;
}

function differences(d, words) {
  const rows = [];
  for (const r of d.r) {
    r.l.forEach((l, i) => {
      const tr = h("tr", {class: i === 0 ? "begin" : ""});
      if (i === 0) {
        tr.append(h("td", {rowspan: r.l.length, class: "class " + r.c}, r.n));
        for (const k of r.k) { tr.append(h("td", {rowspan: r.l.length, class: ("key " + hit(k, words)).trim()}, k)); }
      }
      tr.append(h("td", {class: "column"}, l[0]), side(l[1], "source"), side(l[2], "target"));
      rows.push(tr);
    });
  }
  return h("div", {class: "scroll", tabindex: 0, role: "group", "aria-label": d.c}, h("table", {class: "diff"}, h("caption", null, d.c),
    h("thead", null, h("tr", null, h("th", {scope: "col"}, "class"), d.k.map((k) => h("th", {scope: "col", class: "key"}, text(k))), ["column", "source", "target"].map((n) => h("th", {scope: "col"}, n)))),
    h("tbody", null, rows)));
}

function ran(e) {
  const parts = ["ran: " + text(e.r) + (e.u ? ", " + text(e.u) : "")];
  for (const r of e.y || []) { parts.push("because " + text(r)); }
  if (e.p) { parts.push(text(e.p) + ":" + e.q); }
  if (e.a) { parts.push("owner " + text(e.a)); }
  if (e.z) { parts.unshift(text(e.z)); }
  const p = h("p", {class: "ran"}, parts.join(" · "));
  for (const t of e.g || []) { p.append(" ", h("span", {class: "tag"}, text(t))); }
  return p;
}
