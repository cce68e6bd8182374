(function () {
  "use strict";
  var bar = document.getElementById("filter"), find = document.getElementById("find"), shown = document.getElementById("shown");
  var items = Array.prototype.slice.call(document.querySelectorAll(".item"));
  var sections = Array.prototype.slice.call(document.querySelectorAll("main > section.group"));
  var texts = null; // made when first needed: most readers never search

  function apply() {
    var word = find.value.trim().toLowerCase();
    var bad = document.querySelector("input[name=show]:checked").value === "bad";
    var n = 0;
    if (word && !texts) { texts = items.map(function (i) { return i.textContent.toLowerCase(); }); }
    items.forEach(function (item, i) {
      var ok = (!word || texts[i].indexOf(word) >= 0) && (!bad || !item.classList.contains("pass"));
      item.hidden = !ok;
      if (ok) { n++; }
    });
    sections.forEach(function (s) { s.hidden = !s.querySelector(".item:not([hidden])"); });
    shown.textContent = n === items.length ? "" : n + " of " + items.length + " shown";
  }

  // a link to an expectation opens it, whatever is filtered
  function follow() {
    var to = /^#e\d+$/.test(location.hash) && document.getElementById(location.hash.slice(1));
    if (!to) { return; }
    if (to.hidden) { find.value = ""; document.getElementById("all").checked = true; apply(); }
    to.open = true;
    to.scrollIntoView();
  }

  bar.hidden = items.length < 2;
  find.addEventListener("input", apply);
  document.querySelectorAll("input[name=show]").forEach(function (r) { r.addEventListener("change", apply); });
  document.addEventListener("keydown", function (e) {
    if (e.key === "/" && document.activeElement !== find && !e.ctrlKey && !e.metaKey && !e.altKey && !bar.hidden) { e.preventDefault(); find.focus(); }
    if (e.key === "Escape" && document.activeElement === find) { find.value = ""; apply(); }
  });
  window.addEventListener("hashchange", follow);
  follow();
}());
