// Elements and numbers. Text only ever becomes text nodes and attributes, never markup.

function fill(to, parts) {
  for (const p of parts) {
    if (Array.isArray(p)) { fill(to, p); } else if (p !== null && p !== undefined && p !== "") { to.append(p); }
  }
  return to;
}

function give(el, attributes) {
  for (const name in attributes) {
    const v = attributes[name];
    if (v === true) { el.setAttribute(name, ""); } else if (v !== false && v !== null && v !== undefined && v !== "") { el.setAttribute(name, v); }
  }
  return el;
}

function h(name, attributes, ...parts) { return fill(give(document.createElement(name), attributes), parts); }

function svg(name, attributes, ...parts) { return fill(give(document.createElementNS("http" + "://www.w3.org/2000/svg", name), attributes), parts); }

function byId(id) { return document.getElementById(id); }

function group(n) { return String(n).replace(/^-?\d+/, (d) => d.replace(/\B(?=(\d{3})+$)/g, ",")); }

function plural(n, noun) { return group(n) + " " + noun + (n === 1 ? "" : "s"); }

// digitsOf writes v with at most n significant digits and without an exponent where people would not.
function digitsOf(v, n) {
  if (v === 0) { return "0"; }
  const size = Math.abs(v);
  if (size >= 1e15 || size < 1e-7) { return v.toExponential(Math.max(0, n - 1)).replace(/\.?0+e/, "e"); }
  if (Number.isInteger(v)) { return group(v); }
  const after = Math.min(20, Math.max(0, n - 1 - Math.floor(Math.log10(size))));
  return group(v.toFixed(after).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, ""));
}

function span(ms) {
  if (ms < 1000) { return digitsOf(Math.round(ms * 10) / 10, 4) + " ms"; }
  const s = ms / 1000;
  if (s < 60) { return s.toFixed(1) + " s"; }
  const m = Math.floor(s / 60), hours = Math.floor(m / 60), days = Math.floor(hours / 24);
  if (days >= 2) { return days + "d" + (hours % 24) + "h"; }
  return hours > 0 ? hours + "h" + (m % 60) + "m" : m + "m" + Math.round(s % 60) + "s";
}

// figure writes a value of a trend in its unit.
function figure(of, v) {
  switch (of) {
  case "failure_rate": return digitsOf(100 * v, 4) + " %";
  case "duration_ms": return span(v);
  case "seconds": return v < 0 ? "-" + span(-1000 * v) : span(1000 * v);
  case "rows": return digitsOf(v, 6) + (v === 1 ? " row" : " rows");
  default: return digitsOf(v, 6);
  }
}

const months = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

function two(n) { return String(n).padStart(2, "0"); }

// moment writes a time, in seconds since 1970, as the rest of the page does: in UTC.
function moment(at) {
  const d = new Date(1000 * at);
  return d.getUTCDate() + " " + months[d.getUTCMonth()] + " " + d.getUTCFullYear() + ", " + two(d.getUTCHours()) + ":" + two(d.getUTCMinutes()) + " UTC";
}

function shortly(at) {
  const d = new Date(1000 * at);
  return d.getUTCDate() + " " + months[d.getUTCMonth()].slice(0, 3) + " " + two(d.getUTCHours()) + ":" + two(d.getUTCMinutes());
}
