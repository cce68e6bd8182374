(function () {
  "use strict";
  var find = document.getElementById("find"), shown = document.getElementById("shown");
  var items = Array.prototype.slice.call(document.querySelectorAll(".item"));
  var texts = items.map(function (i) { return i.textContent.toLowerCase(); });
  function apply() {
    var word = find.value.trim().toLowerCase();
    var bad = document.querySelector("input[name=show]:checked").value === "bad";
    var n = 0;
    items.forEach(function (item, i) {
      var ok = (!word || texts[i].indexOf(word) >= 0) && (!bad || !item.classList.contains("pass"));
      item.hidden = !ok;
      if (ok) { n++; }
    });
    document.querySelectorAll("main > section").forEach(function (s) {
      var own = s.querySelectorAll(".item");
      s.hidden = own.length > 0 && s.querySelectorAll(".item:not([hidden])").length === 0;
    });
    shown.textContent = n === items.length ? "" : n + " of " + items.length + " shown";
  }
  find.addEventListener("input", apply);
  document.querySelectorAll("input[name=show]").forEach(function (r) { r.addEventListener("change", apply); });
}());
