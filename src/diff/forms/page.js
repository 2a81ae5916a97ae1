"use strict";
const groups = [...document.querySelectorAll(".group")];
const boxes = [...document.querySelectorAll(".environment")];
const search = document.getElementById("search");
const texts = groups.map((group) => group.textContent.toLowerCase());
function show() {
  const on = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  groups.forEach((group, at) => {
    const inside = group.dataset.environments.split("\n").some((name) => on.has(name));
    const found = inside && words.every((word) => texts[at].includes(word));
    group.hidden = !found;
    count += found ? 1 : 0;
    group.querySelectorAll(".members li").forEach((item) => { item.hidden = !on.has(item.dataset.environment); });
  });
  document.getElementById("count").textContent = count === groups.length ? "" : `${count} of ${groups.length} shown`;
}
function fold(open) { groups.filter((group) => !group.hidden).forEach((group) => { group.open = open; }); }
search.addEventListener("input", show);
boxes.forEach((box) => box.addEventListener("change", show));
document.getElementById("open").addEventListener("click", () => fold(true));
document.getElementById("close").addEventListener("click", () => fold(false));
